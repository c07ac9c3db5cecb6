"""What deciding costs with very many rules, and loading them, in units of mail-parser's own time on the same mails.

The limits: 1,000 rules of mixed kinds 1.0, 10,000 rules 4.0; loading and checking 1,000 rules 0.5 s.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import mailparser

import rules
from bench import desks
from desk.config import parse
from domain.decision import MailFacts
from domain.message import Message, RawMail
from scanner.read import read

LIMITS = {1_000: 1.0, 10_000: 4.0}
WORDS = ("Störung", "Rechnung", "invoice", "Drucker", "backup", "Zugang", "VPN", "Vertrag", "order", "Passwort")
HOSTILE = "a" * 5_000_000


def run(*, smoke: bool, corpus: Path | None) -> None:
    mails = desks.mails(40 if smoke else 400, corpus)
    messages = [read(RawMail(data=data, size=len(data))) for data in mails]
    hostile = [Message(sender=None, subject="x", text=HOSTILE, reply_text=HOSTILE)]
    for count, limit in LIMITS.items():
        begun = time.process_time()
        settings, problems = parse(configuration(count))
        loaded = time.process_time() - begun
        assert settings is not None, problems
        begun = time.process_time()
        ruleset = rules.compile(settings.rules)
        _decide(ruleset, messages[:1])
        compiled = time.process_time() - begun
        unit, deciding = _interleaved(
            lambda: _each(mails, mailparser.parse_from_bytes), lambda ruleset=ruleset: _decide(ruleset, messages)
        )
        worst, _ = _interleaved(lambda ruleset=ruleset: _decide(ruleset, hostile), lambda: None)
        print(f"{count:>6,} rules  decide {deciding / len(mails) * 1000:.2f} ms a mail = {deciding / unit:.2f} of"
              f" mail-parser (limit {limit:.1f})  a line of 5 MB {worst * 1000:.1f} ms")  # fmt: skip
        print(f"{'':>6}        load and check {loaded:.2f} s (limit 0.50 for 1,000), make ready {compiled:.2f} s")


def configuration(count: int) -> str:
    """A config.yaml with COUNT rules of mixed kinds, some of which match and one in fifty that no index can spare."""
    head = desks.CONFIG.format(imap=1, smtp=1, user="user").partition("rules:")[0]
    return head + "rules:\n" + "".join(_rule(number) for number in range(count))


def _rule(number: int) -> str:
    word, other = WORDS[number % 10], WORDS[(number // 10) % 10]
    conditions = (
        f"{{from: {{domain: customer{number}.example}}, subject: {{contains: [{word}, {other}]}}}}",
        f"{{subject: {{regex: 'Case{number} (?P<case>\\d{{6,8}})'}}}}",
        f"{{any: [{{subject: {{contains: '{word} {number}'}}}}, {{text: {{contains: '{other} {number}'}}}}]}}",
        f"{{from: {{equals: user{number}@partner.example}}}}",
        f"{{header: {{X-Queue: {{equals: q{number}}}}}}}",
        f"{{text: {{regex: '(?:{word}|{other})snummer:?\\s+{number}\\d+'}}}}",
        f"{{to: {{equals: team{number}@acme.example}}, subject: {{contains: {word}}}}}",
        f"{{from: {{domain: '*.group{number}.example'}}}}",
    )
    chosen = "{none: [{is: person}, {is: list}]}" if number % 50 == 49 else conditions[number % len(conditions)]
    return f"  - name: rule {number}\n    when: {chosen}\n    then: [{{tag: [t{number}]}}]\n"


def _each(items: Sequence[Any], work: Callable[[Any], object]) -> None:
    for item in items:
        work(item)


def _decide(ruleset: rules.RuleSet, messages: Sequence[Message]) -> None:
    for message in messages:
        rules.decide(ruleset, MailFacts(message=message, mailbox="support"))


def _interleaved(one: Callable[[], object], other: Callable[[], object]) -> tuple[float, float]:
    """The shortest of three runs of each, taken in turn, so that both have the same neighbours on the machine."""
    times: list[list[float]] = [[], []]
    for _ in range(3):
        for kept, work in zip(times, (one, other), strict=True):
            begun = time.process_time()
            work()
            kept.append(time.process_time() - begun)
    return min(times[0]), min(times[1])
