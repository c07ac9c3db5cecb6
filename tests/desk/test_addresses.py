"""What a mail tells of addresses: dead ones, people in copy, false names."""

import pytest

from desk.addresses import bounced_staff
from domain.event import EventKind
from domain.letter import Reason, Withheld
from tests.conversation import Begin, Conversation, Person
from tests.desk.test_outcomes import BOUNCE, OUT_OF_OFFICE

ANNA = "Anna Kunde <anna@kunde.example>"
EVE = "Eve <eve@elsewhere.example>"
ADA, BERT = "ada@acme.example", "bert@acme.example"
U = EventKind.UNDELIVERABLE


def bounce(message_id: str, *, recipient: str = "anna@kunde.example", status: str = "5.1.1", number: int = 1) -> bytes:
    data = BOUNCE.replace(b"anna@kunde.example", recipient.encode()).replace(b"5.1.1", status.encode())
    return data.replace(b"bounce-1", b"bounce-%d" % number) % message_id.encode()


def bounced(talk: Conversation) -> list[str]:
    """The agents whose letters come back."""
    with talk.store.reading() as view:
        return list(bounced_staff(view, talk.settings))


def is_dead(talk: Conversation, address: str = "anna@kunde.example") -> bool:
    return [one.undeliverable for one in talk.contact(address).addresses if one.address == address] == [True]


@pytest.fixture
def anna(talk: Conversation) -> Person:
    """A customer with ticket 1, which Ada has taken over."""
    person = talk.customer(ANNA)
    person.writes("Drucker brennt")
    talk.staff("ada").take(1)
    talk.deliver()
    for address in (person.address, ADA, BERT):
        talk.new_letters(address)
    return person


# Bounces


def test_a_hard_bounce_marks_the_address_and_the_agent_is_told_once(anywhere: Begin) -> None:
    """zammad#1131 "Email loop if default trigger for follow up is active and customer email address is invalid"."""
    talk = anywhere()
    anna, ada, bert = talk.customer(ANNA), talk.customer(ADA), talk.customer(BERT)
    anna.writes("Drucker brennt")
    talk.staff("bert").assign(1, agent="ada")
    talk.deliver()
    letter = anna.letters[0].message_id
    anna.hears(), ada.hears(), bert.hears()
    assert anna.sends(bounce(letter)).ticket == 1
    assert is_dead(talk)
    assert talk.kinds(1)[-2:] == [EventKind.MACHINE_WROTE, U]
    event = talk.events(1)[-1]
    assert (event.field, event.after) == ("address", "anna@kunde.example")
    assert event.because.startswith("a letter came back: 5.1.1")
    assert (anna.hears(), ada.hears(), bert.hears()) == ([], ["staff_change"], [])
    assert "anna@kunde.example" in ada.last.text
    anna.sends(bounce(letter, number=2))
    assert talk.kinds(1).count(U) == 1
    assert ada.hears() == []
    talk.staff("ada").reply(1, "Wir kommen.")
    talk.deliver()
    assert anna.hears() == []
    assert talk.withheld(1)[-1] == (anna.address, Reason.UNDELIVERABLE)


def test_the_group_is_told_where_the_ticket_has_no_agent(talk: Conversation) -> None:
    anna, ada, bert = talk.customer(ANNA), talk.customer(ADA), talk.customer(BERT)
    anna.writes("Drucker brennt")
    ada.hears(), bert.hears()
    anna.sends(bounce(anna.last.message_id))
    assert (ada.hears(), bert.hears()) == (["staff_change"], ["staff_change"])


def test_a_mail_of_a_person_clears_the_mark(talk: Conversation, anna: Person) -> None:
    anna.sends(bounce(anna.last.message_id))
    anna.answers(anna.letters[0], "Ich bin nicht da.", **OUT_OF_OFFICE)
    assert is_dead(talk), "a machine's word does not count"
    anna.writes("Neue Frage")
    assert not is_dead(talk)
    assert talk.kinds(2) == [EventKind.OPENED, EventKind.REACHABLE]
    assert anna.hears() == ["acknowledgement"]


