"""A decision as its record keeps it, and what it comes to, field by field.

The record is plain JSON.  What is made here is compared with what the database gave back, so texts pass
the same cleaning as on their way in.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from domain.decision import Decision, Lookup
from domain.settings import Settings
from domain.ticket import Phase, TicketFacts
from store.tables import clean

Record = Mapping[str, Any]
Effects = Mapping[str, str]

# What a disposition makes of a mail, in the journal's words.
_OUTCOMES = {
    "create": "ticket", "update": "comment", "mergeinto": "comment", "ignore": "ignored", "reject": "rejected",
    "forward": "forwarded",
}  # fmt: skip
_SAID = ("rules", "disposition", "because", "modifiers", "letters")
FIELDS = ("status", "priority", "category", "title", "agent", "group")


def recorded(decision: Decision) -> dict[str, Any]:
    """What DECISION says, for its record: the rules that matched, the disposition and the modifiers, each with why."""
    disposition = decision.disposition
    said = {
        "rules": decision.rules,
        "disposition": type(disposition).__name__.lower(),
        "because": disposition.because,
        "modifiers": [{"kind": type(one).__name__, **asdict(one)} for one in decision.modifiers],
        "letters": [{"kind": type(one).__name__, **asdict(one)} for one in decision.letters],
        "lookups": [{**asdict(lookup), "ticket": ticket} for lookup, ticket in decision.lookups],
        "remarks": decision.remarks,
    }
    return {word: _storable(value) for word, value in said.items()}


def came_to(decided: Decision, settled: Decision) -> dict[str, Any]:
    """What DECIDED came to where that is something else: who was next in turn, what could not be done."""
    if decided == settled:
        return {}
    said = recorded(settled)
    changed = settled.disposition != decided.disposition
    return {
        "came_to": {
            **({"disposition": said["disposition"], "because": said["because"]} if changed else {}),
            "modifiers": said["modifiers"],
            "remarks": said["remarks"],
        }
    }


def says_the_same(record: Record, other: Record) -> bool:
    """Two records tell of one decision: same rules, same disposition, same modifiers, for the same reasons."""
    return all((record.get(word) or []) == (other.get(word) or []) for word in _SAID)


def lookups_of(record: Record) -> dict[Lookup, int | None]:
    """The tickets that rules asked for by a key when a mail was decided, and what was found."""
    return {
        Lookup(by=one["by"], key=one["key"], belongs=one["belongs"]): one["ticket"] for one in record.get("lookups", ())
    }


def effects(record: Record, base: Effects) -> dict[str, str]:
    """What a recorded decision comes to: the outcome, and what of the ticket's fields in BASE it changes.

    A mail that makes no ticket and no entry has no fields.
    """
    outcome = _OUTCOMES.get(str(record.get("disposition")), str(record.get("disposition")))
    if outcome not in ("ticket", "comment"):
        return {"outcome": outcome}
    found = {"outcome": outcome, **base}
    for modifier in (*record.get("modifiers", ()), *record.get("letters", ())):
        for field, value in _changes(modifier):
            known = found.get(field, "")
            found[field] = _joined(known, value) if field not in FIELDS else value
    return found


def new_ticket(settings: Settings, mailbox: str) -> dict[str, str]:
    """The fields of a ticket that a mail in MAILBOX opens, before any rule."""
    known = settings.mailboxes.get(mailbox)
    return {
        "status": settings.tickets.of_phase(Phase.OPEN),
        "priority": settings.tickets.default_priority,
        "category": "",
        "agent": "",
        "group": known.group if known else "",
    }


def fields_of(ticket: TicketFacts) -> dict[str, str]:
    """The fields of a ticket that is there."""
    return {**{name: str(getattr(ticket, name)) for name in FIELDS}, "tags": ", ".join(sorted(ticket.tags))}


def causes(record: Record, field: str) -> tuple[str, ...]:
    """Why a recorded decision gives FIELD its value: the disposition for the outcome, else the modifiers."""
    if field == "outcome":
        return (str(record.get("because", "")),)
    return tuple(
        str(one.get("because", ""))
        for one in record.get("modifiers", ())
        if field in (name for name, _ in _changes(one))
    )


def _changes(modifier: Record) -> Iterable[tuple[str, str]]:
    """The fields that a recorded modifier changes, with what it puts there."""
    match modifier:
        case {"kind": "SetField", "field": field, "value": value}:
            return ((str(field), str(value)),)
        case {"kind": "Assign", "agent": agent, "group": group}:
            return tuple((name, str(key)) for name, key in (("agent", agent), ("group", group)) if key)
        case {"kind": "AddTags", "tags": tags}:
            return (("tags", ", ".join(sorted(map(str, tags)))),)
        case {"kind": "AssignBy", "how": how, "group": group}:
            return (("agent", str(how)), ("group", str(group)))[: 2 if group else 1]
    rest = {
        name: value for name, value in modifier.items() if name not in ("kind", "because") and value not in ("", None)
    }
    return ((str(modifier.get("kind", "")).lower(), json.dumps(rest, ensure_ascii=False, sort_keys=True)),)


def _joined(known: str, value: str) -> str:
    """Two lists of words as one, each once, sorted."""
    return ", ".join(sorted({*known.split(", "), *value.split(", ")} - {""}))


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {str(key): _storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(item) for item in value]
    return value
