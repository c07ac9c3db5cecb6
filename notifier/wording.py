"""The words of letters: templates and sentences made into a subject, a text and an HTML part.

A template is an administrator's text and runs in a sandbox; what a customer wrote is a value in it and never a
template.  Sentences come from the catalogs, in the reader's language.  `notifier/shelf.py` says which file is used,
`docs/letters.md` what a template may name.

Fails with: BadTemplate, which names the template, the line and what is wrong.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.core import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, get_timezone_name
from jinja2 import (
    BytecodeCache,
    FunctionLoader,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
)
from jinja2.bccache import Bucket
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from domain.errors import Problem, TemporaryFailure
from domain.event import Event, EventKind
from domain.letter import LetterFacts, LetterKind, QuotedEntry, Standing
from domain.marker import REPLY_MARKERS, staff_marker
from domain.opt_out_words import Wish
from domain.opt_out_words import word as opt_out_word
from domain.settings import Look, Mailbox, Settings
from domain.suspicion import Suspicion
from domain.token import reference
from notifier import shelf
from notifier.catalog import FALLBACK, Speech, catalogs
from notifier.look import Colors, Logo, Styles, logo
from notifier.shelf import BUILT_IN, Form, Shelf

TEXT_LIMIT = 80_000
OUTPUT_LIMIT = {"txt": 200_000, "html": 3_000_000, "css": 100_000}
NAME_LIMIT = 80
SUBJECT_LIMIT = 200
BRIEF_LIMIT = 700
BRIEF_LINES = 12
LINKS_LIMIT = 100
WIDTH = 76
MARK = "\x1e"
"""Stands around the paragraphs of a text while it is made; no value can hold it."""

# Everything that a terminal, a header or a mail program could take for more than text.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_BLANKS = re.compile(r"\s+")
_URL = re.compile(r"(https?://[^\s<>\"'`{}|\\^]{3,1000})")
_AFTER_URL = re.compile(r"[.,;:!?)\]*_~]+$")
_INDENT = re.compile(r"^[ \t]+")
_DAY = {"de": "dd.MM.yyyy", "en": "d MMM yyyy"}
_HOUR = {"de": "HH:mm", "en": "HH:mm"}
_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur", "yi"})
_STATUS = (EventKind.STATUS, EventKind.CLOSED, EventKind.REOPENED)
_TIMES = (EventKind.DUE, EventKind.DUE_SOON, EventKind.OVERDUE)

# What the text of a letter says itself and need not say again as a line.
_SAID = {
    LetterKind.ACKNOWLEDGEMENT: {EventKind.OPENED, EventKind.CUSTOMER_WROTE},
    LetterKind.NOTICE: {EventKind.OPENED},
    LetterKind.SUPPORT_OVER: {EventKind.OPENED},
    LetterKind.COMMENT: {EventKind.COMMENT},
    LetterKind.SOLUTION: {EventKind.SOLUTION, EventKind.COMMENT},
    LetterKind.COPY: {EventKind.CUSTOMER_WROTE},
    LetterKind.OPTED_OUT: {EventKind.OPTED_OUT},
    LetterKind.OPTED_IN: {EventKind.OPTED_IN},
    LetterKind.STAFF_NEW: {EventKind.OPENED},
    LetterKind.STAFF_CUSTOMER: {EventKind.CUSTOMER_WROTE, EventKind.UNCONFIRMED, EventKind.VENDOR_WROTE},
    LetterKind.STAFF_COMMENT: {EventKind.COMMENT},
    LetterKind.STAFF_SOLUTION: {EventKind.SOLUTION, EventKind.COMMENT},
    LetterKind.STAFF_NOTE: {EventKind.NOTE, EventKind.MENTIONED},
    LetterKind.STAFF_MENTION: {EventKind.NOTE, EventKind.MENTIONED},
    LetterKind.STAFF_DUE: {EventKind.DUE_SOON, EventKind.OVERDUE},
    LetterKind.STAFF_REFUSED: {EventKind.NOTE, EventKind.OPENED},
}
# The word by which a reader takes back what a letter confirms.
_TAKES_BACK = {LetterKind.OPTED_OUT: Wish.BACK, LetterKind.OPTED_IN: Wish.OUT}
_FAILURES = (TemplateError, ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError)


class BadTemplate(TemporaryFailure):
    """A template cannot be used.  Letters wait until it is mended; none is lost."""

    def __init__(self, label: str, line: int, text: str, *, file: Path) -> None:
        self.problem = Problem(str(file), line, 1 if line else 0, text)
        super().__init__(f"template {label}:{line}: {text}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a letter says: its subject, without the ticket's tag, its text, and its HTML or ''.

    `template` names the file and the version that it was written with.
    """

    subject: str
    text: str
    html: str = ""
    logo: Logo | None = None
    language: str
    template: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of a letter, in the reader's language: what happened, before and after, by whom; `text` says it all."""

    kind: str
    field: str
    before: str
    after: str
    by: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketWords:
    """A ticket as its letters show it; `due` is until when it is to be solved, in words, '' for no such time."""

    reference: str
    title: str
    status: str
    priority: str
    category: str
    group: str
    agent: str
    requester: str
    due: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingWords:
    """How a ticket stands, for a customer who asked; `agent` is who works on it, '' for nobody yet."""

    reference: str
    title: str
    status: str
    agent: str
    opened: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Whom the letter speaks to; `role` is how he came to it."""

    name: str
    role: str
    language: str


_VALUES = frozenset({Change, Colors, Logo, QuotedEntry, Reader, StandingWords, TicketWords})


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, without the product of a text and a number: it makes a gigabyte in a breath."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if not all(isinstance(side, int | float) and abs(side) < 1_000_000 for side in (left, right)):
            raise SecurityError(f"{operator} is for small numbers only")
        return super().call_binop(context, operator, left, right)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        # What templates are given are our own frozen values: a type that is known need not be looked through again.
        return (type(obj) in _VALUES and attr[:1] != "_") or super().is_safe_attribute(obj, attr, value)


class _Compiled(BytecodeCache):
    """Templates that were compiled once, for all languages, mailboxes and reloads of this process."""

    def __init__(self, most: int = 500) -> None:
        self._known: dict[tuple[str, str], bytes] = {}
        self._most = most

    def load_bytecode(self, bucket: Bucket) -> None:
        code = self._known.get((bucket.key, bucket.checksum))
        if code is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        if len(self._known) >= self._most:
            self._known.clear()
        self._known[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


_COMPILED: Mapping[Form, _Compiled] = {"txt": _Compiled(), "html": _Compiled(), "css": _Compiled()}


class Wording:
    """The templates and sentences of one configuration, loaded once.

    `templates` is the house's own directory.  Raises BadLogo.
    """

    def __init__(self, settings: Settings, *, templates: Path | None = None) -> None:
        self._settings = settings
        self._shelf = Shelf(templates)
        self._catalogs = catalogs(BUILT_IN, templates)
        self._logos = {file: logo(Path(file)) for file in _logo_files(settings)}
        self._papers: dict[object, _Paper] = {}

    def words(self, facts: LetterFacts, *, unsubscribe: str = "") -> Words:
        """What one letter says; UNSUBSCRIBE is the link that opts out.  Raises BadTemplate."""
        paper = self._paper(facts)
        values = self._facts(facts, paper, unsubscribe=unsubscribe)
        text, html, version = paper.letter(facts.template or facts.kind.value)
        subject, body = _subject_and_body(text, paper.rendered(text, values, form="txt"))
        return Words(
            subject=subject,
            text=body,
            html=paper.rendered(html, values, form="html") if html and self._wants_html(facts) else "",
            logo=paper.logo,
            language=paper.language,
            template=version,
        )

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that letters can be written in."""
        return self._catalogs.languages

    def _wants_html(self, facts: LetterFacts) -> bool:
        agent = self._settings.agents.get(facts.recipient.agent)
        return self._settings.look(facts.mailbox).html and (agent is None or agent.html)

    def _paper(self, facts: LetterFacts) -> "_Paper":
        """What letters of this mailbox in this reader's language are written on."""
        mailbox = mailbox_of(facts, self._settings)
        wished = (facts.recipient.language, mailbox.language or "", self._settings.helpdesk.language)
        # Who reads a language that we lack is spoken to in that of the house.
        chain = self._catalogs.known(*wished)
        look = self._settings.look(facts.mailbox)
        special = facts.mailbox if self._shelf.own is not None and (self._shelf.own / facts.mailbox).is_dir() else ""
        key = (special, chain, look)
        if key not in self._papers:
            self._papers[key] = _Paper(
                self._shelf,
                self._catalogs.speech(*chain),
                look,
                mailbox=special,
                language=chain[0],
                zone=self._settings.helpdesk.zone,
                picture=self._logos[look.logo] if look.logo else None,
            )
        return self._papers[key]

    def _facts(self, facts: LetterFacts, paper: "_Paper", *, unsubscribe: str) -> dict[str, Any]:
        """Everything that a template may name.  These names are the contract with administrators."""
        settings, language = self._settings, paper.language
        mailbox = mailbox_of(facts, settings)
        return {
            "ticket": _ticket(facts, settings, paper),
            "reader": Reader(
                name=one_line(facts.recipient.name)[:NAME_LIMIT], role=facts.recipient.role, language=language
            ),
            "entry": _with_further(facts.entry, facts.further, paper),
            "said": plain(_cut(facts.words, TEXT_LIMIT)),
            "earlier": tuple(_shortened(entry, 4 * BRIEF_LIMIT, paper) for entry in facts.earlier),
            "standings": tuple(_standing(one, settings, language) for one in facts.standings),
            "changes": _changes(facts, settings, paper),
            "at": facts.at,
            "actor": _by(facts.events[0], settings) if facts.events else "",
            "signature": _signature(facts, settings),
            "unconfirmed": any(event.kind is EventKind.UNCONFIRMED for event in facts.events),
            "support_end": paper.day(facts.support_end) if facts.support_end else "",
            "overdue": any(event.kind is EventKind.OVERDUE for event in facts.events),
            "vendor": next((event.field for event in facts.events if event.kind is EventKind.VENDOR_WROTE), ""),
            "helpdesk": settings.helpdesk.name,
            "address": mailbox.address,
            "unsubscribe": unsubscribe,
            "word": opt_out_word(_TAKES_BACK[facts.kind], language) if facts.kind in _TAKES_BACK else "",
            "marker": _marker(facts, settings, language),
            "language": language,
        }


class _Paper:
    """What letters are written on: the templates, sentences and look for one mailbox and language."""

    def __init__(
        self, files: Shelf, speech: Speech, look: Look, *, mailbox: str, language: str, zone: tzinfo,
        picture: Logo | None,
    ) -> None:  # fmt: skip
        self.language = language
        self._zone = zone
        self.logo = picture
        self._speech = speech
        self._colors = Colors.of(look.color)
        self._shelf = files
        self._place = {"mailbox": mailbox, "language": language}
        self._styles: Styles | None = None
        self._environments: dict[Form, _Sandbox] = {}
        self._letters: dict[str, tuple[Template, Template | None, str]] = {}

    def letter(self, kind: str) -> tuple[Template, Template | None, str]:
        """The templates of a letter's text and HTML (None: text only), and its version.  Raises BadTemplate."""
        if kind not in self._letters:
            try:
                self._letters[kind] = self._letter(kind)
            except _FAILURES as cause:
                raise self._complaint(kind, "txt", cause) from cause
        return self._letters[kind]

    def _letter(self, kind: str) -> tuple[Template, Template | None, str]:
        text = self._shelf.find(kind, "txt", **self._place)
        html = self._shelf.html_beside(text, **self._place)
        sources = self._shelf.sources(kind, "txt", **self._place)
        if html:
            sources += self._shelf.sources(kind, "html", **self._place)
        version = f"{text.label.removesuffix('.j2')} {shelf.digest(*sources, *self._speech.all())}"
        return self._loaded(kind, "txt"), self._loaded(kind, "html") if html else None, version

    def rendered(self, template: Template, values: Mapping[str, Any], *, form: Form) -> str:
        """What TEMPLATE says of VALUES.  Raises BadTemplate."""
        try:
            text = _capped(template.generate(values), OUTPUT_LIMIT[form])
        except _FAILURES as cause:
            raise self._complaint(str(template.name), form, cause) from cause
        return plain(_paragraphs(text)) if form == "txt" else plain(text)

    def say(self, key: str, /, count: int | None = None, **places: object) -> str:
        """The sentence KEY, its places filled."""
        return self._speech.sentence(key, count).format(count=count, **places)

    def can_say(self, key: str) -> bool:
        return self._speech.has(key)

    def _say_in_html(self, key: str, /, count: int | None = None, **places: object) -> Markup:
        # Markup.format does the same at five times the cost.
        filled = {name: value if type(value) is int else escape(value) for name, value in places.items()}
        return Markup(str(escape(self._speech.sentence(key, count))).format(count=count, **filled))

    def _loaded(self, name: str, form: Form) -> Template:
        try:
            return self._environment(form).get_template(name)
        except _FAILURES as cause:
            raise self._complaint(name, form, cause) from cause

    def _environment(self, form: Form) -> _Sandbox:
        """The environment of one form, with the pieces of `_parts` known to every template."""
        if form in self._environments:
            return self._environments[form]
        made = self._bare(form)
        if form == "css":
            return made
        if form == "html":
            values = {"colors": self._colors}
            sheet = _capped(self._loaded(shelf.SHEET, "css").generate(values), OUTPUT_LIMIT["css"])
            self._styles = Styles(plain(sheet))
            made.globals |= {"styles": Markup(self._styles.at_rules), "logo": self.logo, "colors": self._colors}
            made.globals["direction"] = "rtl" if self.language in _RIGHT_TO_LEFT else "ltr"
            made.filters["prose"] = Prose(self._styles.of("link"))
        parts = made.get_template("_parts").module
        made.globals |= {name: part for name, part in vars(parts).items() if not name.startswith("_")}
        self._environments[form] = made
        return made

    def _bare(self, form: Form) -> _Sandbox:
        made = _Sandbox(
            loader=FunctionLoader(lambda name: self._source(name, form)),
            undefined=StrictUndefined,
            autoescape=form == "html",
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
            cache_size=-1,
            bytecode_cache=_COMPILED[form],
        )
        made.globals["say"] = self._say_in_html if form == "html" else self.say
        made.globals["mark"] = MARK if form == "txt" else ""
        made.filters |= {
            "moment": self.moment, "wrapped": _wrapped, "brief": _brief, "quote": _quote, "prose": str,
        }  # fmt: skip
        return made

    def _source(self, name: str, form: Form) -> tuple[str, str, Callable[[], bool]]:
        try:
            found = self._shelf.find(name, form, **self._place)
        except LookupError:
            raise TemplateNotFound(name) from None
        source = found.source
        if form == "html" and self._styles is not None:
            source = self._styles.inlined(source)
        return source, str(found.path), lambda: True

    def moment(self, at: datetime, language: str = "") -> str:
        """AT in the reader's language and the helpdesk's time zone: `21.11.2026, 11:00 MEZ`."""
        return _moment(at.astimezone(self._zone), language or self.language)

    def day(self, day: date) -> str:
        """DAY in the reader's language: `31.12.2026`."""
        return format_date(day, "medium", _locale(self.language))

    def _complaint(self, name: str, form: Form, cause: Exception) -> BadTemplate:
        """The innermost template line that the failure passed, and what is wrong there."""
        file, line = self._file(name, form), 0
        if isinstance(cause, TemplateSyntaxError):
            file, line = Path(cause.filename or file), cause.lineno
        elif not isinstance(cause, TemplateNotFound):
            step = cause.__traceback__
            while step is not None:
                if step.tb_frame.f_code.co_filename.endswith(".j2"):
                    file, line = Path(step.tb_frame.f_code.co_filename), step.tb_lineno
                step = step.tb_next
        return BadTemplate(self._label(file), line, _what(cause), file=file)

    def _file(self, name: str, form: Form) -> Path:
        try:
            return self._shelf.find(name, form, **self._place).path
        except LookupError:
            return BUILT_IN / f"{name}.j2"

    def _label(self, file: Path) -> str:
        own = self._shelf.own
        top = own if own is not None and file.is_relative_to(own) else BUILT_IN
        return file.relative_to(top).as_posix() if file.is_relative_to(top) else file.name


