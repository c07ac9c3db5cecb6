"""The journal of mails: what became of each, from the moment it was seen on the server.

    listed → stored → done → filed        or quarantined, until a person decides

Every mail ends with exactly one outcome, and none is forgotten on the way.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    LISTED = "listed"  # seen on the server
    STORED = "stored"  # its bytes are in the database
    DONE = "done"  # decided and carried out
    FILED = "filed"  # moved, flagged, deleted or left on the server, as configured
    QUARANTINED = "quarantined"  # it could not be read; it waits for a person


class Outcome(StrEnum):
    TICKET = "ticket"
    COMMENT = "comment"
    IGNORED = "ignored"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    FORWARDED = "forwarded"
    GONE = "gone"  # it left the server before its bytes were fetched
    BEFORE_START = "before_start"  # it was there before first contact
    DISCARDED = "discarded"  # quarantined, and a person said so


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderMark:
    """How far a folder has been listed.  Mail with a UID below `first_uid` was there before us."""

    mailbox: str
    folder: str
    uidvalidity: int
    first_uid: int
    last_uid: int
    first_contact: datetime
    scanned_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One mail about to enter the journal.

    `outcome` is set for mail that is accounted for without being read; such a row is born filed.
    `quiet` says why its ticket makes no letters, '' if it may.
    """

    source: str
    position: str
    mailbox: str
    folder: str = ""
    uidvalidity: int = 0
    uid: int = 0
    size: int
    arrived: datetime | None = None
    quiet: str = ""
    outcome: Outcome | None = None
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """One row of the journal.  `file_in` is the folder that a rule wants it filed in, '' for what `after` says."""

    id: int
    source: str
    position: str
    mailbox: str
    folder: str
    uidvalidity: int
    uid: int
    size: int
    arrived: datetime | None
    state: State
    outcome: Outcome | None
    attempts: int
    quiet: str
    blob: str | None
    message_id: str
    sender: str
    subject: str
    ticket: int | None
    duplicate_of: int | None
    because: str
    listed_at: datetime
    done_at: datetime | None
    file_in: str = ""


def imap_position(folder: str, uidvalidity: int, uid: int) -> str:
    """Where a mail lies on an IMAP server, as the journal's key (RFC 9051, section 2.3.1.1)."""
    return f"{folder}/{uidvalidity}/{uid}"
