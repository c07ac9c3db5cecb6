"""Nobody is written to who should not be: opt-outs, machines, budgets, and the letters of staff's acts."""

from collections.abc import Callable

import pytest

from desk.acts import ActReport, File
from desk.changes import Refused
from domain.errors import BadAddress, NotFound
from domain.event import EventKind
from domain.letter import Reason
from tests.conversation import Begin, Conversation, Person

ANNA = "Anna Kunde <anna@kunde.example>"
ADA, BERT = "ada@acme.example", "bert@acme.example"


@pytest.fixture
def anna(talk: Conversation) -> Person:
    """A customer with ticket 1, who has read her acknowledgement; so have Ada and Bert."""
    return asked(talk)


def asked(talk: Conversation) -> Person:
    person = talk.customer(ANNA)
    person.writes("Drucker brennt", "Guten Tag, der Drucker brennt und ich bitte um Hilfe.")
    for address in (person.address, ADA, BERT):
        talk.new_letters(address)
    return person


def unsubscribe(letter_to: str) -> tuple[str, str]:
    """Address and subject of the mail that a List-Unsubscribe field asks for."""
    address, _, subject = letter_to.removeprefix("mailto:").partition("?subject=")
    return address, subject.replace("%20", " ")


# Opting out


def test_the_list_unsubscribe_mail_opts_out(anywhere: Begin) -> None:
    talk = anywhere()
    anna = asked(talk)
    address, subject = unsubscribe(anna.letters[0].unsubscribe)
    assert address == "support@acme.example"
    gone = anna.writes(subject, "")
    assert (gone.outcome, gone.ticket) == ("ignored", 1)
    assert gone.because == "Anna Kunde opted out of all letters by mail (List-Unsubscribe)"
    contact = talk.contact(anna.address)
    assert (contact.email_opt_out, contact.opted_out_at) == (True, talk.now)
    talk.staff("ada").reply(1, "Wir kommen.")
    talk.deliver()
    assert anna.hears() == ["opted_out"]
    assert talk.withheld(1) == [(anna.address, Reason.OPTED_OUT)]


def test_only_the_owner_of_the_address_opts_out(talk: Conversation, anna: Person) -> None:
    _, subject = unsubscribe(anna.letters[0].unsubscribe)
    assert talk.customer("eve@elsewhere.example").writes(subject).outcome == "ticket"
    assert not talk.contact(anna.address).email_opt_out
    assert anna.writes("unsubscribe").outcome == "ticket"
    assert anna.writes("unsubscribe aaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaa").outcome == "ticket"
    assert not talk.contact(anna.address).email_opt_out


def opt_out(talk: Conversation, person: Person) -> None:
    with talk.store.act() as view:
        view.people.set_opt_out(talk.contact(person.address).id, opted_out=True, how="by telephone", now=talk.now)


def test_who_opted_out_gets_nothing_and_it_is_said_why(talk: Conversation, anna: Person) -> None:
    opt_out(talk, anna)
    anna.writes("Licht flackert")
    talk.staff("ada").take(2)
    talk.staff("ada").solve(2, "Birne getauscht.")
    talk.deliver()
    assert anna.hears() == []
    assert talk.withheld(2) == [(anna.address, Reason.OPTED_OUT)] * 3


def test_opting_out_between_queueing_and_sending_withdraws_the_letter(anywhere: Begin) -> None:
    talk = anywhere()
    anna = asked(talk)
    talk.staff("ada").reply(1, "Wir kommen.")
    opt_out(talk, anna)
    assert talk.deliver().withheld == 1
    assert anna.hears() == []
    assert talk.withheld(1) == [(anna.address, Reason.OPTED_OUT)]
    talk.later(days=1)
    assert (talk.deliver().withheld, talk.deliver().sent) == (0, 0)


