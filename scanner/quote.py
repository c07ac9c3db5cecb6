"""What the writer wrote now, apart from the history below it and the signature.

Hides, never deletes: the full text stays beside it in the Message.  When in doubt more is kept: an
answer between the quoted lines stays whole, so does a forwarded mail, and the result is never
empty where the text is not.  Linear in the length of the text; only short lines are matched.
Never fails.
"""

import re
from collections.abc import Sequence

from domain.marker import REPLY_MARKERS

MAX_LINES = 20_000
MAX_LINE = 400
"""Characters: a longer line is no attribution and no header."""
WRAPPED = 4
"""Lines that an attribution may be wrapped over."""
FOOTER_LINES = 8
"""Lines at the end among which a mailing list's footer must stand."""
HEADER_LINES = 10
"""Lines in which the fields of a quoted header must stand."""

# The first and last characters that a quote, a separator, an attribution can have.
_EDGES = frozenset(">-_=*")
_ENDS = frozenset(":：>-_=*")
_MARKERS = tuple(marker.strip("- ").casefold() for marker in REPLY_MARKERS.values())

_VERB = re.compile(
    r"\b(?:wrote|writes|schrieb|schrieben|geschrieben|hat geschrieben|a écrit|escribió|ha scritto|scrisse|escreveu"
    r"|schreef|napisał|napisała|napisał\(a\)|skrev|kirjoitti|napsal|napsala|napísal|пишет|написал|написала|пише|írta"
    r"|yazdı)(?!\w)|(?:写道|寫道|书写|のメッセージ|書きました|작성)",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"[-\s]*(?:on|am|at|le|el|il|em|op|den|dnia|w dniu|dne|в)\s.{0,40}\d", re.IGNORECASE
)  # fmt: skip
_START = re.compile(
    r"(?:[-\s]*(?:on|am|at|le|el|il|em|op|den|dnia|w dniu|dne|в|вт|ср|on the|quoting|zitat von|in reply to)\s"
    r"|[\d(<\"'„“*]|\w+[ ,]+\d|.{0,120}<\S{1,120}@|.{1,80}(?:schrieb|wrote) (?:am|on|at|in)\s|在|於)",
    re.IGNORECASE,
)
_MOMENT = re.compile(r"\d{1,2}[:.]\d\d|\d{1,4}[./年-]\s?\d{1,2}|\b(?:19|20)\d\d\b|@")
_SURE = re.compile(r"@|\d{1,2}:\d\d")
_SEPARATOR = re.compile(
    r"[-_=* ]{2,}\s*(?:original message|original appointment|originalnachricht|ursprüngliche nachricht"
    r"|original-nachricht|reply message|message d'origine|message original|mensaje original|messaggio originale"
    r"|mensagem original|oorspronkelijk bericht|oprindelig meddelelse|ursprungligt meddelande"
    r"|wiadomość oryginalna)\s*[-_=* ]{2,}",
    re.IGNORECASE,
)
_FORWARD = re.compile(
    r"(?:[-_=* >]{2,}\s*)?(?:begin forwarded message|forwarded message|anfang der weitergeleiteten (?:e-mail|nachricht)"
    r"|weitergeleitete nachricht|message transféré|mensaje reenviado|messaggio inoltrato|doorgestuurd bericht"
    r"|vidarebefordrat meddelande)\s*(?:[-_=* ]{2,}|:)",
    re.IGNORECASE,
)
_FORWARDING = re.compile(r"(?:\[[^\]]{1,40}\]\s*)?(?:fwd?|wg|tr|rv|i|doorst)\s*:", re.IGNORECASE)
_FIRST_FIELD = re.compile(r"\*?(?:from|von|de|da|van|od|fra|från|от|发件人|差出人|寄件者)\s?\*?\s?[:：]", re.IGNORECASE)
_FIELD = re.compile(
    r"\*?(?:from|sent|date|to|cc|subject|reply-to|importance|von|gesendet|datum|an|betreff|antwort an|wichtigkeit|de"
    r"|envoyé|date|à|objet|enviado|enviado el|para|asunto|assunto|da|inviato|data|a|oggetto|van|verzonden|aan|onderwerp"
    r"|od|wysłano|do|temat|fra|sendt|dato|til|emne|från|skickat|till|ämne|от|отправлено|кому|тема|发件人|发送时间|收件人"
    r"|主题|日期|抄送|差出人|送信日時|宛先|件名|寄件者|收件者|主旨)\s?\*?\s?[:：]",
    re.IGNORECASE,
)
_DEVICE = re.compile(
    r"(?:sent (?:from|with|via) (?:my |the |outlook|yahoo|gmail|samsung|proton)|get outlook for "
    r"|von meinem .{1,40} gesendet|gesendet (?:von|mit) (?:meinem|mail|outlook|der)"
    r"|diese nachricht wurde von meinem|envoyé (?:de|depuis) (?:mon|ma|l)"
    r"|enviado (?:desde|do|de) (?:mi|meu)|inviato da(?:l mio)? |sendt fra min|skickat från min|verstuurd vanaf mijn"
    r"|verzonden vanaf mijn)(?:[^,.!?<]{0,80}[.!]?|[^,.!?<]{0,80}<https?://\S{1,200}>)$",
    re.IGNORECASE,
)
_LIST_RULER = re.compile(r"(?:> ?)?_{20,}\s*$")
_LINK = re.compile(r"https?://\S*(?:listinfo|lists?\b|unsubscribe|groups)", re.IGNORECASE)
_RULER = re.compile(r"[_*=-]{5,}\s*$")


