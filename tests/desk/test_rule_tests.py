"""Tests beside the rules: what holds, and where it is told what does not."""

from pathlib import Path

import pytest

from desk.config import Config, inspect, load
from desk.rule_tests import try_all
from rules import compile as compiled
from scanner.read import read
from tests.desk.test_config import SMALL

RULES = """\
rules:
  - name: newsletters
    when: {is: list}
    then: [ignore]
    tests:
      - mail: {from: news@shop.example, headers: {List-Id: <news.shop.example>}}
        expect: {disposition: ignore}
      - mail: {from: anna@kunde.example}
        expect: no match
  - name: outage
    for: new
    when:
      from: {domain: bigcorp.example}
      subject: {contains: [Störung, Ausfall]}
    then:
      - set: {priority: urgent, category: incident}
      - assign: {agent: ada}
      - tag: [outage, bigcorp]
    tests:
@TESTS@
  - name: closed by word
    for: reply
    when: {text: {contains: erledigt}}
    then: [{set: {status: closed}}]
    tests:
      - mail: {from: anna@kunde.example, text: Ist erledigt.}
        facts: {ticket: {status: waiting, priority: high}}
        expect: {status: closed, priority: high, disposition: update, rule: closed by word}
      - mail: {from: anna@kunde.example, text: Ist erledigt.}
        expect: no match
"""
GOOD = """\
      - mail: {from: IT <it@bigcorp.example>, subject: Störung im Netz, cc: [a@b.example], attachments: [log.txt]}
        expect: {priority: urgent, category: incident, agent: ada, group: service, tags: [outage]}
      - eml: outage.eml
        expect: {rule: [outage], status: open, title: Störung}
      - mail: {from: news@shop.example, subject: Ausfall, headers: {List-Id: [<x.shop.example>]}}
        expect: {rule: newsletters}
"""


def config(folder: Path, tests: str) -> Config:
    path = folder / "config.yaml"
    path.write_text(SMALL + RULES.replace("@TESTS@\n", tests), encoding="utf-8")
    mail = "From: it@bigcorp.example\r\nSubject: =?utf-8?q?St=C3=B6rung?=\r\n\r\nHilfe\r\n"
    (folder / "outage.eml").write_text(mail, encoding="ascii")
    return load(path)


def complaints(found: Config) -> list[str]:
    problems = [problem for tried in try_all(found, read=read) for problem in tried.problems]
    return [str(problem).partition("config.yaml:")[2] for problem in problems]


def test_what_holds_is_no_news(tmp_path: Path) -> None:
    found = config(tmp_path, GOOD)
    assert complaints(found) == []
    assert [(one.rule, one.number) for one in try_all(found, read=read)][:3] == [
        ("newsletters", 0), ("newsletters", 1), ("outage", 0)
    ]  # fmt: skip


BY_DEFAULT = "no rule opens or ignores it: a mail without a ticket opens one"
SAW = (
    "for new: no ticket: a new mail, says the test · from domain bigcorp.example: it@bigcorp.example · "
    "subject contains Störung, Ausfall: Störung"
)
BEGIN = "{from: it@bigcorp.example, subject: "


@pytest.mark.parametrize(
    ("mail", "expect", "complaint"),
    [
        ("Störung}", "{priority: high}", "priority: expected high, came urgent (rule 'outage')"),
        ("Störung}", "{category: ''}", "category: expected none, came incident (rule 'outage')"),
        ("Störung}", "{status: closed}", "status: expected closed, came open (no rule says so)"),
        ("Störung}", "{tags: [vip, outage]}", "tags: expected vip, outage, came bigcorp, outage (rule 'outage')"),
        (
            "Störung}",
            "{disposition: ignore}",
            f"disposition: expected ignore, came create ({BY_DEFAULT})",
        ),
        (
            "Störung, headers: {List-Id: <x>}}",
            "{rule: newsletters, priority: urgent}",
            "priority: expected urgent, came none (the mail is ignored: rule 'newsletters')",
        ),
        ("Störung}", "{rule: [outage, nobody]}", "rule: rule 'nobody' did not match: there is no such rule"),
        (
            "Störung, headers: {List-Id: <x>}}",
            "{disposition: ignore}",
            ": rule 'outage' did not match: it is not reached after rule 'newsletters'",
        ),
        (
            "Rechnung}",
            "{status: open}",
            ": rule 'outage' did not match: subject contains Störung, Ausfall: Rechnung",
        ),
        (
            "Störung}",
            "no match",
            f": expected no match, but the rule matched: {SAW}",
        ),
    ],
)
def test_what_does_not_hold_is_told_at_its_word(tmp_path: Path, mail: str, expect: str, complaint: str) -> None:
    (told,) = complaints(config(tmp_path, f"      - mail: {BEGIN}{mail}\n        expect: {expect}\n"))
    place, _, text = told.partition(": ")
    word, _, _ = complaint.partition(":")
    column = 17 + (expect.index(word) + len(word) + 2 if word else 0)
    assert place == f"33:{column}"
    assert text == f"rules[1] 'outage' tests[0].expect{'.' if word else ''}{complaint}"


