"""Tickets, their timeline, their history, and the lists of them."""

import pytest
from sqlalchemy import text

from domain.errors import NotFound
from domain.event import DESK, Actor, Event, EventKind
from domain.message import Attachment
from domain.people import Address
from domain.ticket import EntryFacts, EntryKind, FileFacts, WatcherFacts
from store.store import Store, View
from tests.store.samples import DAY, MINUTE, NOW, act_of, ada, stored, ticket


def numbers(view: View, **wanted: object) -> list[int]:
    lines, total = view.tickets.lines(**wanted)  # type: ignore[arg-type]
    assert total >= len(lines)
    return [line.number for line in lines]


def entry(view: View, number: int, **changes: object) -> EntryFacts:
    values = {"kind": EntryKind.CUSTOMER, "author": "Ada", "text": "Hello", "now": NOW, **changes}
    found = view.tickets.entry(view.tickets.add_entry(number, **values))  # type: ignore[arg-type]
    assert found is not None
    return found


def test_a_ticket_comes_with_its_people(store: Store) -> None:
    with store.act() as act:
        company = act.people.add_organization("Customer Ltd", domains=["customer.example"], now=NOW)
        contact = ada(act)
        bob = act.people.add_contact(Address("bob@customer.example"), now=NOW)
        number = ticket(act, contact=contact, organization=company.id, waiting_since=NOW, group_key="first")
        act.tickets.add_tags(number, ["printer", "fire", "printer"])
        act.tickets.add_tags(number, ["fire"])
        for _ in range(2):
            act.tickets.watch(number, contact=bob.id)
            act.tickets.watch(number, agent="max")
        linked = ticket(act, linked_to=number)
    with store.reading() as view:
        facts = view.tickets.facts(number)
        assert (facts.requester, facts.organization) == (contact, company)
        assert facts.tags == ("fire", "printer")
        assert facts.watchers == (WatcherFacts(contact=bob), WatcherFacts(agent="max"))
        assert (facts.version, facts.created_at, facts.waiting_since, facts.closed_at) == (1, NOW, NOW, None)
        assert (facts.group, facts.agent, facts.solution) == ("first", "", "")
        assert view.tickets.facts(linked).linked_to == number
        assert view.tickets.exists(linked)
        assert not view.tickets.exists(99)
        with pytest.raises(NotFound, match="there is no ticket 99"):
            view.tickets.facts(99)
    with store.act() as act:
        act.tickets.remove_tags(number, ["fire", "unknown"])
        assert act.tickets.facts(number).tags == ("printer",)


def test_an_organization_of_its_own_stands_before_the_requesters(store: Store) -> None:
    with store.act() as act:
        act.people.add_organization("Customer Ltd", domains=["customer.example"], now=NOW)
        other = act.people.add_organization("Other Ltd", domains=[], address="office@other.example", now=NOW)
        assert act.tickets.facts(ticket(act, contact=ada(act), organization=other.id)).organization == other
        assert act.tickets.facts(ticket(act, organization=other.id)).organization == other


def test_a_change_counts_the_version_up(store: Store) -> None:
    with store.act() as act:
        number = ticket(act)
        act.tickets.change(number, now=NOW + MINUTE, status="solved", solution="Water")
        facts = act.tickets.facts(number)
        assert (facts.version, facts.updated_at, facts.status, facts.solution) == (2, NOW + MINUTE, "solved", "Water")


def test_a_number_is_never_given_twice(store: Store) -> None:
    with store.act() as act:
        assert [ticket(act), ticket(act)] == [1, 2]
    with store.database.act() as connection:
        connection.execute(text("DELETE FROM ticket WHERE number = 2"))
    with store.act() as act:
        assert ticket(act) == 3


def test_a_timeline_is_told_in_order(store: Store) -> None:
    stored(store, 1)
    with store.act() as act:
        number = ticket(act, contact=ada(act))
        part = Attachment(index=0, name="smoke.png", content_type="image/png", size=3, inline=False)
        first = entry(
            act, number, text="Hello\n> quoted", shown="Hello", message_id="<1@x.example>", intake=1, contact=1,
            attachments=(part,),
        )  # fmt: skip
        second = entry(act, number, kind=EntryKind.NOTE, author="Max", agent="max", shown="Hello")
        files = [FileFacts(name=name, content_type="text/plain", size=4, blob=act.blobs.put(b"data")) for name in "ab"]
        for file in files:
            act.tickets.add_file(second.id, file)
        entry(act, ticket(act))
    with store.reading() as view:
        told = view.tickets.entries(number)
        assert [(one.kind, one.shown, one.text, one.at) for one in told] == [
            (EntryKind.CUSTOMER, "Hello", "Hello\n> quoted", NOW),
            (EntryKind.NOTE, "Hello", "Hello", NOW),
        ]
        assert told[0] == first
        assert (told[0].attachments, told[0].files, told[0].intake) == ((part,), (), 1)
        assert (told[1].files, told[1].attachments) == (tuple(files), ())
        assert view.tickets.entries(99) == ()
        assert view.tickets.entry(99) is None


