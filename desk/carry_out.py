"""Carrying out what was decided about a mail: opening a ticket, or adding to one.

Every change is an event with its cause.  Of a new ticket people are told that it was opened, not
of each field that a rule set on the way.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, assert_never

from desk.desk import Desk
from domain.decision import AddTags, Assign, Decision, Modifier, SetField
from domain.event import Actor, Event, EventKind
from domain.intake import Intake
from domain.message import Message
from domain.people import ContactFacts
from domain.settings import Mailbox
from domain.ticket import EntryKind, Phase, TicketFacts
from store.store import View

MAX_TEXT = 1_000_000
MAX_TITLE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What was done: the ticket as it is now, its new entry, and the events.

    `told` are the events that people are told of.
    """

    ticket: TicketFacts
    entry: int
    events: tuple[Event, ...]
    told: tuple[Event, ...]
    opened: bool
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What modifiers come to: new values of fields, tags, and the events that say so."""

    fields: dict[str, str]
    tags: tuple[str, ...]
    events: tuple[Event, ...]


def open_ticket(
    desk: Desk, view: View, row: Intake, message: Message, decision: Decision, *, contact: ContactFacts | None,
    actor: Actor, linked: int | None, now: datetime,
) -> Carried:
    """A new ticket from a mail."""
    tickets = desk.settings.tickets
    moment = min(row.arrived or now, now)
    new = TicketFacts(
        number=0,
        title=_title(message.subject, desk.settings.helpdesk.tag),
        description=_cut(message.reply_text or message.text),
        status=tickets.of_phase(Phase.OPEN),
        priority=tickets.default_priority,
        mailbox=row.mailbox,
        requester=contact,
        organization=contact.organization if contact else None,
        group=desk.settings.mailboxes[row.mailbox].group,
        linked_to=linked,
        created_at=moment,
        updated_at=now,
        waiting_since=None if message.is_machine else moment,
    )
    changes = changes_of(decision.modifiers, new, actor=actor)
    new = _changed(new, changes)
    number = view.tickets.open(_columns(new), now=moment)
    view.tickets.add_tags(number, changes.tags)
    entry = _add_entry(view, number, row, message, contact=contact, moment=moment)
    because = decision.disposition.because
    opened = Event(
        kind=EventKind.OPENED, actor=actor, after=desk.reference(number), entry=entry, because=because
    )
    links = [Event(kind=EventKind.LINKED, actor=actor, after=str(linked))] if linked else []
    return Carried(
        ticket=replace(new, number=number),
        entry=entry,
        events=(opened, *links, *changes.events),
        told=(opened,),
        opened=True,
        because=because,
    )


def append_to(
    desk: Desk, view: View, row: Intake, message: Message, ticket: TicketFacts, decision: Decision, *,
    contact: ContactFacts | None, actor: Actor, unconfirmed: bool, now: datetime,
) -> Carried | None:
    """A mail put onto its ticket; None where the ticket was closed too long ago and a new one is due."""
    quiet = message.is_machine or unconfirmed
    phase = desk.settings.tickets.phase(ticket.status)
    if phase is Phase.CLOSED and not quiet and _is_over(desk.settings.mailboxes[row.mailbox], ticket, now):
        return None
    moment = min(row.arrived or now, now)
    agent = desk.settings.agent_of(message.sender.address) if message.sender else ""
    kind = EntryKind.NOTE if agent and not message.is_machine else EntryKind.CUSTOMER
    entry = _add_entry(
        view, ticket.number, row, message, contact=contact, moment=moment, kind=kind, unconfirmed=unconfirmed
    )
    wrote = Event(kind=_wrote(message, agent, unconfirmed=unconfirmed), actor=actor, entry=entry,
                  because=decision.disposition.because)  # fmt: skip
    changes = changes_of(decision.modifiers, ticket, actor=actor)
    events = [wrote, *changes.events]
    after = _changed(ticket, changes)
    if wrote.kind is EventKind.CUSTOMER_WROTE:
        after = replace(after, waiting_since=after.waiting_since or moment)
        opened = desk.settings.tickets.of_phase(Phase.OPEN)
        if phase is not Phase.OPEN and after.status == ticket.status:
            events.append(_reopening(ticket, phase, opened, actor))
            after = replace(after, status=opened, closed_at=None)
    if after != ticket:
        view.tickets.change(ticket.number, now=now, **_differences(ticket, after))
    view.tickets.add_tags(ticket.number, changes.tags)
    return Carried(
        ticket=after,
        entry=entry,
        events=tuple(events),
        told=tuple(events),
        opened=False,
        because=decision.disposition.because,
    )


def _is_over(mailbox: Mailbox, ticket: TicketFacts, now: datetime) -> bool:
    return ticket.closed_at is not None and now - ticket.closed_at > mailbox.closed_tickets.reopen_within


def _wrote(message: Message, agent: str, *, unconfirmed: bool) -> EventKind:
    """What it means that somebody wrote.  An agent's mail proves nothing yet, so it stays internal."""
    if message.is_machine:
        return EventKind.MACHINE_WROTE
    if unconfirmed:
        return EventKind.UNCONFIRMED
    return EventKind.NOTE if agent else EventKind.CUSTOMER_WROTE


