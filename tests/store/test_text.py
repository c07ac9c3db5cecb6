"""Whatever a mail contains, both databases take it and give the same back."""

import unicodedata
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import StatementError

from domain.event import DESK, Event, EventKind
from domain.letter import Recipient
from domain.people import Address
from domain.ticket import EntryKind
from store.store import Store
from store.tables import clean
from tests.store.samples import MAILBOX, NOW, act_of, arrival, at, claim, finish, letter, stored, ticket, withheld

# Everything that a str can hold: NUL, lone surrogates, and letters taken apart.
texts = st.text(st.characters(codec=None, exclude_categories=())) | st.sampled_from(
    ["\x00", "a\x00b", "\ud800", "\udfff\ud800", "u\u0308", "\u1100\u1161", "\ufb01", "\u2126", "\U0001f600", "\u200d"]
)
jsons = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(-1e9, 1e9) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
# The database is shared by the examples of one test; each works in an act that is taken back.
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class TakenBack(Exception):
    pass


def as_kept(value: Any) -> Any:
    """VALUE with every text as the store keeps it."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [as_kept(one) for one in value]
    if isinstance(value, dict):
        return {clean(key): as_kept(one) for key, one in value.items()}
    return value


@given(texts)
def test_a_clean_text_stays_as_it_is(value: str) -> None:
    kept = clean(value)
    assert clean(kept) == kept
    assert unicodedata.is_normalized("NFC", kept)
    assert "\x00" not in kept
    kept.encode()


@pytest.mark.parametrize(
    ("given_", "kept"),
    [("plain", "plain"), ("a\x00b", "ab"), ("\ud83d", "\ufffd"), ("u\u0308", "ü"), ("\x00u\u0308\ud800", "ü\ufffd")],
)
def test_what_no_database_takes_is_replaced(given_: str, kept: str) -> None:
    assert clean(given_) == kept


@quick
@given(one=texts, two=texts, value=jsons)
def test_every_text_of_a_mail_is_stored_and_read_back(store: Store, one: str, two: str, value: Any) -> None:
    with suppress(TakenBack), store.act() as act:
        company = act.people.add_organization(one, domains=["x.example", f"{two}.example"], address=two, now=NOW)
        assert (company.name, company.address) == (clean(one), clean(two))
        contact = act.people.add_contact(Address("ada@x.example", one), now=NOW)
        act.people.set_opt_out(contact.id, opted_out=True, how=two, now=NOW)
        act.people.change_contact(contact.id, name=two)
        known = act.people.contact(contact.id)
        assert known is not None
        assert (known.name, known.opted_out_how) == (clean(two), clean(two))
        number = ticket(act, title=one, description=two, solution=one, contact=contact)
        act.tickets.change(number, now=NOW, title=two)
        act.tickets.add_tags(number, [one, one, two])
        facts = act.tickets.facts(number)
        assert (facts.title, facts.description, facts.solution) == (clean(two), clean(two), clean(one))
        assert set(facts.tags) == {clean(one), clean(two)}
        act.tickets.remove_tags(number, [one, two])
        assert act.tickets.facts(number).tags == ()
        entry = act.tickets.add_entry(
            number, kind=EntryKind.CUSTOMER, author=one, text=two, shown=one, now=NOW, message_id=two,
        )  # fmt: skip
        found = act.tickets.entry(entry)
        assert found is not None
        assert (found.author, found.text, found.shown) == (clean(one), clean(two), clean(one))
        event = Event(kind=EventKind.FIELD, actor=DESK, field="title", before=one, after=two, because=one)
        act.tickets.record(act_of(act), number, [event], now=NOW)
        (line,) = act.tickets.history(number)
        assert (line.event.before, line.event.after, line.event.because) == (clean(one), clean(two), clean(one))
        to = Recipient(role="requester", address=f"{one}@x.example")
        facts_of_letter = {"name": "", "value": value, one: two}
        act.outbox.queue([
            letter("a", ticket=number, act=act_of(act), recipient=to, because=two, facts=facts_of_letter)
        ])  # fmt: skip
        queued = act.outbox.by_letter("a")
        assert queued is not None
        assert queued.facts == as_kept(facts_of_letter)
        assert (queued.recipient.address, queued.because) == (clean(f"{one}@x.example"), clean(two))
        act.outbox.withhold(act_of(act), number, [withheld(one)], now=NOW)
        act.people.find(one)
        act.people.contact_of(one)
        raise TakenBack


@quick
@given(one=texts, two=texts, value=st.dictionaries(texts, jsons, max_size=3))
def test_every_text_of_the_journal_is_stored_and_read_back(store: Store, one: str, two: str, value: Any) -> None:
    with store.reading() as view:
        known = view.journal.rows()
    if not known:
        stored(store, 1)
        claim(store)
    with suppress(TakenBack), store.act() as act:
        row = at(act, 1)
        act.journal.note_failure(row, because=one)
        assert at(act, 1).because == clean(one)
        finish(act, row, because=two, message_id=one, sender=two, subject=one, decision=value)
        done = at(act, 1)
        assert (done.because, done.message_id, done.sender, done.subject) == (
            clean(two), clean(one), clean(two), clean(one),
        )  # fmt: skip
        assert act.journal.decision(done.id) == (as_kept(value) or None)
        act.journal.arrive([arrival(9, quiet=one, because=two)], now=NOW)
        assert (at(act, 9).quiet, at(act, 9).because) == (clean(one), clean(two))
        act.journal.remember_rules("hash", one, now=NOW)
        raise TakenBack


@quick
@given(
    st.datetimes(
        min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29),  # noqa: DTZ001
        timezones=st.builds(timezone, st.timedeltas(timedelta(hours=-23), timedelta(hours=23))),
    )
)  # fmt: skip
def test_times_come_back_in_utc_to_the_microsecond(store: Store, moment: datetime) -> None:
    with suppress(TakenBack), store.act() as act:
        act.journal.arrive([arrival(1, arrived=moment)], now=moment)
        row = at(act, 1)
        assert (row.arrived, row.listed_at) == (moment, moment)
        assert row.listed_at.tzinfo is UTC
        assert row.arrived is not None
        assert row.arrived.tzinfo is UTC
        raise TakenBack


def test_times_are_compared_as_moments(store: Store) -> None:
    east = timezone(timedelta(hours=9))
    with store.act() as act:
        act.journal.arrive([arrival(1)], now=NOW.astimezone(east))
        assert act.journal.unfinished(listed_before=NOW) == ()
        assert len(act.journal.unfinished(listed_before=(NOW + timedelta(microseconds=1)).astimezone(east))) == 1


def test_a_naive_time_is_refused(store: Store) -> None:
    with pytest.raises(StatementError, match="a naive time reached the store"), store.act() as act:
        act.journal.arrive([arrival(1, arrived=NOW.replace(tzinfo=None))], now=NOW)
    with store.reading() as view:
        assert view.journal.at(MAILBOX, "INBOX/7/1") is None


def test_no_attachments_are_null_and_not_a_json_null(store: Store) -> None:
    with store.act() as act:
        act.tickets.add_entry(ticket(act), kind=EntryKind.NOTE, author="Max", text="", now=NOW)
    with store.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM entry WHERE attachments IS NULL").scalar() == 1
