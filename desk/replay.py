"""Deciding stored mails again: what another rule set, or today's, would make of them.  Nothing is touched.

    then    on the facts that the decision record keeps, with the verdicts that the finders gave
    now     on the mail read again from its bytes, the finders asked again as if this mail and everything
            later were not there

A record keeps what the rules of its day looked at, long texts cut.  Where that is not all that the other
rules look at, the mail itself is read again from its bytes, also for `then`; the finders' verdicts stay.
With the rule set that decided a mail, `then` gives the same decision again.

Mails are taken in batches; none is read, and no rule asked, inside a transaction.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import rules
from desk import finders
from desk.by_mail import unproven, writer
from desk.desk import Desk
from desk.facts import informed
from desk.receive import Read, said_before
from desk.record import lookups_of, recorded
from domain.decision import Decision, FinderVerdict, Found, MailFacts, Verdict
from domain.errors import NotFound
from domain.intake import Intake
from domain.message import Message, RawMail
from domain.ticket import TicketFacts
from rules import NotRecorded, RuleSet
from scanner.authentication import authentication
from store.past import Past

BATCH = 200
BATCH_OCTETS = 8_000_000
_GONE = "its bytes, or its mailbox, are no longer here"
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Facts(StrEnum):
    """On which facts a mail is decided again."""

    THEN = "then"
    NOW = "now"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One mail decided again: the record of then beside what it would be.

    `now` is None where it cannot be decided again, and `because` says why.  `reread` tells that its bytes
    were needed; then `facts` are what was seen in them.
    """

    row: Intake
    then: Mapping[str, Any]
    now: Mapping[str, Any] | None
    facts: MailFacts | None = None
    reread: bool = False
    because: str = ""


def replay(
    desk: Desk, ruleset: RuleSet, *, facts: Facts, read: Read, since: datetime = _LONG_AGO, only: Sequence[int] = (),
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Replayed]:  # fmt: skip
    """Every mail that rules decided SINCE a moment, or ONLY some, decided again by RULESET, in order."""
    with desk.store.reading() as view:
        at_least = view.journal.first_since(since)
    while not stop():
        with desk.store.reading() as view:
            batch = view.journal.decided(at_least=at_least, limit=BATCH, only=only)
        if not batch:
            return
        yield from _again(desk, ruleset, batch, facts=facts, read=read)
        at_least = batch[-1][0].id + 1


def seen_then(desk: Desk, row: Intake, record: Mapping[str, Any], *, read: Read) -> MailFacts | None:
    """A mail read again, with the verdicts that the finders gave then; None where its bytes are gone."""
    seen = _reread(desk, desk.rules, [(row, dict(record))], facts=Facts.THEN, read=read).get(row.id)
    return seen[0] if seen else None


def count(desk: Desk, since: datetime = _LONG_AGO) -> int:
    """How many mails `replay` has to decide."""
    with desk.store.reading() as view:
        return view.matches.decided(at_least=view.journal.first_since(since))


def _again(
    desk: Desk, ruleset: RuleSet, batch: Sequence[tuple[Intake, dict[str, Any]]], *, facts: Facts, read: Read
) -> Iterator[Replayed]:
    remembered = {row.id: _on_record(ruleset, record) if facts is Facts.THEN else None for row, record in batch}
    for part in _parts(batch, remembered):
        needed = [(row, record) for row, record in part if remembered[row.id] is None]
        reread = _reread(desk, ruleset, needed, facts=facts, read=read)
        for row, record in part:
            decision, (seen, now_decided) = remembered[row.id], reread.get(row.id, (None, None))
            if decision is None and seen is not None:
                decision = now_decided or _on_mail(ruleset, record, seen)
            now = None if decision is None else recorded(decision)
            why = _GONE if now is None else ""
            yield Replayed(row=row, then=record, now=now, facts=seen, reread=seen is not None, because=why)


def _on_record(ruleset: RuleSet, record: Mapping[str, Any]) -> Decision | None:
    """What RULESET decides on the record alone; None where the record is not enough for it."""
    try:
        return rules.decide_again(ruleset, record.get("facts", {}), lookups=lookups_of(record))
    except NotRecorded:
        return None


def _on_mail(ruleset: RuleSet, record: Mapping[str, Any], seen: MailFacts) -> Decision:
    """What RULESET decides on a mail that was read again, by the record as far as that goes."""
    return rules.decide_again(ruleset, record.get("facts", {}), lookups=lookups_of(record), mail=seen)


