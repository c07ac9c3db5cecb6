"""The records: one SQLModel class a table.

Times are UTC and refuse naive values.  Text passes one cleaning place on its way in (NUL and
lone surrogates, which PostgreSQL refuses and SQLite keeps, and NFC).  Agents, groups, statuses and
mailboxes are keys of config.yaml, not rows.  A change here needs a migration of the same name.
"""

import re
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

from domain.nfc import nfc

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean(value: str) -> str:
    """VALUE as every database takes it: NFC, NUL dropped, lone surrogates replaced by U+FFFD."""
    if value.isascii():
        return value.replace("\x00", "") if "\x00" in value else value
    storable = _UNSTORABLE.sub(lambda found: "" if found[0] == "\x00" else "\ufffd", value)
    return nfc(storable)


def cut(value: str, octets: int) -> str:
    """VALUE as it is stored in so many octets at most: PostgreSQL's indexes take no keys over 2,704."""
    return clean(value).encode()[:octets].decode(errors="ignore")


class UtcTime(TypeDecorator[datetime]):
    """A moment.  SQLite keeps it as UTC text, PostgreSQL as timestamptz; naive values are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive time reached the store: {value!r}")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class CleanText(TypeDecorator[str]):
    """Text that passed `clean`."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else clean(value)


