"""The road of one letter: what `smtp.SmtpSender`, `memory.MemorySmtp` and the sandbox have in common.

Why a letter was not taken says who has to wait for what; each is a type of its own.
"""

from collections.abc import Callable
from typing import Protocol

from domain.errors import PermanentFailure, TemporaryFailure
from domain.letter import Letter, LetterFacts


class Greylisted(TemporaryFailure):
    """The recipient's server wants to see the letter a second time, some minutes later."""


class OurFault(TemporaryFailure):
    """The letter was refused for a reason that only the administrator can mend: it waits until it is mended."""


class ServerAway(TemporaryFailure):
    """The server takes no letter at this time, whichever it is: all of them wait."""


class LockedOut(ServerAway, OurFault):
    """The server does not let us in: login, certificate or encryption are wrong."""


class NoSuchAddress(PermanentFailure):
    """The recipient's address takes no letters, whatever they say."""


class TooLarge(PermanentFailure):
    """The letter is larger than the server takes.  `limit`: what it takes, in octets; None where it did not say."""

    def __init__(self, text: str, *, limit: int | None = None) -> None:
        self.limit = limit
        super().__init__(text)


def nothing() -> None:
    """Nothing happens."""


class Sender(Protocol):
    """Whatever takes a finished letter."""

    def send(self, letter: Letter, *, meanwhile: Callable[[], object] = nothing) -> str:
        """The server's final words, such as `250 2.0.0 Ok`: from now on the letter is the server's.

        MEANWHILE, which must not fail, may be called once while the server considers its answer.
        Raises TemporaryFailure where waiting may help, PermanentFailure where it does not.
        """

    def close(self) -> None:
        """Let go of the connection; the next letter makes a new one."""


class Writing(Protocol):
    """Whatever makes finished letters of facts."""

    def compose(self, facts: LetterFacts) -> Letter:
        """The finished letter.  Raises PermanentFailure, or DeskError where mending its template helps."""
