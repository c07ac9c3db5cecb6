r"""Administrators' patterns: RE2, which takes linear time whatever the mail says.

RE2 knows `\w`, `\d`, `\s` and `\b` for ASCII only.  Here a pattern is translated first, so that
`\w` is a letter, mark or digit of any script (or `_`), `\d` a digit of any script, `\s` any white
space.  `\b` at an end of the pattern, or of one of its alternatives, asks that no word character
stands beyond it; elsewhere RE2 could not do it right, and the pattern is refused.

Fails with: BadPattern.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

from domain.errors import DeskError
from domain.nfc import nfc

MAX_MEMORY = 8 << 20
MAX_LENGTH = 4000
MAX_MEMORY_TOGETHER = 64 << 20
# So many are looked for in one pass; with more, RE2 needs more states than it can keep.
LITERALS_TOGETHER = 2000
PATTERNS_TOGETHER = 100

# The underscore first: at the end it would make `[\w-z]` a range.
_WORD = r"_\p{L}\p{M}\p{Nd}"
_SPACE = r"\s\x{0B}\x{85}\p{Z}"
_OUTSIDE = {
    r"\w": f"[{_WORD}]",
    r"\W": f"[^{_WORD}]",
    r"\d": r"\p{Nd}",
    r"\D": r"\P{Nd}",
    r"\s": f"[{_SPACE}]",
    r"\S": f"[^{_SPACE}]",
}
_INSIDE = {r"\w": _WORD, r"\d": r"\p{Nd}", r"\D": r"\P{Nd}", r"\s": _SPACE}
# No word character stands beyond here; it takes the other character along.
START = rf"(?:\A|[^{_WORD}])"
END = rf"(?:\z|[^{_WORD}])"

_TAKES_NOTHING = ("border", "anchor", "flags", "repeat")

_TOKENS = re.compile(
    r"""
    (?P<literal> \\Q .*? (?: \\E | \Z) )
  | (?P<border>  \\b )
  | (?P<inner>   \\B )
  | (?P<anchor>  \\A | \\z | \^ | \$ )
  | (?P<escape>  \\ (?: [pP] \{ [^}]* \} | x \{ [^}]* \} | . ) )
  | (?P<class>   \[ \^? \]? (?: \[: \^? \w+ :\] | \\. | [^\]\\] )* \] )
  | (?P<flags>   \( \? [A-Za-z-]+ \) )
  | (?P<open>    \( (?: \? (?: P? < \w+ > | [A-Za-z-]* : ) )? )
  | (?P<close>   \) )
  | (?P<or>      \| )
  | (?P<repeat>  (?: [*+?] | \{ \d+ (?: , \d* )? \} ) \?? )
  | (?P<char>    . )
    """,
    re.VERBOSE | re.DOTALL,
)
_CLASS_ITEMS = re.compile(r"\[:\^?\w+:\]|\\(?:[pPx]\{[^}]*\}|.)|.", re.DOTALL)

_WAYS_OUT = (
    (re.compile(r"operator: \(\?<?[=!]"), "RE2 has no look-around: write a second condition, under none: if need be"),
    (re.compile(r"escape sequence: \\(?:[1-9]|k)"), "RE2 has no back-references: write the alternatives out"),
    (re.compile(r"operator: (?:\(\?>|[*+?}]\+)"), "RE2 never backtracks, so possessive forms are not needed"),
    (re.compile(r"operator: \(\?x"), "RE2 has no verbose form: take blanks and comments out"),
    (re.compile(r"escape sequence: \\Z"), r"the end of the text is \z"),
    (re.compile(r"repetition size"), "a repetition goes to 1000, nested ones multiplied"),
    (re.compile(r"too large"), "use smaller repetitions, or + instead of a count"),
)  # fmt: skip


class BadPattern(DeskError):
    """A regular expression that RE2 does not take, with RE2's own words and the way out."""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a pattern: a character, an escape, a bracket, a repetition ..."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern as it was written, as RE2 has it, and ready to search; equal if written alike.

    `names` are those of its named groups.
    """

    written: str
    translated: str
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, written: str) -> "Pattern":
        """WRITTEN ready to search.  Raises BadPattern."""
        return _pattern(nfc(written))

    @classmethod
    def of_literal(cls, written: str, for_re2: str) -> "Pattern":
        """What was WRITTEN in another notation, as FOR_RE2, which must be valid.  It is made ready when first asked."""
        return cls(written, for_re2)

    @staticmethod
    def escaped(text: str) -> str:
        """TEXT as a pattern that stands for itself."""
        return "".join(char if char.isalnum() or not char.isascii() else f"\\x{{{ord(char):X}}}" for char in text)

    def position(self, text: bytes) -> int:
        """At which octet of a UTF-8 text it is found first, -1 if nowhere."""
        found = _search(self.translated)(text)
        return -1 if found is None else int(found.start())

    def captures(self, text: bytes) -> dict[str, str]:
        """What its named groups found in a UTF-8 text, '' for a group that took no part; empty if it is not found."""
        found = _compiled(self.translated, captures=True).search(text)
        if found is None:
            return {}
        return {name: (found.group(name.encode()) or b"").decode("utf-8", "replace") for name in self.names}


@lru_cache(maxsize=4096)
def _pattern(written: str) -> Pattern:
    if len(written) > MAX_LENGTH:
        raise BadPattern(f"{len(written)} characters are too many for a pattern; {MAX_LENGTH} is the limit")
    # As written first: RE2's complaint then quotes what the administrator wrote.
    names = tuple(sorted(name.decode() for name in _compiled(written).groupindex))
    for_re2 = translated(written)
    _search(for_re2)
    return Pattern(written, for_re2, names)


@lru_cache(maxsize=16384)
def _search(pattern: str) -> Callable[[bytes], Any]:
    """RE2's search for PATTERN.  Raises BadPattern."""
    search: Callable[[bytes], Any] = _compiled(pattern).search
    return search


