"""What is wrong with rules that are well formed, and the names that they use."""

from typing import Any

import pytest

import rules
from tests.rules.mails import spec


@pytest.mark.parametrize(
    ("when", "place", "said"),
    [
        (
            {"subject": {"regex": "P1-(\\d+"}},
            ("subject", "regex"),
            "rules[0] 'r': regex 'P1-(\\d+': missing ): P1-(\\d+",
        ),
        ({"subject": {"regex": ["a", "("]}}, ("subject", "regex", 1), "missing )"),
        ({"text": {"regex": "a(?!b)"}}, ("text", "regex"), "no look-around"),
        ({"header": {"X-A": {"regex": "("}}}, ("header", "X-A", "regex"), "missing )"),
        ({"any": [{"is": "list"}, {"to": {"regex": "["}}]}, ("any", 1, "to", "regex"), "missing ]"),
        ({"from": {"domain": "ada@x.example"}}, ("from", "domain"), "write what stands behind the @"),
        ({"from": {"domain": "@x.example"}}, ("from", "domain"), "write what stands behind the @"),
        ({"from": {"domain": ".x.example"}}, ("from", "domain"), "or *.bigcorp.example for its subdomains"),
        ({"from": {"domain": "*"}}, ("from", "domain"), "is not a domain"),
        ({"from": {"domain": "a b.example"}}, ("from", "domain"), "is not a domain"),
        ({"from": {"equals": "ada"}}, ("from", "equals"), "'ada' is not an address"),
        ({"to": {"equals": ["ada@x.example", "Ada <ada@x.example>"]}}, ("to", "equals", 1), "is not an address"),
    ],
)
def test_values_that_cannot_be_used(when: Any, place: tuple[str | int, ...], said: str) -> None:
    bad = spec(when=when)
    (problem,) = rules.problems([bad])
    assert problem.path == (0, "when", *place)
    assert said in problem.text
    assert problem.severity == "error"
    with pytest.raises(rules.BadRules, match="rule 'r': "):
        rules.compile([bad])


def test_all_problems_at_once_in_the_order_of_the_rules() -> None:
    bad = {"subject": {"regex": "("}, "text": {"regex": "["}}
    found = rules.problems([spec(when=bad), spec("create", name="b", for_="new"), spec(name="b", when=bad)])
    assert [problem.path[0] for problem in found] == [0, 0, 2, 2, 2]


@pytest.mark.parametrize(
    ("then", "place", "said", "severity"),
    [
        (["create", "ignore"], (1,), "ignore is never reached after create", "error"),
        (["ignore", {"tag": "a"}, "update"], (2,), "update is never reached after ignore", "error"),
        ([{"tag": "a"}, "ignore"], (0,), "tag has no effect on a mail that is ignored", "warning"),
        (["ignore", {"tag": "a"}], (1,), "tag has no effect on a mail that is ignored", "warning"),
    ],
)
def test_actions_without_effect(then: list[Any], place: tuple[int], said: str, severity: str) -> None:
    found = {problem.path: problem for problem in rules.problems([spec(*then)])}
    problem = found[0, "then", *place]
    assert said in problem.text
    assert problem.severity == severity


@pytest.mark.parametrize(
    "then", [["update", "create", {"tag": "a"}], ["update"], [{"tag": "a"}], ["create"], ["ignore"]]
)
def test_actions_with_effect(then: list[Any]) -> None:
    assert rules.problems([spec(*then)]) == ()


def test_a_rule_for_new_mails_that_only_updates_never_has_an_effect() -> None:
    (problem,) = rules.problems([spec("update", {"tag": "a"}, for_="new")])
    assert problem.path == (0, "then")
    assert "for: new has no ticket to update" in problem.text


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (spec("create"), spec(name="b"), True),
        (spec("create"), spec(name="b", for_="reply"), True),
        (spec("create", for_="new"), spec(name="b", for_="new"), True),
        (spec("create", for_="new"), spec(name="b"), False),
        (spec("update"), spec(name="b"), False),
        (spec({"tag": "a"}), spec(name="b"), False),
        (spec(when={"is": "list"}), spec(name="b"), False),
    ],
)
def test_a_rule_behind_one_that_takes_everything(first: Any, second: Any, expected: bool) -> None:
    found = rules.problems([first, second])
    assert [problem.path for problem in found] == ([(1,)] if expected else [])
    assert all(problem.severity == "warning" for problem in found)


def test_two_rules_of_one_name() -> None:
    (problem,) = rules.problems([spec("update"), spec("update")])
    assert (problem.path, problem.severity) == ((1, "name"), "error")
    assert "rules[1] 'r' has the name of rules[0]" in problem.text


def test_the_names_that_rules_use() -> None:
    said = [
        spec(
            {"set": {"priority": "high", "title": "T", "status": "open"}}, {"assign": {"agent": "ada", "group": "net"}}
        ),
        spec("create", {"set": {"category": "question"}}, name="b"),
    ]
    assert [(r.path, r.kind, r.name) for r in rules.references(said)] == [
        ((0, "then", 0, "set", "status"), "status", "open"),
        ((0, "then", 0, "set", "priority"), "priority", "high"),
        ((0, "then", 1, "assign", "agent"), "agent", "ada"),
        ((0, "then", 1, "assign", "group"), "group", "net"),
        ((1, "then", 1, "set", "category"), "category", "question"),
    ]
