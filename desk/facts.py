"""What the desk knows of a mail beside the mail itself, for the rules: who wrote, about which ticket, at which hour.

Promises: the database is asked only for what the rules look at.
"""

from dataclasses import replace
from datetime import datetime

from desk.addresses import spoof
from desk.desk import Desk
from domain.decision import MailFacts
from domain.message import Message
from store.store import View


def informed(desk: Desk, view: View, facts: MailFacts, *, moment: datetime) -> MailFacts:
    """FACTS of a mail that arrived at MOMENT, with what the desk knows."""
    message, ticket, hours = facts.message, facts.found.ticket, desk.settings.business_hours
    sender = message.sender if desk.rules.asks_contact else None
    return replace(
        facts,
        moment=moment,
        hours=hours.hours() if hours else None,
        contact=view.people.contact_of(sender.address) if sender else None,
        phase=desk.settings.tickets.phase(ticket.status).value if ticket else "",
        tag=desk.settings.helpdesk.tag,
        suspicion=spoof(message, desk.settings) if "trust.spoofed" in desk.rules.reads else "",
        known=_known(view, message) if desk.rules.asks_known else frozenset(),
    )


def _known(view: View, message: Message) -> frozenset[str]:
    """The keys of the mail's addresses that belong to contacts."""
    people = {one.key: one.address for one in (*message.recipients, *message.reply_to)}
    if message.sender:
        people[message.sender.key] = message.sender.address
    return frozenset(key for key, address in people.items() if view.people.contact_of(address))
