"""A mail as its decision record shows it, so that it can be decided again without the mail.

Fails with: NotRecorded, where the rules look at what was not kept, or not kept whole.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from domain.decision import Decision, Lookup, MailFacts, RuleVerdict, Verdict
from domain.errors import DeskError
from domain.people import Address
from rules.decide import MAX_FACT, decided, walked
from rules.ruleset import RuleSet
from rules.view import ATTACHMENT, PEOPLE, Part, Value, Values, View, number, parts


class NotRecorded(DeskError):
    """The record lacks what the rules look at: read the mail again."""


def decide_again(
    ruleset: RuleSet, stored: Mapping[str, Any], *, lookups: Mapping[Lookup, int | None], mail: MailFacts | None = None
) -> Decision:
    """What RULESET decides on the facts STORED with a former decision, and its LOOKUPS.

    What was not kept, or not kept whole, is taken from MAIL, the mail read again; raises NotRecorded where
    that is needed and not given.
    """
    if mail is None:
        for field in ruleset.reads:
            _check(field, stored)
    return decided(ruleset, Recorded(stored, lookups, mail))


def walk_again(
    ruleset: RuleSet, stored: Mapping[str, Any], *, lookups: Mapping[Lookup, int | None], mail: MailFacts
) -> tuple[RuleVerdict, ...]:
    """Every rule of RULESET with what it saw in the facts STORED, as `walk` tells it; what was not kept is MAIL's."""
    return walked(ruleset, Recorded(stored, lookups, mail))


class Recorded(View):
    """The facts of a decision record in the place of a mail; behind them the mail itself, if it was read again."""

    def __init__(
        self, stored: Mapping[str, Any], lookups: Mapping[Lookup, int | None], mail: MailFacts | None = None
    ) -> None:
        self._stored = stored
        self._values = {}
        self._targets = dict(lookups)
        self._mail = mail
        if mail is not None:
            self.facts = mail

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        if self._mail is not None and not _is_whole(ATTACHMENT, self._stored):
            return parts(self._mail)
        return tuple(Part(name, kind, int(size)) for name, kind, size in self._stored[ATTACHMENT])

    @property
    def is_reply(self) -> bool:
        return self.ticket is not None

    @property
    def ticket(self) -> int | None:
        found = self._stored["found"]
        return found["ticket"] if found["verdict"] in (Verdict.TICKET.value, Verdict.UNCONFIRMED.value) else None

    def target(self, lookup: Lookup) -> int | None:
        """Raises NotRecorded for what was not asked then."""
        if lookup not in self._targets:
            if self._mail is None:
                raise NotRecorded(f"no ticket was asked for by {lookup.by} {lookup.key!r} then")
            ticket = self._mail.targets(lookup)
            self._targets[lookup] = ticket.number if ticket else None
        return self._targets[lookup]

    def _read(self, field: str) -> Values:
        if field == "found":
            return (Value("reply" if self.is_reply else "new"),)
        if self._mail is not None and not _is_whole(field, self._stored):
            return super()._read(field)
        return tuple(_value(field, one) for one in self._stored[field])


def _check(field: str, stored: Mapping[str, Any]) -> None:
    if field not in stored:
        raise NotRecorded(f"{field} is not in the record")
    if not _is_whole(field, stored):
        raise NotRecorded(f"only the beginning of {field} is in the record")


def _is_whole(field: str, stored: Mapping[str, Any]) -> bool:
    """The record has all of FIELD."""
    if field not in stored:
        return False
    texts = [one for one in stored[field] if isinstance(one, str)] if field != "found" else []
    return all(len(text) < MAX_FACT for text in texts)


def _value(field: str, stored: Any) -> Value:
    if isinstance(stored, int | float):
        return number(stored)
    if field not in PEOPLE:
        return Value(stored)
    name, begun, rest = stored.rpartition(" <")
    return Value(stored, Address(rest.removesuffix(">"), name) if begun else Address(stored)) if stored else Value("")
