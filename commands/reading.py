"""The screen of `helpdesk parse`: what a mail says, what it is and why, how it is built, what was folded away.

Promises: 80 columns are enough; a long value goes on below itself, a long name in the tree is cut in its
middle; nothing in a mail steers the terminal.
"""

from collections.abc import Iterator, Sequence

from commands.phrases import size
from commands.room import columns
from commands.screen import clean, say
from domain.message import Attachment, Bounced, Message
from scanner.fold import Kind, Stretch, stretches
from scanner.structure import Branch

LABEL = 12
"""Columns in front of every value."""
LEAST = 30
MANY = 10
"""People and attachments that are shown of a longer list."""
MAX_LINES = {Kind.NEW: 60, Kind.SIGNATURE: 6, Kind.QUOTED: 4, Kind.FURTHER: 4}
"""Lines of each kind of text that are shown without --full."""
NO_BREAK = "\xa0"

_TEXTS = {Kind.NEW: "new text", Kind.SIGNATURE: "signature", Kind.QUOTED: "quoted", Kind.FURTHER: "further"}
_LASTS = {True: "for good", False: "may pass", None: ""}


def print_reading(name: str, message: Message, tree: Sequence[Branch], *, full: bool = False) -> None:
    """Print what was read in the mail called NAME, whose parts are TREE; FULL with folded text to its end."""
    room = max(columns() - LABEL, LEAST)
    say(name, style="bold", lines=False)
    for label, values in _facts(message):
        _print(label, [piece for value in values for piece in _pieces(value, room)])
    _print("structure", [_cut(line, room) for line in _drawn(tree)])
    for label, values in _remarks(message.defects):
        _print(label, [piece for value in values for piece in _pieces(value, room)])
    for stretch in stretches(message.text, message.reply_text) if message.text.strip() else ():
        say()
        _print(_TEXTS[stretch.kind], list(_text(stretch, room, full=full)), dim=stretch.kind is not Kind.NEW)
    say()


def _print(label: str, lines: Sequence[str], *, dim: bool = False) -> None:
    for number, line in enumerate(lines):
        said = f"{label if not number else '':<{LABEL}}{line}".rstrip()
        say(said, style="dim" if dim else "", lines=False)


def _facts(message: Message) -> Iterator[tuple[str, Sequence[str]]]:
    """What is known of the mail, a label and its values each; labels without values are not printed."""
    yield "from", [str(message.sender or "nobody")]
    yield "to", _few([str(one) for one in message.to])
    yield "cc", _few([str(one) for one in message.cc])
    yield "reply to", _few([str(one) for one in message.reply_to])
    yield "date", [message.date.isoformat(sep=" ")] if message.date else []
    yield "subject", [message.subject or "(none)"]
    yield "message id", [message.message_id] if message.message_id else []
    yield "answers", _few(list(message.in_reply_to))
    yield "language", [message.language] if message.language else []
    yield "class", [_class(message)]
    yield "  because", list(message.class_because) or ["no sign of a machine"]
    yield "failed", [_failed(one) for one in message.bounced]
    yield "passes on", [f"a mail of {message.forwarded_from}"] if message.forwarded_from else []
    yield "attachments", _few([_attached(one) for one in message.attachments])


def _few(values: Sequence[str]) -> Sequence[str]:
    return values if len(values) <= MANY else [*values[:MANY], f"and {len(values) - MANY} more"]


def _class(message: Message) -> str:
    """The mail's class, and what else holds: a list's automatic answer is both."""
    kind = message.mail_class.value
    also = {"auto_reply": message.is_auto_reply, "bounce": message.is_bounce, "list": message.is_list}
    return ", ".join([kind, *(name for name, holds in also.items() if holds and name != kind)]).replace("_", "-")


def _attached(one: Attachment) -> str:
    return f"{one.name}  {one.content_type}, {size(one.size).replace(' ', NO_BREAK)}{', inline' * one.inline}"


def _failed(one: Bounced) -> str:
    lasts = _LASTS[one.hard]
    return " ".join(part for part in (one.address, one.status, f"({lasts})" if lasts else "", one.reason) if part)


def _remarks(defects: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    cut = [defect for defect in defects if "only " in defect or " cut " in defect]
    yield "repaired", [defect for defect in defects if defect not in cut]
    yield "cut", cut


def _drawn(tree: Sequence[Branch]) -> Iterator[str]:
    """The parts with the lines between them: `├─ text/plain  utf-8  812 B`."""
    for number, branch in enumerate(tree):
        lines = [_bar(tree[number + 1 :], depth, is_own=depth == branch.depth) for depth in range(1, branch.depth + 1)]
        facts = [branch.kind, *branch.facts, *([size(branch.size)] if branch.size is not None else []), branch.name]
        yield "".join(lines) + "  ".join(clean(fact) for fact in facts if fact)


def _bar(below: Sequence[Branch], depth: int, *, is_own: bool) -> str:
    """What stands at DEPTH in front of a part, with the parts BELOW it."""
    following = next((one.depth for one in below if one.depth <= depth), 0)
    goes_on = following == depth
    if is_own:
        return "├─ " if goes_on else "└─ "
    return "│  " if goes_on else "   "


def _text(stretch: Stretch, room: int, *, full: bool) -> Iterator[str]:
    lines = [piece for line in "\n".join(stretch.lines).strip("\n").split("\n") for piece in _pieces(line, room)]
    most = len(lines) if full else MAX_LINES[stretch.kind]
    # The last line but one is no reason for a line that says there is one more.
    shown = len(lines) if len(lines) <= most + 1 else most
    yield from lines[:shown]
    if shown < len(lines):
        yield f"[... {len(lines) - shown:,} more lines; --full shows them]"


def _pieces(text: str, room: int) -> Sequence[str]:
    """TEXT in pieces that fit into ROOM columns, cut between words where there are any."""
    from rich.cells import cell_len, chop_cells

    text = clean(text).expandtabs(4)
    pieces: list[str] = []
    line = ""
    for word in text.split(" ") if cell_len(text) > room else [text]:
        joined = f"{line} {word}" if line else word
        if cell_len(joined) <= room:
            line = joined
            continue
        pieces += [line] if line.strip() else []
        *whole, line = chop_cells(word, room) or [""]
        pieces += whole
    return [*pieces, line]


def _cut(text: str, room: int) -> str:
    """TEXT, in the middle of which something is left out if it is wider than ROOM columns."""
    from rich.cells import cell_len, chop_cells

    if cell_len(text) <= room:
        return text
    end = chop_cells(text[::-1], room // 3)[0][::-1]
    return f"{chop_cells(text, room - 1 - cell_len(end))[0]}…{end}"
