"""Letters on their way through the database: from the resolver's yes to a row, and back to facts.

A row holds what the letter says as of the act; entries, files and labels are looked up when it is
sent, outside any transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from desk.desk import Desk
from desk.joining import waiting
from desk.support import told_in_letter
from desk.today import absent
from domain import token
from domain.decision import AddLetter
from domain.event import Actor, Event, EventKind
from domain.intake import Intake
from domain.letter import ActFacts, LetterFacts, LetterKind, OutgoingFile, QuotedEntry, Standing, Told, Withheld
from domain.message import Message
from domain.people import address_key
from domain.settings import Settings
from domain.ticket import EntryFacts, EntryKind, TicketFacts
from notifier.resolve import resolve, resolve_more, same_person
from store.outbox import QueuedLetter
from store.store import View

# What a letter says of its ticket, as of the act.
_OF_THE_MOMENT = ("title", "status", "priority", "category", "group", "agent", "requester", "at", "due_at")
# What these pass on is what their own reader wrote.
_QUOTES_ITS_READER = (LetterKind.ACKNOWLEDGEMENT, LetterKind.NOTICE)
_ALONE = (LetterKind.REPORT, LetterKind.OPTED_OUT, LetterKind.OPTED_IN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """The mails that a letter answers, for the mail program that groups a conversation."""

    in_reply_to: str = ""
    references: tuple[str, ...] = ()


def tell(
    desk: Desk,
    view: View,
    facts: ActFacts,
    *,
    act: int,
    now: datetime,
    entry: int | None = None,
    answering: Message | None = None,
    heard: Sequence[Told | Withheld] = (),
) -> tuple[Told | Withheld, ...]:
    """Queue a letter to everybody who is told of an act, and record who is not.  (design: one resolver)

    HEARD are those who were told of the same act on another ticket already.
    """
    told = unheard(resolve(with_recent(desk, view, facts, now), desk.settings), heard)
    letters = [
        _queued(desk, view, one, facts.ticket, act=act, now=now, entry=entry, answering=answering)
        for one in told
        if isinstance(one, Told)
    ]
    view.outbox.queue(letters)
    view.outbox.withhold(act, facts.ticket.number, [one for one in told if isinstance(one, Withheld)], now=now)
    return told


def unheard(told: Sequence[Told | Withheld], heard: Sequence[Told | Withheld]) -> tuple[Told | Withheld, ...]:
    """TOLD without those who HEARD of the same act already."""
    return tuple(one for one in told if not any(same_person(one.recipient, other.recipient) for other in heard))


def tell_more(
    desk: Desk, view: View, facts: ActFacts, row: Intake, *, now: datetime, answering: Message | None = None
) -> tuple[Told | Withheld, ...]:
    """Queue the further letters that rules want the customer to get because of the mail ROW, each an act of its own."""
    if not any(isinstance(wish, AddLetter) for wish in facts.wishes):
        return ()
    more = resolve_more(with_recent(desk, view, facts, now), desk.settings)
    for one in more:
        act = view.tickets.begin_act("mail", facts.actor, now=now, intake=row.id)
        if isinstance(one, Told):
            view.outbox.queue(
                [_queued(desk, view, one, facts.ticket, act=act, now=now, entry=None, answering=answering)]
            )
        else:
            view.outbox.withhold(act, facts.ticket.number, [one], now=now)
    return more


def with_recent(desk: Desk, view: View, facts: ActFacts, now: datetime) -> ActFacts:
    """FACTS with who is away, and the automatic letters that the customers on the ticket had of late, and about it.

    Of an opening also whether its letter says that support is over.
    """
    ticket = facts.ticket
    facts = replace(facts, absences=absent(desk, view, now))
    people = [ticket.requester, *(watcher.contact for watcher in ticket.watchers)]
    keys = {address.key for person in people if person for address in person.addresses}
    if ticket.organization and ticket.organization.address:
        keys.add(address_key(ticket.organization.address))
    since = now - desk.settings.notifications.loop_budget.per
    if facts.cc:
        facts = replace(facts, dead=view.people.dead_among(address_key(one.address) for one in facts.cc))
    opens = any(event.kind is EventKind.OPENED for event in facts.events)
    if opens:
        facts = replace(facts, support_over=told_in_letter(desk.settings, ticket))
    if facts.quiet or not keys:
        return facts
    # Nothing was written yet about a ticket that this very act opens.
    recent = view.outbox.recent_of_all(keys, None if opens else ticket.number, since=since)
    answers = any(event.kind is EventKind.CUSTOMER_WROTE for event in facts.events)
    if answers and desk.settings.notifications_of(ticket.mailbox).on_customer_mail:
        sent = view.outbox.recent_answers(ticket.number, facts.sender_key, since=since)
        facts = replace(facts, recent_answers=sent)
    return replace(facts, recent=recent.by_key, recent_domains=recent.by_domain, recent_here=recent.about)


def _queued(
    desk: Desk,
    view: View,
    told: Told,
    ticket: TicketFacts,
    *,
    act: int,
    now: datetime,
    entry: int | None,
    answering: Message | None,
) -> QueuedLetter:
    thread = _thread(desk, view, told, ticket, answering=answering)
    facts = _facts(told, ticket, thread, entry=entry, now=now)
    return waiting(desk.settings, as_letter(desk, told, facts, ticket=ticket.number, act=act, now=now))


def as_letter(
    desk: Desk, told: Told, facts: Mapping[str, Any], *, ticket: int | None, act: int, now: datetime
) -> QueuedLetter:
    """TOLD as a row of the outbox, under a new id that is signed for the domain of the mailbox in FACTS."""
    letter = token.letter_id(desk.random(token.ID_BYTES))
    return QueuedLetter(
        letter=letter,
        message_id=token.message_id(letter, domain=_domain(desk, facts["mailbox"]), keys=desk.keys),
        act=act,
        ticket=ticket,
        kind=told.kind,
        recipient=told.recipient,
        automatic=told.is_automatic,
        mandatory=told.mandatory,
        because=told.because,
        facts=facts,
        queued_at=now,
        due_at=now,
    )


def queue_report(
    desk: Desk,
    view: View,
    told: Told,
    tickets: Sequence[TicketFacts],
    *,
    ticket: TicketFacts | None,
    mailbox: str,
    act: int,
    now: datetime,
    answering: Message,
) -> None:
    """Queue a letter on how TICKETS stand; it is about TICKET, or about none."""
    thread = Thread(in_reply_to=answering.message_id, references=(answering.message_id,) * bool(answering.message_id))
    standings = [
        {"ticket": one.number, "title": one.title, "status": one.status, "agent": one.agent,
         "opened": one.created_at.isoformat()}
        for one in tickets
    ]  # fmt: skip
    letter = _alone(desk, told, ticket=ticket, mailbox=mailbox, act=act, thread=thread, now=now, standings=standings)
    view.outbox.queue([letter])


def queue_confirmation(
    desk: Desk,
    view: View,
    told: Told | Withheld,
    *,
    ticket: TicketFacts | None,
    mailbox: str,
    act: int,
    thread: Thread,
    now: datetime,
) -> None:
    """Queue the letter that tells somebody that his wish about letters is fulfilled, or record why he gets none.

    It is about TICKET, or about none.
    """
    if isinstance(told, Withheld):
        view.outbox.withhold(act, ticket.number if ticket else None, [told], now=now)
        return
    view.outbox.queue([_alone(desk, told, ticket=ticket, mailbox=mailbox, act=act, thread=thread, now=now)])


def _alone(
    desk: Desk, told: Told, *, ticket: TicketFacts | None, mailbox: str, act: int, thread: Thread, now: datetime,
    **more: Any,
) -> QueuedLetter:  # fmt: skip
    """A letter that passes on nothing that stands on a ticket, and may be about none."""
    about = dict.fromkeys(("title", "status", "priority", "category", "group", "agent", "requester"), "")
    facts = {
        **about, "name": told.recipient.name, "language": told.recipient.language, "mailbox": mailbox,
        "title": ticket.title if ticket else "", "events": [], "entry": None, "at": now.isoformat(),
        "in_reply_to": thread.in_reply_to, "references": list(thread.references), **more,
    }  # fmt: skip
    return as_letter(desk, told, facts, ticket=ticket.number if ticket else None, act=act, now=now)


def _domain(desk: Desk, mailbox: str) -> str:
    """The domain of the Message-IDs of MAILBOX's letters; the first mailbox's if that is gone."""
    mailboxes = desk.settings.mailboxes
    known = mailboxes.get(mailbox) or next(iter(mailboxes.values()))
    return known.key.rpartition("@")[2]


def _thread(desk: Desk, view: View, told: Told, ticket: TicketFacts, *, answering: Message | None) -> Thread:
    """What a letter answers.  Customers never see ids of letters to staff."""
    root = f"ticket-{ticket.number}.{desk.settings.helpdesk.tag.lower()}@{_domain(desk, ticket.mailbox)}"
    if told.recipient.is_staff:
        return Thread(in_reply_to=root, references=(root,))
    if answering is not None and answering.message_id:
        known = answering.references[-8:] or answering.in_reply_to[-1:]
        earlier = (one for one in known if not _is_to_staff(desk, view, one))
        return Thread(in_reply_to=answering.message_id, references=(*earlier, answering.message_id))
    theirs = view.tickets.conversation(ticket.number)
    if theirs:
        return Thread(in_reply_to=theirs[-1], references=theirs)
    ours = view.outbox.written_to(ticket.number, address_key(told.recipient.address))
    return Thread(in_reply_to=ours[-1], references=ours) if ours else Thread()


def _is_to_staff(desk: Desk, view: View, message_id: str) -> bool:
    """MESSAGE_ID is that of a letter to staff: its token is nobody else's business."""
    letter = token.verify(message_id, desk.keys)
    known = view.outbox.by_letter(letter) if letter else None
    return known is not None and known.recipient.is_staff