def _what(cause: Exception) -> str:
    """What went wrong in a template, in a line."""
    if isinstance(cause, TemplateNotFound):
        return f"there is no template {cause}"
    if isinstance(cause, KeyError) and cause.args:
        return f"the place {{{cause.args[0]}}} of a sentence is not filled"
    return one_line(str(cause)) or type(cause).__name__


class Prose:
    """A person's words as HTML: escaped, lines kept, web addresses as links and nothing else.

    The text of a link is always its address, so that no link leads elsewhere than it says.
    """

    def __init__(self, style: str) -> None:
        self._style = escape(style)

    def __call__(self, text: str, *, links: bool = True) -> Markup:
        lines = str(text).split("\n")
        left = LINKS_LIMIT if links and "://" in text else 0
        written = []
        for line in lines:
            if left and "://" in line:
                shown, count = self._linked(line, left)
                left -= count
            else:
                shown = str(escape(line))
            written.append(_INDENT.sub(_kept_blanks, shown))
        return Markup("<br>\n".join(written))

    def _linked(self, line: str, most: int) -> tuple[str, int]:
        pieces = _URL.split(line, maxsplit=most)
        written = [str(escape(pieces[0]))]
        for url, after in zip(pieces[1::2], pieces[2::2], strict=True):
            address = _AFTER_URL.sub("", url)
            shown = escape(address)
            written.append(f'<a href="{shown}" class="link" style="{self._style}">{shown}</a>')
            written.append(str(escape(url[len(address) :] + after)))
        return "".join(written), len(pieces) // 2


