"""Several letters about one ticket to one person leave as one, where config.yaml wants that."""

import contextlib
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st

from desk.acts import File
from desk.outbox import Choice, cancel, hold
from domain.letter import Letter, LetterKind
from notifier.sender import nothing
from store.outbox import LetterState, QueuedLetter
from store.store import open_store
from tests.conversation import MORNING, Begin, Conversation, Death, Person

ADA, BERT, WEISS = "ada@acme.example", "bert@acme.example", "weiss@firma.example"
TWO_MINUTES = {"notifications": {"join_within": "2m"}}


def opened(begin: Begin, changes: Mapping[str, Any] = TWO_MINUTES) -> tuple[Conversation, Person]:
    """A ticket of Weiß's, of which everybody heard."""
    talk: Conversation = begin(changes)
    weiss = talk.customer(f"Anna Weiß <{WEISS}>")
    weiss.writes("Drucker", "Er brennt.")
    talk.later(minutes=2)
    talk.deliver()
    for person in (ADA, BERT, WEISS):
        assert len(talk.new_letters(person)) == 1
    return talk, weiss


def states(talk: Conversation, to: str = WEISS) -> list[str]:
    """What became of the letters to somebody about the first ticket, the opening left out."""
    return [letter.state.value for letter in talk.outbox(1) if letter.recipient.address == to][1:]


def last(talk: Conversation, to: str = WEISS) -> QueuedLetter:
    return [letter for letter in talk.outbox(1) if letter.recipient.address == to][-1]


def test_an_answer_and_a_solution_within_the_window_are_one_letter(begin: Begin) -> None:
    talk, weiss = opened(begin)
    talk.staff("ada").reply(1, "Wir schauen sofort nach.")
    talk.later(minutes=1)
    talk.staff("ada").solve(1, "Der Stecker war locker.")
    assert talk.deliver().sent == 0
    talk.later(minutes=1)
    assert talk.deliver().sent == 2, "one to the customer, one to bert"
    assert weiss.hears() == ["solution"]
    text = weiss.last.text.replace("\r\n", "\n")
    assert (
        "Der Stecker war locker.\n\nAda Example schrieb am 07.01.2030, 09:02 UTC:\n\nWir schauen sofort nach." in text
    )
    assert "- Status: Offen → Gelöst" in text
    assert text.count("Wir schauen sofort nach.") == 1
    assert weiss.last.fields["Auto-Submitted"] is None
    assert states(talk) == ["joined", "sent"]
    comment, solution = talk.outbox(1)[-4], last(talk)
    assert (comment.kind, comment.joined_into) == (LetterKind.COMMENT, solution.letter)
    talk.later(hours=1)
    assert talk.deliver().sent == 0


def test_an_answer_to_it_comes_to_the_ticket_and_the_next_letter_belongs_to_the_conversation(begin: Begin) -> None:
    talk, weiss = opened(begin)
    for text in ("Erstens.", "Zweitens."):
        talk.staff("ada").reply(1, text)
    talk.later(minutes=2)
    talk.deliver()
    joined = weiss.last
    weiss.answers(joined, "Danke!")
    assert talk.tickets() == 1
    talk.staff("ada").reply(1, "Gern.")
    talk.later(minutes=2)
    talk.deliver()
    assert weiss.last.in_reply_to == weiss.sent[-1].message_id


def test_the_acknowledgement_goes_with_a_quick_answer(begin: Begin) -> None:
    talk: Conversation = begin(TWO_MINUTES)
    weiss = talk.customer(f"Anna Weiß <{WEISS}>")
    weiss.writes("Drucker", "Er brennt.")
    talk.staff("ada").reply(1, "Wir kommen.")
    talk.later(minutes=2)
    talk.deliver()
    assert weiss.hears() == ["comment"]
    text = weiss.last.text
    assert "Wir kommen." in text
    assert "> Er brennt." in text, "what he wrote stands below, in the conversation"
    assert talk.new_letters(BERT)[0].kind is LetterKind.STAFF_COMMENT


def test_switched_off_each_letter_leaves_at_once(begin: Begin) -> None:
    talk, weiss = opened(begin, {})
    talk.staff("ada").reply(1, "Erstens.")
    talk.staff("ada").reply(1, "Zweitens.")
    talk.deliver()
    assert weiss.hears() == ["comment", "comment"]


def test_a_mailbox_has_its_own_window(begin: Begin) -> None:
    talk, weiss = opened(begin, {**TWO_MINUTES, "mailboxes": {"support": {"notifications": {"join_within": "0s"}}}})
    talk.staff("ada").reply(1, "Sofort.")
    talk.deliver()
    assert weiss.hears() == ["comment"]


