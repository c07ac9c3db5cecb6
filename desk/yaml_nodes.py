"""YAML text as values that know where they stand.

Promises: scalars follow the core schema of YAML 1.2 (section 10.3), and a number is read as one
only where writing it out again gives the same characters, so `no`, `12:30`, `010` and `1.10` stay
what the person wrote.  Keys are always text.  A key that stands twice, an alias that contains
itself or multiplies without end, and nesting without end are problems, never a crash; this is why
the tree is made here from PyYAML's events and not by its composer, which dies of deep nesting.

Fails with: nothing; what is wrong comes back as complaints, and none of them repeats a value,
because it may be a password.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MAX_DEPTH = 40
MAX_NODES = 200_000
INCLUDE = "!include"
_NO_TAG = "a tag (!...) is not used here; put a text that begins with ! in quotes"
_NO_INCLUDE = "!include stands behind rules: in config.yaml, or as an item of that list, and nowhere else"
_STR_TAGS = (None, "!", "tag:yaml.org,2002:str")
_INT = re.compile(r"0|-?[1-9][0-9]{0,17}")
_CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}

_NEEDS_NO_QUOTES = re.compile(r"[^\W\d_][\w .@/+-]*(?<! )")

Step = str | int
Path = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column in a file, from 1; `file` is '' for the only one."""

    line: int
    column: int
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One value and where it begins; `size` counts the values in it, aliases written out."""

    place: Place
    size: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar(Node):
    """A text, whole number, true, false or nothing."""

    value: str | int | bool | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence(Node):
    items: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Include(Node):
    """`!include PATTERN`: what stands in other files belongs here."""

    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A key of a mapping, where it stands, and its value."""

    key: str
    place: Place
    node: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping(Node):
    entries: dict[str, Entry] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """Something that is wrong with the text as YAML; `path` is '' keys long where it is about the whole."""

    place: Place
    path: Path = ()
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """How far a path leads: the part of it that exists, its value, and the place of its key or list item."""

    path: Path
    node: Node
    key_place: Place


def read(
    text: str, *, file: str = "", may_include: Callable[[Path], bool] = lambda path: False
) -> tuple[Node | None, tuple[Complaint, ...]]:
    """The first document in TEXT and what is wrong with it; None where it is empty or not YAML.

    FILE goes into every place.  MAY_INCLUDE tells at which paths other files may be included.
    """
    composer = _Composer(text, file, may_include)
    try:
        node = composer.document()
    except yaml.reader.ReaderError as error:
        node = None
        composer.complaints.append(_unreadable(text, file, error))
    except yaml.MarkedYAMLError as error:
        node = None
        composer.complaints.append(_broken(text, file, error))
    except _Abandoned:
        node = None
    if node is not None and node.size > MAX_NODES:
        composer.complain(node.place, (), f"with its aliases written out this has more than {MAX_NODES:,} values")
        node = None
    return node, tuple(composer.complaints)


def plain(node: Node) -> Any:
    """NODE as dict, list, str, int, bool and None."""
    match node:
        case Mapping():
            return {key: plain(entry.node) for key, entry in node.entries.items()}
        case Sequence():
            return [plain(item) for item in node.items]
        case Scalar():
            return node.value
        case Include():
            return None
    raise TypeError(type(node))


def written(text: str) -> str:
    """TEXT, one printable line, as a YAML scalar that is read back as the same text, in lists and mappings too."""
    if _NEEDS_NO_QUOTES.fullmatch(text) and text not in _CONSTANTS:
        return text
    return "'" + text.replace("'", "''") + "'"


def locate(root: Node, path: Path) -> Located:
    """Where PATH leads below ROOT.  Steps that do not exist are left out."""
    node, place, taken = root, root.place, list[Step]()
    for step in path:
        match node:
            case Mapping() if str(step) in node.entries:
                entry = node.entries[str(step)]
                node, place = entry.node, entry.place
            case Sequence() if isinstance(step, int) and step < len(node.items):
                node = node.items[step]
                place = node.place
            case _:
                continue
        taken.append(step)
    return Located(path=tuple(taken), node=node, key_place=place)


class _Abandoned(Exception):
    """There is no sense in reading on; the complaint is made already."""


