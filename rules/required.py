r"""The text that a pattern cannot do without: `Case (\d+)` is found nowhere but where `case ` stands.

Promises: where RE2 finds the pattern in a text, the folded text holds what is returned here.  An
answer may be shorter than it could be, or '', never too long.
"""

from collections.abc import Sequence

from domain.nfc import nfc
from rules.pattern import Token, tokens_of
from rules.text import fold

# A dot of its own above: folding takes it away behind an i.
_COMBINING_DOT = "\u0307"
_SPECIAL = ".^$*+?{}[]|()\\"


def required(pattern: str) -> str:
    """The longest text, folded, that stands wherever PATTERN is found; '' if there is none."""
    tokens = tokens_of(nfc(pattern))
    runs, run = [], ""
    uncertain = _uncertain(tokens)
    for index, token in enumerate(tokens):
        if token.kind in ("open", "close") and index not in uncertain:
            continue
        said = "" if index in uncertain else _said(token, tokens[index + 1 : index + 2])
        if not said:
            runs.append(run)
        run = run + said if said else ""
    return max(map(fold, (*runs, run)), key=len)


def _said(token: Token, following: Sequence[Token]) -> str:
    """The one character that TOKEN stands for, '' where it stands for several or for a repetition."""
    if following and following[0].kind == "repeat":
        return ""
    if token.kind == "char" and token.text not in (*_SPECIAL, _COMBINING_DOT):
        return token.text
    if token.kind == "escape" and len(token.text) == 2 and token.text[1] in _SPECIAL + "-/ ":
        return token.text[1]
    return ""


def _uncertain(tokens: Sequence[Token]) -> frozenset[int]:
    """The indices of the tokens that a match may do without: alternatives, and groups with a repetition."""
    opened: list[int] = [-1]
    with_choice: set[int] = set()
    uncertain: set[int] = set()
    for index, token in enumerate(tokens):
        if token.kind == "open":
            opened.append(index)
        elif token.kind == "or":
            with_choice.add(opened[-1])
        elif token.kind == "close":
            start = opened.pop()
            repeated = index + 1 < len(tokens) and tokens[index + 1].kind == "repeat"
            if repeated or start in with_choice:
                uncertain.update(range(start, index + 1))
    return frozenset(range(len(tokens))) if -1 in with_choice else frozenset(uncertain)
