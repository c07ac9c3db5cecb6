"""Two daemons, each the other's customer, over real IMAP and SMTP: they fall silent (RFC 3834, section 2).

The relay between them takes away every field by which machines know each other, and their marker lines.
"""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.desk.test_loops import bare
from tests.faults.house import House, Running
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import SmtpSink

ALL_ON: dict[str, Any] = {"on_reassignment": True, "on_customer_mail": True, "on_field_change": True}
OWN = {"acme": "support@acme.example", "beta": "help@beta.example"}


def made(name: str, folder: Path, dovecot: Dovecot, sink: SmtpSink) -> House:
    folder.mkdir()
    house = House(folder, dovecot, sink)
    (folder / "desk.key").write_text(name[0] * 40)
    house.settings |= {
        "helpdesk": {"name": f"{name} Help", "language": "en", "tag": name.upper(), "keys": ["file:desk.key"]},
        "agents": {"ada": {"name": "Ada", "address": f"ada@{name}.example"}},
        "notifications": ALL_ON,
    }
    house.settings["mailboxes"]["support"] |= {"address": OWN[name]}
    house.write()
    return house


def letters(house: House, to: str) -> int:
    """How many letters the house has written to TO, sent or not."""
    return house.ask("SELECT recipient_key FROM outbox").count((to,))


def carried(sink: SmtpSink, house: House, running: Running, to: str, *, before: int) -> list[bytes]:
    """The letters that HOUSE has written to TO since the first BEFORE; it is waited until they are sent."""
    written = letters(house, to)
    while len(sink.to(to)) < written:
        running.until("letter.sent")
    return [one.data for one in sink.to(to)[before:]]


def test_two_daemons_fall_silent(tmp_path: Path, dovecot: Dovecot, smtp_sink: SmtpSink) -> None:
    houses = {name: made(name, tmp_path / name, dovecot, smtp_sink) for name in OWN}
    question = (
        f"From: {OWN['acme']}\r\nTo: {OWN['beta']}\r\nSubject: Contract\r\nMessage-ID: <q@acme.example>\r\n"
        "Date: Sat, 21 Nov 2026 10:00:00 +0000\r\n\r\nWho signs it?\r\n"
    ).encode()
    seen = {"acme": 0, "beta": 0}
    with ExitStack() as stack:
        running = {name: stack.enter_context(house.running("run")) for name, house in houses.items()}
        for daemon in running.values():
            daemon.until("daemon.started")
        arriving = {"beta": [question], "acme": list[bytes]()}
        for _ in range(20):
            if not any(arriving.values()):
                break
            for reader, writer in (("beta", "acme"), ("acme", "beta")):
                mails, arriving[reader] = arriving[reader], []
                if not mails:
                    continue
                dovecot.deliver(houses[reader].user, *mails)
                for _ in mails:
                    running[reader].until("mail.decided")
                new = carried(smtp_sink, houses[reader], running[reader], OWN[writer], before=seen[writer])
                seen[writer] += len(new)
                arriving[writer] += [bare(data) for data in new]
        for daemon in running.values():
            assert daemon.stop().code == 0
    assert not any(arriving.values())
    assert 1 <= seen["acme"] <= 2
    assert seen["beta"] <= 2
