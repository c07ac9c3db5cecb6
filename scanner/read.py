"""Reading a mail: bytes to `Message`, the one door between mail as it is sent and our own words.

The header is mended and bounded, the standard library makes the tree, mail-parser reads addresses
and dates, and body and attachments come from a walk of the tree.  (mail-parser's own reading of
a whole mail is not used: it decodes every part a second time, in places in quadratic time.)  Where the
tree cannot be made or walked, header and bare body remain.  So a Message always comes back: what could not
be read is said in `defects`, and the raw mail stays in its blob.  Pure: no clock, no network, no file.

Never raises, except `attachment` for a part that the mail does not have.
"""

import logging
import re
from collections.abc import Iterable, Sequence
from email.message import Message as Tree
from itertools import islice

from mailparser.dates import parse_mail_date

from domain.errors import NotFound
from domain.message import Message, RawMail
from domain.people import Address
from domain.settings import Limits
from scanner.body import Body, body_of, octets_of
from scanner.charset import clean, decode
from scanner.classify import classes_of
from scanner.content_key import split
from scanner.forward import original_sender, passed_on_text
from scanner.header_block import mended_header
from scanner.headers import Fields, addresses, any_address, sent_value
from scanner.language import language_of
from scanner.message_id import message_id, message_ids
from scanner.quote import reply_text
from scanner.quote_html import reply_text_of_html
from scanner.tree import tree_of

MAX_DEFECTS = 30
MAX_DEFECT = 200
MAX_SALVAGED = 100_000
"""Octets of an unreadable mail's body that are shown as they stand."""

MAX_DATE = 200
DEFAULT = Limits()
_STRUCTURE = {
    "NoBoundaryInMultipartDefect": "a multipart without a boundary, read as text",
    "StartBoundaryNotFoundDefect": "a multipart whose boundary never comes",
    "CloseBoundaryNotFoundDefect": "the end of a multipart is missing",
    "MultipartInvariantViolationDefect": "a multipart without parts",
    "MissingHeaderBodySeparatorDefect": "no empty line behind its header",
    "FirstHeaderLineIsContinuationDefect": "its header begins in the middle of a field",
    "InvalidMultipartContentTransferEncodingDefect": "an encoded multipart",
    "TooDeepDefect": "too many parts around it, not taken apart",
    "UnreadableParametersDefect": "the parameters of its content type contradict each other, read by their looks",
}
_CONTENT_FIELD = re.compile(rb"^content-[^\n]*\n(?:[ \t][^\n]*\n)*", re.IGNORECASE | re.MULTILINE)

# They log every odd mail, and count on somebody who reads that; our journal has the defects.
logging.getLogger("mailparser").setLevel(logging.CRITICAL)
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)


def read(raw: RawMail, limits: Limits = DEFAULT) -> Message:
    """The mail as a value.  Never raises; the worst mail gives an empty Message that says so."""
    sent, size = raw.data[: limits.mail_size], max(raw.size, len(raw.data))
    is_cut = raw.cut or len(sent) < len(raw.data)
    defects = [f"only the first {len(sent)} of {size} octets were read"] if is_cut else []
    data, mended = mended_header(sent, limits)
    defects += mended
    try:
        tree = tree_of(data)
        return _message(tree, raw, limits, body=body_of(tree, limits), defects=[*defects, *_broken_parts(tree)])
    except Exception as error:  # the point of this door: no mail may stop the ones behind it
        return _salvaged(raw, data, [*defects, _unreadable("not readable as a whole", error)])


def read_header(raw: RawMail, because: str) -> Message:
    """The mail as far as its header tells, with BECAUSE as a defect: for a mail that must not be read further."""
    head, _ = split(mended_header(raw.data[:MAX_SALVAGED])[0])
    cut = RawMail(data=head, size=raw.size, arrived=raw.arrived)
    return _salvaged(cut, head, [because])


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
    return attachments(data, (index,))[0]


def attachments(data: bytes, indices: Sequence[int]) -> tuple[bytes, ...]:
    """The decoded octets of the attachments with these indices, out of the raw mail.

    Raises NotFound if the mail has no such part.
    """
    if not indices:
        return ()
    try:
        tree = tree_of(mended_header(data)[0])
        return tuple(octets_of(tree, index) for index in indices)
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError):
        raise NotFound(f"the mail has no part {', '.join(map(str, indices))} that can be read") from None


def _unreadable(what: str, error: Exception) -> str:
    return f"{what} ({type(error).__name__}): {error}"