def mailbox_of(facts: LetterFacts, settings: Settings) -> Mailbox:
    """The mailbox that the letter comes from; the first one where its own has left the configuration."""
    return settings.mailboxes.get(facts.mailbox) or next(iter(settings.mailboxes.values()))


def plain(text: str) -> str:
    """TEXT with \\n as its only line end and without control characters."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str) -> str:
    """TEXT as it may stand in a header: one line, no control characters, single blanks."""
    return _BLANKS.sub(" ", _CONTROLS.sub(" ", text)).strip()


def _logo_files(settings: Settings) -> set[str]:
    looks = (settings.notifications.look, *(mailbox.look for mailbox in settings.mailboxes.values()))
    return {look.logo for look in looks if look and look.logo}


def _capped(pieces: Iterator[str], limit: int) -> str:
    kept: list[str] = []
    length = 0
    for piece in pieces:
        length += len(piece)
        if length > limit:
            raise SecurityError(f"the letter grows beyond {limit} characters")
        kept.append(piece)
    return "".join(kept)


def _paragraphs(text: str) -> str:
    """TEXT with one empty line between what stands between marks; empty pieces fall away."""
    if MARK not in text:
        return text
    head, _, body = text.partition("\n")
    pieces = (piece.strip("\n") for piece in body.split(MARK))
    return f"{head}\n\n" + "\n\n".join(piece for piece in pieces if piece and not piece.isspace()) + "\n"


def _subject_and_body(template: Template, text: str) -> tuple[str, str]:
    head, _, body = text.partition("\n")
    label, colon, subject = head.partition(":")
    if not colon or label.strip().lower() != "subject":
        file = Path(template.filename or "")
        complaint = f"the first line must be 'Subject: ...', not {head[:60]!r}"
        raise BadTemplate(file.name, 1, complaint, file=file)
    return one_line(subject)[:SUBJECT_LIMIT], body.strip("\n") + "\n"


def _moment(at: datetime, language: str) -> str:
    """The minute of AT in words, with the name of its zone."""
    return f"{_day(at.date(), language)}, {_hour(at.hour, at.minute, language)} {_zone_name(at, language)}"


@lru_cache(maxsize=512)
def _day(day: date, language: str) -> str:
    locale = _locale(language)
    return format_date(day, _DAY.get(locale.language, "medium"), locale)


@lru_cache(maxsize=2000)
def _hour(hour: int, minute: int, language: str) -> str:
    locale = _locale(language)
    return format_time(time(hour, minute), _HOUR.get(locale.language, "short"), locale=locale)


def _locale(language: str) -> Locale:
    """How dates are written by readers of LANGUAGE; in English where nobody knows."""
    try:
        return Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        return Locale.parse(FALLBACK)


def _zone_name(at: datetime, language: str) -> str:
    if at.tzinfo is UTC:
        return "UTC"
    return _named(at.replace(minute=0, second=0, microsecond=0), str(at.tzinfo), at.tzname() or "", language)


# Equal times are one to the cache, whatever their zones: so zone and abbreviation are asked for as well.
@lru_cache(maxsize=2000)
def _named(at: datetime, _: str, abbreviation: str, language: str) -> str:
    """The zone of AT as its readers abbreviate it, MEZ, else as the world does, CET, else by its distance, UTC+03."""
    theirs = get_timezone_name(at, width="short", locale=_locale(language))
    name = theirs if theirs[:1].isalpha() else abbreviation
    return name if name[:1].isalpha() else f"UTC{name}"


def _wrapped(text: str) -> str:
    """TEXT in lines of at most WIDTH characters; a longer word stays whole."""
    if len(text) <= WIDTH:
        return text
    lines: list[str] = []
    for line in text.split("\n"):
        kept = ""
        for word in line.split(" "):
            if kept and len(kept) + 1 + len(word) > WIDTH:
                lines.append(kept)
                kept = word
            else:
                kept = f"{kept} {word}" if kept else word
        lines.append(kept)
    return "\n".join(lines)


def _brief(text: str) -> str:
    """The beginning of TEXT, without empty lines, as much as reminds a person of it."""
    lines = [line.rstrip() for line in text[: 2 * BRIEF_LIMIT].split("\n") if line.strip()]
    kept = "\n".join(lines[:BRIEF_LINES])
    if len(kept) > BRIEF_LIMIT:
        kept = kept[:BRIEF_LIMIT].rpartition(" ")[0] or kept[:BRIEF_LIMIT]
    is_whole = len(text) <= 2 * BRIEF_LIMIT and len(lines) <= BRIEF_LINES and len("\n".join(lines)) <= BRIEF_LIMIT
    return kept if is_whole else f"{kept} […]"


def _quote(text: str) -> str:
    """TEXT as a quote: each line behind a >, folded there where it is long."""
    return "\n".join(f"> {line}" for line in _wrapped(text).split("\n")) if text else ""


def _kept_blanks(found: re.Match[str]) -> str:
    return "&nbsp;" * len(found[0].expandtabs(4)[:40])


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}\n[…]"


def _marker(facts: LetterFacts, settings: Settings, language: str) -> str:
    """The first line of a letter, '' for none."""
    if not facts.kind.is_staff:
        return REPLY_MARKERS.get(language, REPLY_MARKERS[FALLBACK])
    number = facts.ticket
    return staff_marker(language, reference(settings.helpdesk.tag, number) if number is not None else "")


def _shortened(entry: QuotedEntry | None, limit: int, paper: _Paper) -> QuotedEntry | None:
    if entry is None:
        return None
    return QuotedEntry(
        kind=entry.kind,
        author=one_line(entry.author)[:NAME_LIMIT],
        text=plain(_cut(entry.text, limit)).strip("\n"),
        at=entry.at,
        attachment_names=tuple(one_line(name)[:SUBJECT_LIMIT] for name in entry.attachment_names[:100]),
        suspicion=_said(entry.suspicion, paper) if entry.suspicion else None,
    )


def _said(suspicion: Suspicion, paper: _Paper) -> Suspicion:
    """SUSPICION in the reader's language."""
    key, text = f"suspicion.{suspicion.key}", str(suspicion)
    if paper.can_say(key):
        text = paper.say(key, None, **{name: one_line(value) for name, value in suspicion.places})
    return replace(suspicion, said=one_line(text)[:SUBJECT_LIMIT])


