"""The table "Case by case" of docs/letters.md, line by line against the resolver.

Each phrase of the table stands for a few facts here; a phrase that is not known fails.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from domain.absence import Absence
from domain.event import Actor, Event
from domain.event import EventKind as E
from domain.letter import ActFacts, Reason, Recipient, Told
from domain.people import ContactAddress, ContactFacts, OrganizationFacts
from domain.ticket import Mute
from notifier.events_table import TABLE
from notifier.resolve import resolve
from tests.notifier.people import (
    BIGCORP,
    BY_JAEGER,
    BY_RULE,
    JAEGER,
    NOON,
    WEISS,
    event,
    settings,
    ticket,
    watched_by,
)

MOST = 60
BERT = Actor("agent", "bert", "Bert Example")
PAGE = Path(__file__).parents[2] / "docs/letters.md"


def rows() -> list[tuple[str, str, str, str]]:
    """The lines of the table, without its head."""
    section = PAGE.read_text(encoding="utf-8").partition("### Case by case")[2].partition("\n## ")[0]
    lines = [line.strip("|\n ") for line in section.splitlines() if line.startswith("|")]
    cells = [tuple(cell.strip() for cell in line.split("|")) for line in lines[2:]]
    assert all(len(one) == 4 for one in cells)
    return [(one[0], one[1], one[2], one[3]) for one in cells]


# What happens: the events, and what else the act is known by.  A phrase may name two that are treated alike.
EVENTS: Mapping[str, tuple[Event, ...]] = {
    "a mail opens a ticket": (event(E.OPENED, BY_JAEGER, entry=1),),
    "staff opens a ticket": (event(E.OPENED, entry=1),),
    "taken over": (event(E.ASSIGNED, field="agent", after="bert"),),
    "given to somebody else": (event(E.ASSIGNED, field="agent", before="ada", after="bert"),),
    "public status": (event(E.STATUS, before="open", after="solved"),),
    "other status": (event(E.STATUS, before="open", after="waiting"),),
    "closed": (event(E.CLOSED, before="open", after="closed"),),
    "reopened": (event(E.REOPENED, before="closed", after="open"),),
    "comment": (event(E.COMMENT, entry=3),),
    "solution": (event(E.SOLUTION, entry=4),),
    "solution by a rule": (event(E.SOLUTION, BY_RULE, entry=4),),
    "field changed": (event(E.FIELD, field="priority", before="normal", after="high"),),
    "the customer writes": (event(E.CUSTOMER_WROTE, BY_JAEGER, entry=2),),
    "internal note": (event(E.NOTE, entry=5),),
    "a note names him": (event(E.NOTE, entry=5), event(E.MENTIONED, field="agent", after="cleo", entry=5)),
    "unconfirmed sender": (event(E.UNCONFIRMED, Actor("desk"), entry=6),),
    "vendor": (event(E.VENDOR_WROTE, Actor("contact", "9"), field="maker", entry=6),),
    "merged into another": (event(E.MERGED, field="into", after="1038"),),
    "a letter came back": (event(E.UNDELIVERABLE, Actor("desk"), field="address", after="x@y.example"),),
    "opted out": (event(E.OPTED_OUT, BY_JAEGER, field="ticket", after="Jäger"),),
    "another due time": (event(E.DUE, after="2026-12-01T16:00:00+00:00"),),
    "due soon": (event(E.DUE_SOON, Actor("desk"), after="2026-11-22T16:00:00+00:00"),),
    "overdue": (event(E.OVERDUE, Actor("desk"), after="2026-11-20T16:00:00+00:00"),),
    "an answering machine writes": (event(E.MACHINE_WROTE, BY_JAEGER, entry=7),),
}
NOT_IN_THE_TABLE_ABOVE = {E.UNSENT, E.OPTED_IN}  # alike: a letter came back, opted out


@dataclass(frozen=True, slots=True)
class Case:
    """A ticket of Jäger's that Bert has, and an act on it; Ada is a colleague, Cleo of no group."""

    events: tuple[Event, ...]
    requester: ContactFacts | None = JAEGER
    organization: OrganizationFacts | None = None
    watching: tuple[ContactFacts | str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    on: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)

    def act(self, **facts: Any) -> "Case":
        return replace(self, facts={**self.facts, **facts})

    def with_ticket(self, **facts: Any) -> "Case":
        return replace(self, on={**self.on, **facts})

    def with_config(self, **config: Any) -> "Case":
        return replace(self, config={**self.config, **config})


TO: Mapping[str, tuple[str, Callable[[Case], Case]]] = {
    "requester": ("jaeger@bigcorp.example", lambda case: case),
    "nobody": ("", lambda case: replace(case, requester=None)),
    "organization": (
        BIGCORP.address, lambda case: replace(case, requester=None, organization=case.organization or BIGCORP)
    ),
    "person in Cc": ("cc@y.example", lambda case: case.act(cc=(Recipient(role="cc", address="cc@y.example"),))),
    "assignee": ("bert@acme.example", lambda case: case),
    "member of the group": ("bert@acme.example", lambda case: case.with_ticket(agent="")),
    "colleague": ("ada@acme.example", lambda case: case),
    "agent of another group": ("cleo@acme.example", lambda case: case),
    "deputy": ("cleo@acme.example", lambda case: case),
    "watching agent": ("cleo@acme.example", lambda case: replace(case, watching=("cleo",))),
    "watching customer": ("weiss@bigcorp.example", lambda case: replace(case, watching=(WEISS,))),
}  # fmt: skip


