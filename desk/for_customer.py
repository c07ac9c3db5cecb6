"""What of an agent's mail a customer may read.

To him go the agent's own words, and among them those lines of the conversation that he knows already: an answer
between the lines says little without them.  Nothing of a letter to staff goes to him, and nothing of what is
internal, whatever a mail program makes of a quote: it is known by the first line of such letters, by their
sentences and last lines, and by the words of the ticket's internal entries.

Pure but for `timeline_of`, and linear in the length of the texts.  Fails with: Refused, where a part of such a
letter stands among the agent's words and nobody can say where they end.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from desk.changes import Refused
from desk.mail_commands import misplaced
from domain.event import EventKind
from domain.marker import staff_mark
from domain.people import ContactFacts
from domain.settings import Settings
from domain.ticket import EntryFacts, EntryKind, TicketFacts
from notifier.catalog import catalogs
from notifier.shelf import BUILT_IN
from scanner.quote import own_words
from scanner.quote_words import every
from store.store import View

RUN = 8
"""So many words in a row that also stand in an internal entry are taken from there."""
LINE = 4
"""So many words make a sentence that is nobody's by chance; fewer count where they are a whole line."""
MAX_INSIDE = 20_000
"""Characters of an internal entry that are looked at."""
HEADER_LINES = 8
"""Lines that a mail program may set above a letter that it quotes."""

