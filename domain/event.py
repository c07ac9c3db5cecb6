"""Events: facts that happened to a ticket.  Together they are its history.

An *act* is one mail or one command; it causes one or several events, and at most one letter per
recipient.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class EventKind(StrEnum):
    OPENED = "opened"
    ASSIGNED = "assigned"  # field: agent or group; before, after
    STATUS = "status"  # before, after
    COMMENT = "comment"  # entry
    SOLUTION = "solution"  # entry
    FIELD = "field"  # field: title, priority, category; before, after
    CUSTOMER_WROTE = "customer_wrote"  # entry
    VENDOR_WROTE = "vendor_wrote"  # entry; field: the thread key by which the vendor's id was known
    MACHINE_WROTE = "machine_wrote"  # entry: an auto-reply or bounce, appended quietly
    UNCONFIRMED = "unconfirmed"  # entry: a valid token from an address that it was not sent to
    REPEATED = "repeated"  # entry: the same text from the same sender within minutes, appended quietly
    NOTE = "note"  # entry
    MENTIONED = "mentioned"  # entry; field: agent or group; after: the key that an internal note names
    REFUSED = "refused"  # after: what an agent wanted by mail and could not be done; he is told
    CLOSED = "closed"  # before, after
    REOPENED = "reopened"  # before, after
    TAGGED = "tagged"  # after: the tags added
    UNTAGGED = "untagged"  # before: the tags taken away
    LINKED = "linked"  # after: the other ticket's number
    MERGED = "merged"  # field: into or from; after: the other ticket's number
    EXTERNAL_ID = "external_id"  # field: thread key; after: the vendor's id learnt, before: the one taken away
    WATCHED = "watched"  # after: who watches from now on
    UNDELIVERABLE = "undeliverable"  # field: address or agent; after: the address that a letter of ours came back from
    UNSENT = "unsent"  # field: address or agent; after: who could not be written to, before: what the server said
    OPTED_OUT = "opted_out"  # field: ticket, all or complaint; after: who wants no letters, about this ticket or at all
    OPTED_IN = "opted_in"  # field: ticket or all; after: who wants letters again
    DUE = "due"  # before, after: until when it is to be solved, in ISO 8601; '' for no such time
    DUE_SOON = "due_soon"  # after: the due time, which comes near
    OVERDUE = "overdue"  # after: the due time, which has passed
    REACHABLE = "reachable"  # field: address or agent; after: the address that somebody wrote from after all


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an agent (key of config.yaml), a contact (id), a rule (name) or the desk itself."""

    kind: Literal["agent", "contact", "rule", "desk"]
    key: str = ""
    name: str = ""

    def __str__(self) -> str:
        return self.name or self.key or "the helpdesk"


DESK = Actor("desk")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One fact.  `because` names what caused it where the actor alone does not say: a rule, a finder."""

    kind: EventKind
    actor: Actor = field(default=DESK)
    field: str = ""
    before: str = ""
    after: str = ""
    entry: int | None = None
    because: str = ""
