"""The screen of `helpdesk explain`: the mail, the finders, the rules, what would be done, the letters."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from commands.decided import disposition_in_words, letter_in_words, modifier_in_words
from commands.phrases import happened
from commands.screen import clean
from desk.by_mail import unproven
from desk.desk import Desk
from desk.explain import Explanation
from domain.decision import Assign, Decision, Forward, Ignore, MergeInto, Modifier, Reject, RuleVerdict, Verdict
from domain.event import Event, EventKind
from domain.letter import Told
from domain.message import Message

_OF_ADDRESSES = (EventKind.WATCHED, EventKind.UNDELIVERABLE, EventKind.REACHABLE, EventKind.OPTED_OUT,
                 EventKind.OPTED_IN, EventKind.EXTERNAL_ID)  # fmt: skip

_OF_FIELDS = (EventKind.FIELD, EventKind.ASSIGNED, EventKind.STATUS, EventKind.CLOSED, EventKind.REOPENED)


def print_explanation(told: Explanation, desk: Desk) -> None:
    """Print what would become of a mail."""
    for label, text in _lines(told, desk):
        print(clean(f"{label:<8} {text}".rstrip()))


def _lines(told: Explanation, desk: Desk) -> Iterator[tuple[str, str]]:
    yield "mail", _mail(told.message)
    if told.copy_of is not None:
        yield "", f"the same mail is in the journal already: intake {told.copy_of.id} ({told.copy_of.outcome})"
    for defect in told.message.defects[:5]:
        yield "", f"repaired: {defect}"
    if told.spoof:
        yield "", f"careful: {told.spoof}"
    yield "proof", _proof(told, desk)
    yield "ticket", _ticket(told, desk)
    if told.walk:
        yield "rules", ""
        width = min(max(len(verdict.rule) for verdict in told.walk), 24)
        for n, verdict in enumerate(told.walk, 1):
            yield from _rule(n, verdict, width)
    else:
        yield "rules", "not asked" if desk.settings.rules else "none in config.yaml"
    yield "would", _would(told, desk)
    yield from _letters(told)


def _mail(message: Message) -> str:
    sender = message.sender.address if message.sender else "nobody (no sender)"
    kinds = [
        name
        for name, holds in (
            ("an auto-reply", message.is_auto_reply),
            ("a bounce", message.is_bounce),
            ("mailing-list mail", message.is_list),
        )
        if holds
    ]
    why = f" ({' · '.join(message.class_because)})" if message.class_because else ""
    return f"'{message.subject}' from {sender}, {' and '.join(kinds) or 'a person'}{why}"


def _proof(told: Explanation, desk: Desk) -> str:
    """Whether the sender is proven, and what that lets him do."""
    if told.agent:
        return f"of the sender: {told.proof.because}; {desk.settings.agents[told.agent].name} acts by mail"
    missing = unproven(desk.settings, told.message, told.proof)
    if missing:
        return f"{missing}; nothing is done by mail"
    return f"of the sender: {told.proof.because}" if told.proof.proves_from else f"none: {told.proof.because}"


def _ticket(told: Explanation, desk: Desk) -> str:
    found = told.found
    if found.ticket is not None:
        doubt = ", but the sender is unconfirmed" if found.verdict is Verdict.UNCONFIRMED else ""
        return f"{desk.reference(found.ticket.number)}{doubt}: {found.because}"
    linked = f", linked with {desk.reference(found.linked)}" if found.linked else ""
    return f"none{linked}: {' · '.join(step.because for step in found.walk)}"


def _rule(n: int, verdict: RuleVerdict, width: int) -> Iterator[tuple[str, str]]:
    name = verdict.rule if len(verdict.rule) <= width else verdict.rule[: width - 1] + "…"
    mark = ("YES" if verdict.matched else "no ") if verdict.reached else "-  "
    if not verdict.reached:
        yield "", f"{n:>2} {name:<{width}} {mark} not reached: the run had ended"
        return
    deciding = [one for one in verdict.conditions if one.held] if verdict.matched else _refusing(verdict)
    seen = " · ".join(_condition(one.condition, one.saw) for one in deciding) or "always"
    yield "", f"{n:>2} {name:<{width}} {mark} {seen}"


def _refusing(verdict: RuleVerdict) -> list[Any]:
    """The conditions that kept a rule from matching; all of them where none alone did."""
    return [one for one in verdict.conditions if not one.held] or list(verdict.conditions)


def _condition(condition: str, saw: str) -> str:
    return f"{condition}: {saw}" if saw else condition


def _would(told: Explanation, desk: Desk) -> str:
    disposition = told.decision.disposition
    if isinstance(disposition, Ignore):
        return f"ignore it ({disposition.because})"
    if isinstance(disposition, Reject | Forward):
        return f"{disposition_in_words(disposition)} ({disposition.because})"
    assert told.ticket is not None
    what = "open a ticket" if told.opens else f"add it to {desk.reference(told.ticket.number)}"
    if isinstance(disposition, MergeInto):
        one, into = desk.reference(disposition.ticket), desk.reference(disposition.into)
        what = f"merge {one} into {into} and add it there ({disposition.because})"
    if told.agent:
        return " · ".join([what, *_acts(told, desk)])
    changes = [_modifier(one) for one in told.decision.modifiers] if told.opens else _changes(told, desk)
    if told.opens and not any(isinstance(one, Assign) and one.group for one in told.decision.modifiers):
        changes.append(f"group {told.ticket.group} (mailbox {told.mailbox})")
    # What a rule does stands among its modifiers where a ticket is opened.
    seen = [event for event in told.events if event.kind in _OF_ADDRESSES and not (told.opens and _is_by_rule(event))]
    changes += [happened(event, desk.settings) for event in seen]
    changes += [f"{letter_in_words(wish)} ({wish.because})" for wish in told.decision.letters]
    return " · ".join([what, *changes, *told.decision.remarks])


def _acts(told: Explanation, desk: Desk) -> Iterator[str]:
    """What an agent's mail does, as the command line says it afterwards."""
    if told.opens and told.ticket is not None and told.ticket.requester is not None:
        yield f"for {told.ticket.requester.name or told.ticket.requester.addresses[0].address}"
    yield from (happened(event, desk.settings) for event in told.events if event.kind is not EventKind.OPENED)


