"""The language in which the desk's tests are written: people write, staff acts, letters arrive.

    talk = Conversation(database)
    anna = talk.customer("Anna Kunde <anna@kunde.example>")
    anna.writes("Drucker brennt")
    assert anna.hears() == ["acknowledgement"]

Everything is the real desk on a real database; only the servers are in memory, the clock moves when
`later` says so, and randomness is seeded.  `restart` is the next start of the program after the
process died: whatever it held is then a dead process's.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Any

import yaml

import rules
from desk.acts import Staff
from desk.config import parse
from desk.deliver import Delivery, DeliveryReport
from desk.desk import Desk
from desk.ingest import ingest
from desk.receive import Read
from desk.reconcile import Gap, Proof, reconcile
from desk.scan import MailboxScanner, ScanReport
from domain.event import Event, EventKind
from domain.intake import Intake, State
from domain.letter import LetterKind, Reason
from domain.message import RawMail
from domain.people import ContactFacts
from domain.settings import Settings
from domain.ticket import EntryFacts, TicketFacts
from domain.token import Keys
from notifier.compose import Composer
from notifier.memory import MemorySmtp
from notifier.sender import Sender
from notifier.writer import Writer
from scanner.mailbox import MailboxConnection
from scanner.memory import MemoryServer
from scanner.read import read
from store.outbox import QueuedLetter
from store.store import Store

MORNING = datetime(2030, 1, 7, 9, 0, tzinfo=UTC)
KEY, NEW_KEY = b"k" * 32, b"n" * 32

CONFIG: Mapping[str, Any] = {
    "helpdesk": {"name": "Acme Support", "language": "de", "tag": "ACME", "keys": ["env:HELPDESK_KEY"]},
    "mailboxes": {
        "support": {
            "address": "support@acme.example",
            "group": "service",
            "imap": {"host": "imap.acme.example", "user": "support", "password": "env:SUPPORT_PASSWORD"},
            "start": "all",
            "after": {"move": "Processed"},
        },
    },
    "smtp": {"host": "smtp.acme.example"},
    "agents": {
        "ada": {"name": "Ada Example", "address": "ada@acme.example"},
        "bert": {"name": "Bert Example", "address": "bert@acme.example", "language": "en"},
    },
    "groups": {"service": ["ada", "bert"], "network": ["bert"]},
}
SALES = {
    "address": "sales@acme.example",
    "group": "network",
    "imap": {"host": "imap.acme.example", "user": "sales", "password": "env:SALES_PASSWORD"},
    "start": "all",
}


Begin = Callable[..., "Conversation"]
"""What the fixtures `begin` and `anywhere` give: begins a conversation with changes to CONFIG."""


class Death(BaseException):
    """The process dies here: nothing that it still wanted to do is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail on its way to us."""

    data: bytes
    message_id: str
    subject: str
    sender: str
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter of ours as it was handed to SMTP."""

    to: str
    kind: LetterKind
    subject: str
    text: str
    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    reply_to: str
    unsubscribe: str
    fields: EmailMessage

    @property
    def sender(self) -> str:
        return self.to


