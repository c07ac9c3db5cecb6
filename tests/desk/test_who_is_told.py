"""Who is told, through the whole desk: agents' own letters, a mailbox's own notifications."""

from domain.letter import Reason
from tests.conversation import SALES, Begin

ANNA = "Anna Kunde <anna@kunde.example>"


def test_each_agent_gets_the_letters_that_he_wants(begin: Begin) -> None:
    wanted = {"ada": {"letters": {"groups": ["new"]}}, "bert": {"letters": {"groups": "nothing", "colleagues": "note"}}}
    talk = begin({"agents": wanted})
    anna, ada, bert = talk.customer(ANNA), talk.customer("ada@acme.example"), talk.customer("bert@acme.example")
    anna.writes("Drucker brennt")
    assert (ada.hears(), bert.hears()) == (["staff_new"], [])
    anna.answers(anna.last)
    assert (ada.hears(), bert.hears()) == ([], [])
    talk.staff("ada").take(1)
    talk.staff("ada").note(1, "Er ist der alte.")
    talk.deliver()
    assert (ada.hears(), bert.hears()) == ([], ["staff_note"])
    assert ("bert@acme.example", Reason.SWITCHED_OFF) in talk.withheld(1)
    assert "Sie erhalten" not in bert.last.text
    assert "hear of your colleagues' tickets in group service" in bert.last.text


def test_a_mailbox_has_notifications_of_its_own(begin: Begin) -> None:
    talk = begin({"mailboxes": {"sales": {**SALES, "notifications": {"acknowledgement": False}}}})
    anna = talk.customer(ANNA)
    anna.sends(anna.mail("Angebot", to="sales@acme.example"), mailbox="sales")
    assert (anna.hears(), talk.withheld(1)) == ([], [("anna@kunde.example", Reason.SWITCHED_OFF)])
    anna.writes("Drucker brennt")
    assert anna.hears() == ["acknowledgement"]


def test_what_waits_in_the_outbox_goes_by_the_notifications_of_its_mailbox(begin: Begin) -> None:
    talk = begin({"mailboxes": {"sales": SALES}})
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    anna.sends(anna.mail("Angebot", to="sales@acme.example"), mailbox="sales")
    anna.hears()
    talk.staff("ada").reply(1, "Wir kommen.")
    talk.staff("ada").reply(2, "Wir rechnen.")
    talk.restart({"mailboxes": {"sales": {**SALES, "notifications": {"ticket_mails": False}}}})
    talk.deliver()
    assert anna.hears() == ["comment"]
    assert (talk.withheld(1), talk.withheld(2)) == ([], [("anna@kunde.example", Reason.NOT_A_PORTAL_USER)])
