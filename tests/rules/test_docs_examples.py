"""The examples of docs/rules.md: every mail gives what the page says."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

import rules
from commands.decided import in_words
from commands.rules_page import SECTIONS, Example, examples
from desk import yaml_nodes
from domain.action import Action
from domain.authentication import Authentication
from domain.condition import AddressWords, Conditions, TextWords
from domain.decision import Found, Lookup, MailFacts, Verdict
from domain.hours import Hours, parse_days, parse_span
from domain.message import Attachment, MailClass, Message
from domain.people import Address, ContactFacts, OrganizationFacts
from domain.quantity import parse_duration
from domain.rule import RuleSpec
from domain.ticket import TicketFacts
from tests.rules.mails import NEW, NOON

EXAMPLES = examples()
TABLE = [(one, mail, gives) for one in EXAMPLES for mail, gives in one.mails]


def ids(value: object) -> str:
    return f"{value.model}.{value.word}" if isinstance(value, Example) else ""


@pytest.mark.parametrize(("example", "mail", "gives"), TABLE, ids=ids)
def test_an_example_gives_what_the_page_says(example: Example, mail: Mapping[str, Any], gives: str) -> None:
    root, complaints = yaml_nodes.read(example.rule)
    assert root is not None
    assert complaints == ()
    rule = RuleSpec.model_validate({"name": example.word, **yaml_nodes.plain(root)})
    assert rules.problems([rule], lists=example.files) == ()
    decision = rules.decide(rules.compile([rule], lists=example.files), facts(mail))
    assert (" · ".join(in_words(decision)) if decision.rules else "no match") == gives


def test_every_word_has_an_example() -> None:
    shown = {(one.model, one.word) for one in EXAMPLES}
    models = [model for _, _, several in SECTIONS for model in several]
    assert {Action, Conditions, TextWords, AddressWords} <= set(models)
    inherited = {("AddressWords", word) for word in TextWords.words().values()}
    inherited |= {(name, word) for name in ("TextTest", "AddressTest") for word in AddressWords.words().values()}
    wanted = {(model.__name__, word) for model in models for word in model.words().values()}
    assert wanted - inherited <= shown <= wanted


def facts(said: Mapping[str, Any]) -> MailFacts:
    """The mail of an example; what it does not speak of is ordinary or missing."""
    arrived = moment(said["arrived"]) if "arrived" in said else NOON
    tickets = said.get("tickets", {})

    def target(lookup: Lookup) -> TicketFacts | None:
        number = tickets.get(f"{lookup.by} {lookup.key}")
        return ticket({}, number) if number else None

    return MailFacts(
        message=message(said),
        mailbox=said.get("mailbox", "support"),
        folder=said.get("folder", "INBOX"),
        found=found(said),
        phase=said.get("ticket", {}).get("phase", "open"),
        contact=contact(said["contact"]) if "contact" in said else None,
        moment=arrived,
        hours=hours(said["hours"]) if "hours" in said else None,
        tag="ACME",
        suspicion=said.get("suspicion", ""),
        authentication=Authentication(**said.get("trust", {})),
        known=frozenset(said.get("known", ())),
        sender_mails={parse_duration(period): count for period, count in said.get("sender_mails", {}).items()},
        targets=target,
    )


def message(said: Mapping[str, Any]) -> Message:
    kind = said.get("is", "person")
    return Message(
        sender=address(said.get("from", "ada@firma.example")),
        subject=said.get("subject", ""),
        text=said.get("text", ""),
        reply_text=said.get("reply_text", ""),
        **{name: tuple(map(Address, said.get(name, ()))) for name in ("to", "cc", "reply_to", "delivered_to")},
        headers=tuple((name.lower(), value) for name, value in said.get("headers", {}).items()),
        attachments=tuple(
            Attachment(index=n, name=one["name"], content_type=one.get("type", "text/plain"), size=one.get("size", 100))
            for n, one in enumerate(said.get("attachments", ()))
        ),
        size=said.get("size", 1000),
        language=said.get("language", ""),
        mail_class=MailClass(kind),
        is_list=kind == "list",
        is_auto_reply=kind == "auto_reply",
        is_bounce=kind == "bounce",
    )


def address(written: str) -> Address | None:
    name, begun, rest = written.rpartition(" <")
    if begun:
        return Address(rest.removesuffix(">"), name)
    return Address(written) if written else None


def contact(said: Mapping[str, Any]) -> ContactFacts:
    end = said.get("support_end")
    name = said.get("organization")
    return ContactFacts(
        id=1,
        name="Ada Example",
        tags=tuple(said.get("tags", ())),
        email_opt_out=said.get("opted_out", False),
        organization=OrganizationFacts(id=1, name=name) if name else None,
        support_end=date.fromisoformat(end) if end else None,
    )


def found(said: Mapping[str, Any]) -> Found:
    return Found(verdict=Verdict.TICKET, ticket=ticket(said["ticket"], 42)) if "ticket" in said else NEW


def ticket(said: Mapping[str, Any], number: int) -> TicketFacts:
    opened = moment(said["opened"]) if "opened" in said else NOON
    fields = {name: said[name] for name in ("category", "agent", "group") if name in said}
    return TicketFacts(
        number=number, title="Printer", status=said.get("status", "open"), priority=said.get("priority", "normal"),
        tags=tuple(said.get("tags", ())), created_at=opened, updated_at=opened, **fields,
    )  # fmt: skip


def moment(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=UTC)


def hours(said: Mapping[str, str]) -> Hours:
    return Hours(spans={day: (parse_span(span),) for days, span in said.items() for day in parse_days(days)})