def test_mandatory_overrides_the_opt_out_once(talk: Conversation, anna: Person) -> None:
    opt_out(talk, anna)
    report = talk.staff("ada", mandatory=True).reply(1, "Rückruf: bitte schalten Sie das Gerät ab.")
    talk.deliver()
    assert anna.hears() == ["comment"]
    told = next(one for one in report.told if one.recipient.address == anna.address)
    assert "mandatory" in told.because
    assert "opted out" in told.because
    talk.staff("ada").reply(1, "Danke.")
    talk.deliver()
    assert anna.hears() == []


def test_mandatory_does_not_reach_a_dead_address(talk: Conversation, anna: Person) -> None:
    undeliverable(talk, anna)
    talk.staff("ada", mandatory=True).reply(1, "Wir kommen.")
    talk.deliver()
    assert anna.hears() == []
    assert talk.withheld(1) == [(anna.address, Reason.UNDELIVERABLE)]


def undeliverable(talk: Conversation, person: Person) -> None:
    with talk.store.database.act() as connection:
        connection.exec_driver_sql("UPDATE contact_address SET undeliverable = 1 WHERE address = ?", (person.address,))


def test_an_act_may_be_silent(talk: Conversation, anna: Person) -> None:
    talk.staff("ada", silent=True).close(1)
    talk.deliver()
    assert anna.hears() == []
    assert talk.withheld(1) == [(anna.address, Reason.SUPPRESSED)]


# Loops


def test_the_loop_budget_stops_automatic_letters(begin: Begin) -> None:
    talk = begin({"notifications": {"loop_budget": {"letters": 2, "per": "1h"}}})
    anna = talk.customer(ANNA)
    for n in range(4):
        anna.writes(f"Nummer {n}", "Guten Tag")
    assert anna.hears() == ["acknowledgement"] * 2
    assert talk.withheld(3) == [(anna.address, Reason.LOOP_BUDGET)]
    talk.staff("ada").reply(4, "Worum geht es?")
    talk.deliver()
    assert anna.hears() == ["comment"], "a person's words are no loop"
    talk.later(minutes=61)
    anna.writes("Nummer 5")
    assert anna.hears() == ["acknowledgement"]


def test_the_loop_budget_of_a_ticket(begin: Begin) -> None:
    talk = begin({"notifications": {"on_reassignment": True, "loop_budget": {"per_ticket": 3}}})
    anna = asked(talk)
    for agent in ("ada", "bert") * 3:
        talk.staff("ada").assign(1, agent=agent)
    talk.deliver()
    assert anna.hears() == ["status"] * 2, "the acknowledgement was the first of three"
    assert talk.withheld(1)[-1] == (anna.address, Reason.LOOP_BUDGET)
    anna.writes("Licht flackert")
    assert anna.hears() == ["acknowledgement"], "another ticket"


def test_never_to_our_own_addresses(begin: Begin) -> None:
    talk = begin()
    us = talk.customer("support@acme.example")
    us.writes("an uns selbst")
    plus = talk.customer("support+x@acme.example")
    plus.writes("an uns selbst")
    report = talk.staff("ada").reply(1, "Hallo?", cc=["Support@ACME.example"])
    talk.deliver()
    assert (us.hears(), plus.hears()) == ([], [])
    assert {one.recipient.address.lower() for one in report.told if hasattr(one, "reason")} >= {us.address}
    assert {reason for _, reason in (*talk.withheld(1), *talk.withheld(2))} == {Reason.OWN_ADDRESS}


# The acts


def test_taking_a_ticket_over_tells_the_customer_the_first_time(talk: Conversation, anna: Person) -> None:
    report = talk.staff("ada").take(1)
    assert [event.kind for event in report.events] == [EventKind.ASSIGNED]
    talk.deliver()
    assert (anna.hears(), talk.customer(ADA).hears()) == (["status"], [])
    talk.staff("ada").assign(1, agent="bert")
    talk.deliver()
    assert (anna.hears(), talk.customer(BERT).hears()) == ([], ["staff_assigned"])
    assert talk.withheld(1) == [(anna.address, Reason.SWITCHED_OFF)]


