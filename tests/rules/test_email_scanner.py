"""The E-Mail Scanner that this replaces: what its rules mean, row by row, written in our words.

Its conditions never match an empty or missing field, not even the negative ones: beside a `not` stands
another that the field is not empty.  Of several conditions it wants all, or any.
"""

from dataclasses import replace
from typing import Any

import pytest

import rules
from domain.decision import Assign, Create, Decision, Lookup, MailFacts, Update
from domain.people import Address
from tests.rules.mails import FOREIGN, NEW, REPLY, TICKET, holds, mail, spec

NOT_EMPTY = {"not": {"equals": ""}}
SUBJECT_CONTAINS_NOT = {"subject": {"not": {"equals": "", "contains": "offer"}}}
SUBJECT_EQUALS_NOT = {"subject": {"not": {"equals": ["", "offer"]}}}
BODY_CONTAINS_NOT = {"text": {"not": {"equals": "", "contains": "offer"}}}

CONDITIONS = [
    # what it is called there, our words, the mail, whether it holds
    ("From contains", {"from": {"contains": "@x.example"}}, mail(sender="Ada@X.example"), True),
    ("From contains", {"from": {"contains": "@x.example"}}, mail(sender=""), False),
    ("To contains, any address", {"to": {"contains": "sales"}}, mail(to="a@x.example,sales@acme.example"), True),
    ("To contains, empty", {"to": {"contains": "sales"}}, mail(), False),
    ("CC contains", {"cc": {"contains": "sales"}}, mail(cc=(Address("SALES@acme.example"),)), True),
    ("BCC contains", {"recipient": {"contains": "sales"}}, mail(delivered_to=(Address("sales@acme.example"),)), True),
    ("Subject Contains", {"subject": {"contains": "OFFER"}}, mail(subject="An offer"), True),
    ("Subject Contains, empty", {"subject": {"contains": "offer"}}, mail(), False),
    ("Subject Not Contains", SUBJECT_CONTAINS_NOT, mail(subject="A question"), True),
    ("Subject Not Contains", SUBJECT_CONTAINS_NOT, mail(subject="An offer"), False),
    ("Subject Not Contains, empty", SUBJECT_CONTAINS_NOT, mail(), False),
    ("Subject Equals", {"subject": {"equals": "offer"}}, mail(subject="Offer"), True),
    ("Subject Equals", {"subject": {"equals": "offer"}}, mail(subject="Offers"), False),
    ("Subject Not Equals", SUBJECT_EQUALS_NOT, mail(subject="Offers"), True),
    ("Subject Not Equals", SUBJECT_EQUALS_NOT, mail(subject="Offer"), False),
    ("Subject Not Equals, empty", SUBJECT_EQUALS_NOT, mail(), False),
    ("Subject Begins With", {"subject": {"begins_with": "offer"}}, mail(subject="Offer 1"), True),
    ("Subject Begins With", {"subject": {"begins_with": "offer"}}, mail(subject="1 offer"), False),
    ("Subject Ends With", {"subject": {"ends_with": "offer"}}, mail(subject="Offer: an offer"), True),
    ("Subject Ends With", {"subject": {"ends_with": "offer"}}, mail(subject="Offer 1"), False),
    ("Subject Regex, unanchored", {"subject": {"regex": r"case/\d+"}}, mail(subject="Re: CASE/12"), True),
    ("Subject Regex, empty", {"subject": {"regex": ".*", "not": {"equals": ""}}}, mail(), False),
    ("Has Ticket Number", {"has_ticket_ref": True}, replace(mail(subject="[ACME-7] x"), tag="ACME"), True),
    ("Has Ticket Number", {"has_ticket_ref": True}, replace(mail(subject="[B-7] x"), tag="ACME"), False),
    ("Body Contains", {"text": {"contains": "offer"}}, mail(text="An offer"), True),
    ("Body Not Contains", BODY_CONTAINS_NOT, mail(text="A question"), True),
    ("Body Not Contains, empty", BODY_CONTAINS_NOT, mail(), False),
    ("Body Equals", {"text": {"equals": "offer"}}, mail(text="Offer"), True),
    ("Body Begins With", {"text": {"begins_with": "offer"}}, mail(text="Offer 1"), True),
    ("Body Ends With", {"text": {"ends_with": "offer"}}, mail(text="An offer"), True),
]


@pytest.mark.parametrize(("called", "when", "facts", "expected"), CONDITIONS)
def test_conditions(called: str, when: Any, facts: MailFacts, expected: bool) -> None:
    assert holds(when, facts) is expected, called


FROM, SUBJECT = {"from": {"contains": "@x.example"}}, {"subject": {"contains": "offer"}}


@pytest.mark.parametrize(
    ("sender", "subject", "all_hold", "one_holds"),
    [
        ("ada@x.example", "offer", True, True),
        ("ada@x.example", "else", False, True),
        ("ada@y.example", "offer", False, True),
        ("ada@y.example", "else", False, False),
    ],
)
def test_match_all_and_match_any(sender: str, subject: str, all_hold: bool, one_holds: bool) -> None:
    facts = mail(sender=sender, subject=subject)
    assert holds({**FROM, **SUBJECT}, facts) is all_hold
    assert holds({"any": [FROM, SUBJECT]}, facts) is one_holds


