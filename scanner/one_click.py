"""The inlet for one click: a web server so small that it can only be asked to opt somebody out (RFC 8058).

    POST …/token   with List-Unsubscribe=One-Click: acts
    GET  …/token   shows a page with a button; programs that follow links to look at them change nothing
    HEAD …/token   like GET
    anything else  404, 405

It stands behind a reverse proxy, which brings https.  The last step of the path is the token, whatever the proxy
leaves of what is before it.

Promises: nothing of a request is repeated in its answer or in the log; there are no files; a request has so many
octets and so many seconds in all, and only so many are answered at once.

Fails with: EndpointUnusable, when it is made: the address cannot be had.
"""

import re
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from io import BufferedReader, RawIOBase
from socketserver import TCPServer
from threading import BoundedSemaphore, Thread
from typing import Any
from urllib.parse import parse_qs

from domain.errors import DeskError

AT_ONCE = 8
"""Requests that are answered at the same time; more are told to come again."""
SECONDS = 5.0
"""From the first octet of a request to the last of its answer."""
MOST_OCTETS = 16_000
"""Of a whole request."""
MOST_BODY = 2_000
LANGUAGES = 10

_ONE_CLICK = "One-Click"
_FIELD = "List-Unsubscribe"
# A form as multipart/form-data, which RFC 8058 (section 3.2) prefers; no program writes it in another way.
_IN_PARTS = re.compile(
    rb'content-disposition: *form-data; *name="?List-Unsubscribe"? *\r\n(?:[^\r\n]+\r\n)*\r\nOne-Click\r\n',
    re.IGNORECASE,
)
_BUSY = b"HTTP/1.0 503 Service Unavailable\r\nRetry-After: 10\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_FIXED = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Connection": "close",
}


class EndpointUnusable(DeskError):
    """The address that `unsubscribe.listen` names cannot be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """A request.  `token` is the last step of its path, `acts` says that it was a POST in due form."""

    token: str
    acts: bool
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """An answer: its status, and a page of HTML."""

    status: int
    html: str


class Endpoint(TCPServer):
    """Answers clicks.  Made, it has its address; `serve` answers until `close`."""

    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, host: str, port: int, *, answer: Callable[[Click], Page], seconds: float = SECONDS) -> None:
        self.answer = answer
        self.seconds = seconds
        self._free = BoundedSemaphore(AT_ONCE)
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            super().__init__((host, port), _Handler)
        except (OSError, UnicodeError) as cause:
            why = getattr(cause, "strerror", None) or cause
            raise EndpointUnusable(
                f"unsubscribe.listen: {host}:{port} cannot be had: {why}; name a free port of this machine"
            ) from cause

    @property
    def port(self) -> int:
        """The port that it really has."""
        return int(self.server_address[1])

    def serve(self) -> None:
        """Answer until `close`."""
        self.serve_forever(poll_interval=0.2)

    def close(self) -> None:
        """Answer nobody any more, and let those in hand come to an end; `serve` must have begun."""
        self.shutdown()
        self.server_close()
        for _ in range(AT_ONCE):
            self._free.acquire(timeout=self.seconds)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._free.acquire(blocking=False):
            self._refuse(request)
            return
        thread = Thread(target=self._answered, args=(request, client_address), name="one click", daemon=True)
        thread.start()

    def _refuse(self, request: socket.socket) -> None:
        request.settimeout(0.1)
        with suppress(OSError):
            request.sendall(_BUSY)
        self.shutdown_request(request)

    def _answered(self, request: socket.socket, client_address: Any) -> None:
        try:
            # Who hangs up or is too slow cannot be told anything.
            with suppress(OSError):
                self.finish_request(request, client_address)
        finally:
            self.shutdown_request(request)
            self._free.release()


class _Until(RawIOBase):
    """What a client sends, up to a moment and so many octets in all; whoever is too slow gets TimeoutError."""

    def __init__(self, connection: socket.socket, *, until: float) -> None:
        self._connection = connection
        self._until = until
        self._left = MOST_OCTETS

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        seconds = self._until - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        self._connection.settimeout(seconds)
        count = self._connection.recv_into(memoryview(buffer)[: self._left]) if self._left else 0
        self._left -= count
        return count


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Endpoint
    server_version = "helpdesk"
    sys_version = ""

    def setup(self) -> None:
        self.request.settimeout(self.server.seconds)
        super().setup()
        self.rfile = BufferedReader(_Until(self.connection, until=time.monotonic() + self.server.seconds))

    def do_GET(self) -> None:
        self._answer(acts=False)

    def do_HEAD(self) -> None:
        self._answer(acts=False)

    def do_POST(self) -> None:
        size = self.headers.get("Content-Length", "")
        if not (size.isascii() and size.isdecimal()):
            self.send_error(411)
        elif len(size) > 6 or int(size) > MOST_BODY:
            self.send_error(413)
        elif not _is_one_click(self.rfile.read(int(size))):
            self.send_error(400)
        else:
            self._answer(acts=True)

    def _answer(self, *, acts: bool) -> None:
        token = self.path.partition("?")[0].rpartition("/")[2]
        spoken = languages(self.headers.get("Accept-Language", ""))
        page = self.server.answer(Click(token=token, acts=acts, languages=spoken))
        self._send(page.status, "text/html; charset=utf-8", page.html)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """A refusal in words of our own: those of the library repeat what was asked."""
        status = 405 if code == 501 else code
        self._send(status, "text/plain; charset=utf-8", f"{status}\n")

    def _send(self, status: int, content_type: str, text: str) -> None:
        data = text.encode()
        self.send_response(status)
        for name, value in _FIXED.items():
            self.send_header(name, value)
        if status == 405:
            self.send_header("Allow", "GET, HEAD, POST")
        if status in (429, 503):
            self.send_header("Retry-After", "60")
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Nothing: what comes in from the web is not written down, what it brings about is."""


def languages(accepted: str) -> tuple[str, ...]:
    """The languages of an Accept-Language field (RFC 9110, section 12.5.4), the best first: `de-AT;q=0.8` is `de`."""
    found: list[tuple[float, str]] = []
    for item in accepted[:500].split(",")[:LANGUAGES]:
        name, _, weight = item.partition(";")
        match = re.fullmatch(r"\s*([A-Za-z]{2,3})(?:-[A-Za-z0-9-]{1,30})?\s*", name)
        quality = re.fullmatch(r"\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*", weight)
        if match:
            found.append((-float(quality[1]) if quality else -1.0, match[1].lower()))
    return tuple(dict.fromkeys(name for quality, name in sorted(found, key=lambda one: one[0]) if quality))


def _is_one_click(body: bytes) -> bool:
    """BODY is the form that RFC 8058 asks for, in either encoding."""
    if _IN_PARTS.search(body):
        return True
    try:
        return parse_qs(body.decode("ascii"), max_num_fields=5).get(_FIELD) == [_ONE_CLICK]
    except ValueError:
        return False
