"""A mailbox on an IMAP server (RFC 3501).

Promises: UIDs only; nothing is marked as seen by reading; a mail counts as gone only when the
server's own SEARCH no longer lists it; other people's mail is never expunged.  Every wait has an end.

Fails with: LoginRefused, FolderMissing, MailboxUnreachable, each one line: where, what, what to do.
After any failure but FolderMissing the connection is closed.

How a mail leaves, by what the server can do:
- MOVE (RFC 6851): UID MOVE.
- UIDPLUS (RFC 4315): UID COPY, \\Deleted, UID EXPUNGE of just these.
- neither: \\Deleted is set and the mail stays until a person's program expunges.  Plain EXPUNGE, and
  CLOSE, which does the same, would also take what others marked, so neither is ever sent.
A crash between COPY and EXPUNGE leaves a second copy in the target folder; nothing is lost.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, TypeVar

from domain.errors import FolderMissing, MailboxUnreachable
from domain.message import RawMail
from domain.settings import After, Imap
from scanner.line import Line, Refused
from scanner.mailbox import FolderState, Identity, Listed
from scanner.message_id import message_id_of

BATCH_MAILS = 50
BATCH_OCTETS = 8_000_000
# UIDs named in one command; the line stays under the 8,192 octets that RFC 7162, section 4, advises.
_CHUNK = 500
# UIDs in one answer to SEARCH: at eleven octets each it stays under imaplib's limit of 1,000,000 for a line.
_SPAN = 90_000
# Mails whose size is kept between listing and fetching, about 200 octets each.
_REMEMBERED = 20_000

_MESSAGE_ID = "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"
_T = TypeVar("_T")


def connect(imap: Imap, *, password: str) -> "ImapMailbox":
    """A logged-in connection to the account.  Raises LoginRefused or MailboxUnreachable."""
    return ImapMailbox(Line(imap, password))


class ImapMailbox:
    """An account on an IMAP server; see `MailboxConnection`.  One thread only."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._state = FolderState(name="", uidvalidity=0, uidnext=0, exists=0)
        self._is_readonly = False
        self._ready_folders: set[str] = set()
        self._listed: dict[int, Listed] = {}

    def capabilities(self) -> tuple[str, ...]:
        """What the server says it can do after the login."""
        return self._line.capabilities

    def folders(self) -> tuple[str, ...]:
        """The names of all folders that can hold mail, decoded from modified UTF-7."""
        found = self._surely("listing folders", lambda client: client.list_folders())
        return tuple(
            _text(name)
            for flags, _, name in found
            if not {flag.lower() for flag in flags} & {b"\\noselect", b"\\nonexistent"}
        )

    def select(self, folder: str, *, readonly: bool = False) -> FolderState:
        """Open FOLDER and answer its state.  Raises FolderMissing."""
        self._listed.clear()
        self._is_readonly = readonly
        act = f"opening folder {folder}"
        try:
            answer = self._line.ask(act, lambda client: client.select_folder(folder, readonly=readonly))
        except Refused as refused:
            raise self._unselectable(folder, refused) from refused
        if b"UIDVALIDITY" not in answer:
            self._line.drop()
            raise MailboxUnreachable(f"{self._line.where}: folder {folder} has no lasting UIDs; it cannot be scanned")
        uidnext = answer.get(b"UIDNEXT") or self._uidnext(folder)
        self._state = FolderState(
            name=folder, uidvalidity=int(answer[b"UIDVALIDITY"]), uidnext=int(uidnext), exists=int(answer[b"EXISTS"])
        )
        return self._state

    def list_above(self, uid: int, *, below: int) -> tuple[Listed, ...]:
        """The mails with UID < their uid < BELOW, ascending, with size and time of arrival."""
        found = self._search(uid + 1, below)
        listed = tuple(mail for chunk in _chunks(found, _CHUNK) for mail in self._sizes(chunk))
        # Sizes never change (RFC 3501, section 2.3.4), so the fetch that usually follows need not ask again.
        self._listed = {mail.uid: mail for mail in listed[:_REMEMBERED]}
        return listed

    def fetch(self, uids: Sequence[int], *, limit: int) -> Iterator[tuple[int, RawMail]]:
        """The mails in the order of UIDS; of one larger than LIMIT octets the beginning."""
        withheld: list[int] = []
        for chunk in _chunks(uids, _CHUNK):
            for batch in _batches(self._listing(chunk), limit=limit):
                yield from self._bodies(batch, limit, withheld)
        if withheld:
            self._line.drop()
            named = ", ".join(map(str, withheld[:10])) + (" …" if len(withheld) > 10 else "")
            raise MailboxUnreachable(
                f"{self._line.where}: the server lists but does not hand over UID {named} of {self._state.name}; "
                "it stays there and is tried again; look at it with a mail program"
            )

    def identify(self, uids: Sequence[int]) -> tuple[Identity, ...]:
        """Message-ID, size and time of arrival of those mails that are still there."""
        found: list[Identity] = []
        for chunk in _chunks(uids, _CHUNK):
            answers = self._fetch_items(chunk, [_MESSAGE_ID, "RFC822.SIZE", "INTERNALDATE"])
            found += (_identity(uid, answers[uid]) for uid in chunk if b"RFC822.SIZE" in answers.get(uid, {}))
        return tuple(found)

    def uids(self, *, below: int) -> tuple[int, ...]:
        """All UIDs under BELOW, ascending."""
        return self._search(1, below)

    def file(self, uids: Sequence[int], after: After) -> frozenset[int]:
        """Move, flag, delete or keep the mails by UID; those that are filed now, the gone included."""
        if after.do != "keep" and self._is_readonly:
            # Some servers answer OK to a STORE that they ignore.
            self._line.drop()
            raise MailboxUnreachable(f"{self._line.where}: folder {self._state.name} was opened for reading only")
        for chunk in _chunks(uids, _CHUNK):
            match after.do:
                case "keep":
                    continue
                case "flag":
                    self._flag(chunk, rb"\Seen")
                case "delete":
                    self._remove(chunk)
                case "move":
                    self._move(chunk, after.folder)
        return frozenset(uids)

    def noop(self) -> None:
        """Ask the server for a sign of life."""
        self._surely("asking for a sign of life", lambda client: client.noop())

    def close(self) -> None:
        """Log out and close.  Never fails, never expunges."""
        self._line.log_out()

    def _surely(self, act: str, command: Callable[[Any], _T]) -> _T:
        """Like `ask`, where a refusal leaves nothing else to try."""
        try:
            return self._line.ask(act, command)
        except Refused:
            self._line.drop()
            raise

    def _unselectable(self, folder: str, refused: Refused) -> MailboxUnreachable:
        there = self.folders()
        if folder in there or folder.upper() == "INBOX":
            self._line.drop()
            return MailboxUnreachable(f"{self._line.where}: the server does not open folder {folder}: {refused.said}")
        named = ", ".join(there[:20]) + (" …" if len(there) > 20 else "")
        return FolderMissing(f"{self._line.where}: there is no folder {folder}; the account has: {named}")

    def _uidnext(self, folder: str) -> int:
        answer = self._surely("asking for UIDNEXT", lambda client: client.folder_status(folder, ["UIDNEXT"]))
        return int(answer[b"UIDNEXT"])

    def _search(self, first: int, below: int) -> tuple[int, ...]:
        """The UIDs in [first, below).  One answer never holds more than _SPAN of them."""
        span = _SPAN if self._state.exists > _SPAN // 2 else below
        found: set[int] = set()
        for low in range(first, below, max(span, 1)):
            found.update(self._matching(f"{low}:{min(low + span, below) - 1}"))
        return tuple(sorted(uid for uid in found if first <= uid < below))

    def _listing(self, uids: Sequence[int]) -> list[Listed]:
        """What was listed of UIDS before, and for the others what the server says now."""
        unknown = [uid for uid in uids if uid not in self._listed]
        asked = {mail.uid: mail for mail in self._sizes(unknown)}
        found = (asked.get(uid) or self._listed.get(uid) for uid in uids)
        return [mail for mail in found if mail is not None]

    def _sizes(self, uids: Sequence[int]) -> tuple[Listed, ...]:
        answers = self._fetch_items(uids, ["RFC822.SIZE", "INTERNALDATE"])
        silent = [uid for uid in uids if b"RFC822.SIZE" not in answers.get(uid, {})]
        if silent and (there := self._still_there(silent)):
            self._line.drop()
            raise MailboxUnreachable(f"{self._line.where}: the server tells no size of UID {min(there)}; try again")
        return tuple(
            Listed(uid=uid, size=answers[uid][b"RFC822.SIZE"], arrived=_utc(answers[uid].get(b"INTERNALDATE")))
            for uid in uids
            if b"RFC822.SIZE" in answers.get(uid, {})
        )

    def _bodies(self, batch: Sequence[Listed], limit: int, withheld: list[int]) -> Iterator[tuple[int, RawMail]]:
        """The mails of one batch; the UIDs that the server has but does not hand over go to WITHHELD."""
        item = f"BODY.PEEK[]<0.{limit}>" if batch[0].size > limit else "BODY.PEEK[]"
        bodies = self._body_answers([listed.uid for listed in batch], item)
        for listed in batch:
            data = bodies.get(listed.uid)
            if data is None and len(batch) > 1:
                # One mail that the server cannot read makes it refuse the whole batch: ask for each by itself.
                yield from self._bodies([listed], limit, withheld)
            elif data is not None:
                yield listed.uid, RawMail(data=data, size=listed.size, arrived=listed.arrived)
            elif self._still_there([listed.uid]):
                withheld.append(listed.uid)

    def _body_answers(self, uids: Sequence[int], item: str) -> dict[int, bytes]:
        try:
            answers = self._line.ask("fetching mail", lambda client: client.fetch(uids, [item]))
        except Refused:
            return {}
        found = ((uid, _body(answer)) for uid, answer in answers.items())
        return {uid: data for uid, data in found if data is not None}

    def _still_there(self, uids: Sequence[int]) -> frozenset[int]:
        # The server tells of what others expunged in an answer to NOOP at the latest.
        self.noop()
        return self._matching(",".join(map(str, uids))) & frozenset(uids)

    def _matching(self, uids: str) -> frozenset[int]:
        return frozenset(self._surely("listing mail", lambda client: client.search(["UID", uids])))

    def _fetch_items(self, uids: Sequence[int], items: Sequence[str]) -> Mapping[int, Mapping[bytes, Any]]:
        return self._of_those_there("reading sizes", uids, lambda client, there: client.fetch(there, items)) or {}

    def _of_those_there(self, act: str, uids: Sequence[int], command: Callable[[Any, Sequence[int]], _T]) -> _T | None:
        """What COMMAND answers for UIDS; None if none of them is there any more.

        Dovecot refuses a whole MOVE or COPY when another program has just expunged one of its
        mails (RFC 5530, EXPUNGEISSUED), so what is left is asked for once more.
        """
        try:
            return self._line.ask(act, lambda client: command(client, uids))
        except Refused:
            there = sorted(self._still_there(uids))
        return self._surely(act, lambda client: command(client, there)) if there else None

    def _flag(self, uids: Sequence[int], flag: bytes) -> None:
        self._of_those_there("flagging mail", uids, lambda client, there: client.add_flags(there, [flag], silent=True))

    def _remove(self, uids: Sequence[int]) -> None:
        self._flag(uids, rb"\Deleted")
        if "UIDPLUS" in self._line.capabilities:
            self._surely("expunging mail", lambda client: client.uid_expunge(uids))

    def _move(self, uids: Sequence[int], folder: str) -> None:
        self._prepare(folder)
        if "MOVE" in self._line.capabilities:
            self._of_those_there(f"moving mail to {folder}", uids, lambda client, there: client.move(there, folder))
            return
        self._of_those_there(f"copying mail to {folder}", uids, lambda client, there: client.copy(there, folder))
        self._remove(uids)

    def _prepare(self, folder: str) -> None:
        """Create FOLDER if it is missing, and subscribe to it so that mail programs show it."""
        if folder in self._ready_folders:
            return
        if folder not in self.folders():
            self._surely(f"creating folder {folder}", lambda client: client.create_folder(folder))
            with contextlib.suppress(Refused):
                self._line.ask(f"subscribing to {folder}", lambda client: client.subscribe_folder(folder))
        self._ready_folders.add(folder)


