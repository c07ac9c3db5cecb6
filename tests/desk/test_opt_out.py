"""Opting out by a word, by List-Unsubscribe, for one ticket or for all, and back in again."""

from pathlib import Path

import pytest

from desk.merge import merge
from domain.event import EventKind
from domain.letter import Reason
from domain.opt_out_words import WORDS, Wanted, Wish, wanted, word
from tests.conversation import Begin, Conversation, Person

ANNA = "Anna Kunde <anna@kunde.example>"
OUT_OF_OFFICE = {"Auto_Submitted": "auto-replied"}


@pytest.fixture
def anna(talk: Conversation) -> Person:
    return asked(talk)


def asked(talk: Conversation) -> Person:
    """Anna, known, with two open tickets of ada's; everybody has read what came."""
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt", "Bitte kommen Sie.")
    anna.writes("Rechnung fehlt", "Wo ist sie?")
    for number in (1, 2):
        talk.staff("ada").take(number)
    talk.deliver()
    with talk.store.act() as view:
        view.people.change_contact(talk.contact(anna.address).id, language="de")
    for address in (anna.address, "ada@acme.example", "bert@acme.example"):
        talk.new_letters(address)
    return anna


def told(talk: Conversation, anna: Person, number: int) -> list[str]:
    """What Anna hears when ada answers on a ticket."""
    talk.staff("ada").reply(number, "Wir kommen.")
    talk.deliver()
    return anna.hears()


# One ticket or all


def test_a_word_as_the_answer_ends_the_letters_of_that_ticket(anywhere: Begin) -> None:
    talk = anywhere()
    anna = asked(talk)
    row = anna.answers(anna.letters[0], "Abmelden")
    assert (row.outcome, row.ticket) == ("ignored", 1)
    assert row.because == "Anna Kunde opted out of letters about ACME-1 by mail"
    assert anna.hears() == ["opted_out"]
    assert (told(talk, anna, 1), told(talk, anna, 2)) == ([], ["comment"])
    assert talk.withheld(1) == [(anna.address, Reason.OPTED_OUT)]
    assert not talk.contact(anna.address).email_opt_out
    assert [mute.how for mute in talk.ticket(1).mutes] == ["by mail"]
    assert not talk.gaps()


def test_staff_hears_of_it_and_the_history_keeps_it(talk: Conversation, anna: Person) -> None:
    ada = talk.customer("ada@acme.example")
    anna.answers(anna.letters[0], "unsubscribe")
    assert ada.hears() == ["staff_change"]
    assert "anna@kunde.example möchte zu diesem Ticket keine Briefe mehr" in " ".join(ada.last.text.split())
    gone = talk.events(1)[-1]
    assert (gone.kind, gone.field, gone.after, gone.actor.kind) == (
        EventKind.OPTED_OUT, "ticket", anna.address, "contact",
    )  # fmt: skip
    assert talk.texts(1) == ["Bitte kommen Sie."]


@pytest.mark.parametrize("text", ["unsubscribe all", "Alle abmelden.", "Abmelden alle"])
def test_all_as_the_answer_ends_every_letter(talk: Conversation, anna: Person, text: str) -> None:
    anna.answers(anna.letters[0], text)
    assert anna.hears() == ["opted_out"]
    assert (told(talk, anna, 1), told(talk, anna, 2)) == ([], [])
    assert talk.contact(anna.address).opted_out_how == "by mail"


def test_a_bare_mail_ends_every_letter(talk: Conversation, anna: Person) -> None:
    row = anna.writes("unsubscribe", "")
    assert (row.outcome, row.ticket, talk.tickets()) == ("ignored", None, 2)
    assert (anna.hears(), told(talk, anna, 1), told(talk, anna, 2)) == (["opted_out"], [], [])


