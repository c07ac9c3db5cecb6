"""How times, people, sizes and events are put on the screens of staff.  Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from commands.screen import age
from domain.errors import DeskError
from domain.event import Event, EventKind
from domain.people import ContactFacts
from domain.settings import Settings
from domain.ticket import Phase
from domain.token import reference

NOBODY = "–"


class NoSuchChoice(DeskError):
    """A word of the command line is none of those that config.yaml knows."""


_UNITS = (timedelta(days=1), timedelta(hours=1), timedelta(minutes=1))


@dataclass(frozen=True, slots=True)
class Now:
    """The moment at which a screen is looked at, and the zone of its clock; None is the machine's own."""

    moment: datetime
    zone: tzinfo | None = None

    @classmethod
    def of(cls, moment: datetime, settings: Settings) -> "Now":
        """MOMENT by the clock that SETTINGS want screens to go by."""
        return cls(moment, settings.helpdesk.screen_zone)

    def exactly(self, at: datetime) -> str:
        """`09:12` if that was today, else `2026-11-03 09:12`."""
        local = at.astimezone(self.zone)
        return local.strftime("%H:%M" if self._is_today(local) else "%Y-%m-%d %H:%M")

    def briefly(self, at: datetime) -> str:
        """`09:12` if that was today, else `2026-11-03`."""
        local = at.astimezone(self.zone)
        return local.strftime("%H:%M" if self._is_today(local) else "%Y-%m-%d")

    def since(self, at: datetime | None) -> str:
        """How long ago that was: `12 min`; a dash where there is no such time."""
        return age(self.moment - at) if at else NOBODY

    def until(self, due_at: datetime | None) -> str:
        """How far off a due time is: `in 3 h`, or `overdue 2 d`; a dash where there is none."""
        if due_at is None:
            return NOBODY
        if due_at <= self.moment:
            return f"overdue {age(self.moment - due_at)}"
        left = due_at - self.moment
        # To the nearest unit: what is due in 1 h 59 min is due in 2 h.
        unit = next((unit for unit in _UNITS if left >= unit), timedelta())
        return f"in {age(left + unit / 2)}"

    def _is_today(self, local: datetime) -> bool:
        return local.date() == self.moment.astimezone(self.zone).date()


def one_of(what: str, key: str, choices: Iterable[str]) -> str:
    """KEY, which must be among CHOICES.  Raises NoSuchChoice with all of them."""
    known = tuple(choices)
    if key not in known:
        raise NoSuchChoice(f"there is no {what} {key!r}; there are: {', '.join(known)}")
    return key


def unfinished(settings: Settings) -> tuple[str, ...]:
    """The statuses of tickets that somebody still has to do something about."""
    return tuple(
        key for key, status in settings.tickets.statuses.items() if status.phase in (Phase.OPEN, Phase.PENDING)
    )


def holder(agent: str, group: str) -> str:
    """Who has a ticket: its agent, else its group, else a dash."""
    return agent or group or NOBODY


def customer(name: str, organization: str) -> str:
    """`BigCorp · Jäger`, or the half that is known."""
    return " · ".join(part for part in (organization, name) if part) or NOBODY


def person(contact: ContactFacts) -> str:
    """`Jäger <jaeger@bigcorp.example>`."""
    address = contact.primary.address if contact.primary else "no address"
    return f"{contact.name} <{address}>" if contact.name else address


def size(octets: int) -> str:
    """`812 B`, `8.1 kB`, `3.4 MB`."""
    if octets < 1000:
        return f"{octets} B"
    return f"{octets / 1000:.1f} kB" if octets < 999_950 else f"{octets / 1_000_000:.1f} MB"


def happened(event: Event, settings: Settings) -> str:
    """What an event did, in a few words: `priority normal → urgent`."""
    match event.kind:
        case EventKind.OPENED:
            return "opened"
        case EventKind.ASSIGNED:
            return _handed_over(event)
        case EventKind.STATUS | EventKind.CLOSED | EventKind.REOPENED:
            return f"{event.before} → {event.after}"
        case EventKind.FIELD:
            return f"{event.field} {event.before or NOBODY} → {event.after or NOBODY}"
        case EventKind.TAGGED:
            return f"tagged {event.after}"
        case EventKind.UNTAGGED:
            return f"no longer tagged {event.before}"
        case EventKind.LINKED:
            return f"linked to {_reference(event.after, settings)}"
        case EventKind.MERGED:
            other = _reference(event.after, settings)
            return f"merged into {other}" if event.field == "into" else f"{other} merged into this one"
        case EventKind.EXTERNAL_ID if event.before:
            return f"no longer {event.field}:{event.before}"
        case EventKind.EXTERNAL_ID:
            return f"is {event.field}:{event.after}"
        case EventKind.VENDOR_WROTE:
            return f"vendor {event.field} wrote"
        case EventKind.OPTED_OUT:
            return f"{event.after} gets no letters {'about this ticket ' * (event.field == 'ticket')}any more"
        case EventKind.OPTED_IN:
            return f"{event.after} gets letters {'about this ticket ' * (event.field == 'ticket')}again"
        case EventKind.WATCHED:
            return f"{event.after} watches"
        case EventKind.UNSENT:
            return f"a letter to {event.after} could not be sent"
        case EventKind.UNDELIVERABLE:
            return f"{event.after} is undeliverable"
        case EventKind.REACHABLE:
            return f"{event.after} is reachable again"
        case EventKind.DUE:
            return f"due {_moment(event.before, settings)} → {_moment(event.after, settings)}"
        case EventKind.DUE_SOON:
            return f"due soon: {_moment(event.after, settings)}"
        case EventKind.OVERDUE:
            return f"overdue since {_moment(event.after, settings)}"
        case EventKind.MENTIONED:
            return f"{'group ' * (event.field == 'group')}{event.after} is mentioned"
        case EventKind.REFUSED:
            return f"not done: {event.after}"
        case _:
            return _WROTE[event.kind]


_WROTE = {
    EventKind.COMMENT: "comment added",
    EventKind.SOLUTION: "solution entered",
    EventKind.NOTE: "note added",
    EventKind.CUSTOMER_WROTE: "customer wrote",
    EventKind.MACHINE_WROTE: "a machine wrote",
    EventKind.UNCONFIRMED: "unconfirmed sender wrote",
    EventKind.REPEATED: "the same text came again",
}


def _moment(written: str, settings: Settings) -> str:
    """A time that an event holds, by the clock of screens."""
    if not written:
        return NOBODY
    return datetime.fromisoformat(written).astimezone(settings.helpdesk.screen_zone).strftime("%Y-%m-%d %H:%M")


def _reference(number: str, settings: Settings) -> str:
    """How people name the ticket whose NUMBER an event holds."""
    known = number.isascii() and number.isdecimal()
    return reference(settings.helpdesk.tag, int(number)) if known else number


def _handed_over(event: Event) -> str:
    before = f" (was {event.before})" if event.before else ""
    if event.field == "agent" and event.actor.kind == "agent" and event.actor.key == event.after:
        return f"taken over by {event.after}{before}"
    return f"{event.field} {event.after or NOBODY}{before}"
