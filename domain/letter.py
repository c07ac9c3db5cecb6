"""Letters: who is told what, who is not, and why.

`Told` is the resolver's yes to one recipient, `Withheld` its no.  What a letter says is kept as
`LetterFacts` in the outbox: the words are made when it is sent, outside any transaction, and they
speak of the moment of the act, not of the moment of sending.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from domain.absence import Absence
from domain.decision import LetterWish
from domain.event import Actor, Event, EventKind
from domain.people import ContactFacts
from domain.suspicion import Suspicion
from domain.ticket import TicketFacts


class LetterKind(StrEnum):
    """Which template a letter is made of."""

    ACKNOWLEDGEMENT = "acknowledgement"  # customer: we have your mail
    NOTICE = "notice"  # customer: we opened a ticket for you
    STATUS = "status"  # customer: taken over, status changed, closed, reopened
    COMMENT = "comment"  # customer: an agent wrote
    SOLUTION = "solution"  # customer: solved, and how
    CHANGE = "change"  # customer: a public field changed
    COPY = "copy"  # customer watchers: the requester wrote
    SUPPORT_OVER = "support_over"  # the words of an acknowledgement or a notice to a customer whose support is over
    REPORT = "report"  # customer: how a ticket stands, or all his open ones, as he asked by mail
    OPTED_OUT = "opted_out"  # customer: he gets no more letters, as he wished; the last one
    OPTED_IN = "opted_in"  # customer: he gets letters again, as he wished
    REJECTED = "rejected"  # whoever wrote: his mail is not taken
    FORWARDED = "forwarded"  # anybody whom a rule names: the mail itself
    STAFF_NEW = "staff_new"
    STAFF_ASSIGNED = "staff_assigned"
    STAFF_CUSTOMER = "staff_customer"  # the customer wrote
    STAFF_COMMENT = "staff_comment"
    STAFF_SOLUTION = "staff_solution"
    STAFF_STATUS = "staff_status"
    STAFF_CHANGE = "staff_change"
    STAFF_NOTE = "staff_note"
    STAFF_DUE = "staff_due"  # the due time comes near, or has passed
    STAFF_MENTION = "staff_mention"  # an internal note names the agent, or his group
    STAFF_REFUSED = "staff_refused"  # to an agent: what he wanted by mail could not be done

    @property
    def is_staff(self) -> bool:
        return self.value.startswith("staff_")

    @property
    def word(self) -> str:
        """What config.yaml calls such a letter to staff (`notifications.staff`); '' for one that cannot be left out."""
        always = (LetterKind.STAFF_MENTION, LetterKind.STAFF_REFUSED)
        return self.removeprefix("staff_") if self.is_staff and self not in always else ""

    @property
    def is_human(self) -> bool:
        """A person's words: such a letter carries no Auto-Submitted (RFC 3834, section 2)."""
        return self in (LetterKind.COMMENT, LetterKind.SOLUTION, LetterKind.COPY)

    @property
    def is_confirmation(self) -> bool:
        """Tells somebody that his wish about letters is fulfilled; nobody is to answer such a letter by machine."""
        return self in (LetterKind.OPTED_OUT, LetterKind.OPTED_IN)

    @property
    def carries_files(self) -> bool:
        """Files, or a whole mail, go with such a letter."""
        return self.is_human or self is LetterKind.FORWARDED

    @property
    def is_budgeted(self) -> bool:
        """Counts against the loop budget: what a customer gets without an agent having written to him.

        Mails that are passed on have a budget of their own, by who wrote them.
        """
        return not self.is_staff and self not in (LetterKind.COMMENT, LetterKind.SOLUTION, LetterKind.FORWARDED)