def reply_text(text: str, *, subject: str = "") -> str:
    """The new part of TEXT, without quoted history and signature; SUBJECT tells a forwarded mail."""
    lines = text.split("\n", MAX_LINES)
    if not _may_have_history(lines):
        return _trimmed(lines) or text.strip("\n")
    lines = _without_footer(lines)
    cut = _above_marker(lines)
    kept = lines[:cut] if _FORWARDING.match(subject.strip()) else _new_lines(lines[:cut])
    return _trimmed(_unsigned(kept)) or _trimmed(kept) or text.strip("\n")


def _may_have_history(lines: Sequence[str]) -> bool:
    """Any line looks like the edge of a quote or a signature: the cheap test, on single characters."""
    for line in map(str.strip, lines):
        if line and (line[0] in _EDGES or line[-1] in _ENDS or ":" in line[:20] or "：" in line[:20]):
            return True
    return any(_DEVICE.match(line.strip()) for line in lines[-12:] if len(line) < MAX_LINE)


def _without_footer(lines: list[str]) -> list[str]:
    """LINES without what a mailing list adds at the end: a ruler and where to unsubscribe."""
    for number in range(max(1, len(lines) - FOOTER_LINES), len(lines)):
        below = lines[number + 1 :]
        if _LIST_RULER.match(lines[number][:MAX_LINE]) and any(_LINK.search(line[:MAX_LINE]) for line in below):
            return lines[:number]
    return lines


def _above_marker(lines: Sequence[str]) -> int:
    """How many lines stand above our own marker line, and all of them if nothing is written there."""
    for number, line in enumerate(lines):
        if "---" in line and len(line) < MAX_LINE and any(marker in line.casefold() for marker in _MARKERS):
            above = _new_lines(lines[:number])
            return number if any(part.strip() for part in above) else len(lines)
    return len(lines)


def _new_lines(lines: Sequence[str]) -> Sequence[str]:
    start = _history_start(lines)
    if start is None:
        return lines
    above = lines[:start]
    if any(line.strip() and not _is_quoted(line) for line in above):
        return lines if _is_interleaved(lines, start) else above
    below = _below_quote(lines, start)
    return below if any(line.strip() for line in below) else lines


def _history_start(lines: Sequence[str]) -> int | None:
    """The line where the history begins; None if there is none, or if it is forwarded on purpose."""
    quote = _last_quote_start(lines)
    for number, line in enumerate(lines):
        if quote is not None and number > quote:
            return quote
        if not line or len(line) > MAX_LINE:
            continue
        bare = line.lstrip("> ").rstrip()
        if (bare[:1] in _EDGES or bare[-1:] in _ENDS) and _FORWARD.match(bare):
            return None
        if (bare[:1] in _EDGES and _SEPARATOR.match(bare)) or _is_header(lines, number):
            return _above_ruler(lines, number)
        if bare[-1:] in _ENDS and (found := _attribution(lines, number)) is not None:
            return found if quote is None else min(found, quote)
    return quote


def _last_quote_start(lines: Sequence[str]) -> int | None:
    """Where quoted lines begin that go on to the end of the text, signature and footer aside."""
    end = len(lines)
    for number in range(len(lines) - 1, -1, -1):
        if lines[number].rstrip() == "--":
            end = number
    while end and not lines[end - 1].strip():
        end -= 1
    start = end
    for number in range(end - 1, -1, -1):
        if _is_quoted(lines[number]):
            start = number
        elif lines[number].strip():
            break
    return start if start < end and start else None


