"""The table of events: what each tells whom, as the design has it (section 7).  Pure.

A cell is a kind of letter, None for nobody, or a function that asks the act and the settings.  `Off` is a letter that
the settings do not want; whether anybody could have expected it is for the resolver to say.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from domain.event import Event, EventKind
from domain.letter import ActFacts, LetterKind, Reason
from domain.settings import Notifications, Settings

E = EventKind
K = LetterKind


@dataclass(frozen=True, slots=True)
class Off:
    """A letter that the configuration does not want."""

    kind: LetterKind
    reason: Reason
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One event as it concerns one person.  `own`: this person did it."""

    event: Event
    act: ActFacts
    settings: Settings
    own: bool

    @property
    def switches(self) -> Notifications:
        """What is told of the tickets of this mailbox."""
        return self.settings.notifications_of(self.act.ticket.mailbox)

    def is_off(self, switch: str) -> str:
        return f"{self.settings.switch_of(self.act.ticket.mailbox, switch)} is off"


Cell = LetterKind | Callable[[Case], LetterKind | Off | None] | None


class Row(NamedTuple):
    customer: Cell
    cc: Cell
    assignee: Cell
    watching_customer: Cell
    watching_agent: Cell


def _answer(case: Case) -> LetterKind | Off:
    if case.act.actor.kind == "agent":
        return K.NOTICE
    if case.switches.acknowledgement:
        return K.ACKNOWLEDGEMENT
    return Off(K.ACKNOWLEDGEMENT, Reason.SWITCHED_OFF, case.is_off("acknowledgement"))


def _taken_over(case: Case) -> LetterKind | Off | None:
    if case.event.field == "agent" and case.event.after and case.act.taken_over:
        return K.STATUS
    if not case.event.after:
        return None
    if case.switches.on_reassignment:
        return K.STATUS
    return Off(K.STATUS, Reason.SWITCHED_OFF, case.is_off("on_reassignment"))


def _if_public(case: Case) -> LetterKind | Off:
    status = case.settings.tickets.statuses.get(case.event.after)
    if status is None or status.public:
        return K.STATUS
    return Off(K.STATUS, Reason.NOT_PUBLIC, f"status {case.event.after} is not public")


def _if_told(case: Case) -> LetterKind | Off:
    if case.switches.on_field_change:
        return K.CHANGE
    return Off(K.CHANGE, Reason.SWITCHED_OFF, case.is_off("on_field_change"))


def _another_mail(case: Case) -> LetterKind | Off:
    kind = K.ACKNOWLEDGEMENT if case.own else K.COPY
    if case.switches.on_customer_mail:
        return kind
    return Off(kind, Reason.SWITCHED_OFF, case.is_off("on_customer_mail"))


def _continued(case: Case) -> LetterKind | None:
    """The people of the ticket that was merged are told; those of the other one it does not concern."""
    return K.STATUS if case.event.field == "into" else None


def _of_customer(case: Case) -> LetterKind | None:
    """Staff hears of customers whom no letter reaches; of an agent's own he could not."""
    return None if case.event.field == "agent" else K.STAFF_CHANGE


def _if_watched(kind: LetterKind) -> Callable[[Case], LetterKind | None]:
    return lambda case: kind if case.switches.watchers_on_field_change else None


_CHANGE, _STAFF_CHANGE = _if_watched(K.CHANGE), _if_watched(K.STAFF_CHANGE)

# What is not in the table (tags, links, watchers, mail of machines) makes nobody a letter; staff
# read of it as a line in a letter that they get anyway.  Nobody watches a ticket that is not there yet, but an
# agent whom a rule lets watch it from its first mail on.
# fmt: off
TABLE: Mapping[EventKind, Row] = {
    # event                 customer       cc          assignee          watching    watching
    #                                                                    customer    agent
    E.OPENED:          Row(_answer,       None,       K.STAFF_NEW,      None,       K.STAFF_NEW),
    E.ASSIGNED:        Row(_taken_over,   None,       K.STAFF_ASSIGNED, None,       None),
    E.STATUS:          Row(_if_public,    None,       K.STAFF_STATUS,   _if_public, K.STAFF_STATUS),
    E.CLOSED:          Row(_if_public,    None,       K.STAFF_STATUS,   _if_public, K.STAFF_STATUS),
    E.REOPENED:        Row(K.STATUS,      None,       K.STAFF_STATUS,   K.STATUS,   K.STAFF_STATUS),
    E.COMMENT:         Row(K.COMMENT,     K.COMMENT,  K.STAFF_COMMENT,  K.COMMENT,  K.STAFF_COMMENT),
    E.SOLUTION:        Row(K.SOLUTION,    K.SOLUTION, K.STAFF_SOLUTION, K.SOLUTION, K.STAFF_SOLUTION),
    E.FIELD:           Row(_if_told,      None,       K.STAFF_CHANGE,   _CHANGE,    _STAFF_CHANGE),
    E.CUSTOMER_WROTE:  Row(_another_mail, None,       K.STAFF_CUSTOMER, K.COPY,     K.STAFF_CUSTOMER),
    E.UNCONFIRMED:     Row(None,          None,       K.STAFF_CUSTOMER, None,       K.STAFF_CUSTOMER),
    E.VENDOR_WROTE:    Row(None,          None,       K.STAFF_CUSTOMER, None,       K.STAFF_CUSTOMER),
    E.MERGED:          Row(_continued,    None,       K.STAFF_CHANGE,   _continued, K.STAFF_CHANGE),
    E.UNDELIVERABLE:   Row(None,          None,       _of_customer,     None,       _of_customer),
    E.UNSENT:          Row(None,          None,       _of_customer,     None,       _of_customer),
    E.OPTED_OUT:       Row(None,          None,       K.STAFF_CHANGE,   None,       K.STAFF_CHANGE),
    E.OPTED_IN:        Row(None,          None,       K.STAFF_CHANGE,   None,       K.STAFF_CHANGE),
    E.DUE:             Row(None,          None,       K.STAFF_CHANGE,   None,       _STAFF_CHANGE),
    E.DUE_SOON:        Row(None,          None,       K.STAFF_DUE,      None,       None),
    E.OVERDUE:         Row(None,          None,       K.STAFF_DUE,      None,       K.STAFF_DUE),
    E.NOTE:            Row(None,          None,       K.STAFF_NOTE,     None,       K.STAFF_NOTE),
}
# fmt: on

STRONGEST_FIRST = (
    K.STAFF_REFUSED,
    *(K.SOLUTION, K.STAFF_SOLUTION),
    *(K.COMMENT, K.STAFF_COMMENT),
    K.STAFF_MENTION,
    *(K.ACKNOWLEDGEMENT, K.NOTICE, K.SUPPORT_OVER, K.STAFF_NEW),
    *(K.COPY, K.STAFF_CUSTOMER),
    *(K.STAFF_NOTE, K.STAFF_ASSIGNED),
    *(K.STATUS, K.STAFF_STATUS),
    K.STAFF_DUE,
    *(K.OPTED_OUT, K.OPTED_IN),
    *(K.CHANGE, K.STAFF_CHANGE),
    K.REPORT,
    *(K.REJECTED, K.FORWARDED),
)
RANK = {kind: rank for rank, kind in enumerate(STRONGEST_FIRST)}
