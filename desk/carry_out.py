"""Carrying out what was decided about a mail: opening a ticket, or adding to one.

`plan` says what will be different, and touches nothing: `helpdesk explain` stops there.  `write`
does it.  Every change is an event with its cause.  Of a new ticket people are told that it was
opened, not of each field that a rule set on the way.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, assert_never

from desk.addresses import Dead, is_alive, mark_alive, mark_dead
from desk.due_times import due_in, due_set, with_due
from desk.finders import SAME_TEXT, belongs
from desk.opt_out import COMPLAINT, Leaving, name_of, opt_out
from desk.repeats import Repeat
from desk.support import flagged
from desk.vendors import Vendor
from domain.absence import Absence
from domain.decision import (
    AddNote,
    AddTags,
    Assign,
    AssignBy,
    Create,
    Decision,
    FileIn,
    Found,
    LetterWish,
    LinkContact,
    LinkOrganization,
    Modifier,
    RemoveTags,
    SetField,
    Update,
    Verdict,
    Watch,
)
from domain.event import Actor, Event, EventKind
from domain.intake import Intake
from domain.message import Message
from domain.people import ContactFacts, OrganizationFacts, address_key
from domain.settings import Settings
from domain.subject import bare_subject
from domain.suspicion import Suspicion
from domain.ticket import SUPPORT_OVER, EntryKind, ExternalId, Phase, TicketFacts, WatcherFacts
from domain.token import reference
from store.store import View

MAX_TEXT = 1_000_000
MAX_TITLE = 500
MAX_SHOWN = 200
RULE = Actor("rule")
ENDED = (Phase.SOLVED, Phase.CLOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A mail that is to go onto a ticket: who wrote it, where and when it arrived, what is to be said of it.

    `fingerprint` and `repeat` tell of the same text, the rest what it tells of addresses; `copied` are
    the contacts behind those.  `vendor` is the third party that it comes from, `complaining` are those who
    marked a letter of ours as spam.  `doubt` is why an agent's mail may be a program's,
    `again` that he was told so shortly before.  `on_behalf_of` is an agent's mail that passed this one on.
    `people`, `company` and `turns` are those that rules name (`desk/settle.py`), `absences` those of the day.
    """

    message: Message
    mailbox: str
    contact: ContactFacts | None
    actor: Actor
    moment: datetime
    now: datetime
    remark: str = ""
    fingerprint: str = ""
    repeat: Repeat | None = None
    dead: tuple[Dead, ...] = ()
    alive: str = ""
    copied: tuple[ContactFacts, ...] = ()
    spoof: Suspicion | None = None
    doubt: str = ""
    again: bool = False
    vendor: Vendor | None = None
    complaining: tuple[Leaving, ...] = ()
    on_behalf_of: Message | None = None
    people: Mapping[str, ContactFacts] = field(default_factory=dict)
    company: OrganizationFacts | None = None
    turns: Mapping[str, str] = field(default_factory=dict)
    absences: Mapping[str, Absence] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will be different.  `before` is None and `after.number` 0 where a ticket is opened.

    The first event is about the mail itself and gets the entry's id when it is written.  `turns` says whose turn
    it was, `letters` what rules want of the letters.
    """

    before: TicketFacts | None
    after: TicketFacts
    kind: EntryKind
    unconfirmed: bool
    events: tuple[Event, ...]
    because: str
    turns: Mapping[str, str] = field(default_factory=dict)
    letters: tuple[LetterWish, ...] = ()

    @property
    def opens(self) -> bool:
        return self.before is None

    @property
    def told(self) -> tuple[Event, ...]:
        """The events that people are told of."""
        return self.told_of(self.events)

    def told_of(self, events: tuple[Event, ...]) -> tuple[Event, ...]:
        """Those of EVENTS that people are told of.

        Of a new ticket these are that it was opened, its solution, and for staff that its customer's support is over.
        """
        if not self.opens:
            return events
        return (*events[:1], *(event for event in events[1:] if _is_told_at_once(event)))


def _is_told_at_once(event: Event) -> bool:
    """People are told of EVENT although it belongs to the opening of its ticket."""
    return event.kind is EventKind.SOLUTION or (event.kind is EventKind.TAGGED and event.after == SUPPORT_OVER)


def plan(settings: Settings, arrived: Arrived, found: Found, decision: Decision) -> Plan:
    """What DECISION comes to, with what the mail tells of addresses.

    An answer to a ticket that was closed too long ago opens a linked one.
    """
    planned = _planned(settings, arrived, found, decision)
    first, *others = planned.events
    if arrived.spoof:
        first = replace(first, because=f"{first.because} · {arrived.spoof}")
    after, watching = _watching(settings, planned.after, arrived, first.kind)
    after, marks = _marked(settings, after, arrived)
    after, complaints = _complained(after, arrived)
    after, learnt = _learnt(after, arrived, first.kind)
    return replace(planned, after=after, events=(first, *others, *watching, *marks, *complaints, *learnt))


def _planned(settings: Settings, arrived: Arrived, found: Found, decision: Decision) -> Plan:
    ticket, because = found.ticket, decision.disposition.because
    if ticket is None:
        return _opening(settings, arrived, decision, linked=found.linked, because=because)
    if found.walk[-1].finder == SAME_TEXT:
        # What the rules do with such a mail was done when it came first.
        again = Decision(disposition=Update(ticket=ticket.number, because=found.because), rules=decision.rules)
        return _adding(settings, arrived, again, ticket, repeats=True)
    if isinstance(decision.disposition, Create):
        return _opening(settings, arrived, decision, linked=ticket.number, because=because)
    unconfirmed = found.verdict is Verdict.UNCONFIRMED
    if not _is_over(settings, arrived, found):
        return _adding(settings, arrived, decision, ticket, unconfirmed=unconfirmed)
    policy = settings.mailboxes[arrived.mailbox].closed_tickets
    if policy.otherwise in ("reopen", "append"):
        return _adding(settings, arrived, decision, ticket, stays_closed=policy.otherwise == "append")
    because = f"{reference(settings.helpdesk.tag, ticket.number)} was closed {_longer_than(policy.reopen_within)}"
    linked = ticket.number if policy.otherwise == "new_linked" else None
    return _opening(settings, arrived, decision, linked=linked, because=because)


def _longer_than(time: timedelta) -> str:
    if not time:
        return "and is not reopened (closed_tickets)"
    return f"more than {time.days} days ago" if time.days else f"more than {time.total_seconds() / 3600:g} hours ago"


def _is_over(settings: Settings, arrived: Arrived, found: Found) -> bool:
    """The ticket was closed longer ago than the mailbox reopens tickets, and its customer, a person, writes."""
    ticket = found.ticket
    if ticket is None or arrived.message.is_machine or found.verdict is Verdict.UNCONFIRMED:
        return False
    if _third_party(settings, arrived, ticket):
        return False
    if settings.tickets.phase(ticket.status) is not Phase.CLOSED or ticket.closed_at is None:
        return False
    if _is_of_an_agent(settings, arrived, ticket):
        return False
    return arrived.now - ticket.closed_at > settings.mailboxes[arrived.mailbox].closed_tickets.reopen_within


def _is_of_an_agent(settings: Settings, arrived: Arrived, ticket: TicketFacts) -> bool:
    """An agent writes on a customer's ticket.  Who asked is the customer, also where he is an agent."""
    sender, requester = arrived.message.sender, ticket.requester
    asked = arrived.contact is not None and requester is not None and requester.id == arrived.contact.id
    return sender is not None and not asked and settings.agent_of(sender.address) != ""


