"""What the rules decided, as it can be carried out: tickets looked up, turns taken, people known.

`decide()` says what shall be; here it meets the database: who is next in turn, which ticket is meant by a
key, whether two tickets can become one, whether anybody may get a mail that is passed on.  What cannot be is
left out with a remark, and a mail that would be lost by that makes a ticket instead.  `helpdesk explain` and
the desk itself go through this one place; nothing is written here but contacts, by CONTACT_OF.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from desk.changes import Refused
from desk.desk import Desk
from desk.due_times import NO_TIME
from desk.finders import SAME_TEXT
from desk.merge import Merging, merging
from desk.today import absent
from desk.turned_away import Answer, forwarded, nobody_gets_it, rejected, went_through_us
from domain.absence import Absence, stand_in
from domain.decision import (
    Assign,
    AssignBy,
    Create,
    Decision,
    FileIn,
    FinderVerdict,
    Forward,
    Found,
    Ignore,
    LinkContact,
    LinkOrganization,
    MailFacts,
    MergeInto,
    Modifier,
    Reject,
    SetField,
    Update,
    Verdict,
    Watch,
)
from domain.due import parse_due
from domain.event import Actor
from domain.people import Address, ContactFacts, OrganizationFacts, address_key
from domain.ticket import Phase, TicketFacts
from notifier.gate import is_own
from store.store import View

BY_RULE = "rule"
RULE = Actor("rule")
ContactOf = Callable[[Address], ContactFacts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A decision that can be carried out, and what it takes.

    `found` is the ticket that the mail goes onto, `merging` what becomes one with it before.  `turns` says whose
    turn it was in which group, `people` holds the contacts behind the addresses that rules name, by their keys,
    `company` the organization that a rule names.  `answer` is set for a mail that makes no ticket.
    """

    decision: Decision
    found: Found
    answer: Answer | None = None
    merging: Merging | None = None
    turns: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, ContactFacts] = field(default_factory=dict)
    company: OrganizationFacts | None = None

    @property
    def file_in(self) -> str:
        """The folder that a rule wants the mail in, '' for none."""
        return next((one.folder for one in self.decision.modifiers if isinstance(one, FileIn)), "")


@dataclass(slots=True, kw_only=True)
class _Table:
    """The work on one decision: what is known by now."""

    desk: Desk
    view: View
    facts: MailFacts
    contact: ContactFacts | None
    contact_of: ContactOf
    quiet: str
    now: datetime
    remarks: list[str] = field(default_factory=list)
    turns: dict[str, str] = field(default_factory=dict)
    people: dict[str, ContactFacts] = field(default_factory=dict)
    company: OrganizationFacts | None = None
    absences: Mapping[str, Absence] = field(default_factory=dict)


def settle(
    desk: Desk, view: View, facts: MailFacts, decision: Decision, *, contact: ContactFacts | None,
    contact_of: ContactOf, quiet: str, now: datetime, is_act: bool, lock: bool = True,
) -> Settled:  # fmt: skip
    """DECISION as it can be carried out.

    CONTACT is who wrote; IS_ACT says that an agent acts by the mail, QUIET why nobody is told of it.
    """
    by_file = tuple(one for one in decision.modifiers if isinstance(one, FileIn))
    match decision.disposition:
        case Ignore():
            return Settled(decision=decision, found=facts.found)
        case Reject() as reject:
            answer = rejected(desk, view, reject, facts, quiet=quiet, contact=contact, now=now)
            return Settled(decision=decision, found=facts.found, answer=answer)
        case Forward() as forward:
            answer = forwarded(desk, view, forward, facts, quiet=quiet, now=now)
            if answer.letters:
                return Settled(decision=decision, found=facts.found, answer=answer)
            decision = replace(_not_forwarded(desk, facts, decision, answer), modifiers=by_file)
    assigns = any(isinstance(one, Assign | AssignBy) for one in decision.modifiers)
    table = _Table(
        desk=desk, view=view, facts=facts, contact=contact, contact_of=contact_of, quiet=quiet, now=now,
        absences=absent(desk, view, now) if assigns else {},
    )  # fmt: skip
    found, merged, decision = _ticket(table, decision, now=now, is_act=is_act, lock=lock)
    modifiers = tuple(_resolved(table, decision.modifiers, found))
    decision = replace(decision, modifiers=modifiers, remarks=(*decision.remarks, *table.remarks))
    return Settled(
        decision=decision, found=found, merging=merged, turns=table.turns, people=table.people, company=table.company
    )


