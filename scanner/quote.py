"""What the writer wrote now, apart from the history below it and the signature.

Hides, never deletes: the full text stays beside it in the Message.  When in doubt more is kept: an
answer between the quoted lines stays whole, so does a forwarded mail, and the result is never
empty where the text is not.  Linear in the length of the text; only short lines are matched.
Never fails.
"""

import re
from collections.abc import Callable, Sequence

from domain.marker import REPLY_MARKERS
from scanner.quote_marks import (
    EDGES,
    ENDS,
    MAX_LINE,
    WRAPPED,
    attribution,
    attribution_by_looks,
    field_kind,
    has_field,
    header_lines,
    is_forward,
    is_forwarding,
    is_header_by_looks,
    is_markup,
    is_quoted,
    is_ruler,
    is_separator,
)
from scanner.signature import begins_signature, is_dashes, is_device, unsigned

MAX_LINES = 20_000
MAX_TRIED = 80_000
"""Characters of lines that look like the edge of a quote and are none; after them only marks and separators count."""
LINE_COSTS = 20
"""Characters that trying a line costs, however short it is."""
FOOTER_LINES = 8
"""Lines at the end among which a mailing list's footer must stand."""

_MARKERS = tuple(marker.strip("- ").casefold() for marker in REPLY_MARKERS.values())
_SIGNED, _SIGNATURE, _SIGNATURE_END = (
    f"-----{words}-----" for words in ("BEGIN PGP SIGNED MESSAGE", "BEGIN PGP SIGNATURE", "END PGP SIGNATURE")
)
_LIST_RULER = re.compile(r"(?:> ?)?_{20,}\s*$")
_LINK = re.compile(r"https?://\S*(?:listinfo|lists?\b|unsubscribe|groups)", re.IGNORECASE)
_SAYS_WHEN = re.compile(r"\d{1,2}[:.]\d\d|(?<!\d)(?:19|20)\d\d|@")


def reply_text(text: str, *, subject: str = "") -> str:
    """The new part of TEXT, without quoted history and signature; SUBJECT tells a forwarded mail."""
    lines = text.split("\n", MAX_LINES)
    if _SIGNED in text:
        lines = _without_armour(lines)
    if _may_have_history(lines):
        lines = _without_footer(lines)
        lines = lines[: _above_marker(lines)]
        kept = _without_history(lines, is_passed_on=is_forwarding(subject))
    else:
        kept = unsigned(lines)
    return _trimmed(kept) or _trimmed(lines) or text.strip("\n")


def own_words(reply: str, *, keeps: Callable[[str], bool] = lambda line: False) -> str:
    """What of REPLY, a reply_text, its writer wrote himself; '' where he wrote nothing.

    For what goes to others in his name.  When in doubt less is kept: quoted lines between answers
    go as well, a mail that is passed on, a signature with nothing above it.  KEEPS says which quoted lines stay where
    an answer stands below them.
    """
    lines = reply.split("\n", MAX_LINES)[:MAX_LINES]
    edge = (number for number, line in enumerate(lines) if _is_marker(line) or is_forward(line.lstrip("> ").rstrip()))
    lines = lines[: next(edge, len(lines))]
    start, _ = _history_start(lines)
    if start is not None and not is_quoted(lines[start]):
        end = _attribution_end(lines, start)
        below = next((line for line in lines[end:] if line.strip()), "")
        # An attribution above quoted lines goes with them; anything else begins what he did not write.
        lines = [*lines[:start], *lines[end:]] if end > start and is_quoted(below) else lines[:start]
    lines = [line for line in _without_history_by_looks(lines) if not is_quoted(line) or keeps(line)]
    start, _ = _history_start(lines)
    lines = lines[:start]
    while lines and (not lines[-1].strip() or is_quoted(lines[-1])):
        lines = lines[:-1]
    return "" if begins_signature(lines) else _trimmed(unsigned(lines))


def _without_history_by_looks(lines: Sequence[str]) -> Sequence[str]:
    """LINES without what stands below a header or an attribution of a language that the table does not have."""
    kept: list[str] = []
    for number, line in enumerate(lines):
        if is_header_by_looks(lines, number):
            return kept[: _above_ruler([*kept, line], len(kept))]
        start = attribution_by_looks(lines, number)
        below = next((one for one in lines[number + 1 :] if one.strip()), "") if start is not None else ""
        if start is None or not below:
            kept.append(line)
            continue
        kept = kept[: len(kept) - (number - start)]
        # As above: with quoted lines below it goes, and answers between them stay.
        if not is_quoted(below):
            return kept
    return kept


def _is_marker(line: str) -> bool:
    return "---" in line and len(line) < MAX_LINE and any(marker in line.casefold() for marker in _MARKERS)


def history_start(lines: Sequence[str]) -> int | None:
    """The line where quoted history or a forwarded mail begins, None if there is none."""
    start = _history_start(lines)[0]
    if start is None and lines and all(is_quoted(line) for line in lines if line.strip()):
        return 0
    return start


def _may_have_history(lines: Sequence[str]) -> bool:
    """Any line looks like the edge of a quote or a signature: the cheap test, on single characters."""
    for line in map(str.strip, lines):
        if line and (line[0] in EDGES or line[-1] in ENDS or ":" in line[:20] or "：" in line[:20]):
            return True
    return False


def _without_armour(lines: list[str]) -> list[str]:
    """LINES without what PGP writes around a text that it signs (RFC 9580, section 7)."""
    kept: list[str] = []
    is_armour = False
    for line in lines:
        bare = line.strip()
        if bare in (_SIGNED, _SIGNATURE):
            is_armour, ends = True, "" if bare == _SIGNED else _SIGNATURE_END
        elif is_armour:
            is_armour = bare != ends
        else:
            kept.append(line.removeprefix("- "))
    return kept


