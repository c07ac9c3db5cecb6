"""Support that is over: what becomes of a ticket that such a customer opens, as `support_over` in config.yaml says.

Pure.  A ticket is never refused for it: it is marked with a tag, and the letter about its opening may say so.
"""

from dataclasses import replace

from domain.event import Event, EventKind
from domain.settings import Settings
from domain.ticket import SUPPORT_OVER, TicketFacts


def flagged(settings: Settings, ticket: TicketFacts) -> tuple[TicketFacts, tuple[Event, ...]]:
    """TICKET, which is being opened, with the tag that says that its customer's support is over, and the event."""
    because = over(settings, ticket)
    if (
        not because
        or SUPPORT_OVER in ticket.tags
        or settings.notifications_of(ticket.mailbox).support_over == "nothing"
    ):
        return ticket, ()
    event = Event(kind=EventKind.TAGGED, after=SUPPORT_OVER, because=because)
    return replace(ticket, tags=tuple(sorted({*ticket.tags, SUPPORT_OVER}))), (event,)


def told_in_letter(settings: Settings, ticket: TicketFacts) -> str:
    """Why the letter about the opening of TICKET says that support is over, '' if it does not."""
    return over(settings, ticket) if settings.notifications_of(ticket.mailbox).support_over == "letter" else ""


def over(settings: Settings, ticket: TicketFacts) -> str:
    """That the support of the customer was over on the day when TICKET was opened, in words; '' if it was not."""
    end = ticket.requester.support_end if ticket.requester else None
    opened = ticket.created_at.astimezone(settings.helpdesk.zone).date()
    return f"support ended on {end.isoformat()}" if end is not None and end < opened else ""
