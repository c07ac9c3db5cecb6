"""What holds for every act whatever, for every wish and every configuration."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st

from domain.absence import Absence, stand_in
from domain.event import Actor, Event, EventKind
from domain.letter import ActFacts, LetterKind, Reason, Recipient, Told, Withheld
from domain.people import ContactAddress, ContactFacts, OrganizationFacts, address_key
from domain.settings import STAFF_WORDS, Settings, Whose
from domain.ticket import Mute, TicketFacts, WatcherFacts
from notifier.events_table import TABLE
from notifier.gate import is_own
from notifier.resolve import resolve
from tests.notifier.people import NOON, settings, ticket

INTERNAL = {
    *(EventKind.NOTE, EventKind.UNCONFIRMED, EventKind.TAGGED, EventKind.UNTAGGED, EventKind.LINKED),
    *(EventKind.VENDOR_WROTE, EventKind.EXTERNAL_ID, EventKind.UNDELIVERABLE, EventKind.OPTED_OUT),
    *(EventKind.OPTED_IN, EventKind.UNSENT, EventKind.DUE, EventKind.DUE_SOON, EventKind.OVERDUE),
    EventKind.MENTIONED,
}

# Few addresses, so that people share them with each other, with staff and with our mailboxes.
ADDRESSES = [
    *("a@x.example", "A@X.example", "b@x.example", "c@y.example", "d@y.example"),
    *("support@acme.example", "help+x.y@acme.example", "ada@acme.example", "bert@acme.example", "not an address"),
]
WHOSE: tuple[Whose, ...] = ("mine", "groups", "colleagues", "all")
AGENTS = ["", "ada", "bert", "cleo", "gone"]

addresses = st.builds(ContactAddress, address=st.sampled_from(ADDRESSES), primary=..., undeliverable=...)
organizations = st.builds(
    OrganizationFacts,
    id=st.just(7),
    name=st.just("BigCorp"),
    address=st.sampled_from(["", "it@x.example", "support@acme.example"]),
    email_opt_out=st.booleans(),
    undeliverable=st.booleans(),
)
contacts = st.builds(
    ContactFacts,
    id=st.integers(1, 4),
    name=st.sampled_from(["", "Jäger", "Weiß"]),
    addresses=st.lists(addresses, max_size=3).map(tuple),
    language=st.sampled_from(["", "de", "en", "fr"]),
    email_opt_out=st.booleans(),
    portal_user=st.booleans(),
    opted_out_at=st.none(),
    opted_out_how=st.just(""),
    support_start=st.none(),
    support_end=st.none(),
    organization=st.none() | organizations,
)
watchers = st.builds(WatcherFacts, contact=contacts) | st.builds(WatcherFacts, agent=st.sampled_from(AGENTS[1:]))
actors = st.sampled_from(
    [Actor("agent", "ada"), Actor("agent", "bert"), Actor("contact", "1"), Actor("rule", "r"), Actor("desk")]
)
events = st.builds(
    Event,
    kind=st.sampled_from(EventKind),
    actor=actors,
    field=st.sampled_from(["", "agent", "group", "priority", "into", "from"]),
    before=st.just(""),
    after=st.sampled_from(["", "open", "waiting", "solved", "closed", "ada", "cleo", "service"]),
    entry=st.none(),
    because=st.just(""),
)
tickets = st.builds(
    ticket,
    requester=st.none() | contacts,
    organization=st.none() | organizations,
    agent=st.sampled_from(AGENTS),
    group=st.sampled_from(["", "service", "network", "gone"]),
    watchers=st.lists(watchers, max_size=4).map(tuple),
    mutes=st.lists(
        st.builds(Mute, contact=st.integers(1, 4), at=st.just(NOON), how=st.just("by mail")), max_size=2
    ).map(tuple),
)
DEPUTIES = ["", "ada", "bert", "cleo", "gone"]
absences = st.dictionaries(st.sampled_from(AGENTS[1:]), st.sampled_from(DEPUTIES), max_size=3).map(
    lambda away: {
        agent: Absence(agent=agent, first=NOON.date(), last=NOON.date(), deputy=deputy)
        for agent, deputy in away.items()
        if agent != deputy
    }
)
acts = st.builds(
    ActFacts,
    ticket=tickets,
    events=st.lists(events, min_size=1, max_size=4).map(tuple),
    actor=actors,
    sender_key=st.sampled_from(["", *map(address_key, ADDRESSES[:4]), "bert@acme.example"]),
    machine=st.booleans(),
    quiet=st.sampled_from(["", "", "", "history"]),
    doubt=st.sampled_from(["", "", "perhaps a machine"]),
    mandatory=st.booleans(),
    silent_customer=st.sampled_from(["", "", "", "rule x"]),
    taken_over=st.booleans(),
    cc=st.lists(
        st.builds(
            Recipient,
            role=st.just("cc"),
            address=st.sampled_from(ADDRESSES),
            name=st.just(""),
            language=st.just(""),
            contact=st.none(),
            agent=st.just(""),
        ),
        max_size=2,
    ).map(tuple),
    contacts=st.lists(contacts, max_size=2).map(tuple),
    dead=st.frozensets(st.sampled_from([address_key(a) for a in ADDRESSES[:5]]), max_size=2),
    recent=st.dictionaries(st.sampled_from([address_key(a) for a in ADDRESSES]), st.integers(0, 20), max_size=4),
    recent_domains=st.dictionaries(st.sampled_from(["x.example", "y.example"]), st.integers(190, 210), max_size=2),
    recent_here=st.sampled_from([0, 0, 0, 99, 100]),
    recent_answers=st.integers(0, 3),
    absences=st.just({}) | absences,
)
switches: Mapping[str, st.SearchStrategy[bool]] = {
    name: st.booleans()
    for name in (
        *("ticket_mails", "tell_actor", "on_reassignment"),
        *("on_customer_mail", "on_field_change", "watchers_on_field_change"),
    )
}
words = st.sampled_from(["everything", "nothing"]) | st.lists(st.sampled_from(STAFF_WORDS), max_size=4)
staff_letters = st.fixed_dictionaries({}, optional=dict.fromkeys(WHOSE, words))
configurations = st.fixed_dictionaries(
    {},
    optional={
        **switches,
        "acknowledgement": st.booleans(),
        "staff": staff_letters,
        "letters": st.dictionaries(st.sampled_from(AGENTS[1:4]), staff_letters, max_size=3),
        "support": st.fixed_dictionaries({}, optional={**switches, "staff": staff_letters}),
    },
).map(lambda chosen: settings(**chosen))
quick = tries(max_examples=150, deadline=None)


def told(act: ActFacts, configured: Settings) -> list[Told]:
    return [one for one in resolve(act, configured) if isinstance(one, Told)]


def known_contacts(facts: TicketFacts, act: ActFacts) -> list[ContactFacts]:
    watching = [watcher.contact for watcher in facts.watchers]
    return [one for one in (facts.requester, *watching, *act.contacts) if one is not None]


@quick
@given(acts, configurations)
def test_at_most_one_letter_an_address_and_a_person(act: ActFacts, configured: Settings) -> None:
    recipients = [one.recipient for one in told(act, configured)]
    for names in (
        [address_key(one.address) for one in recipients],
        [one.contact for one in recipients if one.contact is not None],
        [one.agent for one in recipients if one.agent],
    ):
        assert not [name for name, count in Counter(names).items() if count > 1]


@quick
@given(acts, configurations)
def test_nobody_who_opted_out_is_told_unless_the_act_is_mandatory(act: ActFacts, configured: Settings) -> None:
    for one in told(act, configured):
        if one.recipient.is_staff:
            continue
        facts = [c for c in known_contacts(act.ticket, act) if c.id == one.recipient.contact]
        organization = act.ticket.organization
        if one.recipient.role == "organization" and organization is not None and organization.email_opt_out:
            assert one.mandatory
        # One contact may appear with several wishes here; none of them may be a clear yes.
        if facts and all(contact.email_opt_out for contact in facts):
            assert one.mandatory
            assert "opted out" in one.because
        if one.recipient.contact is not None and act.ticket.mute_of(one.recipient.contact):
            assert one.mandatory
            assert "opted out" in one.because


@quick
@given(acts, configurations)
def test_what_is_internal_never_reaches_a_customer(act: ActFacts, configured: Settings) -> None:
    for one in told(act, configured):
        if one.recipient.is_staff:
            assert one.kind.is_staff
            assert address_key(one.recipient.address) == address_key(configured.agents[one.recipient.agent].address)
        else:
            assert not one.kind.is_staff
            assert not {event.kind for event in one.events} & INTERNAL


@quick
@given(acts, configurations)
def test_our_own_addresses_dead_ones_and_impossible_ones_are_never_told(act: ActFacts, configured: Settings) -> None:
    for one in told(act, configured):
        assert not is_own(one.recipient.address, configured)
        assert "@" in one.recipient.address
        behind = [c for c in known_contacts(act.ticket, act) if c.id == one.recipient.contact]
        if behind and not one.recipient.is_staff:
            key = address_key(one.recipient.address)
            assert any(a.key == key and not a.undeliverable for c in behind for a in c.addresses)
        if not behind and not one.recipient.is_staff and one.recipient.role == "cc":
            assert address_key(one.recipient.address) not in act.dead
        if one.recipient.role == "organization":
            assert act.ticket.organization is not None
            assert not act.ticket.organization.undeliverable


@quick
@given(acts, configurations)
def test_a_merger_is_told_to_the_people_of_the_ticket_that_ends(act: ActFacts, configured: Settings) -> None:
    for one in told(act, configured):
        merged = [event for event in one.events if event.kind is EventKind.MERGED]
        if not one.recipient.is_staff:
            assert all(event.field == "into" for event in merged)


@quick
@given(acts, configurations)
def test_history_and_machines_get_no_letters(act: ActFacts, configured: Settings) -> None:
    letters = told(act, configured)
    if act.quiet:
        assert letters == []
    if act.doubt:
        assert LetterKind.ACKNOWLEDGEMENT not in {one.kind for one in letters}
    if act.machine and act.sender_key:
        assert act.sender_key not in {address_key(one.recipient.address) for one in letters}


@quick
@given(acts, configurations)
def test_the_loop_budget_holds_for_everything_that_no_agent_wrote(act: ActFacts, configured: Settings) -> None:
    for one in told(act, configured):
        if one.kind.is_budgeted:
            key = address_key(one.recipient.address)
            assert act.recent.get(key, 0) < 10
            assert act.recent_domains.get(key.rpartition("@")[2], 0) < 200
            assert act.recent_here < 100
        if one.kind is LetterKind.ACKNOWLEDGEMENT and address_key(one.recipient.address) == act.sender_key:
            assert act.recent_answers < 2


@quick
@given(acts, configurations)
def test_everybody_who_is_entitled_is_told_or_withheld(act: ActFacts, configured: Settings) -> None:
    outcomes = resolve(act, configured)
    reached = {one.recipient.agent for one in outcomes} | {address_key(one.recipient.address) for one in outcomes}
    kinds = {event.kind for event in act.events}
    if kinds & {EventKind.COMMENT, EventKind.SOLUTION}:
        if act.actor.kind == "agent" and not act.sender_key:
            assert [one for one in outcomes if not one.recipient.is_staff or one.recipient.address]
        for recipient in act.cc:
            assert address_key(recipient.address) in reached or _is_somebody_reached(recipient, act, outcomes)
    # Of an agent's address that letters come back from nobody is told by letter.
    unreachable = (EventKind.UNDELIVERABLE, EventKind.UNSENT)
    told_of = {one.kind for one in act.events if not (one.kind in unreachable and one.field == "agent")}
    if told_of & set(TABLE) and act.ticket.agent in configured.agents:
        agent = configured.agents[act.ticket.agent]
        assert {act.ticket.agent, address_key(agent.address)} & reached


def _is_somebody_reached(recipient: Recipient, act: ActFacts, outcomes: tuple[Told | Withheld, ...]) -> bool:
    """The contact behind RECIPIENT has an outcome under another address, or wrote the comment himself."""
    key = address_key(recipient.address)
    behind = {c.id for c in known_contacts(act.ticket, act) if c.has_address(key)}
    wrote = act.sender_key == key or act.actor.key in {str(number) for number in behind}
    sender = {c.id for c in known_contacts(act.ticket, act) if c.has_address(act.sender_key)}
    return wrote or bool(behind & ({one.recipient.contact for one in outcomes} | sender))


@quick
@given(acts, configurations)
def test_every_outcome_says_why(act: ActFacts, configured: Settings) -> None:
    for one in resolve(act, configured):
        assert one.because
        assert "\n" not in one.because
        assert isinstance(one.kind, LetterKind)
        if isinstance(one, Told):
            assert one.events
            assert set(one.events) <= set(act.events)


@quick
@given(acts, configurations)
def test_an_agent_gets_only_letters_that_he_wants_or_that_name_him(act: ActFacts, configured: Settings) -> None:
    roles: Mapping[str, Whose] = {"agent": "mine", "group": "groups", "colleague": "colleagues", "reader": "all"}
    for one in told(act, configured):
        if one.recipient.role in roles:
            whose = roles[one.recipient.role]
            assert one.kind.word in configured.staff_letters(one.recipient.agent, whose, mailbox="support")[0]


@quick
@given(acts, configurations)
def test_what_is_left_out_for_an_agent_says_by_which_line(act: ActFacts, configured: Settings) -> None:
    for one in resolve(act, configured):
        if one.recipient.is_staff and isinstance(one, Withheld) and one.reason is Reason.SWITCHED_OFF:
            assert one.recipient.role in ("agent", "group")
            assert one.because.endswith(f" leaves out {one.kind.word}")


@quick
@given(acts, configurations)
def test_nobody_is_told_whose_deputy_is_there_and_no_deputy_is_away(act: ActFacts, configured: Settings) -> None:
    outcomes = resolve(act, configured)
    refused = {one.recipient.agent for one in outcomes if isinstance(one, Withheld)}
    for one in told(act, configured):
        away = stand_in(one.recipient.agent, act.absences, configured.agents)
        is_himself = one.recipient.role == "actor" or act.actor.key == one.recipient.agent
        if away is not None and not is_himself and act.sender_key != address_key(one.recipient.address):
            assert one.recipient.role != "deputy"
            assert not away.agent or away.agent in refused or _has_a_part(away.agent, act, configured)


def _has_a_part(deputy: str, act: ActFacts, configured: Settings) -> bool:
    """DEPUTY is the customer, or mentions somebody: what would be his to read he has written himself."""
    key = address_key(configured.agents[deputy].address)
    requester = act.ticket.requester
    mentions = any(event.kind is EventKind.MENTIONED for event in act.events) and act.actor.key == deputy
    return mentions or act.sender_key == key or (requester is not None and requester.has_address(key))


@quick
@given(acts, configurations)
def test_an_absence_loses_nothing(act: ActFacts, configured: Settings) -> None:
    """Where somebody of staff is told of something that concerns him, somebody is while others are away."""
    there = [one for one in told(replace(act, absences={}), configured) if one.recipient.is_staff]
    concerned = [one for one in there if one.recipient.role not in ("colleague", "reader", "actor")]
    outcomes = [one for one in resolve(act, configured) if one.recipient.is_staff]
    if concerned:
        by_staff = act.actor.kind == "agent"
        assert [one for one in outcomes if isinstance(one, Told) or (by_staff and one.reason is Reason.ACTOR)]
    for one in outcomes:
        if isinstance(one, Withheld) and one.reason is Reason.ABSENT:
            assert one.recipient.agent in act.absences


@quick
@given(acts, configurations)
def test_a_mailbox_that_writes_to_portal_users_alone_does(act: ActFacts, configured: Settings) -> None:
    if configured.notifications_of(act.ticket.mailbox).ticket_mails:
        return
    for one in told(act, configured):
        if not one.recipient.is_staff and not one.mandatory:
            behind = [c for c in known_contacts(act.ticket, act) if c.id == one.recipient.contact]
            assert any(contact.portal_user for contact in behind)
