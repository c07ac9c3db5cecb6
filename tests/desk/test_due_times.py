"""Due times: set by commands, rules and mail, and told to staff exactly once."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.changes import Refused
from desk.due_times import tell_due
from desk.mail_commands import COMMANDS
from domain.due import DueTold, parse_due
from domain.event import EventKind as E
from tests.conversation import MORNING, Begin, Conversation, Death

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ADA, BERT = "ada@acme.example", "bert@acme.example"
BERLIN = ZoneInfo("Europe/Berlin")
FOUR_HOURS = [{"name": "four hours", "match": "always", "then": [{"set": {"due": "4h"}}]}]


def opened(begin: Begin, **changes: Any) -> Conversation:
    """A ticket of Weiß's, of which everybody heard."""
    talk: Conversation = begin(changes)
    talk.customer("Weiß <weiss@firma.example>").writes("Drucker")
    talk.new_letters(ADA), talk.new_letters(BERT)
    return talk


def tick(talk: Conversation) -> int:
    """One look of the daemon, and its letters."""
    found = tell_due(talk.desk, now=talk.now)
    talk.deliver()
    return found


def heard(talk: Conversation, *people: str) -> dict[str, list[str]]:
    return {who: [letter.kind.value for letter in talk.new_letters(who)] for who in people}


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("2030-01-09 17:00", "2030-01-09 16:00"),
        ("2030-07-09 17:00", "2030-07-09 15:00"),
        ("2030-01-09T17:00", "2030-01-09 16:00"),
        ("9.1.2030, 7:05", "2030-01-09 06:05"),
        ("2030-01-09", "2030-01-09 22:59"),
        ("today", "2030-01-07 22:59"),
        ("Tomorrow 9:00", "2030-01-08 08:00"),
        ("+2d", "2030-01-09 09:00"),
        ("90m", "2030-01-07 10:30"),
        ("none", None),
    ],
)
def test_how_a_due_time_is_written(written: str, means: str | None) -> None:
    due_at = parse_due(written, now=MORNING, zone=BERLIN)
    assert (f"{due_at.astimezone(UTC):%Y-%m-%d %H:%M}" if due_at else None) == means


@pytest.mark.parametrize(
    ("second", "written", "means"),
    [
        (0, "2d", "09 09:00"),
        (1, "2d", "09 09:00"),
        (59, "2d", "09 09:00"),
        (20, "30s", "07 09:01"),
        (40, "30s", "07 09:01"),
    ],
)
def test_a_span_of_time_ends_with_a_full_minute(second: int, written: str, means: str) -> None:
    due_at = parse_due(written, now=MORNING.replace(second=second, microsecond=7 * second), zone=BERLIN)
    assert f"{due_at:%d %H:%M:%S.%f}" == f"{means}:00.000000"


@pytest.mark.parametrize(
    "written", ["", "99999999d", "2d4h", "2030-02-30", "2030-01-09 25:00", "0001-01-01 0:00", "9999-12-31", "soon"]
)
def test_what_is_no_due_time(written: str) -> None:
    zone = ZoneInfo("Asia/Tokyo") if written.startswith("0") else ZoneInfo("America/New_York")
    with pytest.raises(ValueError, match="is no due time: write a day"):
        parse_due(written, now=MORNING, zone=zone)


@given(st.text(max_size=30) | st.from_regex(r"\d{1,4}[-.]\d{1,2}[-.]\d{1,4}( \d{1,2}:\d\d)?", fullmatch=True))
def test_any_text_is_a_moment_or_refused_in_words(text: str) -> None:
    try:
        due_at = parse_due(text, now=MORNING, zone=BERLIN)
    except ValueError as bad:
        said = str(bad)
    else:
        said = ""
        assert due_at is None or due_at.tzinfo is UTC
    assert "\n" not in said