def test_a_long_stream_is_not_put_off_for_ever(begin: Begin) -> None:
    talk, weiss = opened(begin)
    got: list[int] = []
    for minute in range(10):
        talk.staff("ada").reply(1, f"Nachricht {minute}.")
        talk.deliver()
        got += [letter.text.count("Nachricht") for letter in talk.new_letters(WEISS)]
        talk.later(minutes=1)
    talk.later(minutes=2)
    talk.deliver()
    got += [letter.text.count("Nachricht") for letter in talk.new_letters(WEISS)]
    words = "".join(letter.text for letter in weiss.letters)
    assert all(f"Nachricht {minute}." in words for minute in range(10))
    assert len(got) == 4, "the first waits two minutes, and with it what came meanwhile"


def test_an_opt_out_stops_each_of_them_by_itself(begin: Begin) -> None:
    talk, weiss = opened(begin)
    talk.staff("ada").reply(1, "Erstens.")
    talk.staff("ada").reply(1, "Zweitens.")
    opt_out(talk)
    talk.later(minutes=2)
    talk.deliver()
    assert weiss.hears() == []
    assert states(talk) == ["withheld", "withheld"]
    assert len(talk.withheld(1)) == 2


def opt_out(talk: Conversation) -> None:
    with talk.store.act() as view:
        view.people.set_opt_out(talk.contact(WEISS).id, opted_out=True, how="by telephone", now=talk.now)


def test_an_opt_out_stops_what_was_joined_already(begin: Begin) -> None:
    talk, weiss = opened(begin)
    talk.staff("ada").reply(1, "Erstens.")
    talk.staff("ada").solve(1, "Zweitens.")
    talk.smtp.refuse(WEISS, "451 4.7.1 greylisted")
    talk.later(minutes=2)
    assert talk.deliver().postponed == 1
    assert states(talk) == ["joined", "queued"]
    opt_out(talk)
    talk.later(minutes=10)
    talk.deliver()
    assert states(talk) == ["withheld", "withheld"]
    assert len(talk.withheld(1)) == 2
    assert weiss.hears() == []


def test_what_was_said_in_spite_of_an_opt_out_takes_nothing_else_along(begin: Begin) -> None:
    talk, weiss = opened(begin)
    talk.staff("ada").reply(1, "Nebenbei.")
    talk.staff("ada", mandatory=True).reply(1, "Rückruf der Batterie!")
    opt_out(talk)
    talk.later(minutes=2)
    talk.deliver()
    assert weiss.hears() == ["comment"]
    assert "> Nebenbei." in weiss.last.text, "as what was said before, to everybody who reads the conversation"
    assert states(talk) == ["withheld", "sent"]


def test_a_greylisted_letter_goes_again_as_it_was(begin: Begin) -> None:
    talk, _ = opened(begin)
    talk.staff("ada").reply(1, "Erstens.")
    talk.staff("ada").reply(1, "Zweitens.")
    talk.smtp.refuse(WEISS, "451 4.7.1 greylisted")
    talk.later(minutes=2)
    talk.deliver()
    talk.staff("ada").reply(1, "Drittens.")
    talk.later(minutes=10)
    talk.deliver()
    assert ["Drittens" in letter.text for letter in talk.new_letters(WEISS)] == [False, True]
    assert states(talk) == ["sent", "joined", "sent"]


@pytest.mark.parametrize("before_the_server", [True, False])
def test_whenever_the_process_dies_nothing_is_lost_and_a_copy_is_the_same(
    anywhere: Begin, *, before_the_server: bool
) -> None:
    talk, weiss = opened(anywhere)
    talk.staff("ada").reply(1, "Erstens.")
    talk.staff("ada").solve(1, "Zweitens.")

    talk.later(minutes=2)
    talk.start(sender=Mortal(talk, sends_first=not before_the_server))
    talk.dies(talk.deliver)
    # What comes now must not slip into a letter that may be on its way already.
    talk.staff("ada").reply(1, "Drittens.")
    talk.later(minutes=2)
    talk.deliver()
    copies = [one.data for one in talk.smtp.sent if one.envelope_to == WEISS][1:]
    assert len(copies) == (2 if before_the_server else 3)
    assert len(set(copies)) == 2
    assert b"Erstens" in copies[0]
    assert b"Zweitens" in copies[0]
    assert states(talk) == ["joined", "sent", "sent"]
    assert "Drittens" in weiss.last.text


def test_what_must_stand_alone_stands_alone_and_the_order_stays(begin: Begin) -> None:
    chosen = {"name": "own", "match": "always", "then": [{"letter": {"choose": "status"}}]}
    talk, weiss = opened(begin, {"notifications": {"join_within": "2m", "on_customer_mail": True}, "rules": [chosen]})
    talk.staff("ada").reply(1, "Erstens.")
    weiss.answers(weiss.last, "Ist das alles?")
    talk.staff("ada").reply(1, "Zweitens.")
    talk.later(minutes=2)
    talk.deliver(), talk.deliver(), talk.deliver()
    assert weiss.hears() == ["comment", "acknowledgement", "comment"]
    assert states(talk) == ["sent", "sent", "sent"]


