"""What composing and queueing a letter costs, in units of mail-parser's own time on ordinary mails in the same run.

Queueing is what an act takes longer for its letters: who is told and who not, and a row of the outbox each, in
transactions of twenty acts as receiving mail has them, commits included.  Half of the acts are mails that open a
ticket, half are comments of staff.
"""

import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import mailparser

from bench import desks
from desk.config import parse
from desk.desk import Desk
from desk.ingest import ingest
from desk.letters import tell
from domain.event import Actor, Event, EventKind
from domain.letter import ActFacts, LetterFacts, LetterKind, Told
from domain.message import Message, RawMail
from domain.settings import Look, Settings
from domain.token import Keys
from notifier.compose import Composer
from notifier.samples import sample
from scanner.read import read

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
        _queueing(desk, asked)
        # In turns, so that what else the machine does befalls all of them alike.
        rounds = [
            (
                _seconds(reading) / len(mails),
                _queueing(desk, asked),
                {name: _seconds(work) / len(facts) for name, work in ways.items()},
            )
            for _ in range(1 if smoke else 7)
        ]
    print(f"mail-parser    {min(unit for unit, _, _ in rounds) * 1000:.2f} ms a mail")
    print(f"queueing       {min(queued for _, queued, _ in rounds) * 1000:.2f} ms a letter")
    for name, limit in LIMITS.items():
        ratios = sorted((ours[name] + queued) / unit for unit, queued, ours in rounds)
        best = min(ours[name] for _, _, ours in rounds) * 1000
        median = ratios[len(ratios) // 2]
        print(f"{name:<14} {best:.2f} ms a letter   with queueing {median:.2f} of mail-parser, asked {limit} or less")


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


def _queueing(desk: Desk, asked: Sequence[tuple[int, Message]]) -> float:
    """Seconds a letter that acts on tickets take longer for being told."""
    silent, _ = _acts(desk, asked, told=False)
    aloud, letters = _acts(desk, asked, told=True)
    return (aloud - silent) / letters


def _acts(desk: Desk, asked: Sequence[tuple[int, Message]], *, told: bool) -> tuple[float, int]:
    """Seconds of acts on the tickets of those who ASKED, and how many letters they made."""
    letters, now = 0, desks.now()
    begun = time.process_time()
    for start in range(0, len(asked), TOGETHER):
        with desk.store.act() as view:
            for number, message in asked[start : start + TOGETHER]:
                answering = message if number % 2 else None
                event = OPENED if answering else ANSWERED
                ticket = view.tickets.facts(number)
                act = view.tickets.begin_act("mail", event.actor, now=now)
                view.tickets.record(act, number, (event,), now=now)
                if told:
                    facts = ActFacts(ticket=ticket, events=(event,), actor=event.actor)
                    who = tell(desk, view, facts, act=act, now=now, answering=answering)
                    letters += sum(isinstance(one, Told) for one in who)
    return time.process_time() - begun, letters


def _each(items: Iterable[object], work: Callable[..., object]) -> Callable[[], object]:
    return lambda: [work(item) for item in items]


def _seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun
