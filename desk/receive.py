"""Receiving mail: from a journal row with its bytes to a ticket, an entry and letters.

    claim (commit) → read (outside any transaction) → decide and carry out (one transaction)

A batch shares a transaction, with a savepoint a mail: what one mail cannot do takes no other with
it.  A mail that fails is taken up again, alone, and quarantined when it has failed too often.

Fails with: StoreUnusable, TemporaryFailure; then nothing of the batch was written.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, assert_never

import rules
from desk import by_mail, finders, log
from desk.addresses import (
    alive_address,
    copied,
    dead_addresses,
    is_alive,
    mark_alive,
    mark_bounced,
    spoof,
    with_alive,
)
from desk.answering_programs import is_answered_since, same_words, sent_by_itself
from desk.carry_out import Arrived, Plan, is_takeover, plan, write
from desk.desk import Desk
from desk.facts import informed
from desk.for_customer import NOTHING, timeline_of
from desk.letters import Thread, tell, tell_more
from desk.merge import Merging, write_merging
from desk.opt_out import Wished, fulfil, who_complains, wished, wisher
from desk.record import came_to, recorded
from desk.repeats import Repeat, fingerprint, repeat_of
from desk.settle import Settled, settle
from desk.status_mail import Asked, answer, asked
from desk.today import absent
from desk.turned_away import queue
from desk.vendors import REPORTS, vendor_with_news
from domain import token
from domain.authentication import UNPROVEN, Authentication
from domain.decision import Create, Decision, Forward, Found, Ignore, LetterWish, MailFacts, MergeInto, Reject, Update
from domain.errors import Conflict, NotFound, Overtaken, StoreUnusable, TemporaryFailure
from domain.event import DESK, Actor, Event, EventKind
from domain.intake import Intake, Outcome
from domain.letter import ActFacts, Told, Withheld
from domain.marker import begins_as_letter
from domain.message import Message, RawMail
from domain.people import Address, ContactFacts
from domain.settings import Mailbox, Settings
from domain.ticket import EntryKind, TicketFacts
from scanner.authentication import authentication
from scanner.content_key import content_key
from scanner.read import attachments
from store.store import View

BATCH = 20
BATCH_OCTETS = 8_000_000
MAX_ADDRESS = 254

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
class Mail:
    """A mail in hand, read.  `hand` is the agent who provably acts by it, None where nobody does."""

    row: Intake
    message: Message
    key: str
    remark: str = ""
    proof: Authentication = UNPROVEN
    hand: by_mail.Hand | None = None


def receive(
    desk: Desk, source: str, *, read: Read, now: datetime, only: int | None = None,
    listed_before: datetime | None = None, at_hand: Mapping[int, bytes] = MappingProxyType({}),
) -> Round:  # fmt: skip
    """Take the next mails of SOURCE in hand, decide them and carry that out.

    ONLY this row, or only rows LISTED_BEFORE a moment, where somebody else may have the others in
    hand.  AT_HAND are bytes that need not be read from the store again, by journal row.
    """
    with desk.store.act() as view:
        claim = view.journal.claim(
            source, limit=BATCH, octets=BATCH_OCTETS, attempts=desk.settings.limits.attempts, only=only,
            listed_before=listed_before,
        )  # fmt: skip
        if claim.taken:
            view.journal.remember_rules(desk.rules.hash, desk.rules.text, now=now)
    for row in claim.quarantined:
        log.mail_quarantined(row)
    if not claim.taken:
        return Round(quarantined=tuple(row.id for row in claim.quarantined))
    try:
        raw, missing = _bytes_of(desk, claim.taken, at_hand)
        mails, failed = _read_all(desk, raw, read=read)
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


def _bytes_of(
    desk: Desk, rows: Sequence[Intake], at_hand: Mapping[int, bytes]
) -> tuple[list[tuple[Intake, bytes]], dict[Intake, Exception]]:
    """The bytes of the mails in hand, and the mails whose bytes are missing."""
    if all(row.id in at_hand for row in rows):
        return [(row, at_hand[row.id]) for row in rows], {}
    found: list[tuple[Intake, bytes]] = []
    missing: dict[Intake, Exception] = {}
    with desk.store.reading() as view:
        for row in rows:
            try:
                found.append((row, at_hand.get(row.id) or view.blobs.get(row.blob or "")))
            except NotFound as error:
                missing[row] = error
    return found, missing


def _read_all(
    desk: Desk, raw: Sequence[tuple[Intake, bytes]], *, read: Read
) -> tuple[list[Mail], dict[Intake, Exception]]:
    mails: list[Mail] = []
    failed: dict[Intake, Exception] = {}
    limit = desk.settings.limits.mail_size
    for row, data in raw:
        try:
            raw_mail = RawMail(data=data[:limit] if len(data) > limit else data, size=row.size, arrived=row.arrived)
            message = read(raw_mail)
            key = content_key(data)
            proof, hand = proof_of(
                desk, message, mailbox=row.mailbox, data=raw_mail.data, cut_off=raw_mail.cut, take=files_by(read)
            )
        except Exception as error:  # one unreadable mail must not stop the others
            failed[row] = error
            continue
        key = journal_key(desk, row.mailbox, key)
        mails.append(Mail(row=row, message=message, key=key, remark=_remark(raw_mail), proof=proof, hand=hand))
    return mails, failed


def files_by(read: Read) -> by_mail.Take:
    """How files are taken out of a mail: as READ does it, which may be at arm's length."""
    take: by_mail.Take = getattr(read, "files", attachments)
    return take


