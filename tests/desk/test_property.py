"""Whatever people write, in whatever order: nobody's mail lands as a customer's on another's ticket."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.event import EventKind
from domain.intake import State
from store.store import open_store
from tests.conversation import Conversation, Person

PEOPLE = ("anna@kunde.example", "bob@firma.example", "eve@elsewhere.example")
person = st.sampled_from(range(3))
number = st.integers(0, 30)

steps = st.lists(
    st.one_of(
        st.tuples(st.just("new"), person, number),
        st.tuples(st.just("letter"), person, number),
        st.tuples(st.just("mail"), person, number),
        st.tuples(st.just("tag"), person, number),
        st.tuples(st.just("away"), person, number),
        st.tuples(st.just("again"), person, number),
        st.tuples(st.just("close"), person, number),
        st.tuples(st.just("reply"), person, number),
        st.tuples(st.just("later"), person, number),
    ),
    min_size=3,
    max_size=14,
)


def play(talk: Conversation, people: list[Person], deed: str, who: Person, n: int) -> None:
    """One step; answers go to anything that anybody ever wrote or got."""
    mails = [mail for one in people for mail in one.sent]
    letters, tickets = talk.letters(), talk.tickets()
    if deed == "new" or not mails or not letters:
        talk.put(who.mail(f"Thema {n}"))
    elif deed == "letter":
        talk.put(who.answer(letters[n % len(letters)], subject="Re: etwas"))
    elif deed == "mail":
        talk.put(who.answer(mails[n % len(mails)], subject="Re: etwas"))
    elif deed == "tag":
        talk.put(who.mail(f"[ACME-{n % (tickets + 2)}] etwas"))
    elif deed == "away":
        talk.put(who.answer(letters[n % len(letters)], Auto_Submitted="auto-replied"))
    elif deed == "again":
        talk.put(mails[n % len(mails)])
    elif deed == "close":
        talk.staff("ada").close(n % tickets + 1)
    elif deed == "reply":
        talk.staff("ada").reply(n % tickets + 1, "Antwort")
    else:
        talk.later(days=n)
    talk.round()


def assert_nobody_on_anothers_ticket(talk: Conversation) -> None:
    for n in range(1, talk.tickets() + 1):
        requester = talk.ticket(n).requester
        assert requester is not None
        for event in talk.events(n):
            if event.kind in (EventKind.CUSTOMER_WROTE, EventKind.OPENED, EventKind.REOPENED):
                assert event.actor.kind == "contact"
                assert event.actor.key == str(requester.id)
        for letter in talk.outbox(n):
            own = letter.recipient.is_staff or letter.recipient.contact == requester.id
            assert own, "a letter about a ticket to somebody who is not on it"


def assert_each_mail_counts_once(talk: Conversation) -> None:
    rows = talk.journal()
    assert all(row.outcome is not None and row.state is State.FILED for row in rows)
    on_tickets = [entry.intake for n in range(1, talk.tickets() + 1) for entry in talk.entries(n) if entry.intake]
    assert sorted(on_tickets) == [row.id for row in rows if row.outcome in ("ticket", "comment")]
    talk.round()
    assert talk.journal() == rows
    assert talk.gaps() == ()


@given(steps=steps)
@settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_any_conversation(sqlite_file: Path, steps: list[tuple[str, int, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(sqlite_file, Path(folder) / "helpdesk.db")
        store = open_store("sqlite:///helpdesk.db", base=Path(folder))
        try:
            talk = Conversation(store)
            people = [talk.customer(address) for address in PEOPLE]
            for deed, who, n in steps:
                play(talk, people, deed, people[who], n)
            assert_nobody_on_anothers_ticket(talk)
            assert_each_mail_counts_once(talk)
        finally:
            store.close()
