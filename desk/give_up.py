"""Letters that will never arrive: recorded, and told to the ticket's staff.

A letter that failed is an event of its ticket.  Where our own server refused the recipient's address itself, the
address is marked as a hard bounce marks it, in the same act and the same letter to staff; a mail from it clears the
mark.  Staff hears nothing of a letter to staff: nobody else could tell them, and it would fail as well.
"""

from datetime import datetime

from desk.addresses import Dead, dead_address, mark_dead
from desk.desk import Desk
from desk.letters import tell
from domain.event import DESK, Event, EventKind
from domain.letter import ActFacts
from store.outbox import QueuedLetter
from store.store import View


def give_up(desk: Desk, view: View, letter: QueuedLetter, reply: str, *, is_dead: bool, now: datetime) -> None:
    """Record that LETTER will never arrive and why; IS_DEAD: its address takes no letters, whatever they say."""
    if not view.outbox.fail(letter, reply=reply):
        return
    dead = dead_address(view, letter, because=f"a letter was refused: {reply}") if is_dead else None
    if dead is not None:
        mark_dead(view, dead, now=now)
    if letter.ticket is None:
        return
    events = _events(letter, reply, dead)
    ticket = view.tickets.facts(letter.ticket)
    act = view.tickets.begin_act("deliver", DESK, now=now)
    view.tickets.record(act, letter.ticket, events, now=now)
    tell(desk, view, ActFacts(ticket=ticket, events=events, actor=DESK), act=act, now=now)


def _events(letter: QueuedLetter, reply: str, dead: Dead | None) -> tuple[Event, ...]:
    recipient = letter.recipient
    field = "agent" if recipient.is_staff else "address"
    unsent = Event(kind=EventKind.UNSENT, field=field, after=recipient.address, before=reply)
    if dead is None:
        return (unsent,)
    return unsent, Event(kind=EventKind.UNDELIVERABLE, field=field, after=dead.address, because=dead.because)
