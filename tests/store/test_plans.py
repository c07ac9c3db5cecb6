"""The statements of every mail and every letter find their rows by an index, however large the tables are."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Boolean, Integer, event, text

from domain.ticket import ExternalId
from store.outbox import QueuedLetter
from store.store import Store, View
from store.tables import UtcTime, metadata
from tests.store.conftest import Place
from tests.store.samples import MAILBOX, MINUTE, NOW

ROWS = 20_000
# What stands in row i of each table; all but the last hundred are long done with.  Columns that are not named
# are NULL where they may be, else empty, 0 or NOW.
FILL: dict[str, dict[str, str]] = {
    "contact": {"id": "i", "name": "'Name ' || i"},
    "contact_address": {"id": "i", "contact": "i", "key": "'u' || i || '@x.example'", '"primary"': "1"},
    "ticket": {
        "number": "i", "due_at": ":now", "due_told": "CASE WHEN i > :new THEN '' ELSE 'overdue' END",
        "status": "CASE WHEN i > :new THEN 'open' ELSE 'closed' END", "requester": "i",
    },
    "intake": {
        "id": "i", "source": "'support'", "position": "'INBOX/7/' || i", "mailbox": "'support'", "folder": "'INBOX'",
        "uidvalidity": "7", "uid": "i", "state": "CASE WHEN i > :new THEN 'stored' ELSE 'filed' END", "ticket": "i",
        "content_key": "'key' || i", "outcome": "'ticket'",
    },
    "act": {"id": "i", "intake": "i", "actor_kind": "'desk'"},
    "entry": {"id": "i", "ticket": "i", "kind": "'customer'", "intake": "i", "message_id": "'<' || i || '@x>'"},
    "event": {"id": "i", "act": "i", "ticket": "i", "kind": "'opened'", "actor_kind": "'desk'"},
    "outbox": {
        "id": "i", "letter": "'l' || i", "act": "i", "ticket": "i", "kind": "'comment'", "role": "'requester'",
        "recipient_key": "'u' || i || '@x.example'", "recipient_domain": "'x.example'", "automatic": "1",
        "state": "CASE WHEN i > :new THEN 'queued' ELSE 'sent' END",
    },
    "withheld": {"id": "i", "act": "i", "ticket": "i", "kind": "'comment'", "reason": "'opted_out'"},
}  # fmt: skip
COUNT = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :rows)"


def filled(name: str) -> str:
    """The statement that fills a table."""
    values = dict(FILL[name])
    for column in metadata.tables[name].columns:
        empty = "NULL" if column.nullable else ":now" if isinstance(column.type, UtcTime) else "''"
        numeric = not column.nullable and isinstance(column.type, Integer | Boolean)
        values.setdefault('"primary"' if column.name == "primary" else column.name, "0" if numeric else empty)
    return f"INSERT INTO {name} ({', '.join(values)}) {COUNT} SELECT {', '.join(values.values())} FROM n"  # noqa: S608


# What may be walked: the claim's own rows, lists of constants, and the indexes that hold unfinished rows only.
SMALL = (
    "SCAN due",
    "SCAN CONSTANT ROW",
    "SCAN (subquery",
    "ix_intake_unfinished",
    "ix_outbox_due",
    "ix_outbox_claimed",
)


@pytest.fixture(scope="module")
def full(_sqlite_template: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A SQLite store with many rows in each table."""
    store = Place(url="sqlite:///helpdesk.db", base=tmp_path_factory.mktemp("full")).open()
    with store.database.act() as connection:
        for name in FILL:
            values = {"rows": ROWS, "new": ROWS - 100, "now": NOW.strftime("%Y-%m-%d %H:%M:%S.%f")}
            wanted = {key: value for key, value in values.items() if f":{key}" in filled(name)}
            connection.execute(text(filled(name)), wanted)
    yield store
    store.close()


def claim(view: View) -> object:
    return view.outbox.claim("one", now=NOW, limit=20, stale=NOW - MINUTE, is_dead=lambda _: False)


def queued(view: View) -> QueuedLetter:
    """A letter that waits."""
    letter = view.outbox.by_letter(f"l{ROWS - 50}")
    assert letter is not None
    return letter


