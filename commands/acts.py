"""The acts of staff: new, reply, note, solve, assign, take, set, tag, due, status, close, reopen.

Promises: each prints what it did, who hears of it and who does not, and why.  What could be refused
is refused before an editor opens.
"""

import mimetypes
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from commands import screen
from commands.editor import written
from commands.opening import agent, now, opened, ticket_number
from commands.phrases import Now, happened, holder, one_of
from commands.screen import say
from commands.show import conversation, read
from desk.acts import ActReport, File, Staff
from desk.changes import Refused
from desk.desk import Desk
from domain.due import parse_due
from domain.errors import DeskError
from domain.event import EventKind
from domain.letter import Reason, Told, Withheld
from domain.people import Address

FIELDS = ("title", "priority", "category")
_LIFTED_BY_MANDATORY = (Reason.OPTED_OUT, Reason.NOT_A_PORTAL_USER)


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """Where an act is done and by whom; how the customer is told, and how we are."""

    path: Path
    who: str | None = None
    mandatory: bool = False
    silent: bool = False
    as_json: bool = False


def new(
    at: At, *, customer: str, title: str, message: str | None, mailbox: str = "", files: Sequence[Path] = (),
    due: str = "",
) -> None:  # fmt: skip
    """Open a ticket for a customer who called or came by."""
    with _staff(at) as staff:
        settings = staff.desk.settings
        address = Address.parse(customer).address
        if not title.strip():
            raise Refused("a ticket needs a title: --title 'what it is about'")
        if mailbox:
            one_of("mailbox", mailbox, settings.mailboxes)
        due_at = due_time(staff, due) if due else None
        attached = _read(files)
        with written(message, name="new", below=lambda: f"A new ticket for {address}: {title}") as text:
            report = staff.open(
                customer=address, title=title, text=text, mailbox=mailbox, files=attached, due_at=due_at
            )
        _show(at, staff.desk, report)


def reply(
    at: At,
    ticket: str,
    *,
    message: str | None,
    files: Sequence[Path] = (),
    cc: Sequence[str] = (),
    status: str = "",
) -> None:
    """Write to the customer."""
    with _staff(at) as staff:
        copies = [Address.parse(address).address for address in cc]
        if status:
            one_of("status", status, staff.desk.settings.tickets.statuses)
        attached = _read(files)
        with _text(staff, ticket, message, name="reply") as (then, number, text):
            report = then.reply(number, text, files=attached, cc=copies, status=status)
        _show(at, staff.desk, report)


def note(at: At, ticket: str, *, message: str | None, files: Sequence[Path] = ()) -> None:
    """Write a note that no customer sees."""
    with _staff(at) as staff:
        attached = _read(files)
        with _text(staff, ticket, message, name="note") as (then, number, text):
            report = then.note(number, text, files=attached)
        _show(at, staff.desk, report)


def solve(at: At, ticket: str, *, message: str | None, files: Sequence[Path] = ()) -> None:
    """Enter the solution."""
    with _staff(at) as staff:
        attached = _read(files)
        with _text(staff, ticket, message, name="solve") as (then, number, text):
            report = then.solve(number, text, files=attached)
        _show(at, staff.desk, report)


def assign(at: At, ticket: str, *, to: str, group: str) -> None:
    """Give a ticket to an agent, a group, or both."""
    do(at, ticket, lambda staff, number: staff.assign(number, agent=to, group=group))


def take(at: At, ticket: str) -> None:
    """Take a ticket over."""
    do(at, ticket, lambda staff, number: staff.take(number))


def status(at: At, ticket: str, *, wanted: str) -> None:
    """Give a ticket another status."""
    do(at, ticket, lambda staff, number: staff.set_status(number, wanted))


def close(at: At, ticket: str) -> None:
    """Close a ticket."""
    do(at, ticket, lambda staff, number: staff.close(number))


def reopen(at: At, ticket: str) -> None:
    """Open a ticket again."""
    do(at, ticket, lambda staff, number: staff.reopen(number))


def due(at: At, ticket: str, *, when: str) -> None:
    """Set until when a ticket is to be solved."""
    do(at, ticket, lambda staff, number: staff.due(number, due_time(staff, when)))


def due_time(staff: Staff, text: str) -> datetime | None:
    """The due time in TEXT, None for `none`.  Raises Refused."""
    try:
        return parse_due(text, now=staff.now, zone=staff.desk.settings.helpdesk.screen_zone)
    except ValueError as bad:
        raise Refused(f"{bad}; nothing was changed") from None


def change(at: At, ticket: str, *, field: str, value: str) -> None:
    """Set title, priority or category."""
    one_of("field that can be set", field, FIELDS)
    tidy = " ".join(value.split())[:500]
    if not tidy:
        raise Refused(f"{field} needs a value; nothing was changed")
    do(at, ticket, lambda staff, number: staff.change(number, field=field, value=tidy))


def tag(at: At, ticket: str, *, tags: Sequence[str]) -> None:
    """Add tags to a ticket."""
    tidy = tuple(" ".join(screen.clean(one).split()) for one in tags)
    if not all(tidy):
        raise Refused("a tag needs a word; nothing was changed")
    do(at, ticket, lambda staff, number: staff.tag(number, tidy))


