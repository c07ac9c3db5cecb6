"""Mails for tests and benchmarks: as varied as a support mailbox, the same ones for the same seed.

Each carries a token that occurs once in its text and nowhere else, so that lost and doubled mails
can be counted in the database.
"""

import base64
import quopri
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
KINDS = ("plain", "alternative", "html", "reply", "attachment", "auto-reply", "newsletter")
WEIGHTS = (24, 28, 10, 22, 9, 4, 3)


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
            *_trace(chance, host, moment),
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


def _trace(chance: random.Random, host: str, moment: datetime) -> list[str]:
    """What the servers on the way put in front: every real mail has it, and readers pay for it."""
    when = format_datetime(moment)
    hops = [
        f"Received: from mx{n}.{host} (mx{n}.{host} [192.0.2.{n}])\r\n\tby relay{n}.acme.example (Postfix) with ESMTPS "
        f"id {chance.getrandbits(44):011X}\r\n\tfor <support@acme.example>; {when}"
        for n in range(chance.choice((2, 3, 3, 4)))
    ]
    signature = base64.b64encode(chance.randbytes(256)).decode()
    folded = "\r\n\t ".join(signature[at : at + 66] for at in range(0, len(signature), 66))
    return [
        f"Return-Path: <bounce@{host}>",
        *hops,
        (
            f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={host}; s=one;\r\n\th=From:To:Subject:Date;"
            f"\r\n\tb={folded}"
        ),
        f"Authentication-Results: mail.acme.example; dkim=pass header.d={host};\r\n\tspf=pass smtp.mailfrom={host}",
    ]


def _person(chance: random.Random) -> tuple[str, str]:
    number = chance.randrange(300)
    return NAMES[number % len(NAMES)], f"kunde{number:03d}@{HOSTS[number % len(HOSTS)]}"


def _text(chance: random.Random, token: str) -> str:
    size = int(min(60_000, max(150, chance.lognormvariate(7.35, 0.9))))
    lines = [" ".join(chance.choices(WORDS, k=10)) for _ in range(size // 60 + 1)]
    return "\r\n".join([*lines, "", f"Ref {token}", ""])


def _mail(head: list[str], kind: str, text: str, chance: random.Random) -> bytes:
    plain = _part([], "text/plain", text.encode())
    match kind:
        case "html":
            return _part(head, "text/html", _html(text))
        case "alternative":
            # The token stands in both: they are one text.
            return _parts(head, "alternative", plain, _part([], "text/html", _html(text)))
        case "attachment":
            data = base64.encodebytes(chance.randbytes(chance.randrange(10_000, 400_000))).replace(b"\n", b"\r\n")
            report = b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
            return _parts(
                head, "mixed", plain, report + b'Content-Disposition: attachment; filename="bericht.pdf"\r\n\r\n' + data
            )
        case _:
            return _part(head, "text/plain", text.encode())


def _html(text: str) -> bytes:
    style = "p.MsoNormal {margin: 0cm; font-size: 11.0pt; font-family: Calibri, sans-serif;}\n" * 6
    lines = "".join(
        f'<p class="MsoNormal"><span style="font-size:10pt">{line}</span></p>\r\n' for line in text.split("\r\n")
    )
    return f"<html><head><style>{style}</style></head><body>{lines}</body></html>".encode()


def _parts(head: list[str], subtype: str, *parts: bytes) -> bytes:
    inside = b"".join(b"--grenze\r\n" + part + b"\r\n" for part in parts) + b"--grenze--\r\n"
    return "\r\n".join([*head, f'Content-Type: multipart/{subtype}; boundary="grenze"']).encode() + b"\r\n\r\n" + inside


def _part(head: list[str], content_type: str, body: bytes) -> bytes:
    """A part whose text is quoted-printable, as most programs send what is not English."""
    encoded = quopri.encodestring(body.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    fields = [*head, f"Content-Type: {content_type}; charset=utf-8", "Content-Transfer-Encoding: quoted-printable"]
    return "\r\n".join(fields).encode() + b"\r\n\r\n" + encoded
