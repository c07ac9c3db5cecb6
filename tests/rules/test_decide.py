"""What becomes of a mail: order, fall-through, accumulation, defaults, and why."""

import json
from collections.abc import Sequence

import pytest

import rules
from domain.decision import AddTags, Assign, Create, Decision, Disposition, Found, Ignore, MailFacts, SetField, Update
from domain.rule import RuleSpec
from tests.rules.mails import FOREIGN, NEW, REPLY, UNCONFIRMED, mail, spec


def decided(specs: Sequence[RuleSpec], facts: MailFacts) -> Decision:
    return rules.decide(rules.compile(specs), facts)


@pytest.mark.parametrize(
    ("found", "expected"),
    [(NEW, Create), (FOREIGN, Create), (REPLY, Update), (UNCONFIRMED, Update)],
)
def test_without_rules_a_reply_updates_and_anything_else_opens(found: Found, expected: type) -> None:
    decision = decided([], mail(found=found))
    assert type(decision.disposition) is expected
    assert decision.disposition.because.startswith("no rule opens or ignores it: ")
    assert decision.rules == ()
    assert decision.modifiers == ()


@pytest.mark.parametrize(
    ("then", "found", "expected"),
    [
        ("create", NEW, Create(because="rule 'r'")),
        ("create", REPLY, Create(because="rule 'r'")),
        ("ignore", REPLY, Ignore(because="rule 'r'")),
        ("update", REPLY, Update(ticket=42, because="rule 'r'")),
        ("update", UNCONFIRMED, Update(ticket=42, because="rule 'r'")),
    ],
)
def test_dispositions(then: str, found: Found, expected: Disposition) -> None:
    decision = decided([spec(then), spec("ignore", name="later")], mail(found=found))
    assert decision == Decision(disposition=expected, rules=("r",))


@pytest.mark.parametrize("found", [NEW, FOREIGN])
def test_an_update_without_a_ticket_falls_through_and_takes_its_modifiers_along(found: Found) -> None:
    specs = [spec({"set": {"priority": "high"}}, "update", name="a"), spec({"tag": "b"}, "create", name="b")]
    assert decided(specs, mail(found=found)) == Decision(
        disposition=Create(because="rule 'b'"),
        modifiers=(AddTags(tags=("b",), because="rule 'b'"),),
        rules=("a", "b"),
    )


def test_update_or_else_create_in_one_rule() -> None:
    specs = [spec("update", "create", {"tag": "t"})]
    assert isinstance(decided(specs, mail(found=REPLY)).disposition, Update)
    new = decided(specs, mail())
    assert isinstance(new.disposition, Create)
    assert new.modifiers == (AddTags(tags=("t",), because="rule 'r'"),)


def test_modifiers_accumulate_and_the_later_wins_field_by_field() -> None:
    specs = [
        spec(
            {"set": {"priority": "low", "category": "question"}}, {"assign": {"agent": "ada", "group": "x"}}, name="a"
        ),
        spec({"tag": ["t", "u"]}, {"set": {"priority": "urgent", "title": "T"}}, name="b"),
        spec({"assign": {"group": "network"}}, {"tag": ["u", "v"]}, {"set": {"status": "waiting"}}, name="c"),
    ]
    assert decided(specs, mail()).modifiers == (
        SetField(field="category", value="question", because="rule 'a'"),
        Assign(agent="ada", because="rule 'a'"),
        AddTags(tags=("t", "u"), because="rule 'b'"),
        SetField(field="priority", value="urgent", because="rule 'b'"),
        SetField(field="title", value="T", because="rule 'b'"),
        Assign(group="network", because="rule 'c'"),
        AddTags(tags=("v",), because="rule 'c'"),
        SetField(field="status", value="waiting", because="rule 'c'"),
    )


def test_nothing_is_changed_by_a_mail_that_is_ignored() -> None:
    decision = decided([spec({"tag": "t"}, name="a"), spec("ignore", name="b")], mail())
    assert decision == Decision(disposition=Ignore(because="rule 'b'"), rules=("a", "b"))


@pytest.mark.parametrize(
    ("for_", "found", "expected"),
    [
        ("new", NEW, True),
        ("new", FOREIGN, True),
        ("new", REPLY, False),
        ("new", UNCONFIRMED, False),
        ("reply", REPLY, True),
        ("reply", UNCONFIRMED, True),
        ("reply", NEW, False),
        ("reply", FOREIGN, False),
    ],
)
def test_for_new_and_for_reply(for_: str, found: Found, expected: bool) -> None:
    assert bool(decided([spec({"tag": "t"}, for_=for_)], mail(found=found)).rules) is expected


