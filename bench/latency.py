"""From delivery to acknowledgement: LMTP → Dovecot → IDLE → ticket → SMTP, one mail at a time.

The limit is Dovecot's own: it tells an idle client of new mail after half a second.
"""

import tempfile
import threading
import time
from pathlib import Path

import clock
from bench import desks
from domain.settings import Imap
from notifier.compose import Composer
from notifier.smtp import SmtpSender
from scanner.imap import connect
from scanner.imap_idle import connect_idle
from scanner.read import read
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.smtp import SmtpSink

ASKED = 1.0
DOVECOT = 0.5


def run(*, smoke: bool, corpus: Path | None) -> None:
    count = 5 if smoke else 100
    with Dovecot() as server, SmtpSink() as sink, tempfile.TemporaryDirectory() as folder:
        user = server.user(1)
        server.fill(user, [])
        with desks.opened(Path(folder), imap=server.imap_port, smtp=sink.port, user=user) as desk:
            account = Imap.model_validate(
                {"host": "127.0.0.1", "port": server.imap_port, "tls": "none", "user": user, "password": "env:PW"}
            )
            roads = clock.Roads(
                connect={"support": lambda: connect(account, password=PASSWORD)},
                listen={"support": lambda: connect_idle(account, password=PASSWORD)},
                sender=lambda: SmtpSender(desk.settings.smtp, password=None),
                composer=Composer(desk.settings, keys=desk.keys),
                read=read,
            )
            daemon = clock.Daemon(desk, roads)
            daemon.start()
            try:
                taken = sorted(_once(server, user, sink, n) for n in range(count))
            finally:
                daemon.finish()
    middle, late = taken[len(taken) // 2], taken[min(len(taken) - 1, int(len(taken) * 0.99))]
    print(f"{count} deliveries: p50 {middle * 1000:.0f} ms, p99 {late * 1000:.0f} ms, max {taken[-1] * 1000:.0f} ms")
    print(f"ours beside Dovecot's {DOVECOT * 1000:.0f} ms: {(middle - DOVECOT) * 1000:.0f} ms; "
          f"p99 asked within {ASKED * 1000:.0f} ms")  # fmt: skip


def _once(server: Dovecot, user: str, sink: SmtpSink, n: int) -> float:
    sender = f"kunde{n}@kunde.example"
    mail = (
        f"From: <{sender}>\r\nTo: <support@acme.example>\r\nSubject: Frage {n}\r\n"
        f"Message-ID: <frage.{n}@kunde.example>\r\n\r\nWo ist meine Rechnung {n}?\r\n"
    )
    begun = time.perf_counter()
    server.deliver(user, mail.encode())
    waiting = threading.Event()
    while not sink.to(sender):
        if time.perf_counter() - begun > 30:
            raise SystemExit(f"no acknowledgement for mail {n} within 30 s")
        waiting.wait(0.002)
    return time.perf_counter() - begun
