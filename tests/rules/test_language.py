"""Rules as they are written: what is taken, what is refused, and at which place of the YAML file."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.action import (
    BARE_ACTIONS,
    Action,
    AssignTo,
    Letters,
    LinkTo,
    NotifyWhom,
    RejectWith,
    SetFields,
    TargetKey,
    WatchedBy,
)
from domain.rule import MAX_DEPTH, RuleSpec
from rules.actions import DISPOSITIONS, FLOW, LETTERS, MODIFIERS

RULES = TypeAdapter(tuple[RuleSpec, ...])
OUTAGE = {
    "name": "outage",
    "for": "new",
    "when": {
        "from": {"domain": ["bigcorp.example", "*.bigcorp.example"]},
        "header": {"X-Priority": {"equals": "1"}},
        "any": [{"subject": {"contains": ["Störung", "outage"]}}, {"text": {"regex": r"\bdringend\b"}}],
        "none": [{"is": ["auto_reply", "list"]}],
    },
    "then": [{"set": {"priority": "urgent"}}, {"assign": {"group": "network"}}, {"tag": "outage"}, "create"],
}


def refused(**said: Any) -> list[tuple[tuple[str | int, ...], str]]:
    """The complaints about a good rule in which SAID is written instead."""
    written = {"name": "r", "when": {"is": "list"}, "then": ["ignore"], **said}
    with pytest.raises(ValidationError) as caught:
        RULES.validate_python([{word: value for word, value in written.items() if value is not ...}])
    return [(_place(error["loc"]), error["msg"].removeprefix("Value error, ")) for error in caught.value.errors()]


def _place(loc: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """LOC without the steps that name one of several forms."""
    return tuple(step for step in loc if not str(step).startswith("["))


def test_a_whole_rule_is_taken() -> None:
    (rule,) = RULES.validate_python([OUTAGE])
    assert rule.for_ == "new"
    assert [action.word for action in rule.then] == ["set", "assign", "tag", "create"]
    assert rule.when is not None
    assert rule.when.any is not None
    assert rule.when.any[1].text is not None
    assert rule.when.any[1].text.regex == (r"\bdringend\b",)


@pytest.mark.parametrize("written", ["create", {"create": None}, {"create": {}}])
def test_a_bare_word_and_a_word_without_arguments_are_the_same(written: Any) -> None:
    assert Action.model_validate(written) == Action.model_validate("create")


WHEN = [
    ({"subjct": {"contains": "a"}}, ("subjct",), "Extra inputs are not permitted"),
    ({"subject": {"contians": "a"}}, ("subject", "contians"), "Extra inputs are not permitted"),
    ({"subject": {"domain": "x.example"}}, ("subject", "domain"), "Extra inputs are not permitted"),
    ({"subject": "outage"}, ("subject",), "say how to compare: {contains: outage}"),
    ({"subject": ["outage"]}, ("subject",), "say how to compare: {contains: outage}"),
    (
        {"from": "ada@x.example"},
        ("from",),
        "there are: equals, one_of, contains, begins_with, ends_with, word, glob, regex, in_file",
    ),
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
    (
        {"is": ["list", "spam"]},
        ("is", 1),
        "there are: new, reply, person, auto_reply, bounce, notice, complaint, list, calendar",
    ),
    ({"is": {"not": "autoreply"}}, ("is", "not"), "did you mean 'auto_reply'?"),
    ({"is": {"not": ["list", "x"]}}, ("is", "not", 1), "no such word 'x'"),
    ({"is": {"no": "list"}}, ("is",), "write a value, or {not: ...} with a value"),
    ({"is": {"not": None}}, ("is", "not"), "nothing is written here"),
    ({"mailbox": {"not": ""}}, ("mailbox", "not"), "nothing stands between the quotes"),
    ({"subject": {"not": {"contians": "a"}}}, ("subject", "not", "contians"), "Extra inputs are not permitted"),
    ({"subject": {"not": {"not": {"contains": "a"}}}}, ("subject", "not", "not"), "Extra inputs are not permitted"),
    ({"subject": {"not": "a"}}, ("subject", "not"), "say how to compare: {contains: a}"),
    ({"size": "5 BM"}, ("size",), "'5 BM' is not a size: write a number and a unit, such as 50 MB; a comparison looks"),
    ({"size": "over 5 MB"}, ("size",), "a comparison looks like '> 5 MB'"),
    ({"size": {"not": "> 5 XB"}}, ("size", "not"), "'5 XB' is not a size"),
    ({"size": "between 5 MB and 1 MB"}, ("size",), "the smaller one stands first"),
    ({"attachment": {"count": "> many"}}, ("attachment", "count"), "'many' is not a number"),
    ({"attachment": {"nam": {"equals": "a"}}}, ("attachment", "nam"), "Extra inputs are not permitted"),
    ({"attachment": {}}, ("attachment",), "there are: name, type, size, count"),
    ({"ticket": {"age": "> 2 days"}}, ("ticket", "age"), "'2 days' is not a duration"),
    ({"ticket": {"phase": "closing"}}, ("ticket", "phase"), "did you mean 'closed'?"),
    ({"trust": {"dmarc": "passed"}}, ("trust", "dmarc"), "did you mean 'pass'?"),
    ({"trust": {"spoofed": "yes"}}, ("trust", "spoofed"), "write true or false"),
    ({"weekday": "mon-fry"}, ("weekday",), "'mon-fry' is not a day"),
    ({"weekday": ["mon", "xyz"]}, ("weekday", 1), "'xyz' is not a day"),
    ({"business_hours": "true"}, ("business_hours",), "write true or false"),
    ({"sender_mails": {"count": "> 5"}}, ("sender_mails", "within"), "Field required"),
    ({"sender_mails": {"count": "> 5", "within": "0h"}}, ("sender_mails", "within"), "must be longer than nothing"),
    ({"sender_mails": {"count": "> 5", "within": "1 hour"}}, ("sender_mails", "within"), "is not a duration"),
    ({"spam": {"score": "high"}}, ("spam", "score"), "'high' is not a number; a comparison looks like '> 5'"),
    ({"from": {"known": "yes"}}, ("from", "known"), "write true or false"),
    ({"any": {"is": "list"}}, ("any",), "a list of conditions is expected"),
    ({"none": []}, ("none",), "a list of conditions is expected"),
    ({"any": [{"is": "list"}, {"text": {"has": "a"}}]}, ("any", 1, "text", "has"), "Extra inputs"),
    ({}, (), "nothing is said here; there are: mailbox, folder, from, reply_to, to, cc"),
    (None, (), "nothing is written here"),
]


@pytest.mark.parametrize(("when", "place", "said"), WHEN)
def test_bad_conditions(when: Any, place: tuple[str | int, ...], said: str) -> None:
    ((loc, text),) = refused(when=when)
    assert loc == (0, "when", *place)
    assert said in text


THEN = [
    (["forward"], (0,), "'forward' needs to be told what"),
    ([{"forward": "ada"}], (0, "forward"), "'ada' is not an address"),
    ([{"forward": ["a@x.example", "b"]}], (0, "forward", 1), "'b' is not an address"),
    ([{"update": {"by": "number"}}], (0, "update"), "by and key go together"),
    ([{"update": {"sender": "anyone"}}], (0, "update"), "by and key go together"),
    ([{"update": {"by": "no", "key": "1"}}], (0, "update", "by"), "Input should be 'number', 'title' or 'external_id'"),
    ([{"merge_into": {}}], (0, "merge_into"), "say which ticket"),
    ([{"reject": {"letter": "a", "text": "b"}}], (0, "reject"), "not both"),
    ([{"assign": {"round_robin": "a", "least_loaded": "b"}}], (0, "assign"), "cannot stand together: take one"),
    ([{"assign": {"agent": "a", "round_robin": "b"}}], (0, "assign"), "cannot stand together: take one"),
    ([{"assign": {"by_organization": False}}], (0, "assign", "by_organization"), "write true, or take the word out"),
    ([{"letter": {"suppress": False}}], (0, "letter", "suppress"), "write true, or the kinds of letters"),
    ([{"letter": {"suppress": "acknowledgment"}}], (0, "letter", "suppress"), "did you mean 'acknowledgement'?"),
    ([{"letter": {}}], (0, "letter"), "there are: choose, add, suppress, mandatory"),
    ([{"link": {}}], (0, "link"), "there are: contact, organization"),
    ([{"watch": {"address": "boss"}}], (0, "watch", "address"), "'boss' is not an address"),
    ([{"notify": {}}], (0, "notify"), "there are: agent, group"),
    ([{"note": 7}], (0, "note"), "put it in quotes"),
    ([{"stop": {"now": True}}], (0, "stop", "now"), "Extra inputs are not permitted"),
    ([{"set": {"fields": {"machine": ""}}}], (0, "set", "fields", "machine"), "nothing stands between the quotes"),
    (["ingore"], (0,), "no such action 'ingore'; did you mean 'ignore'?"),
    (["set"], (0,), "'set' needs to be told what"),
    (["ignore", {"sett": {"status": "x"}}], (1, "sett"), "Extra inputs are not permitted"),
    ([{"set": {"prio": "x"}}], (0, "set", "prio"), "Extra inputs are not permitted"),
    ([{"set": {"due": "soon"}}], (0, "set", "due"), "'soon' is no due time: write a day, 2026-12-01"),
    ([{"set": {}}], (0, "set"), "there are: status, priority, category, title"),
    ([{"set": {"priority": None}}], (0, "set", "priority"), "nothing is written here"),
    ([{"set": {"priority": 1}}], (0, "set", "priority"), "put it in quotes"),
    ([{"assign": {}}], (0, "assign"), "there are: agent, group"),
    ([{"assign": "ada"}], (0, "assign"), "valid dictionary"),
    ([{"tag": ["a", ""]}], (0, "tag", 1), "nothing stands between the quotes"),
    ([{"create": {"queue": "x"}}], (0, "create", "queue"), "Extra inputs are not permitted"),
    ([{"set": {"status": "x"}, "tag": "y"}], (0,), "one action a hyphen, not 2: set, tag"),
    ([{}], (0,), "there are create, update, ignore, reject, forward, merge_into, set, assign, tag, untag"),
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
    assert set(Action.words().values()) == {*DISPOSITIONS, *MODIFIERS, *LETTERS, *FLOW}
    assert set(BARE_ACTIONS) == {*DISPOSITIONS, *FLOW} - {"forward", "merge_into"}
    models = (Action, TargetKey, RejectWith, SetFields, AssignTo, LinkTo, WatchedBy, Letters, NotifyWhom)
    assert all(field.description for model in models for field in model.model_fields.values())


def test_the_json_schema_knows_both_forms_of_an_action_and_no_null() -> None:
    schema = RULES.json_schema(by_alias=True)
    bare, mapping = schema["$defs"]["Action"]["anyOf"]
    assert bare == {"enum": ["create", "update", "ignore", "reject", "stop", "continue"]}
    assert mapping["maxProperties"] == 1
    assert set(schema["$defs"]["Conditions"]["properties"]) >= {"from", "is", "none"}
    contains = schema["$defs"]["TextTest"]["properties"]["contains"]["anyOf"]
    assert [form["type"] for form in contains] == ["string", "array"]
    assert "'type': 'null'" not in str(schema)
