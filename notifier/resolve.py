"""Who is told of an act, who is not, and why.  Pure, and the only place that decides it.

Promises: one act gives at most one letter per person and address; internal notes and unconfirmed
senders are told to staff alone; nobody who opted out is written to unless the act is mandatory;
never our own addresses.  Everybody to whom the table gives a letter ends as Told or Withheld.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from domain.absence import StandIn, stand_in
from domain.decision import AddLetter, ChooseLetter, MandatoryLetters, Notify, SuppressLetters
from domain.event import Event, EventKind
from domain.letter import ActFacts, LetterKind, Reason, Recipient, Told, Withheld, is_by_rule
from domain.people import ContactAddress, ContactFacts, OrganizationFacts, address_key
from domain.settings import Notifications, Settings, Whose
from domain.ticket import WatcherFacts
from notifier.events_table import RANK, TABLE, Case, Off
from notifier.gate import gate, is_own, unwanted

E = EventKind
K = LetterKind


@dataclass(frozen=True, slots=True, kw_only=True)
class _Person:
    """Somebody whom an act may concern, in one column of the table; `because` says how.

    `whose` is whose the ticket is to an agent who is told for no other reason, None where there is one.
    `can_be_spared` says that others are there for the ticket while he is away, `stands_for` whose deputy he is.
    `notice` is the rule that names him, `mention` the event that does; he is told whatever he would be told otherwise.
    """

    recipient: Recipient
    column: str
    because: str
    whose: Whose | None = None
    can_be_spared: bool = False
    stands_for: str = ""
    notice: str = ""
    mention: Event | None = None
    contact: ContactFacts | None = None
    organization: OrganizationFacts | None = None


_Some = tuple[Told | Withheld, ...]
# What holds for whoever would be written to, and for a deputy as well.
_OF_THE_ACT = (Reason.QUIET, Reason.SUPPRESSED, Reason.SWITCHED_OFF, Reason.ACTOR, Reason.MACHINE)


def resolve(act: ActFacts, settings: Settings) -> tuple[Told | Withheld, ...]:
    """Everybody whom ACT concerns: who gets which letter, who does not, each with the reason."""
    outcomes: list[Told | Withheld] = []
    in_place: list[Told | Withheld] = []
    for person in (*_people(act, settings), *_notified(act, settings), *_mentioned(act, settings)):
        own, deputys = _outcomes(person, act, settings)
        outcomes += own
        in_place += deputys
    outcomes += [_of_refusal(event, act, settings) for event in act.events if event.kind is E.REFUSED]
    # A deputy who would be told anyway is told for his own sake.
    return _one_each(_missed((*outcomes, *in_place), act))


def _missed(outcomes: _Some, act: ActFacts) -> _Some:
    """OUTCOMES without those that nobody misses.

    What members of a group do without is worth a line only where otherwise nobody of staff knows of the act.
    """
    staff = (one for one in outcomes if one.recipient.is_staff)
    if act.actor.kind != "agent" and not any(isinstance(one, Told) for one in staff):
        return outcomes
    return tuple(one for one in outcomes if one.recipient.role != "group" or not _is_off(one))


def _is_off(outcome: Told | Withheld) -> bool:
    return isinstance(outcome, Withheld) and outcome.reason is Reason.SWITCHED_OFF


def _outcomes(person: _Person, act: ActFacts, settings: Settings) -> tuple[_Some, _Some]:
    """What becomes of PERSON's letter: his own outcome, and that of his deputy while he is away."""
    own = _outcome(person, act, settings)
    away = _away(person.recipient.agent, act, settings, is_mention=person.mention is not None)
    is_settled = _is_actor(person, act) or (isinstance(own, Withheld) and own.reason in _OF_THE_ACT)
    if own is None or away is None or is_settled:
        return (own,) if own else (), ()
    if person.whose in ("colleagues", "all"):
        # He only reads along: nobody has to do so in his place.
        return (), ()
    absent = Withheld(recipient=person.recipient, kind=own.kind, reason=Reason.ABSENT, because=away.words)
    if not away.agent and person.can_be_spared:
        return (absent,), ()
    if not away.agent:
        return (replace(own, because=f"{own.because}; {away.words}"),), ()
    deputy = _outcome(_deputy(person, away, settings), act, settings)
    if isinstance(deputy, Withheld) and deputy.reason is not Reason.ACTOR:
        return (own,), (deputy,)
    return (absent,), (deputy,) if deputy else ()