def test_a_confirmation_is_not_joined(begin: Begin) -> None:
    talk, weiss = opened(begin)
    talk.staff("ada").set_status(1, "solved")
    weiss.answers(weiss.last, "unsubscribe")
    talk.later(minutes=2)
    talk.deliver(), talk.deliver()
    assert weiss.hears() == ["opted_out"]
    assert states(talk) == ["withheld", "sent"]


def test_a_letter_on_hold_takes_none_along_and_holds_up_what_comes_after_it(begin: Begin) -> None:
    talk, _ = opened(begin)
    talk.staff("ada").reply(1, "Erstens.")
    talk.staff("ada").reply(1, "Zweitens.")
    hold(talk.desk, Choice(letters=(last(talk).letter,)), agent="ada", now=talk.now)
    talk.staff("ada").reply(1, "Drittens.")
    talk.later(minutes=2)
    talk.deliver()
    assert states(talk) == ["sent", "queued", "queued"]


def test_cancelling_the_letter_cancels_what_goes_with_it(begin: Begin) -> None:
    talk, weiss = opened(begin)
    talk.staff("ada").reply(1, "Erstens.")
    talk.staff("ada").reply(1, "Zweitens.")
    talk.smtp.refuse(WEISS, "451 4.7.1 greylisted")
    talk.later(minutes=2)
    talk.deliver()
    first = next(letter for letter in talk.outbox(1) if letter.parts)
    assert len(cancel(talk.desk, Choice(letters=(first.letter,)), agent="ada", now=talk.now)) == 2
    assert states(talk) == ["withheld", "withheld"]
    talk.later(hours=1)
    talk.deliver()
    assert weiss.hears() == []


def test_files_of_all_go_along(begin: Begin) -> None:
    talk, weiss = opened(begin)
    talk.staff("ada").reply(1, "Der Plan.", files=[File(name="plan.txt", content_type="text/plain", data=b"plan")])
    talk.staff("ada").reply(1, "Die Liste.", files=[File(name="liste.txt", content_type="text/plain", data=b"liste")])
    talk.later(minutes=2)
    talk.deliver()
    assert [part.get_filename() for part in weiss.last.fields.iter_attachments()] == ["plan.txt", "liste.txt"]
    assert "Anhänge: plan.txt, liste.txt" in weiss.last.text
    html = weiss.last.fields.get_body(("html",))
    assert html is not None
    assert "Die Liste." in html.get_content()


def test_staff_reads_everything_in_one_letter_and_the_customer_none_of_what_is_internal(begin: Begin) -> None:
    talk, weiss = opened(begin)
    talk.staff("ada").note(1, "Er zahlt nie.")
    talk.staff("ada").reply(1, "Guten Tag.")
    talk.staff("ada").take(1)
    weiss.writes("Re: [ACME-1] Drucker", "Es eilt.", in_reply_to=weiss.letters[0].message_id)
    talk.later(minutes=2)
    talk.deliver(), talk.deliver()
    [to_bert] = talk.new_letters(BERT)
    assert to_bert.kind is LetterKind.STAFF_COMMENT
    assert all(words in to_bert.text for words in ("Er zahlt nie.", "Guten Tag.", "Internal note by Ada Example"))
    assert not any("zahlt nie" in letter.text for letter in weiss.letters)
    assert len(talk.new_letters(ADA)) == 1


def test_the_letter_speaks_of_the_ticket_as_it_was_last(begin: Begin) -> None:
    talk, _ = opened(begin)
    talk.staff("ada").due(1, MORNING + timedelta(days=3))
    talk.staff("ada").change(1, field="priority", value="urgent")
    talk.staff("ada").due(1, MORNING + timedelta(days=5))
    talk.later(minutes=2)
    talk.deliver()
    [to_bert] = talk.new_letters(BERT)
    assert "ACME-1 · Open · urgent · service · due 12 Jan 2030, 09:00 UTC" in to_bert.text
    assert "- Due: 10 Jan 2030, 09:00 UTC → 12 Jan 2030, 09:00 UTC" in to_bert.text


def test_another_role_or_ticket_is_another_letter(begin: Begin) -> None:
    talk, weiss = opened(begin)
    weiss.writes("Toner", "Der Toner ist leer.")
    talk.staff("ada").reply(1, "Zum Drucker.")
    talk.staff("ada").reply(2, "Zum Toner.")
    talk.later(minutes=2)
    talk.deliver()
    assert sorted(weiss.hears()) == ["comment", "comment"]


