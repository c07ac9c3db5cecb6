"""Days of the week and hours of business.

Promises: both are asked in the time zone of the business, daylight saving included.
Fails with: ValueError, whose text says what to write instead.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, tzinfo

from domain.quantity import shown

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def parse_days(written: str) -> tuple[str, ...]:
    """`sat` or `mon-fri`, also `fri-mon`, as days.  Raises ValueError."""
    first, dash, last = (part.strip().casefold() for part in str(written).partition("-"))
    if first not in DAYS or (dash and last not in DAYS):
        raise ValueError(f"{shown(written)} is not a day: write one of {', '.join(DAYS)}, or a range such as mon-fri")
    begin = DAYS.index(first)
    count = (DAYS.index(last) - begin) % 7 + 1 if dash else 1
    return tuple(DAYS[(begin + n) % 7] for n in range(count))


def parse_span(written: str) -> tuple[time, time]:
    """`9:00-17:00` as begin and end; 24:00 is the end of the day.  Raises ValueError."""
    found = re.fullmatch(r"\s*(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*", str(written))
    if found is not None:
        begin, end = _time(found[1], found[2]), _time(found[3], found[4])
        if begin is not None and end is not None and begin < end:
            return begin, end
    raise ValueError(f"{shown(written)} is not a span of time: write one such as 9:00-17:00, the earlier time first")


def _time(hour: str, minute: str) -> time | None:
    if (int(hour), int(minute)) == (24, 0):
        return time.max
    return time(int(hour), int(minute)) if int(hour) < 24 and int(minute) < 60 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When there is business: spans by day, in a time zone, without the holidays."""

    zone: tzinfo = UTC
    spans: Mapping[str, tuple[tuple[time, time], ...]] = field(default_factory=dict)
    holidays: frozenset[date] = frozenset()

    def day(self, moment: datetime) -> str:
        """The day of the week at MOMENT."""
        return DAYS[moment.astimezone(self.zone).weekday()]

    def include(self, moment: datetime) -> bool:
        """There is business at MOMENT."""
        here = moment.astimezone(self.zone)
        if here.date() in self.holidays:
            return False
        return any(begin <= here.time() < end for begin, end in self.spans.get(DAYS[here.weekday()], ()))
