"""The same text from the same sender within minutes: one matter, one ticket.

Two mails are the same where sender, subject (without prefixes and tags) and new text are.  A mail
without text is never one of them if files came with it: each scan of a copier is another.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.message import Message
from domain.settings import Settings
from domain.subject import bare_subject
from domain.token import reference
from store.store import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """The ticket that has the same text already."""

    ticket: int
    because: str


def fingerprint(message: Message, *, mailbox: str, settings: Settings) -> str:
    """What two mails that say the same have in common, '' where that is not to be asked."""
    text = " ".join((message.reply_text or message.text).split())
    subject = bare_subject(message.subject, settings.helpdesk.tag)
    if message.sender is None or not message.sender.key or not (text or subject):
        return ""
    if not text and message.attachments:
        return ""
    place = mailbox if settings.duplicates == "per_mailbox" else ""
    said = "\0".join((place, message.sender.key, subject.casefold(), text))
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()


def repeat_of(view: View, sign: str, *, moment: datetime, settings: Settings) -> Repeat | None:
    """The ticket that got the text with this fingerprint shortly before (or after: mails overtake each other)."""
    within = settings.limits.repeats_within
    if not sign or not within:
        return None
    found = view.tickets.same_text(sign, since=moment - within, until=moment + within)
    if found is None:
        return None
    number, at = view.tickets.current(found[0]), found[1]
    where = reference(settings.helpdesk.tag, number)
    return Repeat(ticket=number, because=f"the same text as on {where}, {_ago(abs(moment - at))}")


def _ago(time: timedelta) -> str:
    minutes = round(time.total_seconds() / 60)
    if minutes < 1:
        return "less than a minute ago"
    return "a minute ago" if minutes == 1 else f"{minutes} minutes ago"
