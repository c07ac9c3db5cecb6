"""The long stretches of a mail, set aside before the parser sees it and put back when a part is read.

The standard library's parser takes time for every line, once for each multipart around it, and copies what it
reads several times over.  A part's header and the beginning of its content are all that it needs; of the
rest it gets one character that no octet of a mail can turn into, and the rest itself stays where it was.

Promises: a mail up to ORDINARY octets goes through as it is; of any other the parser gets so many lines and
boundaries and no more, and every octet is found again.  Where a mail has more boundaries than that, what is
behind them belongs to the last part.  Never fails.
"""

import re
from collections.abc import Iterator, Sequence

ORDINARY = 64_000
"""Octets."""
KEPT = 64_000
"""Octets of one part that the parser gets, its header included."""
KEPT_LINES = 1_000
"""Lines of one part; fewer, the more there are of all parts before it, but never less than LEAST_LINES."""
LEAST_LINES = 60
MANY_LINES = 30_000
MOST_LINES = 60_000
"""Lines of all parts together; behind them everything belongs to the last part."""
MOST_BOUNDARIES = 2_500
"""As many parts as are ever looked at, and the multiparts around them."""
MOST_DASHED = 20_000
"""Lines that begin like a boundary and are looked at."""
LONGEST = 300
"""Octets of a line that is taken for a boundary (RFC 2046, section 5.1.1, allows 74)."""

_FIRST = 0x100000
_MARK = re.compile("[\U00100000-\U0010ffff]")
_HEADER_END = re.compile(rb"\n\r?\n")
_BOUNDARY = re.compile(rb'boundary\s{0,9}=\s{0,9}(?:"([^"\r\n]{1,200})"|([^";\s]{1,200}))', re.IGNORECASE)


def shortened(data: bytes) -> tuple[str, Sequence[memoryview]]:
    """The mail as the parser shall see it (octets above 127 as surrogates), and what was set aside."""
    if len(data) <= ORDINARY:
        return data.decode("ascii", "surrogateescape"), ()
    whole = memoryview(data)
    pieces: list[str] = []
    aside: list[memoryview] = []
    for start, begin, end in _stretches(data):
        pieces.append(data[start:begin].decode("ascii", "surrogateescape"))
        if begin < end:
            pieces.append(chr(_FIRST + len(aside)))
            aside.append(whole[begin:end])
    return "".join(pieces), aside


def put_back(text: str, aside: Sequence[memoryview]) -> bytes:
    """The octets of TEXT as they were sent, with what was set ASIDE."""
    try:
        return text.encode("ascii", "surrogateescape")
    except UnicodeEncodeError:
        return b"".join(_pieces(text, aside))


def _pieces(text: str, aside: Sequence[memoryview]) -> Iterator[bytes | memoryview]:
    place = 0
    for found in _MARK.finditer(text):
        yield text[place : found.start()].encode("ascii", "surrogateescape")
        number = ord(found[0]) - _FIRST
        yield aside[number] if number < len(aside) else b""
        place = found.end()
    yield text[place:].encode("utf-8", "surrogateescape")


def _stretches(data: bytes) -> Iterator[tuple[int, int, int]]:
    """What lies between two boundaries: where it starts, from where on it is set aside, and where it ends."""
    header = _HEADER_END.search(data)
    start, behind = 0, header.end() if header else 0
    lines = 0
    for end in (*_boundaries(data, max(0, behind - 2)), len(data)):
        # The whole header of the mail is needed: it was bounded before.
        most = max(LEAST_LINES, min(KEPT_LINES, (MANY_LINES - lines) // 40))
        begin = _kept(data, max(start, behind), end, lines=most)
        lines += data.count(b"\n", start, begin)
        if lines > MOST_LINES:
            yield start, begin, len(data)
            return
        yield start, begin, end
        start = end


def _kept(data: bytes, start: int, end: int, *, lines: int) -> int:
    """Where the beginning of a part ends that the parser gets: at the end of a line, if there is one."""
    most = min(start + KEPT, end)
    if data.count(b"\n", start, most) > lines:
        return most - len(data[start:most].split(b"\n", lines)[-1])
    if most == end:
        return end
    return max(data.rfind(b"\n", start, most) + 1, start) or most


def _boundaries(data: bytes, place: int) -> Iterator[int]:
    """Where the line ends lie that stand in front of a boundary which the mail states."""
    stated: set[bytes] = set()
    looked = _look(data, 0, place + KEPT, stated)
    found = 0
    for _ in range(MOST_DASHED):
        place = data.find(b"\n--", place)
        if place < 0 or found >= MOST_BOUNDARIES:
            return
        line = data[place + 3 : place + LONGEST].partition(b"\n")[0].rstrip()
        if line in stated or line.removesuffix(b"--").rstrip() in stated or b"" in stated:
            found += 1
            yield place - (data[place - 1 : place] == b"\r")
            looked = _look(data, max(looked, place), place + KEPT, stated)
        place += 1


def _look(data: bytes, start: int, end: int, stated: set[bytes]) -> int:
    """Note the boundaries that are STATED up to END, each stretch of the mail once; answers how far it looked."""
    folded = data[start:end].lower()
    place = folded.find(b"boundary")
    while place >= 0:
        if named := _BOUNDARY.match(data, start + place):
            stated.add((named[1] or named[2]).rstrip())
        elif folded.startswith(b"boundary*", place):
            # In pieces or encoded (RFC 2231): any line may be one.
            stated.add(b"")
        place = folded.find(b"boundary", place + 8)
    return max(start, end)
