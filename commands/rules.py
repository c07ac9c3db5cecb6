"""`helpdesk rules`: tried before they go live, and looked at afterwards."""

import json
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commands.opening import now, opened_with
from commands.screen import Column, clean, dump_json, is_terminal, print_table, say
from desk.config import load
from domain.errors import DeskError
from domain.quantity import parse_duration

if TYPE_CHECKING:
    from desk.desk import Desk
    from desk.differences import Difference, Differences
    from desk.rule_history import Version
    from store.matches import RuleUse

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def moment(written: str | None) -> datetime:
    """`30d` or `2026-11-01` as the moment from which on; the beginning of time where nothing is written."""
    if written is None:
        return _LONG_AGO
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", written):
        try:
            return datetime.fromisoformat(written).replace(tzinfo=UTC)
        except ValueError:
            raise DeskError(f"--since: {written!r} is not a date of the calendar") from None
    try:
        return now() - parse_duration(written)
    except (ValueError, OverflowError) as bad:
        raise DeskError(f"--since: {bad}; or a date, such as 2026-11-01") from None


def replay(path: Path, *, since: str | None, rules: Path | None, facts: str, as_json: bool) -> int:
    """Print what would be decided differently; 130 after Ctrl-C, with what there was until then."""
    import rules as rules_room
    from desk.differences import Differences
    from desk.replay import Facts, count
    from desk.replay import replay as desk_replay
    from scanner.worker import SafeReader

    if facts not in [one.value for one in Facts]:
        raise DeskError(f"--facts {facts}: write then (as they were) or now (read again, finders asked again)")
    beginning = moment(since)
    live, wanted = load(path), load(path, rules=rules)
    ruleset = rules_room.compile(wanted.settings.rules, lists=wanted.lists)
    with opened_with(live) as desk, SafeReader(limits=live.settings.limits) as read, _interruptible() as stopped:
        told = Differences(desk, ruleset)
        mails = desk_replay(desk, ruleset, facts=Facts(facts), read=read, since=beginning, stop=stopped)
        with _progress(count(desk, beginning), shown=not as_json) as advance:
            for one in mails:
                told.add(one)
                advance()
                if stopped():
                    break
        if as_json:
            dump_json(_facts(told, complete=not stopped()))
        else:
            _print(told, with_new_rules=rules is not None)
    return 130 if stopped() else 0


def test(path: Path, *, rules: Path | None, as_json: bool) -> int:
    """Try the tests that stand beside the rules; 1 where one fails."""
    from desk.rule_tests import Tried, try_all
    from scanner.worker import SafeReader

    config = load(path, rules=rules)
    tried: list[Tried] = []
    with SafeReader(limits=config.settings.limits) as read:
        for one in try_all(config, read=read):
            tried.append(one)
            if not as_json:
                print("F" if one.problems else ".", end="", flush=True)
    failed = [one for one in tried if one.problems]
    if as_json:
        dump_json({"ok": not failed, "tests": tried})
        return 1 if failed else 0
    print(end="\n" if tried else "")
    for one in failed:
        for problem in one.problems:
            say(str(problem))
    say(_summary(len(tried), len(failed)), style="bold red" if failed else "green")
    return 1 if failed else 0


def _summary(tests: int, failed: int) -> str:
    if not tests:
        return "No rule has tests. They stand beside a rule, below tests:"
    if failed:
        return f"{failed:,} of {tests:,} tests failed."
    return f"{tests:,} test{'' if tests == 1 else 's'}, all in order."


def history(path: Path, *, limit: int, as_json: bool) -> int:
    """Print the rule sets that were live, the newest first, and what changed in each."""
    from desk.rule_history import history as desk_history

    with opened_with(load(path)) as desk:
        versions = desk_history(desk)[:limit]
    if as_json:
        dump_json([_version_facts(one) for one in versions])
        return 0
    columns = [
        Column(title="Rules"), Column(title="First live"), Column(title="Last used"), Column(title="Mails", right=True),
        Column(title="What changed", flexible=True),
    ]  # fmt: skip
    print_table(
        columns,
        [
            (one.live.hash[:12], _day(one.live.first_live), _day(one.live.last), f"{one.live.mails:,}", _changed(one))
            for one in versions
        ],
    )
    return 0


def _day(at: datetime | None) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M}" if at else "-"


def _changed(one: "Version") -> str:
    parts = [
        f"{mark}{name}" for mark, names in (("+", one.added), ("-", one.removed), ("~", one.changed)) for name in names
    ]
    parts += ["other order"] if one.moved else []
    here = "in force · " if one.in_force else ""
    return here + (", ".join(parts) or "-")


