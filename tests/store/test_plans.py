"""The statements of every mail and every letter find their rows by an index, however large the tables are."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import event

from store.store import Store, View
from tests.store.conftest import Place
from tests.store.samples import MAILBOX, MINUTE, NOW

ROWS = 20_000
# Rows 1 to ROWS of each table; all but the last hundred are long done with.
FILL = """
CREATE TEMP TABLE n AS WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < :rows) SELECT i FROM c;
INSERT INTO contact SELECT i, 'Name ' || i, NULL, '', 0, NULL, '', 0, NULL, NULL, :now FROM n;
INSERT INTO contact_address SELECT i, i, 'u' || i || '@x.example', 'u' || i || '@x.example', 1, 0 FROM n;
INSERT INTO ticket SELECT i, 'Title', '', '', CASE WHEN i > :rows - 100 THEN 'open' ELSE 'closed' END, 'normal', '',
  'mail', '', i, NULL, '', '', NULL, 1, :now, :now, NULL, NULL FROM n;
INSERT INTO intake SELECT i, 'support', 'INBOX/7/' || i, 'support', 'INBOX', 7, i, 100, :now,
  CASE WHEN i > :rows - 100 THEN 'stored' ELSE 'filed' END, 'ticket', 0, '', NULL, 'key' || i, '', '', '', i, NULL, '',
  NULL, :now, NULL FROM n;
INSERT INTO act SELECT i, 'mail', 'desk', '', '', i, :now FROM n;
INSERT INTO entry SELECT i, i, 'customer', '', i, '', :now, 'text', NULL, i, '<' || i || '@x>', 0, 0, NULL FROM n;
INSERT INTO event SELECT i, i, i, 'opened', 'desk', '', '', '', '', '', i, '', :now FROM n;
INSERT INTO outbox SELECT i, 'l' || i, '<l' || i || '>', i, i, 'comment', 'u' || i || '@x.example', '', 'requester', i,
  '', 1, 0, '', '{}', CASE WHEN i > :rows - 100 THEN 'queued' ELSE 'sent' END, 0, :now, '', NULL, :now, NULL, '' FROM n;
INSERT INTO withheld SELECT i, i, i, '', 'comment', 'requester', '', i, '', 'opted_out', '', :now FROM n;
DROP TABLE n
"""
# What may be walked: the claim's own rows, lists of constants, and the indexes that hold unfinished rows only.
SMALL = ("SCAN due", "SCAN CONSTANT ROW", "SCAN (subquery", "ix_intake_unfinished", "ix_outbox_due")


@pytest.fixture(scope="module")
def full(_sqlite_template: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A SQLite store with many rows in each table."""
    store = Place(url="sqlite:///helpdesk.db", base=tmp_path_factory.mktemp("full")).open()
    moment = NOW.strftime("%Y-%m-%d %H:%M:%S.%f")
    with store.database.act() as connection:
        for statement in FILL.replace(":now", f"'{moment}'").replace(":rows", str(ROWS)).split(";"):
            connection.exec_driver_sql(statement)
    yield store
    store.close()


def claim(view: View) -> object:
    return view.outbox.claim("one", now=NOW, limit=20, stale=NOW - MINUTE, is_dead=lambda _: False)


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
    "its history": lambda view: view.tickets.history(500),
    "its conversation": lambda view: view.tickets.conversation(500),
    "its letters": lambda view: view.outbox.of_ticket(500),
    "letters to one address": lambda view: view.outbox.written_to(500, "u500@x.example"),
    "open tickets": lambda view: view.tickets.lines(statuses=["open", "pending"]),
    "an agent's tickets": lambda view: view.tickets.lines(statuses=["open"], agent="max"),
    "a customer's tickets": lambda view: view.tickets.lines(customer="u500@x.example"),
    "open tickets counted": lambda view: view.tickets.count(statuses=["open"]),
    "contact of an address": lambda view: view.people.contact_of("u500@x.example"),
    "letters of late": lambda view: view.outbox.recent(["u500@x.example"], since=NOW - timedelta(days=1)),
    "claim letters": claim,
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