def _not_forwarded(desk: Desk, facts: MailFacts, decision: Decision, answer: Answer) -> Decision:
    """What becomes of a mail that nobody may get: it must not be lost, unless it is ours already."""
    because = decision.disposition.because
    by = went_through_us(desk, facts.message)
    if by:
        return replace(decision, disposition=Ignore(because=f"{because} would pass it on; {by} has done so before"))
    why = f"{because} would pass it on, but nobody may get it: {nobody_gets_it(answer)}"
    ticket = facts.found.ticket
    kept = Update(ticket=ticket.number, because=why) if ticket is not None else Create(because=why)
    return replace(decision, disposition=kept)


def _ticket(
    table: _Table, decision: Decision, *, now: datetime, is_act: bool, lock: bool
) -> tuple[Found, Merging | None, Decision]:
    """The ticket that the mail goes onto, and what is merged into it."""
    found = table.facts.found
    match decision.disposition:
        case Update(ticket=number, because=because) if found.ticket is None or found.ticket.number != number:
            return _named(found, table.view.tickets.facts(number, lock=lock), because), None, decision
        case MergeInto(into=into, because=because) if found.ticket is not None:
            target = table.view.tickets.facts(into, lock=lock)
            try:
                _may_merge(table, found, is_act=is_act)
                what = merging(table.desk, found.ticket, target, actor=RULE, now=now, because=because)
            except Refused as refused:
                table.remarks.append(f"{because}: not merged, {refused}")
                kept = Update(ticket=found.ticket.number, because=because)
                return found, None, replace(decision, disposition=kept)
            return _named(found, what.target_after, because), what, decision
    return found, None, decision


def _named(found: Found, ticket: TicketFacts, because: str) -> Found:
    """FOUND, after a rule named another ticket."""
    step = FinderVerdict(finder=BY_RULE, verdict=Verdict.TICKET, ticket=ticket.number, because=because)
    return Found(walk=(*found.walk, step), verdict=Verdict.TICKET, ticket=ticket)


def _may_merge(table: _Table, found: Found, *, is_act: bool) -> None:
    """Raises Refused where whoever wrote cannot have tickets merged."""
    if found.walk[-1].finder == SAME_TEXT:
        raise Refused("the same text came before")
    if found.verdict is Verdict.UNCONFIRMED:
        raise Refused("the sender is not confirmed")
    sender = table.facts.message.sender
    if is_act or (sender is not None and table.desk.settings.agent_of(sender.address)):
        raise Refused("an agent wrote, who can do it himself: helpdesk merge")


def _resolved(table: _Table, modifiers: tuple[Modifier, ...], found: Found) -> Iterator[Modifier]:
    """MODIFIERS with names in the place of intents; those that come to nothing are left out with a remark."""
    # Whoever looks after an organization is known once it is known which one it is.
    first = [one for one in modifiers if not isinstance(one, AssignBy)]
    kept: dict[int, Modifier | None] = {id(one): _known(table, one) for one in first}
    for one in modifiers:
        modifier = _assigned(table, one, found) if isinstance(one, AssignBy) else kept[id(one)]
        if modifier is not None:
            yield modifier


def _known(table: _Table, modifier: Modifier) -> Modifier | None:
    match modifier:
        case Assign(agent=agent, because=because) if agent in table.absences:
            there, why = _there(table, agent)
            return replace(modifier, agent=there or agent, because=f"{because} · {why}")
        case LinkContact(address=address, because=because):
            return modifier if _person(table, address, because) else None
        case LinkOrganization(name=name, because=because):
            table.company = table.view.people.organization_named(name) or table.view.people.organization_of(name)
            if table.company is None:
                table.remarks.append(f"{because}: organization is left as it is, there is none called {name!r}")
            return modifier if table.company else None
        case Watch(addresses=addresses, because=because):
            return replace(modifier, addresses=tuple(one for one in addresses if _person(table, one, because)))
        case SetField(field="due"):
            return _due(table, modifier)
        case SetField(field=name, value=value, because=because) if name.startswith("fields."):
            return _own_field(table, name.removeprefix("fields."), value, because)
    return modifier


def _person(table: _Table, address: str, because: str) -> bool:
    """ADDRESS is somebody's; its contact is known now."""
    if is_own(address, table.desk.settings):
        table.remarks.append(f"{because}: {address} is our own address, and nobody's")
        return False
    table.people[address_key(address)] = table.contact_of(Address.parse(address))
    return True


