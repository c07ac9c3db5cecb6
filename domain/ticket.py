"""A ticket as the pure rooms see it: facts of one moment, no row, no session."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.due import DueTold
from domain.message import Attachment
from domain.people import ContactFacts, OrganizationFacts
from domain.suspicion import Suspicion

SUPPORT_OVER = "support over"
"""The tag of a ticket whose customer's support was over when it was opened, where config.yaml wants it."""


class Phase(StrEnum):
    """What a status means to the program, whatever the admin calls it."""

    OPEN = "open"
    PENDING = "pending"
    SOLVED = "solved"
    CLOSED = "closed"


class EntryKind(StrEnum):
    """What stands on a ticket's timeline."""

    CUSTOMER = "customer"  # a message of the customer, by mail or entered for him
    COMMENT = "comment"  # of staff, to the customer
    NOTE = "note"  # internal, never seen by a customer
    SOLUTION = "solution"
    VENDOR = "vendor"  # of a third party that works on it, known by its ticket id; never seen by a customer

    @property
    def is_internal(self) -> bool:
        """No customer ever sees it."""
        return self in (EntryKind.NOTE, EntryKind.VENDOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalId:
    """The number of a ticket in a vendor's system; `name` is a key of `thread_keys`, `value` in capitals."""

    name: str
    value: str

    def __str__(self) -> str:
        return f"{self.name}:{self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatcherFacts:
    """Somebody who subscribed to a ticket: a contact or an agent, never both."""

    contact: ContactFacts | None = None
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """A contact wants no letters about one ticket; `how` says by which way he told us."""

    contact: int
    at: datetime
    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFacts:
    """A ticket with its people.  `agent` and `group` are keys of config.yaml, '' for none.

    `fields` are the house's own, by their keys in config.yaml.
    `merged_into` is the ticket under which it is continued; nothing happens to it any more.
    `mutes` are the contacts who want no letters about it.
    `due_at` is until when it is to be solved, `due_told` what of that staff was told.
    """

    number: int
    title: str
    description: str = ""
    solution: str = ""
    status: str
    priority: str
    category: str = ""
    source: str = "mail"
    mailbox: str = ""
    requester: ContactFacts | None = None
    organization: OrganizationFacts | None = None
    agent: str = ""
    group: str = ""
    tags: tuple[str, ...] = ()
    watchers: tuple[WatcherFacts, ...] = ()
    linked_to: int | None = None
    merged_into: int | None = None
    external_ids: tuple[ExternalId, ...] = ()
    mutes: tuple[Mute, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    version: int = 1
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    waiting_since: datetime | None = None
    due_at: datetime | None = None
    due_told: DueTold = DueTold.NOTHING

    def mute_of(self, contact: int | None) -> Mute | None:
        """The wish of CONTACT to get no letters about this ticket."""
        return next((mute for mute in self.mutes if mute.contact == contact), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFacts:
    """One item of a ticket's timeline.

    `attachments` describe the parts of the mail `intake`; `files` what staff attached.  `shown`
    is the new text, `text` all of it, quotes and signature included.  `suspicion` says what staff
    should know of its sender, None if nothing.
    """

    id: int
    ticket: int
    kind: EntryKind
    author: str
    agent: str = ""
    contact: int | None = None
    at: datetime
    text: str
    shown: str
    intake: int | None = None
    message_id: str = ""
    machine: bool = False
    unconfirmed: bool = False
    suspicion: Suspicion | None = None
    attachments: tuple[Attachment, ...] = ()
    files: tuple["FileFacts", ...] = ()

    @property
    def file_names(self) -> tuple[str, ...]:
        """What came with it, by name; pictures inside the text are left out."""
        return (*(part.name for part in self.attachments if not part.inline), *(file.name for file in self.files))


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """A file that staff attached."""

    name: str
    content_type: str
    size: int
    blob: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketLine:
    """A ticket in a list."""

    number: int
    title: str
    customer: str
    organization: str
    status: str
    priority: str
    agent: str
    group: str
    created_at: datetime
    updated_at: datetime
    waiting_since: datetime | None
    due_at: datetime | None = None
    support_over: bool = False
