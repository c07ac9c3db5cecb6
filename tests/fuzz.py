"""Mutated mails against the reader: `python -m tests.fuzz --mails 1000000 [--seconds 600] [--corpus DIR]`.

Every mail must be read without an exception, within LIMIT seconds and MEMORY, into text that a database
takes, and its attachments must come back with the size that was promised.  Seeds are the mails below and
those of `tests/corpus.py`, or the files of DIR.  The same seed gives the same mails; what failed is kept.
"""

import argparse
import math
import random
import re
import resource
import signal
import sys
import tempfile
import time
import traceback
from base64 import encodebytes
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from domain.errors import NotFound
from domain.message import Message, RawMail
from scanner.html import sanitised
from scanner.read import attachment, read
from scanner.structure import structure
from tests.corpus import samples

LIMIT = 5.0
"""Seconds for one mail, also on a machine that has other work."""
MEMORY = 200
"""Megabytes that one mail may take on top of what the process has."""
REPORT_EVERY = 600
"""Seconds between two lines of a long run."""
MAX_SEED = 60_000
MAX_OWN = 10_000
"""Octets: larger seeds, files and our own, are cut, so that many mails fit into a short run."""

_CLEAR, _STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")

HEAD = b"From: Ada <ada@x.example>\nTo: help@y.example\nSubject: =?utf-8?Q?Gr=C3=B6=C3=9Fe?=\nMIME-Version: 1.0\n"
INNER = b"From: eve@z.example\nSubject: Inner\nDate: Mon, 2 Mar 2026 10:00:00 +0100\n\nInner text\n"


def _mixed(*parts: bytes, kind: bytes = b"mixed") -> bytes:
    body = b"".join(b"--b\n" + part + b"\n" for part in parts)
    return HEAD + b"Content-Type: multipart/" + kind + b'; boundary="b"\n\n' + body + b"--b--\n"


SEEDS = (
    HEAD + b"\nHello,\n\nmy printer burns.\n\nOn Mon, 2 Mar 2026 at 10:00, Bob wrote:\n> Well?\n-- \nAda\n",
    _mixed(
        b"Content-Type: text/plain; charset=iso-8859-1\n\nGr\xfc\xdfe",
        b"Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
        b"<table><tr><td style=3D'display:none'>x</td><td>Gr=C3=BC=C3=9Fe</td></tr></table>",
        kind=b"alternative",
    ),
    _mixed(
        b"\nhi",
        b"Content-Type: message/rfc822\n\n" + INNER,
        b"Content-Type: message/rfc822\n\n" + _mixed(b"\nx", b"\ny"),
    ),
    _mixed(
        b"Content-Type: text/plain; format=flowed\n\nOne \ntwo\n> three\n",
        b"Content-Type: image/png; name*0*=utf-8''Gr%C3%B6; name*1*=%C3%9Fe.png\nContent-Transfer-Encoding: base64\n"
        b"Content-ID: <a@x>\n\n" + encodebytes(bytes(range(256))),
        b"Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nSUMMARY:Talk\n"
        b"DTSTART;TZID=Europe/Berlin:20260302T100000\nORGANIZER;CN=Ada:mailto:ada@x.example\nEND:VEVENT\nEND:VCALENDAR",
        b"Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n"
        + encodebytes(
            b"\x78\x9f\x3e\x22\x01\x00\x02\x02\x90\x06\x00\x04\x00\x00\x00abcd\x00\x00\x02\x10\x80\x01\x00\x02\x00\x00\x00a\x00\x00\x00"
        ),
    ),
    _mixed(
        b"\nSorry.",
        b"Content-Type: message/delivery-status\n\nReporting-MTA: dns; x.example\n\n"
        b"Final-Recipient: rfc822; bob@y.example\nAction: failed\nStatus: 5.1.1\n",
        b"Content-Type: message/rfc822\n\n" + INNER,
        kind=b"report; report-type=delivery-status",
    ),
    HEAD + b"X-Amz-Sns-Message-Id: 1\n\n"
    b'{"notificationType": "Bounce", "mail": {"commonHeaders": {"messageId": "<a@x.example>"}}, "bounce": '
    b'{"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": "b@y.example", "status": "5.1.1"}]}}\n',
    HEAD
    + b"Content-Type: application/pkcs7-mime; name=smime.p7m\nContent-Transfer-Encoding: base64\n\n"
    # Signed data (RFC 5652) around a short text, in pieces without a length.
    + encodebytes(
        bytes.fromhex("308006092a864886f70d010702a0803080020101310030800609")
        + bytes.fromhex("2a864886f70d010701a08024800408")
        + b"\nIt burn\x04\x02s."
        + bytes(12)
    ),
    HEAD + b"Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$B$3$s\x1b(B\nbegin 644 a.txt\n#0V%T\n`\nend\n",
)

