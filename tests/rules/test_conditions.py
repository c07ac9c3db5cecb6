"""Every condition and every operator, as a table: what is asked, of which mail, and whether it holds."""

import unicodedata
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import rules
from domain.authentication import Authentication
from domain.condition import (
    AddressTest,
    AddressWords,
    AttachmentTest,
    Conditions,
    ContactTest,
    SenderMails,
    SpamTest,
    TextTest,
    TextWords,
    TicketTest,
    TrustTest,
)
from domain.decision import Found, MailFacts
from domain.hours import Hours
from domain.message import Attachment, MailClass
from domain.people import Address, OrganizationFacts
from domain.written import Frozen
from rules.operators import ADDRESS_OPERATORS, TEXT_OPERATORS
from rules.view import MAX_CHARACTERS
from tests.rules.mails import (
    FOREIGN,
    NEW,
    NOON,
    REPLY,
    TICKET,
    UNCONFIRMED,
    attached,
    check,
    contact,
    holds,
    inside,
    mail,
    spec,
)

MODELS = (Conditions, AddressTest, AddressWords, TextTest, TextWords, AttachmentTest, TrustTest, SpamTest, ContactTest,
          TicketTest, SenderMails)  # fmt: skip
NFD = unicodedata.normalize("NFD", "Störung")

TEXTS = [
    # operator, operand, subject, holds
    ("equals", "outage", "Outage", True),
    ("equals", "outage", "An outage", False),
    ("equals", ["a", "outage"], "OUTAGE", True),
    ("equals", "", "", True),
    ("equals", "", "x", False),
    ("equals", "straße", "STRASSE", True),
    ("equals", "istanbul", "İSTANBUL", True),
    ("equals", "Ağrı", "AĞRI", True),
    ("equals", "Störung", NFD, True),
    ("equals", NFD, "STÖRUNG", True),
    ("contains", "outage", "An OUTAGE again", True),
    ("contains", "outage", "", False),
    ("contains", "outage", "in time", False),
    ("contains", ["Ausfall", "Störung"], "Netzstörung", True),
    ("contains", "acıl", "ACIL: yardım", True),
    ("contains", "障害", "ネットワーク障害のお知らせ", True),
    ("contains", "障害", "お知らせ", False),
    ("contains", "ς", "ΟΔΟΣ", True),
    ("contains", "Störung", f"eine {NFD} im Netz", True),
    ("regex", r"case \d{8}", "Re: CASE 12345678", True),
    ("regex", r"case \d{8}", "Re: case 1234567", False),
    ("regex", r"^outage$", "outage", True),
    ("regex", r"^outage$", "an outage", False),
    ("regex", r"^$", "", True),
    ("regex", ["x+y", "Stö.ung"], "störung", True),
    ("regex", r"St.rung", NFD, True),
    ("regex", r"^Gr\w+$", "Grüße", True),
    ("regex", r"\bÄrger\b", "viel Ärger!", True),
    ("regex", r"\bÄrger\b", "Verärgert", False),
    ("regex", r"Gr\b", "Grüße", False),
    ("regex", r"\bfoo|bar\b", "xbar", True),
    ("regex", r"Nr\.\s+\d+", "Nr.\u00a0１２", True),
    ("regex", r"(?-i)ERROR", "error", False),
    ("regex", r"(?-i)ERROR", "an ERROR", True),
    ("regex", r"ÄRGER", "ärger", True),
    ("regex", r"\w障害", "大障害", True),
]