HOT: dict[str, Callable[[View], object]] = {
    "claim mails": lambda view: view.journal.claim(MAILBOX, limit=20, attempts=3),
    "mails to fetch": lambda view: view.journal.to_fetch(MAILBOX, "INBOX", uidvalidity=7),
    "mails to file": lambda view: view.journal.to_file(MAILBOX, "INBOX", uidvalidity=7),
    "mail at a position": lambda view: view.journal.at(MAILBOX, "INBOX/7/500"),
    "known UIDs": lambda view: view.journal.known_uids(MAILBOX, "INBOX", uidvalidity=7),
    "first copy": lambda view: view.journal.first_copy("key500"),
    "unfinished mails": lambda view: view.journal.unfinished(listed_before=NOW),
    "quarantined mails": lambda view: view.journal.rows(states=("quarantined",)),  # type: ignore[arg-type]
    "mails of a ticket": lambda view: view.journal.rows(ticket=500),
    "known Message-IDs": lambda view: view.tickets.by_message_ids([f"<{n}@x>" for n in range(30)]),
    "a ticket": lambda view: view.tickets.facts(500),
    "its timeline": lambda view: view.tickets.entries(500),
    "what was said before": lambda view: view.tickets.public_entries(500, before=500, until=NOW, limit=6),
    "what was said until now": lambda view: view.tickets.public_entries(500, before=None, until=NOW, limit=6),
    "its history": lambda view: view.tickets.history(500),
    "its conversation": lambda view: view.tickets.conversation(500),
    "its letters": lambda view: view.outbox.of_ticket(500),
    "letters to one address": lambda view: view.outbox.written_to(500, "u500@x.example"),
    "open tickets": lambda view: view.tickets.lines(statuses=["open", "pending"]),
    "an agent's tickets": lambda view: view.tickets.lines(statuses=["open"], agent="max"),
    "a customer's tickets": lambda view: view.tickets.lines(customer="u500@x.example"),
    "tickets that are due": lambda view: view.tickets.coming_due(now=NOW, soon=NOW + MINUTE, limit=100),
    "open tickets counted": lambda view: view.tickets.count(statuses=["open"]),
    "contact of an address": lambda view: view.people.contact_of("u500@x.example"),
    "letters of late": lambda view: view.outbox.recent(["u500@x.example"], since=NOW - timedelta(days=1)),
    "letters of late to a domain": lambda view: view.outbox.recent_in(["x.example"], since=NOW - timedelta(days=1)),
    "letters of late that count": lambda view: view.outbox.recent_of_all(
        ["u500@x.example"], 500, since=NOW - timedelta(days=1)
    ),
    "letters of late to one address about a ticket": lambda view: view.outbox.recent_answers(
        500, "u500@x.example", since=NOW - timedelta(days=1)
    ),
    "a ticket's domains": lambda view: view.outbox.wrote_to_domain(500, "x.example"),
    "a ticket that was merged": lambda view: view.tickets.current(500),
    "tickets merged into one": lambda view: view.tickets.merged_from(500),
    "a vendor's id": lambda view: view.tickets.by_external_id(ExternalId(name="maker", value="INC1")),
    "dead addresses": lambda view: view.people.dead_among(["u500@x.example"]),
    "claim letters": claim,
    "letters behind one": lambda view: view.outbox.behind(queued(view)),
    "letters joined into one": lambda view: view.outbox.parts(queued(view)),
    "next letter": lambda view: view.outbox.next_due(),
    "letters waiting": lambda view: view.outbox.waiting(),
}


def plans(store: Store, ask: Callable[[View], object]) -> list[tuple[str, str]]:
    """Each statement that ASK makes, with its plan."""
    made: list[tuple[str, object]] = []

    def note(connection: object, cursor: object, statement: str, values: object, context: object, many: bool) -> None:
        if statement.startswith(("SELECT", "UPDATE", "WITH")) and not many:
            made.append((statement, values))

    event.listen(store.database.engine, "before_cursor_execute", note)
    try:
        with store.act() as act:
            ask(act)
    finally:
        event.remove(store.database.engine, "before_cursor_execute", note)
    with store.database.act() as connection:
        return [
            (statement, "\n".join(str(row[3]) for row in connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {statement}", values)))  # type: ignore[arg-type]
            for statement, values in made
        ]  # fmt: skip


@pytest.mark.parametrize("what", HOT)
def test_no_hot_statement_walks_a_whole_table(full: Store, what: str) -> None:
    explained = plans(full, HOT[what])
    assert explained
    for statement, plan in explained:
        scans = [line for line in plan.splitlines() if line.startswith("SCAN")]
        assert [line for line in scans if not any(name in line for name in SMALL)] == [], f"{statement}\n{plan}"
