"""Support that is over: nothing, a flag, or a letter that says so, when such a customer opens a ticket."""

from datetime import date
from typing import Any

import pytest

from desk.merge import merge
from domain.event import EventKind as E
from domain.ticket import SUPPORT_OVER
from tests.conversation import Begin, Conversation, Person

ADA, WEISS = "ada@acme.example", "Anna Weiß <weiss@firma.example>"


def customer(begin: Begin, until: date | None, policy: str, **changes: Any) -> tuple[Conversation, Person]:
    """Weiß, whose support ends on that day and who has written before."""
    talk: Conversation = begin({"notifications": {"support_over": policy}, **changes})
    weiss = talk.customer(WEISS)
    weiss.writes("Hallo")
    with talk.store.act() as view:
        contact = view.people.contact_of(weiss.address)
        assert contact is not None
        view.people.change_contact(contact.id, support_end=until)
    weiss.hears()
    return talk, weiss


@pytest.mark.parametrize(
    ("until", "policy", "tags", "says_so"),
    [
        ("2030-01-06", "nothing", (), False),
        ("2030-01-06", "flag", (SUPPORT_OVER,), False),
        ("2030-01-06", "letter", (SUPPORT_OVER,), True),
        ("2030-01-07", "letter", (), False),
        (None, "letter", (), False),
    ],
)
def test_what_becomes_of_a_ticket(
    begin: Begin, until: str | None, policy: str, tags: tuple[str, ...], says_so: bool
) -> None:
    talk, weiss = customer(begin, date.fromisoformat(until) if until else None, policy)
    weiss.writes("Drucker", "Er druckt nicht mehr.")
    assert talk.ticket(2).tags == tags
    assert weiss.hears() == ["acknowledgement"]
    assert ("Ihr Supportzeitraum ist am 06.01.2030 abgelaufen." in weiss.last.text) == says_so
    assert "ACME-2" in weiss.last.text
    assert "Er druckt nicht mehr." in weiss.last.text
    assert ("Schlagwörter: + support over" in talk.letters(ADA)[-1].text) == bool(tags)
    causes = [event.because for event in talk.events(2) if event.kind is E.TAGGED]
    assert causes == ["support ended on 2030-01-06"] * len(tags)
    because = talk.outbox(2)[0].because
    usual = "requester, acknowledgement"
    assert because == (f"{usual}, with template support_over (support ended on 2030-01-06)" if says_so else usual)


def test_an_answer_is_no_opening(begin: Begin) -> None:
    talk, weiss = customer(begin, date(2030, 1, 1), "letter")
    weiss.answers(weiss.last)
    assert talk.ticket(1).tags == ()


def test_it_is_the_day_of_the_helpdesk_that_counts(begin: Begin) -> None:
    """In Auckland it is tomorrow already when the mail arrives."""
    zone = {"helpdesk": {"timezone": "Pacific/Auckland"}}
    talk, weiss = customer(begin, date(2030, 1, 7), "flag", **zone)
    talk.later(hours=3)
    weiss.writes("Drucker")
    assert talk.ticket(2).tags == (SUPPORT_OVER,)


def test_a_mailbox_may_have_its_own_way(begin: Begin) -> None:
    talk, weiss = customer(
        begin, date(2030, 1, 1), "letter", mailboxes={"support": {"notifications": {"support_over": "nothing"}}}
    )
    weiss.writes("Drucker")
    assert talk.ticket(2).tags == ()
    assert "abgelaufen" not in weiss.last.text


def test_a_rule_that_chooses_a_letter_has_the_last_word(begin: Begin) -> None:
    rule = {"name": "vip", "match": "always", "then": [{"letter": {"choose": "status"}}]}
    talk, weiss = customer(begin, date(2030, 1, 1), "letter", rules=[rule])
    weiss.writes("Drucker")
    assert talk.outbox(2)[0].because == "requester, acknowledgement, with template status (rule 'vip')"


def test_a_solution_at_once_is_told_in_its_own_words(begin: Begin) -> None:
    solve = [{"set": {"solution": "Bitte neu starten.", "status": "solved"}}]
    talk, weiss = customer(begin, date(2030, 1, 1), "letter", rules=[{"name": "r", "match": "always", "then": solve}])
    weiss.writes("Drucker")
    assert weiss.hears() == ["solution"]
    assert "Bitte neu starten." in weiss.last.text
    assert talk.ticket(2).tags == (SUPPORT_OVER,)


def test_whoever_opted_out_gets_no_letter_for_it(begin: Begin) -> None:
    talk, weiss = customer(begin, date(2030, 1, 1), "letter")
    with talk.store.act() as view:
        view.people.set_opt_out(talk.contact(weiss.address).id, opted_out=True, how="by telephone", now=talk.now)
    weiss.writes("Drucker")
    assert weiss.hears() == []
    assert talk.ticket(2).tags == (SUPPORT_OVER,)


def test_a_ticket_that_staff_opens_says_so_too(begin: Begin) -> None:
    talk, weiss = customer(begin, date(2030, 1, 1), "letter")
    report = talk.staff("ada").open(customer=weiss.address, title="Rückruf", text="Bitte um Rückruf.")
    talk.deliver()
    assert report.ticket.tags == talk.ticket(2).tags == (SUPPORT_OVER,)
    assert weiss.hears() == ["notice"]
    assert "abgelaufen" in weiss.last.text


def test_it_does_not_pass_to_another_customer(begin: Begin) -> None:
    talk, weiss = customer(begin, date(2030, 1, 1), "flag")
    talk.customer("Tom Kunde <tom@kunde.example>").writes("Rauch im Flur")
    weiss.writes("Drucker brennt")
    assert talk.ticket(3).tags == (SUPPORT_OVER,)
    merge(talk.staff("ada"), 3, into=2)
    assert talk.ticket(2).tags == ()
