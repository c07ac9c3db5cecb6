"""DKIM: letters signed by ourselves, where no relay does it (RFC 6376).

The time in the signature is the letter's own, so that a copy of a letter is the same to the last
octet.  The fields that people and the one-click unsubscription (RFC 8058) rely on are signed; of
those that must not be added to on the way, one more than there is.

Fails with: NotSigned, at once when the signer is made, not with the first letter.
"""

from dataclasses import replace
from functools import cached_property
from types import ModuleType
from typing import Any

from domain.errors import DeskError
from domain.letter import Letter, LetterFacts
from domain.settings import Dkim

SIGNED = frozenset({
    b"from", b"to", b"subject", b"date", b"message-id", b"reply-to", b"in-reply-to", b"references", b"mime-version",
    b"content-type", b"content-transfer-encoding", b"content-language", b"list-unsubscribe", b"list-unsubscribe-post",
    b"auto-submitted", b"x-auto-response-suppress",
})  # fmt: skip
ONCE_MORE = (b"from", b"to", b"subject", b"date", b"reply-to", b"list-unsubscribe", b"list-unsubscribe-post")
_SAMPLE = b"From: a@x.example\r\n\r\nx\r\n"


class NotSigned(DeskError):
    """Letters cannot be signed: the package or the key is missing or wrong."""


class Signer:
    """Signs letters with one key.  Raises NotSigned where it could sign none."""

    def __init__(self, dkim: Dkim, *, key: str) -> None:
        self._dkim = dkim
        self._key = key.encode()
        try:
            self._signature(_SAMPLE, at=0)
        except self._library.DKIMException as cause:
            raise NotSigned(f"smtp.dkim.key is no RSA key in PEM form ({cause}); openssl genrsa makes one") from cause

    def __call__(self, letter: Letter, facts: LetterFacts) -> Letter:
        """LETTER with a DKIM-Signature in front."""
        return replace(letter, data=self._signature(letter.data, at=int(facts.at.timestamp())) + letter.data)

    def _signature(self, data: bytes, *, at: int) -> bytes:
        signing = self._dated(data, at)
        present = [name.lower() for name, _ in signing.headers]
        names = [name for name in present if name in SIGNED] + list(ONCE_MORE)
        signed: bytes = signing.sign(
            self._dkim.selector.encode("ascii"),
            self._dkim.domain.encode("ascii"),
            self._key,
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=names,
        )
        return signed

    @cached_property
    def _library(self) -> ModuleType:
        try:
            import dkim
        except ImportError as missing:
            raise NotSigned(
                "smtp.dkim needs the package dkimpy: pip install 'mail-helpdesk[dkim]', or take smtp.dkim out"
            ) from missing
        return dkim  # type: ignore[no-any-return]

    def _dated(self, data: bytes, at: int) -> Any:
        """dkimpy's signing of DATA, with AT as its time; it would take the clock's."""
        library: Any = self._library

        class Dated(library.DKIM):  # type: ignore[misc]
            def gen_header(self, fields: list[tuple[bytes, bytes]], *rest: Any, **named: Any) -> Any:
                dated = [(name, str(at).encode() if name == b"t" else value) for name, value in fields]
                return super().gen_header(dated, *rest, **named)

        return Dated(data)
