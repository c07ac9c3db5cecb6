"""What all screens have in common: cleaned text, tables, ages, JSON.

Promises: no control character of a mail reaches the terminal, in JSON neither; 80 columns are
enough; colours only where a person looks on and NO_COLOR is not set.  Output that goes into a file
or pipe is plain and not cut.
"""

import json
import os
import re
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any

from domain.suspicion import Suspicion

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

# ECMA-48: control sequences, strings that end with ST or BEL, and two-character escapes.  Lengths are bounded,
# so that hostile text cannot make the search slow or swallow a whole mail.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]{0,2000}(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]{0,8}[0-~]"
)
_JOINERS = "\u200c\u200d"
_PIPE_WIDTH = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table.  A flexible one is cut where the terminal is too narrow for all."""

    title: str
    right: bool = False
    flexible: bool = False
    style: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A text in a table with its own style, in rich's words: 'bold red', 'dim'."""

    text: str
    style: str = ""


def clean(text: str, *, lines: bool = False) -> str:
    """TEXT without anything that steers a terminal: escapes, controls, bidi marks, lone surrogates.

    LINES keeps line ends and tabs; otherwise they become single spaces.
    """
    text = _ESCAPES.sub("", text.replace("\r\n", "\n"))
    kept = "".join(_kept(character) for character in text)
    return kept if lines else re.sub(r"[\n\t]+", " ", kept)


def age(delta: timedelta) -> str:
    """How long something has waited, to a glance: `40 s`, `12 min`, `3 h`, `2 d`."""
    seconds = max(int(delta.total_seconds()), 0)
    for unit, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds // unit:,} {name}"
    return f"{seconds} s"


def say(text: str = "", *, style: str = "", lines: bool = True) -> None:
    """Print TEXT, cleaned, in STYLE where a person looks on."""
    _print(text, style=style, lines=lines, stream=sys.stdout)


def complain(text: str, *, style: str = "") -> None:
    """Print TEXT, cleaned, to the standard error."""
    _print(text, style=style, lines=True, stream=sys.stderr)


def print_table(columns: Sequence[Column], rows: Iterable[Sequence[str | Cell]], *, width: int | None = None) -> None:
    """Print ROWS under COLUMNS, as wide as the terminal (or WIDTH) allows; into a pipe uncut."""
    cells = [[_cell(value) for value in row] for row in rows]
    console = _console(sys.stdout, width)
    table = _table(columns, cells, console.width)
    with console.capture() as captured:
        console.print(table, soft_wrap=False)
    for line in captured.get().splitlines():
        print(line.rstrip())


def dump_json(value: object) -> None:
    """Print VALUE as one line of JSON; see `json_text`."""
    print(json_text(value))


def json_text(value: object) -> str:
    """VALUE as one line of JSON: times as ISO 8601 in UTC, records as objects, control characters escaped."""
    text = json.dumps(_jsonable(value), ensure_ascii=False, separators=(", ", ": "))
    return text if text.isascii() and text.isprintable() else "".join(map(_escaped, text))


def write_raw(data: bytes) -> None:
    """Write a mail as it came; on a terminal without what steers it."""
    if is_terminal(sys.stdout):
        say(data.decode("utf-8", "replace"))
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)


def confirm(question: str) -> bool:
    """Whoever looks on says yes; nobody does where nobody looks on."""
    if not is_terminal(sys.stdin):
        return False
    print(f"{clean(question)} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().casefold() in ("y", "yes", "j", "ja")


def is_terminal(stream: IO[str]) -> bool:
    """A person looks on.  False for a stream that is closed."""
    try:
        return stream.isatty()
    except ValueError:
        return False


def _escaped(character: str) -> str:
    """One character of JSON; what steers a terminal as an escape, above U+FFFF as two."""
    if _kept(character) == character:
        return character
    return json.dumps(character)[1:-1] if ord(character) > 0x7F else f"\\u{ord(character):04x}"


@lru_cache(maxsize=4096)
def _kept(character: str) -> str:
    """What is left of one character: itself, nothing, or a line end for a separator of lines."""
    if character in "\n\t" or character in _JOINERS:
        return character
    category = unicodedata.category(character)
    if category in ("Zl", "Zp") or character == "\x85":
        return "\n"
    if category == "Cs":
        return "\ufffd"
    return "" if category in ("Cc", "Cf") else character


def _print(text: str, *, style: str, lines: bool, stream: IO[str]) -> None:
    cleaned = clean(text, lines=lines)
    if style and is_terminal(stream) and not os.environ.get("NO_COLOR"):
        _console(stream, None).print(cleaned, style=style, markup=False, highlight=False, emoji=False, soft_wrap=True)
    else:
        print(cleaned, file=stream)


def _console(stream: IO[str], width: int | None) -> "Console":
    from rich.console import Console

    if width is None and not is_terminal(stream):
        width = _PIPE_WIDTH
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def _cell(value: str | Cell) -> Cell:
    cell = value if isinstance(value, Cell) else Cell(value)
    return Cell(clean(cell.text), cell.style)


def _table(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", collapse_padding=True)
    for column, room in zip(columns, _widths(columns, rows, width), strict=True):
        justify: Any = "right" if column.right else "left"
        table.add_column(
            Text(column.title), justify=justify, style=column.style, no_wrap=True, overflow="ellipsis", width=room
        )
    for row in rows:
        table.add_row(*(Text(cell.text, style=cell.style) for cell in row))
    return table


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int) -> list[int]:
    """How wide each column is: as its longest text, the flexible ones less where the room is short.

    The widest flexible column gives first, down to eight characters.
    """
    from rich.cells import cell_len

    wanted = [
        max([cell_len(column.title), *(cell_len(row[index].text) for row in rows)])
        for index, column in enumerate(columns)
    ]
    too_much = sum(wanted) + 2 * (len(columns) - 1) - width
    flexible = [index for index, column in enumerate(columns) if column.flexible]
    while too_much > 0 and flexible:
        widest = max(flexible, key=lambda index: wanted[index])
        if wanted[widest] <= 8:
            break
        wanted[widest] -= 1
        too_much -= 1
    return wanted


def _jsonable(value: object) -> Any:
    match value:
        case Enum():
            return _jsonable(value.value)
        case None | bool() | int() | float() | str():
            return value
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Suspicion():
            return str(value)
        case timedelta():
            return value.total_seconds()
        case Mapping():
            return {str(_jsonable(key)): _jsonable(part) for key, part in value.items()}
        case set() | frozenset():
            return sorted((_jsonable(part) for part in value), key=str)
        case list() | tuple():
            return [_jsonable(part) for part in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _jsonable(getattr(value, field.name)) for field in fields(value)}
    return str(value)
