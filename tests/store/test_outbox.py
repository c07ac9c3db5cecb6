"""Letters leave in order, each from one hand, and none is forgotten."""

from collections.abc import Callable, Sequence
from datetime import datetime

import pytest

from domain.errors import Conflict
from domain.letter import Reason
from store.outbox import Backlog, Hold, LetterState, QueuedLetter
from store.store import Store, View
from tests.store.conftest import Place
from tests.store.samples import DAY, MINUTE, NOW, act_of, at_once, letter, ticket, withheld

STALE = NOW - 10 * MINUTE


def queued(store: Store, *letters: tuple[str, int, str]) -> None:
    """Letters (name, ticket, recipient) in this order, each of an act of its own."""
    with store.act() as act:
        for name, number, to in letters:
            while not act.tickets.exists(number):
                ticket(act)
            act.outbox.queue([letter(name, ticket=number, act=act_of(act), to=to)])


def claim(
    store: Store,
    holder: str = "one",
    *,
    now: datetime = NOW,
    limit: int = 10,
    stale: datetime = STALE,
    is_dead: Callable[[str], bool] = lambda _: False,
) -> tuple[QueuedLetter, ...]:
    with store.act() as act:
        return act.outbox.claim(holder, now=now, limit=limit, stale=stale, is_dead=is_dead)


def names(letters: Sequence[QueuedLetter]) -> list[str]:
    return [one.letter for one in letters]


def by_name(view: View, name: str) -> QueuedLetter:
    found = view.outbox.by_letter(name)
    assert found is not None
    return found


def test_one_act_gives_at_most_one_letter_per_recipient(store: Store) -> None:
    with store.act() as act:
        number, one = ticket(act), act_of(act)
        act.outbox.queue([letter("a", ticket=number, act=one)])
        with pytest.raises(Conflict), act.savepoint():
            act.outbox.queue([letter("b", ticket=number, act=one, to="ADA@Customer.Example")])
        act.outbox.queue([letter("c", ticket=number, act=one, to="bob@customer.example")])
        act.outbox.queue([letter("d", ticket=number, act=act_of(act))])
        assert act.outbox.waiting() == 3


def test_a_letter_comes_back_as_it_was_queued(store: Store) -> None:
    with store.act() as act:
        wanted = letter("a", ticket=ticket(act), act=act_of(act), automatic=True, mandatory=True, due_at=NOW + MINUTE)
        act.outbox.queue([wanted])
        found = by_name(act, "a")
        assert (found.facts, found.due_at, found.message_id) == (wanted.facts, NOW + MINUTE, "<a@desk.example>")
        assert (found.recipient.name, found.recipient.language, found.automatic, found.mandatory) == (
            "Ada", "en", True, True,
        )  # fmt: skip
        assert act.outbox.next_due() == NOW + MINUTE
        assert act.outbox.by_letter("z") is None


def test_a_later_letter_waits_for_the_earlier_one(store: Store) -> None:
    queued(store, ("a", 1, "ada@x.example"), ("b", 1, "Ada@X.example"), ("c", 1, "bob@x.example"),
           ("d", 2, "ada@x.example"))  # fmt: skip
    first = claim(store)
    assert names(first) == ["a", "c", "d"]
    assert claim(store, "two") == (), "b waits while a is in a hand"
    with store.act() as act:
        act.outbox.postpone(first[0], until=NOW + MINUTE, reply="451 later", now=NOW)
    assert claim(store) == (), "b waits while a waits"
    again = claim(store, now=NOW + MINUTE)
    assert [(one.letter, one.attempts, one.reply) for one in again] == [("a", 1, "451 later")]
    with store.act() as act:
        act.outbox.sent(again[0], reply="250 ok", now=NOW + MINUTE)
        settled = by_name(act, "a")
    assert (settled.state, settled.attempts, settled.sent_at, settled.claimed_by) == (
        LetterState.SENT, 2, NOW + MINUTE, "",
    )  # fmt: skip
    assert names(claim(store)) == ["b"]


@pytest.mark.parametrize("end", ["failed", "withdrawn"])
def test_a_letter_that_will_never_go_holds_up_no_other(store: Store, end: str) -> None:
    queued(store, ("a", 1, "ada@x.example"), ("b", 1, "ada@x.example"))
    (first,) = claim(store)
    with store.act() as act:
        if end == "failed":
            act.outbox.fail(first, reply="550 no such user")
        else:
            act.outbox.withdraw(first, withheld(), now=NOW)
    assert names(claim(store)) == ["b"]


def test_the_oldest_go_first_and_not_more_than_wanted(store: Store) -> None:
    queued(store, *((f"letter{n}", n, "ada@x.example") for n in range(1, 8)))
    assert [names(claim(store, limit=3)) for _ in range(4)] == [
        ["letter1", "letter2", "letter3"], ["letter4", "letter5", "letter6"], ["letter7"], [],
    ]  # fmt: skip


def test_a_letter_that_is_not_due_waits(store: Store) -> None:
    with store.act() as act:
        act.outbox.queue([letter("a", ticket=ticket(act), act=act_of(act), due_at=NOW + MINUTE)])
    assert claim(store) == ()
    assert names(claim(store, now=NOW + MINUTE)) == ["a"]


def test_what_a_dead_process_held_is_free_at_once(store: Store) -> None:
    queued(store, ("a", 1, "ada@x.example"), ("b", 2, "ada@x.example"))
    assert names(claim(store, "dead")) == ["a", "b"]
    assert claim(store, "two") == ()
    assert names(claim(store, "two", is_dead=lambda holder: holder == "dead")) == ["a", "b"]
    assert claim(store, "three", is_dead=lambda holder: holder == "dead") == ()


def test_what_a_living_process_holds_for_too_long_is_free(store: Store) -> None:
    queued(store, ("a", 1, "ada@x.example"))
    claim(store, "slow")
    assert claim(store, "two", now=NOW + MINUTE, stale=NOW) == ()
    assert names(claim(store, "two", now=NOW + DAY, stale=NOW + MINUTE)) == ["a"]


def test_who_lost_a_letter_settles_nothing(store: Store) -> None:
    queued(store, ("a", 1, "ada@x.example"))
    (lost,) = claim(store, "slow")
    (mine,) = claim(store, "quick", is_dead=lambda holder: holder == "slow")
    with store.act() as act:
        assert act.outbox.in_hand([lost]) == frozenset()
        assert act.outbox.in_hand([mine]) == {mine.id}
        act.outbox.sent(lost, reply="250 ok", now=NOW)
        act.outbox.postpone(lost, until=NOW + DAY, reply="451", now=NOW)
        act.outbox.fail(lost, reply="550")
        act.outbox.withdraw(lost, withheld(), now=NOW)
        act.outbox.put_back([lost])
        assert by_name(act, "a") == mine
        assert act.outbox.of_ticket(1) == ((mine,), ())
        act.outbox.sent(mine, reply="250 ok", now=NOW)
        act.outbox.put_back([mine])
        assert by_name(act, "a").state is LetterState.SENT


def test_a_letter_that_was_put_back_was_not_tried(store: Store) -> None:
    queued(store, ("a", 1, "ada@x.example"))
    with store.act() as act:
        act.outbox.put_back(act.outbox.claim("one", now=NOW, limit=1, stale=STALE, is_dead=lambda _: False))
    (again,) = claim(store, "two")
    assert (again.attempts, again.due_at, again.claimed_by) == (0, NOW, "two")


