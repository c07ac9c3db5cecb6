"""What becomes of a mail: the rules in their order, and why.

`decide` and `walk` run the same steps; the one keeps the result, the other what was seen on the way.

A rule matches if its conditions hold.  Its dispositions are tried in order, and the first that takes
effect ends the run.  Where a rule has dispositions and none takes effect (`update` without a ticket), the
rule has no effect at all: its modifiers belong to a ticket that is not there.  A rule without
dispositions changes the ticket on the way, and the next rule is asked.  If no rule ends the run, a reply
updates its ticket and anything else opens one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from domain.decision import Create, Decision, Disposition, Ignore, MailFacts, Modifier, RuleVerdict, Update
from rules.actions import DISPOSITIONS, in_force, modifiers, told
from rules.conditions import verdicts
from rules.ruleset import Rule, RuleSet
from rules.view import View

MAX_FACT = 4096


@dataclass(frozen=True, slots=True)
class _Step:
    """One rule that was asked: whether it matched, what ended the run, and whether it fell through."""

    rule: Rule
    matched: bool
    disposition: Disposition | None = None

    @property
    def fell_through(self) -> bool:
        return self.matched and bool(self.rule.dispositions) and self.disposition is None


def decide(ruleset: RuleSet, facts: MailFacts) -> Decision:
    """What shall happen with a mail.  Reads no clock, database or mailbox."""
    view = View(facts)
    candidates = (ruleset.rules[place] for place in ruleset.index.candidates(view))
    matched = [step for step in _steps(candidates, view) if step.matched]
    disposition = matched[-1].disposition if matched else None
    changes: tuple[Modifier, ...] = ()
    if not isinstance(disposition, Ignore):
        effective = [step.rule for step in matched if not step.fell_through]
        changes = in_force(change for rule in effective for change in modifiers(rule.actions, rule.because))
    return Decision(
        disposition=disposition or _default(view),
        modifiers=changes,
        rules=tuple(step.rule.name for step in matched),
    )


def walk(ruleset: RuleSet, facts: MailFacts) -> tuple[RuleVerdict, ...]:
    """Every rule with what each of its conditions saw; the rules after the end of the run are not reached."""
    view = View(facts)
    steps = tuple(_steps(ruleset.rules, view))
    missed = ruleset.rules[len(steps) :]
    return (*(_verdict(step, view) for step in steps), *(_not_reached(rule) for rule in missed))


def facts_read(ruleset: RuleSet, facts: MailFacts) -> dict[str, object]:
    """What the rules look at in this mail, for the decision record: plain JSON, MAX_FACT characters a value."""
    view = View(facts)
    special = {"is": _kinds_fact, "found": _found_fact}
    return {
        field: special[field](view) if field in special else [value.text[:MAX_FACT] for value in view.values(field)]
        for field in sorted(ruleset.reads)
    }


def _steps(asked: Iterable[Rule], view: View) -> Iterator[_Step]:
    """The rules ASKED in their order, up to and with the one that ends the run."""
    for rule in asked:
        if not rule.condition.holds(view):
            yield _Step(rule, matched=False)
            continue
        tried = (DISPOSITIONS[word](view, rule.because) for word in rule.dispositions)
        disposition = next((effect for effect in tried if effect is not None), None)
        yield _Step(rule, matched=True, disposition=disposition)
        if disposition is not None:
            return


def _default(view: View) -> Disposition:
    ticket = view.found.ticket
    if view.is_reply and ticket is not None:
        return Update(ticket=ticket.number, because="no rule opens or ignores it: a reply updates its ticket")
    return Create(because="no rule opens or ignores it: a mail without a ticket opens one")


def _verdict(step: _Step, view: View) -> RuleVerdict:
    return RuleVerdict(
        rule=step.rule.name,
        matched=step.matched,
        conditions=tuple(verdicts(step.rule.condition, view)),
        then=_then(step),
    )


def _then(step: _Step) -> str:
    if not step.matched:
        return ""
    if step.fell_through:
        return f"{', '.join(step.rule.dispositions)} finds no ticket: the rule has no effect, the next one is tried"
    return told(step.rule.actions)


def _not_reached(rule: Rule) -> RuleVerdict:
    return RuleVerdict(rule=rule.name, matched=False, reached=False)


def _kinds_fact(view: View) -> object:
    message = view.facts.message
    signs = {"auto_reply": message.is_auto_reply, "bounce": message.is_bounce, "list": message.is_list}
    return [word for word, holds in signs.items() if holds]


def _found_fact(view: View) -> object:
    return {"verdict": view.found.verdict.value, "ticket": view.found.ticket.number if view.found.ticket else None}
