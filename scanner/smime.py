"""What is in an S/MIME part without any key: the mail inside a signature (CMS SignedData, RFC 5652 and 8551).

Outlook signs like this by default where the administrator says so; the text would else be an attachment that nobody
can read.  The signature is not verified, so it proves nothing here.  Never fails; what is encrypted,
or is no such structure, has no content.
"""

_SIGNED = bytes.fromhex("06092a864886f70d010702")
_PLAIN = bytes.fromhex("06092a864886f70d010701")
_SEQUENCE, _OCTETS, _PIECES, _TAGGED = 0x30, 0x04, 0x24, 0xA0
_END = b"\0\0"
MAX_NESTING = 20
MAX_PIECES = 100_000

KINDS = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})


def signed_content(octets: bytes) -> bytes:
    """The MIME entity that was signed; empty if there is none in OCTETS."""
    try:
        place = _inside(octets, 0, _SEQUENCE)
        if not octets.startswith(_SIGNED, place):
            return b""
        place = _inside(octets, place + len(_SIGNED), _TAGGED)
        place = _inside(octets, place, _SEQUENCE)
        # Its version and the algorithms.
        place = _behind(octets, _behind(octets, place))
        place = _inside(octets, place, _SEQUENCE)
        if not octets.startswith(_PLAIN, place):
            return b""
        return _octet_string(octets, _inside(octets, place + len(_PLAIN), _TAGGED))
    except (IndexError, ValueError):
        return b""


def _octet_string(octets: bytes, place: int) -> bytes:
    """An octet string, in one piece or, as programs write it that do not know its length yet, in many."""
    tag, start, length = _head(octets, place)
    if tag == _OCTETS and length is not None:
        return octets[start : start + length]
    if tag != _PIECES:
        return b""
    end = len(octets) if length is None else start + length
    pieces: list[bytes] = []
    while start < end and not octets.startswith(_END, start) and len(pieces) < MAX_PIECES:
        tag, start, length = _head(octets, start)
        if tag != _OCTETS or length is None:
            return b""
        pieces.append(octets[start : start + length])
        start += length
    return b"".join(pieces)


def _inside(octets: bytes, place: int, wanted: int) -> int:
    """Where the content of the element at PLACE begins.  Raises ValueError if it is not the WANTED one."""
    tag, start, _ = _head(octets, place)
    if tag != wanted:
        raise ValueError("another element")
    return start


def _behind(octets: bytes, place: int, *, depth: int = 0) -> int:
    _, start, length = _head(octets, place)
    if length is not None:
        return start + length
    if depth > MAX_NESTING:
        raise ValueError("too deep")
    while not octets.startswith(_END, start):
        start = _behind(octets, start, depth=depth + 1)
    return start + len(_END)


def _head(octets: bytes, place: int) -> tuple[int, int, int | None]:
    """Tag, start and length of the element at PLACE (X.690, section 8.1); no length if its end is marked instead."""
    tag, length = octets[place], octets[place + 1]
    if length < 0x80:
        return tag, place + 2, length
    if length == 0x80:
        return tag, place + 2, None
    size = length - 0x80
    if size > 4:
        raise ValueError("no mail is so long")
    return tag, place + 2 + size, int.from_bytes(octets[place + 2 : place + 2 + size], "big")