class CleanJson(TypeDecorator[Any]):
    """A JSON value whose texts passed `clean`; jsonb on PostgreSQL."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        kind = JSONB if dialect.name == "postgresql" else JSON
        return dialect.type_descriptor(kind(none_as_null=True))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return _clean_json(value)


def _clean_json(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        # Most values are short texts: a call for each would cost more than the cleaning.
        return {clean(str(key)): clean(item) if type(item) is str else _clean_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean_json(item) for item in value] if value else []
    return value


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Record(SQLModel):
    """The base of all records; its metadata names every constraint, so migrations can drop it."""

    metadata = metadata


def _id() -> Any:
    # SQLite only counts up a column of exactly this type; PostgreSQL gets 64 bits.
    return Field(
        default=None,
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    )


def _text(*, index: bool = False, nullable: bool = False, default: str | None = "") -> Any:
    return Field(default=default, sa_column=Column(CleanText, nullable=nullable, index=index))


def _time(*, nullable: bool = False) -> Any:
    return Field(default=None, sa_column=Column(UtcTime, nullable=nullable))


def _ref(target: str, *, nullable: bool = False, index: bool = False) -> Any:
    return Field(
        default=None,
        sa_column=Column(
            BigInteger().with_variant(Integer, "sqlite"), ForeignKey(target), nullable=nullable, index=index
        ),
    )


def _blob_ref(*, nullable: bool = False) -> Any:
    return Field(default=None, sa_column=Column(Text, ForeignKey("blob.sha256"), nullable=nullable, index=True))


def _json() -> Any:
    return Field(default=None, sa_column=Column(CleanJson, nullable=True))


class BlobRow(Record, table=True):
    """Bytes, stored once under their SHA-256.  `data` is empty where blobs live in a directory."""

    __tablename__ = "blob"

    sha256: str = Field(sa_column=Column(Text, primary_key=True))
    size: int
    data: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))


class FolderRow(Record, table=True):
    """How far a folder of a mailbox has been listed.  `first_uid`: mail below it was there before us."""

    __tablename__ = "folder"

    mailbox: str = Field(primary_key=True)
    folder: str = Field(primary_key=True)
    uidvalidity: int = Field(sa_column=Column(BigInteger, nullable=False))
    first_uid: int = Field(sa_column=Column(BigInteger, nullable=False))
    last_uid: int = Field(sa_column=Column(BigInteger, nullable=False))
    first_contact: datetime = _time()
    scanned_at: datetime = _time()


class IntakeRow(Record, table=True):
    """The journal: what became of each mail.

    `position` is folder/uidvalidity/uid for IMAP and the SHA-256 for mail that came otherwise.
    Only the first copy of a mail holds its `content_key`.
    """

    __tablename__ = "intake"
    __table_args__ = (
        UniqueConstraint("source", "position"),
        UniqueConstraint("content_key"),
        Index("ix_intake_unfinished", "state", "source", "id", sqlite_where=text("state != 'filed'"),
              postgresql_where=text("state != 'filed'")),
        Index("ix_intake_uid", "mailbox", "folder", "uidvalidity", "uid"),
        Index("ix_intake_sender", "sender_key", "listed_at"),
    )  # fmt: skip

    id: int | None = _id()
    source: str
    position: str
    mailbox: str
    folder: str = ""
    uidvalidity: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    uid: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    size: int = 0
    arrived: datetime | None = _time(nullable=True)
    state: str
    outcome: str = ""
    attempts: int = 0
    reprieves: int = 0
    quiet: str = _text()
    blob: str | None = _blob_ref(nullable=True)
    content_key: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    message_id: str = _text()
    sender: str = _text()
    subject: str = _text()
    ticket: int | None = _ref("ticket.number", nullable=True, index=True)
    duplicate_of: int | None = _ref("intake.id", nullable=True)
    because: str = _text()
    decision: dict[str, Any] | None = _json()
    listed_at: datetime = _time()
    done_at: datetime | None = _time(nullable=True)
    sender_key: str = _text()
    file_in: str = _text()


class RuleSetRow(Record, table=True):
    """A rule set that was live, its text once."""

    __tablename__ = "rule_set"

    hash: str = Field(primary_key=True)
    text: str = _text()
    first_live: datetime = _time()


class MatchedRuleRow(Record, table=True):
    """A rule that matched a mail, by the rule set that decided it; '' is for a mail that no rule matched.

    It repeats what stands in the decision records, so that rules can be counted without reading those.
    """

    __tablename__ = "matched_rule"
    __table_args__ = ({"sqlite_with_rowid": False},)

    rule_set: str = Field(sa_column=Column(Text, primary_key=True))
    rule: str = Field(sa_column=Column(CleanText, primary_key=True))
    intake: int = Field(
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), ForeignKey("intake.id"), primary_key=True)
    )


class ProvenActRow(Record, table=True):
    """A sign of a mail by which an agent acted: what is signed once is done once."""

    __tablename__ = "proven_act"
    __table_args__ = ({"sqlite_with_rowid": False},)

    sign: str = Field(sa_column=Column(Text, primary_key=True))
    intake: int = Field(
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), ForeignKey("intake.id"), nullable=False)
    )


class DaemonRow(Record, table=True):
    """A daemon at work, and what it thinks of its settings.

    `refused` is why the settings as they stand now are not in force, `restart` what of them waits for a restart.
    """

    __tablename__ = "daemon"

    holder: str = Field(primary_key=True)
    started_at: datetime = _time()
    seen_at: datetime = _time()
    settings: str = ""
    rule_set: str = ""
    loaded_at: datetime = _time()
    refused: str = _text()
    refused_at: datetime | None = _time(nullable=True)
    restart: str = _text()


class OrganizationRow(Record, table=True):
    """A customer company."""

    __tablename__ = "organization"

    id: int | None = _id()
    name: str = _text()
    address: str = _text()
    language: str = ""
    email_opt_out: bool = False
    opted_out_at: datetime | None = _time(nullable=True)
    opted_out_how: str = _text()
    undeliverable: bool = False
    agent: str = ""
    created_at: datetime = _time()


class OrganizationDomainRow(Record, table=True):
    """A mail domain by which contacts are recognised as an organization's."""

    __tablename__ = "organization_domain"

    domain: str = Field(sa_column=Column(CleanText, primary_key=True))
    organization: int = _ref("organization.id", index=True)


