"""docs/rules.md: the manual of the rule language, from its own docstrings and executed examples.

Promises: every condition, operator and action has its paragraph and an example from
`commands/rule_examples.yaml`; `tests/rules/test_docs_examples.py` decides every mail of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from desk import yaml_nodes
from domain.action import (
    Action,
    AssignTo,
    Letters,
    LinkTo,
    NotifyWhom,
    RejectWith,
    SetFields,
    TargetKey,
    WatchedBy,
)
from domain.condition import (
    AddressTest,
    AddressWords,
    AttachmentTest,
    Conditions,
    ContactTest,
    SenderMails,
    SpamTest,
    TextTest,
    TextWords,
    TicketTest,
    TrustTest,
)
from domain.rule_test import Expectation, RuleTest, TestContact, TestFacts, TestFile, TestMail, TestTicket
from domain.written import Frozen
from rules.expression import FILTERS, MAX_VALUE, NAMES

EXAMPLES = Path(__file__).with_name("rule_examples.yaml")

# The headings, in the order of the page: what stands above the words of the models below it.
SECTIONS: tuple[tuple[str, str, tuple[type[Frozen], ...]], ...] = (
    ("Conditions", "Below `when`, and in the lists of `all`, `any` and `none`.", (Conditions,)),
    (
        "Comparing texts",
        "Below texts: `subject`, `text`, `reply_text`, `folder`, `header.NAME`, names.  Of a list any will do.",
        (TextWords, TextTest),
    ),
    (
        "Comparing addresses",
        "Below `from`, `reply_to`, `to`, `cc` and `recipient`: all the words for texts, and these.",
        (AddressWords, AddressTest),
    ),
    ("Attachments", "Below `attachment`.", (AttachmentTest,)),
    ("Trust", "Below `trust`.", (TrustTest,)),
    ("Spam", "Below `spam`.", (SpamTest,)),
    ("The contact", "Below `contact`.", (ContactTest,)),
    ("The ticket", "Below `ticket`.", (TicketTest,)),
    ("Mails of the sender", "Below `sender_mails`; both words must stand.", (SenderMails,)),
    ("Actions", "One behind each hyphen of `then`.", (Action,)),
    ("A ticket named by a key", "Below `update` and `merge_into`.", (TargetKey,)),
    ("Rejecting", "Below `reject`.", (RejectWith,)),
    ("Setting fields", "Below `set`.", (SetFields,)),
    ("Assigning", "Below `assign`.", (AssignTo,)),
    ("Linking", "Below `link`.", (LinkTo,)),
    ("Watching", "Below `watch`.", (WatchedBy,)),
    ("Letters", "Below `letter`.", (Letters,)),
    ("Notifying", "Below `notify`.", (NotifyWhom,)),
)

# How a rule is tested: words without examples of their own, for the one above them shows them all.
TEST_SECTIONS: tuple[tuple[str, type[Frozen]], ...] = (
    ("Below `tests`:", RuleTest),
    ("Below `mail`:", TestMail),
    ("Below `attachments`; a bare name is enough:", TestFile),
    ("Below `facts`, what is known beside the mail:", TestFacts),
    ("Below `facts.ticket`:", TestTicket),
    ("Below `facts.contact`:", TestContact),
    ("Below `expect`:", Expectation),
)

_TESTS = """\
## Tests

Below `tests`, beside `when` and `then`, stand mails with what shall become of them. `helpdesk rules test` runs
them, `helpdesk check` too. A mail goes through the whole rule set, as a real one does; `expect: no match` says
that this rule does not match. Tests are no part of the rules: another test decides no mail otherwise.

```yaml
when: {from: {domain: bigcorp.example}, subject: {contains: Störung}}
then: [{set: {priority: urgent}}, {assign: {group: network}}]
tests:
  - mail: {from: it@bigcorp.example, subject: Störung im Netz}
    expect: {priority: urgent, group: network}
  - mail: {from: it@bigcorp.example, subject: Rechnung}
    expect: no match
```
"""

_INTRODUCTION = """\
# Rules