def _away(agent: str, act: ActFacts, settings: Settings, *, is_mention: bool = False) -> StandIn | None:
    """Who stands in for AGENT in this act; None where he is there.

    A deputy who is the customer here, or who mentions him himself, cannot: then nobody does.
    """
    away = stand_in(agent, act.absences, settings.agents)
    if away is None or not away.agent:
        return away
    why = _is_customer(away.agent, act, settings)
    if is_mention and act.actor.kind == "agent" and act.actor.key == away.agent:
        why = "but the note is his own"
    return StandIn("", f"{away.words}, {why}") if why else away


def _is_customer(agent: str, act: ActFacts, settings: Settings) -> str:
    """Why AGENT is the customer himself: the ticket or the mail is his own; '' where he is not."""
    key = address_key(settings.agents[agent].address) if agent in settings.agents else ""
    if not key:
        return ""
    if act.ticket.requester is not None and act.ticket.requester.has_address(key):
        return "but the ticket is his own"
    return "but the mail is his own" if act.sender_key == key and act.actor.kind != "agent" else ""


def _deputy(person: _Person, away: StandIn, settings: Settings) -> _Person:
    """Who stands in for PERSON, and gets what he would get."""
    instead = _agent(away.agent, settings, role="deputy", because=away.because).recipient
    return replace(person, recipient=instead, because=away.because, stands_for=person.recipient.agent)


def resolve_more(act: ActFacts, settings: Settings) -> tuple[Told | Withheld, ...]:
    """The further letters that rules want the customer to get, one for each template."""
    wanted = dict.fromkeys((wish.template, wish.because) for wish in act.wishes if isinstance(wish, AddLetter))
    customer = _customer(act, settings)
    return tuple(_one_more(customer, template, because, act, settings) for template, because in wanted)


def _one_more(customer: _Person, template: str, because: str, act: ActFacts, settings: Settings) -> Told | Withheld:
    refusal = _refusal(customer, K.ACKNOWLEDGEMENT, act) or _gated(customer, K.ACKNOWLEDGEMENT, act, settings)
    return refusal or Told(
        recipient=customer.recipient, kind=K.ACKNOWLEDGEMENT, events=act.events[:1], template=template,
        because=f"{customer.because}, one more letter: {template} ({because})", mandatory=_mandatory(customer, act),
    )  # fmt: skip


def _notified(act: ActFacts, settings: Settings) -> Iterator[_Person]:
    """The agents whom rules want to be told, each once."""
    seen: set[str] = set()
    for wish in act.wishes:
        if not isinstance(wish, Notify):
            continue
        members = [(member, group) for group in wish.groups for member in settings.groups.get(group, ())]
        for agent, group in (*((agent, "") for agent in wish.agents), *members):
            if agent not in seen:
                seen.add(agent)
                told = _agent(agent, settings, role="notified", because=f"notified by {wish.because}")
                yield replace(told, notice=wish.because, can_be_spared=_is_anybody_there(group, act, settings))


def _mentioned(act: ActFacts, settings: Settings) -> Iterator[_Person]:
    """The agents whom a note names, by themselves or with their group."""
    for event in act.events:
        if event.kind is not E.MENTIONED:
            continue
        because = f"mentioned by {event.actor}"
        if event.field == "agent":
            yield replace(_agent(event.after, settings, role="mention", because=because), mention=event)
            continue
        is_anybody_there = _is_anybody_there(event.after, act, settings, is_mention=True)
        for member in settings.groups.get(event.after, ()):
            told = _agent(member, settings, role="mention", because=f"{because}, as member of group {event.after}")
            yield replace(told, mention=event, can_be_spared=is_anybody_there)


def _of_name(person: _Person, act: ActFacts, settings: Settings) -> Told | Withheld:
    """The letter to an agent whom a rule or a note names, whatever he would be told otherwise."""
    kind = K.STAFF_NEW if any(event.kind is E.OPENED for event in act.events) else K.STAFF_CUSTOMER
    events = tuple(_told_once(act.events))
    if person.mention is not None:
        kind, events = K.STAFF_MENTION, (person.mention, *(one for one in events if one != person.mention))
    if act.quiet:
        return Withheld(recipient=person.recipient, kind=kind, reason=Reason.QUIET, because=act.quiet)
    if _is_actor(person, act) and not _switches(act, settings).tell_actor:
        return Withheld(recipient=person.recipient, kind=kind, reason=Reason.ACTOR, because="own act")
    told = Told(recipient=person.recipient, kind=kind, events=events, because=person.because)
    return gate(person.recipient, kind, mailbox=act.ticket.mailbox, settings=settings) or told


