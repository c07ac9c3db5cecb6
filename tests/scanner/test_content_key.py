"""Two copies of one mail have one key; two mails have two."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.content_key import content_key

MAIL = (
    b"From: Ada <ada@x.example>\nDate: Mon, 2 Mar 2026 10:00:00 +0000\nSubject: Printer\nMessage-ID: <1@x.example>\n"
    b"\nIt burns.\n"
)

SAME = {
    "line ends": MAIL.replace(b"\n", b"\r\n"),
    "trace fields": b"Received: from a by b;\n Mon, 2 Mar 2026\nDelivered-To: support@y.example\n" + MAIL,
    "trace fields further down": MAIL.replace(b"Date:", b"X-Spam: no\nDate:"),
    "order of fields": MAIL.replace(b"Subject: Printer\n", b"", 1).replace(b"From:", b"Subject: Printer\nFrom:", 1),
    "case of names": MAIL.replace(b"Subject:", b"SUBJECT:").replace(b"Message-ID", b"Message-Id"),
    "folding": MAIL.replace(b"2 Mar 2026", b"2\n\tMar 2026"),
    "blank lines at the end": MAIL + b"\n\r\n\n",
    "no line end at the end": MAIL.rstrip(),
}
OTHER = {
    "body": MAIL.replace(b"burns", b"smokes"),
    "subject": MAIL.replace(b"Printer", b"Drucker"),
    "sender": MAIL.replace(b"Ada", b"Eve"),
    "date": MAIL.replace(b"10:00", b"10:01"),
    "message id": MAIL.replace(b"<1@", b"<2@"),
    "a field moved into the body": MAIL.replace(b"\nMessage-ID: <1@x.example>\n\n", b"\n\nMessage-ID: <1@x.example>\n"),
    "no message id": MAIL.replace(b"Message-ID: <1@x.example>\n", b""),
    "a second subject": MAIL.replace(b"Subject:", b"Subject: x\nSubject:"),
}


@pytest.mark.parametrize("copy", SAME.values(), ids=SAME)
def test_a_copy_has_the_same_key(copy: bytes) -> None:
    assert content_key(copy) == content_key(MAIL)


@pytest.mark.parametrize("other", OTHER.values(), ids=OTHER)
def test_another_mail_has_another_key(other: bytes) -> None:
    assert content_key(other) != content_key(MAIL)


def test_the_key_never_changes_between_releases() -> None:
    assert content_key(b"") == "01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b"


def test_a_mail_without_header_is_all_body() -> None:
    assert content_key(b"\nFrom: x\n\nSubject: y") != content_key(b"From: x\n\nSubject: y")


@given(st.binary())
def test_any_bytes_have_a_key_that_ignores_received_lines(data: bytes) -> None:
    key = content_key(data)
    assert len(key) == 64
    if not data.startswith((b" ", b"\t")):
        assert content_key(b"Received: by mx.example\n" + data) == key


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n")), max_size=8))
def test_line_ends_do_not_matter(lines: list[str]) -> None:
    mail = "\n".join(["From: a@x.example", "Subject: s", "", *lines]).encode()
    assert content_key(mail) == content_key(mail.replace(b"\n", b"\r\n"))
