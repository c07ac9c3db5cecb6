"""Whose code runs under our import names: ours, and nobody else's.

Our top-level names are common words.  Another distribution in the same environment that has one of
them takes its place (`pip install rules`), and the helpdesk would decide mails with foreign code.

Looking is cheap (well under a millisecond) as long as nothing is suspicious; only then are the lists of files of all
distributions read (about 0.1 s), to name the one.

Fails with: ForeignNames.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import packages_distributions
from pathlib import Path

from domain.errors import DeskError

OURS = ("cli", "clock", "commands", "demo", "desk", "domain", "notifier", "rules", "scanner", "store")
DISTRIBUTION = "mail-helpdesk"
_ROOT = Path(__file__).absolute().parent.parent


class ForeignNames(DeskError):
    """Another distribution owns an import name of ours."""


def must_be_ours() -> None:
    """Do nothing if our import names are ours alone.  Raises ForeignNames."""
    places = [Path(entry).absolute() for entry in sys.path if entry]
    elsewhere = found_elsewhere(places, root=_ROOT)
    is_beside_others = any(_ROOT.glob("*.dist-info"))
    if not elsewhere and not is_beside_others:
        return
    owners = foreign_owners(packages_distributions())
    # A directory that no distribution owns may hold one of the names as well.
    strangers = {name: str(place) for name, place in elsewhere.items()} | owners
    if strangers:
        raise ForeignNames(complaint(strangers))


def found_elsewhere(places: Sequence[Path], *, root: Path) -> dict[str, Path]:
    """Our names that an import would find in one of PLACES before ROOT is asked, each with its place."""
    before = places[: places.index(root)] if root in places else places
    return {name: place for name in OURS for place in reversed(before) if place != root and _holds(place, name)}


def foreign_owners(distributions: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Our names that a foreign distribution has, each with that distribution.

    DISTRIBUTIONS names the owners of each import name, as `importlib.metadata.packages_distributions`.
    """
    foreign = {
        name: sorted({owner for owner in distributions.get(name, ()) if _plain(owner) != DISTRIBUTION}) for name in OURS
    }
    return {name: ", ".join(owners) for name, owners in foreign.items() if owners}


def complaint(strangers: Mapping[str, str]) -> str:
    """One line: which names, whose they are, what to do."""
    named = "; ".join(f"{name} of {owner}" for name, owner in strangers.items())
    return (
        f"foreign code takes the place of ours in this Python ({sys.prefix}): {named}; "
        "uninstall it, or install the helpdesk into a virtual environment of its own (make install)"
    )


def _holds(place: Path, name: str) -> bool:
    return (place / f"{name}.py").is_file() or (place / name / "__init__.py").is_file()


def _plain(distribution: str) -> str:
    return distribution.lower().replace("_", "-").replace(".", "-")
