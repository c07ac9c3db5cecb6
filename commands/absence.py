"""`helpdesk absence`: who of staff is away, until when, and who stands in."""

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from commands import screen
from commands.opening import agent as at_keyboard
from commands.opening import now, opened
from commands.phrases import NOBODY, unfinished
from commands.screen import Cell, Column, say
from desk import absence as acts
from desk.absence import AbsenceReport, span, with_deputies
from desk.desk import Desk
from desk.today import day_of
from domain.absence import Absence
from domain.errors import DeskError

COLUMNS = (
    Column(title="Agent"),
    Column(title="First day"),
    Column(title="Last day"),
    Column(title="Deputy"),
    Column(title="Today", flexible=True),
)


def run(path: Path, *, as_json: bool) -> None:
    """Print who is away today or will be, the earliest first."""
    with opened(path) as desk:
        today = day_of(desk.settings, now())
        with desk.store.reading() as view:
            found = view.absences.from_day(today)
        if as_json:
            screen.dump_json(found)
        elif found:
            show(desk, found, today)
        else:
            say("Everybody is there, and nobody has said that he will be away.")


def show(desk: Desk, absences: Iterable[Absence], today: date, *, width: int | None = None) -> None:
    """Print ABSENCES as a table, with who stands in TODAY."""
    known = tuple(absences)
    instead = with_deputies(known, desk.settings, today=today)
    rows = [
        (one.agent, str(one.first), str(one.last or NOBODY), one.deputy or NOBODY, _today(one, instead.get(one.id)))
        for one in known
    ]
    screen.print_table(COLUMNS, rows, width=width)


def _today(absence: Absence, instead: str | None) -> str | Cell:
    if instead is None:
        return "not yet"
    return f"{instead} stands in" if instead else Cell("nobody stands in", "yellow")


def go(
    path: Path, agent: str, *, first: str | None, last: str | None, deputy: str, who: str | None, as_json: bool
) -> None:
    """Record that AGENT will be away."""
    with opened(path) as desk:
        moment = now()
        today = day_of(desk.settings, moment)
        wanted = Absence(
            agent=agent, first=_day(first, "--from") if first else today, last=_day(last, "--until") if last else None,
            deputy=deputy, by=at_keyboard(desk.settings, who),
        )  # fmt: skip
        report = acts.go(desk, wanted, now=moment)
        if as_json:
            screen.dump_json(report)
            return
        for line, style in _lines(desk, report, today):
            say(line, style=style, lines=False)


def back(path: Path, agent: str, *, as_json: bool) -> None:
    """Record that AGENT is there again, or does not go."""
    with opened(path) as desk:
        report = acts.back(desk, agent, now=now())
        if as_json:
            screen.dump_json(report)
            return
        for one in report.ended:
            say(f"{agent}  is not absent any more (was {span(one)})", lines=False)


def _lines(desk: Desk, report: AbsenceReport, today: date) -> Iterator[tuple[str, str]]:
    absence = report.absence
    assert absence is not None
    yield f"{absence.agent}  is absent {span(absence)}, {_deputy(absence)}", "bold"
    yield from ((f"  in place of {span(one)}", "") for one in report.replaced)
    yield from ((f"  of that stays: {span(one)}, {_deputy(one)}", "yellow") for one in report.remaining)
    yield from ((f"  {remark}", "yellow") for remark in report.remarks)
    if not absence.deputy:
        yield "  tickets that are his are his group's as well; --deputy names somebody for them", "dim"
    with desk.store.reading() as view:
        count = view.tickets.loads([absence.agent], statuses=unfinished(desk.settings))[absence.agent]
    if count and absence.first <= today:
        tickets = "1 unfinished ticket stays" if count == 1 else f"{count} unfinished tickets stay"
        yield f"  {tickets} with {absence.agent}: helpdesk list --mine --as {absence.agent}", "dim"


def _deputy(absence: Absence) -> str:
    return f"{absence.deputy} stands in" if absence.deputy else "nobody stands in"


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise DeskError(f"{option} {text!r} is not a day: write year-month-day, such as 2026-12-01") from None