def _switches(act: ActFacts, settings: Settings) -> Notifications:
    """What is told of the tickets of this act's mailbox."""
    return settings.notifications_of(act.ticket.mailbox)


def _people(act: ActFacts, settings: Settings) -> Iterator[_Person]:
    yield _customer(act, settings)
    yield from (_in_copy(recipient, act, settings) for recipient in act.cc)
    yield from _assignees(act, settings)
    yield from (_watcher(watcher, settings) for watcher in act.ticket.watchers)
    yield from _readers(act, settings)


def _customer(act: ActFacts, settings: Settings) -> _Person:
    contact, organization = act.ticket.requester, act.ticket.organization
    if contact is not None:
        return _contact(contact, settings, role="requester", column="customer")
    if organization is None or not organization.address:
        return _Person(recipient=Recipient(role="requester"), column="customer", because="requester")
    recipient = Recipient(
        role="organization",
        address=organization.address,
        name=organization.name,
        language=organization.language or settings.helpdesk.language,
    )
    because = f"organization {organization.name}"
    return _Person(recipient=recipient, column="customer", because=because, organization=organization)


def _contact(contact: ContactFacts, settings: Settings, *, role: str, column: str) -> _Person:
    address = _reachable(contact, settings)
    organization = contact.organization
    language = contact.language or (organization.language if organization else "")
    recipient = Recipient(
        role=role,
        address=address.address if address else "",
        name=contact.name,
        language=language or settings.helpdesk.language,
        contact=contact.id,
    )
    return _Person(recipient=recipient, column=column, because=role, contact=contact)


def _reachable(contact: ContactFacts, settings: Settings) -> ContactAddress | None:
    """The primary address, or another one where that is dead or ours; the primary one if all are."""
    primary = contact.primary
    if primary is None:
        return None
    in_order = (primary, *contact.addresses)
    return next((a for a in in_order if not a.undeliverable and not is_own(a.address, settings)), primary)


def _in_copy(recipient: Recipient, act: ActFacts, settings: Settings) -> _Person:
    agent = recipient.agent or settings.agent_of(recipient.address)
    if agent in settings.agents:
        return _agent(agent, settings, role="cc", because="in copy")
    contact = _known_contact(recipient, act)
    language = recipient.language or (contact.language if contact else "") or settings.helpdesk.language
    named = Recipient(
        role="cc",
        address=recipient.address,
        name=recipient.name or (contact.name if contact else ""),
        language=language,
        contact=contact.id if contact else None,
    )
    return _Person(recipient=named, column="cc", because="in copy", contact=contact)


def _known_contact(recipient: Recipient, act: ActFacts) -> ContactFacts | None:
    watching = (watcher.contact for watcher in act.ticket.watchers)
    known = [c for c in (act.ticket.requester, *watching, *act.contacts) if c is not None]
    key = address_key(recipient.address)
    return next((contact for contact in known if contact.has_address(key)), None)


def _assignees(act: ActFacts, settings: Settings) -> Iterator[_Person]:
    """Who is in charge.  A ticket whose agent is away without a deputy is, for the time being, its group's too."""
    agent, away = act.ticket.agent, _away(act.ticket.agent, act, settings)
    if agent in settings.agents:
        yield _agent(agent, settings, role="agent", because="assignee", whose="mine")
        if away is None or away.agent:
            return
    group = _group(act, settings)
    members = [member for member in settings.groups.get(group, ()) if member != agent]
    is_anybody_there = _is_anybody_there(group, act, settings)
    if not is_anybody_there and agent in settings.agents:
        return
    because = f"member of group {group}{f', {away.because}' if away else ''}"
    for member in members:
        told = _agent(member, settings, role="group", because=because, whose="groups")
        yield replace(told, can_be_spared=is_anybody_there)


def _is_anybody_there(group: str, act: ActFacts, settings: Settings, *, is_mention: bool = False) -> bool:
    """One of GROUP who is not the customer himself is there, or somebody stands in for him."""
    staff = (member for member in settings.groups.get(group, ()) if not _is_customer(member, act, settings))
    found = (_away(member, act, settings, is_mention=is_mention) for member in staff)
    return any(away is None or away.agent for away in found)


