"""Mails that were ignored get another go under other rules; each still ends with exactly one outcome."""

from datetime import timedelta

import pytest

from desk.retry import SILENT, candidates, foretold, retry
from desk.then_and_now import marks, then_and_now
from domain.errors import NotFound
from domain.intake import Intake, Outcome
from scanner.read import read
from tests.conversation import MORNING, Begin, Conversation, Death

ANNA = "Anna Kunde <anna@kunde.example>"
SHOP = "shop@shop.example"
TOO_MUCH = {"name": "shop", "when": {"from": {"domain": "shop.example"}}, "then": ["ignore"]}
LISTS = {"name": "lists", "when": {"is": "list"}, "then": ["ignore"]}
URGENT = {"name": "shop", "when": {"subject": {"contains": "Bestellung"}}, "then": [{"set": {"priority": "urgent"}}]}


@pytest.fixture
def talk(begin: Begin) -> Conversation:
    """A shop whose orders were ignored by mistake, a newsletter, and a customer."""
    talk = begin({"rules": [TOO_MUCH, LISTS]})
    talk.customer(SHOP).writes("Bestellung 1")
    talk.customer(ANNA).writes("Drucker brennt")
    talk.later(days=1)
    talk.customer(SHOP).writes("Bestellung 2")
    talk.customer("news@kunde.example").writes("Neues", List_Id="<news.kunde.example>")
    assert talk.outcomes() == ["ignored", "ticket", "ignored", "ignored"]
    return talk


def ignored(talk: Conversation, **how: str) -> list[Intake]:
    return list(candidates(talk.desk, since=MORNING - timedelta(days=9), **how))


def again(talk: Conversation, rows: list[Intake], **how: bool) -> list[str]:
    done = list(retry(talk.desk, rows, read=read, now=lambda: talk.now, **how))
    return [str(one.after.outcome) if one.after else "-" for one in done]


def test_they_are_received_as_any_other_mail(talk: Conversation) -> None:
    talk.restart({"rules": [URGENT, LISTS]})
    states = talk.states()
    rows = ignored(talk)
    assert again(talk, rows) == ["ticket", "ticket", "ignored"]
    assert talk.outcomes() == ["ticket", "ticket", "ticket", "ignored"]
    assert talk.states() == states
    assert [talk.ticket(number).priority for number in (2, 3)] == ["urgent", "urgent"]
    assert talk.decision(1)["rules"] == ["shop"]
    assert talk.gaps() == ()
    talk.round()
    assert talk.outcomes() == ["ticket", "ticket", "ticket", "ignored"]
    assert [letter.kind.value for letter in talk.letters(SHOP)] == ["acknowledgement", "acknowledgement"]
    assert [one.id for one in ignored(talk)] == [4]


def test_the_rules_of_then_are_no_longer_counted_for_them(talk: Conversation) -> None:
    talk.restart({"rules": [{**URGENT, "name": "orders"}, LISTS]})
    again(talk, ignored(talk))
    with talk.store.reading() as view:
        assert {use.rule: use.mails for use in view.matches.uses()} == {"orders": 2, "lists": 1, "": 1}
        assert view.matches.decided() == 4


def test_only_those_of_a_rule_or_of_late(talk: Conversation) -> None:
    assert [row.id for row in ignored(talk)] == [1, 3, 4]
    assert [row.id for row in ignored(talk, rule="shop")] == [1, 3]
    assert [row.id for row in candidates(talk.desk, since=talk.now)] == [3, 4]


def test_what_would_become_of_them_is_told_without_touching_them(talk: Conversation) -> None:
    talk.restart({"rules": [URGENT, LISTS]})
    told = [foretold(talk.desk, row, read=read, now=talk.now) for row in ignored(talk)]
    assert [one.outcome for one in told if one] == [Outcome.TICKET, Outcome.TICKET, Outcome.IGNORED]
    assert talk.outcomes() == ["ignored", "ticket", "ignored", "ignored"]


def test_silently_no_letter_goes_out(talk: Conversation) -> None:
    talk.restart({"rules": [URGENT, LISTS]})
    again(talk, ignored(talk), silent=True)
    talk.deliver()
    assert talk.letters(SHOP) == []
    assert {row.quiet for row in talk.journal()} == {"", SILENT}


def test_a_mail_that_was_decided_meanwhile_is_left_alone(talk: Conversation) -> None:
    talk.restart({"rules": [URGENT, LISTS]})
    rows = ignored(talk)
    again(talk, rows)
    assert again(talk, rows[:2]) == ["-", "-"]
    assert talk.tickets() == 3


def test_the_process_dies_in_between_and_the_next_scan_takes_it_up(talk: Conversation) -> None:
    talk.restart({"rules": [URGENT, LISTS]})

    def deadly(raw: object) -> object:
        raise Death

    talk.dies(lambda: list(retry(talk.desk, ignored(talk), read=deadly, now=lambda: talk.now)))  # type: ignore[arg-type]
    talk.round()
    assert talk.outcomes() == ["ticket", "ticket", "ignored", "ignored"]
    assert talk.gaps() == ()


def test_a_mail_that_no_rule_was_asked_about_is_not_tried_again(begin: Begin) -> None:
    """Our own letter, come back to us."""
    talk = begin()
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    talk.put(talk.smtp.sent[0].data)
    talk.round()
    assert talk.outcomes() == ["ticket", "ignored"]
    assert ignored(talk) == []


def test_then_stands_beside_now(talk: Conversation) -> None:
    """`explain --ticket`: the record of then, the verdict of today."""
    talk.restart({"rules": [{**URGENT, "name": "fire", "when": {"subject": {"contains": "brennt"}}}, LISTS]})
    (told,) = then_and_now(talk.desk, 1, read=read)
    assert marks(told.walk_then) == {"shop": "no", "lists": "no"}
    assert marks(told.walk_now) == {"fire": "YES", "lists": "no"}
    assert list(map(str, told.changes)) == ["priority normal → urgent"]
    with pytest.raises(NotFound):
        then_and_now(talk.desk, 7, read=read)


def test_a_ticket_that_no_mail_opened_has_nothing_to_tell(talk: Conversation) -> None:
    talk.staff("ada").open(customer="anna@kunde.example", title="Anruf", text="Bitte zurückrufen.")
    with pytest.raises(NotFound, match="no mail of ACME-2 was decided by rules"):
        then_and_now(talk.desk, 2, read=read)
