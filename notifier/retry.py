"""When a letter is tried again.  Pure: time and chance are arguments.

The waits double from a minute to two hours and are spread by a quarter, so that letters which
failed together do not come back together.  The last attempt is made when `retry_for` is over.
"""

from datetime import datetime, timedelta

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=2)
SPREAD = 0.25


def next_attempt(
    attempts: int, *, since: datetime, now: datetime, retry_for: timedelta, chance: float
) -> datetime | None:
    """When to try again after ATTEMPTS failed ones (1 or more); None to give up.

    SINCE is the first of them: the time that a letter waited before it was tried does not count.

    `chance` is a random number from 0 to 1.
    """
    deadline = since + retry_for
    if now >= deadline:
        return None
    return min(now + wait(attempts, chance), deadline)


def wait(attempts: int, chance: float) -> timedelta:
    """The wait after ATTEMPTS failed ones: doubled each time, spread by CHANCE."""
    # The exponent is capped because a timedelta overflows before an attempt counter does.
    plain = min(FIRST_WAIT * (1 << min(max(attempts, 1) - 1, 16)), LONGEST_WAIT)
    return plain * (1 - SPREAD + 2 * SPREAD * chance)
