"""Octets of a mail to clean text, whatever charset they claim.

A charset that is missing, unknown or wrong costs no mail.  The ladder: what is claimed, in the
superset that senders mean by it; UTF-8, which hardly ever fits by chance; what the mail claims
elsewhere; windows-1252, which reads every octet.  What was repaired is said.  Never fails.
"""

import binascii
import codecs
import re
from contextlib import suppress

from domain.nfc import nfc

SAMPLE = 50_000
"""Octets on either side of the first that is no UTF-8: they tell what the text is."""

# Five octets mean nothing in windows-1252; browsers read them as Latin-1.
_WINDOWS = "".join(bytes([n]).decode("latin-1" if n in b"\x81\x8d\x8f\x90\x9d" else "cp1252") for n in range(256))
_NO_BASE64 = re.compile(r"[^A-Za-z0-9+/]+")
_HIGH = re.compile(rb"[\x80-\xff]")
_SURROGATES = re.compile("[\ud800-\udfff]")

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
    "windows-874": "cp874",
    "x-mac-cyrillic": "mac_cyrillic",
}
_CODE_PAGE = re.compile(r"(?:x-)?(?:cp|win|windows|ibm|dos|msdos)[-_ ]?(\d{3,4})")
# Each reads what the one before cannot; the last is what Japanese systems send under the name of the first.
_JAPANESE = ("iso2022_jp", "iso2022_jp_3", "iso2022_jp_ext")
_UTF7 = re.compile(r"\+[A-Za-z0-9+/]{3,60}-?(?![\w.-]{0,60}@)")
# Codecs of Python that are no charset of a mail; some are quadratic, some raise errors of their own.
_REFUSED = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})


def decode(data: bytes, charset: str = "", *, hint: str = "") -> tuple[str, str]:
    """The text in DATA, and what was wrong with its charset ('' if nothing).

    HINT is a charset that the mail states elsewhere; it counts where CHARSET says nothing.
    """
    codec = _codec(charset)
    if codec is None:
        text, used = _guessed(data, hint)
        return text, f"charset {charset[:40]!r} is unknown, read as {used}"
    try:
        text = data.decode(codec)
    except (UnicodeError, ValueError, LookupError):
        text, used = _salvaged(data, codec, hint)
        lost = text.count("\ufffd")
        gaps = f", {lost} characters are lost" if lost else ""
        return text, f"not all octets are {charset[:40] or 'us-ascii'}, read as {used}{gaps}"
    if codec == "cp1252" and not data.isascii() and (better := _as_utf8(data)):
        return better, f"says {charset[:40]}, but is utf-8"
    return text, ""


def is_utf7(charset: str) -> bool:
    return _codec(charset) == "utf-7"


def without_utf7(text: str) -> str:
    """TEXT with words like `Fr+APY-sche` read; for headers, whose charset nothing states."""
    return _UTF7.sub(_read_utf7, text)


def _read_utf7(found: re.Match[str]) -> str:
    try:
        text = found[0].encode("ascii").decode("utf-7")
    except (UnicodeError, ValueError):
        return found[0]
    return text if text.isprintable() and not text.isascii() else found[0]


def _as_utf8(data: bytes) -> str:
    """DATA as UTF-8, '' if it is none.  A Latin text that happens to be valid UTF-8 is next to impossible."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return ""


def base64_prefix(text: str) -> bytes:
    """The octets of a base64 text that is cut short or holds foreign characters, as far as they can be read."""
    letters = _NO_BASE64.sub("", text.partition("=")[0] if "=" in text.rstrip("=\r\n \t") else text)
    whole = letters[: len(letters) - 1] if len(letters) % 4 == 1 else letters
    return binascii.a2b_base64(whole + "=" * (-len(whole) % 4))


def clean(text: str) -> str:
    """TEXT in NFC with LF line ends, without NUL and lone surrogates: fit for every database."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        text = text.replace("\0", "")
    if text.isascii():
        return text
    return nfc(_SURROGATES.sub("\ufffd", text))


def _codec(charset: str) -> str | None:
    # A language may follow the name (RFC 2231, section 5).
    name = charset.partition("*")[0].strip().strip("\"'").lower()
    if not name:
        return "utf-8"
    for one in (_ALIASES.get(name, name), _CODE_PAGE.sub(r"cp\1", name), name.removeprefix("x-")):
        try:
            found = codecs.lookup(one)
        except (LookupError, UnicodeError, ValueError):
            continue
        if found.name in _REFUSED or not getattr(found, "_is_text_encoding", True):
            return None
        return _SUPERSETS.get(found.name, found.name)
    return None


def _guessed(data: bytes, hint: str) -> tuple[str, str]:
    codecs_to_try = ["utf-8"]
    if hint and (stated := _codec(hint)):
        # Octets above 127 are not ISO-2022-JP; what comes under its name is the other Japanese charset.
        codecs_to_try.append("cp932" if stated.startswith("iso2022_jp") else stated)
    for codec in codecs_to_try:
        try:
            return data.decode(codec), codec
        except (UnicodeError, ValueError, LookupError):
            continue
    return _windows(data), "windows-1252"


def _salvaged(data: bytes, codec: str, hint: str) -> tuple[str, str]:
    if codec == "cp1252":
        better = _as_utf8(data)
        return (better, "utf-8") if better else (_windows(data), "windows-1252")
    if codec.startswith("iso2022_jp"):
        return _japanese(data)
    if codec != "utf-8":
        better = _as_utf8(data)
        return (better, "utf-8") if better else (data.decode(codec, "replace"), codec)
    # A damaged UTF-8 text still has characters of several octets; Latin text under a wrong name has none.
    start = max(0, _first_gap(data) - SAMPLE)
    sample = data[start : start + 2 * SAMPLE].decode("utf-8", "replace")
    if any(char > "\x7f" and char != "\ufffd" for char in sample):
        return data.decode("utf-8", "replace"), "utf-8"
    return _guessed(data, hint)


def _first_gap(data: bytes) -> int:
    """Where DATA ceases to be UTF-8."""
    try:
        return len(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        return error.start


def _japanese(data: bytes) -> tuple[str, str]:
    # One octet above 127 alone is an accident, several are the other Japanese charsets.
    is_other = len(_HIGH.findall(data)) > 1
    for codec in ("cp932", "euc_jp") if is_other else _JAPANESE:
        with suppress(UnicodeError, ValueError):
            return data.decode(codec), codec
    codec = "cp932" if is_other else "iso2022_jp"
    return data.decode(codec, "replace"), codec


def _windows(data: bytes) -> str:
    return codecs.charmap_decode(data, "strict", _WINDOWS)[0]
