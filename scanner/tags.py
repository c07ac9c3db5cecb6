"""The tags of an HTML source, made harmless for parsers before any of them sees it.

Parsers compare each attribute of an element with all before it, and sum those of every `<body>`; so a
megabyte of attributes holds them up for minutes.  To count them one has to know where a tag begins, and a sender
can make two readers disagree on that: with quotes in comments, scripts, or names of attributes.  So it
is not left to opinion: comments, scripts and styles go, and within what is a tag here there is no
other `<` afterwards.  Whatever another parser takes for a tag then is one here, with no more than MAX_ATTRIBUTES.

A source that is tidy already comes back as it is.  Linear in its length; never fails.
"""

import re
from collections.abc import Iterator

MAX_ATTRIBUTES = 60
"""Of one element; more of them no mail program writes, and the source is cut there."""
FEW = 20_000
"""Characters in which attributes cannot be so many that they hurt."""
MAX_ROOTS = 3
"""Elements `<html>` and `<body>`: their attributes end up in one."""
MAX_ODD = 20_000
"""Comments, styles and tags that are looked at one by one; the source is cut behind them."""
MANY_ENTITIES = 10_000
MAX_ENTITIES = 50_000

# Only single characters are repeated possessively: before Python 3.11.5 a group so repeated matches wrongly.  Nothing
# below can fail behind a repeated group in more than one way, so there is nothing to go back for.

# Blanks and the parts of a tag (HTML, section 13.2.5): an attribute's name may begin with `=`.
_S = r"\t\n\f\r "
_ATTRIBUTE = (
    rf"""[{_S}/]*+[^{_S}/>][^{_S}/>=]*+(?:[{_S}]*+=[{_S}]*+"""
    rf"""(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^{_S}>"'][^{_S}>]*+)?)?"""
)
# Without anything on which one could disagree.
_CLEAN_ATTRIBUTE = (
    rf"""[{_S}/]*+[^{_S}/><="'][^{_S}/><="']*+(?:[{_S}]*+=[{_S}]*+"""
    rf"""(?:"[^"<]*+"|'[^'<]*+'|[^{_S}><"'][^{_S}><]*+))?"""
)
_CLEAN = re.compile(
    rf"(?:[^<]++|</?(?!(?:html|body|style|script)\b)[a-z][^{_S}/><]*+(?:{_CLEAN_ATTRIBUTE}){{0,{MAX_ATTRIBUTES}}}"
    rf"[{_S}/]*+>|<(?![a-z/!?]))*",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"<!--(?:-?>|.*?(?:--!?>|\Z))|<[!?][^>]*+>?", re.DOTALL)
_TAG = re.compile(
    rf"</?(?P<name>[a-z][^{_S}/>]*+)(?P<attributes>(?:{_ATTRIBUTE})*)[{_S}/]*+(?:>|\Z)|</?", re.IGNORECASE
)
_ATTRIBUTES = re.compile(_ATTRIBUTE)
_UNSEEN = frozenset({"style", "script"})
_NOTHING = "<!---->"
_NO_ENTITY = re.compile(r"&(?!(?:[a-z][a-z0-9]{1,9}|#[0-9]{1,7}|#x[0-9a-f]{1,6});)", re.IGNORECASE)


def harmless(source: str) -> str:
    """SOURCE with tags on which every parser agrees, up to an element with too many attributes."""
    if len(source) <= FEW:
        return source
    source = _with_few_entities(source)
    clean = _CLEAN.match(source)
    return source if clean and clean.end() == len(source) else "".join(_pieces(source))


def _pieces(source: str) -> Iterator[str]:
    folded = source.lower()
    last = {name: folded.rfind(f"</{name}") for name in _UNSEEN}
    place, roots = 0, 0
    for _ in range(MAX_ODD):
        clean = _CLEAN.match(source, place)
        end = clean.end() if clean else place
        yield source[place:end]
        if comment := _COMMENT.match(source, end):
            yield _NOTHING
            place = comment.end()
            continue
        tag = _TAG.match(source, end)
        if tag is None:
            # Nothing but the end.
            return
        name = (tag["name"] or "").lower()
        roots += name in ("html", "body")
        if _has_too_many(tag["attributes"] or ""):
            return
        is_unseen = tag[0][1:2] != "/" and last.get(name, -1) >= tag.end()
        behind = folded.find(f"</{name}", tag.end()) if is_unseen else 0
        yield _NOTHING if behind or roots > MAX_ROOTS else f"<{tag[0][1:].replace('<', '&lt;')}"
        place = behind or tag.end()


def _has_too_many(attributes: str) -> bool:
    found = _ATTRIBUTES.finditer(attributes)
    return sum(1 for _, _ in zip(found, range(MAX_ATTRIBUTES + 1), strict=False)) > MAX_ATTRIBUTES


def _with_few_entities(source: str) -> str:
    """SOURCE up to where its entities are too many; one that is none costs parsers most, and is written out."""
    if source.count("&") <= MANY_ENTITIES:
        return source
    source = _NO_ENTITY.sub("&amp;", source.replace("&nbsp;", "\xa0"))
    pieces = source.split("&", MAX_ENTITIES)
    return source if len(pieces) <= MAX_ENTITIES else source[: len(source) - len(pieces[-1]) - 1]
