"""The bytes of a mail: fields, parts and their encodings (RFC 5322, 2045, 2047, 2183, 2231).

Promises: lines end in CRLF; no field is longer than its limits; everything is ASCII except an address whose local part
is not (RFC 6532).  The same values give the same bytes.  The standard library's writer keeps the same promises at four
times the cost; what is written here is held against its strict reader.

The caller has taken line ends and control characters out of every value.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

LINE = 76
LONGEST_WORD = 400
_PLAIN_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_Q_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_NAME_SAFE = re.compile(r"[A-Za-z0-9!#$&+.^_`{|}~ -]{1,60}")
_LINE_ENDS = re.compile(rb"\r\n|\r|\n")
_HEADER = re.compile(rb"(?:[!-9;-~]+:[^\n]*\r\n(?:[ \t]+[^\s][^\n]*\r\n)*)+\r\n")
_TOO_LONG = re.compile(rb"[^\n]{999}")
_LONG_LINE = re.compile(rb"[^\n]{900}")

Field = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a mail: its fields, folded, and its body."""

    fields: tuple[Field, ...]
    body: bytes


def written(fields: Sequence[Field], body: Part) -> bytes:
    """The whole mail.  Field values are folded already."""
    return _head((*fields, ("MIME-Version", "1.0"), *body.fields)) + body.body


def text(content: str, subtype: str = "plain") -> Part:
    """A text, 7bit where it is; otherwise encoded, so that no relay needs to change it."""
    # The encoder takes its line ends from the first one that it finds.
    data = (content if content.endswith("\n") else f"{content}\n").encode("utf-8").replace(b"\n", b"\r\n")
    if data.isascii() and b"\nFrom " not in data and not data.startswith(b"From ") and not _LONG_LINE.search(data):
        return Part((("Content-Type", f'text/{subtype}; charset="utf-8"'), ("Content-Transfer-Encoding", "7bit")), data)
    # Quoted-printable makes three of each octet, which is too much for other scripts.
    encoding = "quoted-printable" if 3 * len(content) > 2 * len(content.encode("utf-8")) else "base64"
    body = _quoted_printable(data) if encoding == "quoted-printable" else _base64(data)
    return Part((("Content-Type", f'text/{subtype}; charset="utf-8"'), ("Content-Transfer-Encoding", encoding)), body)


def file(data: bytes, content_type: str, name: str, *, content_id: str = "") -> Part:
    """A file; with a CONTENT_ID a picture inside the HTML."""
    fields = [("Content-Type", content_type), ("Content-Transfer-Encoding", "base64")]
    if content_id:
        fields.append(("Content-ID", f"<{content_id}>"))
    disposition = "inline" if content_id else "attachment"
    fields.append(("Content-Disposition", ";\r\n ".join((disposition, *_parameter("filename", name)))))
    return Part(tuple(fields), _base64(data))


def mail(data: bytes, name: str) -> Part:
    """A whole mail, as it is (RFC 2046, section 5.2.1); where a relay would have to change it, as a file.

    A mail inside a mail may not be encoded, so one with octets beyond ASCII, or with lines that no server need
    take (RFC 5321, 4.5.3.1.6), would be taken apart on its way.
    """
    plain = _LINE_ENDS.sub(b"\r\n", data)
    if not plain.isascii() or b"\0" in plain or _TOO_LONG.search(plain) or not _HEADER.match(plain):
        return file(data, "application/octet-stream", name)
    disposition = ";\r\n ".join(("attachment", *_parameter("filename", name)))
    return Part((("Content-Type", "message/rfc822"), ("Content-Disposition", disposition)), plain)


def multipart(subtype: str, parts: Sequence[Part], boundary: str) -> Part:
    """PARTS in one; BOUNDARY stands in none of them."""
    kind = f'multipart/{subtype};\r\n boundary="{boundary}"'
    if subtype == "related":
        kind = f'multipart/related; type="text/html";\r\n boundary="{boundary}"'
    line = b"--" + boundary.encode("ascii")
    pieces = [line + b"\r\n" + _head(part.fields) + part.body + b"\r\n" for part in parts]
    return Part((("Content-Type", kind),), b"".join((*pieces, line, b"--\r\n")))


