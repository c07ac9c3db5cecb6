"""Conditions: what a rule asks of a mail, ready to be asked.

A `Condition` is a leaf, a `Group` joins several by all, any or none.  `holds` decides; `verdicts`
tells the same for every leaf, with what it saw, so that a decision and its explanation cannot differ.
A leaf is a field, a test and whether it is negated, all readable: an index can tell what a rule needs.

Fails with: BadPattern, BadLiteral (while conditions are made, never while they are asked).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from domain.decision import ConditionVerdict
from domain.rule import AddressTest, Conditions, RuleSpec, TextTest
from rules.operators import ADDRESS_OPERATORS, TEXT_OPERATORS, Always, Among, Test
from rules.text import shortened
from rules.view import COMPARED, View


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
class Group:
    """Several questions: all of them, any of them, or none of them holds."""

    how: str  # all, any, none
    parts: tuple["Condition | Group", ...]

    def holds(self, view: View) -> bool:
        if self.how == "all":
            return all(part.holds(view) for part in self.parts)
        return any(part.holds(view) for part in self.parts) is (self.how == "any")


Node = Condition | Group


def condition_of(spec: RuleSpec) -> Group:
    """All that SPEC asks for, `for:` included."""
    return Group(how="all", parts=(*_audience(spec), *(_parts(spec.when) if spec.when else (ALWAYS,))))


def verdicts(node: Node, view: View, *, under: str = "", opposite: bool = False) -> Iterator[ConditionVerdict]:
    """Every leaf below NODE.  Below a `none` a leaf is told as its opposite, which holds if the leaf does not.

    Leaves of which one is enough start with the number of their alternative: `any 2: `.
    """
    if isinstance(node, Condition):
        words = f"{under}not {node.words}" if opposite else f"{under}{node.words}"
        yield ConditionVerdict(condition=words, held=node.holds(view) is not opposite, saw=_saw(node, view))
        return
    # "Not all of them" is "any of the opposites".
    one_is_enough = (node.how == "any") is not opposite and len(node.parts) > 1
    for number, part in enumerate(node.parts, start=1):
        label = f"{under}any {number}: " if one_is_enough else under
        yield from verdicts(part, view, under=label, opposite=opposite is not (node.how == "none"))


def reads(node: Node) -> Iterator[str]:
    """The fields that NODE looks at."""
    if isinstance(node, Condition):
        yield node.field
        return
    for part in node.parts:
        yield from reads(part)


def _audience(spec: RuleSpec) -> tuple[Condition, ...]:
    if spec.for_ is None:
        return ()
    return (Condition(words=f"for {spec.for_}", field="found", test=Among(frozenset({spec.for_}))),)


def _parts(conditions: Conditions) -> tuple[Node, ...]:
    return tuple(node for word, said in conditions.written().items() for node in _nodes(word, said))


def _nodes(word: str, said: Any) -> list[Node]:
    if word in COMPARED:
        return _comparisons(word, said)
    if word == "header":
        return [node for name, test in said.items() for node in _comparisons(f"header {name.lower()}", test)]
    if word == "is":
        return [_kind(said)]
    return [Group(how=word, parts=tuple(map(_joined, said)))]


def _joined(conditions: Conditions) -> Node:
    parts = _parts(conditions)
    return parts[0] if len(parts) == 1 else Group(how="all", parts=parts)


def _comparisons(field: str, test: TextTest) -> list[Node]:
    operators = ADDRESS_OPERATORS if isinstance(test, AddressTest) else TEXT_OPERATORS
    return [_comparison(field, word, said, operators[word](said)) for word, said in test.written().items()]


def _comparison(field: str, operator: str, literals: tuple[str, ...], test: Test) -> Condition:
    return Condition(words=f"{field} {operator} {_listed(literals)}", field=field, test=test)


def _kind(words: tuple[str, ...]) -> Condition:
    return Condition(words=f"is {', '.join(words)}", field="is", test=Among(frozenset(words)))


def _listed(literals: tuple[str, ...]) -> str:
    shown = ", ".join(shortened(literal, limit=30) or "''" for literal in literals[:3])
    return shown if len(literals) <= 3 else f"{shown}, … ({len(literals)})"


def _saw(condition: Condition, view: View) -> str:
    """What CONDITION looked at: the place where its test held, else all the values."""
    if condition.test == Always():
        return ""
    if condition.field == "found" or condition.test == Among(frozenset({"reply"})):
        return _saw_ticket(view)
    if condition.field == "is":
        return shortened(" · ".join(view.facts.message.class_because)) or "no sign of it"
    values = view.values(condition.field)
    for value in values:
        if (position := condition.test.position(value)) >= 0:
            return shortened(value.text, around=position) or "nothing"
    return shortened(" · ".join(value.text for value in values)) or "nothing"


def _saw_ticket(view: View) -> str:
    ticket = view.found.ticket
    if view.is_reply and ticket is not None:
        return f"ticket {ticket.number}: {view.found.because}".rstrip(": ")
    return f"no ticket: {view.found.because}".rstrip(": ")


ALWAYS = Condition(words="always", field="found", test=Always())
