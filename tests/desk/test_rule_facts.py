"""What rules know of a mail beside the mail: its sender, its ticket, the hour; and lists from files."""

from pathlib import Path

import pytest

import rules
from desk.config import inspect, load
from domain.decision import MailFacts
from domain.errors import ConfigError
from domain.message import Message
from domain.people import Address
from tests.conversation import Begin
from tests.desk.test_config import SMALL, told

RULES = [
    {"name": "strangers", "when": {"contact": {"known": False}}, "then": [{"tag": "stranger"}]},
    {"name": "copies known", "when": {"cc": {"known": True}}, "then": [{"tag": "known-copy"}]},
    {"name": "night", "when": {"business_hours": False}, "then": [{"tag": "night"}]},
    {"name": "wednesday", "when": {"weekday": "wed"}, "then": [{"tag": "wednesday"}]},
    {"name": "claims", "for": "new", "when": {"has_ticket_ref": True}, "then": [{"tag": "claim"}]},
    {"name": "again", "when": {"ticket": {"phase": "closed"}}, "then": [{"tag": "again"}, "create"]},
    {"name": "spoofed", "when": {"trust": {"spoofed": True}}, "then": [{"set": {"priority": "high"}}]},
]
HOURS = {"timezone": "Europe/Berlin", "open": {"mon-fri": "9:00-17:00"}}


def test_a_stranger_becomes_known_and_a_closed_ticket_is_seen_as_such(begin: Begin) -> None:
    talk = begin({"rules": RULES})
    anna = talk.customer("Anna Kunde <anna@kunde.example>")
    anna.writes("Drucker brennt")
    anna.writes("Licht flackert")
    assert "stranger" in talk.ticket(1).tags
    assert "stranger" not in talk.ticket(2).tags
    talk.staff("ada").close(1)
    talk.deliver()
    anna.answers(anna.letters[-1])
    assert talk.tickets() == 3
    assert "again" in talk.ticket(3).tags


def test_a_foreign_ticket_number_an_agents_name_and_a_known_copy_are_seen(begin: Begin) -> None:
    talk = begin({"rules": RULES})
    talk.customer("Anna Kunde <anna@kunde.example>").writes("Drucker brennt")
    talk.customer("Ada Example <mallory@evil.example>").writes("[ACME-1] Geheim", Cc="anna@kunde.example")
    ticket = talk.ticket(2)
    assert {"claim", "known-copy", "stranger"} <= set(ticket.tags)
    assert ticket.priority == "high"


def test_hours_and_days_are_those_of_the_business(begin: Begin) -> None:
    talk = begin({"rules": RULES, "business_hours": HOURS})
    anna = talk.customer("Anna Kunde <anna@kunde.example>")
    anna.writes("Tags")
    talk.later(hours=12)
    anna.writes("Nachts")
    days = {number: set(talk.ticket(number).tags) for number in (1, 2)}
    assert ("night" in days[1], "night" in days[2]) == (False, True)


def config(folder: Path, *, rule: str) -> Path:
    file = folder / "config.yaml"
    file.write_text(f"{SMALL}rules:\n  - name: key accounts\n    when: {rule}\n    then: [ignore]\n", encoding="utf-8")
    return file


def test_a_list_is_read_with_the_config_and_names_the_rule_set(tmp_path: Path) -> None:
    listed = tmp_path / "key.txt"
    listed.write_text("# key accounts\n\n  ada@firma.example  \n@bigcorp.example\n", encoding="utf-8-sig")
    file = config(tmp_path, rule="{from: {in_file: key.txt}}")
    first = load(file)
    assert first.lists == {"key.txt": ("ada@firma.example", "@bigcorp.example")}
    ruleset = rules.compile(first.settings.rules, lists=first.lists)
    sender = Address("it@bigcorp.example")
    facts = MailFacts(message=Message(sender=sender), mailbox="support")
    assert rules.decide(ruleset, facts).rules == ("key accounts",)
    listed.write_text("ada@firma.example\n", encoding="utf-8")
    second = load(file)
    changed = rules.compile(second.settings.rules, lists=second.lists)
    assert rules.decide(changed, facts).rules == ()
    assert changed.hash != ruleset.hash
    assert first.hash != second.hash
    assert rules.read_back(ruleset.text).hash == ruleset.hash


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "config.yaml:15:28: rules[0] 'key accounts' when.from.in_file: key.txt: there is no such file"),
        (b"a@x.example\n\xff", "key.txt: line 2 is not UTF-8"),
        (b"a@x.example\nada@\n", "in_file key.txt: 'ada@' is not an address"),
        (b"a@x.example\n@\n", "in_file key.txt: '' is not a domain"),
    ],
)
def test_a_list_that_cannot_be_used_is_told_at_its_place(tmp_path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / "key.txt").write_bytes(content)
    file = config(tmp_path, rule="{from: {in_file: key.txt}}")
    _, problems = inspect(file)
    assert said in told(problems)
    with pytest.raises(ConfigError):
        load(file)


def test_a_rule_whose_list_takes_all_is_seen_with_its_list(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("a\n", encoding="utf-8")
    loaded = load(config(tmp_path, rule="{subject: {in_file: words.txt, contains: b}}"))
    assert "can never match: subject contains b and subject in_file words.txt cannot both hold" in told(loaded.warnings)