def test_senders_at_once_have_disjoint_letters(place: Place) -> None:
    setup = place.open()
    queued(setup, *((f"{number}-{n}", number, f"ada{n % 2}@x.example") for number in range(1, 11) for n in range(4)))

    def send(holder: str) -> list[str]:
        mine, gone = place.open(), []
        for _ in range(200):
            letters = claim(mine, holder, limit=3)
            if not letters:
                with mine.reading() as view:
                    if not view.outbox.waiting():
                        break
                continue
            with mine.act() as act:
                for one in letters:
                    act.outbox.sent(one, reply="250 ok", now=NOW)
            gone += names(letters)
        mine.close()
        return gone

    sent = at_once([lambda holder=f"process {n}": send(holder) for n in range(3)])  # type: ignore[misc]
    assert sorted(name for some in sent for name in some) == sorted(f"{t}-{n}" for t in range(1, 11) for n in range(4))
    setup.close()


def test_the_loop_budget_counts_automatic_letters_only(store: Store) -> None:
    with store.act() as act:
        number = ticket(act)
        for name, automatic, at in (("a", True, NOW), ("b", True, NOW - MINUTE), ("c", False, NOW), ("d", True, STALE)):
            one = letter(name, ticket=number, act=act_of(act), to="Ada@x.example", automatic=automatic, queued_at=at)
            act.outbox.queue([one])
        act.outbox.queue([letter("e", ticket=number, act=act_of(act), to="bob@x.example", automatic=True)])
        keys = ["ada@x.example", "bob@x.example", "eve@x.example"]
        assert act.outbox.recent(keys, since=NOW - MINUTE) == {"ada@x.example": 2, "bob@x.example": 1}
        assert act.outbox.recent([], since=STALE) == {}


def test_the_loop_budget_counts_by_domain_and_by_ticket_too(store: Store) -> None:
    with store.act() as act:
        first, second = ticket(act), ticket(act)
        for name, number, to in (
            ("a", first, "ada@X.example"),
            ("b", second, "bob@x.example"),
            ("c", first, "eve@büro.example"),
        ):
            act.outbox.queue([letter(name, ticket=number, act=act_of(act), to=to, automatic=True)])
        act.outbox.queue([letter("d", ticket=first, act=act_of(act), to="ada@x.example")])
        domains = ["x.example", "xn--bro-hoa.example", "y.example", ""]
        assert act.outbox.recent_in(domains, since=NOW) == {"x.example": 2, "xn--bro-hoa.example": 1}
        assert act.outbox.recent_in([], since=STALE) == {}
        keys = ["ada@x.example", "eve@xn--bro-hoa.example", "nobody@y.example"]
        found = act.outbox.recent_of_all(keys, first, since=NOW)
        assert found.by_key == act.outbox.recent(keys, since=NOW) == {keys[0]: 1, keys[1]: 1}
        assert found.by_domain == {"x.example": 2, "xn--bro-hoa.example": 1}
        assert (found.about, act.outbox.recent_of_all(keys, None, since=NOW).about) == (2, 0)
        assert act.outbox.recent_in(["x.example"], since=NOW + MINUTE) == {}
        assert act.outbox.recent_answers(first, "ada@x.example", since=NOW) == 1
        assert act.outbox.wrote_to_domain(first, "x.example")
        assert not act.outbox.wrote_to_domain(second, "xn--bro-hoa.example")


def test_the_loop_budget_knows_an_address_under_the_key_that_was_asked_for(store: Store) -> None:
    """Folding can take NFC apart (ΐ): the store keeps the composed form, the asker need not know."""
    from domain.people import address_key

    key = address_key("\u0390@x.example")
    with store.act() as act:
        one = letter("a", ticket=ticket(act), act=act_of(act), to="\u0390@x.example", automatic=True)
        act.outbox.queue([one])
        assert act.outbox.recent([key], since=STALE) == {key: 1}


