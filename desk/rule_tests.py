"""Trying the tests that stand beside the rules: each mail goes through the whole rule set, as a real one does.

The mail is written out and read again by the scanner, so its class, its language and its addresses are
what they would be.  The finders are not asked: whether it is an answer stands in the test's `facts`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from typing import Any

import rules
from desk.addresses import spoof
from desk.config import Config
from desk.ingest import without_envelope
from desk.receive import Read
from desk.record import FIELDS, causes, effects, fields_of, new_ticket, recorded
from desk.yaml_nodes import Path as Steps
from domain.decision import FinderVerdict, Found, MailFacts, RuleVerdict, Verdict
from domain.errors import Problem
from domain.message import Message, RawMail
from domain.people import ContactAddress, ContactFacts, OrganizationFacts
from domain.rule_test import Expectation, RuleTest, TestContact, TestMail, TestTicket
from domain.settings import Settings
from domain.subject import bare_subject
from domain.ticket import Phase, TicketFacts
from rules import RuleSet

_A_DAY = datetime(2026, 1, 7, 10, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One test, and what is wrong; nothing where it holds."""

    rule: str
    number: int
    problems: tuple[Problem, ...] = ()


class _Unusable(Exception):
    """The test's mail cannot be made or read; at which word of the test, and why."""

    def __init__(self, word: str, why: str) -> None:
        super().__init__(why)
        self.word = word


def try_all(config: Config, *, read: Read) -> Iterator[Tried]:
    """Every test of every rule of CONFIG, in order."""
    ruleset = rules.compile(config.settings.rules, lists=config.lists)
    for index, rule in enumerate(config.settings.rules):
        for number, test in enumerate(rule.tests):
            place: Steps = ("rules", index, "tests", number)
            found = _try(config, ruleset, test, rule.name, read=read)
            problems = tuple(config.problem((*place, *path), text) for path, text in found)
            yield Tried(rule=rule.name, number=number, problems=problems)


def _try(config: Config, ruleset: RuleSet, test: RuleTest, rule: str, *, read: Read) -> list[tuple[Steps, str]]:
    """What is wrong with TEST, each with the word in it that is not fulfilled."""
    settings = config.settings
    mailbox = test.mailbox or next(iter(settings.mailboxes))
    if mailbox not in settings.mailboxes:
        return [(("mailbox",), f"there is no mailbox {mailbox!r}; there are: {', '.join(settings.mailboxes)}")]
    try:
        data = _bytes(config, test, to=settings.mailboxes[mailbox].address)
    except _Unusable as bad:
        return [((bad.word,), str(bad))]
    facts = _facts(settings, test, mailbox, read(RawMail(data=data, size=len(data), arrived=_moment(settings, test))))
    seen = _Seen(settings, ruleset, facts)
    return list(_failures(seen, test.expect, rule))


def _facts(settings: Settings, test: RuleTest, mailbox: str, message: Message) -> MailFacts:
    """What the rules may look at: the mail as it was read, and what the test says is known."""
    told = test.facts
    ticket = _ticket(settings, told.ticket, mailbox, _moment(settings, test)) if told.ticket else None
    contact = _contact(told.contact, message) if told.contact else None
    hours = settings.business_hours.hours() if settings.business_hours else None
    return MailFacts(
        message=message, mailbox=mailbox, folder=settings.mailboxes[mailbox].folders[0], found=_found(ticket),
        moment=_moment(settings, test), hours=hours, contact=contact, tag=settings.helpdesk.tag,
        phase=settings.tickets.phase(ticket.status) if ticket else "", suspicion=str(spoof(message, settings) or ""),
        known=frozenset({message.sender.key}) if contact and message.sender else frozenset(),
    )  # fmt: skip


def _moment(settings: Settings, test: RuleTest) -> datetime:
    """When the test's mail arrives."""
    at = test.facts.at or _A_DAY
    zone = settings.business_hours.hours().zone if settings.business_hours else UTC
    return at if at.tzinfo else at.replace(tzinfo=zone)


def _contact(told: TestContact, message: Message) -> ContactFacts:
    sender = message.sender
    address = (ContactAddress(address=sender.address, primary=True),) if sender else ()
    company = OrganizationFacts(id=1, name=told.organization) if told.organization else None
    return ContactFacts(
        id=1, name=told.name, addresses=address, tags=told.tags, organization=company, email_opt_out=told.opted_out,
        support_start=told.support_start, support_end=told.support_end,
    )  # fmt: skip


class _Seen:
    """What became of a test's mail."""

    def __init__(self, settings: Settings, ruleset: RuleSet, facts: MailFacts) -> None:
        self.record = recorded(rules.decide(ruleset, facts))
        self.walk = rules.walk(ruleset, facts)
        ticket = facts.found.ticket
        is_new = self.record["disposition"] == "create" or ticket is None
        base = _opened(settings, facts.mailbox, facts.message) if is_new or ticket is None else fields_of(ticket)
        self.effects = effects(self.record, base)

    @property
    def matched(self) -> tuple[str, ...]:
        return tuple(self.record["rules"])


