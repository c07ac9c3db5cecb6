"""The roads to the world that config.yaml describes: IMAP, SMTP, and how a mail is read."""

import os
from collections.abc import Callable, Mapping
from functools import partial

from desk.config import Config
from desk.desk import Desk
from desk.secrets import reveal
from notifier.compose import Composer
from notifier.sender import Sender
from scanner.idle import IdleConnection
from scanner.imap import connect
from scanner.imap_idle import connect_idle
from scanner.mailbox import MailboxConnection


def imap(config: Config) -> Mapping[str, Callable[[], MailboxConnection]]:
    """How to connect to each mailbox that has an account.  Passwords are read at each connection."""
    return {
        name: partial(_connect, config, name)
        for name, mailbox in config.settings.mailboxes.items()
        if mailbox.imap is not None
    }


def _connect(config: Config, mailbox: str) -> MailboxConnection:
    account = config.settings.mailboxes[mailbox].imap
    assert account is not None
    return connect(account, password=reveal(account.password, base=config.folder, environ=os.environ))


def must_have_passwords(config: Config) -> None:
    """Read every password once, so that a daemon does not start without one.  Raises SecretMissing."""
    for mailbox in config.settings.mailboxes.values():
        if mailbox.imap is not None:
            reveal(mailbox.imap.password, base=config.folder, environ=os.environ)


def sender(config: Config) -> Sender:
    """The SMTP server that takes letters."""
    from notifier.smtp import SmtpSender

    smtp = config.settings.smtp
    password = reveal(smtp.password, base=config.folder, environ=os.environ) if smtp.password else None
    return SmtpSender(smtp, password=password)


def composer(config: Config, desk: Desk) -> Composer:
    """The words of letters, with the templates that config.yaml puts in place of ours."""
    return Composer(config.settings, keys=desk.keys, templates=config.templates_folder)


def listeners(config: Config) -> Mapping[str, Callable[[], IdleConnection]]:
    """How to listen to each mailbox that has an account."""
    return {
        name: partial(_listen, config, name)
        for name, mailbox in config.settings.mailboxes.items()
        if mailbox.imap is not None
    }


def _listen(config: Config, mailbox: str) -> IdleConnection:
    account = config.settings.mailboxes[mailbox].imap
    assert account is not None
    return connect_idle(account, password=reveal(account.password, base=config.folder, environ=os.environ))
