"""`helpdesk rules` and `status` as an admin types them."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from commands import rules as body
from commands.opening import now
from domain.errors import DeskError
from tests.commands.staffroom import Staffroom, empty_database, room

__all__ = ["empty_database", "room"]

BILLING = "- {name: invoices, when: {subject: {contains: Rechnung}}, then: [{assign: {group: network}}]}\n"


@pytest.fixture
def busy(room: Staffroom) -> Staffroom:
    """A helpdesk with a few mails."""
    for day, subject in enumerate(("Störung im Netz", "Rechnung fehlt", "Rechnung doppelt", "Drucker", "Frage")):
        room.mail("Anna <anna@kunde.example>", subject, f"Bitte um Hilfe {day}.", ago=timedelta(days=10 - day))
    return room


def with_rules(room: Staffroom, text: str) -> None:
    config = room.path.read_text(encoding="utf-8")
    room.path.write_text(config + text, encoding="utf-8")


def test_a_replay_prints_the_differences_as_a_table(busy: Staffroom, tmp_path: Path) -> None:
    new = tmp_path / "new.yaml"
    new.write_text(BILLING, encoding="utf-8")
    said = [" ".join(line.split()) for line in busy.type("rules", "replay", "--rules", str(new)).splitlines()]
    back = "priority urgent → normal · category incident → none · group network → service · tags outage → none"
    assert said == [
        "5 mails decided again",
        "2 as before",
        "2 group service → network rule 'invoices' (new) e.g. ACME-2, ACME-3",
        f"1 {back} rule 'outage' (gone) e.g. ACME-1",
        "Nothing was changed. To go live: put the file in place, the daemon takes it up.",
    ]
    facts = json.loads(busy.type("rules", "replay", "--rules", str(new), "--json"))
    assert (facts["mails"], facts["same"], facts["complete"]) == (5, 2, True)
    assert facts["different"][0] == {
        "mails": 2, "changes": [{"field": "group", "before": "service", "after": "network"}],
        "rules": [{"name": "invoices", "news": "new"}], "examples": ["ACME-2", "ACME-3"],
    }  # fmt: skip


def test_the_same_rules_change_nothing(busy: Staffroom) -> None:
    for facts in ("then", "now"):
        said = busy.type("rules", "replay", "--facts", facts, "--json")
        assert json.loads(said)["exact"] == 5
    assert (
        busy.type("rules", "replay", "--since", "1h")
        == "0 mails decided again\n      0 as before\nNothing was changed.\n"
    )


def test_a_wish_that_cannot_be_read_is_refused_in_one_line(busy: Staffroom) -> None:
    assert "or a date, such as 2026-11-01" in busy.refusal("rules", "replay", "--since", "yesterday")
    assert "is not a date of the calendar" in busy.refusal("rules", "stats", "--since", "2026-02-30")
    assert "write then" in busy.refusal("rules", "replay", "--facts", "later")
    assert "there is no such file" in busy.refusal("rules", "replay", "--rules", "none.yaml")


def test_history_tells_what_changed(busy: Staffroom) -> None:
    with_rules(busy, "  - {name: more, when: {is: list}, then: [ignore]}\n")
    busy.mail("Anna <anna@kunde.example>", "Noch eine Störung", "Hilfe.", ago=timedelta(hours=1))
    newest, oldest = json.loads(busy.type("rules", "history", "--json"))
    assert (newest["added"], newest["in_force"], newest["mails"], newest["rules"]) == (["more"], True, 1, 2)
    assert (oldest["added"], oldest["mails"], oldest["in_force"]) == (["outage"], 5, False)
    assert re.search(r"1  in force · \+more$", busy.type("rules", "history"), re.MULTILINE)


def test_stats_count_each_rule(busy: Staffroom) -> None:
    config = busy.path.read_text(encoding="utf-8")
    busy.path.write_text(config.replace("name: outage", "name: network"), encoding="utf-8")
    with_rules(busy, "  - {name: more, when: {is: list}, then: [ignore]}\n")
    busy.mail("Anna <anna@kunde.example>", "Noch eine Störung", "Hilfe.")
    said = busy.type("rules", "stats").splitlines()
    assert [line.split("  ")[0] for line in said[1:4]] == ["network", "more", "outage"]
    assert said[2].endswith("never matched")
    assert said[3].endswith("ACME-1   no longer there")
    assert said[4] == "6 mails decided · 4 matched by no rule · 1 rule never matched"
    facts = json.loads(busy.type("rules", "stats", "--since", "2026-11-21", "--json"))
    assert (facts["mails"], facts["matched_by_none"]) == (1, 0)
    assert [(one["name"], one["mails"], one["present"]) for one in facts["rules"]] == [
        ("network", 1, True), ("more", 0, True)
    ]  # fmt: skip


def test_tests_beside_the_rules_are_run(busy: Staffroom, tmp_path: Path) -> None:
    assert busy.type("rules", "test") == "No rule has tests. They stand beside a rule, below tests:\n"
    rules = tmp_path / "tried.yaml"
    test = "{mail: {from: a@b.example, subject: Rechnung}, expect: {group: GROUP}}"
    tested = f"{BILLING.rstrip()[:-1]}, tests: [{test}]}}\n"
    rules.write_text(tested.replace("GROUP", "network"), encoding="utf-8")
    assert busy.type("rules", "test", str(rules)) == ".\n1 test, all in order.\n"
    rules.write_text(tested.replace("GROUP", "service"), encoding="utf-8")
    done = busy._run(("rules", "test", str(rules)), "ada", "")
    assert done.exit_code == 1
    first, complaint, last = done.output.splitlines()
    assert (first, last) == ("F", "1 of 1 tests failed.")
    assert complaint.endswith("expect.group: expected service, came network (rule 'invoices')")


def test_check_tells_of_tests_that_fail(busy: Staffroom) -> None:
    with_rules(busy, "    tests: [{mail: {from: a@b.example, subject: Störung}, expect: no match}]\n")
    done = busy._run(("check",), "ada", "")
    if "foreign code" not in str(done.exception):
        assert "expected no match, but the rule matched" in done.output


def test_the_schema_is_printed(room: Staffroom) -> None:
    whole, rules = (json.loads(room.type("rules", "schema", *more)) for more in ((), ("--rules-file",)))
    assert "mailboxes" in whole["properties"]
    assert rules["type"] == "array"
    assert "RuleTest" in rules["$defs"]


def test_status_without_a_daemon(busy: Staffroom) -> None:
    assert busy._run(("status",), "ada", "").output.splitlines() == [
        "daemon    none is running",
        "mail      5 unfinished for over an hour · 0 quarantined",
        "outbox    problem: 14 waiting, the oldest since 2026-11-11T12:00Z",
    ]
    busy.path.write_text("database: sqlite:///helpdesk.db\nrules: !include none.yaml\n", encoding="utf-8")
    done = busy._run(("status",), "ada", "")
    assert done.exit_code == 1
    assert "helpdesk: is missing" in done.output
    busy.path.write_text("- nothing\n", encoding="utf-8")
    assert "keys and values are wanted here" in busy.refusal("status")


def test_since_is_a_time_span_or_a_date() -> None:
    assert now() - timedelta(days=30, minutes=1) < body.moment("30d") < now() - timedelta(days=29)
    assert body.moment("2026-11-01").isoformat() == "2026-11-01T00:00:00+00:00"
    with pytest.raises(DeskError):
        body.moment("soon")


def test_explain_of_a_ticket(busy: Staffroom) -> None:
    config = busy.path.read_text(encoding="utf-8")
    busy.path.write_text(config.replace("priority: urgent", "priority: high"), encoding="utf-8")
    said = busy.type("explain", "--ticket", "ACME-1").splitlines()
    assert said[0].startswith("mail     'Störung im Netz' from anna@kunde.example, ")
    assert said[1].startswith("then     ticket (no rule opens or ignores it")
    assert "priority urgent (rule 'outage')" in said[1]
    assert said[3] == "so       priority urgent → high"
    assert said[-2] == "rules           then now"
    assert said[-1].startswith("         outage YES  YES  for new: no ticket: no token in In-Reply-To or References · ")
    assert said[-1].endswith(" · subject contains Störung: Störung im Netz")
    assert busy.type("explain", "--ticket", "2").splitlines()[2].startswith("now      the same, rules ")
    (facts,) = json.loads(busy.type("explain", "--ticket", "1", "--json"))
    assert facts["changes"] == [{"field": "priority", "before": "urgent", "after": "high"}]


def test_ignored_mail_is_tried_again(busy: Staffroom) -> None:
    config = busy.path.read_text(encoding="utf-8")
    busy.path.write_text(
        config + "  - {name: bills, when: {subject: {contains: Rechnung}}, then: [ignore]}\n", encoding="utf-8"
    )
    with pytest.raises(AssertionError):
        busy.mail("Anna <anna@kunde.example>", "Rechnung 7", "Bitte.")
    assert busy.type("intake", "retry", "--dry-run").startswith(
        "1 would be tried again: 0 decided otherwise, 1 ignored"
    )
    busy.path.write_text(config, encoding="utf-8")
    foretold = busy.type("intake", "retry", "--rule", "bills", "--dry-run").splitlines()
    assert foretold[0].startswith("6: 'Rechnung 7' from anna@kunde.example: ticket (no rule opens")
    assert foretold[1:] == ["1 would be tried again: 1 decided otherwise, 0 ignored as before", "Nothing was done."]
    said = busy.type("intake", "retry", "--since", "2026-01-01").splitlines()
    assert said[-1] == "1 tried again: 1 decided otherwise, 0 ignored as before"
    assert busy.type("intake", "retry") == "0 tried again: 0 decided otherwise, 0 ignored as before\n"
    assert "only what was ignored" in busy.refusal("intake", "retry", "--outcome", "ticket")
    assert len(busy.type("intake", "--limit", "2").splitlines()) == 3
    assert json.loads(busy.type("intake", "6", "--json"))["outcome"] == "ticket"
