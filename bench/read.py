"""What reading a mail costs, beside mail-parser's own time for the same mail.

Both read each mail in turn, processor time is taken, and the quickest of several rounds counts, so that a busy
machine disturbs both alike.  Ours finds text, new text, attachments, class and language; mail-parser parses.
"""

import time
from collections.abc import Callable
from pathlib import Path

import mailparser

from bench import desks
from domain.message import RawMail
from scanner.content_key import content_key
from scanner.read import read

ASKED = 1.6
ASKED_P95 = 4.0
ROUNDS = 3


def run(*, smoke: bool, corpus: Path | None) -> None:
    mails = desks.mails(60 if smoke else 2000, corpus)
    print(f"{len(mails)} mails, {sum(map(len, mails)) / 1e6:.1f} MB")
    pairs = [_pair(data, 1 if smoke else ROUNDS) for data in mails]
    limit, ours = (sum(times) for times in zip(*pairs, strict=True))
    ratios = sorted(mine / theirs for theirs, mine in pairs)
    print(f"limit {limit / len(mails) * 1000:6.3f} ms a mail   ours {ours / len(mails) * 1000:6.3f} ms")
    print(f"ratio {ours / limit:.2f} of mail-parser's time, asked {ASKED} or less")
    print(f"single mails: median {ratios[len(ratios) // 2]:.2f}, p95 {ratios[int(len(ratios) * 0.95)]:.2f}, ", end="")
    print(f"asked {ASKED_P95} or less; slowest {ratios[-1]:.2f}")


def _pair(data: bytes, rounds: int) -> tuple[float, float]:
    """Processor seconds that mail-parser and we take for the mail DATA, at best."""
    both = [(_seconds(_theirs, data), _seconds(_ours, data)) for _ in range(rounds)]
    return min(theirs for theirs, _ in both), min(mine for _, mine in both)


def _seconds(take: Callable[[bytes], None], data: bytes) -> float:
    begun = time.process_time()
    take(data)
    return time.process_time() - begun


def _theirs(data: bytes) -> None:
    mailparser.parse_from_bytes(data)


def _ours(data: bytes) -> None:
    read(RawMail(data=data, size=len(data)))
    content_key(data)
