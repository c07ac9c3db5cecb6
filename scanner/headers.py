"""The header of a mail: fields and addresses as clean values.

mail-parser reads what is well formed.  What it drops is mended here: raw octets that are no UTF-8,
unknown charsets in encoded words, fields that stand twice, addresses that it finds ambiguous.
Never fails; everything is capped, because a sender chooses names, number and length.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message as Tree

from mailparser.utils import get_addresses

from domain.people import Address
from scanner.charset import clean, decode
from scanner.message_id import mended

MAX_FIELDS = 500
MAX_SENT = 64_000
"""Characters of one value as it was sent: some hundred recipients fit in."""
MAX_FIELD = 16_000
"""Characters of one decoded value."""
MAX_ADDRESSES = 500

_ENCODED = re.compile(r"=\?[^?\s]{1,60}\?[bBqQ]\?[^?]*\?=(?:\s*=\?[^?\s]{1,60}\?[bBqQ]\?[^?]*\?=)*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_BARE = re.compile(r"[^\s<>,;:\"()\[\]@]{1,254}@[^\s<>,;:\"()\[\]@]{1,254}")


@dataclass(frozen=True, slots=True)
class Fields:
    """The header fields: as they were sent (raw octets mended) and decoded, in order.

    `index` holds the first decoded value of each name; `dropped` counts the fields beyond MAX_FIELDS.
    """

    sent: tuple[tuple[str, str], ...]
    decoded: tuple[tuple[str, str], ...]
    index: Mapping[str, str]
    dropped: int = 0

    @classmethod
    def of(cls, tree: Tree) -> "Fields":
        """The fields of a mail's root."""
        raw = list(tree.raw_items())
        sent = tuple((_name(name), mended(value)[:MAX_SENT]) for name, value in raw[:MAX_FIELDS])
        decoded = tuple((name, decoded_value(value[:MAX_FIELD])) for name, value in sent)
        return cls(sent, decoded, dict(reversed(decoded)), max(0, len(raw) - MAX_FIELDS))

    def first(self, name: str) -> str:
        """The decoded value of the first field called NAME, '' if there is none."""
        return self.index.get(name, "")

    def every(self, *names: str) -> list[str]:
        """The values, as sent, of all fields called one of NAMES, in order."""
        return [value for field, value in self.sent if field in names]

    def has(self, name: str) -> bool:
        return name in self.index


def sent_value(part: Tree, name: str) -> str:
    """The first field called NAME of a part as it was sent, '' if there is none.

    Not by `part.get`, which wraps values with octets above 127 into an encoded word of its own.
    """
    return next((mended(value) for field, value in part.raw_items() if field.lower() == name), "")


def decoded_value(value: str) -> str:
    """A field value on one line: encoded words decoded (RFC 2047), no control characters."""
    if "=?" in value:
        value = _ENCODED.sub(_words, value)
    return " ".join(_CONTROL.sub(" ", clean(value)).split()) if not _is_plain(value) else value.strip()


def addresses(values: Iterable[str]) -> tuple[Address, ...]:
    """The addresses in the fields VALUES, each once; what mail-parser cannot place is left out."""
    found: dict[Address, None] = {}
    for value in values:
        if value.strip():
            found |= {_address(name, address): None for name, address in _read(value) if address}
    return tuple(found)[:MAX_ADDRESSES]


def any_address(values: Iterable[str]) -> Address | None:
    """The only or last address in VALUES by its looks: for fields that are not well formed."""
    for value in values:
        text = decoded_value(value)
        if found := _BARE.findall(text):
            name = text.partition(found[-1])[0].strip(" <\"'")
            return Address(found[-1].strip(".'"), "" if "@" in name else name)
    return None


def _name(name: str) -> str:
    return name.strip().lower()[:100] if name.isascii() else clean(name.strip().lower())[:100]


def _is_plain(value: str) -> bool:
    # isprintable() refuses tabs and line ends, so it also says that nothing is folded.
    return value.isascii() and value.isprintable()


def _words(found: re.Match[str]) -> str:
    try:
        pieces = decode_header(found[0])
    except (HeaderParseError, ValueError):
        return found[0]
    return "".join(
        decode(octets, charset or "")[0] if isinstance(octets, bytes) else octets for octets, charset in pieces
    )


def _read(value: str) -> list[tuple[str, str]]:
    # Names are decoded by ourselves: mail-parser gives up on unknown charsets, and on quoted encoded words.
    return list(get_addresses(value))


def _address(name: str, address: str) -> Address:
    shown = decoded_value(name)
    return Address("".join(_CONTROL.sub("", clean(address)).split()), "" if shown == address else shown)