def proof_of(
    desk: Desk, message: Message, *, mailbox: str, data: bytes, cut_off: bool = False, take: by_mail.Take = attachments
) -> tuple[Authentication, by_mail.Hand | None]:
    """Who MESSAGE provably comes from, and the agent who acts by it."""
    proof = authentication(message, desk.settings.mailboxes[mailbox].authserv)
    return proof, by_mail.hand_of(desk.settings, message, proof, data=data, cut_off=cut_off, take=take)


def journal_key(desk: Desk, mailbox: str, key: str) -> str:
    """The content key under which a mail is one mail, by the policy for duplicates."""
    return f"{mailbox}:{key}" if desk.settings.duplicates == "per_mailbox" else key


def _remark(raw: RawMail) -> str:
    """What the ticket says of a mail that was too large to be fetched whole, '' of any other."""
    if not raw.cut:
        return ""
    return f"[Only the first {len(raw.data):,} of {raw.size:,} octets of this mail were read.]"


def signs_of(desk: Desk, hand: by_mail.Hand | None, *, mailbox: str, found: Found) -> tuple[str, ...]:
    """By what it is known that an agent's mail was done already; none where nobody acts by it.

    Of a ticket of its own there is one in each mailbox, where the policy for duplicates says so.
    """
    signs = hand.signs if hand is not None else ()
    return signs if found.ticket is not None else tuple(journal_key(desk, mailbox, sign) for sign in signs)


def _carry_out_all(
    desk: Desk, mails: Sequence[Mail], *, now: datetime
) -> tuple[list[Received], dict[Intake, Exception]]:
    received: list[Received] = []
    failed: dict[Intake, Exception] = {}
    overtaken: set[Intake] = set()
    if not mails:
        return received, failed
    with desk.store.act() as view:
        known = set(view.journal.known_keys([mail.key for mail in mails]))
        for mail in mails:
            try:
                received.append(in_savepoint(desk, view, mail, now=now, is_new=mail.key not in known))
                known.add(mail.key)
            except (StoreUnusable, TemporaryFailure):
                raise
            except Overtaken:
                overtaken.add(mail.row)
            except Exception as error:  # its savepoint is gone; the others go on
                failed[mail.row] = error
    for row in overtaken:
        log.mail_overtaken(row)
    for mail, one in zip([m for m in mails if m.row not in failed and m.row not in overtaken], received, strict=True):
        log.mail_decided(mail.row, one, desk.reference(one.ticket) if one.ticket else "")
    return received, failed


def in_savepoint(desk: Desk, view: View, mail: Mail, *, now: datetime, is_new: bool = False) -> Received:
    """One mail; a copy that another process carried out in the same moment makes it a duplicate.

    IS_NEW spares the question whether there is a copy; the database's unique key still answers it.
    """
    try:
        with view.savepoint():
            return _carry_out(desk, view, mail, now=now, is_new=is_new)
    except Overtaken:
        raise
    except Conflict:
        with view.savepoint():
            return _carry_out(desk, view, mail, now=now, is_new=False)


