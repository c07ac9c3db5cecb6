"""The operators: how a value of a mail is compared with what a rule says.

Each is made of the values written in the rule and answers at which character it holds, -1 if
nowhere.  A new operator = one function + one line in a table here + one field in `domain/rule.py`,
whose description is its manual + one row in `tests/rules/`.

Fails with: BadPattern, from rules/pattern.py; BadLiteral.
"""

from collections.abc import Callable, Mapping

from domain.errors import BadAddress, DeskError
from domain.people import Address, domain_key
from rules.pattern import searcher
from rules.text import fold
from rules.view import Value

Test = Callable[[Value], int]


class BadLiteral(DeskError):
    """A value that nothing could ever equal."""


def equals(literals: tuple[str, ...]) -> Test:
    """The whole text is one of LITERALS."""
    wanted = frozenset(map(fold, literals))
    return lambda value: 0 if value.folded in wanted else -1


def contains(literals: tuple[str, ...]) -> Test:
    """One of LITERALS stands somewhere in the text."""
    wanted = tuple(map(fold, literals))

    def test(value: Value) -> int:
        text = value.folded
        for literal in wanted:
            if (position := text.find(literal)) >= 0:
                return position
        return -1

    return test


def regex(patterns: tuple[str, ...]) -> Test:
    """One of PATTERNS is found in the text."""
    searches = tuple(map(searcher, patterns))

    def test(value: Value) -> int:
        text = value.utf8
        for search in searches:
            if (position := search(text)) >= 0:
                return len(text[:position].decode("utf-8", "ignore"))
        return -1

    return test


def same_address(addresses: tuple[str, ...]) -> Test:
    """The address is one of ADDRESSES; '' is a missing one."""
    wanted = frozenset(_address_key(address) for address in addresses)
    return lambda value: 0 if value.key in wanted else -1


def in_domain(domains: tuple[str, ...]) -> Test:
    """The address is in one of DOMAINS; `*.x.example` means the subdomains of x.example."""
    keys = tuple(map(_domain_key, domains))
    exact = frozenset(key for key in keys if not key.startswith("."))
    parents = tuple(key for key in keys if key.startswith("."))
    return lambda value: 0 if value.domain in exact or value.domain.endswith(parents) else -1


def _address_key(text: str) -> str:
    try:
        return Address.parse(text).key if text else ""
    except BadAddress as bad:
        raise BadLiteral(f"{bad}; of a part of it ask with contains") from None


def _domain_key(text: str) -> str:
    """The domain as an A-label, with a leading dot where its subdomains are meant."""
    below = text.startswith("*.")
    host = text[2:] if below else text
    if "@" in host:
        raise BadLiteral(f"{text!r} is not a domain: write what stands behind the @")
    key = domain_key(host)
    if not key or "*" in key or "" in key.split(".") or any(c.isspace() or c in "<>,;:/" for c in key):
        raise BadLiteral(f"{text!r} is not a domain: expected bigcorp.example, or *.bigcorp.example for its subdomains")
    return f".{key}" if below else key


TEXT_OPERATORS: Mapping[str, Callable[[tuple[str, ...]], Test]] = {
    "equals": equals,
    "contains": contains,
    "regex": regex,
}
ADDRESS_OPERATORS: Mapping[str, Callable[[tuple[str, ...]], Test]] = {
    "equals": same_address,
    "contains": contains,
    "regex": regex,
    "domain": in_domain,
}