TEXTS += [
    ("equals", "x", "", False),
    ("one_of", ["a", "Störung"], NFD, True),
    ("one_of", ["a", "b"], "", False),
    ("one_of", "", "", True),
    ("contains", ["", "x"][1:], "", False),
    ("begins_with", "re:", "RE: Hallo", True),
    ("begins_with", "re:", "Hallo Re:", False),
    ("begins_with", "re:", "", False),
    ("begins_with", ["AW:", "Störung"], NFD + " im Netz", True),
    ("begins_with", "İstanbul", "istanbul'dan", True),
    ("begins_with", "障害", "障害のお知らせ", True),
    ("ends_with", "straße", "Hauptstrasse", True),
    ("ends_with", "STRASSE", "Hauptstraße", True),
    ("ends_with", "rechnung", "Rechnung doppelt: Rechnung", True),
    ("ends_with", "rechnung", "Rechnung doppelt", False),
    ("ends_with", "x", "", False),
    ("ends_with", "お知らせ", "障害のお知らせ", True),
    ("ends_with", ["a", "ACIL"], "çok acıl", True),
    ("word", "Netz", "Störung im Netz!", True),
    ("word", "Netz", "Netzwerk", False),
    ("word", "Netz", "Festnetz", False),
    ("word", "Netz", "Festnetz, Netz", True),
    ("word", "Netz", "", False),
    ("word", "ärger", "viel ÄRGER.", True),
    ("word", "ärger", "verärgert", False),
    ("word", "rger", "Ärger", False),
    ("word", "im Netz", "Störung im Netz", True),
    ("word", "C++", "in C++ now", True),
    ("word", "障害", "ネットワーク障害のお知らせ", True),
    ("word", "a_b", "a_b_c", False),
    ("word", "Störung", f"eine {NFD}.", True),
    ("word", "acıl", "ACIL: yardım", True),
    ("glob", "Order ???", "order 123", True),
    ("glob", "Order ???", "order 1234", False),
    ("glob", "*Störung*", f"eine {NFD} im Netz", True),
    ("glob", "*straße", "Hauptstrasse", True),
    ("glob", "*", "", True),
    ("glob", "?*", "", False),
    ("glob", "", "", True),
    ("glob", "", "x", False),
    ("glob", "[a]*", "[a] b", True),
    ("glob", "a*b", "a\nb", True),
    ("glob", "??", "障害", True),
    ("glob", "I*", "ıstanbul", True),
    ("regex", "x", "", False),
    ("in_file", "words.txt", "störung", True),
    ("in_file", "words.txt", NFD, True),
    ("in_file", "words.txt", "acıl", True),
    ("in_file", "words.txt", "障害", True),
    ("in_file", "words.txt", "Störungen", False),
    ("in_file", "words.txt", "", False),
    ("in_file", ["more.txt", "words.txt"], "störung", True),
    ("in_file", "empty.txt", "störung", False),
]
FILES = {
    "words.txt": ("Störung", "ACIL", "障害"),
    "more.txt": ("x",),
    "empty.txt": (),
    "people.txt": ("ada@x.example", "@bigcorp.example", "@*.bücher.example"),
}


@pytest.mark.parametrize(("operator", "operand", "text", "expected"), TEXTS)
@pytest.mark.parametrize("field", ["folder", "subject", "text", "reply_text", "header", "attachment", "contact"])
def test_texts(field: str, operator: str, operand: Any, text: str, expected: bool) -> None:
    facts = replace(
        mail(subject=text, text=text, reply_text=text, headers=(("x-thing", text),), attachments=(attached(text),)),
        folder=text,
        contact=contact(organization=OrganizationFacts(id=1, name=text)),
    )
    inside = {"header": "X-Thing", "attachment": "name", "contact": "organization"}.get(field)

    def when(test: Any) -> Any:
        return {field: {inside: test}} if inside else {field: test}

    assert holds(when({operator: operand}), facts, lists=FILES) is expected
    assert holds(when({"not": {operator: operand}}), facts, lists=FILES) is not expected
    assert holds({"none": [when({operator: operand})]}, facts, lists=FILES) is not expected


ADDRESSES = [
    # operator, operand, address, name, holds
    ("equals", "Ada@X.Example", "ada@x.example", "", True),
    ("equals", "ada@x.example", "ada@x.example.org", "", False),
    ("equals", "jörg@bücher.example", "Jörg@xn--bcher-kva.example", "", True),
    ("equals", ["a@x.example", "ada@x.example"], "ada@x.example", "Ada", True),
    ("equals", "", "", "", True),
    ("equals", "", "ada@x.example", "", False),
    ("contains", "ada@", "ada@x.example", "", True),
    ("contains", "lovelace", "ada@x.example", "Ada Lovelace", True),
    ("contains", "Ada <ada@", "ada@x.example", "Ada", True),
    ("contains", "ada", "", "", False),
    ("regex", r"^ada@", "ada@x.example", "Ada Lovelace", True),
    ("regex", r"^Ada .*<ada@", "ada@x.example", "Ada Lovelace", True),
    ("regex", r"^lovelace", "ada@x.example", "Ada Lovelace", False),
    ("domain", "x.example", "ada@X.example", "", True),
    ("domain", ["y.example", "x.example"], "ada@x.example", "", True),
    ("domain", "x.example", "ada@sub.x.example", "", False),
    ("domain", "*.x.example", "ada@sub.x.example", "", True),
    ("domain", "*.x.example", "ada@deep.sub.x.example", "", True),
    ("domain", "*.x.example", "ada@x.example", "", False),
    ("domain", "*.x.example", "ada@notx.example", "", False),
    ("domain", "bücher.example", "ada@xn--bcher-kva.example", "", True),
    ("domain", "bigcorp.example", "mallory@evil.example", "it@bigcorp.example", False),
    ("domain", "x.example", "", "", False),
    ("domain", "x.example", "root", "", False),
]


