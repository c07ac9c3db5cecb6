"""The targets of links, written into an HTML source behind the words that lead there.

Text made from HTML would otherwise lose them.  A target is written once, and not where the words name
it already; where they name another one, the reader sees both.  Links without words (pictures,
logos) and addresses are left out.  Works on the tidy source that nh3 writes.  Linear, never fails.
"""

import html
import re
from urllib.parse import parse_qs, urlsplit

MAX_LINKS = 200
MAX_WORDS = 2_000
"""Characters of source between the tags; what is longer is a page that is one link."""
MAX_TARGET = 300
"""Characters; longer ones are made for machines that count readers."""

_LINK = re.compile(r'(<a(?: [a-z]{1,20}="[^"]*"){1,4}>)(.*?)(?=</a>)', re.DOTALL)
_TARGET = re.compile(r' href="(https?://[^"\s]+)"', re.IGNORECASE)
_TAG = re.compile(r"<[^>]{0,4000}>")
_TAIL = re.compile(r"(?:\s|</[a-z0-9]{1,20}>|<br>)*\Z")
_TAIL_LENGTH = 200
_BARE = re.compile(r"\Ahttps?://(?:www\.)?|\Awww\.", re.IGNORECASE)
# Who rewrites the links of a mail, and the parameter in which the true target stands.
_REWRITTEN = {"safelinks.protection.outlook.com": "url", "google.com/url": "q", "l.facebook.com": "u"}


def with_targets(source: str) -> str:
    """SOURCE with ` (https://…)` at the end of each link whose words do not say where it leads."""
    if "href=" not in source:
        return source
    seen: set[str] = set()

    def told(found: re.Match[str]) -> str:
        target = _target(found[1])
        if not target or target in seen or len(seen) >= MAX_LINKS or _is_named(target, found[2]):
            return found[0]
        seen.add(target)
        place = len(found[2]) - len(_tail(found[2]))
        return f"{found[1]}{found[2][:place]} ({html.escape(target)}){found[2][place:]}"

    return _LINK.sub(told, source)


def _target(tag: str) -> str:
    """Where a link leads, as a reader would type it; '' for what is no page."""
    stated = _TARGET.search(tag)
    if stated is None:
        return ""
    target = _true_target(html.unescape(stated[1]))
    return target if len(target) <= MAX_TARGET and target.isprintable() and " " not in target else ""


def _true_target(target: str) -> str:
    """TARGET, or the one that a mail gateway hid in it."""
    try:
        parts = urlsplit(target)
        place = f"{parts.hostname or ''}{parts.path}"
        for gateway, parameter in _REWRITTEN.items():
            if gateway in place:
                found = next(iter(parse_qs(parts.query, max_num_fields=20).get(parameter, [])), "")
                return found if found.startswith(("http://", "https://")) else target
    except ValueError:
        pass
    return target


def _is_named(target: str, words: str) -> bool:
    """WORDS say where the link leads, or there are none to say it behind."""
    if len(words) > MAX_WORDS:
        return True
    shown = "".join(html.unescape(_TAG.sub(" ", words)).split())
    if not any(char.isalnum() for char in shown):
        return True
    full, bare = _bared(target), _bared(shown)
    if full in bare:
        return True
    return "." in bare and full.startswith(bare) and full[len(bare) : len(bare) + 1] in "/?#"


def _bared(target: str) -> str:
    return _BARE.sub("", target).rstrip("/").casefold()


def _tail(words: str) -> str:
    """What closes the elements inside a link: the target stands on the line of its words."""
    found = _TAIL.search(words[-_TAIL_LENGTH:])
    return found[0] if found else ""
