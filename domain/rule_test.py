"""Tests of a rule, as they are written beside it: a mail, and what shall become of it.

They are no part of the rule set: another test changes no hash, and no mail is decided otherwise.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from domain.quantity import parse_duration
from domain.written import Frozen, Written

NO_MATCH = "no match"


def _text(value: object) -> object:
    # A whole number is written out again as it stood there.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _moment(value: object) -> object:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise ValueError(f"{value!r} is no moment: write day and time, such as 2026-11-21 03:00") from None


def _several(value: object) -> object:
    return value if isinstance(value, list | tuple) or value is None else [value]


def _file(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


def _expected(value: object) -> object:
    if value == NO_MATCH:
        return None
    if value is None or isinstance(value, str):
        raise ValueError(f"write what is expected, such as {{priority: urgent}}, or {NO_MATCH}")
    return value


def _no_match_for_null(schema: dict[str, Any]) -> None:
    schema["anyOf"] = [{"const": NO_MATCH} if one == {"type": "null"} else one for one in schema["anyOf"]]


Text = Annotated[str, BeforeValidator(_text)]
Texts = Annotated[
    tuple[Text, ...],
    BeforeValidator(_several),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]


class TestFile(Frozen):
    """A file that comes with the mail."""

    __test__ = False

    name: Text
    """Its name."""
    type: Text = "application/octet-stream"
    """Its content type."""
    size: Annotated[int, Field(ge=0, le=50_000_000)] = 100
    """Its octets."""


class TestMail(Frozen):
    """A mail in a few words.  It is written out as a mail and read as every other."""

    __test__ = False

    from_: Text = Field(alias="from")
    """The sender: an address, or `Name <address>`."""
    to: Texts = ()
    """To whom; the mailbox's own address where it is left out."""
    cc: Texts = ()
    """Who got it as well."""
    reply_to: Written[Text] = None
    """Where answers go."""
    subject: Text = ""
    """The subject."""
    text: Text = ""
    """The text."""
    html: Written[Text] = None
    """The same as HTML."""
    headers: Mapping[str, Texts] = {}
    """Any further header fields, such as `{Auto-Submitted: auto-replied}`."""
    attachments: tuple[Annotated[TestFile, BeforeValidator(_file)], ...] = ()
    """Files that come with it: a name, or `{name: scan.pdf, type: application/pdf, size: 2000}`."""


class TestTicket(Frozen):
    """A ticket that was found for the mail."""

    __test__ = False

    number: Annotated[int, Field(ge=1)] = 1
    """Its number."""
    title: Text = ""
    """Its title."""
    status: Written[Text] = None
    """A key of tickets.statuses; the first one that is open where it is left out."""
    priority: Written[Text] = None
    """One of tickets.priorities; the default where it is left out."""
    category: Text = ""
    """One of tickets.categories."""
    agent: Text = ""
    """A key of agents."""
    group: Written[Text] = None
    """A key of groups; the mailbox's where it is left out."""
    tags: Texts = ()
    """Its tags."""
    age: Written[Annotated[timedelta, BeforeValidator(parse_duration)]] = None
    """How long ago it was opened: `2d`, `4h`; an hour where it is left out."""


class TestContact(Frozen):
    """What is known of the sender."""

    __test__ = False

    name: Text = ""
    """His name."""
    tags: Texts = ()
    """His tags, such as `vip`."""
    organization: Written[Text] = None
    """The name of his organization."""
    opted_out: bool = False
    """He wants no letters."""
    support_start: Written[date] = None
    """The first day of his support."""
    support_end: Written[date] = None
    """The last day of his support."""


class TestFacts(Frozen):
    """What is known beside the mail."""

    __test__ = False

    ticket: Written[TestTicket] = None
    """The ticket that it answers; without it the mail is new."""
    contact: Written[TestContact] = None
    """The contact who wrote; without it the sender is unknown."""
    at: Written[Annotated[datetime, BeforeValidator(_moment)]] = None
    """When it arrived, such as `2026-11-21 03:00`, in the time zone of business_hours, else UTC; a Wednesday at ten
    where it is left out."""


class Expectation(Frozen):
    """What shall become of the mail.  What is not named may be anything."""

    disposition: Written[Literal["create", "update", "ignore", "reject", "forward", "merge_into"]] = None
    """What ends the run of the rules."""
    status: Written[Text] = None
    """The ticket's status afterwards."""
    priority: Written[Text] = None
    """Its priority."""
    category: Written[Text] = None
    """Its category."""
    title: Written[Text] = None
    """Its title."""
    agent: Written[Text] = None
    """Its agent; '' for nobody."""
    group: Written[Text] = None
    """Its group."""
    tags: Written[Texts] = None
    """Tags that it has; it may have others too."""
    rule: Written[Texts] = None
    """Rules that match; where it is left out, the rule beside which the test stands."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.written():
            known = ", ".join(type(self).model_fields)
            raise ValueError(f"nothing is expected here; there are: {known}")
        return self


class RuleTest(Frozen):
    """One test: a mail goes through the whole rule set, and this is what must come out."""

    mail: Written[TestMail] = None
    """The mail, in a few words."""
    eml: Written[Text] = None
    """Or a file that holds it (relative to config.yaml)."""
    mailbox: Written[Text] = None
    """The mailbox that it comes to; the first where it is left out."""
    facts: TestFacts = TestFacts()
    """What is known beside the mail."""
    expect: Annotated[
        Expectation | None,
        BeforeValidator(_expected),
        Field(json_schema_extra=_no_match_for_null),
    ]
    """What shall become of it, or `no match` where this rule must not match."""

    @model_validator(mode="after")
    def _one_mail(self) -> Self:
        if (self.mail is None) == (self.eml is None):
            raise ValueError("a test needs one mail: write either mail: {from: ..., subject: ...} or eml: FILE")
        return self