ADDRESSES += [
    ("one_of", ["bert@x.example", "ADA@x.example"], "ada@x.example", "", True),
    ("one_of", ["bert@x.example"], "", "", False),
    ("begins_with", "ada", "ada@x.example", "Lovelace", True),
    ("begins_with", "lovelace", "ada@x.example", "Lovelace", True),
    ("begins_with", "x", "", "", False),
    ("ends_with", ".example", "ada@x.example", "Ada", True),
    ("ends_with", ".example", "ada@x.example.org", "", False),
    ("ends_with", ".example", "", "", False),
    ("word", "lovelace", "ada@x.example", "Ada Lovelace", True),
    ("word", "love", "ada@x.example", "Ada Lovelace", False),
    ("word", "love", "", "", False),
    ("glob", "*@*.example", "ada@x.example", "Ada", True),
    ("glob", "*@bigcorp.example", "mallory@evil.example", "it@bigcorp.example", False),
    ("glob", "*@x.example", "", "", False),
    ("in_file", "people.txt", "ADA@x.example", "Whoever", True),
    ("in_file", "people.txt", "bert@x.example", "", False),
    ("in_file", "people.txt", "it@BigCorp.example", "", True),
    ("in_file", "people.txt", "it@sub.bigcorp.example", "", False),
    ("in_file", "people.txt", "it@shop.xn--bcher-kva.example", "", True),
    ("in_file", "people.txt", "", "", False),
    ("known", True, "known@x.example", "", True),
    ("known", True, "ada@x.example", "", False),
    ("known", False, "ada@x.example", "", True),
    ("known", False, "KNOWN@x.example", "", False),
    ("known", True, "", "", False),
    ("known", False, "", "", True),
]


@pytest.mark.parametrize(("operator", "operand", "address", "name", "expected"), ADDRESSES)
@pytest.mark.parametrize("field", ["from", "reply_to", "to", "cc", "recipient"])
def test_addresses(field: str, operator: str, operand: Any, address: str, name: str, expected: bool) -> None:
    people = (Address(address, name),) if address else ()
    where = {"recipient": "delivered_to"}.get(field, field)
    facts = mail(sender=address, name=name) if field == "from" else mail(**{where: people}, sender="")
    facts = replace(facts, known=frozenset({"known@x.example"}))
    assert holds({field: {operator: operand}}, facts, lists=FILES) is expected
    assert holds({field: {"not": {operator: operand}}}, facts, lists=FILES) is not expected
    assert holds({"none": [{field: {operator: operand}}]}, facts, lists=FILES) is not expected


TWO = (Address("bert@x.example"), Address("sales@acme.example"))


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ({"equals": "SALES@acme.example"}, True),
        ({"domain": "acme.example"}, True),
        ({"domain": "y.example"}, False),
        ({"not": {"domain": "acme.example"}}, False),
        ({"not": {"domain": "y.example"}}, True),
        ({"domain": "x.example", "begins_with": "sales"}, True),
        ({"domain": "x.example", "not": {"begins_with": "sales"}}, False),
        ({"not": {"domain": "y.example", "begins_with": "sales"}}, False),
        ({"not": {"domain": "y.example", "begins_with": "carl"}}, True),
    ],
)
@pytest.mark.parametrize("field", ["reply_to", "to", "cc", "recipient"])
def test_of_several_addresses_one_must_fit_and_none_behind_not(field: str, test: Any, expected: bool) -> None:
    where = {"recipient": "cc"}.get(field, field)
    assert holds({field: test}, mail(**{where: TWO})) is expected