# Scripts without blanks: each character counts as a word.
_WORD = re.compile(r"[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u0e00-\uffff]+|\w")
_URL_ALONE = re.compile(r"^[^\w\n]*(?:https?://|www\.)\S+[ \t]*$", re.IGNORECASE | re.MULTILINE)
_PLACE = re.compile(r"\{([a-z_]+)\}")
_END_OF_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_LABEL = re.compile(r"[\s*>|]{0,9}[^\s:：][^:：]{0,40}[:：](?:\s|$)")
_EDGES = " \t\n>|*-–—=_"
_RULER = re.compile(r"[\s>|*_=—–-]*$")
# Sentences that stand in no other mail; what might be said to a customer as well is left out.
_SENTENCES = (
    "staff.customer", "staff.unconfirmed", "staff.vendor", "staff.refused", "staff.refused.again", "staff.comment",
    "staff.solution", "staff.note", "why.group", "why.agent",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What stands on a ticket, as texts, for an agent's answer.

    The customer knows `known`, and must not read `inside`.  `undone` are mails of agents that became notes because they
    could not be done: much of them was meant for him.
    """

    known: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    undone: tuple[str, ...] = ()


NOTHING = Timeline()


def timeline_of(view: View, ticket: TicketFacts, *, agent: str, contact: ContactFacts | None) -> Timeline:
    """The timeline of TICKET, and of those that it continues, for an answer of AGENT.

    What he or CONTACT, which he is, wrote himself he may repeat; what a vendor wrote is his to pass on.
    """
    requester = ticket.requester.id if ticket.requester else None
    timeline = _of_one(view, ticket.number, agent=agent, contact=contact, requester=requester, is_his=True)
    for number in view.tickets.all_merged_from(ticket.number):
        asked = view.tickets.facts(number).requester
        is_his = asked is not None and asked.id == requester
        more = _of_one(view, number, agent=agent, contact=contact, requester=requester, is_his=is_his)
        timeline = Timeline(
            known=timeline.known + more.known,
            inside=timeline.inside + more.inside,
            undone=timeline.undone + more.undone,
        )
    return timeline


def _of_one(
    view: View, number: int, *, agent: str, contact: ContactFacts | None, requester: int | None, is_his: bool
) -> Timeline:
    """The timeline of one ticket; IS_HIS: what staff wrote on it went to REQUESTER."""
    entries = view.tickets.entries(number)
    inside = [
        one
        for one in entries
        if (one.kind is EntryKind.NOTE or one.unconfirmed)
        and one.agent != agent
        and (contact is None or one.contact != contact.id)
    ]
    undone = _undone(view, number) if any(one.agent and one.intake for one in inside) else frozenset()
    return Timeline(
        known=tuple(one.shown for one in entries if _is_known(one, requester, is_his=is_his)),
        inside=tuple(one.shown[:MAX_INSIDE] for one in inside if one.id not in undone),
        undone=tuple(one.shown[:MAX_INSIDE] for one in inside if one.id in undone),
    )


def _undone(view: View, number: int) -> frozenset[int]:
    """The entries of mails that were refused."""
    history = view.tickets.history(number)
    refused = {line.act for line in history if line.event.kind is EventKind.REFUSED}
    return frozenset(line.event.entry for line in history if line.act in refused and line.event.entry is not None)


def _is_known(entry: EntryFacts, requester: int | None, *, is_his: bool) -> bool:
    if entry.unconfirmed or entry.machine or entry.kind.is_internal:
        return False
    return is_his if entry.kind is not EntryKind.CUSTOMER else entry.contact == requester


def own_text(text: str, timeline: Timeline, settings: Settings, *, whole: str = "") -> str:
    """What of TEXT the agent wrote himself, with the lines between that the customer knows.

    WHOLE is the text with its history, where that was cut.
    """
    words = own_words(text, keeps=_Known(timeline.known).has)
    start = staff_mark(words)
    if start is not None or staff_mark(whole) is not None:
        words = _without_header(words[:start], settings)
    is_said = any(line.strip() and not line.startswith(">") for line in words.split("\n"))
    return words if is_said else ""


class _Known:
    """The lines of texts, to be known again where they are quoted; their breaks may have moved."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = texts
        self._words = ""

    def has(self, line: str) -> bool:
        words = words_of(line.lstrip("> "))
        if words and not self._words:
            self._words = "".join(f" {' '.join(words_of(text))} \n" for text in self._texts)
        return bool(words) and f" {' '.join(words)} " in self._words


def _without_header(above: str, settings: Settings) -> str:
    """The words ABOVE a letter, without what a mail program wrote between them and it."""
    lines = above.rstrip(_EDGES).split("\n")
    ours = [mailbox.address.casefold() for mailbox in settings.mailboxes.values()]
    ours += [settings.helpdesk.name.casefold(), f"[{settings.helpdesk.tag.casefold()}-"]
    end, is_header = len(lines), False
    for number in range(len(lines) - 1, max(-1, len(lines) - 1 - HEADER_LINES), -1):
        line = lines[number]
        if not line.strip():
            break
        names_us = any(one in line.casefold() for one in ours)
        if not (names_us or _LABEL.match(line) or _RULER.match(line) or line.rstrip().endswith((":", "："))):
            break
        is_header = is_header or names_us
        end = number
    return "\n".join(lines[:end] if is_header else lines).rstrip(_EDGES)


def checked(text: str, timeline: Timeline, settings: Settings) -> str:
    """TEXT, which a customer may read.  Raises Refused where it holds a command, or what only staff may read."""
    if word := misplaced(text):
        raise Refused(f"{word} stands among your words: commands stand above them, each on a line of its own")
    if _is_framed(text, settings) or _is_letter(text):
        raise Refused("a letter that only staff may read stands below your words: delete it there and send them again")
    if run := _of_inside(text, timeline, settings):
        raise Refused(f"words of an internal entry stand among yours ({run[:100]!r}): take them out and send it again")
    return text


def check_files(texts: Iterable[tuple[str, str | None]], timeline: Timeline, settings: Settings) -> None:
    """Raises Refused where a file for a customer holds what only staff may read.

    TEXTS are the names of files with what can be read in them, None where nobody looks into one.
    """
    for name, text in texts:
        if text is None:
            raise Refused(f"nobody can look into the mail {name!r} that is attached: send it as another file")
        if _has_last_line(text, settings) or _is_letter(text):
            raise Refused(f"a letter that only staff may read stands in the file {name!r}: leave it out")
        if run := _of_inside(text, timeline, settings):
            raise Refused(f"words of an internal entry stand in the file {name!r} ({run[:100]!r}): leave it out")


def _is_letter(text: str) -> bool:
    """The first line of a letter to staff stands in TEXT, or sentences of one."""
    return staff_mark(text) is not None or _frame().search(f" {' '.join(words_of(text))} ") is not None


def _has_last_line(text: str, settings: Settings) -> bool:
    """The line below what a letter to staff says stands in TEXT; letters to customers, which may be attached, have a
    shorter one."""
    tag = re.escape(settings.helpdesk.tag)
    return re.search(rf"^[>|*\s]{{0,40}}{tag}-\d{{1,18}} · [^·\n]{{1,80}} · ", text, re.MULTILINE) is not None


def _is_framed(text: str, settings: Settings) -> bool:
    """Such a letter is told by the lines that it has: `Acme Support ACME-42` above its HTML, `ACME-42 · open · urgent ·
    service` below what it says."""
    name, number = re.escape(settings.helpdesk.name), rf"{re.escape(settings.helpdesk.tag)}-\d{{1,18}}"
    framed = rf"^[>|*\s]{{0,40}}(?:{name}[>|*\s]{{1,9}}{number}[*\s]*$|{number} · )"
    return re.search(framed, text, re.MULTILINE) is not None


def words_of(text: str) -> list[str]:
    """The words of TEXT, whatever stands between them."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


@lru_cache(maxsize=1)
def _frame() -> re.Pattern[str]:
    """The sentences of letters to staff, in every language, over words with one blank between them."""
    found: list[str] = []
    for catalog in catalogs(BUILT_IN).ours.values():
        for key in _SENTENCES:
            sentence = catalog.sentences.get(key)
            found += _patterns(sentence.forms) if sentence else []
    return re.compile(f" (?:{'|'.join(dict.fromkeys(found))}) ")


def _patterns(forms: Iterable[str]) -> Iterator[str]:
    for form in forms:
        for sentence in _END_OF_SENTENCE.split(form):
            words = words_of(_PLACE.sub(lambda place: f" {_STANDS[place[1] == 'reference']} ", sentence))
            while words and words[-1] in _STANDS:
                words.pop()
            while words and words[0] in _STANDS:
                words.pop(0)
            if sum(word not in _STANDS for word in words) >= LINE - 1:
                yield " ".join(_MEANS.get(word, re.escape(word)) for word in words)


_STANDS = ("xplacex", "xreferencex")
_MEANS: Mapping[str, str] = {"xplacex": r"\S+(?: \S+){0,7}?", "xreferencex": r"\S+ \d+"}


def _of_inside(text: str, timeline: Timeline, settings: Settings) -> str:
    """The first words in a row that stand in an internal entry, and nowhere that the customer knows; '' if none do."""
    if not (timeline.inside or timeline.undone):
        return ""
    ours = (settings.helpdesk.name, *(agent.name for agent in settings.agents.values()))
    names = {tuple(words_of(name)) for name in ours}
    long = {run for one in (*timeline.inside, *timeline.undone) for run in _long_runs(words_of(_told(one)))}
    short = {run for one in timeline.inside for run in _lines(one) if run not in names and not _is_greeting(run)}
    known = "".join(f" {' '.join(words_of(_told(one)))} \n" for one in timeline.known)
    told = _told(text)
    for run in (*_long_runs(words_of(told)), *_short_runs(told)):
        if run in (long if len(run) == RUN else short) and f" {' '.join(run)} " not in known:
            return " ".join(run)
    return ""


def _told(text: str) -> str:
    """TEXT without lines that are an address on the web and nothing else: those are anybody's."""
    return _URL_ALONE.sub("", text)


def _long_runs(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(words[start : start + RUN]) for start in range(len(words) - RUN + 1))


def _lines(text: str) -> Iterator[tuple[str, ...]]:
    """The lines of an internal TEXT that are shorter than RUN, and all of it where it is that short."""
    for line in (*_told(text).split("\n"), _told(text)):
        words = tuple(words_of(line))
        if 1 < len(words) < RUN:
            yield words


def _short_runs(text: str) -> Iterator[tuple[str, ...]]:
    """Whole lines of TEXT in a row, or whole sentences, that have fewer words than RUN."""
    words: list[str] = []
    edges = {0: True}  # where a line (True) or a sentence begins
    for line in text.split("\n"):
        for sentence in _END_OF_SENTENCE.split(line):
            edges.setdefault(len(words), False)
            words += words_of(sentence)
        edges[len(words)] = True
    for start, is_line in edges.items():
        for size in range(2, RUN):
            end = start + size
            if end in edges and (size >= LINE or (is_line and edges[end])):
                yield tuple(words[start:end])


_SALUTATIONS = (
    "sehr geehrte|sehr geehrter|sehr verehrte|werte|werter|liebe|lieber|hallo|hi|hey|moin|servus|guten tag|guten morgen"
    "|guten abend|grüß gott|grüezi|dear|hello|good morning|good afternoon|good evening|to whom it may concern"
    "|bonjour|bonsoir|cher|chère|madame|monsieur|estimado|estimada|hola|buenos días|gentile|egregio|buongiorno"
    "|geachte|beste|goedemorgen|goedemiddag|szanowny|szanowna|szanowni|dzień dobry|dobrý den|vážený|vážená|kære|hej|olá"
)
_THANKS = "danke schön|besten dank|herzlichen dank|tausend dank|thank you|thank you very much|many thanks|thanks a lot"
NAME = 4
"""So many words of a name and a title follow a salutation, or follow `thank you for`."""
_GOES_ON = frozenset(("für", "fürs", "im", "in", "for", "und", "and", "aus", "from", "pour", "por", "per", "voor"))


def _is_greeting(words: tuple[str, ...]) -> bool:
    """A line of these WORDS stands in any mail: a salutation, thanks or what stands above a name."""
    return any(
        words[: len(one)] == one and len(words) <= len(one) + NAME for one in _phrases(_SALUTATIONS)
    ) or any(
        words[: len(one)] == one
        and (len(words) == len(one) or (words[len(one)] in _GOES_ON and len(words) <= len(one) + 1 + NAME))
        for one in _phrases("|".join((_THANKS, *every("closings"))))
    )  # fmt: skip


@lru_cache(maxsize=2)
def _phrases(data: str) -> frozenset[tuple[str, ...]]:
    found = (tuple(words_of(one)) for one in data.split("|"))
    return frozenset(one for one in found if one)
