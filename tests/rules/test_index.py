"""The index: a rule whose conditions hold is always asked, however many there are and whatever they say."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rules
from domain.decision import MailFacts
from domain.nfc import nfc
from domain.rule import RuleSpec
from rules import pattern
from rules.conditions import Condition, Group
from rules.index import Index, needs_of
from rules.operators import Contains, Equals, InDomain
from rules.pattern import Pattern, Together
from rules.required import required
from rules.text import fold
from rules.view import View
from tests.rules.mails import mail, spec
from tests.rules.test_property import mails, rule_lists


@given(parts=st.lists(rule_lists(), min_size=4, max_size=6), facts=mails())
def test_a_rule_that_matches_is_always_a_candidate(parts: list[list[RuleSpec]], facts: MailFacts) -> None:
    conditions = [rule.condition for part in parts for rule in rules.compile(part).rules]
    view = View(facts)
    candidates = Index(conditions * 3).candidates(view)
    assert {place for place, condition in enumerate(conditions * 3) if condition.holds(view)} <= set(candidates)
    assert candidates == sorted(set(candidates))


def named(number: int, when: object) -> RuleSpec:
    return spec({"tag": [f"t{number}"]}, name=f"r{number}", when=when)


MANY = [
    *(named(n, {"from": {"domain": f"customer{n}.example"}}) for n in range(100)),
    *(named(n, {"from": {"equals": f"user{n}@x.example"}}) for n in range(100, 200)),
    *(named(n, {"subject": {"contains": f"Störung {n}."}}) for n in range(200, 300)),
    *(named(n, {"subject": {"regex": rf"Fall{n}-(\d+)"}}) for n in range(300, 400)),
    *(named(n, {"header": {"X-Queue": {"equals": f"q{n}"}}}) for n in range(400, 500)),
    named(500, {"from": {"domain": "*.parent.example"}}),
    named(501, {"subject": {"equals": ""}}),
]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (mail(sender="it@customer7.example", subject="x"), ["r7"]),
        (mail(sender="User150@X.example", subject="x"), ["r150"]),
        (mail(subject="STO\u0308RUNG 222. im Netz"), ["r222"]),
        (mail(subject="fall333-1 und FALL334-2"), ["r333", "r334"]),
        (mail(subject="x", headers=(("x-queue", "Q404"),)), ["r404"]),
        (mail(sender="it@a.b.parent.example", subject="x"), ["r500"]),
        (mail(sender="it@parent.example", subject=""), ["r501"]),
        (mail(subject="nothing of all that"), []),
    ],
)
def test_few_of_many_rules_are_asked(facts: MailFacts, expected: list[str]) -> None:
    ruleset = rules.compile(MANY)
    assert [ruleset.rules[place].name for place in ruleset.index.candidates(View(facts))] == expected
    assert list(rules.decide(ruleset, facts).rules) == expected


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        (("all", "a long subject", "x.example"), ["x.example"]),
        (("any", "a long subject", "x.example"), ["a long subject", "x.example"]),
        (("none", "a long subject", "x.example"), None),
    ],
)
def test_what_a_rule_needs(group: tuple[str, str, str], expected: list[str] | None) -> None:
    how, text, domain = group
    parts = (
        Condition(words="", field="subject", test=Contains((text,))),
        Condition(words="", field="from", test=InDomain(frozenset({domain}), ())),
    )
    needs = needs_of(Group(how=how, parts=parts))
    assert (None if needs is None else [need.wanted for need in needs]) == expected


def test_a_negated_condition_needs_nothing() -> None:
    assert needs_of(Condition(words="", field="subject", test=Equals(frozenset({"x"})), negated=True)) is None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (r"Case (?P<case>\d{8})", "case "),
        (r"\bStörung\b", "störung"),
        ("STRASSE|Weg", ""),
        ("(?:Fall|Case) Nummer", " nummer"),
        ("(Order) (no) [0-9]", "order no "),
        ("colou?rs", "colo"),
        ("x+yz", "yz"),
        ("(abc)*de", "de"),
        (r"a\.b\d", "a.b"),
        (r"\Qa.b\Ecd", "cd"),
        (".*", ""),
        ("", ""),
        ("groß", "gross"),
        ("i\u0307x", "i"),
        ("[abc]def", "def"),
        ("ab{0}cd", "cd"),
    ],
)
def test_the_text_that_a_pattern_cannot_do_without(written: str, expected: str) -> None:
    assert required(written) == expected


PIECES = st.sampled_from(
    ["a", "b", "ß", "K", "İ", "i\u0307", "ς", ".", r"\.", "a?", "b*", "(ab)", "(a|b)", "(?:ba)+", "[ab]", r"\w", "b{2}"]
)


@settings(max_examples=300)
@given(pieces=st.lists(PIECES, min_size=1, max_size=6), text=st.text(alphabet="abßẞKkKİi\u0307ςσΣ.", max_size=20))
def test_where_a_pattern_is_found_its_text_stands(pieces: list[str], text: str) -> None:
    written, text = "".join(pieces), nfc(text)
    if Pattern.of(written).position(text.encode()) >= 0:
        assert required(written) in fold(text)


def test_patterns_too_large_to_be_looked_for_together_are_asked_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pattern, "MAX_MEMORY_TOGETHER", 1 << 12)
    together = Together([r"(?:x|y)[ab]{18}c", "zzz"], literal=False)
    assert 0 in set(together.found(b"x" + b"ab" * 9 + b"c"))


def test_texts_looked_for_together_are_texts() -> None:
    found = Together(["a.c", "(", "x"], literal=True).found
    assert [list(found(text)) for text in (b"abc", b"a.c (", b"")] == [[], [0, 1], []]
    assert re.escape("(") == r"\("
