"""Charsets: missing, unknown, wrong, and what headers do with them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.message import RawMail
from scanner.charset import decode
from scanner.read import read

BODIES = {
    "utf-8 under the name of latin": (b"iso-8859-1", "Grüße".encode(), "Grüße"),
    "a code page by another name": (b"win-1251", "Привет".encode("cp1251"), "Привет"),
    "with a language": (b"utf-8*de", "Grüße".encode(), "Grüße"),
    "with an x": (b"x-euc-jp", "こんにちは".encode("euc_jp"), "こんにちは"),
    "koi8": (b"koi8-r", "Привет".encode("koi8_r"), "Привет"),
    "big5": (b"big5", "您好".encode("big5"), "您好"),
    "shift-jis under the name of iso-2022-jp": (b"iso-2022-jp", "ツール".encode("cp932"), "ツール"),
    "a circled digit in iso-2022-jp": (b"iso-2022-jp", "①".encode("iso2022_jp_3"), "①"),
    "utf-7": (b"unicode-1-1-utf-7", b"+ANw-ber", "Über"),
    "a byte order mark": (b"utf-8", b"\xef\xbb\xbfHello", "Hello"),
}


@pytest.mark.parametrize(("charset", "octets", "text"), BODIES.values(), ids=BODIES)
def test_bodies(charset: bytes, octets: bytes, text: str) -> None:
    data = b"From: ada@x.example\nContent-Type: text/plain; charset=" + charset + b"\n\n" + octets
    assert read(RawMail(data=data, size=len(data))).text == text


def test_lost_characters_are_counted() -> None:
    assert decode(b"\xc3\xbc \xff \xff", "utf-8") == (
        "ü � �",
        "not all octets are utf-8, read as utf-8, 2 characters are lost",
    )


HEADERS = {
    "raw, in the charset of the body": (
        b"Subject: " + "Привет".encode("koi8_r") + b"\nContent-Type: text/plain; charset=koi8-r",
        "Привет",
    ),
    "raw japanese": (
        b"Subject: " + "ツール".encode("cp932") + b"\nContent-Type: text/plain; charset=iso-2022-jp",
        "ツール",
    ),
    "raw, in the charset of another word": (
        b"Subject: " + "Привет".encode("cp1251") + b"\nTo: =?windows-1251?Q?=C0=E4=E0?= <ada@x.example>",
        "Привет",
    ),
    "raw utf-7": (b"Subject: Fr+APY-sche\nContent-Type: text/plain; charset=utf-7", "Frösche"),
    "a plus in a mail without utf-7": (b"Subject: Fr+APY-sche", "Fr+APY-sche"),
    "a folded word": (b"Subject: =?utf-8?Q?Gr=C3=B6=C3=9Fe\n  (gro=C3=9F)?=", "Größe (groß)"),
    "a word that is cut short": (b"Subject: =?utf-8?B?R3LDtsOfZSA?=", "Größe"),
    "one broken word among good ones": (b"Subject: =?utf-8?B?R3LDtsOfZQ==?= =?utf-8?B?x?=", "Größe =?utf-8?B?x?="),
    "a language in a word": (b"Subject: =?utf-8*de?Q?Gr=C3=B6=C3=9Fe?=", "Größe"),
}


@pytest.mark.parametrize(("header", "subject"), HEADERS.values(), ids=HEADERS)
def test_subjects(header: bytes, subject: str) -> None:
    data = b"From: ada@x.example\n" + header + b"\n\nhi"
    assert read(RawMail(data=data, size=len(data))).subject == subject


@given(
    st.binary(max_size=60),
    st.sampled_from(["", "utf-7", "iso-2022-jp", "hz", "gb18030", "koi8-r", "idna", "x\0", "cp9999"]),
)
def test_the_ladder_cannot_raise(octets: bytes, charset: str) -> None:
    for hint in ("", "utf-7", "no such"):
        text, _ = decode(octets, charset, hint=hint)
        assert isinstance(text, str)
