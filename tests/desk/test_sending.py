"""Letters and servers that behave badly: each arrives at least once, copies are known by their Message-ID.

A real SMTP server is spoken to; what it answers is what the test says.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest

from desk import outbox
from desk.acts import File
from desk.outbox import Choice
from domain.errors import StoreUnusable
from domain.event import EventKind
from domain.letter import Letter, Reason
from domain.settings import Smtp
from notifier.sender import nothing
from notifier.smtp import SmtpSender
from store.outbox import QueuedLetter
from tests.conversation import Begin, Conversation, Death
from tests.desk.test_journal import FailingStore, with_store
from tests.servers.ports import LOOPBACK
from tests.servers.smtp import SmtpSink

ANNA, ADA, BERT = "anna@kunde.example", "ada@acme.example", "bert@acme.example"


class Desk:
    """A conversation whose letters go to a real server."""

    def __init__(self, talk: Conversation, sink: SmtpSink, stack: ExitStack) -> None:
        self.talk = talk
        self.sink = sink
        smtp = {"host": LOOPBACK, "port": sink.port, "tls": "none", "timeout": timedelta(seconds=0.5)}
        self.sender = SmtpSender(Smtp.model_validate(smtp), password=None)
        stack.callback(self.sender.close)
        talk.start(sender=self.sender)

    def asked(self) -> None:
        """Anna asks: an acknowledgement and two letters to staff wait."""
        self.talk.put(self.talk.customer(f"Anna Kunde <{ANNA}>").mail("Drucker brennt"))
        self.talk.scan()

    def copies(self, address: str) -> list[str]:
        """The Message-IDs of what ADDRESS got, in order."""
        return [str(message_from_bytes(one.data, policy=default)["Message-ID"]) for one in self.sink.to(address)]

    def arrived(self) -> dict[str, int]:
        """How many letters each address got."""
        return {to: len(self.copies(to)) for to in (ANNA, ADA, BERT)}

    def letter_to(self, address: str) -> QueuedLetter:
        return next(one for one in self.talk.outbox(1) if one.recipient.address == address)


Open = Callable[..., Desk]
ALL_ONCE = {ANNA: 1, ADA: 1, BERT: 1}


@pytest.fixture
def open_desk(begin: Begin) -> Iterator[Open]:
    with ExitStack() as stack:

        def opened(changes: dict[str, Any] | None = None, **how: Any) -> Desk:
            return Desk(begin(changes), stack.enter_context(SmtpSink(**how)), stack)

        yield opened


@pytest.fixture(params=[False, True], ids=["one by one", "pipelining"])
def desk(open_desk: Open, request: pytest.FixtureRequest) -> Desk:
    made = open_desk(pipelining=request.param)
    made.asked()
    return made


def test_all_letters_of_an_act_go_over_one_connection(desk: Desk) -> None:
    assert desk.talk.deliver().sent == 3
    assert (desk.arrived(), desk.sink.connections) == (ALL_ONCE, 1)


def test_a_copy_of_what_was_sent_is_kept(desk: Desk) -> None:
    desk.talk.deliver()
    letter = desk.letter_to(ANNA)
    assert letter.blob is not None
    with desk.talk.store.reading() as view:
        assert view.blobs.get(letter.blob) == desk.sink.to(ANNA)[0].data


@pytest.mark.parametrize("reply", ["450 4.2.0 Greylisted, come back later", "451 4.7.1 please try again"])
def test_greylisting_waits_five_minutes_and_holds_up_nobody_else(desk: Desk, reply: str) -> None:
    desk.sink.refusals[ANNA] = reply
    report = desk.talk.deliver()
    assert (report.sent, report.postponed, report.stopped) == (2, 1, "")
    desk.sink.refusals.clear()
    desk.talk.later(minutes=4)
    assert desk.talk.deliver().sent == 0
    desk.talk.later(minutes=1)
    assert desk.talk.deliver().sent == 1
    assert desk.arrived() == ALL_ONCE


def test_a_busy_mailbox_waits_a_minute(desk: Desk) -> None:
    desk.sink.refusals[ANNA] = "452 4.2.2 mailbox full"
    assert desk.talk.deliver().postponed == 1
    desk.sink.refusals.clear()
    desk.talk.later(minutes=1)
    assert desk.talk.deliver().sent == 1


def test_421_in_the_middle_makes_all_the_others_wait(desk: Desk) -> None:
    desk.sink.data_answers += ["250 2.0.0 Ok", "421 4.3.2 going down"]
    report = desk.talk.deliver()
    assert (report.sent, report.postponed, report.stopped) == (1, 0, "421 4.3.2 going down")
    assert desk.talk.deliver().stopped, "it is left alone for ten seconds"
    assert desk.sink.connections == 1
    desk.talk.later(seconds=10)
    assert desk.talk.deliver().sent == 2
    assert desk.arrived() == ALL_ONCE
    assert [letter.attempts for letter in desk.talk.outbox(1)] == [1, 1, 1]


def test_silence_after_the_data_makes_a_copy_and_not_a_loss(desk: Desk) -> None:
    desk.sink.silent_after_data = 1
    report = desk.talk.deliver()
    assert (report.sent, report.postponed) == (2, 1)
    desk.talk.later(minutes=2)
    assert desk.talk.deliver().sent == 1
    assert sorted(desk.arrived().values()) == [1, 1, 2]
    for address in (ANNA, ADA, BERT):
        assert len(set(desk.copies(address))) == 1
        assert len({one.data for one in desk.sink.to(address)}) == 1, "a copy is the same to the last octet"


def test_a_connection_cut_after_the_data_makes_a_copy_too(desk: Desk) -> None:
    desk.sink.drop_after_data = 1
    assert desk.talk.deliver().postponed == 1
    desk.talk.later(minutes=2)
    assert desk.talk.deliver().sent == 1
    assert [len(set(desk.copies(to))) for to in (ANNA, ADA, BERT)] == [1, 1, 1]


def test_death_between_the_servers_yes_and_our_note_makes_a_copy(desk: Desk) -> None:
    class Dying:
        def send(self, letter: Letter, *, meanwhile: Callable[[], object] = nothing) -> str:
            desk.sender.send(letter, meanwhile=meanwhile)
            raise Death

        def close(self) -> None:
            desk.sender.close()

    desk.talk.start(sender=Dying())
    desk.talk.dies(desk.talk.deliver)
    desk.talk.start(sender=desk.sender)
    assert desk.talk.deliver().sent == 3
    assert sorted(desk.arrived().values()) == [1, 1, 2]
    assert [len(set(desk.copies(to))) for to in (ANNA, ADA, BERT)] == [1, 1, 1]


@pytest.mark.parametrize(("times", "raised"), [(1, 0), (2, 1), (3, 1)])
def test_a_disk_that_is_full_for_a_while_makes_no_copies(talk: Conversation, times: int, raised: int) -> None:
    """The note of nine letters fails while the server considers the tenth: nothing more is sent before it is made."""
    for n in range(4):
        talk.put(talk.customer(f"kunde{n}@kunde.example").mail(f"Frage {n}"))
    talk.scan()
    with_store(talk, FailingStore(talk.store, StoreUnusable("the disk is full"), after=1, times=times))
    for _ in range(raised):
        with pytest.raises(StoreUnusable):
            talk.deliver()
        assert len(talk.smtp.sent) == 10
    talk.deliver()
    assert len(talk.smtp.sent) == 12
    states = {letter.state for number in range(1, 5) for letter in talk.outbox(number)}
    assert states == {"sent"}


def test_one_recipient_is_refused_and_the_others_get_theirs_once(desk: Desk) -> None:
    desk.sink.refusals[ANNA] = "550 5.1.1 no such user"
    report = desk.talk.deliver()
    assert report.failed == 1
    assert (desk.copies(ANNA), len(desk.copies(ADA)), len(desk.copies(BERT))) == ([], 2, 2)
    assert len(set(desk.copies(ADA))) == 2, "the new ticket, and that Anna could not be written to"
    event = desk.talk.events(1)[-2]
    assert (event.kind, event.after, event.before) == (EventKind.UNSENT, ANNA, "550 5.1.1 no such user")
    told = message_from_bytes(desk.sink.to(ADA)[-1].data, policy=default)
    assert "anna@kunde.example" in told.get_body(("plain",)).get_content()  # type: ignore[union-attr,attr-defined]


def test_a_letter_to_staff_that_fails_is_recorded_and_makes_no_letter(desk: Desk) -> None:
    desk.sink.refusals[BERT] = "550 5.1.1 no such user"
    assert desk.talk.deliver().failed == 1
    assert desk.arrived() == {ANNA: 1, ADA: 1, BERT: 0}
    assert (desk.talk.kinds(1)[-2], desk.talk.events(1)[-2].field) == (EventKind.UNSENT, "agent")


@pytest.mark.parametrize(
    "reply",
    [
        "550 5.7.1 Relaying denied",
        "554 5.7.1 <anna@kunde.example>: Relay access denied",
        "550 not permitted to relay through this server without authentication",
    ],
)
def test_a_server_that_does_not_relay_for_us_fails_no_letter(desk: Desk, reply: str) -> None:
    desk.sink.refusals |= {ANNA: reply, "tom@kunde.example": reply}
    for _ in range(10):
        desk.talk.deliver()
        desk.talk.later(days=1)
    assert (desk.letter_to(ANNA).state, desk.arrived()) == ("queued", {ANNA: 0, ADA: 1, BERT: 1})
    assert "check smtp.host" in desk.letter_to(ANNA).reply
    desk.sink.refusals.clear()
    assert desk.talk.deliver().sent == 1


def test_a_login_that_is_refused_fails_no_letter_and_stops_at_once(open_desk: Open) -> None:
    desk = open_desk(users={"desk": "secret"})
    desk.asked()
    for _ in range(10):
        report = desk.talk.deliver()
        assert (report.postponed, report.failed, report.stopped[:3]) == (0, 0, "530")
        desk.talk.later(days=1)
    assert [letter.attempts for letter in desk.talk.outbox(1)] == [0, 0, 0]
    assert {letter.reply[:3] for letter in desk.talk.outbox(1)} == {"", "530"}


def test_a_letter_that_is_given_up_is_told_to_staff(desk: Desk) -> None:
    desk.sink.refusals[ANNA] = "451 4.3.0 try later"
    for _ in range(200):
        desk.talk.deliver()
        desk.talk.later(hours=1)
    assert desk.letter_to(ANNA).state == "failed"
    assert desk.talk.kinds(1)[-1] is EventKind.UNSENT
    assert "given up after" in desk.talk.events(1)[-1].before
    assert len(desk.copies(ADA)) == 2


def reply_with(desk: Desk, *sizes: int) -> None:
    files = [
        File(name=f"plan{n}.bin", content_type="application/octet-stream", data=b"\0" * size)
        for n, size in enumerate(sizes)
    ]
    desk.talk.staff("ada").reply(1, "Anbei.", files=files)


def test_files_that_are_too_large_are_named_and_left_out(open_desk: Open) -> None:
    desk = open_desk(size_limit=60_000)
    desk.asked()
    reply_with(desk, 10_000, 50_000, 20_000)
    desk.talk.deliver()
    mail = message_from_bytes(desk.sink.to(ANNA)[-1].data, policy=default)
    assert [part.get_filename() for part in mail.iter_attachments()] == ["plan0.bin", "plan2.bin"]  # type: ignore[attr-defined]
    text = mail.get_body(("plain",)).get_content()  # type: ignore[attr-defined]
    assert "zu groß für eine E-Mail und wurden weggelassen: plan1.bin (0.1 MB)." in " ".join(text.split())
    assert "without plan1.bin" in desk.talk.outbox(1)[3].reply


def test_552_after_the_data_leaves_all_files_out(desk: Desk) -> None:
    desk.talk.deliver()
    reply_with(desk, 1000, 1000)
    desk.sink.data_answers.append("552 5.3.4 message too big")
    desk.talk.deliver()
    mail = message_from_bytes(desk.sink.to(ANNA)[-1].data, policy=default)
    assert list(mail.iter_attachments()) == []  # type: ignore[attr-defined]
    assert "plan0.bin (0.1 MB), plan1.bin (0.1 MB)" in mail.get_body(("plain",)).get_content().replace("\n", " ")  # type: ignore[attr-defined]


@pytest.mark.parametrize("reply", ["552 5.2.2 mailbox full", "552 message too large"])
def test_552_without_files_fails(desk: Desk, reply: str) -> None:
    desk.sink.data_answers.append(reply)
    assert desk.talk.deliver().failed == 1


def test_an_opt_out_stops_letters_that_wait(desk: Desk) -> None:
    desk.sink.refusals[ANNA] = "450 4.7.1 greylisted"
    desk.talk.deliver()
    desk.talk.staff("ada").reply(1, "Wir kommen.")
    contact = desk.talk.contact(ANNA)
    with desk.talk.store.act() as view:
        view.people.set_opt_out(contact.id, opted_out=True, how="by Ada", now=desk.talk.now)
    desk.sink.refusals.clear()
    desk.talk.later(hours=1)
    assert desk.talk.deliver().withheld == 2
    assert desk.copies(ANNA) == []
    assert desk.talk.withheld(1) == [(ANNA, Reason.OPTED_OUT)] * 2


def test_a_hold_stops_what_the_sender_has_in_hand(desk: Desk) -> None:
    class Holding:
        """While the first letter is on its way, somebody puts all others on hold."""

        def send(self, letter: Letter, *, meanwhile: Callable[[], object] = nothing) -> str:
            outbox.hold(desk.talk.desk, Choice(everything=True), agent="ada", now=desk.talk.now)
            desk.talk.later(seconds=2)
            return desk.sender.send(letter, meanwhile=meanwhile)

        def close(self) -> None:
            desk.sender.close()

    desk.talk.start(sender=Holding())
    assert desk.talk.deliver().sent == 1
    assert desk.talk.deliver().sent == 0
    assert {letter.claimed_by for letter in desk.talk.outbox(1)} == {""}
    outbox.release(desk.talk.desk, Choice(everything=True))
    desk.talk.start(sender=desk.sender)
    assert desk.talk.deliver().sent == 2
    assert desk.arrived() == ALL_ONCE


def test_a_recipient_beyond_ascii_needs_a_server_that_can(open_desk: Open) -> None:
    desk = open_desk(smtputf8=False)
    desk.talk.staff("ada").open(customer="jörg@bücher.example", title="Anruf", text="Er rief an.")
    report = desk.talk.deliver()
    assert report.failed == 1
    failed = next(one for one in desk.talk.outbox(1) if one.state == "failed")
    assert "which 127.0.0.1 does not take (SMTPUTF8)" in failed.reply
    desk.talk.staff("ada").open(customer="joerg@bücher.example", title="Anruf", text="Er rief an.")
    desk.talk.deliver()
    assert len(desk.sink.to("joerg@xn--bcher-kva.example")) == 1, "a domain goes as an A-label"


def test_a_bounce_marks_the_letter_that_came_back(desk: Desk) -> None:
    desk.talk.deliver()
    sent = desk.letter_to(ANNA)
    report = (
        "From: MAILER-DAEMON@kunde.example\r\nTo: support@acme.example\r\nSubject: Undelivered Mail\r\n"
        "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nThe address is unknown.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; kunde.example\r\n\r\n"
        f"Final-Recipient: rfc822; {ANNA}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 unknown user\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{sent.message_id}>\r\n\r\n--b--\r\n"
    )
    desk.talk.put(report.encode())
    desk.talk.scan()
    marked = desk.letter_to(ANNA)
    assert marked.bounced_at == desk.talk.now
    assert marked.bounce.startswith("5.1.1")


# Bounces find their letter


VERP = {"mailboxes": {"support": {"bounces": "support@acme.example"}}}


def bounce(desk: Desk, *, to: str, about: str, status: str = "5.1.1") -> None:
    """A report that shows nothing of our letter but the address that it comes back to."""
    report = (
        f"From: MAILER-DAEMON@elsewhere.example\r\nTo: {to}\r\nSubject: Undelivered Mail\r\n"
        "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt did not work.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; elsewhere.example\r\n\r\n"
        f"Final-Recipient: rfc822; {about}\r\nAction: failed\r\nStatus: {status}\r\n\r\n--b--\r\n"
    )
    desk.talk.put(report.encode())
    desk.talk.scan()


def test_a_bounce_to_the_letters_own_address_is_about_its_recipient(open_desk: Open) -> None:
    """Anna has her mail forwarded; the server that refuses it knows only the other address."""
    desk = open_desk(VERP)
    desk.asked()
    desk.talk.deliver()
    sender = desk.sink.to(ANNA)[0].sender
    assert sender == f"support+{desk.letter_to(ANNA).message_id.partition('@')[0]}@acme.example"
    bounce(desk, to=sender, about="anna.private@elsewhere.example")
    assert desk.letter_to(ANNA).bounced_at == desk.talk.now
    assert desk.talk.tickets() == 1, "it found its ticket"
    assert [one.undeliverable for one in desk.talk.contact(ANNA).addresses] == [True]
    desk.talk.staff("ada").reply(1, "Wir kommen.")
    desk.talk.deliver()
    assert desk.talk.withheld(1)[-1] == (ANNA, Reason.UNDELIVERABLE)


def test_a_delay_leaves_the_address_as_it_is(open_desk: Open) -> None:
    desk = open_desk(VERP)
    desk.asked()
    desk.talk.deliver()
    bounce(desk, to=desk.sink.to(ANNA)[0].sender, about=ANNA, status="4.4.7")
    letter = desk.letter_to(ANNA)
    assert (letter.bounced_at, letter.bounce[:5]) == (None, "4.4.7")
    assert [one.undeliverable for one in desk.talk.contact(ANNA).addresses] == [False]


def test_a_forged_bounce_address_proves_nothing(open_desk: Open) -> None:
    desk = open_desk(VERP)
    desk.asked()
    desk.talk.deliver()
    letter = desk.letter_to(ANNA).letter
    bounce(desk, to=f"support+{letter}.aaaaaaaaaaaaaaaa@acme.example", about=ANNA)
    assert desk.letter_to(ANNA).bounced_at is None
    assert [one.undeliverable for one in desk.talk.contact(ANNA).addresses] == [False]


# Not too fast, not too long


def test_the_rate_is_kept_by_all_processes_together(open_desk: Open) -> None:
    desk = open_desk({"smtp": {"host": "smtp.acme.example", "rate": "2/min"}})
    desk.asked()
    assert (desk.talk.deliver().sent, desk.talk.deliver().sent) == (2, 0)
    desk.talk.start(sender=desk.sender)
    desk.talk.later(seconds=59)
    assert desk.talk.deliver().sent == 0
    desk.talk.later(seconds=1)
    assert desk.talk.deliver().sent == 1
    assert [letter.attempts for letter in desk.talk.outbox(1)] == [1, 1, 1]


def test_a_connection_that_is_not_used_is_given_back(desk: Desk) -> None:
    desk.talk.deliver()
    desk.talk.later(seconds=50)
    desk.talk.staff("ada").reply(1, "Wir kommen.")
    desk.talk.deliver()
    assert desk.sink.connections == 1
    desk.talk.later(minutes=2)
    desk.talk.deliver()
    desk.talk.staff("ada").reply(1, "Noch etwas.")
    desk.talk.deliver()
    assert desk.sink.connections == 2
