"""Headers with lines that do not belong there, and headers that are too long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.message import Message, RawMail
from domain.settings import Limits
from scanner.header_block import mended_header
from scanner.read import read

DEFAULT = Limits()
GOOD = b"From: ada@x.example\nTo: help@y.example\nSubject: Printer\nMessage-ID: <1@x.example>\n"


def of(data: bytes, limits: Limits = DEFAULT) -> Message:
    return read(RawMail(data=data, size=len(data)), limits)


HEADERS = {
    "a line above it": b"---- Original message ----\n" + GOOD + b"\nhi",
    "empty lines above it": b"\r\n\n" + GOOD + b"\nhi",
    "a byte order mark": b"\xef\xbb\xbf" + GOOD + b"\nhi",
    "a line of an mbox": b"From ada@x.example Mon Mar  2 10:00:00 2026\n" + GOOD + b"\nhi",
    "a line in the middle": GOOD.replace(b"To:", b"no field at all\nTo:") + b"\nhi",
    "a folded field that lost its blank": b"X-Spam: a,\nb, c\n" + GOOD + b"\nhi",
    "blanks before the colon": GOOD.replace(b":", b"  :", 3) + b"\nhi",
    "no empty line behind it": GOOD + b"Hi there, this is the text\nhi",
    "carriage returns only": GOOD.replace(b"\n", b"\r") + b"\rhi",
    "two carriage returns": GOOD.replace(b"\n", b"\r\r\n") + b"\r\r\nhi",
    "a lone carriage return in a field": GOOD.replace(b"Printer", b"Print\rer") + b"\nhi",
}


@pytest.mark.parametrize("data", HEADERS.values(), ids=HEADERS)
def test_sender_subject_and_text_are_found(data: bytes) -> None:
    message = of(data)
    assert message.sender is not None
    assert message.sender.address == "ada@x.example"
    assert message.subject.replace(" ", "") == "Printer"
    assert message.text.endswith("hi")
    assert "Subject" not in message.text


def test_a_text_that_quotes_a_header_is_no_header() -> None:
    text = b"He wrote:\nFrom: eve@z.example\nSubject: Other\n\nBye"
    message = of(GOOD + b"\n" + text)
    assert (message.subject, message.text) == ("Printer", text.decode())
    assert of(GOOD + text).text == text.decode()


def test_a_text_without_a_header_stays_a_text() -> None:
    assert mended_header(b"Dear desk,\nTo: be or not\n\nBye") == (b"Dear desk,\nTo: be or not\n\nBye", [])


def test_a_good_header_is_not_touched() -> None:
    data = GOOD.replace(b"\n", b"\r\n") + b"\r\nhi"
    assert mended_header(data) == (data, [])


LIMITS = {
    "length": (b"X: " + b"a" * 500_000 + b"\n" + GOOD + b"\nhi", DEFAULT, "octets of the header were read"),
    "number": (GOOD + b"X: y\n" * 100 + b"\nhi", Limits(header_fields=50), "only 50 of 104 header fields were read"),
    "one field": (GOOD + b"X: " + b"a" * 100_000 + b"\n\nhi", DEFAULT, "1 header fields were cut"),
    "recipients": (
        GOOD + b"Cc: a@x.example, b@x.example\n\nhi",
        Limits(recipients=1),
        "only the first 1 addresses",
    ),
    "parts": (
        GOOD + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nhi\n" * 9,
        Limits(parts=5),
        "first 5 parts",
    ),
    "text": (GOOD + b"\n" + b"hi " * 1000, Limits(text=1000), "only the first 1000 characters of the text"),
}


@pytest.mark.parametrize(("data", "limits", "said"), LIMITS.values(), ids=LIMITS)
def test_what_a_limit_cuts_is_said(data: bytes, limits: Limits, said: str) -> None:
    message = of(data, limits)
    assert any(said in defect for defect in message.defects)
    assert "hi" in message.text


@given(
    st.lists(
        st.sampled_from([b"From: a@x\n", b"x y\n", b" z\n", b"\n", b"\r", b"To: b@x\n", b"\0\xff", b":\n"]), max_size=12
    )
)
def test_no_header_stops_it_and_mending_is_done_once(pieces: list[bytes]) -> None:
    mended, _ = mended_header(b"".join(pieces))
    assert mended_header(mended)[0] == mended
