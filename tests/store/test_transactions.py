"""The two kinds of transaction, and savepoints inside them (design.md, section 4)."""

from contextlib import suppress
from threading import Event

import pytest
from sqlalchemy.exc import IntegrityError

from domain.errors import Conflict, DeskError, NotFound, TemporaryFailure
from store.store import Store
from tests.store.conftest import Place
from tests.store.samples import ada, at_once, stored, ticket


class Stumble(Exception):
    """Something went wrong in the middle."""


def numbers(store: Store) -> list[int]:
    with store.reading() as view:
        return sorted(line.number for line in view.tickets.lines(limit=100)[0])


def test_what_was_written_in_an_act_that_failed_is_not_there(store: Store) -> None:
    with suppress(Stumble), store.act() as act:
        ticket(act)
        raise Stumble
    assert numbers(store) == []


def test_a_row_of_a_released_savepoint_does_not_survive_the_outer_rollback(store: Store) -> None:
    with suppress(Stumble), store.act() as act:
        with act.savepoint():
            ticket(act)
        raise Stumble
    assert numbers(store) == []


def test_a_savepoint_that_fails_takes_nothing_else_with_it(store: Store) -> None:
    with store.act() as act:
        before = ticket(act)
        with suppress(Stumble), act.savepoint():
            ada(act)
            ticket(act)
            raise Stumble
        with act.savepoint():
            after = ticket(act)
    assert numbers(store) == [before, after]
    with store.reading() as view:
        assert view.people.contact_of("ada@customer.example") is None


def test_a_savepoint_in_a_savepoint_fails_alone(store: Store) -> None:
    with store.act() as act, act.savepoint():
        outer = ticket(act)
        with suppress(Stumble), act.savepoint():
            ticket(act)
            raise Stumble
    assert numbers(store) == [outer]


def test_a_key_that_is_taken_is_a_conflict_and_the_act_goes_on(store: Store) -> None:
    with store.act() as act:
        ada(act)
        with pytest.raises(Conflict) as conflict, act.savepoint():
            ada(act)
        after = ticket(act)
    assert "\n" not in str(conflict.value)
    assert numbers(store) == [after]


def test_a_reference_to_nothing_is_our_bug_and_no_conflict(store: Store) -> None:
    with pytest.raises(IntegrityError), store.act() as act, act.savepoint():
        ticket(act, requester=4711)
    with store.act() as act, pytest.raises(IntegrityError), act.savepoint():
        ticket(act, title=None)


def test_reading_can_write_nothing(store: Store) -> None:
    with pytest.raises(DeskError), store.reading() as view:
        ticket(view)
    assert numbers(store) == []
    with store.act() as act:
        ticket(act)
    with store.reading() as view, pytest.raises(NotFound):
        view.tickets.facts(2)


def test_readers_are_not_locked_out_by_a_writer_and_see_one_state(store: Store) -> None:
    with store.reading() as early:
        assert early.tickets.count(statuses=["open"]) == 0
        with store.act() as act:
            ticket(act)
            with store.reading() as during:
                assert during.tickets.count(statuses=["open"]) == 0
        assert early.tickets.count(statuses=["open"]) == 0, "the writer has committed, but this is one state"
        with store.reading() as late:
            assert late.tickets.count(statuses=["open"]) == 1


def test_a_reader_does_not_lock_out_a_writer(store: Store) -> None:
    stored(store, 1, 2, 3)
    with store.reading() as view:
        assert len(view.journal.rows()) == 3
        stored(store, 4)
        assert len(view.journal.rows()) == 3


def test_acts_at_once_queue_up_and_lose_nothing(store: Store) -> None:
    with store.act() as act:
        number = ticket(act)

    def count_up() -> None:
        for _ in range(10):
            with store.act() as act:
                known = act.tickets.facts(number, lock=True)
                act.tickets.change(number, now=known.updated_at, title=f"{int(known.title or 0) + 1}")

    with store.act() as act:
        act.tickets.change(number, now=act.tickets.facts(number).updated_at, title="0")
    at_once([count_up] * 4)
    with store.reading() as view:
        assert view.tickets.facts(number).title == "40"
        assert view.tickets.facts(number).version == 42


def test_an_act_that_waits_too_long_says_so_and_the_next_one_works(place: Place) -> None:
    store = place.open(busy=0.05)
    with store.act() as act:
        number = ticket(act)
    other = place.open(busy=0.05)

    def late() -> None:
        with other.act() as act:
            act.tickets.facts(number, lock=True)
            ticket(act)

    with store.act() as act:
        act.tickets.facts(number, lock=True)
        with pytest.raises(TemporaryFailure, match=r"try again$") as waited:
            late()
    assert "\n" not in str(waited.value)
    with other.act() as act:
        act.tickets.facts(number, lock=True)
    store.close()
    other.close()


def test_every_connection_is_durable(store: Store, kind: str) -> None:
    asked: dict[str, dict[str, object]] = {
        "sqlite": {"PRAGMA synchronous": 2, "PRAGMA journal_mode": "wal", "PRAGMA foreign_keys": 1},
        "postgresql": {"SHOW synchronous_commit": "on", "SHOW timezone": "UTC"},
    }
    inside, leave = Event(), Event()

    def settings(*, first: bool) -> dict[str, object]:
        with store.database.act() if first else store.database.reading() as connection:
            (inside if first else leave).set()
            assert (leave if first else inside).wait(20), "both connections are open at the same time"
            return {question: connection.exec_driver_sql(question).scalar() for question in asked[kind]}

    assert at_once([lambda: settings(first=True), lambda: settings(first=False)]) == [asked[kind]] * 2


def test_a_connection_that_read_may_write_afterwards(store: Store) -> None:
    for expected in range(3):
        assert len(numbers(store)) == expected
        with store.act() as act:
            ticket(act)
