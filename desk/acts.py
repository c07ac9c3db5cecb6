"""Acts of staff: open, answer, note, solve, assign, change, close.  One command is one transaction.

Each act says what it did and who is told of it, and who is not, and why.  Acts that change nothing
write nothing.

Fails with: NotFound, Refused (what was asked for cannot be), StoreUnusable, TemporaryFailure.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from desk.carry_out import columns, cut, differences, is_takeover, write_fields
from desk.changes import Change, Changes, Refused, known, one_line_title, something
from desk.desk import Desk
from desk.letters import tell
from desk.support import flagged
from desk.today import absent
from domain.event import Actor, Event, EventKind
from domain.letter import ActFacts, Recipient, Told, Withheld
from domain.people import Address, ContactFacts, address_key
from domain.ticket import EntryKind, FileFacts, Phase, TicketFacts
from store.store import View

Copies = tuple[tuple[Recipient, ...], tuple[ContactFacts, ...]]
"""The people that a comment goes to beside the requester, and the contacts among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that an agent attaches."""

    name: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ActReport:
    """What an act did: the ticket after it, the events, who is told and who is not, and what else is worth knowing."""

    ticket: TicketFacts
    events: tuple[Event, ...] = ()
    told: tuple[Told | Withheld, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def did_nothing(self) -> bool:
        return not self.events


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What an agent writes on a timeline."""

    kind: EntryKind
    text: str
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """The acts of one agent at one moment."""

    desk: Desk
    agent: str
    now: datetime
    mandatory: bool = False
    silent: bool = False

    @property
    def changes(self) -> Changes:
        return Changes(settings=self.desk.settings, agent=self.agent, now=self.now)

    @property
    def own_key(self) -> str:
        """The agent's address: he may be a customer on a ticket as well, and his own act is no news to him as such."""
        return address_key(self.desk.settings.agents[self.agent].address)

    @property
    def actor(self) -> Actor:
        return self.changes.actor

    def open(
        self, *, customer: str, title: str, text: str, mailbox: str = "", files: Sequence[File] = (),
        due_at: datetime | None = None,
    ) -> ActReport:  # fmt: skip
        """A new ticket for a customer who called or came by."""
        settings = self.desk.settings
        mailbox = mailbox or next(iter(settings.mailboxes))
        known("mailbox", mailbox, settings.mailboxes)
        address = Address.parse(customer)
        with self.desk.store.act() as view:
            contact = view.people.contact_of(address.address) or view.people.add_contact(address, now=self.now)
            new = TicketFacts(
                number=0,
                title=one_line_title(title),
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
            new, due, _ = self.changes.due(new, due_at)
            new, flags = flagged(settings, new)
            new = replace(new, number=view.tickets.open(columns(new), now=self.now))
            view.tickets.add_tags(new.number, new.tags)
            entry = view.tickets.add_entry(
                new.number, kind=EntryKind.CUSTOMER, author=contact.name or address.address, text=text, now=self.now,
                contact=contact.id, agent=self.agent,
            )  # fmt: skip
            attach(view, entry, files)
            opened = Event(kind=EventKind.OPENED, actor=self.actor, after=self.desk.reference(new.number), entry=entry)
            return self._finish(view, "new", Change(new, (opened, *due, *flags)), entry=entry)

    def reply(
        self, number: int, text: str, *, files: Sequence[File] = (), cc: Sequence[str] = (), status: str = ""
    ) -> ActReport:
        """A comment to the customer; he is waited for no longer."""
        said = Said(kind=EntryKind.COMMENT, text=something(text, EntryKind.COMMENT), files=tuple(files))
        if status:
            known("status", status, self.desk.settings.tickets.statuses)

        def changed(changes: Changes, ticket: TicketFacts) -> Change:
            answered = changes.commented(ticket)
            after = changes.with_status(answered.after, status or ticket.status)
            return after._replace(events=(*answered.events, *after.events))

        return self._on(number, "reply", changed, said=said, cc=cc)

    def note(self, number: int, text: str, *, files: Sequence[File] = ()) -> ActReport:
        """An internal note, which no customer ever sees."""
        said = Said(kind=EntryKind.NOTE, text=something(text, EntryKind.NOTE), files=tuple(files))
        return self._on(number, "note", lambda changes, ticket: changes.noted(ticket, said.text), said=said)

    def solve(self, number: int, text: str, *, files: Sequence[File] = ()) -> ActReport:
        """The solution, entered or changed; the ticket is solved."""
        said = Said(kind=EntryKind.SOLUTION, text=something(text, EntryKind.SOLUTION), files=tuple(files))
        return self._on(number, "solve", lambda changes, ticket: changes.solved(ticket, said.text), said=said)

    def assign(self, number: int, *, agent: str = "", group: str = "") -> ActReport:
        """Give a ticket to an agent, a group, or both."""
        return self._on(number, "assign", lambda changes, ticket: changes.assigned(ticket, agent=agent, group=group))

    def take(self, number: int) -> ActReport:
        """Take a ticket over."""
        return self.assign(number, agent=self.agent)

    def change(self, number: int, *, field: str, value: str) -> ActReport:
        """Set title, priority or category."""
        return self._on(number, field, lambda changes, ticket: changes.with_field(ticket, field, value))

    def due(self, number: int, due_at: datetime | None) -> ActReport:
        """Set until when a ticket is to be solved, or that there is no such time."""
        return self._on(number, "due", lambda changes, ticket: changes.due(ticket, due_at))

    def set_status(self, number: int, status: str) -> ActReport:
        """Give a ticket another status."""
        return self._on(number, "status", lambda changes, ticket: changes.with_status(ticket, status))

    def close(self, number: int) -> ActReport:
        """Close a ticket."""
        return self._on(number, "status", Changes.closed)

    def reopen(self, number: int) -> ActReport:
        """Open a ticket again; nothing happens to one that is open."""
        return self._on(number, "reopen", Changes.reopened)

    def tag(self, number: int, tags: Sequence[str]) -> ActReport:
        """Add tags to a ticket."""
        return self._on(number, "tag", lambda changes, ticket: changes.tagged(ticket, tags))

    def _on(
        self, number: int, kind: str, changed: Callable[[Changes, TicketFacts], Change], *, said: Said | None = None,
        cc: Sequence[str] = (),
    ) -> ActReport:  # fmt: skip
        with self.desk.store.act() as view:
            before = view.tickets.facts(number, lock=True)
            not_merged(self.desk, before)
            change = changed(replace(self.changes, absences=absent(self.desk, view, self.now)), before)
            if not change.events:
                return ActReport(ticket=before, remarks=change.remarks)
            entry = None
            if said is not None:
                entry = self._entry(view, number, said)
                change = change.with_entry(said.kind, entry)
            write_change(view, before, change.after, now=self.now)
            return self._finish(view, kind, change, entry=entry, cc=_copies(view, cc))

    def _finish(self, view: View, kind: str, change: Change, *, entry: int | None, cc: Copies = ((), ())) -> ActReport:
        act = view.tickets.begin_act(kind, self.actor, now=self.now)
        view.tickets.record(act, change.after.number, change.events, now=self.now)
        facts = ActFacts(
            ticket=change.after,
            events=change.events,
            actor=self.actor,
            sender_key=self.own_key,
            mandatory=self.mandatory,
            silent_customer=f"{self.actor} wished it" if self.silent else "",
            taken_over=is_takeover(change.events),
            cc=cc[0],
            contacts=cc[1],
        )
        told = tell(self.desk, view, facts, act=act, now=self.now, entry=entry)
        return ActReport(ticket=change.after, events=change.events, told=told, remarks=change.remarks)

    def _entry(self, view: View, number: int, said: Said) -> int:
        entry = view.tickets.add_entry(
            number, kind=said.kind, author=self.actor.name, text=said.text, now=self.now, agent=self.agent
        )
        attach(view, entry, said.files)
        return entry


def write_change(view: View, before: TicketFacts, after: TicketFacts, *, now: datetime) -> None:
    """Write what an agent changed on a ticket."""
    view.tickets.change(after.number, now=now, **differences(before, after))
    view.tickets.add_tags(after.number, tuple(tag for tag in after.tags if tag not in before.tags))
    write_fields(view, before, after)


def attach(view: View, entry: int, files: Sequence[File]) -> None:
    """Keep FILES, which go with what ENTRY says."""
    for file in files:
        blob = view.blobs.put(file.data)
        view.tickets.add_file(
            entry, FileFacts(name=file.name, content_type=file.content_type, size=len(file.data), blob=blob)
        )


def _copies(view: View, addresses: Sequence[str]) -> Copies:
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