def _reopening(ticket: TicketFacts, phase: Phase, opened: str, actor: Actor) -> Event:
    kind = EventKind.STATUS if phase is Phase.PENDING else EventKind.REOPENED
    return Event(kind=kind, actor=actor, before=ticket.status, after=opened, because="the customer wrote")


def changes_of(modifiers: Iterable[Modifier], ticket: TicketFacts, *, actor: Actor) -> Changes:
    """What MODIFIERS change on TICKET; the last word on a field wins, no event for what stays as it is."""
    fields: dict[str, tuple[str, str]] = {}
    tags: dict[str, str] = {}
    for modifier in modifiers:
        match modifier:
            case SetField(field=field, value=value, because=because):
                fields[field] = (value, because)
            case Assign(agent=agent, group=group, because=because):
                fields |= {name: (key, because) for name, key in (("agent", agent), ("group", group)) if key}
            case AddTags(tags=added, because=because):
                tags |= {tag: because for tag in added if tag not in ticket.tags}
            case _:
                assert_never(modifier)
    changed = {name: new for name, new in fields.items() if getattr(ticket, name) != new[0]}
    events = [_change(ticket, name, value, because) for name, (value, because) in changed.items()]
    if tags:
        why = " · ".join(dict.fromkeys(tags.values()))
        events.append(Event(kind=EventKind.TAGGED, actor=Actor("rule"), after=", ".join(tags), because=why))
    return Changes(fields={name: value for name, (value, _) in changed.items()}, tags=tuple(tags), events=tuple(events))


def _change(ticket: TicketFacts, name: str, value: str, because: str) -> Event:
    kinds = {"agent": EventKind.ASSIGNED, "group": EventKind.ASSIGNED, "status": EventKind.STATUS}
    return Event(
        kind=kinds.get(name, EventKind.FIELD), actor=Actor("rule"), field=name, before=getattr(ticket, name),
        after=value, because=because,
    )  # fmt: skip


def _changed(ticket: TicketFacts, changes: Changes) -> TicketFacts:
    values: dict[str, Any] = dict(changes.fields)
    return replace(ticket, **values, tags=tuple(sorted({*ticket.tags, *changes.tags})))


_COLUMNS = ("title", "description", "solution", "status", "priority", "category", "source", "mailbox", "agent",
            "linked_to", "closed_at", "waiting_since")  # fmt: skip


def _columns(ticket: TicketFacts) -> dict[str, Any]:
    """A ticket as columns of its row."""
    return {
        **{name: getattr(ticket, name) for name in _COLUMNS},
        "group_key": ticket.group,
        "requester": ticket.requester.id if ticket.requester else None,
        "organization": ticket.organization.id if ticket.organization else None,
    }


def _differences(before: TicketFacts, after: TicketFacts) -> dict[str, Any]:
    old, new = _columns(before), _columns(after)
    return {name: value for name, value in new.items() if old[name] != value}


def _add_entry(
    view: View, number: int, row: Intake, message: Message, *, contact: ContactFacts | None, moment: datetime,
    kind: EntryKind = EntryKind.CUSTOMER, unconfirmed: bool = False,
) -> int:
    sender = message.sender
    return view.tickets.add_entry(
        number,
        kind=kind,
        author=(sender.name or sender.address) if sender else "",
        text=_cut(message.text),
        shown=_cut(message.reply_text or message.text),
        now=moment,
        contact=contact.id if contact else None,
        intake=row.id,
        message_id=message.message_id,
        machine=message.is_machine,
        unconfirmed=unconfirmed,
        attachments=message.attachments,
    )


def _title(subject: str, prefix: str) -> str:
    """A subject as a title: without tags of ours, which would point to another ticket."""
    bare = re.sub(rf"\[\s*{re.escape(prefix)}-\d+\s*\]", " ", subject, flags=re.IGNORECASE)
    return " ".join(bare.split())[:MAX_TITLE]


def _cut(text: str) -> str:
    """TEXT, shortened where it is beyond all reading; the raw mail keeps the rest."""
    if len(text) <= MAX_TEXT:
        return text
    return f"{text[:MAX_TEXT]}\n\n[... {len(text) - MAX_TEXT:,} more characters in the raw mail]"