def _third_party(settings: Settings, arrived: Arrived, ticket: TicketFacts) -> str:
    """The thread key of the vendor who writes on a customer's ticket, '' if none does.

    A program of his counts by the id that it names, which an out-of-office seldom does.
    """
    vendor, sender = arrived.vendor, arrived.message.sender
    if vendor is None or sender is None or (arrived.message.is_machine and vendor.id is None):
        return ""
    return "" if belongs(sender.key, ticket, colleagues=settings.tickets.colleagues) else vendor.name


def _learnt(ticket: TicketFacts, arrived: Arrived, wrote: EventKind) -> tuple[TicketFacts, tuple[Event, ...]]:
    """TICKET with the vendor's id that the mail names and no ticket has yet, and the event."""
    vendor = arrived.vendor
    if vendor is None or vendor.id is None or not vendor.is_news or wrote is EventKind.UNCONFIRMED:
        return ticket, ()
    event = Event(kind=EventKind.EXTERNAL_ID, field=vendor.name, after=vendor.id.value, because="the subject names it")
    return replace(ticket, external_ids=(*ticket.external_ids, vendor.id)), (event,)


def _complained(ticket: TicketFacts, arrived: Arrived) -> tuple[TicketFacts, tuple[Event, ...]]:
    """TICKET with its people opted out who marked a letter of ours as spam, and the events."""
    out = {one.id for one in arrived.complaining if isinstance(one, ContactFacts)}
    companies = {one.id for one in arrived.complaining if isinstance(one, OrganizationFacts)}

    def now(contact: ContactFacts) -> ContactFacts:
        return replace(contact, email_opt_out=True, opted_out_how=COMPLAINT) if contact.id in out else contact

    company = ticket.organization
    if company and company.id in companies:
        company = replace(company, email_opt_out=True)
    events = tuple(
        Event(kind=EventKind.OPTED_OUT, field="complaint", after=name_of(one), because="marked a letter as spam")
        for one in arrived.complaining
    )
    watchers = tuple(replace(one, contact=now(one.contact)) if one.contact else one for one in ticket.watchers)
    requester = now(ticket.requester) if ticket.requester else None
    return replace(ticket, requester=requester, organization=company, watchers=watchers), events


