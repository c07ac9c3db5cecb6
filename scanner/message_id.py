"""Message-IDs as clean values, the same whether a whole mail was read or only its header fetched.

Never fails; number and length are capped, because a sender chooses them.
"""

import re
from collections.abc import Sequence
from email.parser import BytesHeaderParser

from scanner.charset import clean, decode

MAX_IDS = 100
MAX_ID = 500

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_ID = re.compile(r"<([^<>]{1,998})>")


def message_ids(values: Sequence[str]) -> tuple[str, ...]:
    """The Message-IDs in VALUES without angle brackets, in order, each once (RFC 5322, section 3.6.4).

    Of too many the first and the latest stay: they tell the conversation.
    """
    found: dict[str, None] = {}
    for value in values:
        ids = _ID.findall(value) or [word for word in value.split() if "@" in word]
        found |= {"".join(_CONTROL.sub("", clean(one)).split())[:MAX_ID]: None for one in ids}
    known = tuple(one for one in found if one)
    return known if len(known) <= MAX_IDS else (known[0], *known[-(MAX_IDS - 1) :])


def message_id(values: Sequence[str]) -> str:
    """The mail's own Message-ID, also one without brackets or @; '' if it has none."""
    known = message_ids(values[:1])
    bare = values[0].split() if values and not known else []
    return known[0] if known else "".join(bare[:1])[:MAX_ID]


def message_id_of(header: bytes) -> str:
    """The mail's own Message-ID in its HEADER, as `message_id` reads it from the whole mail."""
    fields = BytesHeaderParser().parsebytes(header).raw_items()
    return message_id([mended(value) for name, value in fields if name.strip().lower() == "message-id"])


def mended(value: object, hint: str = "") -> str:
    """A raw field value as text: octets that are not ASCII are UTF-8, else HINT's charset, else windows-1252."""
    text = str(value)
    if text.isascii():
        return text
    return decode(text.encode("utf-8", "surrogateescape"), "unknown-8bit", hint=hint)[0]
