"""The body of a mail: which parts are its text, and which are attachments.

Walks the tree that the standard library made, since mail-parser's lists mix nested mails into the
text, decode nameless images as text and forget what belongs together.  What is packed is unpacked:
winmail.dat gives its files, uuencoded files leave the text, an invitation gives one readable line.
A nested mail is an attachment; what it says and holds comes after our own text and attachments.
Never decodes more than it shows, except to count octets; limits are said in `defects`.
"""

import re
from dataclasses import dataclass, field, replace
from email.message import Message as Tree
from html import unescape
from typing import TypeVar
from urllib.parse import unquote

from domain.errors import NotFound
from domain.message import Attachment
from domain.settings import Limits
from scanner import members, smime, tnef
from scanner.calendar import summary
from scanner.charset import clean, decode
from scanner.headers import decoded_value, own_charset, sent_value
from scanner.html import text_of
from scanner.names import safe_name
from scanner.parts import (
    MAX_PARTS,
    Leaf,
    content,
    disposition,
    field_of,
    file_name,
    leaves,
    name_in_id,
    nested_mail,
    parameter,
    signed_mail,
    size_of,
    too_many_pieces,
)

DEFAULT = Limits()
EVERYTHING = Limits(attachments=1000)
MAX_PACKED = 1_000_000
"""Characters of the HTML in a winmail.dat."""
OCTETS_EACH = 2
"""Octets that are read for each character of the text that is kept."""
LEAST_OCTETS = 2_000
"""Octets of every further text when the others were long enough: so the ticket says what was cut."""
ENCODED = 3
"""Octets that are sent for one of a text, at most (quoted-printable)."""
MAX_WORD = 10_000
MAX_TNEF = 5
"""Files winmail.dat that are unpacked; an honest mail has one."""
MAX_NESTING = 3
"""Mails inside mails that are looked into; a deeper one is an attachment and nothing more."""

_T = TypeVar("_T")
_READABLE = frozenset({"text/plain", "text/html", "text/markdown"})
# Other forms of the same text for mail programs that we are not.
_MIRRORS = frozenset({"text/x-amp-html", "text/watch-html"})
_CID = re.compile(r"""\bcid:([^\s"'<>)]{1,300})""", re.IGNORECASE)
_META = re.compile(rb"<meta[^>]{0,200}charset=[\"']?([A-Za-z0-9_-]{1,40})", re.IGNORECASE)


@dataclass(slots=True)
class Body:
    """What the parts of one mail come to.

    `own` is the text of the mail itself, `from_html` says that there is no other than what was made of
    `html`; `named` are the Content-IDs of pictures in that; `text` is also what the mails inside it say;
    `forwarded` is the mail that somebody attached to pass it on, `forwarded_text` what that one says.
    """

    own: str = ""
    from_html: bool = False
    text: str = ""
    html: str = ""
    named: frozenset[str] = frozenset()
    attachments: tuple[Attachment, ...] = ()
    forwarded: Tree | None = None
    forwarded_text: str = ""
    defects: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Block:
    """One stretch of the body in one or two forms, plain and HTML."""

    family: int
    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)


def body_of(tree: Tree, limits: Limits = DEFAULT, *, depth: int = 0) -> Body:
    """The body of a mail; text is made from HTML only where there is no usable plain text."""
    body = Body()
    every = [leaf for leaf in leaves(tree) if leaf.index < limits.parts]
    if every and every[-1].index >= limits.parts - 1:
        body.defects.append(f"only the first {limits.parts} parts were read")
    texts = [leaf for leaf in every if _is_text(leaf)] or [leaf for leaf in every if _could_be_text(leaf, tree)][:1]
    chosen = {leaf.index for leaf in texts}
    rest = [
        leaf
        for leaf in every
        if (leaf.index not in chosen or (file_name(leaf.part) and leaf.part is not tree))
        and leaf.part.get_content_type() not in _MIRRORS
    ]
    _compose(body, _blocks(texts, tree, body.defects, most=OCTETS_EACH * limits.text), limits)
    found = [_members_of_text(body, texts)]
    said = []
    kept_packed = [leaf.index for leaf in rest if members.is_tnef(leaf.part)][MAX_TNEF:]
    for leaf in rest[: limits.attachments]:
        if leaf.index in kept_packed:
            listed, text = [_attachment(leaf, body, is_text=False)], ""
        else:
            listed, text = _read_rest(leaf, tree, body, limits, depth, is_text=leaf.index in chosen)
        found.append(listed)
        said.append(text)
    _keep_attachments(body, [one for several in found for one in several], len(rest), limits.attachments)
    text = "\n\n".join(one for one in (body.own, *said) if one.strip())
    body.text = _capped(text, "text", limits.text, body.defects)
    return body


