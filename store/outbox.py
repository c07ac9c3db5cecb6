"""The outbox: letters that are written but not yet sent, and those that were withheld.

A letter is put here in the same transaction as the act that caused it.  Sending takes it in
hand by a conditional update and its commit; a second sender finds nothing to take.  After a crash
between the server's 250 and `sent` it goes once more with the same Message-ID: at least once,
recognisable as a copy, never zero times.

Letters to one recipient about one ticket leave in order: a later one waits for the earlier.  What is
on hold stays until it is released, and so does what comes after it.

Some letters go together with another one (`desk/joining.py`): they are joined, and what becomes of that one
becomes of them.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import takewhile
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    union_all,
    update,
)

from domain.letter import LetterKind, Reason, Recipient, Withheld
from domain.people import address_key
from store.tables import HoldRow, OutboxRow, WithheldRow, clean, table

_outbox, _withheld, _hold = table(OutboxRow), table(WithheldRow), table(HoldRow)
# What every mail asks is put together once: SQLAlchemy needs longer to build such a statement than to run it.
_QUEUE = insert(_outbox)
_AUTOMATIC_SINCE = (_outbox.c.queued_at >= bindparam("since"), _outbox.c.automatic)
_OF_KEYS = _outbox.c.recipient_key.in_(bindparam("keys", expanding=True))
_IN_DOMAINS = _outbox.c.recipient_domain.in_(bindparam("domains", expanding=True))
_ABOUT = _outbox.c.ticket == bindparam("ticket")
_RECENT = (
    select(_outbox.c.recipient_key, func.count()).where(_OF_KEYS, *_AUTOMATIC_SINCE).group_by(_outbox.c.recipient_key)
)
_RECENT_IN = (
    select(_outbox.c.recipient_domain, func.count())
    .where(_IN_DOMAINS, *_AUTOMATIC_SINCE)
    .group_by(_outbox.c.recipient_domain)
)
_RECENT_ABOUT = select(func.count()).where(_ABOUT, *_AUTOMATIC_SINCE)
_RECENT_OF_ALL = union_all(
    _RECENT.add_columns(literal_column("'key'")),
    _RECENT_IN.add_columns(literal_column("'domain'")),
    select(literal_column("''"), func.count(), literal_column("'ticket'")).where(_ABOUT, *_AUTOMATIC_SINCE),
)
_RECENT_ANSWERS = _RECENT_ABOUT.where(_outbox.c.recipient_key == bindparam("key"))
# Written out, not bound: only so may a database use the partial index on what is queued.
_QUEUED: ColumnElement[str] = literal_column("'queued'")
_FAILED: ColumnElement[str] = literal_column("'failed'")
_IS_HELD = or_(
    select(_hold.c.id).where(_hold.c.letter == _outbox.c.letter).exists(),
    select(_hold.c.id).where(_hold.c.ticket == _outbox.c.ticket).exists(),
    select(_hold.c.id).where(_hold.c.letter.is_(None), _hold.c.ticket.is_(None)).exists(),
)


_WITHHOLD = insert(_withheld)
_WRITTEN_TO = (
    select(_outbox.c.message_id)
    .where(
        _outbox.c.ticket == bindparam("ticket"),
        _outbox.c.recipient_key == bindparam("key"),
        # A letter that went with another one never had its Message-ID in a mail.
        _outbox.c.state != literal_column("'joined'"),
    )
    .order_by(_outbox.c.id)
    .limit(bindparam("most"))
)
_FREE = or_(
    _outbox.c.claimed_by == literal_column("''"),
    _outbox.c.claimed_by.in_(bindparam("dead", expanding=True)),
    _outbox.c.claimed_at < bindparam("stale"),
)


def _due() -> CTE:
    """Letters that are due, free and not on hold, none of them behind an earlier one; the oldest first."""
    earlier = table(OutboxRow).alias("earlier")
    ahead = select(earlier.c.id).where(
        earlier.c.recipient_key == _outbox.c.recipient_key,
        earlier.c.state == _QUEUED,
        earlier.c.id < _outbox.c.id,
    )
    # Asked for apart, because no index serves a comparison that also takes nothing for equal to nothing.
    of_ticket = ahead.where(earlier.c.ticket == _outbox.c.ticket)
    of_none = ahead.where(earlier.c.ticket.is_(None), _outbox.c.ticket.is_(None))
    is_due = (_outbox.c.state == _QUEUED, _outbox.c.due_at <= bindparam("moment"))
    return (
        select(_outbox.c.id)
        .where(*is_due, _FREE, ~of_ticket.exists(), ~of_none.exists(), ~_IS_HELD)
        .order_by(_outbox.c.due_at, _outbox.c.id)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
        .cte("due")
        # Computed once: a plan that asked again for each row would lock new ones beyond the limit.
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )


_CLAIM = (
    update(_outbox)
    .where(_outbox.c.id.in_(select(_due().c.id)))
    .values(claimed_by=bindparam("holder"), claimed_at=bindparam("moment"))
    .returning(*_outbox.c)
)
_CLAIMANTS = select(_outbox.c.claimed_by).where(_outbox.c.claimed_by != literal_column("''")).distinct()
_IN_HAND = select(_outbox.c.id, _outbox.c.claimed_by).where(
    _outbox.c.id.in_(bindparam("ids", expanding=True)), _outbox.c.state == _QUEUED, ~_IS_HELD
)
_NEXT_DUE = select(func.min(_outbox.c.due_at)).where(_outbox.c.state == _QUEUED, ~_IS_HELD)
_SENT = (
    update(_outbox)
    .where(
        _outbox.c.id == bindparam("of"), _outbox.c.claimed_by == bindparam("mine"), _outbox.c.state == _QUEUED
    )
    .values(
        state=literal_column("'sent'"), claimed_by=literal_column("''"), claimed_at=None,
        sent_at=bindparam("now"), reply=bindparam("said"), attempts=bindparam("tries"),
        template=bindparam("template"), blob=bindparam("blob"),
    )
)  # fmt: skip


_BEHIND = (
    select(*_outbox.c, _IS_HELD.label("held"))
    .where(
        _outbox.c.ticket == bindparam("ticket"),
        _outbox.c.recipient_key == bindparam("key"),
        _outbox.c.id > bindparam("after"),
        _outbox.c.state == _QUEUED,
    )
    .order_by(_outbox.c.id)
    .with_for_update(of=_outbox)
)
_PARTS = (
    select(_outbox)
    # Without the second condition neither database may use the partial index.
    .where(_outbox.c.joined_into == bindparam("letter"), _outbox.c.joined_into != literal_column("''"))
    .order_by(_outbox.c.id)
)


class LetterState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    JOINED = "joined"  # its words go with another letter, which it names
    WITHHELD = "withheld"  # queued once, but no longer permitted when its turn came


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedLetter:
    """A letter on its way.  `facts` hold what it says; see `domain.letter.LetterFacts`.

    `parts` is how many others go with it, None while that is open; `joined_into` is the letter that it goes with.
    """

    id: int = 0
    letter: str
    message_id: str
    act: int
    ticket: int | None
    kind: LetterKind
    recipient: Recipient
    automatic: bool
    mandatory: bool
    because: str
    facts: Mapping[str, Any]
    queued_at: datetime
    due_at: datetime
    state: LetterState = LetterState.QUEUED
    attempts: int = 0
    tried_at: datetime | None = None
    sent_at: datetime | None = None
    reply: str = ""
    claimed_by: str = ""
    template: str = ""
    blob: str | None = None
    bounced_at: datetime | None = None
    bounce: str = ""
    parts: int | None = None
    joined_into: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A letter that a server took: its reply, what it was written with, and its bytes where they are kept."""

    letter: QueuedLetter
    reply: str
    at: datetime
    template: str = ""
    blob: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """How many automatic letters there were of late: by address key, by domain (A-label), and about one ticket."""

    by_key: Mapping[str, int]
    by_domain: Mapping[str, int]
    about: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """What is not sent until it is released: one letter, those about one ticket, or, with neither, all."""

    agent: str
    at: datetime
    letter: str | None = None
    ticket: int | None = None

    def keeps(self, letter: QueuedLetter) -> bool:
        """LETTER is among what is on hold."""
        if self.letter is not None:
            return self.letter == letter.letter
        return self.ticket is None or self.ticket == letter.ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What is in the outbox: how many letters wait, fail and are on hold.

    `oldest`: since when the oldest waits that is not on hold, and `why`, as far as a server said.
    """

    waiting: int = 0
    postponed: int = 0
    held: int = 0
    failed: int = 0
    oldest: datetime | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithheldLetter:
    """A letter that was not written or not sent, with when and in which act."""

    act: int
    ticket: int | None
    letter: str
    withheld: Withheld
    at: datetime


class Outbox:
    """The outbox within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def queue(self, letters: Sequence[QueuedLetter]) -> None:
        """Put letters into the outbox."""
        if letters:
            self._connection.execute(_QUEUE, [_queued(letter) for letter in letters])

    def withhold(
        self, act: int, ticket: int | None, withheld: Sequence[Withheld], *, now: datetime, letter: str = ""
    ) -> None:
        """Record letters that were not written, or the one queued LETTER that is not sent."""
        if not withheld:
            return
        rows = [
            {
                "act": act, "ticket": ticket, "letter": letter, "kind": one.kind, "role": one.recipient.role,
                "address": one.recipient.address, "address_key": address_key(one.recipient.address),
                "contact": one.recipient.contact, "agent": one.recipient.agent,
                "reason": one.reason, "because": one.because, "at": now,
            }
            for one in withheld
        ]  # fmt: skip
        self._connection.execute(_WITHHOLD, rows)

    def recent(self, keys: Sequence[str], *, since: datetime) -> dict[str, int]:
        """How many automatic letters these addresses were written since SINCE: address key → count."""
        stored = {key: clean(key) for key in keys}
        if not stored:
            return {}
        rows = self._connection.execute(_RECENT, {"keys": sorted(set(stored.values())), "since": since})
        found: dict[str, int] = dict(iter(rows))
        return {key: found[own] for key, own in stored.items() if own in found}

    def recent_in(self, domains: Iterable[str], *, since: datetime) -> dict[str, int]:
        """How many automatic letters went to these domains (A-labels) since SINCE: domain → count."""
        stored = {clean(domain): domain for domain in domains if domain}
        if not stored:
            return {}
        rows = self._connection.execute(_RECENT_IN, {"domains": sorted(stored), "since": since})
        return {stored[domain]: count for domain, count in rows}

    def recent_of_all(self, keys: Collection[str], ticket: int | None, *, since: datetime) -> Recent:
        """`recent`, `recent_in` for the domains of KEYS, and `recent_about` TICKET, in one question."""
        stored = {clean(key): key for key in keys}
        domains = {clean(domain): domain for domain in (key.rpartition("@")[2] for key in keys)}
        asked = {"keys": sorted(stored), "domains": sorted(domains), "ticket": ticket, "since": since}
        found: dict[str, dict[str, int]] = {"key": {}, "domain": {}, "ticket": {}}
        for value, count, what in self._connection.execute(_RECENT_OF_ALL, asked):
            found[what][value] = count
        by_key = {stored[key]: count for key, count in found["key"].items()}
        by_domain = {domains[domain]: count for domain, count in found["domain"].items()}
        return Recent(by_key=by_key, by_domain=by_domain, about=found["ticket"].get("", 0))

    def wrote_to_domain(self, number: int, domain: str) -> bool:
        """Somebody in DOMAIN was written to about a ticket."""
        hit = select(_outbox.c.id).where(_outbox.c.ticket == number, _outbox.c.recipient_domain == domain).limit(1)
        return self._connection.execute(hit).first() is not None

    def recent_answers(self, ticket: int, key: str, *, since: datetime) -> int:
        """How many automatic letters about TICKET went to the address with this key since SINCE."""
        asked = {"ticket": ticket, "since": since, "key": clean(key)}
        return self._connection.execute(_RECENT_ANSWERS, asked).scalar_one()

    def recent_about(self, ticket: int, *, since: datetime) -> int:
        """How many automatic letters were written about TICKET since SINCE, to whomever."""
        return self._connection.execute(_RECENT_ABOUT, {"ticket": ticket, "since": since}).scalar_one()

    def claim(
        self, holder: str, *, now: datetime, limit: int, stale: datetime, is_dead: Callable[[str], bool]
    ) -> tuple[QueuedLetter, ...]:
        """Take letters that are due and not on hold in hand, the oldest first.

        A letter in another's hand is free again once that process is dead or took it before STALE.
        """
        claimants = self._connection.execute(_CLAIMANTS).scalars()
        dead = [name for name in claimants if name != holder and is_dead(name)]
        asked = {"holder": holder, "moment": now, "most": limit, "dead": dead, "stale": stale}
        rows = self._connection.execute(_CLAIM, asked).all()
        return tuple(sorted((_letter(row) for row in rows), key=lambda letter: letter.id))

    def in_hand(self, letters: Sequence[QueuedLetter]) -> frozenset[int]:
        """The ids of those LETTERS that are still in the hand that claimed them, and were not put on hold meanwhile."""
        hands = {letter.id: letter.claimed_by for letter in letters}
        rows = self._connection.execute(_IN_HAND, {"ids": sorted(hands)})
        return frozenset(row.id for row in rows if row.claimed_by == hands[row.id])

    def sent(
        self, letter: QueuedLetter, *, reply: str, now: datetime, template: str = "", blob: str | None = None
    ) -> None:
        """The server took it; TEMPLATE is what it was written with, BLOB are its bytes."""
        self.all_sent([Sent(letter=letter, reply=reply, at=now, template=template, blob=blob)])

    def all_sent(self, letters: Sequence[Sent]) -> None:
        """The server took these; nothing changes for those that are no longer in our hand."""
        rows = [
            {
                "of": one.letter.id, "mine": one.letter.claimed_by, "now": one.at, "said": one.reply,
                "tries": one.letter.attempts + 1, "template": one.template, "blob": one.blob,
            }
            for one in letters
        ]  # fmt: skip
        if rows:
            self._connection.execute(_SENT, rows)

    def postpone(self, letter: QueuedLetter, *, until: datetime, reply: str, now: datetime) -> None:
        """It did not work this time; UNTIL is when it is tried again."""
        tried = letter.tried_at or now
        self._settle(letter, due_at=until, reply=reply, attempts=letter.attempts + 1, tried_at=tried)

    def fail(self, letter: QueuedLetter, *, reply: str) -> bool:
        """It will never work; False if the letter is no longer in our hand."""
        return self._settle(letter, state=LetterState.FAILED, reply=reply, attempts=letter.attempts + 1)

    def withdraw(self, letter: QueuedLetter, withheld: Withheld, *, now: datetime) -> None:
        """It is no longer permitted: what was a letter becomes a withheld one, if it is still in our hand."""
        if not self._settle(letter, state=LetterState.WITHHELD, reply=withheld.because):
            return
        self.withhold(letter.act, letter.ticket, [withheld], now=now, letter=letter.letter)
        self._let_go(letter)

    def put_back(self, letters: Iterable[QueuedLetter], *, reply: str = "") -> None:
        """Lay letters down that were not tried; REPLY is why."""
        why = {"reply": reply} if reply else {}
        for letter in letters:
            self._settle(letter, **why)

    def _settle(self, letter: QueuedLetter, **values: Any) -> bool:
        """Write what became of a letter and lay it down; False if it is no longer in our hand."""
        changed = self._connection.execute(
            update(_outbox)
            .where(
                _outbox.c.id == letter.id,
                _outbox.c.claimed_by == letter.claimed_by,
                _outbox.c.state == LetterState.QUEUED,
            )
            .values(claimed_by="", claimed_at=None, **values)
        )
        return changed.rowcount == 1

    def retry(self, letter: QueuedLetter, *, now: datetime) -> bool:
        """Make a letter that waits or failed due; False if it is no longer as it was read.

        One that failed begins anew: it has all its attempts before it.
        """
        anew = {"attempts": 0, "tried_at": None} if letter.state is LetterState.FAILED else {}
        return self._take(letter, state=LetterState.QUEUED, due_at=now, **anew)

    def cancel(self, letter: QueuedLetter, withheld: Withheld, *, now: datetime) -> bool:
        """Make a letter that waits or failed a withheld one; False if it is no longer as it was read."""
        if not self._take(letter, state=LetterState.WITHHELD, reply=withheld.because):
            return False
        self.withhold(letter.act, letter.ticket, [withheld], now=now, letter=letter.letter)
        self._let_go(letter)
        return True

    def _take(self, letter: QueuedLetter, **values: Any) -> bool:
        """Change a letter that nobody living has in hand; False if somebody took or settled it meanwhile."""
        if letter.state not in (LetterState.QUEUED, LetterState.FAILED):
            return False
        same = (_outbox.c.id == letter.id, _outbox.c.claimed_by == letter.claimed_by, _outbox.c.state == letter.state)
        changed = self._connection.execute(
            update(_outbox).where(*same).values(claimed_by="", claimed_at=None, **values)
        )
        return changed.rowcount == 1

    def hold(self, hold: Hold) -> bool:
        """Keep letters back until they are released; False if the same is on hold already."""
        if any((one.letter, one.ticket) == (hold.letter, hold.ticket) for one in self.holds()):
            return False
        values = {"letter": hold.letter, "ticket": hold.ticket, "agent": hold.agent, "at": hold.at}
        self._connection.execute(insert(_hold).values(values))
        return True

    def release(self, *, letter: str | None = None, ticket: int | None = None) -> bool:
        """Let go again one letter, those about a ticket, or, with neither, all; False if that was not on hold."""
        same = (_hold.c.letter.is_not_distinct_from(letter), _hold.c.ticket.is_not_distinct_from(ticket))
        gone = self._connection.execute(delete(_hold).where(*same))
        return gone.rowcount > 0

    def holds(self) -> tuple[Hold, ...]:
        """Everything that is on hold, the oldest first."""
        rows = self._connection.execute(select(_hold).order_by(_hold.c.id))
        return tuple(Hold(agent=row.agent, at=row.at, letter=row.letter, ticket=row.ticket) for row in rows)

    def behind(self, letter: QueuedLetter) -> tuple[QueuedLetter, ...]:
        """What waits behind LETTER for the same person about the same ticket, in order, and is kept from others now.

        It ends before one that is on hold, in a hand, or may have been on its way before.
        """
        asked = {"ticket": letter.ticket, "key": clean(address_key(letter.recipient.address)), "after": letter.id}
        found = self._connection.execute(_BEHIND, asked).all()
        free = takewhile(lambda row: not (row.held or row.claimed_by or row.attempts) and row.parts is None, found)
        return tuple(map(_letter, free))

    def go_together(
        self, letter: QueuedLetter, others: Sequence[QueuedLetter], *, hand: str, now: datetime
    ) -> QueuedLetter:
        """LETTER with OTHERS in it, taken in this HAND."""
        row = self._connection.execute(
            update(_outbox)
            .where(_outbox.c.id == letter.id)
            .values(parts=len(others), claimed_by=hand, claimed_at=now)
            .returning(*_outbox.c)
        ).one()
        if others:
            self._connection.execute(
                update(_outbox)
                .where(_outbox.c.id.in_([one.id for one in others]))
                .values(state=LetterState.JOINED, joined_into=letter.letter, claimed_by="", claimed_at=None)
            )
        return _letter(row)

    def parts(self, letter: QueuedLetter) -> tuple[QueuedLetter, ...]:
        """The letters whose words go with LETTER, the oldest first."""
        return tuple(map(_letter, self._connection.execute(_PARTS, {"letter": letter.letter})))

    def _let_go(self, letter: QueuedLetter) -> None:
        """LETTER does not go: what was to go with it waits for itself again."""
        self._connection.execute(
            update(_outbox)
            .where(_outbox.c.joined_into == letter.letter, _outbox.c.joined_into != literal_column("''"))
            .values(state=LetterState.QUEUED, joined_into="")
        )

    def bounced(self, letter: QueuedLetter, *, because: str, at: datetime | None) -> None:
        """A letter came back, or, without AT, is only delayed on its way; what its first hard bounce said stays."""
        self._connection.execute(
            update(_outbox)
            .where(_outbox.c.id == letter.id, _outbox.c.bounced_at.is_(None))
            .values(bounced_at=at, bounce=because)
        )

    def by_letter(self, letter: str) -> QueuedLetter | None:
        """The letter with this id, whatever became of it."""
        row = self._connection.execute(select(_outbox).where(_outbox.c.letter == letter)).one_or_none()
        return _letter(row) if row else None

    def starting_with(self, start: str, *, limit: int = 2) -> tuple[QueuedLetter, ...]:
        """The letters whose id begins with START, which holds letters and digits only."""
        rows = self._connection.execute(
            select(_outbox).where(_outbox.c.letter.like(f"{start}%")).order_by(_outbox.c.id).limit(limit)
        )
        return tuple(_letter(row) for row in rows)

    def next_due(self) -> datetime | None:
        """When the next letter is due, None if none waits."""
        found: datetime | None = self._connection.execute(_NEXT_DUE).scalar()
        return found

    def sent_since(self, since: datetime) -> int:
        """How many letters the server took since SINCE, whichever process sent them."""
        return self._connection.execute(
            select(func.count()).select_from(_outbox).where(_outbox.c.sent_at > since)
        ).scalar_one()

    def waiting(self) -> int:
        """How many letters wait to be sent."""
        return self._connection.execute(
            select(func.count()).select_from(_outbox).where(_outbox.c.state == _QUEUED)
        ).scalar_one()

    def unsent(self, *, ticket: int | None = None, limit: int = 1000) -> tuple[QueuedLetter, ...]:
        """Letters that wait or failed, the oldest first: those about TICKET, or all."""
        found: list[QueuedLetter] = []
        for state in (_QUEUED, _FAILED):
            wanted = select(_outbox).where(_outbox.c.state == state)
            if ticket is not None:
                wanted = wanted.where(_outbox.c.ticket == ticket)
            # The newest, if they are too many: what failed last year is not what somebody looks for.
            rows = self._connection.execute(wanted.order_by(_outbox.c.id.desc()).limit(limit))
            found += [_letter(row) for row in rows]
        return tuple(sorted(found, key=lambda letter: letter.id)[-limit:])

    def backlog(self, *, since: datetime, now: datetime) -> Backlog:
        """What waits, and what failed of the letters queued after SINCE."""
        waiting = self._connection.execute(
            select(
                func.count(),
                func.count().filter(_outbox.c.attempts > 0),
                func.count().filter(_IS_HELD),
                func.min(_outbox.c.queued_at).filter(~_IS_HELD, _outbox.c.queued_at <= now),
            ).where(_outbox.c.state == _QUEUED)
        ).one()
        failed = self._connection.execute(
            select(func.count()).where(_outbox.c.state == _FAILED, _outbox.c.queued_at > since)
        ).scalar_one()
        said = self._connection.execute(
            select(_outbox.c.reply)
            .where(_outbox.c.state == _QUEUED, _outbox.c.reply != "", ~_IS_HELD)
            .order_by(_outbox.c.queued_at)
            .limit(1)
        ).scalar()
        return Backlog(
            waiting=waiting[0], postponed=waiting[1], held=waiting[2], oldest=waiting[3], failed=failed, why=said or "",
        )  # fmt: skip

    def written_to(self, number: int, key: str, *, limit: int = 5) -> tuple[str, ...]:
        """Message-IDs of our letters about a ticket to one address, the oldest first."""
        rows = self._connection.execute(_WRITTEN_TO, {"ticket": number, "key": key, "most": limit})
        return tuple(rows.scalars())

    def of_ticket(self, number: int) -> tuple[tuple[QueuedLetter, ...], tuple[WithheldLetter, ...]]:
        """All letters about a ticket and all that were withheld, the oldest first."""
        letters = self._connection.execute(select(_outbox).where(_outbox.c.ticket == number).order_by(_outbox.c.id))
        withheld = self._connection.execute(
            select(_withheld).where(_withheld.c.ticket == number).order_by(_withheld.c.id)
        )
        return tuple(_letter(row) for row in letters), tuple(_kept_back(row) for row in withheld)

    def of_address(self, key: str, *, limit: int) -> tuple[tuple[QueuedLetter, ...], tuple[WithheldLetter, ...]]:
        """The newest letters to one address and those that were withheld from it, the newest first."""
        letters = self._connection.execute(
            select(_outbox).where(_outbox.c.recipient_key == clean(key)).order_by(_outbox.c.id.desc()).limit(limit)
        )
        withheld = self._connection.execute(
            select(_withheld).where(_withheld.c.address_key == clean(key)).order_by(_withheld.c.id.desc()).limit(limit)
        )
        return tuple(_letter(row) for row in letters), tuple(_kept_back(row) for row in withheld)

    def recent_letters(self, *, limit: int) -> tuple[QueuedLetter, ...]:
        """The newest letters of all tickets, the newest first."""
        rows = self._connection.execute(select(_outbox).order_by(_outbox.c.id.desc()).limit(limit))
        return tuple(_letter(row) for row in rows)

    def recent_withheld(self, *, limit: int) -> tuple[WithheldLetter, ...]:
        """The newest withheld letters of all tickets, the newest first."""
        rows = self._connection.execute(select(_withheld).order_by(_withheld.c.id.desc()).limit(limit))
        return tuple(_kept_back(row) for row in rows)


