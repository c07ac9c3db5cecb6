"""`python -m commands.docs`: writes docs/config.md, config.schema.json and rules.md from the program's own words.

Promises: every key of config.yaml is there, with the docstring of its field as its meaning; the
examples are cut from the shipped config.yaml.  tests/test_docs.py fails where the pages are stale.
"""

import json
import types
from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from commands.rules_page import rules_page
from desk import yaml_nodes
from domain import settings as words
from domain.rule import RuleSpec

ROOT = Path(__file__).resolve().parent.parent

# What the types of the settings are called; the first that fits, so the narrower stand above the wider.
_TYPES: tuple[tuple[Any, str], ...] = (
    (words.Duration, "duration"),
    (words.Size, "size"),
    (words.Flag, "true or false"),
    (words.Whole, "number"),
    (words.Day, "date"),
    (words.Start, "`now`, `all` or a date"),
    (words.AfterSpec, "`{move: Folder}`, `flag`, `delete` or `keep`"),
    (words.AuthservSpec, "`{id: server, border: [hosts]}` or `microsoft365`"),
    (words.SecretRef, "secret"),
    (words.AddressText, "address"),
    (words.TagPrefix, "tag prefix"),
    (words.Host, "host"),
    (words.Key, "key"),
    (words.Letters, "`everything`, `nothing` or a list"),
    (words.Line, "text"),
    (str, "text"),
)

_SECTIONS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("helpdesk", words.Helpdesk),
    ("mailboxes.KEY", words.Mailbox),
    ("mailboxes.KEY.imap", words.Imap),
    ("mailboxes.KEY.closed_tickets", words.ClosedTickets),
    ("mailboxes.KEY.notifications", words.MailboxNotifications),
    ("smtp", words.Smtp),
    ("agents.KEY", words.Agent),
    ("tickets", words.Tickets),
    ("tickets.statuses.KEY", words.Status),
    ("notifications", words.Notifications),
    ("notifications.staff", words.StaffLetters),
    ("notifications.loop_budget", words.LoopBudget),
    ("business_hours", words.BusinessHours),
    ("limits", words.Limits),
    ("rules[]", RuleSpec),
)

_INTRODUCTION = """\
# config.yaml

Written by `make docs` from `domain/settings.py` and `config.yaml`; change those.

`helpdesk init` writes a first one, `helpdesk check` finds every mistake in it with its line,
`helpdesk check --connect` also tries what it leads to. Relative paths begin in its folder.
An editor that knows JSON Schema completes the keys: `docs/config.schema.json`.

The file is YAML 1.2: only `true` and `false` are truth values, and `no`, `12:30` and `010` are texts.

| type | is written |
|---|---|
| text | one line; in quotes where it begins with one of ``[]{}>*&!%@` `` or contains `: ` or ` #` |
| key | lower-case letters, digits, `-` and `_`, 40 at most; never used again for something else |
| address | `local@domain`, without a name |
| host | a name or an IP address, without a port |
| secret | where it is: `env:NAME`, an environment variable, or `file:PATH`, a file with nothing else in it |
| duration | `60s`, `5m`, `2h`, `30d`, `1w` |
| size | `200 kB`, `50 MB` |
| date | `2026-11-01` |
| tag prefix | 2 to 12 capital letters and digits, a letter first |
"""


def main() -> None:
    """Write the pages anew."""
    for file, text in pages().items():
        file.write_text(text, encoding="utf-8")


def pages() -> Mapping[Path, str]:
    """What the generated pages must say."""
    schema = json.dumps(words.json_schema(), indent=2, ensure_ascii=False)
    return {
        ROOT / "docs/config.md": config_page(),
        ROOT / "docs/config.schema.json": f"{schema}\n",
        ROOT / "docs/rules.md": rules_page(),
    }


def config_page() -> str:
    """The page about config.yaml."""
    examples = _examples((ROOT / "config.yaml").read_text(encoding="utf-8"))
    parts = [_INTRODUCTION, "## All sections\n", _table(words.Settings)]
    shown: set[str] = set()
    for title, model in _SECTIONS:
        parts.append(f"## `{title}`\n")
        section = title.partition(".")[0].partition("[")[0]
        if section in examples and section not in shown:
            shown.add(section)
            parts.append(f"```yaml\n{examples[section]}\n```\n")
        parts.append(_table(model))
    parts.append("Conditions and actions, each with an example: [rules.md](rules.md).\n")
    return "\n".join(parts)


def _table(model: type[BaseModel]) -> str:
    """The keys of MODEL: type, default, meaning."""
    hints = get_type_hints(model, include_extras=True)
    lines = ["| key | type | default | meaning |", "|---|---|---|---|"]
    for name, field in model.model_fields.items():
        row = (f"`{field.alias or name}`", _type(hints[name]), _default(field, hints[name]), _meaning(field))
        lines.append(f"| {' | '.join(_cell(text) for text in row)} |")
    return "\n".join(lines) + "\n"


def _meaning(field: FieldInfo) -> str:
    return " ".join((field.description or "").split())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _type(kind: Any) -> str:
    """What KIND is called."""
    for known, name in _TYPES:
        if _is_a(kind, known):
            return name
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _type(arguments[0])
    if origin in (Union, types.UnionType):
        return " or ".join(_type(part) for part in arguments if part is not type(None))
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin is tuple:
        return f"list of: {_type(arguments[0])}"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return ", ".join(f"`{member.value}`" for member in kind)
    if origin is not None and issubclass(origin, Mapping):
        return f"{_type(arguments[0])}: {_type(arguments[1])}"
    return "keys and values"


def _is_a(kind: Any, known: Any) -> bool:
    """KIND is KNOWN, or KNOWN with more demands on it."""
    if get_origin(known) is not Annotated or get_origin(kind) is not Annotated:
        return bool(kind == known)
    demands = known.__metadata__
    return bool(kind.__origin__ == known.__origin__ and kind.__metadata__[: len(demands)] == demands)


def _default(field: FieldInfo, kind: Any) -> str:
    if field.is_required():
        return "**required**"
    value = field.get_default(call_default_factory=True)
    if kind == words.Size:
        return f"`{value // 1_000_000} MB`"
    if isinstance(value, str | bool | int | timedelta | tuple) and value != ():
        return f"`{_yaml(value)}`"
    return _other(value)


def _other(value: object) -> str:
    if isinstance(value, words.After):
        return f"`{value.do}`"
    if isinstance(value, BaseModel) or (isinstance(value, Mapping) and value):
        return "see below"
    return "–"


def _yaml(value: object) -> str:
    """A default as it would be written."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(_yaml(item) for item in value)}]"
    return str(value)


def _duration(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    for unit, name in ((86400, "d"), (3600, "h"), (60, "m")):
        # 60s reads better than 1m, and 24h is a day.
        if seconds % unit == 0 and seconds > (unit if unit == 60 else 0):
            return f"{seconds // unit}{name}"
    return f"{seconds}s"


def _examples(text: str) -> dict[str, str]:
    """The lines of each top-level key in TEXT."""
    root, _ = yaml_nodes.read(text)
    assert isinstance(root, yaml_nodes.Mapping)
    lines = text.splitlines()
    starts = [(key, entry.place.line - 1) for key, entry in root.entries.items()]
    ends = [start for _, start in starts[1:]] + [len(lines)]
    return {key: "\n".join(lines[start:end]).rstrip() for (key, start), end in zip(starts, ends, strict=True)}


if __name__ == "__main__":
    main()
