"""What rules see of a mail: its values by name, prepared once and only when a rule asks.

A new field = one function + one line in FIELDS.  Nothing here fails: what a mail does not have is
the empty text, and of a very long text the first MAX_CHARACTERS are looked at.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from domain.decision import Found, MailFacts, Verdict
from domain.people import Address
from rules.text import fold, nfc

MAX_CHARACTERS = 200_000


class Value:
    """One text of a mail, with the forms in which it is compared."""

    def __init__(self, text: str, address: Address | None = None) -> None:
        self.text = nfc(text[:MAX_CHARACTERS])
        self._address = address

    @cached_property
    def folded(self) -> str:
        return fold(self.text)

    @cached_property
    def folded_utf8(self) -> bytes:
        return self.folded.encode("utf-8", "replace")

    @cached_property
    def utf8(self) -> bytes:
        return self.text.encode("utf-8", "replace")

    @property
    def key(self) -> str:
        """The key of the address that it is, '' where there is none."""
        return self._address.key if self._address else ""

    @property
    def domain(self) -> str:
        return self._address.domain if self._address else ""


NOTHING = (Value(""),)


def sender(facts: MailFacts) -> tuple[Value, ...]:
    return _addresses([facts.message.sender] if facts.message.sender else [])


def recipients(facts: MailFacts) -> tuple[Value, ...]:
    return _addresses(facts.message.to)


def subject(facts: MailFacts) -> tuple[Value, ...]:
    return (Value(facts.message.subject),)


def body(facts: MailFacts) -> tuple[Value, ...]:
    return (Value(facts.message.text),)


def _addresses(addresses: Iterable[Address]) -> tuple[Value, ...]:
    """Each address twice where it has a display name: bare, and as `Name <address>`."""
    values = []
    for address in addresses:
        values.append(Value(address.address, address))
        if address.name:
            values.append(Value(str(address), address))
    return tuple(values) or NOTHING


def kinds(facts: MailFacts) -> tuple[Value, ...]:
    """The words of `is:` that hold."""
    message = facts.message
    signs = {
        "auto_reply": message.is_auto_reply,
        "bounce": message.is_bounce,
        "list": message.is_list,
        "reply": is_reply(facts.found),
    }
    return tuple(Value(word) for word, holds in signs.items() if holds)


def found(facts: MailFacts) -> tuple[Value, ...]:
    """`reply` or `new`."""
    return (Value("reply" if is_reply(facts.found) else "new"),)


def is_reply(found: Found) -> bool:
    """A ticket was found for it, even if its sender is not confirmed."""
    return found.ticket is not None and found.verdict in (Verdict.TICKET, Verdict.UNCONFIRMED)


# Fields that are compared as texts or addresses, and those that are words of ours.
COMPARED = ("from", "to", "subject", "body")
FIELDS: Mapping[str, Callable[[MailFacts], tuple[Value, ...]]] = {
    "from": sender,
    "to": recipients,
    "subject": subject,
    "body": body,
    "is": kinds,
    "found": found,
}


class View:
    """One mail as the rules see it."""

    def __init__(self, facts: MailFacts) -> None:
        self.facts = facts
        self._values: dict[str, tuple[Value, ...]] = {}

    def values(self, field: str) -> tuple[Value, ...]:
        """The values of FIELD, a key of FIELDS or `header NAME`.  A field in COMPARED has at least one, perhaps ''."""
        known = self._values.get(field)
        if known is None:
            known = self._values[field] = self._read(field)
        return known

    @property
    def found(self) -> Found:
        return self.facts.found

    @property
    def is_reply(self) -> bool:
        return is_reply(self.found)

    def _read(self, field: str) -> tuple[Value, ...]:
        if field in FIELDS:
            return FIELDS[field](self.facts)
        return tuple(map(Value, self.facts.message.header(field.removeprefix("header ")))) or NOTHING
