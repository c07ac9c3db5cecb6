"""When a letter is tried again.  Pure: time and chance are arguments.

The waits double from a minute to two hours and are spread by a quarter, so that letters which
failed together do not come back together.  The last attempt is made when `retry_for` is over.
Greylisting servers want some minutes at least.  A server that is away is asked again sooner than
any letter: after ten seconds at first, every five minutes later.
"""

from datetime import datetime, timedelta

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=2)
GREYLIST_WAIT = timedelta(minutes=5)
FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(minutes=5)
SPREAD = 0.25


def next_attempt(
    attempts: int,
    *,
    since: datetime,
    now: datetime,
    retry_for: timedelta,
    chance: float,
    least: timedelta = FIRST_WAIT,
) -> datetime | None:
    """When to try again after ATTEMPTS failed ones (1 or more), LEAST being the shortest wait; None to give up.

    SINCE is the first of them: the time that a letter waited before it was tried does not count.

    `chance` is a random number from 0 to 1.
    """
    deadline = since + retry_for
    if now >= deadline:
        return None
    return min(now + wait(attempts, chance, least=least), deadline)


def wait(attempts: int, chance: float, *, least: timedelta = FIRST_WAIT) -> timedelta:
    """The wait after ATTEMPTS failed ones: doubled each time, LEAST at first, spread by CHANCE."""
    return max(_doubled(FIRST_WAIT, attempts, LONGEST_WAIT), least) * (1 - SPREAD + 2 * SPREAD * chance)


def pause(failures: int) -> timedelta:
    """How long to leave a server alone that was away FAILURES times in a row (1 or more)."""
    return _doubled(FIRST_PAUSE, failures, LONGEST_PAUSE)


def _doubled(first: timedelta, times: int, longest: timedelta) -> timedelta:
    # The exponent is capped because a timedelta overflows before an attempt counter does.
    return min(first * (1 << min(max(times, 1) - 1, 16)), longest)
