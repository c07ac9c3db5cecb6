"""Decisions: what shall happen with a mail.  They say, `desk/` does.

A closed family: one `match` in `desk/` carries them out, and the type checker finds the case
that was forgotten.
"""

from dataclasses import dataclass
from enum import StrEnum

from domain.authentication import UNPROVEN, Authentication
from domain.message import Message
from domain.ticket import TicketFacts


class Verdict(StrEnum):
    """What a finder says of the ticket it points to."""

    NOTHING = "nothing"  # it points to no ticket
    TICKET = "ticket"  # the mail belongs to it
    UNCONFIRMED = "unconfirmed"  # a valid token, but from an address that it was not sent to
    FOREIGN = "foreign"  # it points to a ticket that the sender has no part in


@dataclass(frozen=True, slots=True, kw_only=True)
class FinderVerdict:
    """What one finder saw.  `finder`: token, reply_address, known_message, tag, external_id."""

    finder: str
    verdict: Verdict
    ticket: int | None = None
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The finders' walk and what it comes to.

    `ticket` is set for verdict TICKET and UNCONFIRMED; `linked` names a ticket that the mail
    points to without belonging to it, so that a new ticket can be linked with it.
    """

    walk: tuple[FinderVerdict, ...] = ()
    verdict: Verdict = Verdict.NOTHING
    ticket: TicketFacts | None = None
    linked: int | None = None

    @property
    def because(self) -> str:
        """The deciding finder's words; all of them where none decided."""
        decided = [step.because for step in self.walk if step.verdict is self.verdict]
        return (
            decided[0]
            if decided and self.verdict is not Verdict.NOTHING
            else " · ".join(step.because for step in self.walk)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFacts:
    """All that a rule may look at: the message, where it arrived, what the finders found and who provably wrote."""

    message: Message
    mailbox: str
    folder: str = ""
    found: Found = Found()
    authentication: Authentication = UNPROVEN


# Dispositions: the first that takes effect ends the run of the rules.


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """Open a new ticket."""

    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """Add the mail to the ticket that was found."""

    ticket: int
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """Nothing is done with this mail, and nobody is written to.  It stays in the journal."""

    because: str


Disposition = Create | Update | Ignore


# Modifiers: they accumulate; a later one of the same field wins.


@dataclass(frozen=True, slots=True, kw_only=True)
class SetField:
    """Set status, priority, category or title to VALUE."""

    field: str
    value: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign:
    """Give the ticket to an agent, a group, or both; '' leaves that half as it is."""

    agent: str = ""
    group: str = ""
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddTags:
    """Add tags to the ticket."""

    tags: tuple[str, ...]
    because: str


Modifier = SetField | Assign | AddTags


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What shall happen with one mail: exactly one disposition, any modifiers, and why.

    `rules` are the names of the rules that matched, in order.
    """

    disposition: Disposition
    modifiers: tuple[Modifier, ...] = ()
    rules: tuple[str, ...] = ()


# The full walk, for `helpdesk explain`.


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionVerdict:
    """One condition of a rule: its words, whether it held, and the value that it saw (shortened)."""

    condition: str
    held: bool
    saw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleVerdict:
    """One rule of the walk.  `reached` is false for the rules after the one that ended the run."""

    rule: str
    matched: bool
    reached: bool = True
    conditions: tuple[ConditionVerdict, ...] = ()
    then: str = ""
