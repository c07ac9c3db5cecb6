"""What a mail tells of addresses, beside its words.

    dead      a letter of ours came back for good from the address that it went to, or our own server refused it there
    alive     somebody writes from an address that was undeliverable
    copied    who else got the mail, where the mailbox lets them watch
    spoof     the display name says somebody else than the address

Anybody can write a bounce.  It counts with the token of a letter and for the address of that
letter only: whoever shows both could have read the letter, and more than silence he does not gain.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from domain import token
from domain.decision import Found, Verdict
from domain.event import Actor, Event, EventKind
from domain.message import Bounced, Message
from domain.people import Address, ContactFacts, DeadAddress, OrganizationFacts, address_key
from domain.settings import Mailbox, Settings
from domain.suspicion import Suspicion
from notifier.gate import is_own, is_writable
from store.outbox import QueuedLetter
from store.store import View

_ADDRESS = re.compile(r"[^\s<>\"'(),;:@]{1,64}@[^\s<>\"'(),;:@]{1,190}")
_NAME = 500
_PROVEN = ("token", "reply_address")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead:
    """An address that mail comes back from, what its server said, and whose it is.

    Neither `is_contacts` nor an `organization` nor an `agent`: somebody who was only in copy.
    """

    address: str
    because: str
    is_contacts: bool = False
    organization: int | None = None
    agent: str = ""

    @property
    def key(self) -> str:
        return address_key(self.address)


def dead_addresses(view: View, message: Message, *, keys: token.Keys) -> tuple[Dead, ...]:
    """The addresses that MESSAGE, a bounce, proves to be dead and that are not marked so yet."""
    found: dict[str, Dead] = {}
    for letter in written_to(view, message, keys=keys) if message.is_bounce else ():
        said = _said_of(letter, message)
        dead = dead_address(view, letter, because=_why(said)) if said is not None and _is_hard(said) else None
        if dead is not None:
            found[dead.key] = dead
    return tuple(found.values())


def mark_bounced(view: View, message: Message, *, keys: token.Keys, now: datetime) -> None:
    """Record of the letters that MESSAGE, a bounce, is about that they came back, or are delayed on their way."""
    for letter in written_to(view, message, keys=keys) if message.is_bounce else ():
        said = _said_of(letter, message)
        if said is not None:
            because = " ".join(part for part in (said.status, said.reason) if part) or "it came back"
            view.outbox.bounced(letter, because=because, at=now if _is_hard(said) else None)


def dead_address(view: View, letter: QueuedLetter, *, because: str) -> Dead | None:
    """The address that LETTER went to, with its owner; None if it is marked already."""
    recipient = letter.recipient
    address, key = recipient.address, address_key(recipient.address)
    contact = None if recipient.is_staff else view.people.contact_of(address)
    if contact is not None:
        return Dead(address=address, because=because, is_contacts=True) if is_deliverable(contact, key) else None
    company = company_of(view, letter)
    if company is not None and company.key == key:
        marked = company.undeliverable
        return None if marked else Dead(address=address, because=because, organization=company.id)
    if view.people.dead_among([key]):
        return None
    return Dead(address=address, because=because, agent=recipient.agent)


def company_of(view: View, letter: QueuedLetter) -> OrganizationFacts | None:
    """The organization whose own address LETTER goes to, None for any other recipient."""
    if letter.recipient.role != "organization" or letter.ticket is None:
        return None
    return view.tickets.facts(letter.ticket).organization


def _is_hard(bounced: Bounced) -> bool:
    return bounced.status.startswith("5") if bounced.hard is None else bounced.hard


def written_to(view: View, message: Message, *, keys: token.Keys) -> Iterator[QueuedLetter]:
    """The letters of ours that MESSAGE, a report, shows a token of, or that it was sent back to the address of."""
    shown = (*message.returned_ids, *message.in_reply_to, *message.references, *_extensions(message))
    for text in dict.fromkeys(shown):
        letter = token.verify(text, keys)
        known = view.outbox.by_letter(letter) if letter else None
        if known is not None:
            yield known


def _extensions(message: Message) -> Iterator[str]:
    """What stands behind the plus in the addresses that MESSAGE was sent to."""
    for address in message.recipients:
        yield address.key.rpartition("@")[0].partition("+")[2]


def _said_of(letter: QueuedLetter, message: Message) -> Bounced | None:
    """What MESSAGE, a bounce, says of the recipient of LETTER, None if nothing.

    Where it came back to the letter's own bounce address, it is about that recipient, whomever it
    names: he may have had it forwarded.
    """
    if not message.is_bounce:
        return None
    key = address_key(letter.recipient.address)
    named = next((one for one in message.bounced if address_key(one.address) == key), None)
    own = any(text.startswith(f"{letter.letter}.") for text in _extensions(message))
    others = sorted(message.bounced, key=_is_hard, reverse=True) if own else ()
    return named or next(iter(others), None)


def _why(bounced: Bounced) -> str:
    said = " ".join(part for part in (bounced.status, bounced.reason) if part)
    return f"a letter came back: {said}" if said else "a letter came back"


def is_deliverable(contact: ContactFacts, key: str) -> bool:
    """KEY is an address of CONTACT that mail does not come back from."""
    return any(own.key == key and not own.undeliverable for own in contact.addresses)


def alive_address(
    view: View, message: Message, contact: ContactFacts | None, settings: Settings, *,
    company: OrganizationFacts | None = None,
) -> str:  # fmt: skip
    """The sender's address if it was undeliverable till now, and a person writes from it; else ''.

    It may be CONTACT's, his company's or COMPANY's own, an agent's, or that of somebody who was only in copy.
    """
    sender = message.sender
    if sender is None or message.is_machine:
        return ""
    companies = (company, contact.organization if contact else None)
    of_company = any(one is not None and one.undeliverable and one.key == sender.key for one in companies)
    own = contact.addresses if contact else ()
    of_contact = any(one.key == sender.key and one.undeliverable for one in own)
    # Beside a contact only an agent has such a mark; anybody else's went over to the contact.
    alone = contact is None or settings.agent_of(sender.address) != ""
    is_dead = of_company or of_contact or (alone and bool(view.people.dead_among([sender.key])))
    return sender.address if is_dead else ""


def with_alive(contact: ContactFacts, alive: str) -> ContactFacts:
    """CONTACT, to whose address ALIVE letters may go again, and to his company's where that is the same."""
    key, company = address_key(alive), contact.organization
    own = tuple(replace(one, undeliverable=one.undeliverable and one.key != key) for one in contact.addresses)
    if company is not None and company.key == key:
        company = replace(company, undeliverable=False)
    return replace(contact, addresses=own, organization=company)


