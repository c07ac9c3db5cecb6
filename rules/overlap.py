"""Which rules can never match: they contradict themselves, or an earlier one takes all their mails.

Only what is certain is told: a rule that is not named here may still never match.
"""

from collections import defaultdict
from collections.abc import Iterator
from functools import reduce
from operator import and_

from domain.people import Address
from domain.quantity import Interval
from rules.conditions import ALWAYS, Condition, Group, Node
from rules.operators import (
    Among,
    BeginsWith,
    Contains,
    EndsWith,
    Equals,
    InDomain,
    SameAddress,
    Within,
)
from rules.view import Value

# Fields of which a mail has at most one value; of the others one value may meet one test and another the next.
_SINGLE = frozenset(
    {"mailbox", "folder", "subject", "text", "reply_text", "size", "language", "weekday", "business_hours", "found",
     "contact.organization", "contact.known", "contact.vip", "contact.opted_out", "contact.support_active",
     "trust.dmarc", "trust.dkim", "trust.spf", "trust.spoofed", "spam.score", "spam.flag", "has_ticket_ref",
     "ticket.status", "ticket.phase", "ticket.priority", "ticket.category", "ticket.age", "ticket.agent",
     "ticket.group", "ticket.assigned", "attachment.count", "known from"}
)  # fmt: skip
_MACHINES = frozenset({"auto_reply", "bounce", "notice", "complaint", "list", "calendar"})
_Key = tuple[str, str, object]


def contradiction(condition: Group) -> str:
    """Why no mail can meet CONDITION, '' if one might."""
    wanted = list(_must(condition))
    for reason in (_opposites, _single_values, _same_sender, _kinds):
        why = reason(wanted)
        if why:
            return why
    return ""


def _must(node: Node) -> Iterator[Node]:
    """What must hold for NODE to hold, one by one."""
    if isinstance(node, Group) and (node.how == "all" or (node.how == "any" and len(node.parts) == 1)):
        for part in node.parts:
            yield from _must(part)
    elif isinstance(node, Group) and node.how == "none":
        for part in node.parts:
            opposite = _opposite(part)
            if opposite is not None:
                yield opposite
        yield node
    else:
        yield node


def _opposite(node: Node) -> Node | None:
    if not isinstance(node, Condition):
        return None
    words = f"not {node.words}"
    return Condition(words=words, field=node.field, test=node.test, negated=not node.negated)


def _opposites(wanted: list[Node]) -> str:
    asked = {(one.field, one.test): one for one in wanted if isinstance(one, Condition) and not one.negated}
    for one in wanted:
        if isinstance(one, Condition) and one.negated and (one.field, one.test) in asked:
            return f"{asked[one.field, one.test].words} and its opposite are both asked"
    return ""


def _single_values(wanted: list[Node]) -> str:
    """A field that has one value cannot have two."""
    by_field: dict[str, list[Condition]] = defaultdict(list)
    for one in wanted:
        if isinstance(one, Condition) and one.field in _SINGLE:
            by_field[one.field].append(one)
    for tests in by_field.values():
        if len(tests) > 1 and not _can_all_hold(tests):
            return " and ".join(test.words for test in tests) + " cannot both hold"
    return ""


def _can_all_hold(tests: list[Condition]) -> bool:
    intervals = [test.test.interval for test in tests if isinstance(test.test, Within) and not test.negated]
    if intervals and reduce(and_, intervals, Interval()).is_empty:
        return False
    known = [test.test for test in tests if isinstance(test.test, Equals | Among) and not test.negated]
    if not known:
        return True
    values = [Value(text) for text in (known[0].wanted if isinstance(known[0], Equals) else known[0].words)]
    return any(all((test.test.position(value) >= 0) is not test.negated for test in tests) for value in values)


def _same_sender(wanted: list[Node]) -> str:
    """There is one sender: he cannot have two addresses."""
    tests = [one for one in wanted if isinstance(one, Condition) and one.field == "from"]
    addresses = [one.test for one in tests if isinstance(one.test, SameAddress) and not one.negated]
    domains = [one for one in tests if isinstance(one.test, InDomain | SameAddress)]
    if addresses:
        values = [Value(key, Address(key)) for key in addresses[0].keys]
    else:
        inside = [one.test for one in tests if isinstance(one.test, InDomain) and not one.negated]
        if not inside or inside[0].parents:
            return ""
        values = [Value(f"x@{host}", Address(f"x@{host}")) for host in inside[0].exact]
        domains = [one for one in domains if isinstance(one.test, InDomain)]
    if any(all((one.test.position(value) >= 0) is not one.negated for one in domains) for value in values):
        return ""
    return " and ".join(one.words for one in domains) + " cannot both hold"


