"""What composing and queueing a letter costs, in units of mail-parser's own time on ordinary mails in the same run.

Queueing is what an act takes longer for the rows of its letters in the outbox, in transactions of twenty acts as
receiving mail has them, commits included.  Half of the acts are mails that open a ticket, half are comments of staff.
Deciding who is told and who not is given beside it, as part of an act's cost and not of a letter's.
"""

import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import mailparser

from bench import desks
from desk.config import parse
from desk.desk import Desk
from desk.ingest import ingest
from desk.letters import tell, with_recent
from domain.event import Actor, Event, EventKind
from domain.letter import ActFacts, LetterFacts, LetterKind, Told, Withheld
from domain.message import Message, RawMail
from domain.settings import Look, Settings
from domain.token import Keys
from notifier.compose import Composer
from notifier.resolve import resolve
from notifier.samples import sample
from scanner.read import read
from store.store import View

LIMITS = {"text": 0.5, "text and HTML": 1.5}
KINDS = (LetterKind.ACKNOWLEDGEMENT, LetterKind.COMMENT, LetterKind.STATUS, LetterKind.STAFF_CUSTOMER)
TOGETHER = 20
OPENED = Event(kind=EventKind.OPENED, actor=Actor("contact", "1", "Kunde"), because="a mail")
ANSWERED = Event(kind=EventKind.COMMENT, actor=Actor("agent", "bert", "Bert"))


def run(*, smoke: bool, corpus: Path | None) -> None:
    mails = desks.mails(20 if smoke else 300, corpus)
    settings, problems = parse(desks.CONFIG.format(imap=143, smtp=25, user="support"))
    assert settings is not None, problems
    facts = [replace(sample(settings, KINDS[n % 4], language="de"), letter=f"{n:016d}") for n in range(len(mails))]
    ways: dict[str, Callable[[], object]] = {
        "text": _composing(facts, settings, html=False),
        "text and HTML": _composing(facts, settings, html=True),
    }
    reading = _each(mails, mailparser.parse_from_bytes)
    for work in (reading, *ways.values()):
        work()
    with tempfile.TemporaryDirectory() as folder, desks.opened(Path(folder), imap=143) as desk:
        asked = _asked(desk, 2 * TOGETHER if smoke else 200)
        _queueing(desk, asked, at=desks.now() + timedelta(days=10))
        # In turns, so that what else the machine does befalls all of them alike.
        rounds = [
            (
                _seconds(reading) / len(mails),
                _queueing(desk, asked, at=desks.now() + timedelta(days=10 * (turn + 2))),
                {name: _seconds(work) / len(facts) for name, work in ways.items()},
            )
            for turn in range(1 if smoke else 7)
        ]
    row, deciding = (min(found[place] for _, found, _ in rounds) * 1000 for place in (0, 1))
    print(f"mail-parser    {min(unit for unit, _, _ in rounds) * 1000:.2f} ms a mail")
    print(f"queueing       {row:.2f} ms a letter, and {deciding:.2f} for deciding who is told")
    for name, limit in LIMITS.items():
        best = min(ours[name] for _, _, ours in rounds) * 1000
        ratio = _median((ours[name] + queued[0]) / unit for unit, queued, ours in rounds)
        whole = _median((ours[name] + sum(queued)) / unit for unit, queued, ours in rounds)
        print(
            f"{name:<14} {best:.2f} ms a letter; with queueing {ratio:.2f} of mail-parser, asked {limit} or less; "
            f"with deciding {whole:.2f}"
        )


def _median(ratios: Iterable[float]) -> float:
    found = sorted(ratios)
    return found[len(found) // 2]


def _composing(facts: list[LetterFacts], settings: Settings, *, html: bool) -> Callable[[], object]:
    wished = settings.notifications.model_copy(update={"look": Look(html=html)})
    composer = Composer(settings.model_copy(update={"notifications": wished}), keys=Keys((b"0123456789abcdef",)))
    return _each(facts, composer.compose)


def _asked(desk: Desk, count: int) -> list[tuple[int, Message]]:
    """COUNT customers write; the numbers of their tickets, and what they wrote."""
    found = []
    for n in range(count):
        mail = (
            f"From: kunde{n}@kunde{n}.example\r\nTo: support@acme.example\r\nSubject: Frage {n}\r\n"
            f"Message-ID: <{n}@kunde.example>\r\n\r\nWo ist meine Rechnung {n}?\r\n"
        ).encode()
        row, _ = ingest(desk, mail, mailbox="support", read=read, now=desks.now())
        assert row.ticket is not None
        found.append((row.ticket, read(RawMail(data=mail, size=len(mail)))))
    return found


def _queueing(desk: Desk, asked: Sequence[tuple[int, Message]], *, at: datetime) -> tuple[float, float]:
    """Seconds a letter for its row, and for deciding who is told; AT is so late that no loop budget is spent."""
    silent, _ = _acts(desk, asked, _silent, now=at)
    decided, _ = _acts(desk, asked, _decided, now=at)
    told, letters = _acts(desk, asked, tell, now=at)
    return (told - decided) / letters, (decided - silent) / letters


def _acts(
    desk: Desk, asked: Sequence[tuple[int, Message]], way: Callable[..., Sequence[Told | Withheld]], *, now: datetime
) -> tuple[float, int]:
    """Seconds of acts on the tickets of those who ASKED, and how many are told of them in this WAY."""
    letters = 0
    begun = time.process_time()
    for start in range(0, len(asked), TOGETHER):
        with desk.store.act() as view:
            for number, message in asked[start : start + TOGETHER]:
                answering = message if number % 2 else None
                event = OPENED if answering else ANSWERED
                ticket = view.tickets.facts(number)
                act = view.tickets.begin_act("mail", event.actor, now=now)
                view.tickets.record(act, number, (event,), now=now)
                facts = ActFacts(ticket=ticket, events=(event,), actor=event.actor)
                told = way(desk, view, facts, act=act, now=now, answering=answering)
                letters += sum(isinstance(one, Told) for one in told)
    return time.process_time() - begun, letters


def _silent(*_: object, **__: object) -> tuple[Told, ...]:
    """Nobody is told."""
    return ()


def _decided(desk: Desk, view: View, facts: ActFacts, *, now: datetime, **_: object) -> Sequence[Told | Withheld]:
    """Who would be told."""
    return resolve(with_recent(desk, view, facts, now), desk.settings)


def _each(items: Iterable[object], work: Callable[..., object]) -> Callable[[], object]:
    return lambda: [work(item) for item in items]


def _seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun
