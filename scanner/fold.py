"""The text of a mail in stretches: what is new, and what is folded away as history or signature.

Only for people who want to see why a text was folded as it was: `quote.py` decides, this module finds its
answer again in the text.  Every line is in one stretch, in order; blank lines between two may be left out.
Never fails.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from scanner.quote import history_start
from scanner.signature import begins_signature

MAX_TRIED = 200
"""Places that are tried for the new part as a whole."""


class Kind(StrEnum):
    """Why a stretch of text stands where it does."""

    NEW = "new"
    SIGNATURE = "signature"
    QUOTED = "quoted"
    FURTHER = "further"  # what is none of these: mails inside the mail, a list's footer


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some lines of a text and what they are."""

    kind: Kind
    lines: tuple[str, ...]


def stretches(text: str, new: str) -> tuple[Stretch, ...]:
    """TEXT in stretches; NEW is its new part, as `reply_text` answers it."""
    lines = text.strip("\n").split("\n")
    wanted = new.strip("\n").split("\n")
    found: list[Stretch] = []
    for is_new, run in _runs(lines, _new_lines(lines, wanted)):
        found += [Stretch(Kind.NEW, tuple(run))] if is_new else _told_apart(run)
    return tuple(found)


def _new_lines(lines: Sequence[str], wanted: Sequence[str]) -> list[bool]:
    """Which of LINES are WANTED: together where they stand together, else one after the other."""
    bare = [line.rstrip() for line in lines]
    wanted = [line.rstrip() for line in wanted]
    starts = (number for number, line in enumerate(bare) if line == wanted[0])
    for start in islice(starts, MAX_TRIED):
        if bare[start : start + len(wanted)] == wanted:
            return [start <= number < start + len(wanted) for number in range(len(lines))]
    place, marks = 0, []
    for line in bare:
        is_wanted = place < len(wanted) and line == wanted[place]
        place += is_wanted
        marks.append(is_wanted)
    return marks


def _runs(lines: Sequence[str], marks: Sequence[bool]) -> Iterator[tuple[bool, list[str]]]:
    run: list[str] = []
    for number, line in enumerate(lines):
        if run and marks[number] != marks[number - 1]:
            yield marks[number - 1], run
            run = []
        run.append(line)
    if run:
        yield marks[-1], run


def _told_apart(run: Sequence[str]) -> Iterator[Stretch]:
    """A folded RUN as signature and history."""
    start = history_start(run)
    above, below = run[: len(run) if start is None else start], run[len(run) if start is None else start :]
    if any(line.strip() for line in above):
        yield Stretch(Kind.SIGNATURE if begins_signature(above) else Kind.FURTHER, tuple(above))
    if any(line.strip() for line in below):
        yield Stretch(Kind.QUOTED, tuple(below))