def test_the_tag_in_the_subject_names_the_ticket(talk: Conversation, anna: Person) -> None:
    anna.writes("Re: [ACME-2] abmelden", "")
    assert (told(talk, anna, 1), told(talk, anna, 2)) == (["opted_out", "comment"], [])


def test_a_subject_over_a_mere_signature_counts(talk: Conversation, anna: Person) -> None:
    assert anna.writes("abmelden", "-- \nAnna Kunde\nKunde GmbH").outcome == "ignored"


# What is no opt-out


@pytest.mark.parametrize(
    "text",
    ["Bitte melden Sie meinen Drucker ab", "Abmelden?", "Bitte nicht abmelden", "> abmelden oder anmelden?\nabmelden",
     "Abmelden\nund dann bitte wieder anmelden", "stop"],
)  # fmt: skip
def test_whoever_writes_more_is_read(talk: Conversation, anna: Person, text: str) -> None:
    assert anna.answers(anna.letters[0], text).outcome == "comment"
    assert "comment" in told(talk, anna, 1)


def test_an_empty_answer_on_a_ticket_of_that_title_is_none(talk: Conversation, anna: Person) -> None:
    anna.writes("Abmelden", "Wie geht das in Ihrem Portal?")
    assert anna.answers(anna.last, "").outcome == "comment"
    assert not talk.ticket(3).mutes


def test_a_mail_passed_on_is_none(talk: Conversation, anna: Person) -> None:
    text = "\n---------- Forwarded message ---------\nFrom: Eve <eve@x.example>\nSubject: abmelden\n\nabmelden\n"
    assert anna.writes("Fwd: abmelden", text).outcome == "ticket"


def test_machines_strangers_and_agents_do_not_opt_out(talk: Conversation, anna: Person) -> None:
    assert anna.answers(anna.letters[0], "unsubscribe", **OUT_OF_OFFICE).outcome == "comment"
    assert talk.customer("eve@elsewhere.example").writes("unsubscribe", "").outcome == "ticket"
    ada = talk.customer("ada@acme.example")
    assert ada.answers(ada.letters[0], "unsubscribe").outcome == "comment"
    assert told(talk, anna, 1) == ["comment"]


def test_a_stranger_cannot_opt_somebody_out_of_a_ticket(talk: Conversation, anna: Person) -> None:
    eve = talk.customer("eve@elsewhere.example")
    eve.writes("Eigenes")
    assert eve.answers(anna.letters[0], "unsubscribe").outcome == "comment"
    assert eve.writes("[ACME-1] unsubscribe", "").outcome == "ticket"
    assert (told(talk, anna, 1), talk.ticket(1).mutes) == (["comment"], ())


# The confirmation


def test_the_confirmation_is_the_last_letter_and_speaks_the_contacts_language(talk: Conversation, anna: Person) -> None:
    mail = anna.answer(anna.letters[0], "unsubscribe")
    anna.sends(mail)
    sent = [letter for letter in talk.smtp.sent if letter.envelope_to == anna.address][-1]
    assert sent.envelope_from == ""
    last = anna.last
    assert last.fields["Auto-Submitted"] == "auto-replied"
    assert (last.in_reply_to, last.subject, last.unsubscribe) == (mail.message_id, "[ACME-1] Drucker brennt", "")
    said = " ".join(last.text.split())
    assert "wie gewünscht erhalten Sie zu ACME-1 keine Mails mehr von uns" in said
    assert "antworten Sie auf diese Mail nur mit dem Wort anmelden." in said


def test_it_is_confirmed_once(talk: Conversation, anna: Person) -> None:
    for _ in range(3):
        anna.answers(anna.letters[0], "unsubscribe")
        anna.writes("unsubscribe", "")
    assert anna.hears() == ["opted_out", "opted_out"], "of the ticket, then of all"
    row = anna.answers(anna.letters[0], "unsubscribe")
    assert row.because == "Anna Kunde opted out of letters about ACME-1 before"
    assert talk.kinds(1).count(EventKind.OPTED_OUT) == 1


