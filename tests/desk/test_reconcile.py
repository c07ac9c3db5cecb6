"""`reconcile` finds each kind of gap and names it, and finds none where there is none."""

import sqlite3
from pathlib import Path

import pytest

from domain.intake import State
from tests.conversation import SALES, Begin, Conversation, Death
from tests.desk.test_journal import Poison

ANNA = "Anna Kunde <anna@kunde.example>"


def found(talk: Conversation) -> list[str]:
    return [f"{gap.where}: {gap.what}" for gap in talk.gaps()]


def test_after_an_ordinary_day_there_is_no_gap(anywhere: Begin) -> None:
    talk = anywhere({"mailboxes": {"sales": SALES}})
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    anna.answers(anna.last)
    anna.sends(anna.sent[0], mailbox="sales")
    talk.ingest(anna.mail("Licht flackert"))
    talk.staff("ada").solve(1, "Gelöscht.")
    talk.deliver()
    talk.later(days=2)
    proof = talk.proof()
    assert proof.gaps == ()
    assert [(one.mailbox, one.on_server, one.without_row) for one in proof.folders] == [
        ("support", 0, ()), ("sales", 1, ()),
    ]  # fmt: skip
    assert proof.blobs == 3 + len(talk.smtp.sent), "the mails, and a copy of each letter"
    assert sum(count for *_, count in proof.counts) == 4


def test_a_mail_on_the_server_that_has_no_row(talk: Conversation) -> None:
    talk.scan()
    talk.put(talk.customer(ANNA).mail("Drucker brennt"))
    assert found(talk) == ["support INBOX: UID 1 is on the server and not in the journal"]
    talk.scan()
    assert found(talk) == []


def test_a_renumbered_folder(talk: Conversation) -> None:
    talk.customer(ANNA).writes("Drucker brennt")
    talk.servers["support"].renumber()
    assert found(talk) == ["support INBOX: the server renumbered its mail"]


def test_a_server_that_does_not_answer_and_one_that_does(begin: Begin) -> None:
    talk = begin({"mailboxes": {"sales": SALES}})
    talk.scan(), talk.scan("sales")
    talk.put(talk.customer(ANNA).mail("Drucker brennt"), mailbox="sales")
    talk.servers["support"].refuse_login = True
    gaps = found(talk)
    assert "refused" in gaps[0]
    assert gaps[1:] == ["sales INBOX: UID 1 is on the server and not in the journal"]


def test_a_mail_that_does_not_come_to_its_end(talk: Conversation) -> None:
    talk.put(talk.customer(ANNA).mail("Drucker brennt"))
    talk.read = Poison("Drucker", Death())
    talk.dies(talk.scan)
    talk.later(minutes=59)
    assert found(talk) == []
    talk.later(minutes=2)
    assert found(talk) == ["support INBOX intake 1 UID 1: stored since 2030-01-07 09:00 UTC and not at its end"]


def test_a_quarantined_mail_is_named_and_no_gap(talk: Conversation) -> None:
    talk.put(talk.customer(ANNA).mail("Drucker brennt"))
    talk.read = Poison("Drucker", ValueError("x"))
    talk.scan()
    talk.later(days=1)
    assert [row.state for row in talk.proof().quarantined] == [State.QUARANTINED]
    assert talk.gaps() == ()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE intake SET ticket = 99", ["its ticket is not in the database"]),
        ("DELETE FROM entry", ["its entry is not in the database"]),
        ("DELETE FROM blob", ["its raw mail is not in the database"]),
        ("UPDATE blob SET data = x'00' WHERE sha256 IN (SELECT blob FROM intake)", ["its bytes have changed"]),
        (
            "UPDATE blob SET data = NULL WHERE sha256 IN (SELECT blob FROM intake)",
            ["it lies in a directory, but config.yaml says `blobs: database`"],
        ),
    ],
)
def test_what_is_missing_in_the_database(talk: Conversation, tmp_path: Path, damage: str, said: list[str]) -> None:
    talk.customer(ANNA).writes("Drucker brennt")
    vandal = sqlite3.connect(tmp_path / "helpdesk.db")
    vandal.execute(damage)
    vandal.commit()
    vandal.close()
    gaps = talk.gaps()
    assert [one for one in said if not any(one in gap.what for gap in gaps)] == []
    assert all(gap.advice == "put back a backup" for gap in gaps)
    assert len(gaps) == len(said)


def test_blobs_are_left_unread_where_that_is_wished(talk: Conversation) -> None:
    talk.customer(ANNA).writes("Drucker brennt")
    assert talk.proof(check_blobs=False).blobs == 0
