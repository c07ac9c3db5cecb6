"""The road of one letter: what `smtp.SmtpSender` and `memory.MemorySmtp` have in common."""

from typing import Protocol

from domain.letter import Letter


class Sender(Protocol):
    """Whatever takes a finished letter."""

    def send(self, letter: Letter) -> str:
        """The server's final words, such as `250 2.0.0 Ok`: from now on the letter is the server's.

        Raises TemporaryFailure where waiting may help, PermanentFailure where it does not.
        """

    def close(self) -> None:
        """Let go of the connection; the next letter makes a new one."""
