"""Finished letters, read back the way that others will read them."""

import email
import email.policy
import struct
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st

from domain.errors import PermanentFailure
from domain.event import EventKind
from domain.letter import Letter, LetterFacts, LetterKind, OutgoingFile, QuotedEntry, Recipient
from domain.marker import REPLY_MARKERS
from domain.message import RawMail
from domain.token import Keys, verify
from notifier.compose import Composer, compose
from notifier.smtp import needs_smtputf8
from scanner.read import read as scanner_read
from tests.notifier.people import ADA, BY_JAEGER, NOON, event, settings

KEYS = Keys((b"0123456789abcdef", b"an older key of the desk"))
SETTINGS = settings()
COMPOSER = Composer(SETTINGS, keys=KEYS)
CUSTOMER = Recipient(role="requester", address="jaeger@bigcorp.example", name="Jörg Jäger", language="de", contact=1)
BERT = Recipient(role="group", address="bert@acme.example", name="Bert Example", language="en", agent="bert")
ANSWER = QuotedEntry(kind="comment", author="Ada Example", text="Wir schauen sofort nach.\n\n  -- Größe: 5 €", at=NOON)


def facts(kind: LetterKind = LetterKind.COMMENT, **wanted: Any) -> LetterFacts:
    """A letter about Jäger's ticket."""
    usual: dict[str, Any] = {
        "letter": "abcdefghij234567", "kind": kind, "recipient": BERT if kind.is_staff else CUSTOMER, "ticket": 1042,
        "title": "Störung im Netz", "status": "open", "priority": "normal", "category": "incident", "group": "service",
        "agent": "", "mailbox": "support", "requester": "Jörg Jäger", "events": (event(EventKind.COMMENT),),
        "because": "requester, comment", "at": NOON, "entry": ANSWER,
    }  # fmt: skip
    return LetterFacts(**{**usual, **wanted})


def written(wanted: LetterFacts) -> Letter:
    return COMPOSER.compose(wanted)


def read(letter: Letter) -> EmailMessage:
    parsed = email.message_from_bytes(letter.data, policy=email.policy.strict)
    assert isinstance(parsed, EmailMessage)
    return parsed


def text(letter: Letter) -> str:
    body = read(letter).get_body(("plain",))
    assert body is not None
    content: str = body.get_content()
    return content.replace("\r\n", "\n")


def html(letter: Letter) -> str:
    body = read(letter).get_body(("html",))
    assert body is not None
    content: str = body.get_content()
    return content.replace("\r\n", "\n")


class Harmless(HTMLParser):
    """Looks through the HTML of a letter for whatever could do more than be read."""

    TAGS = frozenset(
        {
            *("html", "head", "meta", "title", "style", "body", "table", "tr", "td"),
            *("div", "p", "span", "br", "a", "img"),
        }
    )

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    @classmethod
    def complaints(cls, text: str) -> list[str]:
        parser = cls()
        parser.feed(text)
        return parser.found

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in self.TAGS:
            self.found.append(f"<{tag}>")
        for name, value in attributes:
            scheme = (value or "").partition(":")[0]
            allowed = {"href": ("http", "https", "mailto"), "src": ("cid",)}.get(name)
            if name.startswith("on") or (allowed and scheme not in allowed) or "url(" in (value or ""):
                self.found.append(f"{tag} {name}={value}")

    def handle_data(self, data: str) -> None:
        if self.lasttag == "style" and ("url(" in data or "@import" in data):
            self.found.append("style")


def every_part(mail: EmailMessage) -> Iterator[EmailMessage]:
    for part in mail.walk():
        assert isinstance(part, EmailMessage)
        yield part


