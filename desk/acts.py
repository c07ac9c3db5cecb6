"""Acts of staff: open, answer, note, solve, assign, change, close.  One command is one transaction.

Each act says what it did and who is told of it, and who is not, and why.  Acts that change nothing
write nothing.

Fails with: NotFound, Refused (what was asked for cannot be), StoreUnusable, TemporaryFailure.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from desk.carry_out import MAX_TITLE, columns, cut, differences, is_takeover, with_status
from desk.desk import Desk
from desk.letters import tell
from domain.errors import DeskError
from domain.event import Actor, Event, EventKind
from domain.letter import ActFacts, Recipient, Told, Withheld
from domain.people import Address, ContactFacts
from domain.ticket import EntryKind, FileFacts, Phase, TicketFacts
from store.store import View


class Refused(DeskError):
    """What was asked for cannot be done; says what can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that an agent attaches."""

    name: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ActReport:
    """What an act did: the ticket after it, the events, who is told and who is not."""

    ticket: TicketFacts
    events: tuple[Event, ...] = ()
    told: tuple[Told | Withheld, ...] = ()

    @property
    def did_nothing(self) -> bool:
        return not self.events


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What an act shall change."""

    after: TicketFacts
    events: tuple[Event, ...]
    entry: int | None = None
    cc: tuple[Recipient, ...] = ()
    contacts: tuple[ContactFacts, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """The acts of one agent at one moment."""

    desk: Desk
    agent: str
    now: datetime
    mandatory: bool = False
    silent: bool = False

    @property
    def actor(self) -> Actor:
        return Actor("agent", self.agent, self.desk.settings.agents[self.agent].name)

    def open(self, *, customer: str, title: str, text: str, mailbox: str = "", files: Sequence[File] = ()) -> ActReport:
        """A new ticket for a customer who called or came by."""
        settings = self.desk.settings
        mailbox = mailbox or next(iter(settings.mailboxes))
        _known("mailbox", mailbox, settings.mailboxes)
        address = Address.parse(customer)
        with self.desk.store.act() as view:
            contact = view.people.contact_of(address.address) or view.people.add_contact(address, now=self.now)
            new = TicketFacts(
                number=0,
                title=_title(title),
                description=cut(text),
                status=settings.tickets.of_phase(Phase.OPEN),
                priority=settings.tickets.default_priority,
                source="staff",
                mailbox=mailbox,
                requester=contact,
                organization=contact.organization,
                group=settings.mailboxes[mailbox].group,
                created_at=self.now,
                updated_at=self.now,
                waiting_since=self.now,
            )
            new = replace(new, number=view.tickets.open(columns(new), now=self.now))
            entry = view.tickets.add_entry(
                new.number, kind=EntryKind.CUSTOMER, author=contact.name or address.address, text=text, now=self.now,
                contact=contact.id, agent=self.agent,
            )  # fmt: skip
            self._attach(view, entry, files)
            opened = Event(kind=EventKind.OPENED, actor=self.actor, after=self.desk.reference(new.number), entry=entry)
            return self._finish(view, "new", _Plan(after=new, events=(opened,), entry=entry))

    def reply(
        self, number: int, text: str, *, files: Sequence[File] = (), cc: Sequence[str] = (), status: str = ""
    ) -> ActReport:
        """A comment to the customer; he is waited for no longer."""
        text = _something(text, "a reply")
        if status:
            _known("status", status, self.desk.settings.tickets.statuses)

        def planned(view: View, ticket: TicketFacts) -> _Plan:
            entry = self._entry(view, ticket, EntryKind.COMMENT, text, files)
            events = [Event(kind=EventKind.COMMENT, actor=self.actor, entry=entry)]
            after = replace(ticket, waiting_since=None)
            if status and status != ticket.status:
                after, changed = self._status(after, status)
                events.append(changed)
            recipients, contacts = _copies(view, cc)
            return _Plan(after=after, events=tuple(events), entry=entry, cc=recipients, contacts=contacts)

        return self._on(number, "reply", planned)

    def note(self, number: int, text: str, *, files: Sequence[File] = ()) -> ActReport:
        """An internal note, which no customer ever sees."""
        text = _something(text, "a note")

        def planned(view: View, ticket: TicketFacts) -> _Plan:
            entry = self._entry(view, ticket, EntryKind.NOTE, text, files)
            return _Plan(after=ticket, events=(Event(kind=EventKind.NOTE, actor=self.actor, entry=entry),), entry=entry)

        return self._on(number, "note", planned)

    def solve(self, number: int, text: str, *, files: Sequence[File] = ()) -> ActReport:
        """The solution, entered or changed; the ticket is solved."""
        text = _something(text, "a solution")
        solved = self.desk.settings.tickets.of_phase(Phase.SOLVED)

        def planned(view: View, ticket: TicketFacts) -> _Plan:
            entry = self._entry(view, ticket, EntryKind.SOLUTION, text, files)
            events = [Event(kind=EventKind.SOLUTION, actor=self.actor, entry=entry)]
            after = replace(ticket, solution=cut(text), waiting_since=None)
            if self._phase(ticket) is not Phase.SOLVED:
                after, changed = self._status(after, solved)
                events.append(changed)
            return _Plan(after=after, events=tuple(events), entry=entry)

        return self._on(number, "solve", planned)

    def assign(self, number: int, *, agent: str = "", group: str = "") -> ActReport:
        """Give a ticket to an agent, a group, or both."""
        settings = self.desk.settings
        if agent:
            _known("agent", agent, settings.agents)
        if group:
            _known("group", group, settings.groups)
        if not (agent or group):
            raise Refused("assign to whom? Name an agent, a group, or both")

        def planned(view: View, ticket: TicketFacts) -> _Plan:
            wanted = {name: key for name, key in (("agent", agent), ("group", group)) if key}
            events = tuple(
                Event(kind=EventKind.ASSIGNED, actor=self.actor, field=name, before=getattr(ticket, name), after=key)
                for name, key in wanted.items()
                if getattr(ticket, name) != key
            )
            changes: dict[str, Any] = wanted
            return _Plan(after=replace(ticket, **changes), events=events)

        return self._on(number, "assign", planned)

    def take(self, number: int) -> ActReport:
        """Take a ticket over."""
        return self.assign(number, agent=self.agent)

    def change(self, number: int, *, field: str, value: str) -> ActReport:
        """Set title, priority or category."""
        tickets = self.desk.settings.tickets
        choices = {"priority": tickets.priorities, "category": tickets.categories}
        _known("field", field, ("title", *choices))
        if field in choices:
            _known(field, value, choices[field])
        else:
            value = _title(value)

        def planned(view: View, ticket: TicketFacts) -> _Plan:
            before = getattr(ticket, field)
            if before == value:
                return _Plan(after=ticket, events=())
            change: dict[str, Any] = {field: value}
            event = Event(kind=EventKind.FIELD, actor=self.actor, field=field, before=before, after=value)
            return _Plan(after=replace(ticket, **change), events=(event,))

        return self._on(number, field, planned)

    def set_status(self, number: int, status: str) -> ActReport:
        """Give a ticket another status."""
        _known("status", status, self.desk.settings.tickets.statuses)

        def planned(view: View, ticket: TicketFacts) -> _Plan:
            if ticket.status == status:
                return _Plan(after=ticket, events=())
            after, changed = self._status(ticket, status)
            return _Plan(after=after, events=(changed,))

        return self._on(number, "status", planned)

    def close(self, number: int) -> ActReport:
        """Close a ticket."""
        return self.set_status(number, self.desk.settings.tickets.of_phase(Phase.CLOSED))

    def reopen(self, number: int) -> ActReport:
        """Open a ticket again; nothing happens to one that is open."""

        def planned(view: View, ticket: TicketFacts) -> _Plan:
            if self._phase(ticket) is Phase.OPEN:
                return _Plan(after=ticket, events=())
            after, changed = self._status(ticket, self.desk.settings.tickets.of_phase(Phase.OPEN))
            return _Plan(after=after, events=(changed,))

        return self._on(number, "reopen", planned)

    def tag(self, number: int, tags: Sequence[str]) -> ActReport:
        """Add tags to a ticket."""

        def planned(view: View, ticket: TicketFacts) -> _Plan:
            new = tuple(tag for tag in dict.fromkeys(tags) if tag not in ticket.tags)
            if not new:
                return _Plan(after=ticket, events=())
            view.tickets.add_tags(number, new)
            event = Event(kind=EventKind.TAGGED, actor=self.actor, after=", ".join(new))
            return _Plan(after=replace(ticket, tags=tuple(sorted({*ticket.tags, *new}))), events=(event,))

        return self._on(number, "tag", planned)

    def _on(self, number: int, kind: str, planned: Callable[[View, TicketFacts], _Plan]) -> ActReport:
        with self.desk.store.act() as view:
            before = view.tickets.facts(number, lock=True)
            not_merged(self.desk, before)
            what = planned(view, before)
            if not what.events:
                return ActReport(ticket=before)
            changes = differences(before, what.after)
            view.tickets.change(number, now=self.now, **changes)
            return self._finish(view, kind, what)

    def _finish(self, view: View, kind: str, what: _Plan) -> ActReport:
        act = view.tickets.begin_act(kind, self.actor, now=self.now)
        view.tickets.record(act, what.after.number, what.events, now=self.now)
        facts = ActFacts(
            ticket=what.after,
            events=what.events,
            actor=self.actor,
            mandatory=self.mandatory,
            silent_customer=f"{self.actor} wished it" if self.silent else "",
            taken_over=is_takeover(what.events),
            cc=what.cc,
            contacts=what.contacts,
        )
        told = tell(self.desk, view, facts, act=act, now=self.now, entry=what.entry)
        return ActReport(ticket=what.after, events=what.events, told=told)

    def _entry(self, view: View, ticket: TicketFacts, kind: EntryKind, text: str, files: Sequence[File]) -> int:
        entry = view.tickets.add_entry(
            ticket.number, kind=kind, author=self.actor.name, text=text, now=self.now, agent=self.agent
        )
        self._attach(view, entry, files)
        return entry

    def _attach(self, view: View, entry: int, files: Sequence[File]) -> None:
        for file in files:
            blob = view.blobs.put(file.data)
            view.tickets.add_file(
                entry, FileFacts(name=file.name, content_type=file.content_type, size=len(file.data), blob=blob)
            )

    def _phase(self, ticket: TicketFacts) -> Phase:
        return self.desk.settings.tickets.phase(ticket.status)

    def _status(self, ticket: TicketFacts, status: str) -> tuple[TicketFacts, Event]:
        """TICKET with another status, and the event that this is: closed, reopened, or a change."""
        after, kind = with_status(self.desk.settings, ticket, status, now=self.now)
        return after, Event(kind=kind, actor=self.actor, before=ticket.status, after=status)


def _copies(view: View, addresses: Sequence[str]) -> tuple[tuple[Recipient, ...], tuple[ContactFacts, ...]]:
    """The people that a comment goes to beside the requester, and the contacts among them."""
    recipients: list[Recipient] = []
    contacts: list[ContactFacts] = []
    for text in addresses:
        address = Address.parse(text)
        contact = view.people.contact_of(address.address)
        if contact is not None:
            contacts.append(contact)
        recipients.append(
            Recipient(
                role="cc",
                address=address.address,
                name=contact.name if contact else "",
                language=contact.language if contact else "",
                contact=contact.id if contact else None,
            )
        )
    return tuple(recipients), tuple(contacts)


def not_merged(desk: Desk, ticket: TicketFacts) -> None:
    """Raises Refused for a ticket that is continued under another one, and names that."""
    if ticket.merged_into is None:
        return
    named, into = desk.reference(ticket.number), desk.reference(ticket.merged_into)
    raise Refused(f"{named} was merged into {into}; nothing was changed. Do it there: {into}")


def _something(text: str, what: str) -> str:
    if not text.strip():
        raise Refused(f"{what} without words was not sent; nothing was changed")
    return text.strip()


def _title(text: str) -> str:
    """TEXT on one line."""
    return " ".join(_something(text, "a title").split())[:MAX_TITLE]


def _known(what: str, key: str, choices: Iterable[str]) -> None:
    known = tuple(choices)
    if key not in known:
        raise Refused(f"there is no {what} {key!r}; there are: {', '.join(known)}")
