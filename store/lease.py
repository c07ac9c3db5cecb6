"""Leases: what only one process may do at a time, such as scanning a mailbox.

A lease ends by its time, which `moment` tells, or at once when its holder is known to be dead.  The
epoch counts the holders; it grows with every change of hands.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from store.tables import LeaseRow, table

_lease = table(LeaseRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A lease that is held."""

    name: str
    holder: str
    epoch: int
    until: datetime


class Leases:
    """The leases within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(
        self, name: str, holder: str, *, now: datetime, duration: timedelta, is_dead: Callable[[str], bool]
    ) -> Lease:
        """The lease as it is held from now on: by HOLDER, or by somebody else who was first."""
        # Two first takers at once: the row is there for both, and its lock decides.
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        self._connection.execute(
            dialect.insert(_lease).values(name=name, holder="", epoch=0, until=now).on_conflict_do_nothing()
        )
        row = self._connection.execute(select(_lease).where(_lease.c.name == name).with_for_update()).one()
        if row.holder not in ("", holder) and row.until > now and not is_dead(row.holder):
            return Lease(name=name, holder=row.holder, epoch=row.epoch, until=row.until)
        epoch = row.epoch if row.holder == holder else row.epoch + 1
        self._connection.execute(
            update(_lease).where(_lease.c.name == name).values(holder=holder, epoch=epoch, until=now + duration)
        )
        return Lease(name=name, holder=holder, epoch=epoch, until=now + duration)

    def moment(self, now: datetime) -> datetime:
        """The time that leases go by: the server's own where several machines share it, else NOW."""
        if self._connection.dialect.name != "postgresql":
            return now
        shared: datetime = self._connection.execute(select(func.clock_timestamp())).scalar_one()
        return shared

    def leave(self, lease: Lease) -> None:
        """Give a lease back, if it is still ours."""
        self._connection.execute(
            update(_lease)
            .where(_lease.c.name == lease.name, _lease.c.holder == lease.holder, _lease.c.epoch == lease.epoch)
            .values(holder="")
        )
