"""The lines that stand above a quoted mail, by their looks: attributions, headers, separators, forwards.

Compiled from the table in `quote_words.py`.  All of them look at lines shorter than MAX_LINE and
at a bounded number of them, so that a whole text is searched in linear time.  Never fails.
"""

import re
from collections.abc import Sequence

from scanner.quote_words import WORDS, every

MAX_LINE = 400
"""Characters: a longer line is no attribution and no header."""
WRAPPED = 6
"""Lines that an attribution may be wrapped over."""
HEADER_LINES = 12
"""Lines in which the fields of a quoted header must stand."""

# The first and last characters that a quote, a separator, an attribution can have.
EDGES = frozenset(">-_=*")
ENDS = frozenset(":：>-_=*")
# Blanks, and the marks of direction that stand around Hebrew and Arabic.
_UNSEEN = " \t\xa0\u200e\u200f\u202a\u202b\u202c\u2067\u2068\u2069"


def any_of(words: Sequence[str]) -> str:
    """A pattern for any of WORDS; `…` in a word stands for up to 40 characters."""
    return "|".join(re.escape(word).replace("…", ".{0,40}?").replace(r"\ ", r"\s") for word in words)


def _bounded(words: Sequence[str]) -> str:
    """Words that stand alone, except in scripts that write without blanks."""
    latin = [word for word in words if word[-1].isalnum() and ord(word[-1]) < 0x1100]
    others = [word for word in words if word not in latin]
    return rf"(?<!\w)(?:{_guarded(latin)})(?!\w)|(?:{_guarded(others)})"


def _guarded(words: Sequence[str]) -> str:
    """Any of WORDS, behind a look at the first letter: most places of a text are done with that."""
    letters = "".join(sorted({re.escape(word[0]) for word in words}))
    return f"(?=[{letters}])(?:{any_of(words)})"


_VERB = re.compile(_bounded(every("wrote")), re.IGNORECASE)
_OPENINGS = rf"(?:{any_of(every('openings'))})(?:\s|(?=\d))"
_OPENING = re.compile(rf"[-\s>]*{_OPENINGS}.{{0,40}}\d", re.IGNORECASE)
_START = re.compile(
    # `On …`, a date, `Mon, 2 …`, `Ada <ada@…`, `Ada wrote on 2 …`, `"Ada" …`
    rf"[\W_]*(?:{_OPENINGS}|\d|(?:\w{{1,15}}[.,]{{0,2}}\s){{1,2}}\d|.{{0,120}}[<(]\S{{1,120}}@)|\s*[<(\"'„“*]",
    re.IGNORECASE,
)
_DATED = re.compile(r"[\W_]*(?:\d|(?:\w{1,15}[.,]{0,2}\s){1,2}\d)")
_NAME_FIRST = re.compile(r"[^<>@:]{0,80}<[^\s<>@]{1,100}@[^\s<>@]{1,100}>")
_NAME_ALONE = re.compile(r"[> ]*[^<>@:]{0,80}<[^\s<>@]{1,100}@[^\s<>@]{1,100}>,?\s*$")
_CLOCK = re.compile(r"\d{1,2}[:.]\d\d")
_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|\d{1,2}[./-]\s?\d{1,2}[./-]")
_MOMENT = re.compile(r"\d{1,2}[:.]\d\d|\d{1,4}[./年년-]\s?\d{1,2}|(?<!\d)(?:19|20)\d\d(?!\d)|@")
_VERB_THEN_DATE = re.compile(rf".{{1,80}}?(?:{_bounded(every('wrote'))}).{{0,25}}\d", re.IGNORECASE)
_ADDRESS_LAST = re.compile(r"@[^\s@:：]{1,200}[>)]{0,2}\s?[:：]\s*$")
_WORD = re.compile(r"\w+")
_LABELLED = re.compile(r"[\W_]{0,6}[^\W\d_][^:：<>@]{0,30}[:：]\s*\S")
_TAGGED = re.compile(r"[:：].{0,80}\[[^\W\d_][\w-]{0,20}-\d{1,18}\]")
_BRACKETED = re.compile(r"[<\[(](?:mailto:)?[^\s<>@]{1,100}@[^\s<>@]{1,100}[>\])]")
_OWN = {
    verb.lower(): frozenset(
        own
        for row in WORDS.values()
        if verb in row.wrote.lower().split("|")
        for own in row.own.lower().split("|")
        if own
    )
    for verb in every("wrote")
}