def _watching(
    settings: Settings, ticket: TicketFacts, arrived: Arrived, wrote: EventKind
) -> tuple[TicketFacts, tuple[Event, ...]]:
    """TICKET with the people in copy among its watchers, and an event for each that is new."""
    if wrote not in (EventKind.OPENED, EventKind.CUSTOMER_WROTE):
        return ticket, ()
    there = {one.id for one in (ticket.requester, *(watcher.contact for watcher in ticket.watchers)) if one}
    new = tuple(one for one in arrived.copied if one.id not in there)
    new = new[: max(0, settings.limits.watchers - len(ticket.watchers))]
    events = tuple(
        Event(kind=EventKind.WATCHED, actor=arrived.actor, after=_name(one), because="the mail went to him as well")
        for one in new
    )
    return replace(ticket, watchers=(*ticket.watchers, *(WatcherFacts(contact=one) for one in new))), events


def _name(contact: ContactFacts) -> str:
    return contact.name or (contact.primary.address if contact.primary else "")


def _marked(settings: Settings, ticket: TicketFacts, arrived: Arrived) -> tuple[TicketFacts, tuple[Event, ...]]:
    """TICKET with its people's addresses as the mail shows them, dead or alive, and the events."""
    changes = {one.key: True for one in arrived.dead} | ({address_key(arrived.alive): False} if arrived.alive else {})
    if not changes:
        return ticket, ()
    events = [
        Event(
            kind=EventKind.UNDELIVERABLE, field="agent" if one.agent else "address", after=one.address,
            because=one.because,
        )
        for one in arrived.dead
    ]  # fmt: skip
    if arrived.alive:
        events.append(is_alive(arrived.alive, arrived.actor, settings))
    company = ticket.organization
    if company and company.key in changes:
        company = replace(company, undeliverable=changes[company.key])
    watchers = tuple(
        replace(one, contact=_with_marks(one.contact, changes)) if one.contact else one for one in ticket.watchers
    )
    requester = _with_marks(ticket.requester, changes) if ticket.requester else None
    return replace(ticket, requester=requester, organization=company, watchers=watchers), tuple(events)


