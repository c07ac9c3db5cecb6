"""Octets of a mail to clean text, whatever charset they claim.

A charset that is missing, unknown or wrong costs no mail: UTF-8 is tried, then windows-1252,
which reads every octet.  Never fails.
"""

import codecs
import re
import unicodedata

_SURROGATES = re.compile("[\ud800-\udfff]")
# Not between a letter and its mark, unless there are nothing but marks.
_PIECE = re.compile("[^\n]{0,2000}\n|[^\n]{1,2000}(?![\u0300-\u036f])|[^\n]{1,2000}")

# What senders call it → what reads it.  Supersets, as browsers take them (WHATWG Encoding, section 4.2).
_SUPERSETS = {
    "ascii": "utf-8",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
_ALIASES = {
    "ks_c_5601-1987": "cp949",
    "x-unknown": "utf-8",
    "unknown-8bit": "utf-8",
    "utf8mb4": "utf-8",
    "iso-8859-8-i": "iso8859-8",
    "unicode-1-1-utf-7": "utf-7",
    "x-gbk": "gb18030",
    "x-sjis": "cp932",
    "cp-850": "cp850",
}
# Codecs of Python that are no charset of a mail; some are quadratic, some raise errors of their own.
_REFUSED = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})


def decode(data: bytes, charset: str = "") -> tuple[str, str]:
    """The text in DATA, and what was wrong with its charset ('' if nothing)."""
    codec = _codec(charset)
    if codec is None:
        text, used = _guessed(data)
        return text, f"charset {charset[:40]!r} is unknown, read as {used}"
    try:
        return data.decode(codec), ""
    except (UnicodeError, ValueError, LookupError):
        text, used = _salvaged(data, codec)
        return text, f"not all octets are {charset[:40] or 'us-ascii'}, read as {used}"


def clean(text: str) -> str:
    """TEXT in NFC with LF line ends, without NUL and lone surrogates: fit for every database."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        text = text.replace("\0", "")
    if text.isascii():
        return text
    text = _SURROGATES.sub("\ufffd", text)
    # Normalising takes quadratic time in the length of a run of combining marks; pieces keep it linear.
    pieces = _PIECE.findall(text) if len(text) > 2_000 else [text]
    return "".join(unicodedata.normalize("NFC", piece) for piece in pieces)


def _codec(charset: str) -> str | None:
    name = charset.strip().strip("\"'").lower()
    if not name:
        return "utf-8"
    try:
        found = codecs.lookup(_ALIASES.get(name, name))
    except (LookupError, UnicodeError, ValueError):
        return None
    if found.name in _REFUSED or not getattr(found, "_is_text_encoding", True):
        return None
    return _SUPERSETS.get(found.name, found.name)


def _guessed(data: bytes) -> tuple[str, str]:
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _windows(data), "windows-1252"


def _salvaged(data: bytes, codec: str) -> tuple[str, str]:
    if codec == "cp1252":
        return _windows(data), "windows-1252"
    if codec.startswith("iso2022_jp") and not data.isascii():
        # Octets above 127 are not ISO-2022-JP; what comes under its name is the other Japanese charset.
        return data.decode("cp932", "replace"), "shift_jis"
    if codec != "utf-8":
        return data.decode(codec, "replace"), f"{codec} with gaps"
    # A damaged UTF-8 text still has characters of several octets; Latin text under a wrong name has none.
    text = data.decode("utf-8", "replace")
    if any(char > "\x7f" and char != "\ufffd" for char in text):
        return text, "utf-8 with gaps"
    return _windows(data), "windows-1252"


def _windows(data: bytes) -> str:
    # Five octets mean nothing in windows-1252; browsers read them as Latin-1.
    return data.decode("cp1252", "latin1_for_the_rest")


def _latin1(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("latin1_for_the_rest", _latin1)
