"""`helpdesk status` without a ticket: how the helpdesk is; and `helpdesk check --live`."""

from pathlib import Path
from typing import TYPE_CHECKING

from commands import screen
from commands.opening import now, opened

if TYPE_CHECKING:
    from desk.check import Finding

_STYLES = {"ok": "", "warning": "yellow", "problem": "bold red"}


def run(path: Path, *, as_json: bool) -> int:
    """Print how things are; the exit code: 1 where somebody has to do something."""
    findings = look(path)
    if as_json:
        screen.dump_json({"ok": not has_problem(findings), "findings": findings})
    else:
        for finding in findings:
            show(finding)
    return 1 if has_problem(findings) else 0


def look(path: Path) -> "tuple[Finding, ...]":
    """What there is to say of the helpdesk that the config file at PATH describes."""
    from desk import health

    with opened(path) as desk:
        return tuple(health.look(desk, now=now()))


def show(finding: "Finding") -> None:
    """Print one finding as a line."""
    mark = "" if finding.severity == "ok" else f"{finding.severity}: "
    screen.say(f"{finding.subject:<10} {mark}{finding.text}", style=_STYLES[finding.severity])


def has_problem(findings: "tuple[Finding, ...]") -> bool:
    """Somebody has to do something."""
    return any(finding.severity == "problem" for finding in findings)
