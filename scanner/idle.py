"""Listening for mail: a thread of its own, on a connection of its own (RFC 2177).

`watch()` calls `wake` when the folder gets mail, and once each time it begins to listen: what
arrived before that moment is found by the scan that it causes, what arrives later is announced.  The
poll stays as the net below, so nothing depends on a wake-up.

IDLE is renewed well before the 29 minutes of RFC 2177.  A connection that was cut is noticed at
once; one that was swallowed by the network is noticed at the renewal, after the read timeout.
Either is tried again, ever more slowly.

Fails with: nothing.  It ends when it is told to stop or when the server cannot IDLE, and says which.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from enum import StrEnum
from threading import Event
from typing import Protocol

from domain.errors import DeskError
from scanner.backoff import delay

# How long `stop` may go unnoticed.
TICK = timedelta(milliseconds=500)
RENEWAL = timedelta(minutes=9)


class Ending(StrEnum):
    """Why the watch ended."""

    STOPPED = "stopped"
    UNSUPPORTED = "the server has no IDLE; the poll remains"


class IdleConnection(Protocol):
    """A connection that only listens.  Every method raises MailboxUnreachable when it is lost."""

    def capabilities(self) -> tuple[str, ...]:
        """What the server says it can do, in capitals."""

    def begin(self, folder: str) -> None:
        """Open FOLDER for reading only and listen."""

    def wait(self, seconds: float) -> bool:
        """Within SECONDS the server said something, or hung up: `renew` tells what."""

    def renew(self) -> bool:
        """End this IDLE and begin the next; mail has arrived.  A dead connection shows here."""

    def close(self) -> None:
        """Hang up, at once and without failing."""


class IdleLog(Protocol):
    """Where the watch tells what happens: `idle.began`, `idle.lost`."""

    def __call__(self, event: str, /, **facts: object) -> None:
        """Write down EVENT."""


def silent(event: str, /, **facts: object) -> None:
    """Write down nothing."""


def watch(
    connect_idle: Callable[[], IdleConnection],
    folder: str,
    *,
    wake: Callable[[], None],
    stop: Event,
    chance: Callable[[], float],
    log: IdleLog = silent,
    pause: Callable[[int, float], timedelta] = lambda attempt, chance: delay(attempt, chance=chance),
    tick: timedelta = TICK,
    renewal: timedelta = RENEWAL,
) -> Ending:
    """Call WAKE for mail in FOLDER until STOP is set; why it ended.

    CHANCE gives random numbers in [0, 1); PAUSE the wait before an attempt.
    """
    attempt = 0
    while not stop.is_set():
        try:
            with closing(connect_idle()) as connection:
                if "IDLE" not in connection.capabilities():
                    return Ending.UNSUPPORTED
                connection.begin(folder)
                log("idle.began", folder=folder)
                # Only a connection that lasted counts as recovered, not one that was merely accepted.
                for _ in _listen(connection, wake=wake, stop=stop, tick=tick, renewal=renewal):
                    attempt = 0
        except DeskError as failure:
            # Beside the server's failures that of a password that is not where it should be.
            attempt += 1
            wait = pause(attempt, chance())
            log("idle.lost", folder=folder, cause=str(failure), again_in=wait)
            stop.wait(wait.total_seconds())
    return Ending.STOPPED


def _listen(
    connection: IdleConnection, *, wake: Callable[[], None], stop: Event, tick: timedelta, renewal: timedelta
) -> Iterator[None]:
    """Wake and yield until STOP is set or the connection is lost.

    Waits are counted, not timed: each lasts a tick or less, so the renewal is never late.
    """
    waits = max(1, renewal // tick)
    wake()
    while not stop.is_set():
        for _ in range(waits):
            if connection.wait(tick.total_seconds()):
                break
            if stop.is_set():
                return
            yield
        if connection.renew():
            wake()
