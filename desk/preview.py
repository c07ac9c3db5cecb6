"""A letter that was not written: what one of a kind would say about a ticket as it is now.

Fails with: NotFound where the ticket has nothing that such a letter could pass on.
"""

from dataclasses import replace

from desk.desk import Desk
from desk.letters import customer_name, quoted
from domain.due import DueTold
from domain.errors import NotFound
from domain.event import Actor, Event, EventKind
from domain.letter import LetterFacts, LetterKind, Recipient
from domain.ticket import EntryFacts, EntryKind, TicketFacts
from notifier.samples import sample
from store.store import View

_PASSED_ON = {
    LetterKind.ACKNOWLEDGEMENT: EntryKind.CUSTOMER,
    LetterKind.NOTICE: EntryKind.CUSTOMER,
    LetterKind.SUPPORT_OVER: EntryKind.CUSTOMER,
    LetterKind.COPY: EntryKind.CUSTOMER,
    LetterKind.COMMENT: EntryKind.COMMENT,
    LetterKind.SOLUTION: EntryKind.SOLUTION,
    LetterKind.STAFF_NEW: EntryKind.CUSTOMER,
    LetterKind.STAFF_CUSTOMER: EntryKind.CUSTOMER,
    LetterKind.STAFF_COMMENT: EntryKind.COMMENT,
    LetterKind.STAFF_SOLUTION: EntryKind.SOLUTION,
    LetterKind.STAFF_NOTE: EntryKind.NOTE,
    LetterKind.STAFF_MENTION: EntryKind.NOTE,
}
# They pass on what the ticket began with, all others the latest.
_OPENING = frozenset({LetterKind.ACKNOWLEDGEMENT, LetterKind.NOTICE, LetterKind.SUPPORT_OVER, LetterKind.STAFF_NEW})


def preview(desk: Desk, view: View, number: int, kind: LetterKind, *, language: str = "") -> LetterFacts:
    """A letter of KIND about a ticket, with the entry that it would pass on.  Raises NotFound."""
    ticket = view.tickets.facts(number)
    entry = _entry(desk, view, ticket, kind)
    at = entry.at if entry else ticket.updated_at
    recipient = _agent(desk, ticket) if kind.is_staff else _customer(ticket)
    earlier = view.tickets.public_entries(
        number,
        before=entry.id if entry else None,
        until=ticket.updated_at,
        limit=desk.settings.look(ticket.mailbox).earlier,
    )
    return LetterFacts(
        letter=sample(desk.settings, kind).letter,
        kind=kind,
        recipient=replace(recipient, language=language or recipient.language),
        ticket=number,
        title=ticket.title,
        status=ticket.status,
        priority=ticket.priority,
        category=ticket.category,
        group=ticket.group,
        agent=ticket.agent,
        mailbox=ticket.mailbox,
        requester=customer_name(ticket),
        events=_events(desk, ticket, kind, entry),
        because="a preview",
        at=at,
        entry=quoted(entry) if entry else None,
        earlier=tuple(map(quoted, earlier)),
        due_at=ticket.due_at,
        support_end=ticket.requester.support_end if ticket.requester else None,
    )


def _entry(desk: Desk, view: View, ticket: TicketFacts, kind: LetterKind) -> EntryFacts | None:
    wanted = _PASSED_ON.get(kind)
    if wanted is None:
        return None
    fitting = [one for one in view.tickets.entries(ticket.number) if one.kind is wanted and not one.machine]
    if fitting:
        return fitting[0 if kind in _OPENING else -1]
    where = f"{desk.reference(ticket.number)} has no {wanted.value}"
    raise NotFound(f"{where} that such a letter could pass on; without --ticket a sample is shown")


def _events(desk: Desk, ticket: TicketFacts, kind: LetterKind, entry: EntryFacts | None) -> tuple[Event, ...]:
    """What the letter would speak of: the act that it would belong to is made up."""
    actor = Actor("agent", entry.agent if entry and entry.agent else ticket.agent or next(iter(desk.settings.agents)))
    if kind in (LetterKind.STATUS, LetterKind.STAFF_STATUS):
        return (Event(kind=EventKind.STATUS, actor=actor, after=ticket.status),)
    if kind is LetterKind.STAFF_DUE:
        return (_of_due_time(desk, ticket),)
    if kind in (LetterKind.CHANGE, LetterKind.STAFF_CHANGE):
        return (Event(kind=EventKind.FIELD, actor=actor, field="priority", after=ticket.priority),)
    return (Event(kind=_TOLD.get(kind, EventKind.COMMENT), actor=actor),) if entry and entry.agent else ()


def _of_due_time(desk: Desk, ticket: TicketFacts) -> Event:
    if ticket.due_at is None:
        where = f"{desk.reference(ticket.number)} has no due time"
        raise NotFound(f"{where} that such a letter could speak of; without --ticket a sample is shown")
    kind = EventKind.OVERDUE if ticket.due_told is DueTold.OVERDUE else EventKind.DUE_SOON
    return Event(kind=kind, after=ticket.due_at.isoformat())


_TOLD = {
    LetterKind.SOLUTION: EventKind.SOLUTION,
    LetterKind.STAFF_SOLUTION: EventKind.SOLUTION,
    LetterKind.STAFF_NOTE: EventKind.NOTE,
    LetterKind.STAFF_MENTION: EventKind.MENTIONED,
}


def _customer(ticket: TicketFacts) -> Recipient:
    contact = ticket.requester
    if contact is None or contact.primary is None:
        address = ticket.organization.address if ticket.organization else ""
        return Recipient(role="organization", address=address, name=customer_name(ticket))
    return Recipient(role="requester", address=contact.primary.address, name=contact.name, language=contact.language)


def _agent(desk: Desk, ticket: TicketFacts) -> Recipient:
    members = desk.settings.groups.get(ticket.group) or tuple(desk.settings.agents)
    key = ticket.agent if ticket.agent in desk.settings.agents else next(iter(members))
    agent = desk.settings.agents[key]
    role = "agent" if key == ticket.agent else "group"
    return Recipient(role=role, address=agent.address, name=agent.name, language=agent.language or "", agent=key)
