"""Delivering letters: claim (commit) → ask the gate again → write the words → SMTP → record.

Whatever became of the recipient since the act counts: who opted out in between is not written to.
A letter ends as sent, failed or withheld; until then it comes back.

Fails with: StoreUnusable, TemporaryFailure of the store; letters in hand then come back by themselves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from desk import log
from desk.addresses import company_of
from desk.desk import Desk
from desk.letters import letter_facts
from domain.errors import DeskError, NotFound, PermanentFailure, TemporaryFailure
from domain.letter import Letter, LetterFacts, Withheld
from domain.people import address_key
from notifier.compose import Composer
from notifier.resolve import gate
from notifier.retry import next_attempt
from notifier.sender import Sender
from store.outbox import QueuedLetter
from store.store import View

BATCH = 20
# A claim this old belongs to a process that hangs; the letter goes once more, recognisable as a copy.
STALE = timedelta(minutes=15)
# So many letters in a row that could not be handed over: the server is away, the rest need not try.
ENOUGH = 3
# A letter that cannot be written waits for somebody to mend its template.
UNWRITABLE = timedelta(minutes=15)


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


class Delivery:
    """The outbox and the road out.  For one thread."""

    def __init__(
        self, desk: Desk, sender: Sender, composer: Composer, *, clock: Callable[[], datetime],
        chance: Callable[[], float], stop: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        self._desk = desk
        self._sender = sender
        self._composer = composer
        self._clock = clock
        self._chance = chance
        self._stop = stop
        self._in_a_row = 0

    def deliver(self) -> DeliveryReport:
        """Send every letter that is due."""
        report = DeliveryReport()
        self._in_a_row = 0
        while not self._stop() and not report.stopped:
            letters = self._claim()
            if not letters:
                break
            self._send_all(letters, report)
        return report

    def close(self) -> None:
        """Hang up."""
        self._sender.close()

    def _claim(self) -> tuple[QueuedLetter, ...]:
        now = self._clock()
        # Looked for every second: an empty outbox must not cost a write lock each time.
        with self._desk.store.reading() as view:
            due = view.outbox.next_due()
        if due is None or due > now:
            return ()
        with self._desk.store.act() as view:
            return view.outbox.claim(
                self._desk.holder, now=now, limit=BATCH, stale=now - STALE, is_dead=self._desk.is_dead
            )

    def _send_all(self, letters: Sequence[QueuedLetter], report: DeliveryReport) -> None:
        left = list(letters)
        try:
            while left and not self._stop() and not report.stopped:
                self._send(left.pop(0), report)
        finally:
            # Whatever went wrong with one, the others are not to wait in our hand.
            if left:
                with self._desk.store.act() as view:
                    view.outbox.put_back(left)

    def _send(self, letter: QueuedLetter, report: DeliveryReport) -> None:
        with self._desk.store.reading() as view:
            refusal = self._refusal(view, letter)
            facts = None if refusal else _facts(view, letter)
            mine = view.outbox.is_mine(letter)
        if not mine:
            return
        if refusal is not None:
            self._withdraw(letter, refusal, report)
            return
        if facts is None:
            self._fail(letter, "what it passes on is no longer in the database", report)
            return
        try:
            written = self._composer.compose(facts)
        except PermanentFailure as error:
            self._fail(letter, str(error), report)
            return
        except DeskError as error:
            self._postpone(letter, self._clock() + UNWRITABLE, str(error), report)
            return
        except Exception as error:  # one letter that cannot be written must not stop the others
            log.letter_mistake(letter.letter, self._ticket(letter), error)
            self._postpone(letter, self._clock() + UNWRITABLE, f"our mistake: {type(error).__name__}", report)
            return
        self._hand_over(letter, written, report)

    def _hand_over(self, letter: QueuedLetter, written: Letter, report: DeliveryReport) -> None:
        try:
            reply = self._sender.send(written)
        except TemporaryFailure as failure:
            self._try_later(letter, str(failure), report)
            return
        except PermanentFailure as failure:
            self._in_a_row = 0
            self._fail(letter, str(failure), report)
            return
        self._in_a_row = 0
        self._note_sent(letter, reply)
        report.sent += 1
        log.letter_sent(letter.letter, self._ticket(letter), letter.recipient.address, letter.kind, reply)

    def _note_sent(self, letter: QueuedLetter, reply: str) -> None:
        """Record that the server has it; a busy database is asked again, for without the note it goes twice."""
        for last in (False, False, True):
            try:
                with self._desk.store.act() as view:
                    view.outbox.sent(letter, reply=reply, now=self._clock())
            except TemporaryFailure:
                if last:
                    raise
            else:
                return

    def _try_later(self, letter: QueuedLetter, reply: str, report: DeliveryReport) -> None:
        self._in_a_row += 1
        until = next_attempt(
            letter.attempts + 1,
            since=letter.tried_at or self._clock(),
            now=self._clock(),
            retry_for=self._desk.settings.smtp.retry_for,
            chance=self._chance(),
        )
        if until is None:
            self._fail(letter, f"given up after {letter.attempts + 1} attempts: {reply}", report)
        else:
            self._postpone(letter, until, reply, report)
        if self._in_a_row >= ENOUGH:
            report.stopped = reply
            log.delivery_stopped(reply)

    def _postpone(self, letter: QueuedLetter, until: datetime, reply: str, report: DeliveryReport) -> None:
        with self._desk.store.act() as view:
            view.outbox.postpone(letter, until=until, reply=reply, now=self._clock())
        report.postponed += 1
        report.refusal = reply
        log.letter_postponed(letter.letter, self._ticket(letter), until.isoformat(timespec="seconds"), reply)

    def _fail(self, letter: QueuedLetter, reply: str, report: DeliveryReport) -> None:
        with self._desk.store.act() as view:
            view.outbox.fail(letter, reply=reply)
        report.failed += 1
        log.letter_failed(letter.letter, self._ticket(letter), letter.recipient.address, reply)

    def _withdraw(self, letter: QueuedLetter, refusal: Withheld, report: DeliveryReport) -> None:
        with self._desk.store.act() as view:
            view.outbox.withdraw(letter, refusal, now=self._clock())
        report.withheld += 1
        log.letter_withheld(letter.letter, self._ticket(letter), letter.recipient.address, refusal.because)

    def _refusal(self, view: View, letter: QueuedLetter) -> Withheld | None:
        recipient = letter.recipient
        if recipient.contact:
            contact = view.people.contact(recipient.contact)
        else:
            # Whoever was unknown when the letter was queued may have opted out as a contact since.
            contact = None if recipient.is_staff else view.people.contact_of(recipient.address)
        return gate(
            recipient,
            letter.kind,
            contact=contact,
            organization=company_of(view, letter),
            settings=self._desk.settings,
            mandatory=letter.mandatory,
            undeliverable=contact is None and _is_dead(view, letter),
        )

    def _ticket(self, letter: QueuedLetter) -> str:
        return self._desk.reference(letter.ticket) if letter.ticket is not None else ""


def _is_dead(view: View, letter: QueuedLetter) -> bool:
    """Letters to a customer's address that is no contact's came back."""
    key = address_key(letter.recipient.address)
    return not letter.recipient.is_staff and bool(view.people.dead_among([key]))


def _facts(view: View, letter: QueuedLetter) -> LetterFacts | None:
    try:
        return letter_facts(view, letter)
    except NotFound:
        return None
