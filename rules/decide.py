"""What becomes of a mail: the rules in their order, and why.

`decide` and `walk` run the same steps; the one keeps the result, the other what was seen on the way.

A rule matches if its conditions hold.  Its dispositions are tried in order, and the first that takes
effect ends the run.  Where a rule has dispositions and none takes effect (`update` without a ticket), the
rule has no effect at all: its modifiers belong to a ticket that is not there.  A rule without
dispositions changes the ticket on the way, and the next rule is asked.  If no rule ends the run, a reply
updates its ticket and anything else opens one.  `stop` ends the run without a disposition; after
`continue` the run goes on, and the dispositions of later rules no longer count.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from domain.decision import (
    Create,
    Decision,
    Disposition,
    FileIn,
    Forward,
    Ignore,
    MailFacts,
    Reject,
    RuleVerdict,
    Update,
)
from rules.actions import DISPOSITIONS, Occasion, letters, modifiers, told
from rules.conditions import captures, verdicts
from rules.in_force import in_force, letters_in_force
from rules.ruleset import Rule, RuleSet
from rules.view import ATTACHMENT, View

MAX_FACT = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One rule that was asked: whether it matched, what it decided, and whether it fell through.

    `settled` says that an earlier rule has decided already; `occasion` is None where it did not match.
    """

    rule: Rule
    occasion: Occasion | None = None
    disposition: Disposition | None = None
    settled: bool = False

    @property
    def matched(self) -> bool:
        return self.occasion is not None

    @property
    def fell_through(self) -> bool:
        return self.matched and bool(self.rule.dispositions) and self.disposition is None and not self.settled

    @property
    def ends_the_run(self) -> bool:
        if not self.matched or self.fell_through:
            return False
        return self.rule.stops or (self.disposition is not None and not self.rule.continues)


def decide(ruleset: RuleSet, facts: MailFacts) -> Decision:
    """What shall happen with a mail.  Reads no clock, database or mailbox, but for `facts.targets`."""
    return decided(ruleset, View(facts))


def decided(ruleset: RuleSet, view: View) -> Decision:
    """What shall happen with the mail that VIEW shows."""
    candidates = (ruleset.rules[place] for place in ruleset.index.candidates(view))
    matched = [step for step in _steps(candidates, view) if step.matched]
    disposition = next((step.disposition for step in matched if step.disposition is not None), None) or _default(view)
    effective = [(step.rule, step.occasion) for step in matched if step.occasion and not step.fell_through]
    changes = in_force(change for rule, on in effective for change in modifiers(rule.actions, on))
    wishes = letters_in_force(wish for rule, on in effective for wish in letters(rule.actions, on))
    if isinstance(disposition, Ignore | Reject | Forward):
        changes, wishes = tuple(change for change in changes if isinstance(change, FileIn)), ()
    return Decision(
        disposition=disposition,
        modifiers=changes,
        letters=wishes,
        rules=tuple(step.rule.name for step in matched),
        remarks=tuple(remark for _, on in effective for remark in on.remarks),
        lookups=view.lookups,
    )


def walk(ruleset: RuleSet, facts: MailFacts) -> tuple[RuleVerdict, ...]:
    """Every rule with what each of its conditions saw; the rules after the end of the run are not reached."""
    return walked(ruleset, View(facts))


def walked(ruleset: RuleSet, view: View) -> tuple[RuleVerdict, ...]:
    """The same for what a VIEW shows."""
    steps = tuple(_steps(ruleset.rules, view))
    missed = ruleset.rules[len(steps) :]
    return (*(_verdict(step, view) for step in steps), *(_not_reached(rule) for rule in missed))


def facts_read(ruleset: RuleSet, facts: MailFacts) -> dict[str, object]:
    """What the rules look at in this mail, for the decision record: plain JSON, MAX_FACT characters a value."""
    view = View(facts)
    return {field: _fact(field, view) for field in sorted(ruleset.reads)}


def _fact(field: str, view: View) -> object:
    if field == "found":
        ticket = view.found.ticket
        return {"verdict": view.found.verdict.value, "ticket": ticket.number if ticket else None}
    if field == ATTACHMENT:
        return [[part.name.text[:MAX_FACT], part.type.text[:MAX_FACT], part.size.number] for part in view.parts]
    return [value.text[:MAX_FACT] if value.number is None else value.number for value in view.values(field)]


def _steps(asked: Iterable[Rule], view: View) -> Iterator[_Step]:
    """The rules ASKED in their order, up to and with the one that ends the run."""
    settled = False
    for rule in asked:
        if not rule.condition.holds(view):
            yield _Step(rule=rule)
            continue
        occasion = Occasion(view, rule.because, partial(captures, rule.condition, view))
        tried = (DISPOSITIONS[action.word](action.said, occasion) for action in rule.dispositions if not settled)
        disposition = next((effect for effect in tried if effect is not None), None)
        step = _Step(rule=rule, occasion=occasion, disposition=disposition, settled=settled)
        yield step
        if step.ends_the_run:
            return
        settled = settled or disposition is not None


def _default(view: View) -> Disposition:
    if view.ticket is not None:
        return Update(ticket=view.ticket, because="no rule opens or ignores it: a reply updates its ticket")
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
        tried = ", ".join(action.word for action in step.rule.dispositions)
        return f"{tried} finds no ticket: the rule has no effect, the next one is tried"
    return told(step.rule.actions)


def _not_reached(rule: Rule) -> RuleVerdict:
    return RuleVerdict(rule=rule.name, matched=False, reached=False)