_FORWARDING = re.compile(
    rf"(?:\[[^\]]{{1,40}}\]\s*)?(?:{any_of(every('forwards'))})\s*(?:\[\d+\])?\s*[:：]", re.IGNORECASE
)
_DASHES = "-_=*> "
_ORIGINAL = frozenset(every("original"))
_FORWARD = re.compile(any_of(every("forwarded")), re.IGNORECASE)
_RULER = re.compile(r"[_*=-]{5,}\s*$")

# A word of one language is never another kind of field in another: checked by a test.
FIELDS = {
    word: kind for kind in ("others", "sender", "moment", "recipient", "about") for word in every(kind)
}  # fmt: skip


def is_quoted(line: str) -> bool:
    return line.lstrip(" ")[:1] == ">"


def is_ruler(line: str) -> bool:
    return _RULER.match(line.strip()) is not None


def is_markup(bare: str) -> bool:
    """The line is one of XML or HTML: no attribution ends in `>` without an address."""
    return bare[-1:] == ">" and "@" not in bare


def is_forward(bare: str) -> bool:
    """The line says that a mail is passed on below: `---- Forwarded message ----`, `Begin forwarded message:`."""
    if len(bare) >= MAX_LINE or not (bare[-1:] in ":：" or _is_framed(bare)):
        return False
    words = bare.strip(_DASHES).rstrip(":： ")
    return bool(words) and _FORWARD.fullmatch(words) is not None


def is_forwarding(subject: str) -> bool:
    """SUBJECT is that of a mail passed on: `Fwd:`, `WG:`."""
    return _FORWARDING.match(subject.strip()[:MAX_LINE]) is not None


def is_separator(bare: str) -> bool:
    """`-----Original Message-----`, in any of the languages."""
    return len(bare) < MAX_LINE and _is_framed(bare) and bare.strip(_DASHES).rstrip(": ").lower() in _ORIGINAL


def _is_framed(bare: str) -> bool:
    return bare[:1] in _DASHES and bare[1:2] in _DASHES and bare[-1:] in _DASHES


def attribution(lines: Sequence[str], end: int) -> int | None:
    """Where the words begin that end at END and say who wrote the following; None if they do not."""
    begin = None
    joined = words = ""
    for start in range(end, max(-1, end - WRAPPED), -1):
        bare = lines[start].lstrip("> ").strip() if len(lines[start]) < MAX_LINE else ""
        # Some programs break the line around an address: `Ada`, blank, `<`, `ada@…`, `> wrote:`.
        if not bare and joined.startswith(("<", "mailto:")):
            continue
        if not bare:
            break
        joined = f"{bare} {joined}".strip()
        if (begin is None or _begins_attribution(bare)) and _is_attribution(joined):
            begin, words = start, joined
    if begin is None or not _is_followed(lines, begin, end + 1, words):
        return None
    return begin - 1 if begin and _NAME_ALONE.match(lines[begin - 1][:MAX_LINE]) else begin


def _begins_attribution(line: str) -> bool:
    """The line opens a wrapped attribution, whatever stands below it: `On Mon, 2 Mar 2026 at 10:00 Ada`."""
    if _OPENING.match(line):
        return True
    if _NAME_FIRST.match(line):
        return True
    return _DATED.match(line) is not None and bool(_CLOCK.search(line) or _DATE.search(line))