def _modifier(modifier: Modifier) -> str:
    return f"{modifier_in_words(modifier)} ({modifier.because})"


def _changes(told: Explanation, desk: Desk) -> list[str]:
    changes = (event for event in told.events[1:] if event.kind not in _OF_ADDRESSES)
    return [_change(event, desk) for event in changes]


def _is_by_rule(event: Event) -> bool:
    return event.actor.kind == "rule"


def _change(event: Event, desk: Desk) -> str:
    why = f" ({event.because})" if _is_by_rule(event) and event.because else ""
    if event.after and event.kind in _OF_FIELDS:
        return f"{event.field or 'status'} {event.before} → {event.after}{why}"
    return f"{happened(event, desk.settings)}{why}"


def _letters(told: Explanation) -> Iterator[tuple[str, str]]:
    if not told.told:
        yield "letters", "none"
        return
    for n, one in enumerate(told.told):
        to = one.recipient.address or one.recipient.role
        sent = isinstance(one, Told)
        text = f"{to}: {one.kind.value.replace('_', ' ')}, {one.because}" if sent else f"withheld {to}: {one.because}"
        yield "letters" if n == 0 else "", text


def as_facts(told: Explanation, desk: Desk) -> dict[str, Any]:
    """The explanation as JSON."""
    message = told.message
    return {
        "mailbox": told.mailbox,
        "subject": message.subject,
        "from": message.sender.address if message.sender else None,
        "auto_reply": message.is_auto_reply,
        "bounce": message.is_bounce,
        "list": message.is_list,
        "class": message.class_because,
        "defects": message.defects,
        "copy_of": told.copy_of.id if told.copy_of else None,
        "spoof": str(told.spoof or ""),
        "authentication": asdict(told.proof),
        "agent": told.agent or None,
        "acts": [happened(event, desk.settings) for event in told.events] if told.agent else [],
        "finders": [asdict(step) for step in told.found.walk],
        "ticket": desk.reference(told.found.ticket.number) if told.found.ticket else None,
        "rules": [asdict(verdict) for verdict in told.walk],
        "would": _would_fact(told.decision),
        "modifiers": [{"kind": type(one).__name__, **asdict(one)} for one in told.decision.modifiers],
        "letters": [
            {"to": one.recipient.address, "kind": one.kind, "because": one.because}
            for one in told.told
            if isinstance(one, Told)
        ],
        "withheld": [
            {"to": one.recipient.address, "kind": one.kind, "reason": one.reason, "because": one.because}
            for one in told.told
            if not isinstance(one, Told)
        ],
    }


def _would_fact(decision: Decision) -> dict[str, str]:
    return {"disposition": type(decision.disposition).__name__.lower(), "because": decision.disposition.because}
