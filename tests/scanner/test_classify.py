"""Which mails a machine wrote: a table of headers, people among them."""

import pytest

from domain.message import Bounced, MailClass, Message, RawMail
from scanner.read import read


def mail(
    header: str = "", text: str = "Hello", *, sender: str = "Ada <ada@x.example>", subject: str = "Printer"
) -> Message:
    head = f"From: {sender}\nTo: help@y.example\nSubject: {subject}\nMessage-ID: <1@x.example>\n{header}"
    data = f"{head.rstrip()}\n\n{text}\n".encode()
    return read(RawMail(data=data, size=len(data)))


ANSWER = "In-Reply-To: <9@y.example>"

MACHINES = {
    "RFC 3834": mail("Auto-Submitted: auto-replied"),
    "with parameters": mail("Auto-Submitted: Auto-Generated; owner-email=a@x.example"),
    "with a comment": mail("Auto-Submitted: auto-replied (vacation)"),
    "x-autoreply": mail("X-Autoreply: yes"),
    "x-autorespond": mail("X-Autorespond:"),
    "precedence": mail("Precedence: auto_reply"),
    "bulk": mail("Precedence: bulk"),
    "exchange away": mail(f"X-Auto-Response-Suppress: All\n{ANSWER}", subject="Automatic reply: Printer"),
    "away, encoded": mail("Return-Path: <>", subject="=?utf-8?q?Automatische_Antwort=3A_St=C3=B6rung?="),
    "away without other header": mail(ANSWER, subject="Abwesenheitsnotiz: Drucker"),
    "away text": mail("X-Auto-Response-Suppress: All", "I am out of the office.", subject="Out of Office"),
    "receipt": mail(
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b", "--b\n\nok\n--b--"
    ),
}

PEOPLE = {
    "plain": mail(),
    "said so": mail("Auto-Submitted: no"),
    "forwarded": mail("Auto-Submitted: auto-forwarded"),
    "outlook": mail("X-Auto-Response-Suppress: DR, OOF, AutoReply"),
    "outlook on an absence note": mail(
        "X-Auto-Response-Suppress: DR, OOF, AutoReply", "My automatic reply is wrong.", subject="Out of office note"
    ),
    "outlook on absence": mail("X-Auto-Response-Suppress: All", subject="Abwesenheit einrichten"),
    "without return path": mail("Return-Path: <>"),
    "asks about absence notes": mail(
        text="My out of office reply does not work.", subject="Out of office does not work"
    ),
    "answers an absence note": mail(ANSWER, "Thanks", subject="Re: Automatic reply: Printer"),
    "on holiday": mail(text="Ich bin ab morgen im Urlaub, bitte vorher.", subject="Drucker"),
    "forwards a bounce": mail(text="<bob@x.example>: 550 unknown user\nWhat is this?", subject="Fwd: Undelivered Mail"),
    "asks about a bounce": mail(
        text="<bob@x.example>: 550 unknown user", subject="Undelivered Mail Returned to Sender"
    ),
    "precedence": mail("Precedence: first-class"),
    "x-autoreply no": mail("X-Autoreply: no"),
}

REPORT = """--b
Content-Type: text/plain

Sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Original-Recipient: rfc822;bob@y.example
Final-Recipient: rfc822; bob@inner.y.example
Action: {action}
Status: {status}

--b
Content-Type: message/rfc822

From: help@y.example
Message-ID: <letter@y.example>
References: <other@y.example>

Dear Bob
--b--
"""


def report(action: str = "failed", status: str = "5.1.1 (no such user)") -> Message:
    header = 'Return-Path: <>\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"'
    sender = "Mail Delivery System <MAILER-DAEMON@mx.example>"
    return mail(header, REPORT.format(action=action, status=status), sender=sender, subject="Undelivered Mail")


@pytest.mark.parametrize("message", MACHINES.values(), ids=MACHINES)
def test_an_automatic_answer_is_told(message: Message) -> None:
    assert message.is_auto_reply
    assert message.class_because
    assert not message.is_bounce


@pytest.mark.parametrize("message", PEOPLE.values(), ids=PEOPLE)
def test_a_person_is_never_taken_for_a_machine(message: Message) -> None:
    assert not message.is_machine
    assert message.mail_class is MailClass.PERSON
    # What spoke for a machine, but not loud enough, is said as well (osTicket#3975).
    assert all(because.startswith("not ") for because in message.class_because)


def test_lists_are_told() -> None:
    assert mail("List-Id: <news.x.example>").is_list
    assert mail("List-Unsubscribe: <mailto:off@x.example>").class_because == ("list: List-Unsubscribe (4)",)
    person_on_a_list = mail("List-Id: <users.x.example>\nPrecedence: bulk")
    assert (person_on_a_list.is_list, person_on_a_list.is_auto_reply) == (True, False)


def test_a_bounce_names_recipient_status_and_the_mail_that_came_back() -> None:
    message = report()
    assert message.is_bounce
    assert not message.is_auto_reply
    assert message.bounced == (Bounced("bob@y.example", "5.1.1", hard=True),)
    assert message.returned_ids == ("letter@y.example",)
    assert message.reply_text.strip() == "Sorry."
    assert [one.content_type for one in message.attachments] == ["message/delivery-status", "message/rfc822"]


def test_a_delay_is_a_bounce_with_a_passing_status() -> None:
    assert report("delayed", "4.4.1").bounced == (Bounced("bob@y.example", "4.4.1", hard=False),)
    assert report("delayed", "").bounced == (Bounced("bob@y.example", "4.0.0", hard=False),)


def test_good_news_of_a_delivery_is_no_bounce() -> None:
    message = report("delivered", "2.0.0")
    assert (message.is_bounce, message.is_auto_reply, message.bounced) == (False, True, ())


def test_a_home_made_bounce_is_told() -> None:
    text = "Hi. This is the qmail-send program at mx.example.\nI'm afraid I failed.\n\n<bob@y.example>:\nSorry.\n"
    message = mail("Return-Path: <>", text, sender="MAILER-DAEMON@mx.example", subject="failure notice")
    assert (message.is_bounce, message.bounced) == (True, (Bounced("bob@y.example"),))


def test_a_daemon_without_an_address_is_told() -> None:
    text = "550 unknown user\n\nMessage-Id: <letter@y.example>\n"
    message = mail(text=text, sender="MAILER-DAEMON <>", subject="Mail delivery failed")
    assert (message.is_bounce, message.returned_ids) == (True, ("letter@y.example",))