def octets_of(tree: Tree, index: int, *, depth: int = 0) -> bytes:
    """The decoded octets of the attachment with this index.  Raises NotFound if there is none."""
    number, place = divmod(index, MAX_PARTS)
    leaf = next((leaf for leaf in leaves(tree) if leaf.index == place), None)
    if leaf is not None and not number:
        return content(leaf.part)
    if leaf is not None and (inner := nested_mail(leaf.part)) is not None:
        # Listed with the same depth as when the mail was read, or the numbers would mean other files.
        listed = body_of(inner, EVERYTHING, depth=depth + 1).attachments
        return octets_of(inner, _at(listed, number).index, depth=depth + 1)
    if leaf is not None:
        return _at(members.members_of(leaf.part), number).octets
    raise NotFound(f"the mail has no part {index}; `helpdesk parse FILE --json` lists its attachments")


def _is_text(leaf: Leaf) -> bool:
    part = leaf.part
    if leaf.attached or part.is_multipart() or part.get_content_type() not in _READABLE:
        return False
    if disposition(part) == "attachment":
        return False
    if leaf.beside and "content-id" in part:
        return False
    return leaf.family >= 0 or leaf.index == 0 or not file_name(part)


def _could_be_text(leaf: Leaf, tree: Tree) -> bool:
    part = leaf.part
    if leaf.part is tree:
        # A multipart without any boundary, or a text of an unknown kind, is better shown than hidden.
        return (
            not part.is_multipart()
            and part.get_content_maintype() in ("text", "multipart")
            and not (disposition(part) == "attachment" or file_name(part))
        )
    # A multipart that cannot be taken apart holds the text that it was made around.
    is_readable = part.get_content_type() in _READABLE or part.get_content_maintype() == "multipart"
    return not leaf.attached and is_readable and disposition(part) != "attachment"


def _blocks(texts: list[Leaf], tree: Tree, defects: list[str], *, most: int) -> list[_Block]:
    blocks: list[_Block] = []
    left = most
    for leaf in texts:
        if leaf.family < 0 or not blocks or blocks[-1].family != leaf.family:
            blocks.append(_Block(leaf.family))
        is_html = leaf.part.get_content_type() == "text/html"
        form = blocks[-1].html if is_html else blocks[-1].plain
        text = _decoded(leaf, tree, defects, most=max(left, LEAST_OCTETS))
        left -= len(text)
        # Two plain versions of one text are rare and mostly no versions; nothing readable is left out.
        if text.strip() and text not in form:
            form.append(text)
    return blocks


def _compose(body: Body, blocks: list[_Block], limits: Limits) -> None:
    pieces = [_readable(block, body.defects) for block in blocks]
    body.own = "\n".join(piece for piece in pieces if piece.strip())
    body.from_html = bool(blocks) and all(block.html and not "".join(block.plain).strip() for block in blocks)
    html = "\n".join(source for block in blocks for source in block.html)
    body.html = _capped(html, "HTML", limits.text, body.defects)
    body.named = frozenset(unquote(unescape(one)) for one in _CID.findall(html))


def _readable(block: _Block, defects: list[str]) -> str:
    plain = "\n".join(block.plain)
    if not block.html or (plain.strip() and not _is_stub(plain)):
        return plain
    text = text_of("\n".join(block.html), defects)
    # That there is an HTML version, too, is said last: nothing readable is left out.
    return "\n\n".join(one for one in (text, plain) if one.strip())


