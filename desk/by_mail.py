"""What agents do by mail, where it is proven that they wrote it.

On a customer's ticket an answer is a comment to him, as `helpdesk reply` makes it; lines at the top
of the mail are acts (`desk/mail_commands.py`).  A customer's mail that is passed on opens a ticket for him.

Promises: without proof nothing of this happens.  All of a mail is done or nothing: where one line
cannot be, the whole mail becomes an internal note, and its writer gets a letter that says why.  To
the customer go the writer's own words only, never quotes, signature or a mail passed on.  Pure,
except `write`; `files_of` reads the raw mail and belongs outside the transaction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from desk.acts import File, attach, write_change
from desk.carry_out import Arrived, Carried, Plan, cut
from desk.carry_out import write as write_plan
from desk.changes import Change, Changes, Refused, named, something
from desk.finders import SAME_TEXT
from desk.for_customer import NOTHING, Timeline, check_files, checked, own_text
from desk.in_files import following_text, is_of_the_text, text_in
from desk.mail_commands import COMMANDS, Command, commands_of
from domain.authentication import Authentication
from domain.decision import Found, Verdict
from domain.errors import NotFound
from domain.event import Actor, Event, EventKind
from domain.intake import Intake
from domain.message import Attachment, Message
from domain.people import Address, ContactFacts
from domain.settings import Settings
from domain.ticket import EntryKind, TicketFacts
from notifier.gate import is_own, is_writable
from scanner.authentication import signatures
from scanner.content_key import words_key
from scanner.forward import unquoted, without_passed_on
from scanner.quote import reply_text
from scanner.quote_html import written_between
from scanner.quote_marks import is_forwarding
from scanner.read import attachments
from scanner.worker import out_of_the_ordinary
from store.store import View

Take = Callable[[bytes, Sequence[int]], tuple[bytes, ...]]
_TOLD_OF_NEW = (EventKind.SOLUTION, EventKind.REFUSED, EventKind.MENTIONED)
TOO_LARGE = "the mail was too large to be read whole"
# A signed mail carries these without the writer having attached anything.
_SIGNATURES = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """An agent who acts by mail: the proof that it is he, and the files that he attached.

    `signs` are what the mail is known by, under whatever Message-ID.  `text` is what he wrote where the Message does
    not tell it from what he quotes, '' where it does.  `in_files` is what can be read in his files, by name, None where
    nobody looks into one.  `trouble` is why his mail could not be read as it was sent, '' if it could.
    """

    agent: str
    proof: Authentication
    signs: tuple[str, ...] = ()
    text: str = ""
    files: tuple[File, ...] = ()
    in_files: tuple[tuple[str, str | None], ...] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """An entry to be.  `files` go to whom it is written to; the other parts of the mail stay inside.

    `own` are those words of a note that its writer certainly wrote himself: whom they name is told.
    """

    kind: EntryKind
    text: str
    own: str = ""
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MailAct:
    """What an agent's mail does: to a ticket that is there (`before`), or to one that it opens (`opening`).

    `arrived` is the mail as it opens the ticket: one that is passed on is the customer's.  `silent` is
    why the customer is not told, '' if he is.
    """

    changes: Changes
    actor: Actor
    before: TicketFacts | None
    after: TicketFacts
    events: tuple[Event, ...]
    words: Words | None
    because: str
    arrived: Arrived
    opening: Plan | None = None
    silent: str = ""

    @property
    def told(self) -> tuple[Event, ...]:
        return self.told_of(self.events)

    def told_of(self, events: tuple[Event, ...]) -> tuple[Event, ...]:
        """Those of EVENTS that people are told of: of a new ticket that it was opened, and an answer on it."""
        if self.opening is None:
            return events
        return (*events[:1], *(event for event in events[1:] if event.kind in _TOLD_OF_NEW))


def writer(settings: Settings, message: Message) -> str:
    """The agent whose address MESSAGE claims to come from, '' where nobody's; a machine is nobody."""
    if message.sender is None or message.is_machine:
        return ""
    return settings.agent_of(message.sender.address)


