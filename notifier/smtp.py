"""SMTP: hand one letter to the submission server (RFC 5321, RFC 6409).

One connection is kept and used again.  When it turns out dead before the server has answered MAIL,
it is replaced once, silently; nothing was handed over until then.  After DATA nothing is repeated
here: the outbox does that, and both copies carry the same Message-ID.

What only the administrator can mend (a wrong password, a certificate, a missing STARTTLS) is
temporary: letters wait until it is mended.  A letter larger than the server says that it takes
(RFC 1870) is not begun.  Not for use by two threads at once.

Fails with: TemporaryFailure, PermanentFailure, and what `sender` knows of them; `answers` tells which.
"""

import base64
import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress

from domain.errors import PermanentFailure, TemporaryFailure
from domain.letter import Letter
from domain.settings import Smtp
from notifier.answers import Step, refusal
from notifier.dialogue import OCTETS_PLEASE, Answer, Dialogue
from notifier.sender import LockedOut, ServerAway, TooLarge, nothing

_NO_ADDRESS = re.compile(r"[\x00-\x20\x7f-\x9f<>]")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


class SmtpSender:
    """A kept connection to one server.  It is opened by the first letter."""

    def __init__(self, smtp: Smtp, *, password: str | None) -> None:
        self._smtp = smtp
        self._password = password
        self._connection: smtplib.SMTP | None = None

    def send(self, letter: Letter, *, meanwhile: Callable[[], object] = nothing) -> str:
        """The server's final reply, such as `250 2.0.0 Ok`: from now on the letter is the server's.

        Raises TemporaryFailure (4xx, network, login, certificate) or PermanentFailure (5xx).
        """
        if _NO_ADDRESS.search(letter.envelope_from + letter.envelope_to):
            raise PermanentFailure(f"the addresses of letter {letter.id} cannot stand in an envelope")
        dialogue = self._begun(letter)
        try:
            _accepted(dialogue.answer(), "RCPT")
            _asked_for(dialogue.answer())
            dialogue.write(letter.data)
            meanwhile()
            return _accepted(dialogue.last(), "DATA")
        except ServerAway:
            self._drop()
            raise
        except (TemporaryFailure, PermanentFailure):
            self._give_up(dialogue)
            raise
        except (OSError, smtplib.SMTPException) as cause:
            self._drop()
            raise TemporaryFailure(_lost(self._smtp, cause)) from cause
        except BaseException:
            # An answer is still on its way, and would be taken for that to the next letter.
            self._drop()
            raise

    def close(self) -> None:
        """Say good-bye and let go of the connection; the next letter opens a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(OSError, smtplib.SMTPException):
                connection.quit()
            connection.close()

    def _begun(self, letter: Letter) -> Dialogue:
        """The handing over of LETTER, to whose MAIL the server has said yes."""
        if self._connection is not None:
            try:
                return self._mail(self._connection, letter)
            except (OSError, smtplib.SMTPException, ServerAway):
                # The server had closed it meanwhile; that says nothing about the letter.
                self._drop()
        self._connection = connected(self._smtp, password=self._password)
        try:
            return self._mail(self._connection, letter)
        except ServerAway:
            self._drop()
            raise
        except (OSError, smtplib.SMTPException) as cause:
            self._drop()
            raise ServerAway(_lost(self._smtp, cause)) from cause

    def _mail(self, connection: smtplib.SMTP, letter: Letter) -> Dialogue:
        options = _options(connection, letter, self._smtp)
        dialogue = Dialogue(connection, sender=letter.envelope_from, recipient=letter.envelope_to, options=options)
        reply = dialogue.answer()
        try:
            _accepted(reply, "MAIL")
        except ServerAway:
            raise
        except (TemporaryFailure, PermanentFailure):
            self._give_up(dialogue)
            raise
        return dialogue

    def _give_up(self, dialogue: Dialogue) -> None:
        """Make the connection ready for another letter, or let go of it."""
        try:
            dialogue.give_up()
            code, _ = self._connection.rset() if self._connection else (250, b"")
        except (OSError, smtplib.SMTPException):
            code = 421
        if code != 250:
            self._drop()

    def _drop(self) -> None:
        """Let go of a dead connection without a word, for each word would wait for a timeout."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def connected(smtp: Smtp, *, password: str | None) -> smtplib.SMTP:
    """A connection that is encrypted and logged in as SMTP demands.

    Raises LockedOut or ServerAway with one line that says what to mend.
    """
    where = f"{smtp.host}:{smtp.actual_port}"
    connection: smtplib.SMTP | None = None
    try:
        connection = _opened(smtp)
        connection.ehlo_or_helo_if_needed()
        if smtp.user is not None:
            _log_in(connection, smtp.user, password or "")
    except (OSError, smtplib.SMTPException, ValueError) as cause:
        if connection is not None:
            connection.close()
        kind = LockedOut if _is_ours(cause) else ServerAway
        raise kind(f"SMTP {where}: {_refusal(cause, smtp)}") from cause
    return connection


def probe(smtp: Smtp, *, password: str | None) -> tuple[str, ...]:
    """What the server offers, one line each, after a login as for sending.  Sends nothing.

    Raises TemporaryFailure like `connected`.
    """
    connection = connected(smtp, password=password)
    try:
        connection.noop()
        channel = connection.sock
        found = (
            [f"{channel.version()}, certificate {'verified' if smtp.verify else 'NOT verified'}"]
            if isinstance(channel, ssl.SSLSocket)
            else ["not encrypted"]
        )
        found += [f"logged in as {smtp.user}"] if smtp.user is not None else []
        found += sorted(f"{name.upper()} {value}".strip() for name, value in connection.esmtp_features.items())
        return tuple(_clean(line) for line in found)
    except (OSError, smtplib.SMTPException) as cause:
        raise TemporaryFailure(_lost(smtp, cause)) from cause
    finally:
        with suppress(OSError, smtplib.SMTPException):
            connection.quit()
        connection.close()


