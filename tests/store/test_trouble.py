"""What a person can put right is said in one line, and nothing is half-written."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import DataError

from domain.errors import DeskError, StoreUnusable, TemporaryFailure
from store.store import Store, open_store
from tests.store.conftest import Place, Server
from tests.store.samples import stored, ticket

ROOT = Path(__file__).parents[2]
SAY = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from domain.errors import DeskError
from store.store import open_store
{before}
try:
    store = open_store("sqlite:///helpdesk.db", base=Path(sys.argv[1]))
    with store.act() as act:
        for n in range(200):
            act.blobs.put(bytes(100_000) + str(n).encode())
except DeskError as error:
    print(type(error).__name__, error)
else:
    print("written")
"""
# Root keeps its files and loses its rights over those that their mode closes (capset(2)).
LIKE_ANYBODY = """
import ctypes, os
if os.geteuid() == 0:
    header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert ctypes.CDLL(None).capset(ctypes.byref(header), ctypes.byref(none)) == 0
"""
CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid != pg_backend_pid()
"""
LIMITED = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))"


def line(error: pytest.ExceptionInfo[DeskError]) -> str:
    assert "\n" not in str(error.value)
    return str(error.value)


def said(base: Path, *, before: str = LIKE_ANYBODY) -> str:
    """What another process says that opens the database and writes 20 MB."""
    done = subprocess.run(
        [sys.executable, "-c", SAY.format(before=before), str(base)], cwd=ROOT, timeout=60, text=True,
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout


@pytest.fixture
def shelf(sqlite_place: Place) -> Iterator[Path]:
    """A folder with a migrated database; it is opened again for whoever clears up."""
    yield sqlite_place.base
    sqlite_place.base.chmod(0o700)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://localhost/desk", "'mysql' is not supported: write sqlite:///FILE or postgresql://…"),
        ("no address", "that is no address: write sqlite:///FILE or postgresql://…"),
        ("postgresql://user:secret@localhost:port/desk", "that is no address: write sqlite:///FILE or postgresql://…"),
        ("sqlite:///missing/folder/helpdesk.db", "missing/folder does not exist; make it first"),
        ("sqlite:///a-folder", "Is a directory); check the path and its permissions"),
        ("sqlite:///a-text", "file is not a database; put back a backup, or look at another file"),
    ],
)
def test_an_address_that_leads_nowhere(tmp_path: Path, url: str, says: str) -> None:
    (tmp_path / "a-folder").mkdir()
    (tmp_path / "a-text").write_text("Dear diary\n" * 1000)
    with pytest.raises(StoreUnusable) as refused:
        open_store(url, base=tmp_path)
    assert line(refused).endswith(says)
    assert "secret" not in str(refused.value)
    assert (tmp_path / "a-text").read_text().startswith("Dear diary")


def test_a_torn_database_is_refused(sqlite_place: Place) -> None:
    data = sqlite_place.file.read_bytes()
    sqlite_place.file.write_bytes(data[:4096] + os.urandom(len(data) - 4096))
    with pytest.raises(StoreUnusable) as refused:
        sqlite_place.open()
    assert "put back a backup" in line(refused)


def test_a_file_that_may_not_be_written(shelf: Path) -> None:
    (shelf / "helpdesk.db").chmod(0o444)
    assert said(shelf).startswith("StoreUnusable database helpdesk.db: it is read-only (")


def test_a_folder_that_may_not_be_written(shelf: Path) -> None:
    shelf.chmod(0o555)
    assert said(shelf).startswith("StoreUnusable database helpdesk.db: it ")


def test_a_file_that_may_not_be_read(shelf: Path) -> None:
    (shelf / "helpdesk.db").chmod(0o000)
    assert said(shelf) == (
        "StoreUnusable database helpdesk.db: it cannot be opened (Permission denied); "
        "check the path and its permissions\n"
    )


def test_a_new_database_in_a_folder_that_may_not_be_written(shelf: Path) -> None:
    (shelf / "helpdesk.db").unlink()
    shelf.chmod(0o555)
    assert "it cannot be opened (Permission denied)" in said(shelf)
    assert list(shelf.iterdir()) == []


def test_a_disk_that_is_full_while_writing(shelf: Path) -> None:
    complaint = said(shelf, before=LIMITED)
    assert complaint.startswith("StoreUnusable database helpdesk.db: ")
    assert complaint.endswith("nothing was written, make room and try again\n")
    store = open_store("sqlite:///helpdesk.db", base=shelf)
    with store.reading() as view:
        assert list(view.blobs.names()) == []
    store.close()
    assert said(shelf) == "written\n"


def fill(store: Store, *, savepoint: bool) -> None:
    """One act that does not fit."""
    with store.act() as act:
        ticket(act)
        for n in range(100):
            if savepoint:
                with act.savepoint():
                    act.blobs.put(bytes(10_000) + bytes([n]))
            else:
                act.blobs.put(bytes(10_000) + bytes([n]))


@pytest.mark.parametrize("savepoint", [False, True])
def test_a_database_that_is_full_takes_all_or_nothing(sqlite_store: Store, savepoint: bool) -> None:
    with sqlite_store.database.act() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 50}")
    with pytest.raises(StoreUnusable, match=r"full; nothing was written, make room and try again$") as full:
        fill(sqlite_store, savepoint=savepoint)
    assert line(full).startswith("database helpdesk.db: ")
    with sqlite_store.reading() as view:
        assert not view.tickets.exists(1)
        assert list(view.blobs.names()) == []
    with sqlite_store.database.act() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 5000}")
    fill(sqlite_store, savepoint=savepoint)
    with sqlite_store.reading() as view:
        assert len(list(view.blobs.names())) == 100


def test_a_database_that_another_program_holds(sqlite_place: Place) -> None:
    store = sqlite_place.open(busy=0.05)
    other = sqlite3.connect(sqlite_place.file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(TemporaryFailure) as locked:
        stored(store, 1)
    assert line(locked) == "database helpdesk.db: it stayed locked by another program; try again"
    with store.reading() as view:
        assert view.journal.rows() == ()
    other.execute("ROLLBACK")
    other.close()
    stored(store, 1)
    store.close()


def test_a_new_database_that_another_program_holds(tmp_path: Path) -> None:
    place = Place(url="sqlite:///helpdesk.db", base=tmp_path)
    other = sqlite3.connect(place.file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(TemporaryFailure) as locked:
        place.open(busy=0.05)
    assert line(locked).endswith("try again")
    other.close()
    place.open().close()


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("postgresql://desk:secret@127.0.0.1:1/desk", "refused"),
        ("postgresql://desk:secret@/desk?host=/nowhere", "No such file"),
        ("postgresql://desk:secret@127.0.0.1,127.0.0.2:1,1/desk", "that is no address"),
        ("postgresql://desk:secret@/desk?host=127.0.0.1,127.0.0.2&port=1,1", "refused"),
    ],
)
def test_a_server_that_is_down(where: str, says: str) -> None:
    with pytest.raises((TemporaryFailure, StoreUnusable)) as down:
        open_store(where)
    assert says in line(down)
    assert "secret" not in str(down.value)


@pytest.mark.parametrize("what", ["database", "user"])
def test_a_server_that_does_not_let_us_in(postgres: Server, what: str) -> None:
    url = postgres.url("nobody_made_this") if what == "database" else postgres.url("postgres")
    with pytest.raises(
        TemporaryFailure, match=r"does not exist; check that the server is up and lets us in$"
    ) as refused:
        open_store(url if what == "database" else url.replace("postgres:@", "stranger:@"))
    line(refused)


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_connection_that_is_cut_loses_the_act_and_the_next_one_works(store: Store) -> None:
    def act_and_be_cut() -> None:
        with store.act() as act:
            ticket(act)
            with store.database.act() as other:
                other.exec_driver_sql(CUT)
            with act.savepoint():
                ticket(act)

    with pytest.raises(TemporaryFailure, match="check that the server is up") as cut:
        act_and_be_cut()
    line(cut)
    with store.act() as act:
        assert not act.tickets.exists(1)
        ticket(act)


@pytest.mark.parametrize("kind", ["postgresql"])
def test_what_a_server_refuses_because_of_us_is_no_trouble_of_the_server(store: Store) -> None:
    """A mail that PostgreSQL does not take must end in quarantine, not be tried for ever."""
    with pytest.raises(DataError), store.act() as act, act.savepoint():
        ticket(act, status="a\x00b")


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_server_that_only_reads(place: Place) -> None:
    """As a standby does."""
    separator = "&" if "?" in place.url else "?"
    store = open_store(f"{place.url}{separator}options=-cdefault_transaction_read_only%3Don")
    with pytest.raises(StoreUnusable, match="we may not write there") as refused:
        stored(store, 1)
    line(refused)
    store.close()
