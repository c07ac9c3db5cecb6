"""The HTML of a mail: readable text out of it, and a copy that is safe to show.

For text, nh3 takes away scripts and every style that can blow text up, the targets of links are written
behind them, inscriptis lays it out.  What is too big, too deep or too wide for it, and what it loses letters of,
goes through selectolax, which is flat but sturdy.
Never fails; what cannot be read at all is ''.
"""

import re

from scanner.charset import clean
from scanner.links import with_marks, with_targets
from scanner.tags import harmless

MAX_SOURCE = 1_000_000
MAX_TEXT = 1_000_000
MAX_TAGS = 15_000
"""More elements are not laid out: that takes seconds."""
MAX_DEPTH = 500
"""Open elements: both parsers take quadratic time in the depth, so deeper source is cut there."""
MAX_TABLE = 5_000_000
"""Characters: number of cells times the widest, since inscriptis pads every cell of a column."""

ENOUGH = 0.95
"""Share of the letters that must be in the text; of letters, since elements may stand in the middle of a word."""
# Of the elements that nh3 left hidden, those that stand in no other.
_OUTERMOST_HIDDEN = "[style*=none]:not([style*=none] *)"

# What hides text beside `display: none`.  Not a font size of 0: its children often have a size of their own.
_HIDING = re.compile(
    r"visibility\s*:\s*hidden|opacity\s*:\s*0(?:\.0*)?\s*(?:;|$)|max-height\s*:\s*0(?:px)?\s*(?:;|$)", re.I
)
_STYLE = re.compile(r"(\sstyle\s*=\s*[\"'])([^\"'<>]{1,2000})", re.IGNORECASE)
_HIDDEN = re.compile(r"<([a-z]{1,20})(?=[^<>\"']{0,200}\shidden[\s>=])", re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n{3,}")
FEW_TAGS = 2_000
"""So few cannot nest deep enough to hurt; ordinary mails are not looked at further."""
# Elements that end by themselves are left out.
_NESTING = re.compile(
    r"<(/?)(?!(?:br|img|hr|p|li|t[dhr]|meta|link|input|col|wbr|area|base|o:p)\b)([a-z][a-z0-9]{0,20})", re.IGNORECASE
)
_CELL = re.compile(r"<t[dh][\s>]", re.IGNORECASE)
_SHOWN_STYLES = frozenset(
    {
        *("display", "visibility", "color", "background-color", "border", "border-left", "border-collapse"),
        *("font-family", "font-size", "font-style", "font-weight", "line-height", "white-space"),
        *(
            "text-align",
            "text-decoration",
            "vertical-align",
            "margin",
            "margin-left",
            "padding",
            "padding-left",
            "width",
        ),
    }
)
_SHOWN_ATTRIBUTES = {
    "*": {"style", "dir", "lang", "title", "align", "valign"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan", "width", "bgcolor"},
    "th": {"colspan", "rowspan", "width", "bgcolor"},
    "table": {"width", "border", "cellpadding", "cellspacing", "bgcolor"},
    "font": {"color", "face", "size"},
    "ol": {"start"},
}
# Their content is never text; nh3 would leave it standing when it takes the tag away.
_CONTENT_TAGS = {"script", "style", "title", "template", "noframes"}


def text_of(source: str, defects: list[str] | None = None) -> str:
    """The text of an HTML document, MAX_TEXT characters at most; DEFECTS is told what was cut."""
    read = shallow(source[: 4 * MAX_SOURCE])
    if len(read) < len(source) and defects is not None:
        defects.append(f"HTML: only the first {len(read)} of {len(source)} characters were read")
    source = read
    is_ordinary = len(source) <= MAX_SOURCE and source.count("<") <= MAX_TAGS
    text = _laid_out(source) if is_ordinary else ""
    if not text.strip() or len(text) > MAX_TEXT:
        text = _flat(source)
    lines = "\n".join(line.rstrip() for line in clean(text)[:MAX_TEXT].replace("\xa0", " ").split("\n"))
    return _BLANK_LINES.sub("\n\n", lines).strip("\n")


def sanitised(source: str) -> str:
    """HTML that is safe to show: no script, nothing that is fetched from elsewhere, hidden text not shown.

    Pictures of the mail itself (`cid:`) and links stay; a link says that it leaves (rel).
    """
    import nh3

    try:
        return nh3.clean(
            _STYLE.sub(_hiding_said, shallow(source[:MAX_SOURCE])),
            clean_content_tags=_CONTENT_TAGS,
            attributes=_SHOWN_ATTRIBUTES,
            attribute_filter=_kept,
            filter_style_properties=_SHOWN_STYLES,
            url_schemes={"http", "https", "mailto", "tel", "cid"},
            link_rel="noopener noreferrer nofollow",
        )
    except Exception:  # hostile input: rather no HTML than an unsafe one
        return ""


def _kept(tag: str, attribute: str, value: str) -> str | None:
    """VALUE of an attribute, None to drop it: a picture from elsewhere tells its sender who reads, and when."""
    if tag == "img" and attribute == "src":
        return value if value.lower().startswith("cid:") else None
    if attribute in ("href", "cite") and value.startswith("//"):
        return None
    return None if attribute == "style" and "(" in value else value


def shallow(source: str) -> str:
    """SOURCE with tags that hurt no parser (see `tags`), up to where its elements nest deeper than MAX_DEPTH."""
    source = harmless(source)
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
    """The text as it stands on the page; '' where some of it would be lost."""
    import nh3
    from inscriptis import get_text
    from inscriptis.css_profiles import CSS_PROFILES
    from inscriptis.model.config import ParserConfig

    try:
        tidy = nh3.clean(
            _HIDDEN.sub(r"<\1 style='display:none'", _STYLE.sub(_hiding_said, source)),
            tags=nh3.ALLOWED_TAGS - {"img"},
            clean_content_tags=_CONTENT_TAGS,
            attributes={"*": {"style"}, "a": {"href"}},
            url_schemes={"http", "https"},
            filter_style_properties={"display"},
            link_rel=None,
        )
        tidy, targets = with_marks(tidy)
        text = "" if _too_wide(tidy) else str(get_text(tidy, ParserConfig(css=CSS_PROFILES["strict"])))
        return with_targets(text, targets) if _letters(text) >= ENOUGH * _shown(tidy) else ""
    except Exception:  # two parsers on hostile input: whatever they raise, the other way is open
        return ""


def _hiding_said(found: re.Match[str]) -> str:
    """A style that hides its element, said in the one way that is looked at further on."""
    return f"{found[1]}display:none;{found[2]}" if _HIDING.search(found[2]) else found[0]


def _shown(tidy: str) -> int:
    """How many letters a reader would see, by the other parser."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(tidy)
    hidden = sum(_letters(node.text()) for node in tree.css(_OUTERMOST_HIDDEN))
    return _letters(tree.body.text()) - hidden if tree.body else 0


def _letters(text: str) -> int:
    return sum(map(len, text.split()))


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
