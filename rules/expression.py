"""Expressions in the texts of actions: `Order {{ match.order }}`.

Jinja's expressions in its sandbox, and of those only the ones that cannot run away: names of a mail,
its ticket and its contact, what named groups have found, a few filters, `~`, `or`, `if ... else`.
No statements, calls, loops or arithmetic; every value and every result has MAX_VALUE characters at most.

A name that never exists is refused while the rules are loaded; one that is empty for this mail is ''.

Fails with: BadExpression, with the character of the text at which it stands.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from domain.errors import DeskError
from domain.written import suggestion

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_VALUE = 1000
MAX_LENGTH = 4000
MAX_DEPTH = 20
MATCH, HEADER = "match", "header"

# What may be named, and the field that it is.
NAMES: Mapping[str, str] = {
    "mail.subject": "subject",
    "mail.from": "from",
    "mail.from_name": "from.name",
    "mail.to": "to",
    "mail.text": "text",
    "mail.reply_text": "reply_text",
    "mail.mailbox": "mailbox",
    "mail.folder": "folder",
    "mail.language": "language",
    "mail.message_id": "message_id",
    "mail.ticket_ref": "ticket_ref",
    "ticket.number": "ticket.number",
    "ticket.title": "ticket.title",
    "ticket.status": "ticket.status",
    "ticket.priority": "ticket.priority",
    "ticket.category": "ticket.category",
    "ticket.agent": "ticket.agent",
    "ticket.group": "ticket.group",
    "contact.name": "contact.name",
    "contact.organization": "contact.organization",
}


def _capped(change: Callable[..., str]) -> Callable[..., str]:
    return lambda value, *more: change(str(value)[:MAX_VALUE], *map(str, more))[:MAX_VALUE]


def _replaced(text: str, old: str, new: str) -> str:
    return text.replace(old, new[:MAX_VALUE]) if old else text


FILTERS: Mapping[str, Callable[..., str]] = {
    "upper": _capped(str.upper),
    "lower": _capped(str.lower),
    "capitalize": _capped(str.capitalize),
    "title": _capped(str.title),
    "trim": _capped(str.strip),
    "replace": _capped(_replaced),
    "default": _capped(lambda text, other="": text or other),
    "first_line": _capped(lambda text: next(iter(text.strip().splitlines()), "")),
    "truncate": _capped(lambda text, length="80": text[: int(length)] if length.isdigit() else text),
}
_ARGUMENTS = {"replace": (2, 2), "default": (1, 1), "truncate": (0, 1)}
_ALLOWED = ("Output", "TemplateData", "Const", "Concat", "And", "Or", "Not", "CondExpr", "Compare", "Operand")
_EXPRESSION = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


class BadExpression(DeskError):
    """A text whose expressions cannot be worked out; `character` is where, from 1."""

    def __init__(self, text: str, character: int) -> None:
        super().__init__(f"at character {character}: {text}")
        self.character = character


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A text with expressions, checked.  `fields` are what it reads of a mail, `matches` the named groups."""

    written: str
    fields: frozenset[str] = frozenset()
    matches: frozenset[str] = frozenset()

    @classmethod
    def of(cls, written: str) -> "Expression":
        """WRITTEN, checked.  Raises BadExpression."""
        return _expression(written)

    @property
    def is_constant(self) -> bool:
        return "{{" not in self.written

    def render(self, value: Callable[[str], str], matched: Mapping[str, str]) -> str:
        """The text with VALUE's answers for the fields and what the named groups have MATCHED, MAX_VALUE at most."""
        if self.is_constant:
            return self.written
        scope: dict[str, dict[str, str]] = {
            HEADER: {name: value(name)[:MAX_VALUE] for name in self.fields if name.startswith(f"{HEADER} ")},
            MATCH: {name: matched.get(name, "")[:MAX_VALUE] for name in self.matches},
        }
        for name, field in NAMES.items():
            if field in self.fields:
                room, _, key = name.partition(".")
                scope.setdefault(room, {})[key] = value(field)[:MAX_VALUE]
        return _template(self.written).render({room: _Room(names) for room, names in scope.items()})[:MAX_VALUE]


class _Room:
    """The names behind `mail.`, `header[...]` and the like; what this mail lacks is ''."""

    __slots__ = ("_names",)

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def __getitem__(self, name: str) -> str:
        return self._names.get(f"{HEADER} {name.lower()}") or self._names.get(name, "")


