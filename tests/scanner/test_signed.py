"""S/MIME and PGP: what is signed is the text, what is encrypted says so, and every part keeps its name."""

from base64 import encodebytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.message import Message, RawMail
from scanner.quote import reply_text
from scanner.read import attachment, read
from scanner.smime import signed_content

HEAD = b"From: Ada <ada@x.example>\nSubject: Printer\n"
ENTITY = (
    b"Content-Type: multipart/mixed; boundary=c\n\n--c\n\nIt burns.\n\n-- \nAda\n--c\nContent-Type: image/png; "
    b"name=a.png\nContent-Transfer-Encoding: base64\n\niVBORw==\n--c--\n"
)
SIGNED_DATA, DATA = bytes.fromhex("06092a864886f70d010702"), bytes.fromhex("06092a864886f70d010701")


def element(tag: int, octets: bytes) -> bytes:
    """One element whose length is known (X.690, section 8.1.3)."""
    length = len(octets)
    if length < 128:
        return bytes((tag, length)) + octets
    return bytes((tag, 0x82)) + length.to_bytes(2, "big") + octets


def endless(tag: int, octets: bytes) -> bytes:
    """One element whose end is marked."""
    return bytes((tag, 0x80)) + octets + b"\0\0"


def signed(entity: bytes) -> bytes:
    inner = element(0x30, DATA + element(0xA0, element(0x04, entity)))
    data = element(0x30, element(0x02, b"\1") + element(0x31, element(0x30, b"")) + inner + element(0x31, b""))
    return element(0x30, SIGNED_DATA + element(0xA0, data))


def signed_in_pieces(entity: bytes) -> bytes:
    pieces = b"".join(element(0x04, entity[at : at + 40]) for at in range(0, len(entity), 40))
    inner = endless(0x30, DATA + endless(0xA0, endless(0x24, pieces)))
    data = endless(0x30, element(0x02, b"\1") + endless(0x31, element(0x30, b"")) + inner + element(0x31, b""))
    return endless(0x30, SIGNED_DATA + endless(0xA0, data))


def of(data: bytes) -> Message:
    return read(RawMail(data=data, size=len(data)))


def part(kind: bytes, octets: bytes) -> bytes:
    return b"Content-Type: " + kind + b"\nContent-Transfer-Encoding: base64\n\n" + encodebytes(octets)


def several(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(b"--b\n" + one + b"\n" for one in parts)
    return HEAD + b"Content-Type: multipart/" + kind + b"; boundary=b\n\n" + body + b"--b--\n"


TEXT = b"Content-Type: text/plain\n\nIt burns."
PGP = b"-----BEGIN PGP MESSAGE-----\n\nhQEM\n-----END PGP MESSAGE-----"
MAILS = {
    "S/MIME, signed": (
        several(b"signed", TEXT, part(b"application/pkcs7-signature; name=smime.p7s", b"0" * 90)),
        "It burns.",
        [("smime.p7s", 90)],
    ),
    "S/MIME, signed, without a name": (
        several(b"signed", TEXT, part(b"application/x-pkcs7-signature", b"0" * 90)),
        "It burns.",
        [("part-2.p7s", 90)],
    ),
    "S/MIME, signed in one": (
        HEAD + part(b"application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", signed(ENTITY)),
        "It burns.\n\n-- \nAda",
        [("smime.p7m", len(signed(ENTITY))), ("a.png", 4)],
    ),
    "S/MIME, signed in pieces, without a name": (
        HEAD + part(b"application/x-pkcs7-mime", signed_in_pieces(ENTITY)),
        "It burns.\n\n-- \nAda",
        [("part-0.p7m", len(signed_in_pieces(ENTITY))), ("a.png", 4)],
    ),
    "S/MIME, signed, below a list's own words": (
        several(b"mixed", b"\nList", part(b"application/pkcs7-mime; name=smime.p7m", signed(b"\nIt burns."))),
        "List\n\nIt burns.",
        [("smime.p7m", len(signed(b"\nIt burns.")))],
    ),
    "S/MIME, encrypted": (
        HEAD + part(b"application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", b"0" * 90),
        "",
        [("smime.p7m", 90)],
    ),
    "PGP, signed": (
        several(b"signed", TEXT, b"Content-Type: application/pgp-signature; name=signature.asc\n\n-----BEGIN"),
        "It burns.",
        [("signature.asc", 10)],
    ),
    "PGP, encrypted": (
        several(
            b"encrypted", b"Content-Type: application/pgp-encrypted\n\nVersion: 1\n", b"Content-Type: x/y\n\n" + PGP
        ),
        "",
        [("part-1.asc", 11), ("part-2.bin", len(PGP))],
    ),
    "PGP, a key beside the text": (
        several(b"mixed", TEXT, b"Content-Type: application/pgp-keys\n\n-----BEGIN"),
        "It burns.",
        [("part-2.asc", 10)],
    ),
}


@pytest.mark.parametrize(("data", "text", "names"), MAILS.values(), ids=MAILS)
def test_the_text_and_the_parts(data: bytes, text: str, names: list[tuple[str, int]]) -> None:
    message = of(data)
    assert (message.text, [(one.name, one.size) for one in message.attachments]) == (text, names)
    assert [len(attachment(data, one.index)) for one in message.attachments] == [size for _, size in names]
    assert of(data) == message


@pytest.mark.parametrize("name", MAILS)
def test_what_is_encrypted_says_so_and_nothing_else_does(name: str) -> None:
    said = any("encrypted" in defect for defect in of(MAILS[name][0]).defects)
    assert said == name.endswith("encrypted")


def test_signed_html_is_the_html_of_the_mail() -> None:
    entity = b"Content-Type: text/html; charset=utf-8\n\n<p>It <b>burns</b>.\n"
    message = of(HEAD + part(b"application/pkcs7-mime", signed(entity)))
    assert (message.text, message.html) == ("It burns.", "<p>It <b>burns</b>.\n")


def test_what_is_signed_is_new_beside_the_words_of_a_list() -> None:
    data, text, _ = MAILS["S/MIME, signed, below a list's own words"]
    assert of(data).reply_text == text


def test_what_pgp_writes_around_a_text_is_not_new() -> None:
    text = (
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nIt burns.\n- - and smokes\n- -- \nAda\n"
        "-----BEGIN PGP SIGNATURE-----\nVersion: x\n\niQEz\n-----END PGP SIGNATURE-----\n"
    )
    assert reply_text(text) == "It burns.\n- and smokes"


def test_only_a_signature_leaves_something_to_show() -> None:
    text = "-----BEGIN PGP SIGNED MESSAGE-----\n\n-----BEGIN PGP SIGNATURE-----\niQEz"
    assert reply_text(text) == text


@given(st.integers(0, len(signed_in_pieces(ENTITY))), st.binary(max_size=6), st.integers(0, 300))
def test_no_octets_stop_it(place: int, octets: bytes, cut: int) -> None:
    for whole in (signed(ENTITY), signed_in_pieces(ENTITY)):
        assert isinstance(signed_content(whole[:place] + octets + whole[place + cut :]), bytes)


def test_nesting_without_end_is_left_alone() -> None:
    assert signed_content(b"\x30\x80" + SIGNED_DATA + b"\xa0\x80\x30\x80" + b"\x30\x80" * 100_000) == b""
