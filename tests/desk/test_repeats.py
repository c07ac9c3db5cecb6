"""The same text from the same sender within minutes: one ticket."""

import pytest

from domain.event import EventKind
from tests.conversation import SALES, Begin, Conversation

ANNA = "Anna Kunde <anna@kunde.example>"
ADA = "ada@acme.example"


def test_who_presses_send_twice_has_one_ticket(anywhere: Begin) -> None:
    """zammad#1662 "Duplicate tickets from one email.": one mail, two tickets, two acknowledgements."""
    talk = anywhere()
    anna, ada = talk.customer(ANNA), talk.customer(ADA)
    anna.writes("Drucker brennt")
    assert (anna.hears(), ada.hears()) == (["acknowledgement"], ["staff_new"])
    talk.later(minutes=1)
    again = anna.writes("AW: Drucker  brennt")
    assert (again.outcome, again.ticket) == ("comment", 1)
    assert "the same text as on ACME-1, a minute ago" in again.because
    assert talk.events(1)[-1].kind is EventKind.REPEATED
    assert talk.events(1)[-1].because == again.because
    assert (anna.hears(), ada.hears()) == ([], [])
    assert talk.decision(again.id)["finders"][-1]["finder"] == "same_text"


def test_a_monitoring_storm_is_one_ticket_as_long_as_it_lasts(talk: Conversation) -> None:
    """jbostoen/itop-jb-mail-to-ticket-automation-v2#7 "Enhancement: loop protection": same title and body."""
    robot, ada = talk.customer("robot@kunde.example"), talk.customer(ADA)
    for _ in range(10):
        robot.writes("Disk full", "Volume /data is full.", Auto_Submitted="auto-generated")
        talk.later(minutes=6)
    assert talk.tickets() == 1
    assert talk.kinds(1) == [EventKind.OPENED, *[EventKind.MACHINE_WROTE] * 9]
    assert (robot.hears(), ada.hears()) == ([], ["staff_new"])
    talk.later(minutes=6)
    assert robot.writes("Disk full", "Volume /data is full.", Auto_Submitted="auto-generated").ticket == 2


@pytest.mark.parametrize(
    ("sender", "subject", "text", "minutes"),
    [
        (ANNA, "Drucker brennt", "Bitte helfen Sie mir, danke.", 11),
        (ANNA, "Licht flackert", "Bitte helfen Sie mir, danke.", 1),
        (ANNA, "Drucker brennt", "Bitte helfen Sie mir schnell.", 1),
        ("Tom <tom@kunde.example>", "Drucker brennt", "Bitte helfen Sie mir, danke.", 1),
    ],
)
def test_what_is_no_repeat(talk: Conversation, sender: str, subject: str, text: str, minutes: int) -> None:
    talk.customer(ANNA).writes("Drucker brennt")
    talk.later(minutes=minutes)
    assert talk.customer(sender).writes(subject, text).ticket == 2


def test_it_can_be_switched_off(begin: Begin) -> None:
    talk = begin({"limits": {"repeats_within": "0s"}})
    anna = talk.customer(ANNA)
    assert [anna.writes("Drucker brennt").ticket for _ in range(2)] == [1, 2]


def test_a_rule_that_always_opens_does_not_open_for_a_repeat(begin: Begin) -> None:
    talk = begin({"rules": [{"name": "alarms", "when": {"subject": {"contains": "Disk"}}, "then": ["create"]}]})
    anna = talk.customer(ANNA)
    assert [anna.writes("Disk full").ticket for _ in range(2)] == [1, 1]


def test_a_repeat_does_not_open_a_closed_ticket_again(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    talk.staff("ada").close(1)
    assert anna.writes("Drucker brennt").ticket == 1
    assert talk.ticket(1).status == "closed"


WITH_FILE = (
    b"From: Anna Kunde <anna@kunde.example>\r\nTo: support@acme.example\r\nSubject: %s\r\n"
    b"Message-ID: <%s@x.example>\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\n\r\n%s\r\n"
    b"--b\r\nContent-Type: application/pdf; name=plan.pdf\r\nContent-Disposition: attachment; filename=plan.pdf\r\n\r\n"
    b"PDF\r\n--b--\r\n"
)


def test_the_files_that_were_forgotten_are_news(talk: Conversation) -> None:
    anna, ada = talk.customer(ANNA), talk.customer(ADA)
    anna.writes("Bauplan", "Anbei der Plan.")
    ada.hears(), anna.hears()
    assert anna.sends(WITH_FILE % (b"Bauplan", b"1", b"Anbei der Plan.")).ticket == 1
    assert (ada.hears(), anna.hears()) == (["staff_customer"], [])


def test_each_scan_of_a_copier_is_another(talk: Conversation) -> None:
    anna = talk.customer(ANNA)
    assert [anna.sends(WITH_FILE % (b"Scan", n, b"")).ticket for n in (b"1", b"2")] == [1, 2]


@pytest.mark.parametrize(("policy", "tickets"), [("one_ticket", [1, 1]), ("per_mailbox", [1, 2])])
def test_one_ticket_in_each_mailbox_where_that_is_the_policy(begin: Begin, policy: str, tickets: list[int]) -> None:
    """zammad#1578 "Import emails with same message_id but target was different channels": a policy."""
    talk = begin({"duplicates": policy, "mailboxes": {"sales": SALES}})
    anna = talk.customer(ANNA)
    both = [anna.sends(anna.mail("Angebot"), mailbox=mailbox).ticket for mailbox in ("support", "sales")]
    assert both == tickets


def test_the_same_short_answer_twice_reaches_staff_twice(talk: Conversation) -> None:
    anna, ada = talk.customer(ANNA), talk.customer(ADA)
    anna.writes("Drucker brennt")
    anna.answers(anna.last, "Ja.")
    anna.answers(anna.last, "Ja.")
    assert ada.hears() == ["staff_new", "staff_customer", "staff_customer"]
