"""Every action: what is decided, on what occasion, and what comes of expressions that come to nothing."""

from dataclasses import replace
from typing import Any

import pytest

import rules
from domain.decision import (
    AddLetter,
    AddNote,
    AddTags,
    AssignBy,
    ChooseLetter,
    Create,
    Decision,
    FileIn,
    Forward,
    Ignore,
    LinkContact,
    LinkOrganization,
    Lookup,
    MailFacts,
    MandatoryLetters,
    MergeInto,
    Notify,
    Reject,
    RemoveTags,
    SetField,
    SuppressLetters,
    Update,
    Watch,
)
from domain.people import OrganizationFacts
from domain.ticket import TicketFacts
from tests.rules.mails import FOREIGN, REPLY, TICKET, UNCONFIRMED, contact, mail, spec

WHY = "rule 'r'"
ORDER = {"subject": {"regex": r"order (?P<order>\d+)(?: of (?P<who>\w+))?"}}


def decided(specs: list[Any], facts: MailFacts) -> Decision:
    return rules.decide(rules.compile(specs), facts)


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ({"set": {"description": "D"}}, (SetField(field="description", value="D", because=WHY),)),
        ({"set": {"solution": "S"}}, (SetField(field="solution", value="S", because=WHY),)),
        ({"set": {"fields": {"machine": "M1"}}}, (SetField(field="fields.machine", value="M1", because=WHY),)),
        ({"assign": {"round_robin": "net"}}, (AssignBy(how="round_robin", group="net", because=WHY),)),
        ({"assign": {"least_loaded": "net"}}, (AssignBy(how="least_loaded", group="net", because=WHY),)),
        ({"assign": {"by_organization": True}}, (AssignBy(how="by_organization", because=WHY),)),
        ({"tag": ["a", "b", "a"]}, (AddTags(tags=("a", "b"), because=WHY),)),
        ({"untag": ["a", "b"]}, (RemoveTags(tags=("a", "b"), because=WHY),)),
        ({"link": {"contact": "Ada@x.example"}}, (LinkContact(address="Ada@x.example", because=WHY),)),
        ({"link": {"organization": "BigCorp"}}, (LinkOrganization(name="BigCorp", because=WHY),)),
        ({"watch": {"agent": "ada"}}, (Watch(agents=("ada",), because=WHY),)),
        ({"watch": {"address": ["b@x.example"]}}, (Watch(addresses=("b@x.example",), because=WHY),)),
        ({"note": "Look at the contract."}, (AddNote(text="Look at the contract.", because=WHY),)),
        ({"file": "Orders"}, (FileIn(folder="Orders", because=WHY),)),
    ],
)
def test_modifiers(then: Any, expected: Any) -> None:
    for facts in (mail(), mail(found=REPLY)):
        assert decided([spec(then)], facts).modifiers == expected


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ({"letter": {"choose": "welcome"}}, (ChooseLetter(template="welcome", because=WHY),)),
        ({"letter": {"add": ["a", "b"]}}, tuple(AddLetter(template=name, because=WHY) for name in "ab")),
        ({"letter": {"suppress": True}}, (SuppressLetters(because=WHY),)),
        ({"letter": {"suppress": "status"}}, (SuppressLetters(kinds=("status",), because=WHY),)),
        ({"letter": {"mandatory": True}}, (MandatoryLetters(because=WHY),)),
        ({"notify": {"agent": "ada"}}, (Notify(agents=("ada",), because=WHY),)),
        ({"notify": {"group": ["net", "x"]}}, (Notify(groups=("net", "x"), because=WHY),)),
    ],
)
def test_letters(then: Any, expected: Any) -> None:
    assert decided([spec(then)], mail()).letters == expected


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ("reject", Reject(letter="rejected", because=WHY)),
        ({"reject": {"letter": "too_large"}}, Reject(letter="too_large", because=WHY)),
        ({"reject": {"text": "Not here: {{ mail.subject }}"}}, Reject(text="Not here: Hi", because=WHY)),
        ({"forward": "a@x.example"}, Forward(addresses=("a@x.example",), because=WHY)),
        ({"forward": ["a@x.example", "b@x.example"]}, Forward(addresses=("a@x.example", "b@x.example"), because=WHY)),
        ("ignore", Ignore(because=WHY)),
    ],
)
def test_dispositions_without_a_ticket_leave_the_folder_only(then: Any, expected: Any) -> None:
    specs = [
        spec({"file": "Done"}, {"tag": "t"}, {"notify": {"agent": "ada"}}, name="a"),
        spec(then),
        spec("create", name="later"),
    ]
    decision = decided(specs, mail(subject="Hi"))
    assert decision == Decision(
        disposition=expected, modifiers=(FileIn(folder="Done", because="rule 'a'"),), rules=("a", "r")
    )


def ticket(number: int) -> TicketFacts:
    return replace(TICKET, number=number)


def asked(answers: dict[Lookup, int]) -> Any:
    return lambda lookup: ticket(answers[lookup]) if lookup in answers else None


