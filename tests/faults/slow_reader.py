"""`helpdesk scan` with a reader that stumbles over marked mails, for tests of what that does to the others.

    python -m tests.faults.slow_reader CONFIG

A mail with KILL in it ends the process with SIGKILL, as a parser that takes all memory would.  A mail
with WAIT in it says so on the standard error and keeps the reader until the standard input ends.
"""

import os
import signal
import sys
from pathlib import Path

from commands import logs, roads
from commands.opening import now, opened_with
from desk.config import load
from desk.scan import MailboxScanner
from domain.message import Message, RawMail
from scanner.read import read

KILL, WAIT = b"poison-that-kills", b"riddle-that-takes-time"


def stumble(raw: RawMail) -> Message:
    """RAW, read, unless it is one of those."""
    if KILL in raw.data:
        os.kill(os.getpid(), signal.SIGKILL)
    if WAIT in raw.data:
        print("at the riddle", file=sys.stderr, flush=True)
        sys.stdin.read()
    return read(raw)


def main() -> None:
    """Scan the only mailbox once."""
    logs.set_up("text")
    config = load(Path(sys.argv[1]))
    with opened_with(config) as desk:
        scanner = MailboxScanner(desk, "support", roads.imap(config)["support"], read=stumble, clock=now)
        try:
            scanner.scan()
        finally:
            scanner.close()


if __name__ == "__main__":
    main()
