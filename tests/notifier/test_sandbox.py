"""A staging copy can never write to a customer."""

import stat
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from domain.errors import PermanentFailure
from domain.letter import Letter, LetterFacts
from notifier.memory import MemorySmtp
from notifier.sandbox import FileSender, OnlyTo, Redirected
from notifier.sender import NoSuchAddress, ServerAway

TEST = "test@acme.example"


def letter(to: str = "anna@kunde.example", subject: str = "[ACME-1] Frage") -> Letter:
    data = f"From: us@acme.example\r\nTo: {to}\r\nSubject: {subject}\r\n\r\nSubject: no header\r\n".encode()
    return Letter(id="k3v", envelope_from="us+k3v.mac@acme.example", envelope_to=to, data=data)


class Written:
    """Writes always the same letter."""

    def __init__(self, one: Letter) -> None:
        self.one = one

    def compose(self, facts: LetterFacts) -> Letter:
        return self.one


def test_letters_become_files(tmp_path: Path) -> None:
    sender = FileSender(tmp_path / "new" / "outbox")
    for _ in range(2):
        assert sender.send(letter()) == f"250 written to {tmp_path}/new/outbox/k3v.eml"
    (file,) = (tmp_path / "new" / "outbox").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    mail = message_from_bytes(file.read_bytes(), policy=default)
    assert (mail["Delivered-To"], mail["Return-Path"]) == ("anna@kunde.example", "<us+k3v.mac@acme.example>")
    assert file.read_bytes().endswith(letter().data)
    sender.close()


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ServerAway, match=r"deliver: .*file/outbox cannot be written: Not a directory"):
        FileSender(tmp_path / "file" / "outbox").send(letter())


@pytest.mark.parametrize("to", ["anna@kunde.example", "jörg@kunde.example"])
def test_all_letters_go_to_one_address_and_say_whose_they_were(to: str) -> None:
    facts: LetterFacts = None  # type: ignore[assignment]
    sent = Redirected(Written(letter(to)), TEST).compose(facts)
    assert sent.envelope_to == TEST
    head, _, body = sent.data.decode().partition("\r\n\r\n")
    assert head.startswith("X-Original-To: ")
    assert body == "Subject: no header\r\n"
    mail = message_from_bytes(sent.data, policy=default)
    assert (str(mail["Subject"]), str(mail["X-Original-To"])) == (f"[to {to}] [ACME-1] Frage", to)


def test_the_sender_itself_refuses_anybody_else() -> None:
    inside = MemorySmtp()
    sender = OnlyTo(inside, TEST)
    with pytest.raises(PermanentFailure, match=r"all letters go to test@acme\.example"):
        sender.send(letter())
    assert sender.send(letter(TEST)) == "250 2.0.0 Ok"
    assert [one.envelope_to for one in inside.sent] == [TEST]
    sender.close()


def test_the_one_address_that_is_refused_says_nothing_of_the_customers() -> None:
    inside = MemorySmtp()
    inside.refuse(TEST, "550 5.1.1 no such user")
    with pytest.raises(PermanentFailure) as refused:
        OnlyTo(inside, TEST).send(letter(TEST))
    assert not isinstance(refused.value, NoSuchAddress)