def _carry_out(desk: Desk, view: View, mail: Mail, *, now: datetime, is_new: bool) -> Received:
    first = None if is_new else view.journal.first_copy(mail.key)
    if first is not None:
        return _duplicate(view, mail, first, now=now)
    because = unasked(desk, mail.message)
    if because:
        return _finish(view, mail, Received(intake=mail.row.id, outcome=Outcome.IGNORED, because=because), now=now)
    mailbox = desk.settings.mailboxes[mail.row.mailbox]
    sign, repeat = said_before(desk, view, mail.message, mailbox=mail.row.mailbox, moment=_moment(mail, now))
    found = finders.find(
        view, mail.message, mailbox=mailbox, settings=desk.settings, keys=desk.keys, repeat=repeat,
        is_proven_agent=mail.hand is not None,
    )  # fmt: skip
    signs = signs_of(desk, mail.hand, mailbox=mail.row.mailbox, found=found)
    acted = view.journal.acted(signs)
    if acted is not None:
        return _duplicate(view, mail, acted, now=now, is_copy=False)
    asks = wished(view, mail.message, found, settings=desk.settings, keys=desk.keys)
    if asks is not None:
        return _finish(view, mail, _fulfilled(desk, view, mail, asks, now=now), now=now)
    wish = None if mail.row.quiet else asked(view, mail.message, found, settings=desk.settings)
    if wish is not None and wish.only:
        return _finish(view, mail, _told_only(desk, view, mail, wish, now=now), now=now)
    facts = MailFacts(
        message=mail.message, mailbox=mail.row.mailbox, folder=mail.row.folder, found=found, authentication=mail.proof
    )
    facts = informed(desk, view, facts, moment=_moment(mail, now), now=now, is_act=mail.hand is not None)
    decided = rules.decide(desk.rules, facts)
    settled = settle(
        desk, view, facts, decided, contact=known_contact(view, mail.message),
        contact_of=_customer(view, mail, now=now), is_act=mail.hand is not None, now=now,
        quiet=mail.row.quiet or quiet_of(mailbox, _moment(mail, now)),
    )  # fmt: skip
    record = {**_record(desk, facts, decided), **came_to(decided, settled.decision)}
    done = _done(desk, view, mail, settled, wish, sign=sign, repeat=repeat, now=now)
    if done.outcome in (Outcome.TICKET, Outcome.COMMENT):
        view.journal.note_act(mail.row, signs)
    return _finish(view, mail, done, now=now, record=record, file_in=settled.file_in)


def _done(
    desk: Desk, view: View, mail: Mail, settled: Settled, wish: Asked | None, *, sign: str, repeat: Repeat | None,
    now: datetime,
) -> Received:  # fmt: skip
    """Do what was settled, but for the journal."""
    decision = settled.decision
    match decision.disposition:
        case Ignore(because=because):
            return Received(intake=mail.row.id, outcome=Outcome.IGNORED, because=because, rules=decision.rules)
        case Reject():
            return _answered(desk, view, mail, settled, Outcome.REJECTED, now=now)
        case Forward():
            return _answered(desk, view, mail, settled, Outcome.FORWARDED, now=now)
        case Create() | Update() | MergeInto():
            arrived = _arrived(desk, view, mail, settled, sign=sign, repeat=repeat, now=now)
            return _onto_a_ticket(desk, view, mail, arrived, settled, wish)
        case _:
            assert_never(decision.disposition)


def _answered(desk: Desk, view: View, mail: Mail, settled: Settled, outcome: Outcome, *, now: datetime) -> Received:
    """A mail that makes no ticket, with the letters that it makes."""
    assert settled.answer is not None
    contact = known_contact(view, mail.message)
    actor = actor_of(mail.message, contact)
    letters, withheld = queue(desk, view, settled.answer, message=mail.message, row=mail.row, actor=actor, now=now)
    return Received(
        intake=mail.row.id, outcome=outcome, because=settled.decision.disposition.because,
        rules=settled.decision.rules, letters=letters, withheld=withheld,
    )  # fmt: skip


