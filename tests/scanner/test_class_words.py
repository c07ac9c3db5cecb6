"""The table of words, language by language, and the classes that are neither person nor bounce."""

import pytest

from domain.message import MailClass, Message, RawMail
from scanner.class_words import WORDS
from scanner.read import read

ASKED = {
    *("de", "en", "fr", "es", "it", "pt", "nl", "da", "sv", "no", "fi", "pl", "cs", "ru", "uk", "ja", "zh", "ko"),
    *("tr", "hu", "el", "ro", "bg", "hr", "sl", "sk", "et", "lv", "lt"),
}
ANSWER = "In-Reply-To: <9@y.example>"


def of(
    header: str = "", text: str = "Hello", *, subject: str = "Printer", sender: str = "Ada <ada@x.example>"
) -> Message:
    data = f"From: {sender}\nSubject: {subject}\n{header}".rstrip("\n").encode() + b"\n\n" + text.encode() + b"\n"
    return read(RawMail(data=data, size=len(data)))


def words(column: str) -> list[object]:
    return [
        pytest.param(word.replace("…", "x"), id=f"{language} {word}")
        for language, row in WORDS.items()
        for word in filter(None, str(getattr(row, column)).split("|"))
    ]


def test_every_language_has_a_full_row() -> None:
    assert set(WORDS) == ASKED
    assert all((row.prefixes, row.subjects, row.absent, row.undelivered) for row in WORDS.values())


@pytest.mark.parametrize("word", words("prefixes"))
def test_a_program_names_itself_before_the_subject(word: str) -> None:
    assert of(ANSWER, subject=f"{word.capitalize()}: Printer").mail_class is MailClass.AUTO_REPLY
    assert of(ANSWER, subject=f"Re: {word}: Printer").mail_class is MailClass.PERSON


@pytest.mark.parametrize("word", words("prefixes"))
def test_who_complains_of_automatic_answers_is_a_person(word: str) -> None:
    """osTicket#3975: a single weak signal must not decide."""
    assert (
        of(text=f"I get these all day: {word}.", subject=f"{word.capitalize()}: stop it").mail_class is MailClass.PERSON
    )


@pytest.mark.parametrize("word", words("named"))
def test_a_note_that_names_who_is_away(word: str) -> None:
    """Lotus Notes writes no header that says so."""
    subject = f"Ada Example/Acme {word}."
    assert of(text="A customer asked for her.", subject=subject).mail_class is MailClass.PERSON
    assert of(text="A customer asked for her.", subject=f"AUTO: {subject}").mail_class is MailClass.AUTO_REPLY


@pytest.mark.parametrize("word", words("sentences"))
def test_sentences_of_programs_tell_with_the_subject(word: str) -> None:
    assert of(text=f"Dear all, {word} Monday.").mail_class is MailClass.PERSON
    assert of(text=f"{word} Monday.", subject="Ada is out of the office.").mail_class is MailClass.AUTO_REPLY


@pytest.mark.parametrize("rest", ["Out of Office", "Re: Printer", "AW: Drucker", "[ACME-1042] Printer"])
def test_a_prefix_before_what_nobody_writes_by_hand(rest: str) -> None:
    assert of(subject=f"Automatic reply: {rest}").mail_class is MailClass.AUTO_REPLY


SPANS = (
    "Out of Office (until 5 May)",
    "Abwesend bis 5. Mai",
    "Absence du 1er au 5 mai",
    "Abwesenheit 1.-5.5.",
    "Poissa 5.5.",
)


@pytest.mark.parametrize("subject", SPANS)
def test_a_note_may_say_how_long(subject: str) -> None:
    assert of("Return-Path: <>", subject=subject).mail_class is MailClass.AUTO_REPLY


def test_a_person_who_will_be_away_is_no_note() -> None:
    text = "Hallo, ich bin nächste Woche abwesend, derzeit … im Urlaub. Bitte verschieben Sie den Termin."
    message = of("Return-Path: <>", text, subject="Abwesend nächste Woche, bitte Termin verschieben")
    assert message.mail_class is MailClass.PERSON
    assert message.class_because[0] == "not auto_reply: subject that begins like an automatic answer (1 of 4)"