def _with_further(entry: QuotedEntry | None, further: tuple[QuotedEntry, ...], paper: _Paper) -> QuotedEntry | None:
    """ENTRY with the words of FURTHER below its own, each with its author and time.

    They are one text, so that no template of the house's own can leave them out.
    """
    limit = TEXT_LIMIT // (1 + len(further))
    kept = [one for one in (_shortened(each, limit, paper) for each in (entry, *further)) if one]
    if len(kept) < 2:
        return kept[0] if kept else None
    first, *others = kept
    text = "\n\n".join((first.text or paper.say("no_text"), *(_said_by(one, paper) for one in others)))
    names = tuple(name for one in (first, *others) for name in one.attachment_names)
    return replace(first, text=text, attachment_names=names)


def _said_by(entry: QuotedEntry, paper: _Paper) -> str:
    """The words of ENTRY below who wrote them and when, and what is to be known of him."""
    careful = [paper.say("suspicion", suspicion=entry.suspicion)] if entry.suspicion else []
    wrote = paper.say("wrote", author=entry.author or paper.say("somebody"), at=paper.moment(entry.at))
    return "\n\n".join((*careful, wrote, entry.text or paper.say("no_text")))


def _reference(facts: LetterFacts, settings: Settings) -> str:
    """How people name the ticket that a letter is about, '' if it is about none."""
    return reference(settings.helpdesk.tag, facts.ticket) if facts.ticket is not None else ""