def away(deputy: str) -> dict[str, Absence]:
    return {"bert": Absence(agent="bert", first=date(2026, 11, 20), deputy=deputy)}


def both(case: Case, **wishes: Any) -> Case:
    """CASE in which requester and watching customer wish the same."""
    watching = tuple(replace(one, **wishes) if isinstance(one, ContactFacts) else one for one in case.watching)
    assert case.requester is not None
    return replace(case, watching=watching, requester=replace(case.requester, **wishes))


def with_address(case: Case, *, address: str = "jaeger@bigcorp.example", dead: bool = False) -> Case:
    known = (ContactAddress(address=address, primary=True, undeliverable=dead),)
    return replace(case, requester=replace(JAEGER, addresses=known))


def by_bert(case: Case) -> Case:
    return replace(case, events=tuple(replace(one, actor=BERT) for one in case.events))


ALL_LEFT_OUT = {"mine": [], "groups": [], "colleagues": [], "all": []}
WHEN: Mapping[str, Callable[[Case], Case]] = {
    "": lambda case: case,
    "acknowledgement is off": lambda case: case.with_config(acknowledgement=False),
    "on_reassignment is on": lambda case: case.with_config(on_reassignment=True),
    "on_customer_mail is on": lambda case: case.with_config(on_customer_mail=True),
    "watchers_on_field_change is on": lambda case: case.with_config(watchers_on_field_change=True),
    "tell_actor is on": lambda case: case.with_config(tell_actor=True),
    "ticket_mails is off": lambda case: case.with_config(ticket_mails=False),
    "ticket_mails is off in this mailbox": lambda case: case.with_config(support={"ticket_mails": False}),
    "mine leaves it out": lambda case: case.with_config(letters={"bert": {"mine": ["new"]}}),
    "colleagues names it": lambda case: case.with_config(letters={"ada": {"colleagues": ["customer"]}}),
    "all names it": lambda case: case.with_config(letters={"cleo": {"all": "customer"}}),
    "all his letters are left out": lambda case: case.with_config(letters={"cleo": ALL_LEFT_OUT}),
    "a machine wrote it": lambda case: case.act(machine=True),
    "perhaps a machine": lambda case: case.act(doubt="perhaps a machine: an odd word"),
    "it is history": lambda case: case.act(quiet="older than quiet_before"),
    "a rule suppresses it": lambda case: case.act(silent_customer="rule monitoring"),
    "mandatory": lambda case: case.act(mandatory=True),
    "his loop budget is spent": lambda case: case.act(recent={"jaeger@bigcorp.example": 10}),
    "he is a portal user": lambda case: both(case, portal_user=True),
    "he opted out": lambda case: both(case, email_opt_out=True),
    "it opted out": lambda case: replace(case, organization=replace(BIGCORP, email_opt_out=True)),
    "he muted the ticket": lambda case: case.with_ticket(mutes=(Mute(contact=JAEGER.id, at=NOON),)),
    "his address is dead": lambda case: with_address(case, dead=True),
    "his address is ours": lambda case: with_address(case, address="support@acme.example"),
    "he did it himself": by_bert,
    "he is away, with a deputy": lambda case: case.act(absences=away("cleo")),
    "the assignee is away": lambda case: case.act(absences=away("cleo")),
    "the assignee is away, without a deputy": lambda case: case.act(absences=away("")),
}


def outcome(case: Case, address: str) -> str:
    """What becomes of the letter to ADDRESS, as the table writes it."""
    on = {"agent": "bert", **case.on}
    facts = ticket(requester=case.requester, organization=case.organization, watchers=watched_by(*case.watching), **on)
    taken_over = any(one.kind is E.ASSIGNED and not one.before for one in case.events)
    act = ActFacts(
        ticket=facts, events=case.events, actor=case.events[0].actor, taken_over=taken_over, **case.facts
    )  # fmt: skip
    found = [one for one in resolve(act, settings(**case.config)) if one.recipient.address == address]
    assert len(found) <= 1
    if not found:
        return "nothing"
    return f"`{found[0].kind.value}`" if isinstance(found[0], Told) else f"not: `{found[0].reason.value}`"


@pytest.mark.parametrize(("what", "to", "when", "wanted"), rows(), ids=[" · ".join(row[:3]) for row in rows()])
def test_a_line_of_the_manual_holds(what: str, to: str, when: str, wanted: str) -> None:
    for events in [EVENTS[what]] if what in EVENTS else [EVENTS[one.strip()] for one in what.split(",")]:
        usual, made = TO[to]
        case = made(Case(events))
        for phrase in map(str.strip, when.split(";")):
            case = WHEN[phrase](case)
        address = "support@acme.example" if "his address is ours" in when else usual
        assert outcome(case, address) == wanted


def test_the_lines_are_few_and_leave_nothing_out() -> None:
    """Every line of the table of events, every reason that an act can give, every phrase that is explained here."""
    table = rows()
    assert len(table) <= MOST
    assert len({row[:3] for row in table}) == len(table)
    phrases = {one.strip() for row in table for one in ([row[0]] if row[0] in EVENTS else row[0].split(","))}
    assert {one.kind for phrase in phrases for one in EVENTS[phrase]} >= set(TABLE) - NOT_IN_THE_TABLE_ABOVE
    assert {row[1] for row in table} == set(TO)
    assert {one.strip() for row in table for one in row[2].split(";")} == set(WHEN)
    reasons = {row[3].removeprefix("not: ").strip("`") for row in table if row[3].startswith("not: ")}
    # Those that come of waiting in the outbox, or of leaving the configuration.
    assert reasons == {reason.value for reason in Reason} - {"cancelled", "gone"}