class Together:
    """Many texts or patterns, looked for in one pass (`re2.Set`)."""

    def __init__(self, wanted: Sequence[str], *, literal: bool) -> None:
        """WANTED are texts, or patterns that are translated and valid."""
        self._sets: list[tuple[range, Any]] = []
        step = LITERALS_TOGETHER if literal else PATTERNS_TOGETHER
        texts = [re2.escape(text) if literal else text for text in wanted]
        for start in range(0, len(texts), step):
            self._add(texts, range(start, min(start + step, len(texts))))

    def found(self, text: bytes) -> Iterator[int]:
        """The numbers of those that are in TEXT; of those that RE2 has no memory to look for as well."""
        for numbers, together in self._sets:
            found = together.Match(text) if together else ()
            # Without the one that is always found RE2 gave up: its silence must not look like an answer.
            yield from (numbers[one - 1] for one in found if one) if 0 in found else numbers

    def _add(self, texts: Sequence[str], numbers: range) -> None:
        together = _set_of([texts[number] for number in numbers])
        if together is None and len(numbers) > 1:
            half = len(numbers) // 2
            self._add(texts, numbers[:half])
            self._add(texts, numbers[half:])
        else:
            self._sets.append((numbers, together))


def _set_of(patterns: Sequence[str]) -> Any:
    """A set of the empty pattern, which is found in every text, and PATTERNS; None if it takes too much memory."""
    together = re2.Set.SearchSet(_options(MAX_MEMORY_TOGETHER))
    together.Add(b"")
    for pattern in patterns:
        together.Add(pattern.encode("utf-8", "replace"))
    try:
        together.Compile()
    except re2.error:
        return None
    return together


def tokens_of(pattern: str) -> list[Token]:
    """PATTERN in pieces."""
    return [Token(str(match.lastgroup), match[0]) for match in _TOKENS.finditer(pattern)]


def capturer(pattern: str) -> Callable[[str], str]:
    """A function that gives what the one group of PATTERN takes from a text, '' where it is not found.

    Raises BadPattern, also where there is not exactly one group.
    """
    read = _compiled(Pattern.of(pattern).translated, captures=True)
    if read.groups != 1:
        raise BadPattern(f"{read.groups} groups; exactly one is wanted, around the id: (INC[0-9]+)")

    def captured(text: str) -> str:
        found = read.search(nfc(text).encode("utf-8", "replace"))
        taken = found.group(1) if found else None
        return taken.decode("utf-8", "ignore") if taken else ""

    return captured


