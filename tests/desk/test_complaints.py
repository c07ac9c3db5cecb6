"""The complaints of the users of other helpdesks about threads, classes and loops, and what answers each.

complaint                                                  answered by
zammad#5064 and #2444, a number is enough to get in         test_threading: a stranger who guesses a tag,
                                                            who knows a message id; test_addresses: a forged sender
zammad#4965, a passed-on mail lands on the old ticket       here
zammad#5287, only "RE:" is known                            here; test_subject
zammad#3894, no follow-up in plain text mails               here
osTicket#902, the answer to the acknowledgement is new      here
freescout#2120, #4958, References join strangers            here; test_threading: a forged token
frappe/helpdesk#3465, answers to closed tickets             test_closed
zammad#3022, #3695, vendors' numbers                        test_vendors
osTicket#1041, freescout#688, #3670, responders             test_loops
django-helpdesk#825, the queue's address in Cc              test_loops: in copy of one customer
zammad#731, #2923, our own letters come in                  here
zammad#1131, follow-ups of bounces                          test_addresses: a hard bounce marks the address
osTicket#1744, zammad#5113, machines reopen                 test_closed; test_outcomes
osTicket#3975, an empty Return-Path makes a machine         here; test_classify
zammad#4885, otrs PR#1367, a budget that one can set        test_resolve: the budget of a domain; here
freescout#4035, an agent's responder reaches the customer   here
freescout#4363, Precedence: bulk is answered                here
freescout#2488, letters say what they are                   here
itop-jb-mail-to-ticket-automation-v2#7, the same mail again test_repeats
jbostoen itop#218, freescout#4287, false senders            test_addresses: a display name that is somebody else's
django-helpdesk#1300, people in Cc                          test_addresses: nobody watches unasked
zammad#1578, #1662, one mail, two tickets                   test_journal
"""

import pytest

from domain.event import EventKind
from domain.letter import Reason
from tests.conversation import SALES, Begin, Conversation

ANNA = "Anna Kunde <anna@kunde.example>"
EVE = "Eve <eve@elsewhere.example>"
ADA = "ada@acme.example"


def test_the_answer_to_the_acknowledgement(talk: Conversation) -> None:
    """osTicket#902: every letter's Message-ID is known, that of the acknowledgement too."""
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    assert anna.answers(anna.last, "Danke.", subject="Danke", references=()).ticket == 1


@pytest.mark.parametrize("prefix", ["RE: ", "Aw: ", "AW: WG: ", "SV: ", "Odp: ", "回复: ", "RE[2]: ", ""])
def test_any_prefix_and_none(talk: Conversation, prefix: str) -> None:
    """zammad#5287 "Same Subject & References" follow-up detection only works with "RE:..."."""
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    assert anna.answers(anna.last, "Noch da.", subject=f"{prefix}Drucker brennt").ticket == 1
    assert anna.writes(f"{prefix}[ACME-1] Drucker brennt", "Immer noch.").ticket == 1


def test_the_tag_in_a_text_proves_nothing_and_the_subject_is_enough(talk: Conversation) -> None:
    """zammad#3894 "Follow-up detection does not work for the body of plain text mails": one finder for all mails."""
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    assert anna.writes("Zu [ACME-1]", "Nur Text.").ticket == 1
    assert anna.writes("Etwas anderes", "Wie bei [ACME-1] damals.").ticket == 2


def test_a_mail_passed_on_by_a_customer_to_a_colleague_and_on_to_us(talk: Conversation) -> None:
    """zammad#4965 "Wrong follow-up detection with forwarded emails": the old ticket is linked, and nothing leaks in."""
    anna, eve = talk.customer(ANNA), talk.customer(EVE)
    anna.writes("Drucker brennt")
    passed_on = eve.writes("WG: [ACME-1] Drucker brennt", "Bei uns auch!", references=(anna.sent[0].message_id,))
    assert passed_on.ticket == 2
    assert talk.ticket(2).linked_to == 1
    assert len(talk.entries(1)) == 1


def test_threads_of_other_systems_join_nobody(talk: Conversation) -> None:
    """freescout#2120, #4958 "unrelated mails merged": one newsletter that two customers answer is two matters."""
    anna, eve = talk.customer(ANNA), talk.customer(EVE)
    news = "news-7@newsletter.example"
    assert anna.writes("Re: Neues", "Was heißt das?", in_reply_to=news, references=(news,)).ticket == 1
    assert eve.writes("Re: Neues", "Ich will das.", in_reply_to=news, references=(news,)).ticket == 2
    assert talk.ticket(2).linked_to is None


def test_our_own_letter_that_comes_in(talk: Conversation) -> None:
    """zammad#731 "Do not import own notification emails", #2923 "Zammad should not inform himself"."""
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    own = next(one.data for one in talk.smtp.sent if one.envelope_to == anna.address)
    row = anna.sends(own)
    assert (row.outcome, len(talk.entries(1))) == ("ignored", 1)
    assert "our own letter" in row.because