class ContactRow(Record, table=True):
    """A customer."""

    __tablename__ = "contact"

    id: int | None = _id()
    name: str = _text()
    organization: int | None = _ref("organization.id", nullable=True, index=True)
    language: str = ""
    email_opt_out: bool = False
    opted_out_at: datetime | None = _time(nullable=True)
    opted_out_how: str = _text()
    portal_user: bool = False
    support_start: date | None = None
    support_end: date | None = None
    tags: list[str] | None = _json()
    created_at: datetime = _time()


class ContactAddressRow(Record, table=True):
    """One of a contact's addresses; `key` is its normalised form and belongs to one contact only."""

    __tablename__ = "contact_address"
    __table_args__ = (UniqueConstraint("key"),)

    id: int | None = _id()
    contact: int = _ref("contact.id", index=True)
    address: str = _text()
    key: str = _text()
    primary: bool = False
    undeliverable: bool = False


class DeadAddressRow(Record, table=True):
    """An address that letters come back from and that no contact and no organization has: in copy, or of staff."""

    __tablename__ = "dead_address"

    key: str = Field(sa_column=Column(CleanText, primary_key=True))
    address: str = _text()
    because: str = _text()
    at: datetime = _time()


class TicketRow(Record, table=True):
    """A ticket.

    `waiting_since`: when the customer wrote what nobody of staff has answered yet.  `due_told`: what of its due time
    staff was told, '', soon or overdue.
    """

    __tablename__ = "ticket"
    __table_args__ = (
        Index("ix_ticket_status", "status", "number"),
        Index("ix_ticket_agent", "agent", "status"),
        Index("ix_ticket_title", "title", "number"),
        # Only tickets of whose due time something is still to be told: looking for them must stay cheap.
        Index(
            "ix_ticket_due",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL AND due_told != 'overdue'"),
            postgresql_where=text("due_at IS NOT NULL AND due_told != 'overdue'"),
        ),
        # A number is never given twice, not even after the newest ticket was deleted.
        {"sqlite_autoincrement": True},
    )

    number: int | None = _id()
    title: str = _text()
    description: str = _text()
    solution: str = _text()
    status: str
    priority: str
    category: str = ""
    source: str = "mail"
    mailbox: str = ""
    requester: int | None = _ref("contact.id", nullable=True, index=True)
    organization: int | None = _ref("organization.id", nullable=True, index=True)
    agent: str = ""
    group_key: str = ""
    linked_to: int | None = _ref("ticket.number", nullable=True, index=True)
    merged_into: int | None = _ref("ticket.number", nullable=True, index=True)
    version: int = 1
    created_at: datetime = _time()
    updated_at: datetime = _time()
    closed_at: datetime | None = _time(nullable=True)
    waiting_since: datetime | None = _time(nullable=True)
    due_at: datetime | None = _time(nullable=True)
    due_told: str = ""


class TicketTagRow(Record, table=True):
    """A tag on a ticket."""

    __tablename__ = "ticket_tag"

    ticket: int = Field(
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), ForeignKey("ticket.number"), primary_key=True)
    )
    tag: str = Field(sa_column=Column(CleanText, primary_key=True, index=True))


class TicketFieldRow(Record, table=True):
    """A field of the house's own on a ticket; `field` is a key of tickets.fields."""

    __tablename__ = "ticket_field"

    ticket: int = Field(
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), ForeignKey("ticket.number"), primary_key=True)
    )
    field: str = Field(primary_key=True)
    value: str = _text()


class TurnRow(Record, table=True):
    """Who of a group was last given a ticket in turn."""

    __tablename__ = "turn"

    group_key: str = Field(primary_key=True)
    agent: str


class ExternalIdRow(Record, table=True):
    """The number that a ticket has in a vendor's system; it belongs to one ticket only."""

    __tablename__ = "external_id"
    __table_args__ = (UniqueConstraint("name", "value"), Index("ix_external_id_value", "value"))

    id: int | None = _id()
    ticket: int = _ref("ticket.number", index=True)
    name: str
    value: str = _text()