@pytest.mark.parametrize(
    ("recipient", "status", "forged"),
    [
        ("anna@kunde.example", "4.2.2", False),
        ("tom@kunde.example", "5.1.1", False),
        ("anna@kunde.example", "5.1.1", True),
    ],
    ids=["soft", "another address", "no token of ours"],
)
def test_bounces_that_mark_nothing(talk: Conversation, anna: Person, recipient: str, status: str, forged: bool) -> None:
    talk.customer("tom@kunde.example").writes("Licht flackert")
    talk.new_letters(ADA), talk.new_letters(BERT)
    letter = anna.sent[0].message_id if forged else anna.last.message_id
    anna.sends(bounce(letter, recipient=recipient, status=status))
    assert not is_dead(talk)
    assert not is_dead(talk, "tom@kunde.example")
    assert U not in talk.kinds(1)


def test_a_stranger_cannot_mark_by_a_letter_of_his_own(talk: Conversation, anna: Person) -> None:
    eve = talk.customer(EVE)
    eve.writes("Hallo")
    eve.sends(bounce(eve.last.message_id, recipient="anna@kunde.example"))
    assert not is_dead(talk)


def test_a_bounce_of_a_letter_to_staff_writes_no_letter(talk: Conversation, anna: Person) -> None:
    ada = talk.customer(ADA)
    letter = ada.letters[0].message_id
    bert = talk.customer(BERT)
    assert anna.sends(bounce(letter, recipient=ADA)).ticket == 1
    event = talk.events(1)[-1]
    assert (event.kind, event.field, event.after) == (U, "agent", ADA)
    assert (ada.hears(), bert.hears()) == ([], []), "a letter about it would come back as well"
    assert bounced(talk) == ["ada"]
    anna.sends(bounce(letter, recipient=ADA, number=2))
    assert talk.kinds(1).count(U) == 1
    anna.answers(anna.last, "Es brennt immer noch.")
    assert ada.hears() == ["staff_customer"], "nobody else could tell her"
    ada.writes("Mein Postfach geht wieder")
    assert bounced(talk) == []
    assert talk.kinds(2)[-1] is EventKind.REACHABLE


NOTICE = (
    b"From: %s\r\nTo: support@acme.example\r\nSubject: Gelesen: Drucker brennt\r\nMessage-ID: <mdn@kunde.example>\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\n\r\nYour mail was read.\r\n"
    b"--b\r\nContent-Type: message/disposition-notification\r\n\r\n"
    b"Final-Recipient: rfc822; anna@kunde.example\r\nOriginal-Message-ID: <%s>\r\n"
    b"Disposition: manual-action/MDN-sent-manually; displayed\r\n\r\n--b--\r\n"
)


@pytest.mark.parametrize("sender", [b"anna@kunde.example", b"notices@mx.kunde.example"])
def test_a_read_notice_goes_quietly_onto_its_ticket(talk: Conversation, anna: Person, sender: bytes) -> None:
    talk.staff("ada").close(1)
    talk.deliver()
    letter = anna.last.message_id.encode()
    count = len(talk.letters())
    data = NOTICE % (sender, letter)
    notice = anna.sends(data.replace(b"MIME-Version", b"In-Reply-To: <%s>\r\nMIME-Version" % letter))
    assert (notice.outcome, notice.ticket) == ("comment", 1)
    assert talk.kinds(1)[-1] is EventKind.MACHINE_WROTE
    assert not talk.entries(1)[-1].unconfirmed
    assert talk.ticket(1).status == "closed"
    assert len(talk.letters()) == count


def test_a_bounce_makes_no_contact_of_the_mail_system(talk: Conversation, anna: Person) -> None:
    assert anna.sends(bounce(anna.last.message_id)).ticket == 1
    talk.later(hours=1)
    unknown = anna.sends(bounce("nobody@knows.example", number=2))
    assert (unknown.outcome, unknown.ticket) == ("ticket", 2)
    assert talk.ticket(2).requester is None
    assert talk.entries(2)[0].author == "Mail Delivery System"
    with talk.store.reading() as view:
        assert [one.primary.address for one in view.people.find() if one.primary] == [anna.address]
    assert talk.withheld(2) == [("", Reason.NO_ADDRESS)]