def _reread(
    desk: Desk, ruleset: RuleSet, needed: Sequence[tuple[Intake, dict[str, Any]]], *, facts: Facts, read: Read
) -> dict[int, tuple[MailFacts, Decision | None]]:
    """What the rules may look at in mails that are read again; those without bytes or mailbox are left out.

    NOW with what RULESET decides on them: its rules may ask for tickets, for which the database must be open.
    """
    data = _bytes_of(desk, [row for row, _ in needed])
    messages = {row.id: _read(desk, row, data[row.id], read) for row, _ in needed if row.id in data}
    if facts is Facts.THEN:
        return {
            row.id: (_facts(row, messages[row.id], found_then(row, record)), None)
            for row, record in needed
            if row.id in messages
        }
    if not messages:
        return {}
    with desk.store.reading() as view:
        return {
            row.id: _decided_now(replace(desk, rules=ruleset), Past(view, row), row, messages[row.id])
            for row, _ in needed
            if row.id in messages and row.mailbox in desk.settings.mailboxes
        }


def _decided_now(desk: Desk, past: Past, row: Intake, message: Message) -> tuple[MailFacts, Decision]:
    """What is known of a mail now, as if it and everything later were not there, and what is decided on that."""
    moment = row.done_at or row.listed_at
    arrived = min(row.arrived or moment, moment)
    proof = authentication(message, desk.settings.mailboxes[row.mailbox].authserv)
    is_act = bool(writer(desk.settings, message)) and not unproven(desk.settings, message, proof)
    found = _found_now(desk, past, row, message, arrived=arrived, is_act=is_act)
    facts = replace(_facts(row, message, found), authentication=proof)
    facts = informed(desk, past, facts, moment=arrived, now=moment, is_act=is_act, lock=False)
    decision = rules.decide(desk.rules, facts)
    answers = {lookup: _ticket(number, row) for lookup, number in decision.lookups if number is not None}
    return replace(facts, targets=answers.get), decision


def _read(desk: Desk, row: Intake, data: bytes, read: Read) -> Message:
    return read(RawMail(data=data[: desk.settings.limits.mail_size], size=row.size, arrived=row.arrived))


def _facts(row: Intake, message: Message, found: Found) -> MailFacts:
    return MailFacts(message=message, mailbox=row.mailbox, folder=row.folder, found=found)


def _found_now(desk: Desk, past: Past, row: Intake, message: Message, *, arrived: datetime, is_act: bool) -> Found:
    """What the finders say now."""
    _, repeat = said_before(desk, past, message, mailbox=row.mailbox, moment=arrived)
    return finders.find(
        past, message, mailbox=desk.settings.mailboxes[row.mailbox], settings=desk.settings, keys=desk.keys, lock=False,
        repeat=repeat, is_proven_agent=is_act,
    )  # fmt: skip


def found_then(row: Intake, record: Mapping[str, Any]) -> Found:
    """What the finders said when a mail was decided.  Of the ticket only the number is known."""
    walk = tuple(
        FinderVerdict(
            finder=step["finder"], verdict=Verdict(step["verdict"]), ticket=step["ticket"], because=step["because"]
        )
        for step in record.get("finders", ())
    )
    last = walk[-1] if walk else None
    if last is not None and last.verdict in (Verdict.TICKET, Verdict.UNCONFIRMED) and last.ticket is not None:
        return Found(walk=walk, verdict=last.verdict, ticket=_ticket(last.ticket, row))
    linked = next((step.ticket for step in walk if step.verdict is Verdict.FOREIGN), None)
    return Found(walk=walk, verdict=Verdict.FOREIGN if linked else Verdict.NOTHING, linked=linked)


def _ticket(number: int, row: Intake) -> TicketFacts:
    return TicketFacts(
        number=number, title="", status="", priority="", created_at=row.listed_at, updated_at=row.listed_at
    )


def _parts(
    batch: Sequence[tuple[Intake, dict[str, Any]]], remembered: Mapping[int, Decision | None]
) -> Iterator[list[tuple[Intake, dict[str, Any]]]]:
    """BATCH in pieces whose mails, where they are to be read again, fit into memory together."""
    part: list[tuple[Intake, dict[str, Any]]] = []
    octets = 0
    for row, record in batch:
        size = row.size if remembered[row.id] is None else 0
        if part and octets + size > BATCH_OCTETS:
            yield part
            part, octets = [], 0
        part.append((row, record))
        octets += size
    if part:
        yield part


def _bytes_of(desk: Desk, rows: Sequence[Intake]) -> dict[int, bytes]:
    """The bytes of mails that are still here."""
    found: dict[int, bytes] = {}
    if not rows:
        return found
    with desk.store.reading() as view:
        for row in rows:
            try:
                found[row.id] = view.blobs.get(row.blob or "")
            except NotFound:
                continue
    return found
