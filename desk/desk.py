"""The desk: what every use case stands on, handed around as one value."""

from collections.abc import Callable
from dataclasses import dataclass

from domain.settings import Settings
from domain.token import Keys, reference
from rules import RuleSet
from store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """An open helpdesk.  `random` gives that many random octets; the time is an argument of each act.

    `holder` names this process in leases and claims, `is_dead` tells whether another holder's
    process has certainly ended.
    """

    store: Store
    settings: Settings
    rules: RuleSet
    keys: Keys
    random: Callable[[int], bytes]
    holder: str
    is_dead: Callable[[str], bool]

    def reference(self, number: int) -> str:
        """How people name a ticket: `ACME-1042`."""
        return reference(self.settings.helpdesk.tag, number)
