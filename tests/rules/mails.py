"""Mails and rules for the tables of this folder."""

from datetime import UTC, datetime
from typing import Any

import rules
from domain.decision import FinderVerdict, Found, MailFacts, Verdict
from domain.message import Message
from domain.people import Address
from domain.rule import RuleSpec
from domain.ticket import TicketFacts

NOON = datetime(2030, 1, 2, 12, tzinfo=UTC)
TICKET = TicketFacts(number=42, title="Printer", status="open", priority="normal", created_at=NOON, updated_at=NOON)
NEW = Found(walk=(FinderVerdict(finder="tag", verdict=Verdict.NOTHING, because="no tag"),))
REPLY = Found(
    walk=(FinderVerdict(finder="tag", verdict=Verdict.TICKET, ticket=42, because="the tag names ticket 42"),),
    verdict=Verdict.TICKET,
    ticket=TICKET,
)
UNCONFIRMED = Found(verdict=Verdict.UNCONFIRMED, ticket=TICKET)
FOREIGN = Found(verdict=Verdict.FOREIGN, linked=42)


def mail(*, found: Found = NEW, sender: str = "ada@x.example", name: str = "", to: str = "", **said: Any) -> MailFacts:
    """A mail from SENDER ('' for none); `to` is a list with commas, everything else a field of Message."""
    message = Message(
        sender=Address(sender, name) if sender else None,
        to=tuple(Address(address.strip()) for address in to.split(",") if address),
        **said,
    )
    return MailFacts(message=message, mailbox="support", found=found)


def spec(*then: Any, name: str = "r", when: Any = None, **said: Any) -> RuleSpec:
    """A rule as it stands in YAML; without `when` it matches always."""
    condition = {"when": when} if when is not None else {"match": "always"}
    written = {"name": name, **condition, "then": list(then) or ["ignore"], **said}
    return RuleSpec.model_validate({"for" if word == "for_" else word: value for word, value in written.items()})


def holds(when: Any, facts: MailFacts) -> bool:
    """The conditions WHEN hold for this mail."""
    return bool(rules.decide(rules.compile([spec(when=when)]), facts).rules)
