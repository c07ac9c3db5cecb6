"""What the writer wrote now, told by the structure that mail programs give to quoted HTML.

Only marks that a mail program sets count: a bare `<blockquote>` may well be the writer's own.  The
marked pieces are taken for quoted lines, and the rules for text do the rest; so an answer between
them stays whole here, too.  Never fails; where there are no marks the answer is ''.
"""

import re
from typing import Any

from domain.message import Message
from scanner.html import shallow, text_of
from scanner.quote import reply_text
from scanner.quote_marks import MAX_LINE, attribution, is_forward, is_forwarding, is_quoted

MAX_SOURCE = 500_000
"""Characters: what is longer is left to the rules for text."""
MAX_QUOTES = 50

# Elements that are a quote: Gmail, Apple Mail and Thunderbird, Yahoo, Proton, Tuta, web.de and GMX, Zoho, Front.
QUOTES = (
    "blockquote[type=cite]",
    "blockquote.gmail_quote",
    "blockquote.protonmail_quote",
    "blockquote.tutanota_quote",
    "blockquote.front-blockquote",
    "div.yahoo_quoted",
    "div[id^=yahoo_quoted]",
    "div.zmail_extra",
    "div[name=quote]",
)
# Elements with which the history begins, to the end: Outlook on desktop, web and telephone, for Mac, Hotmail.
BEGINNINGS = (
    "[id$=appendonsend]",
    "[id$=divRplyFwdMsg]",
    "[id=OLK_SRC_BODY_SECTION]",
    "[id=mail-editor-reference-message-container]",
    "[id=ms-outlook-mobile-body-separator-line]",
    "hr[id=stopSpelling]",
)
# What a program writes above a quote, in whatever language.
PREFIXES = "div.gmail_attr, div.moz-cite-prefix"
# Signatures that a program put there: Gmail, Thunderbird, Outlook, Proton, Spark.
SIGNATURES = (
    "div.gmail_signature",
    "div.moz-signature",
    "pre.moz-signature",
    "div[id=Signature]",
    "div[id=ms-outlook-mobile-signature]",
    "div.protonmail_signature_block",
    "div[name=messageSignatureSection]",
)
# The cheap test: one of these stands in the source of every such mail.
_SIGNS = (
    "cite",
    "gmail_",
    "_quote",
    "signature",
    "zmail_extra",
    "front-blockquote",
    'name="quote"',
    "appendonsend",
    "divrplyfwdmsg",
    "olk_src_body_section",
    "mail-editor-reference",
    "ms-outlook-mobile",
    "stopspelling",
)
_STAND_IN = "␞"
_NUMBERED = re.compile(rf"^[ \t]*> {_STAND_IN}(\d{{1,2}})[ \t]*$", re.MULTILINE)


def reply_text_of_html(source: str, text: str, *, subject: str = "") -> str:
    """The new part of TEXT, which was made from SOURCE; '' if the HTML has no marks of a quote.

    TEXT as a whole where somebody answers between the quotes; SUBJECT tells a forwarded mail.
    """
    if len(source) > MAX_SOURCE or _STAND_IN in text:
        return ""
    folded = source.lower()
    if not any(sign in folded for sign in _SIGNS):
        return ""
    marked = "" if is_forwarding(subject) else _marked(shallow(source))
    if not marked:
        return ""
    new = reply_text(text_of(marked), subject=subject)
    # Whoever writes between the quotes is not cut; nobody's mail is empty.
    return text if _STAND_IN in new or not new.strip() else new


def written_between(message: Message) -> str:
    """The text of MESSAGE, HTML alone with answers between its quotes, their lines marked; '' of any other."""
    whole = message.reply_text == message.text and not any(map(is_quoted, message.text.split("\n")))
    if not (whole and message.html) or len(message.html) > MAX_SOURCE or is_forwarding(message.subject):
        return ""
    quotes: list[str] = []
    marked = _marked(shallow(message.html), quotes)
    return _NUMBERED.sub(lambda found: _quoted(quotes[int(found[1])]), text_of(marked)) if quotes else ""


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _marked(source: str, quotes: list[str] | None = None) -> str:
    """SOURCE with a quoted line in the place of each quote, '' if it has none.  QUOTES take up what stood there."""
    from selectolax.lexbor import LexborHTMLParser

    try:
        tree = LexborHTMLParser(source)
        if tree.body is None:
            return ""
        found = _cut_history(tree) + _cut_prefix(tree) + _cut_quotes(tree, quotes) + _cut_signatures(tree)
        return str(tree.html) if 0 < found < MAX_QUOTES else ""
    except Exception:  # a parser on hostile input: the rules for text remain
        return ""


def _cut_history(tree: Any) -> int:
    """How many beginnings of a history were found (none or one); all from there on is replaced by a quoted line."""
    node = next((node for selector in BEGINNINGS if (node := tree.css_first(selector)) is not None), None)
    if node is None:
        return 0
    place = node
    while place is not None and place.tag not in ("body", "html"):
        while (following := place.next) is not None:
            following.decompose(recursive=True)
        place = place.parent
    node.replace_with(_quoted_line())
    return 1


def _cut_prefix(tree: Any) -> int:
    """Takes the words above the outermost quote for a part of it, unless the rules for text know them."""
    node = tree.css_first(PREFIXES)
    if node is None:
        return 0
    words = " ".join(node.text()[:MAX_LINE].split())
    if is_forward(words) or _passes_on(node) or attribution((words, f"> {_STAND_IN}"), 0) is not None:
        return 0
    node.replace_with(_quoted_line())
    return 1


def _cut_quotes(tree: Any, quotes: list[str] | None) -> int:
    found = 0
    for selector in QUOTES:
        while found < MAX_QUOTES and (node := tree.css_first(selector)) is not None:
            if _passes_on(node):
                return found
            if quotes is not None:
                quotes.append(text_of(str(node.html)))
            node.replace_with(_quoted_line("" if quotes is None else str(len(quotes) - 1)))
            found += 1
    return found


def _cut_signatures(tree: Any) -> int:
    found = 0
    for selector in SIGNATURES:
        while found < MAX_QUOTES and (node := tree.css_first(selector)) is not None:
            node.decompose(recursive=True)
            found += 1
    return found


def _passes_on(node: Any) -> bool:
    """The quote is a forwarded mail, so no history but what the mail is about."""
    return any(is_forward(line.strip()) for line in node.text(separator="\n")[:1000].split("\n"))


def _quoted_line(number: str = "") -> Any:
    from selectolax.lexbor import LexborHTMLParser

    return LexborHTMLParser(f"<p>&gt; {_STAND_IN}{number}</p>").css_first("p")