def test_recipients_are_to_cc_and_whomever_it_was_delivered_to() -> None:
    facts = mail(to="a@x.example", cc=(Address("b@x.example"),), delivered_to=(Address("c@x.example"),))
    assert [holds({"recipient": {"equals": f"{who}@x.example"}}, facts) for who in "abcd"] == [True, True, True, False]
    assert [holds({"to": {"equals": f"{who}@x.example"}}, facts) for who in "abcd"] == [True, False, False, False]
    assert [holds({"cc": {"equals": f"{who}@x.example"}}, facts) for who in "abcd"] == [False, True, False, False]


@pytest.mark.parametrize(
    ("words", "said", "found", "expected"),
    [
        ("list", {"is_list": True}, NEW, True),
        ("list", {}, NEW, False),
        ("auto_reply", {"is_auto_reply": True}, NEW, True),
        ("auto_reply", {"is_bounce": True}, NEW, False),
        ("bounce", {"is_bounce": True}, NEW, True),
        ("notice", {"mail_class": MailClass.NOTICE}, NEW, True),
        ("notice", {}, NEW, False),
        ("complaint", {"mail_class": MailClass.COMPLAINT}, NEW, True),
        ("complaint", {}, NEW, False),
        ("calendar", {"mail_class": MailClass.CALENDAR}, NEW, True),
        ("calendar", {}, NEW, False),
        ("person", {}, NEW, True),
        ("person", {"is_list": True}, NEW, False),
        ("person", {"mail_class": MailClass.CALENDAR}, NEW, False),
        (["bounce", "auto_reply"], {"is_auto_reply": True}, NEW, True),
        (["bounce", "auto_reply"], {"is_list": True}, NEW, False),
        ("reply", {}, REPLY, True),
        ("reply", {}, UNCONFIRMED, True),
        ("reply", {}, FOREIGN, False),
        ("reply", {}, NEW, False),
        ("new", {}, NEW, True),
        ("new", {}, FOREIGN, True),
        ("new", {}, REPLY, False),
        ("new", {}, UNCONFIRMED, False),
    ],
)
def test_kinds(words: Any, said: dict[str, Any], found: Found, expected: bool) -> None:
    check({"is": words}, mail(found=found, **said), expected, opposite={"is": {"not": words}})


SATURDAY_NIGHT = datetime(2030, 1, 5, 23, 30, tzinfo=UTC)  # Sunday in Berlin
HOURS = Hours(
    zone=ZoneInfo("Europe/Berlin"),
    spans={day: ((time(9), time(17)),) for day in ("mon", "tue", "wed", "thu", "fri")},
    holidays=frozenset({date(2030, 1, 3)}),
)
KNOWN = contact(
    tags=("vip", "beta"), email_opt_out=True, support_start=date(2029, 1, 1), support_end=date(2030, 1, 2),
    organization=OrganizationFacts(id=1, name="BigCorp"),
)  # fmt: skip
STRANGER = mail()
TAKEN = replace(
    TICKET, status="waiting", priority="high", category="incident", tags=("outage", "vip"), agent="ada",
    group="network", created_at=NOON - timedelta(days=3),
)  # fmt: skip


def on_ticket(**said: Any) -> MailFacts:
    return replace(mail(found=replace(REPLY, ticket=TAKEN)), moment=NOON, **said)


