"""The journal: every mail that was ever seen, and what became of it.

A claim is fenced by its number: `done` writes only if the row still has the attempts that the
claim gave it, so a process that was thought dead cannot carry the same mail out a second time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    and_,
    bindparam,
    cast,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from domain.errors import Overtaken
from domain.intake import Arrival, FolderMark, Intake, Outcome, State, imap_position
from domain.people import address_key
from store.matches import forget_matches, note_matches
from store.tables import BlobRow, EntryRow, FolderRow, IntakeRow, ProvenActRow, RuleSetRow, TicketRow, table

_blob, _folder, _intake = table(BlobRow), table(FolderRow), table(IntakeRow)
_entry, _ticket, _rules = table(EntryRow), table(TicketRow), table(RuleSetRow)
_acted = table(ProvenActRow)
# Everything but the decision record, which may be long and is asked for by itself.
_facts = [column for column in _intake.c if column.name not in ("decision", "content_key", "reprieves")]
# Written out, not bound: only so may a database use the partial index on what is unfinished.
_UNFINISHED = _intake.c.state != literal_column("'filed'")
_CHUNK = 500
# A mail that a child process can read, and that still is in hand whenever a process dies, is put aside in the end.
REPRIEVES = 10
# Whoever sent more than this in a period is counted no further.
MANY = 10_000
# What every mail asks is put together once: SQLAlchemy needs longer to build such a statement than to run it.
_FIRST_COPY = select(*_facts).where(_intake.c.content_key == bindparam("key"))
_KNOWN_KEYS = select(_intake.c.content_key).where(_intake.c.content_key.in_(bindparam("keys", expanding=True)))
_STORE = update(_intake).where(_intake.c.id == bindparam("arrived_as"), _intake.c.state == State.LISTED.value)
_FINISH = update(_intake).where(
    _intake.c.id == bindparam("in_hand"),
    _intake.c.state == State.STORED.value,
    _intake.c.attempts == bindparam("fence"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a claim gave: mails in hand, and rows that had been in hand too often."""

    taken: tuple[Intake, ...] = ()
    quarantined: tuple[Intake, ...] = ()


