"""What stands in a letter to staff never reaches the customer, however the agent's mail program quotes it.

The property: an agent answers a letter about an internal note, with proof; his program sets the letter below (or
around) his words in any style, marks or none, header or none.  Then the customer reads nothing of the note and
nothing of the letter's frame, and whatever the agent wrote is on the ticket.
"""

import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desk.changes import Refused
from desk.for_customer import Timeline, checked, own_text, timeline_of
from desk.mail_commands import commands_of
from desk.merge import merge
from domain.marker import STAFF_MARKERS, staff_mark
from domain.message import RawMail
from domain.settings import Settings
from scanner.html import text_of
from scanner.quote_html import written_between
from scanner.read import read
from tests.conversation import Begin, Conversation, Letter, Person
from tests.desk.test_agents_by_mail import ADA, ANNA, AUTHSERV, BERT, PROOF, answers

NOTE = "Der Kunde ist schwierig.\nBitte vorsichtig antworten, sein Vertrag läuft aus.\n\nMahnung liegt bei Frau Schulz."
OWN = "Ziehen Sie den Stecker und warten Sie zwei Minuten."
# What a program sets above the letter that is answered.
ABOVE = {
    "nothing": "",
    "a ruler": "________________________________\n",
    "a header": "Von: Acme Support <support@acme.example>\nGesendet: Montag, 7. Januar 2030 09:00\nAn: Ada\n"
    "Betreff: [ACME-1] Drucker brennt\n\n",
    "a header in Swedish": "Från: Acme Support <support@acme.example>\nSkickat: den 7 januari 2030 09:00\nTill: Ada\n"
    "Ämne: [ACME-1] Drucker brennt\n\n",
    "a header in Greek": "Από: Acme Support <support@acme.example>\nΣτάλθηκε: Δευτέρα, 7 Ιανουαρίου 2030 9:00 πμ\n"
    "Προς: Ada\nΘέμα: [ACME-1] Drucker brennt\n\n",
    "a header without addresses": "Από: Acme Support\nΣτάλθηκε: Δευτέρα\nΠρος: Ada\nΘέμα: Drucker brennt\n\n",
    "one line": "Acme Support schrieb am 07.01.2030 um 09:00:\n",
    "one line in Greek": "Στις Δευ, 7 Ιαν 2030 στις 9:00 π.μ., ο χρήστης Acme Support <support@acme.example> έγραψε:\n",
    "one line, cut off": "Στις Δευ, 7 Ιαν 2030 στις 9:00 π.μ., ο χρήστης Acme\n",
    "the last line of a header": "Ämne: [ACME-1] Drucker brennt\n\n",
    "a banner": "VORSICHT: externe Mail\n",
}


def words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


FRAME = ("interne notiz von", "sieht sie nicht", "als mitglied der", "internal note by", "offen normal", "open normal",
         "nur für mitarbeiter", "for staff only", "does not see it")  # fmt: skip


def leaks(said: str) -> list[str]:
    """What of the note, three words in a row, and of the letter's frame stands in what was SAID."""
    note, text = words_of(NOTE), " ".join(words_of(said))
    runs = (" ".join(note[start : start + 3]) for start in range(len(note) - 2))
    return [run for run in (*FRAME, *runs) if run in text]


def body_of(letter: Letter, kind: str) -> str:
    part = letter.fields.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def cut(text: str, start: int, end: int) -> str:
    lines = text.split("\n")
    return "\n".join(lines[start : max(start + 1, len(lines) - end)])


