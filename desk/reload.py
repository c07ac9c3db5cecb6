"""Settings that change while the daemon runs: noticed, judged, and taken over or refused as a whole.

A file that is broken changes nothing, nor do rules whose own tests fail: what was in force stays in force.  What
only a start can bring about (accounts, database, keys, servers) stays as it is, and is named; all else is taken over.
Whether something changed is decided by what the files hold; their times only say when to look.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import rules
from desk import config as config_file
from desk import included, log
from desk.config import Config
from desk.desk import Desk
from desk.receive import Read
from desk.rule_tests import try_all
from domain.errors import Problem, StoreUnusable, TemporaryFailure
from domain.settings import Mailbox, Settings
from notifier.samples import check_templates
from store.daemons import DaemonFacts

# How often a daemon says that it is there, and looks again at files that it refused.
BEAT = timedelta(minutes=1)
AGAIN = timedelta(seconds=30)

Stamp = tuple[tuple[str, int, int, int], ...]

# What a start sets up once.  Of a mailbox: which account it is, and how often it is looked at.
_AT_START = ("database", "database_password", "blobs", "smtp", "deliver", "unsubscribe")
_OF_MAILBOX = ("imap", "folders", "poll", "start")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reloaded:
    """What a look at the files came to.

    `config` is what is to be in force from now on, None where that stays as it is; then `refused` says
    why the files were not taken over, '' where they say nothing new.  `restart` names what waits for a restart.
    """

    config: Config | None = None
    refused: str = ""
    restart: tuple[str, ...] = ()


def stamp(config: Config) -> Stamp:
    """When the files of CONFIG were last written, with size and inode; different if any of them may have changed.

    Also different where a file came or went that its rules include.
    """
    files = [config.path, *(file for pattern in config.patterns for file in included.matching(pattern))]
    files += [config.resolve(name) for name in config.lists]
    return tuple(_stamp(file) for file in files)


def _stamp(file: Path) -> tuple[str, int, int, int]:
    try:
        found = file.stat()
    except OSError:
        return (str(file), 0, 0, 0)
    return (str(file), found.st_mtime_ns, found.st_size, found.st_ino)


def look(running: Config, *, read: Read, force: bool = False) -> Reloaded:
    """What to make of the files that RUNNING was read from, as they are now.

    READ reads the mails of the rules' own tests.  FORCE takes the files over also where they say nothing new:
    templates are files of their own.
    """
    found, problems = config_file.inspect(running.path)
    if found is None:
        return Reloaded(refused=_first(problems))
    if found.hash == running.hash and not force:
        return Reloaded()
    restart = tuple(_waiting(running.settings, found.settings))
    settings = _with_old_parts(running.settings, found.settings)
    taken = replace(found, settings=settings)
    refused = _unfit(settings) or _bad_template(found, settings) or _broken_test(taken, read)
    if refused:
        return Reloaded(refused=refused, restart=restart)
    return Reloaded(config=taken, restart=restart)


def _first(problems: tuple[Problem, ...]) -> str:
    """The first error among PROBLEMS, and how many there are; '' if there is none."""
    errors = [problem for problem in problems if problem.severity == "error"]
    if not errors:
        return ""
    more = f" (and {len(errors) - 1} more: helpdesk check)" if len(errors) > 1 else ""
    return f"{errors[0]}{more}"


def _waiting(old: Settings, new: Settings) -> list[str]:
    """The keys that differ and that only a start can bring about."""
    names = [name for name in _AT_START if getattr(old, name) != getattr(new, name)]
    names += ["helpdesk.keys"] if old.helpdesk.keys != new.helpdesk.keys else []
    for name in dict.fromkeys((*old.mailboxes, *new.mailboxes)):
        if name not in old.mailboxes or name not in new.mailboxes:
            names.append(f"mailboxes.{name}")
        else:
            one, other = old.mailboxes[name], new.mailboxes[name]
            names += [f"mailboxes.{name}.{key}" for key in _OF_MAILBOX if getattr(one, key) != getattr(other, key)]
    return names


def _with_old_parts(old: Settings, new: Settings) -> Settings:
    """NEW, with what only a start can bring about as it is in OLD."""
    kept: dict[str, Any] = {name: getattr(old, name) for name in _AT_START}
    helpdesk = new.helpdesk.model_copy(update={"keys": old.helpdesk.keys})
    mailboxes: Mapping[str, Mailbox] = {
        name: _mailbox(mailbox, new.mailboxes.get(name)) for name, mailbox in old.mailboxes.items()
    }
    return new.model_copy(update={**kept, "helpdesk": helpdesk, "mailboxes": mailboxes})


def _mailbox(old: Mailbox, new: Mailbox | None) -> Mailbox:
    return new.model_copy(update={key: getattr(old, key) for key in _OF_MAILBOX}) if new else old


def _unfit(settings: Settings) -> str:
    """Why new SETTINGS cannot be in force beside old mailboxes, '' if they can."""
    for name, mailbox in settings.mailboxes.items():
        if mailbox.group not in settings.groups:
            return f"mailbox {name} is taken out with its group {mailbox.group!r}; that needs a restart"
    return ""


def _broken_test(config: Config, read: Read) -> str:
    """Which of the rules' own tests do not hold, '' if all do: whoever wrote them wants no such rules."""
    return _first(tuple(problem for tried in try_all(config, read=read) for problem in tried.problems))


