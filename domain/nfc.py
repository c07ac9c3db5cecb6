"""Text in NFC (Unicode, annex 15), in time that is linear in its length.

One home for all rooms: what a sender may make as long as he likes goes through here wherever it is
normalised, in a transaction too.  Never fails.
"""

import re
import unicodedata

WHOLE = 200
"""Characters that are normalised at once: the library takes quadratic time in a run of combining marks."""

# Not between a letter and what becomes one with it, unless there is nothing else.
_JOINED = (
    "[\u0300-\u036f\u0653-\u0655\u09be\u09d7\u0b3e\u0b56\u0b57\u0bbe\u0bd7\u0cc2\u0cd5\u0cd6\u0d3e\u0d57"
    "\u1161-\u11c2\u3099\u309a]"
)
_PIECE = re.compile(rf"[^\n]{{0,{WHOLE}}}\n|[^\n]{{1,{WHOLE}}}(?!{_JOINED})|[^\n]{{1,{WHOLE}}}")


def nfc(text: str) -> str:
    """TEXT with every accented letter as one character, where there is one."""
    if text.isascii():
        return text
    pieces = _PIECE.findall(text) if len(text) > WHOLE else [text]
    return "".join(unicodedata.normalize("NFC", piece) for piece in pieces)
