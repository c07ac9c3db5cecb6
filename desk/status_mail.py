"""Asking by mail how a ticket stands: `status [ACME-1042]` as the subject, or `status` for all open ones.

Promises: only who belongs to a ticket learns of it; one letter a mail, which passes the same gate and
the same budget as every other.  Whoever writes more than a few words wants to be read: his mail goes
the way of every mail, and with a tag in the subject he gets the letter besides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from desk.desk import Desk
from desk.letters import queue_report
from domain.decision import Found, Verdict
from domain.letter import LetterKind, Recipient, Told, Withheld
from domain.message import Message
from domain.people import ContactFacts
from domain.settings import Settings
from domain.subject import without_tags
from domain.ticket import Phase, TicketFacts
from domain.token import tagged_numbers
from notifier.gate import gate
from scanner.quote import own_words
from store.store import View

WORD = "status"
# More, or a question, is for a person to read.
FEW = 80
MOST = 50
ENDED = (Phase.SOLVED, Phase.CLOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a customer wants to know: how TICKET stands, or all his open ones where it is None.

    `only` that: he wrote nothing that anybody would have to read.
    """

    contact: ContactFacts
    ticket: TicketFacts | None
    only: bool

    @property
    def because(self) -> str:
        return "he asked how his tickets stand" if self.ticket is None else "he asked how the ticket stands"


def asked(view: View, message: Message, found: Found, *, settings: Settings) -> Asked | None:
    """What MESSAGE asks for; None if it is no such mail, or from somebody who is not to know."""
    if message.sender is None or not _is_question(message, settings):
        return None
    contact = view.people.contact_of(message.sender.address)
    if contact is None:
        return None
    words = own_words(message.reply_text)
    is_brief = len(words) <= FEW and "?" not in words and all(part.inline for part in message.attachments)
    if tagged_numbers(message.subject, settings.helpdesk.tag):
        belongs = found.verdict is Verdict.TICKET and found.ticket is not None
        return Asked(contact=contact, ticket=found.ticket, only=is_brief) if belongs else None
    return Asked(contact=contact, ticket=None, only=True) if is_brief and found.ticket is None else None


def _is_question(message: Message, settings: Settings) -> bool:
    """The subject is the word alone, and the mail answers nothing: `Re: Status` is about something else."""
    said = without_tags(message.subject, settings.helpdesk.tag).strip().casefold()
    return said == WORD and not (message.is_machine or message.in_reply_to or message.references)


def answer(
    desk: Desk, view: View, message: Message, wish: Asked, *, mailbox: str, act: int, now: datetime
) -> Told | Withheld:
    """Queue the letter that WISH asks for, or record why it is not written."""
    assert message.sender is not None
    contact, ticket = wish.contact, wish.ticket
    recipient = Recipient(
        role="requester", address=message.sender.address, name=contact.name, language=contact.language,
        contact=contact.id,
    )  # fmt: skip
    key = message.sender.key
    since, domain = now - desk.settings.notifications.loop_budget.per, key.rpartition("@")[2]
    refusal = gate(
        recipient, LetterKind.REPORT, mailbox=mailbox, contact=contact, settings=desk.settings,
        mute=ticket.mute_of(contact.id) if ticket else None,
        recent=view.outbox.recent([key], since=since).get(key, 0),
        recent_domain=view.outbox.recent_in([domain], since=since).get(domain, 0),
        recent_here=view.outbox.recent_about(ticket.number, since=since) if ticket else 0,
    )  # fmt: skip
    if refusal is not None:
        view.outbox.withhold(act, ticket.number if ticket else None, [refusal], now=now)
        return refusal
    told = Told(recipient=recipient, kind=LetterKind.REPORT, events=(), because=wish.because)
    tickets = [ticket] if ticket else _open_ones(view, contact, desk.settings)
    queue_report(desk, view, told, tickets, ticket=ticket, mailbox=mailbox, act=act, now=now, answering=message)
    return told


def _open_ones(view: View, contact: ContactFacts, settings: Settings) -> Sequence[TicketFacts]:
    """The tickets of CONTACT that are not over, the newest first."""
    statuses = [key for key, status in settings.tickets.statuses.items() if status.phase not in ENDED]
    numbers = view.tickets.of_requester(contact.id, statuses=statuses, limit=MOST)
    return [view.tickets.facts(number) for number in numbers]
