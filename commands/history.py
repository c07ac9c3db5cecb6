"""`helpdesk history`: everything that happened to a ticket: when, who, what, because."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from commands import screen
from commands.opening import now, opened, ticket_number
from commands.phrases import Now, happened
from commands.room import columns, folded
from commands.screen import Cell, Column
from desk.desk import Desk
from domain.decision import Verdict
from domain.event import Actor, EventKind
from store.store import View
from store.tickets import HistoryLine

_BY_MAIL = (EventKind.OPENED, EventKind.CUSTOMER_WROTE, EventKind.MACHINE_WROTE, EventKind.UNCONFIRMED, EventKind.NOTE,
            EventKind.REPEATED, EventKind.VENDOR_WROTE)  # fmt: skip
COLUMNS = (Column(title="When"), Column(title="Who", flexible=True), Column(title="What"))


def run(path: Path, ticket: str, *, as_json: bool) -> None:
    """Print the history of a ticket."""
    with opened(path) as desk:
        number = ticket_number(ticket, desk.settings)
        with desk.store.reading() as view:
            title = view.tickets.facts(number).title
            lines = tuple(_with_finder(view, line) for line in view.tickets.history(number))
        if as_json:
            screen.dump_json(lines)
            return
        screen.say(f"{desk.reference(number)}  {screen.clean(title)}", style="bold")
        show(desk, lines, Now.of(now(), desk.settings))


def show(desk: Desk, lines: Sequence[HistoryLine], now: Now, *, width: int | None = None) -> None:
    """Print LINES, the oldest first; the cause of each below it, in full."""
    rows: list[tuple[str | Cell, ...]] = []
    for line in lines:
        event = line.event
        rows.append((now.exactly(line.at), _who(event.actor), happened(event, desk.settings)))
        if event.because:
            rows.append(("", "", Cell(f"  because {event.because}", "dim")))
    screen.print_table(COLUMNS, folded(rows, width=width or columns()), width=width)


def _with_finder(view: View, line: HistoryLine) -> HistoryLine:
    """LINE; where a mail came in, its cause also says which finder pointed to a ticket."""
    if line.intake is None or line.event.kind not in _BY_MAIL:
        return line
    finders = (view.journal.decision(line.intake) or {}).get("finders", ())
    found = next((one["because"] for one in finders if one["verdict"] != Verdict.NOTHING), "")
    causes = " · ".join(cause for cause in (found, line.event.because) if cause)
    return replace(line, event=replace(line.event, because=causes))


def _who(actor: Actor) -> str:
    return "a rule" if actor.kind == "rule" and not (actor.name or actor.key) else str(actor)
