"""Opting out by the List-Unsubscribe address of a letter (RFC 2369, section 3.2).

Our letters offer `mailto:support@…?subject=unsubscribe id.mac`.  Such a mail is the wish of whoever
owns the address that the letter went to; from another address it is a mail like any other.
"""

from datetime import datetime

from domain import token
from domain.message import Message
from domain.people import Address, ContactFacts, OrganizationFacts, address_key
from store.store import View

WORD = "unsubscribe"

Leaving = ContactFacts | OrganizationFacts | Address


def who_leaves(view: View, message: Message, *, keys: token.Keys) -> Leaving | None:
    """Who opts out by MESSAGE: a contact, a company, or an address that we know nothing else of.

    None if it is no such mail.
    """
    word, _, rest = message.subject.strip().partition(" ")
    letter = token.verify(rest.strip(), keys) if word.lower() == WORD else None
    known = view.outbox.by_letter(letter) if letter else None
    if known is None or message.sender is None:
        return None
    recipient = known.recipient
    if recipient.contact is not None:
        contact = view.people.contact(recipient.contact)
        return contact if contact is not None and contact.has_address(message.sender.key) else None
    if recipient.is_staff or address_key(recipient.address) != message.sender.key:
        return None
    if recipient.role == "organization":
        return view.tickets.facts(known.ticket).organization
    return view.people.contact_of(recipient.address) or message.sender


def opt_out(view: View, who: Leaving, *, now: datetime) -> None:
    """Do as WHO wished by mail; a second such mail changes nothing."""
    if isinstance(who, Address):
        who = view.people.add_contact(who, now=now)
    if isinstance(who, OrganizationFacts):
        view.people.opt_organization_out(who.id)
    elif not who.email_opt_out:
        view.people.set_opt_out(who.id, opted_out=True, how="by mail (List-Unsubscribe)", now=now)
