"""Every mail ends with exactly one outcome, whoever claims it and whatever dies."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from domain.errors import Conflict
from domain.intake import FolderMark, Intake, Outcome, State
from domain.ticket import EntryKind
from store.store import Store
from tests.store.conftest import Place
from tests.store.samples import DAY, MAILBOX, NOW, arrival, at, at_once, claim, finish, stored, ticket


def states(store: Store) -> dict[int, State]:
    with store.reading() as view:
        return {row.uid: row.state for row in view.journal.rows(limit=1000)}


def uids(rows: tuple[Intake, ...]) -> list[int]:
    return [row.uid for row in rows]


def test_a_mail_that_arrives_twice_has_one_row(store: Store) -> None:
    stored(store, 1)
    with store.act() as act:
        act.journal.arrive([arrival(1, size=999), arrival(2), arrival(2)], now=NOW + DAY)
    with store.reading() as view:
        rows = view.journal.rows()
        assert [(row.uid, row.state, row.size, row.listed_at) for row in rows] == [
            (2, State.LISTED, 100, NOW + DAY),
            (1, State.STORED, 100, NOW),
        ]


def test_many_mails_arrive_in_one_act(store: Store) -> None:
    with store.act() as act:
        act.journal.arrive([arrival(uid) for uid in range(1, 1203)], now=NOW)
        assert len(act.journal.to_fetch(MAILBOX, "INBOX", uidvalidity=7)) == 1202
        act.journal.lose([row.id for row in act.journal.rows(limit=1202)], now=NOW)
        assert act.journal.counts() == ((MAILBOX, "INBOX", State.FILED, Outcome.GONE, 1202),)


def test_a_mail_walks_from_listed_to_filed(store: Store) -> None:
    with store.act() as act:
        act.journal.arrive([arrival(3), arrival(1), arrival(2)], now=NOW)
        waiting = act.journal.to_fetch(MAILBOX, "INBOX", uidvalidity=7)
        assert uids(waiting) == [1, 2, 3]
        assert act.journal.to_fetch(MAILBOX, "INBOX", uidvalidity=8) == ()
        act.journal.store({row.id: act.blobs.put(b"mail") for row in waiting[:2]})
        act.journal.lose([waiting[2].id, waiting[0].id], now=NOW)
    assert states(store) == {1: State.STORED, 2: State.STORED, 3: State.FILED}
    rows = claim(store)
    with store.act() as act:
        for row in rows:
            finish(act, row, outcome=Outcome.IGNORED, decision={"why": "the rule said so"})
        assert uids(act.journal.to_file(MAILBOX, "INBOX", uidvalidity=7)) == [1, 2]
        act.journal.filed([rows[0].id])
        assert uids(act.journal.to_file(MAILBOX, "INBOX", uidvalidity=7)) == [2]
        assert act.journal.decision(rows[0].id) == {"why": "the rule said so"}
    assert states(store) == {1: State.FILED, 2: State.DONE, 3: State.FILED}
    with store.reading() as view:
        assert view.journal.rows(outcome=Outcome.GONE)[0].because == "it left the server before the fetch"
        assert uids(view.journal.rows(states=[State.DONE, State.FILED], mailbox=MAILBOX)) == [2, 1, 3]
        assert uids(view.journal.rows(states=[State.DONE])) == [2]


def test_a_step_out_of_turn_changes_nothing(store: Store) -> None:
    stored(store, 1)
    with store.act() as act:
        row = at(act, 1)
        act.journal.filed([row.id])
        act.journal.lose([row.id], now=NOW)
        act.journal.store({row.id: act.blobs.put(b"other bytes")})
        assert not act.journal.release(row)
        assert not act.journal.discard(row, because="no", now=NOW)
        assert at(act, 1) == row


def test_mail_that_was_there_before_us_is_born_filed(store: Store) -> None:
    with store.act() as act:
        act.journal.arrive([arrival(1, outcome=Outcome.BEFORE_START, because="before start")], now=NOW)
        row = at(act, 1)
    assert (row.state, row.outcome, row.because, row.done_at) == (
        State.FILED, Outcome.BEFORE_START, "before start", NOW,
    )  # fmt: skip
    assert claim(store) == ()


def test_claims_go_in_order_and_count(store: Store) -> None:
    stored(store, 5, 4, 6)
    first = claim(store, limit=2)
    assert [(row.uid, row.attempts) for row in first] == [(5, 1), (4, 1)]
    with store.act() as act:
        for row in first:
            finish(act, row)
    assert [(row.uid, row.attempts) for row in claim(store)] == [(6, 1)]


def test_a_mail_that_was_in_hand_before_comes_alone(store: Store) -> None:
    stored(store, 1)
    claim(store)
    stored(store, 2, 3)
    assert [(row.uid, row.attempts) for row in claim(store)] == [(1, 2)]
    with store.act() as act:
        finish(act, at(act, 1))
    assert uids(claim(store)) == [2, 3]


def test_the_healthy_ones_before_it_come_without_it(store: Store) -> None:
    stored(store, 1, 2, 3)
    with store.act() as act:
        act.journal.claim(MAILBOX, limit=1, attempts=3, only=at(act, 2).id)
    assert uids(claim(store)) == [1]


def test_a_mail_that_kills_its_reader_is_quarantined_and_the_others_get_through(store: Store) -> None:
    stored(store, 1, 2, 3)
    for expected in ([1, 2, 3], [1], [1]):  # each time the process dies with them in hand
        assert uids(claim(store)) == expected
    with store.act() as act:
        fourth = act.journal.claim(MAILBOX, limit=10, attempts=3)
    assert uids(fourth.quarantined) == [1]
    assert [(row.uid, row.attempts) for row in fourth.taken] == [(2, 2)], "it was in hand beside the killer: alone"
    with store.act() as act:
        finish(act, fourth.taken[0])
    assert uids(claim(store)) == [3]
    with store.reading() as view:
        aside = view.journal.rows(states=[State.QUARANTINED])
        assert [(row.uid, row.because) for row in aside] == [(1, "it was in hand 3 times and never came to an end")]


def test_quarantine_keeps_why_the_last_attempt_failed(store: Store) -> None:
    stored(store, 1)
    for _ in range(3):
        (row,) = claim(store)
        with store.act() as act:
            act.journal.note_failure(row, because="it is not a mail" + "!" * 5000)
    with store.act() as act:
        (worn,) = act.journal.claim(MAILBOX, limit=1, attempts=3).quarantined
        assert at(act, 1).because.startswith("it is not a mail!")
    assert len(worn.because) == 2000


def test_a_claim_that_was_given_back_did_not_count(store: Store) -> None:
    stored(store, 1, 2)
    for _ in range(5):  # the disk is full each time
        rows = claim(store)
        assert [(row.uid, row.attempts) for row in rows] == [(1, 1), (2, 1)]
        with store.act() as act:
            act.journal.give_back(rows)
    with store.act() as act:
        act.journal.give_back(rows)
        assert at(act, 1).attempts == 0, "given back twice, counted back once"


def test_who_was_thought_dead_cannot_finish_the_mail_again(store: Store) -> None:
    stored(store, 1)
    (slow,) = claim(store)
    (quick,) = claim(store)
    with store.act() as act:
        with pytest.raises(Conflict, match="nothing was written"), act.savepoint():
            finish(act, slow, outcome=Outcome.TICKET, ticket=ticket(act))
        finish(act, quick, outcome=Outcome.IGNORED)
    with store.act() as act, pytest.raises(Conflict), act.savepoint():
        finish(act, quick, outcome=Outcome.TICKET)
    with store.act() as act:
        act.journal.give_back([slow, quick])
        act.journal.quarantine(quick, because="too late")
        act.journal.note_failure(quick, because="too late")
        assert (at(act, 1).state, at(act, 1).outcome) == (State.DONE, Outcome.IGNORED)
        assert not act.tickets.exists(1)


def test_only_one_copy_of_a_mail_holds_its_content_key(store: Store) -> None:
    stored(store, 1, 2)
    first, second = claim(store)
    with store.act() as act:
        finish(act, first, content_key="key", message_id="<one@customer.example>", sender="ada", subject="Hello")
        with pytest.raises(Conflict), act.savepoint():
            finish(act, second, content_key="key", ticket=ticket(act))
        known = act.journal.first_copy("key")
        assert known is not None
        assert known.id == first.id
        finish(act, second, outcome=Outcome.DUPLICATE, duplicate_of=known.id)
        assert act.journal.first_copy("other") is None
        assert not act.tickets.exists(1)
    with store.reading() as view:
        assert (at(view, 2).outcome, at(view, 2).duplicate_of) == (Outcome.DUPLICATE, first.id)
        assert (at(view, 1).message_id, at(view, 1).sender, at(view, 1).subject) == (
            "<one@customer.example>", "ada", "Hello",
        )  # fmt: skip


def test_two_copies_carried_out_at_once_make_one_ticket(store: Store) -> None:
    stored(store, 1, 2)
    rows = claim(store)

    def carry_out(row: Intake) -> str:
        with store.act() as act:
            try:
                with act.savepoint():
                    finish(act, row, outcome=Outcome.TICKET, content_key="key", ticket=ticket(act))
            except Conflict:
                finish(act, row, outcome=Outcome.DUPLICATE)
                return "duplicate"
        return "ticket"

    outcomes = at_once([lambda row=row: carry_out(row) for row in rows])  # type: ignore[misc]
    assert sorted(outcomes) == ["duplicate", "ticket"]
    with store.reading() as view:
        assert view.tickets.count(statuses=["open"]) == 1


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_claim_passes_by_what_another_is_about_to_take(store: Store) -> None:
    stored(store, *range(1, 11))
    with store.act() as one, store.act() as two, store.act() as three:
        claims = [act.journal.claim(MAILBOX, limit=4, attempts=3).taken for act in (one, two, three)]
    assert [uids(taken) for taken in claims] == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10]]


def test_each_mail_is_carried_out_once_by_many_workers(place: Place) -> None:
    """Where two work on one source, against the lease, the fence still keeps each mail single."""
    setup = place.open()
    stored(setup, *range(1, 41))

    def work() -> list[int]:
        mine, finished = place.open(), []
        for _ in range(100):
            rows = claim(mine, limit=5, attempts=1000)
            if not rows:
                break
            for row in rows:
                try:
                    with mine.act() as act, act.savepoint():
                        finish(act, row)
                    finished.append(row.uid)
                except Conflict:
                    continue
        mine.close()
        return finished

    done = [uid for worker in at_once([work] * 3) for uid in worker]
    assert sorted(done) == list(range(1, 41))
    assert set(states(setup).values()) == {State.DONE}
    setup.close()


def test_a_claim_of_one_mail_leaves_the_others(store: Store) -> None:
    stored(store, 1, 2, 3)
    with store.act() as act:
        taken = act.journal.claim(MAILBOX, limit=5, attempts=3, only=at(act, 2).id).taken
    assert uids(taken) == [2]
    with store.act() as act:
        assert act.journal.claim("sales", limit=5, attempts=3).taken == ()


def test_a_person_decides_what_is_in_quarantine(store: Store) -> None:
    stored(store, 1, 2)
    with store.act() as act:
        act.journal.arrive([arrival(3)], now=NOW)
        for uid in (1, 2, 3):
            act.journal.quarantine(at(act, uid), because="unreadable")
    assert claim(store) == ()
    with store.act() as act:
        assert act.journal.release(at(act, 1))
        assert act.journal.discard(at(act, 2), because="junk", now=NOW + DAY)
        assert act.journal.release(at(act, 3))
        assert not act.journal.release(at(act, 2))
    assert states(store) == {1: State.STORED, 2: State.DONE, 3: State.LISTED}, "the third has no bytes yet"
    assert [(row.uid, row.attempts) for row in claim(store)] == [(1, 1)]
    with store.reading() as view:
        gone = at(view, 2)
        assert (gone.outcome, gone.because, gone.done_at) == (Outcome.DISCARDED, "junk", NOW + DAY)


def test_what_should_have_ended_by_now_is_named(store: Store) -> None:
    stored(store, 1, 2)
    with store.act() as act:
        act.journal.arrive([arrival(3)], now=NOW + DAY)
        finish(act, at(act, 1))
        act.journal.filed([at(act, 1).id])
        assert uids(act.journal.unfinished(listed_before=NOW + DAY)) == [2]
        assert uids(act.journal.unfinished(listed_before=NOW + DAY + timedelta(seconds=1))) == [2, 3]


def test_a_decided_mail_without_ticket_entry_or_blob_is_named(store: Store) -> None:
    stored(store, 1, 2, 3, 4, 5)
    rows = claim(store)
    with store.act() as act:
        number = ticket(act)
        finish(act, rows[0], outcome=Outcome.TICKET)
        finish(act, rows[1], outcome=Outcome.COMMENT, ticket=number)
        for row in rows[2:4]:
            finish(act, row, outcome=Outcome.COMMENT, ticket=number)
            act.tickets.add_entry(
                number, kind=EntryKind.CUSTOMER, author="Ada", text="Hello", now=NOW, intake=row.id
            )  # fmt: skip
        finish(act, rows[4], outcome=Outcome.IGNORED)
    with store.database.act() as connection:
        connection.execute(text("UPDATE intake SET blob = NULL WHERE id = :id"), {"id": rows[3].id})
    with store.reading() as view:
        missing = [(row.uid, what) for row, what in view.journal.incomplete()]
    assert missing == [(1, "ticket"), (2, "entry"), (4, "raw mail")]


def test_a_folder_is_remembered(store: Store) -> None:
    mark = FolderMark(
        mailbox=MAILBOX, folder="INBOX", uidvalidity=4294967295, first_uid=1, last_uid=4294967294,
        first_contact=NOW, scanned_at=NOW,
    )  # fmt: skip
    with store.act() as act:
        assert act.journal.mark(MAILBOX, "INBOX") is None
        act.journal.set_mark(mark)
        act.journal.set_mark(mark)
        assert act.journal.mark(MAILBOX, "INBOX") == mark
        assert act.journal.marks() == (mark,)


def test_renumbered_mail_keeps_its_row(store: Store) -> None:
    stored(store, 1, 2, 3)
    with store.act() as act:
        for old, new in ((1, 3), (2, 1), (3, 2)):
            act.journal.move_to(at(act, old), uidvalidity=8, uid=new)
        assert act.journal.known_uids(MAILBOX, "INBOX", uidvalidity=8) == {1, 2, 3}
        assert act.journal.known_uids(MAILBOX, "INBOX", uidvalidity=7) == frozenset()
        assert [row.uid for row in act.journal.of_folder(MAILBOX, "INBOX")] == [3, 1, 2]


def test_a_mail_cannot_move_onto_another(store: Store) -> None:
    stored(store, 1)
    with store.act() as act:
        act.journal.arrive([arrival(1, uidvalidity=8)], now=NOW)
        with pytest.raises(Conflict), act.savepoint():
            act.journal.move_to(at(act, 1), uidvalidity=8, uid=1)
        assert at(act, 1).state is State.STORED


def test_a_uidvalidity_that_comes_back_hides_no_new_mail(store: Store) -> None:
    """A backup of the mail server is put back: 7 → 8 → 7, and UID 2 is another mail than it was."""
    stored(store, 1, 2)
    with store.act() as act:
        moved = at(act, 1)
        act.journal.move_to(moved, uidvalidity=8, uid=1)
        left = at(act, 2)
        act.journal.make_room(MAILBOX, "INBOX", uidvalidity=7)
        act.journal.move_to(moved, uidvalidity=7, uid=1)
        act.journal.arrive([arrival(2)], now=NOW + DAY)
        assert at(act, 1).id == moved.id
        assert at(act, 2).id not in (moved.id, left.id)
        assert uids(act.journal.to_fetch(MAILBOX, "INBOX", uidvalidity=7)) == [2]
        assert act.journal.known_uids(MAILBOX, "INBOX", uidvalidity=7) == {1, 2}
        assert len(act.journal.of_folder(MAILBOX, "INBOX")) == 3


def test_a_rule_set_is_kept_once(store: Store) -> None:
    for _ in range(2):
        with store.act() as act:
            act.journal.remember_rules("hash", "- name: everything", now=NOW)
    with store.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM rule_set").scalar() == 1