def _opened(smtp: Smtp) -> smtplib.SMTP:
    host, port, timeout = smtp.host, smtp.actual_port, smtp.timeout.total_seconds()
    if smtp.tls == "implicit":
        return smtplib.SMTP_SSL(host, port, _own_name(), timeout=timeout, context=_context(smtp))
    connection = smtplib.SMTP(host, port, _own_name(), timeout=timeout)
    if smtp.tls == "none":
        return connection
    try:
        connection.starttls(context=_context(smtp))
    except BaseException:
        connection.close()
        raise
    return connection


def _context(smtp: Smtp) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=smtp.ca_file)
    except OSError as cause:
        raise ValueError(f"smtp.ca_file {smtp.ca_file} cannot be read: {cause.strerror or cause}") from cause
    if not smtp.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _own_name() -> str:
    """What we call ourselves in EHLO; smtplib would ask the DNS for it, which may take long."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"


def _log_in(connection: smtplib.SMTP, user: str, password: str) -> None:
    if (user + password).isascii():
        connection.login(user, password)
        return
    # smtplib logs in with ASCII only; RFC 4616 says UTF-8.
    pair = base64.b64encode(f"\0{user}\0{password}".encode()).decode("ascii")
    code, reply = connection.docmd("AUTH", f"PLAIN {pair}")
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, reply)


def _is_ours(cause: Exception) -> bool:
    """No waiting helps against CAUSE: the settings and the server do not fit each other."""
    if isinstance(cause, smtplib.SMTPResponseException):
        return cause.smtp_code >= 500
    away = isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError | smtplib.SMTPException)
    return not away and not isinstance(cause, smtplib.SMTPServerDisconnected)


def _refusal(cause: Exception, smtp: Smtp) -> str:
    """Why there is no connection, and what to do about it."""
    match cause:
        case ssl.SSLCertVerificationError():
            return f"its certificate is not accepted: {cause.verify_message}; for your own authority set smtp.ca_file"
        case ssl.SSLError():
            return f"no TLS: {cause.reason or cause}; smtp.tls is {smtp.tls}, does it fit the port?"
        case smtplib.SMTPAuthenticationError():
            return f"login as {smtp.user} refused: {_text(cause.args)}; check smtp.user and smtp.password"
        case smtplib.SMTPNotSupportedError():
            return f"{_clean(str(cause)).rstrip('.')}; check smtp.tls and smtp.user"
        case smtplib.SMTPResponseException():
            return f"it answered {_text((cause.smtp_code, cause.smtp_error))}"
        case TimeoutError():
            return f"no answer within {smtp.timeout.total_seconds():g} s; check smtp.host and smtp.port"
        case socket.gaierror():
            return f"no such host ({cause.strerror}); check smtp.host"
        case UnicodeError():
            return "not a host name; check smtp.host"
        case ConnectionRefusedError():
            return "connection refused; check smtp.host and smtp.port, and that the server runs"
    return _clean(str(cause)) or type(cause).__name__


def _lost(smtp: Smtp, cause: Exception) -> str:
    return f"SMTP {smtp.host}:{smtp.actual_port}: the connection broke: {_clean(str(cause)) or type(cause).__name__}"


def _options(connection: smtplib.SMTP, letter: Letter, smtp: Smtp) -> list[str]:
    """The parameters of MAIL.  Raises PermanentFailure where the server cannot carry the letter."""
    options = [f"SIZE={len(letter.data)}"] if connection.has_extn("size") else []
    limit = connection.esmtp_features.get("size", "").strip()
    if limit.isdecimal() and 0 < int(limit) < len(letter.data):
        said = f"{len(letter.data):,} octets, and {smtp.host} takes {int(limit):,}"
        raise TooLarge(f"{letter.envelope_to}: the letter has {said}", limit=int(limit))
    if not needs_smtputf8(letter):
        return options
    if not connection.has_extn("smtputf8"):
        raise PermanentFailure(
            f"{letter.envelope_to}: an address with letters beyond ASCII, which {smtp.host} does not take (SMTPUTF8)"
        )
    return [*options, "BODY=8BITMIME", "SMTPUTF8"]


def needs_smtputf8(letter: Letter) -> bool:
    """Only a server with SMTPUTF8 (RFC 6531) can carry the letter: an address or a header is not ASCII."""
    addresses = letter.envelope_from + letter.envelope_to
    return not (addresses.isascii() and letter.data.partition(b"\r\n\r\n")[0].isascii())


def _asked_for(reply: Answer) -> None:
    """The server asks for the octets.  Raises what any other answer to DATA means."""
    if reply[0] != OCTETS_PLEASE:
        raise refusal(reply[0], _text(reply), "DATA")


def _accepted(reply: tuple[int, bytes], step: Step) -> str:
    """The reply as text, if it is a yes.  Raises what a refusal means, with its words."""
    code, text = reply[0], _text(reply)
    if 200 <= code < 300:
        return text
    raise refusal(code, text, step)


def _text(reply: tuple[object, ...]) -> str:
    """`250 2.0.0 Ok`: code and words on one line, without control characters."""
    code, words = reply[0], reply[1] if len(reply) > 1 else b""
    return _clean(f"{code} {_bytes(words).decode('utf-8', 'replace')}")


def _bytes(words: object) -> bytes:
    return words if isinstance(words, bytes) else str(words).encode()


def _clean(text: str) -> str:
    return _UNPRINTABLE.sub(" ", text).strip()[:500]
