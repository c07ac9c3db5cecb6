"""Who of staff is away, and who stands in.

Agents are away by days, as the helpdesk counts them.  While somebody is away, what is assigned to him and
what he would be told goes to his deputy; nothing that he had already changes hands.

Fails with: Refused, which says what there is instead.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from desk.changes import Refused, known
from desk.desk import Desk
from desk.today import day_of
from domain.absence import Absence, stand_in
from domain.settings import Settings
from store.store import View

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceReport:
    """What became of an agent's absence: the one that counts now or from its day on, those that it took the place of.

    `remaining` is what of those is left, before it and after it; `ended` are those that are over by it; `remarks` say
    what somebody should know.
    """

    absence: Absence | None = None
    replaced: tuple[Absence, ...] = ()
    remaining: tuple[Absence, ...] = ()
    ended: tuple[Absence, ...] = ()
    remarks: tuple[str, ...] = ()


def go(desk: Desk, wanted: Absence, *, now: datetime) -> AbsenceReport:
    """Record that an agent will be away; of his other absences these days give way to it."""
    settings, today = desk.settings, day_of(desk.settings, now)
    known("agent", wanted.agent, settings.agents)
    _check(settings, wanted, today)
    with desk.store.act() as view:
        there = view.absences.from_day(today)
        replaced = tuple(one for one in there if one.agent == wanted.agent and one.overlaps(wanted))
        remaining = [rest for one in replaced for rest in _give_way(view, one, wanted, today=today, now=now)]
        absence = view.absences.add(wanted, now=now)
        others = [one for one in there if one not in replaced]
    return AbsenceReport(
        absence=absence,
        replaced=replaced,
        remaining=tuple(remaining),
        remarks=tuple(_remarks(absence, others, settings)),
    )


def _give_way(view: View, one: Absence, wanted: Absence, *, today: date, now: datetime) -> Iterator[Absence]:
    """Take the days of WANTED out of ONE; what is left of it from TODAY on.

    Where nobody had said until when, and now somebody does of the days from now on, nothing is left after them.
    """
    begin = max(wanted.first, today)
    _end(view, [one], begin)
    if one.first < begin and begin > today:
        yield replace(one, last=begin - DAY)
    is_notice = one.last is None and begin <= max(one.first, today)
    if wanted.last is not None and wanted.last < (one.last or date.max) and not is_notice:
        yield view.absences.add(replace(one, first=wanted.last + DAY, id=0), now=now)


def back(desk: Desk, agent: str, *, now: datetime) -> AbsenceReport:
    """Record that an agent is there again; where he is, that he will not go.  Raises Refused where neither."""
    known("agent", agent, desk.settings.agents)
    today = day_of(desk.settings, now)
    with desk.store.act() as view:
        his = [one for one in view.absences.from_day(today) if one.agent == agent]
        ended = tuple(_in_a_row(his, today)) or tuple(his)
        _end(view, ended, today)
    if not ended:
        raise Refused(f"{agent} is not absent, and no absence is planned; nothing was changed")
    return AbsenceReport(ended=ended)


def _in_a_row(absences: Iterable[Absence], today: date) -> Iterator[Absence]:
    """Those of ABSENCES, the earliest first, that TODAY belongs to, and that follow without a day in between."""
    until = today
    for one in absences:
        if one.first > until:
            return
        yield one
        until = max(until, one.last + DAY) if one.last and one.last < date.max else date.max


def _end(view: View, absences: Iterable[Absence], day: date) -> None:
    """Let ABSENCES be over on DAY; of those that have begun the days before it stay."""
    for one in absences:
        if one.first < day:
            view.absences.end(one, last=day - DAY)
        else:
            view.absences.remove([one])


def _check(settings: Settings, wanted: Absence, today: date) -> None:
    """Raises Refused for an absence that cannot be."""
    if wanted.deputy:
        known("agent", wanted.deputy, settings.agents)
    if wanted.deputy == wanted.agent:
        raise Refused(f"{wanted.agent} cannot stand in for himself; name another agent, or none")
    if wanted.last is not None and wanted.last < wanted.first:
        raise Refused(f"{wanted.last} is before {wanted.first}; the last day comes second")
    if wanted.last is not None and wanted.last < today:
        raise Refused(f"{wanted.last} is over; nothing was changed")


def _remarks(absence: Absence, others: Iterable[Absence], settings: Settings) -> Iterator[str]:
    """Where the deputy is away in the same days, who stands in then."""
    away = {absence.agent: absence}
    for one in others:
        if one.agent == absence.deputy and one.overlaps(absence):
            then = {**{other.agent: other for other in others if other.overlaps(one)}, **away, one.agent: one}
            found = stand_in(absence.agent, then, settings.agents)
            who = f"{found.agent} stands in then" if found and found.agent else "nobody stands in then"
            yield f"{one.agent} is away himself {span(one)}: {who}"
        if one.deputy == absence.agent and one.overlaps(absence) and one.agent != absence.deputy:
            yield f"{absence.agent} was to stand in for {one.agent} {span(one)}"


def span(absence: Absence) -> str:
    """`2026-12-01 to 2026-12-14`, or `from 2026-12-01 until further notice`."""
    if absence.last is None:
        return f"from {absence.first} {absence.until}"
    return f"{absence.first} to {absence.last}" if absence.first != absence.last else f"on {absence.first}"


def with_deputies(absences: Iterable[Absence], settings: Settings, *, today: date) -> Mapping[int, str]:
    """Who stands in today for those of ABSENCES who are away today, by id; '' where nobody does."""
    now = [one for one in absences if one.overlaps(Absence(agent="", first=today, last=today))]
    away = {one.agent: one for one in now}
    found = {one.id: stand_in(one.agent, away, settings.agents) for one in now}
    return {number: who.agent if who else "" for number, who in found.items()}
