"""A mailbox on an IMAP server (RFC 3501), over imapclient.

Promises: UIDs only; nothing is marked as seen by reading; a mail counts as gone only when the
server's own SEARCH no longer lists it; other people's mail is never expunged.  Every wait has an end.

Fails with: LoginRefused, FolderMissing, MailboxUnreachable, each one line: where, what, what to do.
After any failure but FolderMissing the connection is closed, because imaplib cannot say which
answer would come next.

How a mail leaves, by what the server can do:
- MOVE (RFC 6851): UID MOVE.
- UIDPLUS (RFC 4315): UID COPY, \\Deleted, UID EXPUNGE of just these.
- neither: \\Deleted is set and the mail stays until a person's program expunges.  Plain EXPUNGE, and
  CLOSE, which does the same, would also take what others marked, so neither is ever sent.
A crash between COPY and EXPUNGE leaves a second copy in the target folder; nothing is lost.

imaplib keeps every answer that nobody fetched for as long as a folder is selected, and hands an old
FETCH out with the next one; so its store is emptied before each command.  imapclient also makes it
format every literal for a debug log; switched off, batches arrive seven times faster.
"""

import contextlib
import logging
import re
import select
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, TypeVar

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import (
    CapabilityError,
    IMAPClientAbortError,
    IMAPClientError,
    IMAPClientReadOnlyError,
    LoginError,
    ProtocolError,
)

from domain.errors import FolderMissing, LoginRefused, MailboxUnreachable
from domain.message import RawMail
from domain.settings import After, Imap
from scanner.mailbox import FolderState, Identity, Listed, message_id_of

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

# Its debug log holds the text of mails, its info log a line a connection.
logging.getLogger("imapclient").setLevel(logging.WARNING)


class _Refused(MailboxUnreachable):
    """The server understood and said NO or BAD; the connection stays in step."""

    def __init__(self, where: str, act: str, said: str) -> None:
        super().__init__(f"{where}: the server refused {act}: {said}")
        self.said = said


def connect(imap: Imap, *, password: str) -> "ImapMailbox":
    """A logged-in connection to the account.  Raises LoginRefused or MailboxUnreachable."""
    return ImapMailbox(_Line(imap, password))


def connect_idle(imap: Imap, *, password: str) -> "ImapIdle":
    """A logged-in connection that only listens.  Raises LoginRefused or MailboxUnreachable."""
    return ImapIdle(_Line(imap, password))


