"""A helpdesk in a folder, for the tests of the staff's commands: mails come in, commands are typed."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli import app
from commands.opening import opened
from commands.phrases import Now
from desk.desk import Desk
from desk.receive import receive
from domain.errors import DeskError
from domain.intake import Arrival
from scanner.read import read

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
AT_NOON = Now(NOON, UTC)

CONFIG = """\
helpdesk: {name: Acme Support, language: de, tag: ACME, keys: ['file:helpdesk.key']}
database: sqlite:///helpdesk.db
mailboxes:
  support: {address: support@acme.example, group: service, start: now}
smtp: {host: smtp.acme.example}
agents:
  ada: {name: Ada Example, address: ada@acme.example}
  bert: {name: Bert Example, address: bert@acme.example, language: en}
groups:
  service: [ada, bert]
  network: [bert]
rules:
  - name: outage
    for: new
    when:
      subject: {contains: Störung}
    then:
      - set: {priority: urgent, category: incident}
      - assign: {group: network}
      - tag: [outage]
"""


class Staffroom:
    """A config and a database in FOLDER."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "config.yaml"
        self.path.write_text(CONFIG, encoding="utf-8")
        (folder / "helpdesk.key").write_text("k" * 40, encoding="utf-8")
        self._mails = 0

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        """The desk, open."""
        with opened(self.path) as desk:
            yield desk

    def mail(
        self,
        sender: str,
        subject: str,
        text: str,
        *,
        ago: timedelta = timedelta(),
        files: Sequence[tuple[str, bytes]] = (),
        **fields: str,
    ) -> int:
        """A mail comes in, AGO before noon; the number of its ticket."""
        self._mails += 1
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, "support@acme.example", subject
        mail["Message-ID"] = f"<mail-{self._mails}@customer.example>"
        for name, value in fields.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(text)
        for name, data in files:
            mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
        return self.raw(mail.as_bytes(), at=NOON - ago)

    def raw(self, data: bytes, *, at: datetime = NOON) -> int:
        """A mail as octets comes in; the number of its ticket."""
        place = f"INBOX/1/{self._mails}"
        arrival = Arrival(
            source="support", position=place, mailbox="support", folder="INBOX", size=len(data), arrived=at
        )
        with self.desk() as desk:
            with desk.store.act() as view:
                view.journal.arrive([arrival], now=at)
                row = view.journal.at("support", place)
                assert row is not None
                view.journal.store({row.id: view.blobs.put(data)})
            received = receive(desk, "support", read=read, now=at).received
        assert received[0].ticket is not None
        return received[0].ticket

    def type(self, *words: str, agent: str = "ada", stdin: str = "") -> str:
        """What `helpdesk WORDS` prints."""
        done = self._run(words, agent, stdin)
        assert done.exit_code == 0, (done.output, done.exception)
        return done.output

    def refusal(self, *words: str, agent: str = "ada", stdin: str = "") -> str:
        """The one line with which `helpdesk WORDS` is refused; nothing else may be printed."""
        done = self._run(words, agent, stdin)
        assert isinstance(done.exception, DeskError), (done.output, done.exception)
        assert done.output == ""
        assert "\n" not in str(done.exception)
        return str(done.exception)

    def letter_to(self, ticket: int, address: str) -> str:
        """The Message-ID of our latest letter about TICKET to ADDRESS."""
        with self.desk() as desk, desk.store.reading() as view:
            letters, _ = view.outbox.of_ticket(ticket)
        return [letter.message_id for letter in letters if letter.recipient.address == address][-1]

    def _run(self, words: Sequence[str], agent: str, stdin: str) -> Result:
        env = {"HELPDESK_AGENT": agent, "HELPDESK_CONFIG": str(self.path), "TERM": "dumb"}
        return CliRunner().invoke(app, list(words), env=env, input=stdin)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that was made and migrated once; the tests take copies."""
    made = Staffroom(tmp_path_factory.mktemp("empty"))
    with made.desk():
        pass
    return made.path.with_name("helpdesk.db")


@pytest.fixture
def room(tmp_path: Path, empty_database: Path) -> Staffroom:
    """A helpdesk without a ticket."""
    shutil.copyfile(empty_database, tmp_path / "helpdesk.db")
    return Staffroom(tmp_path)
