"""Letters whose turn has come: whether each may still go, and what it says.

Whatever became of the recipient since the act counts: who opted out in between is not written to.
What a batch of letters needs is asked for together, and asked again after a second: whether each is still in our
hand, what the gate says, what it passes on.  Those that may carry files are asked for one by one when their turn comes,
so that not all files of a batch are in memory at once.

Fails with: StoreUnusable, TemporaryFailure of the store; what was not taken is then still in `left`.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from desk.addresses import company_of
from desk.desk import Desk
from desk.letters import Said, letter_facts
from domain.errors import NotFound
from domain.letter import LetterFacts, Withheld
from domain.people import ContactFacts, address_key
from domain.ticket import Mute
from notifier.gate import gate
from store.outbox import QueuedLetter
from store.store import View

# What was looked up is true for so long.
FRESH = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What was looked up for a letter: why it must not go, or what it says; neither if that is gone."""

    refusal: Withheld | None
    facts: LetterFacts | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What is asked once for a batch of letters: what they pass on, the contacts, and who wants no letters of which
    ticket."""

    said: Said
    contacts: Mapping[int, ContactFacts]
    mutes: Mapping[tuple[int, int], Mute]

    @classmethod
    def of(cls, view: View, letters: Sequence[QueuedLetter]) -> "_Known":
        outward = [letter for letter in letters if not letter.recipient.is_staff]
        tickets = {letter.ticket for letter in outward if letter.ticket is not None}
        return cls(
            said=Said(view, letters),
            contacts=view.people.contacts(one.recipient.contact for one in outward if one.recipient.contact),
            mutes=view.people.muted(tickets) if tickets else {},
        )


class Batch:
    """Letters in our hand, and what was looked up for them.  `left` are those that nobody took yet."""

    def __init__(self, desk: Desk, letters: Sequence[QueuedLetter]) -> None:
        self.left = deque(letters)
        self._desk = desk
        self._ready: dict[int, Ready] = {}
        self._ours: frozenset[int] = frozenset()
        self._looked: datetime | None = None

    def take(self, now: datetime) -> tuple[QueuedLetter, Ready | None]:
        """The next letter and what is known of it NOW; None if it is no longer ours to send."""
        letter = self.left[0]
        if self._looked is None or now - self._looked > FRESH:
            self._look_up(self.left)
            self._looked = now
        if letter.kind.carries_files:
            self._look_up([letter], files=True)
        self.left.popleft()
        ready = self._ready.pop(letter.id, None)
        return letter, ready if letter.id in self._ours else None

    def look_again(self) -> None:
        """Forget what was looked up: something has changed."""
        self._looked = None

    def following(self) -> LetterFacts | None:
        """What the letter after the one taken says, as far as that is known."""
        ready = self._ready.get(self.left[0].id) if self.left else None
        return ready.facts if ready else None

    def _look_up(self, letters: Sequence[QueuedLetter], *, files: bool = False) -> None:
        wanted = [letter for letter in letters if letter.kind.carries_files is files]
        if not wanted:
            return
        with self._desk.store.reading() as view:
            known = _Known.of(view, wanted)
            self._ours = self._ours.difference(one.id for one in letters) | view.outbox.in_hand(letters)
            self._ready |= {letter.id: _ready(view, letter, self._desk, known) for letter in wanted}


def _ready(view: View, letter: QueuedLetter, desk: Desk, known: _Known) -> Ready:
    refusal = _refusal(view, letter, desk, known)
    if refusal is not None:
        return Ready(refusal=refusal, facts=None)
    try:
        return Ready(refusal=None, facts=letter_facts(view, letter, desk.settings, said=known.said))
    except NotFound:
        return Ready(refusal=None, facts=None)


def _refusal(view: View, letter: QueuedLetter, desk: Desk, known: _Known) -> Withheld | None:
    recipient = letter.recipient
    if recipient.contact:
        contact = known.contacts.get(recipient.contact)
    else:
        # Whoever was unknown when the letter was queued may have opted out as a contact since.
        contact = None if recipient.is_staff else view.people.contact_of(recipient.address)
    return gate(
        recipient,
        letter.kind,
        mailbox=letter.facts["mailbox"],
        contact=contact,
        organization=company_of(view, letter),
        mute=known.mutes.get((letter.ticket, contact.id)) if contact and letter.ticket is not None else None,
        settings=desk.settings,
        mandatory=letter.mandatory,
        undeliverable=contact is None and not recipient.is_staff and _is_dead(view, letter),
    )


def _is_dead(view: View, letter: QueuedLetter) -> bool:
    """Letters to this address, which is no contact's, came back."""
    return bool(view.people.dead_among([address_key(letter.recipient.address)]))
