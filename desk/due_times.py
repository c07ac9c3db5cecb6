"""Due times: set by staff and rules, and told to staff when they come near and when they have passed.

Each is told once, however many processes look: what staff was told stands on the ticket and changes only
together with the event and its letters.  Another due time begins anew, and so does a ticket that is reopened.
Of a ticket that is solved or closed nothing is told.

Fails with: StoreUnusable, TemporaryFailure; what was not told then is told the next time.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from desk import log
from desk.desk import Desk
from desk.letters import tell
from domain.due import DueTold, told_when_set
from domain.event import DESK, Actor, Event, EventKind
from domain.letter import ActFacts
from domain.settings import Settings
from domain.ticket import Phase, TicketFacts

BATCH = 100
NO_TIME = "none"


def due_in(value: str) -> datetime | None:
    """The due time in VALUE, as a rule's settled change or an event holds it."""
    return None if value in ("", NO_TIME) else datetime.fromisoformat(value)


def with_due(settings: Settings, ticket: TicketFacts, due_at: datetime | None, *, now: datetime) -> TicketFacts:
    """TICKET with this due time, of which nothing was told yet."""
    told = told_when_set(due_at, now=now, before=settings.notifications.due_before)
    return replace(ticket, due_at=due_at, due_told=told)


def due_set(
    settings: Settings, ticket: TicketFacts, due_at: datetime | None, *, now: datetime, actor: Actor,
    because: str = "",
) -> tuple[TicketFacts, tuple[Event, ...]]:  # fmt: skip
    """TICKET with another due time, and the event; nothing happens where it is the same."""
    if due_at == ticket.due_at:
        return ticket, ()
    before, after = (one.isoformat() if one else "" for one in (ticket.due_at, due_at))
    event = Event(kind=EventKind.DUE, actor=actor, before=before, after=after, because=because)
    return with_due(settings, ticket, due_at, now=now), (event,)


def tell_due(desk: Desk, *, now: datetime, stop: Callable[[], bool] = lambda: False) -> int:
    """Tell staff of every ticket whose due time has passed or comes near; how many there were."""
    soon = now + desk.settings.notifications.due_before
    count = 0
    while not stop():
        with desk.store.reading() as view:
            numbers = view.tickets.coming_due(now=now, soon=soon, limit=BATCH)
        for number in numbers:
            count += _tell_one(desk, number, now=now)
        if len(numbers) < BATCH:
            break
    return count


def _tell_one(desk: Desk, number: int, *, now: datetime) -> bool:
    """One ticket; False where nothing is to be told any more, or another process has done so."""
    with desk.store.act() as view:
        ticket = view.tickets.facts(number, lock=True)
        told = _now_true(desk, ticket, now)
        if told is None:
            return False
        over = desk.settings.tickets.phase(ticket.status) in (Phase.SOLVED, Phase.CLOSED)
        if not view.tickets.told_due(ticket, DueTold.OVERDUE if over else told) or over:
            return False
        assert ticket.due_at is not None
        kind = EventKind.OVERDUE if told is DueTold.OVERDUE else EventKind.DUE_SOON
        event = Event(kind=kind, actor=DESK, after=ticket.due_at.isoformat())
        act = view.tickets.begin_act("due", DESK, now=now)
        view.tickets.record(act, number, (event,), now=now)
        tell(desk, view, ActFacts(ticket=ticket, events=(event,), actor=DESK), act=act, now=now)
    log.ticket_due(desk.reference(number), kind)
    return True


def _now_true(desk: Desk, ticket: TicketFacts, now: datetime) -> DueTold | None:
    """What is to be told of TICKET now, None for nothing: somebody may have changed it meanwhile."""
    if ticket.due_at is None or ticket.due_told is DueTold.OVERDUE:
        return None
    if ticket.due_at <= now:
        return DueTold.OVERDUE
    near = ticket.due_at <= now + desk.settings.notifications.due_before
    return DueTold.SOON if near and ticket.due_told is DueTold.NOTHING else None