def _with_marks(contact: ContactFacts, changes: Mapping[str, bool]) -> ContactFacts:
    """CONTACT with addresses that are undeliverable, or no longer."""
    own = (replace(one, undeliverable=changes.get(one.key, one.undeliverable)) for one in contact.addresses)
    return replace(contact, addresses=tuple(own))


def _sets_status(modifier: Modifier) -> bool:
    return isinstance(modifier, SetField) and modifier.field == "status"


def _opening(settings: Settings, arrived: Arrived, decision: Decision, *, linked: int | None, because: str) -> Plan:
    message, contact = arrived.message, arrived.contact
    new = TicketFacts(
        number=0,
        title=_title(message.subject, settings.helpdesk.tag),
        description=cut(message.reply_text or message.text),
        status=settings.tickets.of_phase(Phase.OPEN),
        priority=settings.tickets.default_priority,
        mailbox=arrived.mailbox,
        requester=contact,
        organization=contact.organization if contact else None,
        group=settings.mailboxes[arrived.mailbox].group,
        linked_to=linked,
        created_at=arrived.moment,
        updated_at=arrived.now,
        waiting_since=None if message.is_machine else arrived.moment,
    )
    after, changes = changed(settings, new, decision.modifiers, arrived=arrived)
    opened = Event(kind=EventKind.OPENED, actor=arrived.actor, because=because)
    after, flags = flagged(settings, after)
    links = [Event(kind=EventKind.LINKED, actor=arrived.actor, after=str(linked))] if linked else []
    return Plan(
        before=None, after=after, kind=EntryKind.CUSTOMER, unconfirmed=False, events=(opened, *links, *changes, *flags),
        because=because, turns=arrived.turns, letters=decision.letters,
    )  # fmt: skip


def _adding(
    settings: Settings, arrived: Arrived, decision: Decision, ticket: TicketFacts, *, unconfirmed: bool = False,
    repeats: bool = False, stays_closed: bool = False,
) -> Plan:  # fmt: skip
    message = arrived.message
    because = decision.disposition.because
    vendor = "" if unconfirmed else _third_party(settings, arrived, ticket)
    is_agent = _is_of_an_agent(settings, arrived, ticket)
    kind = _wrote(message, is_agent=is_agent, unconfirmed=unconfirmed, repeats=repeats)
    if vendor and kind is not EventKind.REPEATED:
        kind = EventKind.VENDOR_WROTE
    wrote = _quietly(Event(kind=kind, actor=arrived.actor, field=vendor, because=because), arrived)
    # Whoever is unconfirmed, or an agent without proof, gets his words kept, and changes nothing; a machine
    # reopens nothing.
    modifiers = () if unconfirmed or is_agent else decision.modifiers
    if message.is_machine:
        modifiers = tuple(one for one in modifiers if not _sets_status(one))
    after, changes = changed(settings, ticket, modifiers, arrived=arrived)
    events = [wrote, *changes]
    if wrote.kind is EventKind.CUSTOMER_WROTE:
        if not (stays_closed or any(_sets_status(one) for one in modifiers)):
            after, reopened = _reopening(settings, after, arrived)
            events += reopened
        if settings.tickets.phase(after.status) not in ENDED:
            after = replace(after, waiting_since=after.waiting_since or arrived.moment)
    return Plan(
        before=ticket, after=after, kind=_ENTRY_KINDS.get(kind, EntryKind.CUSTOMER), unconfirmed=unconfirmed,
        events=tuple(events), because=because, turns=arrived.turns if modifiers else {},
        letters=() if unconfirmed or is_agent else decision.letters,
    )  # fmt: skip


def _quietly(wrote: Event, arrived: Arrived) -> Event:
    """The event that an agent WROTE; a machine did where that may be: two programs would answer each other for ever."""
    if wrote.kind is not EventKind.NOTE or not arrived.doubt:
        return wrote
    because = f"{wrote.because} · it may have been sent by a program: {arrived.doubt}"
    return replace(wrote, kind=EventKind.MACHINE_WROTE, because=because)


