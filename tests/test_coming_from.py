"""The rules in docs/coming-from.md are rules: each block loads without a complaint, and does what is said of it."""

import re
from pathlib import Path

import pytest

import rules
from desk.config import parse
from domain.decision import MailFacts
from domain.message import Message
from domain.people import Address

PAGE = Path(__file__).resolve().parents[1] / "docs" / "coming-from.md"
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
AROUND = """\
helpdesk: {name: Acme, tag: ACME, keys: [env:KEY]}
mailboxes:
  support: {address: support@acme.example, group: service, start: now}
smtp: {host: smtp.acme.example}
agents:
  ada: {name: Ada, address: ada@acme.example}
groups:
  service: [ada]
  network: [ada]
rules:
"""


def names(block: str) -> str:
    return ", ".join(re.findall(r"^- name: (.*)$", block, re.MULTILINE))


@pytest.mark.parametrize("block", BLOCKS, ids=names)
def test_a_block_is_a_list_of_rules_without_a_complaint(block: str) -> None:
    settings, problems = parse(AROUND + block)
    assert settings is not None, [str(problem) for problem in problems]
    assert [str(problem) for problem in problems] == []
    rules.compile(settings.rules)


def test_all_of_them_stand_together() -> None:
    settings, problems = parse(AROUND + "\n".join(BLOCKS))
    assert settings is not None, [str(problem) for problem in problems]
    assert len(settings.rules) == len(re.findall("^- name:", "\n".join(BLOCKS), re.MULTILINE)) >= 12


@pytest.mark.parametrize(
    ("subject", "sender", "matched"),
    [
        ("Bestellung 123456", "a@shop.example", ("orders",)),
        ("Bestellung 12", "a@shop.example", ()),
        ("** PROBLEM host down", "x@acme.example", ("monitoring",)),
        ("Störung im Haus", "it@bigcorp.example", ("outage", "everything else")),
    ],
)
def test_they_decide_as_told(subject: str, sender: str, matched: tuple[str, ...]) -> None:
    block = next((one for one in BLOCKS if any(f"name: {name}\n" in one for name in matched)), BLOCKS[-1])
    settings, _ = parse(AROUND + block)
    assert settings is not None
    message = Message(sender=Address(sender), subject=subject, text="Text", reply_text="Text")
    facts = MailFacts(message=message, mailbox="support")
    assert rules.decide(rules.compile(settings.rules), facts).rules == matched
