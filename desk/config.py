"""config.yaml, read whole or not at all.

Promises: what `load` returns is complete, frozen and agrees with itself; otherwise all problems
are told at once, each with its line and column and what to do.  A secret that was written here by
mistake is never repeated.

Fails with: ConfigError.
"""

import hashlib
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from desk import cross_checks, word_lists, yaml_nodes
from desk.complaints import Remark, remark
from desk.yaml_nodes import Located, Node, Path, Place
from domain.errors import ConfigError, Problem
from domain.settings import Settings

MAX_OCTETS = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The settings, where they were read, and what is allowed in them but odd; the lists that rules name."""

    settings: Settings
    path: FilePath
    warnings: tuple[Problem, ...] = ()
    text: str = ""
    lists: MappingOf[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def hash(self) -> str:
        """SHA-256 of the file and of the lists, in hex: two daemons with one hash have the same settings."""
        listed = "".join(f"\0{name}\0" + "\n".join(lines) for name, lines in sorted(self.lists.items()))
        return hashlib.sha256((self.text + listed).encode()).hexdigest()

    @property
    def folder(self) -> FilePath:
        """Where config.yaml stands; relative paths in it begin here."""
        return self.path.absolute().parent

    def resolve(self, written: str) -> FilePath:
        """A path in config.yaml as an absolute one."""
        return self.folder / written

    @property
    def sqlite_file(self) -> FilePath | None:
        """The database's file, None for PostgreSQL."""
        scheme, _, written = self.settings.database.partition(":///")
        return self.resolve(written) if scheme == "sqlite" else None

    @property
    def blobs_folder(self) -> FilePath | None:
        """The directory of raw mails, None where the database keeps them."""
        return None if self.settings.blobs == "database" else self.resolve(self.settings.blobs)

    @property
    def templates_folder(self) -> FilePath | None:
        """The directory of the house's own templates, None where there is none."""
        written = self.settings.notifications.templates
        return self.resolve(written) if written else None


def load(path: FilePath) -> Config:
    """The settings in PATH.  Raises ConfigError with every problem there is."""
    config, problems = inspect(path)
    if config is None:
        raise ConfigError(tuple(problem for problem in problems if problem.severity == "error"))
    return config


def inspect(path: FilePath) -> tuple[Config | None, tuple[Problem, ...]]:
    """The settings in PATH, None if anything is wrong, with all problems and warnings sorted by place."""
    file = str(path)
    try:
        text = _text(path)
    except ConfigError as unreadable:
        return None, unreadable.problems
    settings, problems = parse(text, file=file)
    if settings is None:
        return None, problems
    folder = path.absolute().parent
    lists, remarks = word_lists.read(settings.rules, folder)
    root, _ = yaml_nodes.read(text)
    if remarks and root is not None:
        problems = tuple(sorted({*problems, *(_problem(one, root, file) for one in remarks)}))
    if any(problem.severity == "error" for problem in problems):
        return None, problems
    settings = _anchored(settings, folder)
    return Config(settings=settings, path=path, warnings=problems, text=text, lists=lists), problems


def parse(text: str, *, file: str = "config.yaml") -> tuple[Settings | None, tuple[Problem, ...]]:
    """The settings in TEXT, None if anything is wrong, with all problems and warnings sorted by place."""
    root, complaints = yaml_nodes.read(text)
    problems = [
        Problem(file, c.place.line, c.place.column, f"{_path(c.path)}{': ' if c.path else ''}{c.text}")
        for c in complaints
    ]
    if root is None or not isinstance(root, yaml_nodes.Mapping):
        return None, tuple(sorted(problems)) or (_not_settings(root, file),)
    settings, remarks = _validated(yaml_nodes.plain(root))
    # What is not even YAML has no meaning that could be complained of as well.
    told = {(problem.line, problem.column) for problem in problems}
    meant = (_problem(one, root, file) for one in remarks)
    unique = tuple(sorted({*problems, *(problem for problem in meant if (problem.line, problem.column) not in told)}))
    if any(problem.severity == "error" for problem in unique):
        return None, unique
    return settings, unique