def known_contact(view: View, message: Message) -> ContactFacts | None:
    """The contact who wrote, None where he is new."""
    return view.people.contact_of(message.sender.address) if message.sender and message.sender.address else None


def unasked(desk: Desk, message: Message) -> str:
    """Why no rule is asked about MESSAGE, '' if they are."""
    own = token.verify(message.message_id, desk.keys) if message.message_id else None
    return f"it is our own letter {own}, come back" if own else ""


def _moment(mail: Mail, now: datetime) -> datetime:
    """When MAIL arrived at the server."""
    return min(mail.row.arrived or now, now)


def said_before(
    desk: Desk, view: View, message: Message, *, mailbox: str, moment: datetime
) -> tuple[str, Repeat | None]:
    """The fingerprint of what MESSAGE says, and the ticket where the sender said the same shortly before."""
    sign = fingerprint(message, mailbox=mailbox, settings=desk.settings)
    return sign, repeat_of(view, sign, moment=moment, settings=desk.settings)


def _arrived(
    desk: Desk, view: View, mail: Mail, settled: Settled, *, sign: str, repeat: Repeat | None, now: datetime
) -> Arrived:
    """MAIL with the contacts behind its addresses; those who are new are made."""
    message, settings, found = mail.message, desk.settings, settled.found
    contact = _contact(view, message, now=now)
    others = copied(message, found, mailbox=settings.mailboxes[mail.row.mailbox], settings=settings)
    doubt, again = doubt_of(
        desk, view, message, found, contact=contact, is_act=mail.hand is not None, moment=_moment(mail, now)
    )
    return Arrived(
        message=message, mailbox=mail.row.mailbox, contact=contact, actor=actor_of(message, contact),
        moment=_moment(mail, now), now=now, remark=mail.remark, fingerprint=sign, repeat=repeat,
        dead=dead_addresses(view, message, keys=desk.keys),
        alive=alive_address(view, message, contact, settings), spoof=spoof(message, settings),
        vendor=vendor_with_news(view, message, settings), complaining=who_complains(view, message, keys=desk.keys),
        copied=tuple(view.people.contact_of(one.address) or view.people.add_contact(one, now=now) for one in others),
        doubt=doubt, again=again,
        people=settled.people, company=settled.company, turns=settled.turns,
        absences=absent(desk, view, now) if mail.hand is not None else {},
    )  # fmt: skip


def doubt_of(
    desk: Desk, view: View, message: Message, found: Found, *, contact: ContactFacts | None, is_act: bool,
    moment: datetime,
) -> tuple[str, bool]:  # fmt: skip
    """Why MESSAGE, an agent's, may be a program's answer to a letter, '' if nothing says so; and whether he was told so
    of the same words shortly before.  Of one who is proven (IS_ACT) only what is proven as well counts as said.
    """
    agent, ticket = by_mail.writer(desk.settings, message), found.ticket
    if not agent or (ticket is None and found.linked is None):
        return "", False
    within = desk.settings.limits.repeats_within
    entries = view.tickets.entries(ticket.number) if ticket else ()
    claimed = None if is_act else contact
    # The second mail of somebody who forgot the files is news.
    is_news = not within or any(map(by_mail.goes_along, message.attachments))
    said = () if is_news else same_words(
        message, entries, agent=agent, contact=claimed, moment=moment, within=within
    )  # fmt: skip
    # On a ticket of his own he is a customer, who may well speak of his absence.
    asked = ticket is not None and ticket.requester is not None and ticket.requester.has_address(_sender_key(message))
    after = _after_letter(desk, view, message, moment)
    doubt = "" if asked else sent_by_itself(message, tag=desk.settings.helpdesk.tag, after=after)
    if not doubt and any(not is_answered_since(one, entries, moment) for one in said):
        doubt = "he wrote the same shortly before"
    # What was kept as a note then he was told of.
    return doubt, any(one.kind is EntryKind.NOTE for one in said)


def _sender_key(message: Message) -> str:
    return message.sender.key if message.sender else ""


def _after_letter(desk: Desk, view: View, message: Message, moment: datetime) -> timedelta | None:
    """How long after the letter that it answers MESSAGE came; None where it answers none of ours."""
    answered = (*message.in_reply_to, *reversed(message.references))
    letter = next((one for text in answered if (one := token.verify(text, desk.keys))), None)
    sent = view.outbox.by_letter(letter) if letter else None
    return moment - sent.sent_at if sent is not None and sent.sent_at is not None else None