Typed = Callable[..., AbstractContextManager[str]]


@contextmanager
def _staff(at: At) -> Iterator[Staff]:
    """The acts of the agent at the keyboard."""
    if at.mandatory and at.silent:
        raise DeskError("--mandatory writes to the customer in any case, --silent in none: give one of them")
    with opened(at.path) as desk:
        yield Staff(desk=desk, agent=agent(desk.settings, at.who), now=now(), mandatory=at.mandatory, silent=at.silent)


@contextmanager
def _text(
    staff: Staff, ticket: str, message: str | None, *, name: str, typed: Typed = written
) -> Iterator[tuple[Staff, int, str]]:
    """The acts of the moment when the text was finished, a ticket's number, and what is to be said on it.

    Raises NotFound before anything must be typed, and Refused where somebody wrote on the ticket
    meanwhile: an answer must not pass over words that its writer never saw.
    """
    desk = staff.desk
    number = ticket_number(ticket, desk.settings)
    story = read(desk, number)
    reference = desk.reference(number)
    with typed(
        message, name=f"{name}-{reference}", below=lambda: conversation(desk, story, Now.of(staff.now, desk.settings))
    ) as text:
        news = read(desk, number).entries[len(story.entries) :]
        if news:
            raise Refused(
                f"{reference}: {screen.clean(news[0].author)} wrote meanwhile; nothing was sent. "
                f"Read it with: helpdesk show {number}"
            )
        yield replace(staff, now=now()), number, text


def do(at: At, ticket: str, act: Callable[[Staff, int], ActReport]) -> None:
    """Do one act on a ticket and print what it did."""
    with _staff(at) as staff:
        _show(at, staff.desk, act(staff, ticket_number(ticket, staff.desk.settings)))


def _read(files: Sequence[Path]) -> tuple[File, ...]:
    """The files to attach.  Raises Refused where one cannot be read."""
    return tuple(_file(path) for path in files)


def _file(path: Path) -> File:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Refused(f"{path} cannot be attached: {error.strerror or error}; nothing was sent") from error
    guessed, encoding = mimetypes.guess_type(path.name)
    kind = "application/octet-stream" if encoding or not guessed else guessed
    return File(name=path.name, content_type=kind, data=data)


def _show(at: At, desk: Desk, report: ActReport) -> None:
    if at.as_json:
        screen.dump_json(as_object(desk, report))
        return
    for line, style in report_lines(desk, report):
        say(line, style=style, lines=False)


def as_object(desk: Desk, report: ActReport) -> dict[str, object]:
    """An act for programs: the ticket after it, the events, who is told and who is not."""
    return {
        "ticket": {"reference": desk.reference(report.ticket.number), "number": report.ticket.number,
                   "status": report.ticket.status, "agent": report.ticket.agent, "group": report.ticket.group},
        "events": report.events,
        "remarks": report.remarks,
        "told": [
            {"to": one.recipient.address, "role": one.recipient.role, "kind": one.kind,
             "language": one.recipient.language, "because": one.because}
            for one in report.told if isinstance(one, Told)
        ],
        "withheld": [
            {"to": one.recipient.address, "role": one.recipient.role, "kind": one.kind, "reason": one.reason,
             "because": one.because}
            for one in report.told if isinstance(one, Withheld)
        ],
    }  # fmt: skip


def report_lines(desk: Desk, report: ActReport) -> Iterator[tuple[str, str]]:
    """What an act did, and who hears of it: lines and their styles."""
    reference = desk.reference(report.ticket.number)
    if report.did_nothing:
        yield f"{reference}  nothing changed: {_state(report)}", ""
        yield from ((f"  {remark}", "yellow") for remark in report.remarks)
        return
    yield f"{reference}  {', '.join(_did(desk, report))}", "bold"
    for one in sorted(report.told, key=lambda one: isinstance(one, Withheld)):
        if isinstance(one, Told):
            yield f"  letter   to {one.recipient.address} ({_why(one)}, {one.recipient.language}), queued", ""
        else:
            own = one.reason is Reason.ACTOR
            hint = " (--mandatory sends anyway)" if one.reason in _LIFTED_BY_MANDATORY else ""
            address = one.recipient.address or one.recipient.role
            yield f"  withheld {address}: {one.because}{hint}", "dim" if own else "yellow"
    if not report.told:
        yield "  nobody is told", "dim"
    yield from ((f"  {remark}", "yellow") for remark in report.remarks)


def _did(desk: Desk, report: ActReport) -> Iterator[str]:
    for event in report.events:
        if event.kind is EventKind.OPENED:
            yield f"opened: {report.ticket.title}"
        elif event.kind is EventKind.ASSIGNED and event.because:
            yield f"{happened(event, desk.settings)}: {event.because}"
        else:
            yield happened(event, desk.settings)


def _why(told: Told) -> str:
    """Why somebody is told: for customers the kind of letter, which says it all."""
    return told.because if told.recipient.is_staff else told.because.removeprefix("requester, ")


def _state(report: ActReport) -> str:
    ticket = report.ticket
    tags = f", tagged {', '.join(ticket.tags)}" if ticket.tags else ""
    whose = holder(ticket.agent, ticket.group)
    return f"it is {ticket.status}, {ticket.priority}, with {whose}{tags}"
