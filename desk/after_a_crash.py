"""After a crash: telling a mail that kills from one that was only there when somebody pulled the plug.

A mail that was in hand each time a process died may be the cause, or not.  A child process reads
it alone: if the child dies, the mail is quarantined; if it lives, the mail is taken up once more.
And because the first mail of a process takes ten times as long as the next, which makes it the
likeliest to be in hand at the next death too, everything is rehearsed before it is its turn.

Where processes cannot fork, the count of attempts alone decides.
"""

import logging
import os
import resource
import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from desk import log
from desk.desk import Desk
from desk.receive import Mail, Read, in_savepoint
from domain.errors import NotFound, StoreUnusable, TemporaryFailure
from domain.intake import Arrival, Intake
from domain.message import RawMail
from scanner.content_key import content_key

# Of work, and of waiting: a child that hangs without working waits for a lock that another thread
# held when it was forked, which is not the mail's fault.
CPU_SECONDS = 60
WALL_SECONDS = 120

_log = logging.getLogger("helpdesk.desk")
_SAMPLE = (
    b"From: <rehearsal@desk.invalid>\r\nSubject: Rehearsal\r\nMessage-ID: <rehearsal@desk.invalid>\r\n"
    b"In-Reply-To: <none@desk.invalid>\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Rehearsal</p>\r\n"
)


class _TakenBack(Exception):
    """The rehearsal is over; its transaction is rolled back."""


def after_a_crash(
    desk: Desk, source: str, *, mailbox: str, read: Read, now: datetime, hold: Callable[[], None] = lambda: None
) -> None:
    """Judge the mails of SOURCE that were in hand when a process died.  HOLD keeps the lease meanwhile."""
    with desk.store.reading() as view:
        if not view.journal.was_in_hand(source):
            return
        suspects = view.journal.suspects(source, attempts=desk.settings.limits.attempts)
    _rehearse(desk, source, mailbox=mailbox, read=read, now=now)
    for row in suspects:
        hold()
        _judge(desk, row, read=read)


def _judge(desk: Desk, row: Intake, *, read: Read) -> None:
    try:
        with desk.store.reading() as view:
            data = view.blobs.get(row.blob or "")
    except NotFound:
        # The ordinary way says so, in its turn.
        return
    # A reader with a child of its own shares it with this process; the forked one reads by itself.
    alone: Read = getattr(read, "alone", read)
    guilt = death_by(alone, RawMail(data=data[: desk.settings.limits.mail_size], size=row.size, arrived=row.arrived))
    with desk.store.act() as view:
        if guilt:
            view.journal.quarantine(row, because=guilt)
        else:
            view.journal.forgive(row)
    if guilt:
        log.mail_quarantined(row)


def _rehearse(desk: Desk, source: str, *, mailbox: str, read: Read, now: datetime) -> None:
    """Carry a made-up mail through everything and take it back."""
    raw = RawMail(data=_SAMPLE, size=len(_SAMPLE))
    try:
        message, key = read(raw), content_key(_SAMPLE)
        with suppress(_TakenBack), desk.store.act() as view:
            arrival = Arrival(source=f"rehearsal/{source}", position=key, mailbox=mailbox, size=raw.size)
            view.journal.arrive([arrival], now=now)
            row = view.journal.at(arrival.source, key)
            assert row is not None
            view.journal.store({row.id: view.blobs.put(_SAMPLE)})
            claim = view.journal.claim(arrival.source, limit=1, attempts=1)
            in_savepoint(desk, view, Mail(row=claim.taken[0], message=message, key=key), now=now)
            raise _TakenBack
    except (StoreUnusable, TemporaryFailure):
        raise
    except Exception:
        # A rehearsal that goes wrong must not keep the real mails waiting; they will show what it was.
        _log.exception("%-15s source=%s", "daemon.mistake", source)


def death_by(read: Read, raw: RawMail) -> str:
    """How a child process died of reading RAW; '' if it lived, or died of something else."""
    if not hasattr(os, "fork"):
        return "it was in hand whenever a process died"
    child = os.fork()
    if child == 0:
        _read_and_leave(read, raw)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status) or os.WTERMSIG(status) == signal.SIGALRM:
        return ""
    return f"reading it ended a process with {signal.Signals(os.WTERMSIG(status)).name}"


def _read_and_leave(read: Read, raw: RawMail) -> None:
    """In the child: read, and leave without touching anything that belongs to the parent."""
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(WALL_SECONDS)
        read(raw)
    except BaseException:
        # It raised and lives: the ordinary way deals with that.
        os._exit(1)
    os._exit(0)
