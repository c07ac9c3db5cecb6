"""The database: opening it, bringing it up to date, and its two kinds of transaction.

`reading()` sees one consistent state and can write nothing; on SQLite it never waits for a writer.
`act()` is the one way to change anything: all of it or none of it.  On SQLite it takes the write
lock at its start, so two acts queue up instead of failing half-way, and BEGIN is ours, because the
driver's own habits let a row of a released savepoint survive the outer rollback.

A commit that returned is on the disk: SQLite runs with synchronous=FULL, PostgreSQL with
synchronous_commit=on.

Fails with: StoreUnusable (read-only, full, missing, newer than this program), TemporaryFailure
(locked for longer than the busy timeout, server away).
"""

import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError, SQLAlchemyError

from domain.errors import StoreUnusable, TemporaryFailure

BUSY_SECONDS = 30.0


class Database:
    """One database, open and at the newest revision.  Threads may share it."""

    def __init__(self, engine: Engine, *, name: str) -> None:
        self.engine = engine
        self.name = name

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent state, read-only."""
        with self._transaction("READ") as connection:
            yield connection

    @contextmanager
    def act(self) -> Iterator[Connection]:
        """All that is written inside, or none of it."""
        with self._transaction("ACT") as connection:
            yield connection

    @contextmanager
    def _transaction(self, mode: str) -> Iterator[Connection]:
        try:
            with self.engine.connect() as plain:
                connection = plain.execution_options(helpdesk_mode=mode)
                with connection.begin():
                    yield connection
        except DBAPIError as error:
            first = first_of(error)
            reason = explained(first, self.name)
            if reason is first:
                raise
            raise reason from first

    def close(self) -> None:
        self.engine.dispose()


def explained(error: DBAPIError, name: str) -> Exception:
    """ERROR as something a person can act on; itself, if it is our bug."""
    cause = cause_of(error)
    if not isinstance(error.orig, sqlite3.Error):
        return _explained_server(error, name, cause)
    low = cause.lower()
    if "database is locked" in low or "database table is locked" in low:
        return TemporaryFailure(f"database {name}: it stayed locked by another program; try again")
    if "readonly" in low:
        return StoreUnusable(f"database {name}: it is read-only ({cause}); make the file and its folder writable")
    if "disk is full" in low or "disk i/o error" in low:
        return StoreUnusable(f"database {name}: {cause}; nothing was written, make room and try again")
    if "unable to open" in low:
        return StoreUnusable(f"database {name}: it cannot be opened ({cause}); check the path and its permissions")
    if "not a database" in low or "malformed" in low:
        return StoreUnusable(f"database {name}: {cause}; put back a backup, or look at another file")
    return error


def _explained_server(error: DBAPIError, name: str, cause: str) -> Exception:
    """What a PostgreSQL server said, by its SQLSTATE: the words come in the server's language."""
    state: str | None = getattr(error.orig, "sqlstate", None)
    if state is None:
        # Without a state nothing came back from the server; a value that the driver refuses is our bug.
        away = isinstance(error, OperationalError | InterfaceError)
        return (
            TemporaryFailure(f"database {name}: {cause}; check that the server is up and lets us in") if away else error
        )
    if state == "55P03" or state.startswith("40"):
        return TemporaryFailure(f"database {name}: another process was in the way ({cause}); try again")
    if state == "53100":
        return StoreUnusable(f"database {name}: {cause}; nothing was written, make room and try again")
    if state in ("25006", "42501"):
        return StoreUnusable(
            f"database {name}: we may not write there ({cause}); check the server and the user's rights"
        )
    if state[:2] in ("08", "28", "3D", "53", "57", "58"):
        return TemporaryFailure(f"database {name}: {cause}; check that the server is up and lets us in")
    return error


def first_of(error: DBAPIError) -> DBAPIError:
    """The error that ERROR came from: a rollback that fails must not hide why it was needed."""
    while error.orig is not None and isinstance(error.orig.__context__, DBAPIError):
        error = error.orig.__context__
    return error