def _facts(told: Told, ticket: TicketFacts, thread: Thread, *, entry: int | None, now: datetime) -> dict[str, Any]:
    end = ticket.requester.support_end if ticket.requester and told.template == LetterKind.SUPPORT_OVER else None
    return {
        "name": told.recipient.name,
        "language": told.recipient.language,
        "title": ticket.title,
        "status": ticket.status,
        "priority": ticket.priority,
        "category": ticket.category,
        "group": ticket.group,
        "agent": ticket.agent,
        "mailbox": ticket.mailbox,
        "requester": customer_name(ticket),
        "events": [event_json(event) for event in told.events],
        "entry": _entry_of(told, entry),
        "at": now.isoformat(),
        "in_reply_to": thread.in_reply_to,
        "references": list(thread.references),
        "template": told.template,
        **({"due_at": ticket.due_at.isoformat()} if ticket.due_at else {}),
        **({"support_end": end.isoformat()} if end else {}),
    }


def _entry_of(told: Told, entry: int | None) -> int | None:
    """The entry that a letter passes on: that of its strongest event that has one.

    Only staff also gets the act's entry without such an event: it may be a note or an unconfirmed mail.
    """
    own = next((event.entry for event in told.events if event.entry is not None), None)
    return own if own is not None or not told.recipient.is_staff else entry


