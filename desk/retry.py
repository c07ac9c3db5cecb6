"""Mails that were ignored get another go under the rules of today.

Each still ends with exactly one outcome: it goes back to where it stood before it was decided, in one
transaction, and is received as any other.  If the process dies in between, the next scan takes it up.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from desk.desk import Desk
from desk.explain import Explanation, explain
from desk.receive import Read, files_by, receive
from domain.errors import NotFound
from domain.intake import Intake, Outcome, State
from domain.message import RawMail

SILENT = "tried again by hand, silently"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """One mail, before and after; `after` is None where it was in other hands."""

    before: Intake
    after: Intake | None


def candidates(desk: Desk, *, since: datetime, rule: str = "", limit: int = 100_000) -> tuple[Intake, ...]:
    """The mails SINCE a moment that rules decided and ignored, by RULE if one is named, the oldest first.

    Our own letters and opt-outs are not among them: no rule was asked about those.
    """
    with desk.store.reading() as view:
        first = view.journal.first_since(since)
        rows = view.journal.rows(outcome=Outcome.IGNORED, at_least=first, limit=limit)
        asked = view.matches.intakes(at_least=first, rule=rule)
    settled = (State.DONE, State.FILED)
    wanted = (row for row in rows if row.id in asked and row.blob and row.state in settled)
    return tuple(sorted(wanted, key=lambda row: row.id))


def foretold(desk: Desk, row: Intake, *, read: Read, now: datetime) -> Explanation | None:
    """What would become of an ignored mail now; None where its bytes are no longer here."""
    try:
        with desk.store.reading() as view:
            data = view.blobs.get(row.blob or "")
    except NotFound:
        return None
    message = read(RawMail(data=data[: desk.settings.limits.mail_size], size=row.size, arrived=row.arrived))
    told = explain(desk, message, data=data, mailbox=row.mailbox, now=now, take=files_by(read))
    is_itself = told.copy_of is not None and told.copy_of.id == row.id
    return replace(told, copy_of=None) if is_itself else told


def retry(
    desk: Desk, rows: Sequence[Intake], *, read: Read, now: Callable[[], datetime], silent: bool = False
) -> Iterator[Retried]:
    """Give each of ROWS another go; SILENT makes no letters."""
    for row in rows:
        with desk.store.act() as view:
            is_ours = view.journal.reopen(row, quiet=SILENT if silent else "")
        if is_ours:
            while receive(desk, row.source, read=read, now=now(), only=row.id).failed:
                pass
            _file_again(desk, row)
        with desk.store.reading() as view:
            yield Retried(before=row, after=view.journal.get(row.id) if is_ours else None)


def _file_again(desk: Desk, row: Intake) -> None:
    """A mail that was filed on the server before lies where it was put then."""
    if row.state is State.FILED:
        with desk.store.act() as view:
            view.journal.filed([row.id])
