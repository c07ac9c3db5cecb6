"""A mailbox in memory, under the same contract as the one on a server.

For conversations in tests and for trying things out: no network, no threads to wait for.  It can be
made to fail where a server fails: refuse the login, cut the connection after so many commands, give
every mail a new UID.  `commands` tells what was asked, so a test can see that nothing was.

Fails with: LoginRefused, FolderMissing, MailboxUnreachable, as a server would.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import RLock

from domain.errors import FolderMissing, LoginRefused, MailboxUnreachable
from domain.message import RawMail
from domain.settings import After
from scanner.mailbox import FolderState, Identity, Listed
from scanner.message_id import message_id_of


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryMail:
    """A mail in a folder and the flags it bears."""

    uid: int
    data: bytes
    arrived: datetime | None = None
    flags: frozenset[str] = frozenset()


@dataclass(slots=True)
class MemoryFolder:
    """A folder: its mails by UID, and the UID that the next one gets."""

    uidvalidity: int
    uidnext: int = 1
    mails: dict[int, MemoryMail] = field(default_factory=dict)

    def put(self, data: bytes, arrived: datetime | None, flags: frozenset[str] = frozenset()) -> int:
        """Add a mail; its UID."""
        uid, self.uidnext = self.uidnext, self.uidnext + 1
        self.mails[uid] = MemoryMail(uid=uid, data=data, arrived=arrived, flags=flags)
        return uid


class MemoryServer:
    """An account with its folders; any number of mailboxes may connect to it.

    `refuse_login` and `cut_after` (commands until the connection ends, None for never) may be set
    at any time; `commands` holds the names of all commands so far.
    """

    def __init__(self, *, folders: Sequence[str] = ("INBOX",), capabilities: Sequence[str] = ("IMAP4REV1",)) -> None:
        self._lock = RLock()
        self._uidvalidity = 0
        self._folders: dict[str, MemoryFolder] = {}
        self.capabilities = tuple(capabilities)
        self.refuse_login = False
        self.cut_after: int | None = None
        self.commands: list[str] = []
        for name in folders:
            self.create(name)

    def connect(self) -> "MemoryMailbox":
        """A connection to the account.  Raises LoginRefused where `refuse_login` is set."""
        self.command("login")
        if self.refuse_login:
            raise LoginRefused("memory: user or password was refused; set refuse_login to False")
        return MemoryMailbox(self)

    def create(self, name: str) -> None:
        """A new empty folder, if there is none of that name."""
        with self._lock:
            if name not in self._folders:
                self._folders[name] = MemoryFolder(uidvalidity=self._next_uidvalidity())

    def append(self, data: bytes, *, folder: str = "INBOX", arrived: datetime | None = None) -> int:
        """Put a mail into FOLDER, as a delivery does; its UID."""
        with self._lock:
            return self.folder(folder).put(data, arrived)

    def expunge(self, uid: int, *, folder: str = "INBOX") -> None:
        """Remove a mail, as another program may at any time."""
        with self._lock:
            self.folder(folder).mails.pop(uid, None)

    def renumber(self, folder: str = "INBOX", *, first: int = 1) -> None:
        """Give FOLDER a new UIDVALIDITY and its mails new UIDs from FIRST, in the same order."""
        with self._lock:
            old = self.folder(folder)
            new = MemoryFolder(uidvalidity=self._next_uidvalidity(), uidnext=first)
            for mail in old.mails.values():
                new.put(mail.data, mail.arrived, mail.flags)
            self._folders[folder] = new

    def mails(self, folder: str = "INBOX") -> tuple[MemoryMail, ...]:
        """What is in FOLDER now, by UID."""
        with self._lock:
            return tuple(self.folder(folder).mails.values())

    def folder_names(self) -> tuple[str, ...]:
        """All folders, in the order of their making."""
        return tuple(self._folders)

    def folder(self, name: str) -> MemoryFolder:
        """The folder NAME.  Raises FolderMissing."""
        if name not in self._folders:
            raise FolderMissing(f"memory: there is no folder {name}; the account has: {', '.join(self._folders)}")
        return self._folders[name]

    def command(self, name: str) -> None:
        """Note that NAME was asked for.  Raises MailboxUnreachable where `cut_after` has run out."""
        with self._lock:
            if self.cut_after is not None:
                if self.cut_after <= 0:
                    raise MailboxUnreachable(f"memory: the server closed the connection (while {name})")
                self.cut_after -= 1
            self.commands.append(name)

    def replace(self, folder: str, mail: MemoryMail) -> None:
        """Put MAIL in the place of the one with its UID."""
        with self._lock:
            self.folder(folder).mails[mail.uid] = mail

    def _next_uidvalidity(self) -> int:
        self._uidvalidity += 1
        return self._uidvalidity


class MemoryMailbox:
    """A connection to a MemoryServer; see `MailboxConnection`."""

    def __init__(self, server: MemoryServer) -> None:
        self._server = server
        self._folder = ""
        self._is_open = True
        self._is_readonly = False

    def capabilities(self) -> tuple[str, ...]:
        """What the server was said to do."""
        return self._server.capabilities

    def folders(self) -> tuple[str, ...]:
        """The names of all folders."""
        self._command("folders")
        return self._server.folder_names()

    def select(self, folder: str, *, readonly: bool = False) -> FolderState:
        """Open FOLDER and answer its state.  Raises FolderMissing."""
        self._command("select")
        opened = self._server.folder(folder)
        self._folder, self._is_readonly = folder, readonly
        return FolderState(
            name=folder, uidvalidity=opened.uidvalidity, uidnext=opened.uidnext, exists=len(opened.mails)
        )

    def list_above(self, uid: int, *, below: int) -> tuple[Listed, ...]:
        """The mails with UID < their uid < BELOW, ascending."""
        self._command("list")
        return tuple(
            Listed(uid=mail.uid, size=len(mail.data), arrived=mail.arrived)
            for mail in self._mails()
            if uid < mail.uid < below
        )

    def fetch(self, uids: Sequence[int], *, limit: int) -> Iterator[tuple[int, RawMail]]:
        """The mails in the order of UIDS; of one larger than LIMIT octets the beginning."""
        for uid in uids:
            self._command("fetch")
            mail = self._mail(uid)
            if mail is not None:
                yield uid, RawMail(data=mail.data[:limit], size=len(mail.data), arrived=mail.arrived)

    def identify(self, uids: Sequence[int]) -> tuple[Identity, ...]:
        """Message-ID, size and time of arrival of those mails that are still there."""
        self._command("identify")
        found = (self._mail(uid) for uid in uids)
        return tuple(
            Identity(
                uid=mail.uid,
                message_id=message_id_of(_header(mail.data)),
                size=len(mail.data),
                arrived=mail.arrived,
            )
            for mail in found
            if mail is not None
        )

    def uids(self, *, below: int) -> tuple[int, ...]:
        """All UIDs under BELOW, ascending."""
        self._command("uids")
        return tuple(mail.uid for mail in self._mails() if mail.uid < below)

    def file(self, uids: Sequence[int], after: After) -> frozenset[int]:
        """Move, flag, delete or keep the mails; those that are filed now, the gone included."""
        if after.do != "keep":
            self._command("file")
            self._may_write()
            for mail in filter(None, map(self._mail, uids)):
                self._file_one(mail, after)
        return frozenset(uids)

    def noop(self) -> None:
        """Ask the server for a sign of life."""
        self._command("noop")

    def close(self) -> None:
        """End the connection; a second call does nothing."""
        self._is_open = False

    def _command(self, name: str) -> None:
        if not self._is_open:
            raise MailboxUnreachable("memory: the connection is closed; connect again")
        try:
            self._server.command(name)
        except MailboxUnreachable:
            self._is_open = False
            raise

    def _may_write(self) -> None:
        if self._is_readonly:
            self._is_open = False
            raise MailboxUnreachable(f"memory: folder {self._folder} was opened for reading only")

    def _file_one(self, mail: MemoryMail, after: After) -> None:
        if after.do == "flag":
            self._server.replace(self._folder, replace(mail, flags=mail.flags | {r"\Seen"}))
            return
        if after.do == "move":
            self._server.create(after.folder)
            self._server.folder(after.folder).put(mail.data, mail.arrived, mail.flags)
        self._server.expunge(mail.uid, folder=self._folder)

    def _mail(self, uid: int) -> MemoryMail | None:
        return self._server.folder(self._folder).mails.get(uid)

    def _mails(self) -> tuple[MemoryMail, ...]:
        return self._server.mails(self._folder)


def _header(data: bytes) -> bytes:
    """The header section of a mail, up to the first empty line."""
    ends = [end for end in (data.find(b"\r\n\r\n"), data.find(b"\n\n")) if end >= 0]
    return data[: min(ends, default=len(data))]