def test_no_condition_under_any_is_a_catch_all() -> None:
    assert decided([spec("create")], mail(sender="", subject="")) == Decision(
        disposition=Create(because="rule 'r'"), rules=("r",)
    )


def decided(specs: list[Any], facts: MailFacts) -> Decision:
    return rules.decide(rules.compile(specs), facts)


def knows(*lookups: Lookup) -> Any:
    return lambda lookup: replace(TICKET, number=9) if lookup in lookups else None


NEXT = spec("create", name="next")


def test_create_ticket_gives_it_to_the_rules_assignee() -> None:
    decision = decided([spec("create", {"assign": {"agent": "ada", "group": "net"}})], mail(subject="Hi"))
    assert decision.disposition == Create(because="rule 'r'")
    assert decision.modifiers == (Assign(agent="ada", group="net", because="rule 'r'"),)


def test_create_ticket_without_a_subject_is_untitled() -> None:
    rule = spec({"set": {"title": "{{ mail.subject | default('Untitled') }}"}}, "create")
    assert [change.value for change in decided([rule], mail()).modifiers if hasattr(change, "value")] == ["Untitled"]


@pytest.mark.parametrize("by", ["number", "title"])
def test_update_ticket_by_the_capture_of_a_regex(by: Any) -> None:
    rule = spec({"update": {"by": by, "key": "{{ match.key }}"}}, when={"subject": {"regex": r"case (?P<key>\w+)"}})
    there = knows(Lookup(by=by, key="C12", belongs=True))
    assert decided([rule, NEXT], replace(mail(subject="Case C12"), targets=there)).disposition == Update(
        ticket=9, because="rule 'r'"
    )


def test_update_ticket_by_the_whole_subject_where_no_regex_is() -> None:
    rule = spec({"update": {"by": "title", "key": "{{ mail.subject }}"}}, when={"subject": {"contains": "printer"}})
    there = knows(Lookup(by="title", key="Printer burns", belongs=True))
    facts = replace(mail(subject="Printer burns"), targets=there)
    assert decided([rule, NEXT], facts).rules == ("r",)


def test_update_ticket_by_the_number_in_the_subject() -> None:
    rule = spec({"update": {"by": "number", "key": "{{ mail.ticket_ref }}"}}, when={"has_ticket_ref": True})
    there = knows(Lookup(by="number", key="7", belongs=True))
    facts = replace(mail(subject="Re: [ACME-7] x"), tag="ACME", targets=there)
    assert decided([rule, NEXT], facts).rules == ("r",)


def test_update_ticket_that_is_not_there_or_not_the_senders_falls_through_to_the_next_rule() -> None:
    rule = spec({"update": {"by": "title", "key": "{{ mail.subject }}"}}, {"tag": "answer"})
    decision = decided([rule, NEXT], mail(subject="Printer burns"))
    assert (decision.disposition, decision.modifiers) == (Create(because="rule 'next'"), ())


def test_update_of_the_ticket_that_was_found() -> None:
    assert [type(decided([spec("update"), NEXT], mail(found=one)).disposition) for one in (REPLY, NEW, FOREIGN)] == [
        Update, Create, Create,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("called", "when", "known", "expected"),
    [
        ("Link to contact by FROM", {"from": {"known": True}}, "ada@x.example", ("r",)),
        ("Link to contact by FROM", {"from": {"known": True}}, "bert@x.example", ("next",)),
        ("Link to contact by TO", {"to": {"known": True}}, "bert@x.example", ("r",)),
        ("Link to contact by TO", {"to": {"known": True}}, "ada@x.example", ("next",)),
    ],
)
def test_link_keeps_the_mail_of_somebody_known_without_a_ticket(
    called: str, when: Any, known: str, expected: tuple[str, ...]
) -> None:
    facts = replace(mail(to="bert@x.example"), known=frozenset({known}))
    assert decided([spec("ignore", when=when), NEXT], facts).rules == expected, called


def test_no_rule_matches_and_nothing_is_created() -> None:
    """There, a mail that meets no rule makes nothing; here that is said in the last rule."""
    specs = [spec("create", when=SUBJECT), spec("ignore", name="last")]
    assert decided(specs, mail(subject="else")).rules == ("last",)


def test_body_parse_takes_labelled_values_into_fields() -> None:
    when = {
        "text": {"regex": r"(?m)^Machine: *(?P<machine>.+)$"},
        "any": [{"text": {"regex": r"Site *= *(?P<site>\w+)"}}],
    }
    rule = spec({"set": {"fields": {"machine": "{{ match.machine }}"}, "title": "{{ match.site }}"}}, when=when)
    decision = decided([rule], mail(text="Hello\nMachine: M 12\nSite = Köln\n"))
    assert {change.field: change.value for change in decision.modifiers if hasattr(change, "field")} == {
        "fields.machine": "M 12",
        "title": "Köln",
    }
