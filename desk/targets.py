"""Which ticket a rule means by a key: its number, its title, or its number in somebody else's system.

What was merged means the ticket under which it is continued, and who belonged to it belongs there.
"""

import re
from collections.abc import Callable

from desk.desk import Desk
from desk.finders import belongs
from domain.decision import Lookup
from domain.errors import NotFound
from domain.message import Message
from domain.subject import bare_subject
from domain.ticket import Phase, TicketFacts
from store.store import View

MAX_NUMBER = 18


def targets(
    desk: Desk, view: View, message: Message, *, is_proven_agent: bool, lock: bool
) -> Callable[[Lookup], TicketFacts | None]:
    """What answers which ticket a rule means; LOCK keeps others from changing it until the act is over.

    A proven agent has a part in every ticket.
    """
    sender = message.sender.key if message.sender else ""

    def has_a_part(ticket: TicketFacts) -> bool:
        return bool(sender) and bool(belongs(sender, ticket, colleagues=desk.settings.tickets.colleagues))

    def target(lookup: Lookup) -> TicketFacts | None:
        try:
            number = _number(desk, view, lookup)
            if number is None:
                return None
            ticket = view.tickets.facts(view.tickets.current(number), lock=lock)
            if not lookup.belongs or is_proven_agent or has_a_part(ticket):
                return ticket
            return ticket if number != ticket.number and has_a_part(view.tickets.facts(number)) else None
        except NotFound:
            return None

    return target


def _number(desk: Desk, view: View, lookup: Lookup) -> int | None:
    match lookup.by:
        case "number":
            found = re.fullmatch(rf"(?:{desk.settings.helpdesk.tag}-)?([0-9]{{1,{MAX_NUMBER}}})", lookup.key, re.I)
            return int(found[1]) if found else None
        case "title":
            title = bare_subject(lookup.key, desk.settings.helpdesk.tag)
            statuses = desk.settings.tickets.statuses
            closed = [key for key, status in statuses.items() if status.phase is Phase.CLOSED]
            return view.tickets.titled(title, closed=closed) if title else None
        case "external_id":
            return view.tickets.with_external_id(" ".join(lookup.key.split()).upper())
