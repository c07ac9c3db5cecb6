"""A mail, from bytes to a value: RawMail before it is read, Message after.

Nothing further in looks at headers: what a rule or a finder needs stands here by name.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.people import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class RawMail:
    """The bytes of one mail and where they came from.

    `size` is what the server announced (RFC822.SIZE, octets); `data` is shorter where the mail
    exceeds the configured limit and only its beginning was fetched.
    """

    data: bytes
    size: int
    arrived: datetime | None = None

    @property
    def cut(self) -> bool:
        """Only the beginning was fetched (a server may miscount by line ends, so 2 % are forgiven)."""
        return len(self.data) < self.size * 0.98


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A part of a mail that is not its text.

    `index` is the place of the part in the walk of the mail's tree, or of a file inside that part
    (a winmail.dat, a nested mail); with it the bytes are read from the raw mail again.  `size` counts decoded octets.
    """

    index: int
    name: str
    content_type: str
    size: int
    inline: bool = False
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Bounced:
    """One recipient that a delivery report speaks of, with its status (RFC 3463), '' if not stated.

    `hard` is true where the address will not work tomorrow either: unknown user or host; false for
    what may pass (full, delayed) or is about the mail (spam, policy); None if the report does not
    tell.  `reason` is the reporting server's own words, shortened.
    """

    address: str
    status: str = ""
    hard: bool | None = None
    reason: str = ""


class MailClass(StrEnum):
    """What kind of mail it is; only a person waits for an answer."""

    PERSON = "person"
    AUTO_REPLY = "auto_reply"  # out of office, a ticket system's acknowledgement, whatever a program sent
    BOUNCE = "bounce"  # a mail of ours did not arrive, or not yet
    NOTICE = "notice"  # a mail of ours was delivered or read
    COMPLAINT = "complaint"  # somebody marked a mail of ours as spam (RFC 5965)
    LIST = "list"  # a mailing list or newsletter
    CALENDAR = "calendar"  # an invitation was accepted or declined (RFC 5546)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A parsed mail, decoded, NFC, without NUL and lone surrogates.

    Message-IDs stand without their angle brackets.  `sender` is From, else Reply-To, Sender or
    Return-Path (`defects` says so).  `text` is everything readable, the text of mails inside
    this one at the end, `reply_text` what the writer
    wrote now.  `headers` holds every field in order, names in lower case, values decoded.
    `class_because` names the signals with their weights, those that were too weak as well.
    `returned_ids` are the Message-IDs of the mail that a report (bounce, notice, complaint) is about;
    `forwarded_from` is who wrote the mail that this one passes on, `forwarded_text` what he wrote, a part of `text`,
    '' where that cannot be told apart.
    """

    sender: Address | None
    subject: str = ""
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    delivered_to: tuple[Address, ...] = ()
    date: datetime | None = None
    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    text: str = ""
    html: str = ""
    reply_text: str = ""
    attachments: tuple[Attachment, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    is_auto_reply: bool = False
    is_bounce: bool = False
    is_list: bool = False
    mail_class: MailClass = MailClass.PERSON
    class_because: tuple[str, ...] = ()
    bounced: tuple[Bounced, ...] = ()
    returned_ids: tuple[str, ...] = ()
    forwarded_from: Address | None = None
    forwarded_text: str = ""
    language: str = ""
    defects: tuple[str, ...] = ()
    size: int = 0

    @property
    def is_machine(self) -> bool:
        """No person wrote it, so nobody there waits for an answer (RFC 3834, section 2)."""
        return self.is_auto_reply or self.is_bounce or self.is_list or self.mail_class is not MailClass.PERSON

    @property
    def recipients(self) -> tuple[Address, ...]:
        """Everybody it was addressed or delivered to, each once."""
        seen: dict[str, Address] = {}
        for address in (*self.to, *self.cc, *self.delivered_to):
            seen.setdefault(address.key, address)
        return tuple(seen.values())

    def header(self, name: str) -> tuple[str, ...]:
        """The values of every field called NAME, any case; empty if there is none."""
        wanted = name.lower()
        return tuple(value for field, value in self.headers if field == wanted)
