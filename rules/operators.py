"""The operators: how a value of a mail is compared with what a rule says.

Each is a frozen value that holds what the rule says in the form in which it is compared, so that
an index can read what a rule needs, and answers at which character of a value it holds, -1 if
nowhere.  A new operator = one class + one line in a table here + one field in `domain/rule.py`,
whose description is its manual + one row in `tests/rules/`.

Fails with: BadPattern, from rules/pattern.py; BadLiteral.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, Self

from domain.errors import BadAddress, DeskError
from domain.people import Address, domain_key
from domain.quantity import Interval
from rules.pattern import END, MAX_LENGTH, START, Pattern
from rules.text import fold, needs_border
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
class BeginsWith:
    """The folded text begins with one of `wanted`."""

    wanted: tuple[str, ...]

    @classmethod
    def of(cls, literals: tuple[str, ...]) -> Self:
        return cls(tuple(map(fold, literals)))

    def position(self, value: Value) -> int:
        return 0 if value.folded.startswith(self.wanted) else -1


@dataclass(frozen=True, slots=True)
class EndsWith:
    """The folded text ends with one of `wanted`."""

    wanted: tuple[str, ...]

    @classmethod
    def of(cls, literals: tuple[str, ...]) -> Self:
        return cls(tuple(map(fold, literals)))

    def position(self, value: Value) -> int:
        for literal in self.wanted:
            if value.folded.endswith(literal):
                return len(value.folded) - len(literal)
        return -1


@dataclass(frozen=True, slots=True)
class Word:
    """One of `patterns` is found in the folded text: words with no letter, mark or digit beyond their ends."""

    patterns: tuple[Pattern, ...]

    @classmethod
    def of(cls, words: tuple[str, ...]) -> Self:
        return cls(tuple(Pattern.of_literal(word, _whole_word(fold(word))) for word in words))

    def position(self, value: Value) -> int:
        return _position(self.patterns, value.folded_utf8)


def _whole_word(word: str) -> str:
    _short(word)
    start = START if needs_border(word[0]) else ""
    return f"{start}{Pattern.escaped(word)}{END if needs_border(word[-1]) else ''}"


def _short(literal: str) -> None:
    if len(literal) > MAX_LENGTH // 8:
        raise BadLiteral(f"{len(literal)} characters are too many here; {MAX_LENGTH // 8} is the limit")


def _position(patterns: tuple[Pattern, ...], text: bytes) -> int:
    """At which character of a UTF-8 text one of PATTERNS is found, -1 if nowhere."""
    for pattern in patterns:
        if (position := pattern.position(text)) >= 0:
            return len(text[:position].decode("utf-8", "ignore"))
    return -1


@dataclass(frozen=True, slots=True)
class Glob:
    """The whole folded text looks like one of `patterns`, in which * and ? are wild."""

    patterns: tuple[Pattern, ...]

    @classmethod
    def of(cls, globs: tuple[str, ...]) -> Self:
        return cls(tuple(Pattern.of_literal(glob, _glob(fold(glob))) for glob in globs))

    def position(self, value: Value) -> int:
        return _position(self.patterns, value.folded_utf8)


def _glob(glob: str) -> str:
    _short(glob)
    wild = {"*": ".*", "?": "."}
    inner = "".join(wild.get(part) or Pattern.escaped(part) for part in re.split(r"([*?])", re.sub(r"\*+", "*", glob)))
    return rf"(?s)\A{inner}\z"


@dataclass(frozen=True, slots=True)
class Regex:
    """One of `patterns` is found in the text."""

    patterns: tuple[Pattern, ...]

    @classmethod
    def of(cls, written: tuple[str, ...]) -> Self:
        return cls(tuple(map(Pattern.of, written)))

    def position(self, value: Value) -> int:
        return _position(self.patterns, value.utf8)

    @property
    def names(self) -> frozenset[str]:
        """The names of all named groups."""
        return frozenset(name for pattern in self.patterns for name in pattern.names)

    def captures(self, value: Value) -> dict[str, str]:
        """What the named groups of the first pattern that is found have found."""
        found = (pattern for pattern in self.patterns if pattern.position(value.utf8) >= 0)
        first = next(found, None)
        return first.captures(value.utf8) if first is not None and first.names else {}


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
class Listed:
    """The address is among `addresses` or in one of `domains`."""

    addresses: SameAddress
    domains: InDomain

    @classmethod
    def of(cls, lines: tuple[str, ...]) -> Self:
        domains = tuple(line[1:] for line in lines if line.startswith("@"))
        return cls(SameAddress.of(tuple(line for line in lines if not line.startswith("@"))), InDomain.of(domains))

    def position(self, value: Value) -> int:
        return max(self.addresses.position(value), self.domains.position(value))


@dataclass(frozen=True, slots=True)
class Among:
    """The word is one of `words`, to the letter."""

    words: frozenset[str]

    @classmethod
    def of(cls, words: tuple[str, ...]) -> Self:
        return cls(frozenset(words))

    def position(self, value: Value) -> int:
        return 0 if value.text in self.words else -1


@dataclass(frozen=True, slots=True)
class Within:
    """The number is in `interval`."""

    interval: Interval

    def position(self, value: Value) -> int:
        return 0 if value.number is not None and value.number in self.interval else -1


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


Operators = Mapping[str, Callable[[tuple[str, ...]], Test]]

TEXT_OPERATORS: Operators = {
    "equals": Equals.of,
    "one_of": Equals.of,
    "contains": Contains.of,
    "begins_with": BeginsWith.of,
    "ends_with": EndsWith.of,
    "word": Word.of,
    "glob": Glob.of,
    "regex": Regex.of,
    "in_file": Equals.of,
}
ADDRESS_OPERATORS: Operators = {
    **TEXT_OPERATORS,
    "equals": SameAddress.of,
    "one_of": SameAddress.of,
    "domain": InDomain.of,
    "in_file": Listed.of,
}
