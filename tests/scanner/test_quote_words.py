"""The table of words: every row does what it promises, in its language."""

import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.quote import reply_text
from scanner.quote_words import WORDS, Words

ASKED = {"de", "en", "fr", "es", "it", "pt", "nl", "da", "sv", "no", "fi", "pl", "cs", "ru", "uk", "ja", "zh", "ko"}
NEW = "Yes, it does."
OLD = "Does it work?\nAda"
QUOTED = "> Does it work?\n>\n> Ada"


def words(of: Callable[[Words], str]) -> list[object]:
    return [
        pytest.param(word, id=f"{language} {word}")
        for language, row in WORDS.items()
        for word in of(row).split("|")
        if word
    ]


def examples(of: Callable[[Words], tuple[str, ...]]) -> list[object]:
    return [
        pytest.param(example, id=f"{language} {number}")
        for language, row in WORDS.items()
        for number, example in enumerate(of(row))
    ]


def test_every_language_that_is_asked_for_has_a_full_row() -> None:
    assert set(WORDS) >= ASKED
    for language in ASKED:
        row = WORDS[language]
        assert row.attributions, language
        assert row.headers, language
        assert all((row.original, row.forwarded, row.forwards, row.devices, row.closings)), language


def test_a_field_is_of_one_kind_in_all_languages() -> None:
    kinds = ("sender", "moment", "recipient", "about")
    seen: dict[str, str] = {}
    for row in WORDS.values():
        for kind in kinds:
            for word in filter(None, getattr(row, kind).lower().split("|")):
                assert seen.setdefault(word, kind) == kind, word


@pytest.mark.parametrize("line", examples(lambda row: row.attributions))
def test_attributions(line: str) -> None:
    for gap in ("\n", "\n\n"):
        assert reply_text(f"{NEW}\n\n{line}{gap}{QUOTED}") == NEW
        assert reply_text(f"{NEW}\n\n> {line}{gap}{QUOTED}") == NEW
    assert reply_text(f"{line}\n{QUOTED}\n\n{NEW}") == NEW
    # Without quote marks only where the line says enough: address, or date and time.
    assert reply_text(f"{NEW}\n\n{line}\n\n{OLD}") == NEW


@pytest.mark.parametrize("line", examples(lambda row: row.attributions))
def test_attributions_that_are_wrapped(line: str) -> None:
    blank = line.find(" ", len(line) // 2)
    wrapped = f"{line[:blank]}\n{line[blank + 1 :]}"
    assert reply_text(f"{NEW}\n\n{wrapped}\n{QUOTED}") == NEW


@pytest.mark.parametrize("header", examples(lambda row: row.headers))
def test_headers(header: str) -> None:
    bold = "\n".join(f"*{field}:* {value}" for field, _, value in (line.partition(":") for line in header.splitlines()))
    marked = header.replace("\n", "\n> ")
    for shown in (header, f"{'_' * 32}\n{header}"):
        assert reply_text(f"{NEW}\n\n{shown}\n\n{OLD}") == NEW
    assert reply_text(f"{NEW}\n\n> {marked}\n>\n{QUOTED}") == NEW
    if "：" not in header:
        assert reply_text(f"{NEW}\n\n{bold}\n\n{OLD}") == NEW


@pytest.mark.parametrize("word", words(lambda row: row.original))
def test_separators(word: str) -> None:
    assert reply_text(f"{NEW}\n\n-----{word.capitalize()}-----\nAda\n\n{OLD}") == NEW
    assert reply_text(f"{NEW}\n\n-------- {word} --------\n{OLD}") == NEW


@pytest.mark.parametrize("word", words(lambda row: row.forwarded))
def test_what_is_passed_on_is_kept(word: str) -> None:
    mark = word.capitalize().replace("…", "Ada")
    text = f"Please see below.\n\n---------- {mark} ----------\nFrom: Ada <ada@x.example>\nSubject: Printer\n\n{OLD}"
    assert reply_text(text) == text


@pytest.mark.parametrize("word", words(lambda row: row.forwards))
def test_subjects_of_what_is_passed_on(word: str) -> None:
    text = f"Please see below.\n\n{WORDS['en'].headers[0]}\n\n{OLD}"
    assert reply_text(text, subject=f"{word.upper()}: Printer") == text


@pytest.mark.parametrize("word", words(lambda row: row.devices))
def test_lines_of_telephones(word: str) -> None:
    line = word.capitalize().replace("…", "Telefon ")
    assert reply_text(f"{NEW}\n\n{line} X5") == NEW
    assert reply_text(f"{NEW}\n\n{line} X5\n\n{WORDS['en'].attributions[0]}\n{QUOTED}") == NEW


@pytest.mark.parametrize("word", words(lambda row: row.closings))
def test_closings_with_a_name(word: str) -> None:
    assert reply_text(f"{NEW}\n\n{word.capitalize()},\nAda Byron") == NEW
    assert reply_text(f"{NEW}\n\n{word.capitalize()}\n\nAda Byron\nExample Ltd\n+44 20 0000 0000") == NEW
    assert reply_text(f"{NEW}\n\n{word.capitalize()}") == f"{NEW}\n\n{word.capitalize()}"


PIECES = st.sampled_from(
    [
        *(line for row in WORDS.values() for line in (*row.attributions, *row.headers)),
        *(f"----- {row.original.split('|')[0]} -----" for row in WORDS.values()),
        *(f"---------- {row.forwarded.split('|')[0]} ----------" for row in WORDS.values()),
        *(row.closings.split("|")[0] for row in WORDS.values()),
        *("-- ", "> Is it on?", "> > Is it?", "", "It burns.", "Ada Byron", "See below:", "_" * 30, "Sent from my X5"),
    ]
)


@given(st.lists(PIECES, max_size=12).map("\n".join), st.sampled_from(["", "Re: Printer", "Fwd: Printer"]))
def test_any_mixture_keeps_something_and_adds_nothing(text: str, subject: str) -> None:
    new = reply_text(text, subject=subject)
    assert bool(new.strip()) == bool(text.strip())
    rest = iter(text.split("\n"))
    # What is left are the writer's lines, in their order.
    assert all(any(line.rstrip() == one.rstrip() for one in rest) for line in new.split("\n"))


HOSTILE = (
    "On Sat ",
    "On a\n",
    "\n",
    ">",
    "> \n",
    "From: ",
    "From: a@b\n",
    "-- \n",
    "-",
    "On 2 Mar 2026, at 10:00, Ada <ada@x.example> wrote:\n",
    "Ada wrote:\n\n",
    "<\n\n",
    "Von: \n",
    "_____\n",
    "wrote ",
    "@",
    "Regards\nBob\n",
    "> a\nb\n",
    "Am 1.1. schrieb",
    "---------- Forwarded message\n",
)


def calls(text: str) -> int:
    """How many functions, patterns among them, the reading of TEXT calls."""
    count = 0

    def on_event(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(on_event)
    try:
        reply_text(text)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("piece", HOSTILE)
def test_twice_the_text_is_twice_the_work(piece: str) -> None:
    """5 KB of `On a` take other readers seconds.  Work is counted, since clocks lie under load."""
    once, twice = calls(piece * 1_500), calls(piece * 3_000)
    assert twice <= 2.2 * once + 100
