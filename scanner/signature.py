"""The signature at the end of a text: `-- `, a telephone's line, a closing with the name below it.

Taken away only where something remains above it.  A closing alone (`Thanks!`) is the writer's own
word and stays; so does anything that reads like a sentence.  Linear, never fails.
"""

import re
from collections.abc import Sequence

from scanner.quote_marks import MAX_LINE, any_of
from scanner.quote_words import every

BLOCK = 14
"""Lines, blank ones left out, that a closing with name, company and telephone may have."""
MAX_SIGNED = 90
"""Characters of a line in such a block."""

_DEVICE = re.compile(
    rf"(?:{any_of(every('devices'))})(?:[^,.!?<()]{{0,80}}[.!]?|[^,.!?<(]{{0,80}}[<(](?:https?://|mailto:)\S{{1,320}}[>)])$",
    re.IGNORECASE,
)
_DASHES = ("-", "—", "–")
_CLOSINGS = frozenset(word.rstrip(" …") for word in every("closings"))
_PUNCTUATION = " ,.!;:-–—*_\xa0\t~"
# `-Ada`, `/Ada Byron`: a dash and up to three words that begin like names.
_DASHED = re.compile(r"[-/]\s?[^\W\d_a-zà-ÿа-я][\w.'’-]*(?:\s[^\W\d_a-zà-ÿа-я][\w.'’-]*){0,2}$")
_NAMELIKE = re.compile(r"[^\W\d_a-zà-öø-ÿа-яіїєґ][^\s\d:?!]*(?:\s[^\s\d:?!]+){0,4}$")
# Behind the words of a link, as `links.py` writes it; it counts for nothing here.
_TARGET = re.compile(r" \(https?://\S{1,320}\)$")
_POSTSCRIPT = re.compile(r"(?:p\.?\s?s|n\.?\s?b)\b", re.IGNORECASE)


def unsigned(lines: Sequence[str]) -> Sequence[str]:
    """LINES without a signature: from `-- ` on (RFC 3676, section 4.3), a telephone's line, a closing and a name."""
    for take in (_above_dashes, _above_device, _above_closing, _above_dashed_name):
        above = lines[: take(lines)]
        if any(line.strip() for line in above):
            lines = above
    return lines


def is_device(line: str) -> bool:
    """LINE is what a telephone or mail program adds by itself: `Sent from my telephone`."""
    return len(line) < MAX_LINE and _DEVICE.match(line.strip(" *_\t\xa0")) is not None


def begins_signature(lines: Sequence[str]) -> bool:
    """LINES are nothing but a signature."""
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    if first is None:
        return False
    return is_device(lines[first]) or is_dashes(lines[first]) or _above_closing(lines) == first


def is_dashes(line: str) -> bool:
    return len(line) <= 6 and line.strip() in ("--", "—", "––")


def _above_dashes(lines: Sequence[str]) -> int:
    """Where `--` stands; a long dash counts at the end only, since people draw lines with it."""
    for number, line in enumerate(lines):
        if line[:1] in _DASHES and is_dashes(line) and (line[0] == "-" or len(lines) - number <= BLOCK):
            return number
    return len(lines)


def _above_device(lines: Sequence[str]) -> int:
    end = len(lines)
    for _ in range(3):
        last = _last(lines[:end])
        if last is None or not is_device(lines[last]):
            break
        end = last
    return end


def _above_closing(lines: Sequence[str]) -> int:
    """Where a closing stands that has a name below it, and nothing there that is said in sentences."""
    below: list[str] = []
    for number in range(len(lines) - 1, -1, -1):
        line = _TARGET.sub("", lines[number].strip()[: 2 * MAX_LINE])
        if not line:
            continue
        if len(below) == BLOCK or len(line) > MAX_SIGNED or line.startswith(">"):
            break
        if below and _is_closing(line) and _is_name(below[-1]):
            return number
        if _is_said(line):
            break
        below.append(line.strip("*_ "))
    return len(lines)


def _is_closing(line: str) -> bool:
    folded = line.strip(_PUNCTUATION).lower()
    if folded in _CLOSINGS:
        return True
    return "/" in folded and all(part.strip(_PUNCTUATION) in _CLOSINGS for part in folded.split("/"))


def _is_name(line: str) -> bool:
    return _NAMELIKE.match(line.replace(",", "|").partition("|")[0].strip()) is not None


def _is_said(line: str) -> bool:
    """LINE is a sentence, a question or a postscript, so no part of an address."""
    if line[-1] == "?" or (line[-1] in ".!" and line.count(" ") >= 5):
        return True
    return line[0] in "PpNn" and _POSTSCRIPT.match(line) is not None


def _above_dashed_name(lines: Sequence[str]) -> int:
    last = _last(lines)
    if last is None or last < 2 or lines[last - 1].strip() or not _DASHED.match(lines[last].strip()[:MAX_LINE]):
        return len(lines)
    above = _last(lines[:last])
    # Below a question or an announcement it is an answer or an item.
    is_name = above is not None and lines[above].strip()[-1:] not in ":?" and lines[above].lstrip()[:1] not in "-–—*"
    return last if is_name else len(lines)


def _last(lines: Sequence[str]) -> int | None:
    """The last line that is not blank."""
    return next((number for number in range(len(lines) - 1, -1, -1) if lines[number].strip()), None)
