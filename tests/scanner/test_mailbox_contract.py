"""What every kind of mailbox does: the same tests for the one in memory, for pymap and for Dovecot."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

import pytest
from imapclient import IMAPClient

from domain.errors import FolderMissing, MailboxUnreachable
from domain.settings import After, Imap
from scanner.imap import ImapMailbox, connect
from scanner.mailbox import MailboxConnection
from scanner.memory import MemoryMail, MemoryServer
from tests.servers.dovecot import PASSWORD
from tests.servers.ports import LOOPBACK

ARRIVED = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
LIMIT = 1_000_000


class Account(Protocol):
    """An account as its owner and the postman see it, beside the connection under test."""

    def connect(self) -> MailboxConnection: ...
    def create(self, folder: str) -> None: ...
    def append(self, folder: str, mail: bytes) -> int: ...
    def expunge(self, folder: str, uid: int) -> None: ...
    def contents(self, folder: str) -> dict[bytes, set[str]]: ...
    def close(self) -> None: ...


class MemoryAccount:
    def __init__(self) -> None:
        self.server = MemoryServer()

    def connect(self) -> MailboxConnection:
        return self.server.connect()

    def create(self, folder: str) -> None:
        self.server.create(folder)

    def append(self, folder: str, mail: bytes) -> int:
        return self.server.append(mail, folder=folder, arrived=ARRIVED)

    def expunge(self, folder: str, uid: int) -> None:
        self.server.expunge(uid, folder=folder)

    def contents(self, folder: str) -> dict[bytes, set[str]]:
        return {mail.data: set(mail.flags) for mail in self.server.mails(folder)}

    def close(self) -> None:
        """Nothing is open."""


class ImapAccount:
    """The account's owner has a connection of his own, so the one under test hears of his acts as of a stranger's."""

    def __init__(self, port: int, user: str) -> None:
        self.imap = Imap.model_validate(
            {"host": LOOPBACK, "port": port, "tls": "none", "user": user, "password": "env:UNUSED", "timeout": "10s"}
        )
        self._owner = IMAPClient(LOOPBACK, port=port, ssl=False, timeout=10)
        self._owner.login(user, PASSWORD)

    def connect(self) -> ImapMailbox:
        return connect(self.imap, password=PASSWORD)

    def create(self, folder: str) -> None:
        self._owner.create_folder(folder)

    def append(self, folder: str, mail: bytes) -> int:
        self._owner.append(folder, mail, msg_time=ARRIVED)
        self._owner.select_folder(folder, readonly=True)
        return int(max(self._owner.search()))

    def expunge(self, folder: str, uid: int) -> None:
        self._owner.select_folder(folder)
        self._owner.delete_messages([uid], silent=True)
        self._owner.uid_expunge([uid])

    def contents(self, folder: str) -> dict[bytes, set[str]]:
        self._owner.select_folder(folder, readonly=True)
        found = self._owner.fetch(self._owner.search(), ["BODY.PEEK[]", "FLAGS"])
        return {mail[b"BODY[]"]: {flag.decode() for flag in mail[b"FLAGS"]} - {r"\Recent"} for mail in found.values()}

    def close(self) -> None:
        self._owner.logout()


@pytest.fixture(params=["memory", "pymap", "dovecot"])
def account(request: pytest.FixtureRequest) -> Iterator[Account]:
    made: Account
    if request.param == "memory":
        made = MemoryAccount()
    else:
        server = request.getfixturevalue("pymap_server" if request.param == "pymap" else "dovecot")
        made = ImapAccount(server.imap_port, server.fresh_user())
    yield made
    made.close()


@pytest.fixture
def mailbox(account: Account) -> Iterator[MailboxConnection]:
    connection = account.connect()
    yield connection
    connection.close()


def mail(word: str, *, body: bytes = b"Hello") -> bytes:
    header = f"From: ada@customer.example\r\nSubject: {word}\r\nMessage-ID: <{word}@customer.example>\r\n\r\n"
    return header.encode() + body + b"\r\n"


def fetched(mailbox: MailboxConnection, uids: list[int], *, limit: int = LIMIT) -> list[tuple[int, bytes]]:
    return [(uid, raw.data) for uid, raw in mailbox.fetch(uids, limit=limit)]


def test_a_folder_says_where_it_stands(account: Account, mailbox: MailboxConnection) -> None:
    before = mailbox.select("INBOX")
    uid = account.append("INBOX", mail("one"))
    after = mailbox.select("INBOX")
    assert (before.name, before.exists, after.exists) == ("INBOX", 0, 1)
    assert before.uidvalidity == after.uidvalidity > 0
    assert before.uidnext <= uid < after.uidnext


def test_a_list_ends_where_its_snapshot_ends(account: Account, mailbox: MailboxConnection) -> None:
    first, second, third = (account.append("INBOX", mail(word)) for word in ("a", "b", "c"))
    snapshot = mailbox.select("INBOX")
    account.append("INBOX", mail("late"))
    account.expunge("INBOX", second)
    mailbox.noop()
    listed = mailbox.list_above(0, below=snapshot.uidnext)
    assert [one.uid for one in listed] == [first, third]
    assert [one.size for one in listed] == [len(mail("a")), len(mail("c"))]
    assert {one.arrived for one in listed} == {ARRIVED}


def test_a_list_begins_above_what_is_known(account: Account, mailbox: MailboxConnection) -> None:
    uids = [account.append("INBOX", mail(word)) for word in "abcd"]
    below = mailbox.select("INBOX").uidnext
    for known in range(len(uids)):
        assert [one.uid for one in mailbox.list_above(uids[known], below=below)] == uids[known + 1 :]
    assert mailbox.list_above(uids[-1], below=uids[-1] + 1) == ()
    assert mailbox.uids(below=below) == tuple(uids)
    assert mailbox.uids(below=uids[2]) == tuple(uids[:2])


def test_an_empty_folder_has_nothing(mailbox: MailboxConnection) -> None:
    below = mailbox.select("INBOX").uidnext
    assert mailbox.list_above(0, below=below) == ()
    assert mailbox.uids(below=below) == ()
    assert fetched(mailbox, []) == []
    assert mailbox.identify([]) == ()


def test_mail_that_arrives_while_others_are_fetched_does_not_disturb(
    account: Account, mailbox: MailboxConnection
) -> None:
    uids = [account.append("INBOX", mail(f"m{number}")) for number in range(3)]
    mailbox.select("INBOX")
    seen = []
    for uid, raw in mailbox.fetch(uids, limit=LIMIT):
        account.append("INBOX", mail(f"late{uid}"))
        seen.append((uid, raw.data))
    assert seen == [(uid, mail(f"m{number}")) for number, uid in enumerate(uids)]


def test_many_mails_come_in_the_order_asked_for(account: Account, mailbox: MailboxConnection) -> None:
    uids = [account.append("INBOX", mail(f"n{number}")) for number in range(55)]
    mailbox.select("INBOX")
    assert [uid for uid, _ in fetched(mailbox, uids[::-1])] == uids[::-1]


def test_reading_leaves_no_mark(account: Account, mailbox: MailboxConnection) -> None:
    uid = account.append("INBOX", mail("one"))
    mailbox.select("INBOX")
    fetched(mailbox, [uid])
    fetched(mailbox, [uid], limit=10)
    mailbox.identify([uid])
    assert account.contents("INBOX") == {mail("one"): set()}


def test_octets_come_as_they_are(account: Account, mailbox: MailboxConnection) -> None:
    every = bytes(octet for octet in range(1, 256) if octet not in (10, 13))
    odd = mail("odd", body=every + b"\r\n.\r\n)\r\n* 1 FETCH (X {3}\r\n" + every)
    uid = account.append("INBOX", odd)
    mailbox.select("INBOX")
    ((_, raw),) = mailbox.fetch([uid], limit=LIMIT)
    assert raw.data == odd
    assert (raw.size, raw.cut, raw.arrived) == (len(odd), False, ARRIVED)


def test_of_a_large_mail_only_the_beginning_comes(account: Account, mailbox: MailboxConnection) -> None:
    small, large = mail("small"), mail("large", body=b"x" * 5000)
    uids = [account.append("INBOX", one) for one in (small, large, small)]
    mailbox.select("INBOX")
    found = dict(mailbox.fetch(uids, limit=1000))
    assert [found[uid].data for uid in uids] == [small, large[:1000], small]
    assert [(found[uid].size, found[uid].cut) for uid in uids] == [
        (len(small), False),
        (len(large), True),
        (len(small), False),
    ]


def test_a_mail_that_is_gone_is_left_out(account: Account, mailbox: MailboxConnection) -> None:
    first, second, third = (account.append("INBOX", mail(word)) for word in ("a", "b", "c"))
    below = mailbox.select("INBOX").uidnext
    assert len(mailbox.list_above(0, below=below)) == 3
    account.expunge("INBOX", second)
    asked = [first, second, third, third + 1000]
    assert fetched(mailbox, asked) == [(first, mail("a")), (third, mail("c"))]
    assert [one.uid for one in mailbox.identify(asked)] == [first, third]


def test_mails_are_known_without_their_bodies(account: Account, mailbox: MailboxConnection) -> None:
    nameless = b"From: ada@customer.example\r\nSubject: no id\r\n\r\nMessage-ID: <body@customer.example>\r\n"
    folded = b"Subject: folded\r\nMESSAGE-ID:\r\n <long@\r\n\tcustomer.example>\r\n\r\nHello\r\n"
    uids = [account.append("INBOX", one) for one in (mail("plain"), nameless, folded)]
    mailbox.select("INBOX")
    found = mailbox.identify(uids)
    assert [one.message_id for one in found] == ["plain@customer.example", "", "long@customer.example"]
    assert [one.size for one in found] == [len(mail("plain")), len(nameless), len(folded)]
    assert {one.arrived for one in found} == {ARRIVED}


@pytest.mark.parametrize(
    ("after", "inbox", "processed"),
    [
        (After(do="keep"), {"a": set(), "b": set()}, None),
        (After(do="flag"), {"a": {r"\Seen"}, "b": set()}, None),
        (After(do="delete"), {"b": set()}, None),
        (After(do="move", folder="Processed"), {"b": set()}, {"a": set()}),
    ],
    ids=["keep", "flag", "delete", "move"],
)
def test_filing_touches_what_it_is_given(
    account: Account,
    mailbox: MailboxConnection,
    after: After,
    inbox: dict[str, set[str]],
    processed: dict[str, set[str]] | None,
) -> None:
    uid, _, gone = (account.append("INBOX", mail(word)) for word in ("a", "b", "gone"))
    mailbox.select("INBOX")
    account.expunge("INBOX", gone)
    assert mailbox.file([uid, gone], after) == {uid, gone}
    assert account.contents("INBOX") == {mail(word): flags for word, flags in inbox.items()}
    assert ("Processed" in mailbox.folders()) == (processed is not None)
    if processed is not None:
        assert account.contents("Processed") == {mail(word): flags for word, flags in processed.items()}


def test_filing_twice_is_harmless(account: Account, mailbox: MailboxConnection) -> None:
    uids = [account.append("INBOX", mail(word)) for word in ("a", "b")]
    mailbox.select("INBOX")
    for _ in range(2):
        assert mailbox.file(uids, After(do="move", folder="Ablage/Übung 2026")) == set(uids)
    assert account.contents("INBOX") == {}
    assert set(account.contents("Ablage/Übung 2026")) == {mail("a"), mail("b")}


def test_filing_never_expunges_what_others_marked(account: Account, mailbox: MailboxConnection) -> None:
    if isinstance(account, MemoryAccount):
        account.server.replace("INBOX", _marked(account))
    else:
        assert isinstance(account, ImapAccount)
        uid = account.append("INBOX", mail("theirs"))
        account._owner.select_folder("INBOX")
        account._owner.delete_messages([uid], silent=True)
    ours = [account.append("INBOX", mail(word)) for word in ("a", "b")]
    mailbox.select("INBOX")
    mailbox.file(ours[:1], After(do="delete"))
    mailbox.file(ours[1:], After(do="move", folder="Processed"))
    mailbox.close()
    assert account.contents("INBOX") == {mail("theirs"): {r"\Deleted"}}


@pytest.mark.parametrize("folder", ["Übung & Ablage", 'with "quotes" and back\\slash', "123", "日本語", "NIL"])
def test_folders_may_be_called_anything(account: Account, folder: str) -> None:
    account.create(folder)
    uid = account.append(folder, mail("one"))
    mailbox = account.connect()
    assert folder in mailbox.folders()
    assert mailbox.select(folder).name == folder
    assert fetched(mailbox, [uid]) == [(uid, mail("one"))]
    mailbox.close()


def test_a_missing_folder_is_named_and_the_connection_goes_on(account: Account, mailbox: MailboxConnection) -> None:
    account.create("Processed")
    with pytest.raises(FolderMissing, match="no folder Prozessiert") as missing:
        mailbox.select("Prozessiert")
    assert "INBOX" in str(missing.value)
    assert "Processed" in str(missing.value)
    assert mailbox.select("INBOX").name == "INBOX"


def test_a_folder_opened_for_reading_is_not_written(account: Account, mailbox: MailboxConnection) -> None:
    uid = account.append("INBOX", mail("one"))
    mailbox.select("INBOX", readonly=True)
    with pytest.raises(MailboxUnreachable):
        mailbox.file([uid], After(do="flag"))
    assert account.contents("INBOX") == {mail("one"): set()}


def test_a_closed_mailbox_stays_closed(mailbox: MailboxConnection) -> None:
    mailbox.close()
    mailbox.close()
    with pytest.raises(MailboxUnreachable, match="connect again"):
        mailbox.noop()


def test_capabilities_are_words(mailbox: MailboxConnection) -> None:
    assert "IMAP4REV1" in mailbox.capabilities()


def test_memory_gives_new_uids_when_it_is_told_to() -> None:
    server = MemoryServer()
    server.append(mail("a"))
    server.append(mail("b"))
    mailbox = server.connect()
    old = mailbox.select("INBOX")
    server.renumber(first=70)
    new = mailbox.select("INBOX")
    assert new.uidvalidity != old.uidvalidity
    assert [one.uid for one in mailbox.list_above(0, below=new.uidnext)] == [70, 71]


@pytest.mark.parametrize("allowed", range(4))
def test_memory_cuts_the_connection_after_so_many_commands(allowed: int) -> None:
    server = MemoryServer()
    mailbox = server.connect()
    server.cut_after = allowed
    for _ in range(allowed):
        mailbox.noop()
    with pytest.raises(MailboxUnreachable, match="closed the connection"):
        mailbox.noop()
    with pytest.raises(MailboxUnreachable, match="connect again"):
        mailbox.noop()


def _marked(account: MemoryAccount) -> MemoryMail:
    account.append("INBOX", mail("theirs"))
    (one,) = account.server.mails("INBOX")
    return replace(one, flags=frozenset({r"\Deleted"}))
