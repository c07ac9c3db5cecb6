"""Text in NFC (Unicode, annex 15), in time that is linear in its length.

One home for all rooms: what a sender may make as long as he likes goes through here wherever it is
normalised, in a transaction too.  Never fails.
"""

import re
import unicodedata

WHOLE = 500
"""Characters that are normalised at once: the library takes quadratic time in a run of combining marks."""

# Not between a letter and its mark, unless there are nothing but marks.
_PIECE = re.compile(rf"[^\n]{{0,{WHOLE}}}\n|[^\n]{{1,{WHOLE}}}(?![\u0300-\u036f])|[^\n]{{1,{WHOLE}}}")


def nfc(text: str) -> str:
    """TEXT with every accented letter as one character, where there is one."""
    if text.isascii():
        return text
    pieces = _PIECE.findall(text) if len(text) > WHOLE else [text]
    return "".join(unicodedata.normalize("NFC", piece) for piece in pieces)