def _group(act: ActFacts, settings: Settings) -> str:
    """The ticket's group; the mailbox's where that is gone from the configuration."""
    mailbox = settings.mailboxes.get(act.ticket.mailbox)
    if act.ticket.group in settings.groups or mailbox is None:
        return act.ticket.group
    return mailbox.group


def _readers(act: ActFacts, settings: Settings) -> Iterator[_Person]:
    """The agents who want to hear of tickets that a colleague has, or of all."""
    group, mailbox = _group(act, settings), act.ticket.mailbox
    members = settings.groups.get(group, ()) if act.ticket.agent in settings.agents else ()
    for agent in members:
        if agent != act.ticket.agent and settings.staff_letters(agent, "colleagues", mailbox=mailbox)[0]:
            because = f"member of group {group}, hears of colleagues' tickets"
            yield _agent(agent, settings, role="colleague", because=because, whose="colleagues")
    for agent in settings.agents:
        if settings.staff_letters(agent, "all", mailbox=mailbox)[0]:
            yield _agent(agent, settings, role="reader", because="hears of all tickets", whose="all")


def _watcher(watcher: WatcherFacts, settings: Settings) -> _Person:
    if watcher.contact is not None:
        return _contact(watcher.contact, settings, role="watcher", column="watching_customer")
    return _agent(watcher.agent, settings, role="watcher", because="watcher")


def _agent(key: str, settings: Settings, *, role: str, because: str, whose: Whose | None = None) -> _Person:
    agent = settings.agents.get(key)
    recipient = Recipient(
        role=role,
        address=agent.address if agent else "",
        name=agent.name if agent else key,
        language=(agent.language if agent else None) or settings.helpdesk.language,
        agent=key,
    )
    column = "assignee" if whose else "watching_agent"
    return _Person(recipient=recipient, column=column, because=because, whose=whose)


def _outcome(person: _Person, act: ActFacts, settings: Settings) -> Told | Withheld | None:
    if person.notice or person.mention is not None:
        return _of_name(person, act, settings)
    due, off = _due(person, act, settings)
    if not due:
        return _worth_saying(person, act, off, settings)
    kind, by_rule = due[0][1], is_by_rule((due[0][0],))
    refusal = _refusal(person, kind, act, by_rule=by_rule) or _gated(person, kind, act, settings, by_rule=by_rule)
    if refusal is not None:
        return refusal
    if _is_actor(person, act) and person.recipient.is_staff and not _switches(act, settings).tell_actor:
        return Withheld(recipient=person.recipient, kind=kind, reason=Reason.ACTOR, because="own act")
    template, why = _chosen(person, kind, act)
    return Told(
        recipient=person.recipient,
        kind=kind,
        events=_lines(person, due, act),
        because=_because(person, kind, act, settings) + why,
        mandatory=_mandatory(person, act),
        template=template,
    )


def _gated(
    person: _Person, kind: LetterKind, act: ActFacts, settings: Settings, *, by_rule: bool = False
) -> Withheld | None:
    key = address_key(person.recipient.address)
    return gate(
        person.recipient,
        kind,
        mailbox=act.ticket.mailbox,
        contact=person.contact,
        organization=person.organization,
        mute=act.ticket.mute_of(person.recipient.contact),
        settings=settings,
        mandatory=_mandatory(person, act),
        undeliverable=person.contact is None and key in act.dead,
        recent=act.recent.get(key, 0),
        recent_domain=act.recent_domains.get(key.rpartition("@")[2], 0),
        recent_here=act.recent_here,
        recent_answers=act.recent_answers if key == act.sender_key else 0,
        by_rule=by_rule,
    )


def _mandatory(person: _Person, act: ActFacts) -> bool:
    """Opt-outs are lifted for this person: by whoever acts, or by a rule for the customer."""
    return not person.recipient.is_staff and (act.mandatory or bool(_mandatory_by(person, act)))


def _mandatory_by(person: _Person, act: ActFacts) -> str:
    """The rule that lifts the customer's opt-out, '' if none does."""
    wishes = (wish.because for wish in act.wishes if isinstance(wish, MandatoryLetters))
    return next(wishes, "") if person.column == "customer" else ""


