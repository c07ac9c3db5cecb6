"""The operators: how a value of a mail is compared with what a rule says.

Each is a frozen value that holds what the rule says in the form in which it is compared, so that
an index can read what a rule needs, and answers at which character of a value it holds, -1 if
nowhere.  A new operator = one class + one line in a table here + one field in `domain/rule.py`,
whose description is its manual + one row in `tests/rules/`.

Fails with: BadPattern, from rules/pattern.py; BadLiteral.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, Self

from domain.errors import BadAddress, DeskError
from domain.people import Address, domain_key
from rules.pattern import Pattern
from rules.text import fold
from rules.view import Value


class BadLiteral(DeskError):
    """A value that nothing could ever equal."""


class Test(Protocol):
    """One comparison, ready to be made."""

    def position(self, value: Value) -> int:
        """At which character of VALUE it holds, -1 if nowhere."""


@dataclass(frozen=True, slots=True)
class Equals:
    """The whole text, folded, is one of `wanted`."""

    wanted: frozenset[str]

    @classmethod
    def of(cls, literals: tuple[str, ...]) -> Self:
        return cls(frozenset(map(fold, literals)))

    def position(self, value: Value) -> int:
        return 0 if value.folded in self.wanted else -1


@dataclass(frozen=True, slots=True)
class Contains:
    """One of `wanted` stands somewhere in the folded text."""

    wanted: tuple[str, ...]

    @classmethod
    def of(cls, literals: tuple[str, ...]) -> Self:
        return cls(tuple(map(fold, literals)))

    def position(self, value: Value) -> int:
        for literal in self.wanted:
            if (position := value.folded.find(literal)) >= 0:
                return position
        return -1


@dataclass(frozen=True, slots=True)
class Regex:
    """One of `patterns` is found in the text."""

    patterns: tuple[Pattern, ...]

    @classmethod
    def of(cls, written: tuple[str, ...]) -> Self:
        return cls(tuple(map(Pattern.of, written)))

    def position(self, value: Value) -> int:
        for pattern in self.patterns:
            if (position := pattern.position(value.utf8)) >= 0:
                return len(value.utf8[:position].decode("utf-8", "ignore"))
        return -1


@dataclass(frozen=True, slots=True)
class SameAddress:
    """The address is one of those with these keys; '' is a missing one."""

    keys: frozenset[str]

    @classmethod
    def of(cls, addresses: tuple[str, ...]) -> Self:
        return cls(frozenset(map(_address_key, addresses)))

    def position(self, value: Value) -> int:
        return 0 if value.key in self.keys else -1


@dataclass(frozen=True, slots=True)
class InDomain:
    """The address is in one of the domains `exact`, or below one of `parents`, which begin with a dot."""

    exact: frozenset[str]
    parents: tuple[str, ...]

    @classmethod
    def of(cls, domains: tuple[str, ...]) -> Self:
        keys = tuple(map(_domain_key, domains))
        return cls(
            frozenset(key for key in keys if not key.startswith(".")),
            tuple(key for key in keys if key.startswith(".")),
        )

    def position(self, value: Value) -> int:
        return 0 if value.domain in self.exact or value.domain.endswith(self.parents) else -1


@dataclass(frozen=True, slots=True)
class Among:
    """The word is one of `words`, to the letter."""

    words: frozenset[str]

    def position(self, value: Value) -> int:
        return 0 if value.text in self.words else -1


@dataclass(frozen=True, slots=True)
class Always:
    """Whatever the value."""

    def position(self, value: Value) -> int:
        return 0


def _address_key(text: str) -> str:
    try:
        return Address.parse(text).key if text else ""
    except BadAddress as bad:
        raise BadLiteral(f"{bad}; of a part of it ask with contains") from None


def _domain_key(text: str) -> str:
    """The domain as an A-label, with a leading dot where its subdomains are meant."""
    below = text.startswith("*.")
    host = text[2:] if below else text
    if "@" in host:
        raise BadLiteral(f"{text!r} is not a domain: write what stands behind the @")
    key = domain_key(host)
    if not key or "*" in key or "" in key.split(".") or any(c.isspace() or c in "<>,;:/" for c in key):
        raise BadLiteral(f"{text!r} is not a domain: expected bigcorp.example, or *.bigcorp.example for its subdomains")
    return f".{key}" if below else key


TEXT_OPERATORS: Mapping[str, Callable[[tuple[str, ...]], Test]] = {
    "equals": Equals.of,
    "contains": Contains.of,
    "regex": Regex.of,
}
ADDRESS_OPERATORS: Mapping[str, Callable[[tuple[str, ...]], Test]] = {
    "equals": SameAddress.of,
    "contains": Contains.of,
    "regex": Regex.of,
    "domain": InDomain.of,
}