def _kinds(wanted: list[Node]) -> str:
    """A person is no machine, and what is new is no reply."""
    leaves = [one for one in wanted if isinstance(one, Condition) and not one.negated]
    kinds = [one.test.words for one in leaves if one.field in ("is", "found") and isinstance(one.test, Among)]
    is_new = frozenset({"new"}) in kinds
    if is_new and frozenset({"reply"}) in kinds:
        return "a mail cannot be new and a reply"
    if frozenset({"person"}) in kinds and any(words <= _MACHINES for words in kinds):
        return "a person's mail is no machine's"
    about = next((one for one in leaves if one.field.startswith("ticket.") and not _is_false(one)), None)
    if is_new and about is not None:
        return f"a new mail has no ticket, and {about.words} is asked"
    return ""


def _is_false(condition: Condition) -> bool:
    return condition.test == Among.of(("false",))


class Takers:
    """The rules so far that take every mail they match, by what they ask: an index, for this is asked of every rule."""

    def __init__(self) -> None:
        self._by_key: dict[_Key, list[int]] = defaultdict(list)
        self._of_everything: list[int] = []
        self._asked: dict[int, tuple[Node, ...]] = {}

    def add(self, number: int, condition: Group) -> None:
        """Rule NUMBER takes every mail that meets CONDITION."""
        asked = tuple(node for node in _flat(condition) if node != ALWAYS)
        self._asked[number] = asked
        if not asked:
            self._of_everything.append(number)
        for key in _keys(asked[0]) if asked else ():
            self._by_key[key].append(number)

    def of(self, condition: Group) -> int | None:
        """The first rule that takes every mail that meets CONDITION, None if there may be none."""
        wanted = tuple(_must(condition))
        candidates = {number for node in wanted for key in _probes(node) for number in self._by_key.get(key, ())}
        for number in sorted({*candidates, *self._of_everything}):
            if all(any(_implies(one, other) for one in wanted) for other in self._asked[number]):
                return number
        return None


def _flat(node: Node) -> Iterator[Node]:
    """The parts of NODE that must all hold."""
    if isinstance(node, Group) and node.how == "all":
        for part in node.parts:
            yield from _flat(part)
    else:
        yield node


def _keys(node: Node) -> Iterator[_Key]:
    """Under what NODE, asked by a taker, is found again: each value that it takes."""
    if isinstance(node, Group) and node.how == "any":
        for part in node.parts:
            yield from _keys(part)
    if isinstance(node, Condition) and not node.negated:
        for literal in _literals(node):
            yield node.field, type(node.test).__name__, literal
    yield "", "", node


def _probes(node: Node) -> Iterator[_Key]:
    """Under what those are found who may take what NODE asks: its first value is enough, they must take all."""
    if isinstance(node, Condition) and not node.negated:
        for literal in list(_literals(node))[:1]:
            yield node.field, type(node.test).__name__, literal
    yield "", "", node


def _literals(condition: Condition) -> Iterator[str]:
    test = condition.test
    match test:
        case Equals(wanted=wanted):
            yield from sorted(wanted)
        case Contains(wanted=several) | BeginsWith(wanted=several) | EndsWith(wanted=several):
            yield from several
        case SameAddress(keys=keys):
            yield from sorted(keys)
        case Among(words=words):
            yield from sorted(words)
        case InDomain(exact=exact, parents=parents):
            yield from sorted((*exact, *parents))
        case Within():
            yield ""


def _implies(one: Node, other: Node) -> bool:
    """Whenever ONE holds, OTHER does."""
    if one == other:
        return True
    if isinstance(other, Group):
        return other.how == "any" and any(_implies(one, part) for part in other.parts)
    if not isinstance(one, Condition) or not isinstance(other, Condition):
        return False
    if one.field != other.field or one.negated or other.negated:
        return False
    if isinstance(one.test, Within) and isinstance(other.test, Within):
        return one.test.interval.is_within(other.test.interval)
    if type(one.test) is not type(other.test):
        return False
    literals = set(_literals(one))
    return bool(literals) and literals <= set(_literals(other))
