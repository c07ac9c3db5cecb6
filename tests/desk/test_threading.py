"""Whose ticket is it: answers find their ticket, and nobody else's."""

import pytest

from domain.event import EventKind
from domain.letter import Reason
from domain.token import Keys, message_id
from tests.conversation import KEY, NEW_KEY, Begin, Conversation

ANNA = "Anna Kunde <anna@kunde.example>"
EVE = "Eve <eve@elsewhere.example>"


def test_a_question_its_acknowledgement_and_the_answer(anywhere: Begin) -> None:
    talk = anywhere()
    anna, ada = talk.customer(ANNA), talk.customer("ada@acme.example")
    asked = anna.writes("Drucker brennt", "Guten Tag, der Drucker brennt und ich bitte um Hilfe.")
    assert (asked.outcome, asked.ticket) == ("ticket", 1)
    assert anna.hears() == ["acknowledgement"]
    assert anna.last.subject.startswith("[ACME-1]")
    assert "Ihre" in anna.last.text
    assert anna.last.fields["Auto-Submitted"] == "auto-replied"
    assert ada.hears() == ["staff_new"]

    answered = anna.answers(anna.last, "Er raucht nur noch.")
    assert (answered.outcome, answered.ticket) == ("comment", 1)
    assert talk.texts(1)[1] == "Er raucht nur noch."
    assert anna.hears() == [], "one acknowledgement is enough"
    assert ada.hears() == ["staff_customer"]
    assert talk.gaps() == ()


def test_the_acknowledgement_is_in_the_language_of_the_customer(talk: Conversation) -> None:
    john = talk.customer("John <john@customer.example>")
    john.writes("Printer on fire", "Hello, the printer is on fire and I would like you to help, please.")
    assert "your" in john.last.text.lower()
    assert "Ihre" not in john.last.text