def unproven(settings: Settings, message: Message, proof: Authentication) -> str:
    """Why an agent's mail does nothing but stay as a note: `no proof that Ada wrote it: dmarc=fail in ...`.

    '' where it is no agent's, or proven.
    """
    agent = writer(settings, message)
    if not agent:
        return ""
    name = settings.agents[agent].name
    if not proof.proves_from:
        return f"no proof that {name} wrote it: {proof.because}"
    return (
        "" if _is_to_us(settings, message) else f"no proof that {name} sent it here: it is addressed to somebody else"
    )


def _is_to_us(settings: Settings, message: Message) -> bool:
    """A mailbox of ours stands in To or Cc: whoever else got a signed mail could send it on to us as it is."""
    return any(is_own(one.address, settings) for one in (*message.to, *message.cc))


def files_of(message: Message, data: bytes, take: Take) -> tuple[File, ...]:
    """The files attached to MESSAGE, out of its raw bytes.  Raises NotFound where one cannot be read."""
    return _taken([part for part in message.attachments if goes_along(part)], data, take)


def _taken(parts: Sequence[Attachment], data: bytes, take: Take) -> tuple[File, ...]:
    found = take(data, [part.index for part in parts])
    return tuple(
        File(name=part.name, content_type=part.content_type, data=octets)
        for part, octets in zip(parts, found, strict=True)
    )


def goes_along(part: Attachment) -> bool:
    """The agent attached PART; neither a picture inside his text, nor a piece of it, nor a signature."""
    return not part.inline and part.content_type not in _SIGNATURES and not is_of_the_text(part.name)


def hand_of(
    settings: Settings, message: Message, proof: Authentication, *, data: bytes, cut_off: bool, take: Take = attachments
) -> Hand | None:
    """The agent who acts by MESSAGE; None where nobody does, or it is not proven.

    CUT_OFF: only the beginning of the mail was fetched.  TAKE gets files out of it.
    """
    agent = writer(settings, message)
    if not agent or unproven(settings, message, proof):
        return None
    signs = (words_key(data), *signatures(message))
    try:
        files = () if cut_off else files_of(message, data, take)
        pieces = [part for part in message.attachments if is_of_the_text(part.name)]
        more = [following_text(piece) for piece in ([] if cut_off else _taken(pieces, data, take))]
        in_files = tuple((file.name, text_in(file)) for file in files)
    except NotFound as missing:
        return Hand(agent=agent, proof=proof, signs=signs, trouble=str(missing))
    # Another walk through the HTML; one out of the ordinary is not worth it here.
    text = "" if out_of_the_ordinary(data) else written_between(message)
    if any(map(str.strip, more)):
        text = "\n\n".join((text or message.reply_text, *more))
    trouble = TOO_LARGE if cut_off else ""
    return Hand(agent=agent, proof=proof, signs=signs, text=text, files=files, in_files=in_files, trouble=trouble)


def plan_act(
    settings: Settings, arrived: Arrived, found: Found, planned: Plan, hand: Hand | None, *,
    timeline: Timeline = NOTHING,
) -> MailAct | None:  # fmt: skip
    """What HAND does with the mail that was PLANNED for anybody; None where it stays at that.

    TIMELINE is what stands on the ticket already.
    A mail on the agent's own ticket is a customer's, and so is one that came before.
    """
    if hand is None:
        return None
    changes = Changes(
        settings=settings, agent=hand.agent, now=arrived.now, because=hand.proof.because, absences=arrived.absences
    )
    if planned.before is None:
        return _opening(changes, arrived, planned)
    if found.walk[-1].finder == SAME_TEXT or found.verdict is not Verdict.TICKET or _asked(planned.before, arrived):
        return None
    try:
        return _on_ticket(changes, arrived, planned, hand, timeline)
    except Refused as refused:
        return _refused(changes, arrived, planned, refused)


