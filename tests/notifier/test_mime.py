"""The bytes of mails, held against strict readers: whatever is written comes back the same."""

import email
import email.policy
import quopri
import re
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st

from notifier import mime
from notifier.wording import one_line, plain

ADDRESS = "jaeger@bigcorp.example"
# What the composer lets through: one line, no control characters, single blanks, no beginning of an encoded word.
LINES = (
    st.text(max_size=120)
    | st.text(alphabet="aé🎉 ü=?_\"\\()<>@,;:.'", max_size=80)
    | st.sampled_from(["x" * 300, "ü" * 200, "🎉" * 90, "Zoë " * 40, "[ACME-1] Ü", "a" * 70 + "é", "日本語" * 30])
).map(lambda text: one_line(text).replace("=?", "= ?")[:200].strip())
TEXTS = st.text(max_size=500).map(plain) | st.sampled_from(
    ["From x\nFrom y", ".\n..\n", "x" * 2000, "ü" * 2000, "a \n\t\n", "日本" * 500, "--=_a\n", "=20\n=\n"]
)


def parsed(data: bytes) -> EmailMessage:
    mail = email.message_from_bytes(data, policy=email.policy.strict)
    assert isinstance(mail, EmailMessage)
    return mail


def is_whole(data: bytes) -> bool:
    """Every line ends in CRLF and is short enough."""
    return not re.search(rb"(?<!\r)\n|\r(?!\n)", data) and max(map(len, data.split(b"\r\n"))) <= 998


@tries(max_examples=300, deadline=None)
@given(LINES)
def test_a_subject_comes_back(text: str) -> None:
    data = mime.written((("Subject", mime.unstructured("Subject", text)),), mime.text("x\n"))
    assert parsed(data)["Subject"] == text
    assert is_whole(data)
    assert data.isascii()
    assert all(len(line) <= 78 or b"=?" not in line for line in data.split(b"\r\n"))


@tries(max_examples=300, deadline=None)
@given(LINES)
def test_a_name_beside_an_address_comes_back(text: str) -> None:
    name = text[:80].strip()
    data = mime.written((("To", mime.mailbox("To", name, ADDRESS)),), mime.text("x\n"))
    (found,) = parsed(data)["To"].addresses
    assert found.addr_spec == ADDRESS
    # The reader of the standard library joins encoded words that stand beside each other with a blank.
    assert found.display_name.replace(" ", "") == name.replace(" ", "")
    assert is_whole(data)


@tries(max_examples=200, deadline=None)
@given(LINES, st.binary(max_size=300))
def test_a_file_comes_back_with_its_name(text: str, content: bytes) -> None:
    name = text.replace("/", "_") or "file"
    part = mime.file(content, "application/pdf", name)
    data = mime.written((), mime.multipart("mixed", (mime.text("x\n"), part), "=_b"))
    (found,) = parsed(data).iter_attachments()
    assert found.get_filename() == name
    assert found.get_payload(decode=True) == content
    assert is_whole(data)


@tries(max_examples=300, deadline=None)
@given(TEXTS, st.sampled_from(["plain", "html"]))
def test_a_text_comes_back(text: str, subtype: str) -> None:
    data = mime.written((), mime.text(text, subtype))
    assert parsed(data).get_content().replace("\r\n", "\n").rstrip("\n") == text.rstrip("\n")
    assert is_whole(data)
    assert data.isascii()
    assert b"\r\nFrom " not in data


@pytest.mark.parametrize(
    ("text", "encoding"), [("plain\n", "7bit"), ("Grüße\n", "quoted-printable"), ("ご連絡ありがとう\n", "base64")]
)
def test_the_encoding_is_the_smallest_that_relays_leave_alone(text: str, encoding: str) -> None:
    assert parsed(mime.written((), mime.text(text)))["Content-Transfer-Encoding"] == encoding


def test_words_of_the_tag_stay_readable_without_decoding() -> None:
    assert mime.unstructured("Subject", "[ACME-1042] Störung im Netz") == "[ACME-1042] =?utf-8?q?St=C3=B6rung_im_Netz?="


def test_what_quoted_printable_writes_any_reader_reads() -> None:
    part = mime.text("a = b \nFrom me\n.\nGröße\n")
    assert quopri.decodestring(part.body) == "a = b \r\nFrom me\r\n.\r\nGröße\r\n".encode()
