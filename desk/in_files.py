"""What stands in the files that an agent attaches, as text.

Exchange makes a file of what follows an attachment, and a mail program may attach the letter that is answered: what is
said there must be looked at like the words of the mail.  Only texts, HTML and mails are; of each the first MAX octets.
Pure; an HTML that is odd is not laid out, a mail that is odd is not read.
"""

import html
import re

from desk.acts import File
from domain.message import RawMail
from scanner.charset import clean, decode
from scanner.html import text_of
from scanner.quote import reply_text
from scanner.quote_html import reply_text_of_html
from scanner.read import attachments, read
from scanner.worker import out_of_the_ordinary

MAX = 500_000
"""Octets of a file that are looked at."""
MAX_NESTING = 3

_FOLLOWS = re.compile(r"ATT\d{5}\.(?:html?|txt)", re.IGNORECASE)
_TEXTS = (".txt", ".htm", ".html", ".xhtml", ".md", ".eml")
_TAG = re.compile(r"<[^<>]*>")


def is_of_the_text(name: str) -> bool:
    """A file of this NAME is what Exchange made of the text behind an attachment."""
    return _FOLLOWS.fullmatch(name) is not None


def following_text(file: File) -> str:
    """What its writer says himself in a FILE that is of the text of a mail."""
    text = clean(decode(file.data[:MAX])[0])
    if file.content_type != "text/html" and not file.name.lower().endswith((".htm", ".html")):
        return reply_text(text)
    if out_of_the_ordinary(file.data):
        return _flat(text)
    laid_out = text_of(text)
    return reply_text_of_html(text, laid_out) or reply_text(laid_out)


def text_in(file: File, *, depth: int = 0) -> str | None:
    """What can be read in FILE, '' where it is no text; None where it is a mail that nobody looks into."""
    name, data = file.name.lower(), file.data[:MAX]
    is_mail = file.content_type.startswith("message/") or name.endswith(".eml")
    if not (is_mail or file.content_type.startswith("text/") or name.endswith(_TEXTS)):
        return ""
    flat = _flat(clean(decode(data)[0]))
    if not is_mail:
        return flat
    if depth >= MAX_NESTING or out_of_the_ordinary(file.data):
        return None
    message = read(RawMail(data=file.data, size=len(file.data)))
    parts = [part for part in message.attachments if part.content_type.startswith(("text/", "message/"))]
    texts = [flat, message.text[:MAX]]
    for part, octets in zip(parts, attachments(file.data, [part.index for part in parts]), strict=True):
        inside = text_in(File(name=part.name, content_type=part.content_type, data=octets), depth=depth + 1)
        if inside is None:
            return None
        texts.append(inside)
    return "\n\n".join(texts)


def _flat(text: str) -> str:
    """TEXT without tags, if it has any; what they hide is there, too."""
    return html.unescape(_TAG.sub("\n", text)).replace("\xa0", " ")
