"""Delivering letters: claim (commit) → ask the gate again → write the words → SMTP → record.

Whatever became of the recipient since the act counts: who opted out in between is not written to.
A letter ends as sent, failed or withheld; until then it comes back.  One that failed is told to the
ticket's staff.  What is not about the letter (the server is away, it does not let us in) never ends
one: all wait, and the server is left alone for a while.

Fails with: StoreUnusable, TemporaryFailure of the store; letters in hand then come back by themselves.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from desk import log
from desk.desk import Desk
from desk.give_up import give_up
from desk.in_hand import Batch, Ready
from desk.joining import joined
from domain.errors import DeskError, PermanentFailure, TemporaryFailure
from domain.letter import Letter, LetterFacts, Withheld
from notifier.left_out import left_out, lighter
from notifier.retry import FIRST_WAIT, GREYLIST_WAIT, next_attempt, pause, wait
from notifier.sender import Greylisted, NoSuchAddress, OurFault, Sender, ServerAway, TooLarge, Writing
from store.outbox import QueuedLetter, Sent
from store.store import View

BATCH = 50
# A claim this old belongs to a process that hangs; the letter goes once more, recognisable as a copy.
STALE = timedelta(minutes=15)
# So many letters in a row that could not be handed over: the server is away, the rest need not try.
ENOUGH = 3
# A letter that cannot be written waits for somebody to mend its template.
UNWRITABLE = timedelta(minutes=15)
# Of a larger letter no copy is kept: it can be written again from what it passes on.
COPIED = 1_000_000
# After so long without a letter the connection is given back: later it would be found dead only by a time-out.
IDLE = timedelta(minutes=1)
# So many letters are noted as sent in one transaction, the one that the server considers included.  A process that
# is killed before sends them once more.
NOTED_TOGETHER = 10
# How often an outbox that grows old is spoken of in the log.
REMINDER = timedelta(hours=1)


@dataclass(slots=True, kw_only=True)
class DeliveryReport:
    """What one round of delivery came to.

    `refusal` is the last reason why a letter was postponed; `stopped` says why the rest was not tried.
    """

    sent: int = 0
    postponed: int = 0
    failed: int = 0
    withheld: int = 0
    refusal: str = ""
    stopped: str = ""


@dataclass(frozen=True, slots=True)
class _Taken:
    """A letter that the server has, and that is not noted yet."""

    letter: QueuedLetter
    written: Letter
    reply: str
    at: datetime


class Delivery:
    """The outbox and the road out.  For one thread."""

    def __init__(
        self, desk: Desk, sender: Sender, composer: Writing, *, clock: Callable[[], datetime],
        chance: Callable[[], float], stop: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        self._desk = desk
        self._sender = sender
        self._composer = composer
        self._clock = clock
        self._chance = chance
        self._stop = stop
        self._in_a_row = 0
        self._pauses = 0
        self._rest_until: datetime | None = None
        self._why_rest = ""
        self._reminded: datetime | None = None
        self._last_sent: datetime | None = None
        self._sent: list[_Taken] = []
        self._batch = Batch(desk, ())
        self._ahead: tuple[LetterFacts, Letter] | None = None

    def deliver(self) -> DeliveryReport:
        """Send every letter that is due; nothing while the server is left alone."""
        report = DeliveryReport()
        self._note_all()
        self._remind()
        if self._rest_until is not None and self._clock() < self._rest_until:
            report.stopped = self._why_rest
            return report
        self._in_a_row = 0
        while not self._stop() and not report.stopped:
            letters = self._claim()
            if not letters:
                break
            self._send_all(letters, report)
        self._hang_up_if_idle()
        return report

    def _hang_up_if_idle(self) -> None:
        if self._last_sent is not None and self._clock() - self._last_sent > IDLE:
            self._last_sent = None
            self._sender.close()

    def use(self, desk: Desk, composer: Writing) -> None:
        """Go by the settings of DESK, and the words of COMPOSER, from the next round on."""
        self._desk = desk
        self._composer = composer

    def close(self) -> None:
        """Hang up."""
        self._sender.close()

    def _claim(self) -> tuple[QueuedLetter, ...]:
        now = self._clock()
        # Looked for every second: an empty outbox must not cost a write lock each time.
        with self._desk.store.reading() as view:
            due = view.outbox.next_due()
            limit = self._room(view, now) if due is not None and due <= now else 0
        if not limit:
            return ()
        with self._desk.store.act() as view:
            claimed = view.outbox.claim(
                self._desk.holder, now=now, limit=limit, stale=now - STALE, is_dead=self._desk.is_dead
            )
            return joined(self._desk, view, claimed, now=now)

    def _room(self, view: View, now: datetime) -> int:
        """How many letters may go now: a batch, or what `smtp.rate` leaves of it, counted over all processes."""
        rate = self._desk.settings.smtp.rate
        return BATCH if rate is None else min(BATCH, max(rate.letters - view.outbox.sent_since(now - rate.per), 0))

    def _send_all(self, letters: Sequence[QueuedLetter], report: DeliveryReport) -> None:
        batch = self._batch = Batch(self._desk, letters)
        try:
            while batch.left and not self._stop() and not report.stopped:
                letter, ready = batch.take(self._clock())
                self._send(letter, ready, report)
        finally:
            self._ahead = None
            try:
                self._note_all()
            finally:
                self._put_back(batch)

    def _put_back(self, batch: Batch) -> None:
        """Whatever went wrong with one, the others are not to wait in our hand."""
        if batch.left:
            with self._desk.store.act() as view:
                view.outbox.put_back(batch.left)

    def _send(self, letter: QueuedLetter, ready: Ready | None, report: DeliveryReport) -> None:
        if ready is None:
            self._lay_down(letter)
        elif ready.refusal is not None:
            self._withdraw(letter, ready.refusal, report)
        elif ready.facts is None:
            self._fail(letter, "what it passes on is no longer in the database", report)
        else:
            self._hand_over(letter, ready.facts, report)

    def _lay_down(self, letter: QueuedLetter, *, reply: str = "") -> None:
        """Put a letter back that was put on hold meanwhile, or that cannot be tried; nothing if it is not ours."""
        with self._desk.store.act() as view:
            view.outbox.put_back([letter], reply=reply)

    def _written(self, letter: QueuedLetter, facts: LetterFacts, report: DeliveryReport) -> Letter | None:
        """The finished letter; None where it could not be written, which is then recorded."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[0] is facts:
            return ahead[1]
        try:
            return self._composer.compose(facts)
        except PermanentFailure as error:
            self._fail(letter, str(error), report)
        except DeskError as error:
            self._postpone(letter, self._clock() + UNWRITABLE, str(error), report)
        except Exception as error:  # one letter that cannot be written must not stop the others
            log.letter_mistake(letter.letter, self._ticket(letter), error)
            self._postpone(letter, self._clock() + UNWRITABLE, f"our mistake: {type(error).__name__}", report)
        return None

    def _meanwhile(self) -> None:
        """Use the time in which the server considers a letter: note those before it, write the one after it."""
        if len(self._sent) >= NOTED_TOGETHER - 1:
            # What goes wrong is told when the server has answered, for its answer counts all the same.
            with suppress(Exception):
                self._note_all()
        facts = self._batch.following()
        if facts is not None:
            # What goes wrong here is told when it is that letter's turn.
            with suppress(Exception):
                self._ahead = facts, self._composer.compose(facts)

    def _hand_over(self, letter: QueuedLetter, facts: LetterFacts, report: DeliveryReport) -> None:
        written = self._written(letter, facts, report)
        if written is None:
            return
        try:
            reply = self._sender.send(written, meanwhile=self._meanwhile)
        except TooLarge as failure:
            without = lighter(facts, octets=len(written.data), limit=failure.limit)
            if without is None:
                self._fail(letter, str(failure), report)
            else:
                self._hand_over(letter, without, report)
        except ServerAway as failure:
            self._lay_down(letter, reply=str(failure))
            self._rest(failure, report)
        except TemporaryFailure as failure:
            self._try_later(letter, failure, report)
        except PermanentFailure as failure:
            self._in_a_row = 0
            self._fail(letter, str(failure), report, is_dead=isinstance(failure, NoSuchAddress))
        else:
            self._in_a_row = self._pauses = 0
            self._last_sent = self._clock()
            self._sent.append(_Taken(letter, written, f"{reply}{left_out(facts)}", self._clock()))
            report.sent += 1
            if len(self._sent) >= NOTED_TOGETHER:
                self._note_all()

    def _note_all(self) -> None:
        """Record what the server has; what could not be recorded is the first thing to be recorded next time."""
        sent, self._sent = self._sent, []
        try:
            self._note(sent)
        except Exception:
            self._sent = sent
            raise
        for one in sent:
            letter = one.letter
            log.letter_sent(letter.letter, self._ticket(letter), letter.recipient.address, letter.kind, one.reply)

    def _note(self, sent: Sequence[_Taken]) -> None:
        """Record it; a busy database is asked again, for without the note letters go twice."""
        for last in (False, False, True) if sent else ():
            try:
                with self._desk.store.act() as view:
                    view.outbox.all_sent(_with_copies(view, sent))
            except TemporaryFailure:
                if last:
                    raise
            else:
                return

    def _try_later(self, letter: QueuedLetter, failure: TemporaryFailure, report: DeliveryReport) -> None:
        self._in_a_row += 1
        now, attempts = self._clock(), letter.attempts + 1
        # What the administrator has to mend ends no letter, however long it takes him.
        until: datetime | None = now + wait(attempts, self._chance())
        if not isinstance(failure, OurFault):
            until = next_attempt(
                attempts, since=letter.tried_at or now, now=now, retry_for=self._desk.settings.smtp.retry_for,
                chance=self._chance(), least=GREYLIST_WAIT if isinstance(failure, Greylisted) else FIRST_WAIT,
            )  # fmt: skip
        if until is None:
            self._fail(letter, f"given up after {attempts} attempts: {failure}", report)
        else:
            self._postpone(letter, until, str(failure), report)
        if self._in_a_row >= ENOUGH:
            self._rest(failure, report)

    def _rest(self, failure: TemporaryFailure, report: DeliveryReport) -> None:
        """Leave the server alone for a while, the longer the more often it was away."""
        self._pauses += 1
        self._rest_until = self._clock() + pause(self._pauses)
        self._why_rest = report.stopped = str(failure)
        until = self._rest_until.isoformat(timespec="seconds")
        log.delivery_stopped(str(failure), until, ours=isinstance(failure, OurFault))

    def _remind(self) -> None:
        """Say in the log, once an hour, that letters wait for too long."""
        now = self._clock()
        if self._reminded is not None and now < self._reminded + REMINDER:
            return
        self._reminded = now
        old = self._desk.settings.smtp.alarm_after
        with self._desk.store.reading() as view:
            backlog = view.outbox.backlog(since=now, now=now)
        if backlog.oldest is not None and now - backlog.oldest > old:
            log.outbox_old(backlog.oldest.isoformat(timespec="seconds"), backlog.waiting, backlog.why)

    def _postpone(self, letter: QueuedLetter, until: datetime, reply: str, report: DeliveryReport) -> None:
        with self._desk.store.act() as view:
            view.outbox.postpone(letter, until=until, reply=reply, now=self._clock())
        report.postponed += 1
        report.refusal = reply
        log.letter_postponed(letter.letter, self._ticket(letter), until.isoformat(timespec="seconds"), reply)

    def _fail(self, letter: QueuedLetter, reply: str, report: DeliveryReport, *, is_dead: bool = False) -> None:
        with self._desk.store.act() as view:
            give_up(self._desk, view, letter, reply, is_dead=is_dead, now=self._clock())
        if is_dead:
            # Other letters in our hand may go to the same address.
            self._batch.look_again()
        report.failed += 1
        log.letter_failed(letter.letter, self._ticket(letter), letter.recipient.address, reply)

    def _withdraw(self, letter: QueuedLetter, refusal: Withheld, report: DeliveryReport) -> None:
        with self._desk.store.act() as view:
            view.outbox.withdraw(letter, refusal, now=self._clock())
        report.withheld += 1
        log.letter_withheld(letter.letter, self._ticket(letter), letter.recipient.address, refusal.because)

    def _ticket(self, letter: QueuedLetter) -> str:
        return self._desk.reference(letter.ticket) if letter.ticket is not None else ""


def _with_copies(view: View, taken: Sequence[_Taken]) -> list[Sent]:
    """TAKEN as they are noted, with a copy of each that is not too large."""
    small = [one.written.data for one in taken if _is_small(one)]
    copies = iter(view.blobs.put_all(small))
    return [
        Sent(
            letter=one.letter, reply=one.reply, at=one.at, template=one.written.template,
            blob=next(copies) if _is_small(one) else None,
        )
        for one in taken
    ]  # fmt: skip


def _is_small(one: _Taken) -> bool:
    return len(one.written.data) <= COPIED
