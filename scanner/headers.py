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
from itertools import islice

from mailparser.utils import get_addresses

from domain.people import Address
from scanner.charset import base64_prefix, clean, decode, is_utf7, without_utf7
from scanner.message_id import mended

MAX_SENT = 64_000
"""Characters of one value as it was sent: some hundred recipients fit in."""
MAX_FIELD = 16_000
"""Characters of one decoded value."""
MAX_ADDRESSES = 500
"""Of a field whose addresses nobody counts."""

_ENCODED = re.compile(r"=\?[^?\s]{1,60}\?[bBqQ]\?[^?]*\?=(?:\s*=\?[^?\s]{1,60}\?[bBqQ]\?[^?]*\?=)*")
_WORD = re.compile(r"=\?([^?\s]{1,60})\?[bBqQ]\?([^?]*)\?=")
_FOLD = re.compile(r"\s*\n\s*")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:+-]{1,40})", re.IGNORECASE)
# The fields in which people stand or write; UTF-7 in any other is an accident.
_SHOWN = frozenset({"subject", "from", "to", "cc", "reply-to", "sender"})
# Written by servers, and believed: an encoded word in one must not turn into a result that nobody gave.
_TRACE = frozenset({"authentication-results", "received"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_IN_COMMENT = re.compile(r"\(([^\s<>,;:\"()\[\]@]{1,64}@[^\s<>,;:\"()\[\]@]{1,254})\)\s*$")
_BARE = re.compile(r"[^\s<>,;:\"()\[\]@]{1,254}@[^\s<>,;:\"()\[\]@]{1,254}")


@dataclass(frozen=True, slots=True)
class Fields:
    """The header fields: as they were sent (raw octets mended) and decoded, in order.

    `index` holds the first decoded value of each name.
    """

    sent: tuple[tuple[str, str], ...]
    decoded: tuple[tuple[str, str], ...]
    index: Mapping[str, str]

    @classmethod
    def of(cls, tree: Tree) -> "Fields":
        """The fields of a mail's root."""
        raw = list(tree.raw_items())
        hint = own_charset(tree) if any(not str(value).isascii() for _, value in raw) or _says_utf7(raw) else ""
        sent = tuple((_name(name), mended(value, hint)[:MAX_SENT]) for name, value in raw)
        if hint and is_utf7(hint):
            sent = tuple(
                (name, without_utf7(value) if name in _SHOWN and "=?" not in value else value) for name, value in sent
            )
        decoded = tuple(
            (name, (unfolded if name in _TRACE else decoded_value)(value[:MAX_FIELD])) for name, value in sent
        )
        return cls(sent, decoded, dict(reversed(decoded)))

    def first(self, name: str) -> str:
        """The decoded value of the first field called NAME, '' if there is none."""
        return self.index.get(name, "")

    def every(self, *names: str) -> list[str]:
        """The values, as sent, of all fields called one of NAMES, in order."""
        return [value for field, value in self.sent if field in names]

    def has(self, name: str) -> bool:
        return name in self.index


def own_charset(tree: Tree) -> str:
    """The charset that a mail states for one of its first parts, or for a word of its header; '' for none.

    What stands in a header without any charset is most likely in that one.
    """
    for part in islice(tree.walk(), 10):
        found = _CHARSET.search(str(part.get("content-type", ""))[:1000])
        if found and found[1].lower() not in ("us-ascii", "utf-8"):
            return found[1]
    words = (_WORD.search(str(value)[:1000]) for _, value in tree.raw_items())
    return next((word[1] for word in words if word and word[1].lower() not in ("us-ascii", "utf-8")), "")


def sent_value(part: Tree, name: str) -> str:
    """The first field called NAME of a part as it was sent, '' if there is none.

    Not by `part.get`, which wraps values with octets above 127 into an encoded word of its own.
    """
    return next((mended(value) for field, value in part.raw_items() if field.lower() == name), "")


def decoded_value(value: str) -> str:
    """A field value on one line: encoded words decoded (RFC 2047), no control characters."""
    return unfolded(_ENCODED.sub(_words, value) if "=?" in value else value)


def unfolded(value: str) -> str:
    """A field value on one line as it was sent, without control characters."""
    return " ".join(_CONTROL.sub(" ", clean(value)).split()) if not _is_plain(value) else value.strip()


def addresses(values: Iterable[str], most: int = MAX_ADDRESSES) -> tuple[Address, ...]:
    """The addresses in the fields VALUES, each once; what mail-parser cannot place is left out.

    If there are more than MOST not all are read, but at least one more.
    """
    found: dict[Address, None] = {}
    for stated in values:
        if not stated.strip() or len(found) > most:
            continue
        value = _beginning(stated, most)
        placed = {_address(name, address): None for name, address in _read(value) if "@" in address}
        # `Ada (ada@x.example)`: what stands for the address is the name, and the other way round.
        if not placed and (swapped := _IN_COMMENT.search(value)):
            placed = {_address(value[: swapped.start()].strip(), swapped[1]): None}
        found |= placed
    return tuple(found)


def _beginning(value: str, most: int) -> str:
    """VALUE up to a comma behind which there are only addresses too many; a name may hold a comma, too."""
    pieces = value.split(",", 2 * most) if value.count(",") > 2 * most else ()
    return value[: len(value) - len(pieces[-1]) - 1] if pieces else value


def any_address(values: Iterable[str]) -> Address | None:
    """The only or last address in VALUES by its looks: for fields that are not well formed."""
    for value in values:
        text = decoded_value(value)
        if found := _BARE.findall(text):
            name = text.partition(found[-1])[0].strip(" <\"'").removesuffix("mailto:").rstrip(" <[(\"'")
            return Address(found[-1].strip(".'"), "" if "@" in name else name)
    return None


def _says_utf7(raw: list[tuple[str, str]]) -> bool:
    return any(name.lower() == "content-type" and "utf-7" in str(value).lower() for name, value in raw)


def _name(name: str) -> str:
    return name.strip().lower()[:100] if name.isascii() else clean(name.strip().lower())[:100]


def _is_plain(value: str) -> bool:
    # isprintable() refuses tabs and line ends, so it also says that nothing is folded.
    return value.isascii() and value.isprintable()


def _words(found: re.Match[str]) -> str:
    """One encoded word, or several in a row; what is broken stays as it was sent, the others are read."""
    text = _FOLD.sub(" ", found[0])
    try:
        pieces = decode_header(text)
    except (HeaderParseError, ValueError):
        several = len(_WORD.findall(text)) > 1
        return _WORD.sub(_words, text) if several else _cut_short(text)
    return "".join(
        decode(octets, charset or "")[0] if isinstance(octets, bytes) else octets for octets, charset in pieces
    )


def _cut_short(text: str) -> str:
    """A base64 word that ends in the middle: as much of it as can be read."""
    word = _WORD.fullmatch(text)
    octets = base64_prefix(word[2]) if word and "?b?" in text.lower() else b""
    return decode(octets, word[1])[0] if word and octets else text


def _read(value: str) -> list[tuple[str, str]]:
    # Names are decoded by ourselves: mail-parser gives up on unknown charsets, and on quoted encoded words.
    return list(get_addresses(value))


def _address(name: str, address: str) -> Address:
    shown = decoded_value(name)
    return Address("".join(_CONTROL.sub("", clean(address)).split()), "" if shown == address else shown)
