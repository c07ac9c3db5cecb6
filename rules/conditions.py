"""Conditions: what a rule asks of a mail, ready to be asked.

A `Condition` is a leaf, an `Attached` one about attachments, a `Group` joins several by all, any or
none.  `holds` decides; `verdicts` tells the same for every leaf, with what it saw, so that a decision
and its explanation cannot differ.  A leaf is a field, a test and whether it is negated, all readable:
an index can tell what a rule needs.

Fails with: BadPattern, BadLiteral (while conditions are made, never while they are asked).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from domain.condition import (
    AGE_EXAMPLE,
    NUMBER_EXAMPLE,
    SIZE_EXAMPLE,
    AddressWords,
    AttachmentTest,
    Conditions,
    SenderMails,
    TextWords,
)
from domain.decision import ConditionVerdict
from domain.hours import parse_days
from domain.quantity import Interval, parse_comparison, parse_number, parse_size, seconds
from domain.rule import RuleSpec
from domain.written import choice
from rules.operators import ADDRESS_OPERATORS, TEXT_OPERATORS, Always, Among, Operators, Regex, Test, Within
from rules.text import shortened
from rules.view import ATTACHMENT, HEADER, SENDER_MAILS, Part, Value, View

AT_LEAST_ONE = Interval(low=1)
Lists = Mapping[str, tuple[str, ...]]
"""The lines of the files that `in_file` names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One question: TEST holds of one of the values of FIELD, or of none of them where it is negated."""

    words: str
    field: str
    test: Test
    negated: bool = False

    def holds(self, view: View) -> bool:
        position = self.test.position
        return any(position(value) >= 0 for value in view.values(self.field)) is not self.negated


@dataclass(frozen=True, slots=True, kw_only=True)
class PartTest:
    """A test of an attachment's `name`, `type` or `size`."""

    field: str
    test: Test

    def holds(self, part: Part) -> bool:
        value: Value = getattr(part, self.field)
        return self.test.position(value) >= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """One question about attachments: as many as `count` says meet all of the tests, or they do not if negated."""

    words: str
    tests: tuple[PartTest, ...]
    count: Interval = AT_LEAST_ONE
    negated: bool = False
    field: str = ATTACHMENT

    def holds(self, view: View) -> bool:
        fitting = sum(all(test.holds(part) for test in self.tests) for part in view.parts)
        return (fitting in self.count) is not self.negated


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Several questions: all of them, any of them, or none of them holds."""

    how: str  # all, any, none
    parts: tuple["Node", ...]

    def holds(self, view: View) -> bool:
        if self.how == "all":
            return all(part.holds(view) for part in self.parts)
        return any(part.holds(view) for part in self.parts) is (self.how == "any")


Leaf = Condition | Attached
Node = Leaf | Group


def condition_of(spec: RuleSpec, lists: Lists) -> Group:
    """All that SPEC asks for, `for:` included."""
    return Group(how="all", parts=(*_audience(spec), *(_parts(spec.when, lists) if spec.when else (ALWAYS,))))


def verdicts(node: Node, view: View, *, under: str = "", opposite: bool = False) -> Iterator[ConditionVerdict]:
    """Every leaf below NODE.  Below a `none` a leaf is told as its opposite, which holds if the leaf does not.

    Leaves of which one is enough start with the number of their alternative: `any 2: `.
    """
    if not isinstance(node, Group):
        words = f"{under}not {node.words}" if opposite else f"{under}{node.words}"
        yield ConditionVerdict(condition=words, held=node.holds(view) is not opposite, saw=saw(node, view))
        return
    # "Not all of them" is "any of the opposites".
    one_is_enough = (node.how == "any") is not opposite and len(node.parts) > 1
    for number, part in enumerate(node.parts, start=1):
        label = f"{under}any {number}: " if one_is_enough else under
        yield from verdicts(part, view, under=label, opposite=opposite is not (node.how == "none"))


def leaves(node: Node) -> Iterator[Leaf]:
    """Every leaf below NODE, in the order in which they are written."""
    if not isinstance(node, Group):
        yield node
        return
    for part in node.parts:
        yield from leaves(part)


def captures(node: Node, view: View) -> dict[str, str]:
    """What named groups have found: of every regex that holds and is not negated, the first to find something."""
    found: dict[str, str] = {}
    for leaf in capturing(node):
        for value in view.values(leaf.field):
            for name, text in leaf.test.captures(value).items() if isinstance(leaf.test, Regex) else ():
                found[name] = found.get(name) or text
    return found


def capturing(node: Node) -> Iterator[Condition]:
    """The leaves below NODE whose named groups can be used."""
    if isinstance(node, Group):
        if node.how != "none":
            for part in node.parts:
                yield from capturing(part)
    elif isinstance(node, Condition) and isinstance(node.test, Regex) and node.test.names and not node.negated:
        yield node


def _audience(spec: RuleSpec) -> tuple[Condition, ...]:
    if spec.for_ is None:
        return ()
    return (Condition(words=f"for {spec.for_}", field="found", test=Among.of((spec.for_,))),)


def _parts(conditions: Conditions, lists: Lists) -> tuple[Node, ...]:
    return tuple(node for word, said in conditions.written().items() for node in _nodes(word, said, lists))


def _nodes(word: str, said: Any, lists: Lists) -> Iterator[Node]:
    """The leaves, or the group, that stand behind WORD."""
    if isinstance(said, TextWords):
        yield from _comparisons(word, said, lists)
    elif word == "header":
        for name, test in said.items():
            yield from _comparisons(f"{HEADER}{name.lower()}", test, lists)
    elif word in ("all", "any", "none"):
        yield Group(how=word, parts=tuple(_joined(part, lists) for part in said))
    elif isinstance(said, AttachmentTest):
        yield from _attached(said, lists)
    elif isinstance(said, SenderMails):
        yield _sender_mails(said)
    elif word in ("trust", "spam", "contact", "ticket"):
        for inner, one in said.written().items():
            yield from _nodes(f"{word}.{inner}", one, lists)
    else:
        yield _plain(word, said)


def _joined(conditions: Conditions, lists: Lists) -> Node:
    parts = _parts(conditions, lists)
    return parts[0] if len(parts) == 1 else Group(how="all", parts=parts)


def _comparisons(field: str, test: TextWords, lists: Lists) -> Iterator[Node]:
    for words, negated, one in text_tests(test, lists):
        # Whether an address is known is a flag of ours, not a comparison of texts.
        looked_at = f"known {field}" if isinstance(one, Among) else field
        yield Condition(words=f"{field} {words}", field=looked_at, test=one, negated=negated)


def text_tests(test: TextWords, lists: Lists) -> Iterator[tuple[str, bool, Test]]:
    """Each comparison in TEST: its words, whether it is negated, and the comparison."""
    operators = operators_of(test)
    for word, said in test.written().items():
        if word == "not":
            for words, _, one in text_tests(said, lists):
                yield f"not {words}", True, one
        elif word == "known":
            yield f"known {'yes' if said else 'no'}", False, Among.of(("true" if said else "false",))
        else:
            yield f"{word} {_listed(said)}", False, operators[word](_literals(word, said, lists))


def operators_of(test: TextWords) -> Operators:
    """The operators that may stand in TEST."""
    return ADDRESS_OPERATORS if isinstance(test, AddressWords) else TEXT_OPERATORS


def _literals(word: str, said: tuple[str, ...], lists: Lists) -> tuple[str, ...]:
    if word != "in_file":
        return said
    return tuple(line for file in said for line in lists.get(file, ()))


def _attached(test: AttachmentTest, lists: Lists) -> Iterator[Attached]:
    """What must hold of one and the same attachment, then what must hold of none."""
    positive: list[tuple[str, PartTest]] = []
    for field in ("name", "type"):
        said = getattr(test, field)
        for words, negated, one in text_tests(said, lists) if said else ():
            part = (f"{field} {words}", PartTest(field=field, test=one))
            if negated:
                yield Attached(words=f"{ATTACHMENT} {part[0]}", tests=(part[1],), negated=True)
            else:
                positive.append(part)
    if test.size is not None:
        size, negated = choice(test.size)
        part = (f"size {size}", PartTest(field="size", test=Within(sizes(size))))
        if negated:
            yield Attached(words=f"{ATTACHMENT} not {part[0]}", tests=(part[1],), negated=True)
        else:
            positive.append(part)
    if positive or test.count is not None:
        yield _fitting(tuple(positive), test)


def _fitting(positive: tuple[tuple[str, PartTest], ...], test: AttachmentTest) -> Attached:
    words = ", ".join((ATTACHMENT, *(words for words, _ in positive))).replace(",", "", 1)
    tests = tuple(one for _, one in positive)
    if test.count is None:
        return Attached(words=words, tests=tests)
    count, negated = choice(test.count)
    words = f"{words} {'not ' if negated else ''}count {count}".replace("  ", " ")
    return Attached(words=words, tests=tests, count=numbers(count), negated=negated)


def sizes(written: str) -> Interval:
    return parse_comparison(written, parse_size, example=SIZE_EXAMPLE)


def numbers(written: str) -> Interval:
    return parse_comparison(written, parse_number, example=NUMBER_EXAMPLE)


def ages(written: str) -> Interval:
    return parse_comparison(written, seconds, example=AGE_EXAMPLE)


# The fields that are numbers, and how comparisons with them are read; all the others are words or flags.
_MEASURED: Mapping[str, Callable[[str], Interval]] = {"size": sizes, "spam.score": numbers, "ticket.age": ages}


def _plain(field: str, said: Any) -> Condition:
    """A number, a flag, or words of ours."""
    plain, negated = choice(said)
    maybe_not = "not " if negated else ""
    if field in _MEASURED:
        test: Test = Within(_MEASURED[field](plain))
        return Condition(words=f"{field} {maybe_not}{plain}", field=field, test=test, negated=negated)
    if isinstance(plain, bool):
        words = "yes" if plain else "no"
        return Condition(words=f"{field} {words}", field=field, test=Among.of(("true" if plain else "false",)))
    words = f"{field} {maybe_not}{', '.join(plain)}"
    if field == "weekday":
        plain = tuple(day for written in plain for day in parse_days(written))
    if field == "language":
        plain = tuple(one.casefold() for one in plain)
    return Condition(words=words, field=field, test=Among.of(plain), negated=negated)


def _sender_mails(said: SenderMails) -> Condition:
    count, negated = choice(said.count)
    return Condition(
        words=f"sender_mails {'not ' if negated else ''}{count} within {said.within}",
        field=f"{SENDER_MAILS}{seconds(said.within):g}",
        test=Within(numbers(count)),
        negated=negated,
    )


def _listed(literals: tuple[str, ...]) -> str:
    shown = ", ".join(shortened(literal, limit=30) or "''" for literal in literals[:3])
    return shown if len(literals) <= 3 else f"{shown}, … ({len(literals)})"


def saw(leaf: Leaf, view: View) -> str:
    """What LEAF looked at: the place where its test held, else all the values."""
    if isinstance(leaf, Attached):
        files = " · ".join(f"{part.name.text or '(no name)'} ({part.size.text})" for part in view.parts)
        return shortened(files) or "no attachment"
    if leaf.test == Always():
        return ""
    if leaf.field == "found" or (leaf.field == "is" and leaf.test in _ABOUT_TICKETS):
        return _saw_ticket(view)
    if leaf.field == "is":
        return shortened(" · ".join(view.facts.message.class_because)) or "no sign of it"
    values = view.values(leaf.field)
    for value in values:
        if (position := leaf.test.position(value)) >= 0:
            return shortened(value.text, around=position) or "nothing"
    return shortened(" · ".join(value.text for value in values)) or "nothing"


def _saw_ticket(view: View) -> str:
    ticket = view.found.ticket
    if view.is_reply and ticket is not None:
        return f"ticket {ticket.number}: {view.found.because}".rstrip(": ")
    return f"no ticket: {view.found.because}".rstrip(": ")


_ABOUT_TICKETS = (Among.of(("reply",)), Among.of(("new",)))
ALWAYS = Condition(words="always", field="found", test=Always())
