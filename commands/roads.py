"""The roads to the world that config.yaml describes: IMAP, SMTP, and the words of letters."""

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from desk.config import Config
from desk.desk import Desk
from desk.secrets import reveal
from domain.errors import ConfigError
from domain.settings import Imap
from notifier.compose import Composer
from notifier.dkim import Signer
from notifier.sandbox import FileSender, OnlyTo, Redirected
from notifier.sender import Sender, Writing
from notifier.writer import Writer
from scanner.idle import IdleConnection
from scanner.imap import connect
from scanner.imap_idle import connect_idle
from scanner.mailbox import MailboxConnection

if TYPE_CHECKING:
    from clock import Clicks


def imap(config: Config) -> Mapping[str, Callable[[], MailboxConnection]]:
    """How to connect to each mailbox that has an account.  Passwords are read at each connection."""
    return {name: partial(_connect, config, account) for name, account in _accounts(config)}


def listeners(config: Config) -> Mapping[str, Callable[[], IdleConnection]]:
    """How to listen to each mailbox that has an account."""
    return {name: partial(_listen, config, account) for name, account in _accounts(config)}


def _accounts(config: Config) -> Iterator[tuple[str, Imap]]:
    for name, mailbox in config.settings.mailboxes.items():
        if mailbox.imap is not None:
            yield name, mailbox.imap


def _connect(config: Config, account: Imap) -> MailboxConnection:
    return connect(account, password=_password(config, account))


def _listen(config: Config, account: Imap) -> IdleConnection:
    return connect_idle(account, password=_password(config, account))


def _password(config: Config, account: Imap) -> str:
    return reveal(account.password, base=config.folder, environ=os.environ)


def must_have_passwords(config: Config) -> None:
    """Read every password once, so that a daemon does not start without one.  Raises SecretMissing."""
    for _, account in _accounts(config):
        _password(config, account)


def sender(config: Config) -> Sender:
    """What takes letters: the SMTP server, or a sandbox."""
    from notifier.smtp import SmtpSender

    smtp, deliver = config.settings.smtp, config.settings.deliver
    if deliver.kind == "file":
        return FileSender(config.resolve(deliver.where))
    password = reveal(smtp.password, base=config.folder, environ=os.environ) if smtp.password else None
    server = SmtpSender(smtp, password=password)
    return OnlyTo(server, deliver.where) if deliver.kind == "to" else server


def writer(config: Config, desk: Desk) -> Writing:
    """What makes letters, with the templates that config.yaml puts in place of ours."""
    composer: Writing = Composer(config.settings, keys=desk.keys, templates=config.templates_folder)
    if config.settings.deliver.kind == "to":
        composer = Redirected(composer, config.settings.deliver.where)
    return Writer(composer, config.settings, sign=_signer(config))


def clicks(config: Config, desk: Desk, *, clock: Callable[[], datetime]) -> "Clicks | None":
    """What answers clicks on the links of letters, where config.yaml wants that.  Raises EndpointUnusable."""
    from clock import Clicks
    from desk.one_click import OneClick
    from scanner.one_click import Endpoint

    wanted = config.settings.unsubscribe
    if wanted is None:
        return None
    answers = OneClick(desk, templates=config.templates_folder, clock=clock)
    return Clicks(endpoint=Endpoint(wanted.host, wanted.port, answer=answers), answers=answers)


def _signer(config: Config) -> Signer | None:
    """What signs letters, where config.yaml wants that.  Raises NotSigned or SecretMissing."""
    dkim = config.settings.smtp.dkim
    return Signer(dkim, key=reveal(dkim.key, base=config.folder, environ=os.environ)) if dkim else None


def must_have_words(config: Config) -> None:
    """Write every letter once with made-up facts, so that a daemon does not start with a broken template.

    Raises ConfigError, which names template and line.
    """
    from notifier.samples import check_templates

    problems = check_templates(config.settings, config.templates_folder)
    wrong = tuple(problem for problem in problems if problem.severity == "error")
    if wrong:
        raise ConfigError(wrong)