class WatcherRow(Record, table=True):
    """Somebody who subscribed to a ticket: a contact or an agent."""

    __tablename__ = "watcher"
    __table_args__ = (UniqueConstraint("ticket", "contact"), UniqueConstraint("ticket", "agent"))

    id: int | None = _id()
    ticket: int = _ref("ticket.number", index=True)
    contact: int | None = _ref("contact.id", nullable=True)
    agent: str | None = None


class TicketMuteRow(Record, table=True):
    """A contact who wants no letters about one ticket, since when, and how he said so."""

    __tablename__ = "ticket_mute"

    ticket: int = Field(
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), ForeignKey("ticket.number"), primary_key=True)
    )
    contact: int = Field(
        sa_column=Column(
            BigInteger().with_variant(Integer, "sqlite"), ForeignKey("contact.id"), primary_key=True, index=True
        )
    )
    at: datetime = _time()
    how: str = _text()


class ActRow(Record, table=True):
    """One mail or one command; it caused the events and letters that name it."""

    __tablename__ = "act"

    id: int | None = _id()
    kind: str
    actor_kind: str
    actor: str = _text()
    actor_name: str = _text()
    intake: int | None = _ref("intake.id", nullable=True)
    at: datetime = _time()


class EntryRow(Record, table=True):
    """An item on a ticket's timeline.

    `text` is everything that was written, `reply_text` what is shown first (NULL: the same).
    Attachments of a mail are described here and read from its raw bytes.  Mails with one
    `fingerprint` say the same and are of one sender; '' where that is not to be asked.
    """

    __tablename__ = "entry"
    __table_args__ = (
        Index("ix_entry_ticket", "ticket", "id"),
        Index("ix_entry_fingerprint", "fingerprint", "at", sqlite_where=text("fingerprint != ''"),
              postgresql_where=text("fingerprint != ''")),
    )  # fmt: skip

    id: int | None = _id()
    ticket: int = _ref("ticket.number")
    kind: str
    author: str = _text()
    contact: int | None = _ref("contact.id", nullable=True)
    agent: str = ""
    at: datetime = _time()
    text: str = _text()
    reply_text: str | None = _text(nullable=True, default=None)
    intake: int | None = _ref("intake.id", nullable=True, index=True)
    message_id: str = _text(index=True)
    machine: bool = False
    unconfirmed: bool = False
    suspicion: str = _text()
    fingerprint: str = ""
    attachments: list[Any] | None = _json()


class FileRow(Record, table=True):
    """A file that staff attached to an entry."""

    __tablename__ = "file"

    id: int | None = _id()
    entry: int = _ref("entry.id", index=True)
    blob: str = _blob_ref()
    name: str = _text()
    content_type: str = _text(default="application/octet-stream")
    size: int = 0


class EventRow(Record, table=True):
    """A fact that happened to a ticket."""

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_ticket", "ticket", "id"),)

    id: int | None = _id()
    act: int = _ref("act.id", index=True)
    ticket: int = _ref("ticket.number")
    kind: str
    actor_kind: str
    actor: str = _text()
    actor_name: str = _text()
    field: str = ""
    before: str = _text()
    after: str = _text()
    entry: int | None = _ref("entry.id", nullable=True)
    because: str = _text()
    at: datetime = _time()


