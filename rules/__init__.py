"""Rules: what an administrator wants done with which mails.

`compile` makes a rule set of the rules in config.yaml, `problems` and `references` check them,
`decide` says what becomes of a mail, `walk` explains it, `facts_read` is what it was decided on.
`vendor_id` finds the number that a vendor's system gives a ticket.
Pure: no clock, no files, no database, no network.

Fails with: BadRules, from `compile`, and BadPattern, from `vendor_id`, alone; whatever a mail holds, the other
functions give an answer.
"""

from rules.check import Reference, RuleProblem, problems, references
from rules.decide import decide, facts_read, walk
from rules.external_id import bad_vendor_id, vendor_id
from rules.ruleset import BadRules, Rule, RuleSet, compile  # noqa: A004 - read as rules.compile

__all__ = [
    "BadRules",
    "Reference",
    "Rule",
    "RuleProblem",
    "RuleSet",
    "bad_vendor_id",
    "compile",
    "decide",
    "facts_read",
    "problems",
    "references",
    "vendor_id",
    "walk",
]
