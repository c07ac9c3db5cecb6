"""The room on the screen: how wide it is, and long texts folded into it.

Into a pipe or file nothing is folded: programs want whole lines.
"""

import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence

from commands.screen import Cell, clean, is_terminal

ENDLESS = 10_000
LEAST = 20
"""Columns that a folded text gets, however wide its neighbours are."""


def columns() -> int:
    """Columns of the terminal; as good as endless where nobody looks on."""
    return shutil.get_terminal_size().columns if is_terminal(sys.stdout) else ENDLESS


def folded(rows: Iterable[Sequence[str | Cell]], *, width: int) -> list[tuple[str | Cell, ...]]:
    """ROWS, with the text of the last column continued below where it is longer than the room."""
    from rich.cells import cell_len

    cells = [[cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in rows]
    before = (
        [max(cell_len(clean(row[place].text)) for row in cells) for place in range(len(cells[0]) - 1)] if cells else []
    )
    room = max(width - sum(before) - 2 * len(before), LEAST)
    return [line for row in cells for line in _lines(row, room)]


def wrapped(line: str, width: int) -> Sequence[str]:
    """LINE in pieces of WIDTH; web addresses stay whole."""
    if len(line) <= width:
        return [line]
    return textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False) or [""]


def _lines(row: Sequence[Cell], room: int) -> Iterable[tuple[str | Cell, ...]]:
    *others, last = row
    text = clean(last.text)
    indent = " " * (len(text) - len(text.lstrip()))
    pieces = textwrap.wrap(text, room, subsequent_indent=indent) if len(text) > room else [text]
    for number, piece in enumerate(pieces):
        yield (*(others if number == 0 else [Cell("")] * len(others)), Cell(piece, last.style))
