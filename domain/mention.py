"""Mentions: the agents and groups that an internal note names by `@`.  Pure.

`@bert` and `@network` by key, `@"Bert Example"` and `@Bert Example` by the whole name, `@Bert` by any word of
a name that only one agent bears; case does not count.  Mail addresses, web addresses, code (between
backquotes, or indented by four) and quoted lines mention nobody.
"""

import re
import unicodedata
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass

MOST_UNKNOWN = 5
_NOT_SAID = re.compile(
    r"```.*?(?:```|\Z)"  # a block of code
    r"|`[^`\n]*`"
    r"|^(?: {4}|\t)[^\n]*$"
    r"|^ {0,3}>[^\n]*$"  # what somebody else said
    r"|https?://\S+",
    re.DOTALL | re.MULTILINE,
)
_AT = re.compile(r"(?<![\w.+/@-])@(?:[\"“„]([^\"”“\n]{1,100})[\"”“]|([\w-]+(?:\.[\w-]+)*))")


@dataclass(frozen=True, slots=True)
class Mentioned:
    """The agents and groups that a text names, by their keys, and what is to be said of names that are nobody's."""

    agents: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def mentioned(text: str, *, agents: Mapping[str, str], groups: Container[str]) -> Mentioned:
    """Who is mentioned in TEXT.  AGENTS are names by key."""
    names = {key: _folded(name) for key, name in agents.items()}
    found: dict[str, str] = {}
    remarks: dict[str, None] = {}
    said = _NOT_SAID.sub(" ", text)
    for match in _AT.finditer(said):
        keys = tuple(_meant(match, said, names, groups))
        if len(keys) == 1:
            found[keys[0]] = "agent" if keys[0] in agents else "group"
        elif "." not in (match[2] or ""):
            remarks[_remark(match[1] or match[2], keys)] = None
    return Mentioned(
        tuple(key for key, kind in found.items() if kind == "agent"),
        tuple(key for key, kind in found.items() if kind == "group"),
        tuple(remarks)[:MOST_UNKNOWN],
    )


def _meant(match: re.Match[str], text: str, names: Mapping[str, str], groups: Container[str]) -> Iterator[str]:
    """The keys of everybody whom the name at MATCH may mean."""
    wanted = _folded(match[1] or match[2])
    rest = _folded(text[match.start(2) : match.start(2) + 200]) if match[2] else ""
    whole = [key for key, name in names.items() if name == wanted or (rest and _begins(rest, name))]
    if whole:
        # Ada Example is not Ada Example-Meier, whose longer name stands there.
        longest = max(len(names[key]) for key in whole)
        yield from (key for key in whole if len(names[key]) == longest)
    elif wanted in names or wanted in groups:
        yield wanted
    else:
        yield from (key for key, name in names.items() if wanted in name.split())


def _begins(text: str, name: str) -> bool:
    after = text[len(name) : len(name) + 1]
    return " " in name and text.startswith(name) and not (after.isalnum() or after in ("-", "_"))


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _remark(name: str, keys: tuple[str, ...]) -> str:
    if keys:
        return f"@{name} may be {' or '.join(keys)}: nobody was told; write the key"
    return f"@{name} is no agent and no group: nobody was told"
