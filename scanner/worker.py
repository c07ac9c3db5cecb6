"""Reading hostile mail at arm's length: in a process of its own, with limits on time and memory.

An ordinary mail is read here and now.  One that is out of the ordinary (a cheap look at its
octets decides) goes to a child that is started once and kept warm.  When it takes too long, dies or wants
too much memory, it is killed and replaced, and the mail gives a Message of its header alone, with
a defect that says so.  The files of such a mail are taken out there, too.  A child that is left alone ends by itself.

Safe to call from several threads, one mail at a time.  Never raises but for files; Linux and other POSIX systems.
"""

import logging
import math
import os
import pickle
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from domain.errors import NotFound
from domain.message import Message, RawMail
from domain.settings import Limits
from scanner.aside import shortened
from scanner.read import attachments, read, read_header

DEFAULT = Limits()
START = 30.0
"""Seconds that a child may take to be ready."""
MAILS = 200
"""Mails after which a child is replaced, so that what it gathered is given back."""

ORDINARY_SIZE = 60_000_000
"""Octets: a larger one is beyond most limits of size anyway."""
LARGE = 1_000_000
"""Octets: of a larger mail only what the parser gets of it is looked at for its structure."""
ORDINARY_HEADER = 32_000
ORDINARY_PARTS = 200
ORDINARY_CONTAINERS = 20
ORDINARY_WORDS = 300
ORDINARY_TAGS = 20_000
ORDINARY_MARKS = 2_000
ORDINARY_LINE = 200_000

_LENGTH = struct.Struct(">Q")
_READY = b"r"
# The program that unpacks it is old, and in Python.
_PACKED = (b"application/ms-tnef", b"vnd.ms-tnef", b"winmail.dat")
_ROOT = Path(__file__).resolve().parent.parent

# A mail to be read, or one whose files with these indices are to be taken out.
_Asked = RawMail | tuple[bytes, tuple[int, ...]]
_Answer = Message | tuple[bytes, ...] | None
_DEATHS = (OSError, EOFError, pickle.UnpicklingError, ValueError, AttributeError, ImportError)

log = logging.getLogger("helpdesk.scanner")


def out_of_the_ordinary(data: bytes) -> str:
    """Why the mail is better read at arm's length, '' for an ordinary one.  Linear, and cheap."""
    if len(data) > ORDINARY_SIZE:
        return "size"
    end = max(data.find(b"\n\n", 0, ORDINARY_HEADER), data.find(b"\n\r\n", 0, ORDINARY_HEADER))
    if end < 0 and len(data) > ORDINARY_HEADER:
        return "length of the header"
    if data.count(b"=?", 0, ORDINARY_HEADER) > ORDINARY_WORDS:
        return "number of encoded words"
    if data.count(b"\n--") > ORDINARY_PARTS:
        return "number of parts"
    if data.count(b"<") > ORDINARY_TAGS:
        return "size of its HTML"
    if not data.isascii() and data.count(b"\xcc") + data.count(b"\xcd") > ORDINARY_MARKS:
        return "number of combining marks"
    folded = (data if len(data) <= LARGE else shortened(data)[0].encode("utf-8", "surrogateescape")).lower()
    if folded.count(b"multipart/") + folded.count(b"message/rfc822") > ORDINARY_CONTAINERS:
        return "nesting"
    if any(sign in folded for sign in _PACKED):
        return "winmail.dat"
    return "length of a line" if _has_long_line(data) else ""


def _has_long_line(data: bytes) -> bool:
    place = 0
    while place + ORDINARY_LINE < len(data):
        end = data.rfind(b"\n", place, place + ORDINARY_LINE)
        if end < 0:
            return True
        place = end + 1
    return False