class Journal:
    """The journal within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def mark(self, mailbox: str, folder: str) -> FolderMark | None:
        """How far FOLDER has been listed; None before first contact."""
        row = self._connection.execute(select(_folder).where(_at(mailbox, folder))).one_or_none()
        return FolderMark(**row._mapping) if row else None

    def marks(self) -> tuple[FolderMark, ...]:
        """Every folder that was ever listed."""
        rows = self._connection.execute(select(_folder).order_by(_folder.c.mailbox, _folder.c.folder))
        return tuple(FolderMark(**row._mapping) for row in rows)

    def set_mark(self, mark: FolderMark) -> None:
        """Remember how far a folder has been listed."""
        values = {name: getattr(mark, name) for name in FolderMark.__dataclass_fields__}
        changed = self._connection.execute(update(_folder).where(_at(mark.mailbox, mark.folder)).values(values))
        if changed.rowcount == 0:
            self._connection.execute(insert(_folder).values(values))

    def arrive(self, arrivals: Sequence[Arrival], *, now: datetime) -> None:
        """Enter mails; those that are in the journal already stay as they are."""
        statement = self._insert_new(_intake, ("source", "position"))
        for start in range(0, len(arrivals), _CHUNK):
            rows = [_born(arrival, now) for arrival in arrivals[start : start + _CHUNK]]
            self._connection.execute(statement, rows)

    def at(self, source: str, position: str) -> Intake | None:
        """The row of the mail at POSITION, None if it was never seen."""
        row = self._connection.execute(
            select(*_facts).where(_intake.c.source == source, _intake.c.position == position)
        ).one_or_none()
        return _fact(row) if row else None

    def get(self, intake: int) -> Intake | None:
        row = self._connection.execute(select(*_facts).where(_intake.c.id == intake)).one_or_none()
        return _fact(row) if row else None

    def to_fetch(
        self, mailbox: str, folder: str, *, uidvalidity: int, above: int = 0, limit: int | None = None
    ) -> tuple[Intake, ...]:
        """The mails of FOLDER with a UID ABOVE one whose bytes are not here yet, in UID order."""
        return self._rows(
            _UNFINISHED,
            _intake.c.source == mailbox,
            _intake.c.state == State.LISTED,
            _intake.c.folder == folder,
            _intake.c.uidvalidity == uidvalidity,
            _intake.c.uid > above,
            order=_intake.c.uid,
            limit=limit,
        )

    def store(self, mails: Mapping[int, str]) -> None:
        """Note that the bytes of these mails are here: intake id → SHA-256."""
        if mails:
            rows = [{"arrived_as": intake, "blob": blob, "state": State.STORED} for intake, blob in mails.items()]
            self._connection.execute(_STORE, rows)

    def lose(self, ids: Sequence[int], *, now: datetime) -> None:
        """Note that these mails left the server before they were fetched."""
        for start in range(0, len(ids), _CHUNK):
            self._connection.execute(
                update(_intake)
                .where(_intake.c.id.in_(ids[start : start + _CHUNK]), _intake.c.state == State.LISTED)
                .values(
                    state=State.FILED, outcome=Outcome.GONE, done_at=now, because="it left the server before the fetch"
                )
            )

    def claim(
        self, source: str, *, limit: int, attempts: int, octets: int = 1 << 40, only: int | None = None,
        listed_before: datetime | None = None,
    ) -> Claim:  # fmt: skip
        """Take the next mails of SOURCE in hand, in order: LIMIT at most, and OCTETS in all unless one alone is larger.

        ONLY this row, or only rows LISTED_BEFORE a moment, where somebody else may have the others in hand.

        A row that was in hand before comes alone, so that a mail that kills the process takes no
        other with it; one that was in hand ATTEMPTS times is quarantined instead.
        """
        mine = [_UNFINISHED, _intake.c.source == source, _intake.c.state == State.STORED]
        if only is not None:
            mine.append(_intake.c.id == only)
        if listed_before is not None:
            mine.append(_intake.c.listed_at < listed_before)
        waiting = self._rows(*mine, order=_intake.c.id, limit=limit, lock=True)
        worn = tuple(row for row in waiting if row.attempts >= attempts)
        if worn:
            self._quarantine(worn)
        fresh = [row for row in waiting if row.attempts < attempts]
        alone = next((n for n, row in enumerate(fresh) if row.attempts > 0), None)
        batch = fresh[:1] if alone == 0 else _within(fresh[:alone], octets)
        if batch:
            self._connection.execute(
                update(_intake)
                .where(_intake.c.id.in_([row.id for row in batch]))
                .values(attempts=_intake.c.attempts + 1)
            )
        again = self._rows(_intake.c.id.in_([row.id for row in batch]), order=_intake.c.id) if batch else ()
        return Claim(taken=again, quarantined=worn)

    def was_in_hand(self, source: str) -> bool:
        """A mail of SOURCE waits that was in hand before: a process died with it, or it failed."""
        query = select(_intake.c.id).where(
            _UNFINISHED, _intake.c.source == source, _intake.c.state == State.STORED, _intake.c.attempts > 0
        )
        return self._connection.execute(query.limit(1)).first() is not None

    def suspects(self, source: str, *, attempts: int) -> tuple[Intake, ...]:
        """Mails that were in hand ATTEMPTS times when a process died, and have been forgiven less than REPRIEVES times.

        One that failed with an error is none: its row says why.
        """
        return self._rows(
            _UNFINISHED,
            _intake.c.source == source,
            _intake.c.state == State.STORED,
            _intake.c.attempts >= attempts,
            _intake.c.because == "",
            _intake.c.reprieves < REPRIEVES,
            order=_intake.c.id,
        )

    def forgive(self, row: Intake) -> None:
        """Let a suspect be taken up once more, alone."""
        self._connection.execute(
            update(_intake)
            .where(_intake.c.id == row.id, _intake.c.state == State.STORED, _intake.c.attempts == row.attempts)
            .values(attempts=row.attempts - 1, reprieves=_intake.c.reprieves + 1)
        )

    def give_back(self, rows: Sequence[Intake]) -> None:
        """Undo a claim that failed for a reason that lay in no mail, such as a full disk."""
        for row in rows:
            self._connection.execute(
                update(_intake)
                .where(_intake.c.id == row.id, _intake.c.state == State.STORED, _intake.c.attempts == row.attempts)
                .values(attempts=row.attempts - 1)
            )

    def note_failure(self, row: Intake, *, because: str) -> None:
        """Keep why a mail could not be decided; it will be taken up again, alone."""
        self._connection.execute(
            update(_intake)
            .where(_intake.c.id == row.id, _intake.c.state == State.STORED)
            .values(because=because[:2000])
        )

    def first_copy(self, content_key: str) -> Intake | None:
        """The mail that holds CONTENT_KEY, None if there is none yet."""
        row = self._connection.execute(_FIRST_COPY, {"key": content_key}).one_or_none()
        return _fact(row) if row else None

    def acted(self, signs: Sequence[str]) -> Intake | None:
        """The first mail by which an agent acted that bears one of SIGNS, None if none does."""
        if not signs:
            return None
        wanted = select(_acted.c.intake).where(_acted.c.sign.in_(signs))
        query = select(*_facts).where(_intake.c.id.in_(wanted)).order_by(_intake.c.id).limit(1)
        row = self._connection.execute(query).one_or_none()
        return _fact(row) if row else None

    def note_act(self, row: Intake, signs: Sequence[str]) -> None:
        """Record that an agent acted by the mail ROW, which bears SIGNS."""
        if signs:
            self._connection.execute(insert(_acted), [{"sign": sign, "intake": row.id} for sign in signs])

    def known_keys(self, content_keys: Sequence[str]) -> frozenset[str]:
        """Those of CONTENT_KEYS that some mail holds."""
        return frozenset(self._connection.execute(_KNOWN_KEYS, {"keys": list(content_keys)}).scalars())

    def finish(
        self,
        row: Intake,
        *,
        outcome: Outcome,
        because: str,
        now: datetime,
        content_key: str | None = None,
        message_id: str = "",
        sender: str = "",
        subject: str = "",
        ticket: int | None = None,
        duplicate_of: int | None = None,
        decision: Mapping[str, Any] | None = None,
        file_in: str = "",
    ) -> None:
        """Record what became of a mail in hand; FILE_IN is the folder that a rule wants it in.

        Raises Overtaken if the mail is no longer in this hand, and the database's IntegrityError if
        another copy took CONTENT_KEY meanwhile; either way the savepoint around it must go.
        """
        values = {
            "in_hand": row.id, "fence": row.attempts, "state": State.DONE, "outcome": outcome,
            "because": because[:2000], "done_at": now, "content_key": content_key, "message_id": message_id[:998],
            "sender": sender[:320], "sender_key": address_key(sender)[:320], "file_in": file_in,
            "subject": subject[:500], "ticket": ticket, "duplicate_of": duplicate_of,
            "decision": dict(decision) if decision is not None else None,
        }  # fmt: skip
        changed = self._connection.execute(_FINISH, values)
        if changed.rowcount != 1:
            raise Overtaken(f"mail {row.id} was taken up by another process; nothing was written here")
        if decision is not None:
            note_matches(self._connection, row.id, decision)

    def sent_by(self, key: str, *, since: datetime, outcome: Outcome | None = None) -> int:
        """How many mails of the sender with this address key came in since SINCE; copies count once."""
        wanted = [_intake.c.sender_key == key[:320], _intake.c.listed_at >= since]
        wanted.append(_intake.c.outcome == outcome if outcome else _intake.c.outcome != Outcome.DUPLICATE)
        some = select(_intake.c.id).where(*wanted).limit(MANY).subquery()
        return self._connection.execute(select(func.count()).select_from(some)).scalar_one() if key else 0

    def filed_elsewhere(self, row: Intake, *, because: str) -> None:
        """Note why a mail is not in the folder that a rule wanted."""
        self._connection.execute(
            update(_intake)
            .where(_intake.c.id == row.id)
            .values(file_in="", because=f"{row.because} · {because}"[:2000])
        )

    def to_file(self, mailbox: str, folder: str, *, uidvalidity: int) -> tuple[Intake, ...]:
        """The mails of FOLDER that are decided and still lie on the server as they came."""
        return self._rows(
            _UNFINISHED,
            _intake.c.source == mailbox,
            _intake.c.state == State.DONE,
            _intake.c.folder == folder,
            _intake.c.uidvalidity == uidvalidity,
            order=_intake.c.uid,
        )

    def filed(self, ids: Sequence[int]) -> None:
        """Note that these mails are filed on the server."""
        for start in range(0, len(ids), _CHUNK):
            self._connection.execute(
                update(_intake)
                .where(_intake.c.id.in_(ids[start : start + _CHUNK]), _intake.c.state == State.DONE)
                .values(state=State.FILED)
            )

    def of_folder(self, mailbox: str, folder: str) -> tuple[Intake, ...]:
        """Every mail that was ever listed in FOLDER, for the comparison after a renumbering."""
        return self._rows(_intake.c.source == mailbox, _intake.c.folder == folder, order=_intake.c.id)

    def known_uids(self, mailbox: str, folder: str, *, uidvalidity: int) -> frozenset[int]:
        """The UIDs of FOLDER that have a row."""
        rows = self._connection.execute(
            select(_intake.c.uid).where(
                _intake.c.mailbox == mailbox,
                _intake.c.folder == folder,
                _intake.c.uidvalidity == uidvalidity,
                _intake.c.source == mailbox,
            )
        )
        return frozenset(rows.scalars())

    def make_room(self, mailbox: str, folder: str, *, uidvalidity: int) -> None:
        """Take rows out of the way that UIDVALIDITY named once before, as after a backup was put back.

        Their mails are no longer where the rows say; without this a new mail would be taken for an old one.
        """
        self._connection.execute(
            update(_intake)
            .where(_intake.c.source == mailbox, _intake.c.folder == folder, _intake.c.uidvalidity == uidvalidity)
            .values(uidvalidity=0, position=_intake.c.position + "/before/" + cast(_intake.c.id, String))
        )

    def move_to(self, row: Intake, *, uidvalidity: int, uid: int) -> None:
        """Give a known mail the UID that it has after the server renumbered the folder."""
        self._connection.execute(
            update(_intake)
            .where(_intake.c.id == row.id)
            .values(uidvalidity=uidvalidity, uid=uid, position=imap_position(row.folder, uidvalidity, uid))
        )

    def quarantine(self, row: Intake, *, because: str) -> None:
        """Put a mail aside until a person decides, if it has not been decided meanwhile."""
        self._connection.execute(
            update(_intake)
            .where(
                _intake.c.id == row.id,
                _intake.c.state.in_([State.LISTED, State.STORED]),
                _intake.c.attempts == row.attempts,
            )
            .values(state=State.QUARANTINED, because=because[:2000])
        )

    def _quarantine(self, rows: Sequence[Intake]) -> None:
        for row in rows:
            why = row.because or f"it was in hand {row.attempts} times and never came to an end"
            self.quarantine(row, because=why)

    def release(self, row: Intake) -> bool:
        """Give a quarantined mail another go; False if it is not in quarantine."""
        back_to = State.STORED if row.blob else State.LISTED
        return self._leave_quarantine(row, state=back_to, attempts=0)

    def discard(self, row: Intake, *, because: str, now: datetime) -> bool:
        """End a quarantined mail by a person's word; False if it is not in quarantine."""
        return self._leave_quarantine(row, state=State.DONE, outcome=Outcome.DISCARDED, because=because, done_at=now)

    def _leave_quarantine(self, row: Intake, **values: Any) -> bool:
        changed = self._connection.execute(
            update(_intake).where(_intake.c.id == row.id, _intake.c.state == State.QUARANTINED).values(**values)
        )
        return changed.rowcount == 1

    def reopen(self, row: Intake, *, quiet: str) -> bool:
        """Give an ignored mail another go, as if it had not been decided; False if it is not as ROW says any more.

        QUIET is why its ticket shall make no letters, '' if it may.
        """
        decision = self.decision(row.id) or {}
        changed = self._connection.execute(
            update(_intake)
            .where(_intake.c.id == row.id, _intake.c.state == row.state, _intake.c.outcome == Outcome.IGNORED)
            .values(
                state=State.STORED, outcome="", because="", attempts=0, content_key=None, decision=None,
                done_at=None, file_in="", quiet=quiet or row.quiet,
            )
        )  # fmt: skip
        if changed.rowcount == 1:
            forget_matches(self._connection, row.id, decision)
        return changed.rowcount == 1

    def first_since(self, moment: datetime) -> int:
        """The first mail that entered the journal at MOMENT or later; the number after the last one if none did.

        Rows are entered in the order of their numbers, so a few looks are enough.
        """
        newest = self._connection.execute(select(func.max(_intake.c.id))).scalar() or 0
        low, high = 1, newest + 1
        nearest = select(_intake.c.id, _intake.c.listed_at).order_by(_intake.c.id).limit(1)
        while low < high:
            middle = (low + high) // 2
            row = self._connection.execute(nearest.where(_intake.c.id >= middle)).one()
            low, high = (low, middle) if row.listed_at >= moment else (row.id + 1, high)
        return low

    def decided(
        self, *, at_least: int, limit: int, only: Sequence[int] = ()
    ) -> tuple[tuple[Intake, dict[str, Any]], ...]:
        """Mails that rules decided, each with its decision record, in order from number AT_LEAST; or ONLY some."""
        query = (
            select(*_facts, _intake.c.decision)
            .where(_intake.c.id >= at_least, _intake.c.decision.is_not(None))
            .order_by(_intake.c.id)
            .limit(limit)
        )
        if only:
            query = query.where(_intake.c.id.in_(only))
        return tuple((_fact(row), dict(row.decision)) for row in self._connection.execute(query))

    def rows(
        self,
        *,
        states: Sequence[State] = (),
        outcome: Outcome | None = None,
        mailbox: str = "",
        ticket: int | None = None,
        at_least: int = 0,
        limit: int = 50,
    ) -> tuple[Intake, ...]:
        """Rows of the journal from number AT_LEAST on, the newest first."""
        wanted: list[ColumnElement[bool]] = []
        if states:
            wanted.append(_intake.c.state.in_(states))
            if State.FILED not in states:
                wanted.append(_UNFINISHED)
        if outcome is not None:
            wanted.append(_intake.c.outcome == outcome)
        if mailbox:
            wanted.append(_intake.c.mailbox == mailbox)
        if ticket is not None:
            wanted.append(_intake.c.ticket == ticket)
        if at_least:
            wanted.append(_intake.c.id >= at_least)
        return self._rows(*wanted, order=_intake.c.id.desc(), limit=limit)

    def counts(self) -> tuple[tuple[str, str, State, Outcome | None, int], ...]:
        """How many rows there are: (mailbox, folder, state, outcome, count)."""
        of = (_intake.c.mailbox, _intake.c.folder, _intake.c.state, _intake.c.outcome)
        rows = self._connection.execute(select(*of, func.count()).group_by(*of).order_by(*of))
        return tuple((m, f, State(s), Outcome(o) if o else None, n) for m, f, s, o, n in rows)

    def unfinished(self, *, listed_before: datetime) -> tuple[Intake, ...]:
        """Rows that should have come to an end by now."""
        return self._rows(
            _UNFINISHED,
            _intake.c.state.in_([State.LISTED, State.STORED, State.DONE]),
            _intake.c.listed_at < listed_before,
            order=_intake.c.id,
        )

    def incomplete(self) -> tuple[tuple[Intake, str], ...]:
        """Decided rows whose ticket, entry or blob is missing, each with what is missing."""
        made = _intake.c.outcome.in_([Outcome.TICKET, Outcome.COMMENT])
        decided = _intake.c.state.in_([State.DONE, State.FILED])
        no_ticket = and_(made, ~select(_ticket.c.number).where(_ticket.c.number == _intake.c.ticket).exists())
        no_entry = and_(made, ~select(_entry.c.id).where(_entry.c.intake == _intake.c.id).exists())
        no_blob = and_(made, ~select(_blob.c.sha256).where(_blob.c.sha256 == _intake.c.blob).exists())
        rows = self._connection.execute(
            select(*_facts, no_ticket.label("no_ticket"), no_entry.label("no_entry"))
            .where(decided, or_(no_ticket, no_entry, no_blob))
            .order_by(_intake.c.id)
        ).all()
        return tuple(
            (_fact(row), "ticket" if row.no_ticket else "entry" if row.no_entry else "raw mail") for row in rows
        )

    def decision(self, intake: int) -> dict[str, Any] | None:
        """The decision record of a mail, None if it has none."""
        found = self._connection.execute(select(_intake.c.decision).where(_intake.c.id == intake)).scalar()
        return dict(found) if found else None

    def remember_rules(self, digest: str, text: str, *, now: datetime) -> None:
        """Keep the text of a rule set, once."""
        self._connection.execute(
            self._insert_new(_rules, ("hash",)), [{"hash": digest, "text": text, "first_live": now}]
        )

    def _rows(
        self, *where: ColumnElement[bool], order: Any, limit: int | None = None, lock: bool = False
    ) -> tuple[Intake, ...]:
        query = select(*_facts).where(*where).order_by(order)
        if limit is not None:
            query = query.limit(limit)
        if lock:
            query = query.with_for_update(skip_locked=True)
        return tuple(_fact(row) for row in self._connection.execute(query))

    def _insert_new(self, target: Any, unique: tuple[str, ...]) -> Any:
        """INSERT that leaves a row alone that is there already."""
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        return dialect.insert(target).on_conflict_do_nothing(index_elements=list(unique))


