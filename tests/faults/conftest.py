"""A house for each test."""

import shutil
from pathlib import Path

import pytest

from store.store import open_store
from tests.faults.house import House
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import SmtpSink


@pytest.fixture(scope="session")
def _empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("template")
    open_store("sqlite:///helpdesk.db", base=base).close()
    return base / "helpdesk.db"


@pytest.fixture
def house(tmp_path: Path, dovecot: Dovecot, smtp_sink: SmtpSink, _empty_database: Path) -> House:
    """A helpdesk with an empty mailbox and an empty database."""
    made = House(tmp_path, dovecot, smtp_sink)
    shutil.copy(_empty_database, made.database)
    return made
