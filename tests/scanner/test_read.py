"""Reading mail: no bytes stop it, and the traps of the parser below it are closed."""

import base64
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import NotFound
from domain.message import Message, RawMail
from domain.people import Address
from domain.settings import Limits
from scanner.read import attachment, read, read_text
from scanner.structure import structure

HEAD = b"From: Ada <ada@x.example>\nTo: help@y.example\nSubject: Printer\nMessage-ID: <1@x.example>\n"


def of(data: bytes, size: int = 0) -> Message:
    return read(RawMail(data=data, size=size or len(data)))


def with_parts(kind: str, *parts: bytes) -> bytes:
    body = b"".join(b"--b\n" + part + b"\n" for part in parts)
    return HEAD + f'Content-Type: multipart/{kind}; boundary="b"\n\n'.encode() + body + b"--b--\n"


def test_an_ordinary_mail() -> None:
    sent = EmailMessage()
    sent["From"] = "Jörg Weiß <joerg@x.example>"
    sent["To"] = "Hilfe <help@y.example>, bob@y.example"
    sent["Cc"] = "Eve <eve@z.example>"
    sent["Reply-To"] = "desk@x.example"
    sent["Delivered-To"] = "help@y.example"
    sent["Subject"] = "Störung im dritten Stock"
    sent["Date"] = "Mon, 2 Mar 2026 10:00:00 +0100"
    sent["Message-ID"] = "<1@x.example>"
    sent["In-Reply-To"] = "<a@y.example>"
    sent["References"] = "<b@y.example> <a@y.example> <b@y.example>"
    sent.set_content("Guten Tag,\n\nder Drucker brennt und ich bin nicht da.\n\n-- \nJörg\n")
    sent.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="Fehler Größe.png")
    message = of(sent.as_bytes())
    assert message.sender == Address("joerg@x.example", "Jörg Weiß")
    assert message.to == (Address("help@y.example", "Hilfe"), Address("bob@y.example"))
    assert (message.cc, message.reply_to) == ((Address("eve@z.example", "Eve"),), (Address("desk@x.example"),))
    assert message.delivered_to == (Address("help@y.example"),)
    assert message.subject == "Störung im dritten Stock"
    assert message.date == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert message.message_id == "1@x.example"
    assert message.in_reply_to == ("a@y.example",)
    assert message.references == ("b@y.example", "a@y.example")
    assert message.reply_text == "Guten Tag,\n\nder Drucker brennt und ich bin nicht da."
    assert message.language == "de"
    assert [(one.name, one.size, one.content_type) for one in message.attachments] == [
        ("Fehler Größe.png", 4, "image/png")
    ]
    assert attachment(sent.as_bytes(), message.attachments[0].index) == b"\x89PNG"
    assert message.header("SUBJECT") == ("Störung im dritten Stock",)
    assert message.defects == ()


def test_a_nested_mail_is_an_attachment_and_nothing_that_the_writer_wrote_now() -> None:
    inner = b"From: eve@z.example\nSubject: Inner: /etc\n\nINNER\n"
    message = of(with_parts("mixed", b"Content-Type: text/plain\n\nOUTER", b"Content-Type: message/rfc822\n\n" + inner))
    assert (message.text, message.reply_text) == ("OUTER\n\nINNER\n", "OUTER")
    assert [one.name for one in message.attachments] == ["Inner_ -etc.eml"]
    assert b"INNER" in attachment(with_parts("mixed", b"", b"Content-Type: message/rfc822\n\n" + inner), 2)


def test_a_nested_mail_in_base64_is_decoded() -> None:
    inner = base64.encodebytes(b"Subject: x\n\nINNER\n")
    data = with_parts("mixed", b"\nhi", b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + inner)
    assert attachment(data, 2) == b"Subject: x\n\nINNER\n"


def test_parts_without_a_name_keep_their_octets_and_get_a_stable_name() -> None:
    octets = bytes(range(256))
    part = b"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(octets)
    data = with_parts("mixed", b"Content-Type: text/plain\n\nhi", part)
    message = of(data)
    assert [(one.name, one.size) for one in message.attachments] == [("part-2.png", 256)]
    assert attachment(data, 2) == octets
    assert message.text == "hi"


def test_alternatives_are_one_text_and_texts_in_a_row_are_all_read() -> None:
    alternative = with_parts(
        "alternative", b"Content-Type: text/plain\n\nplain", b"Content-Type: text/html\n\n<p>rich</p>"
    )
    assert (of(alternative).text, of(alternative).html) == ("plain", "<p>rich</p>")
    apple = with_parts(
        "mixed",
        b"Content-Type: text/plain\n\nabove",
        b"Content-Type: image/png; name=a.png\n\nx",
        b"Content-Type: text/html\n\n<p>between</p>",
        b"Content-Type: text/plain\n\nbelow",
    )
    assert of(apple).text == "above\nbetween\nbelow"


