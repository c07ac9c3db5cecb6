"""The parts of a mail's tree: which there are, what they are called, and their octets.

A nested mail counts as one part and is never walked into.  Part numbers count this walk, so the
same bytes give the same numbers.  Never fails: what cannot be decoded comes back as it was sent,
and number and length of everything that a sender chooses are capped.
"""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message as Tree

from scanner import smime
from scanner.charset import base64_prefix, decode
from scanner.headers import decoded_value, sent_value
from scanner.tree import as_sent, tree_of, written

MAX_PARTS = 1_000
COUNTED = 1_000_000
"""Octets of a base64 text from which on it is counted."""
MAX_PARAMETERS = 8_000
"""Characters of a Content-Type or Content-Disposition that are looked at."""
MAX_PIECES = 100
"""Pieces that a parameter may be cut into (RFC 2231, section 3)."""

_FILE = re.compile(r"[\w.-]{1,60}\.[A-Za-z][A-Za-z0-9]{1,4}")
_PIECE = re.compile(r"\*\d+\*?\s*=")
_FOREIGN = re.compile(rb"[^A-Za-z0-9+/=\s]|(?<=\w) (?=\w)")
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_UUENCODED = frozenset({"x-uuencode", "uuencode", "uue", "x-uue"})


@dataclass(frozen=True, slots=True)
class Leaf:
    """A part that contains no others, and its place in the tree.

    `family` is the index of the outermost multipart/alternative around it, -1 for none; `beside`
    says that it hangs on another part (multipart/related), `attached` that its container as a
    whole is an attachment.
    """

    index: int
    part: Tree
    family: int = -1
    beside: bool = False
    attached: bool = False


def leaves(tree: Tree) -> Iterator[Leaf]:
    """Every part that holds no others, in order; a nested mail counts as one."""
    waiting = [Leaf(0, tree)]
    index = 0
    while waiting and index < MAX_PARTS:
        place = waiting.pop()
        part = place.part
        if is_container(part):
            waiting.extend(reversed(_children(place, index)))
        else:
            yield Leaf(index, part, place.family, place.beside, place.attached)
        index += 1


def is_container(part: Tree) -> bool:
    """PART is a multipart that could be taken apart; a nested mail is none."""
    return part.is_multipart() and part.get_content_maintype() == "multipart"


def content(part: Tree, most: int | None = None) -> bytes:
    """The decoded octets of a part; of a nested mail its own source, lines ending in CRLF.

    No more than MOST octets as they were sent are decoded, where that is given.
    """
    if part.is_multipart():
        return _nested(part)
    encoding = str(part.get("content-transfer-encoding", "")).partition(";")[0].strip().strip("\"'").lower()
    sent = as_sent(part)[:most]
    if encoding == "base64":
        return _base64(part, sent)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(sent)
    return _uuencoded(part, sent) if encoding in _UUENCODED else sent


def size_of(part: Tree) -> int:
    """How many octets `content` has; a large base64 text is counted, not decoded."""
    encoding = str(part.get("content-transfer-encoding", "")).strip().lower()
    if encoding != "base64" or part.is_multipart() or part.get_content_maintype() == "text":
        return len(content(part))
    sent = as_sent(part)
    body = sent.rstrip()
    letters = body.rstrip(b"=").translate(None, b"\r\n") if len(body) > COUNTED else b""
    # A letter that is none, or an end in the middle: only decoding tells.
    if not letters or letters.translate(None, _LETTERS):
        return len(content(part))
    return len(letters) * 6 // 8


def _uuencoded(part: Tree, sent: bytes) -> bytes:
    copy = Tree()
    copy["Content-Transfer-Encoding"] = "x-uuencode"
    copy.set_payload(sent.decode("ascii", "surrogateescape"))
    octets = copy.get_payload(decode=True)
    return octets if isinstance(octets, bytes) else b""


def nested_mail(part: Tree) -> Tree | None:
    """The mail inside a message/rfc822 part, or inside its signature (S/MIME); None if there is none to be found."""
    if part.get_content_type() != "message/rfc822":
        return signed_mail(part)
    inner = next(iter(inside(part)), None)
    if inner is not None and _is_base64_mail(part, inner):
        return tree_of(content(part))
    return inner


