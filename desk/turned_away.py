"""Mails that make no ticket: rejected with a letter, or passed on as they are.

The letters are decided by `notifier/without_ticket.py` and queued in the transaction that ends the mail.  What
came here because we passed it on ourselves is not passed on again: every helpdesk of this kind that a mail goes
through adds its address to the X-Loop fields, and keeps those that are there.
"""

from dataclasses import dataclass
from datetime import datetime

from desk.desk import Desk
from desk.letters import as_letter
from desk.vendors import REPORTS, vendor_of
from domain.decision import Forward, MailFacts, Reject
from domain.event import Actor
from domain.intake import Intake, Outcome
from domain.letter import LetterKind, Told, Withheld
from domain.marker import begins_as_letter
from domain.message import Message
from domain.people import ContactFacts, address_key
from notifier.gate import is_own
from notifier.without_ticket import TurnedAway, passed_on, rejection
from store.outbox import QueuedLetter
from store.store import View

MAX_LOOPS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is sent because of a mail that makes no ticket, and what is not."""

    told: tuple[Told | Withheld, ...]
    words: str = ""

    @property
    def letters(self) -> tuple[Told, ...]:
        return tuple(one for one in self.told if isinstance(one, Told))


def rejected(
    desk: Desk, view: View, reject: Reject, facts: MailFacts, *, quiet: str, contact: ContactFacts | None, now: datetime
) -> Answer:
    """The answer to a mail that is not taken.  CONTACT is who wrote it."""
    mail = _mail(desk, view, facts, quiet=quiet, contacts=[contact] if contact else [], keys=[], now=now)
    template = "" if reject.letter == LetterKind.REJECTED else reject.letter
    told = rejection(mail, desk.settings, template=template, because=reject.because)
    return Answer(told=(told,), words=reject.text)


def forwarded(desk: Desk, view: View, forward: Forward, facts: MailFacts, *, quiet: str, now: datetime) -> Answer:
    """Who gets a mail that is passed on."""
    known = [view.people.contact_of(address) for address in forward.addresses]
    contacts = [one for one in known if one is not None]
    keys = [address_key(address) for address in forward.addresses]
    mail = _mail(desk, view, facts, quiet=quiet, contacts=contacts, keys=keys, now=now)
    return Answer(told=passed_on(mail, forward.addresses, desk.settings, because=forward.because))


def went_through_us(desk: Desk, message: Message) -> str:
    """The address of ours that passed MESSAGE on before, '' if none did."""
    return next((one for one in loops(message) if is_own(one, desk.settings)), "")


def loops(message: Message) -> tuple[str, ...]:
    """The addresses of helpdesks that MESSAGE has been through."""
    return tuple(dict.fromkeys(one.strip() for one in message.header("x-loop") if "@" in one))[:MAX_LOOPS]


def _mail(
    desk: Desk,
    view: View,
    facts: MailFacts,
    *,
    quiet: str,
    contacts: list[ContactFacts],
    keys: list[str],
    now: datetime,
) -> TurnedAway:
    sender = facts.message.sender
    key = sender.key if sender else ""
    since = now - desk.settings.notifications.loop_budget.per
    domain = sender.domain if sender else ""
    return TurnedAway(
        sender=sender,
        mailbox=facts.mailbox,
        language=facts.message.language,
        machine=_machine(desk, facts.message),
        quiet=quiet,
        contacts={address.key: one for one in contacts for address in one.addresses},
        dead=view.people.dead_among([*keys, *([key] if key else [])]),
        recent=view.outbox.recent([key], since=since).get(key, 0) if key else 0,
        recent_domain=view.outbox.recent_in({domain}, since=since).get(domain, 0) if domain else 0,
        passed_on=view.journal.sent_by(key, since=since, outcome=Outcome.FORWARDED) if key else 0,
    )


def _machine(desk: Desk, message: Message) -> str:
    """Why nobody may read what we would write to the sender of MESSAGE, '' where a person wrote it."""
    if message.is_machine or message.is_bounce or message.mail_class in REPORTS:
        return "a machine wrote this mail"
    if message.class_because:
        return f"perhaps a machine: {message.class_because[0]}"
    if loops(message) or begins_as_letter(message.text):
        return "the letter of a helpdesk like this one"
    vendor = vendor_of(message, desk.settings)
    return f"a mail of a vendor's ticket system ({vendor.id})" if vendor and vendor.id else ""


def queue(
    desk: Desk, view: View, answer: Answer, *, message: Message, row: Intake, actor: Actor, now: datetime
) -> tuple[int, int]:
    """Queue the letters of ANSWER to the mail ROW, and record who gets none; how many there are of each."""
    act = view.tickets.begin_act("mail", actor, now=now, intake=row.id)
    view.outbox.queue([_letter(desk, one, answer, message, row, act=act, now=now) for one in answer.letters])
    withheld = [one for one in answer.told if isinstance(one, Withheld)]
    view.outbox.withhold(act, None, withheld, now=now)
    return len(answer.letters), len(withheld)


def _letter(
    desk: Desk, told: Told, answer: Answer, message: Message, row: Intake, *, act: int, now: datetime
) -> QueuedLetter:
    sender, passes_on = message.sender, told.kind is LetterKind.FORWARDED
    facts = {
        "name": told.recipient.name, "language": told.recipient.language, "title": message.subject, "status": "",
        "priority": "", "category": "", "group": "", "agent": "", "mailbox": row.mailbox,
        "requester": str(sender) if sender else "", "events": [], "entry": None, "at": now.isoformat(),
        "in_reply_to": "" if passes_on else message.message_id, "references": [],
        "template": told.template, "words": answer.words, "mail": row.blob if passes_on else None,
        "reply_to": sender.address if sender and passes_on else "", "loops": loops(message) if passes_on else [],
    }  # fmt: skip
    return as_letter(desk, told, facts, ticket=None, act=act, now=now)


def nobody_gets_it(answer: Answer) -> str:
    """Why a mail cannot be passed on to anybody."""
    refused = [one for one in answer.told if isinstance(one, Withheld)]
    return " · ".join(f"{one.recipient.address}: {one.because}" for one in refused)
