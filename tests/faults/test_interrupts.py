"""Whoever stops it in the middle of something loses nothing and sees no traceback."""

import json
import signal

import pytest

from tests.faults.house import House

MANY = 150


def test_ctrl_c_in_the_middle_of_a_scan(house: House) -> None:
    house.mails(MANY)
    with house.running("scan") as scan:
        scan.until("mail.decided")
        done = scan.stop(signal.SIGINT)
    assert done.fails("Interrupted.", code=130)
    house.does("scan")
    house.everything_arrived_once()


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_the_daemon_stops_under_load_within_ten_seconds(house: House, name: signal.Signals) -> None:
    house.mails(MANY)
    house.write({"mailboxes.support.imap.idle": True})
    with house.running("run") as daemon:
        daemon.until("mail.decided")
        done = daemon.stop(name, within=10)
    assert done.code == 0
    assert "Traceback" not in done.err
    assert "daemon.stopped  clean=true" in done.err
    assert house.ask("SELECT count(*) FROM intake WHERE state = 'filed'") != [(MANY,)]
    house.does("scan")
    house.does("deliver")
    house.everything_arrived_once()
    assert json.loads(house.does("deliver", "--json"))["waiting"] == 0
