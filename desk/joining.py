"""Joining: letters about one ticket to one person that were queued within a short while leave as one.

A letter that may be joined waits for `join_within` in the outbox.  When it is claimed for the first time, whatever
waits behind it is put together with it, in the transaction of the claim: the strongest goes, the others end as joined
and name it.  Nothing is added after that, so a copy of the letter is the same to the last octet.  The window counts
from the first letter: a long stream of them postpones none for ever.

Only what the gate cannot judge differently is joined: the same person in the same role, with the same right to lift an
opt-out.  A letter that is withheld after all lets go of the others; each is then asked about, and recorded, by itself.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from desk import log
from desk.desk import Desk
from domain.event import EventKind
from domain.letter import LetterKind
from domain.settings import Settings
from notifier.events_table import RANK
from store.outbox import QueuedLetter
from store.store import View

# They answer a wish, go to whoever wrote, or carry a mail: none of their words can stand in another letter.
_ALONE = frozenset(
    {
        *(LetterKind.REPORT, LetterKind.OPTED_OUT, LetterKind.OPTED_IN, LetterKind.REJECTED, LetterKind.FORWARDED),
        *(LetterKind.SUPPORT_OVER, LetterKind.STAFF_REFUSED),
    }
)
# What their letters say at the top holds for all words below it.
_OF_THEIR_OWN = frozenset({EventKind.UNCONFIRMED, EventKind.VENDOR_WROTE})
# They quote the beginning of a message only, so that no message can be passed on in them.
_BRIEF = frozenset({LetterKind.ACKNOWLEDGEMENT, LetterKind.NOTICE})


def waiting(settings: Settings, letter: QueuedLetter) -> QueuedLetter:
    """LETTER, which is being queued, due when its window is over; at once where it stands alone."""
    if stands_alone(letter):
        return letter
    return replace(letter, due_at=letter.queued_at + settings.notifications_of(letter.facts["mailbox"]).join_within)


def stands_alone(letter: QueuedLetter) -> bool:
    """LETTER is joined with no other: its words are its own, or a rule's."""
    if letter.ticket is None or letter.kind in _ALONE or letter.facts.get("template"):
        return True
    by_rule = letter.automatic and letter.kind is LetterKind.SOLUTION
    return by_rule or any(event["kind"] in _OF_THEIR_OWN for event in letter.facts["events"])


def joined(desk: Desk, view: View, claimed: Sequence[QueuedLetter], *, now: datetime) -> tuple[QueuedLetter, ...]:
    """The letters CLAIMED, each with what goes together with it."""
    found = (_with_others(desk, view, letter, now) for letter in claimed)
    return tuple(sorted(found, key=lambda letter: letter.id))


def _with_others(desk: Desk, view: View, letter: QueuedLetter, now: datetime) -> QueuedLetter:
    """LETTER with those behind it, which may make another one of them the letter that goes."""
    # One that may have been on its way before stays as it was.
    settled = letter.parts is not None or letter.attempts > 0
    window = desk.settings.notifications_of(letter.facts["mailbox"]).join_within
    if settled or stands_alone(letter) or not window:
        return letter
    group = [letter]
    for other in view.outbox.behind(letter):
        # What was queued later does not belong to the same moment, however long the first had to wait.
        if other.queued_at - letter.queued_at > window or not _fits(group, other):
            break
        group.append(other)
    goes = min(group, key=lambda one: (RANK[one.kind], one.id))
    others = [one for one in group if one is not goes]
    for one in others:
        log.letter_joined(one.letter, desk.reference(one.ticket) if one.ticket else "", goes.letter)
    return view.outbox.go_together(goes, others, hand=letter.claimed_by, now=now)


def _fits(group: Sequence[QueuedLetter], other: QueuedLetter) -> bool:
    """OTHER may go together with the letters of GROUP."""
    first, kinds = group[0], {other.kind, *(one.kind for one in group)}
    if stands_alone(other) or other.mandatory != first.mandatory:
        return False
    mine, his = first.recipient, other.recipient
    if (mine.contact, mine.agent) != (his.contact, his.agent) or (mine.role != his.role and not mine.is_staff):
        return False
    return not (LetterKind.COPY in kinds and kinds & _BRIEF)