def customer_name(ticket: TicketFacts) -> str:
    """Who a ticket is about, as letters name him; '' if nobody is known."""
    if ticket.requester is None:
        return ticket.organization.name if ticket.organization else ""
    primary = ticket.requester.primary
    return ticket.requester.name or (primary.address if primary else "")


def event_json(event: Event) -> dict[str, Any]:
    """An event as JSON; `event_of` reads it back."""
    actor = event.actor
    values = {
        "kind": event.kind.value,
        "actor": {"kind": actor.kind, "key": actor.key, "name": actor.name},
        "field": event.field,
        "before": event.before,
        "after": event.after,
        "entry": event.entry,
        "because": event.because,
    }
    return {name: value for name, value in values.items() if value not in ("", None)}


def event_of(stored: Mapping[str, Any]) -> Event:
    """An event from its JSON."""
    values = dict(stored)
    return Event(**{**values, "kind": EventKind(values["kind"]), "actor": Actor(**values["actor"])})


class Said:
    """What stands on the tickets that LETTERS are about: asked for once, however many of them pass it on."""

    def __init__(self, view: View, letters: Sequence[QueuedLetter]) -> None:
        self._view = view
        self._entries = view.tickets.some_entries(
            letter.facts["entry"] for letter in letters if letter.facts.get("entry")
        )
        self._public: dict[tuple[int, int | None, datetime, int], tuple[EntryFacts, ...]] = {}

    def by(self, letter: QueuedLetter) -> EntryFacts | None:
        """The entry that LETTER passes on."""
        return self._entries.get(letter.facts.get("entry") or 0)

    def before(self, ticket: int, letter: QueuedLetter, *, limit: int) -> tuple[EntryFacts, ...]:
        """What customers may know of TICKET from before LETTER's own entry, the latest first."""
        asked = (ticket, letter.facts.get("entry"), datetime.fromisoformat(letter.facts["at"]), limit)
        if asked not in self._public:
            number, entry, at, most = asked
            self._public[asked] = self._view.tickets.public_entries(number, before=entry, until=at, limit=most)
        return self._public[asked]


