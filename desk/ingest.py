"""One mail that came by a pipe or a file, through the same journal.

Its position is the SHA-256 of its bytes, so the same bytes handed over again are one mail.  When
this returns, the mail is decided and committed, or it is stored and will be taken up.
"""

import hashlib
from datetime import datetime, timedelta

from desk.desk import Desk
from desk.receive import Read, Received, Round, receive
from domain.errors import DeskError
from domain.intake import Arrival, Intake, State

PATIENCE = timedelta(minutes=1)


class NotAMail(DeskError):
    """What was handed over is no mail at all."""


def source(mailbox: str) -> str:
    """Under which name the journal keeps mail that was handed over for MAILBOX."""
    return f"ingest/{mailbox}"


def ingest(desk: Desk, data: bytes, *, mailbox: str, read: Read, now: datetime) -> tuple[Intake, Received | None]:
    """Take one mail in; its journal row, and what became of it if it came to an end now.

    Raises NotAMail for nothing at all, StoreUnusable and TemporaryFailure where it must be handed
    over again.
    """
    if not data.strip():
        raise NotAMail("there is no mail: the input is empty")
    data = without_envelope(data)
    position = hashlib.sha256(data).hexdigest()
    with desk.store.act() as view:
        view.journal.arrive(
            [Arrival(source=source(mailbox), position=position, mailbox=mailbox, size=len(data), arrived=now)], now=now
        )
        row = view.journal.at(source(mailbox), position)
        assert row is not None
        if row.state is State.LISTED:
            view.journal.store({row.id: view.blobs.put(data)})
    done = receive(desk, source(mailbox), read=read, now=now, only=row.id)
    file_ingested(desk, mailbox)
    with desk.store.reading() as view:
        row = view.journal.get(row.id)
        assert row is not None
    return row, next(iter(done.received), None)


def receive_left(desk: Desk, mailbox: str, *, read: Read, now: datetime) -> Round:
    """Take up some of what was handed over earlier and did not come to its end.

    Younger mails may be in the hands of the process that they were handed to.
    """
    return receive(desk, source(mailbox), read=read, now=now, listed_before=now - PATIENCE)


def file_ingested(desk: Desk, mailbox: str) -> None:
    """Bring what is decided to its end: there is no server to file it on."""
    with desk.store.reading() as view:
        done = view.journal.to_file(source(mailbox), "", uidvalidity=0)
    if done:
        with desk.store.act() as view:
            view.journal.filed([row.id for row in done])


def without_envelope(data: bytes) -> bytes:
    """DATA without the mbox line `From sender date` that some transports put in front (RFC 4155)."""
    if data.startswith(b"From "):
        return data.partition(b"\n")[2]
    return data
