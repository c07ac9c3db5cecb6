"""The key under which two copies of one mail are the same mail.

It is taken over raw bytes, never over parse results: another version of the parser must not make
old mail new.  What differs between copies of a mail stays out: Received, Delivered-To and every
other trace field, the order of fields, line ends, folding, blank lines at the end.

Precisely: SHA-256 over, for each of From, Date, Subject, Message-ID in this order, every
occurrence in the order of the mail as `name:value LF`, then LF, then the body.  A value is the
field body with its continuation lines (RFC 5322, section 2.2.3), every run of blanks, tabs and
line ends turned into one space, none at either end.  The body is everything behind the first
empty line with CRLF turned into LF and without CR and LF at its end.  Where there is
neither a body nor one of the four fields, as in a text without a header, the lines that are no
trace fields are the body.

Never fails: bytes that are no mail have a key too.
"""

import hashlib
import re

_BOUNDARY = re.compile(rb"(?:\A|\n)\r?\n")
_FIELD = re.compile(rb"^(from|date|subject|message-id)[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)", re.IGNORECASE | re.MULTILINE)
_TRACE = re.compile(
    rb"^(?:(?:received|delivered-to)[ \t]*:|[ \t])[^\n]*(?:\n[ \t][^\n]*)*\n?", re.IGNORECASE | re.MULTILINE
)
_NAMES = (b"from", b"date", b"subject", b"message-id")


def content_key(data: bytes) -> str:
    """The mail's identity: SHA-256, 64 hexadecimal digits."""
    return _key(data, _NAMES)


def words_key(data: bytes) -> str:
    """The same without the Message-ID, which signatures need not cover (RFC 6376, section 5.4)."""
    return _key(data, _NAMES[:-1])


def _key(data: bytes, names: tuple[bytes, ...]) -> str:
    head, body = split(data)
    fields = [(name.lower(), b" ".join(value.split())) for name, value in _FIELD.findall(head)]
    if not fields and not body:
        body = _TRACE.sub(b"", head)
    digest = hashlib.sha256()
    for wanted in names:
        for name, value in fields:
            if name == wanted:
                digest.update(name + b":" + value + b"\n")
    digest.update(b"\n")
    digest.update(body.replace(b"\r\n", b"\n").rstrip(b"\r\n"))
    return digest.hexdigest()


def split(data: bytes) -> tuple[bytes, bytes]:
    """Header and body, without the first empty line between them; no body if there is none."""
    boundary = _BOUNDARY.search(data)
    if boundary is None:
        return data, b""
    return data[: boundary.start() + 1], data[boundary.end() :]