def test_a_comment_answers_the_customer(talk: Conversation, anna: Person) -> None:
    talk.staff("ada").take(1)
    talk.deliver(), anna.hears()
    assert talk.ticket(1).waiting_since == talk.now
    file = File(name="Plan.txt", content_type="text/plain", data=b"Plan")
    talk.staff("ada").reply(1, "Wir kommen um zwei.", files=[file])
    assert talk.ticket(1).waiting_since is None
    talk.deliver()
    assert anna.hears() == ["comment"]
    assert "Wir kommen um zwei." in anna.last.text
    assert anna.last.fields["Auto-Submitted"] is None
    assert [part.get_filename() for part in anna.last.fields.iter_attachments()] == ["Plan.txt"]
    assert talk.customer(ADA).hears() == [], "the actor is not told of his own act"


def test_a_comment_with_a_status_is_one_letter(talk: Conversation, anna: Person) -> None:
    report = talk.staff("ada").reply(1, "Das war der Toner.", status="solved")
    assert [event.kind for event in report.events] == [EventKind.COMMENT, EventKind.STATUS]
    talk.deliver()
    assert anna.hears() == ["comment"]
    assert "Gelöst" in anna.last.text


def test_a_solution_and_its_status_are_one_letter(talk: Conversation, anna: Person) -> None:
    talk.staff("ada").solve(1, "Gelöscht und getauscht.")
    talk.deliver()
    assert anna.hears() == ["solution"]
    assert "Gelöscht und getauscht." in anna.last.text
    assert (talk.ticket(1).status, talk.ticket(1).solution) == ("solved", "Gelöscht und getauscht.")
    talk.staff("ada").solve(1, "Doch nur der Stecker.")
    talk.deliver()
    assert anna.hears() == ["solution"]
    assert talk.kinds(1)[-1] is EventKind.SOLUTION


def test_a_note_reaches_colleagues_and_never_customers(talk: Conversation, anna: Person) -> None:
    wim = talk.customer("wim@partner.example")
    wim.writes("Etwas anderes"), wim.hears(), talk.new_letters(BERT)
    with talk.store.act() as view:
        view.tickets.watch(1, contact=talk.contact(wim.address).id)
    talk.staff("ada").note(1, "Der Kunde schwindelt.")
    talk.deliver()
    assert (anna.hears(), wim.hears(), talk.customer(BERT).hears()) == ([], [], ["staff_note"])
    talk.staff("ada").reply(1, "Wir kommen.")
    talk.staff("ada").solve(1, "Erledigt.")
    talk.deliver()
    for letter in talk.letters():
        if not letter.kind.is_staff:
            assert "schwindelt" not in letter.text


def test_closing_and_reopening(talk: Conversation, anna: Person) -> None:
    talk.staff("ada").close(1)
    talk.deliver()
    assert (anna.hears(), talk.ticket(1).status, talk.ticket(1).closed_at) == (["status"], "closed", talk.now)
    talk.staff("ada").reopen(1)
    talk.deliver()
    assert (anna.hears(), talk.ticket(1).status, talk.ticket(1).closed_at) == (["status"], "open", None)
    assert talk.kinds(1)[-2:] == [EventKind.CLOSED, EventKind.REOPENED]


def test_acts_that_change_nothing_write_nothing(talk: Conversation, anna: Person) -> None:
    staff = talk.staff("ada")
    staff.take(1), staff.close(1), staff.tag(1, ["x"]), staff.change(1, field="priority", value="high")
    before = (talk.ticket(1), talk.events(1), talk.outbox(1))
    acts: tuple[Callable[[], ActReport], ...] = (
        lambda: staff.take(1),
        lambda: staff.assign(1, agent="ada", group="service"),
        lambda: staff.close(1),
        lambda: staff.set_status(1, "closed"),
        lambda: staff.tag(1, ["x"]),
        lambda: staff.change(1, field="priority", value="high"),
        lambda: staff.change(1, field="title", value="Drucker  brennt"),
    )
    for act in acts:
        assert act().did_nothing
    assert (talk.ticket(1), talk.events(1), talk.outbox(1)) == before
    staff.reopen(1)
    assert staff.reopen(1).did_nothing


