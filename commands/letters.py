"""`helpdesk letters`: who was written to, who was not, and why."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from commands import roads, screen
from commands.opening import now, opened, opened_with, ticket_number
from commands.phrases import Now
from commands.room import columns, folded
from commands.screen import Cell, Column, say
from desk.addresses import bounced_staff
from desk.config import load
from desk.desk import Desk
from desk.letters import letter_facts
from desk.outbox import find
from domain.letter import LetterKind
from domain.people import Address, address_key
from store.outbox import Hold, LetterState, QueuedLetter, WithheldLetter
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
_STYLES = {
    "sent": "green", "delayed": "yellow", "postponed": "yellow", "held": "yellow", "withheld": "yellow",
    "failed": "bold red", "bounced": "bold red", "joined": "dim",
}  # fmt: skip
ROOM_FOR_TEMPLATES = 120
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

    `state`: queued, held, postponed, sent, joined, delayed, bounced, failed or withheld.  `again`: when a postponed
    letter is tried next.  `template`: what a sent one was written with.  `joined_into`: the letter that it goes with.
    """

    at: datetime
    ticket: int | None
    event: str
    kind: LetterKind
    to: str
    role: str
    state: str
    why: str
    letter: str = ""
    again: datetime | None = None
    attempts: int = 0
    sent_at: datetime | None = None
    reply: str = ""
    template: str = ""
    joined_into: str = ""


def run(path: Path, about_whom: str | None, *, limit: int, as_json: bool) -> None:
    """Print the letters about a ticket or to an address, the oldest first; without either the newest of all."""
    with opened(path) as desk:
        number = _ticket(desk, about_whom)
        with desk.store.reading() as view:
            if number is not None:
                lines = about(view, number)
            elif about_whom:
                lines = to_address(view, Address.parse(about_whom).address, limit=limit)
            else:
                lines = _newest(view, limit)
            bounced = bounced_staff(view, desk.settings) if not about_whom else {}
        if as_json:
            screen.dump_json(lines)
            return
        show(desk, lines, Now.of(now(), desk.settings), tickets=number is None)
        for agent, dead in bounced.items():
            say(
                f"Letters to {agent} come back since {Now.of(now(), desk.settings).briefly(dead.at)}: {dead.because}",
                style="yellow",
            )


def _ticket(desk: Desk, about_whom: str | None) -> int | None:
    """The ticket that is meant, None where an address is, or nothing."""
    return ticket_number(about_whom, desk.settings) if about_whom and "@" not in about_whom else None


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


def show_bytes(path: Path, letter: str, about_whom: str | None = None) -> None:
    """Print one letter, named by the beginning of its id: the bytes that were sent, or that would be sent now."""
    written = _written(path, letter, about_whom)
    if written.remark:
        screen.complain(written.remark)
    screen.write_raw(written.data)


def show_text(path: Path, letter: str, about_whom: str | None = None) -> None:
    """Print what one letter says: its text, and the names of its files."""
    written = _written(path, letter, about_whom)
    mail = message_from_bytes(written.data, policy=default)
    for name in ("From", "To", "Subject", "Date", "Message-ID"):
        say(f"{name}: {' '.join(screen.clean(str(mail[name])).split())}", style="dim")
    say(f"Template: {written.template}", style="dim")
    say()
    body = mail.get_body(("plain",))
    say(body.get_content().rstrip("\n") if body else "")
    for part in mail.iter_attachments():
        if not part.get("Content-ID"):
            say(f"[{screen.clean(part.get_filename() or 'file')}]", style="dim")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """A letter's bytes, with which template they were written, and what is to be said about them, '' for nothing."""

    data: bytes
    template: str
    remark: str = ""


def _written(path: Path, start: str, about_whom: str | None) -> _Written:
    config = load(path)
    with opened_with(config) as desk:
        number = _ticket(desk, about_whom)
        with desk.store.reading() as view:
            named = find(view, start, ticket=number)
            letter = (view.outbox.by_letter(named.joined_into) if named.joined_into else None) or named
            with_it = f"it goes with letter {letter.letter[:ID_SHOWN]}, which this is" if letter is not named else ""
            if letter.blob is not None:
                return _Written(data=view.blobs.get(letter.blob), template=letter.template, remark=with_it)
            facts = letter_facts(view, letter, desk.settings)
        again = roads.writer(config, desk).compose(facts)
    if letter.state is not LetterState.SENT:
        remark = with_it or f"it is {_state(letter, ())}; this is how it would be written now"
        return _Written(data=again.data, template=again.template, remark=remark)
    remark = "no copy of it was kept; this is how it would be written today"
    return _Written(data=again.data, template=_template(letter.template, again.template), remark=remark)


