"""How texts are compared: NFC, case folded, the four i of Turkish as one.

Literals and mails go through the same two functions, so that what looks equal is equal.  Regular
expressions run on the NFC text, not on the folded one.
"""

import unicodedata


def nfc(text: str) -> str:
    """TEXT with every accented letter as one character, where there is one."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def fold(text: str) -> str:
    """TEXT as it is compared with literals: `STÖRUNG` is `störung`, `STRASSE` is `straße`.

    Unicode's case folding without a language splits İ into two characters and keeps ı apart from i;
    a capital `ACIL` would then never be the `acıl` of the rule.
    """
    folded = nfc(text).casefold()
    return folded if folded.isascii() else folded.replace("i\u0307", "i").replace("\u0131", "i")


def shortened(text: str, *, around: int = 0, limit: int = 60) -> str:
    """TEXT on one line, at most LIMIT characters of it, with the place AROUND among them.

    Control characters, which could reach a terminal, are replaced.
    """
    start = max(0, around - limit // 3)
    line = " ".join(text[start : start + limit].split())
    piece = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)
    return f"{'…' if start else ''}{piece}{'…' if start + limit < len(text) else ''}"