SAID = [
    # condition, value, mail, holds
    ("mailbox", "support", mail(), True),
    ("mailbox", ["sales", "support"], mail(), True),
    ("mailbox", "sales", mail(), False),
    ("mailbox", "Support", mail(), False),
    ("size", "> 5 MB", mail(size=5_000_001), True),
    ("size", "> 5 MB", mail(size=5_000_000), False),
    ("size", "<= 5 MB", mail(size=5_000_000), True),
    ("size", "between 1 kB and 2 kB", mail(size=2000), True),
    ("size", "between 1 kB and 2 kB", mail(size=2001), False),
    ("size", "< 1 kB", mail(), True),
    ("language", "de", mail(language="de"), True),
    ("language", ["en", "DE"], mail(language="de"), True),
    ("language", "de", mail(), False),
    ("weekday", "sun", replace(mail(), moment=SATURDAY_NIGHT, hours=HOURS), True),
    ("weekday", "sat", replace(mail(), moment=SATURDAY_NIGHT), True),
    ("weekday", "mon-fri", replace(mail(), moment=SATURDAY_NIGHT), False),
    ("weekday", ["sat-sun"], replace(mail(), moment=SATURDAY_NIGHT), True),
    ("weekday", "sat", mail(), False),
    ("trust.dmarc", "pass", replace(mail(), authentication=Authentication(dmarc="pass")), True),
    ("trust.dmarc", ["fail", "none"], replace(mail(), authentication=Authentication(dmarc="fail")), True),
    ("trust.dmarc", "pass", mail(), False),
    ("trust.dkim", "pass", replace(mail(), authentication=Authentication(dkim="pass")), True),
    ("trust.dkim", "pass", mail(), False),
    ("trust.spf", "softfail", replace(mail(), authentication=Authentication(spf="softfail")), True),
    ("trust.spf", "softfail", mail(), False),
    ("spam.score", "> 5", mail(headers=(("x-spam-score", "5.1"),)), True),
    ("spam.score", "> 5", mail(headers=(("x-spam-status", "Yes, score=7.5 required=5.0"),)), True),
    ("spam.score", "> 5", mail(headers=(("x-spamd-result", "default: False [4.60 / 15.00]; BAYES"),)), False),
    ("spam.score", "> 5", mail(headers=(("x-rspamd-score", "7"), ("x-spam-score", "1"))), True),
    ("spam.score", "< 0", mail(headers=(("x-spam-score", "-0.5 (/)"),)), True),
    ("spam.score", "> 5", mail(headers=(("x-spam-score", "many"),)), False),
    ("spam.score", "< 5", mail(), False),
    ("contact.tags", "vip", replace(mail(), contact=KNOWN), True),
    ("contact.tags", ["gold", "beta"], replace(mail(), contact=KNOWN), True),
    ("contact.tags", "gold", replace(mail(), contact=KNOWN), False),
    ("contact.tags", "vip", STRANGER, False),
    ("ticket.status", "waiting", on_ticket(), True),
    ("ticket.status", ["open", "waiting"], on_ticket(), True),
    ("ticket.status", "open", on_ticket(), False),
    ("ticket.status", "open", mail(), False),
    ("ticket.status", "open", mail(found=FOREIGN), False),
    ("ticket.phase", "pending", on_ticket(phase="pending"), True),
    ("ticket.phase", "pending", replace(mail(), phase="pending"), False),
    ("ticket.priority", "high", on_ticket(), True),
    ("ticket.priority", "high", mail(), False),
    ("ticket.category", "incident", on_ticket(), True),
    ("ticket.category", "incident", mail(), False),
    ("ticket.tags", "outage", on_ticket(), True),
    ("ticket.tags", "other", on_ticket(), False),
    ("ticket.tags", "outage", mail(), False),
    ("ticket.age", "> 2d", on_ticket(), True),
    ("ticket.age", "< 2d", on_ticket(), False),
    ("ticket.age", "between 3d and 4d", on_ticket(), True),
    ("ticket.age", "< 2d", mail(), False),
    ("ticket.agent", "ada", on_ticket(), True),
    ("ticket.agent", "bert", on_ticket(), False),
    ("ticket.agent", "ada", mail(found=REPLY), False),
    ("ticket.group", "network", on_ticket(), True),
    ("ticket.group", "network", mail(), False),
]


@pytest.mark.parametrize(("word", "value", "facts", "expected"), SAID)
def test_words_and_numbers(word: str, value: Any, facts: MailFacts, expected: bool) -> None:
    check(inside(word, value), facts, expected, opposite=inside(word, {"not": value}))


