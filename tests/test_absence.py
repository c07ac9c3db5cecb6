"""Who stands in for whom, however deputies are absent themselves."""

from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.absence import Absence, stand_in

AGENTS = ("ada", "bert", "cleo", "dora")
LAST = date(2026, 12, 14)

AROUND = (
    "ada is absent until 2026-12-14, the deputy bert until 2026-12-14, the deputy cleo until 2026-12-14; "
    "they stand in for each other"
)

CASES: list[tuple[str, dict[str, str], str | None, str]] = [
    ("there", {}, None, ""),
    ("somebody else is away", {"bert": "cleo"}, None, ""),
    ("a deputy", {"ada": "bert"}, "bert", "bert is deputy of ada, absent until 2026-12-14"),
    ("a deputy's deputy", {"ada": "bert", "bert": "cleo"}, "cleo",
     "cleo is deputy of bert, absent until 2026-12-14, deputy of ada, absent until 2026-12-14"),
    ("without a deputy", {"ada": ""}, "", "ada is absent until 2026-12-14, without a deputy"),
    ("a deputy without one", {"ada": "bert", "bert": ""}, "",
     "ada is absent until 2026-12-14, the deputy bert until 2026-12-14, without a deputy"),
    ("each other", {"ada": "bert", "bert": "ada"}, "",
     "ada is absent until 2026-12-14, the deputy bert until 2026-12-14; they stand in for each other"),
    ("a circle further on", {"ada": "bert", "bert": "cleo", "cleo": "bert"}, "", AROUND),
    ("a deputy who has left", {"ada": "zoe"}, "",
     "ada is absent until 2026-12-14, and the deputy zoe is no longer in the configuration"),
]  # fmt: skip


def away(deputies: Mapping[str, str]) -> dict[str, Absence]:
    return {key: Absence(agent=key, first=LAST, last=LAST, deputy=deputy) for key, deputy in deputies.items()}


@pytest.mark.parametrize(("title", "deputies", "instead", "words"), CASES, ids=[case[0] for case in CASES])
def test_who_stands_in_for_ada(title: str, deputies: dict[str, str], instead: str | None, words: str) -> None:
    found = stand_in("ada", away(deputies), AGENTS)
    assert (found.agent if found else None) == instead
    assert (found.words if found else "") == words


@given(st.sampled_from(AGENTS), st.dictionaries(st.sampled_from(AGENTS), st.sampled_from(["", "zoe", *AGENTS])))
def test_every_chain_ends_with_somebody_who_is_there_or_with_nobody(agent: str, deputies: dict[str, str]) -> None:
    found = stand_in(agent, away(deputies), AGENTS)
    assert (found is None) == (agent not in deputies)
    if found is not None:
        assert found.agent not in deputies
        assert found.agent in ("", *AGENTS)
        assert found.because
        assert "\n" not in found.because


@pytest.mark.parametrize(
    ("first", "last", "overlaps"),
    [(1, 3, False), (1, 4, True), (6, 7, True), (8, 9, True), (9, 10, False), (9, None, False), (1, None, True)],
)
def test_two_absences_share_a_day(first: int, last: int | None, overlaps: bool) -> None:
    one = Absence(agent="ada", first=date(2026, 12, 4), last=date(2026, 12, 8))
    other = Absence(agent="ada", first=date(2026, 12, first), last=date(2026, 12, last) if last else None)
    assert one.overlaps(other) == other.overlaps(one) == overlaps