def test_an_answer_to_a_customer() -> None:
    letter = written(facts(in_reply_to="q1@bigcorp.example", references=("q0@bigcorp.example", "q1@bigcorp.example")))
    mail = read(letter)
    assert (letter.envelope_from, letter.envelope_to) == ("support@acme.example", "jaeger@bigcorp.example")
    assert mail["From"] == "Acme Support <support@acme.example>"
    assert mail["To"] == "Jörg Jäger <jaeger@bigcorp.example>"
    assert mail["Subject"] == "[ACME-1042] Störung im Netz"
    assert mail["Date"].datetime == NOON
    assert mail["In-Reply-To"] == "<q1@bigcorp.example>"
    assert mail["References"] == "<q0@bigcorp.example> <q1@bigcorp.example>"
    assert mail["X-Loop"] == "support@acme.example"
    assert mail["Content-Language"] == "de"
    assert mail["Reply-To"] is None
    assert text(letter) == (
        f"{REPLY_MARKERS['de']}\n"
        "\n"
        "Guten Tag Jörg Jäger,\n"
        "\n"
        "Ada Example schreibt Ihnen zu ACME-1042:\n"
        "\n"
        "Wir schauen sofort nach.\n"
        "\n"
        "  -- Größe: 5 €\n"
        "\n"
        "Ihre Antwort auf diese Mail erreicht uns direkt.\n"
        "\n"
        "Mit freundlichen Grüßen\n"
        "Acme Support\n"
        "\n"
        "-- \n"
        "ACME-1042 · support@acme.example\n"
    )


def test_the_message_id_is_a_token_of_the_letter_in_the_mailboxs_domain() -> None:
    message_id = read(written(facts()))["Message-ID"].strip("<>")
    assert verify(message_id, KEYS) == "abcdefghij234567"
    assert message_id.endswith("@acme.example")


def test_the_same_facts_give_the_same_bytes() -> None:
    files = (OutgoingFile(name="plan.pdf", content_type="application/pdf", data=b"%PDF"),)
    one = compose(facts(files=files), SETTINGS, keys=KEYS)
    assert one == compose(facts(files=files), SETTINGS, keys=KEYS)
    assert one.data != compose(facts(files=files, letter="b" * 16), SETTINGS, keys=KEYS).data


def test_a_change_of_keys_changes_no_copy_of_a_queued_letter() -> None:
    queued = facts(message_id="abcdefghij234567.macmacmacmacmac2@acme.example", mailbox="plus")
    letter = written(queued)
    assert letter == Composer(SETTINGS, keys=Keys((b"a new key of the desk", *KEYS.secrets))).compose(queued)
    assert read(letter)["Message-ID"] == "<abcdefghij234567.macmacmacmacmac2@acme.example>"
    assert read(letter)["Reply-To"] == "help+abcdefghij234567.macmacmacmacmac2@acme.example"
    assert "macmacmacmacmac2" in read(letter)["List-Unsubscribe"]


@pytest.mark.parametrize("kind", [kind for kind in LetterKind if not kind.is_staff], ids=lambda kind: kind.value)
def test_no_letter_to_a_customer_quotes_an_internal_note(kind: LetterKind) -> None:
    note = QuotedEntry(kind="note", author="Ada Example", text="He never pays.", at=NOON)
    files = (OutgoingFile(name="bills.pdf", content_type="application/pdf", data=b"%PDF"),)
    letter = written(facts(kind, entry=note, files=files))
    assert "never pays" not in text(letter)
    assert b"bills" not in letter.data


AUTO = {
    LetterKind.REJECTED: "auto-replied",
    LetterKind.ACKNOWLEDGEMENT: "auto-replied",
    LetterKind.NOTICE: "auto-generated",
    LetterKind.STATUS: "auto-generated",
    LetterKind.CHANGE: "auto-generated",
    LetterKind.COMMENT: None,
    LetterKind.SOLUTION: None,
    LetterKind.COPY: None,
    LetterKind.OPTED_OUT: "auto-replied",
    LetterKind.OPTED_IN: "auto-replied",
}


