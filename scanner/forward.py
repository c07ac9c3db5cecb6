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
    lines, begin = _below(text, subject)
    number = _sender_field(lines, begin)
    if number is None:
        return None
    found = _VALUE.match(lines[number])
    return (next(iter(addresses([found[1]])), None) or any_address([found[1]])) if found else None


def passed_on_text(text: str, subject: str = "") -> str:
    """What the mail that TEXT passes on says, below its small header; '' where that cannot be told."""
    lines, begin = _below(text, subject)
    number = _sender_field(lines, begin)
    if number is None:
        return ""
    return "\n".join(text.split("\n")[_header_end(lines, number) :]).strip()


def without_passed_on(text: str) -> str:
    """TEXT above the mail that it passes on, and above the small header of that."""
    lines, begin = _below(text, "")
    number = begin if begin is not None else _sender_field(lines, None)
    if number is None:
        return text
    return "\n".join(text.split("\n")[: number - (begin is not None)]).strip()


def unquoted(text: str) -> str:
    """TEXT without the quote marks that Apple's programs put before every line of a mail that is passed on."""
    lines = [line.lstrip(" ") for line in text.split("\n")]
    if not all(line.startswith(">") for line in lines if line):
        return text
    return "\n".join(line.removeprefix(">").removeprefix(" ") for line in lines).strip("\ufeff\n ")


def _header_end(lines: Sequence[str], number: int) -> int:
    """The line behind the small header that names the sender at NUMBER; below the subject no blank line is needed."""
    last = number
    for place in range(number + 1, min(number + 2 * NEAR, len(lines))):
        if not lines[place].lstrip("> ").strip():
            return place
        if field_kind(lines[place]):
            last = place
        elif field_kind(lines[last]) == "about":
            return place
    return last + 1


def _below(text: str, subject: str) -> tuple[list[str], int | None]:
    """The lines of TEXT, and where a mail that is passed on can begin; None if there is none."""
    lines = [line if len(line) < MAX_LINE else "" for line in text.split("\n", MAX_LINES)[:MAX_LINES]]
    above = next((number for number, line in enumerate(lines) if is_forward(line.lstrip("> ").rstrip())), None)
    if above is None:
        return lines, 0 if is_forwarding(subject) else None
    return lines, above + 1


def _sender_field(lines: Sequence[str], begin: int | None) -> int | None:
    """The line `From: ...` of the small header, at BEGIN or below."""
    for number in range(len(lines) if begin is None else begin, len(lines)):
        is_sender = field_kind(lines[number]) == "sender" and _VALUE.match(lines[number]) is not None
        if is_sender and _has_another_field(lines, number, begin or 0):
            return number
    return None


def _has_another_field(lines: Sequence[str], number: int, begin: int) -> bool:
    near = [*lines[max(begin, number - NEAR) : number], *lines[number + 1 : number + 1 + NEAR]]
    return any(field_kind(line) in _OTHER for line in near)
