"""Opting out by the List-Unsubscribe address of a letter (RFC 2369, section 3.2).

Our letters offer `mailto:support@…?subject=unsubscribe id.mac`.  Such a mail is the wish of whoever
owns the address that the letter went to; from another address it is a mail like any other.
"""

from datetime import datetime

from domain import token
from domain.message import Message
from domain.people import ContactFacts
from store.store import View

WORD = "unsubscribe"


def who_leaves(view: View, message: Message, *, keys: token.Keys) -> ContactFacts | None:
    """The contact who opts out by MESSAGE, None if it is no such mail."""
    word, _, rest = message.subject.strip().partition(" ")
    letter = token.verify(rest.strip(), keys) if word.lower() == WORD else None
    known = view.outbox.by_letter(letter) if letter else None
    if known is None or known.recipient.contact is None or message.sender is None:
        return None
    contact = view.people.contact(known.recipient.contact)
    return contact if contact is not None and contact.has_address(message.sender.key) else None


def opt_out(view: View, contact: ContactFacts, *, now: datetime) -> None:
    """Do as CONTACT wished by mail; a second such mail changes nothing."""
    if not contact.email_opt_out:
        view.people.set_opt_out(contact.id, opted_out=True, how="by mail (List-Unsubscribe)", now=now)
