"""A helpdesk as its admin has it: a folder with config.yaml, real servers, and the command line.

Every command is a process of its own, with its own HOME, so that what is seen here is what people see.
"""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text

from commands import roads
from commands.opening import now, opened_with
from desk.config import load
from desk.reconcile import reconcile
from store.database import connect
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.ports import LOOPBACK
from tests.servers.smtp import SmtpSink

ROOT = Path(__file__).resolve().parents[2]
_LOG_LINE = re.compile(r"\d\d:\d\d:\d\d \S")
BOUND = ("--bound",)
"""The condition that permissions bind the process, also if it is root's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line on the standard error beside the log."""
        assert "Traceback" not in self.err, self.err
        lines = [line for line in self.err.splitlines() if not _LOG_LINE.match(line)]
        assert len(lines) == 1, f"{self.err}\n{self.out}"
        return lines[0]

    def fails(self, *words: str, code: int = 1) -> str:
        """It ended with CODE and one line that holds WORDS; the line."""
        assert self.code == code, f"{self.code}: {self.out}{self.err}"
        for word in words:
            assert word in self.complaint
        return self.complaint


class Running:
    """A command that has not ended yet."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self._seen: list[str] = []

    def until(self, word: str) -> None:
        """Read its log up to a line with WORD."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._seen.append(line)
            if word in line:
                return
        raise AssertionError(f"it ended before it said {word!r}: {''.join(self._seen)}")

    @property
    def last(self) -> str:
        """The line of its log that was read last."""
        return self._seen[-1]

    def ends(self, *, within: float = 60) -> Done:
        """What it came to; it must end by itself WITHIN so many seconds."""
        assert self.process.stderr is not None
        assert self.process.stdout is not None
        code = self.process.wait(within)
        return Done(code=code, out=self.process.stdout.read(), err="".join(self._seen) + self.process.stderr.read())

    def stop(self, name: signal.Signals = signal.SIGTERM, *, within: float = 10) -> Done:
        """Send it a signal; it must end WITHIN so many seconds."""
        self.process.send_signal(name)
        return self.ends(within=within)