Written by `make docs` from `domain/condition.py`, `domain/action.py` and `commands/rule_examples.yaml`; change those.

Rules say what becomes of mail. They stand in `config.yaml` under `rules:` and are asked in order.

## A first rule

Mails from bigcorp.example with "Störung" in the subject go to the group network with priority urgent, and
somebody's boss is told:

```yaml
rules:
  - name: outage at BigCorp                      # explanations and histories use it
    when:                                        # all of this must hold
      from: {domain: bigcorp.example}
      subject: {contains: Störung}
    then:                                        # all of this is done
      - set: {priority: urgent}
      - assign: {group: network}
      - notify: {agent: ada}                     # a boss of ours: an agent is told of this mail
      - watch: {address: boss@bigcorp.example}   # a boss of theirs: is told of all that comes after it
```

Take the line of the boss that is meant: who watches hears of answers, comments, the solution and every public status,
but not that the ticket was opened. `network` and `ada` are keys of `groups` and `agents` in the same file.

1. `helpdesk check` finds what is misspelt, with line and column, and rules that can never match.
2. `helpdesk rules test` runs tests that stand beside the rules ([below](#tests)).
3. `helpdesk explain mail.eml` shows what every rule says of a mail, and which letters would go. Nothing is changed.
4. Save the file: the daemon takes it up. If it is broken, the last good one stays.

## How rules run

- Rules are asked from top to bottom. A rule matches if everything under `when` holds; a rule for every mail says
  `match: always` instead. `for: new` or `for: reply` keeps it to mails for which no ticket, or a ticket, was found.
- **Dispositions** decide what becomes of the mail: `create`, `update`, `ignore`, `reject`, `forward`, `merge_into`. The
  first that takes effect ends the run: later rules are not asked.
- A disposition that finds no ticket (`update`, `merge_into`) does not take effect. Its rule then does nothing at all,
  and the next rule is tried. `then: [update, create]` tries both in one rule.
- All **other actions** change the ticket on the way and let the next rule have its say. They add up; of two
  that set the same field the later counts. So general rules stand above special ones.
- If no rule decides, a reply is added to its ticket and anything else opens one.
- `stop` ends the run without a disposition; `continue` goes on after one.
- A mail that is ignored, rejected or forwarded has no ticket: of the other actions only `file` is done then.

## How values are compared

- Upper and lower case are the same everywhere: `STÖRUNG` is `störung`, `STRASSE` is `straße`, `ACIL` is `acıl`.
  So are the two ways to write an accented letter.
- Of a list any value will do: `contains: [Störung, outage]`. Operators side by side must all hold.
- `not` asks for the opposite, of anything: `subject: {not: {contains: sale}}`, `size: {not: '> 5 MB'}`,
  `mailbox: {not: sales}`, `is: {not: list}`. Yes-or-no conditions say `false` instead. Whole groups stand under `none`.
- **What a mail does not have** is the empty text, no word, no number, and false. So `contains` never holds for a mail
  without a subject, and `not: {contains: ...}` always does. `equals: ''` asks for it.
- Where a mail has several values (recipients, a repeated header, tags) one is enough; behind `not`, none may fit.
- Sizes: `200 kB`, `5 MB`. Times: `10m`, `4h`, `2d`, `1w`. Comparisons: `'> 5 MB'`, `'>= 3'`, `'<= 4h'`,
  `between 1d and 1w`, and for numbers simply `3`. Quote those that begin with `>`.

## Expressions

Texts of `set`, `tag`, `note`, `link`, `reject` and the keys of `update` and `merge_into` may hold `{{ ... }}`:

| name | is |
|---|---|
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One rule without its name, and mails with what it gives for each."""

    model: str
    word: str
    rule: str
    mails: tuple[tuple[Mapping[str, Any], str], ...]
    files: Mapping[str, tuple[str, ...]]


def examples() -> tuple[Example, ...]:
    """All examples, in the order of the file."""
    root, complaints = yaml_nodes.read(EXAMPLES.read_text(encoding="utf-8"))
    assert root is not None, complaints
    return tuple(
        Example(
            model=model,
            word=word,
            rule=one["rule"],
            mails=tuple((mail["mail"], mail["gives"]) for mail in one["mails"]),
            files={name: tuple(lines) for name, lines in one.get("files", {}).items()},
        )
        for model, words in yaml_nodes.plain(root).items()
        for word, one in words.items()
    )


def rules_page() -> str:
    """The page about rules."""
    known = {(one.model, one.word): one for one in examples()}
    parts = [_INTRODUCTION + "\n".join(_names()), *_filters()]
    for title, where, models in SECTIONS:
        parts.append(f"## {title}\n\n{_line(where)}\n")
        for model in models:
            if model in (TextTest, AddressTest):
                parts += _word("not", model, known)
                continue
            parts.append(f"{_line(model.__doc__ or '')}\n")
            inherited = TextWords.model_fields if model is AddressWords else {}
            for name, word in model.words().items():
                same = name in inherited and inherited[name].description == model.model_fields[name].description
                parts += [] if same else _word(word, model, known)
    parts.append(_TESTS)
    for where, model in TEST_SECTIONS:
        parts += [where, "", *_listed(model), ""]
    return "\n".join(parts)


def _listed(model: type[Frozen]) -> Iterator[str]:
    """The words of MODEL with their meanings, a line each."""
    for name, word in model.words().items():
        yield f"- `{word}`: {_line(model.model_fields[name].description or '')}"


def _names() -> Iterator[str]:
    said = {
        "mail.from": "the sender's address",
        "mail.from_name": "his name",
        "mail.to": "the first address in To",
        "mail.ticket_ref": "the ticket number in the subject",
        "mail.reply_text": "what was written now, without quotes",
        "ticket.number": "of the ticket that was found, like the other names of `ticket`",
        "contact.name": "of the sender, if he is a contact",
    }
    yield "| `match.NAME` | what the named group `(?P<NAME>...)` of a `regex` of this rule has found |"
    yield "| `header['X-Order']` | the header of that name |"
    for name in NAMES:
        yield f"| `{name}` | {said.get(name, name.partition('.')[2].replace('_', ' '))} |"
    yield ""


def _filters() -> Sequence[str]:
    listed = ", ".join(f"`{name}`" for name in FILTERS)
    return (
        f"Behind `|` stands a filter: {listed}, as in",
        "`{{ mail.subject | default('Untitled') }}` and `{{ mail.text | first_line | truncate(60) }}`.",
        "`~` joins, `or` takes the first that is not empty, `'x' if mail.language == 'de' else 'y'` chooses.",
        f"There are no loops and no calculations. Every value and every result is cut after {MAX_VALUE} characters.",
        "Where nothing comes of an expression the field stays as it is, and the decision says so. A name that does",
        "not exist is an error of `helpdesk check`.\n",
    )


def _word(word: str, model: type[Frozen], known: Mapping[tuple[str, str], Example]) -> list[str]:
    """The paragraph of WORD, with its example."""
    name = next(name for name, written in model.words().items() if written == word)
    one = known[model.__name__, word]
    said = [f"### {word}\n", f"{_line(model.model_fields[name].description or '')}\n"]
    for file, lines in one.files.items():
        said.append(f"`{file}` holds the lines {', '.join(f'`{line}`' for line in lines)}.\n")
    said.append(f"```yaml\n{one.rule.rstrip()}\n```\n")
    said += [f"- {_mail(mail)}: {gives}" for mail, gives in one.mails]
    return [*said, ""]


def _mail(mail: Mapping[str, Any]) -> str:
    if not mail:
        return "a mail with nothing of this"
    return "a mail with " + ", ".join(f"{word} `{_shown(value)}`" for word, value in mail.items())


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{word}: {_shown(said)}" for word, said in value.items()) or "(one)"
    if isinstance(value, list):
        return " and ".join(map(_shown, value))
    return str(value).replace("\n", " ⏎ ") or "(none)"


def _line(text: str) -> str:
    return " ".join(text.split())
