"""Rules: what an administrator wants done with which mails.

`compile` makes a rule set of the rules in config.yaml, `problems`, `references` and `files` check them,
`decide` says what becomes of a mail, `walk` explains it, `facts_read` is what it was decided on.
`read_back` makes a rule set of the `text` of a former one, `decide_again` and `walk_again` go by the facts of a record,
`vendor_id` finds the number that a vendor's system gives a ticket.
Pure: no clock, no files, no database, no network.

Fails with: BadRules, from `compile` and `read_back`; NotRecorded, from `decide_again`; BadPattern, from
`vendor_id`.  Whatever a mail holds, the other functions give an answer.
"""

from rules.check import Reference, RuleProblem, files, problems, references
from rules.decide import decide, facts_read, walk
from rules.external_id import bad_vendor_id, vendor_id
from rules.recorded import NotRecorded, decide_again, walk_again
from rules.ruleset import BadRules, Rule, RuleSet, compile, read_back  # noqa: A004 - read as rules.compile

__all__ = [
    "BadRules",
    "NotRecorded",
    "Reference",
    "Rule",
    "RuleProblem",
    "RuleSet",
    "bad_vendor_id",
    "compile",
    "decide",
    "decide_again",
    "facts_read",
    "files",
    "problems",
    "read_back",
    "references",
    "vendor_id",
    "walk",
    "walk_again",
]
