"""`helpdesk absence`: who is away, and who stands in."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from commands.absence import show
from domain.absence import Absence
from tests.commands.staffroom import Staffroom, empty_database, room

__all__ = ["empty_database", "room"]

JAEGER = "Jäger <jaeger@bigcorp.example>"


def test_an_agent_goes_away_and_comes_back(room: Staffroom) -> None:
    room.mail(JAEGER, "Frage", "Wie geht das?")
    room.type("take", "1")
    today = datetime.now(UTC).date()
    assert room.type("absence", "ada", "--deputy", "bert") == (
        f"ada  is absent from {today} until further notice, bert stands in\n"
        "  1 unfinished ticket stays with ada: helpdesk list --mine --as ada\n"
    )
    assert room.type("assign", "1", "ada", agent="bert") == (
        "ACME-1  taken over by bert (was ada): deputy of ada, absent until further notice\n"
        "  withheld jaeger@bigcorp.example: notifications.on_reassignment is off\n"
        "  withheld bert@acme.example: own act\n"
    )
    assert room.type("assign", "1", "ada", agent="bert") == (
        "ACME-1  nothing changed: it is open, normal, with bert\n  bert is deputy of ada, absent until further notice\n"
    )
    assert "bert stands in" in room.type("absence")
    assert room.type("absence", "ada", "--back") == (
        f"ada  is not absent any more (was from {today} until further notice)\n"
    )
    assert room.type("absence") == "Everybody is there, and nobody has said that he will be away.\n"


def test_an_absence_that_is_planned(room: Staffroom) -> None:
    first, last = (datetime.now(UTC).date() + timedelta(days=days) for days in (30, 43))
    assert room.type("absence", "ada", "--from", f"{first}", "--until", f"{last}") == (
        f"ada  is absent {first} to {last}, nobody stands in\n"
        "  tickets that are his are his group's as well; --deputy names somebody for them\n"
    )
    (record,) = json.loads(room.type("absence", "--json"))
    assert (record["agent"], record["first"], record["last"], record["by"]) == ("ada", str(first), str(last), "ada")
    assert json.loads(room.type("absence", "ada", "--back", "--json"))["ended"][0]["agent"] == "ada"


def test_a_short_absence_inside_a_long_one_says_what_stays(room: Staffroom) -> None:
    days = [f"{datetime.now(UTC).date() + timedelta(days=days)}" for days in (10, 14, 15, 16, 17, 30)]
    room.type("absence", "ada", "--from", days[0], "--until", days[5], "--deputy", "bert")
    assert room.type("absence", "ada", "--from", days[2], "--until", days[3]) == (
        f"ada  is absent {days[2]} to {days[3]}, nobody stands in\n"
        f"  in place of {days[0]} to {days[5]}\n"
        f"  of that stays: {days[0]} to {days[1]}, bert stands in\n"
        f"  of that stays: {days[4]} to {days[5]}, bert stands in\n"
        "  tickets that are his are his group's as well; --deputy names somebody for them\n"
    )
    again = json.loads(room.type("absence", "ada", "--from", days[1], "--until", days[4], "--json"))
    assert [(one["first"], one["deputy"]) for one in again["remaining"]] == [
        (days[0], "bert"),
        (f"{date.fromisoformat(days[4]) + timedelta(days=1)}", "bert"),
    ]


def test_the_list(room: Staffroom, capsys: pytest.CaptureFixture[str]) -> None:
    days = [date(2026, 12, day) for day in (1, 14, 10)]
    with room.desk() as desk:
        show(
            desk,
            [
                Absence(id=1, agent="ada", first=days[0], last=days[1], deputy="bert"),
                Absence(id=2, agent="bert", first=days[2]),
            ],
            days[0],
            width=100,
        )
    assert [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()] == [
        "Agent First day Last day Deputy Today",
        "ada 2026-12-01 2026-12-14 bert bert stands in",
        "bert 2026-12-10 – – not yet",
    ]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("ada", "--from", "soon"), "--from 'soon' is not a day: write year-month-day, such as 2026-12-01"),
        (("zoe",), "there is no agent 'zoe'; there are: ada, bert"),
        (("ada", "--until", "2026-01-01"), "2026-01-01 is before "),
        (("ada", "--back"), "ada is not absent, and no absence is planned; nothing was changed"),
    ],
)
def test_what_cannot_be_is_refused(room: Staffroom, words: tuple[str, ...], why: str, tmp_path: Path) -> None:
    assert room.refusal("absence", *words).startswith(why)
