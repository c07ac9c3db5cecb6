"""A house for each test."""

from pathlib import Path

import pytest

from tests.faults.house import House
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import SmtpSink


@pytest.fixture
def house(tmp_path: Path, dovecot: Dovecot, smtp_sink: SmtpSink) -> House:
    """A helpdesk with an empty mailbox and no database yet."""
    return House(tmp_path, dovecot, smtp_sink)