def _without_footer(lines: list[str]) -> list[str]:
    """LINES without what a mailing list adds at the end: a ruler and where to unsubscribe."""
    for number in range(max(1, len(lines) - FOOTER_LINES), len(lines)):
        below = lines[number + 1 :]
        if _LIST_RULER.match(lines[number][:MAX_LINE]) and any(_LINK.search(line[:MAX_LINE]) for line in below):
            return lines[:number]
    return lines


def _above_marker(lines: Sequence[str]) -> int:
    """How many lines stand above our own marker line, and all of them if nothing or not all is written there."""
    for number, line in enumerate(lines):
        if _is_marker(line):
            if is_quoted(line) and _is_answered_in(lines[number:]):
                return len(lines)
            above = _without_history(lines[:number], is_passed_on=False)
            return number if any(part.strip() for part in above) else len(lines)
    return len(lines)


def _is_answered_in(quoted: Sequence[str]) -> bool:
    """Something that is no signature stands between or below QUOTED lines."""
    return any(line.strip() and not is_quoted(line) for line in unsigned(quoted))


def _without_history(lines: Sequence[str], *, is_passed_on: bool) -> Sequence[str]:
    """LINES without quoted history and signature; a mail that is passed on below them stays."""
    start, is_passed_on_there = _history_start(lines)
    if start is None:
        return unsigned(lines)
    above = lines[:start]
    if is_passed_on or is_passed_on_there:
        return [*unsigned(above), *lines[start:]]
    if any(line.strip() and not is_quoted(line) for line in above):
        return unsigned(lines if _is_interleaved(lines, start) else above)
    below = _below_quote(lines, start)
    return unsigned(below if any(line.strip() for line in below) else lines)


def _history_start(lines: Sequence[str]) -> tuple[int | None, bool]:
    """The line where the history begins, None if there is none, and whether that is a forwarded mail."""
    quote = _last_quote_start(lines)
    tried = 0
    for number, line in enumerate(lines):
        if quote is not None and number > quote:
            return quote, False
        bare = line.lstrip("> ").rstrip()
        if not bare or len(line) > MAX_LINE:
            continue
        begins, ends = bare[0] in EDGES, bare[-1] in ENDS
        if (begins or ends) and is_forward(bare):
            return number, True
        if begins and is_separator(bare):
            return _above_ruler(lines, number), False
        if tried >= MAX_TRIED:
            continue
        is_field = has_field(bare) and bool(field_kind(bare))
        if is_field and header_lines(lines, number):
            return _above_ruler(lines, number), False
        ends = ends and not is_markup(bare)
        if ends and (found := attribution(lines, number)) is not None:
            return (found if quote is None else min(found, quote)), False
        tried += (len(line) + LINE_COSTS) * (is_field or ends)
    return quote, False


def _last_quote_start(lines: Sequence[str]) -> int | None:
    """Where quoted lines begin that go on to the end of the text, signature and footer aside.

    None if the writer introduces them (`The display says:`), which no mail program does without
    saying who and when.
    """
    end = next((number for number, line in enumerate(lines) if line[:1] == "-" and is_dashes(line)), len(lines))
    while end and not lines[end - 1].strip():
        end -= 1
    start = end
    for number in range(end - 1, -1, -1):
        if is_quoted(lines[number]):
            start = number
        elif lines[number].strip():
            break
    if start >= end or not start:
        return None
    above = next((lines[number].rstrip() for number in range(start - 1, -1, -1) if lines[number].strip()), "")
    is_introduced = above[-1:] in (":", "：") and not _SAYS_WHEN.search(above[-MAX_LINE:])
    return None if is_introduced and attribution(lines, start - 1) is None else start


def _above_ruler(lines: Sequence[str], number: int) -> int:
    """The start of the line or ruler that a mail program puts above its quoted header."""
    above = number - 1
    while above > 0 and not lines[above].strip():
        above -= 1
    bare = lines[above].strip() if above >= 0 else ""
    return above if above > 0 and (is_ruler(bare) or is_separator(bare)) else number


def _is_interleaved(lines: Sequence[str], start: int) -> bool:
    """Somebody answers between or below the quoted lines that begin at START."""
    seen = False
    for number in range(_attribution_end(lines, start), len(lines)):
        line = lines[number]
        if is_quoted(line):
            seen = True
        elif is_dashes(line):
            return False
        elif line.strip() and not (seen and (is_ruler(line) or is_device(line))):
            return seen and not begins_signature(lines[number:])
    return False


def _below_quote(lines: Sequence[str], start: int) -> Sequence[str]:
    """The answer below an attributed quote on top; nothing if there is more than one quote."""
    end = _attribution_end(lines, start)
    rest = lines[end:]
    quoted = [number for number, line in enumerate(rest) if is_quoted(line)]
    if end == start or not quoted:
        return ()
    between = rest[quoted[0] : quoted[-1]]
    return () if any(line.strip() and not is_quoted(line) for line in between) else rest[quoted[-1] + 1 :]


def _attribution_end(lines: Sequence[str], start: int) -> int:
    """The line after an attribution that begins at START; START itself if there is none."""
    for end in range(start, min(start + WRAPPED, len(lines))):
        if lines[end].rstrip()[-1:] in ENDS and len(lines[end]) < MAX_LINE and attribution(lines, end) == start:
            return end + 1
    return start


def _trimmed(lines: Sequence[str]) -> str:
    return "\n".join(lines).strip("\n").rstrip()