@lru_cache(maxsize=4096)
def _expression(written: str) -> Expression:
    if "{{" not in written and "{%" not in written and "{#" not in written:
        return Expression(written=written)
    if len(written) > MAX_LENGTH:
        raise BadExpression(f"more than {MAX_LENGTH} characters are too many", MAX_LENGTH)
    for sign in ("{%", "{#"):
        if sign in written:
            raise BadExpression(f"{sign} is not known here, only {{{{ ... }}}}", written.index(sign) + 1)
    fields: set[str] = set()
    matches: set[str] = set()
    for found in _EXPRESSION.finditer(written):
        for name in _names(found[0], found.start()):
            room, _, key = name.partition(".")
            if room == MATCH:
                matches.add(key)
            else:
                fields.add(f"{HEADER} {key.lower()}" if room == HEADER else NAMES[name])
    if "{{" in _EXPRESSION.sub("", written):
        start = _EXPRESSION.sub(lambda found: " " * len(found[0]), written).index("{{")
        raise BadExpression("{{ is never closed: }} is missing", start + 1)
    return Expression(written=written, fields=frozenset(fields), matches=frozenset(matches))


def _names(one: str, start: int) -> Iterator[str]:
    """The names in ONE expression, `{{ ... }}`, which begins at START.  Raises BadExpression."""
    from jinja2 import TemplateSyntaxError, nodes

    try:
        tree = _environment().parse(one)
    except TemplateSyntaxError as bad:
        raise BadExpression(f"{one}: {bad.message}", start + 1) from None
    except RecursionError:
        raise BadExpression(f"{one[:40]} ...: nested too deep", start + 1) from None

    def walk(node: nodes.Node, depth: int) -> Iterator[str]:
        if depth > MAX_DEPTH:
            raise BadExpression(f"{one[:40]} ...: nested too deep", start + 1)
        if isinstance(node, nodes.Getattr | nodes.Getitem):
            yield _name(node, one, start)
            return
        _check(node, one, start)
        for child in node.iter_child_nodes():
            yield from walk(child, depth + 1)

    for child in tree.body:
        yield from walk(child, 0)


def _name(node: Any, one: str, start: int) -> str:
    """The name that NODE is, such as `mail.subject`."""
    key = node.attr if hasattr(node, "attr") else getattr(node.arg, "value", None)
    room = getattr(node.node, "name", None)
    character = start + 1 + max(0, one.find(f"{room}"))
    if not isinstance(room, str) or not isinstance(key, str):
        raise BadExpression(f"{one}: names look like mail.subject, match.order or header['X-Order']", character)
    name = f"{room}.{key}"
    if key.startswith("_"):
        raise BadExpression(f"{name}: a name cannot begin with _ here", character)
    if room in (MATCH, HEADER) or name in NAMES:
        return name
    raise BadExpression(f"there is no {name}; {suggestion(name, [*NAMES, 'match.NAME'])}", character)


def _check(node: Any, one: str, start: int) -> None:
    kind, character = type(node).__name__, start + 1
    if kind == "Filter":
        if node.name not in FILTERS:
            character += max(0, one.find(node.name))
            raise BadExpression(f"there is no filter {node.name!r}; {suggestion(node.name, FILTERS)}", character)
        least, most = _ARGUMENTS.get(node.name, (0, 0))
        if node.kwargs or not least <= len(node.args) <= most:
            raise BadExpression(f"{one}: {node.name} wants {least} values in brackets", character)
    elif kind == "Name":
        text = f"there is no {node.name} alone; {suggestion(node.name, [*NAMES, 'match.NAME'])}"
        raise BadExpression(text, character + max(0, one.find(node.name)))
    elif kind not in _ALLOWED or (kind == "Operand" and node.op not in ("eq", "ne")):
        raise BadExpression(f"{one}: only names, texts, filters, ~, or, and, not, == and if ... else", character)


@lru_cache(maxsize=1)
def _environment() -> "ImmutableSandboxedEnvironment":
    # Fifty milliseconds to import, for those alone whose rules have expressions.
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
    environment.filters = dict(FILTERS)
    environment.globals = {}
    return environment


@lru_cache(maxsize=1024)
def _template(written: str) -> "Template":
    return _environment().from_string(written)