def test_staff_is_told_when_a_due_time_comes_near_and_when_it_has_passed(begin: Begin) -> None:
    talk = opened(begin)
    talk.staff("ada").due(1, MORNING + 3 * DAY)
    talk.deliver()
    assert heard(talk, ADA, BERT) == {ADA: [], BERT: ["staff_change"]}
    assert tick(talk) == 0
    talk.later(days=2)
    assert tick(talk) == 1
    near = talk.letters(BERT)[-1]
    assert "ACME-1 is due soon: 10 Jan 2030, 09:00 UTC." in near.text
    assert "· due 10 Jan 2030, 09:00 UTC" in near.text
    assert heard(talk, ADA, BERT) == {ADA: ["staff_due"], BERT: ["staff_due"]}
    assert tick(talk) == 0
    talk.later(days=1)
    assert tick(talk) == 1
    assert "ACME-1 ist überfällig, fällig war es am 10.01.2030, 09:00 UTC." in talk.letters(ADA)[-1].text
    assert heard(talk, ADA, BERT) == {ADA: ["staff_due"], BERT: ["staff_due"]}
    talk.later(days=30)
    assert tick(talk) == 0
    assert talk.kinds(1)[-3:] == [E.DUE, E.DUE_SOON, E.OVERDUE]
    assert talk.letters("weiss@firma.example")[-1].kind.value == "acknowledgement"


def test_the_assignee_hears_of_both_and_whoever_watches_of_what_is_overdue(begin: Begin) -> None:
    talk = opened(begin)
    with talk.store.act() as view:
        view.tickets.watch(1, agent="bert")
    talk.staff("ada").take(1)
    talk.staff("ada").due(1, MORNING + 2 * DAY)
    talk.deliver()
    heard(talk, ADA, BERT)
    talk.later(days=1, hours=1)
    tick(talk)
    assert heard(talk, ADA, BERT) == {ADA: ["staff_due"], BERT: []}
    talk.later(days=1)
    tick(talk)
    assert heard(talk, ADA, BERT) == {ADA: ["staff_due"], BERT: ["staff_due"]}


def test_another_due_time_begins_anew(begin: Begin) -> None:
    talk = opened(begin)
    talk.staff("ada").due(1, MORNING + 2 * DAY)
    talk.later(days=1)
    assert tick(talk) == 1
    talk.staff("ada").due(1, MORNING + 9 * DAY)
    assert tick(talk) == 0
    talk.later(days=7)
    assert tick(talk) == 1
    talk.later(days=1)
    assert tick(talk) == 1
    talk.staff("ada").due(1, None)
    assert talk.ticket(1).due_at is None
    assert tick(talk) == 0


def test_what_was_just_said_need_not_be_said_again(begin: Begin) -> None:
    talk = opened(begin)
    talk.staff("ada").due(1, MORNING + 2 * HOUR)
    assert tick(talk) == 0
    talk.later(hours=2)
    assert tick(talk) == 1
    assert talk.kinds(1)[-2:] == [E.DUE, E.OVERDUE]


def test_a_due_time_that_is_over_is_refused_and_the_same_one_is_no_news(begin: Begin) -> None:
    talk = opened(begin)
    with pytest.raises(Refused, match="over already"):
        talk.staff("ada").due(1, MORNING)
    talk.staff("ada").due(1, MORNING + DAY)
    assert talk.staff("ada").due(1, MORNING + DAY).did_nothing


def test_without_a_reminder_only_what_has_passed_is_told(begin: Begin) -> None:
    talk = opened(begin, notifications={"due_before": "0s"})
    talk.staff("ada").due(1, MORNING + 2 * DAY)
    talk.later(days=2, seconds=-1)
    assert tick(talk) == 0
    talk.later(seconds=1)
    assert tick(talk) == 1
    assert talk.kinds(1)[-1] is E.OVERDUE


@pytest.mark.parametrize("end", ["solve", "close"])
def test_of_what_is_over_nothing_is_told_until_it_is_reopened(begin: Begin, end: str) -> None:
    talk = opened(begin)
    talk.staff("ada").due(1, MORNING + 2 * DAY)
    talk.staff("ada").solve(1, "Neu gestartet.") if end == "solve" else talk.staff("ada").close(1)
    talk.later(days=3)
    assert tick(talk) == 0
    assert talk.ticket(1).due_told is DueTold.OVERDUE
    talk.staff("ada").reopen(1)
    assert tick(talk) == 1
    assert talk.kinds(1)[-1] is E.OVERDUE


def test_what_waits_for_the_customer_is_due_all_the_same(begin: Begin) -> None:
    talk = opened(begin)
    talk.staff("ada").due(1, MORNING + 2 * DAY)
    talk.staff("ada").set_status(1, "waiting")
    talk.later(days=2)
    assert tick(talk) == 1


