"""`helpdesk letters`: who was written to, who was not, and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from commands import screen
from commands.opening import now, opened, opened_with, ticket_number
from commands.phrases import Now
from commands.room import columns, folded
from commands.screen import Cell, Column, say
from desk.addresses import bounced_staff
from desk.config import load
from desk.desk import Desk
from desk.letters import letter_facts
from domain.errors import NotFound
from domain.letter import LetterKind
from store.outbox import LetterState, QueuedLetter, WithheldLetter
from store.store import View

COLUMNS = (
    Column(title="When"),
    Column(title="Ticket"),
    Column(title="Id", style="dim"),
    Column(title="Event"),
    Column(title="To", flexible=True),
    Column(title="State"),
    Column(title="Template", style="dim"),
    Column(title="Why"),
)
ID_SHOWN = 4
ROOM_FOR_TEMPLATES = 120
_STYLES = {"sent": "green", "postponed": "yellow", "failed": "bold red", "withheld": "yellow"}
_EVENTS = {
    LetterKind.ACKNOWLEDGEMENT: "opened",
    LetterKind.NOTICE: "opened",
    LetterKind.COPY: "mail",
    LetterKind.STAFF_NEW: "opened",
    LetterKind.STAFF_CUSTOMER: "mail",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One letter, or one that was not written.

    `again`: when a postponed letter is tried next; `template`: what a sent one was written with.
    """

    at: datetime
    ticket: int
    event: str
    kind: LetterKind
    to: str
    role: str
    state: str
    why: str
    letter: str = ""
    again: datetime | None = None
    template: str = ""


def run(path: Path, ticket: str | None, *, limit: int, as_json: bool) -> None:
    """Print the letters about a ticket, the oldest first; without one the newest of all."""
    with opened(path) as desk:
        number = ticket_number(ticket, desk.settings) if ticket else None
        with desk.store.reading() as view:
            lines = about(view, number) if number is not None else _newest(view, limit)
            bounced = bounced_staff(view, desk.settings) if number is None else {}
        if as_json:
            screen.dump_json(lines)
            return
        show(desk, lines, Now(now()), tickets=number is None)
        for agent, dead in bounced.items():
            say(f"Letters to {agent} come back since {Now(now()).briefly(dead.at)}: {dead.because}", style="yellow")


def show(desk: Desk, lines: tuple[Line, ...], now: Now, *, tickets: bool, width: int | None = None) -> None:
    """Print LINES as a table; TICKETS says that their numbers are shown."""
    if not lines:
        say("No letters, and none withheld.")
        return
    room = width or columns()
    left_out = {"Ticket"} if not tickets else set()
    if room < ROOM_FOR_TEMPLATES or not any(line.template for line in lines):
        left_out.add("Template")
    shown = [column for column in COLUMNS if column.title not in left_out]
    rows = [[_cell(desk, line, column.title, now) for column in shown] for line in lines]
    screen.print_table(shown, folded(rows, width=room), width=width)


def show_one(path: Path, letter: str, ticket: str | None) -> None:
    """Print the words of one letter, named by the beginning of its id."""
    from notifier.compose import Composer

    config = load(path)
    with opened_with(config) as desk:
        number = ticket_number(ticket, desk.settings) if ticket else None
        with desk.store.reading() as view:
            queued = _the(view, letter, number)
            facts = letter_facts(view, queued, desk.settings)
        composer = Composer(desk.settings, keys=desk.keys, templates=config.templates_folder)
        written = composer.compose(facts)
        mail = message_from_bytes(written.data, policy=default)
    for name in ("From", "To", "Subject", "Date", "Message-ID"):
        say(f"{name}: {' '.join(screen.clean(str(mail[name])).split())}", style="dim")
    say(_template(queued.facts.get("template", ""), written.template), style="dim")
    say()
    body = mail.get_body(("plain",))
    say(body.get_content().rstrip("\n") if body else "")
    for file in facts.files:
        say(f"[{screen.clean(file.name)}]", style="dim")


def _template(sent: str, now: str) -> str:
    """With which template the letter was written, and whether that reads the same today."""
    if not sent:
        return f"Template: {now}"
    return f"Template: {sent}" + (
        "" if sent == now else f" (since then changed to {now}: these are not the words sent)"
    )


def about(view: View, number: int) -> tuple[Line, ...]:
    view.tickets.facts(number)
    letters, withheld = view.outbox.of_ticket(number)
    return tuple(sorted(_lines(letters, withheld), key=lambda line: line.at))


def _newest(view: View, limit: int) -> tuple[Line, ...]:
    letters, withheld = view.outbox.recent_letters(limit=limit), view.outbox.recent_withheld(limit=limit)
    return tuple(sorted(_lines(letters, withheld), key=lambda line: line.at, reverse=True))[:limit]


def _lines(letters: tuple[QueuedLetter, ...], withheld: tuple[WithheldLetter, ...]) -> Iterator[Line]:
    """A line for each letter and each withheld one; one that was withdrawn later counts once."""
    known = {letter.letter for letter in letters}
    yield from map(_of_letter, letters)
    yield from (_of_withheld(one) for one in withheld if one.letter not in known)


def _of_letter(letter: QueuedLetter) -> Line:
    postponed = letter.state is LetterState.QUEUED and letter.attempts > 0
    tried = letter.state in (LetterState.FAILED, LetterState.WITHHELD) or postponed
    return Line(
        at=letter.queued_at,
        ticket=letter.ticket,
        event=_event(letter.kind),
        kind=letter.kind,
        to=letter.recipient.address,
        role=letter.recipient.role,
        state="postponed" if postponed else letter.state.value,
        why=letter.reply if tried and letter.reply else letter.because,
        letter=letter.letter,
        again=letter.due_at if postponed else None,
        template=letter.facts.get("template", ""),
    )


def _of_withheld(one: WithheldLetter) -> Line:
    recipient = one.withheld.recipient
    return Line(
        at=one.at,
        ticket=one.ticket,
        event=_event(one.withheld.kind),
        kind=one.withheld.kind,
        to=recipient.address or recipient.agent or recipient.role,
        role=recipient.role,
        state=LetterState.WITHHELD.value,
        why=one.withheld.because,
        letter=one.letter,
    )


def _event(kind: LetterKind) -> str:
    return _EVENTS.get(kind) or kind.value.removeprefix("staff_")


def _cell(desk: Desk, line: Line, title: str, now: Now) -> str | Cell:
    match title:
        case "When":
            return now.briefly(line.at)
        case "Ticket":
            return desk.reference(line.ticket)
        case "Event":
            return line.event
        case "To":
            return line.to
        case "State":
            return Cell(line.state, _STYLES.get(line.state, ""))
        case "Template":
            return line.template
        case "Why":
            return f"{line.why}, again at {now.exactly(line.again)}" if line.again else line.why
        case _:
            return line.letter[:ID_SHOWN]


def _the(view: View, start: str, ticket: int | None) -> QueuedLetter:
    """The one letter whose id begins with START.  Raises NotFound where there is none, or more than one."""
    wanted = start.strip().lower()
    found: tuple[QueuedLetter, ...] = ()
    if wanted.isalnum() and wanted.isascii():
        found = view.outbox.starting_with(wanted, limit=1000 if ticket is not None else 2)
    found = tuple(letter for letter in found if ticket in (None, letter.ticket))
    if not found:
        raise NotFound(f"there is no letter {start!r}; `helpdesk letters` lists them by the beginning of their ids")
    if len(found) > 1:
        raise NotFound(f"more than one letter begins with {start!r}: give more of it (`helpdesk letters --json`)")
    return found[0]