def test_a_history_is_told_in_order(store: Store) -> None:
    stored(store, 1)
    events = (
        Event(kind=EventKind.OPENED, actor=Actor("contact", "1", "Ada"), because="no rule matched"),
        Event(kind=EventKind.FIELD, field="priority", before="normal", after="high"),
    )
    with store.act() as act:
        number = ticket(act)
        one = act.tickets.begin_act("mail", DESK, now=NOW, intake=1)
        act.tickets.record(one, number, events, now=NOW)
        act.tickets.record(act_of(act), number, (), now=NOW)
        lines = act.tickets.history(number)
    assert [line.event for line in lines] == list(events)
    assert {(line.at, line.act, line.intake) for line in lines} == {(NOW, one, 1)}


def test_mails_on_a_ticket_are_known(store: Store) -> None:
    long, wide = f"<{'x' * 2000}@x.example>", f"<{'ü' * 900}@x.example>"
    with store.act() as act:
        first, second = ticket(act), ticket(act)
        for number, message_id in ((second, "<a@x>"), (first, "<b@x>"), (second, "<b@x>"), (first, long), (first, wide),
                                   (first, "")):  # fmt: skip
            entry(act, number, message_id=message_id)
    with store.reading() as view:
        found = view.tickets.by_message_ids(["<a@x>", "<b@x>", "<c@x>", long, wide, "", "<a\x00@x>", "\ud800"])
        assert found == {"<a@x>": second, "<b@x>": first, long: first, wide: first, "<a\x00@x>": second}
        assert view.tickets.by_message_ids([]) == {}
        assert view.tickets.by_message_ids([f"<{n}@x>" for n in range(3000)]) == {}


def test_a_message_id_that_does_not_shrink_is_taken(store: Store) -> None:
    """PostgreSQL's index refuses keys over 2,704 octets; a stranger chooses the Message-ID."""
    hostile = "".join(chr(0x4E00 + n * 7919 % 20000) for n in range(998))
    with store.act() as act:
        number = ticket(act)
        entry(act, number, message_id=hostile)
        assert act.tickets.by_message_ids([hostile]) == {hostile: number}


def test_a_conversation_is_what_the_customer_wrote(store: Store) -> None:
    with store.act() as act:
        number = ticket(act)
        for n in range(4):
            entry(act, number, message_id=f"<{n}@x>")
        entry(act, number, message_id="")
        entry(act, number, message_id="<machine@x>", machine=True)
        entry(act, number, message_id="<stranger@x>", unconfirmed=True)
        entry(act, number, message_id="<note@x>", kind=EntryKind.NOTE)
        assert act.tickets.conversation(number) == ("<0@x>", "<1@x>", "<2@x>", "<3@x>")
        assert act.tickets.conversation(number, limit=2) == ("<2@x>", "<3@x>")


def test_lists_show_what_was_asked_for_and_count_the_rest(store: Store) -> None:
    with store.act() as act:
        contact = ada(act)
        ticket(act, contact=contact, agent="max", waiting_since=NOW)
        ticket(act, group_key="first", waiting_since=NOW - DAY)
        ticket(act, agent="eva", group_key="first", status="pending")
        ticket(act, status="closed", agent="max")
    with store.reading() as view:
        assert numbers(view) == [2, 1, 3, 4], "who waits longest comes first, who does not wait last"
        assert numbers(view, order="newest") == [4, 3, 2, 1]
        assert numbers(view, statuses=["open", "pending"]) == [2, 1, 3]
        assert numbers(view, statuses=["open"], agent="max") == [1]
        assert numbers(view, statuses=["open"], nobodys=True) == [2]
        assert numbers(view, groups=["first"], order="newest") == [3, 2]
        assert numbers(view, customer="ADA@customer.example") == [1]
        assert numbers(view, customer="nobody@customer.example") == []
        lines, total = view.tickets.lines(statuses=["open", "pending"], limit=1)
        assert (len(lines), total) == (1, 3)
        assert view.tickets.count(statuses=["open", "closed"], agent="max") == 2
        assert view.tickets.count(statuses=["open"], nobodys=True) == 1


def test_a_line_names_the_customer_as_well_as_it_can(store: Store) -> None:
    with store.act() as act:
        company = act.people.add_organization("Customer Ltd", domains=["customer.example"], now=NOW)
        nameless = act.people.add_contact(Address("x@customer.example"), now=NOW)
        ticket(act, contact=ada(act), organization=company.id)
        ticket(act, contact=nameless)
        ticket(act)
        lines, _ = act.tickets.lines(order="newest")
    assert [(line.customer, line.organization) for line in reversed(lines)] == [
        ("Ada", "Customer Ltd"), ("x@customer.example", "Customer Ltd"), ("", ""),
    ]  # fmt: skip
