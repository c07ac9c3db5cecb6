"""Which rules matched which mails, and which rule sets were live: for counting, without reading the records.

The rows are written with the decision record of a mail, in the same transaction, and say what stands there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from store.tables import IntakeRow, MatchedRuleRow, RuleSetRow, table

_matched, _intake, _sets = table(MatchedRuleRow), table(IntakeRow), table(RuleSetRow)
_NOTE = insert(_matched)
_FORGET = delete(_matched).where(
    _matched.c.rule_set == bindparam("of_set"),
    _matched.c.rule == bindparam("of_rule"),
    _matched.c.intake == bindparam("of_intake"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleUse:
    """How often a rule matched, and its latest mail: when that was decided, and on which ticket it is."""

    rule: str
    mails: int
    last: datetime | None
    intake: int
    ticket: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSet:
    """A rule set that was live: since when, how many mails it decided, and when the last one."""

    hash: str
    text: str
    first_live: datetime
    mails: int
    last: datetime | None


class Matches:
    """The matches within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def uses(self, *, at_least: int = 0) -> tuple[RuleUse, ...]:
        """Every rule that matched a mail from number AT_LEAST on; '' stands for the mails that none matched."""
        latest = func.max(_matched.c.intake)
        counted = (
            select(_matched.c.rule, func.count().label("mails"), latest.label("intake"))
            .where(_matched.c.intake >= at_least)
            .group_by(_matched.c.rule)
            .subquery()
        )
        rows = self._connection.execute(
            select(counted, _intake.c.done_at, _intake.c.ticket)
            .join(_intake, _intake.c.id == counted.c.intake)
            .order_by(counted.c.mails.desc(), counted.c.rule)
        )
        return tuple(
            RuleUse(rule=row.rule, mails=row.mails, last=row.done_at, intake=row.intake, ticket=row.ticket)
            for row in rows
        )

    def decided(self, *, at_least: int = 0) -> int:
        """How many mails from number AT_LEAST on were decided by rules."""
        query = select(func.count(func.distinct(_matched.c.intake))).where(_matched.c.intake >= at_least)
        return self._connection.execute(query).scalar_one()

    def intakes(self, *, at_least: int = 0, rule: str = "") -> frozenset[int]:
        """The mails from number AT_LEAST on that rules decided; only those that RULE matched, if one is named."""
        query = select(_matched.c.intake).where(_matched.c.intake >= at_least)
        if rule:
            query = query.where(_matched.c.rule == rule)
        return frozenset(self._connection.execute(query).scalars())

    def live_sets(self) -> tuple[LiveSet, ...]:
        """Every rule set that was ever live, the newest first."""
        counted = (
            select(
                _matched.c.rule_set,
                func.count(func.distinct(_matched.c.intake)).label("mails"),
                func.max(_matched.c.intake).label("intake"),
            )
            .group_by(_matched.c.rule_set)
            .subquery()
        )
        rows = self._connection.execute(
            select(_sets, counted.c.mails, _intake.c.done_at)
            .outerjoin(counted, counted.c.rule_set == _sets.c.hash)
            .outerjoin(_intake, _intake.c.id == counted.c.intake)
            .order_by(_sets.c.first_live.desc(), _sets.c.hash)
        )
        return tuple(
            LiveSet(hash=row.hash, text=row.text, first_live=row.first_live, mails=row.mails or 0, last=row.done_at)
            for row in rows
        )

    def rules_of(self, digest: str) -> str:
        """The text of a rule set that was live, '' if it is not known."""
        found = self._connection.execute(select(_sets.c.text).where(_sets.c.hash == digest)).scalar()
        return str(found) if found is not None else ""


def note_matches(connection: Connection, intake: int, decision: Mapping[str, Any]) -> None:
    """Note the rules that DECISION, a decision record, says have matched."""
    rows = [{"rule_set": rule_set, "rule": rule, "intake": intake} for rule_set, rule in _said(decision)]
    if rows:
        connection.execute(_NOTE, rows)


def forget_matches(connection: Connection, intake: int, decision: Mapping[str, Any]) -> None:
    """Take back what was noted with DECISION."""
    rows = [{"of_set": rule_set, "of_rule": rule, "of_intake": intake} for rule_set, rule in _said(decision)]
    if rows:
        connection.execute(_FORGET, rows)


def _said(decision: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    rule_set = decision.get("rule_set")
    if not isinstance(rule_set, str):
        return ()
    return [(rule_set, str(rule)) for rule in decision.get("rules") or ("",)]
