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


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ({"subject": {"equals": "a", "contains": "b"}}, "subject equals a and subject contains b cannot both hold"),
        ({"subject": {"equals": "a"}, "all": [{"subject": {"equals": "b"}}]}, "cannot both hold"),
        ({"subject": {"equals": "abc", "regex": r"\d"}}, "cannot both hold"),
        ({"subject": {"equals": "Störung", "not": {"contains": "STÖR"}}}, "cannot both hold"),
        (
            {"subject": {"contains": "a", "not": {"contains": "a"}}},
            "subject contains a and its opposite are both asked",
        ),
        ({"subject": {"contains": "a"}, "none": [{"subject": {"contains": "a"}}]}, "and its opposite"),
        ({"from": {"equals": "a@x.example", "domain": "y.example"}}, "cannot both hold"),
        ({"from": {"domain": "x.example"}, "all": [{"from": {"domain": "y.example"}}]}, "cannot both hold"),
        ({"from": {"domain": "x.example", "not": {"domain": "x.example"}}}, "its opposite"),
        ({"is": "person", "all": [{"is": "list"}]}, "a person's mail is no machine's"),
        ({"is": "new", "all": [{"is": "reply"}]}, "a mail cannot be new and a reply"),
        ({"is": "new", "ticket": {"status": "open"}}, "a new mail has no ticket, and ticket.status open is asked"),
        ({"mailbox": "a", "all": [{"mailbox": "b"}]}, "mailbox a and mailbox b cannot both hold"),
        ({"mailbox": "a", "all": [{"mailbox": {"not": "a"}}]}, "its opposite"),
        ({"size": "> 5 MB", "all": [{"size": "< 1 MB"}]}, "size > 5 MB and size < 1 MB cannot both hold"),
        ({"weekday": "sat-sun", "all": [{"weekday": "mon-fri"}]}, "cannot both hold"),
        ({"business_hours": True, "all": [{"business_hours": False}]}, "cannot both hold"),
    ],
)
def test_a_rule_that_contradicts_itself(when: Any, said: str) -> None:
    (problem,) = rules.problems([spec("update", when=when)])
    assert (problem.path, problem.severity) == ((0,), "warning")
    assert "rules[0] 'r' can never match: " in problem.text
    assert said in problem.text


@pytest.mark.parametrize(
    "when",
    [
        {"to": {"equals": "a@x.example"}, "all": [{"to": {"equals": "b@x.example"}}]},
        {"header": {"X-A": {"equals": "1", "contains": "2"}}},
        {"subject": {"equals": ["a", "b"]}, "all": [{"subject": {"equals": ["b", "c"]}}]},
        {"from": {"domain": ["x.example", "y.example"]}, "all": [{"from": {"domain": "y.example"}}]},
        {"from": {"domain": "*.x.example"}, "all": [{"from": {"domain": "a.x.example"}}]},
        {"is": ["person", "list"], "all": [{"is": "list"}]},
        {"size": "> 1 MB", "all": [{"size": "< 5 MB"}]},
        {"contact": {"tags": "a"}, "all": [{"contact": {"tags": "b"}}]},
        {"ticket": {"assigned": False}, "is": "new"},
        {"any": [{"subject": {"equals": "a"}}, {"subject": {"equals": "b"}}]},
    ],
)
def test_a_rule_that_does_not(when: Any) -> None:
    assert rules.problems([spec("update", when=when)]) == ()


