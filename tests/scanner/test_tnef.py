"""winmail.dat: what Outlook packed is found, and a hostile one costs nothing."""

import base64
import struct

from hypothesis import given
from hypothesis import strategies as st

from domain.message import Message, RawMail
from scanner.read import attachment, read
from scanner.tnef import unpacked, unpacked_rtf

START = b"\x78\x9f\x3e\x22\x01\x00"


def thing(name: int, octets: bytes, level: int = 2) -> bytes:
    """One object: level, name, type, length, octets, checksum (MS-OXTNEF, section 2.1.3)."""
    return struct.pack("<BHHI", level, name, 6, len(octets)) + octets + struct.pack("<H", sum(octets) & 0xFFFF)


def file(name: bytes, octets: bytes) -> bytes:
    return thing(0x9002, bytes(14)) + thing(0x8010, name + b"\0") + thing(0x800F, octets)


def rtf_property(packed: bytes) -> bytes:
    padded = packed + bytes(-len(packed) % 4)
    return struct.pack("<I", 1) + struct.pack("<HHII", 0x102, 0x1009, 1, len(packed)) + padded


def mail(octets: bytes, text: bytes = b"See attachment.") -> bytes:
    return (
        b'From: ada@x.example\nSubject: Offer\nContent-Type: multipart/mixed; boundary="b"\n\n--b\n\n'
        + text
        + b"\n--b\nContent-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(octets)
        + b"--b--\n"
    )


def of(data: bytes) -> Message:
    return read(RawMail(data=data, size=len(data)))


def test_the_files_take_the_place_of_the_winmail_dat() -> None:
    data = mail(START + file(b"plan.pdf", b"%PDF") + file(b"..\\..\\evil.exe", b"MZ"))
    found = of(data).attachments
    assert [(one.name, one.content_type, one.size) for one in found] == [
        ("plan.pdf", "application/pdf", 4),
        ("evil.exe", "application/octet-stream", 2),
    ]
    assert [attachment(data, one.index) for one in found] == [b"%PDF", b"MZ"]


def test_a_text_that_is_there_as_rtf_only_is_an_attachment_named_after_the_subject() -> None:
    packed = struct.pack("<IIII", 30, 9, 0x414C454D, 0) + b"{\\rtf1 x}"
    found = of(mail(START + thing(0x9003, rtf_property(packed), level=1))).attachments
    assert [(one.name, one.size) for one in found] == [("Offer-body.rtf", 9)]


def test_its_text_is_the_text_of_a_mail_without_any() -> None:
    assert of(mail(START + thing(0x800C, b"It burns.\0", level=1), text=b"")).text == "It burns."


def test_a_compressed_rtf_is_unpacked() -> None:
    # The example of MS-OXRTFCP, section 3.1.1.
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert unpacked_rtf(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


def test_what_is_none_stays_the_attachment_it_is() -> None:
    assert unpacked(b"no such thing") is None
    assert [one.name for one in of(mail(b"no such thing")).attachments] == ["winmail.dat"]


def test_counts_that_cannot_be_true_are_not_believed() -> None:
    huge = thing(0x9002, bytes(14)) + thing(0x9005, struct.pack("<I", 0xFFFFFFFF) + bytes(40))
    values = struct.pack("<IHHI", 1, 0x1003, 0x3701, 0x7FFFFFFF)
    many = thing(0x9003, values, level=1) + thing(0x9002, b"") * 50_000
    assert unpacked(START + huge + file(b"a.txt", b"x")) is not None
    found = unpacked(START + many)
    assert found is not None
    assert len(found.files) <= 100


@given(
    st.lists(st.one_of(st.binary(max_size=60), st.just(file(b"a", b"x")), st.just(thing(0x9003, bytes(9)))), max_size=6)
)
def test_no_octets_stop_it(pieces: list[bytes]) -> None:
    data = mail(START + b"".join(pieces))
    for one in of(data).attachments:
        assert len(attachment(data, one.index)) == one.size


def test_more_files_than_are_listed_are_said() -> None:
    message = of(mail(START + b"".join(file(b"f%d.txt" % number, b"x") for number in range(101))))
    assert len(message.attachments) == 100
    assert message.defects == ("part 2: only the first 100 files in it are listed",)
