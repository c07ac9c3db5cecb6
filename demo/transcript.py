"""The transcript: what is printed of the day, readable in 80 columns, in colour where a person looks on."""

import shutil
import sys
import textwrap
from collections.abc import Iterable

from commands.opening import now
from commands.screen import clean, is_terminal, say

_STYLES = {
    "mail": "bold cyan",
    "decided": "bold",
    "letter": "green",
    "sent": "green",
    "withheld": "yellow",
    "agent": "bold magenta",
}
_INDENT = 21


def heading(text: str) -> None:
    """A new part of the day begins."""
    say()
    say(text, style="bold underline")


def aside(text: str) -> None:
    """What a newcomer should know here."""
    for line in textwrap.wrap(clean(text), _width() - 2):
        say(f"  {line}", style="dim")


def line(label: str, text: str, *, timed: bool = False) -> None:
    """One thing that happened, under its LABEL; TIMED puts the time before it."""
    clock = f"{now().astimezone():%H:%M:%S}" if timed else ""
    first = f"  {clock:<9} {label:<9}"
    rest = " " * _INDENT
    pieces = textwrap.wrap(
        clean(text), _width(), initial_indent=first, subsequent_indent=rest, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
    for piece in pieces or [first]:
        say(piece, style=_STYLES.get(label, ""), lines=False)


def quote(text: str) -> None:
    """Words of a mail, under what was printed last."""
    _indented(text, " " * _INDENT)


def letter(text: str) -> None:
    """A letter as it is read, with a bar at its side."""
    _indented(text, "         | ")


def _indented(text: str, margin: str) -> None:
    for words in clean(text, lines=True).strip().splitlines():
        for piece in textwrap.wrap(words, _width() - len(margin)) or [""]:
            say(f"{margin}{piece}".rstrip(), style="dim")


def plain(lines: Iterable[str]) -> None:
    """Lines as they are."""
    for one in lines:
        say(one)


def _width() -> int:
    """As wide as the terminal, but no wider than is pleasant to read."""
    return max(60, min(shutil.get_terminal_size().columns, 100)) if is_terminal(sys.stdout) else 80