def _version_facts(one: "Version") -> dict[str, Any]:
    return {
        "hash": one.live.hash, "first_live": one.live.first_live, "last_used": one.live.last, "mails": one.live.mails,
        "rules": one.rules, "in_force": one.in_force, "added": one.added, "removed": one.removed,
        "changed": one.changed, "moved": one.moved,
    }  # fmt: skip


def stats(path: Path, *, since: str | None, as_json: bool) -> int:
    """Print how often each rule matched, last when, and which never did."""
    from desk.rule_history import usage

    with opened_with(load(path)) as desk:
        told = usage(desk, since=moment(since))
    lines = [*told.present, *((use.rule, use) for use in told.gone)]
    gone = {use.rule for use in told.gone}
    if as_json:
        rows = [_use_facts(desk, name, use, present=name not in gone) for name, use in lines]
        dump_json({"mails": told.mails, "matched_by_none": told.of_none, "rules": rows})
        return 0
    columns = [
        Column(title="Rule", flexible=True), Column(title="Mails", right=True), Column(title="Last"),
        Column(title="Such as"), Column(title=""),
    ]  # fmt: skip
    print_table(columns, [_use_row(desk, name, use, gone=name in gone) for name, use in lines])
    never = sum(use is None for _, use in told.present)
    unused = f"{never:,} rule{'s' * (never != 1)} never matched"
    say(f"{told.mails:,} mails decided · {told.of_none:,} matched by no rule · {unused}")
    return 0


def _use_row(desk: "Desk", name: str, use: "RuleUse | None", *, gone: bool) -> tuple[str, ...]:
    if use is None:
        return (name, "0", "-", "", "never matched")
    example = desk.reference(use.ticket) if use.ticket else f"intake {use.intake}"
    return (name, f"{use.mails:,}", _day(use.last), example, "no longer there" if gone else "")


def _use_facts(desk: "Desk", name: str, use: "RuleUse | None", *, present: bool) -> dict[str, Any]:
    return {
        "name": name, "mails": use.mails if use else 0, "last": use.last if use else None, "present": present,
        "intake": use.intake if use else None, "ticket": desk.reference(use.ticket) if use and use.ticket else None,
    }  # fmt: skip


def schema(*, rules_file: bool) -> int:
    """Print the JSON Schema of config.yaml, or of a file that holds a list of rules."""
    from domain.settings import json_schema, rules_schema

    print(json.dumps(rules_schema() if rules_file else json_schema(), indent=2, ensure_ascii=False))
    return 0


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Ctrl-C ends the work after the mail in hand, so that what there is can be told; a second one ends it at once."""
    asked: list[int] = []

    def ask(number: int, _: object) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _progress(total: int, *, shown: bool) -> Iterator[Callable[[], None]]:
    """A bar on the standard error where a person looks on."""
    if not (shown and is_terminal(sys.stderr)):
        with nullcontext():
            yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (MofNCompleteColumn(), TextColumn("mails decided again"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=total)
        yield lambda: bar.advance(task)


def _print(told: "Differences", *, with_new_rules: bool) -> None:
    say(f"{told.mails:,} mails decided again")
    say(f"{told.same:>7,} as before")
    lines = [(difference, _what(difference), _by(difference)) for difference, _ in told.counts.most_common()]
    wide = min(46, max((len(what) for _, what, _ in lines), default=0))
    wider = min(46, max((len(by) for _, _, by in lines), default=0))
    for difference, what, by in lines:
        examples = ", ".join(told.examples[difference])
        say(clean(f"{told.counts[difference]:>7,} {what:<{wide}}  {by:<{wider}}  e.g. {examples}"))
    if told.undecided:
        say(f"{told.undecided:>7,} not decided again: their bytes, or their mailbox, are no longer here")
    live = " To go live: put the file in place, the daemon takes it up." if with_new_rules and told.counts else ""
    say(f"Nothing was changed.{live}")


def _what(difference: "Difference") -> str:
    return " · ".join(map(str, difference.changes))


def _by(difference: "Difference") -> str:
    return " · ".join(f"rule '{name}'{f' ({news})' if news else ''}" for name, news in difference.rules)


def _facts(told: "Differences", *, complete: bool) -> dict[str, Any]:
    return {
        "mails": told.mails, "same": told.same, "exact": told.exact, "reread": told.reread,
        "undecided": told.undecided, "complete": complete,
        "different": [
            {
                "mails": count,
                "changes": [{"field": one.field, "before": one.before, "after": one.after} for one in found.changes],
                "rules": [{"name": name, "news": news or None} for name, news in found.rules],
                "examples": told.examples[found],
            }
            for found, count in told.counts.most_common()
        ],
    }  # fmt: skip