_ENTRY_KINDS = {EventKind.NOTE: EntryKind.NOTE, EventKind.VENDOR_WROTE: EntryKind.VENDOR}


def _wrote(message: Message, *, is_agent: bool, unconfirmed: bool, repeats: bool) -> EventKind:
    """What it means that somebody wrote.  An agent's mail proves nothing, so it stays internal."""
    if message.is_machine:
        return EventKind.MACHINE_WROTE
    if unconfirmed:
        return EventKind.UNCONFIRMED
    if is_agent:
        return EventKind.NOTE
    # The second mail of somebody who forgot the files is news.
    is_news = any(not part.inline for part in message.attachments)
    return EventKind.REPEATED if repeats and not is_news else EventKind.CUSTOMER_WROTE


def _reopening(settings: Settings, ticket: TicketFacts, arrived: Arrived) -> tuple[TicketFacts, tuple[Event, ...]]:
    """TICKET after its customer wrote, and the event that this is; nothing happens to one that is open."""
    if settings.tickets.phase(ticket.status) is Phase.OPEN:
        return ticket, ()
    opened = settings.tickets.of_phase(Phase.OPEN)
    after, kind = with_status(settings, ticket, opened, now=arrived.now)
    because = "the customer wrote"
    return after, (Event(kind=kind, actor=arrived.actor, before=ticket.status, after=opened, because=because),)


def with_status(
    settings: Settings, ticket: TicketFacts, status: str, *, now: datetime
) -> tuple[TicketFacts, EventKind]:
    """TICKET with another status, and what that is: closed, reopened, or a change."""
    before, after = settings.tickets.phase(ticket.status), settings.tickets.phase(status)
    kind = EventKind.STATUS
    if after is Phase.CLOSED:
        kind = EventKind.CLOSED
    elif before in ENDED and after not in ENDED:
        kind = EventKind.REOPENED
        # Whether its time came while it was over or before: from now on it matters again.
        ticket = with_due(settings, ticket, ticket.due_at, now=now)
    return (
        replace(
            ticket,
            status=status,
            closed_at=now if after is Phase.CLOSED else None,
            waiting_since=None if after in ENDED else ticket.waiting_since,
        ),
        kind,
    )


def is_takeover(events: Iterable[Event]) -> bool:
    """Among EVENTS a ticket that nobody had is given to an agent."""
    return any(
        event.kind is EventKind.ASSIGNED and event.field == "agent" and not event.before and event.after
        for event in events
    )


def changed(
    settings: Settings, ticket: TicketFacts, modifiers: Iterable[Modifier], *, arrived: "Arrived"
) -> tuple[TicketFacts, tuple[Event, ...]]:
    """TICKET after MODIFIERS, and the events that say so; of two that set one field the later counts.

    Notes and solutions stand in the events (`after`) until they are written down.
    """
    after, events = ticket, list[Event]()
    for modifier in _last_words(modifiers):
        after, done = _modified(settings, after, modifier, arrived)
        events += done
    return after, tuple(_tags_together(events))


def _last_words(modifiers: Iterable[Modifier]) -> list[Modifier]:
    """MODIFIERS without those that a later one overrules, field by field."""
    kept: dict[object, Modifier] = {}
    for number, modifier in enumerate(modifiers):
        match modifier:
            case SetField(field=field):
                kept[field] = modifier
            case Assign(agent=agent, group=group, because=because):
                if agent:
                    kept["agent"] = Assign(agent=agent, because=because)
                if group:
                    kept["group"] = Assign(group=group, because=because)
            case _:
                kept[number] = modifier
    return list(kept.values())


