"""Opening the desk for a command: settings, keys, database, and who is at the keyboard."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from desk.config import Config, load
from desk.desk import Desk
from desk.holder import is_dead, this_process
from desk.secrets import database_password, signing_keys
from domain.errors import DeskError
from domain.settings import Settings


class WhoAreYou(DeskError):
    """A command of staff does not know for whom it acts."""


def now() -> datetime:
    """The time, for commands: UTC, to the microsecond."""
    return datetime.now(UTC)


@contextmanager
def opened(path: Path) -> Iterator[Desk]:
    """The desk that the config file at PATH describes, its database made and migrated as needed."""
    with opened_with(load(path)) as desk:
        yield desk


@contextmanager
def opened_with(config: Config) -> Iterator[Desk]:
    """The desk that CONFIG describes."""
    import rules
    from store.store import open_store

    keys = signing_keys(config.settings, base=config.folder, environ=os.environ)
    store = open_store(
        config.settings.database,
        base=config.folder,
        password=database_password(config.settings, base=config.folder, environ=os.environ),
        blobs=str(config.blobs_folder or "database"),
    )
    try:
        yield Desk(
            store=store,
            settings=config.settings,
            rules=rules.compile(config.settings.rules, lists=config.lists),
            keys=keys,
            random=os.urandom,
            holder=this_process(),
            is_dead=is_dead,
        )
    finally:
        store.close()


def agent(settings: Settings, given: str | None) -> str:
    """The agent at the keyboard: `--as`, else HELPDESK_AGENT, else the only one there is.

    It is a statement, not a proof: whoever can open the database can be anybody.
    """
    key = given or os.environ.get("HELPDESK_AGENT", "")
    if key in settings.agents:
        return key
    known = ", ".join(settings.agents)
    if key:
        raise WhoAreYou(f"there is no agent {key!r} in config.yaml; there are: {known}")
    if len(settings.agents) == 1:
        return next(iter(settings.agents))
    raise WhoAreYou(f"who are you? Say it with --as NAME or the variable HELPDESK_AGENT; agents: {known}")


def ticket_number(text: str, settings: Settings) -> int:
    """The number in `1042`, `ACME-1042`, `#1042` or `[ACME-1042]`, any case."""
    bare = text.strip().strip("[]#").upper().removeprefix(f"{settings.helpdesk.tag}-")
    if not bare.isdecimal() or not bare.isascii() or len(bare) > 12:
        raise DeskError(f"{text!r} is not a ticket: write its number, such as 1042 or {settings.helpdesk.tag}-1042")
    return int(bare)
