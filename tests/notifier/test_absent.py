"""Who is told in the place of an agent who is away."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from domain.absence import Absence
from domain.decision import Notify
from domain.event import Actor
from domain.event import EventKind as E
from domain.letter import ActFacts, Told, Withheld
from notifier.resolve import resolve
from tests.notifier.people import ADA, BY_JAEGER, contact, event, outcome, settings, ticket, watched_by

WROTE = event(E.CUSTOMER_WROTE, BY_JAEGER, entry=2)
COMMENT = event(E.COMMENT, entry=3)
CUSTOMER = "jaeger@bigcorp.example"
A, B, C = "ada@acme.example", "bert@acme.example", "cleo@acme.example"
LAST = date(2026, 12, 14)


def away(**deputies: str) -> dict[str, Absence]:
    return {key: Absence(agent=key, first=LAST, last=LAST, deputy=deputy) for key, deputy in deputies.items()}


def staff(*events: Any, **facts: Any) -> dict[str, str]:
    return {address: kind for address, kind in outcome(*events, **facts).items() if address.endswith("@acme.example")}


ADAS, OURS = ticket(agent="ada"), ticket()
TOLD, NOT = "staff_customer", "-absent"

# Whose ticket it is, who is away, and who is told that the customer wrote.
CASES: list[tuple[str, Any, dict[str, str], dict[str, str]]] = [
    ("nobody is away", ADAS, {}, {A: TOLD}),
    ("the deputy of the assignee", ADAS, {"ada": "cleo"}, {A: NOT, C: TOLD}),
    ("the deputy's deputy", ADAS, {"ada": "bert", "bert": "cleo"}, {A: NOT, C: TOLD}),
    ("an assignee without a deputy", ADAS, {"ada": ""}, {A: TOLD, B: TOLD}),
    ("two who stand in for each other", ADAS, {"ada": "cleo", "cleo": "ada"}, {A: TOLD, B: TOLD}),
    ("an assignee, and nobody in the group", ADAS, {"ada": "", "bert": ""}, {A: TOLD}),
    ("a member with a deputy", OURS, {"ada": "cleo"}, {A: NOT, B: TOLD, C: TOLD}),
    ("a member whose deputy is a member", OURS, {"ada": "bert"}, {A: NOT, B: TOLD}),
    ("a member without a deputy", OURS, {"ada": ""}, {A: NOT, B: TOLD}),
    ("nobody is there", OURS, {"ada": "", "bert": ""}, {A: TOLD, B: TOLD}),
    ("a watcher with a deputy", ticket(agent="bert", watchers=watched_by("ada")), {"ada": "cleo"},
     {A: NOT, B: TOLD, C: TOLD}),
    ("a watcher without a deputy", ticket(agent="bert", watchers=watched_by("ada")), {"ada": ""}, {A: TOLD, B: TOLD}),
    ("a deputy who has left", ADAS, {"ada": "zoe"}, {A: TOLD, B: TOLD}),
]  # fmt: skip


@pytest.mark.parametrize(("title", "on", "deputies", "told"), CASES, ids=[case[0] for case in CASES])
def test_somebody_is_told(title: str, on: Any, deputies: dict[str, str], told: dict[str, str]) -> None:
    assert staff(WROTE, on=on, absences=away(**deputies)) == told


BERT_AS_CUSTOMER = contact(9, "bert@acme.example", name="Bert")
HIS = event(E.CUSTOMER_WROTE, Actor("contact", "9", "Bert"), entry=2)
BERTS = ticket(requester=BERT_AS_CUSTOMER)
NOBODY_ELSE = "-actor"

# Bert is the customer as well.  Whose ticket it is, who is away, and who is told that it was written to.
AS_CUSTOMER: list[tuple[str, Any, Any, dict[str, str], dict[str, str]]] = [
    ("he stands in for the assignee", HIS, replace(BERTS, agent="cleo"), {"cleo": "bert"},
     {C: TOLD, A: TOLD, B: NOBODY_ELSE}),
    ("he stands in for the assignee, and nobody else is there", HIS, replace(BERTS, agent="ada"), {"ada": "bert"},
     {A: TOLD}),
    ("he stands in for a member", HIS, BERTS, {"ada": "bert"}, {A: TOLD, B: NOBODY_ELSE}),
    ("he is the deputy's deputy", HIS, replace(BERTS, agent="ada"), {"ada": "cleo", "cleo": "bert"}, {A: TOLD}),
    ("his deputy stands in", HIS, replace(BERTS, agent="ada"), {"ada": "bert", "bert": "cleo"}, {A: NOT, C: TOLD}),
    ("somebody else writes on his ticket", WROTE, replace(BERTS, agent="ada"), {"ada": "bert"}, {A: TOLD}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("title", "wrote", "on", "deputies", "told"), AS_CUSTOMER, ids=[case[0] for case in AS_CUSTOMER]
)
def test_a_deputy_who_is_the_customer_does_not_stand_in(
    title: str, wrote: Any, on: Any, deputies: dict[str, str], told: dict[str, str]
) -> None:
    sender = "bert@acme.example" if wrote is HIS else "jaeger@bigcorp.example"
    found = staff(wrote, on=on, absences=away(**deputies), sender_key=sender)
    assert {who: kind for who, kind in found.items() if kind == TOLD or who in told} == told


def test_why_a_deputy_does_not_stand_in_for_his_own_customer() -> None:
    told = outcomes(replace(BERTS, agent="ada"), ada="bert")
    assert told["ada"].because == (
        "assignee; bert is deputy of ada, absent until 2026-12-14, but the ticket is his own"
    )


def outcomes(on: Any, **deputies: str) -> dict[str, Told | Withheld]:
    act = ActFacts(ticket=on, events=(WROTE,), actor=BY_JAEGER, absences=away(**deputies))
    return {one.recipient.agent: one for one in resolve(act, settings()) if one.recipient.is_staff}


def test_the_deputy_reads_for_whom_and_until_when_and_in_his_own_language() -> None:
    told = outcomes(ADAS, ada="bert")
    assert told["bert"].because == "deputy of ada, absent until 2026-12-14"
    assert (told["bert"].recipient.role, told["bert"].recipient.language) == ("deputy", "en")
    assert told["ada"].because == "bert is deputy of ada, absent until 2026-12-14"


def test_a_deputy_who_is_told_anyway_is_told_for_his_own_sake() -> None:
    assert outcomes(OURS, ada="bert")["bert"].because == "member of group service"


def test_a_group_hears_why_it_is_told_of_a_colleagues_ticket() -> None:
    why = "member of group service, ada is absent until 2026-12-14, without a deputy"
    assert outcomes(ADAS, ada="")["bert"].because == why


def test_the_deputy_gets_what_the_absent_one_wants() -> None:
    config = {"letters": {"ada": {"mine": ["note"]}, "cleo": {"mine": "nothing"}}}
    assert staff(WROTE, on=ADAS, absences=away(ada="cleo"), config=config) == {A: "-switched_off"}
    note = event(E.NOTE, BY_JAEGER)
    assert staff(note, on=ADAS, absences=away(ada="cleo"), config=config) == {A: NOT, C: "staff_note"}


def test_what_somebody_only_reads_along_nobody_reads_in_his_place() -> None:
    config = {"letters": {"ada": {"all": "everything"}}}
    assert staff(WROTE, on=ticket(agent="bert"), absences=away(ada="cleo"), config=config) == {B: TOLD}


def test_the_deputys_own_act() -> None:
    assert staff(COMMENT, on=ticket(agent="bert"), absences=away(bert="ada")) == {B: NOT, A: "-actor"}


def test_whoever_acts_is_there_whatever_was_said() -> None:
    assert staff(COMMENT, on=ADAS, absences=away(ada="bert")) == {A: "-actor"}
    assert staff(COMMENT, on=ADAS, absences=away(ada="bert"), config={"tell_actor": True}) == {A: "staff_comment"}


def test_a_rule_that_names_somebody_reaches_the_deputy() -> None:
    wishes = (Notify(agents=("ada",), because="rule 'outage'"),)
    act = ActFacts(ticket=OURS, events=(WROTE,), actor=BY_JAEGER, absences=away(ada="cleo"), wishes=wishes)
    told = {one.recipient.agent: one for one in resolve(act, settings()) if isinstance(one, Told)}
    assert told["cleo"].because == "deputy of ada, absent until 2026-12-14"


def test_history_is_taken_up_without_a_word_to_deputies() -> None:
    quiet = staff(WROTE, on=ADAS, absences=away(ada="bert"), quiet="older than quiet_before")
    assert quiet == {A: "-quiet"}


def test_an_agent_who_acts_for_an_absent_one_is_named_once() -> None:
    given = event(E.ASSIGNED, ADA, field="agent", before="", after="bert")
    assert staff(given, on=ticket(agent="bert"), absences=away(ada="bert")) == {B: "staff_assigned"}