@pytest.mark.parametrize(
    ("said", "lookup"),
    [
        ({"by": "number", "key": "77"}, Lookup(by="number", key="77", belongs=True)),
        ({"by": "title", "key": "{{ mail.subject }}"}, Lookup(by="title", key="Order 77", belongs=True)),
        ({"by": "external_id", "key": "{{ match.order }}"}, Lookup(by="external_id", key="77", belongs=False)),
        (
            {"by": "external_id", "key": "77", "sender": "belongs"},
            Lookup(by="external_id", key="77", belongs=True),
        ),
        ({"by": "number", "key": "77", "sender": "anyone"}, Lookup(by="number", key="77", belongs=False)),
    ],
)
def test_a_ticket_named_by_a_key_or_the_next_rule(said: Any, lookup: Lookup) -> None:
    specs = [spec({"update": said}, {"tag": "t"}, when=ORDER), spec({"tag": "other"}, "create", name="next")]
    there = replace(mail(subject="Order 77"), targets=asked({lookup: 9}))
    assert decided(specs, there) == Decision(
        disposition=Update(ticket=9, because=WHY),
        modifiers=(AddTags(tags=("t",), because=WHY),),
        rules=("r",),
        lookups=((lookup, 9),),
    )
    missing = decided(specs, mail(subject="Order 77"))
    assert missing.disposition == Create(because="rule 'next'")
    assert missing.modifiers == (AddTags(tags=("other",), because="rule 'next'"),)
    assert (missing.rules, missing.lookups) == (("r", "next"), ((lookup, None),))


def test_a_key_that_comes_to_nothing_finds_no_ticket_and_is_not_asked_for() -> None:
    when = {"any": [ORDER, {"subject": {"contains": "invoice"}}]}
    specs = [spec({"update": {"by": "number", "key": "{{ match.order }}"}}, when=when)]
    decision = decided(specs, replace(mail(subject="Invoice"), targets=lambda lookup: ticket(9)))
    assert (type(decision.disposition), decision.lookups) == (Create, ())


@pytest.mark.parametrize(
    ("found", "into", "expected"),
    [
        (REPLY, 9, MergeInto(ticket=42, into=9, because=WHY)),
        (UNCONFIRMED, 9, MergeInto(ticket=42, into=9, because=WHY)),
        (REPLY, 42, Update(ticket=42, because="no rule opens or ignores it: a reply updates its ticket")),
        (REPLY, None, Update(ticket=42, because="no rule opens or ignores it: a reply updates its ticket")),
        (FOREIGN, 9, Create(because="no rule opens or ignores it: a mail without a ticket opens one")),
    ],
)
def test_merging_needs_two_tickets(found: Any, into: int | None, expected: Any) -> None:
    facts = replace(mail(found=found), targets=lambda lookup: ticket(into) if into else None)
    assert decided([spec({"merge_into": {"by": "number", "key": "9"}})], facts).disposition == expected


def test_stop_ends_the_run_without_a_disposition() -> None:
    specs = [spec({"tag": "t"}, "stop"), spec("ignore", name="later")]
    new = decided(specs, mail())
    assert (type(new.disposition), new.rules) == (Create, ("r",))
    assert type(decided(specs, mail(found=REPLY)).disposition) is Update


def test_stop_of_a_rule_that_falls_through_does_not_count() -> None:
    specs = [spec("update", "stop"), spec("ignore", name="later")]
    assert decided(specs, mail()).rules == ("r", "later")


def test_continue_lets_later_rules_change_the_ticket_and_decide_nothing() -> None:
    specs = [
        spec("create", "continue", {"set": {"priority": "low"}}),
        spec({"set": {"priority": "high"}}, "ignore", name="b"),
        spec("update", {"tag": "t"}, name="c"),
    ]
    decision = decided(specs, mail())
    assert decision.disposition == Create(because=WHY)
    assert decision.modifiers == (
        SetField(field="priority", value="high", because="rule 'b'"),
        AddTags(tags=("t",), because="rule 'c'"),
    )
    assert decision.rules == ("r", "b", "c")


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({"assign": {"round_robin": "net"}}, {"assign": {"agent": "ada"}}, ["Assign net", "Assign ada"]),
        ({"assign": {"round_robin": "net"}}, {"assign": {"group": "x"}}, ["Assign x"]),
        ({"assign": {"agent": "ada"}}, {"assign": {"least_loaded": "net"}}, ["AssignBy net"]),
        ({"assign": {"by_organization": True}}, {"assign": {"agent": "ada"}}, ["Assign ada"]),
        ({"tag": ["a", "b"]}, {"untag": "a"}, ["AddTags b", "RemoveTags a"]),
        ({"untag": ["a", "b"]}, {"tag": "a"}, ["RemoveTags b", "AddTags a"]),
        ({"file": "A"}, {"file": "B"}, ["FileIn B"]),
        ({"link": {"contact": "a@x.example", "organization": "O"}}, {"link": {"contact": "b@x.example"}},
         ["LinkOrganization O", "LinkContact b@x.example"]),
        ({"note": "one"}, {"note": "two"}, ["AddNote one", "AddNote two"]),
        ({"watch": {"agent": "ada"}}, {"watch": {"agent": "bert"}}, ["Watch ada", "Watch bert"]),
        ({"letter": {"choose": "a"}}, {"letter": {"choose": "b"}}, ["ChooseLetter b"]),
        ({"letter": {"add": "a"}}, {"letter": {"add": "b"}}, ["AddLetter a", "AddLetter b"]),
    ],
)  # fmt: skip
def test_the_last_word_counts_where_only_one_can(first: Any, second: Any, expected: list[str]) -> None:
    decision = decided([spec(first, name="a"), spec(second, name="b")], mail())
    assert [_short(one) for one in (*decision.modifiers, *decision.letters)] == expected


