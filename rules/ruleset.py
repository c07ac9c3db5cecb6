"""The rule set: all rules of config.yaml, ready to decide.

Frozen, made once a configuration.  `text` is the rules in canonical JSON, which reads back into the same
rules; `hash` names it, so that a decision of long ago can be explained with the rules of that day.

Fails with: BadRules.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from types import MappingProxyType
from typing import Any

from domain.action import Action
from domain.errors import DeskError
from domain.rule import RuleSpec
from rules.actions import DISPOSITIONS
from rules.conditions import Group, Lists, condition_of, leaves
from rules.expression import Expression
from rules.index import Index
from rules.view import SENDER_MAILS

Path = tuple[str | int, ...]
NO_LISTS: Lists = MappingProxyType({})


class BadRules(DeskError):
    """A rule that cannot be made ready; `rules.problems` says where in config.yaml."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: its conditions ready to be asked, its actions as written."""

    name: str
    condition: Group
    actions: tuple[Action, ...]
    dispositions: tuple[Action, ...]
    stops: bool
    continues: bool

    @property
    def because(self) -> str:
        return f"rule {self.name!r}"


@dataclass(frozen=True, kw_only=True)
class RuleSet:
    """The rules in their order, and what they look at."""

    rules: tuple[Rule, ...]
    text: str

    @cached_property
    def hash(self) -> str:
        """SHA-256 over `text`, in hex."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()

    @cached_property
    def index(self) -> Index:
        """Which rules could match a mail."""
        return Index([rule.condition for rule in self.rules])

    @cached_property
    def reads(self) -> frozenset[str]:
        """The fields that any of the rules looks at; `found` is among them, for the default asks it."""
        asked = (leaf.field for rule in self.rules for leaf in leaves(rule.condition))
        shown = (field for rule in self.rules for text in expressions(rule.actions) for field in text.fields)
        return frozenset({"found", *asked, *shown})

    @cached_property
    def periods(self) -> tuple[timedelta, ...]:
        """The periods for which the mails of a sender are counted."""
        asked = (field.removeprefix(SENDER_MAILS) for field in self.reads if field.startswith(SENDER_MAILS))
        return tuple(sorted(timedelta(seconds=float(period)) for period in asked))

    @cached_property
    def asks_contact(self) -> bool:
        """A rule looks at the contact who wrote."""
        return any(field.startswith("contact.") for field in self.reads)

    @cached_property
    def asks_known(self) -> bool:
        """A rule asks whether addresses of the mail belong to contacts."""
        return any(field.startswith("known ") for field in self.reads)


def compile(specs: Sequence[RuleSpec], *, lists: Lists = NO_LISTS) -> RuleSet:  # noqa: A001 - read as rules.compile
    """SPECS ready to decide, with the LISTS that their `in_file` name.

    Raises BadRules for a pattern, a literal or an expression that cannot be used.
    """
    return RuleSet(rules=tuple(_rule(spec, lists) for spec in specs), text=canonical(specs, lists=lists))


def canonical(specs: Sequence[RuleSpec], *, lists: Lists = NO_LISTS) -> str:
    """SPECS as JSON: the same rules give the same text, whatever their layout, comments and key order in YAML."""
    said: object = [spec.model_dump(mode="json", by_alias=True, exclude_none=True) for spec in specs]
    if lists:
        said = {"lists": dict(lists), "rules": said}
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def read_back(text: str) -> RuleSet:
    """The rule set whose `text` this is.  Raises BadRules if these rules are no longer understood."""
    try:
        said = json.loads(text)
        rules, lists = (said["rules"], said["lists"]) if isinstance(said, dict) else (said, {})
        specs = tuple(RuleSpec.model_validate(rule) for rule in rules)
    except (ValueError, KeyError, TypeError) as bad:
        raise BadRules(f"these rules are no longer understood: {' '.join(str(bad).split())[:200]}") from None
    return compile(specs, lists={name: tuple(lines) for name, lines in lists.items()})


def _rule(spec: RuleSpec, lists: Lists) -> Rule:
    try:
        condition = condition_of(spec, lists)
        tuple(expressions(spec.then))
    except DeskError as bad:
        raise BadRules(f"rule {spec.name!r}: {bad}") from bad
    words = [action.word for action in spec.then]
    return Rule(
        name=spec.name,
        condition=condition,
        actions=spec.then,
        dispositions=tuple(action for action in spec.then if action.word in DISPOSITIONS),
        stops="stop" in words,
        continues="continue" in words,
    )


def expressions(actions: Iterable[Action]) -> Iterator[Expression]:
    """The expressions in the texts of ACTIONS.  Raises BadExpression."""
    for _, text in texts(actions):
        yield Expression.of(text)


def texts(actions: Iterable[Action]) -> Iterator[tuple[Path, str]]:
    """The texts of ACTIONS that may hold expressions, each with its place below `then`."""
    for number, action in enumerate(actions):
        for path, text in _texts(action):
            yield (number, action.word, *path), text


def _texts(action: Action) -> Iterator[tuple[Path, str]]:
    said: Any = action.said
    if action.word == "note":
        yield (), said
    elif action.word == "tag":
        yield from (((index,) if len(said) > 1 else (), text) for index, text in enumerate(said))
    elif action.word in _WITH_TEXTS:
        for word in _WITH_TEXTS[action.word]:
            text = getattr(said, word)
            if text is not None:
                yield (word,), text
        for key, text in (getattr(said, "fields", None) or {}).items():
            yield ("fields", key), text


_WITH_TEXTS = {
    "set": ("due", "title", "description", "solution"),
    "link": ("contact", "organization"),
    "update": ("key",),
    "merge_into": ("key",),
    "reject": ("text",),
}
