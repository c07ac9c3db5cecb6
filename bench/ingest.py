"""How many mails a second become tickets, beside the limit of this machine.

The limit: fetch from Dovecot (50 a FETCH), mail-parser, one INSERT of the raw mail in its own
transaction, one thread.  Ours does all of it, and decides, threads, opens tickets, queues letters
and files the mail.
"""

import sqlite3
import tempfile
import time
from pathlib import Path

import mailparser

from bench import desks
from desk.scan import MailboxScanner
from domain.settings import Imap
from scanner.imap import connect
from scanner.read import read
from tests.servers.dovecot import PASSWORD, Dovecot

ASKED = 0.3


def run(*, smoke: bool, corpus: Path | None) -> None:
    mails = desks.mails(60 if smoke else 2000, corpus)
    octets = sum(map(len, mails))
    print(f"{len(mails)} mails, {octets / 1e6:.1f} MB")
    with Dovecot(fsync="optimized") as server:
        ratios = []
        for n in range(1 if smoke else 3):
            limit = _limit(server, server.user(2 * n + 1), mails)
            ours, cpu = _ours(server, server.user(2 * n + 2), mails)
            ratios.append(ours / limit)
            print(f"limit {limit:6.0f} mails/s   ours {ours:6.0f} mails/s ({cpu:.2f} ms CPU each)   {ours / limit:.2f}")
    print(f"ratio {sorted(ratios)[len(ratios) // 2]:.2f} of the limit, asked {ASKED} or more")


def _account(server: Dovecot, user: str) -> Imap:
    return Imap.model_validate(
        {"host": "127.0.0.1", "port": server.imap_port, "tls": "none", "user": user, "password": "env:PASSWORD"}
    )


def _limit(server: Dovecot, user: str, mails: list[bytes]) -> float:
    server.fill(user, mails)
    with tempfile.TemporaryDirectory() as folder:
        database = sqlite3.connect(Path(folder) / "limit.db", isolation_level=None)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("CREATE TABLE mail (id INTEGER PRIMARY KEY, subject TEXT, data BLOB)")
        connection = connect(_account(server, user), password=PASSWORD)
        begun = time.perf_counter()
        state = connection.select("INBOX")
        uids = connection.uids(below=state.uidnext)
        for _, raw in connection.fetch(uids, limit=10**9):
            parsed = mailparser.parse_from_bytes(raw.data)
            database.execute("BEGIN IMMEDIATE")
            database.execute("INSERT INTO mail (subject, data) VALUES (?, ?)", (str(parsed.subject), raw.data))
            database.execute("COMMIT")
        taken = time.perf_counter() - begun
        connection.close()
        database.close()
    return len(mails) / taken


def _ours(server: Dovecot, user: str, mails: list[bytes]) -> tuple[float, float]:
    server.fill(user, mails)
    with tempfile.TemporaryDirectory() as folder, desks.opened(Path(folder), imap=server.imap_port, user=user) as desk:
        account = _account(server, user)
        scanner = MailboxScanner(
            desk, "support", lambda: connect(account, password=PASSWORD), read=read, clock=desks.now
        )
        begun, cpu = time.perf_counter(), time.process_time()
        report = scanner.scan()
        taken, used = time.perf_counter() - begun, time.process_time() - cpu
        scanner.close()
    if len(report.received) != len(mails):
        raise SystemExit(f"only {len(report.received)} of {len(mails)} mails came to an end")
    return len(mails) / taken, used / len(mails) * 1000
