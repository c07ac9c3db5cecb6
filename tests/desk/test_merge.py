"""Two tickets that are one matter: whatever points to the one leads to the other."""

import pytest

from desk.acts import Refused
from desk.merge import merge
from domain.event import EventKind
from domain.letter import Reason, Told
from domain.ticket import ExternalId
from tests.conversation import Begin, Conversation, Person

ANNA = "Anna Kunde <anna@kunde.example>"
TOM = "Tom Kunde <tom@kunde.example>"
EVE = "Eve <eve@elsewhere.example>"
ADA, BERT = "ada@acme.example", "bert@acme.example"


@pytest.fixture
def two(talk: Conversation) -> Conversation:
    """Anna's ticket 1 and Tom's ticket 2, which Ada has and continues under 1."""
    talk.customer(ANNA).writes("Drucker brennt")
    talk.customer(TOM).writes("Rauch im Flur")
    talk.staff("ada").take(1)
    talk.staff("ada").take(2)
    talk.staff("ada").tag(2, ["rauch"])
    talk.deliver()
    listen(talk)
    return talk


def listen(talk: Conversation) -> None:
    for address in ("anna@kunde.example", "tom@kunde.example", ADA, BERT):
        talk.new_letters(address)


def test_what_merging_does(anywhere: Begin) -> None:
    """django-helpdesk, osTicket and zammad all redirect; none tells the customer where his number went."""
    talk = anywhere()
    anna, tom, bert = talk.customer(ANNA), talk.customer(TOM), talk.customer(BERT)
    anna.writes("Drucker brennt")
    talk.later(hours=1)
    tom.writes("Rauch im Flur", "Im Flur steht Rauch.")
    talk.staff("ada").take(1)
    talk.staff("bert").tag(2, ["rauch"])
    talk.deliver()
    listen(talk)
    report = merge(talk.staff("ada"), 2, into=1)
    talk.deliver()
    merged, target = talk.ticket(2), talk.ticket(1)
    assert (merged.merged_into, merged.status, merged.closed_at) == (1, "closed", talk.now)
    assert talk.kinds(2)[-2:] == [EventKind.MERGED, EventKind.CLOSED]
    assert talk.kinds(1)[-3:] == [EventKind.MERGED, EventKind.WATCHED, EventKind.TAGGED]
    assert [(e.field, e.after) for e in (talk.events(2)[-2], talk.events(1)[-3])] == [
        ("into", "2"[:0] + "1"),
        ("from", "2"),
    ]
    assert [watcher.contact.name for watcher in target.watchers if watcher.contact] == ["Tom Kunde"]
    assert (target.tags, target.status) == (("rauch",), "open")
    assert len(talk.entries(2)) == 1, "entries stay where they are"
    assert (anna.hears(), tom.hears()) == ([], ["status"])
    assert "ACME-2" in tom.last.text
    assert "ACME-1" in tom.last.text
    assert "Geschlossen" not in tom.last.text
    assert bert.hears() == ["staff_change"], "he had the one ticket by his group; the other is Ada's"
    assert [one.recipient.address for one in report.told if isinstance(one, Told)].count("tom@kunde.example") == 1
    assert talk.gaps() == ()


def test_every_finder_follows(two: Conversation) -> None:
    anna, tom = two.customer(ANNA), two.customer(TOM)
    asked = two.entries(2)[0].message_id
    letter = tom.last
    merge(two.staff("ada"), 2, into=1)
    two.deliver()
    answered = tom.answers(letter, "Es raucht noch.")
    assert (answered.outcome, answered.ticket) == ("comment", 1)
    assert "ACME-2 is continued under ACME-1" in two.decision(answered.id)["finders"][0]["because"]
    assert tom.writes("[ACME-2] Rauch", "Mit der Nummer.").ticket == 1
    assert tom.writes("Rauch", "Auf meine eigene Mail.", in_reply_to=asked).ticket == 1
    assert tom.answers(tom.last, "Auf den Brief davon.").ticket == 1
    assert tom.writes("Rauch", "Ganz neu.").ticket == 3
    assert anna.writes("[ACME-2] Drucker", "Fremde Nummer, eigenes Ticket.").ticket == 1
    assert two.kinds(1).count(EventKind.CUSTOMER_WROTE) == 5
    assert len(two.entries(2)) == 1


def test_the_same_text_again_goes_to_the_ticket_that_goes_on(two: Conversation) -> None:
    tom = two.customer(TOM)
    merge(two.staff("ada"), 2, into=1)
    assert tom.writes("Rauch im Flur").ticket == 1
    assert two.kinds(1)[-1] is EventKind.REPEATED


def test_a_stranger_with_the_number_of_a_merged_ticket(two: Conversation) -> None:
    merge(two.staff("ada"), 2, into=1)
    assert two.customer(EVE).writes("[ACME-2] Rauch").ticket == 3
    assert two.ticket(3).linked_to == 1


