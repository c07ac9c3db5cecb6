"""The store as it was when one mail was decided: that mail, and everything later, is hidden.

What is asked by the finders and the rules, and nothing else, is hidden here: tickets, mails, letters.  A ticket
that was there already is shown as it is now.  Mails are earlier or later by when they were decided; those
of one moment, which share a batch, by their numbers.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, and_, bindparam, func, literal_column, or_, select

from domain.errors import NotFound
from domain.intake import Intake, Outcome
from domain.ticket import ExternalId, TicketFacts
from store.journal import MANY, Journal
from store.outbox import Outbox, QueuedLetter
from store.people import People
from store.store import View
from store.tables import ActRow, EntryRow, IntakeRow, OutboxRow, UtcTime, cut, table
from store.tickets import Tickets

_entry, _intake, _act, _outbox = table(EntryRow), table(IntakeRow), table(ActRow), table(OutboxRow)


_AT: BindParameter[datetime] = bindparam("before_at", type_=UtcTime())


def _before(other: ColumnElement[int | None], own: ColumnElement[datetime]) -> ColumnElement[bool]:
    """It was there already: caused by OTHER, a mail that was decided before, or by no mail and at the moment OWN."""
    decided = _intake.c.done_at
    by_mail = or_(decided < _AT, and_(decided == _AT, _intake.c.id < bindparam("before_id")))
    return or_(and_(other.is_not(None), by_mail), and_(other.is_(None), own <= _AT))


_there = _entry.outerjoin(_intake, _intake.c.id == _entry.c.intake)
_was_there = _before(_entry.c.intake, _entry.c.at)
_first = select(func.min(_entry.c.id)).where(_entry.c.ticket == bindparam("number")).scalar_subquery()
# What every mail asks is put together once: SQLAlchemy needs longer to build such a statement than to run it.
_OPENED = select(_entry.c.id).select_from(_there).where(_entry.c.id == _first, _was_there)
_BY_MESSAGE_IDS = (
    select(_entry.c.message_id, func.min(_entry.c.ticket))
    .select_from(_there)
    .where(_entry.c.message_id.in_(bindparam("ids", expanding=True)), _was_there)
    .group_by(_entry.c.message_id)
)
_SAME_TEXT = (
    select(_entry.c.ticket, _entry.c.at)
    .select_from(_there)
    .where(
        _entry.c.fingerprint == bindparam("fingerprint"),
        _entry.c.fingerprint != literal_column("''"),
        _entry.c.at >= bindparam("since"),
        _entry.c.at <= bindparam("until"),
        _entry.c.unconfirmed.is_(False),
        _was_there,
    )
    .order_by(_entry.c.at.desc(), _entry.c.id.desc())
    .limit(1)
)
_QUEUED = (
    select(_outbox.c.id)
    .select_from(_outbox.join(_act, _act.c.id == _outbox.c.act).outerjoin(_intake, _intake.c.id == _act.c.intake))
    .where(_outbox.c.letter == bindparam("letter"), _before(_act.c.intake, _outbox.c.queued_at))
)


class _PastTickets(Tickets):
    def __init__(self, connection: Connection, people: People, before: Mapping[str, Any]) -> None:
        super().__init__(connection, people)
        self._before = before

    def facts(self, number: int, *, lock: bool = False) -> TicketFacts:
        if self._connection.execute(_OPENED, {"number": number, **self._before}).first() is None:
            raise NotFound(f"there was no ticket {number} then")
        return super().facts(number)

    def by_external_id(self, external_id: ExternalId) -> int | None:
        found = super().by_external_id(external_id)
        if found is None or self._connection.execute(_OPENED, {"number": found, **self._before}).first() is None:
            return None
        return found

    def by_message_ids(self, message_ids: Sequence[str]) -> dict[str, int]:
        stored = {message_id: cut(message_id, 998) for message_id in message_ids if message_id}
        if not stored:
            return {}
        rows = self._connection.execute(_BY_MESSAGE_IDS, {"ids": sorted(set(stored.values())), **self._before})
        found: dict[str, int] = dict(iter(rows))
        return {message_id: found[own] for message_id, own in stored.items() if own in found}

    def same_text(self, fingerprint: str, *, since: datetime, until: datetime) -> tuple[int, datetime] | None:
        asked = {"fingerprint": fingerprint, "since": since, "until": until, **self._before}
        found = self._connection.execute(_SAME_TEXT, asked).one_or_none()
        return (found.ticket, found.at) if found else None


class _PastOutbox(Outbox):
    def __init__(self, connection: Connection, before: Mapping[str, Any]) -> None:
        super().__init__(connection)
        self._before = before

    def by_letter(self, letter: str) -> QueuedLetter | None:
        there = self._connection.execute(_QUEUED, {"letter": letter, **self._before}).first()
        return super().by_letter(letter) if there is not None else None


class _PastJournal(Journal):
    def __init__(self, connection: Connection, before: Mapping[str, Any]) -> None:
        super().__init__(connection)
        self._before = before

    def sent_by(self, key: str, *, since: datetime, outcome: Outcome | None = None) -> int:
        """How many mails of a sender had come in since SINCE when the mail was decided."""
        at = _intake.c.done_at
        wanted = [_intake.c.sender_key == key[:320], _intake.c.listed_at >= since]
        wanted.append(_intake.c.outcome == outcome if outcome else _intake.c.outcome != Outcome.DUPLICATE)
        wanted.append(or_(at < _AT, and_(at == _AT, _intake.c.id < bindparam("before_id"))))
        some = select(_intake.c.id).where(*wanted).limit(MANY).subquery()
        found = self._connection.execute(select(func.count()).select_from(some), self._before)
        return found.scalar_one() if key else 0


class Past(View):
    """VIEW as it was when the mail ROW was decided, for the finders and the rules."""

    def __init__(self, view: View, row: Intake) -> None:
        super().__init__(view._connection, blobs=None, name=view._name)
        self.blobs = view.blobs
        before = {"before_id": row.id, "before_at": row.done_at or row.listed_at}
        self.tickets = _PastTickets(self._connection, self.people, before)
        self.outbox = _PastOutbox(self._connection, before)
        self.journal = _PastJournal(self._connection, before)
