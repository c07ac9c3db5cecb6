"""What staff does with letters that are not sent yet: try again, cancel, hold, release.

A letter that the daemon is sending at this moment is left alone: whatever was done with it then, it
might have gone already.  What is on hold stays in the outbox until it is released, also what is
queued meanwhile.

Fails with: NotFound, NotNow, StoreUnusable, TemporaryFailure.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from desk.desk import Desk
from domain.errors import DeskError, NotFound
from domain.letter import Reason, Withheld
from store.outbox import Hold, LetterState, QueuedLetter
from store.store import View

_UNSENT = (LetterState.QUEUED, LetterState.FAILED)


class NotNow(DeskError):
    """A letter is no longer, or at this moment not, one that this can be done with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which letters: those whose ids begin so, those about one ticket, or everything."""

    letters: tuple[str, ...] = ()
    ticket: int | None = None
    everything: bool = False


def find(view: View, start: str, *, ticket: int | None = None) -> QueuedLetter:
    """The one letter whose id begins with START.  Raises NotFound where there is none, or more than one."""
    wanted = start.strip().lower()
    found: tuple[QueuedLetter, ...] = ()
    if wanted.isalnum() and wanted.isascii():
        found = view.outbox.starting_with(wanted, limit=1000 if ticket is not None else 2)
    found = tuple(letter for letter in found if ticket in (None, letter.ticket))
    if not found:
        raise NotFound(f"there is no letter {start!r}; `helpdesk letters` lists them by the beginning of their ids")
    if len(found) > 1:
        raise NotFound(f"more than one letter begins with {start!r}: give more of it (`helpdesk letters --json`)")
    return found[0]


def retry(desk: Desk, choice: Choice, *, failed: bool = False, now: datetime) -> tuple[QueuedLetter, ...]:
    """Make letters due now; those that were.

    FAILED takes those that failed for good too, where everything is chosen; a letter or a ticket that is named
    has them taken anyway.
    """

    def is_meant(letter: QueuedLetter) -> bool:
        if letter.state is LetterState.FAILED:
            return failed or not choice.everything
        return letter.attempts > 0 or bool(choice.letters)

    with desk.store.act() as view:
        chosen = [letter for letter in _chosen(desk, view, choice) if is_meant(letter)]
        return tuple(letter for letter in chosen if view.outbox.retry(letter, now=now))


def cancel(desk: Desk, choice: Choice, *, agent: str, now: datetime) -> tuple[QueuedLetter, ...]:
    """Make letters withheld ones that are never sent; those that were."""
    name = desk.settings.agents[agent].name

    def withheld(letter: QueuedLetter) -> Withheld:
        return Withheld(
            recipient=letter.recipient, kind=letter.kind, reason=Reason.CANCELLED, because=f"cancelled by {name}"
        )

    with desk.store.act() as view:
        chosen = _chosen(desk, view, choice)
        return tuple(letter for one in chosen for letter in _cancelled(view, one, withheld, now))


def _cancelled(
    view: View, letter: QueuedLetter, withheld: Callable[[QueuedLetter], Withheld], now: datetime
) -> Iterator[QueuedLetter]:
    """LETTER and what was to go with it, after they were cancelled; nothing where somebody took it meanwhile."""
    parts = view.outbox.parts(letter)
    if view.outbox.cancel(letter, withheld(letter), now=now):
        yield letter
        for part in parts:
            waits = view.outbox.by_letter(part.letter)
            if waits is not None and view.outbox.cancel(waits, withheld(waits), now=now):
                yield waits


def hold(desk: Desk, choice: Choice, *, agent: str, now: datetime) -> tuple[Hold, ...]:
    """Keep letters back until they are released; what was not on hold already."""

    def kept(view: View, letter: str | None, ticket: int | None) -> Hold | None:
        one = Hold(agent=agent, at=now, letter=letter, ticket=ticket)
        return one if view.outbox.hold(one) else None

    return _each(desk, choice, kept, waiting=True)


def release(desk: Desk, choice: Choice) -> tuple[Hold, ...]:
    """Let go again what was put on hold in the same way: a letter, a ticket, or everything."""

    def freed(view: View, letter: str | None, ticket: int | None) -> Hold | None:
        known = next((one for one in view.outbox.holds() if (one.letter, one.ticket) == (letter, ticket)), None)
        view.outbox.release(letter=letter, ticket=ticket)
        return known

    return _each(desk, choice, freed, waiting=False)


def _each(
    desk: Desk, choice: Choice, do: Callable[[View, str | None, int | None], Hold | None], *, waiting: bool
) -> tuple[Hold, ...]:
    """DO to each thing that is chosen, in one act.  WAITING: a letter that is named must still be in the outbox."""
    with desk.store.act() as view:
        if choice.everything:
            done = [do(view, None, None)]
        elif choice.ticket is not None:
            view.tickets.facts(choice.ticket)
            done = [do(view, None, choice.ticket)]
        else:
            named = [find(view, start) for start in choice.letters]
            for letter in named if waiting else ():
                _must_wait(desk, letter)
            done = [do(view, letter.letter, None) for letter in named]
    return tuple(one for one in done if one is not None)


def _chosen(desk: Desk, view: View, choice: Choice) -> list[QueuedLetter]:
    """The letters that are meant and in nobody's hand.  Raises NotNow for one that is named and is not so."""
    if choice.letters:
        named = [find(view, start) for start in choice.letters]
        for letter in named:
            _must_wait(desk, letter)
        return named
    if choice.ticket is not None:
        view.tickets.facts(choice.ticket)
    unsent = view.outbox.unsent(ticket=choice.ticket, limit=100_000)
    return [letter for letter in unsent if not _is_in_hand(desk, letter)]


def _must_wait(desk: Desk, letter: QueuedLetter) -> None:
    to = f"letter {letter.letter[:4]} to {letter.recipient.address}"
    if letter.state not in _UNSENT:
        raise NotNow(f"{to} is no longer in the outbox: it is {letter.state.value}; nothing was done")
    if _is_in_hand(desk, letter):
        raise NotNow(f"{to} is being sent at this moment; nothing was done, try again in a minute")


def _is_in_hand(desk: Desk, letter: QueuedLetter) -> bool:
    """Some process that lives is about to send the letter."""
    return letter.claimed_by != "" and not desk.is_dead(letter.claimed_by)