def _is_stub(plain: str) -> bool:
    """PLAIN only says that there is an HTML version."""
    return len(plain) < 300 and "html" in plain.lower() and len(plain.strip().splitlines()) <= 3


def _capped(text: str, what: str, most: int, defects: list[str]) -> str:
    if len(text) > most:
        defects.append(f"only the first {most} characters of the {what} are kept")
    return text[:most]


def _decoded(leaf: Leaf, tree: Tree, defects: list[str], *, most: int) -> str:
    part = leaf.part
    octets = content(part, ENCODED * most)
    if len(octets) > most:
        octets = _whole_characters(octets[:most])
        defects.append(f"part {leaf.index}: only the first {len(octets)} octets of its text were read")
    charset = parameter(part, "charset")
    if not charset and part.get_content_subtype() == "html" and (stated := _META.search(octets[:2_000])):
        charset = stated[1].decode("ascii")
    text, problem = decode(octets, charset)
    if problem and not charset:
        text, problem = decode(octets, hint=own_charset(tree))
    if problem:
        defects.append(f"part {leaf.index}: {problem}")
    text = clean(text).removeprefix("\ufeff")
    if "flowed" in field_of(part, "content-type").lower() and parameter(part, "format").lower() == "flowed":
        return unfolded(text, delete_space=parameter(part, "delsp").lower() == "yes")
    return text


def _whole_characters(octets: bytes) -> bytes:
    """OCTETS up to where no character is cut in two: the last end of a line or word, in any charset but UTF-16."""
    end = max(octets.rfind(b"\n"), octets.rfind(b" "))
    return octets[: end + 1] if b"\0" not in octets[:100] and end > len(octets) - MAX_WORD else octets


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


def _members_of_text(body: Body, texts: list[Leaf]) -> list[Attachment]:
    """The files that stand uuencoded in the mail's own text, which is shown without them."""
    found: list[Attachment] = []
    for leaf in texts if "begin" in body.own else ():
        packed = members.members_of(leaf.part) if len(found) < members.MAX_FILES else ()
        if packed:
            found += [_member(leaf, number, one) for number, one in enumerate(packed)]
            body.own = members.uuencoded(body.own)[0]
    return found


def _read_rest(
    leaf: Leaf, tree: Tree, body: Body, limits: Limits, depth: int, *, is_text: bool
) -> tuple[list[Attachment], str]:
    """What one part that is no text of the mail adds: attachments, and the text of a mail inside."""
    part = leaf.part
    if too_many_pieces(part):
        body.defects.append(f"part {leaf.index}: the name is in too many pieces")
    if members.is_tnef(part) and (packed := _unpacked(leaf, tree, body)):
        return packed, ""
    if encrypted := _encrypted(part):
        body.defects.append(f"part {leaf.index}: encrypted ({encrypted}), what it says cannot be read here")
    own = _attachment(leaf, body, is_text=is_text)
    if own.content_type == "text/calendar":
        _add_invitation(body, content(part))
    if own.content_type == "message/delivery-status" and not body.own.strip():
        # A report without any words for people: its fields are better than nothing.
        body.own = clean(decode(content(part)[:MAX_PACKED])[0]).strip()
    inner = nested_mail(part)
    if inner is not None and depth >= MAX_NESTING:
        body.defects.append(f"part {leaf.index}: a mail inside {MAX_NESTING} others is not looked into")
        inner = None
    if inner is None:
        return [own], ""
    inside = body_of(inner, limits, depth=depth + 1)
    body.defects += [f"part {leaf.index}: {defect}" for defect in inside.defects]
    if part.get_content_type() in smime.KINDS:
        return [own, *_members_of_mail(leaf, inside)], _taken_over(body, inside)
    if tree.get_content_type() == "multipart/report":
        return [own], inside.text
    if body.forwarded is None:
        body.forwarded, body.forwarded_text = inner, inside.text
    return [own, *_members_of_mail(leaf, inside)], inside.text


