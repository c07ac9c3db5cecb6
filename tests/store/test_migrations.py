"""From nothing to the newest revision, whatever happens on the way."""

import stat
import subprocess
import sys
from pathlib import Path
from signal import SIGKILL

import pytest
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import IntegrityError

from domain.errors import StoreUnusable
from store.database import connect
from store.migrations.run import upgrade
from store.tables import metadata
from tests.store.conftest import Place
from tests.store.samples import NOW, at_once, stored, ticket

ROOT = Path(__file__).parents[2]
OPEN = "import sys; from pathlib import Path; from store.store import open_store; "
OPENED = "store = open_store(sys.argv[1], base=Path(sys.argv[2])); "
KILLED_IN_THE_MIDDLE = """
import os, signal
from sqlalchemy import Engine, event
def kill(connection, cursor, statement, parameters, context, many):
    if "CREATE TABLE ticket_tag" in statement: os.kill(os.getpid(), signal.SIGKILL)
event.listen(Engine, "before_cursor_execute", kill)
"""
WRITTEN_BY_0002 = """
INSERT INTO ticket (number, title, description, solution, status, priority, category, source, mailbox, agent, group_key,
    version, created_at, updated_at)
VALUES (1, 'x', '', '', 'open', 'normal', '', 'mail', 'support', '', '', 1, '2026-11-21 12:00:00.000000',
    '2026-11-21 12:00:00.000000');
INSERT INTO act (id, kind, actor_kind, actor, actor_name, at)
VALUES (1, 'mail', 'desk', '', '', '2026-11-21 12:00:00.000000');
INSERT INTO outbox (letter, message_id, act, ticket, kind, recipient_key, recipient_domain, address, role, agent,
    automatic, mandatory, because, state, attempts, due_at, claimed_by, queued_at, reply)
VALUES ('abc', '<abc@x.example>', 1, 1, 'comment', 'ada@x.example', 'x.example', 'Ada@x.example', 'requester', '',
    true, false, '', 'queued', 0, '2026-11-21 12:00:00.000000', '', '2026-11-21 12:00:00.000000', '');
INSERT INTO withheld (id, act, ticket, letter, kind, role, address, agent, reason, because, at)
VALUES (1, 1, 1, '', 'comment', 'requester', 'Ada@X.example', '', 'opted_out', '', '2026-11-21 12:00:00.000000'),
    (2, 1, 1, '', 'comment', 'requester', 'jörg@Bücher.example', '', 'opted_out', '', '2026-11-21 12:00:00.000000')
"""


def run(code: str, place: Place) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", OPEN + code, place.url, str(place.base)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


def test_the_migrations_make_what_the_tables_say(empty: Place) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    store = empty.open()
    with store.database.reading() as connection:
        assert tables(connection) == {*metadata.tables, "alembic_version"}
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []
    store.close()


def test_an_index_is_partial_where_its_table_says_so(empty: Place) -> None:
    store = empty.open()
    with store.database.reading() as connection:
        found = [one for one in inspect(connection).get_indexes("intake") if one["name"] == "ix_intake_unfinished"]
        assert [one["column_names"] for one in found] == [["state", "source", "id"]]
        assert "filed" in " ".join(str(option) for option in found[0]["dialect_options"].values())
    store.close()


FILLED = """
INSERT INTO contact (id, name, language, email_opt_out, opted_out_how, portal_user, created_at)
    VALUES (1, 'Ada', 'de', false, '', false, :now);
INSERT INTO organization (id, name, address, language, email_opt_out, created_at)
    VALUES (1, 'BigCorp', 'it@x.example', '', false, :now);
INSERT INTO ticket (number, title, description, solution, status, priority, category, source, mailbox, requester,
                    agent, group_key, version, created_at, updated_at)
    VALUES (7, 'Drucker', '', '', 'open', 'normal', '', 'mail', 'support', 1, '', 'service', 1, :now, :now);
INSERT INTO act (id, kind, actor_kind, actor, actor_name, at) VALUES (1, 'mail', 'desk', '', '', :now);
INSERT INTO entry (id, ticket, kind, author, agent, at, text, message_id, machine, unconfirmed, fingerprint)
    VALUES (1, 7, 'customer', 'Ada', '', :now, 'Er brennt', 'm1@x.example', false, false, '');
INSERT INTO outbox (id, letter, message_id, act, ticket, kind, recipient_key, address, role, agent, automatic,
                    mandatory, because, state, attempts, due_at, claimed_by, queued_at, reply)
    VALUES (1, 'l1', 'l1@y', 1, 7, 'comment', 'ada@x.example', 'Ada@x.example', 'requester', '', true, false, '',
            'queued', 0, :now, '', :now, '');
"""


