"""An IMAP server that says what a test tells it to: for answers that no honest server gives."""

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from tests.servers.ports import LOOPBACK

Answer = Callable[[str], str | None]


class ScriptedImap:
    """Greets with GREETING and answers each command line by ANSWER.

    ANSWER gets the command without its tag and gives the answer's lines, in which `{tag}` stands
    for the tag; None hangs up.  LOGIN, CAPABILITY, SELECT and the like are answered as usual where
    it gives ''.  `lines` holds all that came in.
    """

    def __init__(
        self, answer: Answer = lambda _: "", *, greeting: str = "* OK ready", capabilities: str = "IMAP4rev1"
    ) -> None:
        self.lines: list[str] = []
        self._answer = answer
        self._greeting = greeting
        self._usual = {
            "CAPABILITY": f"* CAPABILITY {capabilities}\r\n{{tag}} OK done",
            "SELECT": "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 4] ok\r\n{tag} OK [READ-WRITE] done",
            "LOGOUT": "* BYE\r\n{tag} OK done",
        }
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self._connection: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name="scripted-imap", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for end in (self._listener, self._connection):
            if end is not None:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._listener.close()

    def _run(self) -> None:
        while True:
            try:
                self._connection, _ = self._listener.accept()
            except OSError:
                return
            with self._connection as connection, contextlib.suppress(OSError):
                self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        connection.sendall(self._greeting.encode() + b"\r\n")
        with connection.makefile("rb") as lines:
            for line in lines:
                tag, _, command = line.decode("utf-8").strip().partition(" ")
                self.lines.append(command)
                said = self._answer(command)
                if said is None:
                    return
                said = said or self._usual.get(command.split()[0].upper(), "{tag} OK done")
                connection.sendall(said.replace("{tag}", tag).encode("latin-1") + b"\r\n")
