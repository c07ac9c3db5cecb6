"""Actions as they are written in config.yaml, frozen.

The models hold the words of the language and their manual; what a word does stands in `rules/`.
Texts may hold expressions, `{{ match.order }}`; rules/expression.py says which.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from domain.due import parse_due
from domain.errors import BadAddress
from domain.letter import LetterKind
from domain.people import Address
from domain.written import Frozen, OneOrSeveral, Some, Word, Words, Written, enum, one_of, suggestion

BARE_ACTIONS = ("create", "update", "ignore", "reject", "stop", "continue")
LETTER_KINDS = tuple(kind.value for kind in LetterKind)


def _address(value: str) -> str:
    try:
        return Address.parse(value).address
    except BadAddress as bad:
        raise ValueError(str(bad)) from None


def _due(value: str) -> str:
    if "{{" not in value:
        parse_due(value, now=datetime(2000, 1, 1, tzinfo=UTC), zone=UTC)
    return value


def _always(value: object) -> object:
    if value is not True:
        raise ValueError("write true, or take the word out")
    return value


def _suppressed(value: object) -> object:
    if value is False:
        raise ValueError("write true, or the kinds of letters, or take the word out")
    return ("all",) if value is True else value


Addresses = OneOrSeveral[Annotated[str, AfterValidator(_address)]]
JustTrue = Annotated[bool, BeforeValidator(_always), Field(json_schema_extra={"const": True})]
Suppressed = Annotated[
    OneOrSeveral[Annotated[str, BeforeValidator(one_of(("all", *LETTER_KINDS))), enum(LETTER_KINDS)]],
    BeforeValidator(_suppressed),
]


class NoArguments(Frozen):
    """An action that needs nothing more said."""


class TargetKey(Frozen):
    """Which ticket is meant, by a key that the mail holds."""

    by: Written[Literal["number", "title", "external_id"]] = None
    """What the key is: the ticket's `number` (`1042` or `ACME-1042`), its whole `title` (of several tickets the newest
    that is not closed, else the newest), or an `external_id`, the number that somebody else's system gave it."""
    key: Written[Word] = None
    """The key, such as `'{{ match.case }}'`."""
    sender: Written[Literal["belongs", "anyone"]] = None
    """Whose mail may be added: `belongs`, of those who have a part in the ticket; `anyone`, of whoever meets the
    conditions of the rule.  Left out: anyone for `external_id`, belongs for the others."""

    @model_validator(mode="after")
    def _by_and_key(self) -> Self:
        if (self.by is None) != (self.key is None) or (self.sender is not None and self.by is None):
            raise ValueError("by and key go together: {by: number, key: '{{ match.number }}'}")
        return self

    @property
    def belongs(self) -> bool:
        """The sender must have a part in the ticket."""
        return self.sender == "belongs" or (self.sender is None and self.by != "external_id")


class MergeTarget(TargetKey):
    """Into which ticket is merged, by a key that the mail holds."""

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.by is None:
            raise ValueError("say which ticket: {by: number, key: '{{ match.number }}'}")
        return self


class RejectWith(Frozen):
    """What the sender is told: in a template's words or in these."""

    letter: Written[Word] = None
    """The template of the letter; left out: `rejected`."""
    text: Written[Word] = None
    """The letter's own words instead of a template."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.letter is not None and self.text is not None:
            raise ValueError("write letter: or text:, not both")
        return self


class SetFields(Some):
    """The fields that are set."""

    status: Written[Word] = None
    """A key of tickets.statuses."""
    priority: Written[Word] = None
    """One of tickets.priorities."""
    category: Written[Word] = None
    """One of tickets.categories."""
    title: Written[Word] = None
    """The title, instead of the subject.  It may hold expressions."""
    description: Written[Word] = None
    """The description, instead of the mail's text.  It may hold expressions."""
    solution: Written[Word] = None
    """The solution.  It may hold expressions."""
    due: Written[Annotated[Word, AfterValidator(_due)]] = None
    """Until when it is to be solved: a span of time from the mail's arrival, `2d` or `4h`; a day, `2026-12-01` or
    `2026-12-01 17:00` in helpdesk.timezone; `today`, `tomorrow`, or `none`.  It may hold expressions."""
    fields: Written[Mapping[str, Word]] = None
    """Your own fields, each by its key in tickets.fields.  The values may hold expressions."""


class AssignTo(Some):
    """Who gets the ticket."""

    agent: Written[Word] = None
    """A key of agents."""
    group: Written[Word] = None
    """A key of groups."""
    round_robin: Written[Word] = None
    """A key of groups: the group gets it, and of its agents the next in turn who is there."""
    least_loaded: Written[Word] = None
    """A key of groups: the group gets it, and of its agents the one with the fewest unfinished tickets."""
    by_organization: Written[JustTrue] = None
    """`true`: whoever looks after the sender's organization gets it; nobody where nobody does.
    `helpdesk contacts --organization NAME --agent KEY` says who does."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        words = [word for word in self.written() if word not in ("agent", "group")]
        if len(words) > 1 or (words and len(self.written()) > 1):
            raise ValueError(f"{', '.join(self.written())} cannot stand together: take one")
        return self


class LinkTo(Some):
    """Whose ticket it is."""

    contact: Written[Word] = None
    """An address: whoever has it becomes the requester, instead of the sender; a contact is made where there is none.
    For forms on a website: `contact: '{{ match.email }}'`.  It may hold expressions."""
    organization: Written[Word] = None
    """The name of an organization, or one of its domains; nothing where there is none.  It may hold expressions."""


class WatchedBy(Some):
    """Who watches the ticket."""

    agent: Written[Words] = None
    """Keys of agents."""
    address: Written[Addresses] = None
    """Addresses of customers; their opt-outs hold."""


class Letters(Some):
    """What is written to the customer because of this mail, and what is not."""

    choose: Written[Word] = None
    """The template of the customer's letter, instead of the usual one."""
    add: Written[Words] = None
    """Templates of more letters to the customer."""
    suppress: Written[Suppressed] = None
    """`true`: the customer gets no letter; or the kinds that nobody gets, such as `[acknowledgement, staff_new]`."""
    mandatory: Written[JustTrue] = None
    """`true`: the customer gets his letter even if he has opted out.  It is recorded as such."""