def _anchored(settings: Settings, folder: FilePath) -> Settings:
    """SETTINGS with the certificate files absolute, because those who open them do not know FOLDER."""

    def absolute(file: str | None) -> dict[str, str]:
        return {"ca_file": str(folder / file)} if file else {}

    mailboxes = {
        name: mailbox.model_copy(update={"imap": mailbox.imap.model_copy(update=absolute(mailbox.imap.ca_file))})
        if mailbox.imap
        else mailbox
        for name, mailbox in settings.mailboxes.items()
    }
    smtp = settings.smtp.model_copy(update=absolute(settings.smtp.ca_file))
    return settings.model_copy(update={"mailboxes": mailboxes, "smtp": smtp})


def _text(path: FilePath) -> str:
    """What stands in PATH.  Raises ConfigError if it cannot be read as UTF-8."""
    file = str(path)
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_OCTETS + 1)
    except FileNotFoundError:
        text = "there is no such file; helpdesk init writes one, --config names another"
        raise ConfigError((Problem(file, 0, 0, text),)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "this is not the name of a file"
        raise ConfigError((Problem(file, 0, 0, f"cannot be read: {reason}"),)) from None
    if len(data) > MAX_OCTETS:
        raise ConfigError((Problem(file, 0, 0, f"has more than {MAX_OCTETS // 1_000_000} MB; this is no config"),))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, column = before.count(b"\n") + 1, len(before) - (before.rfind(b"\n") + 1) + 1
        text = "is not UTF-8 from here on; save the file as UTF-8"
        raise ConfigError((Problem(file, line, column, text),)) from None


def _not_settings(root: Node | None, file: str) -> Problem:
    if root is None or (isinstance(root, yaml_nodes.Scalar) and root.value is None):
        return Problem(file, 0, 0, "is empty; helpdesk init writes a config to start from")
    text = "keys and values are wanted here, such as helpdesk: {name: ...}"
    return Problem(file, root.place.line, root.place.column, text)


def _validated(raw: dict[str, Any]) -> tuple[Settings | None, list[Remark]]:
    remarks = list(cross_checks.remarks(raw))
    try:
        return Settings.model_validate(raw), remarks
    except ValidationError as refused:
        return None, [*(remark(error) for error in refused.errors(include_url=False)), *remarks]


def _problem(one: Remark, root: Node, file: str) -> Problem:
    """ONE with its place in the file."""
    found = yaml_nodes.locate(root, one.path)
    place = _place(one, found)
    shown = (*found.path, *one.path[-1:]) if one.at == "key" and found.path != one.path else found.path
    name = _path(shown, names=_names(root, shown))
    return Problem(file, place.line, place.column, f"{name}: {one.text}" if name else one.text, one.severity)


def _place(one: Remark, found: Located) -> Place:
    return found.key_place if one.at == "key" else found.node.place


def _names(root: Node, path: Path) -> dict[int, str]:
    """The names of the rules on PATH, by their position in it."""
    if path[:1] != ("rules",) or len(path) < 2:
        return {}
    rule = yaml_nodes.locate(root, path[:2]).node
    named = rule.entries.get("name") if isinstance(rule, yaml_nodes.Mapping) else None
    return {1: named.node.text} if named and isinstance(named.node, yaml_nodes.Scalar) else {}


def _path(path: Path, *, names: dict[int, str] | None = None) -> str:
    """PATH as people write it: `rules[2] 'outage' when.subject`."""
    text = ""
    for position, step in enumerate(path):
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += _step(step) if not text or text.endswith(" ") else f".{_step(step)}"
        name = (names or {}).get(position)
        if name:
            text += f" {name[:40]!r} "
    return text.rstrip()


def _step(key: str) -> str:
    """KEY as a complaint may show it.  What follows a colon in it was meant as a value: perhaps a password."""
    word = "".join(c if c.isprintable() else "?" for c in key.partition(":")[0])
    return word if len(word) <= 40 else word[:37] + "..."
