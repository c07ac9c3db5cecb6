"""`helpdesk outbox`: the letters that are not sent yet, and what staff does with them.

Promises: each act prints which letters it touched, and touches none where one of those that were
named cannot be touched.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from commands import screen
from commands.letters import ID_SHOWN, event_of, holder_of, with_others
from commands.opening import agent, now, opened, ticket_number
from commands.phrases import NOBODY, Now
from commands.room import columns, folded
from commands.screen import Cell, Column, say
from desk import outbox
from desk.desk import Desk
from desk.outbox import Choice
from domain.errors import DeskError
from domain.letter import LetterKind
from store.outbox import Hold, LetterState, QueuedLetter

COLUMNS = (
    Column(title="Id"),
    Column(title="State"),
    Column(title="Age", right=True),
    Column(title="Ticket"),
    Column(title="Event"),
    Column(title="To", flexible=True),
    Column(title="Tries", right=True),
    Column(title="Next"),
    Column(title="Why"),
)
_STYLES = {"held": "yellow", "postponed": "yellow", "failed": "bold red"}


@dataclass(frozen=True, slots=True)
class Wish:
    """Which letters are meant on the command line: some ids, a ticket's, or all; and how the answer is printed."""

    path: Path
    letters: Sequence[str]
    ticket: str | None
    everything: bool
    as_json: bool = False

    def choice(self, desk: Desk) -> Choice:
        """The same for the desk.  Raises DeskError unless exactly one of the three was said."""
        said = [bool(self.letters), self.ticket is not None, self.everything]
        if said.count(True) != 1:
            raise DeskError(
                "which letters? Write the beginnings of their ids (helpdesk outbox list), --ticket, or --all"
            )
        number = ticket_number(self.ticket, desk.settings) if self.ticket is not None else None
        return Choice(letters=tuple(self.letters), ticket=number, everything=self.everything)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A letter that is not sent.  `state`: queued, sending, held, postponed or failed."""

    letter: str
    state: str
    since: datetime
    ticket: int | None
    kind: LetterKind
    to: str
    attempts: int
    next: datetime | None
    why: str


def run(path: Path, ticket: str | None, *, limit: int, as_json: bool) -> None:
    """Print the letters that wait, are on hold or failed."""
    with opened(path) as desk:
        number = ticket_number(ticket, desk.settings) if ticket is not None else None
        with desk.store.reading() as view:
            holds = view.outbox.holds()
            lines = [_line(letter, holds) for letter in view.outbox.unsent(ticket=number, limit=limit)]
        if as_json:
            screen.dump_json({"letters": lines, "holds": holds})
        else:
            show(desk, lines, holds, Now.of(now(), desk.settings))


def show(desk: Desk, lines: Sequence[Line], holds: Sequence[Hold], now: Now, *, width: int | None = None) -> None:
    """Print LINES as a table, and below it what is on hold."""
    if lines:
        rows = [[_cell(desk, line, column.title, now) for column in COLUMNS] for line in lines]
        screen.print_table(COLUMNS, folded(rows, width=width or columns()), width=width)
    else:
        say("The outbox is empty.")
    for hold in holds:
        say(f"On hold: {_what(desk, hold)}, by {hold.agent} since {now.exactly(hold.at)}", style="yellow")


def retry(wish: Wish, *, failed: bool) -> None:
    """Make letters due now."""
    with opened(wish.path) as desk:
        done = outbox.retry(desk, wish.choice(desk), failed=failed, now=now())
        _tell(desk, wish, done, "due now", nothing="nothing waits for another attempt")


def cancel(wish: Wish, *, who: str | None) -> None:
    """Never send letters."""
    with opened(wish.path) as desk:
        by = agent(desk.settings, who)
        done = outbox.cancel(desk, wish.choice(desk), agent=by, now=now())
        _tell(desk, wish, done, "cancelled", nothing="nothing to cancel: no such letter waits")


def hold(wish: Wish, *, who: str | None) -> None:
    """Keep letters back."""
    with opened(wish.path) as desk:
        by = agent(desk.settings, who)
        done = outbox.hold(desk, wish.choice(desk), agent=by, now=now())
        _tell_holds(desk, wish, done, "on hold", nothing="nothing changed: that is on hold already")


def release(wish: Wish) -> None:
    """Let go again what was put on hold."""
    with opened(wish.path) as desk:
        done = outbox.release(desk, wish.choice(desk))
        _tell_holds(desk, wish, done, "released", nothing="nothing changed: that was not on hold")
        with desk.store.reading() as view:
            left = view.outbox.holds()
        if left and not wish.as_json:
            say(f"Still on hold: {', '.join(_what(desk, one) for one in left)}", style="yellow")


def _tell(desk: Desk, wish: Wish, done: Sequence[QueuedLetter], what: str, *, nothing: str) -> None:
    if wish.as_json:
        screen.dump_json([{"letter": one.letter, "to": one.recipient.address, "ticket": one.ticket} for one in done])
        return
    for one in done:
        about = f" · {desk.reference(one.ticket)}" if one.ticket is not None else ""
        say(f"{one.letter[:ID_SHOWN]}  {what}: {event_of(one.kind)} to {one.recipient.address}{about}")
    if not done:
        say(f"{nothing[0].upper()}{nothing[1:]}.")


def _tell_holds(desk: Desk, wish: Wish, done: Sequence[Hold], what: str, *, nothing: str) -> None:
    if wish.as_json:
        screen.dump_json(done)
        return
    for one in done:
        say(f"{what[0].upper()}{what[1:]}: {_what(desk, one)}")
    if not done:
        say(f"{nothing[0].upper()}{nothing[1:]}.")


def _what(desk: Desk, hold: Hold) -> str:
    if hold.letter is not None:
        return f"letter {hold.letter[:ID_SHOWN]}"
    return f"all letters about {desk.reference(hold.ticket)}" if hold.ticket is not None else "all letters"


def _line(letter: QueuedLetter, holds: Sequence[Hold]) -> Line:
    held = holder_of(letter, holds)
    failed = letter.state is LetterState.FAILED
    if failed:
        state = "failed"
    elif letter.claimed_by:
        state = "sending"
    else:
        state = "held" if held else "postponed" if letter.attempts else "queued"
    return Line(
        letter=letter.letter,
        state=state,
        since=letter.queued_at,
        ticket=letter.ticket,
        kind=letter.kind,
        to=letter.recipient.address,
        attempts=letter.attempts,
        next=None if failed or held else letter.due_at,
        why=(letter.reply or (f"on hold by {held.agent}" if held else letter.because)) + with_others(letter),
    )


def _cell(desk: Desk, line: Line, title: str, now: Now) -> str | Cell:
    match title:
        case "Id":
            return line.letter[:ID_SHOWN]
        case "State":
            return Cell(line.state, _STYLES.get(line.state, ""))
        case "Age":
            return now.since(line.since)
        case "Ticket":
            return desk.reference(line.ticket) if line.ticket is not None else NOBODY
        case "Event":
            return event_of(line.kind)
        case "To":
            return line.to
        case "Tries":
            return str(line.attempts)
        case "Next":
            return now.exactly(line.next) if line.next else NOBODY
        case _:
            return line.why