class NotifyWhom(Some):
    """Who is told of the mail."""

    agent: Written[Words] = None
    """Keys of agents."""
    group: Written[Words] = None
    """Keys of groups: each member is told."""


def _bare_or_mapping(schema: dict[str, Any]) -> None:
    mapping = {**schema, "minProperties": 1, "maxProperties": 1}
    schema.clear()
    schema["anyOf"] = [{"enum": list(BARE_ACTIONS)}, mapping]


class Action(Frozen):
    """One action: a bare word, or a word with its arguments."""

    model_config = ConfigDict(json_schema_extra=_bare_or_mapping)

    create: Written[NoArguments] = None
    """Opens a new ticket, also for a reply, and ends the run of the rules."""
    update: Written[TargetKey] = None
    """Adds the mail to the ticket that was found for it, or to the one named by a key, `{by: external_id, key: '{{
    match.case }}'}`, and ends the run.  Where there is no such ticket the rule has no effect, its other actions
    included, and the next rule is tried."""
    ignore: Written[NoArguments] = None
    """Does nothing with the mail, writes to nobody, and ends the run.  The mail stays in the journal."""
    reject: Written[RejectWith] = None
    """Opens no ticket, tells the sender that his mail is not taken, and ends the run.  Machines are never told, nor
    who opted out, is out of the loop budget, or cannot be reached."""
    forward: Written[Addresses] = None
    """Opens no ticket, passes the mail on to these addresses, and ends the run.  It goes as an attachment, from the
    mailbox's address; an answer goes to whoever wrote it.  Never to its writer nor to us; of one sender no more than
    `loop_budget.letters` in `loop_budget.per`.  Where nobody may get it, it makes a ticket that says why; a mail that
    we passed on before is ignored."""
    merge_into: Written[MergeTarget] = None
    """Merges the ticket that was found for the mail into the one named by a key, adds the mail there, and ends the run.
    Where one of the two is missing the rule has no effect, and the next rule is tried."""
    set: Written[SetFields] = None
    """Sets fields of the ticket.  Later rules overrule earlier ones, field by field."""
    assign: Written[AssignTo] = None
    """Gives the ticket to an agent, a group, or both.  Later rules overrule earlier ones.  In the place of an agent
    who is away (`helpdesk absence`) his deputy gets it."""
    tag: Written[Words] = None
    """Adds tags to the ticket; they accumulate.  They may hold expressions."""
    untag: Written[Words] = None
    """Takes tags off the ticket, those of earlier rules as well."""
    link: Written[LinkTo] = None
    """Makes another contact or organization than the sender's the ticket's own."""
    watch: Written[WatchedBy] = None
    """Lets agents or customers watch the ticket.  An agent hears of this mail and of what comes after it, a customer of
    what comes after the opening.  `notify` tells an agent of this mail alone."""
    note: Written[Word] = None
    """Puts an internal note on the ticket.  It may hold expressions."""
    file: Written[Word] = None
    """Moves the mail into this folder of its mailbox once it is in the database, whatever `after` says.  A folder
    that is not there is not made: then the journal says so, and `after` holds."""
    letter: Written[Letters] = None
    """Chooses, adds or suppresses letters to the customer."""
    notify: Written[NotifyWhom] = None
    """Tells agents or groups of the mail, whatever they would be told otherwise."""
    stop: Written[NoArguments] = None
    """Ends the run of the rules.  Without a disposition a reply then updates its ticket, anything else opens one."""
    continue_: Written[NoArguments] = Field(default=None, alias="continue")
    """Does not end the run although the rule has a disposition: later rules still change the ticket, and their own
    dispositions no longer count."""

    @model_validator(mode="before")
    @classmethod
    def _spelled_out(cls, value: object) -> object:
        if isinstance(value, str):
            if value not in BARE_ACTIONS:
                raise ValueError(_no_such_action(value))
            return {value: {}}
        if isinstance(value, Mapping):
            return {word: {} if said is None and word in BARE_ACTIONS else said for word, said in value.items()}
        return value

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        words = tuple(self.written())
        if len(words) != 1:
            known = ", ".join(type(self).words().values())
            raise ValueError(f"one action a hyphen, not {len(words)}: {', '.join(words) or 'there are ' + known}")
        return self

    @property
    def word(self) -> str:
        """Which action it is."""
        return next(iter(self.written()))

    @property
    def said(self) -> Any:
        """Its arguments."""
        return next(iter(self.written().values()))


def _no_such_action(word: str) -> str:
    known = tuple(Action.words().values())
    if word in known:
        return f"{word!r} needs to be told what, such as {word}: ..."
    return f"no such action {word!r}; {suggestion(word, known)}"
