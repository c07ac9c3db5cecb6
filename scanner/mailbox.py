"""A mailbox, as the desk sees it: the values it lists and the protocol that every kind of it keeps.

Mails are named by UID and by nothing else: sequence numbers shift, `\\Seen` belongs to people, and
`SINCE` knows days only (RFC 3501, section 2.3.1).  A UID means something only together with the
UIDVALIDITY of its folder.

Whoever scans takes `uidnext` of one `FolderState` as the end of the snapshot; what arrives later is
the next scan's.  Nothing here sets a flag but `file()`.

Fails with: MailboxUnreachable, LoginRefused, FolderMissing.  Refusing a folder or an act leaves the
connection usable; after any other error it is closed, and every further call fails.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.message import RawMail
from domain.settings import After


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderState:
    """A folder at the moment of its selection.  Every mail in it has a UID below `uidnext`."""

    name: str
    uidvalidity: int
    uidnext: int
    exists: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A mail that is on the server: its announced size in octets and when it arrived there (UTC)."""

    uid: int
    size: int
    arrived: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What is known of a mail without its body, to recognise it after the server renumbered its mail.

    `message_id` stands as in `Message`, '' where the mail has none.
    """

    uid: int
    message_id: str
    size: int
    arrived: datetime | None = None


class MailboxConnection(Protocol):
    """One logged-in connection to one account.  It serves one thread."""

    def capabilities(self) -> tuple[str, ...]:
        """What the server says it can do, in capitals."""

    def folders(self) -> tuple[str, ...]:
        """The names of all folders that can hold mail, decoded."""

    def select(self, folder: str, *, readonly: bool = False) -> FolderState:
        """Open FOLDER and answer its state.  All following calls speak of it.

        Raises FolderMissing if the server has no such folder.
        """

    def list_above(self, uid: int, *, below: int) -> tuple[Listed, ...]:
        """The mails with UID < their uid < BELOW, ascending."""

    def fetch(self, uids: Sequence[int], *, limit: int) -> Iterator[tuple[int, RawMail]]:
        """The mails, in the order of UIDS, without marking them as seen.

        Of a mail of more than LIMIT octets only the first LIMIT are fetched.  A mail that the
        server no longer has is left out.  A mail that it has and does not hand over is an error,
        raised after all others were yielded.
        """

    def identify(self, uids: Sequence[int]) -> tuple[Identity, ...]:
        """The identities of those mails that are still there, in the order of UIDS."""

    def uids(self, *, below: int) -> tuple[int, ...]:
        """All UIDs under BELOW, ascending."""

    def file(self, uids: Sequence[int], after: After) -> frozenset[int]:
        """Move, flag, delete or keep the mails; the UIDs of those that are filed now.

        A mail that is gone counts as filed, and filing twice is harmless.
        """

    def noop(self) -> None:
        """Ask the server for a sign of life."""

    def close(self) -> None:
        """Log out and close.  Never fails, never expunges; a second call does nothing."""
