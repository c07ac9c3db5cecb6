"""How values of rules may be written: one or several, what is asked or its opposite, never null.

A field left out is None and never written as null: `subject:` with nothing behind it is a mistake,
not a condition that always holds.  The place of every error is a path of the YAML file; a step in
square brackets names one of several forms and is no key.

Fails with: ValueError inside pydantic's ValidationError, whose text says what to write instead.
"""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Generic, Self, TypeVar, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    ValidatorFunctionWrapHandler,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

T = TypeVar("T")


class Frozen(BaseModel):
    """A part of a rule: no other words than its own, and its docstrings are the manual."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    def written(self) -> dict[str, Any]:
        """The words that stand in it and what is said with each, in the order of the manual."""
        there = self.model_fields_set
        said = ((word, getattr(self, name)) for name, word in type(self).words().items() if name in there)
        return {word: value for word, value in said if value is not None}

    @classmethod
    @cache
    def words(cls) -> dict[str, str]:
        """The words that may stand in it, by the name of their attribute."""
        return {name: field.alias or name for name, field in cls.model_fields.items()}


class Some(Frozen):
    """A mapping in which at least one word must stand."""

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if not self.written():
            raise ValueError(f"nothing is said here; there are: {', '.join(type(self).words().values())}")
        return self


@dataclass(frozen=True, slots=True)
class Not(Generic[T]):
    """The opposite of what is said behind `not`."""

    said: T


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


class _OrNot:
    """Lets `{not: VALUE}` stand where a VALUE may."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        plain = handler(get_args(source)[0])
        mapping = core_schema.typed_dict_schema({"not": core_schema.typed_dict_field(plain)}, extra_behavior="forbid")
        opposite = core_schema.no_info_after_validator_function(lambda said: Not(said["not"]), mapping)
        either = core_schema.tagged_union_schema({"[plain]": plain, "[not]": opposite}, discriminator=_form)
        return core_schema.no_info_before_validator_function(
            _not_alone, either, serialization=core_schema.plain_serializer_function_ser_schema(_as_written)
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        both = handler(schema)
        plain, opposite = both.pop("oneOf")
        opposite.pop("title", None)
        return {"anyOf": [*plain.get("anyOf", [plain]), opposite]}


def _form(value: object) -> str:
    return "[not]" if isinstance(value, Mapping) else "[plain]"


def _not_alone(value: object) -> object:
    if isinstance(value, Not):
        return _as_written(value)
    if isinstance(value, Mapping) and list(value) != ["not"]:
        raise ValueError("write a value, or {not: ...} with a value")
    return value


def _as_written(value: object) -> object:
    return {"not": value.said} if isinstance(value, Not) else value


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


def text(value: object) -> object:
    """VALUE if it is not something that YAML has read as a number or a truth value: 007 and 1.10 are lost then."""
    if isinstance(value, bool | int | float):
        raise ValueError(f"this is read as {value!r}, not as text: put it in quotes")
    return value


def _word(value: object) -> object:
    if value == "":
        raise ValueError("nothing stands between the quotes: write what is meant")
    return text(value)


def _flag(value: object) -> object:
    if not isinstance(value, bool):
        raise ValueError("write true or false")
    return value


def suggestion(word: str, known: Iterable[str]) -> str:
    """`did you mean 'list'?`, or all that there is."""
    words = tuple(known)
    close = difflib.get_close_matches(word, words, n=1)
    return f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(words)}"


def one_of(words: tuple[str, ...]) -> Callable[[object], object]:
    """A validator that takes one of WORDS and nothing else."""

    def check(value: object) -> object:
        if value is None:
            raise ValueError("nothing is written here: give it a value or take the word out")
        if value not in words:
            raise ValueError(f"no such word {value!r}; {suggestion(str(value), words)}")
        return value

    return check


def enum(words: tuple[str, ...]) -> Any:
    """The JSON Schema of one of WORDS."""
    return Field(json_schema_extra={"enum": list(words)})


Written = Annotated[T | None, _Written()]
Word = Annotated[str, BeforeValidator(_word), Field(json_schema_extra={"minLength": 1})]
Flag = Annotated[bool, BeforeValidator(_flag)]
Text = Annotated[str, BeforeValidator(text)]
OneOrSeveral = Annotated[tuple[T, ...], _OneOrSeveral()]
Words = OneOrSeveral[Word]
MaybeEmpty = OneOrSeveral[Text]
Choice = Annotated[T | Not[T], _OrNot()]


def choice(said: T | Not[T]) -> tuple[T, bool]:
    """What is SAID, and whether its opposite is asked."""
    return (said.said, True) if isinstance(said, Not) else (said, False)
