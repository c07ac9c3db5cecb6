"""What remains of the changes of several rules: the last word on a field counts.

Field by field, agent and group apart, each tag once; what accumulates stays in order.
"""

from collections.abc import Iterable, Iterator

from domain.decision import (
    AddTags,
    Assign,
    AssignBy,
    ChooseLetter,
    FileIn,
    LetterWish,
    LinkContact,
    LinkOrganization,
    Modifier,
    RemoveTags,
    SetField,
)


def in_force(given: Iterable[Modifier]) -> tuple[Modifier, ...]:
    """GIVEN without what a later one overrules."""
    kept: list[Modifier] = []
    decided: set[tuple[str, str]] = set()
    for modifier in reversed(tuple(given)):
        left = _left_over(modifier, decided)
        if left is not None:
            kept.append(left)
    return tuple(_each_tag_once(tuple(reversed(kept))))


def letters_in_force(given: Iterable[LetterWish]) -> tuple[LetterWish, ...]:
    """GIVEN with the last choice only."""
    wishes = tuple(given)
    chosen = [wish for wish in wishes if isinstance(wish, ChooseLetter)][:-1]
    return tuple(wish for wish in wishes if not any(wish is old for old in chosen))


def _left_over(modifier: Modifier, decided: set[tuple[str, str]]) -> Modifier | None:
    """What of MODIFIER is not yet DECIDED by a later one, which it then is."""
    match modifier:
        case SetField(field=field):
            return modifier if _first_of("set", field, decided) else None
        case LinkContact() | LinkOrganization() | FileIn():
            return modifier if _first_of("kind", type(modifier).__name__, decided) else None
        case AssignBy():
            agent, group = _first_of("assign", "agent", decided), _first_of("assign", "group", decided)
            if agent and group:
                return modifier
            # A later rule names the agent; the group still stands.
            return Assign(group=modifier.group, because=modifier.because) if group and modifier.group else None
        case Assign():
            agent_key = modifier.agent if modifier.agent and _first_of("assign", "agent", decided) else ""
            group_key = modifier.group if modifier.group and _first_of("assign", "group", decided) else ""
            if not (agent_key or group_key):
                return None
            return Assign(agent=agent_key, group=group_key, because=modifier.because)
        case AddTags() | RemoveTags():
            tags = tuple(tag for tag in modifier.tags if _tag_stays(tag, type(modifier).__name__, decided))
            return type(modifier)(tags=tags, because=modifier.because) if tags else None
    return modifier


def _first_of(kind: str, name: str, decided: set[tuple[str, str]]) -> bool:
    known = (kind, name) in decided
    decided.add((kind, name))
    return not known


def _tag_stays(tag: str, what: str, decided: set[tuple[str, str]]) -> bool:
    """No later rule does the opposite with TAG."""
    opposite = RemoveTags.__name__ if what == AddTags.__name__ else AddTags.__name__
    decided.add((what, tag))
    return (opposite, tag) not in decided


def _each_tag_once(given: tuple[Modifier, ...]) -> Iterator[Modifier]:
    """GIVEN, where a tag that a former modifier adds or takes off already is not named again."""
    seen: set[tuple[str, str]] = set()
    for modifier in given:
        if isinstance(modifier, AddTags | RemoveTags):
            kind = type(modifier)
            fresh = tuple(tag for tag in modifier.tags if _first_of(kind.__name__, tag, seen))
            if fresh:
                yield kind(tags=fresh, because=modifier.because)
        else:
            yield modifier
