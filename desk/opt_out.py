"""Opting out by mail: by a letter's List-Unsubscribe address (RFC 2369, section 3.2), or by a complaint.

Our letters offer `mailto:support@…?subject=unsubscribe id.mac`.  Such a mail is the wish of whoever
owns the address that the letter went to; from another address it is a mail like any other.

Whoever marks a letter of ours as spam gets no more of them: his provider reports it (RFC 5965) and
counts it against us.  The report counts with the token of that letter, for the address that it went to.
Staff sees it on the ticket and can undo it (`helpdesk contacts ADDRESS --opt-in`).
"""

from datetime import datetime

from desk.addresses import company_of, written_to
from domain import token
from domain.message import MailClass, Message
from domain.people import Address, ContactFacts, OrganizationFacts, address_key
from store.outbox import QueuedLetter
from store.store import View

WORD = "unsubscribe"
COMPLAINT = "by a complaint: a letter was marked as spam"

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
    contact = known.recipient.contact
    if contact is not None:
        facts = view.people.contact(contact)
        return facts if facts is not None and facts.has_address(message.sender.key) else None
    return _owner(view, known) if address_key(known.recipient.address) == message.sender.key else None


def who_complains(view: View, message: Message, *, keys: token.Keys) -> tuple[Leaving, ...]:
    """Who gets no more letters because MESSAGE reports that he marked one as spam; those who get none are left out."""
    if message.mail_class is not MailClass.COMPLAINT:
        return ()
    owners = (_owner(view, letter) for letter in written_to(view, message, keys=keys))
    found = {name_of(one): one for one in owners if one is not None and not _is_out(one)}
    return tuple(found.values())


def _owner(view: View, letter: QueuedLetter) -> Leaving | None:
    """Whose wish counts for the address that LETTER went to, None for staff and those who are gone."""
    recipient = letter.recipient
    if recipient.contact is not None:
        return view.people.contact(recipient.contact)
    if recipient.is_staff:
        return None
    if recipient.role == "organization":
        return company_of(view, letter)
    return view.people.contact_of(recipient.address) or Address(recipient.address, recipient.name)


def _is_out(who: Leaving) -> bool:
    return not isinstance(who, Address) and who.email_opt_out


def name_of(who: Leaving) -> str:
    """WHO as staff reads it: an address where there is one."""
    if isinstance(who, ContactFacts):
        return who.primary.address if who.primary else who.name
    return who.address or who.name


def opt_out(view: View, who: Leaving, *, now: datetime, how: str = "by mail (List-Unsubscribe)") -> None:
    """Do as WHO wished by mail; a second such mail changes nothing."""
    if isinstance(who, Address):
        who = view.people.contact_of(who.address) or view.people.add_contact(who, now=now)
    if isinstance(who, OrganizationFacts):
        view.people.opt_organization_out(who.id)
    elif not who.email_opt_out:
        view.people.set_opt_out(who.id, opted_out=True, how=how, now=now)
