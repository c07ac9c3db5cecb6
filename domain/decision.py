"""Decisions: what shall happen with a mail.  They say, `desk/` does.

A closed family: one `match` in `desk/` carries them out, and the type checker finds the case
that was forgotten.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from domain.authentication import UNPROVEN, Authentication
from domain.hours import Hours
from domain.message import Message
from domain.people import ContactFacts
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


By = Literal["number", "title", "external_id"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """A ticket that a rule asks for by a key; `belongs` if the sender must have a part in it."""

    by: By
    key: str
    belongs: bool


def no_targets(lookup: Lookup) -> TicketFacts | None:
    """No ticket, whatever is asked."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFacts:
    """All that a rule may look at.

    The message, where it arrived (`moment`: when), what the finders found, who provably wrote, and
    what the desk knows: `contact` is who wrote, None for a stranger; `phase` is that of the found
    ticket's status; `tag` the prefix of our ticket numbers; `suspicion` how the sender's name speaks
    of somebody else, '' if it does not; `hours` is None where no business hours are configured;
    `known` the keys of those addresses of the mail that belong to a contact; `sender_mails` how many
    mails of this sender arrived in a period, this one included, for the periods that the rule set
    asks for; `targets` answers which ticket a rule means by a key.
    """

    message: Message
    mailbox: str
    folder: str = ""
    found: Found = Found()
    authentication: Authentication = UNPROVEN
    moment: datetime | None = None
    hours: Hours | None = None
    contact: ContactFacts | None = None
    phase: str = ""
    tag: str = ""
    suspicion: str = ""
    known: frozenset[str] = frozenset()
    sender_mails: Mapping[timedelta, int] = field(default_factory=dict)
    targets: Callable[[Lookup], TicketFacts | None] = no_targets


# Dispositions: the first that takes effect ends the run of the rules.


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """Open a new ticket."""

    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """Add the mail to the ticket that was found, or that a rule named by a key."""

    ticket: int
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """Nothing is done with this mail, and nobody is written to.  It stays in the journal."""

    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """Tell the sender that his mail is not taken, with the letter LETTER or in the words TEXT; no ticket."""

    letter: str = ""
    text: str = ""
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """Pass the mail on to these addresses; no ticket."""

    addresses: tuple[str, ...]
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeInto:
    """Merge TICKET, which was found for the mail, into the ticket INTO, and add the mail there."""

    ticket: int
    into: int
    because: str


Disposition = Create | Update | Ignore | Reject | Forward | MergeInto


# Modifiers: they accumulate; a later one of the same field wins.


@dataclass(frozen=True, slots=True, kw_only=True)
class SetField:
    """Set a field to VALUE: status, priority, category, title, description, solution, or `fields.KEY`."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignBy:
    """Give the ticket to whoever comes out: the next agent of GROUP in turn (`round_robin`), the one with
    the fewest unfinished tickets (`least_loaded`), or whoever looks after the organization."""

    how: Literal["round_robin", "least_loaded", "by_organization"]
    group: str = ""
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveTags:
    """Take tags off the ticket."""

    tags: tuple[str, ...]
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkContact:
    """Make whoever has ADDRESS the requester of the ticket; a contact is made where there is none."""

    address: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkOrganization:
    """Make the organization of this name, or with this domain, the ticket's; nothing if there is none."""

    name: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Let agents, by key, and people, by address, watch the ticket."""

    agents: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddNote:
    """Put an internal note on the ticket."""

    text: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileIn:
    """File the mail in this folder of its mailbox, whatever the mailbox does with mail otherwise."""

    folder: str
    because: str


Modifier = (
    SetField | Assign | AssignBy | AddTags | RemoveTags | LinkContact | LinkOrganization | Watch | AddNote | FileIn
)


# Wishes about letters.  They accumulate; of two that choose the later wins.


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseLetter:
    """Write the customer's letter about this mail with another template."""

    template: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddLetter:
    """Write the customer one more letter, with this template."""

    template: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressLetters:
    """Write no letters of these kinds about this mail; without kinds: none at all to customers."""

    kinds: tuple[str, ...] = ()
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MandatoryLetters:
    """Write the customer's letter about this mail even if he has opted out."""

    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """Tell agents, and the members of groups, of this mail, whatever they would be told otherwise."""

    agents: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    because: str


LetterWish = ChooseLetter | AddLetter | SuppressLetters | MandatoryLetters | Notify


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What shall happen with one mail: exactly one disposition, any modifiers and letters, and why.

    `rules` are the names of the rules that matched, in order; `remarks` tell what a rule could not do,
    `lookups` which tickets rules asked for by a key, with the number of the one that was found.
    """

    disposition: Disposition
    modifiers: tuple[Modifier, ...] = ()
    letters: tuple[LetterWish, ...] = ()
    rules: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    lookups: tuple[tuple[Lookup, int | None], ...] = ()


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