class House:
    """The folder, its settings, its mailbox, and the command line in it."""

    def __init__(self, folder: Path, dovecot: Dovecot, sink: SmtpSink) -> None:
        self.folder = folder
        self.dovecot = dovecot
        self.user = dovecot.fresh_user()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("HELPDESK_", "PYTHON"))},
            "HOME": str(folder), "SMTP_PASSWORD": "sesame",
        }  # fmt: skip
        self.python = sys.executable
        self.config = str(folder / "config.yaml")
        self._sent = 0
        for name, secret in (("desk.key", "k" * 40), ("imap.secret", PASSWORD)):
            (folder / name).write_text(secret)
            (folder / name).chmod(0o600)
        self.settings = self._settings(sink)
        self.write()

    @property
    def database(self) -> Path:
        """The database's file, alone in a folder that can be closed."""
        return self.folder / "data" / "helpdesk.db"

    def write(self, changes: Mapping[str, Any] | None = None) -> None:
        """Write config.yaml, for this time with CHANGES: dotted path to value, None to leave out."""
        settings = deepcopy(self.settings)
        for path, value in (changes or {}).items():
            *way, last = path.split(".")
            place = settings
            for step in way:
                place = place[step]
            place[last] = value
            if value is None:
                del place[last]
        # JSON is YAML too.
        Path(self.config).write_text(json.dumps(settings, indent=1))

    def mails(self, count: int, *, words: str = "Bitte um Hilfe.") -> None:
        """COUNT customers write."""
        mails = []
        for _ in range(count):
            self._sent += 1
            mails.append(mail(self._sent, words))
        self.dovecot.deliver(self.user, *mails)

    def again(self) -> None:
        """Every mail so far is delivered a second time."""
        self.dovecot.deliver(self.user, *(mail(number + 1, "Bitte um Hilfe.") for number in range(self._sent)))

    def helpdesk(self, *words: str, **more: Any) -> Done:
        """Run a command to its end."""
        stdin: str | None = more.pop("stdin", None)
        process = self._process(words, stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL, **more)
        out, err = process.communicate(stdin, timeout=100)
        return Done(code=process.returncode, out=out, err=err)

    def does(self, *words: str, **more: Any) -> str:
        """Run a command that must succeed; what it printed."""
        done = self.helpdesk(*words, **more)
        assert done.code == 0, f"helpdesk {' '.join(words)}: {done.code}\n{done.out}{done.err}"
        assert "Traceback" not in done.err, done.err
        return done.out

    @contextmanager
    def running(self, *words: str, program: tuple[str, ...] = (), **more: Any) -> Iterator[Running]:
        """Start a command, or PROGRAM in its place."""
        process = self._process(words, program=program, stdin=subprocess.PIPE, **more)
        try:
            yield Running(process)
        finally:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    stream.close()

    def ask(self, query: str) -> list[Any]:
        """What the database answers, whatever the helpdesk says."""
        engine = connect(str(self.settings["database"]), base=self.folder)
        try:
            with engine.connect().execution_options(helpdesk_mode="READ") as connection:
                return list(connection.execute(text(query)).all())
        finally:
            engine.dispose()

    def everything_arrived_once(self) -> None:
        """Each mail so far stands in exactly one ticket, and `reconcile` finds no gap."""
        config = load(Path(self.config))
        with opened_with(config) as desk:
            assert reconcile(desk, roads.imap(config), now=now()).gaps == ()
        assert self.ask("SELECT state, outcome, count(*) FROM intake GROUP BY state, outcome") == [
            ("filed", "ticket", self._sent)
        ]
        titles = sorted(title for (title,) in self.ask("SELECT title FROM ticket"))
        assert titles == sorted(f"Frage {number + 1}" for number in range(self._sent))
        assert self.ask("SELECT count(*) FROM entry") == [(self._sent,)]

    def _process(
        self, words: tuple[str, ...], *, stdin: int, program: tuple[str, ...] = (),
        under: tuple[str, ...] = (),
    ) -> "subprocess.Popen[str]":  # fmt: skip
        launch = (self.python, "-I", str(Path(__file__).with_name("launch.py")), *under, "--")
        return subprocess.Popen(
            [*launch, *(program or (self.python, "-m", "cli", "-c", self.config)), *words], cwd=ROOT,
            env=self.environment, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def _settings(self, sink: SmtpSink) -> dict[str, Any]:
        self.database.parent.mkdir()
        return {
            "helpdesk": {"name": "Acme", "language": "de", "tag": "ACME", "keys": ["file:desk.key"]},
            "database": "sqlite:///data/helpdesk.db",
            "mailboxes": {
                "support": {
                    "address": "support@acme.example",
                    "group": "service",
                    "imap": {
                        "host": LOOPBACK, "port": self.dovecot.imap_port, "tls": "none", "user": self.user,
                        "password": "file:imap.secret", "idle": False, "timeout": "5s",
                    },
                    "folders": ["INBOX"],
                    "start": "all",
                    "poll": "1s",
                    "after": {"move": "Processed"},
                }
            },
            "smtp": {"host": LOOPBACK, "port": sink.port, "tls": "none", "timeout": "5s"},
            "agents": {"ada": {"name": "Ada", "address": "ada@acme.example"}},
            "groups": {"service": ["ada"]},
        }  # fmt: skip


def mail(number: int, words: str) -> bytes:
    """The mail of customer NUMBER."""
    return (
        f"From: Kunde {number} <kunde{number}@kunde.example>\r\nTo: support@acme.example\r\n"
        f"Subject: Frage {number}\r\nMessage-ID: <frage{number}@kunde.example>\r\n"
        f"Date: Sat, 21 Nov 2026 10:00:00 +0000\r\n\r\n{words}\r\n"
    ).encode()


def room_for(octets: int) -> tuple[str, ...]:
    """The condition that no file can grow beyond OCTETS, as if the disk were full."""
    return ("--room", str(octets))
