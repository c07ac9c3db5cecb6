"""How texts are compared: NFC, case folded, the four i of Turkish as one.

Literals and mails go through the same two functions, so that what looks equal is equal.  Regular
expressions run on the NFC text, not on the folded one.
"""

import unicodedata

from domain.nfc import nfc

_OF_WORDS = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd"})


def fold(text: str) -> str:
    """TEXT as it is compared with literals: `STÖRUNG` is `störung`, `STRASSE` is `straße`.

    Unicode's case folding without a language splits İ into two characters and keeps ı apart from i;
    a capital `ACIL` would then never be the `acıl` of the rule.
    """
    folded = nfc(text).casefold()
    return folded if folded.isascii() else folded.replace("i\u0307", "i").replace("\u0131", "i")


# Scripts whose words are not set apart by blanks, or that hang endings onto them: Thai to Lao, Myanmar, Khmer, CJK,
# Hangul, and the later blocks of CJK.
_UNSPACED = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x2E80, 0xA4CF), (0xAC00, 0xD7FF),
             (0xF900, 0xFAFF), (0xFF66, 0xFF9F), (0x20000, 0x3FFFF))  # fmt: skip


def needs_border(edge: str) -> bool:
    """A word with the character EDGE at its end ends only where no letter, mark or digit follows."""
    if any(first <= ord(edge) <= last for first, last in _UNSPACED):
        return False
    return edge == "_" or unicodedata.category(edge) in _OF_WORDS


def shortened(text: str, *, around: int = 0, limit: int = 60) -> str:
    """TEXT on one line, at most LIMIT characters of it, with the place AROUND among them.

    Control characters, which could reach a terminal, are replaced.
    """
    start = max(0, around - limit // 3)
    piece = one_line(text[start : start + limit])
    return f"{'…' if start else ''}{piece}{'…' if start + limit < len(text) else ''}"


def one_line(text: str) -> str:
    """TEXT on one line, without control characters."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in " ".join(text.split()))
