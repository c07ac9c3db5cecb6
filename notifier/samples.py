"""Letters with made-up facts: what `check` writes so that a mistake shows before a customer waits, and previews show.

Each kind is written in each language for each mailbox that has something of its own, once with everything that there
is to speak of and once with as little as there can be.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from domain.errors import Problem
from domain.event import Actor, Event, EventKind
from domain.letter import LetterFacts, LetterKind, QuotedEntry, Recipient, Standing
from domain.settings import Settings
from domain.token import letter_id
from notifier.catalog import catalogs
from notifier.look import BadLogo
from notifier.shelf import BUILT_IN, PARTS, Shelf, parts_of
from notifier.wording import BadTemplate, Wording

# Their templates may rely on `entry`; the others must do without one.
_ALWAYS_QUOTES = frozenset(
    {
        *(LetterKind.COMMENT, LetterKind.COPY, LetterKind.STAFF_CUSTOMER, LetterKind.STAFF_COMMENT),
        *(LetterKind.STAFF_NOTE, LetterKind.STAFF_MENTION),
    }
)
_LINK = "mailto:support@acme.example?subject=unsubscribe"


def check_templates(settings: Settings, templates: Path | None = None) -> tuple[Problem, ...]:
    """What is wrong with templates, catalogs and logo: each letter is written with made-up facts."""
    if templates is not None and not templates.is_dir():
        return (Problem(str(templates), 0, 0, "notifications.templates is not a directory"),)
    known = catalogs(BUILT_IN, templates)
    problems = [*known.problems(), *_unknown(settings, Shelf(templates), known.languages)]
    problems += _without_catalog(settings, known.languages)
    try:
        wording = Wording(settings, templates=templates)
    except BadLogo as bad:
        return (*problems, Problem("config.yaml", 0, 0, str(bad)))
    for facts in _all(settings, known.languages, templates):
        try:
            wording.words(facts, unsubscribe="" if facts.kind.is_staff else _LINK)
        except BadTemplate as bad:
            problems.append(bad.problem)
    return tuple(dict.fromkeys(problems))


def sample(settings: Settings, kind: LetterKind, *, language: str = "", mailbox: str = "") -> LetterFacts:
    """A letter of KIND as it might be."""
    entry = None if kind in _WITHOUT_ENTRY else _PASSED_ON.get(kind, _ANSWER)
    return LetterFacts(
        letter=letter_id(b"\0" * 10),
        kind=kind,
        recipient=Recipient(
            role="group" if kind.is_staff else "requester",
            address="ada@acme.example" if kind.is_staff else "joerg.weiss@customer.example",
            name="Ada Example" if kind.is_staff else "Jörg Weiß",
            language=language,
        ),
        ticket=1042,
        title="Störung im Netz",
        status=next(iter(settings.tickets.statuses)),
        priority=settings.tickets.default_priority,
        category=next(iter(settings.tickets.categories), ""),
        group=next(iter(settings.groups)),
        agent=next(iter(settings.agents)),
        mailbox=mailbox or next(iter(settings.mailboxes)),
        requester="Jörg Weiß",
        events=_usual_events(settings, kind),
        because="a sample",
        at=_ANSWER.at,
        entry=entry,
        earlier=() if kind in _FROM_CUSTOMER else (_ASKED,),
        due_at=_DUE if kind.is_staff else None,
        support_end=date(2026, 10, 31) if kind is LetterKind.SUPPORT_OVER else None,
        standings=(_STANDING, replace(_STANDING, ticket=1043, agent="")) if kind is LetterKind.REPORT else (),
    )


def _all(settings: Settings, languages: tuple[str, ...], templates: Path | None) -> Iterator[LetterFacts]:
    special = [
        name
        for name, mailbox in settings.mailboxes.items()
        if mailbox.look is not None or (templates is not None and (templates / name).is_dir())
    ]
    for mailbox in dict.fromkeys((next(iter(settings.mailboxes)), *special)):
        for language in languages:
            for kind in LetterKind:
                usual = sample(settings, kind, language=language, mailbox=mailbox)
                full = replace(usual, events=_events(settings), entry=usual.entry or _ANSWER, earlier=(_ASKED,))
                yield full
                if kind not in _ALWAYS_QUOTES:
                    bare = replace(full.recipient, name="")
                    yield replace(
                        full,
                        recipient=bare,
                        agent="",
                        events=(),
                        entry=None,
                        earlier=(),
                        standings=(),
                        due_at=None,
                        support_end=None,
                    )


def _without_catalog(settings: Settings, languages: tuple[str, ...]) -> Iterator[Problem]:
    """Languages of config.yaml that nobody can write."""
    named = {"helpdesk.language": settings.helpdesk.language}
    named |= {f"mailboxes.{key}.language": box.language or "" for key, box in settings.mailboxes.items()}
    named |= {f"agents.{key}.language": agent.language or "" for key, agent in settings.agents.items()}
    for where, language in named.items():
        if language and language not in languages:
            text = (
                f"{where}: there are no sentences in {language!r}, only in {', '.join(languages)}; "
                f"add {language}.po to notifications.templates"
            )
            yield Problem("config.yaml", 0, 0, text)


def _unknown(settings: Settings, files: Shelf, languages: tuple[str, ...]) -> Iterator[Problem]:
    """Files that stand in for nothing: most likely a name that was mistyped."""
    names = {*(kind.value for kind in LetterKind), *PARTS}
    for path in files.own_files():
        assert files.own is not None
        folder = path.relative_to(files.own).parent.as_posix()
        parts = parts_of(path.name)
        if folder not in (".", *settings.mailboxes):
            text = f"no letter uses this template: its folder {folder} is not the key of a mailbox"
        elif parts is None or (parts[0] not in names and not parts[0].startswith("_")):
            kinds = ", ".join(kind.value for kind in LetterKind)
            text = f"no letter uses this template; a name is <kind>[.<language>][.txt|.html].j2, kinds: {kinds}"
        elif parts[1] and parts[1] not in languages:
            text = f"no letter uses this template: there are no sentences in {parts[1]!r} ({parts[1]}.po)"
        else:
            continue
        yield Problem(str(path), 0, 0, text, "warning")


_FROM_CUSTOMER = frozenset(
    {
        *(LetterKind.ACKNOWLEDGEMENT, LetterKind.NOTICE, LetterKind.SUPPORT_OVER, LetterKind.COPY),
        *(LetterKind.STAFF_NEW, LetterKind.STAFF_CUSTOMER),
    }
)
_WITHOUT_ENTRY = frozenset(
    {
        LetterKind.REPORT,
        LetterKind.REJECTED,
        LetterKind.FORWARDED,
        LetterKind.STATUS,
        LetterKind.CHANGE,
        LetterKind.OPTED_OUT,
        LetterKind.OPTED_IN,
        LetterKind.STAFF_ASSIGNED,
        LetterKind.STAFF_STATUS,
        LetterKind.STAFF_CHANGE,
        LetterKind.STAFF_DUE,
    }
)
_ASKED = QuotedEntry(
    kind="customer",
    author="Jörg Weiß",
    text=(
        "Guten Tag,\n\nseit heute früh kommen wir im Lager nicht mehr ins Netz. Der Router blinkt rot, das Handbuch "
        "unter https://router.example/handbuch?seite=12 hilft nicht weiter.\n\nKönnen Sie bitte nachsehen?\n\nJörg Weiß"
    ),
    at=datetime(2026, 11, 21, 9, 12, tzinfo=UTC),
    attachment_names=("router.jpg",),
)
_ANSWER = QuotedEntry(
    kind="comment",
    author="Ada Example",
    text=(
        "wir schauen sofort nach.\n\nBitte ziehen Sie inzwischen\n  1. den Stecker des Routers,\n"
        "  2. warten Sie zehn Sekunden,\n  3. stecken Sie ihn wieder ein.\n\n"
        "Mehr dazu: https://www.acme.example/hilfe/router."
    ),
    at=datetime(2026, 11, 21, 10, 0, tzinfo=UTC),
    attachment_names=("plan.pdf", "größe.png"),
)
_NOTE = QuotedEntry(
    kind="note", author="Ada Example", text="Der Router ist der alte, siehe Inventar 4711.", at=_ANSWER.at
)


_DUE = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
_STANDING = Standing(ticket=1042, title="Störung im Netz", status="open", agent="ada", opened=_ASKED.at)
_PASSED_ON = {LetterKind.STAFF_NOTE: _NOTE, LetterKind.STAFF_MENTION: _NOTE, **dict.fromkeys(_FROM_CUSTOMER, _ASKED)}


def _usual_events(settings: Settings, kind: LetterKind) -> tuple[Event, ...]:
    if kind in _FROM_CUSTOMER:
        return (Event(kind=EventKind.OPENED, actor=Actor("contact", "1", "Jörg Weiß")),)
    if kind is LetterKind.STAFF_DUE:
        return (Event(kind=EventKind.DUE_SOON, after=_DUE.isoformat()),)
    comment, status, assigned = _events(settings)[:3]
    return (status, assigned) if kind in _WITHOUT_ENTRY else (comment, status)


def _events(settings: Settings) -> tuple[Event, ...]:
    agent, group = next(iter(settings.agents)), next(iter(settings.groups))
    statuses = list(settings.tickets.statuses)
    low, high = settings.tickets.priorities[0], settings.tickets.priorities[-1]
    due = (EventKind.DUE, EventKind.DUE_SOON, EventKind.OVERDUE)
    others = {EventKind.ASSIGNED, EventKind.FIELD, EventKind.STATUS, EventKind.COMMENT}
    plain_kinds = set(EventKind) - others.union(due)
    told = [(EventKind.COMMENT, "", "", ""), (EventKind.STATUS, "", statuses[0], statuses[-1])]
    told += [(EventKind.ASSIGNED, "agent", "", agent)]
    told += [(EventKind.ASSIGNED, "agent", agent, ""), (EventKind.ASSIGNED, "group", "", group)]
    told += [(EventKind.FIELD, "priority", low, high)]
    told += [(kind, "", "", "1043") for kind in sorted(plain_kinds)]
    told += [(kind, "", "", _DUE.isoformat()) for kind in due]
    actor = Actor("agent", agent)
    return tuple(Event(kind=k, actor=actor, field=f, before=before, after=after) for k, f, before, after in told)