BIG = {"from": {"domain": "bigcorp.example"}}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (BIG, BIG, True),
        (BIG, {**BIG, "subject": {"contains": "x"}}, True),
        ({**BIG, "subject": {"contains": "x"}}, BIG, False),
        ({"from": {"domain": ["bigcorp.example", "x.example"]}}, BIG, True),
        (BIG, {"from": {"domain": ["bigcorp.example", "x.example"]}}, False),
        ({"is": ["list", "bounce"]}, {"is": "list", **BIG}, True),
        ({"subject": {"contains": ["a", "b"]}}, {"subject": {"contains": "b"}}, True),
        ({"subject": {"contains": "b"}}, {"subject": {"not": {"contains": "b"}}}, False),
        ({"subject": {"regex": "x+"}}, {"subject": {"regex": "x+"}, "is": "list"}, True),
        ({"size": "> 1 MB"}, {"size": "> 5 MB"}, True),
        ({"size": "> 5 MB"}, {"size": "> 1 MB"}, False),
        ({"any": [BIG, {"is": "list"}]}, BIG, True),
        ({"any": [BIG, {"is": "list"}]}, {"any": [BIG, {"is": "list"}], "subject": {"contains": "x"}}, True),
        ({"all": [BIG, {"is": "list"}]}, {"is": "list", **BIG}, True),
        ({"none": [BIG]}, {"none": [BIG], "is": "list"}, True),
        ({"attachment": {"count": 2}}, {"attachment": {"count": 2}, **BIG}, True),
    ],
)
def test_a_rule_behind_one_that_takes_all_its_mails(first: Any, second: Any, expected: bool) -> None:
    found = rules.problems([spec("create", when=first), spec(name="b", when=second)])
    assert [problem.path for problem in found] == ([(1,)] if expected else [])
    assert all("can never match: rules[0] 'r' takes all its mails first" in problem.text for problem in found)


@pytest.mark.parametrize(
    ("then", "for_", "expected"),
    [
        (["reject"], None, True),
        ([{"forward": "a@x.example"}], None, True),
        ([{"tag": "a"}, "stop"], None, True),
        (["update", "stop"], None, False),
        (["update"], "reply", True),
        ([{"update": {"by": "number", "key": "1"}}], "reply", False),
        (["create", "continue"], None, False),
        ([{"tag": "a"}], None, False),
    ],
)
def test_what_takes_all_mails(then: list[Any], for_: Any, expected: bool) -> None:
    said = {"for_": for_} if for_ else {}
    found = rules.problems([spec(*then, when=BIG, **said), spec({"tag": "x"}, name="b", when=BIG, **said)])
    assert [problem.path for problem in found] == ([(1,)] if expected else [])


@pytest.mark.parametrize(
    ("then", "when", "place", "said"),
    [
        ([{"set": {"title": "{{ match.oder }}"}}], {"subject": {"regex": r"(?P<order>x)"}}, ("then", 0, "set", "title"),
         "at character 10: no regex captures 'oder'; did you mean 'order'?"),
        ([{"note": "{{ match.x }}"}], None, ("then", 0, "note"), "no regex of this rule has a named group"),
        ([{"note": "{{ match.x }}"}], {"none": [{"subject": {"regex": "(?P<x>a)"}}]}, ("then", 0, "note"), "no regex"),
        ([{"note": "{{ match.x }}"}], {"subject": {"not": {"regex": "(?P<x>a)"}}}, ("then", 0, "note"), "no regex"),
        ([{"tag": ["a", "{{ mail.subjct }}"]}], None, ("then", 0, "tag", 1), "did you mean 'mail.subject'?"),
        ([{"tag": "{{ mail.subjct }}"}], None, ("then", 0, "tag"), "there is no mail.subjct"),
        (["create", {"set": {"fields": {"m": "{{ x }}"}}}], None, ("then", 1, "set", "fields", "m"), "there is no x"),
        ([{"update": {"by": "title", "key": "{{"}}], None, ("then", 0, "update", "key"), "{{ is never closed"),
        ([{"link": {"contact": "{{ mail.to | f }}"}}], None, ("then", 0, "link", "contact"), "there is no filter 'f'"),
        ([{"reject": {"text": "{{ match.x }}"}}], None, ("then", 0, "reject", "text"), "no regex"),
    ],
)  # fmt: skip
def test_expressions_that_cannot_be_worked_out(then: list[Any], when: Any, place: tuple[Any, ...], said: str) -> None:
    (problem,) = rules.problems([spec(*then, when=when)])
    assert problem.path == (0, *place)
    assert problem.severity == "error"
    assert said in problem.text


