"""Lines at the top of a mail: which are commands, and where they end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.changes import Refused
from desk.mail_commands import COMMANDS, commands_of


@pytest.mark.parametrize(
    ("text", "commands", "below"),
    [
        ("", [], ""),
        ("Hallo\n!close", [], "Hallo\n!close"),
        ("!close", [("!close", "")], ""),
        ("\n\n!close\n\n!assign  bert \n\nHallo\n\n!take", [("!close", ""), ("!assign", "bert")], "Hallo\n\n!take"),
        ("!CLOSE", [("!close", "")], ""),
        ("! close", [("!close", "")], ""),
        ("!close.", [("!close", "")], ""),
        ("!priority: urgent", [("!priority", "urgent")], ""),
        ("!!! Dringend", [], "!!! Dringend"),
        ("!\nHallo", [], "!\nHallo"),
        ("!_x", [], "!_x"),
    ],
)
def test_commands(text: str, commands: list[tuple[str, str]], below: str) -> None:
    assert commands_of(text) == (tuple(commands), below)


@pytest.mark.parametrize("text", ["!clsoe", "!Achtung", "!close\n!foo\nHallo", "!close!take", "!close\n" * 21])
def test_what_looks_like_a_command_and_is_none(text: str) -> None:
    with pytest.raises(Refused):
        commands_of(text)


@given(st.text(max_size=200), st.lists(st.sampled_from(sorted(COMMANDS)), max_size=5))
def test_no_words_are_lost(words: str, commands: list[str]) -> None:
    try:
        found, below = commands_of("\n".join([*commands, f"x{words}"]))
    except Refused:
        return
    assert [command.word for command in found] == commands
    assert below == f"x{words}".strip()