def _ticket(facts: LetterFacts, settings: Settings, paper: _Paper) -> TicketWords:
    agent = settings.agents.get(facts.agent)
    return TicketWords(
        reference=_reference(facts, settings),
        title=one_line(facts.title)[:SUBJECT_LIMIT],
        status=settings.tickets.label(facts.status, paper.language),
        priority=facts.priority,
        category=facts.category,
        group=facts.group or mailbox_of(facts, settings).group,
        agent=agent.name if agent else facts.agent,
        requester=one_line(facts.requester)[:NAME_LIMIT],
        due=paper.moment(facts.due_at) if facts.due_at else "",
    )


def _standing(one: Standing, settings: Settings, language: str) -> StandingWords:
    agent = settings.agents.get(one.agent)
    return StandingWords(
        reference=reference(settings.helpdesk.tag, one.ticket),
        title=one_line(one.title)[:NAME_LIMIT],
        status=settings.tickets.label(one.status, language),
        agent=agent.name if agent else one.agent,
        opened=one.opened,
    )


def _signature(facts: LetterFacts, settings: Settings) -> str:
    """What stands below the letter: the agent's signature where it is he who writes, else the helpdesk's name."""
    if facts.kind in (LetterKind.COMMENT, LetterKind.SOLUTION) and facts.events:
        actor = facts.events[0].actor
        agent = settings.agents.get(actor.key) if actor.kind == "agent" else None
        if agent is not None and agent.signature:
            return plain(agent.signature)
    return settings.helpdesk.name


