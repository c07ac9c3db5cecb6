"""Receiving mail: from a journal row with its bytes to a ticket, an entry and letters.

    claim (commit) → read (outside any transaction) → decide and carry out (one transaction)

A batch shares a transaction, with a savepoint a mail: what one mail cannot do takes no other with
it.  A mail that fails is taken up again, alone, and quarantined when it has failed too often.

Fails with: StoreUnusable, TemporaryFailure; then nothing of the batch was written.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, assert_never

import rules
from desk import finders, log
from desk.carry_out import Arrived, is_takeover, plan, write
from desk.desk import Desk
from desk.letters import tell
from desk.opt_out import opt_out, who_leaves
from desk.probe import survives
from domain import token
from domain.decision import Create, Decision, Found, Ignore, MailFacts, Update
from domain.errors import Conflict, NotFound, StoreUnusable, TemporaryFailure
from domain.event import DESK, Actor, Event
from domain.intake import Arrival, Intake, Outcome
from domain.letter import ActFacts, Told
from domain.message import Message, RawMail
from domain.people import ContactFacts
from domain.settings import Mailbox, Settings
from domain.ticket import TicketFacts
from scanner.content_key import content_key
from store.store import View

BATCH = 20

Read = Callable[[RawMail], Message]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What became of one mail."""

    intake: int
    outcome: Outcome
    ticket: int | None = None
    because: str = ""
    rules: tuple[str, ...] = ()
    letters: int = 0
    withheld: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one round of receiving came to.  `failed` mails will be taken up again."""

    received: tuple[Received, ...] = ()
    failed: tuple[int, ...] = ()
    quarantined: tuple[int, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.received or self.failed or self.quarantined)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mail:
    """A mail in hand, read."""

    row: Intake
    message: Message
    key: str
    remark: str = ""


def receive(
    desk: Desk, source: str, *, read: Read, now: datetime, only: int | None = None,
    listed_before: datetime | None = None,
) -> Round:  # fmt: skip
    """Take the next mails of SOURCE in hand, decide them and carry that out.

    ONLY this row, or only rows LISTED_BEFORE a moment, where somebody else may have the others in hand.
    """
    with desk.store.act() as view:
        claim = view.journal.claim(
            source, limit=BATCH, attempts=desk.settings.limits.attempts, only=only, listed_before=listed_before
        )
    for row in claim.quarantined:
        log.mail_quarantined(row)
    if not claim.taken:
        return Round(quarantined=tuple(row.id for row in claim.quarantined))
    try:
        raw, missing = _bytes_of(desk, claim.taken)
        mails, failed = _read_all(raw, read=read, mode=desk.settings.duplicates)
        failed |= missing
        received, broken = _carry_out_all(desk, mails, now=now)
    except (StoreUnusable, TemporaryFailure, KeyboardInterrupt):
        _give_back(desk, claim.taken)
        raise
    _note(desk, failed | broken)
    return Round(
        received=tuple(received),
        failed=tuple(row.id for row in (failed | broken)),
        quarantined=tuple(row.id for row in claim.quarantined),
    )


class _TakenBack(Exception):
    """The rehearsal is over; its transaction is rolled back."""


_SAMPLE = (
    b"From: <rehearsal@desk.invalid>\r\nSubject: Rehearsal\r\nMessage-ID: <rehearsal@desk.invalid>\r\n"
    b"In-Reply-To: <none@desk.invalid>\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Rehearsal</p>\r\n"
)


def after_a_crash(desk: Desk, source: str, *, mailbox: str, read: Read, now: datetime) -> None:
    """Tell a mail that kills from one that was only there when somebody pulled the plug.

    Nothing happens unless a mail of SOURCE was in hand when a process died.
    """
    with desk.store.reading() as view:
        if not view.journal.was_in_hand(source):
            return
        suspects = view.journal.suspects(source, attempts=desk.settings.limits.attempts)
    _rehearse(desk, source, mailbox=mailbox, read=read, now=now)
    found, _ = _bytes_of(desk, suspects)
    for row, data in found:
        guilt = survives(read, RawMail(data=data, size=row.size, arrived=row.arrived))
        with desk.store.act() as view:
            if guilt:
                view.journal.quarantine(row, because=guilt)
            else:
                view.journal.forgive(row)
        if guilt:
            log.mail_quarantined(row)


def _rehearse(desk: Desk, source: str, *, mailbox: str, read: Read, now: datetime) -> None:
    """Carry a made-up mail through everything and take it back.

    The first mail of a process takes ten times as long as the next, while modules are loaded and
    statements compiled, and after a crash it is the one that was in hand: the likeliest to be there
    at the next one, too.
    """
    raw = RawMail(data=_SAMPLE, size=len(_SAMPLE))
    message, key = read(raw), content_key(_SAMPLE)
    with suppress(_TakenBack), desk.store.act() as view:
        arrival = Arrival(source=f"rehearsal/{source}", position=key, mailbox=mailbox, size=raw.size)
        view.journal.arrive([arrival], now=now)
        row = view.journal.at(arrival.source, key)
        assert row is not None
        view.journal.store({row.id: view.blobs.put(_SAMPLE)})
        claim = view.journal.claim(arrival.source, limit=1, attempts=1)
        _in_savepoint(desk, view, _Mail(row=claim.taken[0], message=message, key=key), now=now)
        raise _TakenBack


def _bytes_of(desk: Desk, rows: Sequence[Intake]) -> tuple[list[tuple[Intake, bytes]], dict[Intake, Exception]]:
    """The bytes of the mails in hand, and the mails whose bytes are missing."""
    found: list[tuple[Intake, bytes]] = []
    missing: dict[Intake, Exception] = {}
    with desk.store.reading() as view:
        for row in rows:
            try:
                found.append((row, view.blobs.get(row.blob or "")))
            except NotFound as error:
                missing[row] = error
    return found, missing


def _read_all(
    raw: Sequence[tuple[Intake, bytes]], *, read: Read, mode: str
) -> tuple[list[_Mail], dict[Intake, Exception]]:
    mails: list[_Mail] = []
    failed: dict[Intake, Exception] = {}
    for row, data in raw:
        try:
            raw_mail = RawMail(data=data, size=row.size, arrived=row.arrived)
            message = read(raw_mail)
            key = content_key(data)
        except Exception as error:  # one unreadable mail must not stop the others
            failed[row] = error
            continue
        key = f"{row.mailbox}:{key}" if mode == "per_mailbox" else key
        mails.append(_Mail(row=row, message=message, key=key, remark=_remark(raw_mail)))
    return mails, failed


def _remark(raw: RawMail) -> str:
    """What the ticket says of a mail that was too large to be fetched whole, '' of any other."""
    if not raw.cut:
        return ""
    return f"[Only the first {len(raw.data):,} of {raw.size:,} octets of this mail were fetched.]"


def _carry_out_all(
    desk: Desk, mails: Sequence[_Mail], *, now: datetime
) -> tuple[list[Received], dict[Intake, Exception]]:
    received: list[Received] = []
    failed: dict[Intake, Exception] = {}
    if not mails:
        return received, failed
    with desk.store.act() as view:
        for mail in mails:
            try:
                received.append(_in_savepoint(desk, view, mail, now=now))
            except (StoreUnusable, TemporaryFailure):
                raise
            except Exception as error:  # its savepoint is gone; the others go on
                failed[mail.row] = error
    for mail, one in zip([m for m in mails if m.row not in failed], received, strict=True):
        log.mail_decided(mail.row, one, desk.reference(one.ticket) if one.ticket else "")
    return received, failed


def _in_savepoint(desk: Desk, view: View, mail: _Mail, *, now: datetime) -> Received:
    """One mail; a copy that another process carried out in the same moment makes it a duplicate."""
    try:
        with view.savepoint():
            return _carry_out(desk, view, mail, now=now)
    except Conflict:
        with view.savepoint():
            return _carry_out(desk, view, mail, now=now)


def _carry_out(desk: Desk, view: View, mail: _Mail, *, now: datetime) -> Received:
    first = view.journal.first_copy(mail.key)
    if first is not None:
        return _duplicate(view, mail, first, now=now)
    because, leaving = unasked(desk, view, mail.message)
    if leaving is not None:
        opt_out(view, leaving, now=now)
    if because:
        return _finish(view, mail, Received(intake=mail.row.id, outcome=Outcome.IGNORED, because=because), now=now)
    mailbox = desk.settings.mailboxes[mail.row.mailbox]
    found = finders.find(view, mail.message, mailbox=mailbox, settings=desk.settings, keys=desk.keys)
    facts = MailFacts(message=mail.message, mailbox=mail.row.mailbox, folder=mail.row.folder, found=found)
    decision = rules.decide(desk.rules, facts)
    record = _record(desk, facts, decision)
    match decision.disposition:
        case Ignore(because=because):
            done = Received(intake=mail.row.id, outcome=Outcome.IGNORED, because=because, rules=decision.rules)
            return _finish(view, mail, done, now=now, record=record)
        case Create() | Update():
            done = _onto_a_ticket(desk, view, mail, found, decision, now=now)
            return _finish(view, mail, done, now=now, record=record)
        case _:
            assert_never(decision.disposition)


def unasked(desk: Desk, view: View, message: Message) -> tuple[str, ContactFacts | None]:
    """Why no rule is asked about MESSAGE, '' if they are, and the contact who opts out by it."""
    own = token.verify(message.message_id, desk.keys) if message.message_id else None
    if own:
        return f"it is our own letter {own}, come back", None
    leaving = who_leaves(view, message, keys=desk.keys)
    if leaving is not None:
        return f"{leaving.name or _sender(message)} opted out by List-Unsubscribe", leaving
    return "", None


def _onto_a_ticket(desk: Desk, view: View, mail: _Mail, found: Found, decision: Decision, *, now: datetime) -> Received:
    """Open a ticket or add to one, record the events, queue the letters."""
    contact = _contact(view, mail.message, now=now)
    actor = actor_of(mail.message, contact)
    arrived = Arrived(
        message=mail.message, mailbox=mail.row.mailbox, contact=contact, actor=actor,
        moment=min(mail.row.arrived or now, now), now=now, remark=mail.remark,
    )  # fmt: skip
    planned = plan(desk.settings, arrived, found, decision)
    carried = write(view, planned, arrived, mail.row, tag=desk.settings.helpdesk.tag)
    act = view.tickets.begin_act("mail", actor, now=now, intake=mail.row.id)
    view.tickets.record(act, carried.ticket.number, carried.events, now=now)
    facts = act_facts(desk.settings, carried.ticket, carried.told, arrived, quiet=mail.row.quiet)
    told = tell(desk, view, facts, act=act, now=now, entry=carried.entry, answering=mail.message)
    letters = sum(isinstance(one, Told) for one in told)
    return Received(
        intake=mail.row.id,
        outcome=Outcome.TICKET if planned.opens else Outcome.COMMENT,
        ticket=carried.ticket.number,
        because=planned.because,
        rules=decision.rules,
        letters=letters,
        withheld=len(told) - letters,
    )


def act_facts(
    settings: Settings, ticket: TicketFacts, events: tuple[Event, ...], arrived: Arrived, *, quiet: str = ""
) -> ActFacts:
    """A mail as the resolver looks at it."""
    sender = arrived.message.sender
    return ActFacts(
        ticket=ticket,
        events=events,
        actor=arrived.actor,
        sender_key=sender.key if sender else "",
        machine=arrived.message.is_machine,
        quiet=quiet or _quiet(settings.mailboxes[arrived.mailbox], arrived),
        taken_over=is_takeover(events),
    )


def _contact(view: View, message: Message, *, now: datetime) -> ContactFacts | None:
    """The contact who wrote, made from the sender if he is new; None where there is no sender."""
    if message.sender is None or "@" not in message.sender.address:
        return None
    known = view.people.contact_of(message.sender.address)
    return known or view.people.add_contact(message.sender, now=now, language=message.language)


def actor_of(message: Message, contact: ContactFacts | None) -> Actor:
    """Who acts when this mail comes in; the desk where there is no sender."""
    if contact is None:
        return DESK
    return Actor("contact", str(contact.id), contact.name or (message.sender.address if message.sender else ""))


def _quiet(mailbox: Mailbox, arrived: Arrived) -> str:
    """Why nobody is told of this mail, '' if people are."""
    before = mailbox.quiet_before
    if before and arrived.moment.date() < before:
        return f"the mail is older than quiet_before ({before})"
    return ""


def _duplicate(view: View, mail: _Mail, first: Intake, *, now: datetime) -> Received:
    done = Received(
        intake=mail.row.id,
        outcome=Outcome.DUPLICATE,
        ticket=first.ticket,
        because=f"the same mail as {first.id}, which came by {first.source} {first.folder}".rstrip(),
    )
    view.journal.finish(
        mail.row, outcome=done.outcome, because=done.because, now=now, ticket=first.ticket, duplicate_of=first.id,
        message_id=mail.message.message_id, subject=mail.message.subject, sender=_sender(mail.message),
    )  # fmt: skip
    return done


def _finish(
    view: View, mail: _Mail, done: Received, *, now: datetime, record: dict[str, Any] | None = None
) -> Received:
    view.journal.finish(
        mail.row, outcome=done.outcome, because=done.because, now=now, content_key=mail.key, ticket=done.ticket,
        message_id=mail.message.message_id, subject=mail.message.subject, sender=_sender(mail.message),
        decision=record,
    )  # fmt: skip
    return done


def _sender(message: Message) -> str:
    return message.sender.address if message.sender else ""


def _record(desk: Desk, facts: MailFacts, decision: Decision) -> dict[str, Any]:
    """The decision record: what was seen and what was decided, enough to explain it later."""
    disposition = decision.disposition
    return {
        "rule_set": desk.rules.hash,
        "facts": rules.facts_read(desk.rules, facts),
        "class": list(facts.message.class_because),
        "defects": list(facts.message.defects[:20]),
        "finders": [
            {"finder": step.finder, "verdict": step.verdict.value, "ticket": step.ticket, "because": step.because}
            for step in facts.found.walk
        ],
        "rules": list(decision.rules),
        "disposition": type(disposition).__name__.lower(),
        "because": disposition.because,
        "modifiers": [{"kind": type(one).__name__, **asdict(one)} for one in decision.modifiers],
    }


def _note(desk: Desk, failed: dict[Intake, Exception]) -> None:
    if not failed:
        return
    with desk.store.act() as view:
        for row, error in failed.items():
            view.journal.note_failure(row, because=f"{type(error).__name__}: {error}")
    for row, error in failed.items():
        log.mail_failed(row, error)


def _give_back(desk: Desk, rows: Sequence[Intake]) -> None:
    """Undo the claim: the fault lay in no mail.  If even that cannot be written, the attempts stay."""
    try:
        with desk.store.act() as view:
            view.journal.give_back(rows)
    except (StoreUnusable, TemporaryFailure):
        return
