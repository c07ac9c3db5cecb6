"""An SMTP server that says exactly what the test wrote down, also what no decent server says."""

import socket
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import BinaryIO, Self

from tests.servers.ports import LOOPBACK

YES = ("220 desk", "250 desk", "250 2.1.0 Ok", "250 2.1.5 Ok", "354 go on", "250 2.0.0 Ok")


class ScriptedSmtp:
    """Takes one connection for each script; a script is the greeting and then the answers.

    The connection is closed when its script ends; after `HANG` it stays silent until the client goes.
    """

    HANG = "(nothing)"

    def __init__(self, *scripts: Sequence[str]) -> None:
        self.heard: list[list[str]] = []
        self._scripts = scripts
        self._socket = socket.create_server((LOOPBACK, 0))
        self._socket.settimeout(10)
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._thread.join(10)
        self._socket.close()

    def _run(self) -> None:
        for script in self._scripts:
            connection, _ = self._socket.accept()
            connection.settimeout(10)
            with connection, connection.makefile("rb") as lines:
                self.heard.append([])
                self._play(script, connection, lines)

    def _play(self, script: Sequence[str], connection: socket.socket, lines: BinaryIO) -> None:
        for reply in script:
            if reply == self.HANG:
                lines.read()
                return
            connection.sendall(f"{reply}\r\n".encode())
            if reply is script[-1]:
                return
            said = lines.readline()
            while reply.startswith("354") and said not in (b".\r\n", b""):
                said = lines.readline()
            self.heard[-1].append(said.decode().strip())
