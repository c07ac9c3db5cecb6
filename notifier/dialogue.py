"""The commands that hand over one letter: MAIL, RCPT, DATA, and the octets (RFC 5321, section 3.3).

A server that offers PIPELINING (RFC 2920) gets the first three in one packet, any other one after the other.
Each answer is read for its own command, also those that come after a refusal, so that the connection stays
usable.  The octets leave only where the server asked for them.

Fails with: OSError and SMTPException where the connection breaks.
"""

import re
import smtplib
from collections import deque
from collections.abc import Sequence

_LINE_START = re.compile(rb"(?m)^\.")
_NOTHING = b".\r\n"
OCTETS_PLEASE = 354

Answer = tuple[int, bytes]


class Dialogue:
    """The handing over of one letter.  Nothing is said before the first answer is asked for."""

    def __init__(self, connection: smtplib.SMTP, *, sender: str, recipient: str, options: Sequence[str]) -> None:
        self._connection = connection
        commands = (" ".join((f"MAIL FROM:<{sender}>", *options)), f"RCPT TO:<{recipient}>", "DATA")
        self._commands = deque(f"{command}\r\n".encode() for command in commands)
        self._together = connection.has_extn("pipelining")
        self._owed = 0

    def answer(self) -> Answer:
        """What the server says to the next command: MAIL, RCPT, DATA in turn."""
        if not self._owed:
            said = list(self._commands) if self._together else [self._commands[0]]
            self._connection.send(b"".join(said))
            self._owed = len(said)
        self._commands.popleft()
        self._owed -= 1
        return self._connection.getreply()

    def write(self, data: bytes) -> None:
        """Send the octets, after a yes to DATA; `last` has the answer."""
        end = b"" if data.endswith(b"\r\n") else b"\r\n"
        self._connection.send(_LINE_START.sub(b"..", data) + end + _NOTHING)

    def last(self) -> Answer:
        """What the server says to the letter."""
        return self._connection.getreply()

    def give_up(self) -> None:
        """Read what the server still has to say to the commands after one that it refused.

        Where it wants octets all the same, it gets none: without a recipient they go to nobody.
        """
        while self._owed:
            self._owed -= 1
            code, _ = self._connection.getreply()
            if code == OCTETS_PLEASE:
                self._connection.send(_NOTHING)
                self._connection.getreply()