def test_a_filled_database_of_the_first_revision_keeps_its_rows(empty: Place) -> None:
    engine = connect(empty.url, base=empty.base)
    upgrade(engine, "0001")
    moment = NOW.strftime("%Y-%m-%d %H:%M:%S.%f") if empty.is_sqlite else NOW
    with engine.connect() as opened, opened.execution_options(helpdesk_mode="ACT") as connection, connection.begin():
        for statement in FILLED.strip().removesuffix(";").split(";\n"):
            connection.execute(text(statement), {"now": moment})
    engine.dispose()
    store = empty.open()
    with store.reading() as view:
        kept = view.tickets.facts(7)
        assert (kept.title, kept.created_at, kept.merged_into, kept.external_ids) == ("Drucker", NOW, None, ())
        assert kept.requester is not None
        assert [(one.text, one.suspicion) for one in view.tickets.entries(7)] == [("Er brennt", None)]
        assert view.outbox.recent_in(["x.example"], since=NOW) == {"x.example": 1}
        company = view.people.organization(1)
        assert company is not None
        assert not company.undeliverable
        assert view.people.dead_addresses() == ()
    with store.act() as act:
        assert ticket(act, merged_into=7) == (8 if empty.is_sqlite else 1)
        with pytest.raises(IntegrityError), act.savepoint():
            act.tickets.change(7, now=NOW, merged_into=999)
    store.close()


def test_a_second_open_does_nothing_and_loads_no_alembic(place: Place) -> None:
    done = run(OPENED + "print('alembic' in sys.modules)", place)
    assert (done.stdout, done.stderr) == ("False\n", "")


def test_a_newer_database_is_refused_in_one_line(empty: Place) -> None:
    store = empty.open()
    with store.database.act() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9001'")
    store.close()
    with pytest.raises(StoreUnusable, match=r"newer helpdesk \(revision 9001\); update the program$") as refused:
        empty.open()
    assert "\n" not in str(refused.value)


def test_a_migration_that_is_killed_leaves_nothing_behind(empty: Place) -> None:
    killed = run(KILLED_IN_THE_MIDDLE + OPENED, empty)
    assert killed.returncode == -SIGKILL, killed.stderr
    engine = connect(empty.url, base=empty.base)
    with engine.connect() as connection:
        assert tables(connection) == set()
    engine.dispose()
    store = empty.open()
    with store.act() as act:
        assert ticket(act) == 1
    store.close()


def test_two_processes_open_a_new_database_at_once(empty: Place) -> None:
    code = OPENED + "store.close(); print('open')"
    both = at_once([lambda: run(code, empty)] * 3)
    assert [(one.stdout, one.stderr) for one in both] == [("open\n", "")] * 3


def test_threads_open_a_new_database_at_once(empty: Place) -> None:
    for store in at_once([empty.open] * 4):
        store.close()


def test_the_files_are_for_their_owner_only(tmp_path: Path) -> None:
    store = Place(url="sqlite:///helpdesk.db", base=tmp_path).open()
    stored(store, 1)
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["helpdesk.db", "helpdesk.db-shm", "helpdesk.db-wal"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    store.close()


def test_what_was_written_is_there_after_the_next_open(place: Place) -> None:
    first = place.open()
    with first.act() as act:
        number = ticket(act, waiting_since=NOW)
    first.close()
    again = place.open()
    with again.reading() as view:
        assert view.tickets.facts(number).waiting_since == NOW
    again.close()


def test_the_matches_of_earlier_decisions_are_noted(empty: Place) -> None:
    """0003: what stands in the decision records of a database from before it."""
    from store.migrations.run import upgrade

    engine = connect(empty.url, base=empty.base)
    upgrade(engine, "0001")
    columns = (
        "id, source, position, mailbox, folder, uidvalidity, uid, size, state, outcome, attempts, reprieves, quiet"
    )
    with engine.begin() as connection:
        for number, decision in enumerate(
            ('{"rule_set": "abc", "rules": ["one", "two"]}', '{"rule_set": "abc", "rules": []}', None), start=1
        ):
            connection.exec_driver_sql(
                f"INSERT INTO intake ({columns}, message_id, sender, subject, because, listed_at, decision) "  # noqa: S608
                f"VALUES ({number}, 's', '{number}', 's', '', 0, 0, 1, 'filed', 'ticket', 0, 0, '', '', '', '', '', "
                f"'2026-11-01 10:00:00', {f'{decision!r}' if decision else 'NULL'})"
            )
    engine.dispose()
    store = empty.open()
    with store.reading() as view:
        assert {use.rule: use.mails for use in view.matches.uses()} == {"one": 1, "two": 1, "": 1}
        assert view.matches.decided() == 2
    store.close()


def test_letters_of_the_second_revision_are_kept(empty: Place) -> None:
    """0004 changes a column in place; rows, keys and indexes must be as a new database has them."""
    from store.migrations.run import upgrade

    engine = connect(empty.url, base=empty.base)
    upgrade(engine, "0002")
    with engine.begin() as old:
        for statement in WRITTEN_BY_0002.split(";"):
            old.exec_driver_sql(statement)
    engine.dispose()
    store = empty.open()
    with store.reading() as view:
        letters, withheld = view.outbox.of_ticket(1)
        assert [(one.letter, one.ticket, one.blob, one.bounced_at) for one in letters] == [("abc", 1, None, None)]
        assert len(withheld) == 2
        for address in ("ada@x.example", "jörg@xn--bcher-kva.example"):
            assert len(view.outbox.of_address(address, limit=9)[1]) == 1
    with store.act() as act:
        assert [one.letter for one in act.outbox.claim("me", now=NOW, limit=9, stale=NOW, is_dead=bool)] == ["abc"]
    store.close()


def test_a_column_that_was_changed_in_place_left_the_file_whole(tmp_path: Path) -> None:
    store = Place(url="sqlite:///helpdesk.db", base=tmp_path).open()
    with store.database.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    store.close()