@pytest.mark.parametrize("kind", LetterKind, ids=lambda kind: kind.value)
@pytest.mark.parametrize("language", ["de", "en"])
def test_each_kind_tells_machines_what_it_is_and_people_why_they_get_it(kind: LetterKind, language: str) -> None:
    person = replace(BERT if kind.is_staff else CUSTOMER, language=language)
    letter = written(facts(kind, recipient=person))
    mail = read(letter)
    automatic = AUTO.get(kind, "auto-generated")
    assert mail["Auto-Submitted"] == automatic
    assert mail["X-Auto-Response-Suppress"] == ("OOF, AutoReply" if automatic else None)
    assert mail["Precedence"] is None
    fwd = {"de": "WG: ", "en": "Fwd: "}[language] if kind is LetterKind.FORWARDED else ""
    assert mail["Subject"] == f"[ACME-1042] {fwd}Störung im Netz"
    said = text(letter)
    assert "ACME-1042" in said
    assert "\n\n\n" not in said
    if kind.is_staff:
        assert {"de": "als Mitglied der Gruppe service", "en": "a member of group service"}[language] in said
        assert mail["List-Unsubscribe"] is None
        return
    assert said.startswith(REPLY_MARKERS[language] + "\n") is (kind is not LetterKind.FORWARDED)
    no_bounces = kind.is_confirmation or kind is LetterKind.REJECTED
    assert letter.envelope_from == ("" if no_bounces else "support@acme.example")
    if kind in (LetterKind.FORWARDED, LetterKind.OPTED_OUT):
        assert mail["List-Unsubscribe"] is None
    else:
        assert mail["List-Unsubscribe"].startswith("<mailto:support@acme.example?subject=unsubscribe%20abcdefghij")


def test_staff_read_what_the_customer_wrote_and_attached() -> None:
    wrote = QuotedEntry(
        kind="customer", author="Jörg Jäger", text="{{ 7 * 7 }} und {% raw %}", at=NOON, attachment_names=("ä.png",)
    )
    said = text(written(facts(LetterKind.STAFF_NEW, entry=wrote, events=(event(EventKind.OPENED, BY_JAEGER),))))
    assert "New ticket ACME-1042 from Jörg Jäger." in said
    assert "Jörg Jäger wrote on 21 Nov 2026, 12:00 UTC:\n\n{{ 7 * 7 }} und {% raw %}\n\nAttachment: ä.png\n" in said


def test_the_other_events_of_the_act_are_lines_with_labels() -> None:
    events = (
        event(EventKind.SOLUTION),
        event(EventKind.STATUS, before="open", after="solved"),
        event(EventKind.CLOSED, before="open", after="solved"),
        event(EventKind.ASSIGNED, field="agent", after="ada"),
        event(EventKind.FIELD, field="priority", before="normal", after="urgent"),
        event(EventKind.LINKED, after="7"),
    )
    said = text(written(facts(LetterKind.SOLUTION, events=events)))
    lines = [line for line in said.splitlines() if line.startswith("- ")]
    assert lines == [
        "- Status: Offen → Gelöst", "- Zuständig: Ada Example", "- Priorität: normal → urgent",
        "- Verknüpft mit ACME-7",
    ]  # fmt: skip


def test_the_reply_address_carries_the_token_where_configured() -> None:
    mail = read(written(facts(mailbox="plus")))
    local, _, host = mail["Reply-To"].rpartition("@")
    assert host == "acme.example"
    assert verify(local.removeprefix("help+"), KEYS) == "abcdefghij234567"


def test_a_mailbox_that_left_the_configuration() -> None:
    assert written(facts(mailbox="gone")).envelope_from == "support@acme.example"


def test_files_go_along_and_come_out_again() -> None:
    files = (
        OutgoingFile(name="größe\r\nX: y/../a.txt", content_type="text/plain", data=b"\xff\x00binary"),
        OutgoingFile(name="", content_type="nonsense\r\nX-Evil: 1", data=b""),
        OutgoingFile(name="mail.eml", content_type="message/rfc822", data=b"From: a\n\nb"),
        OutgoingFile(name="x" * 5000, content_type="image/png", data=b"\x89PNG" * 5000),
    )
    letter = written(facts(files=files))
    mail = read(letter)
    assert [part.get_payload(decode=True) for part in mail.iter_attachments()] == [file.data for file in files]
    assert [part.get_content_type() for part in mail.iter_attachments()] == [
        "text/plain", "application/octet-stream", "application/octet-stream", "image/png",
    ]  # fmt: skip
    assert [(part.get_filename() or "")[:20] for part in mail.iter_attachments()] == [
        "größe X: y_.._a.txt", "file", "mail.eml", "x" * 20,
    ]  # fmt: skip
    assert max(map(len, letter.data.split(b"\r\n"))) <= 998


