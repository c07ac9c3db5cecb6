"""The daemons that are at work, and what each thinks of its settings: so that other processes can tell.

A daemon writes its row at its start, whenever it looked at changed settings, and once a minute; it takes
the row away at its end.  What dies leaves its row behind, and the next start on that machine removes it.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from store.tables import DaemonRow, table

_daemon = table(DaemonRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonFacts:
    """One daemon.  `settings` and `rule_set` are the hashes of what is in force, since `loaded_at`.

    `refused` is why the settings as they stand now are not in force, `restart` what of them waits for a
    restart; '' where nothing does.
    """

    holder: str
    started_at: datetime
    seen_at: datetime
    settings: str
    rule_set: str
    loaded_at: datetime
    refused: str = ""
    refused_at: datetime | None = None
    restart: str = ""


class Daemons:
    """The daemons within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, facts: DaemonFacts) -> None:
        """Write what a daemon says of itself."""
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        values = {one.name: getattr(facts, one.name) for one in fields(facts)}
        self._connection.execute(
            dialect.insert(_daemon).values(values).on_conflict_do_update(index_elements=["holder"], set_=values)
        )

    def seen(self, holder: str, *, now: datetime) -> None:
        """Note that a daemon is still there."""
        self._connection.execute(update(_daemon).where(_daemon.c.holder == holder).values(seen_at=now))

    def leave(self, holder: str) -> None:
        """Take a daemon's row away."""
        self._connection.execute(delete(_daemon).where(_daemon.c.holder == holder))

    def bury(self, is_dead: Callable[[str], bool]) -> None:
        """Take the rows away of those that have certainly ended."""
        for one in self.all():
            if is_dead(one.holder):
                self.leave(one.holder)

    def all(self) -> tuple[DaemonFacts, ...]:
        """Every daemon that has a row, the newest first."""
        rows = self._connection.execute(select(_daemon).order_by(_daemon.c.started_at.desc(), _daemon.c.holder))
        return tuple(DaemonFacts(**row._mapping) for row in rows)
