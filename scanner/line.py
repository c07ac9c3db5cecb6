"""The line to an IMAP server (RFC 3501): a logged-in connection, over imapclient.

Promises: every wait has an end; whatever goes wrong is said in one readable line: where, what, what
to do; no password is ever part of it.

Fails with: LoginRefused, MailboxUnreachable.  After any failure but Refused the connection is closed,
because imaplib cannot say which answer would come next.

imaplib keeps every answer that nobody fetched for as long as a folder is selected, and hands an old
FETCH out with the next one; so its store is emptied before each command.  imapclient also makes it
format every literal for a debug log; switched off, batches arrive seven times faster.
"""

import contextlib
import logging
import re
import socket
import ssl
from collections.abc import Callable
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

from domain.errors import LoginRefused, MailboxUnreachable
from domain.settings import Imap

_T = TypeVar("_T")

# Its debug log holds the text of mails, its info log a line a connection.
logging.getLogger("imapclient").setLevel(logging.WARNING)


class Refused(MailboxUnreachable):
    """The server understood and said NO or BAD; the connection stays in step."""

    def __init__(self, where: str, act: str, said: str) -> None:
        super().__init__(f"{where}: the server refused {act}: {said}")
        self.said = said


class Line:
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
                raise Refused(self.where, act, _words(error)) from error
            self.drop()
            raise self.unreachable(error, act) from error
        except BaseException:
            # Ctrl-C in the middle of an answer: a goodbye would have to read the rest of it first.
            self.drop()
            raise

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
        except Refused as refused:
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


def _login(client: Any, user: str, password: str) -> None:
    if (user + password).isascii():
        # imaplib quotes the password but not the user.
        quoted = user.replace("\\", "\\\\").replace('"', '\\"')
        client.login(f'"{quoted}"', password)
    else:
        client.plain_login(user, password)


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