@pytest.mark.parametrize(
    ("sender", "fields", "requester"),
    [
        ("MAILER-DAEMON@mx.kunde.example", {}, False),
        ("postmaster@kunde.example", OUT_OF_OFFICE, False),
        ("postmaster@kunde.example", {}, True),
        ("alarm@kunde.example", OUT_OF_OFFICE, True),
    ],
)
def test_who_is_nobody(talk: Conversation, sender: str, fields: dict[str, str], requester: bool) -> None:
    talk.customer(sender).writes("Platte voll", "Bitte kümmern Sie sich darum.", **fields)
    assert (talk.ticket(1).requester is not None) is requester


def test_a_bounce_of_an_organizations_own_address(anywhere: Begin) -> None:
    talk = anywhere()
    ada = talk.customer(ADA)
    with talk.store.act() as view:
        made = view.people.add_organization(
            "Kunde GmbH", domains=["kunde.example"], address="it@Kunde.example", now=talk.now
        )
        number = view.tickets.open(
            {"title": "Drucker", "description": "", "status": "open", "priority": "normal", "category": "",
             "source": "staff", "mailbox": "support", "agent": "ada", "group_key": "service",
             "organization": made.id},
            now=talk.now,
        )  # fmt: skip
    talk.staff("bert").reply(number, "Wir kommen.")
    talk.deliver()
    letter = talk.letters("it@kunde.example")[-1].message_id
    ada.hears()
    assert ada.sends(bounce(letter, recipient="it@kunde.example")).ticket == number
    assert talk.kinds(number)[-1] is U
    assert ada.hears() == ["staff_change"]
    talk.staff("bert").reply(number, "Wann passt es?")
    talk.deliver()
    assert len(talk.letters("it@kunde.example")) == 1
    assert talk.withheld(number)[-1] == ("it@Kunde.example", Reason.UNDELIVERABLE)
    talk.customer("it@kunde.example").writes(f"[ACME-{number}] Da sind wir")
    talk.staff("bert").reply(number, "Gut.")
    talk.deliver()
    assert len(talk.letters("it@kunde.example")) > 1


def test_a_bounce_of_an_address_in_copy_that_is_nobodys(talk: Conversation, anna: Person) -> None:
    talk.staff("ada").reply(1, "Wir kommen.", cc=["weg@kunde.example"])
    talk.deliver()
    letter = talk.letters("weg@kunde.example")[-1].message_id
    anna.sends(bounce(letter, recipient="weg@kunde.example"))
    assert (talk.kinds(1)[-1], talk.events(1)[-1].after) == (U, "weg@kunde.example")
    report = talk.staff("ada").reply(1, "Wir sind da.", cc=["weg@kunde.example", "da@kunde.example"])
    assert [one.recipient.address for one in report.told if isinstance(one, Withheld)][:1] == ["weg@kunde.example"]
    talk.deliver()
    assert len(talk.letters("weg@kunde.example")) == 1
    assert talk.letters("da@kunde.example")
    weg = talk.customer("weg@kunde.example")
    weg.writes("Ich bin wieder da")
    assert talk.kinds(2) == [EventKind.OPENED, EventKind.REACHABLE]
    assert weg.hears()[-1] == "acknowledgement"


def test_a_queued_letter_to_an_address_that_died_meanwhile(talk: Conversation, anna: Person) -> None:
    talk.staff("ada").reply(1, "Wir kommen.", cc=["weg@kunde.example"])
    talk.deliver()
    letter = talk.letters("weg@kunde.example")[-1].message_id
    talk.staff("ada").reply(1, "Wir sind da.", cc=["weg@kunde.example"])
    anna.sends(bounce(letter, recipient="weg@kunde.example"))
    assert len(talk.letters("weg@kunde.example")) == 1
    assert (("weg@kunde.example", Reason.UNDELIVERABLE)) in talk.withheld(1)


# Complaints

