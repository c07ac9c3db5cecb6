"""Tokens: how an answer finds its ticket without trusting what can be guessed.

Every letter has a random id; its Message-ID is `<id.mac@domain>`, where mac is an HMAC-SHA256
(RFC 2104) over the id, cut to 80 bits.  Whoever shows us a valid pair has seen that letter.
That is all it proves: it counts for the address that the letter went to.  Id and mac are
lower-case base32, because some relays fold the case of local parts.

The link by which a reader opts out with one click holds the id and a mac of another purpose: whoever has a
Message-ID cannot make the link of it, nor the other way round.

The subject tag `[ACME-1042]` carries no proof; its prefix only keeps foreign tags from hitting.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, field

from domain.opt_out_words import Wish

ID_BYTES = 10
MAC_BYTES = 10
_PAIR = re.compile(r"([a-z2-7]{16})\.([a-z2-7]{16})")


@dataclass(frozen=True, slots=True)
class Keys:
    """The signing keys: the first signs, all verify.  Never printed."""

    secrets: tuple[bytes, ...] = field(repr=False)

    def __post_init__(self) -> None:
        if not self.secrets or any(len(secret) < 16 for secret in self.secrets):
            raise ValueError("at least one key of 16 octets or more is needed")


def letter_id(random: bytes) -> str:
    """The id of a letter, from ID_BYTES random octets."""
    if len(random) != ID_BYTES:
        raise ValueError(f"a letter id is made of {ID_BYTES} octets, not {len(random)}")
    return _base32(random)


def sign(letter: str, keys: Keys) -> str:
    """`id.mac`, the part of a Message-ID before the @."""
    return f"{letter}.{_mac(letter, keys.secrets[0])}"


def message_id(letter: str, *, domain: str, keys: Keys) -> str:
    """The Message-ID of a letter, without angle brackets (RFC 5322, section 3.6.4)."""
    return f"{sign(letter, keys)}@{domain}"


def verify(text: str, keys: Keys) -> str | None:
    """The letter id in TEXT (`id.mac`, with or without a domain), None if the mac is not ours."""
    found = _PAIR.fullmatch(text.partition("@")[0].lower())
    if found is None:
        return None
    letter, mac = found.groups()
    valid = [hmac.compare_digest(mac, _mac(letter, secret)) for secret in keys.secrets]
    return letter if any(valid) else None


def click(letter: str, wish: Wish, keys: Keys) -> str:
    """`id.mac` for a link in a letter that fulfils WISH: another mac than that of a Message-ID."""
    return f"{letter}.{_mac(letter, keys.secrets[0], _of_click(wish))}"


def verify_click(text: str, keys: Keys) -> tuple[str, Wish] | None:
    """The letter id in TEXT, a token of `click`, and the wish that it fulfils; None if the mac is not ours."""
    found = _PAIR.fullmatch(text)
    if found is None:
        return None
    letter, mac = found.groups()
    valid = [
        wish
        for wish in Wish
        for secret in keys.secrets
        if hmac.compare_digest(mac, _mac(letter, secret, _of_click(wish)))
    ]
    return (letter, valid[0]) if valid else None


def _of_click(wish: Wish) -> bytes:
    return b"click " + wish.encode("ascii")


def looks_like_token(text: str) -> bool:
    """TEXT has the form of our Message-IDs, whoever made it."""
    return _PAIR.fullmatch(text.partition("@")[0].lower()) is not None


def reference(prefix: str, number: int) -> str:
    """How people name a ticket: `ACME-1042`."""
    return f"{prefix}-{number}"


def tagged(subject: str, *, prefix: str, number: int) -> str:
    """SUBJECT with the ticket's tag in front, exactly once."""
    tag = f"[{reference(prefix, number)}]"
    return subject if tag in subject else f"{tag} {subject}".rstrip()


def tagged_numbers(subject: str, prefix: str) -> tuple[int, ...]:
    """The ticket numbers that SUBJECT carries as `[PREFIX-n]`, in order, each once."""
    found = re.findall(rf"\[\s*{re.escape(prefix)}-(\d{{1,12}})\s*\]", subject, re.IGNORECASE | re.ASCII)
    return tuple(dict.fromkeys(int(number) for number in found))


def _mac(letter: str, secret: bytes, purpose: bytes = b"letter") -> str:
    return _base32(hmac.new(secret, purpose + b"\0" + letter.encode("ascii"), hashlib.sha256).digest()[:MAC_BYTES])


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode("ascii").lower()
