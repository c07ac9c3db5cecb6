"""What pydantic finds wrong with the settings, in our words.

Promises: every complaint says what to do; no value is repeated that could be a secret.  A complaint
is addressed by its path; `desk/config.py` finds the line.
"""

import difflib
import re
import types
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from desk.yaml_nodes import Path
from domain.quantity import shown
from domain.settings import Settings

_LONGEST_TEXT = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something wrong, or odd, at PATH.  `at` names what the eye should fall on: the key or its value."""

    path: Path
    text: str
    at: Literal["key", "value"] = "value"
    severity: Literal["error", "warning"] = "error"


def remark(error: ErrorDetails) -> Remark:
    """One of pydantic's errors in our words."""
    # Steps in brackets name one of several forms in which a value may be written.
    path = tuple(step for step in error["loc"] if not str(step).startswith("["))
    at: Literal["key", "value"] = "key" if error["loc"][-1:] == ("[key]",) else "value"
    match error["type"]:
        case "missing":
            return Remark(path=path, text=_missing(path), at="key")
        case "extra_forbidden":
            return _unknown(path)
        case kind:
            return Remark(path=path, text=_shortened(_words(kind, error)), at=at)


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'port'?`, or the list of what there is."""
    choices = list(known)
    near = difflib.get_close_matches(word.casefold(), choices, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; there are: {', '.join(choices)}" if choices else ""


def keys_at(path: Path) -> tuple[str, ...]:
    """The keys that may stand in the mapping at PATH; none where the settings leave them free."""
    return tuple(_fields(_model_at(path)))


def _missing(path: Path) -> str:
    field = _fields(_model_at(path[:-1])).get(str(path[-1]))
    meaning = " ".join((field.description or "").split()) if field else ""
    first = re.split(r"(?<=\.)\s", meaning)[0].rstrip(".")
    return f"is missing: {first[:1].lower()}{first[1:]}" if first else "is missing"


def _unknown(path: Path) -> Remark:
    """A key that does not exist.  `password:secret` without a space is one key to YAML: its end is not shown."""
    word, colon, _ = str(path[-1]).partition(":")
    text = (
        f"a space is missing after {shown(word + ':')}"
        if colon
        else f"no such key{suggestion(word, keys_at(path[:-1]))}"
    )
    return Remark(path=path, text=text, at="key")


def _words(kind: str, error: ErrorDetails) -> str:
    given, context = error["input"], error.get("ctx", {})
    if kind == "value_error":
        return str(context.get("error", "")) or "is not valid here"
    if given is None:
        return "has no value"
    match kind:
        case "bool_type" | "bool_parsing":
            return f"write true or false, not {shown(given)}"
        case "literal_error" | "enum":
            known = re.findall(r"'([^']*)'", str(context.get("expected", "")))
            return f"{shown(given)} is not among: {', '.join(known)}{_nearest(given, known)}"
        case "string_type":
            return _text_wanted(given)
        case "int_type" | "int_parsing" | "int_from_float" | "float_type" | "float_parsing":
            return f"{shown(given)} is not a number"
        case "greater_than_equal":
            return f"{shown(given)} is too small: at least {context['ge']}"
        case "less_than_equal":
            return f"{shown(given)} is too large: at most {context['le']}"
        case "greater_than":
            return f"{shown(given)} is too small: it must be more than {context['gt']}"
        case "too_short":
            return "is empty: at least one is needed"
        case "string_too_short":
            return "is empty"
        case "string_too_long":
            return f"is too long: at most {context['max_length']} characters"
        case "one_value":
            reason = str(context.get("reason", ""))
            return _text_wanted(given) if reason.startswith(("Input should", "String should")) else reason
        case "tuple_type" | "list_type" | "set_type" | "frozen_set_type":
            return f"a list is wanted here, not {_kind(given)}: [one, two], or one item a line after '- '"
        case "model_type" | "dict_type" | "mapping_type" | "model_attributes_type" | "dataclass_type":
            return f"keys and values are wanted here, not {_kind(given)}"
    return "is not valid here"


def _nearest(given: object, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(str(given).casefold(), known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def _text_wanted(given: object) -> str:
    if isinstance(given, bool):
        return f"a text is wanted here; put {shown(given)} in quotes if you mean the word"
    return f"a text is wanted here, not {_kind(given)}"


def _kind(given: object) -> str:
    """What GIVEN is, without its value."""
    match given:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a single text"
        case Mapping():
            return "keys and values"
    return "a list"


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_TEXT else line[: _LONGEST_TEXT - 3] + "..."


def _fields(model: type[BaseModel] | None) -> dict[str, Any]:
    """The fields of MODEL by the names that they have in config.yaml."""
    return {field.alias or name: field for name, field in model.model_fields.items()} if model else {}


def _model_at(path: Path) -> type[BaseModel] | None:
    """The model that describes the mapping at PATH, None where there is none."""
    kind: Any = Settings
    for step in path:
        model = _as_model(kind)
        if model is not None:
            field = _fields(model).get(str(step))
            kind = field.annotation if field else None
        else:
            kind = _element(kind)
        if kind is None:
            return None
    return _as_model(kind)


def _bare(kind: Any) -> Any:
    """KIND without Annotated and without `| None`."""
    if get_origin(kind) is Annotated:
        return _bare(get_args(kind)[0])
    if get_origin(kind) in (Union, types.UnionType):
        rest = [part for part in get_args(kind) if part is not type(None)]
        return _bare(rest[0]) if len(rest) == 1 else None
    return kind


def _as_model(kind: Any) -> type[BaseModel] | None:
    bare = _bare(kind)
    return bare if isinstance(bare, type) and issubclass(bare, BaseModel) else None


def _element(kind: Any) -> Any:
    """What the values of a mapping or the items of a tuple are."""
    bare = _bare(kind)
    arguments = get_args(bare)
    if get_origin(bare) is tuple:
        return arguments[0]
    return arguments[1] if len(arguments) == 2 else None
