"""Addresses and the people behind them: contacts, organizations, agents.

An address is compared by its `key`: the local part folded, the domain as an A-label (RFC 5890),
so `Jörg@Bücher.example` and `jörg@xn--bcher-kva.example` are one.  RFC 5321 lets a server tell
local parts apart by case; none that matters does, and people do not.
"""

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from domain.errors import BadAddress


@lru_cache(maxsize=4096)
def address_key(address: str) -> str:
    """The form under which two spellings of an address are equal; '' for an empty address."""
    local, at, host = unicodedata.normalize("NFC", address.strip()).rpartition("@")
    if not at:
        return host.casefold()
    # Folding takes some letters apart again (ΐ), so what comes out is composed once more.
    return f"{unicodedata.normalize('NFC', local.casefold())}@{domain_key(host)}"


@lru_cache(maxsize=4096)
def domain_key(host: str) -> str:
    """A domain as lower-case A-label; what cannot be encoded is only folded."""
    host = host.strip().rstrip(".").lower()
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host.casefold()


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox of RFC 5322, section 3.4: the address and the display name, both decoded."""

    address: str
    name: str = ""

    @classmethod
    def parse(cls, text: str) -> "Address":
        """The address in TEXT, which must be bare: `local@domain`.

        Raises BadAddress for anything else, with the text in question.
        """
        address = text.strip()
        local, _, host = address.rpartition("@")
        if not (local and host) or any(c.isspace() or c in '<>,;:"()[]\\' for c in address) or "@" in local:
            raise BadAddress(f"{text!r} is not an address: expected local@domain")
        return cls(address)

    @property
    def key(self) -> str:
        return address_key(self.address)

    @property
    def domain(self) -> str:
        """The domain as an A-label, '' where there is none."""
        return self.key.rpartition("@")[2] if "@" in self.address else ""

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactAddress:
    """One of a contact's addresses."""

    address: str
    primary: bool = False
    undeliverable: bool = False

    @property
    def key(self) -> str:
        return address_key(self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationFacts:
    """A customer company; `address` is its own, written to where a ticket has no contact.

    `agent` looks after it: a key of config.yaml, '' where nobody does.
    """

    id: int
    name: str
    domains: tuple[str, ...] = ()
    address: str = ""
    language: str = ""
    email_opt_out: bool = False
    undeliverable: bool = False
    opted_out_at: datetime | None = None
    opted_out_how: str = ""
    agent: str = ""

    @property
    def key(self) -> str:
        return address_key(self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadAddress:
    """An address that is no contact's and no organization's, and that letters come back from."""

    address: str
    because: str
    at: datetime

    @property
    def key(self) -> str:
        return address_key(self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactFacts:
    """A customer.  The opt-out is the contact's, not the address's."""

    id: int
    name: str
    addresses: tuple[ContactAddress, ...] = ()
    language: str = ""
    email_opt_out: bool = False
    opted_out_at: datetime | None = None
    opted_out_how: str = ""
    portal_user: bool = False
    support_start: date | None = None
    support_end: date | None = None
    organization: OrganizationFacts | None = None
    tags: tuple[str, ...] = ()

    @property
    def primary(self) -> ContactAddress | None:
        """The address that letters go to: the primary one, else the first."""
        return next((a for a in self.addresses if a.primary), self.addresses[0] if self.addresses else None)

    def has_address(self, key: str) -> bool:
        return any(a.key == key for a in self.addresses)
