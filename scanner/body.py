"""The body of a mail: which parts are its text, and which are attachments.

Walks the tree that mail-parser made, since its own lists mix nested mails into the text, decode
nameless images as text and forget what belongs together.  A nested mail is one attachment and
never walked into.  Part numbers count this walk, so the same bytes give the same numbers.
Never decodes more than it shows, except to count octets; limits are said in `defects`.
"""

import binascii
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from email.errors import MessageError
from email.generator import BytesGenerator
from email.message import Message as Tree
from email.policy import compat32
from io import BytesIO

from domain.message import Attachment
from scanner.charset import clean, decode
from scanner.headers import decoded_value, sent_value
from scanner.names import safe_name

MAX_PARTS = 1_000
MAX_ATTACHMENTS = 200
MAX_TEXT = 1_000_000
"""Characters of text, and of HTML source each."""
MAX_PARAMETERS = 8_000
"""Characters of a Content-Type or Content-Disposition that are looked at."""

_READABLE = frozenset({"text/plain", "text/html", "text/markdown"})
# Other forms of the same text for mail programs that we are not.
_MIRRORS = frozenset({"text/x-amp-html", "text/watch-html"})
_FILE = re.compile(r"[\w.-]{1,60}\.[A-Za-z][A-Za-z0-9]{1,4}")
_META = re.compile(rb"<meta[^>]{0,200}charset=[\"']?([A-Za-z0-9_-]{1,40})", re.IGNORECASE)
_CRLF = compat32.clone(linesep="\r\n")


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


@dataclass(slots=True)
class Body:
    """What the parts of one mail come to."""

    text: str = ""
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    defects: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Block:
    """One stretch of the body in one or two forms, plain and HTML."""

    family: int
    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)


def body_of(tree: Tree) -> Body:
    """The body of a mail; text is made from HTML only where there is no usable plain text."""
    body = Body()
    every = list(leaves(tree))
    texts = [leaf for leaf in every if _is_text(leaf)]
    if not texts:
        texts = [leaf for leaf in every if _could_be_text(leaf, tree)][:1]
    chosen = {leaf.index for leaf in texts}
    rest = [
        leaf
        for leaf in every
        if (leaf.index not in chosen or (_file_name(leaf.part) and leaf.part is not tree))
        and leaf.part.get_content_type() not in _MIRRORS
    ]
    if every and every[-1].index >= MAX_PARTS - 1:
        body.defects.append(f"only the first {MAX_PARTS} parts were read")
    if len(rest) > MAX_ATTACHMENTS:
        body.defects.append(f"only the first {MAX_ATTACHMENTS} of {len(rest)} attachments are listed")
    body.attachments = tuple(_attachment(leaf) for leaf in rest[:MAX_ATTACHMENTS])
    _compose(body, _blocks(texts, body.defects))
    return body


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


def content(part: Tree) -> bytes:
    """The decoded octets of a part; of a nested mail its own source, lines ending in CRLF."""
    if part.is_multipart():
        return _nested(part)
    _mend_encoding(part)
    try:
        octets = _quick_base64(part) or part.get_payload(decode=True)
    except (ValueError, LookupError, TypeError):
        octets = None
    return octets if isinstance(octets, bytes) else b""


def _quick_base64(part: Tree) -> bytes:
    """What the standard library gives, too, after a check of every line that takes twice as long."""
    if part.get("content-transfer-encoding") != "base64":
        return b""
    payload = part.get_payload()
    with suppress(binascii.Error):
        return binascii.a2b_base64(payload) if isinstance(payload, str) and payload.isascii() else b""
    return b""


def _children(place: Leaf, index: int) -> list[Leaf]:
    part = place.part
    subtype = part.get_content_subtype()
    attached = place.attached or _disposition(part) == "attachment"
    family = index if subtype == "alternative" and place.family < 0 else place.family
    return [
        Leaf(
            0,
            child,
            family,
            place.beside or (subtype == "related" and number > 0),
            attached,
        )
        for number, child in enumerate(_inside(part))
    ]


def _inside(part: Tree) -> list[Tree]:
    payload = part.get_payload()
    return [child for child in payload[:MAX_PARTS] if isinstance(child, Tree)] if isinstance(payload, list) else []


def _nested(part: Tree) -> bytes:
    children = _inside(part)
    inner = children[0] if len(children) == 1 else None
    encoding = str(part.get("content-transfer-encoding", "")).strip().lower()
    if inner is not None and encoding == "base64" and not inner.keys() and not inner.is_multipart():
        # Forbidden by RFC 2046, section 5.2.1, and sent all the same: the whole mail is one base64 text.
        inner["Content-Transfer-Encoding"] = encoding
        return content(inner)
    return b"\r\n".join(_flat(child) for child in children)