def _bad_template(found: Config, settings: Settings) -> str:
    """What is wrong with templates, sentences and logo, '' if nothing is."""
    folder = found.templates_folder
    if folder is not None and not folder.is_dir():
        return f"{folder} is not a directory; make it, or take notifications.templates out"
    wrong = (problem for problem in check_templates(settings, folder) if problem.severity == "error")
    return next(map(str, wrong), "")


class SettingsFiles:
    """The files that the settings in force came from, watched for one daemon; what it thinks of them is in the store.

    Looked at when their stamp has changed and then stayed the same for one look, because an editor may be
    writing; while they are refused also now and then without, since what is missing has no stamp.
    """

    def __init__(self, desk: Desk, config: Config, *, now: datetime, read: Read) -> None:
        self.config = config
        self._read = read
        self._facts = DaemonFacts(
            holder=desk.holder, started_at=now, seen_at=now, settings=config.hash, rule_set=desk.rules.hash,
            loaded_at=now,
        )  # fmt: skip
        self._stamp = self._seen = stamp(config)
        self._looked = now

    def begin(self, desk: Desk) -> None:
        """Say that this daemon is at work, and under which settings."""
        with desk.store.act() as view:
            view.daemons.bury(desk.is_dead)
            view.daemons.put(self._facts)

    def end(self, desk: Desk) -> None:
        """Say that this daemon has ended; if that cannot be written, the next start sees it by itself."""
        with suppress(StoreUnusable, TemporaryFailure), desk.store.act() as view:
            view.daemons.leave(self._facts.holder)

    def look(self, desk: Desk, *, now: datetime, take: Callable[[Desk, Config], None], force: bool = False) -> None:
        """Look, and TAKE over what has changed: the desk as it shall be from now on.

        FORCE looks whether anything seems to have changed or not.
        """
        current = stamp(self.config)
        last, self._seen = self._seen, current
        changed = current != self._stamp and current == last
        overdue = self._facts.refused and now - self._looked > AGAIN
        if not (force or changed or overdue):
            self._beat(desk, now)
            return
        self._looked = now
        self._accept(desk, look(self.config, read=self._read, force=force), now=now, take=take)
        self._stamp = self._seen = stamp(self.config) if self._facts.refused == "" else current

    def _accept(self, desk: Desk, found: Reloaded, *, now: datetime, take: Callable[[Desk, Config], None]) -> None:
        """Take over what was FOUND, or keep what is in force, and say so in the store and in the log."""
        before = self._facts
        since = before.refused_at if found.refused == before.refused else now
        after = replace(
            before, seen_at=now, refused=found.refused, refused_at=since if found.refused else None,
            restart=", ".join(found.restart),
        )  # fmt: skip
        if found.config is None:
            with desk.store.act() as view:
                view.daemons.put(after)
        else:
            after = self._take(desk, found.config, after, now=now, take=take)
        self._facts = after
        _tell(before, after, taken=found.config)

    def _take(
        self, desk: Desk, config: Config, after: DaemonFacts, *, now: datetime, take: Callable[[Desk, Config], None]
    ) -> DaemonFacts:
        """Put CONFIG in force."""
        rule_set = rules.compile(config.settings.rules, lists=config.lists)
        after = replace(after, settings=config.hash, rule_set=rule_set.hash, loaded_at=now)
        with desk.store.act() as view:
            view.journal.remember_rules(rule_set.hash, rule_set.text, now=now)
            view.daemons.put(after)
        take(replace(desk, settings=config.settings, rules=rule_set), config)
        self.config = config
        return after

    def _beat(self, desk: Desk, now: datetime) -> None:
        if now - self._facts.seen_at >= BEAT:
            with desk.store.act() as view:
                view.daemons.seen(self._facts.holder, now=now)
            self._facts = replace(self._facts, seen_at=now)


def _tell(before: DaemonFacts, after: DaemonFacts, *, taken: Config | None) -> None:
    """One line in the log for what is new."""
    if after.refused:
        if after.refused != before.refused:
            log.settings_refused(after.refused, in_force=before.rule_set)
        return
    if taken is not None:
        log.settings_reloaded(after.rule_set, rules=len(taken.settings.rules))
    elif before.refused:
        log.settings_good_again(after.rule_set)
    if after.restart and after.restart != before.restart:
        log.settings_need_restart(after.restart)
