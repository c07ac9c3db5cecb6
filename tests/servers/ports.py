"""Free loopback ports, and waiting for a server to answer on one."""

import socket
import time

LOOPBACK = "127.0.0.1"


def free_port(address: str = LOOPBACK) -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int, *, within: float = 10.0) -> bool:
    """Something accepts connections on PORT, now or WITHIN so many seconds."""
    last = time.monotonic() + within
    while True:
        try:
            socket.create_connection((LOOPBACK, port), timeout=1).close()
            return True
        except OSError:
            if time.monotonic() >= last:
                return False
            time.sleep(0.02)
