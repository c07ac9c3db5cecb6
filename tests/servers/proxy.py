"""A TCP proxy that fails on demand: cuts, swallows, slows down."""

import contextlib
import selectors
import socket
import threading
import time
from types import TracebackType
from typing import Self

from tests.servers.ports import LOOPBACK

_PIECE = 65536


class FaultProxy:
    """Passes connections on to PORT.

    `swallow`: both directions vanish without a word, as in a broken network.  `delay`: seconds that
    each piece is held back.  `cut_after(n)`: the connection ends after n more octets from the server.
    `refuse`: new connections end at once.
    """

    def __init__(self, port: int) -> None:
        self.target = port
        self.swallow = False
        self.refuse = False
        self.delay = 0.0
        self.connections = 0
        self._allowance: int | None = None
        self._peers: dict[socket.socket, socket.socket] = {}
        self._downstream: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self._wake, self._woken = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._thread = threading.Thread(target=self._run, name="fault-proxy", daemon=True)

    def __enter__(self) -> Self:
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._wake.close()
        self._thread.join(10)

    def cut(self) -> None:
        """End all connections now; new ones are passed on again."""
        with self._lock:
            for peer in self._peers:
                with contextlib.suppress(OSError):
                    peer.shutdown(socket.SHUT_RDWR)

    def cut_after(self, octets: int) -> None:
        """End the connection once the server has sent so many octets more; once."""
        self._allowance = octets

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._woken:
                    self._end()
                    return
                self._serve(key.fileobj)  # type: ignore[arg-type]

    def _serve(self, ready: socket.socket) -> None:
        if ready is self._listener:
            self._accept()
        elif ready in self._peers:
            self._pass_on(ready)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        self.connections += 1
        if self.refuse:
            client.close()
            return
        try:
            server = socket.create_connection((LOOPBACK, self.target), timeout=5)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        with self._lock:
            self._peers |= {client: server, server: client}
        self._downstream.add(server)
        self._selector.register(client, selectors.EVENT_READ)
        self._selector.register(server, selectors.EVENT_READ)

    def _pass_on(self, source: socket.socket) -> None:
        try:
            piece = source.recv(_PIECE)
        except OSError:
            piece = b""
        if self.swallow and piece:
            return
        if self.delay:
            time.sleep(self.delay)
        is_last = not piece
        if source in self._downstream and self._allowance is not None:
            is_last = is_last or len(piece) >= self._allowance
            piece = piece[: self._allowance]
            self._allowance = None if is_last else self._allowance - len(piece)
        with contextlib.suppress(OSError):
            self._peers[source].sendall(piece)
        if is_last:
            self._close(source)

    def _close(self, source: socket.socket) -> None:
        with self._lock:
            other = self._peers.pop(source)
            self._peers.pop(other)
        for end in (source, other):
            self._downstream.discard(end)
            self._selector.unregister(end)
            end.close()

    def _end(self) -> None:
        for source in tuple(self._peers):
            if source in self._peers:
                self._close(source)
        self._selector.close()
        self._listener.close()
        self._woken.close()
