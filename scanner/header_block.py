"""The header of a mail as it was sent, mended and bounded before any parser sees it.

A parser ends the header at the first line that is no field, so one stray line costs sender and
subject; and what it does with a field may take quadratic time in its length.  Here stray lines
are skipped or joined to the field above, and number and length of the fields are capped.  A
header that is well formed and of ordinary size comes back untouched, the same bytes.

Never fails; what was mended or cut is said.
"""

import re
from dataclasses import dataclass, field

from domain.settings import Limits

MAX_FIELD = 64_000
"""Octets of one field: some hundred recipients fit in."""
DEFAULT = Limits()
ORDINARY = 32_000
"""Octets: a well-formed header up to this size is not looked at further."""
MAX_STRAY = 40
"""Stray lines in a row; more of them are a text, not a header."""

# The standard library's idea of a header, without what it would stumble over.
_WELL_FORMED = re.compile(rb"(?:From [^\r\n]*\r?\n)?(?:[!-9;-~]++:[^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*+)++(?:\r?\n|\Z)")
_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_END = re.compile(rb"\n\r*\n")
_LEADING = re.compile(rb"\A(?:\xef\xbb\xbf)?[ \t\r\n]*")
_RETURNS = re.compile(rb"\r+(?=\n)|\r+\Z")
# What a mail is hardly ever without: only these tell a header that goes on from a text that begins.
_TELLING = frozenset(
    {b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type", b"received", b"return-path"}
)


@dataclass(slots=True)
class _Fields:
    """The fields found so far, each as its lines, and where the header ended."""

    found: list[list[bytes]] = field(default_factory=list)
    seen: set[bytes] = field(default_factory=set)
    skipped: int = 0
    joined: int = 0
    end: int = 0


def mended_header(data: bytes, limits: Limits = DEFAULT) -> tuple[bytes, list[str]]:
    """The mail with a header that every parser can read, and what was done to it."""
    good = _WELL_FORMED.match(data, 0, ORDINARY)
    if good and good.end() < min(ORDINARY, limits.header) and data.count(b"\n", 0, good.end()) <= limits.header_fields:
        return data, []
    data = _LEADING.sub(b"", data, count=1) if data[:1] in (b" ", b"\t", b"\r", b"\n", b"\xef") else data
    if b"\n" not in data[:MAX_FIELD] and b"\r" in data:
        data = data.replace(b"\r", b"\n")
    boundary = _END.search(data)
    whole = boundary.start() if boundary else min(len(data), limits.header)
    head = data[: min(whole, limits.header)]
    lines = _RETURNS.sub(b"", head).replace(b"\r", b" ").split(b"\n")
    fields = _read(lines)
    if not fields.found:
        return data, []
    rest = data[boundary.end() :] if boundary else data[whole:].lstrip(b"\r\n")
    stray = lines[fields.end :]
    if stray and (stray != [b""] or boundary is None):
        rest = b"\n".join(stray) + (b"\n\n" if boundary else b"") + rest
    defects = list(_remarks(fields, complete=not any(stray)))
    if len(head) < whole:
        defects.append(f"only the first {limits.header} of {whole} octets of the header were read")
    return _written(fields, limits.header_fields, defects) + rest, defects


def _read(lines: list[bytes]) -> _Fields:
    """The fields in LINES.  A stray line belongs to the header if a telling field, not seen yet, follows it."""
    fields = _Fields()
    last = _last_telling(lines)
    for number, line in enumerate(lines):
        if line[:1] in (b" ", b"\t") and fields.found:
            fields.found[-1].append(line)
        elif name := _FIELD.match(line):
            fields.found.append([name[1] + b":" + line[name.end() :]])
            fields.seen.add(name[1].lower())
        elif number > last:
            fields.end = number
            return fields
        elif fields.found:
            fields.joined += not line.startswith((b"From ", b">From "))
            fields.found[-1].append(b" " + line)
        else:
            fields.skipped += not line.startswith((b"From ", b">From "))
    fields.end = len(lines)
    return fields


def _last_telling(lines: list[bytes]) -> int:
    """The number of the last line that begins a telling field for the first time; -1 if there is none."""
    seen: set[bytes] = set()
    last, stray = -1, 0
    for number, line in enumerate(lines):
        found = _FIELD.match(line)
        stray = 0 if found else stray + (line[:1] not in (b" ", b"\t"))
        if stray > MAX_STRAY:
            break
        if found and (name := found[1].lower()) in _TELLING and name not in seen:
            seen.add(name)
            last = number
    return last if len(seen) > 1 else -1


def _remarks(fields: _Fields, *, complete: bool) -> list[str]:
    said = []
    if fields.skipped:
        said.append(f"{fields.skipped} lines above the header were skipped")
    if fields.joined:
        said.append(f"{fields.joined} lines in the header are no fields, read as part of the field above")
    if not complete:
        said.append("no empty line between header and body")
    return said


def _written(fields: _Fields, most: int, defects: list[str]) -> bytes:
    kept = [b"\n".join(lines) for lines in fields.found]
    if len(kept) > most:
        telling = [one for one in kept[most:] if one.partition(b":")[0].lower() in _TELLING]
        defects.append(f"only {most} of {len(kept)} header fields were read")
        kept = [*kept[:most], *telling[:20]]
    long = sum(len(one) > MAX_FIELD for one in kept)
    if long:
        defects.append(f"{long} header fields were cut after {MAX_FIELD} octets")
    return b"\n".join(one[:MAX_FIELD].rstrip(b"\n") for one in kept) + b"\n\n"
