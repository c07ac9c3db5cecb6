"""Mail out of the ordinary is read at arm's length, and whatever becomes of the reader, a Message comes back."""

import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from domain.errors import NotFound
from domain.message import Message, RawMail
from domain.settings import Limits
from scanner.read import attachments, read
from scanner.worker import SafeReader, out_of_the_ordinary

DATA = b"From: Ada <ada@x.example>\nSubject: Printer\n\nIt burns.\n"
MAIL = RawMail(data=DATA, size=len(DATA))
SOCKET = "import os, socket, sys; s = socket.socket(fileno=int(sys.argv[-1])); s.send(b'r')\n"
SOON = Limits(reading_time=timedelta(milliseconds=200))

FATES = {
    "hangs": ("while s.recv(65536): pass", "reading took longer than 0.2 s: only the header was read"),
    "dies": ("s.recv(1); os.abort()", "reading ended in the middle: only the header was read"),
    "answers nonsense": (
        "s.recv(1); s.send(bytes(7) + b'\\3abc')",
        "reading ended in the middle: only the header was read",
    ),
}


def children() -> set[str]:
    """The processes that this one has started, zombies included."""
    lists = Path("/proc/self/task").glob("*/children")
    return {number for one in lists for number in one.read_text().split()}


@pytest.fixture
def reader() -> Iterator[SafeReader]:
    with SafeReader(is_odd=lambda data: "always") as safe:
        yield safe


def test_what_comes_back_is_what_is_read_here(reader: SafeReader) -> None:
    assert [reader.read(MAIL), reader.read(MAIL)] == [read(MAIL)] * 2


def test_several_threads_ask_one_child(reader: SafeReader) -> None:
    found: list[Message] = []
    threads = [threading.Thread(target=lambda: found.append(reader.read(MAIL))) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert found == [read(MAIL)] * 4


@pytest.mark.parametrize(("code", "said"), FATES.values(), ids=FATES)
def test_whatever_becomes_of_the_child_the_header_is_read(code: str, said: str) -> None:
    before = children()
    with SafeReader(limits=SOON, command=(sys.executable, "-c", SOCKET + code), is_odd=lambda data: "always") as safe:
        message = safe.read(MAIL)
    assert (message.subject, message.text, message.defects) == ("Printer", "", (said,))
    assert children() == before


ODD = {
    "length of the header": b"X: y\n" * 10_000 + b"\nhi",
    "number of encoded words": b"X: " + b"=?utf-8?Q?a?= " * 400 + b"\n\nhi",
    "number of parts": DATA + b"\n--b\n" * 300,
    "size of its HTML": DATA + b"<p>" * 30_000,
    "number of combining marks": DATA + "\u0301".encode() * 3_000,
    "nesting": DATA + b"Content-Type: Multipart/mixed\n" * 30,
    "winmail.dat": DATA + b"Content-Type: application/ms-tnef\n",
    "length of a line": DATA + b"a" * 300_000,
    "": DATA,
}


@pytest.mark.parametrize(("why", "data"), ODD.items(), ids=[why or "ordinary" for why in ODD])
def test_what_is_out_of_the_ordinary(why: str, data: bytes) -> None:
    assert out_of_the_ordinary(data) == why


WITH_FILES = (
    b"From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nhi\n"
    b"--b\nContent-Type: text/plain\nContent-Disposition: attachment; filename=plan.txt\n\nleft\n"
    b"--b\nContent-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\nJVBERg==\n--b--\n"
)


def test_files_are_taken_out_at_arms_length(reader: SafeReader) -> None:
    indices = [one.index for one in reader.read(RawMail(data=WITH_FILES, size=len(WITH_FILES))).attachments]
    assert reader.files(WITH_FILES, indices) == attachments(WITH_FILES, indices) == (b"left", b"%PDF")
    assert reader.files(WITH_FILES, ()) == ()
    with pytest.raises(NotFound, match="cannot be read"):
        reader.files(WITH_FILES, [99])
    assert reader.read(MAIL) == read(MAIL), "the child lives on"


@pytest.mark.parametrize("code", [code for code, _ in FATES.values()], ids=FATES)
def test_files_that_cannot_be_had_are_not_found(code: str) -> None:
    before = children()
    safe = SafeReader(limits=SOON, command=(sys.executable, "-c", SOCKET + code), is_odd=lambda data: "always")
    with safe, pytest.raises(NotFound, match="could not be read within"):
        safe.files(WITH_FILES, [2])
    assert children() == before