def rewrapped(text: str, width: int) -> str:
    """TEXT with its lines broken anew, as some programs do."""
    if not width:
        return text
    lines: list[str] = []
    for line in text.split("\n"):
        now = ""
        for word in line.split(" "):
            if now and len(now) + len(word) >= width:
                lines.append(now)
                now = word
            else:
                now = f"{now} {word}" if now else word
        lines.append(now)
    return "\n".join(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    above: str
    mark: str
    source: str
    skip_start: int
    skip_end: int
    width: int
    joined: bool
    between: bool
    agent: str

    @property
    def usual(self) -> bool:
        """Nothing of the letter is missing, and what stands above it is a header or nothing."""
        whole = not (self.skip_start or self.between)
        return whole and self.above not in ("one line, cut off", "a banner")


STYLES = st.builds(
    Style, above=st.sampled_from(sorted(ABOVE)), mark=st.sampled_from(["", "> ", "| ", "    ", "* "]),
    source=st.sampled_from(["plain", "html as text", "html"]), skip_start=st.sampled_from([0, 0, 0, 1, 2, 3, 4]),
    skip_end=st.sampled_from([0, 0, 0, 2, 5, 8, 12]), width=st.sampled_from([0, 0, 60, 30]), joined=st.booleans(),
    between=st.booleans(), agent=st.sampled_from(["ada", "bert"]),
)  # fmt: skip


def answered(letter: Letter, style: Style) -> str:
    text = body_of(letter, "plain") if style.source == "plain" else text_of(body_of(letter, "html"))
    text = rewrapped(cut(text, style.skip_start, style.skip_end), style.width)
    lines = [style.mark + line for line in text.split("\n")]
    if style.between:
        lines.insert(len(lines) // 2, "So machen wir das.")
    if style.joined:
        lines = [line for line in lines if line.strip()]
    return f"{OWN}\n\n{ABOVE[style.above]}" + "\n".join(lines)


@pytest.fixture
def letters(begin: Begin) -> tuple[Settings, dict[str, Letter], Timeline]:
    """The letters about a note that each agent got, and what Ada's answer is held against."""
    talk = begin(AUTHSERV)
    people = {"ada": talk.customer(ADA), "bert": talk.customer(BERT)}
    talk.customer(ANNA).writes("Drucker brennt")
    for writer, reader in (("bert", "ada"), ("ada", "bert")):
        talk.staff(writer).note(1, NOTE)
        talk.deliver()
        assert people[reader].last.kind == "staff_note"
    with talk.store.reading() as view:
        timeline = timeline_of(view, talk.ticket(1), agent="ada", contact=None)
    return talk.settings, {name: person.last for name, person in people.items()}, timeline


def passed_on(settings: Settings, timeline: Timeline, text: str, *, kind: str = "plain") -> str:
    """What of an answer the customer would get; '' where it is refused."""
    head = f"From: {ADA}\r\nSubject: Re: x\r\nContent-Type: text/{kind}; charset=utf-8\r\n\r\n"
    data = (head + text).encode()
    message = read(RawMail(data=data, size=len(data)))
    try:
        text = written_between(message) or message.reply_text
        own = own_text(text, timeline, settings, whole=message.text)
        return checked(commands_of(own)[1], timeline, settings)
    except Refused:
        return ""


def test_a_note_never_reaches_the_customer(letters: tuple[Settings, dict[str, Letter], Timeline]) -> None:
    config, quoted, timeline = letters

    @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
    @given(STYLES)
    def holds(style: Style) -> None:
        letter = quoted[style.agent]
        if style.source == "html":
            above = ABOVE[style.above].replace("<", "&lt;").replace("\n", "<br>")
            said = passed_on(config, timeline, f"<p>{OWN}</p>{above}{body_of(letter, 'html')}", kind="html")
        else:
            said = passed_on(config, timeline, answered(letter, style))
        assert not leaks(said)
        assert not said or said.startswith(OWN)
        if style.usual:
            assert said == OWN

    holds()


NOTES = (
    "Vielen Dank", "Drucker getauscht.", "Stecker gezogen?", "Seriennummer 4711",
    "siehe\nhttps://acme.example/hilfe/netz/a/b/c",
    "Ein Vorschlag:\nSehr geehrte Frau Kunde,\nwir tauschen das Gerät aus.\nViele Grüße aus Berlin\nAda Example",
)  # fmt: skip
ORDINARY = (
    "Der Stecker ist es. Vielen Dank für Ihre Geduld.", "Vielen Dank.\nWir haben heute den Drucker getauscht.",
    "Haben Sie den Stecker gezogen?", "Ist es der mit der Seriennummer 4711?",
    "Bitte lesen Sie dazu:\nhttps://acme.example/hilfe/netz/a/b/c",
    "Sehr geehrte Frau Kunde,\n\nder Stecker war locker.\n\nAcme Support",
    "Ihre Ticketnummer:\nACME-1\nbitte angeben.", "Der Raum ist nur für Mitarbeiter: ACME-1 bitte angeben.",
)  # fmt: skip


@pytest.mark.parametrize("text", ORDINARY)
def test_words_that_stand_in_any_mail_are_no_words_of_a_note(begin: Begin, text: str) -> None:
    talk = begin(AUTHSERV)
    anna, ada = talk.customer(ANNA), talk.customer(ADA)
    anna.writes("Drucker brennt")
    for note in NOTES:
        talk.staff("bert").note(1, note)
    talk.deliver()
    talk.later(minutes=5)
    anna.hears(), ada.hears()
    answers(ada, text)
    assert (anna.hears(), ada.hears()) == (["comment"], [])
    assert talk.texts(1)[-1] == text


def test_a_refused_answer_stops_no_other_one(begin: Begin) -> None:
    """It is a note because a line could not be done; its words were meant for the customer."""
    talk = begin(AUTHSERV)
    anna, ada, bert = (talk.customer(one) for one in (ANNA, ADA, BERT))
    anna.writes("Drucker brennt")
    for one in (anna, ada, bert):
        one.hears()
    talk.later(minutes=5)
    answers(ada, "!priorty urgent\nWir kümmern uns.\nDer Techniker kommt am Dienstag.")
    assert (anna.hears(), ada.hears()) == ([], ["staff_refused"])
    answers(bert, "Wir kümmern uns.\nEr kommt am Mittwoch.")
    assert anna.hears() == ["comment"]


@pytest.mark.parametrize("text", ["Kunde lügt\nStecker ziehen.", "Gern.\nKunde\n| lügt\nBis bald.", "* kunde lügt"])
def test_a_whole_line_of_a_note_is_refused(begin: Begin, text: str) -> None:
    talk = begin(AUTHSERV)
    anna, ada = talk.customer(ANNA), talk.customer(ADA)
    anna.writes("Drucker brennt")
    talk.staff("bert").note(1, "Ich meine:\nKunde lügt\nnicht auszahlen")
    talk.deliver()
    anna.hears(), ada.hears()
    answers(ada, f"!comment\n{text}")
    assert all("lügt" not in letter.text for letter in talk.new_letters(anna.address))
    assert "lügt" not in "".join(letter.text for letter in talk.letters(anna.address))


def test_what_was_written_to_another_customer_is_not_passed_on(begin: Begin) -> None:
    """Of a ticket that was merged, staff's words went to him who asked there."""
    talk = begin(AUTHSERV)
    anna, paul, ada = talk.customer(ANNA), talk.customer("Paul Peer <paul@peer.example>"), talk.customer(ADA)
    anna.writes("Drucker brennt"), paul.writes("Drucker raucht"), anna.writes("Drucker qualmt")
    talk.staff("bert").reply(2, "Ihr Passwort lautet hunter2.")
    talk.staff("bert").reply(3, "Schalten Sie ihn aus.")
    talk.deliver()
    for number in (2, 3):
        merge(talk.staff("ada"), number, into=1)
    talk.deliver()
    talk.later(minutes=5)
    anna.hears(), ada.hears()
    answers(ada, "> Ihr Passwort lautet hunter2.\nDas gilt noch.\n> Schalten Sie ihn aus.\nJetzt wieder an.")
    assert anna.hears() == ["comment"]
    assert talk.texts(1)[-1] == "Das gilt noch.\n> Schalten Sie ihn aus.\nJetzt wieder an."


@pytest.mark.parametrize("language", STAFF_MARKERS)
@pytest.mark.parametrize(
    "form", ["--- {} ---", "x\n> > {}", "x\n>   *{}*", "x\n_{}_", "x\nAE> {}", "x — {} —", "x --- {}", "– – – {} – – –"]
)
def test_the_first_line_is_known_whatever_a_program_makes_of_it(language: str, form: str) -> None:
    words = STAFF_MARKERS[language]
    assert staff_mark(form.format(f"{words}: ACME-42")) is not None
    assert staff_mark(f"Der Raum ist {words.lower()}: ACME-42 steht daran.") is None
    assert staff_mark(f"Der Raum – {words.lower()}: ACME-42 steht daran.") is None


def attached(letter: Letter, how: str, mail: EmailMessage) -> None:
    """LETTER goes into MAIL as HOW says."""
    text = letter.text.replace("\r\n", "\n")
    page = f"<html><body><div>{text.replace(chr(10), '<br>')}</div></body></html>"
    match how:
        case "a mail without its type":
            octets = letter.fields.as_bytes()
            mail.add_attachment(octets, maintype="application", subtype="octet-stream", filename="alt.eml")
        case "a mail in a mail":
            outer = EmailMessage()
            outer["Subject"] = "x"
            outer.set_content("siehe")
            outer.add_attachment(letter.fields)
            mail.add_attachment(outer)
        case "a text":
            mail.add_attachment(text, filename="notiz.txt")
        case "a page":
            mail.add_attachment(page, subtype="html", filename="notiz.html")
        case "the note alone":
            mail.add_attachment(f"<p>{NOTE.replace(chr(10), '<br>')}</p>", subtype="html", filename="notiz.htm")
        case "a text in UTF-16":
            mail.add_attachment(text.encode("utf-16"), maintype="text", subtype="plain", filename="notiz.txt")


FILES = ("a mail without its type", "a mail in a mail", "a text", "a page", "the note alone",
         "a text in UTF-16")  # fmt: skip


@pytest.fixture
def noted(begin: Begin) -> tuple[Conversation, Person, Person]:
    """Anna's ticket with a note, and Ada, who has read the letter about it."""
    talk = begin(AUTHSERV)
    anna, ada = talk.customer(ANNA), talk.customer(ADA)
    anna.writes("Drucker brennt")
    talk.staff("bert").note(1, NOTE)
    talk.deliver()
    talk.later(minutes=5)
    anna.hears(), ada.hears()
    return talk, anna, ada


def answer_with(ada: Person, text: str) -> EmailMessage:
    mail = EmailMessage()
    head = {"Authentication-Results": PROOF, "From": ADA, "To": "support@acme.example",
            "Message-ID": "<x@acme.example>", "Subject": f"Re: {ada.last.subject}",
            "In-Reply-To": f"<{ada.last.message_id}>",
            "Date": format_datetime(ada.talk.now)}  # fmt: skip
    for name, value in head.items():
        mail[name] = value
    mail.set_content(text)
    return mail


@pytest.mark.parametrize("word", ["", "!solve\n"])
@pytest.mark.parametrize("how", FILES)
def test_no_file_takes_a_letter_to_the_customer(
    noted: tuple[Conversation, Person, Person], how: str, word: str
) -> None:
    talk, anna, ada = noted
    mail = answer_with(ada, word + OWN)
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="a.pdf")
    attached(ada.last, how, mail)
    ada.sends(mail.as_bytes(policy=SMTP))
    assert (anna.hears(), ada.hears()) == ([], ["staff_refused"])
    assert "in the file" in " ".join(ada.last.text.split())
    assert any(OWN in text for text in talk.texts(1))


def test_ordinary_files_go_to_the_customer(noted: tuple[Conversation, Person, Person]) -> None:
    _, anna, ada = noted
    mail = answer_with(ada, OWN)
    mail.add_attachment("Erstens: Stecker ziehen.\nZweitens: warten.", filename="anleitung.txt")
    letter = anna.last.fields.as_bytes()
    mail.add_attachment(letter, maintype="application", subtype="octet-stream", filename="brief.eml")
    ada.sends(mail.as_bytes(policy=SMTP))
    assert anna.hears() == ["comment"]
    assert sum(1 for part in anna.last.fields.walk() if part.get_filename()) == 2


@pytest.mark.parametrize("quoted", [True, False])
@pytest.mark.parametrize("more", ["", "Danach rufen Sie uns bitte an."])
def test_what_exchange_makes_a_file_of_is_text(
    noted: tuple[Conversation, Person, Person], more: str, quoted: bool
) -> None:
    talk, anna, ada = noted
    mail = answer_with(ada, OWN)
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="a.pdf")
    letter = ada.last.text.replace("\r\n", "\n").replace("\n", "<br>")
    page = f"<blockquote type='cite'>{letter}</blockquote>" if quoted else f"<div>{letter}</div>"
    mail.add_attachment(f"<html><body><p>{more}</p>{page}</body></html>", subtype="html", filename="ATT00001.htm")
    ada.sends(mail.as_bytes(policy=SMTP))
    assert (anna.hears(), ada.hears()) == (["comment"], [])
    assert talk.texts(1)[-1].split() == f"{OWN} {more}".split()
    assert [part.get_filename() for part in anna.last.fields.walk() if part.get_filename()] == ["a.pdf"]
