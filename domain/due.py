"""Due times: how people write them, and what staff was told of one that is set.

Fails with: ValueError, whose text says what to write instead.
"""

import re
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from domain.quantity import parse_duration, shown, written

END_OF_DAY = time(23, 59)
FORMS = (
    "write a day, 2026-12-01 or 2026-12-01 17:00, a span of time of up to a hundred years, 2d or 4h, today, tomorrow, "
    "or none"
)
_DAY = r"today|tomorrow|\d{4}-\d{1,2}-\d{1,2}|\d{1,2}\.\d{1,2}\.\d{4}"
_MOMENT = re.compile(rf"({_DAY})(?:\s*[ T,]\s*(\d{{1,2}}):(\d{{2}}))?", re.IGNORECASE)


class DueTold(StrEnum):
    """What of a ticket's due time staff was told."""

    NOTHING = ""
    SOON = "soon"
    OVERDUE = "overdue"  # or nothing is to be told: the ticket was over when its time came


def parse_due(value: object, *, now: datetime, zone: tzinfo | None) -> datetime | None:
    """The moment that VALUE names, None for `none`.

    `2d`, also `+2d`, counts from NOW, to the full minute; a day without a time is meant to its end.  ZONE is that
    of the clock, None is the machine's own.  Raises ValueError.
    """
    text = written(value)
    if text.casefold() == "none":
        return None
    try:
        found = _MOMENT.fullmatch(text)
        if found is not None:
            at = datetime.combine(_day(found[1].casefold(), now.astimezone(zone).date()), _time(found[2], found[3]))
            moment = at.replace(tzinfo=zone) if zone else at.astimezone()
        else:
            moment = _full_minute(now + parse_duration(text.removeprefix("+")), now)
        return moment.astimezone(now.tzinfo)
    except (ValueError, OverflowError):
        raise ValueError(f"{shown(value)} is no due time: {FORMS}") from None


def _full_minute(moment: datetime, now: datetime) -> datetime:
    """MOMENT to the full minute, so that a span of time said twice in a row means the same; later than NOW."""
    full = moment.replace(second=0, microsecond=0)
    return full if full > now else full + timedelta(minutes=1)


def _day(text: str, today: date) -> date:
    if text in ("today", "tomorrow"):
        return today + timedelta(days=text == "tomorrow")
    parts = [int(part) for part in re.split(r"[-.]", text)]
    return date(*(parts if "-" in text else reversed(parts)))


def _time(hour: str | None, minute: str | None) -> time:
    return time(int(hour), int(minute)) if hour and minute else END_OF_DAY


def told_when_set(due_at: datetime | None, *, now: datetime, before: timedelta) -> DueTold:
    """What goes without saying when a due time is set NOW: that it comes within BEFORE, if it does."""
    return DueTold.SOON if due_at is not None and due_at - now <= before else DueTold.NOTHING
