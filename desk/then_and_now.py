"""The mails of a ticket: how each was decided then, and how the rules of today would decide it.

Then: the record, and the walk of the rules of that day over the facts that it keeps.  Now: the mail read again, the
finders asked as if it and everything later were not there, the rules of today.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import rules
from desk.desk import Desk
from desk.differences import Change, changes_of
from desk.receive import Read
from desk.record import lookups_of
from desk.replay import Facts, Replayed, replay, seen_then
from domain.decision import RuleVerdict
from domain.errors import NotFound
from rules import BadRules, RuleSet

MAILS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ThenAndNow:
    """One mail.  `rules_then` is None where the rules of that day can no longer be read; its walk is then empty."""

    replayed: Replayed
    rules_then: RuleSet | None
    walk_then: tuple[RuleVerdict, ...]
    walk_now: tuple[RuleVerdict, ...]
    changes: tuple[Change, ...]


def then_and_now(desk: Desk, ticket: int, *, read: Read) -> tuple[ThenAndNow, ...]:
    """Every mail of TICKET that rules decided, the oldest first.  Raises NotFound for a ticket without any."""
    with desk.store.reading() as view:
        view.tickets.facts(ticket)
        rows = view.journal.rows(ticket=ticket, limit=MAILS)
    mails = sorted(row.id for row in rows)
    again = replay(desk, desk.rules, facts=Facts.NOW, read=read, only=mails) if mails else ()
    found = tuple(_told(desk, one, read) for one in again)
    if not found:
        raise NotFound(f"no mail of {desk.reference(ticket)} was decided by rules: helpdesk history {ticket}")
    return found


def _told(desk: Desk, one: Replayed, read: Read) -> ThenAndNow:
    then = rules_of(desk, str(one.then.get("rule_set", "")))
    return ThenAndNow(
        replayed=one,
        rules_then=then,
        walk_then=_walk_then(desk, then, one, read) if then else (),
        walk_now=rules.walk(desk.rules, one.facts) if one.facts else (),
        changes=changes_of(desk, one) if one.now is not None else (),
    )


def _walk_then(desk: Desk, then: RuleSet, one: Replayed, read: Read) -> tuple[RuleVerdict, ...]:
    """The walk over what was known of the mail then; the mail itself gives what the record does not keep."""
    seen = seen_then(desk, one.row, one.then, read=read)
    return rules.walk_again(then, one.then.get("facts", {}), lookups=lookups_of(one.then), mail=seen) if seen else ()


def rules_of(desk: Desk, digest: str) -> RuleSet | None:
    """A rule set that was live; None where its text is not known, or no longer means anything."""
    with desk.store.reading() as view:
        text = view.matches.rules_of(digest)
    try:
        return rules.read_back(text) if text else None
    except BadRules:
        return None


def marks(walk: tuple[RuleVerdict, ...]) -> Mapping[str, str]:
    """What became of each rule on a walk: YES, no, or - where it was not reached."""
    return {one.rule: ("YES" if one.matched else "no") if one.reached else "-" for one in walk}


def as_facts(one: ThenAndNow) -> dict[str, Any]:
    """A mail of then and now as JSON."""
    row = one.replayed.row
    return {
        "intake": row.id, "subject": row.subject, "from": row.sender, "decided_at": row.done_at,
        "then": one.replayed.then, "now": one.replayed.now, "why_not": one.replayed.because or None,
        "rules_then": one.walk_then, "rules_now": one.walk_now,
        "changes": [{"field": change.field, "before": change.before, "after": change.after} for change in one.changes],
    }  # fmt: skip
