"""The server gives its mails new UIDs: what is known is known again, and only the rest is fetched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.renumbered import TooManyUnknown
from domain.intake import State
from domain.message import RawMail
from scanner.message_id import message_id_of
from scanner.read import read
from tests.conversation import Begin, Conversation, Death
from tests.desk.test_journal import Poison, scan_listing_only

ANNA = "Anna Kunde <anna@kunde.example>"
KEEP = {"mailboxes": {"support": {"after": "keep"}}}


def fetched(talk: Conversation) -> int:
    return talk.servers["support"].commands.count("fetch")


def test_known_mails_are_neither_fetched_nor_handled_again(anywhere: Begin) -> None:
    talk = anywhere(KEEP)
    anna = talk.customer(ANNA)
    for n in range(3):
        talk.put(anna.mail(f"Drucker {n} brennt"))
    talk.scan()
    before = fetched(talk)
    talk.servers["support"].renumber(first=100)
    report = talk.scan()
    assert (report.listed, report.received) == (0, ())
    assert fetched(talk) == before
    assert [(row.uidvalidity, row.uid) for row in talk.journal()] == [(2, 100), (2, 101), (2, 102)]
    anna.writes("Neu")
    assert talk.outcomes() == ["ticket"] * 4
    assert talk.gaps() == ()


def test_what_was_decided_and_not_filed_is_filed_under_its_new_uid(talk: Conversation) -> None:
    talk.put(talk.customer(ANNA).mail("Drucker brennt"))
    talk.servers["support"].cut_after = 4
    with pytest.raises(Exception, match="closed the connection"):
        talk.scan()
    assert talk.states() == [State.DONE]
    talk.servers["support"].cut_after = None
    talk.servers["support"].renumber(first=7)
    assert talk.scan().filed == 1
    assert talk.servers["support"].mails() == ()
    assert len(talk.servers["support"].mails("Processed")) == 1


def test_what_was_listed_and_not_fetched_is_fetched_under_its_new_uid(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    for n in range(2):
        talk.put(anna.mail(f"Drucker {n} brennt"))
    talk.dies(lambda: scan_listing_only(talk))
    talk.servers["support"].renumber(first=7)
    talk.scan()
    assert talk.outcomes() == ["ticket", "ticket"]
    assert set(talk.states()) == {State.FILED}


@pytest.mark.parametrize("stage", ["listed", "stored", "done", "quarantined"])
def test_what_left_the_server_with_the_renumbering_comes_to_its_end(talk: Conversation, stage: str) -> None:
    talk.put(talk.customer(ANNA).mail("Drucker brennt"))
    server = talk.servers["support"]
    if stage == "listed":
        talk.dies(lambda: scan_listing_only(talk))
    elif stage == "stored":
        talk.read = Poison("Drucker", Death())
        talk.dies(talk.scan)
        talk.read = Poison("Drucker", ValueError(), times=0)
    elif stage == "done":
        server.cut_after = 4
        with pytest.raises(Exception, match="closed the connection"):
            talk.scan()
        server.cut_after = None
    else:
        talk.read = Poison("Drucker", ValueError())
        talk.scan()
    assert talk.states() == [State(stage)]
    server.expunge(1)
    server.renumber()
    talk.scan()
    if stage == "quarantined":
        talk.read = read
        with talk.store.act() as view:
            view.journal.release(talk.journal()[0])
    talk.scan()
    assert talk.states() == [State.FILED]
    assert talk.outcomes() == ["gone" if stage == "listed" else "ticket"]
    talk.later(hours=2)
    assert talk.gaps() == ()


def test_new_old_and_ancient_mails_that_nobody_knows(begin: Begin) -> None:
    talk = begin({"mailboxes": {"support": {"start": "now", "after": "keep"}}})
    anna = talk.customer(ANNA)
    talk.later(days=-1)
    talk.put(anna.mail("vor uns"))
    talk.later(days=1)
    talk.scan()
    anna.writes("bekannt")
    talk.later(days=10)
    talk.scan()
    talk.servers["support"].renumber()
    talk.later(days=-5)
    talk.put(anna.mail("aus einer Sicherung"))
    talk.later(days=5, hours=1)
    talk.put(anna.mail("neu"))
    anna.hears()
    talk.round()
    by_subject = {row.subject: row for row in talk.journal()}
    assert talk.outcomes() == ["ticket", "before_start", "ticket", "ticket"]
    assert by_subject["aus einer Sicherung"].quiet
    assert not by_subject["neu"].quiet
    assert anna.hears() == ["acknowledgement"]
    assert {reason.value for _, reason in talk.withheld(2)} == {"quiet"}
    assert talk.gaps() == ()


def test_mail_from_just_before_first_contact_stays_before_it(begin: Begin) -> None:
    talk = begin({"mailboxes": {"support": {"start": "now", "after": "keep"}}})
    talk.put(talk.customer(ANNA).mail("vor uns"))
    talk.later(minutes=10)
    talk.scan()
    talk.servers["support"].renumber()
    talk.later(minutes=10)
    talk.scan()
    assert talk.outcomes() == ["before_start"]


def test_too_many_unknown_mails_change_nothing(begin: Begin) -> None:
    talk = begin({"mailboxes": {"support": {"after": "keep", "max_new_per_scan": 2}}})
    anna = talk.customer(ANNA)
    anna.writes("bekannt")
    before = talk.journal()
    talk.servers["support"].renumber()
    for n in range(3):
        talk.put(anna.mail(f"fremd {n}"))
    for _ in range(2):
        with pytest.raises(TooManyUnknown, match=r"3 mails are unknown, more than max_new_per_scan \(2\)"):
            talk.scan()
        assert talk.journal() == before
    talk.restart({"mailboxes": {"support": {"after": "keep", "max_new_per_scan": 3}}})
    talk.scan()
    assert talk.outcomes() == ["ticket"] * 4


def test_a_uidvalidity_that_comes_back_hides_no_new_mail(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    anna.writes("eins")
    server = talk.servers["support"]
    server.renumber()
    anna.writes("zwei")
    server.folder("INBOX").uidvalidity = 1
    server.folder("INBOX").uidnext = 1
    anna.writes("drei")
    assert talk.outcomes() == ["ticket"] * 3


def test_two_mails_of_one_size_and_moment_are_told_apart(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    mails = [anna.mail("gleich", message_id=f"{n}@kunde.example") for n in (1, 2)]
    talk.restart(KEEP)
    talk.read = Poison("<1@", Death())
    for mail in mails:
        talk.put(mail)
    talk.dies(talk.scan)
    with talk.store.act() as view:
        first = talk.journal()[0]
        view.journal.quarantine(first, because="test")
    talk.scan()
    server = talk.servers["support"]
    server.renumber()
    one, two = server.mails()
    server.folder("INBOX").mails = {1: two.__class__(uid=1, data=two.data, arrived=two.arrived),
                                    2: one.__class__(uid=2, data=one.data, arrived=one.arrived)}  # fmt: skip
    before = fetched(talk)
    talk.scan()
    assert fetched(talk) == before
    assert [(row.state, row.uid) for row in talk.journal()] == [(State.QUARANTINED, 2), (State.FILED, 1)]


# The Message-ID of the server's header and that of the whole mail are one and the same.

ODD_IDS = [
    b"<a@b.example>",
    b"a@b.example",
    b"no-at-at-all",
    b"two words@b.example",
    b"<a@b.example> (a comment)",
    b"(comment) <a@b.example>",
    b"=?utf-8?q?<a=40b.example>?=",
    b"<a@b.example> <c@d.example>",
    b"<>",
    b"< a@b.example >",
    b"<a@b.example",
    b"<\xe4\xff@b.example>",
    b"<a\x00b@b.example>",
    b"<" + b"x" * 600 + b"@b.example>",
    b"\r\n <folded@b.example>",
    b"<fol\r\n ded@b.example>",
    b"",
]


@pytest.mark.parametrize("odd", ODD_IDS)
def test_odd_message_ids_are_read_alike(odd: bytes) -> None:
    assert_read_alike(odd)


@given(st.binary(max_size=60).filter(lambda value: b"\n" not in value and b"\r" not in value))
def test_any_message_id_is_read_alike(value: bytes) -> None:
    assert_read_alike(value)


def assert_read_alike(value: bytes) -> None:
    field = b"Message-ID: " + value + b"\r\n"
    whole = read(RawMail(data=b"From: a@b.example\r\n" + field + b"Subject: x\r\n\r\nHallo\r\n", size=100))
    assert message_id_of(field + b"\r\n") == whole.message_id


@pytest.mark.parametrize("odd", ["no-at-at-all", "a@b.example> (comment", "=?utf-8?q?a=40b?="])
def test_a_mail_with_an_odd_id_is_known_again(begin: Begin, odd: str) -> None:
    talk = begin(KEEP)
    talk.customer(ANNA).writes("Drucker brennt", message_id=odd)
    talk.servers["support"].renumber()
    assert talk.scan().listed == 0