ARF = (
    b"From: Feedback <fbl@mail.example>\r\nTo: support@acme.example\r\nSubject: FW: Drucker brennt\r\n"
    b"Message-ID: <fbl-%d@mail.example>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\n\r\nThis is an email abuse report.\r\n"
    b"--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nUser-Agent: x/1\r\n"
    b"Version: 1\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
    b"Message-ID: <%s>\r\nSubject: Drucker brennt\r\n\r\nHallo\r\n--b--\r\n"
)


def test_whoever_marks_a_letter_as_spam_gets_no_more(anywhere: Begin) -> None:
    """RFC 5965: the provider reports it; careful senders take it for an opt-out, and staff can undo it."""
    talk = anywhere()
    anna, ada = talk.customer(ANNA), talk.customer(ADA)
    anna.writes("Drucker brennt")
    talk.staff("bert").assign(1, agent="ada")
    talk.deliver()
    anna.hears(), ada.hears()
    letter = anna.letters[0].message_id.encode()
    row = anna.sends(ARF % (1, letter))
    assert (row.outcome, row.ticket) == ("comment", 1)
    contact = talk.contact(anna.address)
    assert (contact.email_opt_out, contact.opted_out_at) == (True, talk.now)
    assert "complaint" in contact.opted_out_how
    assert talk.kinds(1)[-2:] == [EventKind.MACHINE_WROTE, EventKind.OPTED_OUT]
    assert (anna.hears(), ada.hears()) == ([], ["staff_change"])
    assert anna.address in ada.last.text
    talk.staff("ada").reply(1, "Wir kommen.")
    talk.deliver()
    assert anna.hears() == []
    assert talk.withheld(1)[-1] == (anna.address, Reason.OPTED_OUT)
    anna.sends(ARF % (2, letter))
    assert talk.kinds(1).count(EventKind.OPTED_OUT) == 1
    with talk.store.act() as view:
        view.people.set_opt_out(contact.id, opted_out=False, how="by ada", now=talk.now)
    talk.staff("ada").reply(1, "Wir sind da.")
    talk.deliver()
    assert anna.hears() == ["comment"]


def test_a_complaint_without_a_token_of_ours_opts_nobody_out(talk: Conversation, anna: Person) -> None:
    anna.sends(ARF % (1, anna.sent[0].message_id.encode()))
    anna.sends(ARF % (2, b"a" * 16 + b"." + b"b" * 16 + b"@acme.example"))
    assert not talk.contact(anna.address).email_opt_out


def test_an_agent_who_marks_a_letter_as_spam_still_gets_them(talk: Conversation, anna: Person) -> None:
    ada = talk.customer(ADA)
    anna.sends(ARF % (1, ada.letters[0].message_id.encode()))
    assert EventKind.OPTED_OUT not in talk.kinds(1)
    anna.answers(anna.last)
    assert ada.hears() == ["staff_customer"]


# People in copy

WATCH = {"mailboxes": {"support": {"cc_watches": True}}}
TOM, MIA = "tom@kunde.example", "mia@partner.example"


def watching(talk: Conversation, number: int) -> list[str]:
    found = (watcher.contact for watcher in talk.ticket(number).watchers)
    return [one.primary.address for one in found if one and one.primary]


def test_people_in_copy_watch_if_the_mailbox_says_so(anywhere: Begin) -> None:
    talk = anywhere(WATCH)
    anna, tom, ada = talk.customer(ANNA), talk.customer(TOM), talk.customer(ADA)
    to = f"support@acme.example, Tom <{TOM}>, {ADA}, support+x@acme.example"
    anna.writes("Drucker brennt", to=to, Cc=f"{MIA}, anna@kunde.example, {TOM}")
    assert watching(talk, 1) == [TOM, MIA]
    assert [e.after for e in talk.events(1) if e.kind is EventKind.WATCHED] == ["Tom", MIA]
    assert (anna.hears(), tom.hears(), ada.hears()) == (["acknowledgement"], [], ["staff_new"])
    talk.staff("ada").reply(1, "Wir kommen.")
    talk.deliver()
    assert (anna.hears(), tom.hears()) == (["comment"], ["comment"])
    assert tom.answers(tom.last, "Bitte bald.", Cc=f"neu@partner.example, {MIA}").ticket == 1
    assert watching(talk, 1) == [TOM, MIA, "neu@partner.example"]


