"""Reading a mail: bytes to `Message`, the one door between mail as it is sent and our own words.

mail-parser parses once; headers, addresses, date and defects come from it, body and attachments
from a walk of its tree.  Where it gives up, the standard library's tree takes its place; where
that cannot be walked either, header and bare body remain.  So a Message always comes back: what
could not be read is said in `defects`, and the raw mail stays in its blob.  Pure: no clock, no network, no file.

Never raises, except `attachment` for a part that the mail does not have.
"""

import logging
import re
from collections.abc import Iterable
from email import message_from_bytes
from email.message import Message as Tree

from mailparser import MailParser, parse_from_bytes
from mailparser.dates import parse_mail_date

from domain.errors import NotFound
from domain.message import Message, RawMail
from domain.people import Address
from scanner.body import Body, body_of, content, leaves
from scanner.charset import clean, decode
from scanner.classify import classes_of
from scanner.content_key import split
from scanner.headers import Fields, addresses, any_address
from scanner.language import language_of
from scanner.message_id import message_id, message_ids
from scanner.quote import reply_text

MAX_DEFECTS = 30
MAX_DEFECT = 200
MAX_SALVAGED = 100_000
"""Octets of an unreadable mail's body that are shown as they stand."""

_CONTENT_FIELD = re.compile(rb"^content-[^\n]*\n(?:[ \t][^\n]*\n)*", re.IGNORECASE | re.MULTILINE)

# They log every odd mail, and count on somebody who reads that; our journal has the defects.
logging.getLogger("mailparser").setLevel(logging.CRITICAL)
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)


def read(raw: RawMail) -> Message:
    """The mail as a value.  Never raises; the worst mail gives an empty Message that says so."""
    defects = [f"only the first {len(raw.data)} of {raw.size} octets were read"] if raw.cut else []
    parser = None
    try:
        parser = parse_from_bytes(raw.data)
    except Exception as error:  # one broken word in a header is enough; the rest of the mail is still there
        defects.append(_unreadable("mail-parser gave up", error))
    try:
        tree = parser.message if parser else message_from_bytes(raw.data)
        return _message(tree, parser, raw, body=body_of(tree), defects=defects)
    except Exception as error:  # the point of this door: no mail may stop the ones behind it
        return _salvaged(raw, [*defects, _unreadable("not readable as a whole", error)])


def read_text(text: str) -> Message:
    """A text that was no mail any more, as a Message without header: text, new text and language."""
    tidy = clean(text)
    new = reply_text(tidy)
    return Message(
        sender=None, text=tidy, reply_text=new, language=language_of("", new), size=len(text.encode("utf-8", "replace"))
    )


def attachment(data: bytes, index: int) -> bytes:
    """The decoded octets of the attachment with this index, out of the raw mail.

    Raises NotFound if the mail has no such part.
    """
    try:
        found = next((leaf for leaf in leaves(message_from_bytes(data)) if leaf.index == index), None)
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError):
        found = None
    if found is None:
        raise NotFound(f"the mail has no part {index}; `helpdesk parse FILE --json` lists its attachments")
    return content(found.part)


def _unreadable(what: str, error: Exception) -> str:
    return f"{what} ({type(error).__name__}): {error}"


def _salvaged(raw: RawMail, defects: list[str]) -> Message:
    """Header and bare body of a mail whose structure cannot be read; empty if that fails as well."""
    head, rest = split(raw.data)
    body = Body(text=clean(decode(rest[:MAX_SALVAGED])[0]))
    # The structure is what hurts, and it is told by these fields.
    plain = _CONTENT_FIELD.sub(b"", head[:MAX_SALVAGED].replace(b"\r\n", b"\n"))
    try:
        return _message(message_from_bytes(plain.rstrip(b"\n") + b"\n\n"), None, raw, body=body, defects=defects)
    except Exception as error:
        defects.append(_unreadable("header not readable", error))
    return Message(sender=None, text=body.text, reply_text=body.text, defects=_tidy(defects), size=raw.size)


def _message(tree: Tree, parser: MailParser | None, raw: RawMail, *, body: Body, defects: list[str]) -> Message:
    """The Message of a mail; PARSER is mail-parser's reading of TREE, None where it failed."""
    fields = Fields.of(tree)
    sender, remark = _sender(parser, fields)
    classes = classes_of(tree, fields, sender=sender, text=body.text, size=len(raw.data))
    subject = fields.first("subject")
    new = reply_text(body.text, subject=subject)
    return Message(
        sender=sender,
        subject=subject,
        reply_to=_people(parser, fields, "reply-to"),
        to=_people(parser, fields, "to"),
        cc=_people(parser, fields, "cc"),
        delivered_to=addresses(fields.every("delivered-to", "x-original-to", "envelope-to", "x-envelope-to")),
        date=parser.date if parser else parse_mail_date(fields.first("date")).value,
        message_id=message_id(fields.every("message-id")),
        in_reply_to=message_ids(fields.every("in-reply-to")),
        references=message_ids(fields.every("references")),
        text=body.text,
        html=body.html,
        reply_text=new,
        attachments=body.attachments,
        headers=fields.decoded,
        is_auto_reply=classes.is_auto_reply,
        is_bounce=classes.is_bounce,
        is_list=classes.is_list,
        class_because=classes.because,
        bounced=classes.bounced,
        returned_ids=classes.returned_ids,
        language=language_of(fields.first("content-language"), new),
        defects=_tidy([*defects, *_remarks(fields, remark), *body.defects, *_found_by_parser(parser)]),
        size=raw.size,
    )


def _people(parser: MailParser | None, fields: Fields, name: str) -> tuple[Address, ...]:
    """The addresses of every field called NAME; mail-parser's own answer where it cannot be wrong."""
    values = fields.every(name)
    if parser and len(values) == 1 and values[0].isascii() and "=?" not in values[0]:
        return tuple(
            dict.fromkeys(Address(address, shown) for shown, address in getattr(parser, name.replace("-", "_")))
        )
    return addresses(values)


def _sender(parser: MailParser | None, fields: Fields) -> tuple[Address | None, str]:
    """Who wrote, and what is odd about it: From, else Reply-To, Sender, Return-Path."""
    writers = _people(parser, fields, "from")
    if writers:
        return writers[0], "" if len(writers) == 1 else f"{len(writers)} addresses in From, the first counts"
    stated = any_address(fields.every("from"))
    if stated is not None:
        return stated, "From is not well formed"
    for name in ("reply-to", "sender", "return-path"):
        found = next(iter(addresses(fields.every(name))), None) or any_address(fields.every(name))
        if found is not None:
            return found, f"no address in From, {name.title()} counts"
    return None, "no sender's address"


def _remarks(fields: Fields, remark: str) -> Iterable[str]:
    if remark:
        yield remark
    for name in ("from", "subject", "message-id", "date"):
        if len(fields.every(name)) > 1:
            yield f"more than one {name.title()} field, the first counts"
    if fields.dropped:
        yield f"{fields.dropped} header fields more are not kept"


def _found_by_parser(parser: MailParser | None) -> Iterable[str]:
    for found in parser.defects[:MAX_DEFECTS] if parser else ():
        for where, problems in found.items():
            # Its charsets are not ours: body.py reads the octets again and says what it found.
            yield from (f"{where}: {one}" for one in problems[:MAX_DEFECTS] if not one.startswith("CharsetDecode"))


def _tidy(defects: Iterable[str]) -> tuple[str, ...]:
    short = (" ".join(clean(defect[: 4 * MAX_DEFECT]).split())[:MAX_DEFECT] for defect in defects)
    return tuple(dict.fromkeys(short))[:MAX_DEFECTS]
