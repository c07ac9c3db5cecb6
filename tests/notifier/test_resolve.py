"""Who is told: the table of the design page, act by act."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.event import Actor
from domain.event import EventKind as E
from domain.letter import ActFacts, LetterKind, Reason, Recipient, Told, Withheld
from domain.people import ContactFacts
from notifier.events_table import STRONGEST_FIRST, TABLE
from notifier.gate import gate, is_own, is_writable
from notifier.resolve import resolve
from tests.notifier.people import (
    ADA,
    BIGCORP,
    BY_JAEGER,
    BY_RULE,
    BY_WEISS,
    JAEGER,
    NOON,
    WEISS,
    contact,
    event,
    outcome,
    settings,
    ticket,
    watched_by,
)

OPENED = event(E.OPENED, BY_JAEGER, entry=1)
WROTE = event(E.CUSTOMER_WROTE, BY_JAEGER, entry=2)
COMMENT = event(E.COMMENT, entry=3)
SOLUTION = event(E.SOLUTION, entry=4)
NOTE = event(E.NOTE, entry=5)
TAKEN = event(E.ASSIGNED, field="agent", after="ada")
SOLVED = event(E.STATUS, before="open", after="solved")
WAITING = event(E.STATUS, before="open", after="waiting")
URGENT = event(E.FIELD, field="priority", before="normal", after="urgent")

CUSTOMER, HOME = "jaeger@bigcorp.example", "jaeger@home.example"
COLLEAGUE = "weiss@bigcorp.example"
A, B, C = "ada@acme.example", "bert@acme.example", "cleo@acme.example"


def test_a_customer_writes_and_is_answered_and_the_whole_group_hears_of_it() -> None:
    assert outcome(OPENED) == {CUSTOMER: "acknowledgement", A: "staff_new", B: "staff_new"}


def test_the_mail_that_opened_the_ticket_is_no_second_event() -> None:
    assert outcome(OPENED, WROTE, on=ticket(watchers=watched_by(WEISS))) == {
        CUSTOMER: "acknowledgement", A: "staff_new", B: "staff_new",
    }  # fmt: skip


def test_an_agent_opens_a_ticket_for_a_customer() -> None:
    assert outcome(event(E.OPENED)) == {CUSTOMER: "notice", A: "-actor", B: "staff_new"}


def test_an_agent_takes_a_ticket_over() -> None:
    mine = ticket(agent="ada")
    assert outcome(TAKEN, on=mine, taken_over=True) == {CUSTOMER: "status", A: "-actor"}
    assert outcome(TAKEN, on=mine) == {CUSTOMER: "-switched_off", A: "-actor"}
    assert outcome(TAKEN, on=mine, config={"on_reassignment": True}) == {CUSTOMER: "status", A: "-actor"}


def test_a_ticket_is_given_to_somebody_else() -> None:
    given = event(E.ASSIGNED, field="agent", before="ada", after="cleo")
    assert outcome(given, on=ticket(agent="cleo", watchers=watched_by(WEISS, "bert"))) == {
        CUSTOMER: "-switched_off", C: "staff_assigned",
    }  # fmt: skip


def test_a_ticket_goes_back_to_its_group() -> None:
    left = event(E.ASSIGNED, field="agent", before="ada", after="")
    assert outcome(left, taken_over=True) == {A: "-actor", B: "staff_assigned"}


def test_a_comment_reaches_the_customer_everybody_in_copy_and_the_watchers() -> None:
    stranger = Recipient(role="cc", address="partner@other.example")
    watched = ticket(agent="ada", watchers=watched_by(WEISS, "bert"))
    assert outcome(COMMENT, on=watched, cc=(stranger,)) == {
        CUSTOMER: "comment", "partner@other.example": "comment",
        A: "-actor", B: "staff_comment", COLLEAGUE: "comment",
    }  # fmt: skip


def test_a_customer_answers() -> None:
    watched = ticket(agent="ada", watchers=watched_by(WEISS, "bert"))
    assert outcome(WROTE, on=watched) == {A: "staff_customer", B: "staff_customer", COLLEAGUE: "copy"}
    every = {"on_customer_mail": True}
    assert outcome(WROTE, on=watched, config=every)[CUSTOMER] == "acknowledgement"


def test_a_colleague_answers_in_the_customers_ticket() -> None:
    wrote = event(E.CUSTOMER_WROTE, BY_WEISS)
    watched = ticket(agent="ada", watchers=watched_by(WEISS))
    assert outcome(wrote, on=watched) == {CUSTOMER: "-switched_off", A: "staff_customer"}
    assert outcome(wrote, on=watched, config={"on_customer_mail": True})[CUSTOMER] == "copy"


def test_a_customers_answer_that_reopens_is_no_news_to_him() -> None:
    reopened = event(E.REOPENED, BY_JAEGER, before="solved", after="open")
    assert outcome(WROTE, reopened, on=ticket(watchers=watched_by(WEISS))) == {
        A: "staff_customer", B: "staff_customer", COLLEAGUE: "copy",
    }  # fmt: skip


def test_what_a_rule_does_on_his_mail_is_news_to_the_customer() -> None:
    closed = event(E.CLOSED, BY_RULE, before="open", after="closed")
    assert outcome(WROTE, closed, on=ticket(agent="ada")) == {CUSTOMER: "status", A: "staff_customer"}


def test_an_internal_note_stays_inside() -> None:
    watched = ticket(watchers=watched_by(WEISS, "cleo"))
    assert outcome(NOTE, on=watched) == {A: "-actor", B: "staff_note", C: "staff_note"}


def test_an_unconfirmed_sender_is_shown_to_staff_only() -> None:
    unconfirmed = event(E.UNCONFIRMED, BY_WEISS, entry=9)
    watched = ticket(agent="ada", watchers=watched_by(WEISS, "bert"))
    assert outcome(unconfirmed, on=watched, sender_key="mallory@evil.example") == {
        A: "staff_customer", B: "staff_customer",
    }  # fmt: skip


def test_an_out_of_office_answer_is_appended_quietly() -> None:
    assert outcome(event(E.MACHINE_WROTE, BY_JAEGER), machine=True, sender_key=CUSTOMER) == {}


def test_a_machine_that_opens_a_ticket_gets_no_answer() -> None:
    assert outcome(OPENED, machine=True, sender_key=CUSTOMER) == {
        CUSTOMER: "-machine", A: "staff_new", B: "staff_new",
    }  # fmt: skip


def test_a_public_status_is_told_and_another_is_not() -> None:
    watched = ticket(watchers=watched_by(WEISS, "cleo"))
    assert outcome(SOLVED, on=watched) == {
        CUSTOMER: "status", A: "-actor", B: "staff_status", COLLEAGUE: "status", C: "staff_status",
    }  # fmt: skip
    assert outcome(WAITING, on=watched) == {
        CUSTOMER: "-not_public", A: "-actor", B: "staff_status", C: "staff_status",
    }  # fmt: skip


def test_a_status_that_is_not_public_rides_on_no_letter_to_the_customer() -> None:
    act = ActFacts(ticket=ticket(agent="bert"), events=(WAITING, COMMENT), actor=ADA)
    customer, staff = resolve(act, settings())
    assert isinstance(customer, Told)
    assert customer.events == (COMMENT,)
    assert isinstance(staff, Told)
    assert staff.events == (COMMENT, WAITING)


def test_due_times_concern_staff_alone() -> None:
    watched = ticket(agent="ada", watchers=watched_by(WEISS, "cleo"))
    by_desk = Actor("desk")
    assert outcome(event(E.DUE, after="2026-12-01T16:00:00+00:00"), on=watched, by=BY_RULE) == {A: "staff_change"}
    assert outcome(event(E.DUE_SOON, by_desk), on=watched) == {A: "staff_due"}
    assert outcome(event(E.OVERDUE, by_desk), on=watched) == {A: "staff_due", C: "staff_due"}
    assert outcome(event(E.OVERDUE, by_desk)) == {A: "staff_due", B: "staff_due"}


def test_closed_and_reopened_are_told() -> None:
    assert outcome(event(E.CLOSED, after="closed"))[CUSTOMER] == "status"
    assert outcome(event(E.REOPENED, after="open"))[CUSTOMER] == "status"


def test_changed_fields_are_told_where_configured() -> None:
    watched = ticket(agent="bert", watchers=watched_by(WEISS, "cleo"))
    assert outcome(URGENT, on=watched) == {CUSTOMER: "-switched_off", B: "staff_change"}
    assert outcome(URGENT, on=watched, config={"on_field_change": True, "watchers_on_field_change": True}) == {
        CUSTOMER: "change", B: "staff_change", COLLEAGUE: "change", C: "staff_change",
    }  # fmt: skip


def test_a_field_that_a_rule_sets_is_not_worth_a_refusal() -> None:
    assert outcome(event(E.FIELD, BY_RULE, field="priority"), by=BY_JAEGER) == {A: "staff_change", B: "staff_change"}


def test_one_act_gives_one_letter_and_the_strongest_event_chooses_it() -> None:
    act = ActFacts(ticket=ticket(), events=(TAKEN, SOLVED, COMMENT, SOLUTION), actor=ADA, taken_over=True)
    told = resolve(act, settings())[0]
    assert isinstance(told, Told)
    assert told.kind is LetterKind.SOLUTION
    assert told.events == (SOLUTION, COMMENT, TAKEN, SOLVED)


@pytest.mark.parametrize("config", [{}, {"tell_actor": True}], ids=["by default", "tell_actor"])
def test_tell_actor(config: dict[str, Any]) -> None:
    told = outcome(COMMENT, on=ticket(agent="ada"), config=config)
    assert told[A] == ("staff_comment" if config else "-actor")


def test_without_a_contact_the_organization_is_told() -> None:
    without = ticket(requester=None, organization=BIGCORP)
    assert outcome(COMMENT, on=without)["it@bigcorp.example"] == "comment"
    opted_out = replace(without, organization=replace(BIGCORP, email_opt_out=True))
    assert outcome(COMMENT, on=opted_out)["it@bigcorp.example"] == "-opted_out"


def test_without_anybody_there_is_no_address() -> None:
    assert outcome(COMMENT, on=ticket(requester=None))[""] == "-no_address"
    assert outcome(COMMENT, on=ticket(requester=contact(3)))[""] == "-no_address"


def test_a_dead_primary_address_is_replaced_by_a_living_one() -> None:
    half_dead = contact(1, f"{CUSTOMER}!", HOME)
    assert outcome(COMMENT, on=ticket(requester=half_dead))[HOME] == "comment"
    dead = contact(1, f"{CUSTOMER}!", f"{HOME}!")
    assert outcome(COMMENT, on=ticket(requester=dead))[CUSTOMER] == "-undeliverable"


def test_a_primary_address_that_is_ours_is_replaced_too() -> None:
    looped = contact(1, "support@acme.example", HOME)
    assert outcome(COMMENT, on=ticket(requester=looped))[HOME] == "comment"


def test_an_agent_who_opted_out_as_a_customer_still_hears_as_an_agent() -> None:
    as_customer = contact(4, B, email_opt_out=True)
    assert outcome(COMMENT, on=ticket(requester=as_customer, agent="bert")) == {B: "staff_comment"}


OPTED_OUT = replace(
    JAEGER, email_opt_out=True, opted_out_at=datetime(2026, 9, 2, 8, 0, tzinfo=UTC), opted_out_how="mail"
)


@pytest.mark.parametrize("events", [(OPENED,), (COMMENT,), (SOLUTION,), (SOLVED,)], ids=lambda e: e[0].kind.value)
def test_who_opted_out_gets_nothing(events: Any) -> None:
    assert outcome(*events, on=ticket(requester=OPTED_OUT))[CUSTOMER] == "-opted_out"


def test_the_refusal_says_when_and_how_he_opted_out() -> None:
    withheld = resolve(ActFacts(ticket=ticket(requester=OPTED_OUT), events=(COMMENT,), actor=ADA), settings())[0]
    assert isinstance(withheld, Withheld)
    assert withheld.because == "opted out on 2026-09-02 by mail"


def test_a_mandatory_letter_overrides_the_opt_out_and_says_so() -> None:
    act = ActFacts(ticket=ticket(requester=OPTED_OUT), events=(COMMENT,), actor=ADA, mandatory=True)
    told = resolve(act, settings())[0]
    assert isinstance(told, Told)
    assert told.mandatory
    assert told.because == "requester, comment; mandatory, although opted out on 2026-09-02 by mail"


def test_an_opted_out_watcher_or_person_in_copy_gets_nothing_either() -> None:
    gone = replace(WEISS, email_opt_out=True)
    assert outcome(COMMENT, on=ticket(watchers=watched_by(gone)))[COLLEAGUE] == "-opted_out"
    in_copy = (Recipient(role="cc", address="Weiss@BigCorp.example"),)
    assert outcome(COMMENT, cc=in_copy, contacts=(gone,))["Weiss@BigCorp.example"] == "-opted_out"


def test_portal_users_only() -> None:
    config = {"ticket_mails": False}
    assert outcome(COMMENT, config=config)[CUSTOMER] == "-not_a_portal_user"
    assert outcome(COMMENT, config=config, mandatory=True)[CUSTOMER] == "comment"
    portal = ticket(requester=replace(JAEGER, portal_user=True))
    assert outcome(COMMENT, on=portal, config=config)[CUSTOMER] == "comment"


def test_history_is_taken_up_without_a_word() -> None:
    assert set(outcome(OPENED, quiet="older than quiet_before").values()) == {"-quiet"}


def test_a_rule_may_keep_the_customer_uninformed() -> None:
    assert outcome(OPENED, silent_customer="rule monitoring") == {
        CUSTOMER: "-suppressed", A: "staff_new", B: "staff_new",
    }  # fmt: skip


def test_the_loop_budget_stops_automatic_letters_but_no_answer_of_an_agent() -> None:
    spent = {CUSTOMER: 10, A: 99}
    assert outcome(OPENED, recent=spent) == {CUSTOMER: "-loop_budget", A: "staff_new", B: "staff_new"}
    assert outcome(COMMENT, recent=spent)[CUSTOMER] == "comment"
    assert outcome(OPENED, recent={CUSTOMER: 9})[CUSTOMER] == "acknowledgement"


def test_nobody_gets_two_letters_because_he_is_two_things() -> None:
    everything = ticket(
        requester=contact(4, B, name="Bert, as a customer"), agent="bert", watchers=watched_by(WEISS, "bert", WEISS)
    )
    assert outcome(COMMENT, on=everything, cc=(Recipient(role="cc", address=COLLEAGUE.upper()),)) == {
        B: "comment", COLLEAGUE.upper(): "comment",
    }  # fmt: skip


def test_a_ticket_whose_agent_has_left_goes_to_the_mailboxs_group() -> None:
    assert set(outcome(WROTE, on=ticket(agent="zoe", group="gone"))) == {A, B}


def test_a_watcher_who_has_left_is_recorded() -> None:
    act = ActFacts(ticket=ticket(watchers=watched_by("zoe")), events=(NOTE,), actor=ADA)
    assert resolve(act, settings())[-1].recipient.agent == "zoe"


def test_staff_read_their_own_reason() -> None:
    told = resolve(ActFacts(ticket=ticket(), events=(OPENED,), actor=BY_JAEGER), settings())
    assert [one.because for one in told] == [
        "requester, acknowledgement", "member of group service", "member of group service",
    ]  # fmt: skip


def test_everybody_reads_his_own_language() -> None:
    told = resolve(ActFacts(ticket=ticket(watchers=watched_by(WEISS)), events=(SOLVED,), actor=BY_RULE), settings())
    assert [one.recipient.language for one in told] == ["de", "de", "en", "en"]


@pytest.mark.parametrize(
    "address", ["support@acme.example", "Support@ACME.example", "support+abc.def@acme.example", "help@acme.example"]
)
def test_our_own_addresses(address: str) -> None:
    assert is_own(address, settings())
    assert outcome(COMMENT, on=ticket(requester=contact(5, address)))[address] == "-own_address"


@pytest.mark.parametrize(
    "address", ["", "x", "@b.example", "a b@c.example", "a@b\r\nBcc: c@d.example", "a@b@c.example"]
)
def test_what_is_no_address_gets_no_letter(address: str) -> None:
    assert not is_writable(address)


CASES: list[tuple[str, ContactFacts | None, Reason | None]] = [
    ("as before", JAEGER, None),
    ("has opted out meanwhile", OPTED_OUT, Reason.OPTED_OUT),
    ("has been deleted", None, Reason.GONE),
    ("has lost the address", contact(1, HOME), Reason.GONE),
    ("came back", contact(1, f"{CUSTOMER}!", HOME), Reason.UNDELIVERABLE),
]


@pytest.mark.parametrize(("title", "now", "reason"), CASES, ids=[case[0] for case in CASES])
def test_the_gate_is_asked_again_when_a_letter_is_sent(
    title: str, now: ContactFacts | None, reason: Reason | None
) -> None:
    recipient = Recipient(role="requester", address=CUSTOMER, contact=1)
    refusal = gate(recipient, LetterKind.COMMENT, mailbox="support", contact=now, settings=settings())
    assert (refusal.reason if refusal else None) is reason
    lifted = gate(recipient, LetterKind.COMMENT, mailbox="support", contact=now, settings=settings(), mandatory=True)
    assert (lifted.reason if lifted else None) is (None if reason is Reason.OPTED_OUT else reason)


def test_an_organization_that_opted_out_or_moved_meanwhile() -> None:
    recipient = Recipient(role="organization", address=BIGCORP.address)
    for now, reason in (
        (BIGCORP, None),
        (replace(BIGCORP, email_opt_out=True), Reason.OPTED_OUT),
        (replace(BIGCORP, address="new@bigcorp.example"), Reason.GONE),
        (None, Reason.GONE),
    ):
        refusal = gate(recipient, LetterKind.COMMENT, mailbox="support", organization=now, settings=settings())
        assert (refusal.reason if refusal else None) is reason


def test_an_organization_or_a_copy_whose_mail_comes_back() -> None:
    dead = replace(BIGCORP, undeliverable=True)
    assert outcome(COMMENT, on=ticket(requester=None, organization=dead))[BIGCORP.address] == "-undeliverable"
    copies = tuple(Recipient(role="cc", address=f"{name}@y.example") for name in ("gone", "there"))
    told = outcome(COMMENT, cc=copies, dead=frozenset({"gone@y.example"}))
    assert (told["gone@y.example"], told["there@y.example"]) == ("-undeliverable", "comment")


@pytest.mark.parametrize(("letters", "wanted"), [(199, "status"), (200, "-loop_budget"), (5000, "-loop_budget")])
def test_the_budget_of_a_domain(letters: int, wanted: str) -> None:
    """zammad#4885, otrs PR#1367: a budget for each domain, and what it withheld is listed with its reason."""
    closed = event(E.CLOSED, before="open", after="closed")
    assert outcome(closed, recent_domains={"bigcorp.example": letters})[CUSTOMER] == wanted
    assert outcome(closed, recent_domains={"home.example": letters})[CUSTOMER] == "status"
    assert outcome(COMMENT, recent_domains={"bigcorp.example": letters})[CUSTOMER] == "comment", "a person wrote it"
    few = {"loop_budget": {"per_domain": 3}}
    assert outcome(closed, recent_domains={"bigcorp.example": 3}, config=few)[CUSTOMER] == "-loop_budget"