def _chosen(person: _Person, kind: LetterKind, act: ActFacts) -> tuple[str, str]:
    """The template that a rule chose for the customer's letter, or his support that is over, and how that is told."""
    wishes = [wish for wish in act.wishes if isinstance(wish, ChooseLetter)]
    if person.column != "customer":
        return "", ""
    if not wishes:
        over = act.support_over if kind in (K.ACKNOWLEDGEMENT, K.NOTICE) else ""
        return (K.SUPPORT_OVER.value, f", with template {K.SUPPORT_OVER.value} ({over})") if over else ("", "")
    return wishes[-1].template, f", with template {wishes[-1].template} ({wishes[-1].because})"


def _suppressed(person: _Person, kind: LetterKind, act: ActFacts) -> str:
    """The rule that wants no such letter, '' if none does."""
    for wish in act.wishes:
        if isinstance(wish, SuppressLetters):
            if wish.kinds and kind in wish.kinds:
                return f"{wish.because} wants no {kind.value}"
            if not wish.kinds and not person.recipient.is_staff:
                return f"{wish.because} wants no letter to customers"
    return ""


def _of_refusal(event: Event, act: ActFacts, settings: Settings) -> Told | Withheld:
    """The letter to whoever wanted by mail what could not be: the one act of his own that he is told of."""
    recipient = _agent(event.actor.key, settings, role="actor", because="").recipient
    if act.quiet:
        return Withheld(recipient=recipient, kind=K.STAFF_REFUSED, reason=Reason.QUIET, because=act.quiet)
    events = (event, *(other for other in act.events if other != event))
    told = Told(recipient=recipient, kind=K.STAFF_REFUSED, events=events, because="his mail could not be done")
    return gate(recipient, K.STAFF_REFUSED, mailbox=act.ticket.mailbox, settings=settings) or told


def _due(person: _Person, act: ActFacts, settings: Settings) -> tuple[list[tuple[Event, LetterKind]], list[Off]]:
    """The events that the table tells this person of, the strongest first, and those it leaves out."""
    due: list[tuple[Event, LetterKind]] = []
    off: list[Off] = []
    for event in _told_once(act.events):
        own = _is_actor(person, act) and event.actor.kind != "rule"
        cell = getattr(TABLE[event.kind], person.column) if event.kind in TABLE else None
        if own and not _may_hear_of_own(person, event, settings):
            continue
        verdict = cell(Case(event=event, act=act, settings=settings, own=own)) if callable(cell) else cell
        if isinstance(verdict, LetterKind):
            verdict = _if_wanted(person, verdict, act, settings)
        if isinstance(verdict, Off):
            # That his mail opened a ticket is an answer to the customer, which he may miss.
            off += [verdict] if not own or event.kind is E.OPENED or person.recipient.is_staff else []
        elif verdict is not None:
            due.append((event, verdict))
    return sorted(due, key=lambda pair: RANK[pair[1]]), off


def _if_wanted(person: _Person, kind: LetterKind, act: ActFacts, settings: Settings) -> LetterKind | Off:
    """KIND, unless this agent does without such letters about such tickets."""
    if person.whose is None or not kind.word:
        return kind
    agent = person.stands_for or person.recipient.agent
    wanted, where = settings.staff_letters(agent, person.whose, mailbox=act.ticket.mailbox)
    return kind if kind.word in wanted else Off(kind, Reason.SWITCHED_OFF, f"{where} leaves out {kind.word}")


def _told_once(events: tuple[Event, ...]) -> Iterator[Event]:
    """The events without the mail that opened the ticket: opening it already says so."""
    opened = any(event.kind is E.OPENED for event in events)
    return (event for event in events if not (opened and event.kind is E.CUSTOMER_WROTE))


def _may_hear_of_own(person: _Person, event: Event, settings: Settings) -> bool:
    """Staff's own acts are withheld with a reason, later; a customer gets answers, not his own news."""
    if person.recipient.is_staff or settings.notifications.tell_actor:
        return True
    return person.column == "customer" and event.kind in (E.OPENED, E.CUSTOMER_WROTE)