def header_lines(lines: Sequence[str], number: int) -> int:
    """How many lines a quoted mail header has that begins at NUMBER, as Outlook writes it; 0 if none begins there.

    It names the sender and two more of time, recipient and subject; an address or the subject must
    be among them, since a timetable has `from`, `to` and `date` as well.
    """
    if field_kind(lines[number]) not in ("sender", "moment"):
        return 0
    kinds: set[str] = set()
    last = number
    for place in range(number, min(number + HEADER_LINES, len(lines))):
        kind = field_kind(lines[place])
        if kind:
            kinds.add(kind)
            last = place
        elif len(kinds) >= 3 and not lines[place].strip():
            break
    known = kinds - {"others"}
    if "sender" not in known or len(known) < 3:
        return 0
    is_mail = "about" in known or any("@" in line for line in lines[number : last + 1])
    return last - number + 1 if is_mail else 0


def is_header_by_looks(lines: Sequence[str], number: int) -> bool:
    """A quoted mail header begins at NUMBER, in whatever language: three lines `label: value` or more, among them a
    time of day, and an address in brackets in the first or a ticket's tag in one.
    """
    block: list[str] = []
    for line in lines[number : number + HEADER_LINES]:
        if not (_is_short(line) and _LABELLED.match(line)):
            break
        block.append(line)
    if len(block) < 3 or not any(_CLOCK.search(line) for line in block):
        return False
    return bool(_BRACKETED.search(block[0])) or any(_TAGGED.search(line) for line in block)


def attribution_by_looks(lines: Sequence[str], end: int) -> int | None:
    """Where the line begins that ends at END and has all of an attribution but a verb that we know: an address in
    brackets, a time of day, a colon at its end.  None if there is none.
    """
    if not _is_short(lines[end]) or lines[end].rstrip(_UNSEEN)[-1:] not in (":", "："):
        return None
    joined = ""
    for start in range(end, max(-1, end - 3), -1):
        if not lines[start].strip() or not _is_short(lines[start]):
            return None
        joined = f"{lines[start].strip()}{joined}"
        if _BRACKETED.search(joined) and _CLOCK.search(joined):
            return start
    return None


def _is_short(line: str) -> bool:
    return len(line) < MAX_LINE


def has_field(line: str) -> bool:
    """The cheap test before `header_lines`."""
    return ":" in line[:40] or "：" in line[:40]


def field_kind(line: str) -> str:
    """Which field of a mail header LINE shows: a column of the table; '' if none."""
    head = line[:40].replace("：", ":")
    if ":" not in head:
        return ""
    return FIELDS.get(head.partition(":")[0].strip(" *>\t\xa0\u202f_").lower(), "")


def _is_attribution(line: str) -> bool:
    if len(line) >= MAX_LINE or _MOMENT.search(line) is None:
        return False
    if _VERB.search(line):
        return _START.match(line) is not None or _VERB_THEN_DATE.match(line) is not None
    # `2 Mar 2026, 10:00 Ada <ada@…>:`: nothing but a date and an address.
    return bool(_ADDRESS_LAST.search(line) and _CLOCK.search(line) and _DATE.search(line) and _START.match(line))


def _is_followed(lines: Sequence[str], start: int, below: int, words: str) -> bool:
    """A quote stands below.

    Text without quote marks counts as one only where address, or date and time make the words sure,
    no word of running text stands among them, and they begin a paragraph.
    """
    following = next((line for line in lines[below : below + 6] if line.strip()), "")
    if is_quoted(following) or "@" in words:
        return True
    if _has_own_words(words):
        return False
    begins = start == 0 or not lines[start - 1].strip()
    return begins and (not following or bool(_CLOCK.search(words) and _DATE.search(words)))


def _has_own_words(words: str) -> bool:
    verb = _VERB.search(words)
    own = _OWN.get(verb[0].lower(), frozenset()) if verb else frozenset()
    return not own.isdisjoint(_WORD.findall(words.lower()))
