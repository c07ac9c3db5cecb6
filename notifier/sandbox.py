"""A staging copy of the helpdesk writes to nobody: letters become files, or all go to one address.

Promises: with `deliver: file:…` no connection is made; with `deliver: to:…` no letter has another
recipient, because the sender itself refuses it.

Fails with: ServerAway where the files cannot be written.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from email.header import Header
from pathlib import Path

from domain.errors import PermanentFailure
from domain.letter import Letter, LetterFacts
from notifier.sender import NoSuchAddress, Sender, ServerAway, Writing, nothing


class FileSender:
    """Puts each letter into a directory as ID.eml; a copy of a letter takes the place of the first."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def send(self, letter: Letter, *, meanwhile: Callable[[], object] = nothing) -> str:
        """`250 written to …`.  Raises ServerAway where the directory cannot be written."""
        target = self._directory / f"{letter.id}.eml"
        temporary = target.with_suffix(".tmp")
        envelope = f"Return-Path: <{letter.envelope_from}>\r\nDelivered-To: {letter.envelope_to}\r\n".encode()
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            # Letters hold what customers wrote: for their owner only.
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(envelope + letter.data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        except OSError as cause:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise ServerAway(f"deliver: {self._directory} cannot be written: {cause.strerror}") from cause
        return f"250 written to {target}"

    def close(self) -> None:
        """Nothing to let go of."""


class OnlyTo:
    """A sender that refuses every letter that is not to ADDRESS."""

    def __init__(self, sender: Sender, address: str) -> None:
        self._sender = sender
        self._address = address

    def send(self, letter: Letter, *, meanwhile: Callable[[], object] = nothing) -> str:
        """What the sender inside says.  Raises PermanentFailure for another recipient."""
        if letter.envelope_to != self._address:
            raise PermanentFailure(f"deliver: all letters go to {self._address}, this one would go to somebody else")
        try:
            return self._sender.send(letter, meanwhile=meanwhile)
        except NoSuchAddress as refused:
            # It is not the address that the letter is for.
            raise PermanentFailure(str(refused)) from refused

    def close(self) -> None:
        """Let go of the connection inside."""
        self._sender.close()


class Redirected:
    """Writes letters that all go to ADDRESS, and that say whose they would have been."""

    def __init__(self, writing: Writing, address: str) -> None:
        self._writing = writing
        self._address = address

    def compose(self, facts: LetterFacts) -> Letter:
        """The letter with another recipient.  Raises what the writing inside raises."""
        letter = self._writing.compose(facts)
        whose = Header(letter.envelope_to, None if letter.envelope_to.isascii() else "utf-8").encode().encode()
        head, _, body = letter.data.partition(b"\r\n\r\n")
        fields = b"\r\n" + head
        marked = fields.replace(b"\r\nSubject: ", b"\r\nSubject: [to " + whose + b"] ", 1)
        data = b"X-Original-To: " + whose + marked + b"\r\n\r\n" + body
        return replace(letter, envelope_to=self._address, data=data)
