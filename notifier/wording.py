"""The words of letters: templates, what they may say, and the check that they can be written.

A template is an administrator's text and runs in a sandbox; what a customer wrote is a value in it
and never a template.  Each one is `<language>/<kind>.txt.j2`: a line `Subject: ...`, an empty line,
the text.  A directory of one's own takes the place of the built-in ones file by file.

Fails with: BadTemplate, which names the template, the line and what is wrong.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from babel.dates import format_datetime
from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
)
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from domain.errors import Problem, TemporaryFailure
from domain.event import Actor, Event, EventKind
from domain.letter import LetterFacts, LetterKind, QuotedEntry, Recipient
from domain.marker import REPLY_MARKERS
from domain.settings import Language, Mailbox, Settings
from domain.token import letter_id, reference

BUILT_IN = Path(__file__).parent / "templates"
LANGUAGES: tuple[str, ...] = get_args(Language)
OUTPUT_LIMIT = 200_000
TEXT_LIMIT = 80_000
NAME_LIMIT = 80
SUBJECT_LIMIT = 200

# Everything that a terminal, a header or a mail program could take for more than text.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_BLANKS = re.compile(r"\s+")
_MOMENT = {"de": "dd.MM.yyyy, HH:mm", "en": "d MMM yyyy, HH:mm"}

_STATUS = (EventKind.STATUS, EventKind.CLOSED, EventKind.REOPENED)

# What the text of a letter says itself and need not say again as a line.
_SAID = {
    LetterKind.ACKNOWLEDGEMENT: {EventKind.OPENED, EventKind.CUSTOMER_WROTE},
    LetterKind.NOTICE: {EventKind.OPENED},
    LetterKind.COMMENT: {EventKind.COMMENT},
    LetterKind.SOLUTION: {EventKind.SOLUTION, EventKind.COMMENT},
    LetterKind.COPY: {EventKind.CUSTOMER_WROTE},
    LetterKind.STAFF_NEW: {EventKind.OPENED},
    LetterKind.STAFF_CUSTOMER: {EventKind.CUSTOMER_WROTE, EventKind.UNCONFIRMED, EventKind.VENDOR_WROTE},
    LetterKind.STAFF_COMMENT: {EventKind.COMMENT},
    LetterKind.STAFF_SOLUTION: {EventKind.SOLUTION, EventKind.COMMENT},
    LetterKind.STAFF_NOTE: {EventKind.NOTE},
}

# Their templates may rely on `entry`; the others must do without one.
_ALWAYS_QUOTES = frozenset(
    {LetterKind.COMMENT, LetterKind.COPY, LetterKind.STAFF_CUSTOMER, LetterKind.STAFF_COMMENT, LetterKind.STAFF_NOTE}
)


class BadTemplate(TemporaryFailure):
    """A template cannot be used.  Letters wait until it is mended; none is lost."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a letter says: its subject, without the ticket's tag, and its text."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of a letter, in the reader's language: what happened, before and after, by whom."""

    kind: str
    field: str
    before: str
    after: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketWords:
    """A ticket as its letters show it."""

    reference: str
    title: str
    status: str
    priority: str
    category: str
    group: str
    agent: str
    requester: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Whom the letter speaks to; `role` is how he came to it."""

    name: str
    role: str
    language: str


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, without the product of a text and a number: it makes a gigabyte in a breath."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if not all(isinstance(side, int | float) and abs(side) < 1_000_000 for side in (left, right)):
            raise SecurityError(f"{operator} is for small numbers only")
        return super().call_binop(context, operator, left, right)


class Wording:
    """The templates of one configuration, loaded once.

    `templates` is a directory whose files take the place of the built-in ones of the same name.
    """

    def __init__(self, settings: Settings, *, templates: Path | None = None) -> None:
        self._settings = settings
        own: list[BaseLoader] = [] if templates is None else [FileSystemLoader(templates)]
        self._environment = _Sandbox(
            loader=ChoiceLoader([*own, FileSystemLoader(BUILT_IN)]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
        )
        self._environment.filters["moment"] = _moment

    def words(self, facts: LetterFacts) -> Words:
        """Subject and text of one letter, in its reader's language.  Raises BadTemplate."""
        language = language_of(facts.recipient, self._settings)
        return self._rendered(f"{language}/{facts.kind.value}.txt.j2", self._facts(facts, language))

    def _rendered(self, name: str, facts: dict[str, Any]) -> Words:
        try:
            text = _capped(self._environment.get_template(name).generate(facts))
        except (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as cause:
            raise BadTemplate(_complaint(name, cause)) from cause
        head, _, body = plain(text).partition("\n")
        label, colon, subject = head.partition(":")
        if not colon or label.strip().lower() != "subject":
            raise BadTemplate(f"template {name}:1: the first line must be 'Subject: ...', not {head[:60]!r}")
        return Words(one_line(subject)[:SUBJECT_LIMIT], body.strip("\n") + "\n")

    def _facts(self, facts: LetterFacts, language: str) -> dict[str, Any]:
        """Everything that a template may name.  These names are the contract with administrators."""
        settings = self._settings
        agent = settings.agents.get(facts.agent)
        mailbox = mailbox_of(facts, settings)
        return {
            "ticket": TicketWords(
                reference=reference(settings.helpdesk.tag, facts.ticket) if facts.ticket is not None else "",
                title=one_line(facts.title)[:SUBJECT_LIMIT],
                status=settings.tickets.label(facts.status, language),
                priority=facts.priority,
                category=facts.category,
                group=facts.group or mailbox.group,
                agent=agent.name if agent else facts.agent,
                requester=one_line(facts.requester)[:NAME_LIMIT],
            ),
            "reader": Reader(
                name=one_line(facts.recipient.name)[:NAME_LIMIT], role=facts.recipient.role, language=language
            ),
            "entry": _shortened(facts.entry),
            "changes": _changes(facts, settings, language),
            "at": facts.at,
            "actor": _by(facts.events[0], settings) if facts.events else "",
            "unconfirmed": any(event.kind is EventKind.UNCONFIRMED for event in facts.events),
            "vendor": next((event.field for event in facts.events if event.kind is EventKind.VENDOR_WROTE), ""),
            "helpdesk": settings.helpdesk.name,
            "address": mailbox.address,
            "marker": REPLY_MARKERS[language],
            "language": language,
        }


def language_of(recipient: Recipient, settings: Settings) -> str:
    """The language that a letter to RECIPIENT is written in: `de-AT` reads `de`."""
    wanted = re.split("[-_]", recipient.language.lower(), maxsplit=1)[0]
    return wanted if wanted in LANGUAGES else settings.helpdesk.language


def mailbox_of(facts: LetterFacts, settings: Settings) -> Mailbox:
    """The mailbox that the letter comes from; the first one where its own has left the configuration."""
    return settings.mailboxes.get(facts.mailbox) or next(iter(settings.mailboxes.values()))


def plain(text: str) -> str:
    """TEXT with \\n as its only line end and without control characters."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str) -> str:
    """TEXT as it may stand in a header: one line, no control characters, single blanks."""
    return _BLANKS.sub(" ", _CONTROLS.sub(" ", text)).strip()


def check_templates(settings: Settings, templates: Path | None = None) -> tuple[Problem, ...]:
    """What is wrong with the templates: each is written once, with made-up facts."""
    if templates is not None and not templates.is_dir():
        return (Problem(str(templates), 0, 0, "notifications.templates is not a directory"),)
    problems = list(_unknown(templates)) if templates is not None else []
    wording = Wording(settings, templates=templates)
    for sample in _samples(settings):
        try:
            wording.words(sample)
        except BadTemplate as bad:
            problems.append(_problem(bad, templates or BUILT_IN))
    return tuple(dict.fromkeys(problems))


def _capped(pieces: Iterator[str]) -> str:
    kept: list[str] = []
    length = 0
    for piece in pieces:
        length += len(piece)
        if length > OUTPUT_LIMIT:
            raise SecurityError(f"the letter grows beyond {OUTPUT_LIMIT} characters")
        kept.append(piece)
    return "".join(kept)


def _complaint(name: str, cause: Exception) -> str:
    """`template de/comment.txt.j2:7: ...`: the innermost template line that the failure passed."""
    if isinstance(cause, TemplateSyntaxError):
        return f"template {cause.name or name}:{cause.lineno}: {cause.message}"
    if isinstance(cause, TemplateNotFound):
        return f"template {cause.name or name}:0: there is no such template"
    place, line, step = name, 0, cause.__traceback__
    while step is not None:
        file = Path(step.tb_frame.f_code.co_filename)
        if file.name.endswith(".j2"):
            place, line = f"{file.parent.name}/{file.name}", step.tb_lineno
        step = step.tb_next
    return f"template {place}:{line}: {one_line(str(cause)) or type(cause).__name__}"


def _problem(bad: BadTemplate, directory: Path) -> Problem:
    found = re.fullmatch(r"template (.+?):(\d+): (.*)", str(bad), re.DOTALL)
    if found is None:
        return Problem(str(directory), 0, 0, str(bad))
    own = directory / found[1]
    return Problem(str(own if own.is_file() else BUILT_IN / found[1]), int(found[2]), 1, found[3])


def _unknown(templates: Path) -> Iterator[Problem]:
    """Files that stand in for nothing: most likely a name that was mistyped."""
    known = {path.relative_to(BUILT_IN) for path in BUILT_IN.rglob("*.j2")}
    for path in sorted(templates.rglob("*.j2")):
        if path.relative_to(templates) not in known and not path.name.startswith("_"):
            kinds = ", ".join(kind.value for kind in LetterKind)
            text = f"no letter uses this template; a name is <language>/<kind>.txt.j2, kinds: {kinds}"
            yield Problem(str(path), 0, 0, text, "warning")


def _moment(at: datetime, language: str) -> str:
    """AT in the reader's language: `21.11.2026, 10:00 UTC`."""
    return f"{format_datetime(at.astimezone(UTC), _MOMENT[language], locale=language)} UTC"


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_LIMIT else f"{text[:TEXT_LIMIT]}\n[…]"


def _shortened(entry: QuotedEntry | None) -> QuotedEntry | None:
    if entry is None:
        return None
    return QuotedEntry(
        kind=entry.kind,
        author=one_line(entry.author)[:NAME_LIMIT],
        text=_cut(entry.text).strip("\n"),
        at=entry.at,
        attachment_names=tuple(one_line(name)[:SUBJECT_LIMIT] for name in entry.attachment_names[:100]),
        suspicion=one_line(entry.suspicion)[:SUBJECT_LIMIT],
    )


def _changes(facts: LetterFacts, settings: Settings, language: str) -> tuple[Change, ...]:
    """The events as lines, without what the letter's text says and without saying anything twice."""
    said = _SAID.get(facts.kind, set())
    lines: dict[object, Change] = {}
    for event in facts.events:
        if event.kind not in said:
            change = _change(event, settings, language)
            # Closing a ticket is an event of its own beside the change of status.
            same = ("status", change.before, change.after) if event.kind in _STATUS else change
            lines.setdefault(same, change)
    return tuple(lines.values())


def _change(event: Event, settings: Settings, language: str) -> Change:
    def label(value: str) -> str:
        if event.kind in _STATUS:
            return settings.tickets.label(value, language)
        if event.kind is EventKind.ASSIGNED and event.field == "agent" and value in settings.agents:
            return settings.agents[value].name
        if event.kind in (EventKind.LINKED, EventKind.MERGED) and value.isascii() and value.isdecimal():
            return reference(settings.helpdesk.tag, int(value))
        return one_line(value)[:SUBJECT_LIMIT]

    return Change(
        kind=event.kind.value,
        field=event.field,
        before=label(event.before),
        after=label(event.after),
        by=_by(event, settings),
    )


def _by(event: Event, settings: Settings) -> str:
    actor = event.actor
    if actor.kind == "agent" and actor.key in settings.agents:
        return settings.agents[actor.key].name
    return one_line(str(actor))[:NAME_LIMIT] if actor.kind in ("agent", "contact") else settings.helpdesk.name


def _samples(settings: Settings) -> Iterator[LetterFacts]:
    """One letter of each kind in each language, speaking of everything that there is to speak of."""
    for language in LANGUAGES:
        for kind in LetterKind:
            bare = () if kind in _ALWAYS_QUOTES else (((), None),)
            for events, entry in ((_sample_events(settings), _SAMPLE_ENTRY), *bare):
                yield LetterFacts(
                    letter=letter_id(b"\0" * 10),
                    kind=kind,
                    recipient=Recipient(
                        role="group" if kind.is_staff else "requester",
                        address="sample@customer.example",
                        name="Jörg Weiß" if entry else "",
                        language=language,
                    ),
                    ticket=1042,
                    title="Störung im Netz",
                    status=next(iter(settings.tickets.statuses)),
                    priority=settings.tickets.default_priority,
                    category=next(iter(settings.tickets.categories), ""),
                    group=next(iter(settings.groups)),
                    agent=next(iter(settings.agents)) if entry else "",
                    mailbox=next(iter(settings.mailboxes)),
                    requester="Jörg Weiß",
                    events=events,
                    because="sample",
                    at=_SAMPLE_ENTRY.at,
                    entry=entry,
                )


_SAMPLE_ENTRY = QuotedEntry(
    kind="comment",
    author="Ada Example",
    text="Wir schauen sofort nach.",
    at=datetime(2026, 11, 21, 10, 0, tzinfo=UTC),
    attachment_names=("plan.pdf",),
    suspicion="the display name says ada@acme.example, the address is eve@elsewhere.example",
)


def _sample_events(settings: Settings) -> tuple[Event, ...]:
    agent, group = next(iter(settings.agents)), next(iter(settings.groups))
    low, high = settings.tickets.priorities[0], settings.tickets.priorities[-1]
    plain_kinds = set(EventKind) - {EventKind.ASSIGNED, EventKind.FIELD}
    told = [(kind, "", "", "1043") for kind in sorted(plain_kinds)]
    told += [(EventKind.MERGED, "into", "", "1043"), (EventKind.UNDELIVERABLE, "agent", "", "ada@acme.example")]
    told += [(EventKind.ASSIGNED, "agent", "", agent), (EventKind.ASSIGNED, "agent", agent, "")]
    told += [(EventKind.ASSIGNED, "group", "", group), (EventKind.FIELD, "priority", low, high)]
    actor = Actor("agent", agent)
    return tuple(Event(kind=k, actor=actor, field=f, before=before, after=after) for k, f, before, after in told)