TOKENS = (
    *(
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n",
        b"\0",
        b"--b",
        b"--b--\n",
        b"=?utf-8?B?",
        b"?=",
        b"=?x?Q?",
        b"(",
        b"<",
        b">",
        b'"',
        b":",
        b";",
    ),
    *(
        b"\xff\xfe",
        b"\xcc\x81" * 50,
        b"\x1b$B",
        b"+AAA-",
        b"utf-7",
        b"idna",
        b"base64",
        b"x-uuencode",
        b"=",
        b"%",
        b"*0*=",
    ),
    *(
        b"Content-Type: message/rfc822\n\n",
        b"Content-Type: multipart/mixed; boundary=b\n\n",
        b"Subject: ",
        b"From: ",
        b"To: a:",
        b"; name*=x; name*0=y",
        b"; boundary*0*=utf\0''b; boundary*=",
        b"\nVon: a\nAn: b\n" * 50,
        b"2.2. 10:00 a wrote:\n" * 50,
    ),
    *(
        b"<div>" * 300,
        b"<table><tr><td>",
        b"> " * 40,
        b"begin 644 a\n",
        b"BEGIN:VEVENT\n",
        b" " * 500,
        b"a" * 2000,
        b"On Mon ",
    ),
)


def mutated(seeds: Sequence[bytes], chance: random.Random) -> bytes:
    """One of SEEDS after up to eight changes."""
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.randint(1, 8)):
        place, length = chance.randint(0, len(data)), chance.choice((1, 2, 8, 60, 400))
        match chance.randrange(6):
            case 0:
                data[place : place + length] = chance.randbytes(min(length, 8))
            case 1:
                del data[place : place + length]
            case 2:
                data[place:place] = data[place : place + length] * chance.choice((1, 2, 20))
            case 3:
                data[place:place] = chance.choice(TOKENS)
            case 4:
                other = chance.choice(seeds)
                start = chance.randint(0, len(other))
                data[place:place] = other[start : start + length * 4]
            case _:
                data[place : place + 1] = bytes([chance.randrange(256)])
    return bytes(data)


def check(data: bytes) -> tuple[str, ...]:
    """What made the reader give up on the mail as a whole.  Raises if it is not read as it must be."""
    message = read(RawMail(data=data, size=len(data)))
    _texts(message)
    sanitised(message.html[:20_000])
    structure(data)
    for one in message.attachments[:5]:
        try:
            octets = attachment(data, one.index)
        except NotFound as missing:
            raise AssertionError(f"{one.name!r} is listed and not found") from missing
        assert len(octets) == one.size, f"{one.name!r} has {len(octets)} octets, {one.size} were promised"
        assert one.name
        assert not set(one.name) & set("/\\\0\r\n"), repr(one.name)
    return tuple(defect[:80] for defect in message.defects if "not readable" in defect)


def _texts(message: Message) -> None:
    for text in (
        message.subject,
        message.text,
        message.html,
        message.reply_text,
        *(value for _, value in message.headers),
    ):
        text.encode()
        assert "\0" not in text
    assert not any("\n" in value or "\r" in value for _, value in message.headers)