def with_reason(settings: Settings, arrived: Arrived, planned: Plan, proof: Authentication) -> Plan:
    """PLANNED, which says why an agent's mail did no more where it could have done."""
    why = unproven(settings, arrived.message, proof)
    first, *others = planned.events
    is_missed = first.kind is EventKind.NOTE or (planned.opens and customer_of(settings, arrived.message) is not None)
    if not (why and is_missed):
        return planned
    return replace(planned, events=(replace(first, because=f"{first.because} · {why}"), *others))


def for_customer(arrived: Arrived, customer: Address, contact: ContactFacts | None, hand: Hand) -> Arrived:
    """The mail that ARRIVED from an agent as if the CUSTOMER whose mail he passes on had sent it."""
    text = unquoted(arrived.message.forwarded_text)
    message = replace(
        arrived.message, sender=customer, text=text, reply_text=reply_text(text) if text else "", message_id="",
    )  # fmt: skip
    return replace(
        arrived, message=message, contact=contact, actor=Actor("agent", hand.agent), on_behalf_of=arrived.message,
        spoof=None, alive="", copied=(),
    )  # fmt: skip


def customer_of(settings: Settings, message: Message) -> Address | None:
    """The customer whose mail an agent passes on by MESSAGE; None where it is nobody to write to."""
    customer = message.forwarded_from
    if customer is None or not is_writable(customer.address):
        return None
    if is_own(customer.address, settings) or settings.agent_of(customer.address):
        return None
    return customer


def _asked(ticket: TicketFacts, arrived: Arrived) -> bool:
    sender = arrived.message.sender
    return sender is not None and ticket.requester is not None and ticket.requester.has_address(sender.key)


def _on_ticket(changes: Changes, arrived: Arrived, planned: Plan, hand: Hand, timeline: Timeline) -> MailAct:
    """An agent's mail on a customer's ticket.  Raises Refused."""
    if hand.trouble:
        raise Refused(hand.trouble)
    assert planned.before is not None
    message = arrived.message
    own = own_text(hand.text or message.reply_text, timeline, changes.settings, whole=message.text)
    commands, below = commands_of(own)
    if arrived.doubt and not commands:
        return _doubted(changes, arrived, planned)
    words = _words(message, commands, below, hand, timeline, changes.settings)
    change = Change(planned.before)
    if words.text:
        change = _said(changes, change, words)
    change = _carried_on(changes, change, commands)
    return MailAct(
        changes=changes, actor=changes.actor, before=planned.before, after=change.after, events=change.events,
        # Of commands alone the timeline keeps the lines; nobody is told of them as of a note.
        words=words if words.text else replace(words, text=message.reply_text), arrived=arrived,
        because=f"{planned.because}; {changes.actor.name} acts by mail: {changes.because}",
    )  # fmt: skip


def _words(
    message: Message, commands: tuple[Command, ...], below: str, hand: Hand, timeline: Timeline, settings: Settings
) -> Words:
    """What the mail puts on the timeline.  Raises Refused."""
    asked = dict(commands)
    is_solution, is_note = "!solve" in asked, "!note" in asked
    if is_note and (is_solution or "!comment" in asked):
        raise Refused("!note, and !solve or !comment in one mail: it is either for us or for the customer")
    if message.forwarded_from is not None or is_forwarding(message.subject):
        if is_solution:
            raise Refused("the solution in a mail that passes another one on: write it in an answer of your own")
        if not _is_answer(message) or is_note or (commands and not below):
            return Words(kind=EntryKind.NOTE, text=message.text)
        below = _above_block(message, below, is_wanted="!comment" in asked)
    if is_note:
        # Staff may see what he quotes.
        text = _behind(asked["!note"], commands_of(message.reply_text)[1] or below)
        return Words(
            kind=EntryKind.NOTE, text=something(text, EntryKind.NOTE), own=_behind(asked["!note"], below)
        )  # fmt: skip
    if is_solution:
        text = something(_behind(asked["!solve"], below), EntryKind.SOLUTION)
        check_files(hand.in_files, timeline, settings)
        return Words(kind=EntryKind.SOLUTION, text=checked(text, timeline, settings), files=hand.files)
    if commands and not below and "!comment" not in asked:
        return Words(kind=EntryKind.NOTE, text="")
    text = something(_behind(asked.get("!comment", ""), below), EntryKind.COMMENT)
    check_files(hand.in_files, timeline, settings)
    return Words(kind=EntryKind.COMMENT, text=checked(text, timeline, settings), files=hand.files)


