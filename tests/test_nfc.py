"""Normalising is the same for ordinary text, and bounded for the text of somebody who means harm."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from domain.nfc import WHOLE, nfc


@given(st.text(max_size=WHOLE))
def test_it_is_nfc(text: str) -> None:
    assert nfc(text) == unicodedata.normalize("NFC", text)


@given(
    st.lists(
        st.sampled_from(["u\u0308", "é", "e\u0301\u0323", "wort ", "\n", "하", "\u1112\u1161\u11ab", "か\u3099", "😀"]),
        max_size=3_000,
    )
)
def test_long_texts_lose_nothing_at_the_joints(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert nfc(text) == unicodedata.normalize("NFC", text)


def test_a_million_marks_hold_nobody_up() -> None:
    """Normalised at once they take minutes, and the store would hold its write lock meanwhile."""
    assert len(nfc("a" + "\u0315\u0300" * 500_000)) == 1_000_000
