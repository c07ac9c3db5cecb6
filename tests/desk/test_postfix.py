"""Letters on their way through a real Postfix."""

import base64
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import dkim
import pytest

from desk.acts import File
from domain.event import EventKind
from domain.letter import Letter, Reason
from domain.settings import Dkim, Smtp
from notifier.compose import Composer
from notifier.dkim import Signer
from notifier.sender import nothing
from notifier.smtp import SmtpSender
from notifier.writer import Writer
from tests.conversation import Begin, Conversation, Death
from tests.servers.ports import LOOPBACK
from tests.servers.postfix import Postfix

ANNA = "anna@kunde.example"
VERP = {"mailboxes": {"support": {"bounces": "support@acme.example"}}}


def settings(postfix: Postfix) -> Smtp:
    ours = {"host": LOOPBACK, "port": postfix.port, "ca_file": str(postfix.certificates.authority)}
    return Smtp.model_validate({**ours, "timeout": timedelta(seconds=10)})


@pytest.fixture
def sender(postfix: Postfix) -> Iterator[SmtpSender]:
    one = SmtpSender(settings(postfix), password=None)
    yield one
    one.close()


@pytest.fixture
def talk(begin: Begin, sender: SmtpSender) -> Conversation:
    started = begin(VERP)
    started.start(sender=sender)
    return started


def asks(talk: Conversation, address: str = ANNA) -> int:
    """Somebody asks; the number of the ticket."""
    talk.put(talk.customer(address).mail("Störung im Netz"))
    talk.scan()
    return talk.tickets()


def arrived(postfix: Postfix, *, count: int) -> list[EmailMessage]:
    mails = [message_from_bytes(mail, policy=default) for mail in postfix.mails(count=count)]
    assert len(mails) == count, postfix.log()
    return [mail for mail in mails if isinstance(mail, EmailMessage)]


def test_letters_arrive_over_tls_as_they_were_written(talk: Conversation, postfix: Postfix) -> None:
    asks(talk)
    assert talk.deliver().sent == 3
    mails = {mail["Delivered-To"]: mail for mail in arrived(postfix, count=3)}
    letters = {letter.recipient.address: letter for letter in talk.outbox(1)}
    assert set(mails) == set(letters) == {ANNA, "ada@acme.example", "bert@acme.example"}
    for address, mail in mails.items():
        assert mail["Message-ID"] == f"<{letters[address].message_id}>"
        token = letters[address].message_id.partition("@")[0]
        assert mail["Return-Path"] == f"<support+{token}@acme.example>"
        assert letters[address].reply.startswith("250 2.0.0 Ok: queued as")
    assert all("using TLSv1" in str(mail["Received"]) for mail in mails.values())
    assert str(mails[ANNA]["Subject"]) == "[ACME-1] Störung im Netz"


def test_who_is_refused_and_who_is_greylisted(talk: Conversation, postfix: Postfix) -> None:
    asks(talk, "unknown@kunde.example")
    asks(talk, "later@kunde.example")
    report = talk.deliver()
    assert (report.failed, report.postponed) == (1, 1)
    by_address = {letter.recipient.address: letter for number in (1, 2) for letter in talk.outbox(number)}
    assert by_address["unknown@kunde.example"].reply.startswith("550 5.1.1")
    waits = by_address["later@kunde.example"]
    assert waits.due_at - talk.now == timedelta(minutes=5)
    arrived(postfix, count=6)


def test_an_address_that_postfix_does_not_know_gets_nothing_more(talk: Conversation, postfix: Postfix) -> None:
    number = asks(talk, "unknown@kunde.example")
    assert talk.deliver().failed == 1
    assert talk.kinds(number)[-2:] == [EventKind.UNSENT, EventKind.UNDELIVERABLE]
    told = [mail for mail in arrived(postfix, count=4) if "no such user here" in str(mail.get_body(("plain",)))]
    assert {mail["Delivered-To"] for mail in told} == {"ada@acme.example", "bert@acme.example"}
    talk.staff("ada").reply(number, "Wir kommen.")
    assert talk.deliver().failed == 0
    assert talk.withheld(number) == [("unknown@kunde.example", Reason.UNDELIVERABLE)]
    asks(talk, "unknown@kunde.example")
    assert [one.undeliverable for one in talk.contact("unknown@kunde.example").addresses] == [False]


def test_a_server_that_does_not_relay_for_us(talk: Conversation) -> None:
    asks(talk, "tom@elsewhere.example")
    talk.deliver()
    (letter,) = [one for one in talk.outbox(1) if not one.recipient.is_staff]
    assert letter.state == "queued"
    assert "Relay access denied; the server does not send for us" in letter.reply


