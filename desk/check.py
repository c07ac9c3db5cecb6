"""What the settings lead to: secrets, database, templates, servers.

Promises: nothing is created, moved, marked or sent; folders are opened for reading only, and the
SMTP server is spoken to without a mail.  Each finding is one line; one failure does not hide the next.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from desk import secrets
from desk.config import Config
from desk.secrets import SecretMissing
from domain.errors import DeskError, FolderMissing
from domain.settings import Imap, Mailbox, Secret, Smtp
from domain.ticket import Phase
from scanner.mailbox import MailboxConnection
from store.store import peek_store

Connect = Callable[[Imap, str], MailboxConnection]
Probe = Callable[[Smtp, str | None], tuple[str, ...]]

# What the scanner makes use of, and what it does where the server lacks it.
USED_CAPABILITIES = {
    "IDLE": "new mail is noticed by polling only",
    "MOVE": "mail is copied and then deleted",
    "UIDPLUS": "without MOVE, mail that was filed stays marked as deleted",
    "CONDSTORE": "",
}
_SQLITE_MAGIC = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the check: what was looked at, what was found, and how bad it is."""

    subject: str
    text: str
    severity: Literal["ok", "warning", "problem"] = "ok"


def offline(config: Config, *, environ: Mapping[str, str]) -> Iterator[Finding]:
    """What can be seen without the network."""
    yield _contents(config)
    yield from _sandbox(config)
    yield _keys(config, environ)
    for name, secret in _secrets(config):
        yield from _secret(config, name, secret, environ)
    database = _database(config)
    yield database
    if database.severity != "problem":
        yield from keys_in_use(config, environ=environ)
    yield from _folders(config)


def connected(config: Config, *, environ: Mapping[str, str], connect: Connect, probe: Probe) -> Iterator[Finding]:
    """What the IMAP and SMTP servers say."""
    for name, mailbox in config.settings.mailboxes.items():
        if mailbox.imap is None:
            yield Finding(subject=name, text="no imap: mail comes by `helpdesk ingest` only")
        else:
            yield from _account(config, name, mailbox, mailbox.imap, environ=environ, connect=connect)
    if config.settings.deliver.kind != "file":
        yield _smtp(config, environ=environ, probe=probe)


def connect_imap(imap: Imap, password: str) -> MailboxConnection:
    """A logged-in connection to the account; see `scanner.imap.connect`."""
    from scanner.imap import connect

    return connect(imap, password=password)


def probe_smtp(smtp: Smtp, password: str | None) -> tuple[str, ...]:
    """What the SMTP server said, in short pieces; see `notifier.smtp.probe`."""
    from notifier.smtp import probe

    return probe(smtp, password=password)


def _contents(config: Config) -> Finding:
    settings = config.settings
    counts = (
        (len(settings.mailboxes), "mailbox", "mailboxes"),
        (len(settings.agents), "agent", "agents"),
        (len(settings.groups), "group", "groups"),
        (len(settings.rules), "rule", "rules"),
    )
    tests = sum(len(rule.tests) for rule in settings.rules)
    beside = f" with {tests} test{'' if tests == 1 else 's'}" if tests else ""
    text = ", ".join(f"{n} {one if n == 1 else many}" for n, one, many in counts)
    return Finding(subject="config", text=f"{text}{beside}")


def _sandbox(config: Config) -> Iterator[Finding]:
    deliver = config.settings.deliver
    if deliver.is_sandbox:
        text = f"SANDBOX: no letter reaches anybody, deliver is {deliver}"
        yield Finding(subject="deliver", text=text, severity="warning")


def _keys(config: Config, environ: Mapping[str, str]) -> Finding:
    try:
        keys = secrets.signing_keys(config.settings, base=config.folder, environ=environ)
    except DeskError as error:
        return Finding(subject="keys", text=f"helpdesk.keys: {error}", severity="problem")
    count = len(keys.secrets)
    return Finding(subject="keys", text="1 key" if count == 1 else f"{count} keys, the first signs")


def _secrets(config: Config) -> Iterator[tuple[str, Secret]]:
    """Every secret that the settings name, with the place where it is asked for."""
    settings = config.settings
    for index, key in enumerate(settings.helpdesk.keys):
        yield f"helpdesk.keys[{index}]", key
    if settings.database_password:
        yield "database_password", settings.database_password
    for name, mailbox in settings.mailboxes.items():
        if mailbox.imap:
            yield f"mailboxes.{name}.imap.password", mailbox.imap.password
    if settings.smtp.password:
        yield "smtp.password", settings.smtp.password
    if settings.smtp.dkim:
        yield "smtp.dkim.key", settings.smtp.dkim.key


