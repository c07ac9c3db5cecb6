"""Vendors' ticket ids: their mails find our ticket, reach staff, and go no further."""

import pytest

from desk.acts import Refused
from desk.tagging import external_id, forget_id, learn_id
from domain.event import EventKind
from domain.ticket import ExternalId
from tests.conversation import Begin, Conversation, Person

ANNA = "Anna Kunde <anna@kunde.example>"
DESK, BOT = "Maker Desk <desk@maker.example>", "no-reply@tickets.maker.example"
ADA, BERT = "ada@acme.example", "bert@acme.example"
KEYS = {
    "thread_keys": {
        "maker": {"from": ["maker.example", "*.maker.example"], "subject": r"\b(INC[0-9]{4,})\b"},
        "cloud": {"from": ["cloud.example"], "subject": r"case #([0-9]+)"},
    }
}
MAKER_1 = ExternalId(name="maker", value="INC1234")


def opened(talk: Conversation) -> Person:
    """Anna's ticket 1, which Ada has; the maker was asked in copy, and everybody has looked."""
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    talk.staff("ada").take(1)
    talk.staff("ada").reply(1, "Wir fragen den Hersteller.", cc=["desk@maker.example"])
    talk.deliver()
    for address in ("anna@kunde.example", "desk@maker.example", ADA, BERT):
        talk.new_letters(address)
    return anna


@pytest.fixture
def talk(begin: Begin) -> Conversation:
    return begin(KEYS)


def test_a_vendors_number_is_learnt_and_found_again(anywhere: Begin) -> None:
    """zammad#3022, #3695: ServiceNow's and Jira's numbers as a thread key."""
    talk = anywhere(KEYS)
    anna = opened(talk)
    maker, bot, ada = talk.customer(DESK), talk.customer(BOT), talk.customer(ADA)
    answered = maker.answers(talk.letters("desk@maker.example")[-1], "Angelegt.", subject="INC1234 Drucker (ACME)")
    assert (answered.outcome, answered.ticket) == ("comment", 1)
    assert talk.kinds(1)[-2:] == [EventKind.VENDOR_WROTE, EventKind.EXTERNAL_ID]
    assert talk.entries(1)[-1].kind == "vendor"
    assert talk.ticket(1).external_ids == (MAKER_1,)
    assert ada.hears() == ["staff_customer"]
    assert "maker" in ada.last.text
    later = bot.writes("Update zu inc1234: Techniker kommt", "Morgen um neun.", Auto_Submitted="auto-generated")
    assert (later.outcome, later.ticket) == ("comment", 1)
    assert talk.decision(later.id)["finders"][-1] == {
        "finder": "external_id", "verdict": "ticket", "ticket": 1, "because": "the ticket has the id maker:INC1234",
    }  # fmt: skip
    assert ada.hears() == ["staff_customer"], "a program's answer too must reach whoever asked"
    assert (anna.hears(), maker.hears(), bot.hears()) == ([], [], [])
    assert talk.ticket(1).external_ids == (MAKER_1,)
    assert talk.gaps() == ()


def test_the_customer_never_sees_what_the_vendor_wrote(talk: Conversation) -> None:
    anna = opened(talk)
    talk.customer(DESK).writes("INC1234 [ACME-1] Drucker", "Der Kunde ist selbst schuld.")
    talk.staff("ada").reply(1, "Wir sind dran.")
    talk.staff("ada").solve(1, "Erledigt.")
    talk.deliver()
    assert all("schuld" not in letter.text for letter in anna.letters)
    assert talk.entries(1)[-3].message_id not in anna.last.references


def test_our_tag_leads_a_vendor_whom_we_asked_to_the_ticket(talk: Conversation) -> None:
    opened(talk)
    assert talk.customer(BOT).writes("[ACME-1] INC1234 eröffnet").ticket == 2, "nobody there was written to"
    assert talk.ticket(2).linked_to == 1
    assert talk.customer("robot@maker.example").writes("[ACME-1] INC9999 eröffnet").ticket == 1
    assert talk.ticket(1).external_ids == (ExternalId(name="maker", value="INC9999"),)


