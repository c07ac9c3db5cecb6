"""Servers that refuse, fail or lie about who they are: one clear line, and afterwards every mail and letter once."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.faults.house import House
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.dovecot import EXPIRED_HOST, PASSWORD, Dovecot
from tests.servers.ports import free_port
from tests.servers.proxy import FaultProxy
from tests.servers.smtp import SmtpSink

Proxies = Callable[[int], FaultProxy]
# What is changed in the settings, and what must be said of it.
Fault = tuple[dict[str, Any], tuple[str, ...]]
IMAP = "mailboxes.support.imap"


def imap_faults(dovecot: Dovecot) -> tuple[Fault, ...]:
    tls = {f"{IMAP}.tls": "implicit", f"{IMAP}.port": dovecot.imaps_port}
    ours = {f"{IMAP}.ca_file": str(dovecot.certificates.authority)}
    closed = free_port()
    return (
        (
            {f"{IMAP}.password": "env:HOME"},
            (f":{dovecot.imap_port}", "the password was refused", "check imap.user and env:HOME"),
        ),
        ({f"{IMAP}.port": closed}, (f":{closed}", "refused", "check imap.host and imap.port")),
        (tls | ours | {f"{IMAP}.host": EXPIRED_HOST}, (EXPIRED_HOST, "has expired", "renewed")),
        (tls, (f":{dovecot.imaps_port}", "not trusted", "imap.ca_file")),
        ({"mailboxes.support.folders": ["Eingang"]}, ("there is no folder", "Eingang", "has: INBOX")),
    )


def test_a_mailbox_that_cannot_be_read(house: House, dovecot: Dovecot) -> None:
    house.mails(2)
    for changes, words in imap_faults(dovecot):
        house.write(changes)
        said = house.helpdesk("scan").fails(*words)
        checked = house.helpdesk("check", "--connect")
        assert checked.code == 1
        (problem,) = [line for line in checked.out.splitlines() if "problem: " in line]
        assert all(word in problem for word in words), problem
        assert PASSWORD not in said
        assert house.environment["HOME"] not in said
    house.write()
    house.mails(1)
    house.does("scan")
    house.everything_arrived_once()


def test_a_missing_folder_does_not_keep_the_others_waiting(house: House) -> None:
    house.mails(2)
    house.write({"mailboxes.support.folders": ["Eingang", "INBOX"]})
    house.helpdesk("scan").fails("there is no folder Eingang", "the account has: INBOX")
    house.write()
    house.everything_arrived_once()


def test_a_server_that_says_nothing(house: House, dovecot: Dovecot, fault_proxy: Proxies) -> None:
    house.mails(2)
    proxy = fault_proxy(dovecot.imap_port)
    proxy.swallow = True
    house.write({f"{IMAP}.port": proxy.port, f"{IMAP}.timeout": "1s"})
    house.helpdesk("scan").fails(f":{proxy.port}: no answer within 1 s", "check")
    proxy.swallow = False
    house.does("scan")
    house.everything_arrived_once()


def test_a_connection_that_is_cut_in_the_middle_of_a_mail(house: House, dovecot: Dovecot, fault_proxy: Proxies) -> None:
    house.mails(1)
    house.mails(30, words="Bitte um Hilfe. " * 1000)
    proxy = fault_proxy(dovecot.imap_port)
    house.write({f"{IMAP}.port": proxy.port})
    proxy.cut_after(200_000)
    house.helpdesk("scan").fails(f":{proxy.port}: the server closed the connection")
    house.does("scan")
    house.everything_arrived_once()


def test_the_daemon_outlives_a_server_that_is_away(house: House, dovecot: Dovecot, fault_proxy: Proxies) -> None:
    house.mails(2)
    proxy = fault_proxy(dovecot.imap_port)
    proxy.refuse = True
    house.write({f"{IMAP}.port": proxy.port, f"{IMAP}.idle": True})
    with house.running("run") as daemon:
        daemon.until("work.failed")
        proxy.refuse = False
        daemon.until("mail.filed")
        done = daemon.stop()
    assert done.code == 0
    assert "Traceback" not in done.err
    house.everything_arrived_once()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("smtp"))


@pytest.fixture
def locked_sink(certificates: Certificates) -> Iterator[SmtpSink]:
    """An SMTP server with STARTTLS and a login."""
    with SmtpSink(certificate=certificates.good, users={"desk": "sesame"}) as sink:
        yield sink


@pytest.fixture
def expired_sink(certificates: Certificates) -> Iterator[SmtpSink]:
    with SmtpSink(certificate=certificates.expired) as sink:
        yield sink


def smtp_faults(good: dict[str, Any], expired: int) -> Iterator[Fault]:
    closed = free_port()
    yield good | {"smtp.password": "env:HOME"}, ("login as desk refused", "check smtp.user")
    yield good | {"smtp.port": closed}, (f":{closed}", "connection refused", "check smtp.host")
    yield {"smtp.port": expired}, (f":{expired}", "certificate has expired")


def test_letters_wait_for_a_mail_server_that_is_mended(
    house: House, locked_sink: SmtpSink, expired_sink: SmtpSink, certificates: Certificates
) -> None:
    trusting = {"smtp.tls": "starttls", "smtp.ca_file": str(certificates.authority)}
    good = trusting | {"smtp.port": locked_sink.port, "smtp.user": "desk", "smtp.password": "env:SMTP_PASSWORD"}
    house.mails(1)
    house.does("scan")
    for changes, words in smtp_faults(good, expired_sink.port):
        house.write(trusting | changes)
        house.helpdesk("deliver").fails("nothing was sent, the letters wait", *words)
        checked = house.helpdesk("check", "--connect")
        assert checked.code == 1
        assert any("problem: " in line and all(word in line for word in words) for line in checked.out.splitlines())
        an_hour_passes(house.database)
    house.write(good)
    assert locked_sink.letters == []
    house.does("deliver")
    house.does("deliver")
    assert sorted(letter.recipients for letter in locked_sink.letters) == [
        ("ada@acme.example",), ("kunde1@kunde.example",),
    ]  # fmt: skip
    house.everything_arrived_once()


def test_a_mail_server_that_is_away_is_not_asked_for_every_letter(house: House, smtp_sink: SmtpSink) -> None:
    house.mails(5)
    house.does("scan")
    house.write({"smtp.port": free_port()})
    done = house.helpdesk("deliver")
    done.fails("nothing was sent, the letters wait", "connection refused")
    assert (done.err.count("delivery.stopped"), done.err.count("letter.postponed")) == (1, 0)
    house.write()
    an_hour_passes(house.database)
    assert "10 sent" in house.does("deliver")
    assert len(smtp_sink.to("ada@acme.example")) == 5


def an_hour_passes(database: Path) -> None:
    """What would have been due within the next hour is due now."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE outbox SET due_at = datetime(due_at, '-1 hour') || '.000000' WHERE state = 'queued'")
