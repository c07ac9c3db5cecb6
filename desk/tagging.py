"""Taking tags from a ticket, and telling it the number that it has in a vendor's system, or taking that away.

Fails with: NotFound, Refused, StoreUnusable, TemporaryFailure.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from desk.acts import ActReport, Staff, not_merged
from desk.changes import Refused
from desk.letters import tell
from domain.event import Event, EventKind
from domain.letter import ActFacts
from domain.ticket import ExternalId, TicketFacts
from store.store import View

MAX_ID = 100

Change = Callable[[View, TicketFacts], tuple[TicketFacts, tuple[Event, ...]]]


def untag(staff: Staff, number: int, tags: Sequence[str]) -> ActReport:
    """Take tags from a ticket; those that it does not have are passed over."""

    def change(view: View, ticket: TicketFacts) -> tuple[TicketFacts, tuple[Event, ...]]:
        gone = tuple(tag for tag in dict.fromkeys(tags) if tag in ticket.tags)
        if not gone:
            return ticket, ()
        view.tickets.remove_tags(number, gone)
        event = Event(kind=EventKind.UNTAGGED, actor=staff.changes.actor, before=", ".join(gone))
        return replace(ticket, tags=tuple(tag for tag in ticket.tags if tag not in gone)), (event,)

    return _on(staff, number, "untag", change)


def learn_id(staff: Staff, number: int, external_id: ExternalId) -> ActReport:
    """Tell a ticket the number that it has in a vendor's system: mails of that vendor with it come here."""
    actor = staff.changes.actor

    def change(view: View, ticket: TicketFacts) -> tuple[TicketFacts, tuple[Event, ...]]:
        owner = view.tickets.by_external_id(external_id)
        if owner == number:
            return ticket, ()
        if owner is not None:
            has = f"{staff.desk.reference(owner)} has {external_id} already; nothing was changed. Take it away first"
            raise Refused(f"{has}: helpdesk link {owner} --remove --vendor-id {external_id}")
        view.tickets.add_external_id(number, external_id)
        event = Event(kind=EventKind.EXTERNAL_ID, actor=actor, field=external_id.name, after=external_id.value)
        return replace(ticket, external_ids=(*ticket.external_ids, external_id)), (event,)

    return _on(staff, number, "link", change)


def forget_id(staff: Staff, number: int, external_id: ExternalId) -> ActReport:
    """Take a vendor's number from a ticket."""
    actor = staff.changes.actor

    def change(view: View, ticket: TicketFacts) -> tuple[TicketFacts, tuple[Event, ...]]:
        if external_id not in ticket.external_ids:
            return ticket, ()
        view.tickets.remove_external_id(number, external_id)
        event = Event(kind=EventKind.EXTERNAL_ID, actor=actor, field=external_id.name, before=external_id.value)
        return replace(ticket, external_ids=tuple(one for one in ticket.external_ids if one != external_id)), (event,)

    return _on(staff, number, "link", change)


def external_id(text: str, *, known: Sequence[str]) -> ExternalId:
    """The vendor's id in TEXT, `NAME:ID`.  Raises Refused where NAME is none of the KNOWN thread keys."""
    name, colon, value = (part.strip() for part in text.partition(":"))
    if not known:
        raise Refused("config.yaml names no vendor under thread_keys; without one no mail could be recognised by an id")
    if name not in known:
        raise Refused(f"{text!r} is no vendor's id: write NAME:ID, where NAME is one of {', '.join(known)}")
    value = " ".join(value.split()).upper()
    if not colon or not value or len(value) > MAX_ID or not value.isprintable():
        raise Refused(
            f"{text!r} holds no id: write {name}:ID as the vendor's subjects have it, {MAX_ID} characters at most"
        )
    return ExternalId(name=name, value=value)


def _on(staff: Staff, number: int, kind: str, change: Change) -> ActReport:
    """Change one ticket in one act; nothing is written where nothing changes."""
    with staff.desk.store.act() as view:
        before = view.tickets.facts(number, lock=True)
        not_merged(staff.desk, before)
        after, events = change(view, before)
        if not events:
            return ActReport(ticket=before)
        view.tickets.change(number, now=staff.now)
        act = view.tickets.begin_act(kind, staff.changes.actor, now=staff.now)
        view.tickets.record(act, number, events, now=staff.now)
        told = tell(
            staff.desk, view, ActFacts(ticket=after, events=events, actor=staff.changes.actor), act=act, now=staff.now
        )
    return ActReport(ticket=after, events=events, told=told)