def test_what_cannot_be_is_refused_and_changes_nothing(talk: Conversation, anna: Person) -> None:
    staff = talk.staff("ada")
    before = (talk.ticket(1), talk.events(1))
    refusals: tuple[Callable[[], ActReport], ...] = (
        lambda: staff.reply(1, "  "),
        lambda: staff.note(1, ""),
        lambda: staff.solve(1, "\n"),
        lambda: staff.assign(1),
        lambda: staff.assign(1, agent="nobody"),
        lambda: staff.assign(1, group="nobody"),
        lambda: staff.set_status(1, "lost"),
        lambda: staff.reply(1, "x", status="lost"),
        lambda: staff.change(1, field="priority", value="huge"),
        lambda: staff.change(1, field="status", value="closed"),
        lambda: staff.change(1, field="title", value=" "),
        lambda: staff.open(customer="a@b.example", title="x", text="y", mailbox="nowhere"),
    )
    for refused in refusals:
        with pytest.raises(Refused):
            refused()
    with pytest.raises(NotFound):
        staff.reply(99, "Hallo")
    with pytest.raises(BadAddress):
        staff.reply(1, "Hallo", cc=["niemand"])
    assert (talk.ticket(1), talk.events(1)) == before


def test_a_ticket_that_staff_opens(talk: Conversation) -> None:
    report = talk.staff("ada").open(customer="tom@kunde.example", title="Anruf:\nLicht", text="Er rief an.")
    talk.deliver()
    tom = talk.customer("tom@kunde.example")
    assert (tom.hears(), talk.customer(BERT).hears(), talk.customer(ADA).hears()) == (["notice"], ["staff_new"], [])
    assert (report.ticket.title, report.ticket.source) == ("Anruf: Licht", "staff")
    assert tom.answers(tom.last).ticket == 1


def test_one_act_gives_at_most_one_letter_per_recipient(anywhere: Begin) -> None:
    talk = anywhere()
    anna = asked(talk)
    with talk.store.act() as view:
        view.tickets.watch(1, contact=talk.contact(anna.address).id)
        view.tickets.watch(1, agent="bert")
    talk.staff("ada").reply(1, "Welcher?", status="waiting", cc=[anna.address.upper(), "neu@kunde.example", BERT])
    talk.staff("ada").solve(1, "Der da.")
    talk.deliver()
    per_act = [(letter.act, letter.recipient.address.lower()) for letter in talk.outbox(1)]
    assert len(per_act) == len(set(per_act))
    assert talk.new_letters("neu@kunde.example")[0].kind == "comment"


def test_who_had_a_copy_may_answer(talk: Conversation, anna: Person) -> None:
    talk.staff("ada").reply(1, "Wir kommen.", cc=["neu@kunde.example"])
    talk.deliver()
    neu = talk.customer("neu@kunde.example")
    assert neu.answers(neu.last).ticket == 1
    assert talk.kinds(1)[-1] is EventKind.CUSTOMER_WROTE


# The thread


def test_letters_belong_to_the_conversation(talk: Conversation, anna: Person) -> None:
    question = anna.sent[0]
    assert anna.letters[0].in_reply_to == question.message_id
    anna.answers(anna.letters[0], "Noch etwas.")
    talk.staff("ada").reply(1, "Wir kommen.")
    talk.deliver()
    letter = anna.last
    assert letter.in_reply_to == anna.sent[1].message_id
    assert question.message_id in letter.references
    assert all(letter.subject.count("[ACME-1]") == 1 for letter in talk.letters())
    assert anna.letters[0].fields["X-Auto-Response-Suppress"] == "OOF, AutoReply"


