"""pymap's in-memory IMAP server in a thread: plain IMAP with IDLE, MOVE and UIDPLUS, no keywords."""

import asyncio
import threading
from argparse import ArgumentParser, Namespace
from contextlib import AsyncExitStack
from itertools import count
from types import TracebackType
from typing import Self

from imapclient import IMAPClient
from pymap.backend.dict import Config, DictBackend, Identity
from pymap.imap import IMAPService
from pymap.user import UserMetadata

from tests.servers.ports import LOOPBACK, answers, free_port

PASSWORD = "secret"


class Pymap:
    """A running pymap with USERS accounts; all have PASSWORD."""

    def __init__(self, *, users: int = 3) -> None:
        self.imap_port = free_port()
        self._users = users
        self._fresh = count(users + 1)
        self._loop = asyncio.new_event_loop()
        self._backend: DictBackend | None = None
        self._config: Config | None = None
        self._stop = asyncio.Event()
        self._is_up = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pymap", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if not (self._is_up.wait(10) and answers(self.imap_port)):
            raise RuntimeError("pymap did not start")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def user(self, number: int) -> str:
        """The login name of account NUMBER, from 1."""
        if not 1 <= number <= self._users:
            raise ValueError(f"users are numbered 1 to {self._users}, not {number}")
        return _name(number)

    def fresh_user(self) -> str:
        """The login name of a new account with an empty mailbox."""
        name = _name(next(self._fresh))
        asyncio.run_coroutine_threadsafe(self._add_user(name), self._loop).result(10)
        return name

    def deliver(self, user: str, *mails: bytes) -> None:
        """Put MAILS into USER's INBOX."""
        with IMAPClient(LOOPBACK, port=self.imap_port, ssl=False, timeout=10) as client:
            client.login(user, PASSWORD)
            for mail in mails:
                client.append("INBOX", mail)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._backend, self._config = await DictBackend.init(_arguments(self.imap_port))
        self._config.apply_context()
        async with AsyncExitStack() as stack:
            await self._backend.start(stack)
            for number in range(2, self._users + 1):
                await self._add_user(_name(number))
            await IMAPService(self._backend, self._config).start(stack)
            self._is_up.set()
            await self._stop.wait()
        await _end_connections()

    async def _add_user(self, name: str) -> None:
        assert self._backend is not None
        assert self._config is not None
        first = await self._backend.login.demo_user_identity.get()
        admin = Identity(name, self._backend.login, None, frozenset({"admin"}))
        await admin.set(UserMetadata(self._config, name, password=first.password))


async def _end_connections() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _name(number: int) -> str:
    return f"user{number}@helpdesk.example"


def _arguments(port: int) -> Namespace:
    parser = ArgumentParser()
    parser.set_defaults(debug=False, skip_services=[], passlib_cfg=None)
    IMAPService.add_arguments(parser)
    DictBackend.add_subparser("dict", parser.add_subparsers())
    words = ["--host", LOOPBACK, "--port", str(port), "--no-tls"]
    return parser.parse_args([*words, "dict", "--demo-user", _name(1), "--demo-password", PASSWORD])
