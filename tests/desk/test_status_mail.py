"""`status [ACME-1]` and `status` as subjects: a customer asks by mail how his tickets stand."""

import pytest

from domain.letter import Reason
from tests.conversation import Begin, Conversation, Person

ANNA = "Anna Kunde <anna@kunde.example>"


@pytest.fixture
def anna(talk: Conversation) -> Person:
    """Anna, with two open tickets and one that is closed; she has read what came."""
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt", "Bitte kommen Sie.")
    anna.writes("Rechnung fehlt", "Wo ist sie?")
    anna.writes("Altes", "Schon gut.")
    talk.staff("ada").take(1)
    talk.staff("ada").close(3)
    talk.deliver()
    anna.hears()
    return anna


@pytest.fixture
def talk(begin: Begin) -> Conversation:
    return begin()


def test_one_letter_tells_how_a_ticket_stands(anywhere: Begin) -> None:
    talk = anywhere()
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt", "Bitte kommen Sie.")
    talk.staff("ada").take(1)
    talk.deliver()
    anna.hears()
    row = anna.writes("status [ACME-1]", "")
    assert (row.outcome, row.ticket, anna.hears()) == ("ignored", 1, ["report"])
    assert anna.last.subject == "[ACME-1] Drucker brennt"
    assert "ACME-1 Drucker brennt: Offen · Ada Example kümmert sich darum" in anna.last.text
    assert anna.last.fields["Auto-Submitted"] == "auto-generated"
    assert talk.ticket(1).status == "open"
    assert talk.texts(1) == ["Bitte kommen Sie."]
    assert not talk.gaps()


def test_the_word_alone_lists_what_is_open(talk: Conversation, anna: Person) -> None:
    row = anna.writes("Status", "Gruß, Anna")
    assert (row.outcome, row.ticket, anna.hears()) == ("ignored", None, ["report"])
    assert anna.last.subject == "Ihre offenen Anfragen"
    assert "ACME-1 Drucker brennt" in anna.last.text
    assert "ACME-2 Rechnung fehlt" in anna.last.text
    assert "ACME-3" not in anna.last.text
    assert "niemand hat Ihre Mail gelesen" in anna.last.text.replace("\r\n", " ")
    assert talk.tickets() == 3


def test_an_answer_to_that_list_is_a_mail_like_any_other(talk: Conversation, anna: Person) -> None:
    anna.writes("status", "")
    row = anna.answers(anna.last, "Ich meinte die Rechnung von gestern.")
    assert (row.outcome, row.ticket) == ("ticket", 4)


def test_who_has_nothing_open_is_told_so(talk: Conversation, anna: Person) -> None:
    for number in (1, 2):
        talk.staff("ada").close(number)
    talk.deliver()
    anna.hears()
    anna.writes("status", "")
    assert anna.hears() == ["report"]
    assert "keine offene Anfrage" in anna.last.text


def test_whoever_writes_more_is_read_by_a_person_and_told_besides(talk: Conversation, anna: Person) -> None:
    row = anna.writes("status [ACME-1]", "Es brennt inzwischen auch der Schrank. " * 4)
    assert (row.outcome, row.ticket, anna.hears()) == ("comment", 1, ["report"])
    row = anna.writes("Status", "Wann kommt denn endlich jemand?")
    assert (row.outcome, anna.hears()) == ("ticket", ["acknowledgement"])


@pytest.mark.parametrize("subject", ["status [ACME-1]", "Status: [ACME-1]", "Re: status [ACME-1]", "status"])
def test_a_stranger_learns_nothing(talk: Conversation, anna: Person, subject: str) -> None:
    other = talk.customer("eve@elsewhere.example")
    row = other.writes(subject, "")
    assert row.outcome == "ticket"
    assert "report" not in other.hears()
    assert anna.hears() == []


def test_machines_and_answers_do_not_ask(talk: Conversation, anna: Person) -> None:
    anna.writes("status [ACME-1]", "", Auto_Submitted="auto-replied")
    anna.writes("Re: status [ACME-1]", "")
    assert "report" not in anna.hears()


def test_an_opt_out_holds_for_them_too(talk: Conversation, anna: Person) -> None:
    with talk.store.act() as view:
        view.people.set_opt_out(talk.contact(anna.address).id, opted_out=True, how="test", now=talk.now)
    row = anna.writes("status [ACME-1]", "")
    assert (row.outcome, anna.hears()) == ("ignored", [])
    assert talk.withheld(1)[-1] == ("anna@kunde.example", Reason.OPTED_OUT)


def test_asking_for_ever_is_answered_within_the_budget(talk: Conversation, anna: Person) -> None:
    for _ in range(15):
        talk.later(minutes=1)
        anna.writes("status", "")
    assert len(anna.hears()) < 10
