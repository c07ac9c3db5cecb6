"""What an agent's acts change: a ticket before, a ticket after, and the events between.

Pure, so that the command line and mail do the same, and `helpdesk explain` can tell it before.
What somebody wrote gets the id of its entry when it is written down (`Change.with_entry`).

Fails with: Refused, which says what there is instead.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from desk.carry_out import MAX_TITLE, cut, with_status
from desk.due_times import due_set
from domain.absence import Absence, stand_in
from domain.errors import DeskError
from domain.event import Actor, Event, EventKind
from domain.mention import mentioned
from domain.settings import Settings
from domain.ticket import EntryKind, Phase, TicketFacts

_SAID = {
    EntryKind.COMMENT: (EventKind.COMMENT,),
    EntryKind.NOTE: (EventKind.NOTE, EventKind.MENTIONED),
    EntryKind.SOLUTION: (EventKind.SOLUTION,),
    EntryKind.CUSTOMER: (EventKind.OPENED,),
}
_NAMES = {EntryKind.COMMENT: "a reply", EntryKind.NOTE: "a note", EntryKind.SOLUTION: "a solution"}


class Refused(DeskError):
    """What was asked for cannot be done; says what can."""


class Change(NamedTuple):
    """A ticket after an act, and what happened to it; without events nothing did.

    `remarks` say what whoever acts should know.
    """

    after: TicketFacts
    events: tuple[Event, ...] = ()
    remarks: tuple[str, ...] = ()

    def with_entry(self, kind: EntryKind, entry: int) -> "Change":
        """The same change, after what was said stands on the timeline as ENTRY."""
        return self._replace(events=named(self.events, kind, entry))


def named(events: Sequence[Event], kind: EntryKind, entry: int) -> tuple[Event, ...]:
    """EVENTS, with ENTRY in the one that speaks of an entry of this kind."""
    speaks = (*_SAID[kind], EventKind.MACHINE_WROTE)
    return tuple(replace(one, entry=entry) if one.kind in speaks and one.entry is None else one for one in events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The changes that one agent can make at one moment, while the agents of ABSENCES are away."""

    settings: Settings
    agent: str
    now: datetime
    because: str = ""
    absences: Mapping[str, Absence] = field(default_factory=dict)

    @property
    def actor(self) -> Actor:
        return Actor("agent", self.agent, self.settings.agents[self.agent].name)

    def commented(self, ticket: TicketFacts) -> Change:
        """The customer was written to; he waits no longer."""
        return Change(replace(ticket, waiting_since=None), (self._event(EventKind.COMMENT),))

    def noted(self, ticket: TicketFacts, text: str = "") -> Change:
        """A note was written, which no customer ever sees; whoever TEXT names by `@` is mentioned."""
        names = {key: agent.name for key, agent in self.settings.agents.items()}
        found = mentioned(text, agents=names, groups=self.settings.groups)
        events = [self._event(EventKind.MENTIONED, field="agent", after=key) for key in found.agents]
        events += [self._event(EventKind.MENTIONED, field="group", after=key) for key in found.groups]
        return Change(ticket, (self._event(EventKind.NOTE), *events), found.remarks)

    def solved(self, ticket: TicketFacts, text: str) -> Change:
        """The solution was entered or changed; the ticket is solved."""
        after = replace(ticket, solution=cut(text), waiting_since=None)
        said = self._event(EventKind.SOLUTION)
        if self._phase(ticket) is Phase.SOLVED:
            return Change(after, (said,))
        ended = self.with_status(after, self.settings.tickets.of_phase(Phase.SOLVED))
        return ended._replace(events=(said, *ended.events))

    def assigned(self, ticket: TicketFacts, *, agent: str = "", group: str = "") -> Change:
        """The ticket is an agent's, a group's, or both.  Raises Refused where there is none of that name.

        While the agent is away his deputy gets it.  Whoever takes a ticket himself is evidently there.
        """
        if agent:
            known("agent", agent, self.settings.agents)
        if group:
            known("group", group, self.settings.groups)
        if not (agent or group):
            raise Refused("assign to whom? Name an agent, a group, or both")
        away = stand_in(agent, self.absences, self.settings.agents) if agent != self.agent else None
        agent = away.agent or agent if away else agent
        wanted: dict[str, Any] = {name: key for name, key in (("agent", agent), ("group", group)) if key}
        events = tuple(
            self._event(
                EventKind.ASSIGNED, field=name, before=getattr(ticket, name), after=key,
                because=away.because if away and name == "agent" else "",
            )
            for name, key in wanted.items()
            if getattr(ticket, name) != key
        )  # fmt: skip
        is_said = any(event.field == "agent" for event in events)
        return Change(replace(ticket, **wanted), events, (away.words,) if away and not is_said else ())

    def with_field(self, ticket: TicketFacts, field: str, value: str) -> Change:
        """Title, priority or category has another value.  Raises Refused where that is none."""
        choices = {"priority": self.settings.tickets.priorities, "category": self.settings.tickets.categories}
        own = self.settings.tickets.fields
        known("field", field, ("title", *choices, *own))
        if field in own:
            return self._with_own_field(ticket, field, value)
        if field in choices:
            known(field, value, choices[field])
        else:
            value = one_line_title(value)
        before = getattr(ticket, field)
        if before == value:
            return Change(ticket)
        change: dict[str, Any] = {field: value}
        event = self._event(EventKind.FIELD, field=field, before=before, after=value)
        return Change(replace(ticket, **change), (event,))

    def _with_own_field(self, ticket: TicketFacts, field: str, text: str) -> Change:
        """A field of the house's own has another value, or none where TEXT is empty."""
        try:
            value = self.settings.tickets.fields[field].value(text) if text.strip() else ""
        except ValueError as bad:
            raise Refused(f"{field}: {bad}; nothing was changed") from None
        before = ticket.fields.get(field, "")
        if before == value:
            return Change(ticket)
        event = self._event(EventKind.FIELD, field=f"fields.{field}", before=before, after=value)
        return Change(replace(ticket, fields={**ticket.fields, field: value}), (event,))

    def with_status(self, ticket: TicketFacts, status: str) -> Change:
        """The ticket has another status: it was closed, reopened, or just changed.  Raises Refused if there is none."""
        known("status", status, self.settings.tickets.statuses)
        if ticket.status == status:
            return Change(ticket)
        after, kind = with_status(self.settings, ticket, status, now=self.now)
        return Change(after, (self._event(kind, before=ticket.status, after=status),))

    def closed(self, ticket: TicketFacts) -> Change:
        return self.with_status(ticket, self.settings.tickets.of_phase(Phase.CLOSED))

    def reopened(self, ticket: TicketFacts) -> Change:
        """The ticket is open again; nothing happens to one that is open."""
        if self._phase(ticket) is Phase.OPEN:
            return Change(ticket)
        return self.with_status(ticket, self.settings.tickets.of_phase(Phase.OPEN))

    def due(self, ticket: TicketFacts, due_at: datetime | None) -> Change:
        """The ticket has another due time, or none.  Raises Refused for one that is over already."""
        if due_at is not None and due_at <= self.now:
            local = due_at.astimezone(self.settings.helpdesk.screen_zone)
            raise Refused(f"that due time is over already ({local:%Y-%m-%d %H:%M %Z}); nothing was changed")
        return Change(*due_set(self.settings, ticket, due_at, now=self.now, actor=self.actor, because=self.because))

    def tagged(self, ticket: TicketFacts, tags: Sequence[str]) -> Change:
        """The ticket has these tags as well."""
        new = tuple(tag for tag in dict.fromkeys(tags) if tag not in ticket.tags)
        if not new:
            return Change(ticket)
        after = replace(ticket, tags=tuple(sorted({*ticket.tags, *new})))
        return Change(after, (self._event(EventKind.TAGGED, after=", ".join(new)),))

    def _event(
        self, kind: EventKind, *, field: str = "", before: str = "", after: str = "", because: str = ""
    ) -> Event:
        causes = " · ".join(cause for cause in (self.because, because) if cause)
        return Event(kind=kind, actor=self.actor, field=field, before=before, after=after, because=causes)

    def _phase(self, ticket: TicketFacts) -> Phase:
        return self.settings.tickets.phase(ticket.status)


def something(text: str, kind: EntryKind) -> str:
    """TEXT, which is to become an entry of this kind.  Raises Refused where it says nothing."""
    if not text.strip():
        raise Refused(f"{_NAMES[kind]} without words was not sent; nothing was changed")
    return text.strip()


def one_line_title(text: str) -> str:
    """TEXT as a title, on one line.  Raises Refused where it says nothing."""
    if not text.strip():
        raise Refused("a title without words was not sent; nothing was changed")
    return " ".join(text.split())[:MAX_TITLE]


def known(what: str, key: str, choices: Iterable[str]) -> None:
    """Nothing, if KEY is among CHOICES.  Raises Refused with all of them."""
    there = tuple(choices)
    if key not in there:
        raise Refused(f"there is no {what} {key!r}; there are: {', '.join(there)}")