def test_a_chain_is_followed_to_its_end(two: Conversation) -> None:
    tom = two.customer(TOM)
    letter = tom.last
    two.customer(EVE).writes("Feuer auf dem Dach")
    merge(two.staff("ada"), 2, into=1)
    merge(two.staff("ada"), 1, into=3)
    two.deliver()
    assert tom.answers(letter).ticket == 3
    with two.store.reading() as view:
        assert [view.tickets.current(number) for number in (1, 2, 3)] == [3, 3, 3]
        assert view.tickets.merged_from(3) == (1,)


@pytest.mark.parametrize(
    ("number", "into", "said"),
    [
        (1, 1, "into itself"),
        (2, 3, "ACME-2 was merged into ACME-1; nothing was changed"),
        (3, 2, "ACME-2 was merged into ACME-1; nothing was changed"),
        (1, 2, "ACME-2 was merged into ACME-1; nothing was changed"),
        (1, 4, "ACME-4 is closed, and ACME-1 would end with it; open it first: helpdesk reopen 4"),
    ],
)
def test_what_cannot_be_merged(two: Conversation, number: int, into: int, said: str) -> None:
    two.customer(EVE).writes("Feuer auf dem Dach")
    two.customer(EVE).writes("Schon gelöscht")
    two.staff("ada").close(4)
    merge(two.staff("ada"), 2, into=1)
    before = [two.ticket(each) for each in (1, 2, 3, 4)]
    with pytest.raises(Refused, match=said):
        merge(two.staff("ada"), number, into=into)
    assert [two.ticket(each) for each in (1, 2, 3, 4)] == before


def test_acts_on_a_merged_ticket_are_refused_with_the_way_out(two: Conversation) -> None:
    merge(two.staff("ada"), 2, into=1)
    staff = two.staff("ada")
    for act in (
        lambda: staff.reply(2, "Hallo"), lambda: staff.note(2, "Hm"), lambda: staff.solve(2, "So"),
        lambda: staff.take(2), lambda: staff.reopen(2), lambda: staff.tag(2, ["x"]), lambda: staff.close(2),
    ):  # fmt: skip
        with pytest.raises(Refused, match=r"^ACME-2 was merged into ACME-1; nothing was changed. Do it there: ACME-1$"):
            act()
    assert two.kinds(2)[-1] is EventKind.CLOSED


def test_who_opted_out_is_not_told_and_the_gate_holds_for_new_watchers(two: Conversation) -> None:
    tom = two.customer(TOM)
    with two.store.act() as view:
        view.people.set_opt_out(two.contact(tom.address).id, opted_out=True, how="by telephone", now=two.now)
    merge(two.staff("ada"), 2, into=1)
    two.staff("ada").reply(1, "Wir löschen.")
    two.deliver()
    assert tom.hears() == []
    assert (tom.address, Reason.OPTED_OUT) in two.withheld(1)
    assert (tom.address, Reason.OPTED_OUT) in two.withheld(2)


def test_one_customer_of_both_gets_one_letter(talk: Conversation) -> None:
    anna: Person = talk.customer(ANNA)
    anna.writes("Drucker brennt", "Es brennt.")
    anna.writes("Drucker raucht", "Es raucht.")
    listen(talk)
    merge(talk.staff("ada"), 2, into=1)
    talk.deliver()
    assert anna.hears() == ["status"]
    assert talk.ticket(1).watchers == ()
    assert talk.customer(BERT).hears() == ["staff_change"], "one letter for both tickets"


def test_whoever_waited_waits_on(two: Conversation) -> None:
    since = two.ticket(2).waiting_since
    two.staff("ada").reply(1, "Ist unterwegs.")
    assert two.ticket(1).waiting_since is None
    merge(two.staff("ada"), 2, into=1)
    assert two.ticket(1).waiting_since == since


def test_vendors_ids_go_over(two: Conversation) -> None:
    with two.store.act() as view:
        view.tickets.add_external_id(2, ExternalId(name="maker", value="INC1"))
    merge(two.staff("ada"), 2, into=1)
    assert two.ticket(1).external_ids == (ExternalId(name="maker", value="INC1"),)
    assert two.ticket(2).external_ids == ()


def test_a_quiet_machine_finds_the_ticket_that_goes_on(two: Conversation) -> None:
    tom = two.customer(TOM)
    letter = tom.last
    merge(two.staff("ada"), 2, into=1)
    two.staff("ada").close(1)
    two.deliver()
    assert tom.answers(letter, "Ich bin im Urlaub.", Auto_Submitted="auto-replied").ticket == 1
    assert (two.kinds(1)[-1], two.ticket(1).status) == (EventKind.MACHINE_WROTE, "closed")


def test_an_agent_who_is_a_customer_hears_nothing_of_his_own_acts(talk: Conversation) -> None:
    """His mail without proof opened a ticket for him; the merger made him a watcher of the other one."""
    anna, ada = talk.customer(ANNA), talk.customer(f"Ada Example <{ADA}>")
    anna.writes("Drucker brennt")
    ada.writes("Drucker im zweiten Stock")
    listen(talk)
    merge(talk.staff("ada"), 2, into=1)
    talk.staff("ada").reply(1, "Wir schauen nach.")
    talk.deliver()
    assert anna.hears()[-1:] == ["comment"]
    assert talk.new_letters(ADA) == []
