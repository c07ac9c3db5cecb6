"""Mails that harm whoever reads them, mails that come twice, and two who scan at once."""

import json
import signal

from tests.faults.house import House
from tests.faults.slow_reader import KILL, WAIT


def program(house: House) -> tuple[str, ...]:
    return (house.python, "-m", "tests.faults.slow_reader", house.config)


def outcomes(house: House) -> dict[str, int]:
    """How many mails came to which end."""
    rows = house.ask("SELECT CASE outcome WHEN '' THEN state ELSE outcome END, count(*) FROM intake GROUP BY 1")
    return {str(name): count for name, count in rows}


def test_a_mail_that_kills_its_reader_takes_no_other_with_it(house: House) -> None:
    house.mails(12)
    house.mails(1, words=f"Bitte öffnen. {KILL.decode()}")
    house.mails(12)
    deaths = 0
    while True:
        with house.running(program=program(house)) as scan:
            done = scan.ends()
        if done.code == 0:
            break
        assert done.code == -signal.SIGKILL, done.err
        deaths += 1
        assert deaths <= 4
    assert outcomes(house) == {"quarantined": 1, "ticket": 24}
    assert sorted(title for (title,) in house.ask("SELECT title FROM ticket")) == sorted(
        f"Frage {number + 1}" for number in range(25) if number != 12
    )
    assert house.ask("SELECT uid FROM intake WHERE state = 'quarantined'") == [(13,)]
    (on_server,) = (house.dovecot.maildir(house.user) / "cur").iterdir()
    assert KILL in on_server.read_bytes()
    house.does("reconcile")
    a_person_looks_at_it(house)


def a_person_looks_at_it(house: House) -> None:
    """The quarantine can be looked at; a mail gets another go, another one is given up."""
    (row,) = json.loads(house.does("quarantine", "list", "--json"))
    number = str(row["intake"])
    assert "1 in quarantine" in house.does("quarantine", "list")
    assert KILL.decode() in house.does("quarantine", "show", number, "--raw")
    assert "SIGKILL" in house.does("quarantine", "show", number) or row["because"]
    assert "ticket" in house.does("quarantine", "retry", number)
    house.does("scan")
    house.everything_arrived_once()
    house.helpdesk("quarantine", "retry", number).fails(f"mail {number} is not in quarantine: it is ticket")


def test_a_mail_in_quarantine_can_be_given_up(house: House) -> None:
    house.settings["limits"] = {"attempts": 1}
    house.write()
    house.mails(1, words=KILL.decode())
    house.mails(1)
    for _ in range(2):
        with house.running(program=program(house)) as scan:
            scan.ends()
    (row,) = json.loads(house.does("quarantine", "list", "--json"))
    house.does("quarantine", "discard", str(row["intake"]), "--because", "poison")
    house.does("scan")
    assert outcomes(house) == {"discarded": 1, "ticket": 1}
    house.does("reconcile")


def test_the_same_mails_delivered_again_are_only_duplicates(house: House) -> None:
    house.mails(5)
    house.does("scan")
    house.again()
    assert "5 new · 5 duplicate" in house.does("scan")
    assert outcomes(house) == {"ticket": 5, "duplicate": 5}
    assert house.ask("SELECT count(*) FROM ticket") == house.ask("SELECT count(*) FROM entry") == [(5,)]
    assert house.ask("SELECT count(*) FROM outbox") == [(10,)]
    house.does("reconcile")


def test_two_scans_at_once_double_nothing_and_the_second_says_who_scans(house: House) -> None:
    house.mails(3)
    house.mails(1, words=WAIT.decode())
    with house.running(program=program(house)) as first:
        first.until("at the riddle")
        said = house.does("scan")
        assert f"support: another process scans it (process {first.process.pid} on " in said
        assert first.process.stdin is not None
        first.process.stdin.close()
        assert first.ends().code == 0
    house.does("scan")
    house.everything_arrived_once()


def test_interrupting_a_scan_again_and_again_puts_no_mail_into_quarantine(house: House) -> None:
    house.mails(1, words=WAIT.decode())
    for _ in range(5):
        with house.running(program=program(house)) as scan:
            scan.until("at the riddle")
            assert scan.stop(signal.SIGINT).code != 0
    house.does("scan")
    house.everything_arrived_once()