def _members_of_mail(leaf: Leaf, inside: Body) -> list[Attachment]:
    """The attachments INSIDE the mail that LEAF holds, under the numbers by which `octets_of` finds them."""
    return [replace(one, index=MAX_PARTS * place + leaf.index) for place, one in enumerate(inside.attachments, start=1)]


def _taken_over(body: Body, inside: Body) -> str:
    """Makes what was signed a text of the mail itself; what the mails inside it say, which follows behind."""
    body.from_html = inside.from_html and (body.from_html or not body.own.strip())
    body.own = "\n\n".join(one for one in (body.own, inside.own) if one.strip())
    body.html = body.html or inside.html
    if body.forwarded is None:
        body.forwarded, body.forwarded_text = inside.forwarded, inside.forwarded_text
    return inside.text.removeprefix(inside.own).strip("\n")


def _encrypted(part: Tree) -> str:
    """How the part is encrypted, '' if it is not."""
    kind = part.get_content_type()
    if kind == "application/pgp-encrypted":
        return "PGP"
    is_closed = kind in smime.KINDS and parameter(part, "smime-type").lower() in ("", "enveloped-data")
    return "S/MIME" if is_closed and signed_mail(part) is None else ""


def _unpacked(leaf: Leaf, tree: Tree, body: Body) -> list[Attachment]:
    found = tnef.unpacked(content(leaf.part))
    if found is None:
        return []
    if found.has_more:
        body.defects.append(f"part {leaf.index}: only the first {tnef.MAX_FILES} files in it are listed")
    if not body.own.strip():
        body.own = clean(found.text) or text_of(found.html, body.defects)
    if not body.html:
        body.html = clean(found.html)[:MAX_PACKED]
    subject = decoded_value(sent_value(tree, "subject")[:1000])
    return [
        _member(leaf, number, one, unnamed=f"{subject or 'message'}-body.rtf")
        for number, one in enumerate(members.tnef_members(found))
    ]


def _add_invitation(body: Body, octets: bytes) -> None:
    line = summary(clean(decode(octets)[0]))
    if line and line not in body.own:
        body.own = f"{body.own.rstrip()}\n\n{line}".lstrip()


def _keep_attachments(body: Body, found: list[Attachment], parts: int, most: int) -> None:
    many = max(len(found), parts)
    if many > most:
        body.defects.append(f"only the first {most} of {many} attachments are listed")
    body.attachments = tuple(found[:most])


def _member(leaf: Leaf, number: int, one: members.Member, *, unnamed: str = "") -> Attachment:
    index = MAX_PARTS * (number + 1) + leaf.index
    name = safe_name(one.name or unnamed, kind=one.content_type, index=index)
    return Attachment(index=index, name=name, content_type=one.content_type, size=len(one.octets))


def _at(several: tuple[_T, ...], number: int) -> _T:
    if number > len(several):
        raise NotFound(f"the part holds {len(several)} files only; `helpdesk parse FILE --json` lists them")
    return several[number - 1]


def _attachment(leaf: Leaf, body: Body, *, is_text: bool) -> Attachment:
    part = leaf.part
    kind = part.get_content_type()
    content_id = "".join(field_of(part, "content-id").split()).strip("<>")
    inner = nested_mail(part)
    return Attachment(
        index=leaf.index,
        name=safe_name(
            file_name(part) or name_in_id(content_id),
            kind=kind,
            index=leaf.index,
            subject=decoded_value(sent_value(inner, "subject")[:1000]) if inner is not None else "",
        ),
        content_type=clean(kind)[:100],
        size=size_of(part),
        inline=_is_inside(leaf, content_id, body, is_text=is_text),
        content_id=clean(content_id)[:200],
    )


def _is_inside(leaf: Leaf, content_id: str, body: Body, *, is_text: bool) -> bool:
    """The part stands inside the text: a picture of its HTML, or words that are text already.

    `inline` alone says nothing: Apple's programs send every file so.
    """
    is_inline = disposition(leaf.part) == "inline"
    if is_text or leaf.part.get_content_maintype() != "image":
        return is_text and is_inline
    return (leaf.beside and (is_inline or bool(content_id))) or content_id in body.named
