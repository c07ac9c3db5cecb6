"""What a delivery report says: whom, whether for good, why, and which letter came back."""

import json

import pytest

from domain.message import Bounced, MailClass, Message, RawMail
from scanner.bounce import cause_of, is_hard, said_by_server
from scanner.bounce_words import CAUSES
from scanner.read import read

SENDER = "Mail Delivery System <MAILER-DAEMON@mx.example>"


def of(text: str) -> Message:
    data = text.encode()
    return read(RawMail(data=data, size=len(data)))


def report(said: str, *, action: str = "failed", status: str = "5.0.0") -> Message:
    return of(
        f"From: {SENDER}\nSubject: Undelivered Mail\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\n"
        "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; bob@y.example\n"
        f"Action: {action}\nStatus: {status}\nDiagnostic-Code: smtp; {said}\n\n--b--\n"
    )


def amazon(kind: str, **facts: object) -> Message:
    said = {"notificationType": kind, "mail": {"commonHeaders": {"messageId": "<letter@y.example>"}}} | facts
    head = "From: no-reply@sns.example\nSubject: AWS Notification Message\nx-amz-sns-message-id: 1\n\n"
    return of(f"{head}{json.dumps(said)}\n\n--\nIf you wish to stop ...\n")


@pytest.mark.parametrize("cause", CAUSES, ids=[cause.name for cause in CAUSES])
def test_a_servers_words_name_the_cause(cause: object) -> None:
    assert cause in CAUSES
    known = next(one for one in CAUSES if one is cause)
    assert cause_of(known.example) == known.name
    assert is_hard("", known.example) is known.hard
    assert report(known.example).bounced[0].hard is known.hard


@pytest.mark.parametrize(
    ("status", "words", "hard"),
    [
        ("5.1.1", "", True),
        ("5.1.1", "550 5.1.1 user unknown", True),
        ("5.4.4", "", True),
        ("5.2.2", "", False),
        ("5.7.1", "550 5.7.1 user unknown to the policy", False),
        ("4.1.1", "450 4.1.1 user unknown", False),
        ("5.0.0", "", None),
        ("", "something else", None),
        ("5.0.0", "554 this account has been disabled", False),
    ],
)
def test_status_and_words_together_tell_whether_it_is_final(status: str, words: str, hard: bool | None) -> None:
    assert is_hard(status, words) is hard


def test_the_servers_own_words_are_kept() -> None:
    assert report("550 5.1.1 <bob@y.example>:\n user unknown", status="5.1.1").bounced == (
        Bounced("bob@y.example", "5.1.1", hard=True, reason="550 5.1.1 <bob@y.example>: user unknown"),
    )


def test_a_delay_is_never_final() -> None:
    message = report("connect timed out", action="delayed", status="")
    assert (message.mail_class, message.bounced[0].status, message.bounced[0].hard) == (
        MailClass.BOUNCE,
        "4.0.0",
        False,
    )


def test_a_success_is_a_notice() -> None:
    message = report("250 ok", action="delivered", status="2.0.0")
    assert (message.mail_class, message.is_bounce, message.bounced) == (MailClass.NOTICE, False, ())
    assert message.is_machine