@pytest.mark.parametrize("plain", [b"", b" \n", b"Please use an HTML capable mail program."])
def test_text_is_made_from_html_where_the_plain_one_is_useless(plain: bytes) -> None:
    html = b"Content-Type: text/html; charset=utf-8\n\n<style>p{}</style><p>Gr&uuml;&szlig;e<p>Ada<script>x</script>"
    text = of(with_parts("alternative", b"Content-Type: text/plain\n\n" + plain, html)).text
    assert text.split()[:2] == ["Grüße", "Ada"]


CHARSETS = {
    "windows under the name of latin": (b"iso-8859-1", b"\x93Gr\xfc\xdfe\x94 \x80", "“Grüße” €"),
    "unknown": (b"x-bad", "Grüße".encode(), "Grüße"),
    "unknown, not utf-8": (b"x-bad", b"Gr\xfc\xdfe", "Grüße"),
    "latin under the name of utf-8": (b"utf-8", b"Gr\xfc\xdfe", "Grüße"),
    "none at all": (b"", b"Gr\xfc\xdfe", "Grüße"),
    "ascii that is not": (b"us-ascii", "Grüße".encode(), "Grüße"),
    "a codec that is no charset": (b"rot13", b"abc", "abc"),
    "a quadratic codec": (b"punycode", b"abc-", "abc-"),
    "chinese": (b"gb2312", "您好".encode("gb18030"), "您好"),
    "not composed": (b"utf-8", "Gru\u0308n".encode(), "Grün"),
    "NUL": (b"utf-8", b"a\0b", "ab"),
}


@pytest.mark.parametrize(("charset", "octets", "text"), CHARSETS.values(), ids=CHARSETS)
def test_every_charset_gives_text(charset: bytes, octets: bytes, text: str) -> None:
    assert of(HEAD + b"Content-Type: text/plain; charset=" + charset + b"\n\n" + octets).text == text


def test_html_states_its_charset_itself() -> None:
    html = b'Content-Type: text/html\n\n<meta charset="windows-1251"><p>\xcf\xf0\xe8\xe2\xe5\xf2'
    assert of(HEAD + html).text == "Привет"


HEADERS = {
    "raw latin": (b"Subject: Gr\xf6\xdfe", "Größe"),
    "raw utf-8": ("Subject: Größe".encode(), "Größe"),
    "unknown charset": (b"Subject: =?x-bad?Q?Gr=F6=DFe?=", "Größe"),
    "broken base64": (b"Subject: =?utf-8?B?x?=", "=?utf-8?B?x?="),
    "character over two words": (b"Subject: =?utf-8?Q?Gr=C3?= =?utf-8?Q?=B6=C3=9Fe?=", "Größe"),
    "spaces in a word": (b"Subject: =?utf-8?Q?Gr=C3=B6=C3=9Fe des Netzes?=", "Größe des Netzes"),
    "folded": (b"Subject: a\n b\n\tc", "a b c"),
    "two of them": (b"Subject: first\nSubject: second", "first"),
    "a line break smuggled in": (b"Subject: =?utf-8?Q?a=0D=0ABcc:_x?=", "a Bcc: x"),
    "a backslash": ("Subject: C:\\users größe =?utf-8?Q?=C3=B6?=".encode(), "C:\\users größe ö"),
}


@pytest.mark.parametrize(("header", "subject"), HEADERS.values(), ids=HEADERS)
def test_subjects_are_decoded(header: bytes, subject: str) -> None:
    assert of(b"From: ada@x.example\n" + header + b"\n\nhi").subject == subject


SENDERS = {
    "raw latin": (b"From: J\xf6rg <j@x.example>", Address("j@x.example", "Jörg")),
    "unknown charset": (b"From: =?x-bad?Q?J=F6rg?= <j@x.example>", Address("j@x.example", "Jörg")),
    "a comma in quotes": (b'From: "Weiss, J" <j@x.example>', Address("j@x.example", "Weiss, J")),
    "two": (b"From: a@x.example, b@x.example", Address("a@x.example")),
    "a group": (b"From: us: a@x.example;", Address("a@x.example")),
    "all in one word": (b"From: =?utf-8?Q?J=C3=B6rg_<j@x.example>?=", Address("j@x.example", "Jörg")),
    "only a name": (b"From: bob\nReply-To: b@x.example", Address("b@x.example")),
    "only a Sender": (b"Sender: b@x.example", Address("b@x.example")),
    "only a Return-Path": (b"Return-Path: <b@x.example>", Address("b@x.example")),
    "nothing": (b"From: bob", None),
    "deep comments": (b"From: " + b"(" * 5000, None),
}