@pytest.mark.parametrize("word", words("subjects"))
def test_a_subject_alone_never_decides(word: str) -> None:
    """osTicket#3975: a single weak signal must not decide; show the score."""
    person = of(subject=word.capitalize())
    assert person.mail_class is MailClass.PERSON
    assert person.class_because == ("not auto_reply: subject of an automatic answer (2 of 4)",)
    assert of("Return-Path: <>", subject=word.capitalize()).mail_class is MailClass.AUTO_REPLY


@pytest.mark.parametrize("word", words("absent"))
def test_words_of_absence_never_decide(word: str) -> None:
    assert of(text=f"Dear all, {word}.").class_because == ()
    assert of("X-Auto-Response-Suppress: All", f"Dear all, {word}.").mail_class is MailClass.PERSON
    assert of("X-Auto-Response-Suppress: All", word, subject="Out of office").mail_class is MailClass.AUTO_REPLY


@pytest.mark.parametrize("word", words("undelivered"))
def test_the_subject_of_a_bounce_never_decides(word: str) -> None:
    assert of(subject=word.capitalize()).mail_class is MailClass.PERSON
    assert of("Return-Path: <>", subject=word.capitalize()).mail_class is MailClass.BOUNCE


MACHINES = {
    # freescout#4363, bulk; freescout#3670, auto-reply loops
    "bulk": (of("Precedence: bulk"), MailClass.AUTO_REPLY),
    "an acknowledgement of a ticket system": (
        of("X-Loop: desk", sender="noreply@z.example"),
        MailClass.AUTO_REPLY,
    ),
    "suppressed without a word": (of("X-Auto-Response-Suppress:"), MailClass.AUTO_REPLY),
    "read": (
        of("Content-Type: multipart/report; report-type=disposition-notification; boundary=b", "--b\n\nread\n--b--"),
        MailClass.NOTICE,
    ),
    "marked as spam": (
        of("Content-Type: multipart/report; report-type=feedback-report; boundary=b", "--b\n\nspam\n--b--"),
        MailClass.COMPLAINT,
    ),
    "marked as spam at Outlook.com": (
        of(
            "Content-Type: multipart/mixed; boundary=b",
            "--b\nContent-Type: message/rfc822\n\nX-HmXmrOriginalRecipient: bob@y.example\nSubject: x\n\nHello\n--b--",
            subject="complaint about message from 192.0.2.1",
        ),
        MailClass.COMPLAINT,
    ),
    "accepted": (
        of("Content-Type: text/calendar; method=REPLY", "BEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR"),
        MailClass.CALENDAR,
    ),
    "newsletter": (of("List-Unsubscribe: <mailto:off@x.example>"), MailClass.LIST),
    "bulk newsletter": (of("Precedence: bulk\nList-Unsubscribe: <mailto:off@x.example>"), MailClass.LIST),
    "a person on an old list": (of("Precedence: bulk\nSender: owner-users@lists.example"), MailClass.LIST),
}

PEOPLE = {
    "invites": of("Content-Type: text/calendar; method=REQUEST", "BEGIN:VCALENDAR\nEND:VCALENDAR"),
    "proposes another time": of("Content-Type: text/calendar; method=COUNTER", "BEGIN:VCALENDAR\nEND:VCALENDAR"),
    "writes through another helpdesk": of("X-OTRS-Loop: yes"),
    "from an address that says noreply": of(sender="noreply@z.example"),
    # osTicket#3975, an empty Return-Path after forwarding
    "forwarded by a server": of("Return-Path: <>\nX-Auto-Response-Suppress: All"),
}


@pytest.mark.parametrize(("message", "expected"), MACHINES.values(), ids=MACHINES)
def test_machines(message: Message, expected: MailClass) -> None:
    assert message.mail_class is expected
    assert message.is_machine
    assert all(because.startswith(f"{expected}: ") for because in message.class_because[:1])


@pytest.mark.parametrize("message", PEOPLE.values(), ids=PEOPLE)
def test_people(message: Message) -> None:
    assert message.mail_class is MailClass.PERSON
    assert not message.is_machine