def _failures(seen: _Seen, expected: Expectation | None, rule: str) -> Iterator[tuple[Steps, str]]:
    if expected is None:
        if rule in seen.matched:
            yield ("expect",), f"expected no match, but the rule matched: {_why(seen.walk, rule, matched=True)}"
        return
    missing = [name for name in expected.rule or (rule,) if name not in seen.matched]
    if missing:
        where = ("expect", "rule") if expected.rule else ("expect",)
        yield (
            where,
            "; ".join(f"rule {name!r} did not match: {_why(seen.walk, name, matched=False)}" for name in missing),
        )
    for word, wanted in expected.written().items():
        if word != "rule" and (came := _came(seen, word, wanted)) is not None:
            said = ", ".join(wanted) if isinstance(wanted, tuple) else wanted
            yield ("expect", word), f"expected {said or 'none'}, came {came or 'none'} ({_by(seen, word)})"


def _came(seen: _Seen, word: str, wanted: Any) -> str | None:
    """What came in the place of what was WANTED; None where it is just that."""
    if word == "disposition":
        came = str(seen.record["disposition"])
        return None if came == wanted.replace("_", "") else came
    if word == "tags":
        tags = seen.effects.get("tags", "")
        return None if set(wanted) <= set(tags.split(", ")) else tags
    came = seen.effects.get(word, "")
    return None if came == wanted else came


def _by(seen: _Seen, word: str) -> str:
    """Who decided on WORD."""
    if word != "disposition" and seen.effects.keys() == {"outcome"}:
        return f"the mail is {seen.effects['outcome']}: {seen.record['because']}"
    said = causes(seen.record, "outcome" if word == "disposition" else word)
    return " · ".join(said) or "no rule says so"


def _why(walk: tuple[RuleVerdict, ...], rule: str, *, matched: bool) -> str:
    """The conditions that let RULE match or kept it from matching, with what each saw."""
    verdict = next((one for one in walk if one.rule == rule), None)
    if verdict is None:
        return "there is no such rule"
    if not verdict.reached:
        ended = next((one.rule for one in reversed(walk) if one.reached and one.matched), "")
        return f"it is not reached after rule {ended!r}"
    deciding = [one for one in verdict.conditions if one.held is matched] or list(verdict.conditions)
    return " · ".join(f"{one.condition}: {one.saw}" if one.saw else one.condition for one in deciding) or "always"


def _opened(settings: Settings, mailbox: str, message: Message) -> dict[str, str]:
    return {**new_ticket(settings, mailbox), "title": bare_subject(message.subject, settings.helpdesk.tag)}


def _ticket(settings: Settings, told: TestTicket, mailbox: str, moment: datetime) -> TicketFacts:
    given = {name: value for name in FIELDS if (value := getattr(told, name)) is not None}
    fields = {**new_ticket(settings, mailbox), "status": settings.tickets.of_phase(Phase.OPEN), **given}
    opened = moment - (told.age or timedelta(hours=1))
    return TicketFacts(
        number=told.number, tags=told.tags, mailbox=mailbox, created_at=opened, updated_at=opened, **fields
    )


def _found(ticket: TicketFacts | None) -> Found:
    if ticket is None:
        return Found(
            walk=(FinderVerdict(finder="token", verdict=Verdict.NOTHING, because="a new mail, says the test"),)
        )
    step = FinderVerdict(
        finder="token", verdict=Verdict.TICKET, ticket=ticket.number, because="an answer, says the test"
    )
    return Found(walk=(step,), verdict=Verdict.TICKET, ticket=ticket)


def _bytes(config: Config, test: RuleTest, *, to: str) -> bytes:
    """The test's mail.  Raises _Unusable."""
    if test.mail is not None:
        try:
            return written(test.mail, to=to)
        except (ValueError, LookupError, AttributeError) as bad:
            raise _Unusable("mail", f"this cannot be written as a mail: {bad}") from bad
    file = config.resolve(test.eml or "")
    try:
        return without_envelope(file.read_bytes())
    except (OSError, ValueError) as bad:
        raise _Unusable("eml", f"{file}: {getattr(bad, 'strerror', None) or 'this is not the name of a file'}") from bad


def written(mail: TestMail, *, to: str) -> bytes:
    """MAIL as octets (RFC 5322).  Raises ValueError where a header field cannot be written."""
    made = EmailMessage(policy=SMTP)
    made["Date"] = _A_DAY
    made["From"] = _address(mail.from_)
    made["To"] = [_address(one) for one in mail.to or (to,)]
    if mail.cc:
        made["Cc"] = [_address(one) for one in mail.cc]
    if mail.reply_to:
        made["Reply-To"] = _address(mail.reply_to)
    made["Subject"] = mail.subject
    for name, values in mail.headers.items():
        del made[name]
        for value in values:
            made.add_header(name, value)
    made.set_content(mail.text)
    if mail.html is not None:
        made.add_alternative(mail.html, subtype="html")
    for file in mail.attachments:
        kind, _, subtype = file.type.partition("/")
        made.add_attachment(b"x" * file.size, maintype=kind, subtype=subtype or "octet-stream", filename=file.name)
    return made.as_bytes()


def _address(text: str) -> HeaderAddress:
    name, bare = parseaddr(text)
    local, _, host = bare.rpartition("@")
    return HeaderAddress(display_name=name, username=local, domain=host)