class Reason(StrEnum):
    """Why somebody was not written to."""

    OPTED_OUT = "opted_out"
    NOT_A_PORTAL_USER = "not_a_portal_user"  # and notifications.ticket_mails is off
    NO_ADDRESS = "no_address"
    UNDELIVERABLE = "undeliverable"
    OWN_ADDRESS = "own_address"
    MACHINE = "machine"
    LOOP_BUDGET = "loop_budget"
    ABSENT = "absent"  # an agent; somebody else is told in his place
    ACTOR = "actor"  # nobody is told of his own act
    QUIET = "quiet"  # history: mail older than quiet_before, or a mailbox taken up again
    NOT_PUBLIC = "not_public"  # a status that customers are not told of
    SWITCHED_OFF = "switched_off"  # the notification is off in config.yaml
    SUPPRESSED = "suppressed"  # a rule or an agent wished that the customer is not told
    CANCELLED = "cancelled"  # somebody of staff took it out of the outbox
    GONE = "gone"  # the agent, contact or ticket is no longer there when it is to be sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One person a letter may go to.

    `role`: requester, organization, watcher, agent, group, colleague (of the agent who has the ticket), reader (of
    all tickets), deputy (of an agent who is absent), mention (in a note), cc, sender (of a mail that is rejected),
    forward, notified (by a rule).
    """

    role: str
    address: str = ""
    name: str = ""
    language: str = ""
    contact: int | None = None
    agent: str = ""

    @property
    def is_staff(self) -> bool:
        return bool(self.agent)


def is_by_rule(events: tuple[Event, ...]) -> bool:
    """What a letter speaks of first was done by a rule."""
    return bool(events) and events[0].kind is EventKind.SOLUTION and events[0].actor.kind == "rule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One letter that shall be written.  `events` are what it speaks of, the strongest first.

    `template` takes the place of the one that is named like its kind.
    """

    recipient: Recipient
    kind: LetterKind
    events: tuple[Event, ...]
    because: str
    mandatory: bool = False
    template: str = ""

    @property
    def is_automatic(self) -> bool:
        """No person wrote it: it counts against the loop budget, and says so to other machines (RFC 3834)."""
        return self.kind.is_budgeted or is_by_rule(self.events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """A letter that was not written or not sent, with its reason in a word and in a sentence."""

    recipient: Recipient
    kind: LetterKind
    reason: Reason
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActFacts:
    """All that the resolver looks at.

    `ticket` is the state after the act.  `sender_key` is the key of the address that a mail came
    from, `machine` says that no person wrote it, `quiet` why nobody at all is to be told ('' otherwise).
    `mandatory` lifts opt-outs for this act, `silent_customer` is a rule's or an agent's wish, in words,
    that the customer is not told.  `cc` are addresses that get the comment beside the requester,
    `contacts` the contacts behind them.  `taken_over` tells a first assignment from a change.
    `wishes` are what rules want of the letters.  `absences` are those of the day, by agent.
    `support_over` says why the letter about an opening tells that support is over, '' if it does not.
    `dead` are the keys of addresses without a contact that letters came back from.
    `doubt` says why the sender may be a machine; then his mail is not acknowledged.
    `recent` counts the letters of the budget's period (`LetterKind.is_budgeted`), by address key,
    `recent_domains` by domain, `recent_here` those about this ticket, `recent_answers` those about
    this ticket to the sender.
    """

    ticket: TicketFacts
    events: tuple[Event, ...]
    actor: Actor
    sender_key: str = ""
    machine: bool = False
    doubt: str = ""
    quiet: str = ""
    mandatory: bool = False
    silent_customer: str = ""
    taken_over: bool = False
    cc: tuple[Recipient, ...] = ()
    contacts: tuple[ContactFacts, ...] = ()
    wishes: tuple[LetterWish, ...] = ()
    absences: Mapping[str, Absence] = field(default_factory=dict)
    support_over: str = ""
    dead: frozenset[str] = frozenset()
    recent: Mapping[str, int] = field(default_factory=dict)
    recent_domains: Mapping[str, int] = field(default_factory=dict)
    recent_here: int = 0
    recent_answers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedEntry:
    """A timeline entry that a letter passes on."""

    kind: str
    author: str
    text: str
    at: datetime
    attachment_names: tuple[str, ...] = ()
    suspicion: Suspicion | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingFile:
    """A file that goes with a letter, read from its blob when the letter is sent."""

    name: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a ticket stands, for a customer who asked."""

    ticket: int
    title: str
    status: str
    agent: str
    opened: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFacts:
    """What one letter says, as of the act: enough to write it, and to write it again the same.

    `events` are those of `Told`; labels are looked up when it is written.  `message_id` was fixed when
    the letter was queued, so that a copy carries the same one after a change of keys; '' makes it anew.
    `ticket` is None for a letter about none.  `template` is the one that a rule chose, `words` are a rule's own,
    `loops` the addresses that a mail which is passed on has been through.
    `earlier` are the last entries before this one that its reader knows already, the latest first.
    `further` are the entries of other letters that go with this one, the oldest first.
    `due_at` is until when the ticket is to be solved, `support_end` the last day of the customer's support.
    `standings` are the tickets that a report is about, `left_out` names the files that the server would not have taken.
    """

    letter: str
    message_id: str = ""
    kind: LetterKind
    recipient: Recipient
    ticket: int | None
    title: str
    status: str
    priority: str
    category: str
    group: str
    agent: str
    mailbox: str
    requester: str
    events: tuple[Event, ...]
    because: str
    at: datetime
    entry: QuotedEntry | None = None
    earlier: tuple[QuotedEntry, ...] = ()
    standings: tuple[Standing, ...] = ()
    files: tuple[OutgoingFile, ...] = ()
    left_out: tuple[str, ...] = ()
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    template: str = ""
    words: str = ""
    reply_to: str = ""
    loops: tuple[str, ...] = ()
    due_at: datetime | None = None
    support_end: date | None = None
    further: tuple[QuotedEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One finished outgoing mail to one recipient: envelope and bytes (CRLF line ends).

    `template` names the template that it was written with, and its version.
    """

    id: str
    envelope_from: str
    envelope_to: str
    data: bytes
    template: str = ""
