"""The store: one database, its two kinds of transaction, and what can be asked and written in each.

    with store.reading() as view:   view.tickets.facts(42)
    with store.act() as act:        act.outbox.queue(...)

One act is one transaction.  Nothing is parsed, rendered or sent while it is open.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from domain.errors import Conflict
from store.absences import Absences
from store.blobs import Blobs
from store.daemons import Daemons
from store.database import BUSY_SECONDS, Database, explained, first_of, is_taken, open_database, peek_database
from store.journal import Journal
from store.lease import Leases
from store.matches import Matches
from store.outbox import Outbox
from store.people import People
from store.tickets import Tickets


class View:
    """The store within one transaction."""

    def __init__(self, connection: Connection, *, blobs: Path | None, name: str) -> None:
        self._connection = connection
        self._name = name
        self.journal = Journal(connection)
        self.people = People(connection)
        self.tickets = Tickets(connection, self.people)
        self.outbox = Outbox(connection)
        self.leases = Leases(connection)
        self.matches = Matches(connection)
        self.daemons = Daemons(connection)
        self.absences = Absences(connection)
        self.blobs = Blobs(connection, directory=blobs)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part that can fail alone: what was written inside goes, the rest of the act stays.

        Raises Conflict where a unique key was taken by somebody else in between, StoreUnusable or
        TemporaryFailure where the whole act is lost.
        """
        try:
            with self._connection.begin_nested():
                yield
        except IntegrityError as error:
            if not is_taken(error):
                raise
            raise Conflict("another process was faster; nothing was written") from error
        except DBAPIError as error:
            # SQLite may have ended the whole transaction; that the savepoint is missing is not the reason.
            first = first_of(error)
            reason = explained(first, self._name)
            if reason is first:
                raise
            raise reason from first


class Store:
    """An open database with its blobs.  Threads may share it."""

    def __init__(self, database: Database, *, blobs: Path | None = None) -> None:
        self.database = database
        self._blobs = blobs

    @contextmanager
    def reading(self) -> Iterator[View]:
        """One consistent state, read-only; on SQLite it never waits for a writer."""
        with self.database.reading() as connection:
            yield View(connection, blobs=self._blobs, name=self.database.name)

    @contextmanager
    def act(self) -> Iterator[View]:
        """All that is written inside, or none of it."""
        with self.database.act() as connection:
            yield View(connection, blobs=self._blobs, name=self.database.name)

    def close(self) -> None:
        self.database.close()


def peek_store(url: str, *, base: Path = Path(), password: str | None = None) -> Store | None:
    """The store at URL for looking only: nothing is made or migrated.

    None where there is none yet, or one of another revision.
    """
    database = peek_database(url, base=base, password=password)
    return Store(database) if database is not None else None


def open_store(
    url: str,
    *,
    base: Path = Path(),
    password: str | None = None,
    blobs: str = "database",
    busy: float = BUSY_SECONDS,
) -> Store:
    """The store at URL, made and migrated as needed.

    BLOBS is `database` or a directory relative to BASE, BUSY how many seconds to wait for a lock.

    Raises StoreUnusable or TemporaryFailure with the way out.
    """
    database = open_database(url, base=base, password=password, busy=busy)
    return Store(database, blobs=None if blobs == "database" else base / blobs)
