"""When a letter is tried again."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from notifier.retry import FIRST_WAIT, LONGEST_WAIT, SPREAD, next_attempt, wait
from tests.notifier.people import NOON

THREE_DAYS = timedelta(days=3)
MIDDLE = 0.5


def test_the_waits_double_from_a_minute_to_two_hours() -> None:
    waits = [wait(attempts, MIDDLE) for attempts in range(1, 10)]
    assert [w.total_seconds() / 60 for w in waits] == [1, 2, 4, 8, 16, 32, 64, 120, 120]


def test_the_last_attempt_is_at_the_deadline_and_then_it_is_given_up() -> None:
    almost = NOON + THREE_DAYS - timedelta(seconds=5)
    assert next_attempt(40, since=NOON, now=almost, retry_for=THREE_DAYS, chance=MIDDLE) == NOON + THREE_DAYS
    assert next_attempt(41, since=NOON, now=NOON + THREE_DAYS, retry_for=THREE_DAYS, chance=MIDDLE) is None


def test_a_letter_is_tried_about_forty_times_in_three_days() -> None:
    now, attempts = NOON, 0
    while (again := next_attempt(attempts + 1, since=NOON, now=now, retry_for=THREE_DAYS, chance=MIDDLE)) is not None:
        now, attempts = again, attempts + 1
    assert 40 <= attempts <= 46
    assert now == NOON + THREE_DAYS


@given(st.integers(-5, 10**9), st.floats(0, 1), st.timedeltas(timedelta(0), timedelta(days=4)))
def test_every_attempt_is_later_and_none_after_the_deadline(attempts: int, chance: float, waited: timedelta) -> None:
    now = NOON + waited
    again = next_attempt(attempts, since=NOON, now=now, retry_for=THREE_DAYS, chance=chance)
    if again is None:
        assert waited >= THREE_DAYS
        return
    assert now < again <= NOON + THREE_DAYS
    assert again - now <= LONGEST_WAIT * (1 + SPREAD)
    assert again == NOON + THREE_DAYS or again - now >= FIRST_WAIT * (1 - SPREAD)