class SafeReader:
    """Reads mail so that no mail can hang, crash or fill the process that asks.

    `limits` are those of config.yaml.  `command` starts a child: it is called with the number of a socket
    as its last argument.  Close the reader when the daemon stops.
    """

    def __init__(
        self,
        *,
        limits: Limits = DEFAULT,
        command: Sequence[str] = (),
        is_odd: Callable[[bytes], str] = out_of_the_ordinary,
    ) -> None:
        self._limits = limits
        self._seconds = limits.reading_time.total_seconds()
        self._command = tuple(command) or (sys.executable, "-m", "scanner.worker")
        self._is_odd = is_odd
        self._lock = threading.Lock()
        self._child: _Child | None = None

    def __call__(self, raw: RawMail) -> Message:
        return self.read(raw)

    def read(self, raw: RawMail) -> Message:
        """The mail as a value; of one that cannot be read within the limits only the header."""
        return self._at_arms_length(raw) if self._is_odd(raw.data) else read(raw, self._limits)

    def files(self, data: bytes, indices: Sequence[int]) -> tuple[bytes, ...]:
        """The decoded octets of these attachments, out of a raw mail.  Raises NotFound where they cannot be had."""
        if not (indices and self._is_odd(data)):
            return attachments(data, indices)
        with self._lock:
            for _ in range(2):
                try:
                    found = self._asked((data, tuple(indices)))
                except TimeoutError:
                    break
                except _DEATHS:
                    self._stop()
                    continue
                if not isinstance(found, tuple):
                    raise NotFound("a file of the mail cannot be read")
                return found
            self._stop()
        log.warning("mail.files_unreadable size=%d", len(data))
        raise NotFound(f"the files of the mail could not be read within {self._seconds:g} s")

    def use(self, limits: Limits) -> None:
        """Go by other limits from the next mail on."""
        with self._lock:
            if limits != self._limits:
                self._limits, self._seconds = limits, limits.reading_time.total_seconds()
                self._stop()

    def alone(self, raw: RawMail) -> Message:
        """The mail as a value, read here and now whatever it is; for a process that is itself at arm's length."""
        return read(raw, self._limits)

    def close(self) -> None:
        """End the child, if there is one.  The reader may be used again afterwards."""
        with self._lock:
            self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _at_arms_length(self, raw: RawMail) -> Message:
        because = "reading ended in the middle: only the header was read"
        with self._lock:
            # Twice, since the child may have died on its own; a mail that kills it does so again.
            for _ in range(2):
                try:
                    message = self._asked(raw)
                    if isinstance(message, Message):
                        return message
                    self._stop()
                except TimeoutError:
                    because = f"reading took longer than {self._seconds:g} s: only the header was read"
                    break
                except _DEATHS:
                    self._stop()
            self._stop()
        log.warning("mail.unreadable size=%d because=%r", raw.size, because)
        return read_header(raw, because)

    def _asked(self, what: _Asked) -> _Answer:
        if self._child is None:
            self._child = _Child(self._command, self._seconds, self._limits.reading_memory)
        answer = self._child.ask(what, self._limits, self._seconds)
        if self._child.mails >= MAILS:
            self._stop()
        return answer

    def _stop(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None


class _Child:
    """One child process and the socket to it."""

    def __init__(self, command: Sequence[str], seconds: float, memory: int) -> None:
        self.mails = 0
        self._socket, other = socket.socketpair()
        path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH", ""))))
        with other:
            self._process = subprocess.Popen(
                [*command, str(seconds), str(memory), str(other.fileno())],
                pass_fds=[other.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": path},
            )

    def ask(self, what: _Asked, limits: Limits, seconds: float) -> _Answer:
        """What the child reads in a mail, None where files are not in it.  Raises TimeoutError, or OSError and EOFError
        if it died."""
        if not self.mails:
            _exactly(self._socket, len(_READY), time.monotonic() + START)
        until = time.monotonic() + seconds
        self.mails += 1
        # The octets by themselves: there are many, and pickle would copy them twice.
        data, question = (
            (memoryview(what.data)[: limits.mail_size + 1], replace(what, data=b""))
            if isinstance(what, RawMail)
            else what
        )
        _send(self._socket, pickle.dumps((question, limits)), until)
        _send(self._socket, memoryview(data)[: limits.mail_size + 1], until)
        answer = pickle.loads(_received(self._socket, until))
        if not isinstance(answer, Message | tuple | None):
            raise EOFError("neither a Message nor files came back")
        return answer

    def end(self) -> None:
        """Kill the process and leave no zombie."""
        self._socket.close()
        self._process.kill()
        self._process.wait()


def _send(to: socket.socket, octets: bytes | memoryview, until: float) -> None:
    to.settimeout(_left(until))
    to.sendall(_LENGTH.pack(len(octets)))
    to.sendall(octets)


def _received(of: socket.socket, until: float) -> bytes:
    (length,) = _LENGTH.unpack(_exactly(of, _LENGTH.size, until))
    return _exactly(of, length, until)


def _exactly(of: socket.socket, length: int, until: float) -> bytes:
    pieces: list[bytes] = []
    missing = length
    while missing:
        of.settimeout(_left(until))
        piece = of.recv(min(missing, 1 << 20))
        if not piece:
            raise EOFError("the reader is gone")
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


def _left(until: float) -> float | None:
    return None if until == math.inf else max(0.001, until - time.monotonic())


def serve(seconds: float, memory: int, number: int) -> None:
    """Read mails that come over socket NUMBER until it is closed.  The life of the child."""
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # They are meant for the parent, which ends us by closing the socket.
        signal.signal(one, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _warm_up()
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    with socket.socket(fileno=number) as parent, suppress(EOFError, OSError):
        parent.sendall(_READY)
        while True:
            question, limits = pickle.loads(_received(parent, math.inf))
            data = _received(parent, math.inf)
            _limit_cpu(seconds)
            _send(parent, pickle.dumps(_answer(question, data, limits)), math.inf)


def _answer(question: RawMail | tuple[int, ...], data: bytes, limits: Limits) -> _Answer:
    """The Message in DATA, where QUESTION is a mail without its octets; else the files with these indices."""
    return read(replace(question, data=data), limits) if isinstance(question, RawMail) else _files(data, question)


def _files(data: bytes, indices: tuple[int, ...]) -> tuple[bytes, ...] | None:
    with suppress(NotFound):
        return attachments(data, indices)
    return None


def _warm_up() -> None:
    """Import everything that the reader imports late, before memory is limited."""
    mail = b"From: a@x.example\nSubject: Re: a\nContent-Type: text/html\n\n<p>On Monday you wrote: <b>a</b></p>"
    read(RawMail(data=mail, size=len(mail)))


def _limit_cpu(seconds: float) -> None:
    # If the parent was killed in the meantime nobody else stops us.
    used = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime + seconds) + 10, resource.RLIM_INFINITY))


if __name__ == "__main__":
    serve(float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
