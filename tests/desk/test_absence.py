"""Agents go away and come back: who gets their tickets and letters meanwhile."""

from datetime import date, timedelta
from typing import Any

import pytest

from desk.absence import back, go, span
from desk.changes import Refused
from desk.today import day_of
from domain.absence import Absence
from domain.letter import Reason
from tests.conversation import Begin, Conversation
from tests.desk.test_agents_by_mail import AUTHSERV, PROOF, answers
from tests.desk.test_rules_carried_out import rule

ANNA = "Anna Kunde <anna@kunde.example>"
TODAY = date(2030, 1, 7)
CLEO = {"agents": {"cleo": {"name": "Cleo Example", "address": "cleo@acme.example"}}}


def leaves(talk: Conversation, agent: str, deputy: str = "", *, first: int = 0, days: int | None = 7) -> Any:
    start = talk.now.date() + timedelta(days=first)
    last = start + timedelta(days=days - 1) if days else None
    return go(talk.desk, Absence(agent=agent, first=start, last=last, deputy=deputy, by="ada"), now=talk.now)


def test_the_deputy_gets_letters_and_tickets_until_the_agent_is_back(anywhere: Begin) -> None:
    talk = anywhere(CLEO)
    anna, ada, cleo = (talk.customer(one) for one in (ANNA, "ada@acme.example", "cleo@acme.example"))
    anna.writes("Drucker brennt")
    talk.staff("ada").take(1)
    talk.deliver()
    ada.hears()
    leaves(talk, "ada", "cleo", days=2)
    anna.answers(anna.last)
    assert (ada.hears(), cleo.hears()) == ([], ["staff_customer"])
    assert ("ada@acme.example", Reason.ABSENT) in talk.withheld(1)
    report = talk.staff("bert").assign(1, agent="bert") and talk.staff("bert").assign(1, agent="ada")
    assert (report.ticket.agent, report.events[0].because) == ("cleo", "deputy of ada, absent until 2030-01-08")
    talk.later(days=2)
    anna.answers(anna.last, "Noch immer.")
    talk.staff("bert").assign(1, agent="ada")
    talk.deliver()
    assert (ada.hears(), cleo.hears()) == (["staff_assigned"], ["staff_assigned", "staff_customer"])


def test_an_absence_that_is_to_come_changes_nothing_yet(begin: Begin) -> None:
    talk = begin()
    anna, ada = talk.customer(ANNA), talk.customer("ada@acme.example")
    leaves(talk, "ada", "bert", first=1)
    anna.writes("Drucker brennt")
    assert ada.hears() == ["staff_new"]
    talk.later(days=1)
    anna.writes("Und noch einer")
    assert ada.hears() == []


def test_who_takes_a_ticket_himself_is_there(begin: Begin) -> None:
    talk = begin()
    talk.customer(ANNA).writes("Drucker brennt")
    leaves(talk, "ada", "bert")
    assert talk.staff("ada").take(1).ticket.agent == "ada"


def test_a_ticket_that_the_deputy_has_already_says_so(begin: Begin) -> None:
    talk = begin()
    talk.customer(ANNA).writes("Drucker brennt")
    talk.staff("bert").take(1)
    leaves(talk, "ada", "bert")
    report = talk.staff("bert").assign(1, agent="ada")
    assert report.did_nothing
    assert report.remarks == ("bert is deputy of ada, absent until 2030-01-13",)


def test_without_a_deputy_the_ticket_is_his_and_that_is_said(begin: Begin) -> None:
    talk = begin()
    talk.customer(ANNA).writes("Drucker brennt")
    leaves(talk, "ada", days=None)
    report = talk.staff("bert").assign(1, agent="ada")
    assert report.ticket.agent == "ada"
    assert report.events[0].because == "ada is absent until further notice, without a deputy"


def test_a_deputy_who_mentions_the_absent_agent_reaches_him(begin: Begin) -> None:
    talk = begin()
    talk.customer(ANNA).writes("Drucker brennt")
    ada, bert = talk.customer("ada@acme.example"), talk.customer("bert@acme.example")
    leaves(talk, "ada", "bert")
    ada.hears(), bert.hears()
    talk.staff("bert").note(1, "@ada Bitte nach dem Urlaub ansehen.")
    talk.deliver()
    assert (ada.hears(), bert.hears()) == (["staff_mention"], [])


@pytest.mark.parametrize("proof", [{}, {"Authentication_Results": PROOF}], ids=["unproven", "proven"])
def test_a_deputy_who_is_the_customer_is_no_deputy_of_his_ticket(anywhere: Begin, proof: dict[str, Any]) -> None:
    talk = anywhere({**CLEO, **AUTHSERV, "groups": {"service": ["ada", "bert", "cleo"]}})
    ada, bert, cleo = (talk.customer(f"{name}@acme.example") for name in ("ada", "bert", "cleo"))
    bert.writes("Mein PC raucht")
    talk.staff("ada").take(1)
    talk.deliver()
    [one.hears() for one in (ada, bert, cleo)]
    leaves(talk, "ada", "bert")
    bert.answers(bert.last, "Er brennt.", **proof)
    assert (ada.hears(), cleo.hears()) == (["staff_customer"], ["staff_customer"])