@pytest.mark.parametrize(
    ("sender", "subject"),
    [
        ("desk@maker.example.evil.example", "INC1234"),
        ("desk@elsewhere.example", "INC1234"),
        ("desk@cloud.example", "INC1234"),
        (DESK, "INC12"),
        (DESK, "Noch eine Frage"),
    ],
)
def test_what_is_not_that_vendors_number(talk: Conversation, sender: str, subject: str) -> None:
    opened(talk)
    learn_id(talk.staff("ada"), 1, MAKER_1)
    assert talk.customer(sender).writes(subject, "Ganz etwas anderes.").ticket == 2


@pytest.mark.parametrize("status", ["waiting", "solved", "closed"])
@pytest.mark.parametrize("days", [1, 100])
def test_a_vendor_opens_nothing_again(talk: Conversation, status: str, days: int) -> None:
    opened(talk)
    learn_id(talk.staff("ada"), 1, MAKER_1)
    talk.staff("ada").set_status(1, status)
    talk.later(days=days)
    talk.customer(DESK).writes("INC1234 geschlossen", "Wir haben geschlossen.")
    assert (talk.ticket(1).status, talk.tickets()) == (status, 1)


def test_a_ticket_that_a_vendor_opens_is_his_and_is_not_acknowledged(talk: Conversation) -> None:
    maker, ada = talk.customer(DESK), talk.customer(ADA)
    maker.writes("INC1234: Rückruf für Ihren Drucker", "Bitte prüfen.")
    assert talk.ticket(1).external_ids == (MAKER_1,)
    assert (maker.hears(), ada.hears()) == ([], ["staff_new"])
    assert talk.customer(BOT).writes("Erinnerung INC1234", "Bitte bald.").ticket == 1
    assert maker.writes("INC1234 noch offen", "Und?").ticket == 1
    assert talk.kinds(1)[-2:] == [EventKind.VENDOR_WROTE, EventKind.CUSTOMER_WROTE]
    talk.staff("ada").reply(1, "Wir haben nachgesehen.")
    talk.deliver()
    assert maker.hears() == ["comment"]


def test_two_ticket_systems_that_answer_everything_fall_silent(begin: Begin) -> None:
    talk = begin({**KEYS, "notifications": {"on_customer_mail": True, "tell_actor": True}})
    maker = talk.customer(DESK)
    maker.writes("INC1234: Rückruf", "Bitte prüfen.")
    for turn in range(10):
        for _ in talk.new_letters(maker.address):
            maker.writes("INC1234: Danke", f"Ihre Nachricht ist eingegangen ({turn}).")
    assert maker.letters == []


def test_a_bounce_from_a_vendors_server_is_a_bounce(talk: Conversation) -> None:
    from tests.desk.test_addresses import bounce

    anna = opened(talk)
    learn_id(talk.staff("ada"), 1, MAKER_1)
    letter = talk.letters("desk@maker.example")[-1].message_id
    data = bounce(letter, recipient="desk@maker.example").replace(b"mx.kunde.example", b"maker.example")
    assert anna.sends(data.replace(b"Undelivered", b"INC1234 Undelivered")).ticket == 1
    assert talk.kinds(1)[-2:] == [EventKind.MACHINE_WROTE, EventKind.UNDELIVERABLE]


def test_staff_tells_a_ticket_its_number_and_takes_it_away(talk: Conversation) -> None:
    opened(talk)
    talk.customer(ANNA).writes("Licht flackert", "Es flackert.")
    report = learn_id(talk.staff("ada"), 1, external_id("maker: inc1234", known=("maker",)))
    assert (report.events[0].kind, report.ticket.external_ids) == (EventKind.EXTERNAL_ID, (MAKER_1,))
    assert learn_id(talk.staff("ada"), 1, MAKER_1).did_nothing
    with pytest.raises(Refused, match=r"ACME-1 has maker:INC1234 already.*helpdesk link 1 --remove"):
        learn_id(talk.staff("ada"), 2, MAKER_1)
    forget_id(talk.staff("ada"), 1, MAKER_1)
    assert forget_id(talk.staff("ada"), 1, MAKER_1).did_nothing
    learn_id(talk.staff("ada"), 2, MAKER_1)
    assert talk.customer(BOT).writes("INC1234").ticket == 2


@pytest.mark.parametrize("text", ["INC1234", "other:INC1234", "maker:", "maker", "maker:" + "1" * 101])
def test_what_is_no_vendors_id(text: str) -> None:
    with pytest.raises(Refused):
        external_id(text, known=("maker",))
    with pytest.raises(Refused, match="thread_keys"):
        external_id("maker:1", known=())
