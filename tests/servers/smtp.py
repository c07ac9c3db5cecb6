"""An SMTP server that takes every letter and keeps it, or answers as the test says."""

import asyncio
import ssl
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.servers.certificates import Certificate
from tests.servers.ports import LOOPBACK, free_port


@dataclass(frozen=True, slots=True, kw_only=True)
class Sunk:
    """A letter that arrived: its envelope, its octets, and how it came."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes
    over_tls: bool
    user: str
    connection: int


class SmtpSink:
    """A running sink.  `letters` holds what was accepted, in order.

    `refusals` maps an address to the answer its RCPT gets (`451 4.7.1 Greylisted`); `data_answers`
    are given to the next DATA, one each, before 250 is the rule again; `drop_after_data` keeps the
    letter and ends the connection without an answer, that many times; `silent_after_data` keeps it and says
    nothing until the client leaves.  `size_limit` is announced (RFC 1870); `smtputf8` and `pipelining` are offered
    if they are true.
    """

    def __init__(
        self,
        *,
        certificate: Certificate | None = None,
        implicit_tls: bool = False,
        users: Mapping[str, str] | None = None,
        size_limit: int = 33_554_432,
        smtputf8: bool = True,
        pipelining: bool = False,
        port: int | None = None,
    ) -> None:
        self.size_limit = size_limit
        self.smtputf8 = smtputf8
        self.pipelining = pipelining
        self.silent_after_data = 0
        self.port = port or free_port()
        self.letters: list[Sunk] = []
        self.refusals: dict[str, str] = {}
        self.data_answers: list[str] = []
        self.drop_after_data = 0
        self.connections = 0
        self._users = dict(users or {})
        self._controller = _Controller(self, tls=_context(certificate), implicit=implicit_tls)

    def __enter__(self) -> Self:
        self._controller.start()
        # The controller has knocked once itself, to see that it is up.
        self.connections = 0
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._controller.stop()

    def clear(self) -> None:
        """Forget all letters and all instructions."""
        self.letters.clear()
        self.refusals.clear()
        self.data_answers.clear()
        self.drop_after_data = 0
        self.silent_after_data = 0
        self.connections = 0

    def to(self, address: str) -> tuple[Sunk, ...]:
        """The letters that ADDRESS got, in order."""
        return tuple(letter for letter in self.letters if address in letter.recipients)

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, auth: Any) -> AuthResult:
        """Whether user and password are among those the sink was given (aiosmtpd's hook)."""
        if not isinstance(auth, LoginPassword):
            return AuthResult(success=False, handled=False)
        user, password = auth.login.decode(), auth.password.decode()
        return AuthResult(success=self._users.get(user) == password, handled=False, auth_data=user)

    @property
    def demands_login(self) -> bool:
        """The sink was given users."""
        return bool(self._users)

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """What is offered (aiosmtpd's hook); commands that come together it has always taken."""
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]] if self.pipelining else responses

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """The answer to RCPT TO (aiosmtpd's hook)."""
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """The answer to the letter (aiosmtpd's hook)."""
        if self.data_answers and not self.data_answers[0].startswith("2"):
            return self.data_answers.pop(0)
        self.letters.append(
            Sunk(
                sender=envelope.mail_from or "",
                recipients=tuple(envelope.rcpt_tos),
                data=envelope.original_content or b"",
                over_tls=_is_tls(server),
                user=_user(session),
                connection=self.connections,
            )
        )
        if self.drop_after_data:
            self.drop_after_data -= 1
            _abort(server)
        if self.silent_after_data:
            self.silent_after_data -= 1
            # The handler is cancelled when the client has gone.
            await asyncio.Event().wait()
        return self.data_answers.pop(0) if self.data_answers else "250 2.0.0 Ok"


class _Controller(Controller):
    def __init__(self, sink: SmtpSink, *, tls: ssl.SSLContext | None, implicit: bool) -> None:
        self._sink = sink
        self._starttls = None if implicit else tls
        super().__init__(
            sink, hostname=LOOPBACK, port=sink.port, ready_timeout=10, ssl_context=tls if implicit else None
        )

    def factory(self) -> SMTP:
        self._sink.connections += 1
        with warnings.catch_warnings():
            # aiosmtpd warns of logins without TLS; on loopback in a test that is meant.
            warnings.simplefilter("ignore")
            return SMTP(
                self.handler,
                data_size_limit=self._sink.size_limit,
                enable_SMTPUTF8=self._sink.smtputf8,
                tls_context=self._starttls,
                require_starttls=self._starttls is not None,
                authenticator=self._sink.authenticate,
                auth_required=self._sink.demands_login,
                auth_require_tls=False,
                loop=asyncio.get_running_loop(),
            )


def _user(session: Any) -> str:
    return str(session.auth_data or "")


def _is_tls(server: SMTP) -> bool:
    return server.transport is not None and server.transport.get_extra_info("sslcontext") is not None


def _abort(server: SMTP) -> None:
    if isinstance(server.transport, asyncio.WriteTransport):
        server.transport.abort()


def _context(certificate: Certificate | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.certificate, certificate.key)
    return context
