"""The road to the server: one contract for memory and for a real server, then what only a real one has."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest

from domain.errors import PermanentFailure, TemporaryFailure
from domain.letter import Letter
from domain.settings import Smtp
from notifier.memory import MemorySmtp
from notifier.sender import Sender
from notifier.smtp import SmtpSender, probe
from tests.notifier.scripted import YES, ScriptedSmtp
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.ports import LOOPBACK, free_port
from tests.servers.smtp import SmtpSink

ADA, BERT = "ada@x.example", "bert@x.example"


def letter(to: str = ADA, text: str = "Hello") -> Letter:
    data = f"From: support@acme.example\r\nTo: <{to}>\r\nSubject: x\r\n\r\n{text}\r\n".encode()
    return Letter(id="k3v", envelope_from="support@acme.example", envelope_to=to, data=data)


class Server(Protocol):
    """A server that a test can tell what to answer."""

    @property
    def sender(self) -> Sender:
        """What is tested."""

    def refuse(self, address: str, reply: str) -> None:
        """Answer the next letter to ADDRESS with REPLY."""

    def received(self) -> list[tuple[str, bytes]]:
        """Recipient and octets of what was taken."""


class InMemory:
    def __init__(self) -> None:
        self.sender = MemorySmtp()

    def refuse(self, address: str, reply: str) -> None:
        self.sender.refuse(address, reply)

    def received(self) -> list[tuple[str, bytes]]:
        return [(one.envelope_to, one.data) for one in self.sender.sent]


class OnLoopback:
    def __init__(self, sink: SmtpSink) -> None:
        self.sink = sink
        self.sender = SmtpSender(plain(sink), password=None)

    def refuse(self, address: str, reply: str) -> None:
        self.sink.data_answers.append(reply)

    def received(self) -> list[tuple[str, bytes]]:
        return [(one.recipients[0], one.data) for one in self.sink.letters]


def plain(sink: SmtpSink, **facts: Any) -> Smtp:
    usual = {"host": LOOPBACK, "port": sink.port, "tls": "none", "timeout": timedelta(seconds=10)}
    return Smtp.model_validate({**usual, **facts})


def send(smtp: Smtp, *letters: Letter, password: str | None = None) -> str:
    """The last reply; the connection is closed whatever happens."""
    with closing(SmtpSender(smtp, password=password)) as sender:
        return [sender.send(one) for one in letters][-1]


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    with SmtpSink() as running:
        yield running


@pytest.fixture(params=["memory", "aiosmtpd"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with ExitStack() as stack:
        made: Server = InMemory() if request.param == "memory" else OnLoopback(stack.enter_context(SmtpSink()))
        stack.callback(made.sender.close)
        yield made


def test_a_letter_is_taken_and_arrives_as_it_was_sent(server: Server) -> None:
    one = letter(text=".\r\n..dots\r\nFrom here")
    assert server.sender.send(one) == "250 2.0.0 Ok"
    assert server.received() == [(ADA, one.data)]


@pytest.mark.parametrize("reply", ["451 4.7.1 greylisted", "452 4.2.2 mailbox full"])
def test_a_4xx_may_be_tried_again(server: Server, reply: str) -> None:
    server.refuse(ADA, reply)
    with pytest.raises(TemporaryFailure, match=reply):
        server.sender.send(letter())
    assert server.sender.send(letter()) == "250 2.0.0 Ok"
    assert len(server.received()) == 1


@pytest.mark.parametrize("reply", ["554 5.7.1 spam", "552 5.3.4 too big"])
def test_a_5xx_is_final_and_the_next_letter_goes_through(server: Server, reply: str) -> None:
    server.refuse(ADA, reply)
    with pytest.raises(PermanentFailure, match=reply):
        server.sender.send(letter())
    server.sender.send(letter(BERT))
    assert [to for to, _ in server.received()] == [BERT]


def test_after_close_the_next_letter_goes_through(server: Server) -> None:
    server.sender.send(letter())
    server.sender.close()
    server.sender.close()
    server.sender.send(letter(BERT))
    assert [to for to, _ in server.received()] == [ADA, BERT]


@pytest.mark.parametrize(
    ("reply", "failure"), [("450 4.2.0 later", TemporaryFailure), ("550 5.1.1 no such user", PermanentFailure)]
)
def test_a_refused_recipient_and_the_same_connection_goes_on(
    sink: SmtpSink, reply: str, failure: type[Exception]
) -> None:
    sink.refusals[ADA] = reply
    before = sink.connections
    with closing(SmtpSender(plain(sink), password=None)) as sender:
        with pytest.raises(failure, match=reply):
            sender.send(letter())
        sender.send(letter(BERT))
    assert [one.recipients for one in sink.letters] == [(BERT,)]
    assert sink.connections == before + 1


def test_one_connection_carries_many_letters(sink: SmtpSink) -> None:
    before = sink.connections
    send(plain(sink), *[letter()] * 5)
    assert (len(sink.letters), sink.connections) == (5, before + 1)


def test_a_connection_that_breaks_before_the_answer_is_temporary_and_replaced(sink: SmtpSink) -> None:
    sink.drop_after_data = 1
    before = sink.connections
    with closing(SmtpSender(plain(sink), password=None)) as sender:
        with pytest.raises(TemporaryFailure, match="the connection broke"):
            sender.send(letter())
        sender.send(letter(BERT))
    assert sink.connections == before + 2


@pytest.mark.parametrize("end", [(), ("421 4.4.2 idle too long",)], ids=["closed", "421"])
def test_a_kept_connection_that_ended_meanwhile_costs_no_letter(end: tuple[str, ...]) -> None:
    with ScriptedSmtp((*YES, *end), (*YES, "221 bye")) as server:
        assert send(scripted(server), letter(), letter(BERT)) == "250 2.0.0 Ok"
    assert f"RCPT TO:<{BERT}>" in server.heard[1]


@pytest.mark.parametrize(
    ("script", "failure", "words"),
    [
        (("554 no service",), TemporaryFailure, "it answered 554 no service"),
        (("421 too busy",), TemporaryFailure, "it answered 421 too busy"),
        (("HTTP/1.1 400 Bad Request",), TemporaryFailure, "it answered -1"),
        (("220 desk", "250 desk", "421 shutting down"), TemporaryFailure, "421 shutting down"),
        (("220 desk", "250 desk", "450 wait", "250 Ok", "221 bye"), TemporaryFailure, "450 wait"),
        (
            ("220 desk", "250 desk", "550 not from you", "250 Ok", "221 bye"),
            TemporaryFailure,
            "550 not from you.*allowed",
        ),
        (("220 desk", "250 desk", "530 log in first"), TemporaryFailure, "530 log in first"),
        ((*YES[:3], "nonsense", "250 Ok", "221 bye"), TemporaryFailure, "no SMTP reply to RCPT"),
        ((*YES[:4], "451 not now", "250 Ok", "221 bye"), TemporaryFailure, "451 not now"),
        ((*YES[:4], "554 no valid recipients", "250 Ok", "221 bye"), PermanentFailure, "554 no valid recipients"),
        ((*YES[:5],), TemporaryFailure, "the connection broke"),
        ((*YES[:5], "5" * 9000), TemporaryFailure, "the connection broke"),
        ((*YES[:5], ScriptedSmtp.HANG), TemporaryFailure, "timed out"),
        ((ScriptedSmtp.HANG,), TemporaryFailure, "no answer within 0.3 s|timed out"),
        ((*YES[:5], "550-5.7.1 two lines\r\n550 5.7.1 of \x1b[31mreasons"), PermanentFailure, "lines 5.7.1 of  ?.31m"),
    ],
    ids=lambda value: value[-1][:24] if isinstance(value, tuple) else "",
)
def test_what_servers_say(script: tuple[str, ...], failure: type[Exception], words: str) -> None:
    with ScriptedSmtp(script) as server, pytest.raises(failure, match=words) as raised:
        send(scripted(server), letter())
    assert "\n" not in str(raised.value)
    assert "\x1b" not in str(raised.value)


TOGETHER = ("220 desk", "250-desk\r\n250 PIPELINING")


@pytest.mark.parametrize(
    ("answers", "failure", "words"),
    [
        (("550 not from you", "503 no", "503 no", "250 Ok"), TemporaryFailure, "550 not from you"),
        (("250 Ok", "550 5.1.1 gone", "554 no valid recipients", "250 Ok"), PermanentFailure, "550 5.1.1 gone"),
        (("250 Ok", "450 wait", "354 go on", "554 nobody", "250 Ok"), TemporaryFailure, "450 wait"),
        (("250 Ok", "250 Ok", "451 not now", "250 Ok"), TemporaryFailure, "451 not now"),
        (("250 Ok", "250 Ok", "250 what?", "250 Ok"), TemporaryFailure, "250 what"),
    ],
    ids=["MAIL", "RCPT", "RCPT, and octets are wanted all the same", "DATA", "an answer that DATA has not"],
)
def test_a_refusal_among_commands_that_left_together(
    answers: tuple[str, ...], failure: type[Exception], words: str
) -> None:
    """Each answer is taken for its own command, and the next letter goes over the same connection."""
    script = (*TOGETHER, *answers, *YES[2:], "221 bye")
    with ScriptedSmtp(script) as server, closing(SmtpSender(scripted(server), password=None)) as sender:
        with pytest.raises(failure, match=words):
            sender.send(letter())
        assert sender.send(letter(BERT)) == "250 2.0.0 Ok"
    (heard,) = server.heard
    assert heard[1:4] == ["MAIL FROM:<support@acme.example>", f"RCPT TO:<{ADA}>", "DATA"]
    assert heard[-6:] == ["rset", "MAIL FROM:<support@acme.example>", f"RCPT TO:<{BERT}>", "DATA", ".", "quit"]


def test_a_kept_connection_that_ended_costs_no_letter_that_left_together() -> None:
    first = (*TOGETHER, *YES[2:], "421 4.4.2 idle too long")
    with ScriptedSmtp(first, (*YES, "221 bye")) as server:
        assert send(scripted(server), letter(), letter(BERT)) == "250 2.0.0 Ok"
    assert f"RCPT TO:<{BERT}>" in server.heard[1]


@pytest.mark.parametrize("pipelining", [False, True])
def test_what_is_done_meanwhile(pipelining: bool) -> None:
    """It is done once for a letter that the server considers, and before its answer is read."""
    done: list[int] = []
    with SmtpSink(pipelining=pipelining) as sink, closing(SmtpSender(plain(sink), password=None)) as sender:
        sink.refusals[BERT] = "550 5.1.1 no such user"
        sender.send(letter(), meanwhile=lambda: done.append(1))
        with pytest.raises(PermanentFailure):
            sender.send(letter(BERT), meanwhile=lambda: done.append(2))
        with pytest.raises(ZeroDivisionError):
            sender.send(letter(), meanwhile=lambda: 1 // 0)
        assert sender.send(letter()) == "250 2.0.0 Ok", "the answer to the one before is not taken for this one's"
    assert (done, sink.connections) == ([1], 2)


def scripted(server: ScriptedSmtp) -> Smtp:
    return Smtp(host=LOOPBACK, port=server.port, tls="none", timeout=timedelta(seconds=0.3))


def test_nobody_listens() -> None:
    smtp = Smtp(host=LOOPBACK, port=free_port(), tls="none")
    with pytest.raises(TemporaryFailure, match=r"^SMTP 127.0.0.1:\d+: connection refused; check smtp.host"):
        send(smtp, letter())


@pytest.mark.parametrize("host", ["no..host", "x." * 200 + "example"], ids=["malformed", "too long to be asked for"])
def test_there_is_no_such_host(host: str) -> None:
    with pytest.raises(TemporaryFailure, match=r"^SMTP .*; check smtp\.host"):
        send(Smtp(host=host, tls="none"), letter())


def test_an_address_beyond_ascii_needs_a_server_that_takes_it(sink: SmtpSink) -> None:
    sender = SmtpSender(plain(sink), password=None)
    sender.send(letter("jörg@x.example"))
    assert sink.to("jörg@x.example")
    connection = sender._connection
    assert connection is not None
    del connection.esmtp_features["smtputf8"]
    with pytest.raises(PermanentFailure, match=r"jörg@x\.example.*SMTPUTF8"):
        sender.send(letter("jörg@x.example"))
    sender.send(letter())
    sender.close()


@pytest.mark.parametrize("address", ["a@x.example>\r\nRCPT TO:<b@x.example", "a@x.example\0"])
def test_an_envelope_cannot_gain_a_command(sink: SmtpSink, address: str) -> None:
    sender = SmtpSender(plain(sink), password=None)
    with pytest.raises(PermanentFailure, match="cannot stand in an envelope"):
        sender.send(letter(address))
    sender.send(letter())
    sender.close()
    assert len(sink.letters) == 1


@pytest.mark.parametrize("password", ["secret", "geheim§ß"])
def test_login(password: str) -> None:
    with SmtpSink(users={"desk": password}) as sink:
        smtp = plain(sink, user="desk", password="env:X")
        send(smtp, letter(), password=password)
        assert sink.letters[0].user == "desk"
        with pytest.raises(TemporaryFailure, match=r"login as desk refused: 535 .*check smtp.user and smtp.password"):
            send(smtp, letter(), password="wrong")
        with pytest.raises(TemporaryFailure, match="530"):
            send(plain(sink), letter())


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_an_encrypted_road(certificates: Certificates, tls: str) -> None:
    with SmtpSink(certificate=certificates.good, implicit_tls=tls == "implicit") as sink:
        send(plain(sink, tls=tls, ca_file=str(certificates.authority)), letter())
        assert sink.letters[0].over_tls


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize(
    ("name", "complaint"), [("expired", "certificate has expired"), ("foreign", "IP address mismatch")]
)
def test_a_bad_certificate_stops_everything_but_loses_nothing(
    certificates: Certificates, tls: str, name: str, complaint: str
) -> None:
    with SmtpSink(certificate=getattr(certificates, name), implicit_tls=tls == "implicit") as sink:
        smtp = plain(sink, tls=tls, ca_file=str(certificates.authority))
        with pytest.raises(TemporaryFailure, match=f"its certificate is not accepted: .*{complaint}"):
            send(smtp, letter())
        send(plain(sink, tls=tls, verify=False), letter())
        assert len(sink.letters) == 1


def test_an_unknown_authority_and_a_missing_ca_file(certificates: Certificates, tmp_path: Path) -> None:
    with SmtpSink(certificate=certificates.good) as sink:
        with pytest.raises(TemporaryFailure, match=r"its certificate is not accepted.*set smtp\.ca_file"):
            send(plain(sink, tls="starttls"), letter())
        missing = plain(sink, tls="starttls", ca_file=str(tmp_path / "none.pem"))
        with pytest.raises(TemporaryFailure, match=r"smtp\.ca_file .*none\.pem cannot be read: No such file"):
            send(missing, letter())


def test_a_server_without_starttls(sink: SmtpSink) -> None:
    with pytest.raises(TemporaryFailure, match=r"STARTTLS .*not supported by server; check smtp\.tls"):
        send(plain(sink, tls="starttls"), letter())


def test_probe_says_what_the_server_offers(certificates: Certificates) -> None:
    with SmtpSink(certificate=certificates.good, users={"desk": "secret"}) as sink:
        smtp = plain(sink, tls="starttls", ca_file=str(certificates.authority), user="desk", password="env:X")
        found = probe(smtp, password="secret")
        assert found[0].startswith("TLSv1.")
        assert found[0].endswith("certificate verified")
        assert found[1] == "logged in as desk"
        assert {"SMTPUTF8", "8BITMIME"} <= set(found)
        assert sink.letters == []
        with pytest.raises(TemporaryFailure, match="login as desk refused"):
            probe(smtp, password="wrong")


def test_probe_without_tls(sink: SmtpSink) -> None:
    assert probe(plain(sink), password=None)[0] == "not encrypted"
