"""Absences of agents: who is away on a day, and who stands in."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, delete, insert, or_, select, update

from domain.absence import Absence
from store.tables import AbsenceRow, table

_absence = table(AbsenceRow)
_DAY: BindParameter[date] = bindparam("day")
_ON = select(_absence).where(
    _absence.c.first_day <= _DAY, or_(_absence.c.last_day.is_(None), _absence.c.last_day >= _DAY)
)


class Absences:
    """Absences within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def on(self, day: date) -> dict[str, Absence]:
        """Who is away on DAY."""
        return {row.agent: _facts(row) for row in self._connection.execute(_ON, {"day": day})}

    def from_day(self, day: date) -> tuple[Absence, ...]:
        """The absences that are not over before DAY, the earliest first."""
        query = select(_absence).where(or_(_absence.c.last_day.is_(None), _absence.c.last_day >= day))
        found = self._connection.execute(query.order_by(_absence.c.first_day, _absence.c.agent, _absence.c.id))
        return tuple(_facts(row) for row in found)

    def add(self, absence: Absence, *, now: datetime) -> Absence:
        """Record an absence; the same with its id."""
        values = {
            "agent": absence.agent, "first_day": absence.first, "last_day": absence.last, "deputy": absence.deputy,
            "by": absence.by, "at": now,
        }  # fmt: skip
        made = self._connection.execute(insert(_absence).values(**values).returning(_absence.c.id)).scalar_one()
        return replace(absence, id=made)

    def end(self, absence: Absence, *, last: date) -> None:
        """Let an absence end on the day LAST."""
        self._connection.execute(update(_absence).where(_absence.c.id == absence.id).values(last_day=last))

    def remove(self, absences: Sequence[Absence]) -> None:
        """Forget these absences."""
        self._connection.execute(delete(_absence).where(_absence.c.id.in_([one.id for one in absences])))


def _facts(row: Any) -> Absence:
    return Absence(id=row.id, agent=row.agent, first=row.first_day, last=row.last_day, deputy=row.deputy, by=row.by)
