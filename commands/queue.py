"""`helpdesk list`: the queue, whoever waits longest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from commands import screen
from commands.opening import WhoAreYou, agent, now, opened
from commands.phrases import Now, customer, holder, one_of, unfinished
from commands.screen import Cell, Column
from desk.desk import Desk
from domain.due import parse_due
from domain.errors import DeskError
from domain.people import Address
from domain.settings import Settings
from domain.ticket import SUPPORT_OVER, TicketLine

COLUMNS = (
    Column(title="No"),
    Column(title="Title", flexible=True),
    Column(title="Customer", flexible=True),
    Column(title="Status"),
    Column(title="Prio"),
    Column(title="Who"),
    Column(title="Waits", right=True),
    Column(title="Due", right=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which tickets to list.  `due` is a time in words: only what is due by then."""

    mine: bool = False
    nobodys: bool = False
    everything: bool = False
    status: str = ""
    customer: str = ""
    group: str = ""
    overdue: bool = False
    due: str = ""
    limit: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Tickets for a screen, and what there is beside them.  `yours` is None where nobody said who he is."""

    lines: tuple[TicketLine, ...]
    total: int
    open: int
    yours: int | None
    nobodys: int
    oldest: TicketLine | None


def run(path: Path, wish: Wish, *, who: str | None, as_json: bool) -> None:
    """Print the queue that is wished for."""
    with opened(path) as desk:
        moment = now()
        queue = look(desk, wish, who=who, moment=moment)
        if as_json:
            screen.dump_json([{"reference": desk.reference(line.number), **_record(line)} for line in queue.lines])
        else:
            show(desk, queue, Now.of(moment, desk.settings))


def look(desk: Desk, wish: Wish, *, who: str | None, moment: datetime) -> Queue:
    """The tickets that are wished for at this MOMENT.

    Raises WhoAreYou where they shall be one's own and nobody said whose.
    """
    settings = desk.settings
    me = _me(settings, who, must=wish.mine)
    pending = unfinished(settings)
    statuses = _statuses(settings, wish, pending)
    groups = (one_of("group", wish.group, settings.groups),) if wish.group else ()
    address = Address.parse(wish.customer).address if wish.customer else ""
    due_by = _due_by(settings, wish, moment)
    with desk.store.reading() as view:
        lines, total = view.tickets.lines(
            statuses=statuses,
            agent=me if wish.mine else "",
            nobodys=wish.nobodys,
            groups=groups,
            customer=address,
            due_by=due_by,
            order="due" if due_by else "newest" if wish.everything else "waiting",
            limit=wish.limit,
        )
        first, all_open = view.tickets.lines(statuses=pending, limit=1)
        return Queue(
            lines=lines,
            total=total,
            open=all_open,
            yours=view.tickets.count(statuses=pending, agent=me) if me else None,
            nobodys=view.tickets.count(statuses=pending, nobodys=True),
            oldest=first[0] if first and first[0].waiting_since else None,
        )


def show(desk: Desk, queue: Queue, now: Now, *, width: int | None = None) -> None:
    """Print QUEUE as a table with a line about the rest."""
    if queue.lines:
        rows = [_row(desk, line, now) for line in queue.lines]
        shown = len(COLUMNS) if any(line.due_at for line in queue.lines) else len(COLUMNS) - 1
        screen.print_table(COLUMNS[:shown], [row[:shown] for row in rows], width=width)
    screen.say(_summary(queue, now))


def _me(settings: Settings, who: str | None, *, must: bool) -> str:
    try:
        return agent(settings, who)
    except WhoAreYou:
        if who or must:
            raise
        return ""


def _statuses(settings: Settings, wish: Wish, pending: Sequence[str]) -> tuple[str, ...]:
    if wish.status:
        return (one_of("status", wish.status, settings.tickets.statuses),)
    return () if wish.everything else tuple(pending)


def _due_by(settings: Settings, wish: Wish, moment: datetime) -> datetime | None:
    """By when what is listed is due; None where that does not matter."""
    if not wish.due:
        return moment if wish.overdue else None
    try:
        due_by = parse_due(wish.due, now=moment, zone=settings.helpdesk.screen_zone)
    except ValueError as bad:
        raise DeskError(str(bad)) from None
    if due_by is None:
        raise DeskError("--due none lists nothing: name a time, such as today or 3d")
    return min(due_by, moment) if wish.overdue else due_by


def _row(desk: Desk, line: TicketLine, now: Now) -> tuple[str | Cell, ...]:
    priorities = desk.settings.tickets.priorities
    urgent = len(priorities) > 1 and line.priority == priorities[-1]
    return (
        desk.reference(line.number),
        line.title or "(no subject)",
        _customer(line),
        line.status,
        Cell(line.priority, "bold red" if urgent else ""),
        Cell(holder(line.agent, line.group), "" if line.agent else "dim"),
        now.since(line.waiting_since),
        _due(desk, line, now),
    )


def _customer(line: TicketLine) -> Cell:
    said = customer(line.customer, line.organization)
    # In front, for long names are cut.
    return Cell(f"({SUPPORT_OVER}) {said}", "yellow") if line.support_over else Cell(said)


def _due(desk: Desk, line: TicketLine, now: Now) -> Cell:
    """How far off a ticket's due time is, as long as that matters."""
    if line.due_at is None or line.status not in unfinished(desk.settings):
        return Cell("")
    return Cell(now.until(line.due_at), "bold red" if line.due_at <= now.moment else "")


def _summary(queue: Queue, now: Now) -> str:
    """`3 of 57 open · yours 2 · nobody's 1 · oldest waits 9 d (helpdesk show 987)`."""
    shown = len(queue.lines)
    if not queue.open and not shown:
        return "Nothing is open."
    parts = [f"{shown} of {queue.open} open"]
    if queue.total != queue.open:
        parts = [f"{shown} of {queue.total}" if queue.total else "nothing found", f"{queue.open} open"]
    if queue.yours is not None:
        parts.append(f"yours {queue.yours}")
    parts.append(f"nobody's {queue.nobodys}")
    if queue.oldest is not None:
        parts.append(f"oldest waits {now.since(queue.oldest.waiting_since)} (helpdesk show {queue.oldest.number})")
    return " · ".join(parts)


def _record(line: TicketLine) -> dict[str, object]:
    return {name: getattr(line, name) for name in TicketLine.__dataclass_fields__}
