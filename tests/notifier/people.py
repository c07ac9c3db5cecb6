"""The people of the notifier's tests: one small company and its customers."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from domain.event import Actor, Event, EventKind
from domain.letter import ActFacts, Told, Withheld
from domain.people import ContactAddress, ContactFacts, OrganizationFacts
from domain.settings import Settings
from domain.ticket import TicketFacts, WatcherFacts
from notifier.resolve import resolve

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def settings(
    *, letters: Mapping[str, Any] | None = None, support: Mapping[str, Any] | None = None, **notifications: Any
) -> Settings:
    """The company's configuration with these notifications.

    LETTERS are those that single agents want, SUPPORT the notifications of mailbox support alone.
    """
    configured: dict[str, Any] = (
        {
            "helpdesk": {"name": "Acme Support", "language": "de", "tag": "ACME", "keys": ["env:HELPDESK_KEY"]},
            "mailboxes": {
                "support": {"address": "support@acme.example", "group": "service", "start": "now"},
                "plus": {
                    "address": "help@acme.example", "group": "network", "start": "now", "plus_addressing": True,
                },
            },
            "smtp": {"host": "localhost"},
            "agents": {
                "ada": {"name": "Ada Example", "address": "ada@acme.example"},
                "bert": {"name": "Bert Example", "address": "bert@acme.example", "language": "en"},
                "cleo": {"name": "Cleo Example", "address": "cleo@acme.example"},
            },
            "groups": {"service": ["ada", "bert"], "network": ["bert"]},
            "notifications": notifications,
        }
    )  # fmt: skip
    for agent, wanted in (letters or {}).items():
        configured["agents"][agent]["letters"] = wanted
    if support:
        configured["mailboxes"]["support"]["notifications"] = support
    return Settings.model_validate(configured)


def contact(number: int, *addresses: str, **facts: Any) -> ContactFacts:
    """A contact whose first address is the primary one; one that ends in ! is undeliverable."""
    known = tuple(
        ContactAddress(address=address.rstrip("!"), primary=place == 0, undeliverable=address.endswith("!"))
        for place, address in enumerate(addresses)
    )
    return ContactFacts(id=number, name=facts.pop("name", f"Contact {number}"), addresses=known, **facts)


JAEGER = contact(1, "jaeger@bigcorp.example", "jaeger@home.example", name="Jäger", language="de")
WEISS = contact(2, "weiss@bigcorp.example", name="Weiß", language="en")
BIGCORP = OrganizationFacts(id=7, name="BigCorp", address="it@bigcorp.example")

ADA = Actor("agent", "ada", "Ada Example")
BY_JAEGER = Actor("contact", "1", "Jäger")
BY_WEISS = Actor("contact", "2", "Weiß")
BY_RULE = Actor("rule", "outage")


def ticket(**facts: Any) -> TicketFacts:
    """A ticket of Jäger's in group service."""
    usual: Mapping[str, Any] = {
        "number": 1042, "title": "Störung im Netz", "status": "open", "priority": "normal", "mailbox": "support",
        "requester": JAEGER, "group": "service", "created_at": NOON, "updated_at": NOON,
    }  # fmt: skip
    return TicketFacts(**{**usual, **facts})


def watched_by(*watchers: ContactFacts | str) -> tuple[WatcherFacts, ...]:
    """Watchers: contacts, and agents by their keys."""
    return tuple(WatcherFacts(agent=w) if isinstance(w, str) else WatcherFacts(contact=w) for w in watchers)


def event(kind: EventKind, actor: Actor = ADA, **facts: Any) -> Event:
    return Event(kind=kind, actor=actor, **facts)


def outcome(*events: Event, on: TicketFacts | None = None, by: Actor | None = None, **facts: Any) -> dict[str, str]:
    """What becomes of an act, as `address: kind` for letters and `address: -reason` for refusals.

    `config` are notifications; the actor is that of the first event.
    """
    configured = settings(**facts.pop("config", {}))
    act = ActFacts(ticket=on or ticket(), events=events, actor=by or events[0].actor, **facts)
    return {told.recipient.address: short(told) for told in resolve(act, configured)}


def short(told: Told | Withheld) -> str:
    return told.kind.value if isinstance(told, Told) else f"-{told.reason.value}"
