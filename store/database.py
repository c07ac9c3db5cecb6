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

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from domain.errors import DeskError, StoreUnusable, TemporaryFailure

BUSY_SECONDS = 30.0


class Database:
    """One database, open and at the newest revision.  Threads may share it."""

    def __init__(self, engine: Engine, *, name: str) -> None:
        self.engine = engine
        self.name = name

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

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
            reason = explained(error, self.name)
            if reason is error:
                raise
            raise reason from error

    def close(self) -> None:
        self.engine.dispose()


def explained(error: DBAPIError, name: str) -> Exception:
    """ERROR as something a person can act on; itself, if it is our bug."""
    cause = str(error.orig).strip().splitlines()[0] if error.orig else str(error)
    low = cause.lower()
    if "database is locked" in low or "database table is locked" in low:
        return TemporaryFailure(f"database {name}: locked by another program for {BUSY_SECONDS:.0f} s; try again")
    if "readonly" in low or "read-only" in low:
        return StoreUnusable(f"database {name}: it is read-only ({cause}); make the file and its folder writable")
    if "disk is full" in low or "no space left" in low or "disk i/o error" in low:
        return StoreUnusable(f"database {name}: {cause}; nothing was written, make room and try again")
    if "unable to open" in low:
        return StoreUnusable(f"database {name}: it cannot be opened ({cause}); check the path and its permissions")
    if "not a database" in low or "malformed" in low:
        return StoreUnusable(f"database {name}: {cause}; put back a backup, or look at another file")
    if isinstance(error, OperationalError) and not isinstance(error.orig, sqlite3.Error):
        return TemporaryFailure(f"database {name}: {cause}; check that the server is up and lets us in")
    return error


def connect(url: str, *, base: Path = Path(), password: str | None = None) -> Engine:
    """An engine for `sqlite:///FILE` (relative to BASE) or `postgresql://…`, without touching the database."""
    try:
        parsed = make_url(url)
    except SQLAlchemyError as error:
        raise StoreUnusable(f"database {url!r} is not an address: write sqlite:///FILE or postgresql://…") from error
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed, base)
    if parsed.get_backend_name() == "postgresql":
        return _postgresql(parsed, password)
    raise StoreUnusable(
        f"database {parsed.get_backend_name()!r} is not supported: write sqlite:///FILE or postgresql://…"
    )


def sqlite_file(url: str, base: Path) -> Path | None:
    """The file of a SQLite URL, relative to BASE; None for another database."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return None
    return base / (parsed.database or "helpdesk.db")


def _sqlite(url: URL, base: Path) -> Engine:
    path = base / (url.database or "helpdesk.db")
    engine = create_engine(
        url.set(database=str(path)),
        connect_args={"timeout": BUSY_SECONDS, "isolation_level": None, "check_same_thread": False},
        json_serializer=_dump,
    )

    def opened(driver: Any, _: Any) -> None:
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


def _postgresql(url: URL, password: str | None) -> Engine:
    url = url.set(drivername="postgresql+psycopg")
    if password is not None:
        url = url.set(password=password)
    try:
        engine = create_engine(url, pool_pre_ping=True, json_serializer=_dump, isolation_level="READ COMMITTED")
    except ModuleNotFoundError as error:
        raise StoreUnusable(
            "PostgreSQL needs the package psycopg: pip install 'mail-helpdesk[postgres]', or use sqlite:///FILE"
        ) from error

    def opened(driver: Any, _: Any) -> None:
        autocommit, driver.autocommit = driver.autocommit, True
        driver.execute("SET synchronous_commit = on")
        driver.execute("SET timezone = 'UTC'")
        driver.execute(f"SET lock_timeout = '{int(BUSY_SECONDS)}s'")
        driver.autocommit = autocommit

    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("helpdesk_mode") == "READ":
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

    event.listen(engine, "connect", opened)
    event.listen(engine, "begin", begin)
    return engine


def open_database(url: str, *, base: Path = Path(), password: str | None = None) -> Database:
    """The database at URL, made if it is a SQLite file that is missing, and migrated to the newest revision.

    Raises StoreUnusable where it cannot be used, with the way out.
    """
    engine = connect(url, base=base, password=password)
    path = sqlite_file(url, base)
    name = path.name if path else make_url(url).render_as_string(hide_password=True)
    try:
        if path is not None:
            _make_sqlite(engine, path)
        bring_up_to_date(engine, name=name)
    except DBAPIError as error:
        engine.dispose()
        raise explained(error, name) from error
    except DeskError:
        engine.dispose()
        raise
    return Database(engine, name=name)


def _make_sqlite(engine: Engine, path: Path) -> None:
    """Set WAL once; it is a property of the file.  Mails hold secrets: the file is for its owner only."""
    if not path.parent.is_dir():
        raise StoreUnusable(f"database {path.name}: the folder {path.parent} does not exist; make it first")
    is_new = not path.exists() or path.stat().st_size == 0
    driver = engine.raw_connection()
    try:
        cursor = driver.cursor()
        if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            cursor.execute("PRAGMA journal_mode = WAL")
        cursor.close()
    finally:
        driver.close()
    if is_new:
        path.chmod(0o600)


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


def _dump(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