def test_a_window_longer_than_an_hour_is_refused() -> None:
    from desk.config import parse

    _, problems = parse("notifications: {join_within: 2h}\n")
    assert any("join_within: is longer than an hour" in str(problem) for problem in problems)


def test_the_window_is_that_of_the_first_letter(begin: Begin) -> None:
    talk, _ = opened(begin)
    talk.staff("ada").reply(1, "Erstens.")
    assert last(talk).due_at == talk.now + timedelta(minutes=2)
    assert last(talk).state is LetterState.QUEUED
    assert talk.now == MORNING + timedelta(minutes=2)


def test_what_was_said_much_later_is_a_letter_of_its_own(begin: Begin) -> None:
    """Nothing was delivered for an hour: that makes one moment of neither."""
    talk, weiss = opened(begin)
    talk.staff("ada").reply(1, "Wir schauen sofort nach.")
    talk.later(hours=1)
    talk.staff("ada").solve(1, "Der Stecker war locker.")
    talk.later(minutes=2)
    talk.deliver()
    assert weiss.hears() == ["comment", "solution"]


DEEDS = (
    "reply",
    "solve",
    "note",
    "close",
    "assign",
    "mail",
    "soon",
    "later",
    "deliver",
    "refused",
    "dies",
    "dies after",
)
steps = st.lists(st.sampled_from(DEEDS), min_size=4, max_size=25)


class Mortal:
    """Hands letters to SMTP, until it dies."""

    def __init__(self, talk: Conversation, *, sends_first: bool) -> None:
        self._talk, self._sends_first = talk, sends_first

    def send(self, letter: Letter, *, meanwhile: Callable[[], object] = nothing) -> str:
        if self._sends_first:
            self._talk.smtp.send(letter, meanwhile=meanwhile)
        raise Death

    def close(self) -> None:
        """Nothing to let go of."""


def play(talk: Conversation, weiss: Person, deed: str, number: int) -> None:
    ada = talk.staff("ada")
    match deed:
        case "reply":
            ada.reply(1, f"Wort{number}.")
        case "solve":
            ada.solve(1, f"Wort{number}.")
        case "note":
            ada.note(1, f"Intern{number}.")
        case "close":
            ada.close(1)
        case "assign":
            ada.assign(1, group=("network", "service")[number % 2])
        case "mail":
            talk.put(weiss.answer(weiss.sent[0], f"Kundenwort{number}."))
            talk.scan()
        case "soon":
            talk.later(seconds=50)
        case "later":
            talk.later(minutes=3)
        case "deliver":
            talk.deliver()
        case "refused":
            talk.smtp.refuse(WEISS, "451 4.7.1 greylisted")
            talk.deliver()
        case _:
            talk.start(sender=Mortal(talk, sends_first=deed == "dies after"))
            with contextlib.suppress(Death):
                talk.deliver()
            talk.restart()


@given(steps=steps)
@tries(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_whatever_happens_each_word_arrives_once(sqlite_file: Path, steps: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(sqlite_file, Path(folder) / "helpdesk.db")
        store = open_store("sqlite:///helpdesk.db", base=Path(folder))
        try:
            talk = Conversation(store, {"notifications": {"join_within": "2m", "look": {"html": False}}})
            weiss = talk.customer(f"Anna Weiß <{WEISS}>")
            weiss.writes("Drucker", "Er brennt.")
            for number, deed in enumerate(steps):
                play(talk, weiss, deed, number)
            for _ in range(30):
                talk.later(hours=1)
                talk.deliver()
            assert_each_word_arrived_once(talk, [n for n, deed in enumerate(steps) if deed in ("reply", "solve")])
        finally:
            store.close()


def assert_each_word_arrived_once(talk: Conversation, numbers: list[int]) -> None:
    rows = {letter.letter: letter for letter in talk.outbox(1)}
    assert {letter.state for letter in rows.values()} <= {LetterState.SENT, LetterState.JOINED}
    assert all(rows[one.joined_into].state is LetterState.SENT for one in rows.values() if one.joined_into)
    copies = {one.id: {other.data for other in talk.smtp.sent if other.id == one.id} for one in talk.smtp.sent}
    assert all(len(data) == 1 for data in copies.values()), "a copy is the same to the last octet"
    for person in (WEISS, BERT):
        unique = {letter.message_id: letter.text for letter in talk.letters(person)}
        lines = [line for text in unique.values() for line in text.splitlines() if not line.startswith(">")]
        said = [int(found[1]) for line in lines if (found := re.fullmatch(r"Wort(\d+)\.", line))]
        assert sorted(said) == numbers, f"each once to {person}"
    assert not any("Intern" in letter.text for letter in talk.letters(WEISS))
    to_bert = "".join({letter.message_id: letter.text for letter in talk.letters(BERT)}.values())
    assert all(entry.shown.strip() in to_bert for entry in talk.entries(1) if entry.shown)
