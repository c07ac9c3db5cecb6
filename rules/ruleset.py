"""The rule set: all rules of config.yaml, ready to decide.

Frozen, made once a configuration.  `text` is the rules in canonical JSON, which reads back into the same
rules; `hash` names it, so that a decision of long ago can be explained with the rules of that day.

Fails with: BadRules.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from domain.errors import DeskError
from domain.rule import Action, RuleSpec
from rules.actions import DISPOSITIONS
from rules.conditions import Group, condition_of, reads
from rules.index import Index


class BadRules(DeskError):
    """A rule that cannot be made ready; `rules.problems` says where in config.yaml."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: its conditions ready to be asked, its actions as written."""

    name: str
    condition: Group
    dispositions: tuple[str, ...]
    actions: tuple[Action, ...]

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
        return frozenset({"found", *(field for rule in self.rules for field in reads(rule.condition))})


def compile(specs: Sequence[RuleSpec]) -> RuleSet:  # noqa: A001 - read as rules.compile, like re.compile
    """SPECS ready to decide.  Raises BadRules for a pattern or a literal that cannot be used."""
    return RuleSet(rules=tuple(map(_rule, specs)), text=canonical(specs))


def canonical(specs: Sequence[RuleSpec]) -> str:
    """SPECS as JSON: the same rules give the same text, whatever their layout, comments and key order in YAML."""
    said = [spec.model_dump(mode="json", by_alias=True, exclude_none=True) for spec in specs]
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _rule(spec: RuleSpec) -> Rule:
    try:
        condition = condition_of(spec)
    except DeskError as bad:
        raise BadRules(f"rule {spec.name!r}: {bad}") from bad
    words = [action.word for action in spec.then]
    return Rule(
        name=spec.name,
        condition=condition,
        dispositions=tuple(word for word in words if word in DISPOSITIONS),
        actions=spec.then,
    )