def test_two_daemons_and_a_death_in_the_middle_tell_it_once(anywhere: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    talk = opened(anywhere)
    talk.staff("ada").due(1, MORNING + 2 * DAY)
    talk.deliver()
    heard(talk, ADA, BERT)
    talk.later(days=2)

    def dies(*_: object, **__: object) -> None:
        raise Death

    with monkeypatch.context() as patch:
        patch.setattr("desk.due_times.tell", dies)
        talk.dies(lambda: tell_due(talk.desk, now=talk.now))
    assert talk.kinds(1)[-1] is E.DUE
    # The second daemon found the same ticket before the first was done.
    with talk.store.reading() as view:
        ticket = view.tickets.facts(1)
    assert tick(talk) == 1
    with talk.store.act() as view:
        assert not view.tickets.told_due(ticket, DueTold.OVERDUE)
    assert tick(talk) == 0
    assert heard(talk, ADA, BERT) == {ADA: ["staff_due"], BERT: ["staff_due"]}


def test_a_rule_counts_from_the_mails_arrival(begin: Begin) -> None:
    talk: Conversation = begin({"rules": FOUR_HOURS})
    mail = talk.customer("weiss@firma.example").mail("Drucker")
    talk.put(mail)
    talk.later(hours=1)
    talk.round()
    assert talk.ticket(1).due_at == MORNING + 4 * HOUR
    assert [event.after for event in talk.events(1) if event.kind is E.DUE] == ["2030-01-07T13:00:00+00:00"]
    assert tick(talk) == 0
    talk.later(hours=3)
    assert tick(talk) == 1


def test_a_rule_takes_the_day_from_the_mail_or_says_what_was_wrong_with_it(begin: Begin) -> None:
    until = {"subject": {"regex": "bis (?P<day>[^ ]+)"}}
    rule = {"name": "until", "when": until, "then": [{"set": {"due": "{{ match.day }}"}}]}
    talk: Conversation = begin({"rules": [rule], "helpdesk": {"timezone": "Europe/Berlin"}})
    weiss = talk.customer("weiss@firma.example")
    weiss.writes("Angebot bis 15.01.2030")
    assert talk.ticket(1).due_at == datetime(2030, 1, 15, 22, 59, tzinfo=UTC)
    row = weiss.writes("Angebot bis morgen", "Etwas anderes.")
    assert talk.ticket(2).due_at is None
    [remark] = talk.decision(row.id)["came_to"]["remarks"]
    assert remark.startswith("rule 'until': due is left as it is, 'morgen' is no due time: write a day")


def test_mail_of_long_ago_is_not_overdue(begin: Begin) -> None:
    quiet = {"support": {"quiet_before": "2030-02-01"}}
    talk: Conversation = begin({"mailboxes": quiet, "rules": FOUR_HOURS})
    talk.put(talk.customer("weiss@firma.example").mail("Drucker"))
    talk.later(days=3)
    talk.round()
    assert talk.ticket(1).due_at is None
    assert tick(talk) == 0


def test_an_agent_sets_it_by_mail(begin: Begin) -> None:
    talk = opened(begin)
    with talk.store.reading() as view:
        ticket = view.tickets.facts(1)
    due = COMMANDS["!due"](talk.staff("ada").changes, ticket, "2d")
    assert due.after.due_at == MORNING + 2 * DAY
    with pytest.raises(Refused, match="!due: 'bald' is no due time"):
        COMMANDS["!due"](talk.staff("ada").changes, ticket, "bald")


def test_what_is_merged_is_due_when_the_first_of_both_is(begin: Begin) -> None:
    from desk.merge import merge

    talk = opened(begin)
    talk.customer("weiss@firma.example").writes("Toner", "Der Toner ist leer.")
    talk.staff("ada").due(1, MORNING + 2 * DAY)
    talk.staff("ada").due(2, MORNING + 5 * DAY)
    merge(talk.staff("ada"), 1, into=2)
    assert talk.ticket(2).due_at == MORNING + 2 * DAY
    talk.later(days=3)
    assert tick(talk) == 1
    assert talk.kinds(2)[-1] is E.OVERDUE