def is_alive(alive: str, actor: Actor, settings: Settings) -> Event:
    """The event that somebody wrote from an address that was undeliverable."""
    field = "agent" if settings.agent_of(alive) else "address"
    return Event(kind=EventKind.REACHABLE, actor=actor, field=field, after=alive, because="a person wrote from it")


def mark_dead(view: View, dead: Dead, *, now: datetime) -> None:
    """Record that no more letters go to an address; to staff they still do, since nobody else could be told."""
    if dead.is_contacts:
        view.people.set_undeliverable(dead.address, undeliverable=True)
    elif dead.organization is not None:
        view.people.set_organization_undeliverable(dead.organization, undeliverable=True)
    else:
        view.people.remember_dead(dead.address, because=dead.because, now=now)


def mark_alive(
    view: View, address: str, contact: ContactFacts | None, *, company: OrganizationFacts | None = None
) -> None:
    """Record that letters may go to ADDRESS again, whosoever it is."""
    view.people.set_undeliverable(address, undeliverable=False)
    view.people.forget_dead(address)
    for one in (company, contact.organization if contact else None):
        if one is not None and one.key == address_key(address):
            view.people.set_organization_undeliverable(one.id, undeliverable=False)


def bounced_staff(view: View, settings: Settings) -> dict[str, DeadAddress]:
    """The agents whose letters come back, with what was said."""
    owners = ((settings.agent_of(one.address), one) for one in view.people.dead_addresses())
    return {agent: one for agent, one in owners if agent}


def copied(message: Message, found: Found, *, mailbox: Mailbox, settings: Settings) -> tuple[Address, ...]:
    """Who else the customer wrote to and would watch the ticket: no mailbox of ours, no agent, not he himself.

    On a ticket that is there already only a token lets others in: sender and subject can be forged.
    """
    if not mailbox.cc_watches or message.is_machine or message.sender is None:
        return ()
    proven = any(step.finder in _PROVEN and step.verdict is Verdict.TICKET for step in found.walk)
    if found.ticket is not None and not proven:
        return ()
    others: dict[str, Address] = {}
    for one in (*message.to, *message.cc):
        others.setdefault(one.key, one)
    return tuple(
        one
        for one in others.values()
        if one.key != message.sender.key
        and is_writable(one.address)
        and not is_own(one.address, settings)
        and not settings.agent_of(one.address)
    )[: settings.limits.watchers]


def spoof(message: Message, settings: Settings) -> Suspicion | None:
    """How the sender's display name speaks of somebody else than his address, None if it does not."""
    sender = message.sender
    if sender is None or not sender.name or message.is_list:
        return None
    named = (found.rstrip(".") for found in _ADDRESS.findall(sender.name[:_NAME]))
    claimed = next((one for one in named if address_key(one) != sender.key), "") or _claimed(sender, settings)
    if not claimed:
        return None
    return Suspicion(key="display_name", places=(("claimed", claimed), ("address", sender.address)))


def _claimed(sender: Address, settings: Settings) -> str:
    """The agent or the helpdesk whose name the sender bears without having their address, '' if he does not."""
    name = _plain(sender.name)
    if is_own(sender.address, settings) or settings.agent_of(sender.address):
        return ""
    names = (settings.helpdesk.name, *(agent.name for agent in settings.agents.values()))
    return next((one for one in names if _plain(one) == name), "")


def _plain(name: str) -> str:
    """NAME as the eye reads it: case, blanks, quotes and characters without width do not count."""
    seen = (char for char in unicodedata.normalize("NFKC", name[:_NAME]) if unicodedata.category(char) != "Cf")
    return " ".join("".join(seen).casefold().replace('"', "").split()).strip("'")
