"""Interrupts that wait: a process or thread that was just started must be in somebody's hand first."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Signals wait until it is over, and then take effect.  For the main thread, and for moments only."""
    waiting: list[int] = []

    def later(number: int, _: FrameType | None) -> None:
        waiting.append(number)

    before = {name: signal.signal(name, later) for name in SIGNALS}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
        for number in waiting[:1]:
            signal.raise_signal(number)
