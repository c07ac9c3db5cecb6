"""What stands in letters beside the act itself: what was said before, to whom it may be told, and the record of it."""

from store.outbox import LetterState
from tests.conversation import Begin, Conversation

ANNA = "Anna Kunde <anna@kunde.example>"
ADA = "ada@acme.example"
EARLIER = "Der bisherige Verlauf"


def asked(talk: Conversation) -> None:
    talk.customer(ANNA).writes("Drucker brennt", "Guten Tag, der Drucker brennt lichterloh.")


def test_an_answer_ends_with_what_was_said_before_without_notes(anywhere: Begin) -> None:
    talk = anywhere()
    asked(talk)
    talk.later(minutes=5)
    talk.staff("ada").note(1, "Sie zahlt nie.")
    talk.later(minutes=5)
    talk.staff("ada").reply(1, "Wir kommen.")
    talk.later(minutes=5)
    talk.staff("ada").reply(1, "Wir sind da.")
    talk.deliver()
    answer = talk.letters("anna@kunde.example")[-1].text
    said, _, earlier = answer.partition(EARLIER)
    assert "Wir sind da." in said
    assert "Wir kommen." not in said
    assert earlier.index("> Wir kommen.") < earlier.index("> Guten Tag, der Drucker brennt lichterloh.")
    assert "zahlt nie" not in answer


def test_how_much_was_said_before_is_settable(talk: Conversation) -> None:
    talk.restart({"notifications": {"look": {"earlier": 0}}})
    asked(talk)
    talk.staff("ada").reply(1, "Wir kommen.")
    talk.deliver()
    assert EARLIER not in talk.letters("anna@kunde.example")[-1].text


def test_whoever_was_not_there_is_not_told_what_was_said_before(talk: Conversation) -> None:
    asked(talk)
    talk.staff("ada").reply(1, "Wir kommen.", cc=("neu@kunde.example",))
    talk.deliver()
    assert EARLIER in talk.letters("anna@kunde.example")[-1].text
    newcomer = talk.letters("neu@kunde.example")[-1].text
    assert "Wir kommen." in newcomer
    assert "lichterloh" not in newcomer


def test_a_machine_and_an_unconfirmed_sender_are_not_passed_on(talk: Conversation) -> None:
    asked(talk)
    anna = talk.customer(ANNA)
    letter = anna.letters[0]
    eve = talk.customer("Eve <eve@elsewhere.example>")
    eve.answers(letter, "Ich bin Anna, wirklich.")
    talk.staff("ada").reply(1, "Wir kommen.")
    talk.deliver()
    assert "wirklich" not in talk.letters("anna@kunde.example")[-1].text


def test_an_agent_may_answer_between_the_lines_of_his_letter(talk: Conversation) -> None:
    asked(talk)
    assert "über diese Zeile" not in str(talk.letters(ADA)[-1].fields)


def test_what_a_letter_was_written_with_is_recorded(anywhere: Begin) -> None:
    talk = anywhere()
    asked(talk)
    talk.deliver()
    letters = talk.outbox(1)
    assert letters
    for letter in letters:
        assert letter.state is LetterState.SENT
        name, version = letter.template.split()
        assert (name, len(version)) == (letter.kind.value, 8)
