"""Files inside parts: uuencoded ones, mails inside mails, parts that are cut short; and what is passed on."""

import binascii

import pytest

from domain.message import Message, RawMail
from domain.people import Address
from scanner.read import attachment, read
from scanner.structure import structure

HEAD = b"From: ada@x.example\nSubject: Fwd: Printer\n"
INNER = b"From: Eve <eve@z.example>\nSubject: Printer\n"
PNG = b"Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\niVBORw==\n"


def of(data: bytes) -> Message:
    return read(RawMail(data=data, size=len(data)))


def mixed(boundary: bytes, *parts: bytes) -> bytes:
    body = b"".join(b"--" + boundary + b"\n" + part + b"\n" for part in parts)
    return b"Content-Type: multipart/mixed; boundary=" + boundary + b"\n\n" + body + b"--" + boundary + b"--\n"


def test_uuencoded_files_leave_the_text() -> None:
    lines = b"".join(binascii.b2a_uu(b"hello") for _ in range(2))
    data = HEAD + b"\nSee here:\n\nbegin 644 a b.txt\n" + lines + b"`\nend\n\nBye\n"
    message = of(data)
    assert message.text.split() == ["See", "here:", "Bye"]
    assert [(one.name, one.size, one.content_type) for one in message.attachments] == [("a b.txt", 10, "text/plain")]
    assert attachment(data, message.attachments[0].index) == b"hellohello"


def test_a_text_that_speaks_of_begin_and_end_is_kept() -> None:
    assert of(HEAD + b"\nbegin 100 days of\nwork\nend\n").text == "begin 100 days of\nwork\nend\n"


def test_files_in_a_nested_mail_are_found_by_their_number() -> None:
    deep = b"Content-Type: message/rfc822\n\n" + INNER + mixed(b"d", b"\ndeep", PNG)
    nested = (
        b"Content-Type: message/rfc822\n\n" + INNER + mixed(b"c", b"\ninner", deep, PNG.replace(b"a.png", b"b.png"))
    )
    data = HEAD + mixed(b"b", b"\nouter", nested)
    message = of(data)
    assert (message.reply_text, message.text.split()) == ("outer", ["outer", "inner", "deep"])
    assert [one.name for one in message.attachments] == ["Printer.eml", "Printer.eml", "a.png", "b.png"]
    assert [attachment(data, one.index)[:4] for one in message.attachments[2:]] == [b"\x89PNG"] * 2
    assert message.forwarded_from == Address("eve@z.example", "Eve")


CUT = {
    "in the middle": (b"SGVsbG8gd29ybGQ", b"Hello world"),
    "by one character": (b"SGVsbG8gd29ybGQhI", b"Hello world!"),
    "with an advertisement below": (b"SGVsbG8=\n\n-- sent by x --\n", b"Hello"),
}


@pytest.mark.parametrize(("payload", "octets"), CUT.values(), ids=CUT)
def test_base64_that_is_cut_short(payload: bytes, octets: bytes) -> None:
    part = b"Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\n" + payload
    data = HEAD + mixed(b"b", b"\nhi", part)
    assert attachment(data, of(data).attachments[0].index)[: len(octets)] == octets


def test_a_text_that_only_says_it_is_base64() -> None:
    text = "Dear desk, my printer burns, and nobody here knows what to do. Please, come at once!"
    assert of(HEAD + b"Content-Transfer-Encoding: base64\n\n" + text.encode()).text == text


PASSED_ON = {
    "gmail": (
        "Look\n\n------- Forwarded message -------\nFrom: Eve <eve@z.example>\nDate: Mon, 2 Mar 2026\nSubject: S\n\nhi",
        Address("eve@z.example", "Eve"),
    ),
    "outlook, german": (
        "Von: Eve Adams <eve@z.example>\nGesendet: Montag, 2. März 2026 10:00\nAn: ada@x.example\nBetreff: S\n\nhi",
        Address("eve@z.example", "Eve Adams"),
    ),
    "thunderbird, russian": (
        "-------- Перенаправленное сообщение --------\nТема: \tS\nДата: \t2 Mar\nОт: \tEve <eve@z.example>\n\nhi",
        Address("eve@z.example", "Eve"),
    ),
    "begin, french": (
        "Début du message réexpédié :\n\nDe: Eve <eve@z.example>\nObjet: S\nDate: 2 mars 2026\nÀ: Ada\n\nsalut",
        Address("eve@z.example", "Eve"),
    ),
    "in stars": ("*From:* Eve [mailto:eve@z.example]\n*Sent:* Monday\n\nhi", Address("eve@z.example", "Eve [mailto:")),
    "nothing is passed on": ("From: the cellar\nto the roof", None),
}


@pytest.mark.parametrize(("text", "writer"), PASSED_ON.values(), ids=PASSED_ON)
def test_who_wrote_what_is_passed_on(text: str, writer: Address | None) -> None:
    found = of(HEAD + b"Content-Type: text/plain; charset=utf-8\n\n" + text.encode()).forwarded_from
    assert (found and found.address) == (writer and writer.address)


def test_an_answer_passes_nothing_on() -> None:
    text = b"From: Eve <eve@z.example>\nSent: Monday\n\nhi"
    assert of(b"From: ada@x.example\nSubject: Re: Printer\n\nYes.\n\n" + text).forwarded_from is None


def test_the_name_stands_in_the_comment() -> None:
    assert of(b"From: =?utf-8?Q?J=C3=B6rg?= (j@x.example)\n\nhi").sender == Address("j@x.example", "Jörg")


def test_the_structure_as_a_tree() -> None:
    nested = b"Content-Type: message/rfc822\n\n" + INNER + b"\ninner"
    tree = structure(HEAD + mixed(b"b", b"Content-Type: text/html; charset=utf-8\n\n<p>x", nested))
    assert [(one.depth, one.kind, one.facts, one.size) for one in tree] == [
        (0, "multipart/mixed", (), None),
        (1, "text/html", ("utf-8",), 4),
        (1, "message/rfc822", (), 52),
        (2, "text/plain", (), 5),
    ]
