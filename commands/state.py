"""`helpdesk status` without a ticket: the daemons, the settings in force, and what waits.

It answers also while config.yaml is broken, as long as that says where the database is: then it matters most.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commands.opening import now
from commands.screen import age, dump_json, say
from desk import health
from desk.config import Config, inspect, where_the_database_is
from desk.holder import described, is_dead
from desk.secrets import reveal
from domain.errors import ConfigError, DeskError, Problem
from domain.intake import State

if TYPE_CHECKING:
    from desk.check import Finding
    from store.daemons import DaemonFacts
    from store.store import Store, View

STUCK = timedelta(hours=1)
_STYLES = {"ok": "", "warning": "yellow", "problem": "bold red"}


def run(path: Path, *, as_json: bool) -> int:
    """Print how the helpdesk is; 1 where something is to be put right."""
    config, problems = inspect(path)
    store = _store(path, () if config else problems)
    moment = now()
    try:
        with store.reading() as view:
            daemons, waiting = view.daemons.all(), _waiting(view, moment)
            findings = tuple(health.look(view, config.settings, now=moment)) if config else ()
    finally:
        store.close()
    broken = [str(problem) for problem in problems if problem.severity == "error"]
    if as_json:
        daemon_facts = [_facts(one) for one in daemons]
        dump_json({"daemons": daemon_facts, **waiting, "findings": findings, "problems": broken})
    else:
        _print(daemons, moment, broken=broken)
        say(f"mail      {waiting['stuck']:,} unfinished for over an hour · {waiting['quarantined']:,} quarantined")
        if config is None:
            say(f"letters   {waiting['letters_waiting']:,} waiting")
        for finding in findings:
            mark = "" if finding.severity == "ok" else f"{finding.severity}: "
            say(f"{finding.subject:<9} {mark}{finding.text}", style=_STYLES[finding.severity])
    bad = any(finding.severity == "problem" for finding in findings)
    wrong = broken or waiting["stuck"] or waiting["quarantined"] or bad or any(one.refused for one in daemons)
    return 1 if wrong else 0


def findings(config: Config) -> "tuple[Finding, ...]":
    """What there is to say of the helpdesk that CONFIG describes, as it is now."""
    store = _store(config.path, ())
    try:
        with store.reading() as view:
            return tuple(health.look(view, config.settings, now=now()))
    finally:
        store.close()


def _store(path: Path, problems: tuple[Problem, ...]) -> "Store":
    from store.store import peek_store

    place = where_the_database_is(path)
    if place is None:
        raise ConfigError(tuple(problem for problem in problems if problem.severity == "error"))
    base = path.absolute().parent
    secret = place.database_password
    password = reveal(secret, base=base, environ=os.environ) if secret else None
    store = peek_store(place.database, base=base, password=password)
    if store is None:
        raise DeskError("the database is not there yet, or not brought up to date: helpdesk run does both")
    return store


def _waiting(view: "View", moment: datetime) -> dict[str, int]:
    return {
        "stuck": len(view.journal.unfinished(listed_before=moment - STUCK)),
        "quarantined": len(view.journal.rows(states=(State.QUARANTINED,), limit=1000)),
        "letters_waiting": view.outbox.waiting(),
    }


def _print(daemons: "tuple[DaemonFacts, ...]", moment: datetime, *, broken: list[str]) -> None:
    if not daemons:
        say("daemon    none is running")
    for one in daemons:
        gone = ", which has ended without a word" if is_dead(one.holder) else ""
        seen = f"seen {age(moment - one.seen_at)} ago"
        say(f"daemon    {described(one.holder)}{gone}, started {age(moment - one.started_at)} ago, {seen}")
        say(f"settings  in force for {age(moment - one.loaded_at)}, rule set {one.rule_set[:12]}")
        if one.refused and one.refused_at:
            say(f"          refused {age(moment - one.refused_at)} ago: {one.refused}", style="bold red")
        if one.restart:
            say(f"          wait for a restart: {one.restart}", style="yellow")
    for problem in broken[:3]:
        say(f"config    {problem}", style="bold red")


def _facts(one: "DaemonFacts") -> dict[str, Any]:
    return {
        "process": described(one.holder), "alive": not is_dead(one.holder), "started_at": one.started_at,
        "seen_at": one.seen_at, "loaded_at": one.loaded_at, "settings": one.settings, "rule_set": one.rule_set,
        "refused": one.refused or None, "refused_at": one.refused_at, "restart": one.restart or None,
    }  # fmt: skip
