"""Actions: what a rule does, as the values of `domain/decision.py`.

A disposition ends the run of the rules if it takes effect, and answers None if it does not; modifiers
change the ticket on the way.  A new action = one function + one line in a table here + one field in
`domain/rule.py` + one row in `tests/rules/`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from domain.decision import AddTags, Assign, Create, Disposition, Ignore, Modifier, SetField, Update
from domain.rule import Action, AssignTo, SetFields
from rules.text import shortened
from rules.view import View


def create(view: View, because: str) -> Disposition | None:
    """A new ticket, also for a reply."""
    return Create(because=because)


def update(view: View, because: str) -> Disposition | None:
    """The mail on the ticket that was found, None where none was."""
    ticket = view.found.ticket
    return Update(ticket=ticket.number, because=because) if view.is_reply and ticket is not None else None


def ignore(view: View, because: str) -> Disposition | None:
    """Nothing, and nobody is written to."""
    return Ignore(because=because)


def set_fields(fields: SetFields, because: str) -> tuple[Modifier, ...]:
    """Each field that is named, set."""
    return tuple(SetField(field=word, value=value, because=because) for word, value in fields.written().items())


def assign(to: AssignTo, because: str) -> tuple[Modifier, ...]:
    """The ticket given to an agent, a group, or both."""
    return (Assign(agent=to.agent or "", group=to.group or "", because=because),)


def tag(tags: tuple[str, ...], because: str) -> tuple[Modifier, ...]:
    """The tags added."""
    return (AddTags(tags=tuple(dict.fromkeys(tags)), because=because),)


DISPOSITIONS: Mapping[str, Callable[[View, str], Disposition | None]] = {
    "create": create,
    "update": update,
    "ignore": ignore,
}
MODIFIERS: Mapping[str, Callable[[Any, str], tuple[Modifier, ...]]] = {
    "set": set_fields,
    "assign": assign,
    "tag": tag,
}
# Those that take effect on every mail: nothing after them is reached.
ALWAYS_TAKE_EFFECT = frozenset({"create", "ignore"})


def modifiers(actions: Iterable[Action], because: str) -> tuple[Modifier, ...]:
    """What ACTIONS change, in order."""
    changing = [action for action in actions if action.word in MODIFIERS]
    return tuple(modifier for action in changing for modifier in MODIFIERS[action.word](action.said, because))


def in_force(given: Iterable[Modifier]) -> tuple[Modifier, ...]:
    """GIVEN without what a later one overrules: field by field, agent and group apart, each tag once."""
    kept: list[Modifier] = []
    decided: set[tuple[str, str]] = set()
    for modifier in reversed(tuple(given)):
        left = _left_over(modifier, decided)
        if left is not None:
            kept.append(left)
    return _each_tag_once(reversed(kept))


def _left_over(modifier: Modifier, decided: set[tuple[str, str]]) -> Modifier | None:
    """What of MODIFIER is not yet DECIDED by a later one, which it then is."""
    if isinstance(modifier, AddTags):
        return modifier
    if isinstance(modifier, SetField):
        return modifier if _first_of("set", modifier.field, decided) else None
    agent = modifier.agent if modifier.agent and _first_of("assign", "agent", decided) else ""
    group = modifier.group if modifier.group and _first_of("assign", "group", decided) else ""
    return Assign(agent=agent, group=group, because=modifier.because) if agent or group else None


def _first_of(kind: str, name: str, decided: set[tuple[str, str]]) -> bool:
    known = (kind, name) in decided
    decided.add((kind, name))
    return not known


def _each_tag_once(given: Iterable[Modifier]) -> tuple[Modifier, ...]:
    """GIVEN, where a tag that a former modifier adds already is not added again."""
    once: list[Modifier] = []
    seen: set[str] = set()
    for modifier in given:
        if isinstance(modifier, AddTags):
            fresh = tuple(tag for tag in modifier.tags if tag not in seen)
            seen.update(fresh)
            once += [AddTags(tags=fresh, because=modifier.because)] if fresh else []
        else:
            once.append(modifier)
    return tuple(once)


def told(actions: Iterable[Action]) -> str:
    """ACTIONS in words, for explanations."""
    return " · ".join(map(_told, actions))


def _told(action: Action) -> str:
    if isinstance(action.said, tuple):
        return f"{action.word} {', '.join(action.said)}"
    pairs = [f"{word} {shortened(value)}" for word, value in action.said.written().items()]
    if action.word == "assign":
        return f"assign to {' and '.join(pairs)}"
    return f"{action.word} {', '.join(pairs)}".rstrip()
