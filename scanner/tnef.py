"""What is inside a winmail.dat (TNEF, MS-OXTNEF): the files and the texts that Outlook packed.

tnefparse reads it, an optional library; without it the winmail.dat stays the attachment it is.
It trusts the counts that a file states and copies what is left for every object, so it is never
given a whole file: the objects are listed here, counts are checked, and each attachment is read
by itself.  Never fails: what cannot be read is left out.
"""

import logging
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

logging.getLogger("tnefparse").setLevel(logging.CRITICAL + 1)

MAX_OBJECTS = 2_000
MAX_FILES = 100
MAX_BODIES = 4
MAX_VALUES = 2_000
"""Values of all the properties of one object."""
MAX_RTF = 2_000_000
"""Octets of an unpacked RTF body."""

_SIGNATURE = b"\x78\x9f\x3e\x22"
_HEAD = struct.Struct("<BHHI")
_TITLE, _FILE, _BODY, _START, _MAPI, _ATTACHED, _CODEPAGE = 0x8010, 0x800F, 0x800C, 0x9002, 0x9003, 0x9005, 0x9007
_NAMED, _SEVERAL = 0x8000, 0x1000
_FIXED = {0x02: 2, 0x0B: 2, 0x03: 4, 0x04: 4, 0x0A: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x14: 8, 0x40: 8, 0x48: 16}
_VARIABLE = frozenset({0x00, 0x0D, 0x1E, 0x1F, 0x102})
# In front of a winmail.dat inside a winmail.dat; the library would read that one without our look at it.
_EMBEDDED = bytes.fromhex("0703020000000000c000000000000046")
# The first octets of the dictionary that every compressed RTF begins with (MS-OXRTFCP, section 2.1.2.1).
_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript "
    b"\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier"
    b"{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)


@dataclass(frozen=True, slots=True)
class Packed:
    """One file in a winmail.dat."""

    name: str
    octets: bytes


@dataclass(slots=True)
class Unpacked:
    """Everything that was in a winmail.dat; texts are '' and `rtf` is empty where there is none.

    `has_more` files than MAX_FILES, which are left out.
    """

    files: list[Packed] = field(default_factory=list)
    text: str = ""
    html: str = ""
    rtf: bytes = b""
    has_more: bool = False


def is_tnef(octets: bytes) -> bool:
    return octets.startswith(_SIGNATURE)


def unpacked(octets: bytes) -> Unpacked | None:
    """What is in the winmail.dat OCTETS; None if it is none, or tnefparse is not installed."""
    if not is_tnef(octets):
        return None
    try:
        from tnefparse import TNEF
    except ImportError:
        return None
    head, groups = _sorted(octets)
    found = Unpacked(has_more=len(groups) > MAX_FILES)
    for group in groups[:MAX_FILES]:
        for attempt in (group, [one for one in group if _name(one) != _ATTACHED]):
            try:
                found.files += [_file(one) for one in TNEF(_stream(octets, head + attempt), False).attachments]
                break
            except Exception:  # an old library on hostile input; the plain title and data are read without the rest
                continue
    _read_body(octets, head, found)
    return found


def _sorted(octets: bytes) -> tuple[list[bytes], list[list[bytes]]]:
    """The objects that matter: those of the mail itself, and those of each attachment."""
    head: list[bytes] = []
    groups: list[list[bytes]] = []
    for name, one in _objects(octets):
        if name == _START:
            groups.append([one])
        elif name in (_TITLE, _FILE, _ATTACHED) and groups:
            groups[-1].append(one.replace(_EMBEDDED, bytes(16)) if name == _ATTACHED else one)
        elif name == _CODEPAGE:
            head.append(one)
    return head, groups


def _objects(octets: bytes) -> Iterator[tuple[int, bytes]]:
    position = len(_SIGNATURE) + 2
    for _ in range(MAX_OBJECTS):
        if position + _HEAD.size > len(octets):
            return
        _, name, _, length = _HEAD.unpack_from(octets, position)
        end = min(position + _HEAD.size + length + 2, len(octets))
        if name not in (_MAPI, _ATTACHED) or _counts_hold(octets, position + _HEAD.size, end):
            yield name, octets[position:end]
        position = end


def _counts_hold(octets: bytes, start: int, end: int) -> bool:
    """The properties (MS-OXTNEF, section 2.1.3.4) are as many as they say, and not too many."""
    try:
        return _values(octets[start : end - 2]) <= MAX_VALUES
    except (struct.error, IndexError):
        # The library stops at the same place.
        return True


