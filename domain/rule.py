"""Rules as they are written in config.yaml: conditions and actions, frozen.

The models hold the words of the language and their manual; what a word does stands in `rules/`.
A field left out is None and never written as null: `subject:` with nothing behind it is a mistake,
not a condition that always holds.  The place of every error is a path of the YAML file.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from domain.rule_test import RuleTest

T = TypeVar("T")


class _Written:
    """Makes `T | None` mean "left out or a T": null is refused, and the JSON Schema has no null."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        inner = schema["schema"] if schema["type"] == "nullable" else schema
        return core_schema.no_info_before_validator_function(_something, inner)


class _OneOrSeveral:
    """Lets a tuple be written as its only item; an error in that item then has no index in its place."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(_one_or_several, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        several = handler(schema)
        return {"anyOf": [several["items"], {**several, "minItems": 1}]}


def _something(value: object) -> object:
    if value is None:
        raise ValueError("nothing is written here: give it a value or take the word out")
    return value


def _one_or_several(value: object, validate: ValidatorFunctionWrapHandler) -> Any:
    if isinstance(value, list | tuple):
        if not value:
            raise ValueError("the list is empty: write a value, or several")
        return validate(value)
    try:
        return validate([value])
    except ValidationError as refused:
        reason = refused.errors(include_url=False, include_context=False)[0]["msg"].removeprefix("Value error, ")
        raise PydanticCustomError("one_value", "{reason}", {"reason": reason}) from None


def _text(value: object) -> object:
    # A number is not text: YAML has already lost 007 and 1.10.
    if isinstance(value, bool | int | float):
        raise ValueError(f"this is read as {value!r}, not as text: put it in quotes")
    return value


def _word(value: object) -> object:
    if value == "":
        raise ValueError("nothing stands between the quotes: write what is meant")
    return _text(value)


def _name(value: object) -> object:
    if isinstance(value, str) and not (value.strip() and value.isprintable()):
        raise ValueError("a rule needs a name of printable characters: explanations and histories use it")
    return _text(value)


def _suggestion(word: str, known: Iterable[str]) -> str:
    words = tuple(known)
    close = difflib.get_close_matches(word, words, n=1)
    return f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(words)}"


def _is_word(value: object) -> object:
    if value not in IS_WORDS:
        raise ValueError(f"no such word {value!r}; {_suggestion(str(value), IS_WORDS)}")
    return value


def _headers(value: object) -> object:
    if not isinstance(value, Mapping) or not value:
        raise ValueError("name the header and say how to compare it, such as header: {X-Priority: {equals: '1'}}")
    for name in value:
        if not isinstance(name, str) or re.fullmatch(r"[!-9;-~]+", name) is None:
            raise ValueError(f"{name!r} is not the name of a header: letters, digits and hyphens, no colon")
    return value


def _condition_list(value: object) -> object:
    if not isinstance(value, list | tuple) or not value:
        raise ValueError("a list of conditions is expected here, each behind a hyphen")
    return value


def _action_list(value: object) -> object:
    if isinstance(value, list | tuple) and value:
        return value
    raise ValueError("a list of actions is expected here, such as [ignore], or one behind each hyphen")


IS_WORDS = ("reply", "auto_reply", "bounce", "list")
BARE_ACTIONS = ("create", "update", "ignore")
MAX_DEPTH = 16

Written = Annotated[T | None, _Written()]
Word = Annotated[str, BeforeValidator(_word), Field(json_schema_extra={"minLength": 1})]
Words = Annotated[tuple[Word, ...], _OneOrSeveral()]
MaybeEmpty = Annotated[tuple[Annotated[str, BeforeValidator(_text)], ...], _OneOrSeveral()]
IsWords = Annotated[
    tuple[Annotated[Literal["reply", "auto_reply", "bounce", "list"], BeforeValidator(_is_word)], ...],
    _OneOrSeveral(),
]


Group = Annotated[
    tuple["Conditions", ...] | None,
    Field(json_schema_extra={"minItems": 1}),
    _Written(),
    BeforeValidator(_condition_list),
]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    def written(self) -> dict[str, Any]:
        """The words that stand in it and what is said with each, in the order of the manual."""
        said = {field.alias or name: getattr(self, name) for name, field in type(self).model_fields.items()}
        return {word: value for word, value in said.items() if value is not None}


class _Some(_Frozen):
    """A mapping in which at least one word must stand."""

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if not self.written():
            known = ", ".join(field.alias or name for name, field in type(self).model_fields.items())
            raise ValueError(f"nothing is said here; there are: {known}")
        return self


class TextTest(_Some):
    """How a text is compared.  Several operators side by side must all hold; of a list any value will do.

    Case never matters.  A field that the mail does not have is the empty text.  Where a mail has several values
    (recipients, a repeated header) any of them will do, for each operator anew.
    """

    equals: Written[MaybeEmpty] = None
    """The whole text is one of these.  '' asks for a text that is empty or missing."""
    contains: Written[Words] = None
    """One of these stands somewhere in the text, also inside a longer word."""
    regex: Written[Words] = None
    r"""One of these patterns is found in the text.  The patterns are RE2's (https://github.com/google/re2/wiki/Syntax):
    no look-ahead, no back-references.  `\w` is a letter, mark or digit of any script or `_`, `\d` a digit of any
    script, `\s` any white space; `\b` works at the ends of a pattern.  `^` and `$` are the ends of the whole text,
    with `(?m)` of each line; `.` stops at a line break, unless `(?s)`.  Case matters after `(?-i)` only."""

    @model_validator(mode="before")
    @classmethod
    def _says_how(cls, value: object) -> object:
        if isinstance(value, str | int | float | list):
            shown = value[0] if isinstance(value, list) and value else value
            raise ValueError(f"say how to compare: {{contains: {shown}}}; there are: {', '.join(cls.model_fields)}")
        return value


class AddressTest(TextTest):
    """How an address is compared: `equals` and `domain` with the address, `contains` and `regex` with
    the address and with `Name <address>`.  A display name can be anything: trust `domain`, not `contains`.
    """

    equals: Written[MaybeEmpty] = None
    """The address is one of these, whatever the display name.  '' asks for a mail that has none."""
    domain: Written[Words] = None
    """The address is in exactly this domain; `*.bigcorp.example` means its subdomains, without itself."""


class Conditions(_Some):
    """What is asked of a mail.  Several conditions side by side must all hold."""

    from_: Written[AddressTest] = Field(default=None, alias="from")
    """The sender: the From address, else Reply-To, Sender or Return-Path."""
    to: Written[AddressTest] = None
    """The addresses in To; it is enough if one of them fits.  Cc and Bcc are not looked at."""
    subject: Written[TextTest] = None
    """The subject, decoded."""
    body: Written[TextTest] = None
    """The whole text of the mail with quotes and signature, made from the HTML where there is no other:
    its first 200,000 characters."""
    header: Annotated[Mapping[str, TextTest] | None, _Written(), BeforeValidator(_headers)] = None
    """Any header by its name, such as `header: {X-Priority: {equals: '1'}}`.  Of a header that occurs
    several times one must fit; several names must all fit."""
    is_: Written[IsWords] = Field(default=None, alias="is")
    """What kind of mail it is: `reply` (a ticket was found for it), `auto_reply` (out of office and other
    machines), `bounce` (a report of a letter that did not arrive), `list` (newsletter or mailing list).
    Of a list any will do."""
    all: Group = None
    """Every one of these holds."""
    any: Group = None
    """At least one of these holds."""
    none: Group = None
    """Not one of these holds."""

    @property
    def depth(self) -> int:
        """How deep groups are nested; 1 where there is none."""
        inner = (*(self.all or ()), *(self.any or ()), *(self.none or ()))
        return 1 + max((conditions.depth for conditions in inner), default=0)


class NoArguments(_Frozen):
    """An action that needs nothing more said."""


class SetFields(_Some):
    """The fields that are set."""

    status: Written[Word] = None
    """A key of tickets.statuses."""
    priority: Written[Word] = None
    """One of tickets.priorities."""
    category: Written[Word] = None
    """One of tickets.categories."""
    title: Written[Word] = None
    """The title, instead of the subject."""


class AssignTo(_Some):
    """Who gets the ticket."""

    agent: Written[Word] = None
    """A key of agents."""
    group: Written[Word] = None
    """A key of groups."""


def _bare_or_mapping(schema: dict[str, Any]) -> None:
    mapping = {**schema, "minProperties": 1, "maxProperties": 1}
    schema.clear()
    schema["anyOf"] = [{"enum": list(BARE_ACTIONS)}, mapping]


class Action(_Frozen):
    """One action: a bare word, or a word with its arguments."""

    model_config = ConfigDict(json_schema_extra=_bare_or_mapping)

    create: Written[NoArguments] = None
    """Opens a new ticket, also for a reply, and ends the run of the rules."""
    update: Written[NoArguments] = None
    """Adds the mail to the ticket that was found for it, and ends the run.  Where none was found the rule
    has no effect, its other actions included, and the next rule is tried."""
    ignore: Written[NoArguments] = None
    """Does nothing with the mail, writes to nobody, and ends the run.  The mail stays in the journal."""
    set: Written[SetFields] = None
    """Sets fields of the ticket.  Later rules overrule earlier ones, field by field."""
    assign: Written[AssignTo] = None
    """Gives the ticket to an agent, a group, or both.  Later rules overrule earlier ones."""
    tag: Written[Words] = None
    """Adds tags to the ticket; they accumulate."""

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
            known = ", ".join(type(self).model_fields)
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
    if word in Action.model_fields:
        return f"{word!r} needs to be told what, such as {word}: ..."
    return f"no such action {word!r}; {_suggestion(word, Action.model_fields)}"


class RuleSpec(_Frozen):
    """One rule: for which mails it is, and what it does with them."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["when"]}, {"required": ["match"]}]})

    name: Annotated[str, Field(max_length=100), BeforeValidator(_name)]
    """What the rule is called in explanations and in the history; no two rules share a name."""
    for_: Annotated[Literal["new", "reply"] | None, _Written()] = Field(default=None, alias="for")
    """`new`: only mails for which no ticket was found; `reply`: only those for which one was.  Both where left out."""
    when: Written[Conditions] = None
    """The conditions, all of which must hold."""
    match: Written[Literal["always"]] = None
    """`always`, instead of `when`: the rule is for every mail."""
    then: Annotated[tuple[Action, ...], Field(json_schema_extra={"minItems": 1}), BeforeValidator(_action_list)]
    """What is done, in order."""
    tests: Annotated[tuple[RuleTest, ...], Field(exclude=True)] = ()
    """Mails and what shall become of them: `helpdesk rules test` tries them, and so does `helpdesk check`."""

    @field_validator("when")
    @classmethod
    def _readable(cls, when: Conditions | None) -> Conditions | None:
        if when is not None and when.depth > MAX_DEPTH:
            raise ValueError(f"conditions are nested {when.depth} deep; {MAX_DEPTH} is the limit")
        return when

    @model_validator(mode="after")
    def _when_or_always(self) -> Self:
        if self.when is None and self.match is None:
            raise ValueError(f"rule {self.name!r} does not say for which mails it is: write when: or match: always")
        if self.when is not None and self.match is not None:
            raise ValueError(f"rule {self.name!r} has both when: and match: always: take one out")
        return self
