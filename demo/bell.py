"""A bell that is rung whenever something happened, and the wait for what shall come true.

Nobody sleeps here: whoever waits looks, and looks again each time the bell rings.

Fails with: NotInTime, Broken.
"""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from domain.errors import DeskError

PATIENCE = 30.0

T = TypeVar("T")


class NotInTime(DeskError):
    """A step of the demo did not come true within its time limit."""


class Broken(DeskError):
    """What the demo stands on has ended."""


class Bell:
    """Rung by the servers and by the log of the daemon.  For several threads."""

    def __init__(self) -> None:
        self._rung = threading.Condition()
        self._count = 0
        self._broken = ""

    def ring(self) -> None:
        """Something happened: whoever waits shall look again."""
        with self._rung:
            self._count += 1
            self._rung.notify_all()

    def break_down(self, why: str) -> None:
        """Nothing will happen any more; whoever waits fails with WHY."""
        self._broken = why
        self.ring()

    def wait_for(self, what: str, look: Callable[[], T | None], *, seconds: float = PATIENCE) -> T:
        """The first thing that LOOK finds.

        Raises NotInTime after SECONDS, Broken where nothing can come any more.
        """
        end = time.monotonic() + seconds
        while True:
            heard = self._count
            found = look()
            if found:
                return found
            if self._broken:
                raise Broken(self._broken)
            if not self._waited(heard, end):
                raise NotInTime(f"{what}: not within {seconds:.0f} seconds")

    def _waited(self, heard: int, end: float) -> bool:
        """The bell was rung since HEARD, or is before END."""
        with self._rung:
            return self._rung.wait_for(lambda: self._count != heard, max(0.0, end - time.monotonic()))
