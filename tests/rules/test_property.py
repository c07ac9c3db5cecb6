"""Whatever the rules and the mail: the walk tells what was decided, and nothing crashes or is forgotten."""

import json
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import rules
from domain.decision import FileIn, Found, Ignore, MailFacts, Reject
from domain.errors import DeskError
from domain.rule import RuleSpec
from rules.operators import ADDRESS_OPERATORS, TEXT_OPERATORS
from rules.pattern import Pattern
from rules.text import fold, shortened
from tests.rules.mails import FOREIGN, NEW, NOON, REPLY, UNCONFIRMED, attached, contact, mail, spec

WORDS = st.sampled_from(["a", "b", "Störung", "ß", "İ", "障害"])
OPERANDS = WORDS | st.lists(WORDS, min_size=1, max_size=3)
TEXT_TESTS = st.dictionaries(st.sampled_from(["equals", "contains", "regex"]), OPERANDS, min_size=1, max_size=2)
DOMAINS = st.sampled_from(["x.example", "*.x.example", "y.example"])
SENDERS = st.sampled_from(["", "ada@x.example", "it@sub.x.example", "bert@y.example"])
KINDS = st.sampled_from(["new", "reply", "person", "auto_reply", "bounce", "list"])
OTHERS = st.sampled_from(
    [
        {"mailbox": {"not": "support"}}, {"size": "> 1 kB"}, {"attachment": {"name": {"contains": "a"}, "count": 1}},
        {"attachment": {"type": {"not": {"glob": "image/*"}}}}, {"contact": {"vip": True}}, {"language": "de"},
        {"ticket": {"status": "open", "assigned": False}}, {"cc": {"not": {"domain": "x.example"}}},
        {"to": {"known": True}}, {"spam": {"score": "> 5"}}, {"has_ticket_ref": False}, {"weekday": "mon-fri"},
        {"sender_mails": {"count": "> 5", "within": "1h"}}, {"subject": {"regex": "(?P<a>[ab]+)"}},
        {"subject": {"word": ["a", "障害"], "not": {"glob": "*b"}}}, {"reply_text": {"ends_with": "b"}},
    ]
)  # fmt: skip
LEAVES = st.one_of(
    st.builds(lambda field, test: {field: test}, st.sampled_from(["subject", "text"]), TEXT_TESTS),
    st.builds(lambda test: {"header": {"X-A": test}}, TEXT_TESTS),
    st.builds(lambda domain: {"from": {"domain": domain}}, DOMAINS),
    st.builds(lambda kind: {"is": kind}, KINDS),
    st.builds(lambda test, kind: {"subject": test, "is": kind}, TEXT_TESTS, KINDS),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda how, parts: {how: parts},
        st.sampled_from(["all", "any", "none"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)
ACTIONS = st.sampled_from(
    [
        ["create"],
        ["update"],
        ["ignore"],
        [{"tag": ["a"]}],
        [{"set": {"priority": "high"}}, "update"],
        [{"tag": "b"}, "create"],
        [{"untag": "a"}, {"note": "{{ mail.subject }}"}],
        ["create", "continue"],
        [{"set": {"title": "{{ mail.from_name or mail.to }}"}}, "stop"],
        [{"update": {"by": "title", "key": "{{ mail.subject }}"}}],
        ["reject", {"file": "x"}],
        [{"letter": {"suppress": True}}, {"assign": {"round_robin": "net"}}],
    ]
)


@st.composite
def rule_lists(draw: st.DrawFn) -> list[RuleSpec]:
    written = draw(
        st.lists(st.tuples(CONDITIONS | OTHERS, ACTIONS, st.sampled_from([None, "new", "reply"])), max_size=5)
    )
    return [
        spec(*then, name=f"r{number}", when=when, **({"for_": for_} if for_ else {}))
        for number, (when, then, for_) in enumerate(written)
    ]


@st.composite
def mails(draw: st.DrawFn) -> MailFacts:
    text = st.lists(WORDS, max_size=4).map("".join)
    flags: dict[str, Any] = {name: draw(st.booleans()) for name in ("is_list", "is_bounce", "is_auto_reply")}
    found: Found = draw(st.sampled_from([NEW, REPLY, UNCONFIRMED, FOREIGN]))
    headers = tuple(("x-a", value) for value in draw(st.lists(text, max_size=2)))
    facts = mail(
        found=found, sender=draw(SENDERS), name=draw(text), to="a@x.example", subject=draw(text), text=draw(text),
        headers=headers, attachments=draw(st.sampled_from([(), (attached("a.png", "image/png"),)])), **flags,
    )  # fmt: skip
    return replace(facts, contact=draw(st.sampled_from([None, contact(tags=("vip",))])), moment=NOON)


def meaning(when: dict[str, Any], facts: MailFacts) -> bool:
    """The conditions WHEN, worked out anew from the manual."""
    return all(_word(word, said, facts) for word, said in when.items())


def _word(word: str, said: Any, facts: MailFacts) -> bool:
    message = facts.message
    match word:
        case "subject":
            return _text(said, message.subject)
        case "text":
            return _text(said, message.text)
        case "header":
            values = message.header("X-A") or ("",)
            return all(any(_text({op: said}, value) for value in values) for op, said in said["X-A"].items())
        case "from":
            domain = message.sender.domain if message.sender else ""
            wanted = said["domain"]
            return domain.endswith(wanted[1:]) if wanted.startswith("*") else domain == wanted
        case "is":
            is_reply = facts.found in (REPLY, UNCONFIRMED)
            own = {"reply": is_reply, "new": not is_reply, "person": not message.is_machine}
            return own[said] if said in own else bool(getattr(message, f"is_{said}"))
        case "all":
            return all(meaning(inner, facts) for inner in said)
        case "any":
            return any(meaning(inner, facts) for inner in said)
    return not any(meaning(inner, facts) for inner in said)


def _text(test: dict[str, Any], text: str) -> bool:
    return all(_compared(op, [said] if isinstance(said, str) else said, text) for op, said in test.items())


def _compared(operator: str, wanted: list[str], text: str) -> bool:
    if operator == "equals":
        return fold(text) in map(fold, wanted)
    if operator == "contains":
        return any(fold(literal) in fold(text) for literal in wanted)
    # None of the literals has a counterpart in another case but for A, B, Ö, which no text holds.
    return any(literal in text for literal in wanted)


@given(when=CONDITIONS, facts=mails())
@settings(max_examples=400, deadline=None)
def test_conditions_mean_what_the_manual_says(when: dict[str, Any], facts: MailFacts) -> None:
    decision = rules.decide(rules.compile([spec(when=when)]), facts)
    assert bool(decision.rules) is meaning(when, facts)


@given(specs=rule_lists(), facts=mails())
@settings(max_examples=400, deadline=None)
def test_the_walk_agrees_with_the_decision(specs: list[RuleSpec], facts: MailFacts) -> None:
    ruleset = rules.compile(specs)
    decision = rules.decide(ruleset, facts)
    walk = rules.walk(ruleset, facts)

    assert [verdict.rule for verdict in walk] == [rule.name for rule in specs]
    assert tuple(verdict.rule for verdict in walk if verdict.matched) == decision.rules
    reached = [verdict.reached for verdict in walk]
    assert reached == sorted(reached, reverse=True)
    because = {f"rule {verdict.rule!r}" for verdict in walk if verdict.matched}
    assert decision.disposition.because in because or decision.disposition.because.startswith("no rule")
    if not all(reached):
        assert walk[reached.index(False) - 1].matched
    because = {change.because for change in decision.modifiers}
    assert because <= {f"rule {name!r}" for name in decision.rules}
    if isinstance(decision.disposition, Ignore | Reject):
        assert all(isinstance(change, FileIn) for change in decision.modifiers)
    json.dumps(rules.facts_read(ruleset, facts))


@given(specs=rule_lists(), facts=mails())
@settings(max_examples=150, deadline=None)
def test_a_record_reproduces_its_decision(specs: list[RuleSpec], facts: MailFacts) -> None:
    ruleset = rules.compile(specs)
    decision = rules.decide(ruleset, facts)
    stored = json.loads(json.dumps(rules.facts_read(ruleset, facts)))
    again = rules.read_back(ruleset.text)
    assert rules.decide_again(again, stored, lookups=dict(decision.lookups)) == decision
    assert again.hash == ruleset.hash


@given(specs=rule_lists(), facts=mails())
@settings(max_examples=150, deadline=None)
def test_a_rule_that_is_said_never_to_match_never_does(specs: list[RuleSpec], facts: MailFacts) -> None:
    never = {specs[int(one.path[0])].name for one in rules.problems(specs) if "can never match" in one.text}
    assert not never & set(rules.decide(rules.compile(specs), facts).rules)


@given(specs=rule_lists(), facts=mails())
@settings(max_examples=200, deadline=None)
def test_a_rule_without_alternatives_matches_if_all_that_is_told_holds(specs: list[RuleSpec], facts: MailFacts) -> None:
    for verdict in rules.walk(rules.compile(specs), facts):
        told = [c.held for c in verdict.conditions if not c.condition.startswith("any ")]
        if verdict.matched:
            assert all(told)
        elif verdict.reached and len(told) == len(verdict.conditions):
            assert not all(told)


@given(pattern=st.text(alphabet=r"ab\wWdDsSbB.*+?(|)[]{}^$-:,1Qä", max_size=12), text=st.text(max_size=20))
@settings(max_examples=600, deadline=None)
def test_a_pattern_is_taken_or_refused_with_a_reason(pattern: str, text: str) -> None:
    try:
        search = Pattern.of(pattern)
    except DeskError as refused:
        said = str(refused)
    else:
        said = str(search.position(text.encode("utf-8", "replace")))
    assert said


@given(literal=st.text(min_size=1, max_size=10), text=st.text(max_size=30))
@settings(max_examples=200, deadline=None)
def test_operators_answer_whatever_stands_in_a_mail(literal: str, text: str) -> None:
    facts = mail(sender=f"{text}@x.example", name=text, to="a@b.example", subject=text, text=text)
    for field, operators in (("subject", TEXT_OPERATORS), ("from", ADDRESS_OPERATORS)):
        for operator in operators:
            rule = spec(when={field: {operator: literal}})
            if not rules.problems([rule]):
                rules.walk(rules.compile([rule]), facts)


@given(text=st.text(), around=st.integers(0, 200), limit=st.integers(3, 80))
def test_a_shortened_text_is_one_short_line(text: str, around: int, limit: int) -> None:
    assert len(shortened(text, around=around, limit=limit)) <= limit + 2
    assert shortened(text, around=around, limit=limit).isprintable()