def signed_mail(part: Tree) -> Tree | None:
    """The mail without header that stands in an S/MIME part beside its signature; None if there is none."""
    if part.get_content_type() not in smime.KINDS or part.is_multipart():
        return None
    signed = smime.signed_content(content(part))
    return tree_of(signed) if signed else None


def _base64(part: Tree, sent: bytes) -> bytes:
    """The octets of a base64 part, also where it is cut short; a text that only says it is base64, as it stands.

    Not by `get_payload`: its check of every line takes twice as long and gives up where the end is missing.
    """
    if part.get_content_maintype() == "text" and len(_FOREIGN.findall(sent[:2_000])) > 10:
        return sent
    try:
        return binascii.a2b_base64(sent)
    except (binascii.Error, ValueError):
        return base64_prefix(sent.decode("ascii", "ignore"))


def _children(place: Leaf, index: int) -> list[Leaf]:
    part = place.part
    subtype = part.get_content_subtype()
    attached = place.attached or disposition(part) == "attachment"
    family = index if subtype == "alternative" and place.family < 0 else place.family
    return [
        Leaf(
            0,
            child,
            family,
            place.beside or (subtype == "related" and number > 0),
            attached,
        )
        for number, child in enumerate(inside(part))
    ]


def inside(part: Tree) -> list[Tree]:
    payload = part.get_payload()
    return [child for child in payload[:MAX_PARTS] if isinstance(child, Tree)] if isinstance(payload, list) else []


def _nested(part: Tree) -> bytes:
    children = inside(part)
    inner = children[0] if len(children) == 1 else None
    if inner is not None and _is_base64_mail(part, inner):
        return _base64(inner, as_sent(inner))
    return b"\r\n".join(written(child) for child in children)


def _is_base64_mail(part: Tree, inner: Tree) -> bool:
    # Forbidden by RFC 2046, section 5.2.1, and sent all the same: the whole mail is one base64 text.
    encoding = str(part.get("content-transfer-encoding", "")).strip().lower()
    return encoding == "base64" and not inner.keys() and not inner.is_multipart()


def file_name(part: Tree) -> str:
    """The name that the sender gave the part, decoded, as hostile as he wrote it; '' if there is none."""
    fields = (field_of(part, "content-disposition"), field_of(part, "content-type"))
    if not any("name" in value.lower() for value in fields):
        return ""
    probe = Tree()
    probe["Content-Disposition"], probe["Content-Type"] = fields
    stated = _name_parameter(probe, "filename", "content-disposition")
    other = _name_parameter(probe, "name", "content-type")
    # A charset too small for the name left question marks in one of the two.
    return other if not stated or ("?" in stated and "?" not in other and other) else stated


def _name_parameter(probe: Tree, name: str, header: str) -> str:
    try:
        found = probe.get_param(name, "", header)
    except (ValueError, LookupError, TypeError):
        return ""
    if isinstance(found, tuple):
        octets = str(found[2])[:3_000].encode("raw-unicode-escape", "replace")
        return decode(octets, found[0] or "")[0]
    return decoded_value(str(found)[:3_000])


def too_many_pieces(part: Tree) -> bool:
    """A parameter is cut into more than MAX_PIECES pieces; what is behind them may be missing."""
    return any(
        "*1" in value and len(_PIECE.findall(value)) > MAX_PIECES
        for value in (field_of(part, "content-disposition"), field_of(part, "content-type"))
    )


def name_in_id(content_id: str) -> str:
    """The file name that mail programs put into a Content-ID: `image001.png@01DC5A2E.8B1F4C60`."""
    local = content_id.partition("@")[0]
    return local if _FILE.fullmatch(local) else ""


def disposition(part: Tree) -> str:
    return field_of(part, "content-disposition").partition(";")[0].strip().lower()


def parameter(part: Tree, name: str) -> str:
    value = field_of(part, "content-type")
    if name not in value.lower():
        return ""
    probe = Tree()
    probe["Content-Type"] = value
    try:
        found = probe.get_param(name, "")
    except (ValueError, LookupError, TypeError):
        return ""
    return str(found[2] if isinstance(found, tuple) else found)


def field_of(part: Tree, name: str) -> str:
    return sent_value(part, name)[:MAX_PARAMETERS]
