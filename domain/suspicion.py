"""What staff should know of a sender, as a key and its places: said in each reader's language, English in the log.

`recorded` is how it is kept, `read_back` reads that; what was kept as an English sentence before stays one.
Never fails.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

ENGLISH: Mapping[str, str] = MappingProxyType(
    {"display_name": "the display name says {claimed}, the address is {address}"}
)
"""By key; the catalogs of letters say the same under `suspicion.KEY`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """One suspicion.  `said` is the sentence in a reader's language, '' for the English one."""

    key: str = ""
    places: tuple[tuple[str, str], ...] = ()
    said: str = ""

    def __str__(self) -> str:
        return self.said or ENGLISH.get(self.key, "").format(**dict(self.places))

    @property
    def recorded(self) -> str:
        """The suspicion in no language."""
        return json.dumps({"key": self.key, **dict(self.places)}, ensure_ascii=False) if self.key else self.said


def read_back(recorded: str) -> Suspicion | None:
    """The suspicion that was RECORDED, None for ''."""
    if not recorded:
        return None
    try:
        values = json.loads(recorded)
        key = values.pop("key")
        ENGLISH[key].format(**values)
    except (ValueError, TypeError, AttributeError, LookupError):
        return Suspicion(said=recorded)
    return Suspicion(key=key, places=tuple((name, str(value)) for name, value in values.items()))
