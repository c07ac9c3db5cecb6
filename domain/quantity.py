"""Quantities as people write them: durations, sizes, numbers, and comparisons with them.

Fails with: ValueError, whose text says what to write instead.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import inf

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_BYTES = {"": 1, "b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "kib": 1024, "mib": 1024**2, "gib": 1024**3}
_LONGEST = timedelta(days=36500)


def shown(value: object) -> str:
    """VALUE as a complaint may quote it: short, on one line, in the words of YAML."""
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:57] + "...")
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    return str(value)


def written(value: object) -> str:
    """VALUE as text, '' for what is neither text nor number."""
    return str(value).strip() if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""


def parse_duration(value: object) -> timedelta:
    """`90s`, `5m`, `2h`, `30d`, `1w` as a timedelta.  Raises ValueError for anything else."""
    if isinstance(value, timedelta):
        return value
    found = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)\s*(ms|s|min|m|h|d|w)", written(value))
    if found is None:
        raise ValueError(f"{shown(value)} is not a duration: write a number and a unit, such as 60s, 5m, 2h, 30d")
    seconds = float(found[1]) * _UNITS[found[2]]
    if seconds > _LONGEST.total_seconds():
        raise ValueError(f"{shown(value)} is longer than a hundred years")
    return timedelta(seconds=seconds)


def parse_size(value: object) -> int:
    """`50 MB`, `200kB`, `1 MiB` or a plain number, as octets.  Raises ValueError for anything else."""
    found = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)\s*([kmg]i?b|b)?", written(value), re.IGNORECASE)
    if found is None:
        raise ValueError(f"{shown(value)} is not a size: write a number and a unit, such as 50 MB")
    return int(float(found[1]) * _BYTES[(found[2] or "").lower()])


def parse_number(value: object) -> float:
    """`3`, `-1.5` as a number.  Raises ValueError for anything else."""
    if re.fullmatch(r"[+-]?[0-9]{1,12}(?:\.[0-9]{1,6})?", written(value)) is None:
        raise ValueError(f"{shown(value)} is not a number")
    return float(written(value))


def seconds(value: object) -> float:
    """A duration in seconds.  Raises ValueError."""
    return parse_duration(value).total_seconds()


@dataclass(frozen=True, slots=True)
class Interval:
    """The numbers from `low` to `high`; each end belongs to it or not."""

    low: float = -inf
    high: float = inf
    low_in: bool = True
    high_in: bool = True

    def __contains__(self, number: float) -> bool:
        above = number > self.low or (self.low_in and number == self.low)
        return above and (number < self.high or (self.high_in and number == self.high))

    @property
    def is_empty(self) -> bool:
        return self.low > self.high or (self.low == self.high and not (self.low_in and self.high_in))

    def __and__(self, other: "Interval") -> "Interval":
        """The numbers in both."""
        low = max((self.low, not self.low_in), (other.low, not other.low_in))
        high = min((self.high, self.high_in), (other.high, other.high_in))
        return Interval(low[0], high[0], not low[1], high[1])

    def is_within(self, other: "Interval") -> bool:
        """Every number in it is in OTHER as well."""
        return self & other == self


_COMPARISON = re.compile(r"(>=|<=|>|<|=)\s*(.+)|between\s+(.+?)\s+and\s+(.+)|(.+)", re.DOTALL)


def parse_comparison(value: object, unit: Callable[[object], float], *, example: str) -> Interval:
    """`> 5`, `<= 5`, `= 5`, `5`, `between 5 and 7` as an interval; the ends as UNIT reads them.

    Raises ValueError, with EXAMPLE for what could be written.
    """
    found = _COMPARISON.fullmatch(written(value))
    if found is None:
        raise ValueError(f"{shown(value)} is not a comparison: write one such as {example}")
    sign, operand, low, high, bare = found.groups()
    try:
        if low is not None:
            return _between(unit(low), unit(high), value)
        number = float(unit(operand or bare))
    except ValueError as bad:
        raise ValueError(f"{bad}; a comparison looks like {example}") from None
    match sign:
        case ">":
            return Interval(low=number, low_in=False)
        case ">=":
            return Interval(low=number)
        case "<":
            return Interval(high=number, high_in=False)
        case "<=":
            return Interval(high=number)
    return Interval(number, number)


def _between(low: float, high: float, value: object) -> Interval:
    if low > high:
        raise ValueError(f"{shown(value)}: the smaller one stands first")
    return Interval(float(low), float(high))