def test_nobody_watches_unasked(talk: Conversation) -> None:
    """django-helpdesk#1300 "CC recipients mailed unconditionally"."""
    talk.customer(ANNA).writes("Drucker brennt", Cc=TOM)
    assert watching(talk, 1) == []


def test_a_forged_sender_with_a_tag_lets_nobody_in(begin: Begin) -> None:
    """zammad#2444 "Subject-Recognition does also apply ...": what can be guessed opens no door."""
    talk = begin(WATCH)
    anna = talk.customer(ANNA)
    anna.writes("Drucker brennt")
    assert anna.writes("[ACME-1] Drucker", "Setzt Eve in Kopie.", Cc="eve@elsewhere.example").ticket == 1
    assert watching(talk, 1) == []


def test_watchers_are_counted_and_pass_the_gate(begin: Begin) -> None:
    talk = begin({**WATCH, "limits": {"watchers": 2}})
    anna, tom = talk.customer(ANNA), talk.customer(TOM)
    tom.writes("Licht flackert")
    with talk.store.act() as view:
        view.people.set_opt_out(talk.contact(TOM).id, opted_out=True, how="by telephone", now=talk.now)
    tom.hears()
    anna.writes("Drucker brennt", Cc=f"{TOM}, a@b.example, c@d.example")
    assert watching(talk, 2) == [TOM, "a@b.example"]
    talk.staff("ada").reply(2, "Wir kommen.")
    talk.deliver()
    assert tom.hears() == []
    assert (TOM, Reason.OPTED_OUT) in talk.withheld(2)


def test_a_machine_brings_nobody(begin: Begin) -> None:
    talk = begin(WATCH)
    talk.customer(ANNA).writes("Abwesend", Cc=TOM, **OUT_OF_OFFICE)
    assert watching(talk, 1) == []


# False names


@pytest.mark.parametrize(
    ("sender", "claimed"),
    [
        ('"ada@acme.example" <eve@elsewhere.example>', "ada@acme.example"),
        ('"Ada (ada@acme.example)" <eve@elsewhere.example>', "ada@acme.example"),
        ('"ada  EXAMPLE" <eve@elsewhere.example>', "Ada Example"),
        ("=?utf-8?q?Ada=E2=80=8B_Example?= <eve@elsewhere.example>", "Ada Example"),
        ("Acme Support <eve@elsewhere.example>", "Acme Support"),
    ],
)
def test_a_display_name_that_is_somebody_elses_is_flagged(talk: Conversation, sender: str, claimed: str) -> None:
    """jbostoen itop#97 "spoofed From", freescout#4287: staff sees who really wrote."""
    mail = talk.customer(EVE).mail("Bitte Passwort", From=sender)
    said = f"he display name says {claimed}, the address is eve@elsewhere.example"
    assert talk.customer(EVE).sends(mail).outcome == "ticket"
    assert said in talk.events(1)[0].because
    assert said in str(talk.entries(1)[0].suspicion)
    assert said not in talk.texts(1)[0]
    german = f"Vorsicht: der Anzeigename lautet {claimed}, die Adresse ist eve@elsewhere.example"
    assert german in " ".join(talk.letters(ADA)[-1].text.split())
    assert said in talk.letters(BERT)[-1].text
    assert "Vorsicht" not in talk.letters("eve@elsewhere.example")[-1].text
    assert said not in talk.letters("eve@elsewhere.example")[-1].text


@pytest.mark.parametrize(
    "sender",
    [
        '"Eve@Elsewhere.example" <eve@elsewhere.example>',
        "Ada Example <ada@acme.example>",
        "Ada <eve@elsewhere.example>",
        "Acme Support <support@acme.example>",
    ],
)
def test_names_that_nobody_else_bears(talk: Conversation, sender: str) -> None:
    eve = talk.customer(EVE)
    eve.sends(eve.mail("Hallo", From=sender))
    assert "display name" not in talk.events(1)[0].because
