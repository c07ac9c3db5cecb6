"""The log: one event a line, the same words every time.

One function an event, so that nobody can invent a phrase and a grep stays good for years.  Bodies
and subjects are never logged; addresses only where the event is about them.
"""

import logging
from typing import TYPE_CHECKING

from domain.intake import Intake

if TYPE_CHECKING:
    from desk.receive import Received

_log = logging.getLogger("helpdesk.desk")


def _say(level: int, event: str, /, **facts: object) -> None:
    """One line: the event, then its facts.  `extra` carries them for the JSON form."""
    words = " ".join(f"{name}={_word(value)}" for name, value in facts.items() if value not in (None, ""))
    _log.log(level, "%-15s %s", event, words, extra={"event": event, "facts": facts})


def _word(value: object) -> str:
    text = str(value)
    if text.isprintable() and not any(c in text for c in ' "='):
        return text
    escaped = text.encode("unicode_escape").decode("ascii") if not text.isprintable() else text
    return '"' + escaped.replace('"', "'") + '"'


def scan_listed(mailbox: str, folder: str, new: int) -> None:
    _say(logging.INFO if new else logging.DEBUG, "scan.listed", mailbox=mailbox, folder=folder, new=new)


def scan_busy(mailbox: str, holder: str) -> None:
    _say(logging.INFO, "scan.busy", mailbox=mailbox, holder=holder)


def scan_failed(mailbox: str, why: str) -> None:
    _say(logging.WARNING, "scan.failed", mailbox=mailbox, why=why)


def first_contact(mailbox: str, folder: str, start: str) -> None:
    _say(logging.INFO, "scan.first", mailbox=mailbox, folder=folder, start=start)


def renumbered(mailbox: str, folder: str, known: int, new: int) -> None:
    _say(logging.WARNING, "scan.renumbered", mailbox=mailbox, folder=folder, known=known, new=new)


def mail_stored(row: Intake, size: int) -> None:
    _say(logging.INFO, "mail.stored", mailbox=row.mailbox, uid=row.uid or None, size=size, intake=row.id)


def mail_gone(row: Intake) -> None:
    _say(logging.WARNING, "mail.gone", mailbox=row.mailbox, uid=row.uid, intake=row.id)


def mail_decided(row: Intake, received: "Received", ticket: str) -> None:
    _say(
        logging.INFO, "mail.decided", intake=row.id, outcome=received.outcome, ticket=ticket,
        rules=",".join(received.rules), letters=received.letters, withheld=received.withheld,
    )  # fmt: skip


def mail_failed(row: Intake, error: Exception) -> None:
    """A mail could not be decided.  The traceback goes with it: it is our bug."""
    _log.error(
        "%-15s intake=%d attempt=%d error=%s", "mail.failed", row.id, row.attempts, type(error).__name__,
        exc_info=error, extra={"event": "mail.failed", "facts": {"intake": row.id, "attempt": row.attempts}},
    )  # fmt: skip


def mail_overtaken(row: Intake) -> None:
    """Another process has this mail in hand; what was done here was not written."""
    _say(logging.WARNING, "mail.overtaken", intake=row.id, attempt=row.attempts)


def mail_quarantined(row: Intake) -> None:
    _say(logging.ERROR, "mail.quarantined", intake=row.id, mailbox=row.mailbox, attempts=row.attempts)


def mail_filed(mailbox: str, folder: str, count: int, how: str) -> None:
    _say(logging.INFO, "mail.filed", mailbox=mailbox, folder=folder, count=count, how=how)


def letter_sent(letter: str, ticket: str, to: str, kind: str, reply: str) -> None:
    _say(logging.INFO, "letter.sent", ticket=ticket, letter=letter, to=to, kind=kind, reply=reply)


def letter_postponed(letter: str, ticket: str, until: str, reply: str) -> None:
    _say(logging.WARNING, "letter.postponed", ticket=ticket, letter=letter, until=until, reply=reply)


def letter_failed(letter: str, ticket: str, to: str, reply: str) -> None:
    _say(logging.ERROR, "letter.failed", ticket=ticket, letter=letter, to=to, reply=reply)


def letter_mistake(letter: str, ticket: str, error: Exception) -> None:
    """A letter could not be written.  The traceback goes with it: it is our bug."""
    _log.error(
        "%-15s ticket=%s letter=%s error=%s", "letter.mistake", ticket, letter, type(error).__name__,
        exc_info=error, extra={"event": "letter.mistake", "facts": {"ticket": ticket, "letter": letter}},
    )  # fmt: skip


def letter_joined(letter: str, ticket: str, into: str) -> None:
    """The words of a letter go with another one."""
    _say(logging.INFO, "letter.joined", ticket=ticket, letter=letter, into=into)


def letter_withheld(letter: str, ticket: str, to: str, why: str) -> None:
    _say(logging.INFO, "letter.withheld", ticket=ticket, letter=letter, to=to, why=why)


def one_click(letter: str, wish: str, ticket: str, *, done: bool) -> None:
    """Somebody opted out, or back in, by the link in a letter; not DONE: it was so already."""
    _say(logging.INFO, "click.fulfilled" if done else "click.repeated", wish=wish, letter=letter, ticket=ticket)


def ticket_due(ticket: str, kind: str) -> None:
    """A ticket's due time comes near, or has passed."""
    _say(logging.INFO, f"ticket.{kind}", ticket=ticket)


def delivery_stopped(why: str, until: str, *, ours: bool) -> None:
    """No letter goes until then; OURS says that only the administrator can mend it."""
    _say(logging.ERROR if ours else logging.WARNING, "delivery.stopped", until=until, mend=ours or None, why=why)


def outbox_old(oldest: str, waiting: int, why: str) -> None:
    """Letters wait for longer than smtp.alarm_after."""
    _say(logging.ERROR, "outbox.old", oldest=oldest, waiting=waiting, why=why)


def work_failed(thread: str, why: str) -> None:
    """A thread of the daemon could not do its work this time; it will try again."""
    _say(logging.WARNING, "work.failed", thread=thread, why=why)


def idle(event: str, **facts: object) -> None:
    """`idle.began`, `idle.lost`, `idle.unsupported`."""
    _say(logging.INFO if event == "idle.began" else logging.WARNING, event, **facts)


def sandbox(deliver: str) -> None:
    """This is a staging copy: no letter reaches the person that it is written to."""
    _say(logging.WARNING, "daemon.sandbox", deliver=deliver, letters="reach nobody")


def daemon(event: str, **facts: object) -> None:
    """`started`, `stopping`, `stopped` and the like of the daemon itself."""
    _say(logging.INFO, f"daemon.{event}", **facts)


def settings_reloaded(rule_set: str, *, rules: int) -> None:
    """Changed settings are in force from now on."""
    _say(logging.INFO, "settings.reloaded", rules=rules, rule_set=rule_set[:12])


def settings_refused(why: str, *, in_force: str) -> None:
    """Changed settings are broken; what was in force stays in force."""
    _say(logging.ERROR, "settings.refused", why=why, in_force=in_force[:12])


def settings_good_again(rule_set: str) -> None:
    """The files say again what is in force."""
    _say(logging.INFO, "settings.good_again", rule_set=rule_set[:12])


def settings_need_restart(what: str) -> None:
    """Some of what changed is taken over at the next start only."""
    _say(logging.WARNING, "settings.restart", what=what)
