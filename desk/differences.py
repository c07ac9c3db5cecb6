"""What is different when mails are decided again: counted, with the rule that makes the difference.

Mails whose outcome and fields are the same count as decided as before, whichever rule saw to it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from desk.desk import Desk
from desk.record import causes, effects, new_ticket, says_the_same
from desk.replay import Replayed
from desk.rule_history import by_name
from rules import RuleSet

EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Change:
    """One way in which mails are decided differently: `outcome` or a field, before and after."""

    field: str
    before: str
    after: str

    def __str__(self) -> str:
        name = "" if self.field == "outcome" else f"{self.field} "
        return f"{name}{self.before or 'none'} → {self.after or 'none'}"


@dataclass(frozen=True, slots=True)
class Difference:
    """A change of decisions, and the rules that make it: name and `new`, `changed`, `gone` or ''."""

    changes: tuple[Change, ...]
    rules: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Differences:
    """The tally.  `exact` of the `same` repeat the record to the letter; `undecided` could not be decided again."""

    desk: Desk
    ruleset: RuleSet
    mails: int = 0
    same: int = 0
    exact: int = 0
    reread: int = 0
    undecided: int = 0
    counts: Counter[Difference] = field(default_factory=Counter)
    examples: dict[Difference, list[str]] = field(default_factory=dict)
    _rules: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def add(self, one: Replayed) -> Difference | None:
        """Count ONE; how it differs, None where it is decided as before."""
        self.mails += 1
        self.reread += one.reread
        if one.now is None:
            self.undecided += 1
            return None
        changes = changes_of(self.desk, one)
        if not changes:
            self.same += 1
            self.exact += says_the_same(one.then, one.now)
            return None
        found = Difference(changes=changes, rules=self._responsible(one, changes))
        self.counts[found] += 1
        examples = self.examples.setdefault(found, [])
        if len(examples) < EXAMPLES and (name := _name(self.desk, one)) not in examples:
            examples.append(name)
        return found

    def _responsible(self, one: Replayed, changes: Iterable[Change]) -> tuple[tuple[str, str], ...]:
        """The rules behind CHANGES: who speaks up now, else who no longer does, else who says something else."""
        assert one.now is not None
        before, after = self._known(str(one.then.get("rule_set", ""))), self._known(self.ruleset.hash)
        names: dict[str, str] = {}
        for change in changes:
            now, then = causes(one.now, change.field), causes(one.then, change.field)
            news = _named((why for why in now if why not in then), after)
            gone = _named((why for why in then if why not in now), before)
            said = news or gone or _named(now, after)
            names |= {name: _news(name, before, after) for name in said}
        return tuple(names.items())

    def _known(self, digest: str) -> Mapping[str, str]:
        """The rules of a rule set that was live or is asked now: name to text."""
        if digest not in self._rules:
            text = self.ruleset.text if digest == self.ruleset.hash else self._text(digest)
            self._rules[digest] = by_name(text)
        return self._rules[digest]

    def _text(self, digest: str) -> str:
        with self.desk.store.reading() as view:
            return view.matches.rules_of(digest)


def changes_of(desk: Desk, one: Replayed) -> tuple[Change, ...]:
    """How the decision of now differs from that of then: the outcome first, then field by field."""
    assert one.now is not None
    before, after = (_effects(desk, one, record) for record in (one.then, one.now))
    if before["outcome"] != after["outcome"] and "ignored" in (before["outcome"], after["outcome"]):
        # Fields of a ticket that is not there are no news.
        return (Change("outcome", before["outcome"], after["outcome"]),)
    fields = dict.fromkeys((*before, *after))
    return tuple(
        Change(name, before.get(name, ""), after.get(name, ""))
        for name in fields
        if before.get(name, "") != after.get(name, "")
    )


def _effects(desk: Desk, one: Replayed, record: Mapping[str, object]) -> dict[str, str]:
    """What a record comes to; of a ticket that was there only what the decision changes is told."""
    base = new_ticket(desk.settings, one.row.mailbox) if record.get("disposition") == "create" else {}
    return effects(record, base)


def _named(because: Iterable[str], known: Mapping[str, str]) -> tuple[str, ...]:
    """The rules that BECAUSE speaks of."""
    names = {f"rule {name!r}": name for name in known}
    return tuple(names[reason] for reason in because if reason in names)


def _news(name: str, before: Mapping[str, str], after: Mapping[str, str]) -> str:
    if name not in before:
        return "new"
    if name not in after:
        return "gone"
    return "" if before[name] == after[name] else "changed"


def _name(desk: Desk, one: Replayed) -> str:
    return desk.reference(one.row.ticket) if one.row.ticket else f"intake {one.row.id}"