def unstructured(name: str, value: str) -> str:
    """VALUE as it stands in the field NAME: words as they are as long as they are ASCII, then encoded ones."""
    words = value.split(" ")
    plain = 0
    while plain < len(words) and words[plain].isascii() and len(words[plain]) <= LONGEST_WORD:
        plain += 1
    return _folded(len(name) + 2, words[:plain], " ".join(words[plain:]))


def mailbox(name: str, shown: str, address: str) -> str:
    """`Shown Name <address>` as it stands in the field NAME (RFC 5322, section 3.4)."""
    if not shown:
        return address
    if _PLAIN_PHRASE.fullmatch(shown) and max(map(len, shown.split(" "))) <= LONGEST_WORD:
        phrase = _folded(len(name) + 2, shown.split(" "), "")
    elif shown.isascii():
        escaped = shown.replace("\\", "\\\\").replace('"', '\\"')
        phrase = f'"{escaped}"'
    else:
        phrase = _folded(len(name) + 2, [], shown)
    last = len(phrase) - phrase.rfind("\n") + (len(name) + 2 if "\n" not in phrase else 0)
    return f"{phrase}{' ' if last + len(address) + 3 <= LINE else chr(13) + chr(10) + ' '}<{address}>"


def _head(fields: Sequence[Field]) -> bytes:
    return ("".join(f"{name}: {value}\r\n" for name, value in fields) + "\r\n").encode("utf-8")


def _folded(used: int, words: Sequence[str], rest: str) -> str:
    """WORDS, then REST as encoded words, in lines of at most LINE where the words allow it."""
    pieces: list[str] = []
    for word in words:
        pieces.append(f"\r\n {word}" if pieces and used + 1 + len(word) > LINE else f" {word}" if pieces else word)
        used = 1 + len(word) if pieces[-1].startswith("\r") else used + len(pieces[-1])
    for word in _encoded(rest, LINE - used - 1 if used < LINE - 30 else LINE - 1):
        pieces.append(f"\r\n {word}" if pieces and used + 1 + len(word) > LINE else f" {word}" if pieces else word)
        used = 1 + len(word) if pieces[-1].startswith("\r") else used + len(pieces[-1])
    return "".join(pieces)


def _encoded(value: str, first: int) -> Iterator[str]:
    """VALUE as encoded words (RFC 2047), the FIRST of at most that many characters, none over 75.

    A character is never divided between two words.
    """
    if not value:
        return
    data = value.encode("utf-8")
    dense = sum(octet not in _Q_SAFE for octet in data) * 3 > len(data)
    room, kept, size = min(first, 75) - 12, bytearray(), 0
    for character in value:
        octets = character.encode("utf-8")
        cost = len(octets) if dense else sum(1 if octet in _Q_SAFE or octet == 0x20 else 3 for octet in octets)
        if kept and (((size + cost + 2) // 3 * 4) if dense else size + cost) > room:
            yield _encoded_word(bytes(kept), dense)
            room, kept, size = 63, bytearray(), 0
        kept += octets
        size += cost
    yield _encoded_word(bytes(kept), dense)


def _encoded_word(data: bytes, dense: bool) -> str:
    if dense:
        return f"=?utf-8?b?{base64.b64encode(data).decode('ascii')}?="
    text = "".join(chr(o) if o in _Q_SAFE else "_" if o == 0x20 else f"={o:02X}" for o in data)
    return f"=?utf-8?q?{text}?="


def _parameter(key: str, value: str) -> Iterator[str]:
    """`key="value"`, or in the pieces of RFC 2231 where it is long or not ASCII."""
    if _NAME_SAFE.fullmatch(value):
        yield f'{key}="{value}"'
        return
    pieces, kept = [], ""
    for character in value:
        octets = quote(character, safe="")
        if len(kept) + len(octets) > 55:
            pieces.append(kept)
            kept = ""
        kept += octets
    pieces.append(kept)
    if len(pieces) == 1:
        yield f"{key}*=utf-8''{pieces[0]}"
        return
    for number, piece in enumerate(pieces):
        start = "utf-8''" if number == 0 else ""
        yield f"{key}*{number}*={start}{piece}"


def _quoted_printable(data: bytes) -> bytes:
    # Lines that begin with From are changed by some relays, which breaks signatures.
    written = binascii.b2a_qp(data, istext=True).replace(b"\nFrom ", b"\n=46rom ")
    return b"=46" + written[1:] if written.startswith(b"From ") else written


def _base64(data: bytes) -> bytes:
    return base64.encodebytes(data).replace(b"\n", b"\r\n")
