"""Every condition and every operator, as a table: what is asked, of which mail, and whether it holds."""

import unicodedata
from typing import Any

import pytest

from domain.decision import Found
from domain.rule import IS_WORDS, AddressTest, Conditions, TextTest
from rules.operators import ADDRESS_OPERATORS, TEXT_OPERATORS
from rules.view import COMPARED, MAX_CHARACTERS, kinds
from tests.rules.mails import FOREIGN, NEW, REPLY, UNCONFIRMED, holds, mail

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


@pytest.mark.parametrize(("operator", "operand", "text", "expected"), TEXTS)
@pytest.mark.parametrize("field", ["subject", "body", "header"])
def test_texts(field: str, operator: str, operand: Any, text: str, expected: bool) -> None:
    test = {operator: operand}
    when = {"header": {"X-Thing": test}} if field == "header" else {field: test}
    facts = mail(subject=text, text=text, headers=(("x-thing", text),))
    assert holds(when, facts) is expected
    assert holds({"none": [when]}, facts) is not expected


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


@pytest.mark.parametrize(("operator", "operand", "address", "name", "expected"), ADDRESSES)
def test_sender(operator: str, operand: Any, address: str, name: str, expected: bool) -> None:
    when = {"from": {operator: operand}}
    facts = mail(sender=address, name=name)
    assert holds(when, facts) is expected
    assert holds({"none": [when]}, facts) is not expected


@pytest.mark.parametrize(
    ("operator", "operand", "to", "expected"),
    [
        ("equals", "support@acme.example", "bert@x.example, Support@acme.example", True),
        ("equals", "support@acme.example", "", False),
        ("equals", "", "", True),
        ("contains", "support", "bert@x.example,support@acme.example", True),
        ("regex", "^sales@", "bert@x.example,sales@acme.example", True),
        ("domain", "acme.example", "bert@x.example,sales@acme.example", True),
        ("domain", "acme.example", "bert@x.example", False),
    ],
)
def test_recipients(operator: str, operand: str, to: str, expected: bool) -> None:
    assert holds({"to": {operator: operand}}, mail(to=to)) is expected


@pytest.mark.parametrize(
    ("words", "said", "found", "expected"),
    [
        ("list", {"is_list": True}, NEW, True),
        ("list", {}, NEW, False),
        ("auto_reply", {"is_auto_reply": True}, NEW, True),
        ("auto_reply", {"is_bounce": True}, NEW, False),
        ("bounce", {"is_bounce": True}, NEW, True),
        (["bounce", "auto_reply"], {"is_auto_reply": True}, NEW, True),
        (["bounce", "auto_reply"], {"is_list": True}, NEW, False),
        ("reply", {}, REPLY, True),
        ("reply", {}, UNCONFIRMED, True),
        ("reply", {}, FOREIGN, False),
        ("reply", {}, NEW, False),
    ],
)
def test_kinds(words: Any, said: dict[str, Any], found: Found, expected: bool) -> None:
    facts = mail(found=found, **said)
    assert holds({"is": words}, facts) is expected
    assert holds({"none": [{"is": words}]}, facts) is not expected


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
    when = {"body": {"regex": "needle$"}}
    assert holds(when, mail(text="x" * (MAX_CHARACTERS - 6) + "needle" + "x"))
    assert not holds({"body": {"contains": "needle"}}, mail(text="x" * MAX_CHARACTERS + "needle"))


def test_every_word_of_the_language_has_its_function_and_its_manual() -> None:
    assert set(TextTest.model_fields) == set(TEXT_OPERATORS)
    assert set(AddressTest.model_fields) == set(ADDRESS_OPERATORS)
    assert {value.text for value in kinds(mail(found=REPLY, is_auto_reply=True, is_bounce=True, is_list=True))} == set(
        IS_WORDS
    )
    words = {field.alias or name for name, field in Conditions.model_fields.items()}
    assert words == {*COMPARED, "header", "is", "all", "any", "none"}
    models = (Conditions, AddressTest, TextTest)
    assert all(field.description for model in models for field in model.model_fields.values())