def test_a_mailbox_of_ours_that_writes_to_another(begin: Begin) -> None:
    """zammad#2923: what staff sends by hand from one of our mailboxes makes a ticket and no letter to it."""
    talk = begin({"mailboxes": {"sales": SALES}})
    sales = talk.customer("Verkauf <sales@acme.example>")
    assert sales.writes("Anfrage weitergereicht").outcome == "ticket"
    assert talk.letters("sales@acme.example") == []
    assert ("sales@acme.example", Reason.OWN_ADDRESS) in talk.withheld(1)


def test_an_empty_return_path_alone_makes_no_machine(talk: Conversation) -> None:
    """osTicket#3975: a relay that empties it; the weak signal is told, and a person gets his acknowledgement."""
    anna = talk.customer(ANNA)
    row = anna.writes("Drucker brennt", Return_Path="<>")
    assert anna.hears() == ["acknowledgement"]
    assert any("empty Return-Path" in why for why in talk.decision(row.id)["class"])


@pytest.mark.parametrize(
    "fields",
    [{"Precedence": "bulk"}, {"Precedence": "list"}, {"List_Id": "<news.elsewhere.example>"},
     {"Auto_Submitted": "auto-generated"}, {"X_Autoreply": "yes"}],
)  # fmt: skip
def test_what_is_never_answered(talk: Conversation, fields: dict[str, str]) -> None:
    """freescout#4363 "Do not send autoreplies when Precedence: bulk"."""
    eve = talk.customer(EVE)
    assert eve.writes("Neuigkeiten", **fields).ticket == 1
    assert eve.hears() == []
    assert (eve.address, Reason.MACHINE) in talk.withheld(1)


def test_an_agents_responder_reaches_no_customer(begin: Begin) -> None:
    """freescout#4035 "Handle auto-replies of mailbox agents"."""
    talk = begin({"notifications": {"on_customer_mail": True}, "mailboxes": {"support": {"cc_watches": True}}})
    anna, ada = talk.customer(ANNA), talk.customer(ADA)
    anna.writes("Drucker brennt", Cc="tom@partner.example")
    anna.hears()
    ada.answers(ada.last, "Ich bin bis Ostern nicht da.", Auto_Submitted="auto-replied")
    assert talk.kinds(1)[-1] is EventKind.MACHINE_WROTE
    assert (anna.hears(), talk.letters("tom@partner.example")) == ([], [])
    talk.staff("bert").reply(1, "Wir kommen.")
    talk.deliver()
    assert all("Ostern" not in letter.text for letter in (*anna.letters, *talk.letters("tom@partner.example")))


def test_letters_say_what_they_are(talk: Conversation) -> None:
    """freescout#2488 "Add X-Auto-Response-Suppress header": never All, which would suppress bounces too."""
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    talk.staff("ada").reply(1, "Wir kommen.")
    talk.deliver()
    acknowledgement, comment = (letter.fields for letter in anna.letters)
    assert acknowledgement["Auto-Submitted"] == "auto-replied"
    assert acknowledgement["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert (comment["Auto-Submitted"], comment["X-Auto-Response-Suppress"]) == (None, None)


def test_a_storm_from_one_domain_is_withheld_and_listed(begin: Begin) -> None:
    """zammad#4885: what the budget withheld can be seen, with the reason, and other domains are not touched."""
    talk = begin({"notifications": {"loop_budget": {"per_domain": 3}}})
    for n in range(5):
        talk.customer(f"bot{n}@kunde.example").writes(f"Alarm {n}", f"Alarm Nummer {n}.")
    talk.customer(EVE).writes("Licht flackert")
    answered = [bool(talk.customer(f"bot{n}@kunde.example").letters) for n in range(5)]
    assert answered == [True, True, True, False, False]
    assert talk.withheld(4) == [("bot3@kunde.example", Reason.LOOP_BUDGET)]
    assert talk.customer(EVE).letters
    talk.later(hours=2)
    talk.customer("bot0@kunde.example").writes("Neu", "Ein neuer Tag.")
    assert len(talk.customer("bot0@kunde.example").letters) == 2


def test_a_doubt_stops_the_acknowledgement_and_not_the_copy(begin: Begin) -> None:
    """osTicket#3975: one weak signal decides nothing but whether a further mail is acknowledged."""
    talk = begin({"notifications": {"on_customer_mail": True}, "mailboxes": {"support": {"cc_watches": True}}})
    anna, tom = talk.customer(ANNA), talk.customer("tom@partner.example")
    anna.writes("Drucker brennt", Cc=tom.address)
    anna.hears()
    anna.answers(anna.last, "Er raucht.", Return_Path="<>")
    assert (anna.hears(), tom.hears()) == ([], ["copy"])
    assert (anna.address, Reason.MACHINE) in talk.withheld(1)
    anna.answers(anna.last, "Nur noch Asche.")
    assert anna.hears() == ["acknowledgement"]
