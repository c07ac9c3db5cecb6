"""The files that settings are read from: config.yaml, and those that its rules include.

    rules: !include rules.d/*.yaml       # every file that fits, sorted by name
    rules:
      - name: ...
      - !include more.yaml               # in its place among the others

Each included file holds a list of rules.  Paths begin in config.yaml's folder; a file that includes
others, or that is included twice, is a mistake, and so is a pattern that no file fits.  A file that
is empty is one too: it may be on its way to the disk, and without its rules mail would be decided.

Fails with: ConfigError, where a file cannot be read; all else comes back as problems.
"""

import glob
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from desk import yaml_nodes
from desk.yaml_nodes import Complaint, Include, Mapping, Node, Place, Sequence
from domain.errors import ConfigError, Problem

MAX_OCTETS = 4_000_000
MAX_FILES = 500


@dataclass(slots=True, kw_only=True)
class Joined:
    """Rules from several files as one list; `texts` holds each file that was read, by its path."""

    items: list[Node] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    texts: dict[Path, str] = field(default_factory=dict)
    patterns: list[str] = field(default_factory=list)


def is_place_for_rules(path: yaml_nodes.Path) -> bool:
    """In config.yaml, an include may stand at PATH."""
    return path[:1] == ("rules",) and (len(path) == 1 or (len(path) == 2 and isinstance(path[1], int)))


def join(root: Mapping, path: Path | None) -> tuple[Mapping, Joined]:
    """ROOT with the rules that it includes in their places, and what was found on the way.

    PATH is config.yaml's, as it shall be named in problems; None where there is no file, so that none
    can be included.
    """
    joined = Joined()
    entry = root.entries.get("rules")
    if entry is None or not isinstance(entry.node, Include | Sequence):
        return root, joined
    items = (entry.node,) if isinstance(entry.node, Include) else entry.node.items
    if not any(isinstance(item, Include) for item in items):
        return root, joined
    for item in items:
        if isinstance(item, Include):
            _include(item, path, joined)
        else:
            joined.items.append(item)
    size = 1 + sum(item.size for item in joined.items)
    if size > yaml_nodes.MAX_NODES:
        joined.complaints.append(Complaint(place=entry.place, path=("rules",), text="these are too many rules"))
        joined.items.clear()
    rules = Sequence(place=entry.node.place, size=size, items=tuple(joined.items))
    return replace(root, entries={**root.entries, "rules": replace(entry, node=rules)}), joined


def rules_in(path: Path) -> tuple[Sequence, Joined]:
    """The list of rules in the file at PATH, or below `rules:` of a whole config.yaml there."""
    joined = Joined()
    try:
        joined.texts[path] = read_text(path)
    except ConfigError as unreadable:
        joined.problems += unreadable.problems
        return Sequence(place=Place(0, 0, str(path))), joined
    root, complaints = yaml_nodes.read(joined.texts[path], file=str(path), may_include=is_place_for_rules)
    if isinstance(root, Mapping) and not complaints:
        whole, more = join(root, path)
        found = whole.entries.get("rules")
        more.texts |= joined.texts
        if found is not None and isinstance(found.node, Sequence):
            return found.node, more
    joined.items += _rules_of(root, complaints, joined, str(path))
    return Sequence(place=Place(1, 1, str(path)), items=tuple(joined.items)), joined


def read_text(path: Path) -> str:
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


def matching(pattern: str) -> tuple[Path, ...]:
    """The files that PATTERN names: itself, or all that fit it, sorted; hidden ones never do."""
    if not glob.has_magic(pattern):
        return (Path(pattern),)
    return tuple(map(Path, sorted(glob.glob(pattern))))


def _include(include: Include, path: Path | None, joined: Joined) -> None:
    """The rules of every file that INCLUDE names, at the end of those that are JOINED already."""
    for file, complaint in _files(include, path, joined):
        if complaint:
            joined.complaints.append(Complaint(place=include.place, path=("rules",), text=complaint))
            return
        try:
            text = read_text(file)
        except ConfigError as unreadable:
            joined.problems += unreadable.problems
            continue
        joined.texts[file] = text
        root, complaints = yaml_nodes.read(text, file=str(file))
        joined.items += _rules_of(root, complaints, joined, str(file))


def _files(include: Include, path: Path | None, joined: Joined) -> Iterator[tuple[Path, str]]:
    """Each file that is meant, or why there is none."""
    if path is None or not include.pattern or "\x00" in include.pattern:
        yield Path(), "name a file after !include, such as rules.d/*.yaml"
        return
    pattern = str(path.parent / include.pattern)
    joined.patterns.append(pattern)
    found = matching(pattern)
    if not found:
        yield Path(), f"no file fits {include.pattern}"
    elif len(found) + len(joined.texts) > MAX_FILES:
        yield Path(), f"{include.pattern} means more than {MAX_FILES} files"
    else:
        for file in found:
            yield file, "a file cannot include itself" if file == path else _unfit(file, joined)


def _unfit(file: Path, joined: Joined) -> str:
    """Why FILE cannot be included, '' if it can."""
    if file in joined.texts:
        return f"{file} is included twice"
    if file.is_dir():
        return f"{file} is a directory; write {file}/*.yaml"
    return "" if file.exists() else f"there is no file {file}"


def _rules_of(root: Node | None, complaints: tuple[Complaint, ...], joined: Joined, file: str) -> tuple[Node, ...]:
    """The rules in one file; what is wrong with it is told with the places that they have among all rules."""
    before = len(joined.items)
    for one in complaints:
        path = ("rules", before + one.path[0], *one.path[1:]) if one.path and isinstance(one.path[0], int) else ()
        joined.complaints.append(replace(one, path=path))
    if isinstance(root, Sequence):
        return root.items
    if not complaints:
        empty = root is None or (isinstance(root, yaml_nodes.Scalar) and root.value is None)
        text = (
            "is empty; write rules into it, or take the file away"
            if empty
            else "a list of rules is wanted here (- name: ...)"
        )
        place = root.place if root is not None and not empty else Place(0, 0)
        joined.problems.append(Problem(file, place.line, place.column, text))
    return ()