def test_a_withdrawn_letter_leaves_a_withheld_one(store: Store) -> None:
    queued(store, ("a", 1, "ada@x.example"))
    (mine,) = claim(store)
    with store.act() as act:
        act.outbox.withdraw(mine, withheld(), now=NOW + MINUTE)
        act.outbox.withhold(mine.act, 1, [withheld("bob@x.example")], now=NOW)
    with store.reading() as view:
        (letter_,), kept_back = view.outbox.of_ticket(1)
        assert (letter_.state, letter_.reply, letter_.attempts) == (LetterState.WITHHELD, "she wants no letters", 0)
        assert [(one.letter, one.withheld.reason, one.at) for one in kept_back] == [
            ("a", Reason.OPTED_OUT, NOW + MINUTE), ("", Reason.OPTED_OUT, NOW),
        ]  # fmt: skip
        assert view.outbox.recent_withheld(limit=1)[0].withheld.recipient.address == "bob@x.example"
        assert view.outbox.waiting() == 0
        assert view.outbox.next_due() is None


def test_a_conversation_is_known_by_its_letters(store: Store) -> None:
    queued(store, ("a", 1, "Ada@x.example"), ("b", 1, "bob@x.example"), ("c", 1, "ada@x.example"))
    with store.reading() as view:
        assert view.outbox.written_to(1, "ada@x.example") == ("<a@desk.example>", "<c@desk.example>")
        assert names(view.outbox.recent_letters(limit=2)) == ["c", "b"]


def test_letters_about_no_ticket_go_in_order_too(store: Store) -> None:
    with store.act() as act:
        for name, to in (("a", "ada@x.example"), ("b", "ada@x.example"), ("c", "bob@x.example")):
            act.outbox.queue([letter(name, ticket=None, act=act_of(act), to=to)])
        act.outbox.withhold(act_of(act), None, [withheld()], now=NOW)
    assert names(claim(store)) == ["a", "c"]
    with store.act() as act:
        act.outbox.sent(by_name(act, "a"), reply="250 ok", now=NOW)
    assert names(claim(store)) == ["b"]
    with store.reading() as view:
        assert view.outbox.of_address("ada@customer.example", limit=9)[1][0].ticket is None


def test_what_is_on_hold_holds_up_what_comes_after_it(store: Store) -> None:
    queued(store, ("a", 1, "ada@x.example"), ("b", 1, "ada@x.example"), ("c", 1, "bob@x.example"))
    with store.act() as act:
        assert act.outbox.hold(Hold(agent="ada", at=NOW, letter="a"))
    assert names(claim(store)) == ["c"]
    with store.act() as act:
        assert act.outbox.release(letter="a")
        assert not act.outbox.release()
    assert names(claim(store)) == ["a"]


def test_a_hold_reaches_a_letter_that_is_in_a_hand(store: Store) -> None:
    queued(store, ("a", 1, "ada@x.example"))
    (mine,) = claim(store)
    with store.act() as act:
        assert act.outbox.in_hand([mine]) == {mine.id}
        act.outbox.hold(Hold(agent="ada", at=NOW))
        assert act.outbox.in_hand([mine]) == frozenset()


def test_what_was_sent_is_neither_cancelled_nor_tried_again(store: Store) -> None:
    queued(store, ("a", 1, "ada@x.example"))
    (mine,) = claim(store)
    with store.act() as act:
        act.outbox.sent(mine, reply="250 ok", now=NOW)
        for stale in (mine, by_name(act, "a")):
            assert not act.outbox.cancel(stale, withheld(), now=NOW)
            assert not act.outbox.retry(stale, now=NOW)
        assert by_name(act, "a").state is LetterState.SENT


def test_the_backlog(store: Store) -> None:
    queued(store, ("a", 1, "ada@x.example"), ("b", 2, "bob@x.example"), ("c", 3, "eve@x.example"))
    first, second, _ = claim(store)
    with store.act() as act:
        act.outbox.fail(first, reply="550 no")
        act.outbox.postpone(second, until=NOW + DAY, reply="451 later", now=NOW)
        act.outbox.hold(Hold(agent="ada", at=NOW, ticket=3))
        assert act.outbox.backlog(since=NOW - DAY, now=NOW) == Backlog(
            waiting=2, postponed=1, held=1, failed=1, oldest=NOW, why="451 later"
        )
        assert act.outbox.backlog(since=NOW, now=NOW - DAY) == Backlog(waiting=2, postponed=1, held=1, why="451 later")