def _flat(mail: Tree) -> bytes:
    out = BytesIO()
    try:
        BytesGenerator(out, mangle_from_=False, maxheaderlen=0, policy=_CRLF).flatten(mail)
    except (MessageError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        # The generator trusts its trees more than hostile mail deserves; what is written so far counts.
        return out.getvalue()
    return out.getvalue()


def _mend_encoding(part: Tree) -> None:
    # The standard library knows an encoding by its exact name only: `base64;` or ` "base64"` would stay undecoded.
    stated = str(part.get("content-transfer-encoding", ""))
    name = stated.partition(";")[0].strip().strip("\"'").lower()
    if stated and stated.lower() != name:
        part.replace_header("Content-Transfer-Encoding", name)


def _is_text(leaf: Leaf) -> bool:
    part = leaf.part
    if leaf.attached or part.is_multipart() or part.get_content_type() not in _READABLE:
        return False
    if _disposition(part) == "attachment":
        return False
    if leaf.beside and "content-id" in part:
        return False
    return leaf.family >= 0 or leaf.index == 0 or not _file_name(part)


def _could_be_text(leaf: Leaf, tree: Tree) -> bool:
    part = leaf.part
    if leaf.part is tree:
        # A multipart without any boundary, or a text of an unknown kind, is better shown than hidden.
        return (
            not part.is_multipart()
            and part.get_content_maintype() in ("text", "multipart")
            and not (_disposition(part) == "attachment" or _file_name(part))
        )
    return not leaf.attached and part.get_content_type() in _READABLE and _disposition(part) != "attachment"


def _blocks(texts: list[Leaf], defects: list[str]) -> list[_Block]:
    blocks: list[_Block] = []
    for leaf in texts:
        if leaf.family < 0 or not blocks or blocks[-1].family != leaf.family:
            blocks.append(_Block(leaf.family))
        is_html = leaf.part.get_content_type() == "text/html"
        form = blocks[-1].html if is_html else blocks[-1].plain
        text = _decoded(leaf, defects)
        # Two plain versions of one text are rare and mostly no versions; nothing readable is left out.
        if text.strip() and text not in form:
            form.append(text)
    return blocks


def _compose(body: Body, blocks: list[_Block]) -> None:
    pieces = [_readable(block) for block in blocks]
    body.text = _capped("\n".join(piece for piece in pieces if piece.strip()), "text", body.defects)
    body.html = _capped("\n".join(source for block in blocks for source in block.html), "HTML", body.defects)


def _readable(block: _Block) -> str:
    plain = "\n".join(block.plain)
    if not block.html or (plain.strip() and not _is_stub(plain)):
        return plain
    from scanner.html import text_of

    return text_of("\n".join(block.html)) or plain


def _is_stub(plain: str) -> bool:
    """PLAIN only says that there is an HTML version."""
    return len(plain) < 300 and "html" in plain.lower() and len(plain.strip().splitlines()) <= 3


def _capped(text: str, what: str, defects: list[str]) -> str:
    if len(text) > MAX_TEXT:
        defects.append(f"only the first {MAX_TEXT} of {len(text)} characters of the {what} are kept")
    return text[:MAX_TEXT]


def _decoded(leaf: Leaf, defects: list[str]) -> str:
    part = leaf.part
    octets = content(part)
    charset = _parameter(part, "charset")
    if not charset and part.get_content_subtype() == "html" and (stated := _META.search(octets[:2_000])):
        charset = stated[1].decode("ascii")
    text, problem = decode(octets, charset)
    if problem:
        defects.append(f"part {leaf.index}: {problem}")
    text = clean(text)
    if "flowed" in _field(part, "content-type").lower() and _parameter(part, "format").lower() == "flowed":
        return unfolded(text, delete_space=_parameter(part, "delsp").lower() == "yes")
    return text


def unfolded(text: str, *, delete_space: bool = False) -> str:
    """TEXT with the soft line breaks of format=flowed undone (RFC 3676, section 4.2)."""
    lines: list[str] = []
    pieces: list[str] = []
    depth = -1
    for line in text.split("\n"):
        rest = line.lstrip(">")
        quotes = len(line) - len(rest)
        rest = rest.removeprefix(" ")
        if pieces and (quotes != depth or rest == "-- "):
            lines.append(_joined(pieces, depth))
            pieces = []
        depth = quotes
        is_soft = rest.endswith(" ") and rest != "-- "
        pieces.append(rest[:-1] if is_soft and delete_space else rest)
        if not is_soft:
            lines.append(_joined(pieces, depth))
            pieces = []
    if pieces:
        lines.append(_joined(pieces, depth))
    return "\n".join(lines)


def _joined(pieces: list[str], depth: int) -> str:
    text = "".join(pieces)
    return f"{'>' * depth} {text}".rstrip(" ") if depth else text


def _attachment(leaf: Leaf) -> Attachment:
    part = leaf.part
    octets = content(part)
    kind = part.get_content_type()
    content_id = "".join(_field(part, "content-id").split()).strip("<>")
    inner = sent_value(_inside(part)[0], "subject") if kind == "message/rfc822" and _inside(part) else ""
    return Attachment(
        index=leaf.index,
        name=safe_name(
            _file_name(part) or _name_in_id(content_id),
            kind=kind,
            index=leaf.index,
            subject=decoded_value(inner[:1000]),
        ),
        content_type=clean(kind)[:100],
        size=len(octets),
        inline=_disposition(part) == "inline" or bool(leaf.beside and content_id),
        content_id=clean(content_id)[:200],
    )


def _file_name(part: Tree) -> str:
    fields = (_field(part, "content-disposition"), _field(part, "content-type"))
    if not any("name" in value.lower() for value in fields):
        return ""
    probe = Tree()
    probe["Content-Disposition"], probe["Content-Type"] = fields
    try:
        name = probe.get_filename() or ""
    except (ValueError, LookupError, TypeError, IndexError):
        return ""
    return decoded_value(str(name)[:1000])


def _name_in_id(content_id: str) -> str:
    """The file name that mail programs put into a Content-ID: `image001.png@01DC5A2E.8B1F4C60`."""
    local = content_id.partition("@")[0]
    return local if _FILE.fullmatch(local) else ""


def _disposition(part: Tree) -> str:
    return _field(part, "content-disposition").partition(";")[0].strip().lower()


def _parameter(part: Tree, name: str) -> str:
    value = _field(part, "content-type")
    if name not in value.lower():
        return ""
    probe = Tree()
    probe["Content-Type"] = value
    try:
        found = probe.get_param(name, "")
    except (ValueError, LookupError, TypeError):
        return ""
    return str(found[2] if isinstance(found, tuple) else found)


def _field(part: Tree, name: str) -> str:
    return sent_value(part, name)[:MAX_PARAMETERS]
