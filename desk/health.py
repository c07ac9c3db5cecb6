"""How the helpdesk is at this moment: letters that wait, mails that wait for a person, mailboxes that nobody scans.

Each finding is one line, like those of `desk.check`; a problem is what somebody has to do something about.

Fails with: StoreUnusable, TemporaryFailure.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from desk.addresses import bounced_staff
from desk.check import Finding
from desk.desk import Desk
from domain.intake import State
from store.store import View

RECENTLY = timedelta(days=1)
# A mailbox is not looked after if so many polls have passed without a scan, and this time at least.
MISSED_POLLS = 10
AT_LEAST = timedelta(minutes=15)


def look(desk: Desk, *, now: datetime) -> Iterator[Finding]:
    """What there is to say, the outbox first."""
    if desk.settings.deliver.is_sandbox:
        text = f"SANDBOX: no letter reaches anybody, deliver is {desk.settings.deliver}"
        yield Finding(subject="deliver", text=text, severity="warning")
    with desk.store.reading() as view:
        yield from _outbox(desk, view, now)
        yield from _holds(desk, view)
        yield from _staff(desk, view)
        yield from _quarantine(view)
        yield from _mailboxes(desk, view, now)


def _outbox(desk: Desk, view: View, now: datetime) -> Iterator[Finding]:
    backlog = view.outbox.backlog(since=now - RECENTLY, now=now)
    counts = ((backlog.waiting, "waiting"), (backlog.postponed, "postponed"), (backlog.held, "on hold"))
    said = ", ".join(f"{count} {word}" for count, word in counts if count) or "empty"
    too_old = backlog.oldest is not None and now - backlog.oldest > desk.settings.smtp.alarm_after
    if backlog.oldest is not None:
        since = backlog.oldest.isoformat(timespec="minutes").replace("+00:00", "Z")
        said += f", the oldest since {since}{f': {backlog.why}' if backlog.why else ''}"
    yield Finding(subject="outbox", text=said, severity="problem" if too_old else "ok")
    if backlog.failed:
        text = f"{backlog.failed} of the last day failed for good (helpdesk outbox list)"
        yield Finding(subject="outbox", text=text, severity="warning")


def _holds(desk: Desk, view: View) -> Iterator[Finding]:
    for hold in view.outbox.holds():
        if hold.letter is not None:
            what = f"letter {hold.letter[:4]}"
        else:
            what = "all letters" + (f" about {desk.reference(hold.ticket)}" if hold.ticket is not None else "")
        text = f"on hold by {hold.agent}: {what} (helpdesk outbox release)"
        yield Finding(subject="outbox", text=text, severity="warning")


def _staff(desk: Desk, view: View) -> Iterator[Finding]:
    for agent, dead in bounced_staff(view, desk.settings).items():
        text = f"letters to {agent} come back: {dead.because}"
        yield Finding(subject="staff", text=text, severity="warning")


def _quarantine(view: View) -> Iterator[Finding]:
    count = sum(count for _, _, state, _, count in view.journal.counts() if state is State.QUARANTINED)
    if count:
        text = f"{count} {'mail waits' if count == 1 else 'mails wait'} for a person (helpdesk quarantine list)"
        yield Finding(subject="mails", text=text, severity="problem")


def _mailboxes(desk: Desk, view: View, now: datetime) -> Iterator[Finding]:
    scanned = {(mark.mailbox, mark.folder): mark.scanned_at for mark in view.journal.marks()}
    for name, mailbox in desk.settings.mailboxes.items():
        for folder in mailbox.folders if mailbox.imap else ():
            last = scanned.get((name, folder))
            if last is None:
                yield Finding(subject=name, text=f"folder {folder}: never scanned", severity="warning")
                continue
            late = now - last > max(mailbox.poll * MISSED_POLLS, AT_LEAST)
            said = last.isoformat(timespec="minutes").replace("+00:00", "Z")
            text = f"folder {folder}: scanned at {said}{'; is the daemon running?' if late else ''}"
            yield Finding(subject=name, text=text, severity="problem" if late else "ok")
