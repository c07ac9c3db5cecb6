"""The lines at the top of an agent's mail that are acts: `!close`, `!assign bert`, `!priority urgent`.

A new command = one function + one line in COMMANDS.  A line that looks like a command and is none is
refused, since its writer believes it is one, and it would go to the customer.

Fails with: Refused, which says what there is.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from desk.changes import Change, Changes, Refused, known
from desk.complaints import suggestion
from domain.due import parse_due
from domain.ticket import TicketFacts

MOST_COMMANDS = 20
MAX_TAG = 60
_COMMAND = re.compile(r"!\s?([^\W_][^\s:]*)[\s:]*(.*)")


class Command(NamedTuple):
    """A line `!word value`."""

    word: str
    value: str


def commands_of(text: str) -> tuple[tuple[Command, ...], str]:
    """The commands at the top of TEXT, blank lines before and between them allowed, and what stands below.

    Raises Refused for a line `!word` that is no command, since its writer believes it is one.
    """
    lines = text.split("\n")
    found: list[Command] = []
    for number, line in enumerate(lines):
        bare = "".join(char for char in line if unicodedata.category(char) != "Cf").strip()
        match = _COMMAND.fullmatch(bare)
        if match is not None:
            found.append(Command(_command(match[1]), match[2].strip()))
        elif bare:
            return tuple(found), "\n".join(lines[number:]).strip()
        if len(found) > MOST_COMMANDS:
            raise Refused(f"more than {MOST_COMMANDS} commands in one mail")
    return tuple(found), ""


def misplaced(text: str) -> str:
    """The first line of TEXT, words for a customer, that begins as a command below them; '' if none does."""
    words = "|".join(word[1:] for word in COMMANDS)
    found = re.search(rf"^[^\w\n]{{0,40}}[!！]({words})\b", text, re.IGNORECASE | re.MULTILINE)
    return f"!{found[1].casefold()}" if found else ""


def _command(written: str) -> str:
    word = f"!{written.casefold().rstrip('.,;!')}"
    if word not in COMMANDS:
        near = suggestion(word, COMMANDS)
        there = "" if near.startswith("; there are") else f" There are: {', '.join(COMMANDS)}"
        raise Refused(f"there is no command {word[:60]!r}{near}{there}")
    return word


def _nothing(_: Changes, ticket: TicketFacts, __: str) -> Change:
    """`!note`, `!solve` and `!comment` say what becomes of the words behind and below them."""
    return Change(ticket)


def _alone(word: str, value: str) -> None:
    if value:
        raise Refused(f"{word} stands alone, without {value[:60]!r}; write words to the customer below it")


def _take(changes: Changes, ticket: TicketFacts, value: str) -> Change:
    _alone("!take", value)
    return changes.assigned(ticket, agent=changes.agent)


def _close(changes: Changes, ticket: TicketFacts, value: str) -> Change:
    _alone("!close", value)
    return changes.closed(ticket)


def _reopen(changes: Changes, ticket: TicketFacts, value: str) -> Change:
    _alone("!reopen", value)
    return changes.reopened(ticket)


def _assign(changes: Changes, ticket: TicketFacts, value: str) -> Change:
    """`!assign bert`, `!assign Bert Example`, `!assign network`."""
    settings, wanted = changes.settings, value.casefold().lstrip("@")
    names = {agent.name.casefold(): key for key, agent in settings.agents.items()}
    agent = wanted if wanted in settings.agents else names.get(wanted, "")
    if agent:
        return changes.assigned(ticket, agent=agent)
    known("agent or group", wanted if wanted in settings.groups else value[:60], (*settings.agents, *settings.groups))
    return changes.assigned(ticket, group=wanted)


def _priority(changes: Changes, ticket: TicketFacts, value: str) -> Change:
    priorities = changes.settings.tickets.priorities
    return changes.with_field(ticket, "priority", _chosen(value, dict(zip(priorities, priorities, strict=True))))


def _status(changes: Changes, ticket: TicketFacts, value: str) -> Change:
    """`!status waiting`, by key or by a label in any language."""
    statuses = changes.settings.tickets.statuses
    labels = {label: key for key, status in statuses.items() for label in status.label.values()}
    return changes.with_status(ticket, _chosen(value, {**labels, **{key: key for key in statuses}}))


def _chosen(value: str, choices: Mapping[str, str]) -> str:
    """The key that VALUE means, whatever its case; VALUE itself where none."""
    folded = {name.casefold(): key for name, key in choices.items()}
    return folded.get(value.casefold(), value[:60])


def _tag(changes: Changes, ticket: TicketFacts, value: str) -> Change:
    tags = value.replace(",", " ").split()
    if not tags or any(len(tag) > MAX_TAG or not tag.isprintable() for tag in tags):
        raise Refused(f"!tag wants words of {MAX_TAG} characters at most: !tag outage printer")
    return changes.tagged(ticket, tags)


def _due(changes: Changes, ticket: TicketFacts, value: str) -> Change:
    """`!due 2d`, `!due 2026-12-01 17:00`, `!due none`."""
    try:
        return changes.due(ticket, parse_due(value, now=changes.now, zone=changes.settings.helpdesk.zone))
    except ValueError as bad:
        raise Refused(f"!due: {bad}") from None


COMMANDS: Mapping[str, Callable[[Changes, TicketFacts, str], Change]] = MappingProxyType(
    {
        "!note": _nothing,
        "!comment": _nothing,
        "!solve": _nothing,
        "!close": _close,
        "!reopen": _reopen,
        "!take": _take,
        "!assign": _assign,
        "!priority": _priority,
        "!status": _status,
        "!tag": _tag,
        "!due": _due,
    }
)