def _template(sent: str, now: str) -> str:
    """With which template the letter was written, and whether that reads the same today."""
    if sent in ("", now):
        return now
    return f"{sent} (since then changed to {now}: these are not the words sent)"


def about(view: View, number: int) -> tuple[Line, ...]:
    """The letters about a ticket, the oldest first."""
    view.tickets.facts(number)
    letters, withheld = view.outbox.of_ticket(number)
    return tuple(sorted(_lines(view, letters, withheld), key=lambda line: line.at))


def to_address(view: View, address: str, *, limit: int) -> tuple[Line, ...]:
    """The newest letters to an address, whoever has it, the oldest first."""
    letters, withheld = view.outbox.of_address(address_key(address), limit=limit)
    return tuple(sorted(_lines(view, letters, withheld), key=lambda line: line.at))[-limit:]


def _newest(view: View, limit: int) -> tuple[Line, ...]:
    letters, withheld = view.outbox.recent_letters(limit=limit), view.outbox.recent_withheld(limit=limit)
    return tuple(sorted(_lines(view, letters, withheld), key=lambda line: line.at, reverse=True))[:limit]


def _lines(view: View, letters: tuple[QueuedLetter, ...], withheld: tuple[WithheldLetter, ...]) -> Iterator[Line]:
    """A line for each letter and each withheld one; one that was withdrawn later counts once."""
    holds = view.outbox.holds()
    known = {letter.letter for letter in letters}
    yield from (_of_letter(letter, holds) for letter in letters)
    yield from (_of_withheld(one) for one in withheld if one.letter not in known)


def _of_letter(letter: QueuedLetter, holds: Sequence[Hold]) -> Line:
    state = _state(letter, holds)
    return Line(
        at=letter.queued_at,
        ticket=letter.ticket,
        event=event_of(letter.kind),
        kind=letter.kind,
        to=letter.recipient.address,
        role=letter.recipient.role,
        state=state,
        why=_why(letter, state, holds),
        letter=letter.letter,
        again=letter.due_at if state == "postponed" else None,
        attempts=letter.attempts,
        sent_at=letter.sent_at,
        reply=letter.reply,
        template=letter.template,
        joined_into=letter.joined_into,
    )


def _state(letter: QueuedLetter, holds: Sequence[Hold]) -> str:
    """What has become of LETTER, in a word."""
    if letter.bounced_at is not None:
        return "bounced"
    if letter.state is not LetterState.QUEUED:
        return "delayed" if letter.bounce else letter.state.value
    if holder_of(letter, holds) is not None:
        return "held"
    return "postponed" if letter.attempts else "queued"


def holder_of(letter: QueuedLetter, holds: Sequence[Hold]) -> Hold | None:
    """What keeps a queued LETTER back, None for nothing."""
    return next((hold for hold in holds if hold.keeps(letter)), None)


def _why(letter: QueuedLetter, state: str, holds: Sequence[Hold]) -> str:
    """Why LETTER is in STATE; where that needs no words, why it was written."""
    if state in ("bounced", "delayed"):
        return letter.bounce
    if state == "held":
        hold = holder_of(letter, holds)
        return f"on hold by {hold.agent}" if hold else letter.because
    if letter.joined_into:
        return f"goes with letter {letter.joined_into[:ID_SHOWN]}"
    tried = state in ("postponed", "failed", "withheld")
    return (letter.reply if tried and letter.reply else letter.because) + with_others(letter)


def with_others(letter: QueuedLetter) -> str:
    """How many others go with LETTER, '' for none."""
    return f" · with {letter.parts} more" if letter.parts else ""


def _of_withheld(one: WithheldLetter) -> Line:
    recipient = one.withheld.recipient
    return Line(
        at=one.at,
        ticket=one.ticket,
        event=event_of(one.withheld.kind),
        kind=one.withheld.kind,
        to=recipient.address or recipient.agent or recipient.role,
        role=recipient.role,
        state=LetterState.WITHHELD.value,
        why=one.withheld.because,
        letter=one.letter,
    )


def event_of(kind: LetterKind) -> str:
    """What a letter of KIND speaks of, in a word."""
    return _EVENTS.get(kind) or kind.value.removeprefix("staff_")


def _cell(desk: Desk, line: Line, title: str, now: Now) -> str | Cell:
    match title:
        case "When":
            return now.briefly(line.at)
        case "Ticket":
            return desk.reference(line.ticket) if line.ticket is not None else ""
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
