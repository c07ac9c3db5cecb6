"""Settings that are wrong or incomplete: one clear line from every command, and nothing is begun."""

from pathlib import Path

import pytest

from tests.faults.house import House, mail

COMMANDS = (("scan",), ("deliver",), ("run",), ("list",))


@pytest.mark.parametrize(
    ("commands", "changes", "words"),
    [
        (
            COMMANDS,
            {"mailboxes.support.imap.prot": 993},
            ("config.yaml:", "mailboxes.support.imap.prot: no such key", "did you mean 'port'?"),
        ),
        (COMMANDS[:1], {"helpdesk.keys": ["env:NO_SUCH_KEY"]}, ("env:NO_SUCH_KEY is not set", "export NO_SUCH_KEY")),
        (COMMANDS[:1], {"helpdesk.keys": ["file:no.key"]}, ("file:no.key does not exist", "write the secret into")),
        (
            COMMANDS[:1],
            {"helpdesk.keys": ["env:SHORT"]},
            ("env:SHORT is too short", "16 octets at least", "helpdesk init"),
        ),
    ],
)
def test_what_every_command_needs(
    house: House, commands: tuple[tuple[str, ...], ...], changes: dict[str, object], words: tuple[str, ...]
) -> None:
    house.database.unlink()
    house.environment["SHORT"] = "k" * 15
    house.write(changes)
    for command in commands:
        house.helpdesk(*command).fails(*words)
    house.helpdesk("ingest", stdin=mail(9, "Hilfe").decode()).fails(*words, code=75)
    checked = house.helpdesk("check")
    assert checked.code == 1
    assert any(all(word in line for word in words) for line in checked.out.splitlines())
    assert not house.database.exists()


def test_no_settings_at_all(house: House) -> None:
    Path(house.config).unlink()
    for command in (("scan",), ("list",)):
        house.helpdesk(*command).fails(house.config, "helpdesk init")
    house.helpdesk("ingest", stdin=mail(9, "Hilfe").decode()).fails("config.yaml", code=75)
    assert "helpdesk init" in house.helpdesk("check").out


@pytest.mark.parametrize(
    ("secret", "words"),
    [("env:NO_SUCH", ("env:NO_SUCH is not set",)), ("file:no.secret", ("file:no.secret does not exist",))],
)
def test_a_password_of_the_mailbox_that_is_missing(house: House, secret: str, words: tuple[str, ...]) -> None:
    house.mails(2)
    house.write({"mailboxes.support.imap.password": secret})
    for command in ("scan", "run"):
        house.helpdesk(command).fails(*words)
    house.write()
    house.does("scan")
    house.everything_arrived_once()


def test_a_password_that_is_missing_keeps_no_other_mailbox_waiting(house: House) -> None:
    other = {**house.settings["mailboxes"]["support"], "address": "sales@acme.example"}
    other["imap"] = {**other["imap"], "user": "sales@acme.example", "password": "env:NO_SUCH"}
    house.mails(2)
    house.settings["mailboxes"] = {"sales": other, **house.settings["mailboxes"]}
    house.write()
    house.helpdesk("scan").fails("env:NO_SUCH is not set")
    house.settings["mailboxes"].pop("sales")
    house.write()
    house.everything_arrived_once()


def test_a_password_of_the_letters_server_that_is_missing(house: House) -> None:
    house.mails(1)
    house.does("scan")
    house.write({"smtp.user": "desk", "smtp.password": "env:NO_SUCH"})
    for command in ("deliver", "run"):
        house.helpdesk(command).fails("env:NO_SUCH is not set")
    house.write()
    assert "2 sent" in house.does("deliver")