@pytest.mark.parametrize(
    ("test", "complaint"),
    [
        ("eml: no.eml", "tests[0].eml: /no.eml: No such file or directory"),
        (
            "mailbox: sales\n        eml: outage.eml",
            "mailbox: there is no mailbox 'sales'; there are: support",
        ),
        (
            'mail: {from: it@bigcorp.example, headers: {X-A: "a\\nb"}}',
            "mail: this cannot be written as a mail",
        ),
    ],
)
def test_a_mail_that_cannot_be_made(tmp_path: Path, test: str, complaint: str) -> None:
    (told,) = complaints(config(tmp_path, f"      - {test}\n        expect: {{rule: outage}}\n"))
    assert complaint in told.replace(str(tmp_path), "")


@pytest.mark.parametrize(
    ("tests", "complaint"),
    [
        ("- expect: no match", "a test needs one mail: write either mail: {from: ..., subject: ...} or eml: FILE"),
        ("- {mail: {from: a@b.example}}", "tests[0].expect: is missing: what shall become of it"),
        (
            "- {mail: {from: a@b.example}, expect: match}",
            "what is expected, such as {priority: urgent}, or no match",
        ),
        ("- {mail: {from: a@b.example}, expect: {}}", "nothing is expected here; there are: disposition"),
        ("- {mail: {from: a@b.example}, expect: {prio: urgent}}", "expect.prio: no such key; did you mean 'priority'?"),
        ("- {mail: {form: a@b.example}, expect: no match}", "mail.form: no such key; did you mean 'from'?"),
    ],
)
def test_a_test_that_is_written_wrong(tmp_path: Path, tests: str, complaint: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(SMALL + RULES.replace("@TESTS@", f"      {tests}"), encoding="utf-8")
    found, problems = inspect(path)
    assert found is None
    assert any(complaint in problem.text for problem in problems), problems


def test_tests_are_no_part_of_the_rule_set(tmp_path: Path) -> None:
    with_tests = config(tmp_path, GOOD)
    without = [rule.model_copy(update={"tests": ()}) for rule in with_tests.settings.rules]
    assert compiled(with_tests.settings.rules).hash == compiled(without).hash


KNOWN = """\
business_hours: {open: {mon-fri: 9:00-17:00}, timezone: Europe/Berlin}
rules:
  - name: at night
    when: {business_hours: false, contact: {vip: true, organization: {equals: BigCorp}}}
    then: [{set: {priority: urgent}}]
    tests:
      - mail: {from: a@bigcorp.example, subject: Hilfe}
        facts: {at: 2026-11-21 03:00, contact: {tags: vip, organization: BigCorp}}
        expect: {priority: urgent}
      - mail: {from: a@bigcorp.example, subject: Hilfe}
        facts: {at: 2026-11-20 16:59, contact: {tags: [vip], organization: BigCorp}}
        expect: no match
      - mail: {from: a@bigcorp.example, subject: Hilfe}
        facts: {at: 2026-11-21 03:00}
        expect: no match
  - name: late answers
    when: {ticket: {phase: closed, age: '> 1d'}, has_ticket_ref: true}
    then: [{tag: late}]
    tests:
      - mail: {from: a@bigcorp.example, subject: 'Re: [ACME-7] Hilfe'}
        facts: {ticket: {number: 7, status: closed, age: 2d}, at: 2026-11-20 12:00}
        expect: {tags: late, disposition: update}
"""


def test_what_is_known_beside_the_mail_is_stated(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(SMALL + KNOWN, encoding="utf-8")
    assert complaints(load(path)) == []
