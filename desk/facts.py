"""What the desk knows of a mail beside the mail itself, for the rules: who wrote, about which ticket, at which hour.

Promises: the database is asked only for what the rules look at.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from desk.addresses import spoof
from desk.desk import Desk
from desk.targets import targets
from domain.decision import MailFacts
from domain.message import Message
from store.store import View


def informed(
    desk: Desk, view: View, facts: MailFacts, *, moment: datetime, now: datetime, is_act: bool = False,
    lock: bool = True,
) -> MailFacts:  # fmt: skip
    """FACTS of a mail that arrived at MOMENT, with what the desk knows NOW.

    IS_ACT: a proven agent wrote it.  LOCK keeps others from changing a ticket that a rule names.
    """
    message, ticket, hours = facts.message, facts.found.ticket, desk.settings.business_hours
    sender = message.sender if desk.rules.asks_contact else None
    return replace(
        facts,
        moment=moment,
        hours=hours.hours() if hours else None,
        contact=view.people.contact_of(sender.address) if sender else None,
        phase=desk.settings.tickets.phase(ticket.status).value if ticket else "",
        tag=desk.settings.helpdesk.tag,
        suspicion=str(spoof(message, desk.settings) or "") if "trust.spoofed" in desk.rules.reads else "",
        known=_known(view, message) if desk.rules.asks_known else frozenset(),
        sender_mails=_sender_mails(desk, view, message, now=now),
        targets=targets(desk, view, message, is_proven_agent=is_act, lock=lock),
    )


def _sender_mails(desk: Desk, view: View, message: Message, *, now: datetime) -> dict[timedelta, int]:
    """How many mails of this sender came in, this one included, in each period that a rule asks for."""
    if message.sender is None or not message.sender.key:
        return {}
    key = message.sender.key
    return {period: view.journal.sent_by(key, since=now - period) + 1 for period in desk.rules.periods}


def _known(view: View, message: Message) -> frozenset[str]:
    """The keys of the mail's addresses that belong to contacts."""
    people = {one.key: one.address for one in (*message.recipients, *message.reply_to)}
    if message.sender:
        people[message.sender.key] = message.sender.address
    return frozenset(key for key, address in people.items() if view.people.contact_of(address))