RULES: list[tuple[str, dict[str, Any], dict[str, str], list[str], str]] = [
    ("an agent by name", {"agent": "ada"}, {"ada": "cleo"}, ["cleo", "cleo"],
     "rule 'the rule' · cleo is deputy of ada, absent until 2030-01-13"),
    ("an agent without a deputy", {"agent": "ada"}, {"ada": ""}, ["ada", "ada"],
     "rule 'the rule' · ada is absent until 2030-01-13, without a deputy"),
    ("in turn, with a deputy", {"round_robin": "service"}, {"ada": "cleo"}, ["cleo", "bert"],
     "rule 'the rule' · round robin in service: ada, the first, cleo is deputy of ada, absent until 2030-01-13"),
    ("in turn, passed over", {"round_robin": "service"}, {"ada": ""}, ["bert", "bert"],
     "rule 'the rule' · round robin in service: bert, the first"),
    ("in turn, nobody there", {"round_robin": "service"}, {"ada": "bert", "bert": "ada"}, ["", ""], ""),
    ("the least loaded", {"least_loaded": "service"}, {"ada": "cleo"}, ["cleo", "bert"],
     "rule 'the rule' · least loaded in service: cleo with 0 (bert 0), cleo is deputy of ada, absent until 2030-01-13"),
    ("the least loaded is away", {"least_loaded": "service"}, {"ada": "bert"}, ["bert", "bert"],
     "rule 'the rule' · least loaded in service: bert with 0"),
]  # fmt: skip


@pytest.mark.parametrize(("title", "assign", "deputies", "who", "because"), RULES, ids=[case[0] for case in RULES])
def test_rules_assign_to_whoever_is_there(
    begin: Begin, title: str, assign: dict[str, Any], deputies: dict[str, str], who: list[str], because: str
) -> None:
    talk = begin({**CLEO, "rules": [rule({"assign": assign}, **{"for": "new"})]})
    for agent, deputy in deputies.items():
        leaves(talk, agent, deputy)
    for number in (1, 2):
        talk.customer(ANNA).writes(f"Nr. {number}", f"Text {number}")
    assert [talk.ticket(number).agent for number in (1, 2)] == who
    assert next((event.because for event in talk.events(1) if event.field == "agent"), "") == because


def test_whoever_looks_after_the_organization_has_a_deputy(begin: Begin) -> None:
    talk = begin({"rules": [rule({"assign": {"by_organization": True}}, **{"for": "new"})]})
    with talk.store.act() as view:
        company = view.people.add_organization("BigCorp", domains=["bigcorp.example"], now=talk.now)
        view.people.look_after(company.id, "ada")
    leaves(talk, "ada", "bert")
    talk.customer("it@bigcorp.example").writes("One")
    assert talk.ticket(1).agent == "bert"


def test_coming_back_ends_it_and_keeps_the_days_that_were(begin: Begin) -> None:
    talk = begin()
    leaves(talk, "ada", "bert", days=None)
    talk.later(days=3)
    (ended,) = back(talk.desk, "ada", now=talk.now).ended
    assert (ended.first, ended.last) == (TODAY, None)
    with talk.store.reading() as view:
        assert view.absences.on(talk.now.date()) == {}
        assert view.absences.on(TODAY)["ada"].last == TODAY + timedelta(days=2)
    with pytest.raises(Refused, match="ada is not absent, and no absence is planned"):
        back(talk.desk, "ada", now=talk.now)


def test_a_planned_absence_is_called_off(begin: Begin) -> None:
    talk = begin()
    leaves(talk, "ada", first=30)
    assert len(back(talk.desk, "ada", now=talk.now).ended) == 1
    with talk.store.reading() as view:
        assert view.absences.from_day(TODAY) == ()


def test_another_word_on_the_same_days_takes_the_place_of_the_first(begin: Begin) -> None:
    talk = begin(CLEO)
    leaves(talk, "ada", "bert", days=3)
    later = leaves(talk, "ada", "cleo", first=20)
    assert later.replaced == ()
    longer = leaves(talk, "ada", "cleo", first=1, days=10)
    assert [one.deputy for one in longer.replaced] == ["bert"]
    with talk.store.reading() as view:
        assert [one.first.day for one in view.absences.from_day(TODAY)] == [7, 8, 27]


def on_days(talk: Conversation) -> list[tuple[int, int | None, str]]:
    with talk.store.reading() as view:
        found = view.absences.from_day(day_of(talk.desk.settings, talk.now))
        return [(one.first.day, one.last.day if one.last else None, one.deputy) for one in found]