def is_taken(error: IntegrityError) -> bool:
    """A unique key was taken by somebody else; any other constraint is our bug."""
    if isinstance(error.orig, sqlite3.Error):
        return error.orig.sqlite_errorname in ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY")
    return getattr(error.orig, "sqlstate", None) == "23505"


def cause_of(error: DBAPIError) -> str:
    """What the database said, in one line."""
    lines = [line.strip() for line in str(error.orig or error).splitlines() if line.strip()] or [type(error).__name__]
    # A server with several addresses: each failure has a line below a heading.
    return lines[1].removeprefix("- ") if lines[0].endswith(":") and len(lines) > 1 else lines[0]


def connect(url: str, *, base: Path = Path(), password: str | None = None, busy: float = BUSY_SECONDS) -> Engine:
    """An engine for `sqlite:///FILE` (relative to BASE) or `postgresql://…`, without touching the database.

    BUSY is how many seconds to wait for somebody else's lock.
    """
    try:
        parsed = make_url(url)
    except (SQLAlchemyError, ValueError) as error:
        raise StoreUnusable("database: that is no address: write sqlite:///FILE or postgresql://…") from error
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed, base, busy)
    if parsed.get_backend_name() == "postgresql":
        return _postgresql(parsed, password, busy)
    raise StoreUnusable(
        f"database {parsed.get_backend_name()!r} is not supported: write sqlite:///FILE or postgresql://…"
    )


