"""The real servers as fixtures.  Each xdist worker starts its own; none is started before a test asks.

Where Dovecot or Postfix is not installed its tests are skipped with the reason, unless
HELPDESK_REQUIRE_DOVECOT or HELPDESK_REQUIRE_POSTFIX is set: then they fail.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.servers.dovecot import Dovecot, DovecotMissing
from tests.servers.postfix import Postfix, PostfixMissing
from tests.servers.proxy import FaultProxy
from tests.servers.pymap import Pymap
from tests.servers.smtp import SmtpSink


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """A Dovecot with 20 accounts; take `dovecot.fresh_user()` for a mailbox of your own."""
    try:
        server = Dovecot()
    except DovecotMissing as missing:
        if os.environ.get("HELPDESK_REQUIRE_DOVECOT"):
            pytest.fail(f"HELPDESK_REQUIRE_DOVECOT is set, but {missing}")
        pytest.skip(str(missing))
    with server:
        yield server


@pytest.fixture(scope="session")
def _postfix() -> Iterator[Postfix]:
    try:
        server = Postfix()
    except PostfixMissing as missing:
        if os.environ.get("HELPDESK_REQUIRE_POSTFIX"):
            pytest.fail(f"HELPDESK_REQUIRE_POSTFIX is set, but {missing}")
        pytest.skip(str(missing))
    with server:
        yield server


@pytest.fixture
def postfix(_postfix: Postfix) -> Postfix:
    """A Postfix without mails."""
    _postfix.clear()
    return _postfix


@pytest.fixture(scope="session")
def pymap_server() -> Iterator[Pymap]:
    """A pymap; take `pymap_server.fresh_user()` for a mailbox of your own."""
    with Pymap() as server:
        yield server


@pytest.fixture(scope="session")
def _smtp_sink() -> Iterator[SmtpSink]:
    with SmtpSink() as sink:
        yield sink


@pytest.fixture
def smtp_sink(_smtp_sink: SmtpSink) -> SmtpSink:
    """An SMTP sink without letters and without instructions."""
    _smtp_sink.clear()
    return _smtp_sink


@pytest.fixture
def fault_proxy() -> Iterator[Callable[[int], FaultProxy]]:
    """Makes a fault proxy in front of a port."""
    with ExitStack() as stack:
        yield lambda port: stack.enter_context(FaultProxy(port))