@pytest.mark.parametrize(("header", "sender"), SENDERS.values(), ids=SENDERS)
def test_the_sender_is_found(header: bytes, sender: Address | None) -> None:
    assert of(header + b"\nSubject: s\n\nhi").sender == sender


NAMES = {
    b'"../../etc/passwd"': "passwd",
    b'"C:\\\\Users\\\\a.txt"': "a.txt",
    b'"a\x1b[31m.txt"': "a [31m.txt",
    '"a\u202efdp.exe"'.encode(): "afdp.exe",
    b"utf-8''Gr%C3%B6%C3%9Fe.pdf": "Größe.pdf",
    b'"=?utf-8?Q?Gr=C3=B6=C3=9Fe.pdf?="': "Größe.pdf",
    b'"Gr\xf6\xdfe.pdf"': "Größe.pdf",
    b'"con.txt"': "_con.txt",
    b'".."': "part-2.pdf",
    b'"' + b"x" * 500 + b'.pdf"': "x" * 169 + ".pdf",
}


@pytest.mark.parametrize(("stated", "name"), NAMES.items(), ids=NAMES.values())
def test_names_of_attachments_are_safe(stated: bytes, name: str) -> None:
    parameter = b"filename*=" if b"''" in stated else b"filename="
    part = b"Content-Type: application/pdf\nContent-Disposition: attachment; " + parameter + stated + b"\n\nx"
    assert [one.name for one in of(with_parts("mixed", b"\nhi", part)).attachments] == [name]


def test_flowed_text_is_unfolded() -> None:
    flowed = b"Content-Type: text/plain; format=flowed\n\nThe printer \nburns.\n> Is it \n> on?\n-- \nAda\n"
    assert of(HEAD + flowed).text == "The printer burns.\n> Is it on?\n-- \nAda\n"


def test_what_was_cut_is_said() -> None:
    assert of(HEAD + b"\nhi", size=5000).defects[0] == f"only the first {len(HEAD) + 3} of 5000 octets were read"


STUMBLES = {
    "a broken base64 word in a name": b"To: =?utf-8?B?x?= <help@y.example>\n",
    "an impossible charset": b'Content-Type: text/plain; charset="a\0b"\n',
    "an endless parameter number": b"Content-Type: text/plain; name*" + b"9" * 5000 + b"=x\n",
}


@pytest.mark.parametrize("header", STUMBLES.values(), ids=STUMBLES)
def test_what_stops_the_parser_costs_neither_sender_nor_text(header: bytes) -> None:
    message = of(HEAD + header + b"Date: Mon, 2 Mar 2026 10:00:00 +0100\n\nIt burns.")
    assert (message.sender, message.text) == (Address("ada@x.example", "Ada"), "It burns.")
    assert message.date == datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_too_deep_a_mail_still_tells_its_sender_and_subject() -> None:
    nest = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(3000))
    message = of(HEAD + nest + b"\nhi")
    assert (message.sender, message.subject) == (Address("ada@x.example", "Ada"), "Printer")
    assert any("too many parts around it, not taken apart" in defect for defect in message.defects)


def test_parts_headers_and_references_are_capped() -> None:
    many = of(with_parts("mixed", *[b"Content-Type: image/png\n\nx"] * 2000))
    assert len(many.attachments) == 200
    assert any("only the first 1000 parts" in defect for defect in many.defects)
    ids = b" ".join(b"<%d@x.example>" % n for n in range(500))
    wide = of(b"References: " + ids + b"\n" + b"X: y\n" * 2000 + b"\nhi")
    assert (len(wide.headers), len(wide.references), wide.references[-1]) == (500, 100, "499@x.example")


def test_deep_html_is_cut_in_place_of_hanging() -> None:
    message = of(HEAD + b"Content-Type: text/html\n\n<p>Hello</p>" + b"<div>" * 200_000 + b"x")
    assert message.text == "Hello"


def test_a_long_run_of_marks_is_read_in_linear_time() -> None:
    marks = ("\u0316\u0301" * 3_000).encode()
    text = of(HEAD + b"Content-Type: text/plain; charset=utf-8\n\nu\xcc\x88 " + b"a" + marks).text
    assert (text[:2], len(text)) == ("ü ", 6_002)


def test_a_part_that_is_not_there_is_an_error() -> None:
    with pytest.raises(NotFound, match="no part 7"):
        attachment(HEAD + b"\nhi", 7)


