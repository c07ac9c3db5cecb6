"""What the tests put into the store."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any, TypeVar

from domain.event import DESK
from domain.intake import Arrival, Intake, Outcome, imap_position
from domain.letter import LetterKind, Reason, Recipient, Withheld
from domain.people import Address, ContactFacts
from store.outbox import QueuedLetter
from store.store import Store, View

T = TypeVar("T")

NOW = datetime(2030, 1, 2, 9, 0, 0, 123456, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
MAILBOX = "support"


def arrival(uid: int, *, uidvalidity: int = 7, **changes: Any) -> Arrival:
    values = {
        "source": MAILBOX, "position": imap_position("INBOX", uidvalidity, uid), "mailbox": MAILBOX, "folder": "INBOX",
        "uidvalidity": uidvalidity, "uid": uid, "size": 100, "arrived": NOW,
    }  # fmt: skip
    return Arrival(**{**values, **changes})


def at(view: View, uid: int, *, uidvalidity: int = 7) -> Intake:
    """The row of the mail with this UID."""
    row = view.journal.at(MAILBOX, imap_position("INBOX", uidvalidity, uid))
    assert row is not None
    return row


def stored(store: Store, *uids: int) -> None:
    """Mails that wait to be decided."""
    with store.act() as act:
        act.journal.arrive([arrival(uid) for uid in uids], now=NOW)
        act.journal.store({at(act, uid).id: act.blobs.put(f"mail {uid}".encode()) for uid in uids})


def claim(store: Store, *, limit: int = 10, attempts: int = 3) -> tuple[Intake, ...]:
    with store.act() as act:
        return act.journal.claim(MAILBOX, limit=limit, attempts=attempts).taken


def finish(view: View, row: Intake, **changes: Any) -> None:
    values: dict[str, Any] = {"outcome": Outcome.IGNORED, "because": "the test says so", "now": NOW, **changes}
    view.journal.finish(row, **values)


def ticket(view: View, *, contact: ContactFacts | None = None, **changes: Any) -> int:
    facts = {
        "title": "Printer on fire", "description": "Smoke.", "status": "open", "priority": "normal",
        "requester": contact.id if contact else None,
    }  # fmt: skip
    return view.tickets.open({**facts, **changes}, now=changes.get("created_at", NOW))


def ada(view: View) -> ContactFacts:
    return view.people.add_contact(Address("ada@customer.example", "Ada"), now=NOW)


def act_of(view: View) -> int:
    return view.tickets.begin_act("mail", DESK, now=NOW)


def letter(
    name: str, *, ticket: int | None, act: int, to: str = "ada@customer.example", **changes: Any
) -> QueuedLetter:
    values: dict[str, Any] = {
        "letter": name, "message_id": f"<{name}@desk.example>", "ticket": ticket, "act": act,
        "kind": LetterKind.COMMENT, "recipient": Recipient(role="requester", address=to), "automatic": False,
        "mandatory": False, "because": "you asked", "facts": {"name": "Ada", "language": "en"}, "queued_at": NOW,
        "due_at": NOW,
    }  # fmt: skip
    return QueuedLetter(**{**values, **changes})


def withheld(to: str = "ada@customer.example") -> Withheld:
    return Withheld(
        recipient=Recipient(role="requester", address=to),
        kind=LetterKind.COMMENT,
        reason=Reason.OPTED_OUT,
        because="she wants no letters",
    )


def at_once(tasks: Sequence[Callable[[], T]]) -> list[T]:
    """What TASKS give, started in the same moment, each in a thread of its own."""
    start = Barrier(len(tasks))

    def run(task: Callable[[], T]) -> T:
        start.wait(timeout=20)
        return task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return [future.result(timeout=40) for future in [pool.submit(run, task) for task in tasks]]