def test_history_is_obeyed_and_not_answered(begin: Begin) -> None:
    talk = begin({"mailboxes": {"support": {"quiet_before": "2031-01-01"}}})
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    anna.writes("unsubscribe", "")
    assert talk.contact(anna.address).email_opt_out
    assert anna.hears() == []


def test_turning_to_and_fro_for_ever_is_answered_within_the_budget(talk: Conversation, anna: Person) -> None:
    for _ in range(12):
        anna.writes("unsubscribe", "")
        anna.writes("subscribe", "")
    assert len(anna.hears()) < 10


# Letters that wait


def test_letters_that_wait_are_stopped(talk: Conversation, anna: Person) -> None:
    talk.staff("ada").reply(1, "Wir kommen.")
    talk.staff("ada").reply(2, "Anbei.")
    anna.answers(anna.letters[0], "unsubscribe")
    assert sorted(anna.hears()) == ["comment", "opted_out"]
    assert talk.withheld(1) == [(anna.address, Reason.OPTED_OUT)]


def test_mandatory_still_overrides_once(talk: Conversation, anna: Person) -> None:
    anna.answers(anna.letters[0], "unsubscribe")
    anna.hears()
    talk.staff("ada", mandatory=True).reply(1, "Rückruf!")
    talk.deliver()
    assert (anna.hears(), told(talk, anna, 1)) == (["comment"], [])


# Back in


@pytest.mark.parametrize("text", ["anmelden", "Subscribe", "opt in"])
def test_the_answer_to_the_confirmation_takes_it_back(talk: Conversation, anna: Person, text: str) -> None:
    anna.answers(anna.letters[0], "abmelden")
    row = anna.answers(anna.last, text)
    assert (row.outcome, row.because) == ("ignored", "Anna Kunde wants letters about ACME-1 again")
    assert anna.hears() == ["opted_out", "opted_in"]
    assert told(talk, anna, 1) == ["comment"]
    assert talk.kinds(1)[-2] is EventKind.OPTED_IN


def test_out_of_all_and_back_by_answering_the_confirmation(talk: Conversation, anna: Person) -> None:
    anna.answers(anna.letters[0], "abmelden")
    anna.writes("abmelden", "")
    anna.answers(anna.last, "anmelden")
    assert anna.hears() == ["opted_out", "opted_out", "opted_in"]
    assert (told(talk, anna, 1), told(talk, anna, 2)) == (["comment"], ["comment"])


def test_the_answer_to_an_older_letter_lifts_the_opt_out_of_all(talk: Conversation, anna: Person) -> None:
    anna.writes("abmelden", "")
    anna.answers(anna.letters[0], "anmelden")
    anna.hears()
    assert told(talk, anna, 1) == ["comment"]


def test_who_never_opted_out_and_writes_subscribe_is_read(talk: Conversation, anna: Person) -> None:
    assert anna.writes("Anmelden", "").outcome == "ticket"
    assert anna.answers(anna.letters[0], "anmelden").outcome == "comment"


def test_list_unsubscribe_and_the_same_mail_back(talk: Conversation, anna: Person) -> None:
    subject = anna.letters[0].unsubscribe.partition("?subject=")[2].replace("%20", " ")
    anna.writes(subject, "")
    assert anna.hears() == ["opted_out"]
    assert talk.kinds(1)[-1] is EventKind.OPTED_OUT
    assert told(talk, anna, 2) == []
    anna.writes(subject.replace("unsubscribe", "subscribe"), "")
    assert anna.hears() == ["opted_in"]
    assert told(talk, anna, 2) == ["comment"]


# Others than the requester


