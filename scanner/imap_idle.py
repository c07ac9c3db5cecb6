"""Listening on an IMAP server (RFC 2177): the connection behind `scanner.idle.watch`.

Promises: folders are opened for reading only; answers are read only when an IDLE has been ended, so
none is read by halves.

Fails with: LoginRefused, FolderMissing, MailboxUnreachable, each one line.
"""

import select
import socket
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from domain.errors import FolderMissing, MailboxUnreachable
from domain.settings import Imap
from scanner.line import Line, Refused

_T = TypeVar("_T")


def connect_idle(imap: Imap, *, password: str) -> "ImapIdle":
    """A logged-in connection that only listens.  Raises LoginRefused or MailboxUnreachable."""
    return ImapIdle(Line(imap, password))


class ImapIdle:
    """A connection that listens for mail (RFC 2177); see `scanner.idle.IdleConnection`."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def capabilities(self) -> tuple[str, ...]:
        """What the server says it can do after the login."""
        return self._line.capabilities

    def begin(self, folder: str) -> None:
        """Open FOLDER for reading only and listen."""
        try:
            self._line.ask(f"opening folder {folder}", lambda client: client.select_folder(folder, readonly=True))
        except Refused as refused:
            raise FolderMissing(f"{self._line.where}: folder {folder} cannot be watched: {refused.said}") from refused
        self._idle()

    def wait(self, seconds: float) -> bool:
        """Within SECONDS the server said something, or hung up."""
        return self._line.ask("waiting for mail", lambda client: _is_readable(client.socket(), seconds))

    def renew(self) -> bool:
        """End this IDLE and begin the next; mail has arrived.  A dead connection shows here.

        Answers are read here only, after DONE: imapclient's idle_check() answers nothing at once
        when the connection has ended, and breaks on a line of which only half is there yet.
        """
        _, answers = self._surely(lambda client: client.idle_done())
        self._idle()
        return _has_news(answers)

    def close(self) -> None:
        """Hang up.  A goodbye would have to wait for an answer, and stopping must be prompt."""
        self._line.drop()

    def _idle(self) -> None:
        self._surely(lambda client: client.idle())

    def _surely(self, command: Callable[[Any], _T]) -> _T:
        try:
            return self._line.ask("waiting for mail", command)
        except Refused as refused:
            self._line.drop()
            raise MailboxUnreachable(f"{self._line.where}: the server ended IDLE: {refused.said}") from refused


def _is_readable(connection: socket.socket, seconds: float) -> bool:
    poller = select.poll()
    poller.register(connection, select.POLLIN)
    return bool(poller.poll(seconds * 1000))


def _has_news(answers: Iterable[Any]) -> bool:
    # New mail always brings EXISTS.  RECENT may come from our own scan's SELECT: an endless circle.
    return any(len(answer) > 1 and answer[1] == b"EXISTS" for answer in answers)
