"""How many letters a second leave, beside raw smtplib on one kept connection to the same sink.

Both send the same bytes, in turns, within one run.  Ours claims each letter, asks the gate again,
writes its words, sends it, keeps a copy and notes the reply, all of it on disk.
"""

import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from smtplib import SMTP

from bench import desks
from desk.deliver import Delivery
from desk.desk import Desk
from desk.ingest import ingest
from domain.settings import Smtp
from notifier.compose import Composer
from notifier.smtp import SmtpSender
from notifier.writer import Writer
from scanner.read import read
from store.outbox import QueuedLetter
from tests.servers.ports import LOOPBACK, answers, free_port

LIMIT = 0.6
ROUNDS = 5
_SINK = """
import sys, time
from tests.servers.smtp import SmtpSink
sink = SmtpSink(port=int(sys.argv[1]))
with sink:
    sys.stdin.read()
"""


def run(*, smoke: bool, corpus: Path | None) -> None:
    count = 20 if smoke else 200
    port = free_port()
    sink = subprocess.Popen([sys.executable, "-c", _SINK, str(port)], stdin=subprocess.PIPE)
    try:
        if not answers(port):
            raise SystemExit("the sink does not answer")
        for html in (False, True):
            with tempfile.TemporaryDirectory() as folder, desks.opened(Path(folder), imap=143, smtp=port) as desk:
                look = desk.settings.notifications.look.model_copy(update={"html": html})
                notifications = desk.settings.notifications.model_copy(update={"look": look})
                settings = desk.settings.model_copy(update={"notifications": notifications})
                print("letters with HTML" if html else "letters as text")
                _report(*_measured(replace(desk, settings=settings), port, count))
    finally:
        sink.communicate(timeout=10)


def _measured(desk: Desk, port: int, count: int) -> tuple[list[float], list[float], list[float]]:
    """Seconds a letter for raw smtplib and for ours, one figure a round, and the processor's part of ours."""
    raw, ours, busy = [], [], []
    smtp = Smtp.model_validate({"host": LOOPBACK, "port": port, "tls": "none"})
    sender = SmtpSender(smtp, password=None)
    writer = Writer(Composer(desk.settings, keys=desk.keys), desk.settings)
    delivery = Delivery(desk, sender, writer, clock=desks.now, chance=lambda: 0.5)
    with SMTP(LOOPBACK, port, timeout=30) as connection:
        for turn in range(ROUNDS):
            _queue(desk, turn, count)
            begun, worked = time.perf_counter(), time.process_time()
            report = delivery.deliver()
            ours.append((time.perf_counter() - begun) / report.sent)
            busy.append((time.process_time() - worked) / report.sent)
            letters = _sent(desk, report.sent)
            begun = time.perf_counter()
            for sender_, recipient, data in letters:
                connection.sendmail(sender_, [recipient], data)
            raw.append((time.perf_counter() - begun) / len(letters))
    delivery.close()
    return raw, ours, busy


def _queue(desk: Desk, turn: int, count: int) -> None:
    """COUNT tickets, each with an acknowledgement and a letter to staff."""
    for n in range(count):
        mail = (
            f"From: kunde{turn}.{n}@kunde.example\r\nTo: support@acme.example\r\nSubject: Frage {turn}/{n}\r\n"
            f"Message-ID: <{turn}.{n}@kunde.example>\r\n\r\nWo ist meine Rechnung {turn}/{n}?\r\nBitte um Antwort.\r\n"
        )
        ingest(desk, mail.encode(), mailbox="support", read=read, now=desks.now())


def _sent(desk: Desk, count: int) -> list[tuple[str, str, bytes]]:
    with desk.store.reading() as view:
        letters: tuple[QueuedLetter, ...] = view.outbox.recent_letters(limit=count)
        return [
            ("support@acme.example", letter.recipient.address, view.blobs.get(letter.blob))
            for letter in letters
            if letter.blob is not None
        ]


def _report(raw: list[float], ours: list[float], busy: list[float]) -> None:
    ratios = sorted(a / b for a, b in zip(raw, ours, strict=True))
    ratio = ratios[len(ratios) // 2]
    print(f"raw smtplib  {1 / min(raw):7,.0f} letters/s (best round)")
    print(f"ours         {1 / min(ours):7,.0f} letters/s (best round)")
    print(f"ours busy    {min(busy) * 1000:7.2f} ms a letter of processor time")
    print(f"ours / raw   {ratio:.2f} (median of {len(ratios)} rounds; at least {LIMIT})")