def _short(one: Any) -> str:
    names = ("agent", "group", "tags", "folder", "address", "name", "text", "agents", "template")
    said = next(value for name in names if (value := getattr(one, name, "")))
    return f"{type(one).__name__} {said if isinstance(said, str) else ' '.join(said)}"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Order {{ match.order }}", "Order 77"),
        ("{{ match.who }}", "Weiß"),
        ("{{ mail.subject | upper }}", "ORDER 77 OF WEISS: STÖRUNG"),
        ("{{ mail.from }}: {{ mail.from_name | default('?') }}", "ada@x.example: Ada"),
        ("{{ header['X-Site'] ~ '/' ~ header['x-none'] }}", "Köln/"),
        ("{{ 'VIP' if contact.organization == 'BigCorp' else 'other' }}", "VIP"),
        ("{{ ticket.number or 'new' }}", "new"),
        ("{{ mail.text | first_line | truncate(5) }}", "Guten"),
        ("{{ match.order | replace('7', '障') }}", "障障"),
        ("{{ mail.text }}", "Guten Tag,\n" + "x" * 989),
        ("no expression }}", "no expression }}"),
    ],
)
def test_expressions(title: str, expected: str) -> None:
    facts = replace(
        mail(subject="Order 77 of Weiß: Störung", name="Ada", text="Guten Tag,\n" + "x" * 5000,
             headers=(("x-site", "Köln"),)),
        contact=contact(organization=OrganizationFacts(id=1, name="BigCorp")),
    )  # fmt: skip
    assert decided([spec({"set": {"title": title}}, when=ORDER)], facts).modifiers == (
        SetField(field="title", value=expected, because=WHY),
    )


@pytest.mark.parametrize(
    ("then", "remark"),
    [
        ({"set": {"title": "{{ match.who }}"}}, "title is left as it is, {{ match.who }} comes to nothing"),
        ({"tag": "{{ match.who }}"}, "tag is left as it is"),
        ({"note": " {{ mail.text }} "}, "note is left as it is"),
        ({"link": {"contact": "{{ match.who }}"}}, "contact is left as it is"),
        ({"link": {"contact": "{{ match.order }}"}}, "contact is left as it is, '77' is not an address"),
        ({"link": {"organization": "{{ match.who }}"}}, "organization is left as it is"),
        ({"set": {"fields": {"m": "{{ match.who }}"}}}, "fields.m is left as it is"),
    ],
)
def test_what_comes_to_nothing_changes_nothing_and_is_told(then: Any, remark: str) -> None:
    decision = decided([spec(then, when=ORDER)], mail(subject="order 77"))
    assert decision.modifiers == ()
    assert len(decision.remarks) == 1
    assert decision.remarks[0].startswith(f"rule 'r': {remark}")


def test_of_several_regexes_each_gives_its_captures_and_the_first_to_find_something_counts() -> None:
    when = {
        "subject": {"regex": [r"no match (?P<a>x)", r"case ?(?P<a>\d+)?"]},
        "any": [{"text": {"regex": r"ref (?P<a>\w+) (?P<b>\w+)"}}, {"from": {"domain": "x.example"}}],
        "none": [{"text": {"regex": "(?P<c>never)"}}],
    }
    then = {"note": "{{ match.a }} {{ match.b }}"}
    (first,) = decided([spec(then, when=when)], mail(subject="case 12", text="ref Ä Ö")).modifiers
    (second,) = decided([spec(then, when=when)], mail(subject="case", text="ref Ä Ö")).modifiers
    assert (first, second) == (AddNote(text="12 Ö", because=WHY), AddNote(text="Ä Ö", because=WHY))


def test_the_walk_tells_actions_in_words() -> None:
    actions = [
        {"set": {"title": "T", "fields": {"m": "1"}}}, {"assign": {"round_robin": "net"}},
        {"link": {"contact": "a@x.example"}}, {"letter": {"suppress": True}}, {"notify": {"agent": ["ada", "bert"]}},
        {"note": "N"}, {"forward": "b@x.example"},
    ]  # fmt: skip
    (verdict,) = rules.walk(rules.compile([spec(*actions)]), mail())
    assert verdict.then == (
        "set title T, m 1 · assign to round_robin net · link contact a@x.example · letter suppress · "
        "notify agent ada, bert · note N · forward b@x.example"
    )