def _within(rows: Sequence[Intake], octets: int) -> Sequence[Intake]:
    """The first of ROWS that have OCTETS together; one at least."""
    sums = accumulate(row.size for row in rows)
    return [row for n, (row, total) in enumerate(zip(rows, sums, strict=True)) if n == 0 or total <= octets]


def _at(mailbox: str, folder: str) -> ColumnElement[bool]:
    return and_(_folder.c.mailbox == mailbox, _folder.c.folder == folder)


def _born(arrival: Arrival, now: datetime) -> dict[str, Any]:
    ended = arrival.outcome is not None
    return {
        "source": arrival.source,
        "position": arrival.position,
        "mailbox": arrival.mailbox,
        "folder": arrival.folder,
        "uidvalidity": arrival.uidvalidity,
        "uid": arrival.uid,
        "size": arrival.size,
        "arrived": arrival.arrived,
        "quiet": arrival.quiet,
        "state": State.FILED if ended else State.LISTED,
        "outcome": arrival.outcome or "",
        "because": arrival.because,
        "done_at": now if ended else None,
        "listed_at": now,
        "attempts": 0,
        "reprieves": 0,
        "message_id": "",
        "sender": "",
        "sender_key": "",
        "file_in": "",
        "subject": "",
    }


def _fact(row: Any) -> Intake:
    return Intake(
        id=row.id,
        source=row.source,
        position=row.position,
        mailbox=row.mailbox,
        folder=row.folder,
        uidvalidity=row.uidvalidity,
        uid=row.uid,
        size=row.size,
        arrived=row.arrived,
        state=State(row.state),
        outcome=Outcome(row.outcome) if row.outcome else None,
        attempts=row.attempts,
        quiet=row.quiet,
        blob=row.blob,
        message_id=row.message_id,
        sender=row.sender,
        subject=row.subject,
        ticket=row.ticket,
        duplicate_of=row.duplicate_of,
        because=row.because,
        listed_at=row.listed_at,
        done_at=row.done_at,
        file_in=row.file_in,
    )
