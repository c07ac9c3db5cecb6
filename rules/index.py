"""The index: which of many rules could match a mail at all, without asking each of them.

What a rule needs is read from its conditions once: that one of a few texts stands in a field, that
the sender is in one of these domains.  Where it needs several things, the rarest is taken.  Texts and
patterns of all rules are looked for together, in one pass over a field (`re2.Set`), addresses and whole
values in dictionaries; so ten thousand rules cost little more than ten.

Promises: a rule whose conditions hold is always among the candidates.  The conditions themselves are
asked afterwards, so the index can change no decision.  A rule that needs nothing of this kind (all its
conditions are negated, say) is a candidate for every mail.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from rules.conditions import Condition, Group, Node
from rules.operators import (
    Among,
    BeginsWith,
    Contains,
    EndsWith,
    Equals,
    Glob,
    InDomain,
    Listed,
    Regex,
    SameAddress,
    Test,
    Word,
)
from rules.pattern import Pattern, Together
from rules.required import required
from rules.text import fold
from rules.view import Value, View

# With fewer rules than this, asking each is quicker.
WORTH_IT = 12
# A shorter text stands in too many mails to be a sign of anything.
LONG_ENOUGH = 3


class How(IntEnum):
    """How a field is asked, the rarest to come true first."""

    ADDRESS = 0
    DOMAIN = 1
    WHOLE = 2
    LITERAL = 3
    PATTERN = 4
    WORD = 5


@dataclass(frozen=True, slots=True)
class Need:
    """One of the things without one of which a rule cannot match: WANTED in FIELD."""

    how: How
    field: str
    wanted: str

    @property
    def rank(self) -> tuple[bool, int, bool, int]:
        """The smaller, the fewer mails have it: the mail's text holds nearly everything, a long word is rare."""
        is_kind = self.how is How.WORD
        return (is_kind, self.how if self.how < How.LITERAL else How.LITERAL, self.field in _LONG, -len(self.wanted))


_LONG = ("text", "reply_text")
Needs = tuple[Need, ...]


class Places(Protocol):
    """Where the rules that want something of a field are found."""

    def rules(self, values: Sequence[Value]) -> Iterable[int]:
        """The rules that find what they want in one of VALUES."""


class Index:
    """The candidates among many rules, by their places in the rule set."""

    def __init__(self, conditions: Sequence[Group]) -> None:
        wanted: dict[tuple[How, str], dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        self._always: list[int] = []
        for place, condition in enumerate(conditions):
            needs = needs_of(condition) if len(conditions) >= WORTH_IT else None
            if needs is None:
                self._always.append(place)
            for need in needs or ():
                wanted[need.how, need.field][need.wanted].append(place)
        self._places = tuple((field, _PLACES[how](by_text)) for (how, field), by_text in sorted(wanted.items()))

    def candidates(self, view: View) -> list[int]:
        """The places of the rules that could match, in their order."""
        found = set(self._always)
        for field, places in self._places:
            found.update(places.rules(view.values(field)))
        return sorted(found)


def needs_of(node: Node) -> Needs | None:
    """Things one of which a mail must have for NODE to hold; None where it could hold without any."""
    if not isinstance(node, Group):
        return _needs_of_test(node.field, node.test) if isinstance(node, Condition) and not node.negated else None
    each = [needs_of(part) for part in node.parts]
    if node.how == "any":
        known = [needs for needs in each if needs is not None]
        return tuple(need for needs in known for need in needs) if len(known) == len(each) else None
    if node.how == "none":
        return None
    return min((needs for needs in each if needs is not None), key=_rank, default=None)


def _rank(needs: Needs) -> tuple[object, ...]:
    """A set of alternatives is as frequent as its most frequent one."""
    return (max((need.rank for need in needs), default=()), len(needs))


def _needs_of_test(field: str, test: Test) -> Needs | None:
    match test:
        case Equals(wanted=wanted):
            return tuple(Need(How.WHOLE, field, text) for text in sorted(wanted))
        case Contains(wanted=texts) | BeginsWith(wanted=texts) | EndsWith(wanted=texts):
            return tuple(Need(How.LITERAL, field, text) for text in texts)
        case Word(patterns=patterns):
            return tuple(Need(How.LITERAL, field, fold(pattern.written)) for pattern in patterns)
        case Glob(patterns=patterns):
            pieces = (max(re.split(r"[*?]", fold(pattern.written)), key=len) for pattern in patterns)
            return tuple(Need(How.LITERAL, field, piece) for piece in pieces)
        case Regex(patterns=patterns):
            return tuple(_need_of_pattern(field, pattern) for pattern in patterns)
        case SameAddress(keys=keys):
            return tuple(Need(How.ADDRESS, field, key) for key in sorted(keys))
        case InDomain(exact=exact, parents=parents):
            return tuple(Need(How.DOMAIN, field, domain) for domain in (*sorted(exact), *parents))
        case Listed(addresses=addresses, domains=domains):
            return (*(_needs_of_test(field, addresses) or ()), *(_needs_of_test(field, domains) or ()))
        case Among(words=words):
            return tuple(Need(How.WORD, field, word) for word in sorted(words))
        case _:
            return None


def _need_of_pattern(field: str, pattern: Pattern) -> Need:
    """A text that the pattern cannot do without, which is far cheaper to look for, else the pattern."""
    text = required(pattern.written)
    return Need(How.LITERAL, field, text) if len(text) >= LONG_ENOUGH else Need(How.PATTERN, field, pattern.translated)


class _Exact:
    """Whole values, addresses, words: one look into a dictionary a value."""

    def __init__(self, by_text: dict[str, list[int]], keys: Callable[[Value], Iterable[str]]) -> None:
        self._by_text = by_text
        self._keys = keys

    def rules(self, values: Sequence[Value]) -> Iterable[int]:
        for value in values:
            for key in self._keys(value):
                yield from self._by_text.get(key, ())


class _Inside:
    """Texts or patterns anywhere in a value, all of them in one pass."""

    def __init__(self, by_text: dict[str, list[int]], *, literal: bool, text: Callable[[Value], bytes]) -> None:
        self._rules = list(by_text.values())
        self._together = Together(list(by_text), literal=literal)
        self._text = text

    def rules(self, values: Sequence[Value]) -> Iterable[int]:
        for value in values:
            for number in self._together.found(self._text(value)):
                yield from self._rules[number]


def _domain_and_parents(value: Value) -> Iterable[str]:
    """The domain, and each domain above it with the dot of `*.`: a.b.example, .b.example, .example."""
    yield value.domain
    rest = value.domain
    while rest:
        _, _, rest = rest.partition(".")
        yield f".{rest}"


_PLACES: dict[How, Callable[[dict[str, list[int]]], Places]] = {
    How.ADDRESS: lambda by_text: _Exact(by_text, lambda value: (value.key,)),
    How.DOMAIN: lambda by_text: _Exact(by_text, _domain_and_parents),
    How.WHOLE: lambda by_text: _Exact(by_text, lambda value: (value.folded,)),
    How.WORD: lambda by_text: _Exact(by_text, lambda value: (value.text,)),
    How.LITERAL: lambda by_text: _Inside(by_text, literal=True, text=lambda value: value.folded_utf8),
    How.PATTERN: lambda by_text: _Inside(by_text, literal=False, text=lambda value: value.utf8),
}
