"""What writing a letter costs, in units of mail-parser's own time on ordinary mails in the same run."""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import mailparser

from bench import desks
from desk.config import parse
from domain.letter import LetterFacts, LetterKind
from domain.settings import Look, Settings
from domain.token import Keys
from notifier.compose import Composer
from notifier.samples import sample

LIMITS = {"text": 0.5, "text and HTML": 1.5}
KINDS = (LetterKind.ACKNOWLEDGEMENT, LetterKind.COMMENT, LetterKind.STATUS, LetterKind.STAFF_CUSTOMER)


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
    # In turns, so that what else the machine does befalls all of them alike.
    rounds = [
        (_seconds(reading), {name: _seconds(work) for name, work in ways.items()}) for _ in range(1 if smoke else 5)
    ]
    print(f"mail-parser {min(unit for unit, _ in rounds) / len(mails) * 1000:.2f} ms a mail")
    for name, limit in LIMITS.items():
        ratios = sorted(ours[name] / unit for unit, ours in rounds)
        best = min(ours[name] for _, ours in rounds) / len(mails) * 1000
        print(
            f"{name:<14} {best:.2f} ms a letter   {ratios[len(ratios) // 2]:.2f} of mail-parser, asked {limit} or less"
        )


def _composing(facts: list[LetterFacts], settings: Settings, *, html: bool) -> Callable[[], object]:
    wished = settings.notifications.model_copy(update={"look": Look(html=html)})
    composer = Composer(settings.model_copy(update={"notifications": wished}), keys=Keys((b"0123456789abcdef",)))
    return _each(facts, composer.compose)


def _each(items: Iterable[object], work: Callable[..., object]) -> Callable[[], object]:
    return lambda: [work(item) for item in items]


def _seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun
