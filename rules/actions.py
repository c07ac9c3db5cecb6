"""Actions: what a rule does, as the values of `domain/decision.py`.

A disposition ends the run of the rules if it takes effect, and answers None if it does not; modifiers
change the ticket on the way; letters are wishes.  A new action = one function + one line in a table
here + one field in `domain/action.py` + one row in `tests/rules/`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from domain.action import Action, AssignTo, Letters, LinkTo, NotifyWhom, RejectWith, SetFields, TargetKey, WatchedBy
from domain.decision import (
    AddLetter,
    AddNote,
    AddTags,
    Assign,
    AssignBy,
    ChooseLetter,
    Create,
    Disposition,
    FileIn,
    Forward,
    Ignore,
    LetterWish,
    LinkContact,
    LinkOrganization,
    Lookup,
    MandatoryLetters,
    MergeInto,
    Modifier,
    Notify,
    Reject,
    RemoveTags,
    SetField,
    SuppressLetters,
    Update,
    Watch,
)
from domain.errors import BadAddress
from domain.people import Address
from rules.expression import Expression
from rules.text import shortened
from rules.view import View

DEFAULT_REJECTION = "rejected"


class Occasion:
    """One rule that matched one mail: why things are done, and how its expressions are worked out.

    `remarks` collects what could not be done for want of a value.
    """

    def __init__(self, view: View, because: str, captures: Callable[[], Mapping[str, str]]) -> None:
        self.view = view
        self.because = because
        self.remarks: list[str] = []
        self._captures = captures
        self._matched: Mapping[str, str] | None = None

    def text(self, written: str, *, of: str = "") -> str:
        """WRITTEN with its expressions worked out; where nothing comes of them, '' and a remark on what it was OF."""
        expression = Expression.of(written)
        if expression.is_constant:
            return written
        if self._matched is None:
            self._matched = self._captures() if expression.matches else {}
        text = expression.render(self._value, self._matched).strip()
        if not text and of:
            self.remarks.append(f"{self.because}: {of} is left as it is, {written} comes to nothing")
        return text

    def _value(self, field: str) -> str:
        values = self.view.values(field)
        return values[0].text if values else ""


def create(said: Any, on: Occasion) -> Disposition | None:
    """A new ticket, also for a reply."""
    return Create(because=on.because)


def update(said: TargetKey, on: Occasion) -> Disposition | None:
    """The mail on the ticket that was found, or that a key names; None where there is none."""
    number = on.view.ticket if said.by is None else _target(said, on)
    return None if number is None else Update(ticket=number, because=on.because)


def ignore(said: Any, on: Occasion) -> Disposition | None:
    """Nothing, and nobody is written to."""
    return Ignore(because=on.because)


def reject(said: RejectWith, on: Occasion) -> Disposition | None:
    """A letter that says so, and no ticket."""
    text = on.text(said.text) if said.text else ""
    letter = said.letter or ("" if text else DEFAULT_REJECTION)
    return Reject(letter=letter, text=text, because=on.because)


def forward(said: tuple[str, ...], on: Occasion) -> Disposition | None:
    """The mail, to others."""
    return Forward(addresses=tuple(dict.fromkeys(said)), because=on.because)


def merge_into(said: TargetKey, on: Occasion) -> Disposition | None:
    """The ticket that was found in the one that a key names; None where one is missing or both are the same."""
    into = _target(said, on)
    if on.view.ticket is None or into in (None, on.view.ticket):
        return None
    return MergeInto(ticket=on.view.ticket, into=into, because=on.because) if into else None


def _target(said: TargetKey, on: Occasion) -> int | None:
    key = on.text(said.key or "").strip()
    return on.view.target(Lookup(by=said.by, key=key, belongs=said.belongs)) if said.by and key else None


def set_fields(fields: SetFields, on: Occasion) -> Iterator[Modifier]:
    """Each field that is named, set; not those whose expression comes to nothing."""
    for word, written in fields.written().items():
        named = {f"fields.{key}": text for key, text in written.items()} if word == "fields" else {word: written}
        for field, text in named.items():
            value = on.text(text, of=field)
            if value:
                yield SetField(field=field, value=value, because=on.because)


def assign(to: AssignTo, on: Occasion) -> Iterator[Modifier]:
    """The ticket given to an agent, a group, or both, or to whoever comes out."""
    if to.by_organization:
        yield AssignBy(how="by_organization", because=on.because)
    elif to.round_robin:
        yield AssignBy(how="round_robin", group=to.round_robin, because=on.because)
    elif to.least_loaded:
        yield AssignBy(how="least_loaded", group=to.least_loaded, because=on.because)
    else:
        yield Assign(agent=to.agent or "", group=to.group or "", because=on.because)


def tag(tags: tuple[str, ...], on: Occasion) -> Iterator[Modifier]:
    """The tags added."""
    wanted = tuple(filter(None, dict.fromkeys(on.text(tag, of="tag") for tag in tags)))
    if wanted:
        yield AddTags(tags=wanted, because=on.because)


def untag(tags: tuple[str, ...], on: Occasion) -> Iterator[Modifier]:
    """The tags taken off."""
    yield RemoveTags(tags=tuple(dict.fromkeys(tags)), because=on.because)


def link(to: LinkTo, on: Occasion) -> Iterator[Modifier]:
    """Another requester, another organization."""
    if to.contact:
        text = on.text(to.contact, of="contact")
        try:
            address = Address.parse(text).address if text else ""
        except BadAddress as bad:
            on.remarks.append(f"{on.because}: contact is left as it is, {shortened(str(bad), limit=120)}")
            address = ""
        if address:
            yield LinkContact(address=address, because=on.because)
    if to.organization:
        name = on.text(to.organization, of="organization")
        if name:
            yield LinkOrganization(name=name, because=on.because)


def watch(by: WatchedBy, on: Occasion) -> Iterator[Modifier]:
    """Agents and customers who watch."""
    yield Watch(agents=by.agent or (), addresses=by.address or (), because=on.because)


def note(written: str, on: Occasion) -> Iterator[Modifier]:
    """An internal note."""
    text = on.text(written, of="note")
    if text:
        yield AddNote(text=text, because=on.because)


def file(folder: str, on: Occasion) -> Iterator[Modifier]:
    """The mail in a folder."""
    yield FileIn(folder=folder, because=on.because)


def letter(said: Letters, on: Occasion) -> Iterator[LetterWish]:
    """The letters chosen, added, suppressed, or made mandatory."""
    if said.choose:
        yield ChooseLetter(template=said.choose, because=on.because)
    for template in said.add or ():
        yield AddLetter(template=template, because=on.because)
    if said.suppress:
        kinds = () if "all" in said.suppress else tuple(dict.fromkeys(said.suppress))
        yield SuppressLetters(kinds=kinds, because=on.because)
    if said.mandatory:
        yield MandatoryLetters(because=on.because)


def notify(said: NotifyWhom, on: Occasion) -> Iterator[LetterWish]:
    """Agents and groups told."""
    yield Notify(agents=said.agent or (), groups=said.group or (), because=on.because)


DISPOSITIONS: Mapping[str, Callable[[Any, Occasion], Disposition | None]] = {
    "create": create,
    "update": update,
    "ignore": ignore,
    "reject": reject,
    "forward": forward,
    "merge_into": merge_into,
}
MODIFIERS: Mapping[str, Callable[[Any, Occasion], Iterator[Modifier]]] = {
    "set": set_fields,
    "assign": assign,
    "tag": tag,
    "untag": untag,
    "link": link,
    "watch": watch,
    "note": note,
    "file": file,
}
LETTERS: Mapping[str, Callable[[Any, Occasion], Iterator[LetterWish]]] = {"letter": letter, "notify": notify}
FLOW = ("stop", "continue")
# Those that take effect on every mail: nothing after them is reached.
ALWAYS_TAKE_EFFECT = frozenset({"create", "ignore", "reject", "forward"})
# Those after which there is no ticket that could be changed or told of.
WITHOUT_TICKET = frozenset({"ignore", "reject", "forward"})


def modifiers(actions: Iterable[Action], on: Occasion) -> tuple[Modifier, ...]:
    """What ACTIONS change, in order."""
    changing = [action for action in actions if action.word in MODIFIERS]
    return tuple(modifier for action in changing for modifier in MODIFIERS[action.word](action.said, on))


def letters(actions: Iterable[Action], on: Occasion) -> tuple[LetterWish, ...]:
    """What ACTIONS wish of letters, in order."""
    wishing = [action for action in actions if action.word in LETTERS]
    return tuple(wish for action in wishing for wish in LETTERS[action.word](action.said, on))


def told(actions: Iterable[Action]) -> str:
    """ACTIONS in words, for explanations."""
    return " · ".join(map(_told, actions))


def _told(action: Action) -> str:
    said = action.said
    if isinstance(said, str):
        return f"{action.word} {shortened(said)}"
    if isinstance(said, tuple):
        return f"{action.word} {', '.join(said)}"
    pairs = [_pair(word, value) for word, value in said.written().items()]
    if action.word == "assign":
        return f"assign to {' and '.join(pairs)}"
    return f"{action.word} {', '.join(pairs)}".rstrip()


def _pair(word: str, value: Any) -> str:
    if value is True or value == ("all",):
        return word
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {shortened(text)}" for key, text in value.items())
    return f"{word} {', '.join(value) if isinstance(value, tuple) else shortened(value)}"
