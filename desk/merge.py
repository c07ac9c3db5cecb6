"""Merging: two tickets that are one matter are continued under one of them.

Entries stay where they were written.  People, tags and vendors' ids go over; the merged ticket is closed
and stays closed: whatever points to it leads to the other one from now on (`desk/finders.py`).  Its
customers are told where it goes on; those of the other ticket it does not concern.

Fails with: NotFound, Refused, StoreUnusable, TemporaryFailure.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from desk.acts import ActReport, Staff, not_merged
from desk.carry_out import differences, with_status
from desk.changes import Refused
from desk.desk import Desk
from desk.due_times import due_set
from desk.letters import tell
from domain.event import Actor, Event, EventKind
from domain.letter import ActFacts
from domain.people import ContactFacts
from domain.settings import Settings
from domain.ticket import SUPPORT_OVER, Mute, Phase, TicketFacts, WatcherFacts
from store.store import View

ENDED = (Phase.SOLVED, Phase.CLOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merging:
    """Two tickets that become one: each as it was and as it will be, and what happens to it.

    `merged` is given up, `target` goes on.
    """

    merged: TicketFacts
    merged_after: TicketFacts
    merged_events: tuple[Event, ...]
    target: TicketFacts
    target_after: TicketFacts
    target_events: tuple[Event, ...]


def merge(staff: Staff, number: int, *, into: int) -> ActReport:
    """Continue ticket NUMBER under INTO; the report speaks of NUMBER, of who watches INTO now, and of who is told."""
    desk, now = staff.desk, staff.now
    if number == into:
        raise Refused(f"{desk.reference(number)} cannot be merged into itself; name another ticket with --into")
    with desk.store.act() as view:
        merged, target = view.tickets.facts(number, lock=True), view.tickets.facts(into, lock=True)
        what = merging(desk, merged, target, actor=staff.changes.actor, now=now)
        write_merging(view, what, now=now)
        act = view.tickets.begin_act("merge", staff.changes.actor, now=now)
        view.tickets.record(act, number, what.merged_events, now=now)
        view.tickets.record(act, into, what.target_events, now=now)
        # That it is closed goes without saying where one is told that it goes on elsewhere.
        told = tell(desk, view, _facts(staff, what.merged_after, what.merged_events[:1]), act=act, now=now)
        also = tell(desk, view, _facts(staff, what.target_after, what.target_events), act=act, now=now, heard=told)
    watching = tuple(event for event in what.target_events if event.kind is EventKind.WATCHED)
    return ActReport(ticket=what.merged_after, events=(*what.merged_events, *watching), told=(*told, *also))


def merging(
    desk: Desk, merged: TicketFacts, target: TicketFacts, *, actor: Actor, now: datetime, because: str = ""
) -> Merging:
    """What merging comes to; nothing is written.  Raises Refused where the two cannot become one."""
    _check(desk, merged, target)
    side = _Side(settings=desk.settings, actor=actor, now=now, because=because)
    merged_after, merged_events = _merged(side, merged, target)
    target_after, target_events = _joined(side, merged, target)
    return Merging(
        merged=merged, merged_after=merged_after, merged_events=merged_events,
        target=target, target_after=target_after, target_events=target_events,
    )  # fmt: skip


def write_merging(view: View, what: Merging, *, now: datetime) -> None:
    """Do what was planned, but for the history and the letters."""
    _write(view, what.merged, what.merged_after, now=now)
    _write(view, what.target, what.target_after, now=now)
    view.tickets.move_external_ids(what.merged.number, to=what.target.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """Who merges, when and why."""

    settings: Settings
    actor: Actor
    now: datetime
    because: str

    def event(self, kind: EventKind, field: str = "", before: str = "", after: str = "") -> Event:
        return Event(kind=kind, actor=self.actor, field=field, before=before, after=after, because=self.because)


def _check(desk: Desk, merged: TicketFacts, target: TicketFacts) -> None:
    """Raises Refused where the two cannot become one."""
    not_merged(desk, merged)
    not_merged(desk, target)
    phase = desk.settings.tickets.phase
    if phase(target.status) in ENDED and phase(merged.status) not in ENDED:
        named, over = desk.reference(merged.number), desk.reference(target.number)
        raise Refused(
            f"{over} is {target.status}, and {named} would end with it; open it first: helpdesk reopen {target.number}"
        )


def _merged(side: _Side, merged: TicketFacts, target: TicketFacts) -> tuple[TicketFacts, tuple[Event, ...]]:
    """The ticket that is given up: closed, and what happened to it."""
    closed = side.settings.tickets.of_phase(Phase.CLOSED)
    events = [side.event(EventKind.MERGED, field="into", after=str(target.number))]
    after = merged
    if side.settings.tickets.phase(merged.status) is not Phase.CLOSED:
        after, kind = with_status(side.settings, merged, closed, now=side.now)
        events.append(side.event(kind, before=merged.status, after=closed))
    return replace(after, merged_into=target.number, external_ids=()), tuple(events)


def _joined(side: _Side, merged: TicketFacts, target: TicketFacts) -> tuple[TicketFacts, tuple[Event, ...]]:
    """The ticket that goes on: with the people and tags of the other one, and what happened to it."""
    events = [side.event(EventKind.MERGED, field="from", after=str(merged.number))]
    new = _newcomers(merged, target)
    events += [side.event(EventKind.WATCHED, after=_name(one)) for one in new]
    # That support is over is said of the customer who opened the ticket, not of the one under whose it goes on.
    tags = tuple(tag for tag in merged.tags if tag not in target.tags and tag != SUPPORT_OVER)
    if tags:
        events.append(side.event(EventKind.TAGGED, after=", ".join(tags)))
    for one in merged.external_ids:
        events.append(side.event(EventKind.EXTERNAL_ID, field=one.name, after=one.value))
    due_at = _due(side, merged, target)
    target, due = due_set(side.settings, target, due_at, now=side.now, actor=side.actor, because=side.because)
    events += due
    after = replace(
        target,
        watchers=(*target.watchers, *new),
        tags=tuple(sorted({*target.tags, *tags})),
        external_ids=(*target.external_ids, *merged.external_ids),
        mutes=(*target.mutes, *_wishes(merged, target)),
        waiting_since=_waiting(side, merged, target),
    )
    return after, tuple(events)


def _newcomers(merged: TicketFacts, target: TicketFacts) -> tuple[WatcherFacts, ...]:
    """The requester and the watchers of MERGED who are not on TARGET yet."""
    asked = (WatcherFacts(contact=merged.requester),) if merged.requester else ()
    there = {_who(one) for one in target.watchers} | ({(target.requester.id, "")} if target.requester else set())
    new: dict[tuple[int, str], WatcherFacts] = {}
    for one in (*asked, *merged.watchers):
        if _who(one) not in there:
            new.setdefault(_who(one), one)
    return tuple(new.values())


def _wishes(merged: TicketFacts, target: TicketFacts) -> tuple[Mute, ...]:
    """Who wants no letters about MERGED; whoever had a part in TARGET goes by what he wishes there."""
    there = {watcher.contact.id for watcher in target.watchers if watcher.contact}
    there |= {target.requester.id} if target.requester else set()
    return tuple(mute for mute in merged.mutes if mute.contact not in there and not target.mute_of(mute.contact))


def _who(watcher: WatcherFacts) -> tuple[int, str]:
    return (watcher.contact.id if watcher.contact else 0, watcher.agent)


def _name(watcher: WatcherFacts) -> str:
    contact: ContactFacts | None = watcher.contact
    if contact is None:
        return watcher.agent
    return contact.name or (contact.primary.address if contact.primary else "")


def _due(side: _Side, merged: TicketFacts, target: TicketFacts) -> datetime | None:
    """Until when what is still to be done on either ticket is to be solved."""
    if merged.due_at is None or side.settings.tickets.phase(merged.status) in ENDED:
        return target.due_at
    return min(merged.due_at, target.due_at or merged.due_at)


def _waiting(side: _Side, merged: TicketFacts, target: TicketFacts) -> datetime | None:
    """Since when somebody on either ticket waits for an answer."""
    if side.settings.tickets.phase(target.status) in ENDED:
        return target.waiting_since
    return min((one for one in (merged.waiting_since, target.waiting_since) if one), default=None)


def _write(view: View, before: TicketFacts, after: TicketFacts, *, now: datetime) -> None:
    view.tickets.change(after.number, now=now, **differences(before, after))
    view.tickets.add_tags(after.number, tuple(tag for tag in after.tags if tag not in before.tags))
    for mute in after.mutes[len(before.mutes) :]:
        view.people.mute(after.number, mute)
    for watcher in after.watchers[len(before.watchers) :]:
        contact = watcher.contact.id if watcher.contact else None
        view.tickets.watch(after.number, contact=contact, agent=watcher.agent or None)


def _facts(staff: Staff, ticket: TicketFacts, events: tuple[Event, ...]) -> ActFacts:
    return ActFacts(
        ticket=ticket,
        events=events,
        actor=staff.changes.actor,
        sender_key=staff.own_key,
        mandatory=staff.mandatory,
        silent_customer=f"{staff.changes.actor} wished it" if staff.silent else "",
    )
