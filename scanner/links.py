"""The targets of links, written into the text of an HTML mail behind the words that lead there.

Text made from HTML would otherwise lose them.  A target is written once, and not where the words name
it already; where they name another one, the reader sees both.  Links without words (pictures,
logos) and addresses are left out.  Works on the tidy source that nh3 writes.  Linear, never fails.
"""

import html
import re
from collections.abc import Sequence
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
# Characters without a meaning (Unicode, private use); a mail that holds them keeps its links to itself.
_MARK = re.compile("\ue000([0-9]{1,3})\ue001")
_BARE = re.compile(r"\Ahttps?://(?:www\.)?|\Awww\.", re.IGNORECASE)
# Who rewrites the links of a mail, and the parameter in which the true target stands.
_REWRITTEN = {"safelinks.protection.outlook.com": "url", "google.com/url": "q", "l.facebook.com": "u"}


def with_marks(source: str) -> tuple[str, tuple[str, ...]]:
    """SOURCE with a mark at the end of each link whose words do not say where it leads, and those targets.

    Marks are short, so that a long target does not push the columns of a table apart; see `with_targets`.
    """
    if "href=" not in source or _MARK.search(source):
        return source, ()
    targets: dict[str, int] = {}

    def marked(found: re.Match[str]) -> str:
        target = _target(found[1])
        is_new = target not in targets
        if not target or (is_new and len(targets) >= MAX_LINKS) or _is_named(target, found[2]):
            return found[0]
        number = targets.setdefault(target, len(targets))
        place = len(found[2]) - len(_tail(found[2]))
        return f"{found[1]}{found[2][:place]}\ue000{number}\ue001{found[2][place:]}"

    return _LINK.sub(marked, source), tuple(targets)


def with_targets(text: str, targets: Sequence[str]) -> str:
    """TEXT with ` (https://…)` in the place of the first mark of each of TARGETS; the others of its marks go."""
    if not targets:
        return text
    told: set[int] = set()

    def written(found: re.Match[str]) -> str:
        number = int(found[1])
        if number in told:
            return ""
        told.add(number)
        return f" ({targets[number]})"

    return _MARK.sub(written, text)


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