def test_a_decoded_text_has_text_and_new_text_only() -> None:
    message = read_text("Yes.\r\n\r\n> Well?\r\n")
    assert (message.sender, message.text, message.reply_text) == (None, "Yes.\n\n> Well?\n", "Yes.")


FRAGMENTS = [
    HEAD,
    *(b"\n", b"\r\n", b"--b\n", b"--b--", b"=?utf-8?B?", b"?=", b"<div>", b"> ", b"\xff\xfe", b"utf-7\n", b"idna\n"),
    b"From: MAILER-DAEMON@x.example\n",
    b"Content-Type: multipart/mixed; boundary=b\n",
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n",
    b"Content-Type: text/html\n",
    b"Content-Type: text/plain; charset=",
    b"Content-Type: message/rfc822\n",
    b"Content-Type: message/delivery-status\n",
    b"Content-Transfer-Encoding: base64\n",
    b"Content-Disposition: attachment; filename*0*=",
]


@given(st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.binary(max_size=20)), max_size=30).map(b"".join))
def test_no_bytes_stop_it_and_the_same_bytes_read_the_same(data: bytes) -> None:
    message = of(data)
    assert message == of(data)
    said = [message.subject, message.text, message.html, message.reply_text, *(value for _, value in message.headers)]
    assert not any("\0" in text for text in said)
    "".join(said).encode()
    assert not any("\n" in value or "\r" in value for _, value in message.headers)
    for one in message.attachments:
        assert len(attachment(data, one.index)) == one.size
        assert "/" not in one.name
        assert one.name


UNREADABLE = {
    "two ways to cut": b"boundary*=utf-8''b; boundary*0*=utf-8''b",
    "of another parameter": b"boundary=b; name*=x; name*0=y",
    "a NUL in the charset": b"boundary*=\"utf\0-8''b\"",
    "a charset without replacement": b"name=x; boundary*=undefined''b",
    "a number without end": b"boundary=b; boundary*" + b"1" * 5000 + b"=c",
}


@pytest.mark.parametrize("parameters", UNREADABLE.values(), ids=UNREADABLE)
def test_a_boundary_beside_parameters_that_nobody_can_read(parameters: bytes) -> None:
    data = HEAD + b"Content-Type: multipart/mixed; " + parameters
    data += b"\n\n--b\n\nIt burns.\n--b\nContent-Type: image/png; name=a.png\n\nPNG\n--b--\n"
    message = of(data)
    assert (message.text, [one.name for one in message.attachments]) == ("It burns.", ["a.png"])
    assert attachment(data, message.attachments[0].index) == b"PNG"
    assert structure(data)[0].kind == "multipart/mixed"
    assert message.defects == ("part 0: the parameters of its content type contradict each other, read by their looks",)


@pytest.mark.parametrize("charset", [b"charset*=a; charset*0*=b", b'charset="a\0b"', b"charset*=utf-8''utf-8"])
@pytest.mark.parametrize("kind", [b"text/plain", b"image/png; name=a.png"])
def test_eight_bit_octets_in_base64_beside_a_charset_that_nobody_can_read(kind: bytes, charset: bytes) -> None:
    part = b"Content-Type: " + kind + b"; " + charset + b"\nContent-Transfer-Encoding: base64\n\n\xe9SXQgYnVybnMu\n"
    data = with_parts("mixed", part, b"Content-Type: image/gif\n\nGIF")
    message = of(data)
    assert message.attachments[-1].content_type == "image/gif"
    assert "It burns." in (message.text or attachment(data, message.attachments[0].index).decode())
    assert not any("not readable" in defect for defect in message.defects)


def test_a_multipart_whose_boundary_nobody_can_read() -> None:
    parameters = b"boundary*" + b"1" * 5000 + b"=b; x*=1; x*0=2"
    message = of(HEAD + b"Content-Type: multipart/mixed; " + parameters + b"\n\nIt burns.\n")
    assert message.text == "It burns.\n"
    assert message.sender == Address("ada@x.example", "Ada")
    assert not any("not readable" in defect for defect in message.defects)


def test_the_new_text_is_capped_as_the_whole_text_is() -> None:
    data = b"From: a@x.example\r\nSubject: x\r\n\r\n" + b"Wort " * 3_000
    message = read(RawMail(data=data, size=len(data)), Limits(text=1000))
    assert (len(message.text), len(message.reply_text)) == (1000, 1000)


def test_mails_inside_mails_that_are_not_looked_into_are_said() -> None:
    data = b"Subject: x\r\nContent-Type: message/rfc822\r\n\r\n" * 6 + b"Subject: last\r\n\r\nText\r\n"
    assert "a mail inside 3 others is not looked into" in read(RawMail(data=data, size=len(data))).defects[-1]