def _modified(
    settings: Settings, ticket: TicketFacts, modifier: Modifier, arrived: "Arrived"
) -> tuple[TicketFacts, tuple[Event, ...]]:
    """TICKET after one modifier; without events nothing is different."""
    because = modifier.because
    match modifier:
        case SetField(field=field, value=value):
            return _field_set(settings, ticket, field, value, because=because, now=arrived.now)
        case Assign(agent=agent, group=group):
            after, events = _set(ticket, "agent", agent or ticket.agent, because=because, kind=EventKind.ASSIGNED)
            after, more = _set(after, "group", group or ticket.group, because=because, kind=EventKind.ASSIGNED)
            return after, (*events, *more)
        case AddTags(tags=tags):
            new = tuple(tag for tag in tags if tag not in ticket.tags)
            event = Event(kind=EventKind.TAGGED, actor=RULE, after=", ".join(new), because=because)
            return replace(ticket, tags=tuple(sorted({*ticket.tags, *new}))), (event,) if new else ()
        case RemoveTags(tags=tags):
            old = tuple(tag for tag in ticket.tags if tag in tags)
            event = Event(kind=EventKind.UNTAGGED, actor=RULE, before=", ".join(old), because=because)
            return replace(ticket, tags=tuple(one for one in ticket.tags if one not in old)), (event,) if old else ()
        case LinkContact(address=address):
            return _requested_by(ticket, arrived.people[address_key(address)], because)
        case LinkOrganization():
            return _of_organization(ticket, arrived.company, because)
        case Watch(agents=agents, addresses=addresses):
            return _watched_by(settings, ticket, agents, addresses, arrived, because)
        case AddNote(text=text):
            return ticket, (Event(kind=EventKind.NOTE, actor=RULE, after=cut(text), because=because),)
        case FileIn():
            return ticket, ()
        case AssignBy():
            raise AssertionError("desk/settle.py has put a name in its place")
        case _:
            assert_never(modifier)


def _tags_together(events: list[Event]) -> Iterator[Event]:
    """EVENTS with all tags that were added in one."""
    added = [event for event in events if event.kind is EventKind.TAGGED]
    for event in events:
        if event.kind is not EventKind.TAGGED:
            yield event
        elif event is added[0]:
            why = " · ".join(dict.fromkeys(one.because for one in added))
            yield replace(event, after=", ".join(one.after for one in added), because=why)


def _field_set(
    settings: Settings, ticket: TicketFacts, name: str, value: str, *, because: str, now: datetime
) -> tuple[TicketFacts, tuple[Event, ...]]:
    own = name.removeprefix("fields.")
    if own != name:
        before = ticket.fields.get(own, "")
        event = Event(kind=EventKind.FIELD, actor=RULE, field=name, before=before, after=value, because=because)
        return replace(ticket, fields={**ticket.fields, own: value}), (event,) if before != value else ()
    if name == "status" and ticket.status != value:
        after, kind = with_status(settings, ticket, value, now=now)
        return after, (Event(kind=kind, actor=RULE, before=ticket.status, after=value, because=because),)
    if name == "due":
        return due_set(settings, ticket, due_in(value), now=now, actor=RULE, because=because)
    if name == "solution":
        event = Event(kind=EventKind.SOLUTION, actor=RULE, after=cut(value), because=because)
        return replace(ticket, solution=cut(value)), (event,) if ticket.solution != cut(value) else ()
    if name == "description":
        event = Event(kind=EventKind.FIELD, actor=RULE, field=name, after=_shortened(value), because=because)
        return replace(ticket, description=cut(value)), (event,) if ticket.description != cut(value) else ()
    value = value[:MAX_TITLE] if name == "title" else value
    return _set(ticket, name, value, because=because, kind=EventKind.FIELD)


def _set(
    ticket: TicketFacts, name: str, value: str, *, because: str, kind: EventKind
) -> tuple[TicketFacts, tuple[Event, ...]]:
    """TICKET with one field changed by a rule, and the event."""
    before = getattr(ticket, name)
    if before == value:
        return ticket, ()
    change: dict[str, Any] = {name: value}
    event = Event(kind=kind, actor=RULE, field=name, before=before, after=value, because=because)
    return replace(ticket, **change), (event,)