def _salvaged(raw: RawMail, data: bytes, defects: list[str]) -> Message:
    """Header and bare body of a mail whose structure cannot be read; empty if that fails as well."""
    head, rest = split(data)
    text = clean(decode(rest[:MAX_SALVAGED])[0])
    body = Body(own=text, text=text)
    # The structure is what hurts, and it is told by these fields.
    plain = _CONTENT_FIELD.sub(b"", head[:MAX_SALVAGED].replace(b"\r\n", b"\n"))
    try:
        return _message(tree_of(plain.rstrip(b"\n") + b"\n\n"), raw, DEFAULT, body=body, defects=defects)
    except Exception as error:
        defects.append(_unreadable("header not readable", error))
    return Message(sender=None, text=body.text, reply_text=body.text, defects=_tidy(defects), size=raw.size)


def _message(tree: Tree, raw: RawMail, limits: Limits, *, body: Body, defects: list[str]) -> Message:
    fields = Fields.of(tree)
    sender, remark = _sender(fields)
    classes = classes_of(tree, fields, sender=sender, text=body.own, size=len(raw.data))
    subject = fields.first("subject")
    marked = reply_text_of_html(body.html, body.own, subject=subject) if body.from_html else ""
    new = marked or reply_text(body.own, subject=subject) or body.text.strip("\n")
    return Message(
        sender=sender,
        subject=subject,
        reply_to=addresses(fields.every("reply-to")),
        to=_people(fields, "to", limits.recipients, defects),
        cc=_people(fields, "cc", limits.recipients, defects),
        delivered_to=addresses(fields.every("delivered-to", "x-original-to", "envelope-to", "x-envelope-to")),
        date=parse_mail_date(next(iter(fields.every("date")), "")[:MAX_DATE]).value,
        message_id=message_id(fields.every("message-id")),
        in_reply_to=message_ids(fields.every("in-reply-to")),
        references=message_ids(fields.every("references")),
        text=body.text,
        html=body.html,
        reply_text=new[: limits.text],
        attachments=body.attachments,
        headers=fields.decoded,
        forwarded_from=(forwarded := _forwarded_from(body, subject)),
        forwarded_text=_forwarded_text(body, subject) if forwarded else "",
        is_auto_reply=classes.is_auto_reply,
        is_bounce=classes.is_bounce,
        is_list=classes.is_list,
        mail_class=classes.kind,
        class_because=classes.because,
        bounced=classes.bounced,
        returned_ids=classes.returned_ids,
        language=language_of(fields.first("content-language"), new),
        defects=_tidy([*defects, *_remarks(fields, remark), *classes.defects, *body.defects]),
        size=raw.size,
    )


def _people(fields: Fields, name: str, most: int, defects: list[str]) -> tuple[Address, ...]:
    found = addresses(fields.every(name), most)
    if len(found) > most:
        defects.append(f"only the first {most} addresses in {name.title()} were read")
    return found[:most]


def _sender(fields: Fields) -> tuple[Address | None, str]:
    """Who wrote, and what is odd about it: From, else Reply-To, Sender, Return-Path."""
    writers = addresses(fields.every("from"))
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


def _forwarded_from(body: Body, subject: str) -> Address | None:
    if body.forwarded is not None:
        return next(iter(addresses([sent_value(body.forwarded, "from")])), None)
    return original_sender(body.own, subject)


def _forwarded_text(body: Body, subject: str) -> str:
    return body.forwarded_text if body.forwarded is not None else passed_on_text(body.own, subject)


def _remarks(fields: Fields, remark: str) -> Iterable[str]:
    if remark:
        yield remark
    for name in ("from", "subject", "message-id", "date"):
        if len(fields.every(name)) > 1:
            yield f"more than one {name.title()} field, the first counts"


def _broken_parts(tree: Tree) -> Iterable[str]:
    """What the standard library found wrong with the structure, in our words, each once."""
    found: dict[str, list[int]] = {}
    for number, part in enumerate(islice(tree.walk(), 2 * MAX_DEFECTS)):
        for defect in part.defects[:MAX_DEFECTS]:
            if said := _STRUCTURE.get(type(defect).__name__):
                found.setdefault(said, []).append(number)
    for said, numbers in found.items():
        others = len(set(numbers)) - 1
        yield f"part {numbers[0]}{f' and {others} more' if others else ''}: {said}"


def _tidy(defects: Iterable[str]) -> tuple[str, ...]:
    short = (" ".join(clean(defect[: 4 * MAX_DEFECT]).split())[:MAX_DEFECT] for defect in defects)
    return tuple(dict.fromkeys(short))[:MAX_DEFECTS]