def test_a_merger_is_told_to_those_whose_ticket_ends() -> None:
    on = ticket(agent="ada", watchers=watched_by(WEISS, "cleo"))
    ends = outcome(event(E.MERGED, field="into", after="1038"), on=on)
    goes_on = outcome(event(E.MERGED, field="from", after="1042"), on=on, by=Actor("agent", "bert"))
    assert ends == {CUSTOMER: "status", A: "-actor", COLLEAGUE: "status", C: "staff_change"}
    assert goes_on == {A: "staff_change", C: "staff_change"}


def test_a_vendor_reaches_staff_only() -> None:
    on = ticket(agent="ada", watchers=watched_by(WEISS, "cleo"))
    told = outcome(event(E.VENDOR_WROTE, Actor("contact", "9"), field="maker"), on=on, machine=True)
    assert told == {A: "staff_customer", C: "staff_customer"}


def test_an_agent_who_left_the_configuration_gets_nothing() -> None:
    recipient = Recipient(role="agent", address="zoe@acme.example", agent="zoe")
    refusal = gate(recipient, LetterKind.STAFF_NEW, mailbox="support", settings=settings())
    assert refusal is not None
    assert refusal.reason is Reason.GONE


def test_every_kind_has_a_strength_and_no_customer_column_names_a_staff_letter() -> None:
    assert sorted(STRONGEST_FIRST) == sorted(LetterKind)
    for row in TABLE.values():
        plain = [cell for cell in (row.customer, row.cc, row.watching_customer) if isinstance(cell, LetterKind)]
        assert not [kind for kind in plain if kind.is_staff]


def test_the_time_of_the_act_does_not_matter_to_who_is_told() -> None:
    later = ticket(updated_at=NOON.replace(year=2030))
    assert outcome(COMMENT, on=later) == outcome(COMMENT)
