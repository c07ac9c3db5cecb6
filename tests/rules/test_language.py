"""Rules as they are written: what is taken, what is refused, and at which place of the YAML file."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.rule import BARE_ACTIONS, MAX_DEPTH, Action, RuleSpec
from rules.actions import DISPOSITIONS, MODIFIERS

RULES = TypeAdapter(tuple[RuleSpec, ...])
OUTAGE = {
    "name": "outage",
    "for": "new",
    "when": {
        "from": {"domain": ["bigcorp.example", "*.bigcorp.example"]},
        "header": {"X-Priority": {"equals": "1"}},
        "any": [{"subject": {"contains": ["Störung", "outage"]}}, {"body": {"regex": r"\bdringend\b"}}],
        "none": [{"is": ["auto_reply", "list"]}],
    },
    "then": [{"set": {"priority": "urgent"}}, {"assign": {"group": "network"}}, {"tag": "outage"}, "create"],
}


def refused(**said: Any) -> list[tuple[tuple[str | int, ...], str]]:
    """The complaints about a good rule in which SAID is written instead."""
    written = {"name": "r", "when": {"is": "list"}, "then": ["ignore"], **said}
    with pytest.raises(ValidationError) as caught:
        RULES.validate_python([{word: value for word, value in written.items() if value is not ...}])
    return [(error["loc"], error["msg"].removeprefix("Value error, ")) for error in caught.value.errors()]


def test_a_whole_rule_is_taken() -> None:
    (rule,) = RULES.validate_python([OUTAGE])
    assert rule.for_ == "new"
    assert [action.word for action in rule.then] == ["set", "assign", "tag", "create"]
    assert rule.when is not None
    assert rule.when.any is not None
    assert rule.when.any[1].body is not None
    assert rule.when.any[1].body.regex == (r"\bdringend\b",)


@pytest.mark.parametrize("written", ["create", {"create": None}, {"create": {}}])
def test_a_bare_word_and_a_word_without_arguments_are_the_same(written: Any) -> None:
    assert Action.model_validate(written) == Action.model_validate("create")


WHEN = [
    ({"subjct": {"contains": "a"}}, ("subjct",), "Extra inputs are not permitted"),
    ({"subject": {"contians": "a"}}, ("subject", "contians"), "Extra inputs are not permitted"),
    ({"subject": {"domain": "x.example"}}, ("subject", "domain"), "Extra inputs are not permitted"),
    ({"subject": "outage"}, ("subject",), "say how to compare: {contains: outage}"),
    ({"subject": ["outage"]}, ("subject",), "say how to compare: {contains: outage}"),
    ({"from": "ada@x.example"}, ("from",), "there are: equals, contains, regex, domain"),
    ({"subject": None}, ("subject",), "nothing is written here"),
    ({"subject": {}}, ("subject",), "nothing is said here; there are: equals"),
    ({"subject": {"contains": None}}, ("subject", "contains"), "nothing is written here"),
    ({"subject": {"contains": ""}}, ("subject", "contains"), "nothing stands between the quotes"),
    ({"subject": {"regex": ["a", ""]}}, ("subject", "regex", 1), "nothing stands between the quotes"),
    ({"subject": {"contains": []}}, ("subject", "contains"), "the list is empty"),
    ({"subject": {"equals": 7}}, ("subject", "equals"), "this is read as 7, not as text: put it in quotes"),
    ({"subject": {"equals": ["a", True]}}, ("subject", "equals", 1), "this is read as True"),
    ({"header": {"X-Priority": {"equals": 1}}}, ("header", "X-Priority", "equals"), "put it in quotes"),
    ({"header": {"X-Priority": "1"}}, ("header", "X-Priority"), "say how to compare"),
    ({"header": {"X Priority": {"equals": "1"}}}, ("header",), "'X Priority' is not the name of a header"),
    ({"header": {}}, ("header",), "name the header"),
    ({"is": "autoreply"}, ("is",), "no such word 'autoreply'; did you mean 'auto_reply'?"),
    ({"is": ["list", "spam"]}, ("is", 1), "there are: reply, auto_reply, bounce, list"),
    ({"any": {"is": "list"}}, ("any",), "a list of conditions is expected"),
    ({"none": []}, ("none",), "a list of conditions is expected"),
    ({"any": [{"is": "list"}, {"body": {"has": "a"}}]}, ("any", 1, "body", "has"), "Extra inputs"),
    ({}, (), "nothing is said here; there are: from, to, subject"),
    (None, (), "nothing is written here"),
]


@pytest.mark.parametrize(("when", "place", "said"), WHEN)
def test_bad_conditions(when: Any, place: tuple[str | int, ...], said: str) -> None:
    ((loc, text),) = refused(when=when)
    assert loc == (0, "when", *place)
    assert said in text


THEN = [
    (["ingore"], (0,), "no such action 'ingore'; did you mean 'ignore'?"),
    (["set"], (0,), "'set' needs to be told what"),
    (["ignore", {"sett": {"status": "x"}}], (1, "sett"), "Extra inputs are not permitted"),
    ([{"set": {"prio": "x"}}], (0, "set", "prio"), "Extra inputs are not permitted"),
    ([{"set": {}}], (0, "set"), "there are: status, priority, category, title"),
    ([{"set": {"priority": None}}], (0, "set", "priority"), "nothing is written here"),
    ([{"set": {"priority": 1}}], (0, "set", "priority"), "put it in quotes"),
    ([{"assign": {}}], (0, "assign"), "there are: agent, group"),
    ([{"assign": "ada"}], (0, "assign"), "valid dictionary"),
    ([{"tag": ["a", ""]}], (0, "tag", 1), "nothing stands between the quotes"),
    ([{"create": {"queue": "x"}}], (0, "create", "queue"), "Extra inputs are not permitted"),
    ([{"set": {"status": "x"}, "tag": "y"}], (0,), "one action a hyphen, not 2: set, tag"),
    ([{}], (0,), "there are create, update, ignore, set, assign, tag"),
    ("ignore", (), "a list of actions is expected here, such as [ignore]"),
    ([], (), "a list of actions is expected here"),
    (None, (), "a list of actions is expected here"),
]


@pytest.mark.parametrize(("then", "place", "said"), THEN)
def test_bad_actions(then: Any, place: tuple[str | int, ...], said: str) -> None:
    errors = dict(refused(then=then))
    assert said in errors[0, "then", *place]


@pytest.mark.parametrize(
    ("written", "place", "said"),
    [
        ({"when": ...}, (), "rule 'r' does not say for which mails it is: write when: or match: always"),
        ({"match": "always"}, (), "rule 'r' has both when: and match: always"),
        ({"when": ..., "match": "never"}, ("match",), "Input should be 'always'"),
        ({"for": "all"}, ("for",), "Input should be 'new' or 'reply'"),
        ({"for": None}, ("for",), "nothing is written here"),
        ({"name": " "}, ("name",), "needs a name"),
        ({"name": "a\x1b[2J"}, ("name",), "of printable characters"),
        ({"name": "a" * 101}, ("name",), "at most 100 characters"),
        ({"name": 7}, ("name",), "put it in quotes"),
        ({"name": ...}, ("name",), "Field required"),
        ({"wen": {}}, ("wen",), "Extra inputs are not permitted"),
    ],
)
def test_bad_rules(written: dict[str, Any], place: tuple[str, ...], said: str) -> None:
    errors = dict(refused(**written))
    assert said in errors[(0, *place)]


@pytest.mark.parametrize(("depth", "said"), [(MAX_DEPTH, "nested 17 deep"), (400, "maximum validation depth")])
def test_conditions_nested_too_deep(depth: int, said: str) -> None:
    when: dict[str, Any] = {"is": "list"}
    for _ in range(depth):
        when = {"any": [when]}
    ((_, text),) = refused(when=when)
    assert said in text


def test_every_action_has_its_function_and_its_manual() -> None:
    assert set(Action.model_fields) == {*DISPOSITIONS, *MODIFIERS}
    assert set(BARE_ACTIONS) == set(DISPOSITIONS)
    assert all(field.description for field in Action.model_fields.values())


def test_the_json_schema_knows_both_forms_of_an_action_and_no_null() -> None:
    schema = RULES.json_schema(by_alias=True)
    bare, mapping = schema["$defs"]["Action"]["anyOf"]
    assert bare == {"enum": ["create", "update", "ignore"]}
    assert mapping["maxProperties"] == 1
    assert set(schema["$defs"]["Conditions"]["properties"]) >= {"from", "is", "none"}
    contains = schema["$defs"]["TextTest"]["properties"]["contains"]["anyOf"]
    assert [form["type"] for form in contains] == ["string", "array"]
    assert "'type': 'null'" not in str(schema)