def _attribution(lines: Sequence[str], end: int) -> int | None:
    """Where the words begin that end at END and say who wrote the following; None if they do not."""
    shortest = None
    joined = ""
    for start in range(end, max(-1, end - WRAPPED), -1):
        bare = lines[start].lstrip("> ").strip() if len(lines[start]) < MAX_LINE else ""
        if not bare:
            break
        joined = f"{bare} {joined}".strip()
        if not _is_attribution(joined):
            continue
        if _OPENING.match(bare):
            shortest = start
            break
        shortest = start if shortest is None else shortest
    return shortest if shortest is not None and _is_followed(lines, end + 1, joined) else None


def _is_attribution(line: str) -> bool:
    return (
        len(line) < MAX_LINE
        and _VERB.search(line) is not None
        and _MOMENT.search(line) is not None
        and _START.match(line) is not None
    )


def _is_followed(lines: Sequence[str], start: int, attribution: str) -> bool:
    """A quote stands below; unmarked text counts as one only if the attribution names address or time."""
    following = next((line for line in lines[start : start + 6] if line.strip()), "")
    return _is_quoted(following) or bool(_SURE.search(attribution)) or not following


def _is_header(lines: Sequence[str], number: int) -> bool:
    """A quoted mail header begins here, as Outlook writes it: From and two fields more."""
    line = lines[number]
    if not (":" in line[:30] or "：" in line[:30]) or _FIRST_FIELD.match(line.lstrip("> ").strip()) is None:
        return False
    below = lines[number + 1 : number + HEADER_LINES]
    return sum(_is_field(line) for line in below) >= 2


def _is_field(line: str) -> bool:
    return _FIELD.match(line.lstrip("> ").strip()[:40]) is not None


def _above_ruler(lines: Sequence[str], number: int) -> int:
    """The start of the line or ruler that a mail program puts above its quoted header."""
    above = number - 1
    while above > 0 and not lines[above].strip():
        above -= 1
    bare = lines[above].strip() if above >= 0 else ""
    return above if above > 0 and (_RULER.match(bare) or _SEPARATOR.match(bare)) else number


def _is_quoted(line: str) -> bool:
    return line.lstrip(" ")[:1] == ">"


def _is_interleaved(lines: Sequence[str], start: int) -> bool:
    """Somebody answers between or below the quoted lines that begin at START."""
    seen = False
    for line in lines[_attribution_end(lines, start) :]:
        if _is_quoted(line):
            seen = True
        elif line.rstrip() == "--":
            return False
        elif line.strip() and not (seen and _is_footer(line)):
            return seen
    return False


def _is_footer(line: str) -> bool:
    return _RULER.match(line.strip()) is not None or _DEVICE.match(line.strip()[:MAX_LINE]) is not None


def _below_quote(lines: Sequence[str], start: int) -> Sequence[str]:
    """The answer below an attributed quote on top; nothing if there is more than one quote."""
    end = _attribution_end(lines, start)
    rest = lines[end:]
    quoted = [number for number, line in enumerate(rest) if _is_quoted(line)]
    if end == start or not quoted:
        return ()
    between = rest[quoted[0] : quoted[-1]]
    return () if any(line.strip() and not _is_quoted(line) for line in between) else rest[quoted[-1] + 1 :]


def _attribution_end(lines: Sequence[str], start: int) -> int:
    """The line after an attribution that begins at START; START itself if there is none."""
    for end in range(start, min(start + WRAPPED, len(lines))):
        if lines[end].rstrip()[-1:] in _ENDS and len(lines[end]) < MAX_LINE and _attribution(lines, end) == start:
            return end + 1
    return start


def _unsigned(lines: Sequence[str]) -> Sequence[str]:
    """LINES without a signature: from `-- ` on (RFC 3676, section 4.3), or a telephone's last line."""
    for number, line in enumerate(lines):
        if line.rstrip() == "--" and len(line) <= 3:
            lines = lines[:number]
            break
    last = next((n for n in range(len(lines) - 1, -1, -1) if lines[n].strip()), 0)
    is_device = bool(lines) and len(lines[last]) < MAX_LINE and _DEVICE.match(lines[last].strip()) is not None
    return lines[:last] if is_device else lines


def _trimmed(lines: Sequence[str]) -> str:
    return "\n".join(lines).strip("\n").rstrip()
