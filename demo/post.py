"""The post office of the demo: an IMAP server and an SMTP server on free loopback ports, in one thread.

Mail is put into an INBOX as any mail program would, by APPEND, which wakes whoever listens there by
IDLE.  What comes by SMTP is kept as a letter; if it is addressed to the support address, it is put into
that INBOX, so that a mail program can be used as well.  Everything is in memory and gone at the end.

Fails with: Broken.
"""

import asyncio
import contextlib
import imaplib
import threading
import warnings
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from types import TracebackType
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session
from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import Config, DictBackend, Identity
from pymap.imap import IMAPServer, IMAPService
from pymap.user import UserMetadata

from demo.bell import Bell, Broken

HOST = "127.0.0.1"
PASSWORD = "demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A letter that the helpdesk sent: to whom, and what it says."""

    to: str
    data: bytes
    message: EmailMessage


class PostOffice:
    """Running servers, with one account for each of ADDRESSES; all have PASSWORD.

    The first address is the support address: what comes for it by SMTP goes into its INBOX.  The
    other accounts get their letters too once `hand_out` was called.
    """

    def __init__(self, addresses: Sequence[str], *, bell: Bell) -> None:
        self.addresses = tuple(addresses)
        self.letters: list[Posted] = []
        self.imap_port = 0
        self.smtp_port = 0
        self._bell = bell
        self._handing_out = False
        self._lines: dict[str, imaplib.IMAP4] = {}
        self._hand = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._is_up = threading.Event()
        self._thread = threading.Thread(target=self._run, name="post office", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._is_up.wait(20) or not self.smtp_port:
            raise Broken("the mail servers of the demo did not start; is loopback (127.0.0.1) there?")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for line in self._lines.values():
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                line.shutdown()
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)

    def deliver(self, address: str, data: bytes) -> None:
        """Put a mail into the INBOX of ADDRESS."""
        with self._hand:
            try:
                self._append(address, data)
            except (OSError, imaplib.IMAP4.abort):
                # A line that was not used for long may have been cut.
                self._lines.pop(address, None)
                self._append(address, data)
        self._bell.ring()

    def letter(self, message_id: str) -> Posted | None:
        """The letter with this Message-ID (without angle brackets), None if it has not come."""
        return next((one for one in self.letters if str(one.message["Message-ID"]).strip("<> ") == message_id), None)

    def hand_out(self) -> None:
        """Put every letter into its recipient's INBOX, from now on too."""
        self._handing_out = True
        for letter in tuple(self.letters):
            self._hand_over(letter.to, letter.data)

    def take(self, to: str, data: bytes) -> None:
        """Keep a letter that came by SMTP, and put it where it belongs."""
        if to == self.addresses[0]:
            self.deliver(to, data)
            return
        message = message_from_bytes(data, policy=default)
        assert isinstance(message, EmailMessage)
        self.letters.append(Posted(to=to, data=data, message=message))
        if self._handing_out:
            self._hand_over(to, data)
        self._bell.ring()

    def _hand_over(self, to: str, data: bytes) -> None:
        if to in self.addresses:
            self.deliver(to, data)

    def _append(self, address: str, data: bytes) -> None:
        if address not in self._lines:
            line = imaplib.IMAP4(HOST, self.imap_port, timeout=10)
            line.login(address, PASSWORD)
            self._lines[address] = line
        verdict, said = self._lines[address].append("INBOX", "", "", data)
        if verdict != "OK":
            raise Broken(f"the IMAP server of the demo refused a mail: {said!r}")

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._serve())
        finally:
            self._is_up.set()

    async def _serve(self) -> None:
        arguments = _arguments(self.addresses[0])
        backend, config = await DictBackend.init(arguments)
        config.apply_context()
        async with AsyncExitStack() as stack:
            await backend.start(stack)
            await self._open_accounts(backend, config)
            answer = ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(backend.login, config))
            imap = await stack.enter_async_context(await asyncio.start_server(answer, HOST, 0))
            smtp = await self._loop.create_server(self._smtp, HOST, 0)
            stack.callback(smtp.close)
            self.imap_port = imap.sockets[0].getsockname()[1]
            self.smtp_port = smtp.sockets[0].getsockname()[1]
            self._is_up.set()
            await self._stop.wait()
            await _end_connections()

    async def _open_accounts(self, backend: DictBackend, config: Config) -> None:
        """An account for each address; they share the first one's password, because hashing one takes a while."""
        first = await backend.login.demo_user_identity.get()
        for address in self.addresses[1:]:
            identity = Identity(address, backend.login, None, frozenset({"admin"}))
            await identity.set(UserMetadata(config, address, password=first.password))

    def _smtp(self) -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return SMTP(_Door(self), hostname="mail.demo.example", enable_SMTPUTF8=True, loop=self._loop)


class _Door:
    """Where SMTP comes in (the hooks are aiosmtpd's)."""

    def __init__(self, office: PostOffice) -> None:
        self._office = office

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """The answer to a letter."""
        data = envelope.original_content or b""
        for to in envelope.rcpt_tos:
            await asyncio.to_thread(self._office.take, to.lower(), data)
        return "250 2.0.0 Ok"


async def _end_connections() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _arguments(user: str) -> Namespace:
    """pymap's own command line, as its settings are made of it."""
    parser = ArgumentParser()
    parser.set_defaults(debug=False, skip_services=[], passlib_cfg=None)
    IMAPService.add_arguments(parser)
    DictBackend.add_subparser("dict", parser.add_subparsers())
    return parser.parse_args(["--host", HOST, "--no-tls", "dict", "--demo-user", user, "--demo-password", PASSWORD])