def test_an_answer_that_lost_the_tag_but_has_our_message_id(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    assert anna.answers(anna.last, subject="Feuer", references=()).ticket == 1


def test_references_alone_are_enough(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    assert anna.answers(anna.last, subject="Feuer", in_reply_to="").ticket == 1


def test_a_tag_alone_is_enough_for_whoever_belongs_to_the_ticket(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    assert anna.writes("AW: [acme-1 ] Drucker").ticket == 1


def test_a_mail_on_the_ticket_is_known_by_its_message_id(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    assert anna.answers(anna.sent[0], subject="Noch etwas").ticket == 1


def test_an_answer_by_another_address_of_the_same_contact(talk: Conversation) -> None:
    anna, home = talk.customer(ANNA), talk.customer("anna@home.example")
    anna.writes("Drucker brennt")
    add_address(talk, "anna@kunde.example", "anna@home.example")
    answered = home.answers(anna.last)
    assert (answered.outcome, answered.ticket) == ("comment", 1)
    assert talk.kinds(1)[-1] is EventKind.CUSTOMER_WROTE


@pytest.mark.parametrize("subject", ["[ACME-1] Ich weiß alles", "Re: [ACME-1] Drucker brennt"])
def test_a_stranger_who_guesses_a_tag(talk: Conversation, subject: str) -> None:
    anna, eve = talk.customer(ANNA), talk.customer(EVE)
    anna.writes("Drucker brennt")
    anna.hears()
    guessed = eve.writes(subject)
    assert (guessed.outcome, guessed.ticket) == ("ticket", 2)
    assert talk.ticket(2).linked_to == 1
    assert "ACME-1" not in talk.ticket(2).title
    assert EventKind.LINKED in talk.kinds(2)
    assert len(talk.entries(1)) == 1
    assert anna.hears() == []


def test_a_stranger_who_knows_a_message_id(talk: Conversation) -> None:
    anna, eve = talk.customer(ANNA), talk.customer(EVE)
    anna.writes("Drucker brennt")
    known = eve.answers(anna.sent[0])
    assert (known.outcome, known.ticket) == ("ticket", 2)
    assert talk.ticket(2).linked_to == 1
    assert len(talk.entries(1)) == 1


def test_a_valid_token_from_another_address_is_kept_and_changes_nothing(anywhere: Begin) -> None:
    talk = anywhere()
    anna, eve, ada = talk.customer(ANNA), talk.customer(EVE), talk.customer("ada@acme.example")
    anna.writes("Drucker brennt")
    talk.staff("bert").take(1)
    talk.staff("bert").assign(1, agent="ada")
    talk.staff("bert").close(1)
    talk.deliver()
    anna.hears(), ada.hears()
    kept = eve.answers(anna.last, "Machen Sie das Ticket wieder auf!")
    assert (kept.outcome, kept.ticket) == ("comment", 1)
    entry = talk.entries(1)[-1]
    assert entry.unconfirmed
    assert entry.shown == "Machen Sie das Ticket wieder auf!"
    assert talk.kinds(1)[-1] is EventKind.UNCONFIRMED
    assert talk.ticket(1).status == "closed"
    assert talk.ticket(1).watchers == ()
    assert (anna.hears(), eve.hears(), ada.hears()) == ([], [], ["staff_customer"])


def test_whoever_is_unconfirmed_stays_so_after_an_answer(talk: Conversation) -> None:
    anna, eve = talk.customer(ANNA), talk.customer(EVE)
    anna.writes("Drucker brennt")
    eve.answers(anna.last)
    talk.staff("ada").reply(1, "Wir kommen gleich.")
    talk.deliver()
    assert eve.hears() == []
    eve.answers(eve.sent[0], "Und?")
    assert talk.entries(1)[-1].unconfirmed
    assert eve.answers(eve.sent[0], "Und?", references=()).ticket == 2, "her own unconfirmed mail proves nothing"


def test_a_rule_changes_nothing_for_an_unconfirmed_sender(begin: Begin) -> None:
    rule = {"name": "escalate", "for": "reply", "match": "always", "then": [{"set": {"priority": "urgent"}}]}
    talk = begin({"rules": [rule]})
    anna, eve = talk.customer(ANNA), talk.customer(EVE)
    anna.writes("Drucker brennt")
    eve.answers(anna.last)
    assert talk.ticket(1).priority == "normal"
    anna.answers(anna.last)
    assert talk.ticket(1).priority == "urgent"
    changed = next(event for event in talk.events(1) if event.kind is EventKind.FIELD)
    assert "escalate" in changed.because


def test_a_forged_token_proves_nothing(talk: Conversation) -> None:
    anna, eve = talk.customer(ANNA), talk.customer(EVE)
    anna.writes("Drucker brennt")
    letter = anna.last.message_id
    forged = letter[:17] + ("a" if letter[17] != "a" else "b") + letter[18:]
    assert eve.writes("Hallo", in_reply_to=forged).ticket == 2
    assert talk.ticket(2).linked_to is None
    record = talk.decision(2)
    assert record["finders"][0]["because"] == "a token in References is not ours"


def test_a_token_whose_letter_is_not_in_the_database(talk: Conversation) -> None:
    stray = message_id("a" * 16, domain="acme.example", keys=Keys((KEY,)))
    assert talk.customer(ANNA).writes("Hallo", in_reply_to=stray).outcome == "ticket"


def test_tokens_of_an_old_key_hold_until_the_key_is_gone(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    letter = anna.last
    talk.restart(keys=(NEW_KEY, KEY))
    assert anna.answers(letter, subject="ohne", references=()).ticket == 1
    talk.restart(keys=(NEW_KEY,))
    assert anna.answers(letter, "Es brennt noch.", subject="ohne", references=()).ticket == 2
    assert anna.answers(letter, references=()).ticket == 1, "the tag is still there, and she belongs to the ticket"


def test_a_queued_letter_keeps_its_message_id_when_keys_change(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    talk.put(anna.mail("Drucker brennt"))
    talk.scan()
    talk.restart(keys=(NEW_KEY, KEY))
    talk.deliver()
    assert anna.last.message_id == talk.outbox(1)[0].message_id


def test_the_reply_address_where_a_relay_rewrote_the_message_id(begin: Begin) -> None:
    talk = begin({"mailboxes": {"support": {"plus_addressing": True}}})
    anna, eve = talk.customer(ANNA), talk.customer(EVE)
    anna.writes("Drucker brennt")
    reply_to = anna.last.reply_to
    assert reply_to.startswith("support+")
    assert reply_to.endswith("@acme.example")
    assert anna.writes("Feuer", to=reply_to.upper()).ticket == 1
    kept = eve.writes("Feuer", to=reply_to)
    assert kept.ticket == 1
    assert talk.entries(1)[-1].unconfirmed
    assert anna.writes("Rauch", to="support+aaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaa@acme.example").ticket == 2


def test_the_tag_of_another_helpdesk_is_not_ours(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    assert anna.writes("[OTHER-1] Drucker").ticket == 2
    assert talk.ticket(2).linked_to is None


def test_a_tag_without_a_ticket(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    assert anna.writes("[ACME-999999999999] Drucker").outcome == "ticket"


@pytest.mark.parametrize(("allowed", "ticket"), [(True, 1), (False, 2)])
def test_a_colleague_of_the_requester(begin: Begin, allowed: bool, ticket: int) -> None:
    talk = begin({"tickets": {"colleagues": allowed}})
    with talk.store.act() as view:
        view.people.add_organization("Kunde GmbH", domains=["kunde.example"], now=talk.now)
    anna, carl = talk.customer(ANNA), talk.customer("carl@kunde.example")
    anna.writes("Drucker brennt")
    assert carl.writes("[ACME-1] Drucker").ticket == ticket


def test_a_watcher_belongs_to_the_ticket(talk: Conversation) -> None:
    anna, wim = talk.customer(ANNA), talk.customer("wim@partner.example")
    anna.writes("Drucker brennt")
    wim.writes("Etwas anderes")
    with talk.store.act() as view:
        view.tickets.watch(1, contact=talk.contact("wim@partner.example").id)
    assert wim.writes("[ACME-1] Drucker").ticket == 1


def test_two_tokens_the_one_that_went_to_the_writer_counts(talk: Conversation) -> None:
    anna, eve = talk.customer(ANNA), talk.customer(EVE)
    anna.writes("Drucker brennt")
    eve.writes("Licht flackert")
    answered = eve.writes("weitergeleitet", references=(eve.last.message_id, anna.last.message_id))
    assert answered.ticket == 2
    assert not talk.entries(2)[-1].unconfirmed


def test_the_nearest_known_mail_decides(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    anna.writes("Licht flackert")
    first, second = anna.sent[:2]
    assert anna.writes("Dazu", references=(first.message_id, second.message_id)).ticket == 2


def test_an_agents_mail_is_an_internal_note(talk: Conversation) -> None:
    anna, ada = talk.customer(ANNA), talk.customer("Ada Example <ada@acme.example>")
    anna.writes("Drucker brennt")
    anna.hears()
    answered = ada.answers(ada.last, "Der spinnt doch.")
    assert (answered.outcome, answered.ticket) == ("comment", 1)
    assert talk.kinds(1)[-1] is EventKind.NOTE
    assert talk.entries(1)[-1].kind == "note"
    talk.staff("bert").reply(1, "Wir kommen.")
    talk.deliver()
    assert anna.hears() == ["comment"]
    assert "spinnt" not in anna.last.text
    assert ada.last.message_id not in anna.last.references
    assert ada.sent[0].message_id not in anna.last.references


def test_an_agent_who_asks_is_a_customer_of_his_ticket(talk: Conversation) -> None:
    bert, ada = talk.customer("Bert <bert@acme.example>"), talk.customer("ada@acme.example")
    bert.writes("Mein Bildschirm ist schwarz")
    assert bert.hears() == ["acknowledgement"]
    ada.hears()
    bert.answers(bert.last, "Immer noch.")
    assert talk.kinds(1)[-1] is EventKind.CUSTOMER_WROTE
    assert ada.hears() == ["staff_customer"]


def test_an_agents_mail_never_reopens(talk: Conversation) -> None:
    anna, ada = talk.customer(ANNA), talk.customer("ada@acme.example")
    anna.writes("Drucker brennt")
    talk.staff("bert").close(1)
    talk.deliver()
    ada.answers(ada.last, "Sehe ich auch so.")
    assert talk.ticket(1).status == "closed"


def test_the_decision_record_says_what_every_finder_saw(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    anna.answers(anna.last)
    first, second = talk.decision(1), talk.decision(2)
    assert [step["finder"] for step in first["finders"]] == ["token", "known_message", "tag"]
    assert [(step["finder"], step["verdict"]) for step in second["finders"]] == [("token", "ticket")]
    assert (first["disposition"], second["disposition"]) == ("create", "update")


def test_an_unconfirmed_sender_never_gets_a_letter_even_as_requester_of_another_ticket(talk: Conversation) -> None:
    anna, eve = talk.customer(ANNA), talk.customer(EVE)
    eve.writes("Licht flackert")
    eve.hears()
    anna.writes("Drucker brennt")
    eve.answers(anna.last)
    assert eve.hears() == []
    assert (eve.address, Reason.MACHINE) not in talk.withheld(2)


def add_address(talk: Conversation, of: str, another: str) -> None:
    """Give a contact a second address, as an administrator does in the database."""
    contact = talk.contact(of).id
    with talk.store.database.act() as connection:
        connection.exec_driver_sql(
            'INSERT INTO contact_address (contact, address, "key", "primary", undeliverable) VALUES (?, ?, ?, 0, 0)',
            (contact, another, another),
        )