def _requested_by(ticket: TicketFacts, contact: ContactFacts, because: str) -> tuple[TicketFacts, tuple[Event, ...]]:
    """TICKET with another requester, and his organization."""
    old = ticket.requester
    if old is not None and old.id == contact.id:
        return ticket, ()
    event = Event(
        kind=EventKind.FIELD, actor=RULE, field="requester", before=_name(old) if old else "", after=_name(contact),
        because=because,
    )  # fmt: skip
    return replace(ticket, requester=contact, organization=contact.organization), (event,)


def _of_organization(
    ticket: TicketFacts, company: OrganizationFacts | None, because: str
) -> tuple[TicketFacts, tuple[Event, ...]]:
    old = ticket.organization
    if company is None or (old is not None and old.id == company.id):
        return ticket, ()
    event = Event(
        kind=EventKind.FIELD, actor=RULE, field="organization", before=old.name if old else "", after=company.name,
        because=because,
    )  # fmt: skip
    return replace(ticket, organization=company), (event,)


def _watched_by(
    settings: Settings, ticket: TicketFacts, agents: tuple[str, ...], addresses: tuple[str, ...], arrived: "Arrived",
    because: str,
) -> tuple[TicketFacts, tuple[Event, ...]]:  # fmt: skip
    """TICKET with these agents and customers among its watchers, and an event for each that is new."""
    staff = dict.fromkeys((*agents, *filter(None, map(settings.agent_of, addresses))))
    customers = [arrived.people[address_key(one)] for one in addresses if not settings.agent_of(one)]
    known = {watcher.agent for watcher in ticket.watchers} | {""}
    there = {one.id for one in (ticket.requester, *(watcher.contact for watcher in ticket.watchers)) if one}
    new = [WatcherFacts(agent=agent) for agent in staff if agent not in known]
    for contact in customers:
        if contact.id not in there:
            there.add(contact.id)
            new.append(WatcherFacts(contact=contact))
    events = tuple(
        Event(
            kind=EventKind.WATCHED, actor=RULE, because=because,
            after=_name(one.contact) if one.contact else settings.agents[one.agent].name,
        )
        for one in new
    )  # fmt: skip
    return replace(ticket, watchers=(*ticket.watchers, *new)), events


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_SHOWN else f"{line[: MAX_SHOWN - 1]}…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What was done: the ticket as it is now, its new entry, all events, and those to tell."""

    ticket: TicketFacts
    entry: int
    events: tuple[Event, ...]
    told: tuple[Event, ...]


def write(view: View, what: Plan, arrived: Arrived, row: Intake, *, tag: str) -> Carried:
    """Do what was planned."""
    after = what.after
    if what.before is None:
        after = replace(after, number=view.tickets.open(columns(after), now=arrived.moment))
        tags: tuple[str, ...] = after.tags
    else:
        news = differences(what.before, after)
        if news:
            view.tickets.change(after.number, now=arrived.now, **news)
        tags = tuple(one for one in after.tags if one not in what.before.tags)
    view.tickets.add_tags(after.number, tags)
    write_related(view, what.before, after)
    for group, agent in what.turns.items():
        view.tickets.take_turn(group, agent)
    _write_wider(view, after, arrived, known=what.before.external_ids if what.before else ())
    entry = _add_entry(view, after.number, what, arrived, row)
    first = replace(what.events[0], entry=entry, after=reference(tag, after.number) if what.opens else "")
    events = (first, *(_written_down(view, after.number, one, arrived, row) for one in what.events[1:]))
    return Carried(ticket=after, entry=entry, events=events, told=what.told_of(events))


def write_related(view: View, before: TicketFacts | None, after: TicketFacts) -> None:
    """What is kept beside a ticket's own row and has changed: tags taken off, watchers, the house's own fields."""
    gone = tuple(tag for tag in before.tags if tag not in after.tags) if before else ()
    if gone:
        view.tickets.remove_tags(after.number, gone)
    old = before.watchers if before else ()
    for watcher in after.watchers:
        if watcher not in old:
            contact = watcher.contact.id if watcher.contact else None
            view.tickets.watch(after.number, contact=contact, agent=watcher.agent or None)
    write_fields(view, before, after)


