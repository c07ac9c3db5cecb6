"""How long the wait before another attempt is."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.backoff import delay

BASE, CEILING = timedelta(seconds=1), timedelta(minutes=5)
CHANCES = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(
    ("attempt", "chance", "seconds"),
    [(1, 0.0, 0.5), (1, 0.5, 0.75), (2, 0.0, 1), (3, 0.5, 3), (9, 0.0, 128), (10, 0.0, 150), (99_999, 0.0, 150)],
)
def test_the_wait_doubles_up_to_the_ceiling(attempt: int, chance: float, seconds: float) -> None:
    assert delay(attempt, chance=chance, base=BASE, ceiling=CEILING) == timedelta(seconds=seconds)


@given(st.integers(1, 10**9), CHANCES)
def test_the_wait_is_never_nothing_and_never_over_the_ceiling(attempt: int, chance: float) -> None:
    assert BASE / 2 <= delay(attempt, chance=chance, base=BASE, ceiling=CEILING) <= CEILING


@given(st.integers(1, 40), CHANCES, CHANCES)
def test_a_later_attempt_but_one_never_waits_shorter(attempt: int, early: float, late: float) -> None:
    # Half of the wait is chance, so neighbours may change places, but not over two doublings.
    assert delay(attempt, chance=early) <= delay(attempt + 2, chance=late) * 2


def test_attempts_count_from_one() -> None:
    with pytest.raises(ValueError, match="from 1"):
        delay(0, chance=0.5)
