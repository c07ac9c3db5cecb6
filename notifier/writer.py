"""From facts to the bytes that leave: the composer's letter, with what sending adds to it.

Like the composer, the same facts give the same bytes.
"""

from dataclasses import replace
from typing import Protocol

from domain.letter import Letter, LetterFacts
from domain.people import domain_key
from domain.settings import Settings
from domain.token import looks_like_token
from notifier.left_out import said
from notifier.sender import Writing
from notifier.wording import mailbox_of


class Sign(Protocol):
    """Whatever signs a finished letter; see `dkim.Signer`."""

    def __call__(self, letter: Letter, facts: LetterFacts) -> Letter:
        """LETTER with a signature."""


class Writer:
    """Writes letters that are ready to leave; keep one."""

    def __init__(self, composer: Writing, settings: Settings, *, sign: Sign | None = None) -> None:
        self._composer = composer
        self._settings = settings
        self._sign = sign

    def compose(self, facts: LetterFacts) -> Letter:
        """The finished letter.  Raises what `Composer.compose` raises."""
        letter = self._with_bounce_address(self._composer.compose(self._with_missing_files(facts)), facts)
        return self._sign(letter, facts) if self._sign else letter

    def _with_bounce_address(self, letter: Letter, facts: LetterFacts) -> Letter:
        """LETTER whose bounces tell which one they are about (VERP), where its mailbox wants that."""
        bounces = mailbox_of(facts, self._settings).bounces
        if not letter.envelope_from or bounces is None or not looks_like_token(facts.message_id):
            return letter
        local, _, host = bounces.rpartition("@")
        token = facts.message_id.partition("@")[0]
        return replace(letter, envelope_from=f"{local}+{token}@{domain_key(host)}")

    def _with_missing_files(self, facts: LetterFacts) -> LetterFacts:
        """FACTS whose text says which files were left out."""
        if facts.entry is None or not facts.left_out:
            return facts
        house = mailbox_of(facts, self._settings).language or self._settings.helpdesk.language
        sentence = said(facts, facts.recipient.language or house)
        return replace(facts, entry=replace(facts.entry, text=f"{facts.entry.text.rstrip()}\n\n{sentence}"))