def test_customers_never_see_ids_of_letters_to_staff(begin: Begin) -> None:
    talk = begin({"notifications": {"on_customer_mail": True}})
    anna, ada = asked(talk), talk.customer(ADA)
    staff_letter = ada.letters[0]
    # A customer to whom an agent forwarded his letter answers with its id among the references.
    anna.answers(anna.letters[0], "Siehe unten", references=(staff_letter.message_id, anna.letters[0].message_id))
    talk.later(hours=2)
    anna.writes("Neues Thema", references=(staff_letter.message_id,))
    talk.staff("ada").reply(1, "Wir kommen.")
    talk.staff("bert").solve(1, "Gelöscht.")
    talk.deliver()
    assert anna.hears() == ["acknowledgement", "acknowledgement", "comment", "solution"]
    of_staff = {letter.message_id for letter in talk.letters() if letter.kind.is_staff}
    for letter in talk.letters():
        if not letter.kind.is_staff:
            assert of_staff.isdisjoint({*letter.references, letter.in_reply_to})


# The road out


def test_letters_of_one_conversation_go_in_order(anywhere: Begin) -> None:
    talk = anywhere()
    anna = asked(talk)
    for text in ("eins", "zwei", "drei"):
        talk.staff("ada").reply(1, text)
    talk.smtp.refuse(anna.address, "451 4.7.1 greylisted")
    report = talk.deliver()
    assert (anna.hears(), report.postponed) == ([], 1)
    talk.staff("ada").solve(1, "vier")
    talk.deliver()
    assert anna.hears() == [], "the first one is waited for"
    talk.later(minutes=10)
    talk.deliver()
    assert [letter.text.count(word) for letter, word in
            zip(anna.letters[-4:], ("eins", "zwei", "drei", "vier"), strict=True)] == [1] * 4  # fmt: skip


def test_a_letter_that_is_refused_for_good_does_not_hold_up_the_next(talk: Conversation, anna: Person) -> None:
    talk.smtp.refuse(anna.address, "550 5.7.1 not this one")
    talk.staff("ada").reply(1, "eins")
    talk.staff("ada").reply(1, "zwei")
    report = talk.deliver()
    assert report.failed == 1
    assert anna.hears() == ["comment"]
    assert [letter.state for letter in talk.outbox(1) if letter.recipient.address == anna.address] == [
        "sent", "failed", "sent",
    ]  # fmt: skip


def test_a_letter_is_given_up_after_retry_for(talk: Conversation, anna: Person) -> None:
    talk.smtp.refuse(anna.address, "451 4.7.1 busy", times=1_000)
    talk.staff("ada").reply(1, "eins")
    for _ in range(200):
        talk.deliver()
        talk.later(hours=1)
    last = talk.outbox(1)[-1]
    failed = [letter for letter in talk.outbox(1) if letter.state == "failed"]
    assert [letter.recipient.address for letter in failed] == [anna.address]
    assert "given up after" in failed[0].reply
    assert last.queued_at is not None


def test_a_server_that_is_away_is_left_alone(talk: Conversation) -> None:
    for n in range(10):
        person = talk.customer(f"p{n}@kunde.example")
        talk.put(person.mail(f"Nummer {n}"))
        talk.smtp.refuse(person.address, "")
    talk.smtp.refuse(ADA, "", times=100)
    talk.smtp.refuse(BERT, "", times=100)
    talk.scan()
    report = talk.deliver()
    assert report.postponed == 3
    assert report.stopped
    talk.smtp._refusals.clear()
    talk.later(minutes=5)
    assert talk.deliver().sent == 30


def test_two_senders_send_each_letter_once(anywhere: Begin) -> None:
    talk = anywhere()
    for n in range(5):
        talk.put(talk.customer(f"p{n}@kunde.example").mail(f"Nummer {n}"))
    talk.scan()
    first = talk.delivery
    talk.start()
    with talk.store.act() as view:
        view.outbox.claim("hanging", now=talk.now, limit=4, stale=talk.now, is_dead=lambda _: False)
    assert (first.deliver().sent, talk.deliver().sent) == (11, 0)
    talk.dead.add("hanging")
    assert (first.deliver().sent, talk.deliver().sent) == (4, 0)
    assert len({letter.id for letter in talk.smtp.sent}) == len(talk.smtp.sent) == 15
