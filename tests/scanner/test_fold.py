"""What was folded away is told apart, and nothing is lost on the way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.fold import stretches
from scanner.quote import reply_text

WHO = "On Mon, 2 Mar 2026 at 10:00, Bob <bob@y.example> wrote:"
FOLDS = {
    "nothing": ("Yes.", [("new", "Yes.")]),
    "a quote below": (f"Yes.\n\n{WHO}\n> Well?", [("new", "Yes."), ("quoted", f"{WHO}\n> Well?")]),
    "an answer below": (f"{WHO}\n> Well?\n\nYes.", [("quoted", f"{WHO}\n> Well?"), ("new", "Yes.")]),
    "a signature": ("Yes.\n-- \nAda", [("new", "Yes."), ("signature", "-- \nAda")]),
    "both": (
        f"Yes.\n\nRegards,\nAda Byron\n\n{WHO}\n> Well?",
        [("new", "Yes."), ("signature", "Regards,\nAda Byron"), ("quoted", f"{WHO}\n> Well?")],
    ),
}


@pytest.mark.parametrize(("text", "wanted"), FOLDS.values(), ids=FOLDS)
def test_stretches(text: str, wanted: list[tuple[str, str]]) -> None:
    assert [(one.kind.value, "\n".join(one.lines).strip("\n")) for one in stretches(text, reply_text(text))] == wanted


@given(st.lists(st.sampled_from(["", "Yes.", "> Well?", WHO, "-- ", "Regards,", "Ada", "___"]), max_size=14))
def test_no_line_is_lost(lines: list[str]) -> None:
    text = "\n".join(lines)
    told = [line for one in stretches(text, reply_text(text)) for line in one.lines]
    assert [line for line in told if line.strip()] == [line for line in lines if line.strip()]