def _chunks(uids: Sequence[int], size: int) -> Iterator[list[int]]:
    rest = iter(uids)
    while chunk := list(islice(rest, size)):
        yield chunk


def _batches(listed: Iterable[Listed], *, limit: int) -> Iterator[list[Listed]]:
    """Runs of mails that are fetched together; a mail over LIMIT stands alone."""
    batch: list[Listed] = []
    octets = 0
    for mail in listed:
        alone = mail.size > limit
        if batch and (alone or len(batch) == BATCH_MAILS or octets + mail.size > BATCH_OCTETS):
            yield batch
            batch, octets = [], 0
        batch.append(mail)
        octets += mail.size
        if alone:
            yield batch
            batch, octets = [], 0
    if batch:
        yield batch


def _body(answer: Mapping[bytes, Any]) -> bytes | None:
    """The octets of BODY[] or BODY[]<0>, whichever was asked for."""
    for name in (b"BODY[]", b"BODY[]<0>"):
        if name in answer:
            # A server answers NIL for a mail that vanished under its hands; an empty mail is b"".
            data: bytes | None = answer[name]
            return data
    return None


def _identity(uid: int, answer: Mapping[bytes, Any]) -> Identity:
    field = next((value for name, value in answer.items() if name.startswith(b"BODY[HEADER.FIELDS")), None)
    return Identity(
        uid=uid,
        message_id=message_id_of(field or b""),
        size=answer[b"RFC822.SIZE"],
        arrived=_utc(answer.get(b"INTERNALDATE")),
    )


def _utc(moment: datetime | None) -> datetime | None:
    if moment is None or moment.tzinfo is None:
        return None
    return moment.astimezone(UTC)


def _text(name: str | bytes | None) -> str:
    if name is None:
        return "NIL"  # a folder of that name, listed without quotes
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else name