def _changes(facts: LetterFacts, settings: Settings, paper: _Paper) -> tuple[Change, ...]:
    """The events as lines, without what the letter's text says and without saying anything twice."""
    said = _SAID.get(facts.kind, set())
    lines: dict[object, Change] = {}
    for event in facts.events:
        if event.kind not in said:
            change = _change(event, settings, paper)
            change = replace(change, text=_line(change, facts, settings, paper))
            # Closing a ticket is an event of its own beside the change of status.
            same = ("status", change.before, change.after) if event.kind in _STATUS else change
            lines.setdefault(same, change)
    return tuple(lines.values())


def _change(event: Event, settings: Settings, paper: _Paper) -> Change:
    def label(value: str) -> str:
        if event.kind in _STATUS:
            return settings.tickets.label(value, paper.language)
        names_agent = event.kind in (EventKind.ASSIGNED, EventKind.MENTIONED) and event.field == "agent"
        if names_agent and value in settings.agents:
            return settings.agents[value].name
        if event.kind in (EventKind.LINKED, EventKind.MERGED) and value.isascii() and value.isdecimal():
            return reference(settings.helpdesk.tag, int(value))
        if event.kind in _TIMES and value:
            return paper.moment(datetime.fromisoformat(value))
        return one_line(value)[:SUBJECT_LIMIT]

    return Change(
        kind=event.kind.value,
        field=event.field,
        before=label(event.before),
        after=label(event.after),
        by=_by(event, settings),
        text="",
    )


def _line(change: Change, facts: LetterFacts, settings: Settings, paper: _Paper) -> str:
    """CHANGE as a sentence in the reader's language."""
    field = f"field.{change.field}"
    return paper.say(
        _sentence_of(change, paper),
        kind=change.kind,
        field=paper.say(field) if paper.can_say(field) else change.field,
        before=change.before or "–",
        after=change.after or "–",
        author=change.by,
        reference=_reference(facts, settings),
    )


def _sentence_of(change: Change, paper: _Paper) -> str:
    """The key of the sentence that tells of CHANGE, the most special that there is."""
    kind = "status" if change.kind in _STATUS else change.kind
    special = (
        *([f"change.{kind}.gone"] if not change.after else ()),
        *([f"change.{kind}.from"] if change.before else ()),
        f"change.{kind}.{change.field}",
        f"change.{kind}",
    )
    return next((key for key in special if paper.can_say(key)), "change.other")


def _by(event: Event, settings: Settings) -> str:
    actor = event.actor
    if actor.kind == "agent" and actor.key in settings.agents:
        return settings.agents[actor.key].name
    return one_line(str(actor))[:NAME_LIMIT] if actor.kind in ("agent", "contact") else settings.helpdesk.name