class Conversation:
    """A helpdesk, its mail servers and the people who write to it."""

    def __init__(self, store: Store, changes: Mapping[str, Any] | None = None) -> None:
        self.store = store
        self.now = MORNING
        self.random = random.Random(42)
        self.smtp = MemorySmtp()
        self.dead: set[str] = set()
        self.keys = Keys((KEY,))
        self._starts = 0
        self._mails = 0
        self._looked: dict[str, int] = {}
        self._parsed: dict[str, Letter] = {}
        self.read: Read = read
        self.settings = settings_with(changes or {})
        self.servers = {name: MemoryServer() for name, box in self.settings.mailboxes.items() if box.imap}
        for name, server in self.servers.items():
            for folder in self.settings.mailboxes[name].folders:
                server.create(folder)
        self.start()

    def start(self, *, sender: Sender | None = None) -> None:
        """A new process on the same database."""
        self._starts += 1
        self.desk = Desk(
            store=self.store,
            settings=self.settings,
            rules=rules.compile(self.settings.rules),
            keys=self.keys,
            random=self.random.randbytes,
            holder=f"process-{self._starts}",
            is_dead=self.dead.__contains__,
        )
        self.delivery = Delivery(
            self.desk, sender or self.smtp, Writer(Composer(self.settings, keys=self.keys), self.settings),
            clock=lambda: self.now,
            chance=lambda: 0.5,
        )  # fmt: skip

    def restart(self, changes: Mapping[str, Any] | None = None, *, keys: tuple[bytes, ...] = ()) -> None:
        """The process has died or was ended, and the next one starts, perhaps with other settings or keys."""
        self.dead.add(self.desk.holder)
        if changes is not None:
            self.settings = settings_with(changes)
        if keys:
            self.keys = Keys(keys)
        self.read = read
        self.start()

    # What happens

    def later(self, **time: float) -> None:
        """Time passes: `later(days=3)`."""
        self.now += timedelta(**time)

    def customer(self, address: str) -> "Person":
        """Somebody who writes to us, as `Name <address>`."""
        name, bare = parseaddr(address)
        return Person(self, bare, name)

    def staff(self, agent: str, **how: bool) -> Staff:
        """The acts of an agent, now."""
        return Staff(desk=self.desk, agent=agent, now=self.now, **how)

    def put(self, mail: Mail | bytes, *, mailbox: str = "support", folder: str = "INBOX") -> int:
        """A mail arrives on the server; its UID."""
        data = mail if isinstance(mail, bytes) else mail.data
        return self.servers[mailbox].append(data, folder=folder, arrived=self.now.replace(microsecond=0))

    def scanner(
        self, mailbox: str = "support", *, connect: Callable[[], MailboxConnection] | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> MailboxScanner:  # fmt: skip
        """A scanner of this process."""
        server = self.servers.get(mailbox)
        return MailboxScanner(
            self.desk, mailbox, connect or (server.connect if server else None), read=self._read,
            clock=lambda: self.now, stop=stop,
        )  # fmt: skip

    def _read(self, raw: RawMail) -> Any:
        return self.read(raw)

    def scan(self, mailbox: str = "support") -> ScanReport:
        """One scan of one mailbox."""
        scanner = self.scanner(mailbox)
        try:
            return scanner.scan()
        finally:
            scanner.close()

    def deliver(self) -> DeliveryReport:
        """Send what is due."""
        return self.delivery.deliver()

    def round(self, mailbox: str = "support") -> ScanReport:
        """Scan and deliver."""
        report = self.scan(mailbox)
        self.deliver()
        return report

    def ingest(self, mail: Mail | bytes, *, mailbox: str = "support") -> Intake:
        """A mail is handed over by the MTA; its row."""
        data = mail if isinstance(mail, bytes) else mail.data
        return ingest(self.desk, data, mailbox=mailbox, read=self._read, now=self.now)[0]

    def dies(self, what: Callable[[], Any]) -> None:
        """The process dies in WHAT, and the next one starts."""
        try:
            what()
        except Death:
            self.restart()
            return
        raise AssertionError("the process did not die")

    # What there is

    def journal(self) -> list[Intake]:
        """Every row, the oldest first."""
        with self.store.reading() as view:
            return list(reversed(view.journal.rows(limit=10_000)))

    def outcomes(self) -> list[str]:
        """What became of each mail, the oldest first."""
        return [(row.outcome or row.state).value for row in self.journal()]

    def states(self) -> list[State]:
        return [row.state for row in self.journal()]

    def decision(self, intake: int) -> dict[str, Any]:
        with self.store.reading() as view:
            return view.journal.decision(intake) or {}

    def ticket(self, number: int) -> TicketFacts:
        with self.store.reading() as view:
            return view.tickets.facts(number)

    def tickets(self) -> int:
        """How many there are."""
        with self.store.reading() as view:
            return view.tickets.lines(limit=1)[1]

    def entries(self, number: int) -> tuple[EntryFacts, ...]:
        with self.store.reading() as view:
            return view.tickets.entries(number)

    def texts(self, number: int) -> list[str]:
        """What stands on the timeline."""
        return [entry.shown.strip() for entry in self.entries(number)]

    def events(self, number: int) -> list[Event]:
        with self.store.reading() as view:
            return [line.event for line in view.tickets.history(number)]

    def kinds(self, number: int) -> list[EventKind]:
        """What happened to a ticket, in a word each."""
        return [event.kind for event in self.events(number)]

    def outbox(self, number: int) -> tuple[QueuedLetter, ...]:
        with self.store.reading() as view:
            return view.outbox.of_ticket(number)[0]

    def withheld(self, number: int) -> list[tuple[str, Reason]]:
        """Who was not written to about a ticket, and why; staff who acted themselves are left out."""
        with self.store.reading() as view:
            return [
                (one.withheld.recipient.address, one.withheld.reason)
                for one in view.outbox.of_ticket(number)[1]
                if one.withheld.reason is not Reason.ACTOR
            ]

    def contact(self, address: str) -> ContactFacts:
        with self.store.reading() as view:
            found = view.people.contact_of(address)
        assert found is not None, f"there is no contact {address}"
        return found

    def proof(self, **how: Any) -> Proof:
        """`helpdesk reconcile`."""
        connections = {name: server.connect for name, server in self.servers.items()}
        return reconcile(self.desk, connections, now=self.now, **how)

    def gaps(self) -> tuple[Gap, ...]:
        return self.proof().gaps

    def letters(self, to: str = "") -> list[Letter]:
        """The letters that SMTP took, in order."""
        return [
            self._parsed.get(one.id) or self._letter(one.id, one.data, one.envelope_to)
            for one in self.smtp.sent
            if to in ("", one.envelope_to)
        ]

    def new_letters(self, to: str) -> list[Letter]:
        """Those that nobody has looked at yet."""
        letters = self.letters(to)
        seen, self._looked[to] = self._looked.get(to, 0), len(letters)
        return letters[seen:]

    def _letter(self, letter: str, data: bytes, to: str) -> Letter:
        mail = message_from_bytes(data, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        with self.store.reading() as view:
            queued = view.outbox.by_letter(letter)
        assert queued is not None
        body = mail.get_body(("plain",))
        self._parsed[letter] = Letter(
            to=to,
            kind=queued.kind,
            subject=str(mail["Subject"]),
            text=body.get_content() if body else "",
            message_id=str(mail["Message-ID"]).strip("<>"),
            in_reply_to=str(mail.get("In-Reply-To", "")).strip("<>"),
            references=tuple(one.strip("<>") for one in str(mail.get("References", "")).split()),
            reply_to=str(mail.get("Reply-To", "")),
            unsubscribe=str(mail.get("List-Unsubscribe", "")).strip("<>"),
            fields=mail,
        )
        return self._parsed[letter]

    def next_id(self, host: str) -> str:
        self._mails += 1
        return f"m{self._mails}@{host}"


@dataclass(slots=True)
class Person:
    """Somebody with a mail program."""

    talk: Conversation
    address: str
    name: str = ""
    sent: list[Mail] = field(default_factory=list)

    def mail(
        self,
        subject: str,
        text: str = "Bitte helfen Sie mir, danke.",
        *,
        to: str = "support@acme.example",
        message_id: str | None = None,
        references: tuple[str, ...] = (),
        in_reply_to: str = "",
        **fields: str,
    ) -> Mail:
        """A mail that he has written and not sent.  FIELDS are further header fields, `_` for `-`."""
        message_id = self.talk.next_id(self.address.rpartition("@")[2]) if message_id is None else message_id
        head = {
            "From": f"{self.name} <{self.address}>" if self.name else self.address,
            "To": to,
            "Subject": subject,
            "Date": format_datetime(self.talk.now),
        }
        head |= {"Message-ID": f"<{message_id}>"} if message_id else {}
        head |= {"In-Reply-To": f"<{in_reply_to}>"} if in_reply_to else {}
        head |= {"References": " ".join(f"<{one}>" for one in references)} if references else {}
        head |= {name.replace("_", "-"): value for name, value in fields.items()}
        lines = [f"{name}: {value}" for name, value in head.items() if value]
        data = "\r\n".join([*lines, "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "", text, ""])
        mail = Mail(
            data=data.encode(), message_id=message_id, subject=subject, sender=self.address, references=references
        )
        self.sent.append(mail)
        return mail

    def answer(self, to: Letter | Mail, text: str = "Das hilft leider nicht.", **how: Any) -> Mail:
        """An answer as a mail program makes it, not sent."""
        before = (*to.references, to.message_id)
        how = {"subject": f"Re: {to.subject}", "in_reply_to": to.message_id, "references": before, **how}
        return self.mail(text=text, **how)

    def writes(self, subject: str, text: str = "Bitte helfen Sie mir, danke.", **how: Any) -> Intake:
        """He writes, we scan and deliver; the journal's row."""
        return self.sends(self.mail(subject, text, **how))

    def answers(self, to: Letter | Mail, text: str = "Das hilft leider nicht.", **how: Any) -> Intake:
        """He answers, we scan and deliver; the journal's row."""
        return self.sends(self.answer(to, text, **how))

    def sends(self, mail: Mail | bytes, *, mailbox: str = "support", folder: str = "INBOX") -> Intake:
        """The mail arrives, we scan and deliver; the journal's row."""
        self.talk.put(mail, mailbox=mailbox, folder=folder)
        before = {row.id for row in self.talk.journal()}
        self.talk.round(mailbox)
        new = [row for row in self.talk.journal() if row.id not in before]
        assert len(new) == 1, new
        return new[0]

    @property
    def letters(self) -> list[Letter]:
        """All that he ever got."""
        return self.talk.letters(self.address)

    @property
    def last(self) -> Letter:
        """The letter that he got last."""
        return self.letters[-1]

    def hears(self) -> list[str]:
        """The kinds of the letters that he got since he last looked."""
        return [letter.kind.value for letter in self.talk.new_letters(self.address)]


def settings_with(changes: Mapping[str, Any]) -> Settings:
    """The settings of CONFIG with CHANGES laid over it."""
    settings, problems = parse(yaml.safe_dump(_merged(CONFIG, changes), sort_keys=False, allow_unicode=True))
    assert settings is not None, problems
    return settings


def _merged(under: Any, over: Any) -> Any:
    if not (isinstance(under, Mapping) and isinstance(over, Mapping)):
        return over
    return {**under, **{name: _merged(under.get(name), value) for name, value in over.items()}}