def test_text_html_logo_and_files_stand_where_mail_programs_look_for_them(tmp_path: Path) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 100, 40) + b"rest"
    (tmp_path / "logo.png").write_bytes(picture)
    composer = Composer(settings(look={"logo": str(tmp_path / "logo.png")}), keys=KEYS)
    files = (OutgoingFile(name="plan.pdf", content_type="application/pdf", data=b"%PDF"),)
    letter = composer.compose(facts(files=files))
    mail = read(letter)
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
        "application/pdf",
    ]  # fmt: skip
    logo = list(mail.walk())[5]
    assert logo.get_payload(decode=True) == picture
    assert logo["Content-Disposition"] == 'inline; filename="logo.png"'
    assert f'src="cid:{logo["Content-ID"].strip("<>")}" width="100" height="40" alt="Acme Support"' in html(letter)
    assert letter == composer.compose(facts(files=files))


def test_the_html_says_what_the_text_says_and_loads_nothing() -> None:
    shown = html(written(facts()))
    for said in (REPLY_MARKERS["de"], "Guten Tag Jörg Jäger,", "Wir schauen sofort nach.", "Größe: 5 €", "ACME-1042"):
        assert said in shown
    assert shown.index(REPLY_MARKERS["de"]) < shown.index("Guten Tag")
    assert "@media (prefers-color-scheme: dark)" in shown
    assert 'name="viewport"' in shown
    assert not Harmless.complaints(shown)
    assert "subject=unsubscribe%20abcdefghij" in shown


def test_a_letter_to_staff_offers_no_unsubscribing() -> None:
    letter = written(facts(LetterKind.STAFF_NEW))
    assert "unsubscribe" not in html(letter)
    assert REPLY_MARKERS["en"] not in text(letter) + html(letter)


def test_no_letter_to_a_customer_shows_an_internal_note_among_what_was_said_before() -> None:
    note = QuotedEntry(kind="note", author="Ada Example", text="He never pays.", at=NOON)
    letter = written(facts(earlier=(note, replace(ANSWER, text="Seen by all."))))
    assert "never pays" not in text(letter) + html(letter)
    assert "Seen by all." in text(letter)


def test_a_letter_names_the_template_that_it_was_written_with() -> None:
    name, version = written(facts()).template.split()
    assert name == "comment"
    assert len(version) == 8


def test_a_very_long_hostile_text_still_fits() -> None:
    hostile = ("<&\"'> https://a.example/ " * 40_000)[:1_000_000]
    assert "[…]" in text(written(facts(entry=replace(ANSWER, text=hostile))))
    assert "[…]" in text(written(facts(entry=replace(ANSWER, text=" " * 500_000 + "x"))))


def test_long_message_ids_are_never_encoded_or_broken() -> None:
    long = "x" * 180 + "@" + "y" * 60 + ".example"
    ids = tuple(f"{n}.{long}" for n in range(50))
    letter = written(facts(in_reply_to=ids[-1], references=(*ids, "bad id", "a@b>\r\nBcc: <c@d.example")))
    mail = email.message_from_bytes(letter.data, policy=email.policy.compat32)
    references = mail["References"].split()
    assert references == [f"<{one}>" for one in (ids[0], *ids[-19:])]
    assert mail["In-Reply-To"] == f"<{ids[-1]}>"
    assert b"Bcc" not in letter.data


@pytest.mark.parametrize("address", ["", "nobody", "a b@x.example", "a@x.example\r\nBcc: b@x.example", "<a@x.example>"])
def test_an_impossible_address_is_refused_for_good(address: str) -> None:
    with pytest.raises(PermanentFailure, match="not an address"):
        written(facts(recipient=replace(CUSTOMER, address=address)))


def test_foreign_domains_are_written_as_a_labels_and_foreign_local_parts_need_smtputf8() -> None:
    letter = written(facts(recipient=replace(CUSTOMER, address="info@bücher.example")))
    assert letter.envelope_to == "info@xn--bcher-kva.example"
    assert not needs_smtputf8(letter)
    foreign = written(facts(recipient=replace(CUSTOMER, address="jörg@bücher.example")))
    assert needs_smtputf8(foreign)
    assert "<jörg@xn--bcher-kva.example>\r\n".encode() in foreign.data