def test_a_short_absence_inside_a_long_one_leaves_the_days_around_it(anywhere: Begin) -> None:
    talk = anywhere(CLEO)
    talk.customer(ANNA).writes("Drucker brennt")
    leaves(talk, "ada", "bert", days=22)
    report = leaves(talk, "ada", "cleo", first=9, days=2)
    assert [(span(one), one.deputy) for one in report.remaining] == [
        ("2030-01-07 to 2030-01-15", "bert"),
        ("2030-01-18 to 2030-01-28", "bert"),
    ]
    assert on_days(talk) == [(7, 15, "bert"), (16, 17, "cleo"), (18, 28, "bert")]
    for days, instead in ((0, "bert"), (9, "cleo"), (2, "bert")):
        talk.later(days=days)
        assert talk.staff("bert").assign(1, agent="ada").ticket.agent == instead


def test_who_comes_back_is_back_from_what_was_split(begin: Begin) -> None:
    talk = begin(CLEO)
    leaves(talk, "ada", "bert", days=10)
    leaves(talk, "ada", "cleo", first=4, days=2)
    leaves(talk, "ada", first=30)
    talk.later(days=1)
    assert len(back(talk.desk, "ada", now=talk.now).ended) == 3
    assert on_days(talk) == [(6, 12, "")]


@pytest.mark.parametrize(
    ("title", "first", "days", "left"),
    [
        ("from now on, with an end", 0, 5, [(9, 13, "cleo")]),
        ("later, with an end", 5, 2, [(7, 13, "bert"), (14, 15, "cleo"), (16, None, "bert")]),
        ("later, without an end", 5, None, [(7, 13, "bert"), (14, None, "cleo")]),
    ],
)
def test_until_further_notice(
    begin: Begin, title: str, first: int, days: int | None, left: list[tuple[int, int | None, str]]
) -> None:
    talk = begin(CLEO)
    leaves(talk, "ada", "bert", days=None)
    talk.later(days=2)
    leaves(talk, "ada", "cleo", first=first, days=days)
    assert on_days(talk) == left


def test_the_last_day_there_is(begin: Begin) -> None:
    talk = begin(CLEO)
    leaves(talk, "ada", "bert", days=None)
    wanted = Absence(agent="ada", first=TODAY + timedelta(days=1), last=date.max, deputy="cleo")
    assert [one.deputy for one in go(talk.desk, wanted, now=talk.now).remaining] == ["bert"]
    assert len(back(talk.desk, "ada", now=talk.now).ended) == 2


def test_a_deputy_who_is_away_too_is_told_of_at_once(begin: Begin) -> None:
    talk = begin(CLEO)
    leaves(talk, "bert", "cleo", days=3)
    assert leaves(talk, "ada", "bert").remarks == (
        "bert is away himself 2030-01-07 to 2030-01-09: cleo stands in then",
    )
    assert leaves(talk, "cleo", "ada").remarks == (
        "ada is away himself 2030-01-07 to 2030-01-13: nobody stands in then",
        "cleo was to stand in for bert 2030-01-07 to 2030-01-09",
    )


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"agent": "zoe"}, "there is no agent 'zoe'; there are: ada, bert"),
        ({"deputy": "zoe"}, "there is no agent 'zoe'; there are: ada, bert"),
        ({"deputy": "ada"}, "ada cannot stand in for himself; name another agent, or none"),
        ({"last": date(2030, 1, 6)}, "2030-01-06 is before 2030-01-07; the last day comes second"),
        ({"first": date(2030, 1, 1), "last": date(2030, 1, 6)}, "2030-01-06 is over; nothing was changed"),
    ],
)
def test_what_cannot_be(begin: Begin, wanted: dict[str, Any], why: str) -> None:
    talk = begin()
    with pytest.raises(Refused, match=f"^{why}$"):
        go(talk.desk, Absence(**{"agent": "ada", "first": TODAY, **wanted}), now=talk.now)


def test_an_agent_assigns_by_mail(begin: Begin) -> None:
    talk = begin(AUTHSERV)
    talk.customer(ANNA).writes("Drucker brennt")
    bert = talk.customer("Bert Example <bert@acme.example>")
    leaves(talk, "ada", "bert")
    answers(bert, "!assign ada")
    assigned = talk.events(1)[-1]
    assert (talk.ticket(1).agent, assigned.actor.key) == ("bert", "bert")
    assert assigned.because.endswith(" · deputy of ada, absent until 2030-01-13")


def test_a_letter_on_its_way_when_the_agent_leaves_goes_to_him(begin: Begin) -> None:
    talk = begin()
    talk.scan(), talk.put(talk.customer(ANNA).mail("Drucker brennt")), talk.scan()
    leaves(talk, "ada", "bert")
    talk.deliver()
    assert talk.customer("ada@acme.example").hears() == ["staff_new"]


def test_days_are_those_of_the_helpdesk(begin: Begin) -> None:
    """At 23:30 UTC it is tomorrow in Berlin."""
    talk = begin({"helpdesk": {"timezone": "Europe/Berlin"}})
    leaves(talk, "ada", "bert", first=1)
    talk.later(hours=14, minutes=30)
    talk.customer(ANNA).writes("Drucker brennt")
    assert ("ada@acme.example", Reason.ABSENT) in talk.withheld(1)
    talk.later(days=7)
    talk.customer(ANNA).writes("Und noch einer")
    assert talk.withheld(2) == []
