"""Who wrote the mail that somebody passes on.

An attached mail says so itself; one that was put into the text is known by the words in front of it
and by the small header that every mail program writes there (the words stand in `quote_words.py`).
What follows is not quoted history but what the mail is about.  Never fails; in doubt nobody is named.
"""

import re
from collections.abc import Sequence

from domain.people import Address
from scanner.headers import addresses, any_address
from scanner.quote_marks import MAX_LINE, field_kind, is_forward, is_forwarding

MAX_LINES = 400
NEAR = 6
"""Lines around `From:` in which another field of the small header must stand."""

_VALUE = re.compile(r"[^:：]{1,40}[:：]\*?\s*(.{3,300})$")
_OTHER = frozenset({"moment", "recipient", "about"})


def original_sender(text: str, subject: str = "") -> Address | None:
    """The writer of the mail that TEXT passes on; None if it passes none on, or does not say whose."""
    lines = [line if len(line) < MAX_LINE else "" for line in text.split("\n", MAX_LINES)[:MAX_LINES]]
    above = next((number for number, line in enumerate(lines) if is_forward(line.lstrip("> ").rstrip())), None)
    if above is None and not is_forwarding(subject):
        return None
    lines = lines[0 if above is None else above + 1 :]
    for number, line in enumerate(lines):
        found = _VALUE.match(line) if field_kind(line) == "sender" else None
        if found and _has_another_field(lines, number):
            return next(iter(addresses([found[1]])), None) or any_address([found[1]])
    return None


def _has_another_field(lines: Sequence[str], number: int) -> bool:
    near = [*lines[max(0, number - NEAR) : number], *lines[number + 1 : number + 1 + NEAR]]
    return any(field_kind(line) in _OTHER for line in near)
