"""Screens: nothing that steers a terminal gets through, and 80 columns are enough."""

import dataclasses
import enum
import json
import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.screen import Cell, Column, age, clean, complain, dump_json, json_text, print_table, say


@pytest.mark.parametrize(
    ("hostile", "left"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;new title\x07text", "text"),
        ("\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\", "click"),
        ("\x1bP1$r\x1b\\text", "text"),
        ("\x9b31mred", "red"),
        ("a\x1bcb", "ab"),
        ("bell\x07 and \x00 nul", "bell and  nul"),
        ("invoice\u202egpj.exe", "invoicegpj.exe"),
        ("\u2066isolated\u2069 \u200fmark\u200e", "isolated mark"),
        ("two\r\nlines", "two lines"),
        ("one\ttab", "one tab"),
        ("over\rwritten", "overwritten"),
        ("next\x85line\u2028and\u2029paragraph", "next line and paragraph"),
        ("half \ud83d pair", "half \ufffd pair"),
        ("Jäger 日本 👩\u200d💻", "Jäger 日本 👩\u200d💻"),
    ],
)
def test_what_steers_a_terminal_is_taken_out(hostile: str, left: str) -> None:
    assert clean(hostile) == left


def test_a_body_keeps_its_lines() -> None:
    assert clean("Hello\r\n\tyou\x1b[2J\n", lines=True) == "Hello\n\tyou\n"


@given(st.text())
def test_nothing_but_text_is_left(text: str) -> None:
    for lines in (True, False):
        allowed = "\n\t\u200c\u200d" if lines else "\u200c\u200d"
        left = clean(text, lines=lines)
        assert all(c in allowed or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in left)
        left.encode("utf-8")


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs", "M"))))
def test_harmless_text_is_left_alone(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(-5, "0 s"), (40, "40 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (86399, "23 h"), (86400 * 9, "9 d")],
)
def test_an_age_is_told_in_its_largest_unit(seconds: int, shown: str) -> None:
    assert age(timedelta(seconds=seconds)) == shown


COLUMNS = (
    Column(title="No"),
    Column(title="Title", flexible=True),
    Column(title="Customer", flexible=True),
    Column(title="Waits", right=True),
)
ROWS = (
    ("ACME-1042", "Störung im Netz seit heute früh, und niemand weiß warum", "BigCorp · Jäger", "12 min"),
    ("ACME-1038", "日本語の件名がここにあります、とても長いのです、本当に", "Firma · Weiß", Cell("3 h", "bold red")),
)


def test_a_table_fits_into_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.cells import cell_len

    print_table(COLUMNS, ROWS, width=80)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert all(cell_len(line) <= 80 for line in lines)
    assert lines[1].startswith("ACME-1042  Störung im Netz")
    assert lines[1].endswith("12 min")
    assert "…" in lines[1]


def test_a_table_in_a_pipe_is_not_cut(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(COLUMNS, ROWS)
    out = capsys.readouterr().out
    assert "und niemand weiß warum" in out
    assert "\x1b" not in out
    assert all(line == line.rstrip() for line in out.splitlines())


def test_a_table_takes_hostile_cells_and_markup_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_table((Column(title="Title"),), [("[bold]no markup[/bold] :smile:\x1b[2J\nnext",)])
    assert capsys.readouterr().out.splitlines()[1] == "[bold]no markup[/bold] :smile: next"


def test_a_table_without_rows_shows_its_head(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(COLUMNS, [])
    assert capsys.readouterr().out.split() == ["No", "Title", "Customer", "Waits"]


def test_said_and_complained_go_their_ways(capsys: pytest.CaptureFixture[str]) -> None:
    say("done \x1b[1m", style="green")
    complain("wrong", style="red")
    assert capsys.readouterr() == ("done \n", "wrong\n")


class _Colour(enum.StrEnum):
    RED = "red"


@dataclasses.dataclass(frozen=True)
class _Record:
    at: datetime
    colour: _Colour
    names: frozenset[str]
    path: Path


def test_json_is_one_line_with_times_in_utc(capsys: pytest.CaptureFixture[str]) -> None:
    at = datetime(2026, 11, 21, 10, 0, tzinfo=timezone(timedelta(hours=1)))
    record = _Record(at=at, colour=_Colour.RED, names=frozenset("ba"), path=Path("x"))
    dump_json([record, {1: at.astimezone(UTC)}, date(2026, 11, 1), timedelta(minutes=2), None, True, 1.5])
    assert json.loads(capsys.readouterr().out) == [
        {"at": "2026-11-21T09:00:00Z", "colour": "red", "names": ["a", "b"], "path": "x"},
        {"1": "2026-11-21T09:00:00Z"},
        "2026-11-01",
        120.0,
        None,
        True,
        1.5,
    ]


@given(st.text())
def test_json_is_safe_to_look_at_and_loses_nothing(text: str) -> None:
    written = json_text(text)
    assert json.loads(written) == text
    assert clean(written) == written


def test_json_keeps_umlauts_readable() -> None:
    assert json_text("Störung") == '"Störung"'