def _queued(letter: QueuedLetter) -> dict[str, Any]:
    key = address_key(letter.recipient.address)
    return {
        "letter": letter.letter, "message_id": letter.message_id, "act": letter.act, "ticket": letter.ticket,
        "kind": letter.kind, "recipient_key": key, "recipient_domain": key.rpartition("@")[2],
        "address": letter.recipient.address, "role": letter.recipient.role, "contact": letter.recipient.contact,
        "agent": letter.recipient.agent, "automatic": letter.automatic, "mandatory": letter.mandatory,
        "because": letter.because, "facts": dict(letter.facts), "state": letter.state, "attempts": 0,
        "due_at": letter.due_at, "queued_at": letter.queued_at, "claimed_by": "", "reply": "",
    }  # fmt: skip


def _letter(row: Any) -> QueuedLetter:
    facts = row.facts or {}
    return QueuedLetter(
        id=row.id,
        letter=row.letter,
        message_id=row.message_id,
        act=row.act,
        ticket=row.ticket,
        kind=LetterKind(row.kind),
        recipient=Recipient(
            role=row.role,
            address=row.address,
            name=facts.get("name", ""),
            language=facts.get("language", ""),
            contact=row.contact,
            agent=row.agent,
        ),
        automatic=row.automatic,
        mandatory=row.mandatory,
        because=row.because,
        facts=facts,
        queued_at=row.queued_at,
        due_at=row.due_at,
        state=LetterState(row.state),
        attempts=row.attempts,
        tried_at=row.tried_at,
        sent_at=row.sent_at,
        reply=row.reply,
        claimed_by=row.claimed_by,
        template=row.template,
        blob=row.blob,
        bounced_at=row.bounced_at,
        bounce=row.bounce,
        parts=row.parts,
        joined_into=row.joined_into,
    )


def _kept_back(row: Any) -> WithheldLetter:
    recipient = Recipient(role=row.role, address=row.address, contact=row.contact, agent=row.agent)
    return WithheldLetter(
        act=row.act,
        ticket=row.ticket,
        letter=row.letter,
        withheld=Withheld(
            recipient=recipient, kind=LetterKind(row.kind), reason=Reason(row.reason), because=row.because
        ),
        at=row.at,
    )
