"""What is wrong with rules that are well formed, and which names they use.

Places are paths below `rules:` in config.yaml.  Whether a name exists is not known here: `references`
lists them for whoever reads the whole configuration.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from domain.errors import DeskError
from domain.rule import AddressTest, Conditions, RuleSpec, TextTest
from rules.actions import ALWAYS_TAKE_EFFECT, DISPOSITIONS
from rules.operators import ADDRESS_OPERATORS, TEXT_OPERATORS, Test

Path = tuple[str | int, ...]
Kind = Literal["agent", "group", "status", "priority", "category"]


@dataclass(frozen=True, slots=True)
class RuleProblem:
    """One complaint: where it stands below `rules:` and what to do."""

    path: Path
    text: str
    severity: Literal["error", "warning"] = "error"


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that a rule uses and that must stand elsewhere in the configuration."""

    path: Path
    kind: Kind
    name: str


def problems(specs: Sequence[RuleSpec]) -> tuple[RuleProblem, ...]:
    """Everything that is wrong with SPECS, in their order.  Without an error among it, `compile` succeeds."""
    found = list(_same_names(specs))
    for index, spec in enumerate(specs):
        found += _bad_values(index, spec)
        found += _without_effect(index, spec)
    found += _never_reached(specs)
    return tuple(sorted(found, key=lambda problem: problem.path[0]))


def references(specs: Sequence[RuleSpec]) -> tuple[Reference, ...]:
    """Every agent, group, status, priority and category that SPECS name."""
    return tuple(reference for index, spec in enumerate(specs) for reference in _references(index, spec))


def _same_names(specs: Sequence[RuleSpec]) -> Iterator[RuleProblem]:
    first: dict[str, int] = {}
    for index, spec in enumerate(specs):
        if first.setdefault(spec.name, index) != index:
            text = f"{_rule(index, spec)} has the name of rules[{first[spec.name]}]: no history could tell them apart"
            yield RuleProblem((index, "name"), text)


def _bad_values(index: int, spec: RuleSpec) -> Iterator[RuleProblem]:
    if spec.when is None:
        return
    for path, test in _tests(spec.when, (index, "when")):
        operators: Mapping[str, Callable[[tuple[str, ...]], Test]] = (
            ADDRESS_OPERATORS if isinstance(test, AddressTest) else TEXT_OPERATORS
        )
        for word, said in test.written().items():
            yield from _bad_operands(_rule(index, spec), (*path, word), said, operators[word])


def _bad_operands(
    rule: str, path: Path, operands: tuple[str, ...], operator: Callable[[tuple[str, ...]], Test]
) -> Iterator[RuleProblem]:
    for number, operand in enumerate(operands):
        try:
            operator((operand,))
        except DeskError as bad:
            # A single value may be written without its list.
            place = (*path, number) if len(operands) > 1 else path
            yield RuleProblem(place, f"{rule}: {path[-1]} '{operand}': {bad}")


def _tests(conditions: Conditions, path: Path) -> Iterator[tuple[Path, TextTest]]:
    for word, said in conditions.written().items():
        if isinstance(said, TextTest):
            yield (*path, word), said
        elif word == "header":
            yield from (((*path, word, name), test) for name, test in said.items())
        elif word in ("all", "any", "none"):
            for number, inner in enumerate(said):
                yield from _tests(inner, (*path, word, number))


def _without_effect(index: int, spec: RuleSpec) -> Iterator[RuleProblem]:
    ended_by = ""
    words = [action.word for action in spec.then]
    for number, word in enumerate(words):
        if ended_by and word in DISPOSITIONS:
            yield RuleProblem(
                (index, "then", number), f"{_rule(index, spec)}: {word} is never reached after {ended_by}"
            )
        elif word in ALWAYS_TAKE_EFFECT:
            ended_by = word
        elif "ignore" in words and word not in DISPOSITIONS:
            text = f"{_rule(index, spec)}: {word} has no effect on a mail that is ignored"
            yield RuleProblem((index, "then", number), text, "warning")
    if spec.for_ == "new" and "update" in words and not ALWAYS_TAKE_EFFECT.intersection(words):
        text = f"{_rule(index, spec)} never has an effect: for: new has no ticket to update"
        yield RuleProblem((index, "then"), text)


def _never_reached(specs: Sequence[RuleSpec]) -> Iterator[RuleProblem]:
    for index, spec in enumerate(specs):
        before = (other for other in range(index) if _takes_all_of(specs[other], spec))
        taker = next(before, None)
        if taker is not None:
            text = f"{_rule(index, spec)} can never match: {_rule(taker, specs[taker])} takes all its mails first"
            yield RuleProblem((index,), text, "warning")


def _takes_all_of(taker: RuleSpec, spec: RuleSpec) -> bool:
    # The cheap question first: this is asked of every pair of rules.
    if taker.match != "always" or taker.for_ not in (None, spec.for_):
        return False
    return any(action.word in ALWAYS_TAKE_EFFECT for action in taker.then)


def _references(index: int, spec: RuleSpec) -> Iterator[Reference]:
    kinds: tuple[Kind, ...] = ("agent", "group", "status", "priority", "category")
    for number, action in enumerate(spec.then):
        said = action.set or action.assign
        for kind in kinds:
            name = getattr(said, kind, None)
            if name is not None:
                yield Reference((index, "then", number, action.word, kind), kind, name)


def _rule(index: int, spec: RuleSpec) -> str:
    return f"rules[{index}] {spec.name!r}"
