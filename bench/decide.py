"""What reading and deciding cost, in units of mail-parser's own time on the same mails."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import mailparser

import rules
from bench import desks
from desk.receive import receive
from domain.decision import MailFacts
from domain.intake import Arrival
from domain.message import RawMail
from scanner.content_key import content_key
from scanner.read import read

BUDGET = "budget: read 1.6 · decide 0.2 · find, compose, queue and store 1.0"


def run(*, smoke: bool, corpus: Path | None) -> None:
    mails = desks.mails(40 if smoke else 600, corpus)
    unit = _per_mail(mails, mailparser.parse_from_bytes)
    reading = _per_mail(mails, lambda data: (read(RawMail(data=data, size=len(data))), content_key(data)))
    messages = [read(RawMail(data=data, size=len(data))) for data in mails]
    with tempfile.TemporaryDirectory() as folder, desks.opened(Path(folder), imap=143) as desk:
        deciding = _per_mail(messages, lambda one: rules.decide(desk.rules, MailFacts(message=one, mailbox="support")))
        with desk.store.act() as view:
            arrivals = [
                Arrival(source="support", position=str(n), mailbox="support", uid=n, size=len(data))
                for n, data in enumerate(mails, 1)
            ]
            view.journal.arrive(arrivals, now=desks.now())
            view.journal.store({n: view.blobs.put(data) for n, data in enumerate(mails, 1)})
        ready = dict(zip(mails, messages, strict=True))
        begun = time.process_time()
        while not receive(desk, "support", read=lambda raw: ready[raw.data], now=desks.now()).is_empty:
            pass
        keeping = (time.process_time() - begun) / len(mails) - _per_mail(mails, content_key)
    print(f"mail-parser {unit * 1000:.2f} ms a mail")
    for name, seconds in (("read", reading), ("decide", deciding), ("all the rest", keeping)):
        print(f"{name:<12} {seconds * 1000:.2f} ms   {seconds / unit:.2f} of mail-parser")
    print(BUDGET)


def _per_mail(items: list, work: Callable) -> float:  # type: ignore[type-arg]
    begun = time.process_time()
    for item in items:
        work(item)
    return (time.process_time() - begun) / len(items)
