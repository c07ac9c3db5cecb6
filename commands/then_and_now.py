"""`helpdesk explain --ticket`: the record of then beside the verdict of now."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from commands.opening import now, opened_with, ticket_number
from commands.screen import age, clean, dump_json
from desk.config import load
from desk.desk import Desk
from desk.record import causes, effects
from desk.then_and_now import ThenAndNow, as_facts, marks, then_and_now


def run(path: Path, ticket: str, *, as_json: bool) -> int:
    """Print how each mail of TICKET was decided, and how it would be decided today."""
    from scanner.worker import SafeReader

    config = load(path)
    with opened_with(config) as desk, SafeReader(limits=config.settings.limits) as read:
        told = then_and_now(desk, ticket_number(ticket, config.settings), read=read)
        if as_json:
            dump_json([as_facts(one) for one in told])
            return 0
        for one in told:
            for line in _lines(desk, one):
                print(clean(line.rstrip()))
    return 0


def _lines(desk: Desk, one: ThenAndNow) -> Iterator[str]:
    row = one.replayed.row
    ago = age(now() - row.done_at) if row.done_at else "?"
    yield f"mail     '{row.subject}' from {row.sender or 'nobody'}, {ago} ago (intake {row.id})"
    yield f"then     {_said(one.replayed.then)}, rules {str(one.replayed.then.get('rule_set', ''))[:12]}"
    if one.replayed.now is None:
        yield f"now      not known: {one.replayed.because}"
    elif one.changes:
        yield f"now      {_said(one.replayed.now)}, rules {desk.rules.hash[:12]}"
        yield f"so       {' · '.join(map(str, one.changes))}"
    else:
        yield f"now      the same, rules {desk.rules.hash[:12]}"
    for n, step in enumerate(one.replayed.then.get("finders", ())):
        yield f"{'finders' if n == 0 else '':<8} {step['finder']}: {step['because']}"
    yield from _rules(one)


def _rules(one: ThenAndNow) -> Iterator[str]:
    """Each rule of either set with its mark of then and of now, and what it saw now."""
    then, today = marks(one.walk_then), marks(one.walk_now)
    names = list(dict.fromkeys((*today, *then)))
    if not names:
        return
    width = min(24, max(map(len, names)))
    yield f"{'rules':<8} {'':<{width}} then now"
    if one.rules_then is None:
        yield f"{'':<8} the rules of then can no longer be read; what matched stands in the record"
    seen = {verdict.rule: verdict for verdict in one.walk_now}
    for name in names:
        shown = name if len(name) <= width else name[: width - 1] + "…"
        yield f"{'':<8} {shown:<{width}} {then.get(name, ''):<4} {today.get(name, 'gone'):<4} {_saw(seen.get(name))}"


def _saw(verdict: Any) -> str:
    if verdict is None or not verdict.reached:
        return ""
    deciding = [one for one in verdict.conditions if one.held is verdict.matched] or list(verdict.conditions)
    return " · ".join(f"{one.condition}: {one.saw}" if one.saw else one.condition for one in deciding)


def _said(record: Mapping[str, Any]) -> str:
    """A decision in a line: the outcome, and each field that was set, with why."""
    came = effects(record, {})
    parts = [f"{came['outcome']} ({record.get('because', '')})"]
    fields = ((name, value) for name, value in came.items() if name != "outcome")
    parts += [f"{name} {value} ({' · '.join(causes(record, name))})" for name, value in fields]
    return " · ".join(parts)