@pytest.mark.parametrize(
    ("when", "place", "said"),
    [
        ({"subject": {"not": {"regex": "("}}}, ("subject", "not", "regex"), "missing )"),
        ({"attachment": {"name": {"regex": "("}}}, ("attachment", "name", "regex"), "missing )"),
        ({"contact": {"organization": {"not": {"regex": ["a", "("]}}}}, ("contact", "organization", "not", "regex", 1),
         "missing )"),
        ({"cc": {"not": {"domain": "a@b.example"}}}, ("cc", "not", "domain"), "write what stands behind the @"),
        ({"subject": {"regex": r"(?P<no>\b\d+)"}}, ("subject", "regex"), r"\b does not work inside a named group"),
        ({"subject": {"word": "a" * 600}}, ("subject", "word"), "too many here; 500 is the limit"),
        ({"subject": {"glob": "a" * 600}}, ("subject", "glob"), "too many here; 500 is the limit"),
    ],
)  # fmt: skip
def test_values_behind_not_and_inside_others(when: Any, place: tuple[Any, ...], said: str) -> None:
    (problem,) = rules.problems([spec(when=when)])
    assert problem.path == (0, "when", *place)
    assert said in problem.text


def test_lists_from_files() -> None:
    asked = [
        spec(name="a", when={"from": {"in_file": ["vip.txt", "bad.txt"]}}),
        spec(name="b", when={"any": [{"subject": {"not": {"in_file": "words.txt"}}}]}),
    ]
    assert rules.files(asked) == (
        ((0, "when", "from", "in_file", 0), "vip.txt"),
        ((0, "when", "from", "in_file", 1), "bad.txt"),
        ((1, "when", "any", 0, "subject", "not", "in_file"), "words.txt"),
    )
    assert rules.problems(asked) == ()
    lists = {"vip.txt": ("ada@x.example", "@x.example"), "bad.txt": ("ada@",), "words.txt": ("anything",)}
    (problem,) = rules.problems(asked, lists=lists)
    assert problem.path == (0, "when", "from", "in_file", 1)
    assert "in_file bad.txt: 'ada@' is not an address" in problem.text


def test_the_names_in_conditions_and_in_the_other_actions() -> None:
    rule = spec(
        {"assign": {"round_robin": "net"}}, {"watch": {"agent": ["ada", "bert"]}}, {"notify": {"group": "net"}},
        {"letter": {"choose": "welcome", "add": ["a", "b"]}}, {"set": {"fields": {"machine": "x"}}},
        when={"mailbox": ["support", "sales"], "ticket": {"status": {"not": "open"}, "agent": "ada"},
              "any": [{"business_hours": True}, {"mailbox": {"not": ["a", "b"]}}]},
    )  # fmt: skip
    found = [(one.path, one.kind, one.name) for one in rules.references([rule])]
    assert found == [
        ((0, "when", "mailbox", 0), "mailbox", "support"),
        ((0, "when", "mailbox", 1), "mailbox", "sales"),
        ((0, "when", "ticket", "status", "not"), "status", "open"),
        ((0, "when", "ticket", "agent"), "agent", "ada"),
        ((0, "when", "any", 0, "business_hours"), "business_hours", "business_hours"),
        ((0, "when", "any", 1, "mailbox", "not", 0), "mailbox", "a"),
        ((0, "when", "any", 1, "mailbox", "not", 1), "mailbox", "b"),
        ((0, "then", 0, "assign", "round_robin"), "group", "net"),
        ((0, "then", 1, "watch", "agent", 0), "agent", "ada"),
        ((0, "then", 1, "watch", "agent", 1), "agent", "bert"),
        ((0, "then", 2, "notify", "group"), "group", "net"),
        ((0, "then", 3, "letter", "choose"), "template", "welcome"),
        ((0, "then", 3, "letter", "add", 0), "template", "a"),
        ((0, "then", 3, "letter", "add", 1), "template", "b"),
        ((0, "then", 4, "set", "fields", "machine"), "field", "machine"),
    ]
