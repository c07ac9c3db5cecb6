"""What a spam filter has written into the header of a mail: SpamAssassin's fields, rspamd's, and their cousins.

Of a field that occurs several times the topmost counts: the own filter writes above what came in.
Nothing here fails; what cannot be read is not there.
"""

import re

from domain.message import Message

_NUMBER = r"(-?\d{1,9}(?:\.\d{1,9})?)"
# The first that can be read counts.
_SCORES = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("x-rspamd-score", rf"\s*{_NUMBER}"),
        ("x-spamd-result", rf"[^\[]{{0,100}}\[\s*{_NUMBER}\s*/"),
        ("x-spam-status", rf"[^=]{{0,100}}\b(?:score|hits)={_NUMBER}"),
        ("x-spam-score", rf"\s*{_NUMBER}"),
    )
)
_FLAGS = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("x-spam-flag", r"\s*(?:(yes|true)|no|false)\b"),
        ("x-spam-status", r"\s*(?:(yes)|no)\b"),
        ("x-spamd-result", r"[^:]{0,100}:\s*(?:(true)|false)\b"),
        ("x-spam", r"\s*(?:(yes|true)|no|false)\b"),
    )
)


def score(message: Message) -> float | None:
    """The score of the spam filter, None where there is none."""
    for name, pattern in _SCORES:
        found = _topmost(message, name, pattern)
        if found is not None:
            return float(found[1])
    return None


def is_flagged(message: Message) -> bool:
    """A spam filter calls it spam."""
    return any(found is not None and found[1] is not None for found in (_topmost(message, *sign) for sign in _FLAGS))


def _topmost(message: Message, name: str, pattern: re.Pattern[str]) -> re.Match[str] | None:
    values = message.header(name)
    return pattern.match(values[0]) if values else None
