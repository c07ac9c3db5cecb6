"""`helpdesk show`: a ticket with its timeline; its attachments as files.

Promises: what mails bring is shown as text only; files get harmless names in a folder of the ticket,
and none is ever written over.
"""

import os
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from commands import screen
from commands.opening import now, opened, ticket_number
from commands.phrases import NOBODY, Now, person, size, unfinished
from commands.room import columns, wrapped
from commands.screen import say
from desk.desk import Desk
from domain.errors import DeskError, NotFound
from domain.people import ContactFacts
from domain.ticket import SUPPORT_OVER, EntryFacts, EntryKind, TicketFacts
from store.store import View

LONGEST = 5_000
"""Characters of one entry that are shown without --full."""

_KINDS = {
    EntryKind.CUSTOMER: "customer",
    EntryKind.COMMENT: "comment to the customer",
    EntryKind.NOTE: "internal note",
    EntryKind.SOLUTION: "solution",
    EntryKind.VENDOR: "vendor, not seen by the customer",
}
_STYLES = {
    EntryKind.CUSTOMER: "bold cyan",
    EntryKind.COMMENT: "bold green",
    EntryKind.NOTE: "bold yellow",
    EntryKind.SOLUTION: "bold green",
    EntryKind.VENDOR: "bold magenta",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A ticket with its timeline, and the tickets that name it as the one they are linked to or merged into.

    `unwilling` are the contacts who want no letters about it, by id.
    """

    ticket: TicketFacts
    entries: tuple[EntryFacts, ...]
    linked_from: tuple[int, ...] = ()
    merged_from: tuple[int, ...] = ()
    unwilling: Mapping[int, ContactFacts] = field(default_factory=dict)


def run(path: Path, ticket: str, *, full: bool, as_json: bool) -> None:
    """Print a ticket."""
    with opened(path) as desk:
        story = read(desk, ticket_number(ticket, desk.settings))
        if as_json:
            reference = desk.reference(story.ticket.number)
            record = {name: getattr(story.ticket, name) for name in TicketFacts.__dataclass_fields__}
            screen.dump_json(
                {
                    "reference": reference,
                    **record,
                    "linked_from": story.linked_from,
                    "merged_from": story.merged_from,
                    "entries": story.entries,
                }
            )
        else:
            show(desk, story, Now.of(now(), desk.settings), full=full)


def read(desk: Desk, number: int) -> Story:
    """The ticket with this number.  Raises NotFound if there is none."""
    with desk.store.reading() as view:
        ticket = view.tickets.facts(number)
        return Story(
            ticket=ticket,
            unwilling=view.people.contacts(mute.contact for mute in ticket.mutes),
            entries=view.tickets.entries(number),
            linked_from=view.tickets.linked_from(number),
            merged_from=view.tickets.merged_from(number),
        )


def show(desk: Desk, story: Story, now: Now, *, full: bool = False, width: int | None = None) -> None:
    """Print a ticket: facts first, then its timeline, the oldest first."""
    ticket = story.ticket
    say(f"{desk.reference(ticket.number)}  {_line(ticket.title) or '(no subject)'}", style="bold")
    for label, value in facts(desk, story, now):
        say(f"{label:<13}{_line(value)}")
    for place, entry in enumerate(story.entries, start=1):
        say()
        say(heading(place, entry, now), style=_STYLES[entry.kind])
        if entry.suspicion:
            say(f"   careful: {_line(str(entry.suspicion))}", style="yellow")
        for line in _body(entry, full=full, width=width or columns()):
            say(f"   {line}".rstrip())
        for name, octets in files(entry):
            say(f"   [{_line(name)}, {size(octets)}]", style="dim")
    if any(files(entry) for entry in story.entries):
        say()
        say(f"helpdesk show {ticket.number} --save writes the files into ./{desk.reference(ticket.number)}/")


def facts(desk: Desk, story: Story, now: Now) -> Iterator[tuple[str, str]]:
    """What is known of a ticket, a label and a value each."""
    ticket = story.ticket
    if ticket.merged_into is not None:
        yield "merged into", f"{desk.reference(ticket.merged_into)}, where it is continued"
    yield "status", " · ".join(part for part in (ticket.status, ticket.priority, ticket.category) if part)
    yield "customer", _customer(ticket)
    yield "who", " · ".join(part for part in (ticket.agent, ticket.group) if part) or NOBODY
    if ticket.waiting_since is not None:
        yield "waits", f"{now.since(ticket.waiting_since)}, since {now.exactly(ticket.waiting_since)}"
    if ticket.due_at is not None:
        yield "due", f"{now.exactly(ticket.due_at)}{_how_far(desk, ticket, now)}"
    yield "opened", f"{now.exactly(ticket.created_at)} by {ticket.source}, mailbox {ticket.mailbox}"
    if ticket.closed_at is not None:
        yield "closed", now.exactly(ticket.closed_at)
    if ticket.tags:
        yield "tags", ", ".join(ticket.tags)
    for key, value in ticket.fields.items():
        yield key[:12], value
    if ticket.watchers:
        yield "watchers", ", ".join(person(one.contact) if one.contact else one.agent for one in ticket.watchers)
    if ticket.mutes:
        yield "no letters", ", ".join(_unwilling(ticket, story.unwilling, now))
    if ticket.linked_to is not None:
        yield "linked to", desk.reference(ticket.linked_to)
    if story.linked_from:
        yield "linked from", ", ".join(map(desk.reference, story.linked_from))
    if story.merged_from:
        yield "merged from", ", ".join(map(desk.reference, story.merged_from))
    if ticket.external_ids:
        yield "vendor's id", ", ".join(map(str, ticket.external_ids))


def heading(place: int, entry: EntryFacts, now: Now) -> str:
    """The line above an entry: its place, when, who, what, and what must be known of it."""
    marks = [_KINDS[entry.kind]]
    if entry.kind is EntryKind.CUSTOMER and entry.agent:
        marks = [f"entered by {entry.agent}"]
    marks += ["UNCONFIRMED SENDER"] if entry.unconfirmed else []
    marks += ["written by a machine"] if entry.machine else []
    return f"{place}  {now.exactly(entry.at)}  {_line(entry.author) or 'nobody'}  ({', '.join(marks)})"


def files(entry: EntryFacts) -> tuple[tuple[str, int], ...]:
    """Names and sizes of what came with an entry; pictures inside the text are left out."""
    mailed = ((part.name, part.size) for part in entry.attachments if not part.inline)
    return (*mailed, *((file.name, file.size) for file in entry.files))


def conversation(desk: Desk, story: Story, now: Now) -> str:
    """A ticket as the text that stands below the line in an editor, the newest entry first."""
    head = [f"{desk.reference(story.ticket.number)}  {_line(story.ticket.title)}", _customer(story.ticket)]
    parts = [
        "\n".join([heading(place, entry, now), *(f"   {line}" for line in _below(entry))])
        for place, entry in reversed(list(enumerate(story.entries, start=1)))
    ]
    return "\n\n".join(["\n".join(head), *parts])


def _below(entry: EntryFacts) -> Iterator[str]:
    if entry.suspicion:
        yield f"careful: {_line(str(entry.suspicion))}"
    yield from entry.shown[:LONGEST].splitlines()


def save(path: Path, ticket: str, *, folder: Path | None) -> None:
    """Write every file of a ticket into FOLDER, by default one named after the ticket."""
    with opened(path) as desk:
        story = read(desk, ticket_number(ticket, desk.settings))
        target = folder or Path(desk.reference(story.ticket.number))
        with desk.store.reading() as view:
            found = [one for entry in story.entries for one in contents(view, entry)]
        if not found:
            say(f"{desk.reference(story.ticket.number)} has no files.")
            return
        for name, data in found:
            say(_keep(target, name, data))


def contents(view: View, entry: EntryFacts) -> Iterator[tuple[str, bytes]]:
    """The files of an entry, name and octets: parts of its mail, then what staff attached."""
    parts = [part for part in entry.attachments if not part.inline]
    row = view.journal.get(entry.intake) if parts and entry.intake is not None else None
    if row is not None and row.blob:
        from scanner.read import attachment

        raw = view.blobs.get(row.blob)
        for part in parts:
            yield part.name, attachment(raw, part.index)
    elif parts:
        raise NotFound(f"the mail of entry {entry.id} is no longer in the journal, and its files with it")
    for file in entry.files:
        yield file.name, view.blobs.get(file.blob)


def raw(path: Path, ticket: str, place: int) -> None:
    """Write the mail behind the entry at PLACE as it came; on a terminal without what steers it."""
    with opened(path) as desk:
        story = read(desk, ticket_number(ticket, desk.settings))
        entry = story.entries[place - 1] if 0 < place <= len(story.entries) else None
        with desk.store.reading() as view:
            row = view.journal.get(entry.intake) if entry and entry.intake is not None else None
            if row is None or not row.blob:
                raise NotFound(f"{desk.reference(story.ticket.number)} has no entry {place} that came as a mail")
            data = view.blobs.get(row.blob)
    screen.write_raw(data)


def safe_name(name: str) -> str:
    """A file name without folders, controls, leading dots and what other systems forbid; 120 characters at most."""
    shown = unicodedata.normalize("NFC", screen.clean(name))
    bare = re.sub(r'[<>:"/\\|?*\x7f]', "_", re.split(r"[/\\]", shown)[-1]).strip(" .") or "file"
    stem, ending = os.path.splitext(bare)
    while len((stem + ending[:20]).encode()) > 120 and stem:
        stem = stem[:-1].rstrip(" .")
    return (stem + ending[:20]).strip(" .") or "file"


def _keep(folder: Path, name: str, data: bytes) -> str:
    """Write one file under a name that is free; what was done, in words."""
    wanted = Path(safe_name(name))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for copy in range(1, 1000):
            target = folder / (wanted if copy == 1 else f"{wanted.stem} ({copy}){wanted.suffix}")
            try:
                with target.open("xb") as file:
                    file.write(data)
            except FileExistsError:
                if target.is_file() and not target.is_symlink() and target.read_bytes() == data:
                    return f"{target}  is there already"
                continue
            return f"{target}  {size(len(data))}"
    except OSError as error:
        raise DeskError(f"{folder}: {error.strerror or error}; name another folder with --to") from error
    raise DeskError(f"{folder} holds too many files called {wanted}; name another folder with --to")


def _how_far(desk: Desk, ticket: TicketFacts, now: Now) -> str:
    """How far off the due time of TICKET is, as long as that matters."""
    return f", {now.until(ticket.due_at)}" if ticket.status in unfinished(desk.settings) else ""


def _customer(ticket: TicketFacts) -> str:
    company = ticket.organization.name if ticket.organization else ""
    said = person(ticket.requester) if ticket.requester else ""
    how = f" {ticket.requester.opted_out_how}".rstrip() if ticket.requester else ""
    end = ticket.requester.support_end if ticket.requester else None
    over = f" · support ended on {end}" if end and SUPPORT_OVER in ticket.tags else ""
    out = f" · opted out of letters{how}" if ticket.requester and ticket.requester.email_opt_out else ""
    return (" · ".join(part for part in (company, said) if part) or NOBODY) + over + out


def _unwilling(ticket: TicketFacts, contacts: Mapping[int, ContactFacts], now: Now) -> Iterator[str]:
    """Who wants no letters about TICKET, since when and how he said so."""
    for mute in ticket.mutes:
        known = contacts.get(mute.contact)
        yield f"{person(known) if known else NOBODY}, since {now.exactly(mute.at)} {mute.how}".rstrip()


def _line(text: str) -> str:
    return screen.clean(text)


def _body(entry: EntryFacts, *, full: bool, width: int) -> Sequence[str]:
    text = screen.clean(entry.text if full else entry.shown, lines=True).strip("\n")
    more = []
    if not full and len(text) > LONGEST:
        more = [f"[... {len(text) - LONGEST:,} more characters; --full shows them]"]
        text = text[:LONGEST]
    elif not full and entry.text.strip() != entry.shown.strip():
        more = ["[... quoted text; --full shows it]"]
    return [*(part for line in text.splitlines() for part in wrapped(line, width - 4)), *more]