def _is_answer(message: Message) -> bool:
    """MESSAGE answers a letter, and its subject does not say that it passes anything on."""
    return bool(message.in_reply_to or message.references) and not is_forwarding(message.subject)


def _above_block(message: Message, below: str, *, is_wanted: bool) -> str:
    """The words BELOW the commands of an answer, above the mail that stands under them.  Raises Refused where one is
    attached, or nobody said that the words are for the customer (IS_WANTED).
    """
    if any(part.content_type.startswith("message/") for part in message.attachments):
        raise Refused("a mail is attached to your answer: send it without, or with a line !note above it")
    if not is_wanted:
        raise Refused(
            "another mail stands below your words: send them without it, or with a line !comment above them, "
            "then they go to the customer without that mail; with !note all of it stays here"
        )
    return without_passed_on(below)


def _behind(value: str, below: str) -> str:
    """The words behind a command and those below it."""
    return "\n".join(part for part in (value, below) if part)


def _said(changes: Changes, change: Change, words: Words) -> Change:
    match words.kind:
        case EntryKind.COMMENT:
            return _then(change, changes.commented(change.after))
        case EntryKind.SOLUTION:
            return _then(change, changes.solved(change.after, words.text))
        case _:
            return _then(change, changes.noted(change.after, words.own))


def _then(change: Change, more: Change) -> Change:
    return Change(more.after, (*change.events, *more.events), (*change.remarks, *more.remarks))


def _carried_on(changes: Changes, change: Change, commands: tuple[Command, ...]) -> Change:
    """CHANGE, and what COMMANDS do after it.  Raises Refused for one that there is not, or that cannot be."""
    for word, value in commands:
        change = _then(change, COMMANDS[word](changes, change.after, value))
    return change


def _refused(changes: Changes, arrived: Arrived, planned: Plan, refused: Refused) -> MailAct:
    """The whole mail as an internal note, and the event that its writer is told of."""
    assert planned.before is not None
    message, ticket = arrived.message, planned.before
    return MailAct(
        changes=changes, actor=changes.actor, before=ticket, after=ticket,
        events=(*changes.noted(ticket).events, _refusal(changes, refused)), arrived=arrived,
        words=Words(kind=EntryKind.NOTE, text=message.reply_text or message.text),
        because=f"{planned.because}; kept as a note: {refused}",
    )  # fmt: skip


def _doubted(changes: Changes, arrived: Arrived, planned: Plan) -> MailAct:
    """A mail that nobody may have written: kept for staff, quietly.  Its writer is told, but not of the same again:
    his program would answer that, too.
    """
    assert planned.before is not None
    message, ticket, why = arrived.message, planned.before, f"it may have been sent by a program: {arrived.doubt}"
    text = message.reply_text or message.text
    wrote = Event(kind=EventKind.MACHINE_WROTE, actor=changes.actor, because=f"{planned.because} · {why}")
    told = Refused(f"{why}.  If you wrote it yourself, send it once more with a line !comment above it")
    return MailAct(
        changes=changes, actor=changes.actor, before=ticket, after=ticket,
        events=(wrote,) if arrived.again else (wrote, _refusal(changes, told)), arrived=arrived,
        words=Words(kind=EntryKind.NOTE, text=text), because=f"{planned.because}; kept as a note: {why}",
    )  # fmt: skip


def _refusal(changes: Changes, refused: Refused) -> Event:
    return Event(kind=EventKind.REFUSED, actor=changes.actor, after=str(refused), because=changes.because)


