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
from typing import Any

logging.getLogger("tnefparse").setLevel(logging.CRITICAL + 1)

MAX_OBJECTS = 2_000
MAX_FILES = 100
MAX_PROPERTIES = 1_000
MAX_RTF = 2_000_000
"""Octets of an unpacked RTF body."""

_SIGNATURE = b"\x78\x9f\x3e\x22"
_HEAD = struct.Struct("<BHHI")
_TITLE, _FILE, _BODY, _START, _MAPI, _ATTACHED, _CODEPAGE = 0x8010, 0x800F, 0x800C, 0x9002, 0x9003, 0x9005, 0x9007
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
    """Everything that was in a winmail.dat; texts are '' and `rtf` is empty where there is none."""

    files: list[Packed] = field(default_factory=list)
    text: str = ""
    html: str = ""
    rtf: bytes = b""


def is_tnef(octets: bytes) -> bool:
    return octets.startswith(_SIGNATURE)


def unpacked(octets: bytes) -> Unpacked | None:
    """What is in the winmail.dat OCTETS; None if it is none, or tnefparse is not installed."""
    if not is_tnef(octets):
        return None
    try:
        from tnefparse import TNEF  # type: ignore[import-untyped]
    except ImportError:
        return None
    head, groups = _sorted(octets)
    found = Unpacked()
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
            groups[-1].append(one)
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
    """The number of properties can be true; the library would count to four thousand millions."""
    if start + 4 > end:
        return False
    return bool(int.from_bytes(octets[start : start + 4], "little") <= MAX_PROPERTIES)


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
    return Packed(name, found.data if isinstance(found.data, bytes) else b"")


def _read_body(octets: bytes, head: list[bytes], found: Unpacked) -> None:
    from tnefparse import TNEF

    for name, one in _objects(octets):
        if name not in (_MAPI, _BODY):
            continue
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