class OutboxRow(Record, table=True):
    """A letter from the act that caused it to the server that took it.

    `letter` is its public id.  `facts` hold what it says.  `claimed_by` names the process that is
    sending it now, `tried_at` is when it was first tried in vain.  `template` and `blob` are what it was
    written with and its bytes, as they were handed over.  `bounced_at` and `bounce`: it came back.
    `parts` is how many others go with it, NULL while that is open; each of those names it in `joined_into`.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("act", "recipient_key"),
        UniqueConstraint("letter"),
        Index("ix_outbox_due", "due_at", "id", sqlite_where=text("state = 'queued'"),
              postgresql_where=text("state = 'queued'")),
        Index("ix_outbox_failed", "id", sqlite_where=text("state = 'failed'"),
              postgresql_where=text("state = 'failed'")),
        Index("ix_outbox_sent", "sent_at", sqlite_where=text("sent_at IS NOT NULL"),
              postgresql_where=text("sent_at IS NOT NULL")),
        # Only letters in somebody's hand stand in it: finding the dead among the holders must not read the queue.
        Index("ix_outbox_claimed", "claimed_by", sqlite_where=text("claimed_by != ''"),
              postgresql_where=text("claimed_by != ''")),
        Index("ix_outbox_joined_into", "joined_into", sqlite_where=text("joined_into != ''"),
              postgresql_where=text("joined_into != ''")),
        Index("ix_outbox_order", "ticket", "recipient_key", "id"),
        Index("ix_outbox_recent", "recipient_key", "queued_at"),
        Index("ix_outbox_domain", "recipient_domain", "queued_at"),
    )  # fmt: skip

    id: int | None = _id()
    letter: str
    message_id: str = _text(index=True)
    act: int = _ref("act.id")
    ticket: int | None = _ref("ticket.number", nullable=True)
    kind: str
    recipient_key: str = _text()
    recipient_domain: str = _text()
    address: str = _text()
    role: str
    contact: int | None = _ref("contact.id", nullable=True)
    agent: str = ""
    automatic: bool = False
    mandatory: bool = False
    because: str = _text()
    facts: dict[str, Any] | None = _json()
    state: str = "queued"
    attempts: int = 0
    due_at: datetime = _time()
    claimed_by: str = ""
    claimed_at: datetime | None = _time(nullable=True)
    queued_at: datetime = _time()
    tried_at: datetime | None = _time(nullable=True)
    sent_at: datetime | None = _time(nullable=True)
    reply: str = _text()
    template: str = _text()
    blob: str | None = _blob_ref(nullable=True)
    bounced_at: datetime | None = _time(nullable=True)
    bounce: str = _text()
    parts: int | None = None
    joined_into: str = ""


class HoldRow(Record, table=True):
    """What is not sent until it is released: one letter, those about one ticket, or, with neither, all."""

    __tablename__ = "hold"
    __table_args__ = (UniqueConstraint("letter"), UniqueConstraint("ticket"))

    id: int | None = _id()
    letter: str | None = None
    ticket: int | None = _ref("ticket.number", nullable=True)
    agent: str = ""
    at: datetime = _time()


class WithheldRow(Record, table=True):
    """A letter that was not written or not sent, and why.  `letter` is set if it had been queued."""

    __tablename__ = "withheld"
    __table_args__ = (Index("ix_withheld_ticket", "ticket", "id"), Index("ix_withheld_address", "address_key", "id"))

    id: int | None = _id()
    act: int = _ref("act.id")
    ticket: int | None = _ref("ticket.number", nullable=True)
    letter: str = ""
    kind: str
    role: str
    address: str = _text()
    address_key: str = _text()
    contact: int | None = _ref("contact.id", nullable=True)
    agent: str = ""
    reason: str
    because: str = _text()
    at: datetime = _time()


class AbsenceRow(Record, table=True):
    """Days on which an agent is away, both included, and who stands in for him; without a last day: for the present."""

    __tablename__ = "absence"

    id: int | None = _id()
    agent: str
    first_day: date
    last_day: date | None = None
    deputy: str = ""
    by: str = ""
    at: datetime = _time()


class LeaseRow(Record, table=True):
    """Who does what only one process may do at a time, such as scanning a mailbox."""

    __tablename__ = "lease"

    name: str = Field(primary_key=True)
    holder: str = ""
    epoch: int = 0
    until: datetime = _time()


def table(record: type[Record]) -> Table:
    """The table of a record class, for queries on columns."""
    found: Table = record.__table__  # type: ignore[attr-defined]
    return found
