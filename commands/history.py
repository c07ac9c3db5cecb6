"""`helpdesk history`: everything that happened to a ticket: when, who, what, because."""

import shutil
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

from commands import screen
from commands.opening import now, opened, ticket_number
from commands.phrases import Now, happened
from commands.screen import Cell, Column
from desk.desk import Desk
from domain.event import Actor
from store.tickets import HistoryLine

COLUMNS = (Column(title="When"), Column(title="Who", flexible=True), Column(title="What"))


def run(path: Path, ticket: str, *, as_json: bool) -> None:
    """Print the history of a ticket."""
    with opened(path) as desk:
        number = ticket_number(ticket, desk.settings)
        with desk.store.reading() as view:
            title = view.tickets.facts(number).title
            lines = view.tickets.history(number)
        if as_json:
            screen.dump_json(lines)
            return
        screen.say(f"{desk.reference(number)}  {screen.clean(title)}", style="bold")
        show(desk, lines, Now(now()))


def show(desk: Desk, lines: Sequence[HistoryLine], now: Now, *, width: int | None = None) -> None:
    """Print LINES, the oldest first; the cause of each below it, in full."""
    room = (width or _width()) - 2 * 2 - _widest(lines, now)
    rows: list[tuple[str | Cell, ...]] = []
    for line in lines:
        event = line.event
        rows.append((now.exactly(line.at), _who(event.actor), happened(event, desk.settings)))
        if event.because:
            cause = screen.clean(f"because {event.because}")
            rows += [("", "", Cell(part, "dim")) for part in textwrap.wrap(cause, max(room, 30), initial_indent="  ",
                                                                          subsequent_indent="  ")]  # fmt: skip
    screen.print_table(COLUMNS, rows, width=width)


def _who(actor: Actor) -> str:
    return "a rule" if actor.kind == "rule" and not (actor.name or actor.key) else str(actor)


def _widest(lines: Sequence[HistoryLine], now: Now) -> int:
    """Columns that time and name take."""
    times = max((len(now.exactly(line.at)) for line in lines), default=0)
    return times + max((len(_who(line.event.actor)) for line in lines), default=0)


def _width() -> int:
    return shutil.get_terminal_size().columns if screen.is_terminal(sys.stdout) else 10_000