def _secret(config: Config, name: str, secret: Secret, environ: Mapping[str, str]) -> Iterator[Finding]:
    file = secrets.secret_file(secret, base=config.folder)
    if file is not None and file.exists() and secrets.is_open_to_others(file):
        text = f"{name}: everybody on this machine may read {file}; chmod 600 it"
        yield Finding(subject="secrets", text=text, severity="warning")
    if name.startswith("helpdesk.keys"):
        return
    try:
        secrets.reveal(secret, base=config.folder, environ=environ)
    except DeskError as error:
        yield Finding(subject="secrets", text=f"{name}: {error}", severity="problem")
    else:
        yield Finding(subject="secrets", text=f"{name}: {secret} is there")
        if name == "smtp.dkim.key":
            yield from _dkim(config, environ)


def _dkim(config: Config, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Whether letters can be signed: the package is there, and the key is one."""
    from notifier.dkim import Signer

    dkim = config.settings.smtp.dkim
    if dkim is None:
        return
    try:
        Signer(dkim, key=secrets.reveal(dkim.key, base=config.folder, environ=environ))
    except DeskError as error:
        yield Finding(subject="dkim", text=str(error), severity="problem")
        return
    text = f"letters are signed; the public key belongs to {dkim.selector}._domainkey.{dkim.domain}"
    yield Finding(subject="dkim", text=text)
    for name, mailbox in config.settings.mailboxes.items():
        host = mailbox.key.rpartition("@")[2]
        if host != dkim.domain and not host.endswith(f".{dkim.domain}"):
            text = f"{dkim.domain} is not the domain of mailbox {name} ({host}): its signature proves nothing there"
            yield Finding(subject="dkim", text=text, severity="warning")


def _database(config: Config) -> Finding:
    """The file of the database, without opening it as one: that would make it."""
    file = config.sqlite_file
    if file is None:
        return Finding(subject="database", text="PostgreSQL")
    problem = _unusable(file)
    if problem:
        return Finding(subject="database", text=problem, severity="problem")
    if not file.exists():
        return Finding(subject="database", text=f"{file} does not exist yet; the first start makes it")
    return Finding(subject="database", text=f"{file}, {file.stat().st_size / 1e6:,.1f} MB")


def _unusable(file: Path) -> str:
    """Why FILE cannot be our SQLite database, '' if it can."""
    if not file.parent.is_dir():
        return f"the folder {file.parent} does not exist; make it, or change `database`"
    if not os.access(file.parent, os.W_OK | os.X_OK):
        return f"the folder {file.parent} cannot be written, and SQLite needs it for its journal"
    if not file.exists():
        return ""
    if not file.is_file() or not os.access(file, os.R_OK | os.W_OK):
        return f"{file} is not a file that can be read and written by this user"
    with file.open("rb") as stream:
        start = stream.read(len(_SQLITE_MAGIC))
    return "" if start in (b"", _SQLITE_MAGIC) else f"{file} is not an SQLite database; name another file"


def keys_in_use(config: Config, *, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Keys that were taken out of config.yaml while tickets still name them: a key is never taken away in use."""
    tickets = config.settings.tickets
    try:
        password = secrets.database_password(config.settings, base=config.folder, environ=environ)
        store = peek_store(config.settings.database, base=config.folder, password=password)
    except DeskError as error:
        yield Finding(subject="database", text=str(error), severity="problem")
        return
    if store is None:
        return
    try:
        ended = (Phase.SOLVED, Phase.CLOSED)
        with store.reading() as view:
            used = view.tickets.keys_in_use(
                unfinished=[key for key in tickets.statuses if tickets.phase(key) not in ended]
            )
    finally:
        store.close()
    known = {
        "status": tickets.statuses, "priority": tickets.priorities, "category": tickets.categories,
        "mailbox": config.settings.mailboxes, "agent": config.settings.agents, "group": config.settings.groups,
    }  # fmt: skip
    for kind, keys in used.items():
        for key in keys:
            if key not in known[kind]:
                text = f"tickets name the {kind} {key!r}, which is no longer in config.yaml; put it back"
                yield Finding(subject="tickets", text=text, severity="problem")


def _folders(config: Config) -> Iterator[Finding]:
    templates, blobs = config.templates_folder, config.blobs_folder
    if templates is not None and not templates.is_dir():
        text = f"{templates} is not a directory; make it, or take notifications.templates out"
        yield Finding(subject="templates", text=text, severity="problem")
    elif templates is not None:
        yield Finding(subject="templates", text=f"{templates} takes the place of the built-in ones")
    yield from _words(config)
    if blobs is not None and blobs.exists() and not (blobs.is_dir() and os.access(blobs, os.W_OK | os.X_OK)):
        yield Finding(subject="blobs", text=f"{blobs} is not a directory that can be written", severity="problem")
    elif blobs is not None:
        yield Finding(subject="blobs", text=f"{blobs}{'' if blobs.exists() else ' does not exist yet'}")


def _words(config: Config) -> Iterator[Finding]:
    """Every letter is written once with made-up facts, so that a mistake shows before a customer waits for it."""
    from notifier.samples import check_templates

    folder = config.templates_folder
    for problem in check_templates(config.settings, folder if folder is not None and folder.is_dir() else None):
        odd = problem.severity == "warning"
        yield Finding(subject="templates", text=str(problem), severity="warning" if odd else "problem")


def _account(
    config: Config, name: str, mailbox: Mailbox, imap: Imap, *, environ: Mapping[str, str], connect: Connect
) -> Iterator[Finding]:
    """What the account of one mailbox says, up to the first thing that makes going on senseless."""
    connection: MailboxConnection | None = None
    try:
        password = secrets.reveal(imap.password, base=config.folder, environ=environ)
        connection = connect(imap, password)
        yield _greeting(name, imap, connection.capabilities())
        there = connection.folders()
        for folder in mailbox.folders:
            yield _folder(name, folder, connection, there)
        yield from _target(name, mailbox, there)
    except SecretMissing:
        yield Finding(subject=name, text="not tried: its password is missing", severity="warning")
    except DeskError as error:
        yield Finding(subject=name, text=str(error), severity="problem")
    finally:
        if connection is not None:
            connection.close()


def _greeting(name: str, imap: Imap, capabilities: tuple[str, ...]) -> Finding:
    offered = {word.upper() for word in capabilities}
    found = [word for word in USED_CAPABILITIES if word in offered]
    lacks = [f"no {word}: {effect}" for word, effect in USED_CAPABILITIES.items() if effect and word not in offered]
    if "MOVE" in offered:
        lacks = [lack for lack in lacks if not lack.startswith("no UIDPLUS")]
    can = f"can {', '.join(found)}" if found else "can none of IDLE, MOVE, UIDPLUS, CONDSTORE"
    said = "; ".join((f"{imap.host}:{imap.actual_port} let {imap.user} in, {can}", *lacks))
    return Finding(subject=name, text=said)


def _folder(name: str, folder: str, connection: MailboxConnection, there: tuple[str, ...]) -> Finding:
    try:
        state = connection.select(folder, readonly=True)
    except FolderMissing:
        text = f"there is no folder {folder!r}; the server has: {', '.join(sorted(there)[:30])}"
        return Finding(subject=name, text=text, severity="problem")
    mails = "1 mail" if state.exists == 1 else f"{state.exists:,} mails"
    return Finding(subject=name, text=f"folder {folder}: {mails}")


def _target(name: str, mailbox: Mailbox, there: tuple[str, ...]) -> Iterator[Finding]:
    after = mailbox.after
    if after.do != "move":
        return
    text = f"folder {after.folder}: done mail goes there"
    if after.folder not in there:
        text += "; it does not exist yet and is made with the first mail"
    yield Finding(subject=name, text=text)


def _smtp(config: Config, *, environ: Mapping[str, str], probe: Probe) -> Finding:
    smtp = config.settings.smtp
    try:
        password = secrets.reveal(smtp.password, base=config.folder, environ=environ) if smtp.password else None
        capabilities = probe(smtp, password)
    except SecretMissing:
        return Finding(subject="smtp", text="not tried: its password is missing", severity="warning")
    except DeskError as error:
        return Finding(subject="smtp", text=str(error), severity="problem")
    return Finding(subject="smtp", text=f"{smtp.host}:{smtp.actual_port}: {', '.join(capabilities)}")