def letter_facts(view: View, letter: QueuedLetter, settings: Settings, *, said: Said | None = None) -> LetterFacts:
    """What LETTER says, with the entry and the files that it passes on, and what was said before."""
    if letter.parts:
        return _with_parts(view, letter, view.outbox.parts(letter), settings)
    stored, said = letter.facts, said or Said(view, [letter])
    entry = said.by(letter)
    return LetterFacts(
        letter=letter.letter,
        message_id=letter.message_id,
        kind=letter.kind,
        recipient=letter.recipient,
        ticket=letter.ticket,
        title=stored["title"],
        status=stored["status"],
        priority=stored["priority"],
        category=stored["category"],
        group=stored["group"],
        agent=stored["agent"],
        mailbox=stored["mailbox"],
        requester=stored["requester"],
        events=tuple(event_of(event) for event in stored["events"]),
        because=letter.because,
        at=datetime.fromisoformat(stored["at"]),
        entry=quoted(entry) if entry else None,
        earlier=() if letter.kind in _ALONE else _earlier(said, letter, settings),
        standings=tuple(_standing(one) for one in stored.get("standings", ())),
        files=_files(view, entry) if entry and letter.kind.is_human else _whole_mail(view, letter),
        in_reply_to=stored["in_reply_to"],
        references=tuple(stored["references"]),
        template=stored.get("template", ""),
        words=stored.get("words", ""),
        reply_to=stored.get("reply_to", ""),
        loops=tuple(stored.get("loops", ())),
        due_at=datetime.fromisoformat(stored["due_at"]) if stored.get("due_at") else None,
        support_end=date.fromisoformat(stored["support_end"]) if stored.get("support_end") else None,
    )


def _with_parts(view: View, letter: QueuedLetter, parts: Sequence[QueuedLetter], settings: Settings) -> LetterFacts:
    """What LETTER says together with PARTS: the ticket as it was at the last of their acts, and the words of each."""
    latest = max((letter, *parts), key=lambda one: one.id).facts
    stored = {**letter.facts, **{name: latest.get(name, "") for name in _OF_THE_MOMENT}}
    alone = letter_facts(view, replace(letter, facts=stored, parts=None), settings)
    numbers = dict.fromkeys(part.facts["entry"] for part in parts if part.kind not in _QUOTES_ITS_READER)
    entries = [view.tickets.entry(number) for number in numbers if number and number != letter.facts["entry"]]
    known = [entry for entry in entries if entry is not None]
    further = tuple(map(quoted, known))
    files = [file for entry in known for file in _files(view, entry)] if letter.kind.is_human else []
    events = (event_of(event) for part in parts for event in part.facts["events"])
    return replace(
        alone,
        events=(*alone.events, *events),
        further=further,
        earlier=tuple(entry for entry in alone.earlier if entry not in further),
        files=(*alone.files, *files),
    )


def _standing(stored: Mapping[str, Any]) -> Standing:
    return Standing(**{**stored, "opened": datetime.fromisoformat(stored["opened"])})


def _earlier(said: Said, letter: QueuedLetter, settings: Settings) -> tuple[QuotedEntry, ...]:
    """The last entries before LETTER's own, for those to whom they were written.

    A watcher or somebody in Cc may have come to the ticket later: what was said before is not told to him.
    """
    recipient = letter.recipient
    stranger = recipient.role not in ("requester", "organization") and not recipient.is_staff
    if letter.ticket is None or stranger:
        return ()
    limit = settings.look(letter.facts["mailbox"]).earlier
    if any(event["kind"] == EventKind.OPENED for event in letter.facts["events"]):
        # Nothing was said before the act that opened the ticket.
        return ()
    found = said.before(letter.ticket, letter, limit=3 * limit)
    # What other customers wrote on the ticket is theirs.
    his = (
        entry
        for entry in found
        if recipient.is_staff or entry.kind is not EntryKind.CUSTOMER or entry.contact == recipient.contact
    )
    return tuple(map(quoted, his))[:limit]


def quoted(entry: EntryFacts) -> QuotedEntry:
    """ENTRY as a letter passes it on.  Of staff's words to customers the files go along, not all parts of a mail."""
    sent = entry.kind in (EntryKind.COMMENT, EntryKind.SOLUTION)
    return QuotedEntry(
        kind=entry.kind,
        author=entry.author,
        text=entry.shown,
        at=entry.at,
        attachment_names=tuple(file.name for file in entry.files) if sent else entry.file_names,
        suspicion=entry.suspicion,
    )


def _whole_mail(view: View, letter: QueuedLetter) -> tuple[OutgoingFile, ...]:
    """The mail that LETTER passes on."""
    blob = letter.facts.get("mail")
    if not blob:
        return ()
    name = letter.facts["title"][:80] or "mail"
    return (OutgoingFile(name=f"{name}.eml", content_type="message/rfc822", data=view.blobs.get(blob)),)


def _files(view: View, entry: EntryFacts) -> tuple[OutgoingFile, ...]:
    return tuple(
        OutgoingFile(name=file.name, content_type=file.content_type, data=view.blobs.get(file.blob))
        for file in entry.files
    )
