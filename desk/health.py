"""How the helpdesk is at this moment: letters that wait, staff that no letter reaches, mailboxes that nobody scans.

Each finding is one line, like those of `desk.check`; a problem is what somebody has to do something about.

Fails with: StoreUnusable, TemporaryFailure.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from desk.addresses import bounced_staff
from desk.check import Finding
from domain.settings import Settings
from domain.token import reference
from store.store import View

RECENTLY = timedelta(days=1)
# A mailbox is not looked after if so many polls have passed without a scan, and this time at least.
MISSED_POLLS = 10
AT_LEAST = timedelta(minutes=15)


def look(view: View, settings: Settings, *, now: datetime) -> Iterator[Finding]:
    """What there is to say, the outbox first."""
    if settings.deliver.is_sandbox:
        text = f"SANDBOX: no letter reaches anybody, deliver is {settings.deliver}"
        yield Finding(subject="deliver", text=text, severity="warning")
    yield from _outbox(settings, view, now)
    yield from _holds(settings, view)
    yield from _staff(settings, view)
    yield from _mailboxes(settings, view, now)


def _outbox(settings: Settings, view: View, now: datetime) -> Iterator[Finding]:
    backlog = view.outbox.backlog(since=now - RECENTLY, now=now)
    counts = ((backlog.waiting, "waiting"), (backlog.postponed, "postponed"), (backlog.held, "on hold"))
    said = ", ".join(f"{count} {word}" for count, word in counts if count) or "empty"
    too_old = backlog.oldest is not None and now - backlog.oldest > settings.smtp.alarm_after
    if backlog.oldest is not None:
        since = backlog.oldest.isoformat(timespec="minutes").replace("+00:00", "Z")
        said += f", the oldest since {since}{f': {backlog.why}' if backlog.why else ''}"
    yield Finding(subject="outbox", text=said, severity="problem" if too_old else "ok")
    if backlog.failed:
        text = f"{backlog.failed} of the last day failed for good (helpdesk outbox list)"
        yield Finding(subject="outbox", text=text, severity="warning")


def _holds(settings: Settings, view: View) -> Iterator[Finding]:
    for hold in view.outbox.holds():
        what = "all letters"
        if hold.letter is not None:
            what = f"letter {hold.letter[:4]}"
        elif hold.ticket is not None:
            what += f" about {reference(settings.helpdesk.tag, hold.ticket)}"
        text = f"on hold by {hold.agent}: {what} (helpdesk outbox release)"
        yield Finding(subject="outbox", text=text, severity="warning")


def _staff(settings: Settings, view: View) -> Iterator[Finding]:
    for agent, dead in bounced_staff(view, settings).items():
        text = f"letters to {agent} come back: {dead.because}"
        yield Finding(subject="staff", text=text, severity="warning")


def _mailboxes(settings: Settings, view: View, now: datetime) -> Iterator[Finding]:
    scanned = {(mark.mailbox, mark.folder): mark.scanned_at for mark in view.journal.marks()}
    for name, mailbox in settings.mailboxes.items():
        for folder in mailbox.folders if mailbox.imap else ():
            last = scanned.get((name, folder))
            if last is None:
                yield Finding(subject=name, text=f"folder {folder}: never scanned", severity="warning")
                continue
            late = now - last > max(mailbox.poll * MISSED_POLLS, AT_LEAST)
            said = last.isoformat(timespec="minutes").replace("+00:00", "Z")
            text = f"folder {folder}: scanned at {said}{'; is the daemon running?' if late else ''}"
            yield Finding(subject=name, text=text, severity="problem" if late else "ok")
