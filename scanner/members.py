"""What is packed inside a part: the files of a winmail.dat, the uuencoded files in a text.

The same octets give the same members in the same order, so a number names one.  Never fails;
what cannot be unpacked has no members and stays the attachment or the text that it is.
"""

import binascii
import re
from dataclasses import dataclass
from email.message import Message as Tree

from scanner import tnef
from scanner.names import kind_of
from scanner.parts import content, file_name

MAX_FILES = 50
"""Uuencoded files in one text."""

_TNEF = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_BEGIN = re.compile(r"^begin(?:-base64)? [0-7]{3,4} ([^\n]{1,200})\n", re.MULTILINE)
_END = re.compile(r"^(?:end|====)[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Member:
    """One file inside a part; `name` is as hostile as the sender wrote it."""

    name: str
    content_type: str
    octets: bytes


def members_of(part: Tree) -> tuple[Member, ...]:
    """The files inside a part that is no mail."""
    if is_tnef(part):
        return tnef_members(tnef.unpacked(content(part)))
    if part.get_content_maintype() == "text" and b"\nbegin" in (octets := b"\n" + content(part)):
        return uuencoded(octets[1:].decode("latin-1").replace("\r\n", "\n"))[1]
    return ()


def is_tnef(part: Tree) -> bool:
    return part.get_content_type() in _TNEF or file_name(part).lower() == "winmail.dat"


def tnef_members(found: tnef.Unpacked | None) -> tuple[Member, ...]:
    """The files of a winmail.dat; a text that is there as RTF only is one of them, without a name."""
    if found is None:
        return ()
    files = [Member(one.name, kind_of(one.name), one.octets) for one in found.files]
    body = [Member("", "application/rtf", found.rtf)] if found.rtf else []
    return (*files, *body)


def uuencoded(text: str) -> tuple[str, tuple[Member, ...]]:
    """TEXT without the files that stand in it uuencoded, and those files."""
    kept: list[str] = []
    files: list[Member] = []
    position = 0
    while len(files) < MAX_FILES and (begin := _BEGIN.search(text, position)):
        end = _END.search(text, begin.end())
        # Where the end is missing the text was cut, as far as it holds nothing but the file.
        octets = _decoded(text[begin.end() : end.start() if end else len(text)], begin[0])
        kept.append(text[position : begin.start() if octets else begin.end()])
        if octets:
            files.append(Member(begin[1].strip(), kind_of(begin[1]), octets))
        position = begin.end() if not octets else end.end() if end else len(text)
        if end is None:
            break
    kept.append(text[position:])
    return "".join(kept), tuple(files)


def _decoded(lines: str, begin: str) -> bytes:
    """The octets of the LINES of one file, as far as they can be read; empty if they are no such lines."""
    if begin.startswith("begin-base64"):
        try:
            return binascii.a2b_base64(lines.encode("ascii", "ignore"))
        except (binascii.Error, ValueError):
            return b""
    out = bytearray()
    for line in lines.encode("latin-1", "replace").split(b"\n"):
        if not line.strip(b" `\r"):
            continue
        try:
            out += binascii.a2b_uu(line)
        except (binascii.Error, ValueError):
            octets = _too_long(line)
            if octets is None:
                return b""
            out += octets
    return bytes(out)


def _too_long(line: bytes) -> bytes | None:
    # Some encoders add a check character, others lose the blanks at the end: the count in front tells.
    wanted = (((line[0] - 32) & 63) + 2) // 3 * 4
    try:
        return binascii.a2b_uu(line[:1] + line[1 : 1 + wanted].ljust(wanted))
    except (binascii.Error, ValueError):
        return None
