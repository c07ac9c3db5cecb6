"""An SMTP server that is only memory: `SmtpSender` without a network, under the same contract.

Refusals are scripted by recipient; everything else is taken and kept in order.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from domain.errors import TemporaryFailure
from domain.letter import Letter
from domain.people import address_key
from notifier.answers import refusal
from notifier.sender import nothing

ACCEPTED = "250 2.0.0 Ok"


@dataclass(slots=True)
class _Refusal:
    reply: str
    times: int


class MemorySmtp:
    """Takes letters and keeps them; refuses what it was told to refuse."""

    def __init__(self) -> None:
        self._sent: list[Letter] = []
        self._refusals: dict[str, list[_Refusal]] = {}

    @property
    def sent(self) -> Sequence[Letter]:
        """The letters taken so far, in order."""
        return tuple(self._sent)

    def refuse(self, address: str, reply: str, *, times: int = 1) -> None:
        """Answer the next TIMES letters to ADDRESS with REPLY, such as `451 4.7.1 greylisted`.

        An empty reply is a connection that breaks.
        """
        self._refusals.setdefault(address_key(address), []).append(_Refusal(reply, times))

    def send(self, letter: Letter, *, meanwhile: Callable[[], object] = nothing) -> str:
        """`250 2.0.0 Ok`.  Raises what the scripted reply means: TemporaryFailure or PermanentFailure."""
        waiting = self._refusals.get(address_key(letter.envelope_to), [])
        if not waiting:
            self._sent.append(letter)
            meanwhile()
            return ACCEPTED
        next_one = waiting[0]
        next_one.times -= 1
        if next_one.times <= 0:
            waiting.pop(0)
        if not next_one.reply:
            raise TemporaryFailure("SMTP in memory: the connection broke")
        raise refusal(int(next_one.reply[:3]), next_one.reply, "RCPT")

    def close(self) -> None:
        """Nothing to let go of."""