FLAGS = [
    # condition, mail, holds
    ("business_hours", replace(mail(), moment=NOON, hours=HOURS), True),
    ("business_hours", replace(mail(), moment=SATURDAY_NIGHT, hours=HOURS), False),
    ("business_hours", replace(mail(), moment=NOON + timedelta(days=1), hours=HOURS), False),
    ("business_hours", replace(mail(), moment=NOON.replace(hour=16), hours=HOURS), False),
    ("business_hours", mail(), True),
    ("trust.spoofed", replace(mail(), suspicion="the name is Ada's"), True),
    ("trust.spoofed", mail(), False),
    ("spam.flag", mail(headers=(("x-spam-flag", "YES"),)), True),
    ("spam.flag", mail(headers=(("x-spam-flag", "NO"),)), False),
    ("spam.flag", mail(headers=(("x-spam-status", "Yes, score=7.5"),)), True),
    ("spam.flag", mail(headers=(("x-spamd-result", "default: True [15.60 / 15.00]"),)), True),
    ("spam.flag", mail(headers=(("x-spam", "Yes"),)), True),
    ("spam.flag", mail(), False),
    ("contact.known", replace(mail(), contact=KNOWN), True),
    ("contact.known", STRANGER, False),
    ("contact.vip", replace(mail(), contact=KNOWN), True),
    ("contact.vip", replace(mail(), contact=contact()), False),
    ("contact.vip", STRANGER, False),
    ("contact.opted_out", replace(mail(), contact=KNOWN), True),
    ("contact.opted_out", replace(mail(), contact=contact()), False),
    ("contact.opted_out", STRANGER, False),
    ("contact.support_active", replace(mail(), contact=KNOWN, moment=NOON), True),
    ("contact.support_active", replace(mail(), contact=KNOWN, moment=NOON + timedelta(days=1)), False),
    ("contact.support_active", replace(mail(), contact=contact(support_start=date(2020, 1, 1)), moment=NOON), True),
    ("contact.support_active", replace(mail(), contact=contact(support_start=date(2031, 1, 1)), moment=NOON), False),
    ("contact.support_active", replace(mail(), contact=contact(), moment=NOON), False),
    ("contact.support_active", STRANGER, False),
    ("ticket.assigned", on_ticket(), True),
    ("ticket.assigned", mail(found=REPLY), False),
    ("ticket.assigned", mail(), False),
    ("has_ticket_ref", replace(mail(subject="Re: [ACME-1042] Drucker"), tag="ACME"), True),
    ("has_ticket_ref", replace(mail(subject="Re: [OTHER-1042] Drucker"), tag="ACME"), False),
    ("has_ticket_ref", replace(mail(), tag="ACME"), False),
]


@pytest.mark.parametrize(("word", "facts", "expected"), FLAGS)
def test_flags(word: str, facts: MailFacts, expected: bool) -> None:
    check(inside(word, True), facts, expected, opposite=inside(word, False))


PDF = attached("bill.PDF", "application/pdf", 900)
PICTURE = attached("screen.png", "image/png", 6_000_000)
LOGO = replace(PICTURE, inline=True)


@pytest.mark.parametrize(
    ("test", "files", "expected"),
    [
        ({"name": {"ends_with": ".pdf"}}, (PICTURE, PDF), True),
        ({"name": {"ends_with": ".pdf"}}, (PICTURE,), False),
        ({"name": {"ends_with": ".pdf"}}, (), False),
        ({"name": {"not": {"ends_with": ".pdf"}}}, (PICTURE, PDF), False),
        ({"name": {"not": {"ends_with": ".pdf"}}}, (), True),
        ({"type": {"glob": "image/*"}}, (PDF, PICTURE), True),
        ({"type": {"glob": "image/*"}}, (PDF, LOGO), False),
        ({"type": {"not": {"glob": "image/*"}}}, (), True),
        ({"size": "> 5 MB"}, (PDF, PICTURE), True),
        ({"size": {"not": "> 5 MB"}}, (PDF, PICTURE), False),
        ({"size": {"not": "> 5 MB"}}, (), True),
        ({"size": "> 5 MB"}, (), False),
        ({"type": {"equals": "application/pdf"}, "size": "> 5 MB"}, (PDF, PICTURE), False),
        ({"type": {"equals": "image/png"}, "size": "> 5 MB"}, (PDF, PICTURE), True),
        ({"type": {"equals": "application/pdf"}, "size": {"not": "> 5 MB"}}, (PDF, PICTURE), False),
        ({"type": {"equals": "application/pdf"}, "size": {"not": "> 5 MB"}}, (PDF,), True),
        ({"count": 2}, (PDF, PICTURE, LOGO), True),
        ({"count": ">= 3"}, (PDF, PICTURE, LOGO), False),
        ({"count": 0}, (), True),
        ({"count": 0}, (LOGO,), True),
        ({"count": {"not": "between 1 and 3"}}, (PDF,), False),
        ({"count": {"not": "between 1 and 3"}}, (), True),
        ({"type": {"glob": "image/*"}, "count": 1}, (PDF, PICTURE), True),
        ({"type": {"glob": "image/*"}, "count": 0}, (PDF,), True),
        ({"type": {"glob": "image/*"}, "count": {"not": 1}}, (PDF, PICTURE), False),
    ],
)
def test_attachments(test: Any, files: tuple[Attachment, ...], expected: bool) -> None:
    facts = mail(attachments=files)
    assert holds({"attachment": test}, facts) is expected
    assert holds({"none": [{"attachment": test}]}, facts) is not expected


