"""What is wrong with rules that are well formed, and which names they use.

Places are paths below `rules:` in config.yaml.  Whether a name exists is not known here: `references`
lists them for whoever reads the whole configuration.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from domain.action import Action
from domain.condition import Conditions, TextWords
from domain.errors import DeskError
from domain.rule import RuleSpec
from domain.written import Not, Some, choice, suggestion
from rules.actions import ALWAYS_TAKE_EFFECT, DISPOSITIONS, FLOW, WITHOUT_TICKET
from rules.conditions import Lists, condition_of, operators_of
from rules.expression import Expression
from rules.overlap import Takers, contradiction
from rules.pattern import BadPattern, Pattern
from rules.ruleset import NO_LISTS, Path, texts

Kind = Literal["agent", "group", "status", "priority", "category", "mailbox", "field", "template", "business_hours"]


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


def problems(specs: Sequence[RuleSpec], *, lists: Lists = NO_LISTS) -> tuple[RuleProblem, ...]:
    """Everything that is wrong with SPECS, in their order.  Without an error among it, `compile` succeeds."""
    found = list(_same_names(specs))
    takers = Takers()
    for index, spec in enumerate(specs):
        bad = [*_bad_values(index, spec, lists), *_bad_texts(index, spec)]
        found += bad
        found += _without_effect(index, spec)
        # What a list holds is known only once its file has been read.
        if not bad and all(name in lists for _, name in files([spec])):
            found += _never_matches(index, specs, takers, lists)
    return tuple(sorted(found, key=lambda problem: problem.path[0]))


def references(specs: Sequence[RuleSpec]) -> tuple[Reference, ...]:
    """Every agent, group, mailbox, status, priority, category, field and template that SPECS name."""
    return tuple(
        reference
        for index, spec in enumerate(specs)
        for reference in (
            *(_asked(spec.when, (index, "when")) if spec.when else ()),
            *(one for n, action in enumerate(spec.then) for one in _named(action, (index, "then", n, action.word))),
        )
    )


def files(specs: Sequence[RuleSpec]) -> tuple[tuple[Path, str], ...]:
    """The files that `in_file` names, each with its place."""
    return tuple(
        ((*path, "in_file", *place), name)
        for index, spec in enumerate(specs)
        for path, test in (_tests(spec.when, (index, "when")) if spec.when else ())
        for place, name in _each(test.in_file or ())
    )


def _same_names(specs: Sequence[RuleSpec]) -> Iterator[RuleProblem]:
    first: dict[str, int] = {}
    for index, spec in enumerate(specs):
        if first.setdefault(spec.name, index) != index:
            text = f"{_rule(index, spec)} has the name of rules[{first[spec.name]}]: no history could tell them apart"
            yield RuleProblem((index, "name"), text)


def _bad_values(index: int, spec: RuleSpec, lists: Lists) -> Iterator[RuleProblem]:
    for path, test in _tests(spec.when, (index, "when")) if spec.when else ():
        operators = operators_of(test)
        for word, said in test.written().items():
            if word in operators:
                for place, literal in _each(said):
                    literals = lists.get(literal, ()) if word == "in_file" else (literal,)
                    for text in _refused(operators[word], literals, literal if word == "in_file" else ""):
                        yield RuleProblem((*path, word, *place), f"{_rule(index, spec)}: {word} {text}")


def _refused(operator: Any, literals: tuple[str, ...], file: str) -> Iterator[str]:
    for literal in literals:
        try:
            operator((literal,))
        except DeskError as bad:
            yield f"{file}: {bad}" if file else f"'{literal}': {bad}"
            return


def _each(said: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    """Each of the values, with its place: a single value may be written without its list."""
    for number, literal in enumerate(said):
        yield (number,) if len(said) > 1 else (), literal


def _tests(model: Some, path: Path) -> Iterator[tuple[Path, TextWords]]:
    """Every comparison of a text below MODEL."""
    for word, said in model.written().items():
        if isinstance(said, Some):
            if isinstance(said, TextWords):
                yield (*path, word), said
            yield from _tests(said, (*path, word))
        elif word == "header" and isinstance(model, Conditions):
            for name, test in said.items():
                yield (*path, word, name), test
                yield from _tests(test, (*path, word, name))
        elif word in ("all", "any", "none"):
            for number, inner in enumerate(said):
                yield from _tests(inner, (*path, word, number))


def _bad_texts(index: int, spec: RuleSpec) -> Iterator[RuleProblem]:
    captured = _captured(spec)
    for path, text in texts(spec.then):
        try:
            expression = Expression.of(text)
        except DeskError as bad:
            yield RuleProblem((index, "then", *path), f"{_rule(index, spec)}: {bad}")
            continue
        for name in sorted(expression.matches - captured):
            character = text.find(name) + 1
            known = suggestion(name, sorted(captured)) if captured else "no regex of this rule has a named group"
            said = f"at character {character}: no regex captures {name!r}; {known}"
            yield RuleProblem((index, "then", *path), f"{_rule(index, spec)}: {said}")


def _captured(spec: RuleSpec) -> frozenset[str]:
    """The named groups of SPEC's regexes that can be used in its actions."""
    if spec.when is None:
        return frozenset()
    names: set[str] = set()
    for path, test in _tests(spec.when, ()):
        if "not" not in path and "none" not in path:
            for written in test.regex or ():
                names.update(_names(written))
    return frozenset(names)


