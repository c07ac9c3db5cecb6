"""Mail that is handed over by a pipe or a file goes the same way as every other."""

import threading

import pytest

from desk.ingest import NotAMail
from domain.errors import StoreUnusable
from domain.intake import State
from scanner.read import read
from tests.conversation import Begin, Conversation, Death
from tests.desk.test_journal import FailingStore, Poison, with_store

ANNA = "Anna Kunde <anna@kunde.example>"


def test_the_same_bytes_twice_are_one_mail(anywhere: Begin) -> None:
    talk = anywhere()
    mail = talk.customer(ANNA).mail("Drucker brennt")
    first, again = talk.ingest(mail), talk.ingest(mail)
    assert first == again
    assert (first.outcome, first.ticket, first.state) == ("ticket", 1, State.FILED)
    assert talk.gaps() == ()


def test_what_was_handed_over_and_lies_in_the_mailbox_is_one_ticket(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    mail = anna.mail("Drucker brennt")
    talk.ingest(b"Received: by mx\r\n" + mail.data)
    assert anna.sends(mail).outcome == "duplicate"


def test_an_answer_handed_over_finds_its_ticket(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    assert talk.ingest(anna.answer(anna.last)).ticket == 1


def test_the_line_of_an_mbox_is_not_part_of_the_mail(talk: Conversation) -> None:
    mail = talk.customer(ANNA).mail("Drucker brennt")
    row = talk.ingest(b"From anna@kunde.example Mon Jan  7 09:00:00 2030\n" + mail.data)
    assert (row.sender, row.message_id) == ("anna@kunde.example", mail.message_id)
    assert talk.ingest(mail) == row


@pytest.mark.parametrize("nothing", [b"", b" \r\n\n"])
def test_nothing_is_no_mail(talk: Conversation, nothing: bytes) -> None:
    with pytest.raises(NotAMail):
        talk.ingest(nothing)
    assert talk.journal() == []


def test_texts_without_a_header_are_different_mails(talk: Conversation) -> None:
    rows = [talk.ingest(text) for text in (b"The printer burns.\n", b"The light flickers.\n")]
    assert [row.outcome for row in rows] == ["ticket", "ticket"]
    assert talk.texts(2) == ["The light flickers."]


def test_a_mail_that_fails_stays_and_is_taken_up_later(talk: Conversation) -> None:
    talk.read = Poison("Drucker", ValueError("not today"))
    row = talk.ingest(talk.customer(ANNA).mail("Drucker brennt"))
    assert (row.state, row.because) == (State.STORED, "ValueError: not today")
    talk.read = read
    talk.later(minutes=5)
    report = talk.scan()
    assert [one.ticket for one in report.received] == [1]
    assert talk.states() == [State.FILED]


def test_a_mail_that_fails_for_ever_is_quarantined(talk: Conversation) -> None:
    talk.read = Poison("Drucker", ValueError("never"))
    talk.ingest(talk.customer(ANNA).mail("Drucker brennt"))
    talk.later(minutes=5)
    talk.scan()
    assert talk.states() == [State.QUARANTINED]


def test_a_discarded_mail_is_at_its_end(talk: Conversation) -> None:
    talk.read = Poison("Drucker", ValueError("never"))
    talk.ingest(talk.customer(ANNA).mail("Drucker brennt"))
    talk.later(minutes=5)
    talk.scan()
    with talk.store.act() as view:
        view.journal.discard(talk.journal()[0], because="spam", now=talk.now)
    talk.scan()
    talk.later(hours=2)
    assert talk.states() == [State.FILED]
    assert talk.gaps() == ()


@pytest.mark.parametrize("acts", range(4))
def test_dying_at_any_commit(talk: Conversation, acts: int) -> None:
    mail = talk.customer(ANNA).mail("Drucker brennt")
    with_store(talk, FailingStore(talk.store, Death(), after=acts))
    talk.dies(lambda: talk.ingest(mail))
    if acts == 0:
        talk.ingest(mail)
    talk.later(minutes=5)
    talk.scan()
    assert (talk.outcomes(), talk.states()) == (["ticket"], [State.FILED])
    talk.later(hours=2)
    assert talk.gaps() == ()


def test_a_store_that_fails_asks_for_the_mail_again(talk: Conversation) -> None:
    mail = talk.customer(ANNA).mail("Drucker brennt")
    for acts in range(4):
        with_store(talk, FailingStore(talk.store, StoreUnusable("the disk is full"), after=acts, times=1))
        try:
            talk.ingest(mail)
        except StoreUnusable:
            continue
    talk.restart()
    assert talk.ingest(mail).state is State.FILED
    assert talk.outcomes() == ["ticket"]


def test_handing_over_while_the_mailbox_is_scanned(anywhere: Begin) -> None:
    talk = anywhere()
    anna = talk.customer(ANNA)
    mails = [anna.mail(f"Nummer {n}") for n in range(12)]
    for mail in mails:
        talk.put(mail)
    errors: list[BaseException] = []

    def hand_over(mine: list[bytes]) -> None:
        try:
            for data in mine:
                talk.ingest(data)
        except BaseException as error:
            errors.append(error)

    halves = [[mail.data for mail in mails[:6]], [mail.data for mail in mails[6:]]]
    threads = [threading.Thread(target=hand_over, args=(half,)) for half in halves]
    for thread in threads:
        thread.start()
    talk.scan()
    for thread in threads:
        thread.join(60)
    assert errors == []
    talk.later(minutes=5)
    talk.scan()
    assert sorted(talk.outcomes()) == ["duplicate"] * 12 + ["ticket"] * 12
    assert set(talk.states()) == {State.FILED}
    assert talk.tickets() == 12