def _fulfilled(desk: Desk, view: View, mail: Mail, asks: Wished, *, now: datetime) -> Received:
    """Do what a mail wishes that is about nothing but letters."""
    message, actor, because = mail.message, wisher(asks), asks.because(desk.settings.helpdesk.tag)
    number = asks.on.number if asks.on else None
    if not (asks.changes or asks.alive):
        return Received(intake=mail.row.id, outcome=Outcome.IGNORED, ticket=number, because=because)
    act = view.tickets.begin_act("mail", actor, now=now, intake=mail.row.id)
    told = fulfil(
        desk, view, asks, act=act, actor=actor, mailbox=mail.row.mailbox, now=now,
        quiet=mail.row.quiet or quiet_of(desk.settings.mailboxes[mail.row.mailbox], _moment(mail, now)),
        thread=Thread(in_reply_to=message.message_id, references=(message.message_id,) * bool(message.message_id)),
    )  # fmt: skip
    letters = sum(isinstance(one, Told) for one in told)
    return Received(
        intake=mail.row.id, outcome=Outcome.IGNORED, ticket=number, because=because, letters=letters,
        withheld=len(told) - letters,
    )  # fmt: skip


def _told_only(desk: Desk, view: View, mail: Mail, wish: Asked, *, now: datetime) -> Received:
    """Answer a mail that does nothing but ask how tickets stand."""
    actor, alive = actor_of(mail.message, wish.contact), alive_address(view, mail.message, wish.contact, desk.settings)
    act = view.tickets.begin_act("mail", actor, now=now, intake=mail.row.id)
    if alive:
        mark_alive(view, alive, wish.contact)
        wish = replace(wish, contact=with_alive(wish.contact, alive))
        if wish.ticket is not None:
            view.tickets.record(act, wish.ticket.number, (is_alive(alive, actor, desk.settings),), now=now)
    told = answer(desk, view, mail.message, wish, mailbox=mail.row.mailbox, act=act, now=now)
    is_told = isinstance(told, Told)
    return Received(
        intake=mail.row.id, outcome=Outcome.IGNORED, ticket=wish.ticket.number if wish.ticket else None,
        because=f"{wish.because}, and {'a letter tells him' if is_told else told.because}",
        letters=int(is_told), withheld=int(not is_told),
    )  # fmt: skip


def _onto_a_ticket(
    desk: Desk, view: View, mail: Mail, arrived: Arrived, settled: Settled, wish: Asked | None
) -> Received:
    """Open a ticket or add to one, record the events, queue the letters."""
    now, tag, decision = arrived.now, desk.settings.helpdesk.tag, settled.decision
    known = _customer(view, mail, now=now)
    planned, act_by_mail = plan_mail(desk, view, arrived, settled.found, decision, mail.proof, mail.hand, known)
    if settled.merging is not None:
        write_merging(view, settled.merging, now=now)
    if act_by_mail is not None:
        actor, because = act_by_mail.actor, act_by_mail.because
        carried = by_mail.write(view, act_by_mail, mail.row, tag=tag)
    else:
        actor, because = arrived.actor, planned.because
        carried = write(view, planned, arrived, mail.row, tag=tag)
    mark_bounced(view, mail.message, keys=desk.keys, now=now)
    act = view.tickets.begin_act("mail", actor, now=now, intake=mail.row.id)
    view.tickets.record(act, carried.ticket.number, carried.events, now=now)
    # What an agent or a stranger wrote is no mail that a customer could have seen.
    seen = actor.kind != "agent" and carried.events[0].kind in (EventKind.OPENED, EventKind.CUSTOMER_WROTE)
    facts = act_facts(
        desk.settings, carried.ticket, carried.told, arrived, act=act_by_mail, quiet=mail.row.quiet,
        wishes=planned.letters,
    )  # fmt: skip
    heard: tuple[Told | Withheld, ...] = ()
    if settled.merging is not None:
        what = settled.merging
        view.tickets.record(act, what.merged.number, what.merged_events, now=now)
        view.tickets.record(act, what.target.number, what.target_events, now=now)
        heard = tell(desk, view, merged_facts(facts, what), act=act, now=now)
        facts = replace(facts, events=(*facts.events, *what.target_events))
    answering = mail.message if seen else None
    told = tell(desk, view, facts, act=act, now=now, entry=carried.entry, answering=answering, heard=heard)
    told = (*heard, *told, *tell_more(desk, view, facts, mail.row, now=now, answering=answering))
    if wish is not None and not any(one.recipient.contact == wish.contact.id for one in told if isinstance(one, Told)):
        told = (*told, answer(desk, view, mail.message, wish, mailbox=mail.row.mailbox, act=act, now=now))
    letters = sum(isinstance(one, Told) for one in told)
    return Received(
        intake=mail.row.id,
        outcome=Outcome.TICKET if planned.opens else Outcome.COMMENT,
        ticket=carried.ticket.number,
        because=because,
        rules=decision.rules,
        letters=letters,
        withheld=len(told) - letters,
    )


