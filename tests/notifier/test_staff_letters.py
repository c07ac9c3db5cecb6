"""Which letters an agent gets, by whose the ticket is; and a mailbox that tells otherwise."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from domain.event import EventKind as E
from domain.letter import ActFacts, LetterKind, Reason, Recipient, Told, Withheld
from domain.settings import STAFF_WORDS, Notifications
from notifier.gate import gate
from notifier.resolve import resolve
from tests.notifier.people import BY_JAEGER, JAEGER, event, outcome, settings, ticket, watched_by

OPENED = event(E.OPENED, BY_JAEGER, entry=1)
WROTE = event(E.CUSTOMER_WROTE, BY_JAEGER, entry=2)
NOTE = event(E.NOTE, entry=5)
STATUS = event(E.STATUS, before="open", after="waiting")
CUSTOMER = "jaeger@bigcorp.example"
A, B, C = "ada@acme.example", "bert@acme.example", "cleo@acme.example"

MINE, OURS = ticket(agent="bert"), ticket()

# The act, the ticket, what the letters leave out, and who of staff is told what.
CASES: list[tuple[str, Any, Any, dict[str, Any], dict[str, str]]] = [
    ("as it is without a word", WROTE, MINE, {}, {B: "staff_customer"}),
    ("an own ticket, without this", WROTE, MINE, {"staff": {"mine": ["note"]}}, {B: "-switched_off"}),
    ("an own ticket, with this", NOTE, MINE, {"staff": {"mine": "note"}}, {B: "staff_note"}),
    ("nothing at all", WROTE, MINE, {"staff": {"mine": "nothing"}}, {B: "-switched_off"}),
    ("a group's ticket", WROTE, OURS, {"staff": {"groups": ["new"]}}, {A: "-switched_off", B: "-switched_off"}),
    ("what staff did, it knows", event(E.COMMENT), OURS, {"staff": {"groups": ["new"]}}, {A: "-actor"}),
    ("a new one of the group", OPENED, OURS, {"staff": {"groups": ["new"]}}, {A: "staff_new", B: "staff_new"}),
    ("one agent otherwise", WROTE, OURS, {"staff": {"groups": ["new"]}, "letters": {"ada": {"groups": "everything"}}},
     {A: "staff_customer"}),
    ("his other lines stay", WROTE, MINE, {"staff": {"mine": []}, "letters": {"bert": {"groups": []}}},
     {B: "-switched_off"}),
    ("a colleague's ticket", WROTE, MINE, {"letters": {"ada": {"colleagues": ["customer"]}}},
     {A: "staff_customer", B: "staff_customer"}),
    ("a colleague's, without this", NOTE, MINE, {"letters": {"ada": {"colleagues": ["customer"]}}}, {B: "staff_note"}),
    ("nobody's is no colleague's", WROTE, OURS, {"letters": {"ada": {"groups": [], "colleagues": "everything"}}},
     {B: "staff_customer"}),
    ("another group's", WROTE, MINE, {"letters": {"cleo": {"colleagues": "everything"}}}, {B: "staff_customer"}),
    ("all tickets", WROTE, MINE, {"letters": {"cleo": {"all": ["customer"]}}},
     {B: "staff_customer", C: "staff_customer"}),
    ("one line is enough", WROTE, MINE, {"letters": {"bert": {"mine": "nothing", "all": "customer"}}},
     {B: "staff_customer"}),
    ("a watcher in any case", WROTE, ticket(agent="bert", watchers=watched_by("ada")),
     {"letters": {"ada": {"mine": [], "groups": [], "colleagues": []}}}, {A: "staff_customer", B: "staff_customer"}),
    ("the mailbox's word", WROTE, MINE, {"staff": {"mine": []}, "support": {"staff": {"mine": ["customer"]}}},
     {B: "staff_customer"}),
    ("his own comes first", WROTE, MINE,
     {"support": {"staff": {"mine": "nothing"}}, "letters": {"bert": {"mine": "customer"}}}, {B: "staff_customer"}),
]  # fmt: skip


@pytest.mark.parametrize(("title", "what", "on", "config", "staff"), CASES, ids=[case[0] for case in CASES])
def test_an_agent_gets_what_he_wants(
    title: str, what: Any, on: Any, config: dict[str, Any], staff: dict[str, str]
) -> None:
    by = None if what is not NOTE else event(E.NOTE).actor
    told = outcome(what, on=on, by=by, config=config)
    assert {address: kind for address, kind in told.items() if address != CUSTOMER} == staff


def test_what_of_an_act_is_wanted_brings_a_letter_that_speaks_of_all_of_it() -> None:
    wanted = settings(letters={"bert": {"mine": ["status"]}})
    told = resolve(ActFacts(ticket=MINE, events=(NOTE, STATUS), actor=NOTE.actor), wanted)
    (bert,) = (one for one in told if one.recipient.agent == "bert")
    assert isinstance(bert, Told)
    assert (bert.kind, bert.events) == (LetterKind.STAFF_STATUS, (STATUS, NOTE))


@pytest.mark.parametrize(
    ("config", "line"),
    [
        ({"staff": {"mine": []}}, "notifications.staff.mine"),
        ({"support": {"staff": {"mine": []}}}, "mailboxes.support.notifications.staff.mine"),
        ({"letters": {"bert": {"mine": []}}}, "agents.bert.letters.mine"),
    ],
)
def test_a_letter_that_is_left_out_says_which_line_does_so(config: dict[str, Any], line: str) -> None:
    told = resolve(ActFacts(ticket=MINE, events=(WROTE,), actor=BY_JAEGER), settings(**config))
    (bert,) = (one for one in told if one.recipient.agent == "bert")
    assert isinstance(bert, Withheld)
    assert (bert.reason, bert.because) == (Reason.SWITCHED_OFF, f"{line} leaves out customer")


def test_an_own_act_is_an_own_act_whatever_is_left_out() -> None:
    assert outcome(NOTE, on=ticket(agent="ada"), config={"staff": {"mine": []}}) == {A: "-actor"}


SPECIAL: list[tuple[str, dict[str, Any], Any, dict[str, Any], str]] = [
    ("ticket_mails", {"ticket_mails": False}, event(E.COMMENT), {}, "-not_a_portal_user"),
    ("on_reassignment", {"on_reassignment": True}, event(E.ASSIGNED, field="agent", after="bert"), {}, "status"),
    ("on_customer_mail", {"on_customer_mail": True}, WROTE, {}, "acknowledgement"),
    ("on_field_change", {"on_field_change": True}, event(E.FIELD, field="priority", after="high"), {}, "change"),
    ("acknowledgement", {"acknowledgement": False}, OPENED, {}, "-switched_off"),
]


@pytest.mark.parametrize(("name", "special", "what", "facts", "wanted"), SPECIAL, ids=[case[0] for case in SPECIAL])
def test_a_mailbox_tells_otherwise(
    name: str, special: dict[str, Any], what: Any, facts: dict[str, Any], wanted: str
) -> None:
    here = outcome(what, config={"support": special}, **facts)
    there = outcome(what, on=ticket(mailbox="plus"), config={"support": special}, **facts)
    usual = outcome(what, **facts)
    assert here[CUSTOMER] == wanted
    assert there.get(CUSTOMER) == usual.get(CUSTOMER) != wanted
    assert outcome(what, config=special, **facts)[CUSTOMER] == wanted, "for all mailboxes it is the same"


def test_a_mailbox_may_tell_the_actor() -> None:
    assert outcome(NOTE, on=ticket(agent="ada"), config={"support": {"tell_actor": True}}) == {A: "staff_note"}


def test_the_gate_asks_the_same_mailbox_when_the_letter_is_sent() -> None:
    recipient = Recipient(role="requester", address=CUSTOMER, contact=1)
    configured = settings(support={"ticket_mails": False})
    refused = resolve(ActFacts(ticket=ticket(), events=(event(E.COMMENT),), actor=NOTE.actor), configured)[0]
    assert refused.because == "not a portal user, and mailboxes.support.notifications.ticket_mails is off"
    asked = {
        box: gate(recipient, LetterKind.COMMENT, mailbox=box, contact=JAEGER, settings=configured)
        for box in ("support", "plus", "gone")
    }
    assert {box: refusal.reason if refusal else None for box, refusal in asked.items()} == {
        "support": Reason.NOT_A_PORTAL_USER, "plus": None, "gone": None,
    }  # fmt: skip


@pytest.mark.parametrize("wrong", ["news", ["new", "refused"], True, 3, {"new": True}])
def test_a_word_that_is_no_letter_is_refused_with_those_that_are(wrong: object) -> None:
    with pytest.raises(ValidationError, match=f"write everything, nothing, or some of {', '.join(STAFF_WORDS)}"):
        settings(staff={"mine": wrong})


def test_the_manual_names_every_letter_that_can_be_left_out() -> None:
    page = (Path(__file__).parents[2] / "docs/letters.md").read_text(encoding="utf-8")
    said = Notifications.model_fields["staff"].description or ""
    assert all(f"`{word}`" in page and word in said for word in STAFF_WORDS)