def test_what_is_too_large_is_left_out(talk: Conversation, postfix: Postfix) -> None:
    number = asks(talk)
    files = [File(name="plan.bin", content_type="application/octet-stream", data=b"\0" * 90_000)]
    talk.staff("ada").reply(number, "Anbei der Plan.", files=files)
    talk.deliver(), talk.deliver()
    # Letters to staff pass the words on too, without the files, and the order of arrival is Postfix's.
    to_anna = [mail for mail in arrived(postfix, count=5) if "anna@" in str(mail["To"])]
    comment = next(mail for mail in to_anna if "Anbei der Plan." in str(mail.get_body(("plain",))))
    assert list(comment.iter_attachments()) == []
    assert "plan.bin (0.1 MB)" in str(comment.get_body(("plain",)))


def test_addresses_beyond_ascii(talk: Conversation, postfix: Postfix) -> None:
    for address in ("jörg@kunde.example", "joerg@bücher.example"):
        talk.staff("ada").open(customer=address, title="Anruf", text="Er rief an.")
    assert talk.deliver().sent == 4
    to = {mail["Delivered-To"] for mail in arrived(postfix, count=4)}
    assert {"jörg@kunde.example", "joerg@xn--bcher-kva.example"} <= to


def test_a_server_that_is_restarted_costs_no_letter(talk: Conversation, postfix: Postfix) -> None:
    asks(talk)
    talk.deliver()
    # What Postfix has in hand when it is stopped it may deliver twice by itself.
    arrived(postfix, count=3)
    postfix.stop()
    asks(talk, "tom@kunde.example")
    report = talk.deliver()
    assert (report.sent, report.postponed, report.failed) == (0, 0, 0)
    assert report.stopped
    postfix.start()
    talk.later(seconds=10)
    assert talk.deliver().sent == 3
    ids = [mail["Message-ID"] for mail in arrived(postfix, count=6)]
    assert len(set(ids)) == 6


def test_death_between_the_yes_and_our_note_makes_copies_that_are_known(
    talk: Conversation, postfix: Postfix, sender: SmtpSender
) -> None:
    class Dying:
        def send(self, letter: Letter, *, meanwhile: Callable[[], object] = nothing) -> str:
            sender.send(letter, meanwhile=meanwhile)
            raise Death

        def close(self) -> None:
            sender.close()

    asks(talk)
    talk.start(sender=Dying())
    talk.dies(talk.deliver)
    talk.start(sender=sender)
    assert talk.deliver().sent == 3
    mails = arrived(postfix, count=4)
    ids = sorted(str(mail["Message-ID"]) for mail in mails)
    assert len(set(ids)) == 3, "one came twice, and both are the same letter"
    assert {mail["Delivered-To"] for mail in mails} == {ANNA, "ada@acme.example", "bert@acme.example"}


def test_who_opts_out_while_letters_wait_gets_none(talk: Conversation, postfix: Postfix) -> None:
    asks(talk)
    talk.deliver()
    postfix.stop()
    talk.staff("ada").reply(1, "Wir kommen.")
    assert talk.deliver().stopped
    with talk.store.act() as view:
        view.people.set_opt_out(talk.contact(ANNA).id, opted_out=True, how="by Ada", now=talk.now)
    postfix.start()
    talk.later(seconds=10)
    report = talk.deliver()
    assert (report.withheld, report.failed) == (1, 0)
    assert talk.withheld(1) == [(ANNA, Reason.OPTED_OUT)]
    to_anna = [mail for mail in arrived(postfix, count=3 + report.sent) if mail["Delivered-To"] == ANNA]
    assert len(to_anna) == 1, "the acknowledgement, from before"


def test_many_letters_go_over_one_connection_among_refusals(talk: Conversation, postfix: Postfix) -> None:
    """Postfix offers PIPELINING; what it says to one letter is never taken for what it says to another."""
    for address in (ANNA, "unknown@kunde.example", "tom@kunde.example", "later@kunde.example", "mia@kunde.example"):
        asks(talk, address)
    before = postfix.log().count(": connect from")
    report = talk.deliver()
    assert (report.failed, report.postponed, report.sent) == (1, 1, 3 + 5 * 2 + 2)
    mails = arrived(postfix, count=report.sent)
    assert len({str(mail["Message-ID"]) for mail in mails}) == report.sent
    assert postfix.log().count(": connect from") - before <= 1


def test_our_signature_survives_the_way(talk: Conversation, postfix: Postfix, tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    subprocess.run(["openssl", "genrsa", "-out", str(key), "1024"], check=True, capture_output=True)
    public = subprocess.run(
        ["openssl", "rsa", "-in", str(key), "-pubout", "-outform", "DER"], check=True, capture_output=True
    ).stdout
    signer = Signer(
        Dkim.model_validate({"domain": "acme.example", "selector": "s", "key": "env:X"}), key=key.read_text()
    )
    talk.delivery._composer = Writer(Composer(talk.settings, keys=talk.keys), talk.settings, sign=signer)
    # A signature of the future is none.
    talk.now = datetime(2026, 1, 7, 9, 0, tzinfo=UTC)
    asks(talk)
    talk.deliver()
    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)
    arrived(postfix, count=3)
    for mail in postfix.mails(count=3):
        data = mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        assert dkim.verify(data, dnsfunc=lambda name, timeout=5: record, minkey=1024)