def test_amazons_own_form() -> None:
    failed = {"emailAddress": "bob@y.example", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
    message = amazon("Bounce", bounce={"bounceType": "Permanent", "bouncedRecipients": [failed]})
    assert message.mail_class is MailClass.BOUNCE
    assert [(one.address, one.status, one.hard) for one in message.bounced] == [("bob@y.example", "5.1.1", True)]
    assert message.returned_ids == ("letter@y.example",)
    passing = amazon(
        "Bounce", bounce={"bounceType": "Transient", "bouncedRecipients": [{"emailAddress": "b@y.example"}]}
    )
    assert passing.bounced == (Bounced("b@y.example", "4.0.0", hard=False),)
    assert amazon("Complaint", complaint={}).mail_class is MailClass.COMPLAINT
    assert amazon("Delivery", delivery={}).mail_class is MailClass.NOTICE
    assert amazon("Bounce", bounce="nonsense").mail_class is MailClass.PERSON


def test_amazons_form_without_what_it_promises() -> None:
    failed = [{"status": "5.1.1"}, "nonsense", {"emailAddress": "bob@y.example", "status": "5.1.1"}]
    message = amazon("Bounce", bounce={"bounceType": "Permanent", "bouncedRecipients": failed})
    assert [one.address for one in message.bounced] == ["bob@y.example"]
    assert message.subject == "AWS Notification Message"
    assert message.defects == ("2 recipients in Amazon's report have no address",)
    for bounce in ({}, {"bouncedRecipients": {}}, {"bouncedRecipients": [{}]}, {"bouncedRecipients": 7}, None):
        assert not any("not readable" in defect for defect in amazon("Bounce", bounce=bounce).defects)


def test_a_group_of_a_report_with_parameters_that_nobody_can_read() -> None:
    groups = "Content-Type: multipart/mixed; x*=1; x*0=2\n\nFinal-Recipient: rfc822; bob@y.example\nAction: failed\n"
    kind = "Content-Transfer-Encoding: 7bit\nContent-Type: multipart/report; boundary=b\n\n"
    message = of(f"From: mta@y.example\n{kind}--b\nContent-Type: message/delivery-status\n\n{groups}\n--b--\n")
    assert [one.address for one in message.bounced] == ["bob@y.example"]


def test_the_refusal_is_found_in_a_home_made_report() -> None:
    assert said_by_server("Hello\n\n<bob@y.example>:\n550 no such user\nhere\n\nBye") == "550 no such user here"
    assert said_by_server("Hello\nthe mailbox is full\nBye") == "the mailbox is full"
    assert said_by_server("Hello, my 2 printers do not work.") == ""


HOME_MADE = {
    "an address on its own": ("Sorry, not delivered to:\n\nbob@y.example\n\n550 user unknown", ["bob@y.example"]),
    "behind a word": ("Ihre Nachricht kam nicht an.\nEmpfänger: bob@y.example\nGrund: unbekannt", ["bob@y.example"]),
    "in the refusal": ("Hi,\nthe address bob@y.example does not exist\nask help@z.example", ["bob@y.example"]),
    "the only one": ("We could not reach bob@y.example today.", ["bob@y.example"]),
    "not ours": ("help@y.example wrote to bob@y.example, sorry", ["bob@y.example"]),
    "not that of the copy": ("Sorry.\n\n--- copy of your message\n\nbob@y.example", []),
    "one of two": ("Call ada@y.example or bob@y.example.", []),
}


@pytest.mark.parametrize(("text", "named"), HOME_MADE.values(), ids=HOME_MADE)
def test_a_report_in_no_known_form_names_the_recipient(text: str, named: list[str]) -> None:
    head = f"From: {SENDER}\nTo: help@y.example\nReturn-Path: <>\nSubject: Undelivered Mail\n\n"
    assert [one.address for one in of(head + text).bounced] == named


def test_a_receipt_names_the_letter_that_was_read() -> None:
    """RFC 8098, section 3.2.5."""
    message = of(
        "From: bob@y.example\nSubject: Read: Printer\n"
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n"
        "--b\n\nYour letter was read.\n--b\nContent-Type: message/disposition-notification\n\n"
        "Final-Recipient: rfc822; bob@y.example\nOriginal-Message-ID: <letter@y.example>\n"
        "Disposition: manual-action/MDN-sent-manually; displayed\n\n--b--\n"
    )
    assert (message.mail_class, message.returned_ids) == (MailClass.NOTICE, ("letter@y.example",))


def test_a_postmaster_who_quotes_a_refusal_is_a_mail_system() -> None:
    bounce = "From: post_master@y.example\nSubject: Re: Printer\n\nError: invalid user\n\n550 - no such user here\n"
    assert of(bounce).is_bounce
    asks = "From: postmaster@y.example\nSubject: Printer\n\nOur printer does not work.\n"
    assert not of(asks).is_machine
