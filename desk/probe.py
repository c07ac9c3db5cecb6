"""Whether a mail can be read without killing whoever reads it.

A mail that was in hand each time a process died may be the cause, or it was only there when somebody
pulled the plug.  A child process reads it alone: if the child lives, the mail is innocent.

Works where processes can fork; elsewhere every mail counts as guilty, as it would without this.
"""

import os
import signal
from collections.abc import Callable

from domain.message import Message, RawMail

SECONDS = 120


def survives(read: Callable[[RawMail], Message], raw: RawMail) -> str:
    """'' if a child process could read RAW; otherwise how the child ended."""
    if not hasattr(os, "fork"):
        return "it was in hand whenever a process died"
    child = os.fork()
    if child == 0:
        _read_and_leave(read, raw)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        return f"reading it ended a process with {name}"
    return ""


def _read_and_leave(read: Callable[[RawMail], Message], raw: RawMail) -> None:
    """In the child: read, and leave without touching anything that belongs to the parent."""
    try:
        # The default deed of SIGALRM ends the child: a reader that hangs counts as one that died.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(SECONDS)
        read(raw)
    except BaseException:
        # It raised and lives: the ordinary way deals with that.
        os._exit(1)
    os._exit(0)