class _Line:
    """One logged-in client, with every failure turned into one readable line."""

    def __init__(self, imap: Imap, password: str) -> None:
        self._imap = imap
        self.where = f"{imap.host}:{imap.actual_port}"
        self._client: Any = self._greeted()
        try:
            if imap.tls == "starttls":
                self._start_tls()
            self._log_in(password)
            self.capabilities: tuple[str, ...] = tuple(
                word.decode("ascii", "replace") for word in self.ask("logging in", lambda client: client.capabilities())
            )
        except BaseException:
            self.drop()
            raise

    def ask(self, act: str, command: Callable[[Any], _T]) -> _T:
        """What COMMAND answers; ACT says in an error message what was being done."""
        if self._client is None:
            raise MailboxUnreachable(f"{self.where}: the connection is closed; connect again")
        self._client._imap.untagged_responses.clear()
        try:
            return command(self._client)
        except Exception as error:
            if _is_refusal(error):
                raise _Refused(self.where, act, _words(error)) from error
            self.drop()
            raise self.unreachable(error, act) from error

    def unreachable(self, error: BaseException, act: str) -> MailboxUnreachable:
        """ERROR in one line."""
        return MailboxUnreachable(f"{self.where}: {_plain(error, self._imap)} (while {act})")

    def drop(self) -> None:
        """Close without a word to the server."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                client.shutdown()

    def log_out(self) -> None:
        """Say goodbye and close; a server that does not answer is left alone."""
        if self._client is not None:
            with contextlib.suppress(Exception):
                self._client.logout()
        self.drop()

    def _greeted(self) -> Any:
        seconds = self._imap.timeout.total_seconds()
        context = self._tls_context() if self._imap.tls == "implicit" else None
        try:
            client = IMAPClient(
                self._imap.host,
                port=self._imap.actual_port,
                ssl=context is not None,
                ssl_context=context,
                timeout=SocketTimeout(connect=seconds, read=seconds),
            )
        except IMAPClientError as error:
            cause = "it closed the connection at once" if _is_cut(error) else f"it answered {_words(error)}"
            raise MailboxUnreachable(
                f"{self.where}: no IMAP server answers there, {cause}; check imap.host and imap.port"
            ) from error
        except Exception as error:
            raise self.unreachable(error, "connecting") from error
        client._imap.debug = 0
        client.normalise_times = False
        client.socket().setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return client

    def _tls_context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self._imap.ca_file)
        except OSError as error:
            raise MailboxUnreachable(
                f"{self.where}: imap.ca_file {self._imap.ca_file} cannot be read as certificates: {error}"
            ) from error
        if not self._imap.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _start_tls(self) -> None:
        context = self._tls_context()
        try:
            self.ask("starting TLS", lambda client: client.starttls(context))
        except _Refused as refused:
            raise MailboxUnreachable(f"{self.where}: STARTTLS was refused: {refused.said}; check imap.tls") from refused

    def _log_in(self, password: str) -> None:
        user, secret = self._imap.user, self._imap.password
        offers = self._client._imap.capabilities
        if "LOGINDISABLED" in offers:
            raise LoginRefused(
                f"{self.where}: no password is taken on an unencrypted connection; set imap.tls: starttls or implicit"
            )
        if any(ord(letter) < 32 for letter in user + password):
            raise LoginRefused(f"{self.where}: imap.user or {secret} holds a line break or another control character")
        if not (user + password).isascii() and "AUTH=PLAIN" not in offers:
            raise LoginRefused(f"{self.where}: the server takes ASCII letters only in user and password; see {secret}")
        try:
            self.ask("logging in", lambda client: _login(client, user, password))
        except MailboxUnreachable as failure:
            # imapclient calls a connection that is cut during the login a refused login as well.
            error = failure.__cause__
            if not isinstance(error, LoginError) or isinstance(error.__context__, IMAPClientAbortError):
                raise
            if "UNAVAILABLE" in str(error):
                raise
            raise LoginRefused(
                f"{self.where}: user {user} or the password was refused: {_words(error)}; check imap.user and {secret}"
            ) from error


class ImapMailbox:
    """An account on an IMAP server; see `MailboxConnection`.  One thread only."""

    def __init__(self, line: _Line) -> None:
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
        except _Refused as refused:
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
        except _Refused:
            self._line.drop()
            raise

    def _unselectable(self, folder: str, refused: _Refused) -> MailboxUnreachable:
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
        except _Refused:
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
        except _Refused:
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
            with contextlib.suppress(_Refused):
                self._line.ask(f"subscribing to {folder}", lambda client: client.subscribe_folder(folder))
        self._ready_folders.add(folder)


class ImapIdle:
    """A connection that listens for mail (RFC 2177); see `scanner.idle.IdleConnection`."""

    def __init__(self, line: _Line) -> None:
        self._line = line

    def capabilities(self) -> tuple[str, ...]:
        """What the server says it can do after the login."""
        return self._line.capabilities

    def begin(self, folder: str) -> None:
        """Open FOLDER for reading only and listen."""
        try:
            self._line.ask(f"opening folder {folder}", lambda client: client.select_folder(folder, readonly=True))
        except _Refused as refused:
            raise FolderMissing(f"{self._line.where}: folder {folder} cannot be watched: {refused.said}") from refused
        self._idle()

    def wait(self, seconds: float) -> bool:
        """Within SECONDS the server said something, or hung up."""
        return self._line.ask("waiting for mail", lambda client: _is_readable(client.socket(), seconds))

    def renew(self) -> bool:
        """End this IDLE and begin the next; mail has arrived.  A dead connection shows here.

        Answers are read here only, after DONE: imapclient's idle_check() answers nothing at once
        when the connection has ended, and breaks on a line of which only half is there yet.
        """
        _, answers = self._surely(lambda client: client.idle_done())
        self._idle()
        return _has_news(answers)

    def close(self) -> None:
        """Hang up.  A goodbye would have to wait for an answer, and stopping must be prompt."""
        self._line.drop()

    def _idle(self) -> None:
        self._surely(lambda client: client.idle())

    def _surely(self, command: Callable[[Any], _T]) -> _T:
        try:
            return self._line.ask("waiting for mail", command)
        except _Refused as refused:
            self._line.drop()
            raise MailboxUnreachable(f"{self._line.where}: the server ended IDLE: {refused.said}") from refused


def _login(client: Any, user: str, password: str) -> None:
    if (user + password).isascii():
        # imaplib quotes the password but not the user.
        quoted = user.replace("\\", "\\\\").replace('"', '\\"')
        client.login(f'"{quoted}"', password)
    else:
        client.plain_login(user, password)


def _is_readable(connection: socket.socket, seconds: float) -> bool:
    poller = select.poll()
    poller.register(connection, select.POLLIN)
    return bool(poller.poll(seconds * 1000))


def _has_news(answers: Iterable[Any]) -> bool:
    # New mail always brings EXISTS.  RECENT may come from our own scan's SELECT: an endless circle.
    return any(len(answer) > 1 and answer[1] == b"EXISTS" for answer in answers)


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


def _is_refusal(error: Exception) -> bool:
    """The server said NO or BAD.  imaplib uses the same class when an answer is too long to be read."""
    said = re.match(r"\S+ (failed: |command error: BAD)", str(error))
    syntax = type(error).__name__ == "InvalidCriteriaError"
    return syntax or (type(error) is IMAPClientError and said is not None)


def _is_cut(error: BaseException) -> bool:
    return isinstance(error, IMAPClientAbortError) and ("EOF" in str(error) or "unterminated" in str(error))


def _words(error: BaseException) -> str:
    """What the server said, on one line, without control characters."""
    # imaplib puts the octets of an answer into its messages as Python writes them.
    said = re.sub(r"b(['\"])(.*)\1", r"\2", str(error), flags=re.DOTALL)
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in said).split())
    return text[:200] or type(error).__name__


def _plain(error: BaseException, imap: Imap) -> str:
    """What ERROR means and what to do about it."""
    match error:
        case ssl.SSLCertVerificationError():
            return _certificate(error, imap)
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError():
            return "the server closed the connection"
        case ssl.SSLError():
            return f"no TLS is spoken there ({error.reason or _words(error)}); check imap.port and imap.tls"
        case socket.gaierror():
            return "the name is not found; check imap.host"
        case ConnectionRefusedError():
            return "the connection was refused; check imap.host and imap.port, and whether the server runs"
        case TimeoutError():
            return f"no answer within {imap.timeout.total_seconds():g} s; check the network, imap.port and imap.tls"
        case ConnectionError():
            return "the server closed the connection"
        case OSError():
            return f"the network failed: {error.strerror or _words(error)}"
        case _:
            return _plain_protocol(error, imap)


def _plain_protocol(error: BaseException, imap: Imap) -> str:
    cause = error.__cause__ or error.__context__
    if isinstance(error, LoginError | IMAPClientAbortError) and isinstance(cause, OSError | IMAPClientAbortError):
        return _plain(cause, imap)
    match error:
        case IMAPClientReadOnlyError():
            return "the folder can only be read, so its mail cannot be filed; set after: keep or ask for the right"
        case CapabilityError():
            return "the server has no STARTTLS; set imap.tls: implicit, or none inside a trusted network"
        case ProtocolError():
            return f"the answer cannot be read: {_words(error)}"
        case IMAPClientAbortError() if _is_cut(error):
            return "the server closed the connection"
        case IMAPClientError():
            return f"the server ended it: {_words(error)}"
        case _:
            return f"the answer cannot be read: {_words(error)}"


def _certificate(error: ssl.SSLCertVerificationError, imap: Imap) -> str:
    match error.verify_code:
        case 9:
            return "the server's certificate is not valid yet; check the clocks"
        case 10:
            return "the server's certificate has expired; it must be renewed there"
        case 62 | 64:
            return f"the server's certificate is for another name than {imap.host}; check imap.host"
        case 18 | 19 | 20 | 21:
            return "the server's certificate is not trusted; name its authority in imap.ca_file"
        case _:
            return f"the server's certificate is not accepted: {error.verify_message}"