def plan_mail(
    desk: Desk, view: View, arrived: Arrived, found: Found, decision: Decision, proof: Authentication,
    hand: by_mail.Hand | None, contact_of: Callable[[Address], ContactFacts | None],
) -> tuple[Plan, by_mail.MailAct | None]:  # fmt: skip
    """What becomes of a mail that goes onto a ticket, and what the agent who acts by it does instead.

    CONTACT_OF gives the contact behind the address of a customer whose mail an agent passes on.
    """
    settings = desk.settings
    planned = plan(settings, arrived, found, decision)
    customer = by_mail.customer_of(settings, arrived.message) if hand is not None and planned.opens else None
    if hand is not None and customer is not None:
        arrived = by_mail.for_customer(arrived, customer, contact_of(customer), hand)
        planned = plan(settings, arrived, found, decision)
    timeline = NOTHING
    if hand is not None and planned.before is not None:
        timeline = timeline_of(view, planned.before, agent=hand.agent, contact=arrived.contact)
    act = by_mail.plan_act(settings, arrived, found, planned, hand, timeline=timeline)
    return by_mail.with_reason(settings, arrived, planned, proof), act


def _customer(view: View, mail: Mail, *, now: datetime) -> Callable[[Address], ContactFacts]:
    """Gives the contact of a customer whose mail is passed on; made where he is new."""

    def contact(customer: Address) -> ContactFacts:
        known = view.people.contact_of(customer.address)
        return known or view.people.add_contact(customer, now=now, language=mail.message.language)

    return contact


def act_facts(
    settings: Settings, ticket: TicketFacts, events: tuple[Event, ...], arrived: Arrived, *,
    act: by_mail.MailAct | None = None, quiet: str = "", wishes: tuple[LetterWish, ...] = (),
) -> ActFacts:  # fmt: skip
    """A mail as the resolver looks at it; ACT is what an agent does by it, WISHES are the rules' of the letters."""
    sender = arrived.message.sender
    actor = act.actor if act else arrived.actor
    return ActFacts(
        ticket=ticket,
        events=events,
        actor=actor,
        sender_key=sender.key if sender and actor.kind != "agent" else "",
        machine=arrived.message.is_machine,
        quiet=quiet or quiet_of(settings.mailboxes[arrived.mailbox], arrived.moment) or _loops(arrived, act),
        taken_over=is_takeover(events),
        doubt=_doubt(arrived, events) if act is None else "",
        silent_customer=act.silent if act else _unanswered(arrived, ticket),
        wishes=wishes,
    )


def merged_facts(facts: ActFacts, what: Merging) -> ActFacts:
    """The same mail, as it concerns the people of the ticket that was merged.

    That it is closed goes without saying where one is told that it goes on elsewhere.
    """
    return replace(facts, ticket=what.merged_after, events=what.merged_events[:1], wishes=())


def _doubt(arrived: Arrived, events: tuple[Event, ...]) -> str:
    """Why the sender may be a machine after all, '' if nothing says so.

    Whoever opens a ticket is told its number, but not, in doubt, that each further mail came in.
    """
    opens = any(event.kind is EventKind.OPENED for event in events)
    because = arrived.message.class_because
    return f"perhaps a machine: {because[0]}" if because and not opens else ""


