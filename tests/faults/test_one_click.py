"""The daemon with `unsubscribe`: it answers clicks while it works, and its port is its own."""

import http.client
import re
import socket
import subprocess
from contextlib import closing
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest

from tests.faults.house import House
from tests.servers.ports import LOOPBACK, free_port
from tests.servers.smtp import SmtpSink

CUSTOMER = "kunde1@kunde.example"
ONE_CLICK = {"Content-Type": "application/x-www-form-urlencoded"}


def offers(house: House, port: int) -> None:
    """The settings with which letters carry the link: it is reached by https, and letters are signed."""
    key = house.folder / "dkim.key"
    subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
    key.chmod(0o600)
    house.settings["unsubscribe"] = {
        "listen": f"{LOOPBACK}:{port}", "public_url": "https://help.acme.example/unsubscribe",
    }  # fmt: skip
    house.settings["smtp"]["dkim"] = {"domain": "acme.example", "selector": "s1", "key": "file:dkim.key"}
    house.write()


def link(sink: SmtpSink) -> str:
    """Where a click on the customer's letter leads, behind the proxy."""
    (letter,) = sink.to(CUSTOMER)
    mail = message_from_bytes(letter.data, policy=default)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    found = re.search(r"<https://help\.acme\.example(/unsubscribe/[^>]+)>", str(mail["List-Unsubscribe"]))
    assert found is not None
    return found[1]


def asked(port: int, method: str, path: str, **how: Any) -> int:
    """The status of the answer."""
    with closing(http.client.HTTPConnection(LOOPBACK, port, timeout=10)) as connection:
        connection.request(method, path, **how)
        return connection.getresponse().status


def test_a_click_opts_out_while_the_daemon_works(house: House, smtp_sink: SmtpSink) -> None:
    port = free_port()
    offers(house, port)
    house.mails(1)
    with house.running("run") as daemon:
        daemon.until(f"to={CUSTOMER}")
        path = link(smtp_sink)
        assert asked(port, "GET", path) == 200
        assert house.ask("SELECT email_opt_out FROM contact") == [(0,)], "who only looks changes nothing"
        assert asked(port, "POST", path, body="List-Unsubscribe=One-Click", headers=ONE_CLICK) == 200
        assert house.ask("SELECT email_opt_out FROM contact") == [(1,)]
        daemon.until(f"to={CUSTOMER}")
        done = daemon.stop()
    assert done.code == 0
    assert "Traceback" not in done.err
    assert "daemon.stopped  clean=true" in done.err
    with pytest.raises(ConnectionRefusedError), socket.create_connection((LOOPBACK, port), timeout=5):
        pass
    subjects = [str(message_from_bytes(one.data, policy=default)["Auto-Submitted"]) for one in smtp_sink.to(CUSTOMER)]
    assert subjects == ["auto-replied", "auto-replied"], "the acknowledgement, and that it was done"


def test_a_port_that_somebody_else_has(house: House) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        offers(house, port)
        house.mails(1)
        said = house.helpdesk("run").fails("unsubscribe.listen", f"{LOOPBACK}:{port}", "name a free port")
    assert "Address already in use" in said
    assert house.ask("SELECT count(*) FROM intake") == [(0,)], "it did not begin"
    house.does("scan")
    house.everything_arrived_once()


def test_it_stops_while_somebody_holds_the_line(house: House) -> None:
    port = free_port()
    offers(house, port)
    with house.running("run") as daemon:
        daemon.until("daemon.started")
        with socket.create_connection((LOOPBACK, port), timeout=10) as slow:
            slow.sendall(b"POST /unsubscribe/")
            done = daemon.stop(within=20)
    assert done.code == 0
    assert "Traceback" not in done.err
