"""The id that a vendor's ticket system puts into its subjects, taken out by an administrator's pattern."""

from collections.abc import Callable
from functools import lru_cache

from rules.pattern import BadPattern, capturer

# A longer one is a pattern that took half the subject.
LONGEST = 100


def vendor_id(pattern: str, subject: str) -> str:
    """The id that the one group of PATTERN takes from SUBJECT, in capitals; '' where there is none.

    Raises BadPattern.
    """
    found = " ".join(_capturer(pattern)(subject).split()).upper()
    return found if len(found) <= LONGEST else ""


def bad_vendor_id(pattern: str) -> str:
    """What is wrong with PATTERN, '' if nothing is."""
    try:
        _capturer(pattern)
    except BadPattern as bad:
        return str(bad)
    return ""


@lru_cache(maxsize=256)
def _capturer(pattern: str) -> Callable[[str], str]:
    return capturer(pattern)