def _values(data: bytes) -> int:
    """How many values the library would read in DATA; more than MAX_VALUES where it would count for ever."""
    count, offset, values = _number(data, 0), 4, 0
    if count > MAX_VALUES:
        return count
    for _ in range(count):
        kind, name = struct.unpack_from("<HH", data, offset)
        offset += 4
        if name >= _NAMED:
            by_number = _number(data, offset + 16) == 0
            offset += 24 + (0 if by_number else _padded(_number(data, offset + 20)))
        many = 1
        if kind & _SEVERAL:
            many, kind, offset = _number(data, offset), kind ^ _SEVERAL, offset + 4
        elif kind in _VARIABLE:
            many, offset = _number(data, offset), offset + 4
        values += many
        if values > MAX_VALUES:
            return values
        if kind in _FIXED:
            offset += _FIXED[kind] * many + (2 if _FIXED[kind] == 2 and many % 2 else 0)
        elif kind not in _VARIABLE:
            return values
        else:
            for _ in range(many):
                offset += 4 + _padded(_number(data, offset))
    return values


def _number(data: bytes, offset: int) -> int:
    return int(struct.unpack_from("<I", data, offset)[0])


def _padded(length: int) -> int:
    return length + -length % 4


def _name(one: bytes) -> int:
    return int.from_bytes(one[1:3], "little")


def _stream(octets: bytes, objects: list[bytes]) -> bytes:
    # The library stops a few octets before the end, so an object that is cut short would be missed.
    return octets[: len(_SIGNATURE) + 2] + b"".join(objects) + bytes(16)


def _file(found: Any) -> Packed:
    name = ""
    for method in ("long_filename", "name"):
        with suppress(ValueError, LookupError, TypeError, AttributeError, struct.error):
            value = getattr(found, method)
            name = name or _text(value() if callable(value) else value)
    data = found.data if isinstance(found.data, bytes) else b""
    return Packed(name, data.removeprefix(bytes(16)) if data[16:].startswith(_SIGNATURE) else data)


def _read_body(octets: bytes, head: list[bytes], found: Unpacked) -> None:
    from tnefparse import TNEF

    told = (one for name, one in _objects(octets) if name in (_MAPI, _BODY))
    for one in islice(told, MAX_BODIES):
        try:
            read = TNEF(_stream(octets, [*head, one]), False)
            found.text = found.text or _text(read.body)
            found.html = found.html or _text(read.htmlbody)
            found.rtf = found.rtf or _rtf(read._rtfbody)
        except Exception:  # as above
            continue


def _text(value: object) -> str:
    if isinstance(value, (list, tuple)):
        value = value[0] if value else ""
    if isinstance(value, bytes):
        from scanner.charset import decode

        value = decode(value.rstrip(b"\0"))[0]
    return value.strip("\0 ") if isinstance(value, str) else ""


def _rtf(value: object) -> bytes:
    if isinstance(value, (list, tuple)):
        value = value[0] if value else b""
    return unpacked_rtf(value).rstrip(b"\0") if isinstance(value, bytes) else b""


def unpacked_rtf(packed: bytes) -> bytes:
    """An RTF text out of its compressed form (MS-OXRTFCP, section 2.2); empty if it is none."""
    size = min(int.from_bytes(packed[4:8], "little"), MAX_RTF)
    if packed[8:12] == b"MELA":
        return packed[16 : 16 + size]
    return _decompressed(packed[16:], size) if packed[8:12] == b"LZFu" else b""


def _decompressed(packed: bytes, size: int) -> bytes:
    window = bytearray(_DICTIONARY.ljust(4096, b"\0"))
    place, out, position = len(_DICTIONARY), bytearray(), 0
    while position < len(packed) and len(out) < size:
        control = packed[position]
        position += 1
        for bit in range(8):
            start, length = -1, 1
            if control >> bit & 1:
                pair = int.from_bytes(packed[position : position + 2], "big")
                start, length = pair >> 4, (pair & 15) + 2
            # A reference to the place that is written next is the end mark.
            if start == place or position >= len(packed):
                return bytes(out[:size])
            for step in range(length):
                octet = packed[position] if start < 0 else window[(start + step) % 4096]
                window[place] = octet
                place = (place + 1) % 4096
                out.append(octet)
            position += 1 if start < 0 else 2
    return bytes(out[:size])
