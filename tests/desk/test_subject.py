"""Titles and comparisons without what mail programs put in front of a subject."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.subject import PREFIXES, bare_subject

ALL = sorted({prefix for pair in PREFIXES.values() for prefixes in pair for prefix in prefixes})


@pytest.mark.parametrize(
    ("subject", "bare"),
    [
        ("Re: Drucker", "Drucker"),
        ("AW: AW: Drucker", "Drucker"),
        ("Re[2]: Drucker", "Drucker"),
        ("RE(3): Drucker", "Drucker"),
        ("Re2: Drucker", "Drucker"),
        ("Re : Drucker", "Drucker"),
        ("SV: VS:WG: Fwd:  Drucker\tbrennt ", "Drucker brennt"),
        ("Re: [ACME-7] AW: [acme-8 ] Drucker", "Drucker"),
        ("[ACME-7] Re: Drucker", "Drucker"),
        ("回复：转发: 打印机", "打印机"),
        ("R: Stampante", "Stampante"),
        ("r: the language", "r: the language"),
        ("Reparatur: Drucker", "Reparatur: Drucker"),
        ("Netz: Re: Drucker", "Netz: Re: Drucker"),
        ("[OTHER-7] Drucker", "[OTHER-7] Drucker"),
        ("12:30 Drucker", "12:30 Drucker"),
        ("Re:", ""),
        ("", ""),
    ],
)
def test_the_bare_subject(subject: str, bare: str) -> None:
    assert bare_subject(subject, "ACME") == bare


@pytest.mark.parametrize("prefix", ALL)
def test_every_prefix_of_the_table_goes(prefix: str) -> None:
    assert bare_subject(f"{prefix}: {prefix.upper()}[2]: 42 Drucker", "ACME") == "42 Drucker"


def test_twenty_languages() -> None:
    assert len(PREFIXES) >= 20


@given(st.lists(st.sampled_from([*ALL, "[ACME-1]", ":", " ", "Netz"]), max_size=30).map(" ".join) | st.text())
def test_what_is_bare_stays_so(subject: str) -> None:
    bare = bare_subject(subject, "ACME")
    assert "\n" not in bare
    assert "[ACME-1]" not in bare


def test_a_hostile_subject_is_cut_short() -> None:
    assert len(bare_subject("Re: " * 1_000_000 + "x", "ACME")) <= 2000