def _opening(changes: Changes, arrived: Arrived, planned: Plan) -> MailAct | None:
    """A ticket that an agent opens, for the customer whose mail he passes on or for himself; None if he only asks."""
    sent = arrived.on_behalf_of
    own = own_text(_above(sent) if sent is not None else arrived.message.reply_text, NOTHING, changes.settings)
    try:
        commands, below = commands_of(own)
        if not (commands or sent):
            return None
        words = _words_at_opening(commands, below, changes.settings, passes_on=sent is not None)
        change = _said(changes, Change(planned.after), words) if words else Change(planned.after)
        change, silent = _carried_on(changes, change, commands), ""
    except Refused as refused:
        below, silent = own, "a line of the mail could not be done" if sent else ""
        words = Words(kind=EntryKind.NOTE, text=own) if sent and own else None
        change = _said(changes, Change(planned.after), words) if words else Change(planned.after)
        change = _then(change, Change(change.after, (_refusal(changes, refused),)))
    if sent is None and below:
        change = change._replace(after=replace(change.after, description=cut(below)))
        arrived = replace(arrived, message=replace(arrived.message, reply_text=below))
    opening = replace(planned, after=change.after, events=(*planned.events, *change.events))
    return MailAct(
        changes=changes, actor=changes.actor if sent else arrived.actor, before=None, after=change.after,
        events=opening.events, words=words, because=planned.because, arrived=arrived, opening=opening, silent=silent,
    )  # fmt: skip


def _above(message: Message) -> str:
    """The text above the mail that MESSAGE passes on; all of it where the two cannot be told apart."""
    passed_on = message.forwarded_text
    return message.text.partition(passed_on)[0] if passed_on else message.text


def _words_at_opening(
    commands: tuple[Command, ...], below: str, settings: Settings, *, passes_on: bool
) -> Words | None:
    """What an agent says himself when he opens a ticket.  Raises Refused."""
    asked = dict(commands)
    if "!comment" in asked:
        raise Refused("!comment needs a ticket: answer one of its letters, or put its tag into the subject")
    if not passes_on:
        if "!note" in asked or "!solve" in asked:
            raise Refused("!note and !solve need a ticket: answer one of its letters, or put its tag into the subject")
        return None
    if "!solve" in asked:
        text = something(_behind(asked["!solve"], below), EntryKind.SOLUTION)
        return Words(kind=EntryKind.SOLUTION, text=checked(text, NOTHING, settings))
    note = _behind(asked.get("!note", ""), below)
    return Words(kind=EntryKind.NOTE, text=note, own=note) if note else None


def write(view: View, act: MailAct, row: Intake, *, tag: str) -> Carried:
    """Do what was planned."""
    if act.opening is None:
        assert act.before is not None
        write_change(view, act.before, act.after, now=act.arrived.now)
        ticket, events, entry = act.after, act.events, None
    else:
        carried = write_plan(view, act.opening, act.arrived, row, tag=tag)
        ticket, events, entry = carried.ticket, carried.events, carried.entry
    if act.words is not None:
        said = _add_entry(view, ticket.number, act, act.words, row)
        events = named(events, act.words.kind, said)
        entry = said if entry is None else entry
    assert entry is not None
    return Carried(ticket=ticket, entry=entry, events=events, told=act.told_of(events))


def _add_entry(view: View, number: int, act: MailAct, words: Words, row: Intake) -> int:
    arrived = act.arrived
    sent = arrived.on_behalf_of or arrived.message
    is_note = words.kind is EntryKind.NOTE
    entry = view.tickets.add_entry(
        number,
        kind=words.kind,
        author=act.changes.actor.name,
        text=f"{cut(words.text)}\n\n{arrived.remark}" if arrived.remark and is_note else cut(words.text),
        now=arrived.moment,
        agent=act.changes.agent,
        intake=row.id,
        message_id=sent.message_id,
        # What opens a ticket has its parts on the first entry.
        attachments=() if act.opening else tuple(p for p in sent.attachments if not (words.files and goes_along(p))),
    )
    attach(view, entry, words.files)
    return entry
