"""What the parser does not get of a long mail is found again, octet by octet, and it never gets too much."""

from base64 import encodebytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.message import Message, RawMail
from domain.settings import Limits
from scanner import aside
from scanner.aside import MANY_LINES, MOST_BOUNDARIES, MOST_LINES, ORDINARY, put_back, shortened
from scanner.parts import COUNTED, content, leaves, size_of
from scanner.read import attachment, read
from scanner.tree import MAX_DEPTH, tree_of
from tests.corpus import Sample, samples

HEAD = b"From: Ada <ada@x.example>\nSubject: Printer\nMIME-Version: 1.0\n"
LONG = b"a line of text\n" * 20_000
FILE = bytes(range(256)) * 1_000
SAMPLES = tuple(samples(30))


def of(data: bytes) -> Message:
    return read(RawMail(data=data, size=len(data)))


def mixed(*parts: bytes) -> bytes:
    inside = b"".join(b"--b\n" + part + b"\n" for part in parts)
    return HEAD + b'Content-Type: multipart/mixed; boundary="b"\n\n' + inside + b"--b--\n"


def file(octets: bytes) -> bytes:
    return b"Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\n" + encodebytes(octets)


PIECES = (
    b"\n--b\n",
    b"\n--b--\n",
    b"\r\n--b\r\n",
    b"\n--c\n",
    b"\nboundary=b",
    b"\nboundary*=c",
    b"\n\n",
    b"x\xff" * 50,
    b"\n" * 90,
)


@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_every_octet_is_found_again(pieces: list[bytes]) -> None:
    data = HEAD + b"Content-Type: multipart/mixed; boundary=b\n" + b"".join(pieces) + LONG + b"".join(pieces)
    assert put_back(*shortened(data)) == data


def test_an_ordinary_mail_goes_through_as_it_is() -> None:
    data = mixed(b"\nhi")
    assert shortened(data) == (data.decode(), ())


def test_a_long_mail_reads_like_a_short_one() -> None:
    data = mixed(
        b"\nhi",
        file(FILE),
        b"\nbye",
        b"Content-Type: message/rfc822\n\n"
        + mixed(b"\nin", file(FILE)).replace(b"--b", b"--c").replace(b'"b"', b'"c"'),
    )
    assert len(data) > ORDINARY
    message = of(data)
    assert message.text == "hi\nbye\n\nin"
    sizes = [(one.name, one.size) for one in message.attachments]
    assert sizes == [("a.png", len(FILE)), ("Printer.eml", sizes[1][1]), ("a.png", len(FILE))]
    assert [attachment(data, one.index) for one in message.attachments][::2] == [FILE, FILE]
    assert b"Subject: Printer\r\n" in attachment(data, message.attachments[1].index)


def test_forty_photos_are_forty_attachments() -> None:
    photo = file(FILE)
    assert [one.size for one in of(mixed(b"\nhi", *[photo] * 40)).attachments] == [len(FILE)] * 40


@pytest.mark.parametrize("sample", SAMPLES, ids=[one.kind for one in SAMPLES])
def test_the_same_is_read_of_what_was_cut_short(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = of(sample.data)
    monkeypatch.setattr(aside, "ORDINARY", 0)
    monkeypatch.setattr(aside, "KEPT", 2_000)
    monkeypatch.setattr(aside, "KEPT_LINES", 60)
    assert of(sample.data) == whole


HOSTILE = {
    "lines": mixed(b"\n" + b"x\n" * 500_000),
    "parts": mixed(*[b"\nx"] * 50_000),
    "lines in parts": mixed(*[b"\n" + b"x\n" * 200] * 5_000),
    "dashes": mixed(b"\n" + b"--x\n" * 100_000),
    "a header of a part": mixed(b"X: y\n" * 100_000 + b"\nx"),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_the_parser_gets_a_bounded_number_of_lines(data: bytes) -> None:
    text, found = shortened(data)
    assert text.count("\n") <= MOST_LINES + MANY_LINES
    assert len(found) <= MOST_BOUNDARIES + 1
    assert put_back(text, found) == data
    assert of(data).subject == "Printer"


def test_what_nests_too_deep_is_not_taken_apart() -> None:
    nest = b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(100))
    tree = tree_of(HEAD + nest + b"\nhi")
    assert sum(1 for _ in tree.walk()) == MAX_DEPTH + 1
    assert any("too many parts around it, not taken apart" in defect for defect in of(HEAD + nest + b"\nhi").defects)


@pytest.mark.parametrize("end", [b"", b"=", b"==\n", b"!", b"QQ==QQ==", b"Q", b" "])
def test_a_large_file_is_counted_as_it_would_be_decoded(end: bytes) -> None:
    part = next(leaves(tree_of(file(bytes(COUNTED)) + end)))
    assert size_of(part.part) == len(content(part.part))


def test_more_than_the_limit_of_size_is_not_read() -> None:
    data = HEAD + b"\n" + b"hi " * 100_000
    message = read(RawMail(data=data, size=len(data)), Limits(mail_size=10_000))
    assert message.size == len(data)
    assert len(message.text) < 10_000
    assert message.defects == (f"only the first 10000 of {len(data)} octets were read",)
