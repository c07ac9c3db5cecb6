"""Rules that are wrong in one place: each is told with its line, its column, and what to do."""

import pytest

from desk.config import parse
from tests.desk.test_config import SMALL

# What is wrong, and how the one complaint about it begins.  The rules begin in line 14.
BROKEN = (
    (
        "- {when: {is: list}, then: [ignore]}",
        "14:3: rules[0].name: is missing: what the rule is called in explanations and in the history; no two rul",
    ),
    (
        "- {name: x, then: [ignore]}",
        "14:3: rules[0] 'x': rule 'x' does not say for which mails it is: write when: or match: always",
    ),
    ("- {name: x, when: {is: list}}", "14:3: rules[0] 'x' then: is missing: what is done, in order"),
    (
        "- {name: x, when: {is: list}, match: always, then: [ignore]}",
        "14:3: rules[0] 'x': rule 'x' has both when: and match: always: take one out",
    ),
    (
        "- {name: x, when: {is: lost}, then: [ignore]}",
        "14:24: rules[0] 'x' when.is: no such word 'lost'; did you mean 'list'?",
    ),
    (
        "- {name: x, when: {subjekt: {contains: a}}, then: [ignore]}",
        "14:20: rules[0] 'x' when.subjekt: no such key; did you mean 'subject'?",
    ),
    (
        "- {name: x, when: {subject: {contain: a}}, then: [ignore]}",
        "14:30: rules[0] 'x' when.subject.contain: no such key; did you mean 'contains'?",
    ),
    (
        "- {name: x, when: {subject: Störung}, then: [ignore]}",
        "14:29: rules[0] 'x' when.subject: say how to compare: {contains: Störung}",
    ),
    (
        "- {name: x, when: {subject: }, then: [ignore]}",
        "14:29: rules[0] 'x' when.subject: nothing is written here: give it a value or take the word out",
    ),
    (
        "- {name: x, when: {subject: {contains: []}}, then: [ignore]}",
        "14:40: rules[0] 'x' when.subject.contains: the list is empty: write a value, or several",
    ),
    (
        "- {name: x, when: {subject: {contains: 4711}}, then: [ignore]}",
        "14:40: rules[0] 'x' when.subject.contains: this is read as 4711, not as text: put it in quotes",
    ),
    (
        "- {name: x, when: {subject: {regex: 'P1-(\\d+'}}, then: [ignore]}",
        "14:37: rules[0] 'x' when.subject.regex: regex 'P1-(\\d+': missing ): P1-(\\d+",
    ),
    (
        "- {name: x, when: {subject: {regex: '(?=a)b'}}, then: [ignore]}",
        "14:37: rules[0] 'x' when.subject.regex: regex '(?=a)b': invalid perl operator: (?=",
    ),
    (
        "- {name: x, when: {subject: {regex: '(a)\\1'}}, then: [ignore]}",
        "14:37: rules[0] 'x' when.subject.regex: regex '(a)\\1': invalid escape sequence: \\1",
    ),
    (
        "- {name: x, when: {from: {domain: 'bigcorp example'}}, then: [ignore]}",
        "14:35: rules[0] 'x' when.from.domain: domain 'bigcorp example': 'bigcorp example' is not a domain: expe",
    ),
    (
        "- {name: x, when: {header: {'X Spam': {equals: a}}}, then: [ignore]}",
        "14:28: rules[0] 'x' when.header: 'X Spam' is not the name of a header: letters, digits and hyphens, no",
    ),
    (
        "- {name: x, when: {size: '> lots'}, then: [ignore]}",
        "14:26: rules[0] 'x' when.size: 'lots' is not a size: write a number and a unit, such as 50 MB; a compar",
    ),
    (
        "- {name: x, when: {weekday: someday}, then: [ignore]}",
        "14:29: rules[0] 'x' when.weekday: 'someday' is not a day: write one of mon, tue, wed, thu, fri, sat, su",
    ),
    (
        "- {name: x, when: {any: {is: list}}, then: [ignore]}",
        "14:25: rules[0] 'x' when.any: a list of conditions is expected here, each behind a hyphen",
    ),
    ("- {name: x, when: {}, then: [ignore]}", "14:19: rules[0] 'x' when: nothing is said here"),
    (
        "- {name: x, when: {is: list}, then: [ignor]}",
        "14:38: rules[0] 'x' then[0]: no such action 'ignor'; did you mean 'ignore'?",
    ),
    (
        "- {name: x, when: {is: list}, then: ignore}",
        "14:37: rules[0] 'x' then: a list of actions is expected here, such as [ignore], or one behind each hyphen",
    ),
    (
        "- {name: x, when: {is: list}, then: [{set: {priority: urgnt}}]}",
        "14:55: rules[0] 'x' then[0].set.priority: 'urgnt' is not among the priorities: low, normal, high, urgen",
    ),
    (
        "- {name: x, when: {is: list}, then: [{assign: {group: netwrok}}]}",
        "14:55: rules[0] 'x' then[0].assign.group: 'netwrok' is not among the groups: service",
    ),
    (
        "- {name: x, when: {is: list}, then: [{assign: {agent: bob}}]}",
        "14:55: rules[0] 'x' then[0].assign.agent: 'bob' is not among the agents: ada",
    ),
    (
        "- {name: x, when: {is: list}, then: [{set: {status: done}, tag: [a]}]}",
        "14:38: rules[0] 'x' then[0]: one action a hyphen, not 2: set, tag",
    ),
    (
        "- {name: x, when: {is: list}, then: [ignore, create]}",
        "14:46: rules[0] 'x' then[1]: create is never reached after ignore",
    ),
    (
        "- {name: x, when: {is: list}, then: [{set: {title: '{{ match.order }}'}}]}",
        "14:52: rules[0] 'x' then[0].set.title: at character 10: no regex captures 'order'; no regex of this rul",
    ),
    (
        "- {name: x, when: {is: list}, then: [{set: {title: '{{ mail.subject'}}]}",
        "14:52: rules[0] 'x' then[0].set.title: at character 1: {{ is never closed: }} is missing",
    ),
    (
        "- {name: x, when: {is: list}, then: [ignore]}\n- {name: x, when: {is: bounce}, then: [ignore]}",
        "15:10: rules[1] 'x' name: has the name of rules[0]: no history could tell them apart",
    ),
    (
        "- {name: all, match: always, then: [create]}\n- {name: y, when: {is: list}, then: [ignore]}",
        "warning 15:3: rules[1] 'y': can never match: rules[0] 'all' takes all its mails first",
    ),
    (
        "- {name: x, for: new, when: {is: list}, then: [update]}",
        "14:47: rules[0] 'x' then: never has an effect: for: new has no ticket to update",
    ),
    (
        "- {name: x, for: nwe, when: {is: list}, then: [ignore]}",
        "14:18: rules[0] 'x' for: 'nwe' is not among: new, reply; did you mean 'new'?",
    ),
    (
        "- {name: x, when: {is: list}, then: [{tag: }]}",
        "14:44: rules[0] 'x' then[0].tag: nothing is written here: give it a value or take the word out",
    ),
    (
        "- name: x\n  when: {is: list}\n   then: [ignore]",
        "16:4: a key was expected here; the indentation does not fit the lines above",
    ),
    ("- {name: x, when: {is: list}, then: [ignore], priority: 1}", "14:47: rules[0] 'x' priority: no such key"),
    (
        "- {name: '', when: {is: list}, then: [ignore]}",
        "14:10: rules[0].name: a rule needs a name of printable characters: explanations and histories use it",
    ),
)


@pytest.mark.parametrize(("rules", "complaint"), BROKEN)
def test_a_broken_rule_is_told_where_and_how(rules: str, complaint: str) -> None:
    settings, problems = parse(f"{SMALL}rules:\n{rules}\n")
    (problem,) = problems
    said = str(problem).removeprefix("config.yaml:")
    assert (f"warning {said}" if problem.severity == "warning" else said).startswith(complaint)
    assert (settings is None) is (problem.severity == "error")


def test_there_are_enough_of_them() -> None:
    assert len({complaint for _, complaint in BROKEN}) == len(BROKEN) >= 30


def test_all_at_once_are_told_all_at_once() -> None:
    """One mistake hides no other: each rule's complaint is there, in the order of the file."""
    single = [rules.replace("name: x", f"name: x{n}") for n, (rules, _) in enumerate(BROKEN) if "\n" not in rules]
    settings, problems = parse(f"{SMALL}rules:\n" + "\n".join(single) + "\n")
    assert settings is None
    assert [problem.line for problem in problems] == sorted(problem.line for problem in problems)
    assert {problem.line for problem in problems} >= {14 + n for n, one in enumerate(single) if "name: all" not in one}
