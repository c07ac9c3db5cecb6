"""Whom a mention in a note tells."""

from typing import Any

import pytest

from domain.event import EventKind as E
from domain.letter import ActFacts, LetterKind, Told
from notifier.resolve import resolve
from tests.notifier.people import ADA, WEISS, event, outcome, settings, ticket, watched_by
from tests.notifier.test_absent import away

NOTE = event(E.NOTE, entry=5)
A, B, C = "ada@acme.example", "bert@acme.example", "cleo@acme.example"


def names(key: str, field: str = "agent") -> Any:
    return event(E.MENTIONED, field=field, after=key, entry=5)


MINE, WATCHED = ticket(agent="ada"), ticket(agent="ada", watchers=watched_by(WEISS, "bert"))
NOTHING = {"staff": {"mine": [], "groups": [], "all": []}}
CASES: list[tuple[str, tuple[Any, ...], dict[str, Any], dict[str, str]]] = [
    ("somebody else", (NOTE, names("cleo")), {"on": MINE}, {A: "-actor", C: "staff_mention"}),
    ("a member of the group", (NOTE, names("bert")), {}, {A: "-actor", B: "staff_mention"}),
    ("whoever wants nothing", (NOTE, names("bert")), {"on": MINE, "config": NOTHING},
     {A: "-actor", B: "staff_mention"}),
    ("a watcher", (NOTE, names("bert")), {"on": WATCHED}, {A: "-actor", B: "staff_mention"}),
    ("oneself", (NOTE, names("ada")), {"on": MINE}, {A: "-actor"}),
    ("a group", (NOTE, names("service", "group")), {"on": MINE}, {A: "-actor", B: "staff_mention"}),
    ("a group and its member", (NOTE, names("network", "group"), names("bert")), {"on": MINE},
     {A: "-actor", B: "staff_mention"}),
    ("somebody who is away", (NOTE, names("bert")), {"on": MINE, "absences": away(bert="cleo")},
     {A: "-actor", B: "-absent", C: "staff_mention"}),
    ("somebody whose deputy does it", (NOTE, names("bert")), {"on": MINE, "absences": away(bert="ada")},
     {A: "-actor", B: "staff_mention"}),
    ("a group of one whose deputy does it", (NOTE, names("network", "group")), {"on": MINE,
     "absences": away(bert="ada")}, {A: "-actor", B: "staff_mention"}),
    ("his deputy, whose deputy does it", (NOTE, names("bert")), {"on": MINE, "absences": away(bert="cleo", cleo="ada")},
     {A: "-actor", B: "staff_mention"}),
    ("somebody without a deputy", (NOTE, names("bert")), {"on": MINE, "absences": away(bert="")},
     {A: "-actor", B: "staff_mention"}),
    ("a group with one away", (NOTE, names("service", "group")), {"on": MINE, "by": event(E.NOTE, ADA).actor,
     "absences": away(bert="")}, {A: "-actor", B: "-absent"}),
    ("in silence", (NOTE, names("bert")), {"on": MINE, "quiet": "history"}, {A: "-quiet", B: "-quiet"}),
]  # fmt: skip


@pytest.mark.parametrize(("title", "events", "facts", "told"), CASES, ids=[case[0] for case in CASES])
def test_whoever_is_mentioned_is_told(
    title: str, events: tuple[Any, ...], facts: dict[str, Any], told: dict[str, str]
) -> None:
    staff = {a: kind for a, kind in outcome(*events, **facts).items() if a.endswith("@acme.example")}
    assert staff == told


def test_no_customer_hears_of_it() -> None:
    assert not {"jaeger@bigcorp.example", "weiss@bigcorp.example"} & set(
        outcome(NOTE, names("bert"), names("service", "group"), on=WATCHED)
    )


def test_the_letter_says_by_whom_and_speaks_of_the_note_first() -> None:
    act = ActFacts(ticket=MINE, events=(NOTE, names("bert"), names("service", "group")), actor=ADA)
    (bert,) = (one for one in resolve(act, settings()) if one.recipient.agent == "bert")
    assert isinstance(bert, Told)
    assert (bert.kind, bert.because) == (LetterKind.STAFF_MENTION, "mentioned by Ada Example")
    assert (bert.events[0].kind, bert.events[0].entry, len(bert.events)) == (E.MENTIONED, 5, 3)


def test_an_agent_who_has_left_meanwhile_is_recorded() -> None:
    act = ActFacts(ticket=MINE, events=(NOTE, names("zoe")), actor=ADA)
    assert [one.because for one in resolve(act, settings()) if one.recipient.agent == "zoe"] == [
        "zoe has no mail address"
    ]
