"""Readable text out of the HTML of a mail.  For reading and searching, not for display.

nh3 takes away scripts and every style that can blow text up, inscriptis lays the rest out.  What
is too big, too deep or too wide for it goes through selectolax, which is flat but sturdy.
Never fails; what cannot be read at all is ''.
"""

import re

from scanner.charset import clean

MAX_SOURCE = 1_000_000
MAX_TEXT = 1_000_000
MAX_DEPTH = 500
"""Open elements: both parsers take quadratic time in the depth, so deeper source is cut there."""
MAX_TABLE = 5_000_000
"""Characters: number of cells times the widest, since inscriptis pads every cell of a column."""

_BLANK_LINES = re.compile(r"\n{3,}")
FEW_TAGS = 2_000
"""So few cannot nest deep enough to hurt; ordinary mails are not looked at further."""
# Elements that end by themselves are left out.
_NESTING = re.compile(
    r"<(/?)(?!(?:br|img|hr|p|li|t[dhr]|meta|link|input|col|wbr|area|base|o:p)\b)([a-z][a-z0-9]{0,20})", re.IGNORECASE
)
_CELL = re.compile(r"<t[dh][\s>]", re.IGNORECASE)
# Their content is never text; nh3 would leave it standing when it takes the tag away.
_CONTENT_TAGS = {"script", "style", "title", "template", "noframes"}


def text_of(source: str) -> str:
    """The text of an HTML document, MAX_TEXT characters at most."""
    source = _shallow(source[: 4 * MAX_SOURCE])
    text = _laid_out(source) if len(source) <= MAX_SOURCE else ""
    if not text.strip() or len(text) > MAX_TEXT:
        text = _flat(source)
    lines = "\n".join(line.rstrip() for line in clean(text)[:MAX_TEXT].replace("\xa0", " ").split("\n"))
    return _BLANK_LINES.sub("\n\n", lines).strip("\n")


def _shallow(source: str) -> str:
    """SOURCE up to where its elements nest deeper than MAX_DEPTH."""
    if source.count("<") <= FEW_TAGS:
        return source
    # Counted by name: a closing tag of another name closes nothing.
    still_open: dict[str, int] = {}
    depth = 0
    for found in _NESTING.finditer(source):
        name = found[2].lower()
        change = 1 if not found[1] else -min(1, still_open.get(name, 0))
        still_open[name] = still_open.get(name, 0) + change
        depth += change
        if depth > MAX_DEPTH:
            return source[: found.start()]
    return source


def _laid_out(source: str) -> str:
    import nh3
    from inscriptis import get_text

    try:
        tidy = nh3.clean(
            source,
            tags=nh3.ALLOWED_TAGS - {"img"},
            clean_content_tags=_CONTENT_TAGS,
            attributes={"*": {"style"}},
            filter_style_properties={"display"},
            link_rel=None,
        )
        return "" if _too_wide(tidy) else str(get_text(tidy))
    except Exception:  # two parsers on hostile input: whatever they raise, the other way is open
        return ""


def _too_wide(source: str) -> bool:
    cells = [len(cell) for cell in _CELL.split(source)]
    return len(cells) > 1 and len(cells) * max(cells) > MAX_TABLE


def _flat(source: str) -> str:
    from selectolax.lexbor import LexborHTMLParser

    try:
        tree = LexborHTMLParser(source)
        tree.strip_tags(["head", *sorted(_CONTENT_TAGS)])
        return tree.body.text(separator="\n", strip=True) if tree.body else ""
    except Exception:  # as above: the mail's HTML source stays
        return ""