def _due(table: _Table, modifier: SetField) -> Modifier | None:
    """The due time as a moment: what a rule says counts from the mail's arrival."""
    arrived = table.facts.moment or table.now
    try:
        due_at = parse_due(modifier.value, now=arrived, zone=table.desk.settings.helpdesk.zone)
    except ValueError as bad:
        table.remarks.append(f"{modifier.because}: due is left as it is, {bad}")
        return None
    if due_at is not None and due_at <= table.now and table.quiet:
        table.remarks.append(f"{modifier.because}: due is left as it is, nobody is told of this mail: {table.quiet}")
        return None
    return replace(modifier, value=due_at.isoformat() if due_at else NO_TIME)


def _own_field(table: _Table, key: str, value: str, because: str) -> Modifier | None:
    known = table.desk.settings.tickets.fields.get(key)
    if known is None:
        table.remarks.append(f"{because}: there is no field {key!r} in tickets.fields any more")
        return None
    try:
        return SetField(field=f"fields.{key}", value=known.value(value), because=because)
    except ValueError as bad:
        table.remarks.append(f"{because}: fields.{key} is left as it is, {bad}")
        return None


def _assigned(table: _Table, modifier: AssignBy, found: Found) -> Modifier | None:
    because, group = modifier.because, modifier.group
    match modifier.how:
        case "by_organization":
            return _by_organization(table, because, found)
        case "round_robin":
            agent, why = _next_in_turn(table, group)
        case "least_loaded":
            agent, why = _least_loaded(table, group)
    return Assign(agent=agent, group=group, because=f"{because} · {why}")


def _next_in_turn(table: _Table, group: str) -> tuple[str, str]:
    """Who of GROUP comes after the one who was last.  Whoever is away is passed over, unless he has a deputy."""
    members = table.desk.settings.groups.get(group, ())
    if not members:
        return "", f"nobody is in {group}"
    last = table.view.tickets.last_in_turn(group)
    first = (members.index(last) + 1) % len(members) if last in members else 0
    in_turn = (*members[first:], *members[:first])
    agent = next((one for one in in_turn if _there(table, one)[0]), "")
    if not agent:
        return "", _nobody_there(table, group)
    table.turns[group] = agent
    there, why = _there(table, agent)
    after = f" after {last}" if last else ", the first"
    return there, f"round robin in {group}: {agent}{after}{f', {why}' if why else ''}"


def _least_loaded(table: _Table, group: str) -> tuple[str, str]:
    """Who of GROUP, or of its deputies, has the fewest unfinished tickets; of several the first in config.yaml."""
    members = table.desk.settings.groups.get(group, ())
    if not members:
        return "", f"nobody is in {group}"
    reasons = {there: why for there, why in (_there(table, one) for one in members) if there}
    if not reasons:
        return "", _nobody_there(table, group)
    statuses = table.desk.settings.tickets.statuses
    unfinished = [key for key, status in statuses.items() if status.phase in (Phase.OPEN, Phase.PENDING)]
    loads = table.view.tickets.loads(tuple(reasons), statuses=unfinished)
    agent = min(reasons, key=lambda one: loads[one])
    others = ", ".join(f"{one} {loads[one]}" for one in reasons if one != agent)
    why = f"least loaded in {group}: {agent} with {loads[agent]}{f' ({others})' if others else ''}"
    return agent, f"{why}, {reasons[agent]}" if agent not in members and reasons[agent] else why


def _there(table: _Table, agent: str) -> tuple[str, str]:
    """AGENT, or who stands in for him while he is away, '' where nobody does; and how that is told."""
    away = stand_in(agent, table.absences, table.desk.settings.agents)
    return (agent, "") if away is None else (away.agent, away.words)


def _nobody_there(table: _Table, group: str) -> str:
    members = table.desk.settings.groups[group]
    return f"nobody in {group} is there: {'; '.join(_there(table, one)[1] for one in members)}"


def _by_organization(table: _Table, because: str, found: Found) -> Modifier | None:
    company = _organization(table, found)
    if company is None or company.agent not in table.desk.settings.agents:
        whose = f"nobody looks after {company.name}" if company else "the sender has no organization"
        table.remarks.append(f"{because}: nobody is assigned, {whose}")
        return None
    there, why = _there(table, company.agent)
    because = f"{because} · {company.agent} looks after {company.name}{f', {why}' if why else ''}"
    return Assign(agent=there or company.agent, because=because)


def _organization(table: _Table, found: Found) -> OrganizationFacts | None:
    """Whose ticket it will be: the organization that a rule names, the ticket's, or the sender's."""
    if table.company is not None:
        return table.company
    if found.ticket is not None and found.ticket.organization is not None:
        return found.ticket.organization
    if table.contact is not None:
        return table.contact.organization
    sender = table.facts.message.sender
    return table.view.people.organization_of(sender.domain) if sender else None