def _worth_saying(person: _Person, act: ActFacts, off: list[Off], settings: Settings) -> Withheld | None:
    """The switched-off letter that somebody could have expected; most of them nobody does."""
    by_agent, answers = act.actor.kind == "agent", (K.COPY, K.ACKNOWLEDGEMENT)
    expected = [o for o in off if o.reason is Reason.NOT_PUBLIC or o.kind in answers or by_agent]
    if person.whose in ("mine", "groups"):
        expected = off
    elif person.column != "customer":
        expected = []
    if not expected:
        return None
    first = min(expected, key=lambda o: RANK[o.kind])
    if person.recipient.is_staff and _is_actor(person, act) and not _switches(act, settings).tell_actor:
        return Withheld(recipient=person.recipient, kind=first.kind, reason=Reason.ACTOR, because="own act")
    return Withheld(recipient=person.recipient, kind=first.kind, reason=first.reason, because=first.because)


def _refusal(person: _Person, kind: LetterKind, act: ActFacts, *, by_rule: bool = False) -> Withheld | None:
    """What speaks against the letter in the act itself, before anybody's wishes are asked."""
    recipient = person.recipient
    if act.quiet:
        return Withheld(recipient=recipient, kind=kind, reason=Reason.QUIET, because=act.quiet)
    if act.silent_customer and not recipient.is_staff:
        return Withheld(recipient=recipient, kind=kind, reason=Reason.SUPPRESSED, because=act.silent_customer)
    suppressed = _suppressed(person, kind, act)
    if suppressed:
        return Withheld(recipient=recipient, kind=kind, reason=Reason.SUPPRESSED, because=suppressed)
    if act.doubt and (kind is K.ACKNOWLEDGEMENT or (by_rule and not recipient.is_staff)):
        return Withheld(recipient=recipient, kind=kind, reason=Reason.MACHINE, because=act.doubt)
    if act.machine and _is_actor(person, act):
        return Withheld(recipient=recipient, kind=kind, reason=Reason.MACHINE, because="a machine wrote this mail")
    return None


def _is_actor(person: _Person, act: ActFacts) -> bool:
    recipient, actor = person.recipient, act.actor
    if recipient.agent and actor.kind == "agent" and actor.key == recipient.agent:
        return True
    if recipient.contact is not None and actor.kind == "contact" and actor.key == str(recipient.contact):
        return True
    if not act.sender_key:
        return False
    by_contact = person.contact is not None and person.contact.has_address(act.sender_key)
    return by_contact or address_key(recipient.address) == act.sender_key


def _lines(person: _Person, due: list[tuple[Event, LetterKind]], act: ActFacts) -> tuple[Event, ...]:
    """What the letter speaks of: for staff the whole act, for customers only what the table gives them."""
    told = tuple(event for event, _ in due)
    if not person.recipient.is_staff:
        return told
    return told + tuple(event for event in _told_once(act.events) if event not in told)


def _because(person: _Person, kind: LetterKind, act: ActFacts, settings: Settings) -> str:
    because = person.because if person.recipient.is_staff else f"{person.because}, {kind.value}"
    mute = act.ticket.mute_of(person.recipient.contact)
    wish = unwanted(person.contact, person.organization, mute, settings, mailbox=act.ticket.mailbox, kind=kind)
    if wish is None or not _mandatory(person, act):
        return because
    by = _mandatory_by(person, act)
    return f"{because}; mandatory{f' by {by}' if by else ''}, although {wish[1]}"


def _one_each(outcomes: Iterable[Told | Withheld]) -> tuple[Told | Withheld, ...]:
    """One outcome a person and address: the strongest letter, a refusal only where there is no letter."""
    in_order = list(outcomes)
    taken: set[object] = set()
    kept: list[int] = []
    strongest = sorted(range(len(in_order)), key=lambda i: (isinstance(in_order[i], Withheld), RANK[in_order[i].kind]))
    for index in strongest:
        identity = _identity(in_order[index].recipient)
        if taken.isdisjoint(identity):
            kept.append(index)
            taken |= identity
    return tuple(in_order[index] for index in sorted(kept))


def same_person(recipient: Recipient, other: Recipient) -> bool:
    """Two recipients are one person, who gets one letter an act."""
    return not _identity(recipient).isdisjoint(_identity(other))


def _identity(recipient: Recipient) -> set[object]:
    """Everything by which two recipients are the same person."""
    names: set[object] = set()
    if recipient.address:
        names.add(address_key(recipient.address))
    if recipient.contact is not None:
        names.add(("contact", recipient.contact))
    if recipient.agent:
        names.add(("agent", recipient.agent))
    return names or {recipient.role}