def _loops(arrived: Arrived, act: by_mail.MailAct | None) -> str:
    """Why nobody is told of what an agent's program may have sent: programs of other agents would answer that."""
    return f"it may have been sent by a program: {arrived.doubt}" if arrived.doubt and act is None else ""


def _unanswered(arrived: Arrived, ticket: TicketFacts) -> str:
    """Why no customer is told of a mail that two machines could go on answering for ever, '' of any other.

    Relays lose the fields by which machines know each other; what a letter says arrives.
    """
    if arrived.repeat and arrived.repeat.ticket == ticket.number:
        return arrived.repeat.because
    if arrived.vendor and arrived.vendor.id:
        return f"a mail of a vendor's ticket system ({arrived.vendor.id})"
    if begins_as_letter(arrived.message.text):
        return "the letter of a helpdesk like this one"
    return ""


def _contact(view: View, message: Message, *, now: datetime) -> ContactFacts | None:
    """The contact who wrote, made from the sender if he is new; None where there is no sender."""
    if not can_be_a_contact(message):
        return None
    assert message.sender is not None
    known = view.people.contact_of(message.sender.address)
    return known or view.people.add_contact(message.sender, now=now, language=message.language)


def can_be_a_contact(message: Message) -> bool:
    """The sender is somebody with an address that a letter could go to.

    A mail server that reports on letters is nobody (RFC 3464, 5965, 8098), and 254 octets are the most that an
    address may have (RFC 5321, 4.5.3.1).
    """
    sender = message.sender
    if sender is None or message.is_bounce or message.mail_class in REPORTS:
        return False
    name = sender.key.partition("@")[0]
    if name == "mailer-daemon" or (name == "postmaster" and message.is_machine):
        return False
    return "@" in sender.address and len(sender.key.encode()) <= MAX_ADDRESS


def actor_of(message: Message, contact: ContactFacts | None) -> Actor:
    """Who acts when this mail comes in; the desk where there is no sender."""
    if contact is None:
        return DESK
    return Actor("contact", str(contact.id), contact.name or (message.sender.address if message.sender else ""))


def quiet_of(mailbox: Mailbox, moment: datetime) -> str:
    """Why nobody is told of a mail that arrived at MOMENT, '' if people are."""
    before = mailbox.quiet_before
    if before and moment.date() < before:
        return f"the mail is older than quiet_before ({before})"
    return ""


def _duplicate(view: View, mail: Mail, first: Intake, *, now: datetime, is_copy: bool = True) -> Received:
    came = f"{first.id}, which came by {first.source} {first.folder}".rstrip()
    because = f"the same mail as {came}" if is_copy else f"signed once, and done: the mail is {came}, sent again"
    done = Received(intake=mail.row.id, outcome=Outcome.DUPLICATE, ticket=first.ticket, because=because)
    view.journal.finish(
        mail.row, outcome=done.outcome, because=done.because, now=now, ticket=first.ticket, duplicate_of=first.id,
        message_id=mail.message.message_id, subject=mail.message.subject, sender=_sender(mail.message),
    )  # fmt: skip
    return done


def _finish(
    view: View, mail: Mail, done: Received, *, now: datetime, record: dict[str, Any] | None = None, file_in: str = ""
) -> Received:
    view.journal.finish(
        mail.row, outcome=done.outcome, because=done.because, now=now, content_key=mail.key, ticket=done.ticket,
        message_id=mail.message.message_id, subject=mail.message.subject, sender=_sender(mail.message),
        decision=record, file_in=file_in,
    )  # fmt: skip
    return done


def _sender(message: Message) -> str:
    return message.sender.address if message.sender else ""


def _record(desk: Desk, facts: MailFacts, decision: Decision) -> dict[str, Any]:
    """The decision record: what was seen and what was decided, enough to explain it later."""
    return {
        "rule_set": desk.rules.hash,
        "facts": rules.facts_read(desk.rules, facts),
        "class": list(facts.message.class_because),
        "defects": list(facts.message.defects[:20]),
        "finders": [
            {"finder": step.finder, "verdict": step.verdict.value, "ticket": step.ticket, "because": step.because}
            for step in facts.found.walk
        ],
        "authentication": asdict(facts.authentication) if facts.authentication != UNPROVEN else None,
        **recorded(decision),
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
