"""Names in internal notes: whoever is named is told, and nobody else for it."""

import pytest

from desk.absence import go
from domain.absence import Absence
from domain.event import EventKind
from tests.conversation import Begin, Conversation, Person
from tests.desk.test_agents_by_mail import AUTHSERV, answers

ANNA = "Anna Kunde <anna@kunde.example>"
CLEO = {"cleo": {"name": "Cléo Example", "address": "cleo@acme.example"}}


@pytest.fixture
def talk(begin: Begin) -> Conversation:
    return begin({**AUTHSERV, "agents": CLEO, "groups": {"network": ["cleo"]}})


@pytest.fixture
def people(talk: Conversation) -> tuple[Person, Person, Person]:
    """Anna, whose ticket Ada has, Bert and Cléo."""
    anna, bert, cleo = (talk.customer(one) for one in (ANNA, "bert@acme.example", "cleo@acme.example"))
    anna.writes("Drucker brennt")
    talk.staff("ada").take(1)
    talk.deliver()
    for one in (anna, bert, cleo):
        one.hears()
    return anna, bert, cleo


def test_a_note_at_the_desk_tells_whom_it_names(talk: Conversation, people: tuple[Person, ...]) -> None:
    anna, bert, cleo = people
    report = talk.staff("ada").note(1, "@bert kennt den Router, @network auch; @zoe nicht.\n    @ada")
    talk.deliver()
    assert (anna.hears(), bert.hears(), cleo.hears()) == ([], ["staff_mention"], ["staff_mention"])
    assert report.remarks == ("@zoe is no agent and no group: nobody was told",)
    assert "Ada Example mentions you in an internal note on ACME-1." in bert.last.text
    assert "@bert kennt den Router" in bert.last.text
    assert "because you are mentioned in a note" in bert.last.text
    noted = talk.events(1)[-3:]
    assert [(one.kind, one.field, one.after, one.entry) for one in noted] == [
        (EventKind.NOTE, "", "", talk.entries(1)[-1].id),
        (EventKind.MENTIONED, "agent", "bert", talk.entries(1)[-1].id),
        (EventKind.MENTIONED, "group", "network", talk.entries(1)[-1].id),
    ]


def test_a_note_by_mail_names_in_its_own_words_only(talk: Conversation, people: tuple[Person, ...]) -> None:
    anna, bert, cleo = people
    ada = talk.customer("Ada Example <ada@acme.example>")
    anna.answers(anna.last, "Fragen Sie @bert!")
    assert bert.hears() == []
    text = "!note @Cléo kann helfen\n\nAm 7.1.2030 schrieb Anna Kunde:\n> Fragen Sie @bert!\n"
    assert answers(ada, text).outcome == "comment"
    assert (anna.hears(), bert.hears(), cleo.hears()) == ([], [], ["staff_mention"])


def test_without_proof_a_note_names_nobody(talk: Conversation, people: tuple[Person, ...]) -> None:
    ada = talk.customer("Ada Example <ada@acme.example>")
    answers(ada, "!note @bert @network", Authentication_Results="mx.acme.example; dmarc=fail")
    assert [one.hears() for one in people] == [[], [], []]
    assert EventKind.MENTIONED not in talk.kinds(1)


def test_a_remark_above_a_mail_that_is_passed_on_names_too(talk: Conversation, people: tuple[Person, ...]) -> None:
    ada, cleo = talk.customer("Ada Example <ada@acme.example>"), people[2]
    text = "@cleo, bitte.\n\n---------- Forwarded message ---------\nFrom: Karl <karl@kunde.example>\n"
    text += "Date: Mon, 7 Jan 2030 08:00:00 +0000\nSubject: Rauch\nTo: ada@acme.example\n\nEs raucht. @bert\n"
    ada.writes("Fwd: Rauch", text, Authentication_Results="mx.acme.example; dmarc=pass header.from=acme.example")
    assert talk.ticket(2).requester == talk.contact("karl@kunde.example")
    assert cleo.hears() == ["staff_mention"]
    assert "@cleo, bitte." in cleo.last.text
    assert people[1].hears() == ["staff_new"]


def test_the_deputy_of_whoever_is_named(talk: Conversation, people: tuple[Person, ...]) -> None:
    _, bert, cleo = people
    go(talk.desk, Absence(agent="bert", first=talk.now.date(), deputy="cleo"), now=talk.now)
    talk.staff("ada").note(1, "@bert bitte")
    talk.deliver()
    assert (bert.hears(), cleo.hears()) == ([], ["staff_mention"])
    assert "nennt jemanden, den Sie vertreten" in cleo.last.text
    assert "in Vertretung" in cleo.last.text


def test_a_rules_note_names_nobody(begin: Begin) -> None:
    note = {"note": "{{ mail.subject }} @bert"}
    talk = begin({"rules": [{"name": "r", "match": "always", "then": [{"assign": {"agent": "ada"}}, note]}]})
    talk.customer(ANNA).writes("@bert hilf")
    assert talk.customer("bert@acme.example").hears() == []