class _Composer:
    """Builds the tree from the parser's events."""

    def __init__(self, text: str, file: str, may_include: Callable[[Path], bool]) -> None:
        self.file = file
        self.may_include = may_include
        self.events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)
        self.anchors: dict[str, Node | None] = {}
        self.complaints: list[Complaint] = []

    def place(self, mark: Any) -> Place:
        return _place(mark, self.file)

    def complain(self, place: Place, path: Path, text: str) -> None:
        self.complaints.append(Complaint(place=place, path=path, text=text))

    def document(self) -> Node | None:
        """The first document; a second one is a complaint."""
        node: Node | None = None
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if node is not None:
                    self.complain(
                        self.place(event.start_mark), (), "a second document begins here; there must be one only"
                    )
                    return node
                node = self.node(next(self.events), ())
        return node

    def node(self, event: Any, path: Path) -> Node:
        """The value that begins with EVENT."""
        if len(path) > MAX_DEPTH:
            self.complain(self.place(event.start_mark), (), f"nested more than {MAX_DEPTH} deep")
            raise _Abandoned
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event, path)
        if event.anchor:
            self.anchors[event.anchor] = None
        if isinstance(event, yaml.MappingStartEvent):
            node: Node = self.mapping(event, path)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self.sequence(event, path)
        elif event.tag == INCLUDE and self.may_include(path):
            return Include(place=self.place(event.start_mark), pattern=str(event.value).strip())
        else:
            node = self.scalar(event)
        self.refuse_tag(event, path)
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def alias(self, event: Any, path: Path) -> Node:
        """The value that an alias stands for; nothing, with a complaint, where there is none."""
        place = self.place(event.start_mark)
        target = self.anchors.get(event.anchor)
        if target is not None:
            return target
        if event.anchor in self.anchors:
            self.complain(place, path, "the alias stands inside the value that it names")
        else:
            self.complain(
                place, path, "an alias to an anchor that is not above; put a text that begins with * in quotes"
            )
        return Scalar(place=place, value=None, text="")

    def mapping(self, event: Any, path: Path) -> Mapping:
        entries: dict[str, Entry] = {}
        size = 1
        while not isinstance(key_event := next(self.events), yaml.MappingEndEvent):
            place = self.place(key_event.start_mark)
            key = self.key(key_event, path)
            node = self.node(next(self.events), (*path, key))
            size += node.size
            if key in entries:
                first = entries[key].place
                self.complain(
                    place, (*path, key), f"stands here again, first in line {first.line}, column {first.column}"
                )
            elif key == "<<":
                self.complain(place, (*path, key), "merging with << is not YAML 1.2; write the keys out")
            else:
                entries[key] = Entry(key=key, place=place, node=node)
        return Mapping(place=self.place(event.start_mark), size=size, entries=entries)

    def key(self, event: Any, path: Path) -> str:
        """The text of a key, as written."""
        if isinstance(event, yaml.ScalarEvent):
            if event.anchor:
                self.anchors[event.anchor] = self.scalar(event)
            return str(event.value)
        node = self.node(event, path)
        if isinstance(node, Scalar):
            return node.text
        self.complain(
            self.place(event.start_mark),
            path,
            "a list or mapping cannot be a key; quote a text that begins with [ or {",
        )
        raise _Abandoned

    def sequence(self, event: Any, path: Path) -> Sequence:
        items: list[Node] = []
        while not isinstance(item := next(self.events), yaml.SequenceEndEvent):
            items.append(self.node(item, (*path, len(items))))
        size = 1 + sum(item.size for item in items)
        return Sequence(place=self.place(event.start_mark), size=size, items=tuple(items))

    def refuse_tag(self, event: Any, path: Path) -> None:
        known = (*_STR_TAGS, "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")
        if event.tag not in known:
            why = _NO_INCLUDE if event.tag == INCLUDE else _NO_TAG
            self.complain(self.place(event.start_mark), path, why)

    def scalar(self, event: Any) -> Scalar:
        text = str(event.value)
        is_plain = event.implicit[0] and event.tag is None
        return Scalar(place=self.place(event.start_mark), value=_resolved(text) if is_plain else text, text=text)


def _resolved(text: str) -> str | int | bool | None:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    return int(text) if _INT.fullmatch(text) else text


def _place(mark: Any, file: str) -> Place:
    return Place(mark.line + 1, mark.column + 1, file)


def _unreadable(text: str, file: str, error: yaml.reader.ReaderError) -> Complaint:
    character = error.character if isinstance(error.character, str) else chr(error.character)
    before = text[: max(text.find(character), 0)]
    place = Place(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1, file)
    return Complaint(place=place, text=f"the character U+{ord(character):04X} is not allowed; take it out")


_BROKEN = (
    (
        "mapping values are not allowed",
        "a ': ' too many, or wrong indentation; put a text that contains ': ' in quotes",
    ),
    ("expected ',' or ']'", "the list opened with [ in line {opened} is not closed, or lacks a comma"),
    ("expected ',' or '}'", "the mapping opened with {{ in line {opened} is not closed, or lacks a comma"),
    ("unexpected end of stream", "the quote that opens here never closes"),
    ("document indicator", "the quote that opens here never closes"),
    ("expected '-' indicator", "a list item was expected here (- ...); the indentation does not fit the lines above"),
    ("expected <block end>", "the indentation does not fit the lines above"),
    ("expected key", "a key was expected here; the indentation does not fit the lines above"),
    ("expected ':'", "the line lacks a ': ' after its key, or the indentation does not fit"),
    ("unknown escape", "an unknown \\ in double quotes; use single quotes, or write \\\\"),
    ("tab character", "a tab; indent with spaces"),
    ("expected whitespace or line break", "put a text that begins with ! in quotes"),
    ("incompatible YAML document", "the %YAML line asks for a version that is not 1.x; leave it out"),
)
_MEANT_WHERE_IT_BEGAN = ("expected ':'", "unexpected end of stream", "document indicator")


def _broken(text: str, file: str, error: yaml.MarkedYAMLError) -> Complaint:
    """A syntax error in our words."""
    problem = error.problem or ""
    at: Any = error.problem_mark or error.context_mark
    opened: Any = error.context_mark or at
    place = _place(at, file)
    if "cannot start any token" in problem:
        return Complaint(place=place, text=_bad_start(text, place))
    for part, words in _BROKEN:
        if part in problem:
            place = _place(opened, file) if part in _MEANT_WHERE_IT_BEGAN else place
            return Complaint(place=place, text=words.format(opened=opened.line + 1))
    return Complaint(place=place, text=f"this is not YAML: {problem}")


def _bad_start(text: str, place: Place) -> str:
    lines = text.split("\n")
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    character = line[place.column - 1 : place.column]
    if character == "\t" or "\t" in line[: place.column]:
        return "a tab; indent with spaces"
    return f"a value cannot begin with {character}; put it in quotes"