def test_the_walk_tells_what_each_condition_saw() -> None:
    when = {
        "from": {"domain": "bigcorp.example"},
        "any": [{"subject": {"contains": ["Störung", "outage"]}}, {"text": {"contains": "urgent"}}],
        "none": [{"is": "auto_reply"}],
    }
    ruleset = rules.compile(
        [
            spec("update", name="first"),
            spec({"set": {"priority": "urgent"}}, {"assign": {"group": "network"}}, "create", name="outage", when=when),
            spec("ignore", name="never asked"),
        ]
    )
    facts = mail(
        sender="it@bigcorp.example", subject="Störung im Netz", text="Bitte\nhelfen.", class_because=("a person",)
    )
    first, outage, rest = rules.walk(ruleset, facts)

    assert (first.matched, first.reached) == (True, True)
    assert first.then == "update finds no ticket: the rule has no effect, the next one is tried"
    assert outage.then == "set priority urgent · assign to group network · create"
    assert [(c.condition, c.held, c.saw) for c in outage.conditions] == [
        ("from domain bigcorp.example", True, "it@bigcorp.example"),
        ("any 1: subject contains Störung, outage", True, "Störung im Netz"),
        ("any 2: text contains urgent", False, "Bitte helfen."),
        ("not is auto_reply", True, "a person"),
    ]
    assert (rest.rule, rest.matched, rest.reached, rest.conditions) == ("never asked", False, False, ())


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({"none": [{"all": [{"is": "list"}, {"is": "bounce"}]}]}, ["any 1: not is list", "any 2: not is bounce"]),
        ({"none": [{"any": [{"is": "list"}, {"is": "bounce"}]}]}, ["not is list", "not is bounce"]),
        ({"none": [{"none": [{"is": "list"}, {"is": "bounce"}]}]}, ["any 1: is list", "any 2: is bounce"]),
        ({"any": [{"is": "list"}]}, ["is list"]),
        ({"subject": {"equals": ["", "b", "c", "d"]}}, ["subject equals '', b, c, … (4)"]),
    ],
)
def test_how_nested_conditions_are_told(when: object, expected: list[str]) -> None:
    (verdict,) = rules.walk(rules.compile([spec(when=when)]), mail())
    assert [condition.condition for condition in verdict.conditions] == expected


def test_a_long_text_is_shown_around_the_place_that_matched() -> None:
    (verdict,) = rules.walk(
        rules.compile([spec(when={"text": {"contains": "needle"}})]), mail(text="hay " * 999 + "needle")
    )
    (condition,) = verdict.conditions
    assert condition.saw.startswith("…")
    assert condition.saw.endswith("needle")
    assert len(condition.saw) < 65


def test_the_facts_that_the_rules_read_are_kept_and_capped() -> None:
    when = {"header": {"X-Thing": {"equals": "1"}}, "any": [{"text": {"contains": "a"}}, {"is": "list"}]}
    facts = mail(text="ß" * 9999, headers=(("x-thing", "2"), ("x-other", "3")), is_list=True, subject="not asked for")
    assert rules.facts_read(rules.compile([spec(when=when)]), facts) == {
        "text": ["ß" * 4096],
        "found": {"verdict": "nothing", "ticket": None},
        "header x-thing": ["2"],
        "is": ["new", "list"],
    }


def test_the_hash_names_the_rules_whatever_their_layout() -> None:
    one = spec("create", when={"subject": {"contains": ["a"]}, "text": {"contains": "b"}})
    same = spec({"create": None}, when={"text": {"contains": ["b"]}, "subject": {"contains": "a"}})
    other = spec("create", when={"subject": {"contains": "A"}, "text": {"contains": "b"}})
    hashes = [rules.compile([rule]).hash for rule in (one, same, other)]
    assert hashes[0] == hashes[1] != hashes[2]
    assert len(hashes[0]) == 64


def test_the_text_reads_back_into_the_same_rules() -> None:
    specs = [spec("update", {"assign": {"agent": "ada"}}, for_="reply", when={"from": {"domain": "x.example"}}), spec()]
    text = rules.compile(specs).text
    assert [RuleSpec.model_validate(said) for said in json.loads(text)] == specs
