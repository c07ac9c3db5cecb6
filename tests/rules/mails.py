"""Mails and rules for the tables of this folder."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import rules
from domain.decision import FinderVerdict, Found, MailFacts, Verdict
from domain.message import Attachment, Message
from domain.people import Address, ContactFacts
from domain.rule import RuleSpec
from domain.ticket import TicketFacts
from rules.ruleset import NO_LISTS

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


def mail(*, found: Found = NEW, sender: str = "ada@x.example", name: str = "", to: Any = "", **said: Any) -> MailFacts:
    """A mail from SENDER ('' for none); `to` may be a list with commas, everything else is a field of Message."""
    recipients = tuple(Address(one.strip()) for one in to.split(",") if one) if isinstance(to, str) else to
    message = Message(sender=Address(sender, name) if sender else None, to=recipients, **said)
    return MailFacts(message=message, mailbox="support", found=found)


def attached(name: str, content_type: str = "text/plain", size: int = 100) -> Attachment:
    return Attachment(index=1, name=name, content_type=content_type, size=size)


def contact(**said: Any) -> ContactFacts:
    return ContactFacts(id=7, name="Ada Example", **said)


def spec(*then: Any, name: str = "r", when: Any = None, **said: Any) -> RuleSpec:
    """A rule as it stands in YAML; without `when` it matches always."""
    condition = {"when": when} if when is not None else {"match": "always"}
    written = {"name": name, **condition, "then": list(then) or ["ignore"], **said}
    return RuleSpec.model_validate({"for" if word == "for_" else word: value for word, value in written.items()})


def holds(when: Any, facts: MailFacts, *, lists: Mapping[str, tuple[str, ...]] = NO_LISTS) -> bool:
    """The conditions WHEN hold for this mail."""
    return bool(rules.decide(rules.compile([spec(when=when)], lists=lists), facts).rules)


def inside(word: str, value: Any) -> dict[str, Any]:
    """`trust.dmarc` with its value, as it is written."""
    outer, dot, inner = word.partition(".")
    return {outer: {inner: value}} if dot else {outer: value}


def check(when: Any, facts: MailFacts, expected: bool, *, opposite: Any) -> None:
    """WHEN holds for this mail as EXPECTED, and what is written as its opposite, or under none, the other way round."""
    assert holds(when, facts) is expected
    assert holds(opposite, facts) is not expected
    assert holds({"none": [when]}, facts) is not expected
