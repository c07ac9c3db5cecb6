"""config.yaml, read whole or not at all.

Promises: what `load` returns is complete, frozen and agrees with itself; otherwise all problems
are told at once, each with its line and column and what to do.  A secret that was written here by
mistake is never repeated.

Fails with: ConfigError.
"""

import hashlib
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import Any

from pydantic import BaseModel, ValidationError

from desk import cross_checks, included, word_lists, yaml_nodes
from desk.complaints import Remark, remark
from desk.included import Joined
from desk.yaml_nodes import Complaint, Entry, Located, Mapping, Node, Path, Place
from domain.errors import ConfigError, Problem
from domain.settings import Line, SecretRef, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The settings, where they were read, and what is allowed in them but odd.

    `files` are the texts that they were made of, included ones too; `patterns` what was included; `lists` what
    stands in the files that rules name.
    """

    settings: Settings
    path: FilePath
    warnings: tuple[Problem, ...] = ()
    files: tuple[tuple[FilePath, str], ...] = ()
    patterns: tuple[str, ...] = ()
    lists: MappingOf[str, tuple[str, ...]] = field(default_factory=dict)
    root: Node | None = field(default=None, repr=False)

    @property
    def hash(self) -> str:
        """SHA-256 of the files and lists, in hex: two daemons with one hash have the same settings."""
        listed = ("\n".join((name, *lines)) for name, lines in sorted(self.lists.items()))
        digest = hashlib.sha256()
        for text in (*(text for _, text in self.files), *listed):
            digest.update(hashlib.sha256(text.encode()).digest())
        return digest.hexdigest()

    def problem(self, path: Path, text: str) -> Problem:
        """TEXT as a complaint about the value at PATH."""
        assert self.root is not None
        return _problem(Remark(path=path, text=text), self.root, str(self.path))

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


def load(path: FilePath, *, rules: FilePath | None = None) -> Config:
    """The settings in PATH, with the rules in another file if RULES names one.

    Raises ConfigError with every problem there is.
    """
    config, problems = inspect(path, rules=rules)
    if config is None:
        raise ConfigError(tuple(problem for problem in problems if problem.severity == "error"))
    return config


def inspect(path: FilePath, *, rules: FilePath | None = None) -> tuple[Config | None, tuple[Problem, ...]]:
    """The settings in PATH, None if anything is wrong, with all problems and warnings sorted by place.

    RULES is a file whose rules take the place of those in PATH: a list of rules, or another config.yaml.
    """
    try:
        text = included.read_text(path)
    except ConfigError as unreadable:
        return None, unreadable.problems
    root, problems = _tree(text, file=str(path))
    if root is None:
        return None, problems
    if rules is None:
        root, joined = included.join(root, path)
    else:
        listed, joined = included.rules_in(rules)
        place = Place(1, 1, str(rules))
        root = replace(root, entries={**root.entries, "rules": Entry(key="rules", place=place, node=listed)})
    settings, problems = _judged(root, joined, problems, file=str(path))
    if settings is None:
        return None, problems
    folder = path.absolute().parent
    lists, remarks = word_lists.read(settings.rules, folder)
    problems = tuple(sorted({*problems, *(_problem(one, root, str(path)) for one in remarks)}))
    if any(problem.severity == "error" for problem in problems):
        return None, problems
    config = Config(
        settings=_anchored(settings, folder), path=path, warnings=problems, root=root, lists=lists,
        files=((path, text), *joined.texts.items()), patterns=tuple(joined.patterns),
    )  # fmt: skip
    return config, problems


class WhereTheDatabaseIs(BaseModel):
    """What of config.yaml leads to the database, whatever else stands there."""

    database: Line = Settings.model_fields["database"].default
    database_password: SecretRef | None = None


def where_the_database_is(path: FilePath) -> WhereTheDatabaseIs | None:
    """Where a config.yaml that may be broken elsewhere says that the database is; None where it does not say."""
    try:
        root, _ = _tree(included.read_text(path), file=str(path))
        return WhereTheDatabaseIs.model_validate(yaml_nodes.plain(root)) if root is not None else None
    except (ConfigError, ValidationError):
        return None


def parse(text: str, *, file: str = "config.yaml") -> tuple[Settings | None, tuple[Problem, ...]]:
    """The settings in TEXT, None if anything is wrong, with all problems and warnings sorted by place.

    Nothing can be included.
    """
    root, problems = _tree(text, file=file)
    return _judged(*included.join(root, None), problems, file=file) if root is not None else (None, problems)


def _tree(text: str, *, file: str) -> tuple[Mapping | None, tuple[Problem, ...]]:
    """What stands in TEXT, None where it cannot be settings, and what is wrong with it as YAML."""
    root, complaints = yaml_nodes.read(text, may_include=included.is_place_for_rules)
    problems = tuple(sorted(_of_yaml(complaint, file) for complaint in complaints))
    if isinstance(root, Mapping):
        return root, problems
    return None, problems or (_not_settings(root, file),)


def _judged(
    root: Mapping, joined: Joined, problems: tuple[Problem, ...], *, file: str
) -> tuple[Settings | None, tuple[Problem, ...]]:
    """The settings that ROOT means, None if anything is wrong, with everything that is."""
    unreadable = {*problems, *joined.problems, *(_of_yaml(complaint, file) for complaint in joined.complaints)}
    settings, remarks = _validated(yaml_nodes.plain(root))
    # What is not even YAML has no meaning that could be complained of as well.
    told = {(problem.file, problem.line, problem.column) for problem in unreadable}
    meant = (_problem(one, root, file) for one in remarks)
    unique = tuple(sorted({*unreadable, *(one for one in meant if (one.file, one.line, one.column) not in told)}))
    if any(problem.severity == "error" for problem in unique):
        return None, unique
    return settings, unique


def _of_yaml(complaint: Complaint, file: str) -> Problem:
    path, place = _path(complaint.path), complaint.place
    return Problem(place.file or file, place.line, place.column, f"{path}{': ' if path else ''}{complaint.text}")


def _anchored(settings: Settings, folder: FilePath) -> Settings:
    """SETTINGS with certificates and logos as absolute paths, because those who open them do not know FOLDER."""

    def absolute(one: Any, key: str) -> Any:
        file = getattr(one, key) if one is not None else None
        return one.model_copy(update={key: str(folder / file)}) if file else one

    mailboxes = {
        name: mailbox.model_copy(
            update={"imap": absolute(mailbox.imap, "ca_file"), "look": absolute(mailbox.look, "logo")}
        )
        for name, mailbox in settings.mailboxes.items()
    }
    look = absolute(settings.notifications.look, "logo")
    return settings.model_copy(
        update={
            "mailboxes": mailboxes,
            "smtp": absolute(settings.smtp, "ca_file"),
            "notifications": settings.notifications.model_copy(update={"look": look}),
        }
    )


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
    text = f"{name}: {one.text}" if name else one.text
    return Problem(place.file or file, place.line, place.column, text, one.severity)


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
