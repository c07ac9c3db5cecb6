"""Databases for the conversations: a SQLite file each, and PostgreSQL for the core ones."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from store.store import Store, open_store
from tests.conversation import Begin, Conversation
from tests.store.conftest import Server


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("desk")
    open_store("sqlite:///helpdesk.db", base=base).close()
    return base / "helpdesk.db"


@pytest.fixture(scope="session")
def _desk_postgres() -> Iterator[tuple[Server, str]]:
    # Not below pytest's own folder: that one is closed to the user whom the server runs as.
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder)
        name = server.make()
        open_store(server.url(name)).close()
        yield server, name
        server.stop()


@pytest.fixture
def begin(sqlite_file: Path, tmp_path: Path) -> Iterator[Begin]:
    """Begins a conversation on a SQLite file of its own: `begin({"tickets": {"colleagues": True}})`."""
    with ExitStack() as stack:

        def started(changes: Mapping[str, Any] | None = None) -> Conversation:
            shutil.copy(sqlite_file, tmp_path / "helpdesk.db")
            store = open_store("sqlite:///helpdesk.db", base=tmp_path)
            stack.callback(store.close)
            return Conversation(store, changes)

        yield started


@pytest.fixture
def talk(begin: Begin) -> Conversation:
    """A conversation with the settings of `tests.conversation.CONFIG`."""
    return begin()


@pytest.fixture
def place(sqlite_file: Path, tmp_path: Path) -> Path:
    """A migrated SQLite file that nobody has open."""
    return Path(shutil.copy(sqlite_file, tmp_path / "helpdesk.db"))


@pytest.fixture(params=("sqlite", "postgresql"))
def anywhere(request: pytest.FixtureRequest) -> Iterator[Begin]:
    """Like `begin`, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("begin")
        return
    server, name = request.getfixturevalue("_desk_postgres")
    store: Store = open_store(server.url(name))
    yield lambda changes=None: Conversation(store, changes)
    store.close()
    server.clear(name)