def write_fields(view: View, before: TicketFacts | None, after: TicketFacts) -> None:
    """Keep the house's own fields that have changed."""
    known = before.fields if before else {}
    news = {key: value for key, value in after.fields.items() if known.get(key, "") != value}
    view.tickets.set_fields(after.number, news)


_OF_RULES = {EventKind.NOTE: EntryKind.NOTE, EventKind.SOLUTION: EntryKind.SOLUTION}


def _written_down(view: View, number: int, event: Event, arrived: Arrived, row: Intake) -> Event:
    """EVENT, with its entry where a rule wrote one."""
    if event.actor != RULE or event.kind not in _OF_RULES:
        return event
    entry = view.tickets.add_entry(
        number, kind=_OF_RULES[event.kind], author=event.because if event.kind is EventKind.NOTE else "",
        text=event.after, now=arrived.moment, intake=row.id,
    )  # fmt: skip
    return replace(event, after="", entry=entry)


def _write_wider(view: View, after: TicketFacts, arrived: Arrived, *, known: tuple[ExternalId, ...]) -> None:
    """What a mail tells beyond its ticket: of addresses, of wishes, of a vendor's id."""
    for dead in arrived.dead:
        mark_dead(view, dead, now=arrived.now)
    if arrived.alive:
        mark_alive(view, arrived.alive, arrived.contact)
    for one in arrived.complaining:
        opt_out(view, one, now=arrived.now, how=COMPLAINT)
    for learnt in after.external_ids:
        if learnt not in known:
            view.tickets.add_external_id(after.number, learnt)


def _add_entry(view: View, number: int, what: Plan, arrived: Arrived, row: Intake) -> int:
    message, sender = arrived.message, arrived.message.sender
    return view.tickets.add_entry(
        number,
        kind=what.kind,
        author=(sender.name or sender.address) if sender else "",
        text=_remarked(message.text, arrived.remark),
        shown=_remarked(message.reply_text or message.text, arrived.remark),
        now=arrived.moment,
        contact=arrived.contact.id if arrived.contact else None,
        intake=row.id,
        message_id=message.message_id,
        machine=message.is_machine,
        unconfirmed=what.unconfirmed,
        suspicion=arrived.spoof.recorded if arrived.spoof else "",
        fingerprint=arrived.fingerprint if what.kind is EntryKind.CUSTOMER else "",
        attachments=message.attachments,
    )


_COLUMNS = ("title", "description", "solution", "status", "priority", "category", "source", "mailbox", "agent",
            "linked_to", "merged_into", "closed_at", "waiting_since", "due_at", "due_told")  # fmt: skip


def columns(ticket: TicketFacts) -> dict[str, Any]:
    """A ticket as columns of its row."""
    return {
        **{name: getattr(ticket, name) for name in _COLUMNS},
        "group_key": ticket.group,
        "requester": ticket.requester.id if ticket.requester else None,
        "organization": ticket.organization.id if ticket.organization else None,
    }


def differences(before: TicketFacts, after: TicketFacts) -> dict[str, Any]:
    """The columns in which two states of a ticket differ, with the new values."""
    old, new = columns(before), columns(after)
    return {name: value for name, value in new.items() if old[name] != value}


def _title(subject: str, prefix: str) -> str:
    """A subject as a title: without Re and the like, and without tags of ours, which would point to another ticket."""
    return bare_subject(subject, prefix)[:MAX_TITLE]


def _remarked(text: str, remark: str) -> str:
    return f"{cut(text)}\n\n{remark}" if remark else cut(text)


def cut(text: str) -> str:
    """TEXT, shortened where it is beyond all reading; the raw mail keeps the rest."""
    if len(text) <= MAX_TEXT:
        return text
    return f"{text[:MAX_TEXT]}\n\n[... {len(text) - MAX_TEXT:,} more characters in the raw mail]"
