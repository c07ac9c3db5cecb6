"""What becomes of a mail: reopening, machines, rules, copies, and the odd ones."""

from typing import Any

import pytest

from domain.event import EventKind
from domain.intake import State
from domain.letter import Reason
from tests.conversation import SALES, Begin, Conversation

ANNA = "Anna Kunde <anna@kunde.example>"
OUT_OF_OFFICE: dict[str, Any] = {"Auto_Submitted": "auto-replied"}
BOUNCE = (
    b"From: Mail Delivery System <MAILER-DAEMON@mx.kunde.example>\r\nTo: support@acme.example\r\n"
    b"Subject: Undelivered Mail Returned to Sender\r\nMessage-ID: <bounce-1@mx.kunde.example>\r\n"
    b"Date: Mon, 07 Jan 2030 09:00:00 +0000\r\nReturn-Path: <>\r\nAuto-Submitted: auto-replied\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
    b"--b\r\n\r\nI could not deliver your letter.\r\n"
    b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.kunde.example\r\n\r\n"
    b"Final-Recipient: rfc822; anna@kunde.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
    b"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <%s>\r\n\r\n--b--\r\n"
)


# Closed, solved and waiting tickets


def test_an_answer_soon_after_closing_reopens(anywhere: Begin) -> None:
    talk = anywhere()
    anna, ada = talk.customer(ANNA), talk.customer("ada@acme.example")
    anna.writes("Drucker brennt")
    talk.staff("ada").take(1)
    talk.staff("ada").close(1)
    talk.deliver()
    ada.hears()
    talk.later(days=29)
    assert anna.answers(anna.last).ticket == 1
    ticket = talk.ticket(1)
    assert (ticket.status, ticket.closed_at, ticket.waiting_since) == ("open", None, talk.now)
    assert talk.kinds(1)[-2:] == [EventKind.CUSTOMER_WROTE, EventKind.REOPENED]
    assert talk.events(1)[-1].because == "the customer wrote"
    assert ada.hears() == ["staff_customer"], "one letter, the reopening is a line in it"