@pytest.mark.parametrize(
    ("count", "sent", "expected"),
    [
        ("> 5", {timedelta(hours=1): 6}, True),
        ("> 5", {timedelta(hours=1): 5}, False),
        ("> 5", {timedelta(hours=2): 6}, False),
        ("> 5", {}, False),
        ("between 2 and 3", {timedelta(hours=1): 3}, True),
    ],
)
def test_mails_of_the_sender(count: str, sent: dict[timedelta, int], expected: bool) -> None:
    facts = replace(mail(), sender_mails=sent)
    negated = {"sender_mails": {"count": {"not": count}, "within": "1h"}}
    check({"sender_mails": {"count": count, "within": "60m"}}, facts, expected, opposite=negated)


def test_the_periods_that_must_be_counted() -> None:
    asked = [
        spec(name=n, when={"sender_mails": {"count": 1, "within": within}}) for n, within in (("a", "1d"), ("b", "1h"))
    ]
    assert rules.compile(asked).periods == (timedelta(hours=1), timedelta(days=1))
    assert rules.compile([spec()]).periods == ()


YES, NO = {"subject": {"contains": "yes"}}, {"subject": {"contains": "no"}}


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({"all": [YES, YES]}, True),
        ({"all": [YES, NO]}, False),
        ({"any": [NO, YES]}, True),
        ({"any": [NO, NO]}, False),
        ({"none": [NO, NO]}, True),
        ({"none": [NO, YES]}, False),
        ({**YES, "none": [NO]}, True),
        ({**YES, "any": [NO]}, False),
        ({"any": [{**YES, "is": "list"}, NO]}, False),
        ({"none": [{"none": [YES]}]}, True),
        ({"none": [{"all": [YES, NO]}]}, True),
        ({"subject": {"contains": "yes", "regex": "^yes"}}, True),
        ({"subject": {"contains": "yes", "equals": "no"}}, False),
        ({"header": {"X-A": {"equals": "1"}, "X-B": {"equals": "2"}}}, True),
        ({"header": {"X-A": {"equals": "1"}, "X-B": {"equals": "1"}}}, False),
    ],
)
def test_groups(when: Any, expected: bool) -> None:
    assert holds(when, mail(subject="yes!", headers=(("x-a", "1"), ("x-b", "2")))) is expected


def test_one_of_a_repeated_header_is_enough() -> None:
    received = (("x-spam", "no"), ("x-spam", "YES"))
    assert holds({"header": {"X-SPAM": {"equals": "yes"}}}, mail(headers=received))


def test_a_very_long_text_is_looked_at_up_to_the_limit() -> None:
    when = {"text": {"regex": "needle$"}}
    assert holds(when, mail(text="x" * (MAX_CHARACTERS - 6) + "needle" + "x"))
    assert not holds({"text": {"contains": "needle"}}, mail(text="x" * MAX_CHARACTERS + "needle"))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_word_has_its_manual(model: type[Frozen]) -> None:
    assert all(field.description for field in model.model_fields.values())


def test_every_operator_has_its_function_and_its_rows() -> None:
    assert set(TextWords.words()) == set(TEXT_OPERATORS) == {row[0] for row in TEXTS}
    assert set(AddressWords.words()) == {*ADDRESS_OPERATORS, "known"} == {row[0] for row in ADDRESSES}


def test_every_condition_has_its_rows() -> None:
    """Those of words, numbers and flags; the others have tests of their own."""
    rows = {row[0] for row in (*SAID, *FLAGS)}
    own = {"folder", "from", "reply_to", "to", "cc", "recipient", "subject", "text", "reply_text", "header",
           "attachment", "is", "sender_mails", "contact.organization", "all", "any", "none"}  # fmt: skip
    inner = {"trust": TrustTest, "spam": SpamTest, "contact": ContactTest, "ticket": TicketTest}
    words = {word for word in Conditions.words().values() if word not in inner}
    assert words | {f"{word}.{one}" for word, model in inner.items() for one in model.words().values()} == rows | own


def test_a_forged_field_below_the_filters_own_does_not_count() -> None:
    facts = mail(
        headers=(("x-spam-score", "9"), ("x-spam-score", "-100"), ("x-spam-flag", "YES"), ("x-spam-flag", "NO"))
    )
    assert holds({"spam": {"score": "> 5", "flag": True}}, facts)