@pytest.mark.parametrize(("language", "read_as"), [("de-AT", "de"), ("EN_us", "en"), ("fr", "de"), ("", "de")])
def test_the_language_of_a_reader(language: str, read_as: str) -> None:
    assert read(written(facts(recipient=replace(CUSTOMER, language=language))))["Content-Language"] == read_as


def test_a_very_long_text_is_cut_and_says_so() -> None:
    said = text(written(facts(entry=replace(ANSWER, text="word " * 1_000_000))))
    assert "[…]" in said
    assert len(said) < 200_000


def test_a_title_that_carries_the_tag_already() -> None:
    assert read(written(facts(title="Re: [ACME-1042] Netz")))["Subject"] == "Re: [ACME-1042] Netz"
    assert read(written(facts(title="")))["Subject"] == "[ACME-1042] Ihre Anfrage"


HOSTILE = st.text(max_size=400) | st.sampled_from(
    [
        "\r\nBcc: evil@x.example", 'a"b\\c', "x" * 10_000, "ü" * 10_000, "=?utf-8?q?=0D=0ABcc:_x?=", "=??Q?=0D",
        "a\u2028Bcc: x\u2029y\x85z\x0bw\x0c", "\udcff\ud800", "<a@x.example>, <b@x.example>", "Re: [ACME-1042] x",
        "{{ ticket }}{% for %}", "\u202egnp.exe", "From x", ".", "\x1b[31m\x00\x9b", "\n.\n", ":;()<>@,", "🎉" * 99,
    ]
)  # fmt: skip
WANTED_HEADERS = {
    *("from", "to", "subject", "date", "message-id", "in-reply-to", "references", "reply-to", "x-loop"),
    *("auto-submitted", "x-auto-response-suppress", "list-unsubscribe", "content-language"),
    *("content-type", "content-transfer-encoding", "mime-version"),
}


@tries(max_examples=120, deadline=None)
@given(st.sampled_from(LetterKind), HOSTILE, HOSTILE, HOSTILE, HOSTILE, st.booleans())
def test_whatever_people_write_no_header_is_gained(
    kind: LetterKind, name: str, title: str, body: str, identifier: str, filed: bool
) -> None:
    person = replace(BERT if kind.is_staff else CUSTOMER, name=name)
    entry = QuotedEntry(kind="comment", author=name, text=body, at=NOON, attachment_names=(title,))
    files = (OutgoingFile(name=title, content_type=name, data=body.encode("utf-8", "replace")),) if filed else ()
    letter = written(
        facts(
            kind,
            recipient=person,
            title=title,
            requester=name,
            entry=entry,
            in_reply_to=identifier,
            references=(identifier, title),
            events=(event(EventKind.FIELD, ADA, field="title", before=name, after=title),),
            files=files,
        )
    )
    mail = read(letter)
    names = [header.lower() for header in mail]
    assert set(names) <= WANTED_HEADERS
    assert len(names) == len(set(names))
    assert [one.addr_spec for one in mail["To"].addresses] == [letter.envelope_to]
    assert "[ACME-1042]" in mail["Subject"]
    assert not [char for char in mail["Subject"] if ord(char) < 32 or 0x7F <= ord(char) < 0xA0]
    assert not [char for char in text(letter) if (ord(char) < 32 and char not in "\n\t") or 0x7F <= ord(char) < 0xA0]
    assert letter.data.isascii()
    assert max(map(len, letter.data.split(b"\r\n"))) <= 998
    assert letter.data.replace(b"\r\n", b"").translate(None, b"\r\n") == letter.data.replace(b"\r\n", b"")
    # A mail that is passed on carries itself and nothing else.
    carries = filed and kind is not LetterKind.FORWARDED
    assert len(list(every_part(mail))) == (5 if carries else 3)
    assert not Harmless.complaints(html(letter))
    message = scanner_read(RawMail(data=letter.data, size=len(letter.data)))
    assert message.message_id == mail["Message-ID"].strip("<>")
    assert [address.address for address in message.to] == [letter.envelope_to]
    assert "ACME-1042" in message.subject
    assert message.defects == ()