def sqlite_file(url: str, base: Path) -> Path | None:
    """The file of a SQLite URL, relative to BASE; None for another database."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return None
    return base / (parsed.database or "helpdesk.db")


def _sqlite(url: URL, base: Path, busy: float) -> Engine:
    path = base / (url.database or "helpdesk.db")
    engine = create_engine(
        url.set(database=str(path)),
        connect_args={"timeout": busy, "isolation_level": None, "check_same_thread": False},
        json_serializer=_dump,
        hide_parameters=True,
    )

    def opened(driver: Any, _: Any) -> None:
        # SQLite's own lower() knows ASCII only, and people look for Ärzte.
        driver.create_function("lower", 1, _lower, deterministic=True)
        cursor = driver.cursor()
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA temp_store = MEMORY")
        cursor.execute("PRAGMA cache_size = -16000")
        cursor.close()

    def begin(connection: Connection) -> None:
        mode = connection.get_execution_options().get("helpdesk_mode", "ACT")
        if mode == "READ":
            connection.exec_driver_sql("PRAGMA query_only = ON")
            connection.exec_driver_sql("BEGIN DEFERRED")
            return
        connection.exec_driver_sql("PRAGMA query_only = OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    event.listen(engine, "connect", opened)
    event.listen(engine, "begin", begin)
    return engine


def _is_near(url: URL) -> bool:
    """The server is on this machine: nobody is in between."""
    host = url.host or str(url.query.get("host", ""))
    return host in ("", "localhost", "127.0.0.1", "::1") or host.startswith("/")


def _postgresql(url: URL, password: str | None, busy: float) -> Engine:
    url = url.set(drivername="postgresql+psycopg")
    if password is not None:
        url = url.set(password=password)
    if not _is_near(url) and "sslmode" not in url.query:
        # libpq would take an unencrypted connection, and any certificate.
        url = url.update_query_dict({"sslmode": "verify-full", "sslrootcert": "system"})
    try:
        engine = create_engine(
            url, pool_pre_ping=True, json_serializer=_dump, hide_parameters=True, isolation_level="READ COMMITTED"
        )
    except ModuleNotFoundError as error:
        raise StoreUnusable(
            "PostgreSQL needs the package psycopg: pip install 'mail-helpdesk[postgres]', or use sqlite:///FILE"
        ) from error

    def opened(driver: Any, _: Any) -> None:
        autocommit, driver.autocommit = driver.autocommit, True
        driver.execute("SET synchronous_commit = on")
        driver.execute("SET timezone = 'UTC'")
        driver.execute(f"SET lock_timeout = {int(busy * 1000)}")
        driver.autocommit = autocommit

    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("helpdesk_mode") == "READ":
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

    event.listen(engine, "connect", opened)
    event.listen(engine, "begin", begin)
    return engine


def open_database(
    url: str, *, base: Path = Path(), password: str | None = None, busy: float = BUSY_SECONDS
) -> Database:
    """The database at URL, made if it is a SQLite file that is missing, and migrated to the newest revision.

    Raises StoreUnusable where it cannot be used, with the way out.
    """
    engine = connect(url, base=base, password=password, busy=busy)
    path = sqlite_file(url, base)
    name = path.name if path else make_url(url).render_as_string(hide_password=True)
    try:
        if path is not None:
            _make_sqlite(engine, path)
        bring_up_to_date(engine, name=name)
    except BaseException as error:
        engine.dispose()
        if isinstance(error, DBAPIError):
            raise explained(error, name) from error
        raise
    return Database(engine, name=name)


def peek_database(url: str, *, base: Path = Path(), password: str | None = None) -> Database | None:
    """The database at URL if it is there at the newest revision; nothing is made or migrated."""
    path = sqlite_file(url, base)
    if path is not None and (not path.exists() or path.stat().st_size == 0):
        return None
    engine = connect(url, base=base, password=password)
    name = path.name if path else make_url(url).render_as_string(hide_password=True)
    try:
        current = _stored_revision(engine) == _revisions()[0]
    except DBAPIError as error:
        engine.dispose()
        raise explained(error, name) from error
    if not current:
        engine.dispose()
        return None
    return Database(engine, name=name)


def _make_sqlite(engine: Engine, path: Path) -> None:
    """Set WAL once; it is a property of the file.  Mails hold secrets: the file is for its owner only."""
    if not path.parent.is_dir():
        raise StoreUnusable(f"database {path.name}: the folder {path.parent} does not exist; make it first")
    try:
        # Made here, because the files beside it get its permissions when SQLite makes them.
        os.close(os.open(path, os.O_CREAT | os.O_RDONLY, 0o600))
    except OSError as error:
        raise StoreUnusable(
            f"database {path.name}: it cannot be opened ({error.strerror}); check the path and its permissions"
        ) from error
    with engine.connect() as plain:
        driver = plain.connection.cursor()
        try:
            _set_wal(driver)
        except sqlite3.Error as error:
            raise OperationalError("PRAGMA journal_mode", None, error) from error
        finally:
            driver.close()


def _set_wal(driver: Any) -> None:
    """Set WAL unless it is set.

    Two first starts at once meet here, and SQLite does not wait for this lock by itself.
    """
    for last in (*(False,) * 40, True):
        try:
            if driver.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                driver.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if last or "locked" not in str(error):
                raise
            time.sleep(0.05)
        else:
            return


def bring_up_to_date(engine: Engine, *, name: str) -> None:
    """Migrate to the newest revision.  Alembic is loaded only when there is something to do (300 ms)."""
    stored = _stored_revision(engine)
    newest, known = _revisions()
    if stored == newest:
        return
    if stored is not None and stored not in known:
        raise StoreUnusable(
            f"database {name}: it was written by a newer helpdesk (revision {stored}); update the program"
        )
    from store.migrations.run import upgrade

    upgrade(engine)


def _stored_revision(engine: Engine) -> str | None:
    with engine.connect() as plain:
        connection = plain.execution_options(helpdesk_mode="READ")
        with connection.begin():
            if not engine.dialect.has_table(connection, "alembic_version"):
                return None
            found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
            return str(found) if found is not None else None


def _revisions() -> tuple[str, frozenset[str]]:
    """The newest revision and all of them, read from the file names `0001_what.py`."""
    folder = Path(__file__).parent / "migrations" / "versions"
    names = sorted(path.stem.partition("_")[0] for path in folder.glob("[0-9]*.py"))
    return names[-1], frozenset(names)


_dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value