def translated(pattern: str) -> str:
    r"""PATTERN for RE2, with \w, \d, \s and \b of all scripts; it must be valid already.  Raises BadPattern."""
    tokens = tokens_of(pattern)
    _check_captures(tokens)
    repeated = _repeated_groups(tokens)
    starts = _edges(tokens, repeated)
    ends = _edges(tokens[::-1], {len(tokens) - 1 - index for index in repeated})[::-1]
    places = zip(tokens, starts, ends, [None, *tokens], [*tokens[1:], None], strict=False)
    return "".join(_translated(*place) for place in places)


def _check_captures(tokens: list[Token]) -> None:
    r"""A \b takes the character beyond the border with it, so no named group may hold one."""
    named: list[bool] = []
    for token in tokens:
        if token.kind == "open":
            named.append(token.text.endswith(">"))
        elif token.kind == "close":
            named.pop()
        elif token.kind == "border" and any(named):
            raise BadPattern(r"\b does not work inside a named group: write it before or behind, such as \b(?P<no>\d+)")


def _translated(token: Token, start: bool, end: bool, before: Token | None, after: Token | None) -> str:
    if token.kind == "escape":
        return _OUTSIDE.get(token.text, token.text)
    if token.kind == "class":
        return _translated_class(token.text)
    if token.kind == "inner":
        raise BadPattern(r"\B works for ASCII only in RE2: write \w where a word goes on")
    if token.kind != "border":
        return token.text
    if start == end or (after is not None and after.kind == "repeat"):
        raise BadPattern(r"\b works at the ends of a pattern only: write \W or \s where it stands now")
    neighbour = before if start else after
    if neighbour is not None and neighbour.kind == "anchor":
        return ""
    return START if start else END


def _translated_class(text: str) -> str:
    negated = text.startswith("[^")
    head = "[^" if negated else "["
    items = _CLASS_ITEMS.findall(text[len(head) : -1])
    opposites = [item for item in items if item in (r"\W", r"\S")]
    rest = "".join(_INSIDE.get(item, item) for item in items if item not in opposites)
    if not opposites:
        return f"{head}{rest}]"
    if negated:
        raise BadPattern(rf"{opposites[0]} does not work inside [^...]: list what is wanted, such as [\p{{L}}\p{{Nd}}]")
    return "(?:" + "|".join([_OUTSIDE[item] for item in opposites] + ([f"[{rest}]"] if rest else [])) + ")"


def _edges(tokens: list[Token], repeated: Collection[int]) -> list[bool]:
    """For each token: nothing that takes characters stands before it, and no repetition brings it round again.

    The same holds for what stands behind a token when the list is given backwards.
    """
    edges, outer, free = [], [True], True
    # Backwards, a group begins with its closing bracket.
    opens = next((token.kind for token in tokens if token.kind in ("open", "close")), "open")
    for index, token in enumerate(tokens):
        edges.append(free)
        if token.kind == opens:
            free = free and index not in repeated
            outer.append(free)
        elif token.kind in ("open", "close"):
            outer.pop()
            free = False
        elif token.kind == "or":
            free = outer[-1]
        elif token.kind not in _TAKES_NOTHING:
            free = False
    return edges


def _repeated_groups(tokens: list[Token]) -> set[int]:
    """The indices of the brackets around groups that may occur more than once."""
    opened: list[int] = []
    repeated: set[int] = set()
    for index, token in enumerate(tokens):
        if token.kind == "open":
            opened.append(index)
        elif token.kind == "close":
            pair = (opened.pop(), index)
            after = tokens[index + 1] if index + 1 < len(tokens) else None
            if after is not None and after.kind == "repeat" and not after.text.startswith("?"):
                repeated.update(pair)
    return repeated


@lru_cache(maxsize=8192)
def _compiled(pattern: str, *, captures: bool = False) -> Any:
    options = _options(MAX_MEMORY)
    # RE2 is faster without.
    options.never_capture = not captures
    try:
        return re2.compile(pattern.encode("utf-8", "replace"), options)
    except re2.error as refused:
        raise BadPattern(_explained(refused)) from None


def _options(memory: int) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = memory
    options.case_sensitive = False
    options.never_capture = True
    return options


def _explained(refused: Exception) -> str:
    said = refused.args[0]
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    way_out = next((way for sign, way in _WAYS_OUT if sign.search(text)), "")
    return f"{text} ({way_out})" if way_out else text