def test_an_answer_long_after_closing_opens_a_linked_ticket(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    talk.staff("ada").close(1)
    talk.deliver()
    talk.later(days=31)
    assert anna.answers(anna.last).ticket == 2
    assert talk.ticket(2).linked_to == 1
    assert talk.ticket(1).status == "closed"
    opened = talk.events(2)[0]
    assert "ACME-1" in opened.because
    assert "closed" in opened.because
    assert talk.journal()[-1].because == opened.because
    assert talk.ticket(2).title == "Drucker brennt"


@pytest.mark.parametrize("days", [1, 400])
def test_an_answer_to_a_solved_ticket_reopens_it_whenever_it_comes(talk: Conversation, days: int) -> None:
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    talk.staff("ada").solve(1, "Gelöscht.")
    talk.deliver()
    talk.later(days=days)
    assert anna.answers(anna.last).ticket == 1
    assert talk.ticket(1).status == "open"
    assert talk.kinds(1)[-1] is EventKind.REOPENED


def test_an_answer_to_a_waiting_ticket_opens_it(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    talk.staff("ada").reply(1, "Welcher Drucker?", status="waiting")
    talk.deliver()
    assert talk.ticket(1).waiting_since is None
    anna.answers(anna.last)
    assert talk.ticket(1).status == "open"
    assert talk.kinds(1)[-1] is EventKind.STATUS
    assert talk.ticket(1).waiting_since == talk.now


def test_waiting_since_is_the_first_unanswered_mail(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    first = talk.now
    talk.later(hours=5)
    anna.answers(anna.last)
    assert talk.ticket(1).waiting_since == first


def test_a_rule_that_closes_a_ticket_closes_it_like_a_person(begin: Begin) -> None:
    rule = {"name": "done", "when": {"subject": {"contains": "erledigt"}}, "then": [{"set": {"status": "closed"}}]}
    talk = begin({"rules": [rule]})
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    anna.answers(anna.last, subject="Re: [ACME-1] hat sich erledigt")
    ticket = talk.ticket(1)
    assert (ticket.status, ticket.closed_at, ticket.waiting_since) == ("closed", talk.now, None)
    assert talk.kinds(1)[-1] is EventKind.CLOSED
    talk.later(days=31)
    assert anna.answers(anna.last).ticket == 2, "the window counts from the closing"


def test_a_rule_that_opens_a_closed_ticket_clears_its_closing(begin: Begin) -> None:
    rule = {"name": "again", "for": "reply", "match": "always", "then": [{"set": {"status": "waiting"}}]}
    talk = begin({"rules": [rule]})
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    talk.staff("ada").close(1)
    talk.deliver()
    anna.answers(anna.last)
    assert (talk.ticket(1).status, talk.ticket(1).closed_at) == ("waiting", None)
    assert talk.kinds(1)[-1] is EventKind.REOPENED


def test_a_ticket_that_a_rule_opens_as_solved_is_nobody_waiting(begin: Begin) -> None:
    rule = {"name": "monitor", "match": "always", "then": [{"set": {"status": "solved"}}]}
    talk = begin({"rules": [rule]})
    talk.customer(ANNA).writes("Alles gut")
    assert (talk.ticket(1).status, talk.ticket(1).waiting_since) == ("solved", None)


# Machines


@pytest.mark.parametrize("ended", ["close", "solve"])
def test_an_out_of_office_answer_never_reopens_and_gets_no_letter(anywhere: Begin, ended: str) -> None:
    talk = anywhere()
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    staff = talk.staff("ada")
    staff.close(1) if ended == "close" else staff.solve(1, "Gelöscht.")
    talk.deliver()
    status = talk.ticket(1).status
    anna.hears()
    away = anna.answers(anna.last, "Ich bin im Urlaub.", subject="Automatische Antwort: Drucker", **OUT_OF_OFFICE)
    assert (away.outcome, away.ticket) == ("comment", 1)
    assert talk.ticket(1).status == status
    assert talk.kinds(1)[-1] is EventKind.MACHINE_WROTE
    assert anna.hears() == []
    assert talk.entries(1)[-1].machine


def test_an_out_of_office_answer_long_after_closing_opens_nothing(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    talk.staff("ada").close(1)
    talk.deliver()
    talk.later(days=100)
    anna.answers(anna.last, **OUT_OF_OFFICE)
    assert talk.tickets() == 1


def test_a_machine_that_opens_a_ticket_gets_no_acknowledgement(talk: Conversation) -> None:
    robot, ada = talk.customer("robot@kunde.example"), talk.customer("ada@acme.example")
    assert robot.writes("Backup failed", **OUT_OF_OFFICE).outcome == "ticket"
    assert robot.hears() == []
    assert ada.hears() == ["staff_new"]
    assert talk.withheld(1) == [("robot@kunde.example", Reason.MACHINE)]
    assert talk.ticket(1).waiting_since is None


def test_a_bounce_of_our_letter_goes_quietly_onto_its_ticket(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    talk.staff("ada").close(1)
    talk.deliver()
    count = len(talk.letters())
    bounce = anna.sends((BOUNCE % anna.last.message_id.encode()).replace(b"5.1.1", b"4.2.2"))
    assert (bounce.outcome, bounce.ticket) == ("comment", 1)
    assert talk.ticket(1).status == "closed"
    assert talk.kinds(1)[-1] is EventKind.MACHINE_WROTE
    assert len(talk.letters()) == count


# Rules


def test_a_newsletter_is_ignored_by_a_rule(begin: Begin) -> None:
    talk = begin({"rules": [{"name": "newsletters", "when": {"is": "list"}, "then": ["ignore"]}]})
    news = talk.customer("news@shop.example").writes("Angebote", List_Id="<news.shop.example>")
    assert (news.outcome, news.ticket, news.state) == ("ignored", None, State.FILED)
    assert "newsletters" in news.because
    assert talk.decision(1)["rules"] == ["newsletters"]
    assert talk.tickets() == 0
    assert talk.letters() == []


def test_a_rule_gives_priority_group_and_tags_and_the_history_names_it(begin: Begin) -> None:
    rule = {
        "name": "outage",
        "when": {"subject": {"contains": "Ausfall"}},
        "then": [{"set": {"priority": "urgent"}}, {"assign": {"group": "network"}}, {"tag": ["outage"]}],
    }
    talk = begin({"rules": [rule]})
    anna, ada, bert = (talk.customer(one) for one in (ANNA, "ada@acme.example", "bert@acme.example"))
    anna.writes("Ausfall im Netz")
    ticket = talk.ticket(1)
    assert (ticket.priority, ticket.group, ticket.tags) == ("urgent", "network", ("outage",))
    assert talk.kinds(1) == [EventKind.OPENED, EventKind.FIELD, EventKind.ASSIGNED, EventKind.TAGGED]
    assert all("outage" in event.because for event in talk.events(1)[1:])
    assert (anna.hears(), ada.hears(), bert.hears()) == (["acknowledgement"], [], ["staff_new"])


def test_a_rule_on_an_answer_is_told_to_staff_in_the_one_letter(begin: Begin) -> None:
    rule = {"name": "urgent", "for": "reply", "match": "always",
            "then": [{"set": {"priority": "urgent"}}, {"tag": ["x"]}]}  # fmt: skip
    talk = begin({"rules": [rule]})
    anna, ada = talk.customer(ANNA), talk.customer("ada@acme.example")
    anna.writes("Drucker brennt")
    ada.hears()
    anna.answers(anna.last)
    assert talk.ticket(1).tags == ("x",)
    assert ada.hears() == ["staff_customer"]
    anna.answers(anna.last)
    assert [kind for kind in talk.kinds(1) if kind is EventKind.TAGGED] == [EventKind.TAGGED], "only what changes"


def test_a_first_takeover_by_a_rule_is_told_to_the_customer(begin: Begin) -> None:
    rule = {"name": "ada's", "for": "reply", "match": "always", "then": [{"assign": {"agent": "ada"}}]}
    talk = begin({"rules": [rule]})
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    anna.hears()
    anna.answers(anna.last)
    assert talk.ticket(1).agent == "ada"
    assert anna.hears() == ["status"]


def test_an_update_that_finds_no_ticket_falls_through(begin: Begin) -> None:
    rules = [
        {"name": "vendor", "match": "always", "then": ["update", {"tag": ["vendor"]}]},
        {"name": "rest", "match": "always", "then": [{"tag": ["rest"]}]},
    ]
    talk = begin({"rules": rules})
    anna = talk.customer(ANNA)
    assert anna.writes("Drucker brennt").outcome == "ticket"
    assert talk.ticket(1).tags == ("rest",)
    assert anna.answers(anna.last).outcome == "comment"
    assert talk.ticket(1).tags == ("rest", "vendor")


def test_a_rule_opens_a_new_ticket_for_an_answer_and_links_it(begin: Begin) -> None:
    rule = {"name": "each", "match": "always", "then": ["create"]}
    talk = begin({"rules": [rule]})
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    assert anna.answers(anna.last).ticket == 2
    assert talk.ticket(2).linked_to == 1


# Copies


def test_the_same_mail_again_is_a_duplicate(anywhere: Begin) -> None:
    talk = anywhere({"mailboxes": {"support": {"folders": ["INBOX", "Alt"]}, "sales": SALES}})
    anna = talk.customer(ANNA)
    first = anna.writes("Drucker brennt")
    mail = anna.sent[0]
    again = anna.sends(mail)
    relayed = anna.sends(b"Received: from a by b\r\nDelivered-To: x@acme.example\r\n" + mail.data)
    elsewhere = anna.sends(mail, folder="Alt")
    other = anna.sends(mail, mailbox="sales")
    for copy in (again, relayed, elsewhere, other):
        assert (copy.outcome, copy.ticket, copy.duplicate_of) == ("duplicate", 1, first.id)
        assert copy.state is State.FILED
    assert len(talk.entries(1)) == 1
    assert anna.hears() == ["acknowledgement"]
    assert talk.gaps() == ()


def test_two_copies_in_one_batch(anywhere: Begin) -> None:
    talk = anywhere()
    anna = talk.customer(ANNA)
    mail = anna.mail("Drucker brennt")
    talk.put(mail), talk.put(mail), talk.put(anna.mail("Licht flackert"))
    talk.scan()
    assert talk.outcomes() == ["ticket", "duplicate", "ticket"]


def test_one_ticket_in_each_mailbox_where_the_policy_says_so(begin: Begin) -> None:
    talk = begin({"mailboxes": {"sales": SALES}, "duplicates": "per_mailbox"})
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    assert anna.sends(anna.sent[0], mailbox="sales").ticket == 2
    assert anna.sends(anna.sent[0], mailbox="sales").outcome == "duplicate"
    assert anna.sends(anna.sent[0]).outcome == "duplicate"
    assert talk.ticket(2).group == "network"


def test_the_same_message_id_with_another_body_is_another_mail(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt", "Das Papier ist aus.", message_id="1@kunde.example")
    other = anna.writes("Drucker brennt", "Der Toner ist leer.", message_id="1@kunde.example")
    assert other.outcome == "ticket"


def test_our_own_letter_that_comes_back_is_ignored(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    back = anna.sends(talk.smtp.sent[0].data)
    assert (back.outcome, back.ticket) == ("ignored", None)
    assert "our own letter" in back.because


# Odd mails


def test_odd_mails_all_become_tickets(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    odd = [
        b"Subject: no sender\r\n\r\nHallo\r\n",
        b"From: anna@kunde.example\r\n\r\n",
        b"From: anna@kunde.example\r\nSubject: no date, no id\r\n\r\nHallo\r\n",
        b"From: anna@kunde.example\r\nSubject: no body\r\nMessage-ID: <1@kunde.example>\r\n",
        b"\r\n",
        b"\x00\xff\xfe",
        b"From: \xff\xfe <@>\r\nSubject: =?x?q?=00?=\r\n\r\n\xff",
        b"From: nobody\r\nSubject: an address without @\r\n\r\nHallo\r\n",
        b"From: a@b@c.example\r\nSubject: two at\r\n\r\nHallo\r\n",
        b"From: support@acme.example\r\nSubject: from ourselves\r\n\r\nHallo\r\n",
    ]
    rows = [anna.sends(data) for data in odd]
    assert [row.outcome for row in rows] == ["ticket"] * len(odd)
    assert ("", Reason.NO_ADDRESS) in talk.withheld(1)
    assert talk.ticket(1).requester is None
    assert talk.withheld(10) == [("support@acme.example", Reason.OWN_ADDRESS)]
    assert talk.gaps() == ()


def test_a_mail_that_is_not_a_mail_at_all_is_counted_once(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    assert [anna.sends(b"").outcome, anna.sends(b"").outcome] == ["ticket", "duplicate"]
