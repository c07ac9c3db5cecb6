"""Contacts and organizations."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from domain.people import (
    Address,
    ContactAddress,
    ContactFacts,
    DeadAddress,
    OrganizationFacts,
    address_key,
    domain_key,
)
from domain.ticket import Mute
from store.tables import (
    ContactAddressRow,
    ContactRow,
    DeadAddressRow,
    OrganizationDomainRow,
    OrganizationRow,
    TicketMuteRow,
    clean,
    table,
)

_contact, _address = table(ContactRow), table(ContactAddressRow)
_organization, _domain = table(OrganizationRow), table(OrganizationDomainRow)
_dead, _mute = table(DeadAddressRow), table(TicketMuteRow)
# What every mail asks is put together once: SQLAlchemy needs longer to build such a statement than to run it.
_CONTACT_OF = (
    select(_contact, _address.c.address, _address.c.primary, _address.c.undeliverable)
    .join(_address, _address.c.contact == _contact.c.id)
    .where(_contact.c.id == select(_address.c.contact).where(_address.c.key == bindparam("key")).scalar_subquery())
    .order_by(_address.c.primary.desc(), _address.c.id)
)
_CONTACTS = select(_contact).where(_contact.c.id.in_(bindparam("ids", expanding=True)))
_ADDRESSES = (
    select(_address)
    .where(_address.c.contact.in_(bindparam("contacts", expanding=True)))
    .order_by(_address.c.primary.desc(), _address.c.id)
)
_ORGANIZATION_OF = select(_domain.c.organization).where(_domain.c.domain == bindparam("domain"))
_ADD_CONTACT = insert(_contact).returning(_contact.c.id)
_ADD_ADDRESS = insert(_address)
_MUTED = select(_mute).where(_mute.c.ticket.in_(bindparam("tickets", expanding=True)))
_FORGET_DEAD = delete(_dead).where(_dead.c.key == bindparam("dead"))


class People:
    """Contacts and organizations within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def contact(self, contact: int) -> ContactFacts | None:
        """The contact with this id."""
        return self.contacts([contact]).get(contact)

    def contacts(self, ids: Iterable[int]) -> dict[int, ContactFacts]:
        """Contacts by id."""
        wanted = sorted(set(ids))
        if not wanted:
            return {}
        rows = self._connection.execute(_CONTACTS, {"ids": wanted}).all()
        addresses = self._addresses(wanted)
        companies = self.organizations(row.organization for row in rows if row.organization is not None)
        return {row.id: _facts(row, addresses.get(row.id, ()), companies.get(row.organization)) for row in rows}

    def contact_of(self, address: str) -> ContactFacts | None:
        """The contact whose address this is."""
        rows = self._connection.execute(_CONTACT_OF, {"key": address_key(address)}).all()
        if not rows:
            return None
        own = tuple(
            ContactAddress(address=row.address, primary=row.primary, undeliverable=row.undeliverable) for row in rows
        )
        company = rows[0].organization
        return _facts(rows[0], own, self.organization(company) if company is not None else None)

    def add_contact(
        self, address: Address, *, now: datetime, language: str = "", organization: int | None = None
    ) -> ContactFacts:
        """A new contact with this address, in the organization that owns its domain.

        What was known of the address while it was nobody's is his from now on.
        """
        dead = self.forget_dead(address.address)
        company = self.organization(organization) if organization else self.organization_of(address.domain)
        values = {
            "name": address.name, "language": language, "organization": company.id if company else None,
            "email_opt_out": False, "opted_out_how": "", "portal_user": False, "created_at": now,
        }  # fmt: skip
        made = self._connection.execute(_ADD_CONTACT, values).scalar_one()
        own_row = {
            "contact": made,
            "address": address.address,
            "key": address.key,
            "primary": True,
            "undeliverable": dead,
        }
        self._connection.execute(_ADD_ADDRESS, own_row)
        own = ContactAddress(address=address.address, primary=True, undeliverable=dead)
        return ContactFacts(id=made, name=address.name, addresses=(own,), language=language, organization=company)

    def set_undeliverable(self, address: str, *, undeliverable: bool) -> None:
        """Record that mail to this address comes back, or that somebody wrote from it."""
        self._connection.execute(
            update(_address).where(_address.c.key == address_key(address)).values(undeliverable=undeliverable)
        )

    def set_organization_undeliverable(self, organization: int, *, undeliverable: bool) -> None:
        """Record that mail to a company's own address comes back, or that somebody wrote from it."""
        self._connection.execute(
            update(_organization).where(_organization.c.id == organization).values(undeliverable=undeliverable)
        )

    def remember_dead(self, address: str, *, because: str, now: datetime) -> None:
        """Record that mail comes back from an address that no contact and no organization has."""
        self.forget_dead(address)
        values = {"key": address_key(address), "address": address, "because": because, "at": now}
        self._connection.execute(insert(_dead).values(**values))

    def forget_dead(self, address: str) -> bool:
        """Mail may go to this address again; whether that is news."""
        return self._connection.execute(_FORGET_DEAD, {"dead": address_key(address)}).rowcount > 0

    def dead_among(self, keys: Iterable[str]) -> frozenset[str]:
        """Those of these address keys that are nobody's and that mail comes back from."""
        stored = {clean(key): key for key in keys}
        if not stored:
            return frozenset()
        found = self._connection.execute(select(_dead.c.key).where(_dead.c.key.in_(sorted(stored))))
        return frozenset(stored[key] for key in found.scalars())

    def dead_addresses(self) -> tuple[DeadAddress, ...]:
        """Every address without a contact or an organization that mail comes back from, the latest first."""
        rows = self._connection.execute(select(_dead).order_by(_dead.c.at.desc(), _dead.c.key))
        return tuple(DeadAddress(address=row.address, because=row.because, at=row.at) for row in rows)

    def set_opt_out(self, contact: int, *, opted_out: bool, how: str, now: datetime) -> None:
        """Record that a contact wants no letters, or wants them again."""
        self._connection.execute(
            update(_contact)
            .where(_contact.c.id == contact)
            .values(
                email_opt_out=opted_out,
                opted_out_at=now if opted_out else None,
                opted_out_how=how if opted_out else "",
            )
        )

    def set_organization_opt_out(self, organization: int, *, opted_out: bool, how: str, now: datetime) -> None:
        """Record that a company wants no letters to its own address, or wants them again."""
        self._connection.execute(
            update(_organization)
            .where(_organization.c.id == organization)
            .values(
                email_opt_out=opted_out,
                opted_out_at=now if opted_out else None,
                opted_out_how=how if opted_out else "",
            )
        )

    def mutes(self, contact: int) -> dict[int, Mute]:
        """The tickets about which a contact wants no letters, by number."""
        rows = self._connection.execute(select(_mute).where(_mute.c.contact == contact).order_by(_mute.c.ticket))
        return {row.ticket: Mute(contact=row.contact, at=row.at, how=row.how) for row in rows}

    def muted(self, tickets: Iterable[int]) -> dict[tuple[int, int], Mute]:
        """Who wants no letters about these tickets, by ticket and contact."""
        rows = self._connection.execute(_MUTED, {"tickets": sorted(set(tickets))})
        return {(row.ticket, row.contact): Mute(contact=row.contact, at=row.at, how=row.how) for row in rows}

    def mute(self, ticket: int, mute: Mute) -> None:
        """Record that a contact wants no letters about a ticket; the first time that he said so stays."""
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        values = {"ticket": ticket, "contact": mute.contact, "at": mute.at, "how": mute.how}
        self._connection.execute(dialect.insert(_mute).values(**values).on_conflict_do_nothing())

    def unmute(self, contact: int, *, ticket: int | None = None) -> None:
        """A contact wants letters about a ticket again, or about every one."""
        these = [_mute.c.contact == contact] + ([_mute.c.ticket == ticket] if ticket is not None else [])
        self._connection.execute(delete(_mute).where(*these))

    def change_contact(self, contact: int, **values: Any) -> None:
        """Set fields of a contact: name, language, organization, portal_user, support_start, support_end, tags."""
        self._connection.execute(update(_contact).where(_contact.c.id == contact).values(**values))

    def find(self, words: str = "", *, limit: int = 50) -> tuple[ContactFacts, ...]:
        """Contacts whose name or address contains WORDS, by name."""
        query = select(_contact.c.id).order_by(func.lower(_contact.c.name), _contact.c.id).limit(limit)
        if words:
            like = f"%{_escaped(clean(words).lower())}%"
            hits = select(_address.c.contact).where(
                _address.c.key.like(like, escape="\\") | func.lower(_address.c.address).like(like, escape="\\")
            )
            query = query.where(func.lower(_contact.c.name).like(like, escape="\\") | _contact.c.id.in_(hits))
        ids = self._connection.execute(query).scalars().all()
        found = self.contacts(ids)
        return tuple(found[contact] for contact in ids)

    def organization(self, organization: int) -> OrganizationFacts | None:
        return self.organizations([organization]).get(organization)

    def organization_of(self, domain: str) -> OrganizationFacts | None:
        """The organization that owns a mail domain."""
        if not domain:
            return None
        found = self._connection.execute(_ORGANIZATION_OF, {"domain": domain_key(domain)}).scalar()
        return self.organization(found) if found is not None else None

    def organization_named(self, name: str) -> OrganizationFacts | None:
        """The organization of this name."""
        found = self._connection.execute(select(_organization.c.id).where(_organization.c.name == name)).scalar()
        return self.organization(found) if found is not None else None

    def organizations(self, ids: Iterable[int]) -> dict[int, OrganizationFacts]:
        """Organizations by id."""
        wanted = sorted(set(ids))
        if not wanted:
            return {}
        domains: dict[int, list[str]] = {}
        for row in self._connection.execute(
            select(_domain).where(_domain.c.organization.in_(wanted)).order_by(_domain.c.domain)
        ):
            domains.setdefault(row.organization, []).append(row.domain)
        rows = self._connection.execute(select(_organization).where(_organization.c.id.in_(wanted)))
        return {
            row.id: OrganizationFacts(
                id=row.id,
                name=row.name,
                domains=tuple(domains.get(row.id, ())),
                address=row.address,
                language=row.language,
                email_opt_out=row.email_opt_out,
                undeliverable=row.undeliverable,
                opted_out_at=row.opted_out_at,
                opted_out_how=row.opted_out_how,
                agent=row.agent,
            )
            for row in rows
        }

    def opted_out_organizations(self, words: str = "") -> tuple[OrganizationFacts, ...]:
        """The organizations that want no letters to their own address, with WORDS in name or address, by name."""
        out = self._connection.execute(select(_organization.c.id).where(_organization.c.email_opt_out.is_(True)))
        found = self.organizations(out.scalars()).values()
        wanted = clean(words).casefold()
        matching = (one for one in found if wanted in one.name.casefold() or wanted in one.address.casefold())
        return tuple(sorted(matching, key=lambda one: (one.name.casefold(), one.id)))

    def organization_at(self, address: str) -> OrganizationFacts | None:
        """The organization whose own address this is."""
        rows = self._connection.execute(
            select(_organization.c.id, _organization.c.address)
            .where(_organization.c.address != "")
            .order_by(_organization.c.id)
        )
        found = next((row.id for row in rows if address_key(row.address) == address_key(address)), None)
        return self.organization(found) if found is not None else None

    def look_after(self, organization: int, agent: str) -> None:
        """Record which agent looks after a company, '' for nobody."""
        self._connection.execute(update(_organization).where(_organization.c.id == organization).values(agent=agent))

    def add_organization(
        self, name: str, *, domains: Sequence[str], now: datetime, address: str = "", language: str = ""
    ) -> OrganizationFacts:
        """A new organization; contacts with an address in DOMAINS who have none yet join it."""
        made = self._connection.execute(
            insert(_organization)
            .values(
                name=name,
                address=address,
                language=language,
                email_opt_out=False,
                opted_out_how="",
                undeliverable=False,
                agent="",
                created_at=now,
            )
            .returning(_organization.c.id)
        ).scalar_one()
        for domain in domains:
            self._connection.execute(insert(_domain).values(domain=domain_key(domain), organization=made))
            members = select(_address.c.contact).where(
                _address.c.key.like(f"%@{_escaped(domain_key(domain))}", escape="\\")
            )
            self._connection.execute(
                update(_contact)
                .where(_contact.c.organization.is_(None), _contact.c.id.in_(members))
                .values(organization=made)
            )
        found = self.organization(made)
        assert found is not None
        return found

    def _addresses(self, contacts: Sequence[int]) -> dict[int, tuple[ContactAddress, ...]]:
        found: dict[int, list[ContactAddress]] = {}
        for row in self._connection.execute(_ADDRESSES, {"contacts": contacts}):
            own = ContactAddress(address=row.address, primary=row.primary, undeliverable=row.undeliverable)
            found.setdefault(row.contact, []).append(own)
        return {contact: tuple(own) for contact, own in found.items()}


def _facts(row: Any, addresses: tuple[ContactAddress, ...], company: OrganizationFacts | None) -> ContactFacts:
    return ContactFacts(
        id=row.id,
        name=row.name,
        addresses=addresses,
        language=row.language,
        email_opt_out=row.email_opt_out,
        opted_out_at=row.opted_out_at,
        opted_out_how=row.opted_out_how,
        portal_user=row.portal_user,
        support_start=row.support_start,
        support_end=row.support_end,
        organization=company,
        tags=tuple(row.tags or ()),
    )


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
