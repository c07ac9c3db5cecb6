"""`helpdesk check`: every mistake in the settings, and with --connect in what they lead to."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from commands import ownership, screen
from domain.errors import Problem

if TYPE_CHECKING:
    from desk.check import Finding
    from desk.config import Config

_STYLES = {"ok": "", "warning": "yellow", "problem": "bold red"}


def run(path: Path, *, connect: bool, live: bool = False, as_json: bool) -> int:
    """Print what is found; the exit code: 1 where anything must be put right."""
    ownership.must_be_ours()
    # Not before: they would fail in the foreign code.
    from desk import check
    from desk.config import inspect

    config, problems = inspect(path)
    if config is not None:
        problems = (*problems, *_failed_tests(config))
    findings: list[Finding] = []
    if not as_json:
        for problem in problems:
            _show_problem(problem)
    if config is not None:
        found = check.offline(config, environ=os.environ)
        findings += _shown(found, as_json=as_json)
        if connect:
            online = check.connected(config, environ=os.environ, connect=check.connect_imap, probe=check.probe_smtp)
            findings += _shown(online, as_json=as_json)
        if live:
            from commands import state

            findings += _shown(state.findings(config), as_json=as_json)
    wrong, odd = _count(problems, findings)
    if as_json:
        screen.dump_json({"config": path, "ok": not wrong, "problems": problems, "findings": findings})
    else:
        screen.say(_summary(wrong, odd, started=config is not None), style="bold red" if wrong else "green")
    return 1 if wrong else 0


def _failed_tests(config: "Config") -> Iterator[Problem]:
    """What the tests beside the rules complain of."""
    if not any(rule.tests for rule in config.settings.rules):
        return
    from desk.rule_tests import try_all
    from scanner.worker import SafeReader

    with SafeReader(limits=config.settings.limits) as read:
        for tried in try_all(config, read=read):
            yield from tried.problems


def _show_problem(problem: Problem) -> None:
    if problem.severity == "warning":
        screen.say(f"warning  {problem}", style="yellow")
    else:
        screen.say(str(problem))


def _shown(found: "Iterable[Finding]", *, as_json: bool) -> "list[Finding]":
    """All of FOUND, each printed as soon as it is known: a server may take its time."""
    findings = []
    for finding in found:
        findings.append(finding)
        if not as_json:
            mark = "" if finding.severity == "ok" else f"{finding.severity}: "
            screen.say(f"{finding.subject:<10} {mark}{finding.text}", style=_STYLES[finding.severity])
    return findings


def _count(problems: tuple[Problem, ...], findings: "list[Finding]") -> tuple[int, int]:
    wrong = sum(p.severity == "error" for p in problems) + sum(f.severity == "problem" for f in findings)
    odd = sum(p.severity == "warning" for p in problems) + sum(f.severity == "warning" for f in findings)
    return wrong, odd


def _summary(wrong: int, odd: int, *, started: bool) -> str:
    warnings = f"{odd} warning{'' if odd == 1 else 's'}"
    if wrong:
        said = f"{wrong} problem{'' if wrong == 1 else 's'}{f', {warnings}' if odd else ''}."
        return said if started else f"{said} Nothing was started."
    return f"In order, {warnings}." if odd else "All in order."