class TooSlow(BaseException):
    """Not an Exception: the reader catches those."""


def _alarm(number: int, frame: FrameType | None) -> None:
    raise TooSlow("".join(traceback.format_stack(frame)[-6:]))


@dataclass(slots=True)
class Tally:
    """What came of the mails so far: processor seconds (and the number) and megabytes are those of the worst mail."""

    mails: int = 0
    failed: int = 0
    slowest: tuple[float, int] = (0.0, 0)
    largest: int = 0
    given_up: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        return (
            f"{self.mails} mails, {self.failed} failed, slowest {self.slowest[0]:.2f} s (mail {self.slowest[1]}), "
            f"largest {self.largest} MB for one mail, peak of the process {peak} MB"
        )


def run(seeds: Sequence[bytes], *, mails: int, seed: int, keep: Path, seconds: float = math.inf) -> Tally:
    """Check up to MAILS mails for up to SECONDS; prints what failed and answers what came of it."""
    before = signal.signal(signal.SIGALRM, _alarm)
    tally, began = Tally(), time.perf_counter()
    told = began
    try:
        while tally.mails < mails and time.perf_counter() - began < seconds:
            _one(mutated(seeds, random.Random(f"{seed}.{tally.mails}")), f"{seed}-{tally.mails}", keep, tally)
            if time.perf_counter() - told > REPORT_EVERY:
                told = time.perf_counter()
                print(f"after {told - began:.0f} s: {tally}", flush=True)
    finally:
        signal.signal(signal.SIGALRM, before)
    print(f"{tally}, {time.perf_counter() - began:.0f} s (seed {seed})")
    for because, times in tally.given_up.most_common(10):
        print(f"  only the header read, {times} times: {because}")
    return tally


def _one(data: bytes, name: str, keep: Path, tally: Tally) -> None:
    """Check one mail; one that fails is kept under its NAME."""
    memory = _memory_peak(begin=True)
    start = time.process_time()
    signal.setitimer(signal.ITIMER_REAL, LIMIT)
    try:
        tally.given_up.update(check(data))
        signal.setitimer(signal.ITIMER_REAL, 0)
        wanted = _memory_peak() - memory
        assert wanted <= MEMORY, f"it wanted {wanted} MB"
        tally.largest = max(tally.largest, wanted)
    except (Exception, TooSlow):
        tally.failed += 1
        (keep / f"{name}.eml").write_bytes(data)
        print(f"{name}: {traceback.format_exc(limit=-4)}", file=sys.stderr, flush=True)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    tally.slowest = max(tally.slowest, (time.process_time() - start, tally.mails))
    tally.mails += 1


def _memory_peak(*, begin: bool = False) -> int:
    """Megabytes that the process had at most since the last call with BEGIN (Linux; elsewhere since its start)."""
    if not _CLEAR.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    if begin:
        _CLEAR.write_text("5")
    found = re.search(r"VmHWM:\s+(\d+)", _STATUS.read_text())
    return int(found[1]) // 1024 if found else 0


def _files(directory: Path) -> Iterator[bytes]:
    for file in sorted(directory.rglob("*")):
        if file.is_file() and file.suffix != ".json":
            yield file.read_bytes()[:MAX_SEED]


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--mails", type=int, default=10_000)
    arguments.add_argument("--seconds", type=float, default=math.inf, help="stop after so long, however many it were")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--corpus", type=Path, help="a folder of mails instead of our own")
    arguments.add_argument(
        "--keep", type=Path, default=Path(tempfile.gettempdir()), help="where failing mails are written"
    )
    given = arguments.parse_args()
    seeds = tuple(_files(given.corpus)) if given.corpus else (*SEEDS, *(one.data[:MAX_OWN] for one in samples(40)))
    return 1 if run(seeds, mails=given.mails, seconds=given.seconds, seed=given.seed, keep=given.keep).failed else 0


if __name__ == "__main__":
    sys.exit(main())
