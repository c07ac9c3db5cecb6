"""What only one process may do at a time."""

from datetime import datetime

from store.lease import Lease
from store.store import Store
from tests.store.samples import MINUTE, NOW, at_once


def take(store: Store, holder: str, *, now: datetime = NOW, dead: str = "") -> Lease:
    with store.act() as act:
        return act.leases.take("scan support", holder, now=now, duration=5 * MINUTE, is_dead=lambda name: name == dead)


def test_the_first_one_has_it_and_the_second_is_told_who(store: Store) -> None:
    assert take(store, "one") == Lease(name="scan support", holder="one", epoch=1, until=NOW + 5 * MINUTE)
    assert take(store, "two") == Lease(name="scan support", holder="one", epoch=1, until=NOW + 5 * MINUTE)


def test_its_holder_holds_it_longer_in_the_same_epoch(store: Store) -> None:
    take(store, "one")
    held = take(store, "one", now=NOW + MINUTE)
    assert (held.epoch, held.until) == (1, NOW + 6 * MINUTE)


def test_it_ends_by_its_time(store: Store) -> None:
    take(store, "one")
    assert take(store, "two", now=NOW + 5 * MINUTE - MINUTE / 60).holder == "one"
    held = take(store, "two", now=NOW + 5 * MINUTE)
    assert (held.holder, held.epoch) == ("two", 2)


def test_a_dead_holder_has_lost_it_at_once(store: Store) -> None:
    take(store, "one")
    held = take(store, "two", dead="one")
    assert (held.holder, held.epoch) == ("two", 2)
    assert take(store, "one").holder == "two"


def test_it_is_given_back_by_its_holder_only(store: Store) -> None:
    first = take(store, "one")
    second = take(store, "two", dead="one")
    with store.act() as act:
        act.leases.leave(first)
    assert take(store, "three").holder == "two"
    with store.act() as act:
        act.leases.leave(second)
    third = take(store, "three")
    assert (third.holder, third.epoch) == ("three", 3)


def test_a_lease_of_an_earlier_epoch_gives_nothing_back(store: Store) -> None:
    early = take(store, "one")
    take(store, "two", dead="one")
    late = take(store, "one", dead="two")
    assert (early.holder, late.holder, late.epoch) == ("one", "one", 3)
    with store.act() as act:
        act.leases.leave(early)
    assert take(store, "two").holder == "one"


def test_one_of_many_first_takers_gets_it(store: Store) -> None:
    held = at_once([lambda name=f"process {n}": take(store, name) for n in range(4)])  # type: ignore[misc]
    assert len({lease.holder for lease in held}) == 1
    assert {lease.epoch for lease in held} == {1}


def test_leases_of_different_names_do_not_meet(store: Store) -> None:
    with store.act() as act:
        for name in ("scan sales", "scan support"):
            assert act.leases.take(name, name, now=NOW, duration=MINUTE, is_dead=lambda _: False).holder == name
