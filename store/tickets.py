"""Tickets, their timeline and their history."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, literal_column, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from domain.due import DueTold
from domain.errors import NotFound
from domain.event import Actor, Event, EventKind
from domain.message import Attachment
from domain.people import address_key
from domain.suspicion import read_back
from domain.ticket import (
    SUPPORT_OVER,
    EntryFacts,
    EntryKind,
    ExternalId,
    FileFacts,
    TicketFacts,
    TicketLine,
    WatcherFacts,
)
from store.people import People
from store.tables import (
    ActRow,
    ContactAddressRow,
    ContactRow,
    EntryRow,
    EventRow,
    ExternalIdRow,
    FileRow,
    OrganizationRow,
    TicketFieldRow,
    TicketRow,
    TicketTagRow,
    TurnRow,
    WatcherRow,
    clean,
    cut,
    table,
)

_ticket, _tag, _watcher = table(TicketRow), table(TicketTagRow), table(WatcherRow)
_external_id = table(ExternalIdRow)
_field, _turn = table(TicketFieldRow), table(TurnRow)
_entry, _file, _event, _act = table(EntryRow), table(FileRow), table(EventRow), table(ActRow)
_contact, _address, _organization = table(ContactRow), table(ContactAddressRow), table(OrganizationRow)

# What every mail asks is put together once: SQLAlchemy needs longer to build such a statement than to run it.
_TICKET = select(_ticket).where(_ticket.c.number == bindparam("number"))
_LOCKED = _TICKET.with_for_update()
_WATCHERS = select(_watcher).where(_watcher.c.ticket == bindparam("number")).order_by(_watcher.c.id)
_TAGS = select(_tag.c.tag).where(_tag.c.ticket == bindparam("number")).order_by(_tag.c.tag)
_EXTERNAL_IDS = select(_external_id).where(_external_id.c.ticket == bindparam("number")).order_by(_external_id.c.id)
_FIELDS = select(_field.c.field, _field.c.value).where(_field.c.ticket == bindparam("number")).order_by(_field.c.field)
_MERGED_INTO = select(_ticket.c.merged_into).where(_ticket.c.number == bindparam("number"))
_BY_EXTERNAL_ID = select(_external_id.c.ticket).where(
    _external_id.c.name == bindparam("name"), _external_id.c.value == bindparam("value")
)
_SOME = select(_entry).where(_entry.c.id.in_(bindparam("ids", expanding=True)))
_FILES = select(_file).where(_file.c.entry.in_(bindparam("entries", expanding=True))).order_by(_file.c.id)
_PUBLIC = (
    select(_entry)
    .where(
        _entry.c.ticket == bindparam("number"),
        _entry.c.kind.not_in([kind.value for kind in EntryKind if kind.is_internal]),
        _entry.c.machine.is_(False),
        _entry.c.unconfirmed.is_(False),
    )
    .order_by(_entry.c.id.desc())
    .limit(bindparam("most"))
)
_PUBLIC_BEFORE = _PUBLIC.where(_entry.c.id < bindparam("before"))
_PUBLIC_UNTIL = _PUBLIC.where(_entry.c.at <= bindparam("until"))
_CONVERSATION = (
    select(_entry.c.message_id)
    .where(
        _entry.c.ticket == bindparam("number"),
        _entry.c.kind == EntryKind.CUSTOMER,
        _entry.c.message_id != literal_column("''"),
        _entry.c.unconfirmed.is_(False),
        _entry.c.machine.is_(False),
    )
    .order_by(_entry.c.id.desc())
    .limit(bindparam("most"))
)
_OPEN = insert(_ticket).returning(_ticket.c.number)
_BEGIN_ACT = insert(_act).returning(_act.c.id)
_ADD_ENTRY = insert(_entry).returning(_entry.c.id)
_RECORD = insert(_event)
_SAME_TEXT = (
    select(_entry.c.ticket, _entry.c.at)
    .where(
        _entry.c.fingerprint == bindparam("fingerprint"),
        # Without it neither database may use the partial index.
        _entry.c.fingerprint != literal_column("''"),
        _entry.c.at >= bindparam("since"),
        _entry.c.at <= bindparam("until"),
        _entry.c.unconfirmed.is_(False),
    )
    .order_by(_entry.c.at.desc(), _entry.c.id.desc())
    .limit(1)
)
_SUPPORT_OVER = select(_tag.c.tag).where(_tag.c.ticket == _ticket.c.number, _tag.c.tag == SUPPORT_OVER).exists()
_COMING_DUE = (
    select(_ticket.c.number)
    .where(
        # Written out, not bound: only so may a database use the partial index.
        _ticket.c.due_told != literal_column("'overdue'"),
        _ticket.c.due_at <= bindparam("soon"),
        or_(_ticket.c.due_at <= bindparam("now"), _ticket.c.due_told == literal_column("''")),
    )
    .order_by(_ticket.c.due_at, _ticket.c.number)
    .limit(bindparam("most"))
)
_BY_MESSAGE_IDS = (
    select(_entry.c.message_id, func.min(_entry.c.ticket))
    .where(_entry.c.message_id.in_(bindparam("ids", expanding=True)))
    .group_by(_entry.c.message_id)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """An event with the moment and the act it belongs to."""

    event: Event
    at: datetime
    act: int
    intake: int | None


class Tickets:
    """Tickets within one transaction."""

    def __init__(self, connection: Connection, people: People) -> None:
        self._connection = connection
        self._people = people

    def open(self, facts: Mapping[str, Any], *, now: datetime) -> int:
        """A new ticket; its number."""
        values = {"solution": "", "version": 1, "created_at": now, "updated_at": now, **facts}
        number: int = self._connection.execute(_OPEN, values).scalar_one()
        return number

    def change(self, number: int, *, now: datetime, **values: Any) -> None:
        """Set columns of a ticket; its version counts up."""
        self._connection.execute(
            update(_ticket)
            .where(_ticket.c.number == number)
            .values(version=_ticket.c.version + 1, updated_at=now, **values)
        )

    def facts(self, number: int, *, lock: bool = False) -> TicketFacts:
        """A ticket with its people.  LOCK keeps others from changing it until the act is over.

        Raises NotFound if there is none.
        """
        row = self._connection.execute(_LOCKED if lock else _TICKET, {"number": number}).one_or_none()
        if row is None:
            raise NotFound(f"there is no ticket {number}")
        watchers = self._connection.execute(_WATCHERS, {"number": number}).all()
        ids = [row.requester, *(watcher.contact for watcher in watchers)]
        contacts = self._people.contacts(contact for contact in ids if contact is not None)
        tags = self._connection.execute(_TAGS, {"number": number})
        external_ids = self._connection.execute(_EXTERNAL_IDS, {"number": number})
        mutes = self._people.muted([number])
        requester = contacts.get(row.requester)
        company = requester.organization if requester else None
        if row.organization is not None and (company is None or company.id != row.organization):
            company = self._people.organization(row.organization)
        return TicketFacts(
            number=row.number,
            title=row.title,
            description=row.description,
            solution=row.solution,
            status=row.status,
            priority=row.priority,
            category=row.category,
            source=row.source,
            mailbox=row.mailbox,
            requester=requester,
            organization=company,
            agent=row.agent,
            group=row.group_key,
            tags=tuple(tags.scalars()),
            watchers=tuple(
                WatcherFacts(contact=contacts.get(watcher.contact), agent=watcher.agent or "") for watcher in watchers
            ),
            linked_to=row.linked_to,
            merged_into=row.merged_into,
            external_ids=tuple(ExternalId(name=one.name, value=one.value) for one in external_ids),
            mutes=tuple(mutes.values()),
            fields=dict(iter(self._connection.execute(_FIELDS, {"number": number}))),
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
            closed_at=row.closed_at,
            waiting_since=row.waiting_since,
            due_at=row.due_at,
            due_told=DueTold(row.due_told),
        )

    def current(self, number: int) -> int:
        """The ticket under which this one is continued, over however many mergers; itself where there was none."""
        seen = {number}
        while True:
            into = self._connection.execute(_MERGED_INTO, {"number": number}).scalar_one_or_none()
            if into is None or into in seen:
                return number
            seen.add(into)
            number = into

    def all_merged_from(self, number: int) -> tuple[int, ...]:
        """The tickets that were merged into this one, over however many mergers."""
        found: list[int] = []
        ahead = [number]
        while ahead:
            new = [one for one in self.merged_from(ahead.pop()) if one not in found and one != number]
            found += new
            ahead += new
        return tuple(found)

    def merged_from(self, number: int) -> tuple[int, ...]:
        """The tickets that were merged into this one."""
        rows = self._connection.execute(
            select(_ticket.c.number).where(_ticket.c.merged_into == number).order_by(_ticket.c.number)
        )
        return tuple(rows.scalars())

    def by_external_id(self, external_id: ExternalId) -> int | None:
        """The ticket that has this number in a vendor's system."""
        asked = {"name": external_id.name, "value": external_id.value}
        found: int | None = self._connection.execute(_BY_EXTERNAL_ID, asked).scalar_one_or_none()
        return found

    def with_external_id(self, value: str) -> int | None:
        """The newest ticket that has this number in anybody's system."""
        query = select(func.max(_external_id.c.ticket)).where(_external_id.c.value == clean(value))
        found: int | None = self._connection.execute(query).scalar_one_or_none()
        return found

    def titled(self, title: str, *, closed: Sequence[str]) -> int | None:
        """The newest ticket with exactly this title; one with a status that is CLOSED only where there is no other."""
        query = (
            select(_ticket.c.number)
            .where(_ticket.c.title == clean(title), _ticket.c.merged_into.is_(None))
            .order_by(_ticket.c.status.in_(closed), _ticket.c.number.desc())
            .limit(1)
        )
        found: int | None = self._connection.execute(query).scalar_one_or_none()
        return found

    def set_fields(self, number: int, values: Mapping[str, str]) -> None:
        """Set the house's own fields of a ticket; an empty value takes one away."""
        for name, value in values.items():
            self._connection.execute(delete(_field).where(_field.c.ticket == number, _field.c.field == name))
            if value:
                self._connection.execute(insert(_field).values(ticket=number, field=name, value=value))

    def last_in_turn(self, group: str) -> str:
        """The agent of GROUP who was last given a ticket in turn, '' before the first time."""
        query = select(_turn.c.agent).where(_turn.c.group_key == group).with_for_update()
        return self._connection.execute(query).scalar_one_or_none() or ""

    def take_turn(self, group: str, agent: str) -> None:
        """Record that it was AGENT's turn."""
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        row = dialect.insert(_turn).values(group_key=group, agent=agent)
        self._connection.execute(row.on_conflict_do_update(index_elements=["group_key"], set_={"agent": agent}))

    def loads(self, agents: Sequence[str], *, statuses: Sequence[str]) -> dict[str, int]:
        """How many tickets in STATUSES each of AGENTS has."""
        rows = self._connection.execute(
            select(_ticket.c.agent, func.count())
            .where(_ticket.c.agent.in_(agents), _ticket.c.status.in_(statuses), _ticket.c.merged_into.is_(None))
            .group_by(_ticket.c.agent)
        )
        found: dict[str, int] = dict(iter(rows))
        return {agent: found.get(agent, 0) for agent in agents}

    def add_external_id(self, number: int, external_id: ExternalId) -> None:
        """Give a ticket its number in a vendor's system.  Raises IntegrityError where another ticket has it."""
        values = {"ticket": number, "name": external_id.name, "value": external_id.value}
        self._connection.execute(insert(_external_id).values(**values))

    def remove_external_id(self, number: int, external_id: ExternalId) -> None:
        """Take a vendor's number from a ticket."""
        self._connection.execute(
            delete(_external_id).where(
                _external_id.c.ticket == number,
                _external_id.c.name == external_id.name,
                _external_id.c.value == external_id.value,
            )
        )

    def move_external_ids(self, number: int, *, to: int) -> None:
        """Hand a ticket's numbers in vendors' systems over to another ticket."""
        self._connection.execute(update(_external_id).where(_external_id.c.ticket == number).values(ticket=to))

    def linked_from(self, number: int) -> tuple[int, ...]:
        """The tickets that were opened as linked to this one."""
        rows = self._connection.execute(
            select(_ticket.c.number).where(_ticket.c.linked_to == number).order_by(_ticket.c.number)
        )
        return tuple(rows.scalars())

    def keys_in_use(self, *, unfinished: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """The keys of config.yaml that tickets name, by kind.  Agents and groups count on UNFINISHED tickets only."""
        everywhere = {"status": _ticket.c.status, "priority": _ticket.c.priority, "category": _ticket.c.category,
                      "mailbox": _ticket.c.mailbox}  # fmt: skip
        of_staff = {"agent": _ticket.c.agent, "group": _ticket.c.group_key}
        found: dict[str, tuple[str, ...]] = {}
        for kind, column in (everywhere | of_staff).items():
            query = select(column).where(column != "").distinct().order_by(column)
            if kind in of_staff:
                query = query.where(_ticket.c.status.in_(unfinished))
            found[kind] = tuple(self._connection.execute(query).scalars())
        return found

    def coming_due(self, *, now: datetime, soon: datetime, limit: int) -> tuple[int, ...]:
        """Tickets that are due by NOW, or by SOON, where staff was not told so yet, the most urgent first."""
        rows = self._connection.execute(_COMING_DUE, {"now": now, "soon": soon, "most": limit})
        return tuple(rows.scalars())

    def told_due(self, ticket: TicketFacts, told: DueTold) -> bool:
        """Record what staff is told of the due time of TICKET; False where another process was faster."""
        changed = self._connection.execute(
            update(_ticket)
            .where(
                _ticket.c.number == ticket.number,
                _ticket.c.due_at == ticket.due_at,
                _ticket.c.due_told == ticket.due_told,
            )
            .values(due_told=told)
        )
        return changed.rowcount == 1

    def exists(self, number: int) -> bool:
        return self._connection.execute(select(_ticket.c.number).where(_ticket.c.number == number)).first() is not None

    def add_tags(self, number: int, tags: Iterable[str]) -> None:
        """Add tags that are not there yet."""
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        for tag in tags:
            self._connection.execute(dialect.insert(_tag).values(ticket=number, tag=tag).on_conflict_do_nothing())

    def remove_tags(self, number: int, tags: Sequence[str]) -> None:
        """Take tags away; those that are not there are passed over."""
        self._connection.execute(delete(_tag).where(_tag.c.ticket == number, _tag.c.tag.in_(tags)))

    def watch(self, number: int, *, contact: int | None = None, agent: str | None = None) -> None:
        """Subscribe a contact or an agent; nothing happens if he is subscribed."""
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        self._connection.execute(
            dialect.insert(_watcher).values(ticket=number, contact=contact, agent=agent).on_conflict_do_nothing()
        )

    def begin_act(self, kind: str, actor: Actor, *, now: datetime, intake: int | None = None) -> int:
        """A new act, to which events and letters belong; its id."""
        values = {
            "kind": kind, "actor_kind": actor.kind, "actor": actor.key, "actor_name": actor.name,
            "intake": intake, "at": now,
        }  # fmt: skip
        act: int = self._connection.execute(_BEGIN_ACT, values).scalar_one()
        return act

    def add_entry(
        self,
        number: int,
        *,
        kind: EntryKind,
        author: str,
        text: str,
        now: datetime,
        shown: str | None = None,
        contact: int | None = None,
        agent: str = "",
        intake: int | None = None,
        message_id: str = "",
        machine: bool = False,
        unconfirmed: bool = False,
        suspicion: str = "",
        fingerprint: str = "",
        attachments: tuple[Attachment, ...] = (),
    ) -> int:
        """Put an item on a ticket's timeline; its id."""
        values = {
            "ticket": number, "kind": kind, "author": author, "text": text, "at": now, "contact": contact,
            "reply_text": None if shown is None or shown == text else shown, "agent": agent, "intake": intake,
            "message_id": cut(message_id, 998), "machine": machine, "unconfirmed": unconfirmed,
            "suspicion": suspicion, "fingerprint": fingerprint,
            "attachments": [asdict(part) for part in attachments] or None,
        }  # fmt: skip
        entry: int = self._connection.execute(_ADD_ENTRY, values).scalar_one()
        return entry

    def add_file(self, entry: int, file: FileFacts) -> None:
        """Attach a stored file to an entry."""
        self._connection.execute(insert(_file).values(entry=entry, **asdict(file)))

    def record(self, act: int, number: int, events: Sequence[Event], *, now: datetime) -> None:
        """Write events into a ticket's history."""
        if not events:
            return
        rows = [
            {
                "act": act, "ticket": number, "kind": event.kind, "actor_kind": event.actor.kind,
                "actor": event.actor.key, "actor_name": event.actor.name, "field": event.field,
                "before": event.before, "after": event.after, "entry": event.entry,
                "because": event.because, "at": now,
            }
            for event in events
        ]  # fmt: skip
        self._connection.execute(_RECORD, rows)

    def entries(self, number: int) -> tuple[EntryFacts, ...]:
        """A ticket's timeline, the oldest first."""
        rows = self._connection.execute(select(_entry).where(_entry.c.ticket == number).order_by(_entry.c.id)).all()
        return self._entries(rows)

    def entry(self, entry: int) -> EntryFacts | None:
        return self.some_entries([entry]).get(entry)

    def some_entries(self, ids: Iterable[int]) -> dict[int, EntryFacts]:
        """Entries by id, of whichever tickets."""
        wanted = sorted(set(ids))
        if not wanted:
            return {}
        return {one.id: one for one in self._entries(self._connection.execute(_SOME, {"ids": wanted}).all())}

    def public_entries(self, number: int, *, before: int | None, until: datetime, limit: int) -> tuple[EntryFacts, ...]:
        """The last entries that customers may know, the latest first.  No machines, no unconfirmed senders.

        BEFORE is an entry that is left out with all that came after it; without one those until UNTIL are meant.
        """
        if not limit:
            return ()
        if before is not None:
            rows = self._connection.execute(_PUBLIC_BEFORE, {"number": number, "before": before, "most": limit})
        else:
            rows = self._connection.execute(_PUBLIC_UNTIL, {"number": number, "until": until, "most": limit})
        return self._entries(rows.all())

    def _entries(self, rows: Sequence[Any]) -> tuple[EntryFacts, ...]:
        files: dict[int, list[FileFacts]] = {}
        if rows:
            for file in self._connection.execute(_FILES, {"entries": [row.id for row in rows]}):
                files.setdefault(file.entry, []).append(
                    FileFacts(name=file.name, content_type=file.content_type, size=file.size, blob=file.blob)
                )
        return tuple(_entry_facts(row, tuple(files.get(row.id, ()))) for row in rows)

    def history(self, number: int) -> tuple[HistoryLine, ...]:
        """Everything that happened to a ticket, the oldest first."""
        rows = self._connection.execute(
            select(_event, _act.c.intake)
            .join(_act, _act.c.id == _event.c.act)
            .where(_event.c.ticket == number)
            .order_by(_event.c.id)
        )
        return tuple(
            HistoryLine(
                event=Event(
                    kind=EventKind(row.kind),
                    actor=Actor(row.actor_kind, row.actor, row.actor_name),
                    field=row.field,
                    before=row.before,
                    after=row.after,
                    entry=row.entry,
                    because=row.because,
                ),
                at=row.at,
                act=row.act,
                intake=row.intake,
            )
            for row in rows
        )

    def by_message_ids(self, message_ids: Sequence[str]) -> dict[str, int]:
        """Which tickets hold mails with these Message-IDs: id → number."""
        stored = {message_id: cut(message_id, 998) for message_id in message_ids if message_id}
        if not stored:
            return {}
        rows = self._connection.execute(_BY_MESSAGE_IDS, {"ids": sorted(set(stored.values()))})
        found: dict[str, int] = dict(iter(rows))
        return {message_id: found[own] for message_id, own in stored.items() if own in found}

    def same_text(self, fingerprint: str, *, since: datetime, until: datetime) -> tuple[int, datetime] | None:
        """The ticket that holds the latest mail with this fingerprint, and when that mail came."""
        found = self._connection.execute(
            _SAME_TEXT, {"fingerprint": fingerprint, "since": since, "until": until}
        ).one_or_none()
        return (found.ticket, found.at) if found else None

    def conversation(self, number: int, *, limit: int = 10) -> tuple[str, ...]:
        """Message-IDs of the customer's mails on a ticket, the oldest first."""
        rows = self._connection.execute(_CONVERSATION, {"number": number, "most": limit}).scalars()
        return tuple(reversed(tuple(rows)))

    def of_requester(self, contact: int, *, statuses: Sequence[str], limit: int) -> tuple[int, ...]:
        """The numbers of a contact's tickets in these statuses, the newest first."""
        found = self._connection.execute(
            select(_ticket.c.number)
            .where(_ticket.c.requester == contact, _ticket.c.status.in_(statuses), _ticket.c.merged_into.is_(None))
            .order_by(_ticket.c.number.desc())
            .limit(limit)
        )
        return tuple(found.scalars())

    def lines(
        self,
        *,
        statuses: Sequence[str] = (),
        agent: str = "",
        nobodys: bool = False,
        groups: Sequence[str] = (),
        customer: str = "",
        due_by: datetime | None = None,
        order: Literal["newest", "waiting", "due"] = "waiting",
        limit: int = 20,
    ) -> tuple[tuple[TicketLine, ...], int]:
        """Tickets for a list, and how many there are in all."""
        wanted = _wanted(
            statuses=statuses, agent=agent, nobodys=nobodys, groups=groups, customer=customer, due_by=due_by
        )
        # A ticket that was opened before its customer had a company shows the company he has now.
        company = func.coalesce(_ticket.c.organization, _contact.c.organization)
        total = self._connection.execute(select(func.count()).select_from(_ticket).where(*wanted)).scalar_one()
        query = (
            select(
                _ticket.c.number, _ticket.c.title, _ticket.c.status, _ticket.c.priority, _ticket.c.agent,
                _ticket.c.group_key, _ticket.c.created_at, _ticket.c.updated_at, _ticket.c.waiting_since,
                _ticket.c.due_at, _contact.c.name.label("customer"), _address.c.address,
                _organization.c.name.label("company"), _SUPPORT_OVER.label("support_over"),
            )
            .outerjoin(_contact, _contact.c.id == _ticket.c.requester)
            .outerjoin(_address, (_address.c.contact == _contact.c.id) & _address.c.primary)
            .outerjoin(_organization, _organization.c.id == company)
            .where(*wanted)
            .limit(limit)
        )  # fmt: skip
        if order == "waiting":
            query = query.order_by(_ticket.c.waiting_since.is_(None), _ticket.c.waiting_since, _ticket.c.number)
        elif order == "due":
            query = query.order_by(_ticket.c.due_at, _ticket.c.number)
        else:
            query = query.order_by(_ticket.c.number.desc())
        return tuple(_line(row) for row in self._connection.execute(query)), total

    def count(self, *, statuses: Sequence[str], agent: str = "", nobodys: bool = False) -> int:
        """How many tickets there are in STATUSES."""
        wanted = _wanted(statuses=statuses, agent=agent, nobodys=nobodys)
        return self._connection.execute(select(func.count()).select_from(_ticket).where(*wanted)).scalar_one()


def _wanted(
    *,
    statuses: Sequence[str] = (),
    agent: str = "",
    nobodys: bool = False,
    groups: Sequence[str] = (),
    customer: str = "",
    due_by: datetime | None = None,
) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if statuses:
        wanted.append(_ticket.c.status.in_(statuses))
    if nobodys:
        wanted.append(_ticket.c.agent == "")
    if agent:
        wanted.append(_ticket.c.agent == agent)
    if groups:
        wanted.append(_ticket.c.group_key.in_(groups))
    if due_by is not None:
        wanted.append(_ticket.c.due_at <= due_by)
    if customer:
        hits = select(_address.c.contact).where(_address.c.key == address_key(customer))
        wanted.append(_ticket.c.requester.in_(hits))
    return wanted


def _line(row: Any) -> TicketLine:
    return TicketLine(
        number=row.number,
        title=row.title,
        customer=row.customer or row.address or "",
        organization=row.company or "",
        status=row.status,
        priority=row.priority,
        agent=row.agent,
        group=row.group_key,
        created_at=row.created_at,
        updated_at=row.updated_at,
        waiting_since=row.waiting_since,
        due_at=row.due_at,
        support_over=row.support_over,
    )


def _entry_facts(row: Any, files: tuple[FileFacts, ...]) -> EntryFacts:
    return EntryFacts(
        id=row.id,
        ticket=row.ticket,
        kind=EntryKind(row.kind),
        author=row.author,
        agent=row.agent,
        contact=row.contact,
        at=row.at,
        text=row.text,
        shown=row.text if row.reply_text is None else row.reply_text,
        intake=row.intake,
        message_id=row.message_id,
        machine=row.machine,
        unconfirmed=row.unconfirmed,
        suspicion=read_back(row.suspicion),
        attachments=tuple(Attachment(**part) for part in row.attachments or ()),
        files=files,
    )
