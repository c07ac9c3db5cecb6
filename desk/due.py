"""Letters whose turn has come: whether each may still go, and what it says.

Whatever became of the recipient since the act counts: who opted out in between is not written to.
What a batch of letters needs is asked for together; those that may carry files are left to be asked
for one by one, so that not all files of a batch are in memory at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from desk.addresses import company_of
from desk.desk import Desk
from desk.letters import Said, letter_facts
from domain.errors import NotFound
from domain.letter import LetterFacts, Withheld
from domain.people import ContactFacts, address_key
from domain.ticket import Mute
from notifier.resolve import gate
from store.outbox import QueuedLetter
from store.store import View


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


def look_up(view: View, letters: Sequence[QueuedLetter], desk: Desk) -> dict[int, Ready]:
    """The gate's answer and the facts for those of LETTERS that carry no files, by their ids."""
    small = [letter for letter in letters if not letter.kind.carries_files]
    known = _Known.of(view, small)
    return {letter.id: _ready(view, letter, desk, known) for letter in small}


def look_up_one(view: View, letter: QueuedLetter, desk: Desk) -> Ready:
    """The gate's answer and the facts, files included, for LETTER."""
    return _ready(view, letter, desk, _Known.of(view, [letter]))


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
