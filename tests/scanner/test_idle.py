"""Listening for mail: a delivery wakes us, a lost connection comes back, and stopping is prompt."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from queue import Queue

import pytest

from domain.errors import LoginRefused, MailboxUnreachable
from domain.settings import Imap
from scanner.idle import Ending, IdleConnection, watch
from scanner.imap_idle import connect_idle
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.ports import LOOPBACK
from tests.servers.proxy import FaultProxy
from tests.servers.pymap import Pymap
from tests.servers.scripted import ScriptedImap

MAIL = b"From: ada@customer.example\r\nSubject: one\r\n\r\nHello\r\n"
PATIENCE = 20
Proxies = Callable[[int], FaultProxy]


class Watching:
    """A watch in its own thread, and what it did."""

    def __init__(self, imap: Imap, *, renewal: timedelta = timedelta(minutes=9)) -> None:
        self.wakes: Queue[str] = Queue()
        self.losses: Queue[str] = Queue()
        self.stop = threading.Event()
        self.ending: Ending | None = None
        self._imap = imap
        self._renewal = renewal
        self.thread = threading.Thread(target=self._run, daemon=True)

    def awaited(self) -> None:
        """Wait until it wakes us, and take all wake-ups that came together."""
        self.wakes.get(timeout=PATIENCE)

    def _run(self) -> None:
        self.ending = watch(
            lambda: connect_idle(self._imap, password=PASSWORD),
            "INBOX",
            wake=lambda: self.wakes.put("wake"),
            stop=self.stop,
            chance=lambda: 0.0,
            log=self._log,
            pause=lambda attempt, chance: timedelta(milliseconds=10),
            tick=timedelta(milliseconds=50),
            renewal=self._renewal,
        )

    def _log(self, event: str, /, **facts: object) -> None:
        if event == "idle.lost":
            self.losses.put(str(facts["cause"]))


@contextmanager
def watching(
    port: int, user: str, *, timeout: str = "10s", renewal: timedelta = timedelta(minutes=9)
) -> Iterator[Watching]:
    words = {"host": LOOPBACK, "port": port, "tls": "none", "user": user, "password": "env:X", "timeout": timeout}
    made = Watching(Imap.model_validate(words), renewal=renewal)
    made.thread.start()
    try:
        yield made
    finally:
        made.stop.set()
        made.thread.join(PATIENCE)
        assert not made.thread.is_alive()


@pytest.fixture(params=["pymap_server", "dovecot"])
def server(request: pytest.FixtureRequest) -> Dovecot | Pymap:
    found: Dovecot | Pymap = request.getfixturevalue(request.param)
    return found


def test_a_delivery_wakes(server: Dovecot | Pymap) -> None:
    user = server.fresh_user()
    with watching(server.imap_port, user) as watch:
        watch.awaited()
        for _ in range(2):
            server.deliver(user, MAIL)
            watch.awaited()
    assert watch.ending is Ending.STOPPED
    assert list(watch.losses.queue) == []


def test_a_connection_that_is_cut_comes_back_and_wakes(server: Dovecot | Pymap, fault_proxy: Proxies) -> None:
    user = server.fresh_user()
    proxy = fault_proxy(server.imap_port)
    with watching(proxy.port, user) as watch:
        watch.awaited()
        proxy.cut()
        assert "closed the connection" in watch.losses.get(timeout=PATIENCE)
        # This wake-up is for what may have arrived while nobody listened.
        watch.awaited()
        server.deliver(user, MAIL)
        watch.awaited()


def test_a_connection_that_the_network_swallowed_shows_at_the_renewal(
    server: Dovecot | Pymap, fault_proxy: Proxies
) -> None:
    user = server.fresh_user()
    proxy = fault_proxy(server.imap_port)
    with watching(proxy.port, user, timeout="1500ms", renewal=timedelta(milliseconds=100)) as watch:
        watch.awaited()
        proxy.swallow = True
        assert "no answer within 1.5 s" in watch.losses.get(timeout=PATIENCE)
        proxy.swallow = False
        watch.awaited()


def test_renewing_goes_unnoticed(server: Dovecot | Pymap) -> None:
    user = server.fresh_user()
    with watching(server.imap_port, user, renewal=timedelta(milliseconds=50)) as watch:
        watch.awaited()
        for _ in range(3):
            server.deliver(user, MAIL)
            watch.awaited()
    assert list(watch.losses.queue) == []


def test_idle_over_tls_wakes(dovecot: Dovecot) -> None:
    user = dovecot.fresh_user()
    imap = Imap.model_validate(
        {
            "host": LOOPBACK,
            "port": dovecot.imaps_port,
            "user": user,
            "password": "env:X",
            "ca_file": str(dovecot.certificates.authority),
        }
    )
    watch = Watching(imap)
    watch.thread.start()
    watch.awaited()
    dovecot.deliver(user, MAIL)
    watch.awaited()
    watch.stop.set()
    watch.thread.join(PATIENCE)
    assert watch.ending is Ending.STOPPED


def test_stopping_does_not_wait_for_a_dead_server(dovecot: Dovecot, fault_proxy: Proxies) -> None:
    proxy = fault_proxy(dovecot.imap_port)
    with watching(proxy.port, dovecot.fresh_user(), timeout="60s") as watch:
        watch.awaited()
        proxy.swallow = True
        watch.stop.set()
        # Far less than the minute that a goodbye to a silent server would take.
        watch.thread.join(PATIENCE)
        assert watch.ending is Ending.STOPPED


def test_a_server_without_idle_is_left_to_the_poll() -> None:
    with ScriptedImap() as server, watching(server.port, "ada") as watch:
        watch.thread.join(PATIENCE)
        assert watch.ending is Ending.UNSUPPORTED
        assert watch.wakes.empty()


class Script:
    """A connection that lives through so many waits, then is lost; `stop` is set when nothing is left to play."""

    def __init__(self, lives: list[int | str], stop: threading.Event) -> None:
        self._lives = lives
        self._stop = stop
        self._left = 0
        self.closed = 0

    def connect(self) -> IdleConnection:
        if not self._lives:
            self._stop.set()
            raise MailboxUnreachable("the play is over")
        life = self._lives.pop(0)
        if isinstance(life, str):
            raise LoginRefused(life)
        self._left = life
        return self

    def capabilities(self) -> tuple[str, ...]:
        return ("IDLE",)

    def begin(self, folder: str) -> None:
        """Listening costs nothing."""

    def wait(self, seconds: float) -> bool:
        if self._left == 0:
            raise MailboxUnreachable("lost")
        self._left -= 1
        return False

    def renew(self) -> bool:
        return False

    def close(self) -> None:
        self.closed += 1


def played(*lives: int | str) -> tuple[list[int], int]:
    """The attempts that were counted before each pause, and how often we were woken."""
    stop = threading.Event()
    script = Script(list(lives), stop)
    attempts: list[int] = []
    wakes: list[str] = []

    def pause(attempt: int, chance: float) -> timedelta:
        attempts.append(attempt)
        return timedelta(0)

    watch(script.connect, "INBOX", wake=lambda: wakes.append("wake"), stop=stop, chance=lambda: 0.5, pause=pause)
    assert script.closed == sum(isinstance(life, int) for life in lives)
    return attempts, len(wakes)


@pytest.mark.parametrize(
    ("lives", "attempts", "wakes"),
    [
        (["refused", "refused", "refused"], [1, 2, 3, 4], 0),
        ([5, 5], [1, 1, 2], 2),
        (["refused", 5, "refused"], [1, 1, 2, 3], 1),
        ([0, 0, 0], [1, 2, 3, 4], 3),
    ],
    ids=["never connects", "lasts", "recovers", "is accepted and dropped at once"],
)
def test_only_a_connection_that_lasted_resets_the_pause(
    lives: list[int | str], attempts: list[int], wakes: int
) -> None:
    assert played(*lives) == (attempts, wakes)
