"""Absences: days on which an agent is not there, and who stands in for him.  Pure.

The deputy of somebody who is absent may be absent too; then his deputy stands in, and so on.  A chain that
ends with nobody, or comes back to where it began, has no end that a letter could go to: nobody stands in.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """An agent is not there from the day `first` to the day `last`, both included; None: until further notice.

    `deputy` is the agent who stands in for him, '' for nobody; `by` the one who said so.
    """

    agent: str
    first: date
    last: date | None = None
    deputy: str = ""
    by: str = ""
    id: int = 0

    @property
    def until(self) -> str:
        return f"until {self.last.isoformat()}" if self.last else "until further notice"

    def overlaps(self, other: "Absence") -> bool:
        """There is a day that belongs to both."""
        starts_in_time = other.last is None or self.first <= other.last
        return starts_in_time and (self.last is None or other.first <= self.last)


@dataclass(frozen=True, slots=True)
class StandIn:
    """Who takes the place of somebody absent, '' where nobody does, and how that is told."""

    agent: str
    because: str

    @property
    def words(self) -> str:
        """`bert is deputy of ada, absent until 2026-12-14`."""
        return f"{self.agent} is {self.because}" if self.agent else self.because


def stand_in(agent: str, absences: Mapping[str, Absence], agents: Container[str]) -> StandIn | None:
    """Who stands in for AGENT; None where he is there.

    ABSENCES are those of the day, by agent; AGENTS the ones that there are.
    """
    if agent not in absences:
        return None
    away = [absences[agent]]
    deputy = away[0].deputy
    while deputy in absences and deputy in agents:
        if deputy in (one.agent for one in away):
            return StandIn("", f"{_all_away(away)}; they stand in for each other")
        away.append(absences[deputy])
        deputy = away[-1].deputy
    if not deputy:
        return StandIn("", f"{_all_away(away)}, without a deputy")
    if deputy not in agents:
        return StandIn("", f"{_all_away(away)}, and the deputy {deputy} is no longer in the configuration")
    return StandIn(deputy, ", ".join(f"deputy of {one.agent}, absent {one.until}" for one in reversed(away)))


def _all_away(away: list[Absence]) -> str:
    first, *deputies = away
    others = "".join(f", the deputy {one.agent} {one.until}" for one in deputies)
    return f"{first.agent} is absent {first.until}{others}"
