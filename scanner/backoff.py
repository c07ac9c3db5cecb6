"""How long to wait before a connection is tried again.

The ceiling of the wait doubles with each attempt; the wait itself lies between half of it and all
of it, by chance, so that a hundred clients of a server that restarts do not return in step.
"""

from datetime import timedelta

_DOUBLINGS = 20


def delay(
    attempt: int,
    *,
    chance: float,
    base: timedelta = timedelta(seconds=1),
    ceiling: timedelta = timedelta(minutes=5),
) -> timedelta:
    """The wait before ATTEMPT, which counts from 1; CHANCE is a random number in [0, 1)."""
    if attempt < 1:
        raise ValueError(f"attempts count from 1, not {attempt}")
    full = min(base * (1 << min(attempt - 1, _DOUBLINGS)), ceiling)
    return full * (0.5 + chance / 2)