def _names(pattern: str) -> tuple[str, ...]:
    try:
        return Pattern.of(pattern).names
    except BadPattern:
        return ()


def _without_effect(index: int, spec: RuleSpec) -> Iterator[RuleProblem]:
    ended_by = ""
    words = [action.word for action in spec.then]
    gone = next((word for word in words if word in WITHOUT_TICKET), "")
    for number, word in enumerate(words):
        place = (index, "then", number)
        if ended_by and word in DISPOSITIONS:
            yield RuleProblem(place, f"{_rule(index, spec)}: {word} is never reached after {ended_by}")
        elif word in ALWAYS_TAKE_EFFECT:
            ended_by = word
        elif gone and word not in (*DISPOSITIONS, *FLOW, "file"):
            text = f"{_rule(index, spec)}: {word} has no effect on a mail that is {_PAST[gone]}"
            yield RuleProblem(place, text, "warning")
    if "continue" in words and not set(words) & set(DISPOSITIONS):
        text = f"{_rule(index, spec)}: continue has no effect without a disposition: {', '.join(DISPOSITIONS)}"
        yield RuleProblem((index, "then", words.index("continue")), text, "warning")
    if "continue" in words and "stop" in words:
        yield RuleProblem((index, "then"), f"{_rule(index, spec)}: stop and continue cannot both be meant")
    if spec.for_ == "new" and _needs_reply(spec) and not ALWAYS_TAKE_EFFECT.intersection(words):
        text = f"{_rule(index, spec)} never has an effect: for: new has no ticket to update"
        yield RuleProblem((index, "then"), text)


_PAST = {"ignore": "ignored", "reject": "rejected", "forward": "forwarded"}


def _needs_reply(spec: RuleSpec) -> bool:
    """Its dispositions take effect on a reply only."""
    own = [action for action in spec.then if action.word in DISPOSITIONS]
    return bool(own) and all(
        action.word == "merge_into" or (action.word == "update" and action.said.by is None) for action in own
    )


def _never_matches(index: int, specs: Sequence[RuleSpec], takers: Takers, lists: Lists) -> Iterator[RuleProblem]:
    spec = specs[index]
    condition = condition_of(spec, lists)
    why = contradiction(condition)
    if why:
        yield RuleProblem((index,), f"{_rule(index, spec)} can never match: {why}", "warning")
        return
    taker = takers.of(condition)
    if taker is not None:
        text = f"{_rule(index, spec)} can never match: {_rule(taker, specs[taker])} takes all its mails first"
        yield RuleProblem((index,), text, "warning")
    if _takes_all(spec):
        takers.add(index, condition)


def _takes_all(spec: RuleSpec) -> bool:
    """No rule after it is asked about a mail that it matches."""
    words = {action.word for action in spec.then}
    if "continue" in words:
        return False
    if ALWAYS_TAKE_EFFECT & words:
        return True
    if spec.for_ == "reply" and any(action.word == "update" and action.said.by is None for action in spec.then):
        return True
    # A rule with a disposition that need not take effect may fall through, with its stop.
    return "stop" in words and not words & set(DISPOSITIONS)


_TICKET_KINDS: tuple[Kind, ...] = ("status", "priority", "category", "agent", "group")


def _asked(conditions: Conditions, path: Path) -> Iterator[Reference]:
    """The names in conditions."""
    if conditions.mailbox is not None:
        yield from _chosen(conditions.mailbox, (*path, "mailbox"), "mailbox")
    if conditions.business_hours is not None:
        yield Reference((*path, "business_hours"), "business_hours", "business_hours")
    for kind in _TICKET_KINDS if conditions.ticket is not None else ():
        said = getattr(conditions.ticket, kind)
        if said is not None:
            yield from _chosen(said, (*path, "ticket", kind), kind)
    for word in ("all", "any", "none"):
        for number, inner in enumerate(getattr(conditions, word) or ()):
            yield from _asked(inner, (*path, word, number))


def _chosen(said: Any, path: Path, kind: Kind) -> Iterator[Reference]:
    names, _ = choice(said)
    place = (*path, "not") if isinstance(said, Not) else path
    return _several(names, place, kind)


def _several(names: tuple[str, ...], path: Path, kind: Kind) -> Iterator[Reference]:
    for place, name in _each(names):
        yield Reference((*path, *place), kind, name)


def _named(action: Action, path: Path) -> Iterator[Reference]:
    """The names in an action."""
    for word, said in _arguments(action).items():
        place = (*path, word)
        if word == "fields":
            yield from (Reference((*place, key), "field", key) for key in said)
        elif word in _KINDS:
            yield from _several((said,) if isinstance(said, str) else said, place, _KINDS[word])


def _arguments(action: Action) -> dict[str, Any]:
    if action.word in ("set", "assign", "watch", "notify", "letter", "reject"):
        return dict(action.said.written())
    return {}


_KINDS: dict[str, Kind] = {
    "status": "status",
    "priority": "priority",
    "category": "category",
    "agent": "agent",
    "group": "group",
    "round_robin": "group",
    "least_loaded": "group",
    "choose": "template",
    "add": "template",
    "letter": "template",
}


def _rule(index: int, spec: RuleSpec) -> str:
    return f"rules[{index}] {spec.name!r}"
