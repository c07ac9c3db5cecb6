"""Rules looked at afterwards: which sets were live and what changed between them, and how often each rule matched."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from desk.desk import Desk
from store.matches import LiveSet, RuleUse


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A rule set that was live, and what was different in it from the one before, by the names of rules."""

    live: LiveSet
    rules: int
    in_force: bool
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    moved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How often the rules matched: those of the present config, in their order, and those that are gone.

    `of_none` counts the mails that no rule matched.
    """

    mails: int
    present: tuple[tuple[str, RuleUse | None], ...]
    gone: tuple[RuleUse, ...]
    of_none: int


def history(desk: Desk) -> tuple[Version, ...]:
    """Every rule set that was live, the newest first."""
    with desk.store.reading() as view:
        sets = view.matches.live_sets()
    before = (*sets[1:], None)
    return tuple(_version(desk, one, earlier) for one, earlier in zip(sets, before, strict=True))


def usage(desk: Desk, *, since: datetime) -> Usage:
    """How often each rule matched SINCE a moment."""
    with desk.store.reading() as view:
        first = view.journal.first_since(since)
        uses = {use.rule: use for use in view.matches.uses(at_least=first)}
        mails = view.matches.decided(at_least=first)
    names = [rule.name for rule in desk.settings.rules]
    none = uses.pop("", None)
    return Usage(
        mails=mails,
        present=tuple((name, uses.get(name)) for name in names),
        gone=tuple(use for name, use in uses.items() if name not in names),
        of_none=none.mails if none else 0,
    )


def _version(desk: Desk, live: LiveSet, earlier: LiveSet | None) -> Version:
    after, before = by_name(live.text), by_name(earlier.text if earlier else "")
    kept = [name for name in after if name in before]
    return Version(
        live=live,
        rules=len(after),
        in_force=live.hash == desk.rules.hash,
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        changed=tuple(name for name in kept if after[name] != before[name]),
        moved=kept != [name for name in before if name in after],
    )


def by_name(text: str) -> Mapping[str, str]:
    """The rules in the text of a rule set, in their order: name to text.  Lists that they name count as theirs."""
    said = json.loads(text or "[]")
    listed, lists = (said["rules"], said["lists"]) if isinstance(said, dict) else (said, {})
    return {rule["name"]: _with_lists(json.dumps(rule, sort_keys=True), lists) for rule in listed}


def _with_lists(rule: str, lists: Mapping[str, object]) -> str:
    return rule + "".join(json.dumps(lines) for name, lines in lists.items() if json.dumps(name) in rule)
