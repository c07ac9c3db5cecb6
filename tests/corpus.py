"""Mails for tests and benchmarks: as varied as a support mailbox, the same ones for the same seed.

Each carries a token that occurs once in its text and nowhere else, so that lost and doubled mails
can be counted in the database.
"""

import base64
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.header import Header
from email.utils import format_datetime

WORDS = tuple(
    """Guten Tag leider funktioniert der Drucker im dritten Stock seit heute früh nicht mehr die Anzeige meldet einen
    Fehler und wir können keine Rechnungen verschicken bitte prüfen Sie ob die Schnittstelle überhaupt läuft hello the
    printer on third floor stopped this morning we cannot send invoices please check whether it is running""".split()  # noqa: SIM905
)
NAMES = ("Jörg Müller", "Anja Weiß", "Sean O'Neill", "Zoë König", "Olga Jäger", "Małgorzata Łukasik")
HOSTS = ("kunde.example", "firma.example", "example.net", "example.org")
KINDS = ("plain", "html", "reply", "attachment", "auto-reply", "newsletter")
WEIGHTS = (45, 15, 20, 12, 5, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One mail and the token in its text."""

    data: bytes
    token: str
    kind: str


def samples(count: int, *, seed: int = 1, to: str = "support@acme.example") -> Iterator[Sample]:
    """COUNT mails."""
    chance = random.Random(seed)
    written: list[tuple[str, str, str]] = []
    moment = datetime(2026, 1, 5, 7, 0, tzinfo=UTC)
    for n in range(count):
        moment += timedelta(seconds=chance.randrange(5, 400))
        token = f"tok{n:06d}x{chance.getrandbits(32):08x}"
        kind = chance.choices(KINDS, WEIGHTS)[0]
        name, address = _person(chance)
        subject = " ".join(chance.sample(WORDS, chance.randrange(3, 8)))
        host = address.partition("@")[2]
        reply_to = ""
        if kind == "reply" and written:
            reply_to, subject, address = chance.choice(written)
            subject = f"AW: {subject}"
        message_id = f"{chance.getrandbits(64):016x}@{address.partition('@')[2]}"
        if kind == "plain":
            written.append((message_id, subject, address))
        head = [
            f"Return-Path: <{address}>",
            f"Received: from mx.{host} (mx [192.0.2.7]) by mail.acme.example; {format_datetime(moment)}",
            f"From: {Header(name, 'utf-8').encode()} <{address}>",
            f"To: <{to}>",
            f"Subject: {Header(subject, 'utf-8').encode(linesep=chr(13) + chr(10))}",
            f"Date: {format_datetime(moment)}",
            f"Message-ID: <{message_id}>",
            "MIME-Version: 1.0",
        ]
        head += [f"In-Reply-To: <{reply_to}>", f"References: <{reply_to}>"] if reply_to else []
        head += ["Auto-Submitted: auto-replied"] if kind == "auto-reply" else []
        head += ["List-Id: <news.shop.example>", "Precedence: bulk"] if kind == "newsletter" else []
        yield Sample(data=_mail(head, kind, _text(chance, token), chance), token=token, kind=kind)


def _person(chance: random.Random) -> tuple[str, str]:
    number = chance.randrange(300)
    return NAMES[number % len(NAMES)], f"kunde{number:03d}@{HOSTS[number % len(HOSTS)]}"


def _text(chance: random.Random, token: str) -> str:
    lines = [" ".join(chance.choices(WORDS, k=10)) for _ in range(chance.randrange(3, 60))]
    return "\r\n".join([*lines, "", f"Ref {token}", ""])


def _mail(head: list[str], kind: str, text: str, chance: random.Random) -> bytes:
    if kind == "html":
        body = "".join(f"<p>{line}</p>\r\n" for line in text.split("\r\n"))
        return _part(head, "text/html", f"<html><body>{body}</body></html>".encode())
    if kind == "attachment":
        data = base64.encodebytes(chance.randbytes(chance.randrange(5_000, 200_000))).replace(b"\n", b"\r\n")
        parts = (
            _part([], "text/plain", text.encode()),
            (
                b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
                b'Content-Disposition: attachment; filename="bericht.pdf"\r\n\r\n' + data
            ),
        )
        inside = b"".join(b"--grenze\r\n" + part + b"\r\n" for part in parts) + b"--grenze--\r\n"
        head = [*head, 'Content-Type: multipart/mixed; boundary="grenze"']
        return "\r\n".join(head).encode() + b"\r\n\r\n" + inside
    return _part(head, "text/plain", text.encode())


def _part(head: list[str], content_type: str, body: bytes) -> bytes:
    fields = [*head, f"Content-Type: {content_type}; charset=utf-8", "Content-Transfer-Encoding: 8bit"]
    return "\r\n".join(fields).encode() + b"\r\n\r\n" + body
