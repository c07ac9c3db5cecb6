"""A replay with the same rules gives every decision again; with others it tells what is different."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import rules
from desk.differences import Change, Differences
from desk.record import says_the_same
from desk.replay import Facts, Replayed, count, replay
from desk.then_and_now import marks, then_and_now
from domain.message import Message, RawMail
from domain.rule import RuleSpec
from rules import RuleSet
from scanner.read import read
from store.store import open_store
from tests.conversation import Begin, Conversation
from tests.corpus import samples
from tests.desk.test_explain import rows

RULES: list[dict[str, Any]] = [
    {"name": "newsletters", "when": {"is": "list"}, "then": ["ignore"]},
    {"name": "machines", "when": {"is": ["auto_reply", "bounce"]}, "then": [{"set": {"category": "change"}}]},
    {"name": "printer", "for": "new",
     "when": {"any": [{"subject": {"contains": "Drucker"}}, {"text": {"regex": r"tok\d{5}[0-3]x"}}]},
     "then": [{"set": {"priority": "high"}}, {"assign": {"group": "network"}}, {"tag": ["printer"]}]},
    {"name": "firma", "when": {"from": {"domain": "firma.example"}}, "then": [{"assign": {"agent": "ada"}}]},
    {"name": "müller", "when": {"from": {"contains": "Jörg Müller"}}, "then": [{"tag": ["müller"]}]},
    {"name": "answers", "for": "reply", "when": {"to": {"equals": "support@acme.example"}},
     "then": [{"set": {"status": "waiting"}}]},
    {"name": "reports", "when": {"header": {"DKIM-Signature": {"contains": "rsa-sha256"}}},
     "then": [{"tag": ["signed"]}]},
]  # fmt: skip
BILLING = {"name": "billing", "for": "new", "when": {"subject": {"contains": "Rechnungen"}},
           "then": [{"assign": {"group": "network"}}]}  # fmt: skip


def compiled(specs: Sequence[Mapping[str, Any]]) -> RuleSet:
    return rules.compile([RuleSpec.model_validate(spec) for spec in specs])


def again(
    talk: Conversation, specs: Sequence[Mapping[str, Any]], facts: Facts = Facts.THEN, **how: Any
) -> Iterator[Replayed]:
    return replay(talk.desk, compiled(specs), facts=facts, read=read, **how)


def differences(talk: Conversation, specs: Sequence[Mapping[str, Any]], facts: Facts = Facts.THEN) -> Differences:
    told = Differences(talk.desk, compiled(specs))
    for one in again(talk, specs, facts):
        told.add(one)
    return told


@pytest.fixture(scope="module")
def full(sqlite_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Conversation]:
    """A support mailbox with five hundred mails in it, answers and all; nobody changes it."""
    folder = tmp_path_factory.mktemp("full")
    shutil.copy(sqlite_file, folder / "helpdesk.db")
    store = open_store("sqlite:///helpdesk.db", base=folder)
    talk = Conversation(store, {"rules": RULES})
    for sample in samples(500):
        talk.put(sample.data)
    talk.scan()
    assert len(talk.journal()) == 500
    yield talk
    store.close()


@pytest.mark.parametrize("facts", Facts)
def test_the_same_rules_give_every_decision_again(full: Conversation, facts: Facts) -> None:
    before = rows(full)
    told = list(again(full, RULES, facts))
    assert rows(full) == before
    assert len(told) == count(full.desk) > 450
    assert {len(one.then["rules"]) for one in told} >= {1, 2, 3}
    assert {one.then["disposition"] for one in told} == {"create", "update", "ignore"}
    for one in told:
        assert one.now is not None
        assert says_the_same(one.then, one.now), (one.row.subject, one.then, one.now)


def test_the_record_is_enough_unless_it_was_cut(full: Conversation) -> None:
    unread = {one.row.id for one in again(full, RULES) if not one.reread}
    assert 0.3 < len(unread) / 500 < 1
    refused = list(replay(full.desk, compiled(RULES), facts=Facts.THEN, read=_refused, only=sorted(unread)))
    assert len(refused) == len(unread)


def _refused(raw: RawMail) -> Message:
    raise AssertionError("this mail need not be read again")


def test_other_rules_are_told_as_differences(full: Conversation) -> None:
    told = differences(full, [BILLING, *RULES])
    assert told.same + sum(told.counts.values()) == told.mails == count(full.desk)
    ((difference, mails),) = told.counts.most_common()
    assert difference.changes == (Change("group", "service", "network"),)
    assert difference.rules == (("billing", "new"),)
    titles = [row.subject for row in full.journal() if row.outcome == "ticket"]
    printers = {number for number in range(1, full.tickets() + 1) if full.ticket(number).group == "network"}
    wanted = [
        n for n in range(1, full.tickets() + 1) if "rechnungen" in full.ticket(n).title.lower() and n not in printers
    ]
    assert (mails, len(told.examples[difference])) == (len(wanted), 3)
    assert titles


def test_a_rule_that_is_gone_or_changed_is_named_with_its_fate(full: Conversation) -> None:
    gone = differences(full, RULES[1:])
    assert {one.rules for one in gone.counts} == {(("newsletters", "gone"),)}
    assert {one.changes[0] for one in gone.counts} == {Change("outcome", "ignored", "ticket")}
    changed = [*RULES[:2], {**RULES[2], "then": [{"set": {"priority": "urgent"}}]}, *RULES[3:]]
    told = differences(full, changed)
    assert {one.rules for one in told.counts} == {(("printer", "changed"),)}
    assert set(told.counts.most_common(1)[0][0].changes) == {
        Change("priority", "high", "urgent"),
        Change("group", "network", "service"),
        Change("tags", "printer, signed", "signed"),
    }


def test_what_the_new_rules_read_and_the_record_lacks_is_read_again(full: Conversation) -> None:
    news = {"name": "pdf", "when": {"header": {"X-Nobody": {"equals": ""}}}, "then": [{"tag": ["odd"]}]}
    told = differences(full, [news, *RULES])
    assert told.reread == told.mails
    assert sum(told.counts.values()) == sum(row.outcome in ("ticket", "comment") for row in full.journal())


def test_a_mail_whose_bytes_are_gone_is_told_apart(talk: Conversation) -> None:
    """An erased mail has its record still; rules that look at more than that cannot be asked."""
    talk.customer("anna@kunde.example").writes("Drucker brennt")
    with talk.store.database.act() as connection:
        connection.exec_driver_sql("UPDATE intake SET blob = NULL")
    (one,) = again(talk, [BILLING])
    assert (one.now, one.because) == (None, "its bytes, or its mailbox, are no longer here")
    assert differences(talk, [BILLING]).undecided == 1


def test_now_hides_the_mail_itself_and_everything_later(begin: Begin) -> None:
    """Zammad and others search the live tickets when a rule is tried: the mail then finds its own."""
    talk = begin({"rules": RULES})
    anna = talk.customer("Anna Kunde <anna@kunde.example>")
    first = anna.writes("Drucker brennt")
    second = anna.answers(anna.last, "Er brennt noch immer.")
    talk.later(hours=1)
    third = anna.writes("Drucker brennt [ACME-1]")
    assert [row.ticket for row in (first, second, third)] == [1, 1, 1]
    told = {one.row.id: one for one in again(talk, RULES, Facts.NOW)}
    verdicts = [told[row.id].facts.found.ticket for row in (first, second, third)]  # type: ignore[union-attr]
    assert [found.number if found else None for found in verdicts] == [None, 1, 1]
    assert all(says_the_same(one.then, one.now or {}) for one in told.values())


def test_since_leaves_out_what_came_before(talk: Conversation) -> None:
    anna = talk.customer("anna@kunde.example")
    for day in range(5):
        anna.writes(f"Frage {day}")
        talk.later(days=1)
    assert [one.row.subject for one in again(talk, [BILLING], since=talk.now)] == []
    talk.later(days=-3)
    assert [one.row.subject for one in again(talk, [BILLING], since=talk.now)] == ["Frage 2", "Frage 3", "Frage 4"]


KNOWING: list[dict[str, Any]] = [
    {"name": "cases", "when": {"subject": {"regex": r"Case (?P<no>\d+)"}},
     "then": [{"update": {"by": "title", "key": "Case {{ match.no }}", "sender": "anyone"}}]},
    {"name": "often", "when": {"sender_mails": {"count": ">= 3", "within": "1h"}}, "then": [{"tag": ["often"]}]},
    {"name": "known", "when": {"contact": {"known": True}}, "then": [{"tag": ["known"]}]},
    {"name": "late", "when": {"business_hours": False}, "then": [{"tag": ["late"]}]},
]  # fmt: skip
HOURS = {"timezone": "UTC", "open": {"mon-fri": "8:00-10:00"}}


@pytest.mark.parametrize("facts", Facts)
def test_what_the_desk_knows_is_asked_again_and_later_mails_do_not_count(begin: Begin, facts: Facts) -> None:
    talk = begin({"rules": KNOWING, "business_hours": HOURS})
    anna, bert = talk.customer("anna@kunde.example"), talk.customer("bert@firma.example")
    anna.writes("Case 7", "Es brennt.")
    anna.writes("Frage", "Wann?")
    bert.writes("Re: Case 7", "Bei uns auch.")
    anna.writes("Noch eine Frage", "Wo?")
    talk.later(hours=5)
    anna.writes("Spät", "Ist da jemand?")
    assert [row.ticket for row in talk.journal()] == [1, 2, 1, 3, 4]
    assert talk.ticket(3).tags == ("known", "often")
    assert talk.ticket(4).tags == ("known", "late")
    told = list(again(talk, KNOWING, facts))
    same = [says_the_same(one.then, one.now or {}) for one in told]
    # Anna was a stranger when she wrote first; now she is known.
    assert same == ([True] * 5 if facts is Facts.THEN else [False, True, True, True, True])


def test_the_walk_of_then_goes_by_what_was_known_then(begin: Begin) -> None:
    """`explain --ticket`: Anna was a stranger, in working hours; read again she is known, and nobody asks the clock."""
    talk = begin({"rules": KNOWING, "business_hours": HOURS})
    anna = talk.customer("anna@kunde.example")
    anna.writes("Frage", "Wann?")
    anna.writes("Noch eine Frage", "Wo?")
    talk.later(hours=5)
    anna.writes("Spät", "Ist da jemand?")
    walks = [then_and_now(talk.desk, number, read=read)[0] for number in (1, 2, 3)]
    then = [{name for name, mark in marks(one.walk_then).items() if mark == "YES"} for one in walks]
    assert then == [set(), {"known"}, {"known", "late"}]
    assert then == [set(one.replayed.then["rules"]) for one in walks]
    assert marks(walks[0].walk_now)["known"] == "YES"