def test_somebody_in_copy_who_is_no_contact_yet(talk: Conversation, anna: Person) -> None:
    tom = talk.customer("tom@kunde.example")
    talk.staff("ada").reply(1, "Wir kommen.", cc=[tom.address])
    talk.deliver()
    assert tom.answers(tom.last, "unsubscribe").because == "tom@kunde.example opted out of letters about ACME-1 by mail"
    talk.staff("ada").reply(1, "Wir sind da.", cc=[tom.address])
    talk.staff("ada").reply(2, "Die Rechnung.", cc=[tom.address])
    talk.deliver()
    assert tom.hears() == ["comment", "opted_out", "comment"]
    assert (tom.address, Reason.OPTED_OUT) in talk.withheld(1)


def test_a_companys_own_address_opts_out_as_a_whole(anywhere: Begin) -> None:
    talk = anywhere()
    with talk.store.act() as view:
        firm = view.people.add_organization("BigCorp", domains=["big.example"], now=talk.now, address="it@big.example")
        number = view.tickets.open(
            {"title": "Vertrag", "status": "open", "priority": "normal", "organization": firm.id, "mailbox": "support",
             "description": "", "category": "", "source": "staff", "agent": "", "group_key": "service"}, now=talk.now,
        )  # fmt: skip
    firm_mail = talk.customer("it@big.example")
    assert told(talk, firm_mail, number) == ["comment"]
    firm_mail.answers(firm_mail.last, "unsubscribe")
    assert firm_mail.hears() == ["opted_out"]
    assert "zu Ihren Anfragen keine Mails mehr" in " ".join(firm_mail.last.text.split())
    assert told(talk, firm_mail, number) == []
    with talk.store.reading() as view:
        known = view.people.organization_at("IT@big.example")
    assert known is not None
    assert (known.opted_out_at, known.opted_out_how) == (talk.now, "by mail")
    firm_mail.answers(firm_mail.last, "subscribe")
    assert firm_mail.hears() == ["opted_in"]
    assert told(talk, firm_mail, number) == ["comment"]


# Mergers


def test_a_wish_goes_with_its_ticket_into_another(talk: Conversation, anna: Person) -> None:
    tom = talk.customer("Tom <tom@kunde.example>")
    tom.writes("Drucker brennt immer noch")
    tom.answers(tom.last, "unsubscribe")
    merge(talk.staff("ada"), 3, into=1)
    talk.deliver()
    assert (told(talk, tom, 1), told(talk, anna, 1)) == (["acknowledgement", "opted_out"], ["comment", "comment"])
    anna.answers(anna.letters[0], "unsubscribe")
    assert {mute.contact for mute in talk.ticket(3).mutes} >= {talk.contact(anna.address).id}


# The words


def test_every_language_has_words_that_mean_one_thing() -> None:
    for language, (out, back, much) in WORDS.items():
        for words, wish in ((out, Wish.OUT), (back, Wish.BACK)):
            for one in words:
                assert wanted(f" {one.upper()}! ") == Wanted(wish), (language, one)
                assert wanted(f"{one} {much[0]}") == wanted(f"{much[0]} {one}") == Wanted(wish, True)
        assert (word(Wish.OUT, language), word(Wish.BACK, language)) == (out[0], back[0])
    assert word(Wish.BACK, "xx") == "subscribe"


@pytest.mark.parametrize("text", ["", "all", "unsubscribe now", "unsubscribe unsubscribe", "un subscribe", "x" * 70])
def test_anything_else_is_no_wish(text: str) -> None:
    assert wanted(text) is None


@pytest.mark.parametrize("text", ["désinscrire", "DÉSINSCRIRE.", "desinscrire", "«\u202fdésinscrire\u202f»"])
def test_accents_case_and_signs_do_not_count(text: str) -> None:
    assert wanted(text) == Wanted(Wish.OUT)


def test_the_manual_lists_all_words() -> None:
    page = (Path(__file__).parents[2] / "docs" / "letters.md").read_text(encoding="utf-8")
    for language, words in WORDS.items():
        row = " | ".join(", ".join(some) for some in words)
        assert f"| {language} | {row} |" in page
