"""Whether a person wrote a mail: auto-replies, bounces, lists (RFC 3834, section 2).

Signals stand in one table with their weights.  A class is taken where the weights of its signals
reach SURE; a strong signal does so alone, weak ones only together.  Every class names its signals in
`because`.  An empty Return-Path or an Exchange header alone never makes a machine of a person
(Outlook sends such headers for people, too), and neither do words: somebody may well ask how to
set up an absence note, so subject and text together stay below SURE.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message as Tree
from typing import Literal

from domain.message import Bounced
from domain.people import Address
from scanner.bounce import MAX_SIZE, Report, found_by_looks, report_of, returned_ids
from scanner.headers import Fields

SURE = 4
MAX_TEXT = 600
"""Characters of the text in which an absence note must say what it is."""

Kind = Literal["auto_reply", "bounce", "list"]

_MACHINE = re.compile(r"(?:mailer[-_.]?daemon|mail[-_.]?daemon|mdaemon|mailerdaemon|bounces?\b|mail-delivery)", re.I)
_OFFICE = re.compile(r"(?:postmaster|mail-?admin|mail delivery (?:sub)?system|microsoft ?exchange)", re.I)
_NOBODY = re.compile(r"(?:no|do[-_.]?not)[-_.]?reply\b|auto(?:mat|responder|reply)", re.I)
_AUTO_SUBJECT = re.compile(
    r"(?:automatic reply|automatische antwort|auto(?:matic)?[- ]?(?:reply|response|responder)|autoantwort"
    r"|abwesenheits(?:notiz|nachricht|assistent|meldung)?|abwesend|abwesenheit|out of (?:the )?office|ooo\b"
    r"|away from (?:my )?(?:mail|office)|vacation (?:reply|message|response)|on vacation"
    r"|réponse automatique|respuesta automática|risposta automatica|automatisch antwoord|autosvar|automatiskt svar)",
    re.I,
)
_ABSENT = re.compile(
    r"(?:out of (?:the )?office|away from (?:the|my) (?:office|desk)"
    r"|on (?:annual leave|vacation|holiday|parental leave)"
    r"|limited access to (?:my )?e?-?mail|nicht (?:im (?:büro|hause|dienst)|erreichbar|am arbeitsplatz)|außer haus"
    r"|(?:bin|bis|derzeit|zur ?zeit|momentan) .{0,60}(?:abwesend|im urlaub|nicht im haus)"
    r"|wieder (?:im büro|erreichbar|für sie da)"
    r"|automatic(?:ally generated)? (?:reply|response)|automatische (?:antwort|abwesenheit))",
    re.I,
)
_BOUNCE_SUBJECT = re.compile(
    r"(?:undeliver(?:able|ed)|unzustellbar|nicht zustellbar|mail delivery (?:failed|failure|system|status|problem)"
    r"|delivery (?:status notification|failure|has failed|problem|report)|returned mail|failure notice|mail could not"
    r"|returned to sender|non[- ]?delivery|message (?:undeliverable|delivery failure|not delivered)"
    r"|warning: (?:could not|message)|delayed mail|zustellung .{0,40}(?:fehlgeschlagen|nicht möglich)"
    r"|mail ?system error)",
    re.I,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Classes:
    """What kind of mail it is, and why."""

    is_auto_reply: bool = False
    is_bounce: bool = False
    is_list: bool = False
    because: tuple[str, ...] = ()
    bounced: tuple[Bounced, ...] = ()
    returned_ids: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Mail:
    """What the signals look at.  `by_looks` is flufl's answer, asked for only where something else is suspicious."""

    fields: Fields
    sender: Address | None
    text: str
    size: int
    tree: Tree
    report: Report = field(default_factory=Report)
    by_looks: tuple[Bounced, ...] = ()

    def value(self, name: str) -> str:
        """The first word of a field's value, folded, without parameters and comments."""
        return self.fields.first(name).partition(";")[0].partition("(")[0].strip().lower()

    @property
    def report_type(self) -> str:
        if self.tree.get_content_type() != "multipart/report":
            return ""
        return str(self.tree.get_param("report-type", "unknown")).lower()


@dataclass(frozen=True, slots=True)
class Signal:
    """One sign, for one class: what it is called in `because`, how much it weighs, when it is there."""

    kind: Kind
    weight: int
    because: str
    holds: Callable[[_Mail], bool]


def _has(*names: str) -> Callable[[_Mail], bool]:
    return lambda mail: any(mail.fields.has(name) for name in names)


def _says(name: str, *values: str) -> Callable[[_Mail], bool]:
    return lambda mail: mail.value(name) in values


def _states_other_than(name: str, *values: str) -> Callable[[_Mail], bool]:
    return lambda mail: mail.fields.has(name) and mail.value(name) not in values


def _is_bulk(mail: _Mail) -> bool:
    """Precedence says bulk, and no list explains it."""
    said = {mail.value("precedence"), mail.value("x-precedence")}
    return bool(said & {"bulk", "junk"}) and not mail.fields.has("list-id")


def _has_empty_return_path(mail: _Mail) -> bool:
    return mail.fields.has("return-path") and mail.fields.first("return-path").strip() in ("<>", "")


def _sender_is(pattern: re.Pattern[str]) -> Callable[[_Mail], bool]:
    """The address or the name begins so; a mail system may have no address at all: `MAILER-DAEMON <>`."""
    return lambda mail: (
        bool(mail.sender and pattern.match(mail.sender.address))
        or bool(pattern.match(mail.fields.first("from").lstrip("'\" ")))
    )


def _subject_is(pattern: re.Pattern[str]) -> Callable[[_Mail], bool]:
    # At the very beginning: behind `Re:` or `Fwd:` a person answers or forwards such a mail.
    return lambda mail: pattern.match(mail.fields.first("subject").lstrip("[*( ")) is not None


def _is_bad_news(mail: _Mail) -> bool:
    return mail.report_type == "delivery-status" and not _is_good_news(mail.report)


def _answers_by_itself(mail: _Mail) -> bool:
    """`Automatic reply: ...` in answer to a mail: a person's program would have written `Re:`."""
    found = _AUTO_SUBJECT.match(mail.fields.first("subject"))
    return (
        found is not None
        and mail.fields.has("in-reply-to")
        and mail.fields.first("subject")[found.end() :].lstrip().startswith(":")
    )


def _says_away(mail: _Mail) -> bool:
    return _ABSENT.search(mail.text[:MAX_TEXT]) is not None


SIGNALS = (
    Signal("auto_reply", 4, "Auto-Submitted", _states_other_than("auto-submitted", "no", "auto-forwarded", "")),
    Signal("auto_reply", 4, "X-Autoreply", _states_other_than("x-autoreply", "no", "false")),
    Signal("auto_reply", 4, "X-Autorespond", _states_other_than("x-autorespond", "no", "false")),
    Signal("auto_reply", 4, "X-Autoresponder", _has("x-autoresponder", "x-autoresponse", "x-mail-autoreply")),
    Signal("auto_reply", 4, "Precedence auto_reply", _says("precedence", "auto_reply", "auto-reply", "autoreply")),
    Signal("auto_reply", 4, "X-Precedence auto_reply", _says("x-precedence", "auto_reply", "auto-reply", "autoreply")),
    Signal("auto_reply", 4, "Precedence bulk or junk", _is_bulk),
    Signal("auto_reply", 4, "a receipt (RFC 8098)", lambda mail: mail.report_type == "disposition-notification"),
    Signal("auto_reply", 4, "a complaint report (RFC 5965)", lambda mail: mail.report_type == "feedback-report"),
    Signal("auto_reply", 4, "a report of delivery, nothing failed", lambda mail: _is_good_news(mail.report)),
    Signal("auto_reply", 4, "the sender is a mail system", _sender_is(_MACHINE)),
    Signal("auto_reply", 2, "subject of an automatic answer", _subject_is(_AUTO_SUBJECT)),
    Signal("auto_reply", 2, "an answer under such a subject, not under Re:", _answers_by_itself),
    Signal("auto_reply", 2, "empty Return-Path", _has_empty_return_path),
    Signal("auto_reply", 2, "the sender's name says that nobody reads there", _sender_is(_NOBODY)),
    # Only so: `DR, OOF, AutoReply` and the like stand in mails of people, too.
    Signal("auto_reply", 1, "X-Auto-Response-Suppress: All", _says("x-auto-response-suppress", "all")),
    Signal("bounce", 4, "delivery status (RFC 3464)", lambda mail: bool(mail.report.recipients)),
    Signal("bounce", 4, "X-Failed-Recipients", _has("x-failed-recipients")),
    Signal("bounce", 4, "a report of delivery status", _is_bad_news),
    Signal("bounce", 3, "the sender is a mail system", _sender_is(_MACHINE)),
    Signal("bounce", 2, "the sender is a postmaster", _sender_is(_OFFICE)),
    Signal("bounce", 2, "subject of a bounce", _subject_is(_BOUNCE_SUBJECT)),
    Signal("bounce", 2, "empty Return-Path", _has_empty_return_path),
    Signal("list", 4, "List-Id", _has("list-id")),
    Signal("list", 4, "List-Unsubscribe", _has("list-unsubscribe")),
    Signal("list", 4, "List-Post", _has("list-post")),
    Signal("list", 4, "Precedence list", _says("precedence", "list")),
)  # fmt: skip
# Dear to ask for, and too weak alone: asked only where another signal is there.
SAYS_AWAY = Signal("auto_reply", 1, "the text says that its writer is away", _says_away)
NAMES_SOMEBODY = Signal("bounce", 2, "the text names failed recipients", lambda mail: bool(mail.by_looks))


def classes_of(tree: Tree, fields: Fields, *, sender: Address | None, text: str, size: int) -> Classes:
    """The classes of one mail; a bounce is no auto-reply as well, though it carries the same headers."""
    mail = _Mail(fields=fields, sender=sender, text=text, size=size, tree=tree)
    if tree.is_multipart():
        mail.report = report_of(tree)
    held = [signal for signal in SIGNALS if signal.holds(mail)]
    if not held:
        return Classes()
    held += _asked_further(mail, held)
    if _weight(held, "bounce") >= SURE and not _is_good_news(mail.report):
        return _bounce(mail, held)
    taken: list[Kind] = [kind for kind in ("auto_reply", "list") if _weight(held, kind) >= SURE]
    return Classes(is_auto_reply="auto_reply" in taken, is_list="list" in taken, because=_because(held, *taken))


def _asked_further(mail: _Mail, held: list[Signal]) -> list[Signal]:
    """The signals that are asked for only on suspicion; flufl's only where no report answers already."""
    asked = [SAYS_AWAY] if 0 < _weight(held, "auto_reply") < SURE else []
    if _weight(held, "bounce") and not mail.report.recipients and mail.size <= MAX_SIZE:
        mail.by_looks = found_by_looks(mail.tree)
        asked.append(NAMES_SOMEBODY)
    return [signal for signal in asked if signal.holds(mail)]


def _bounce(mail: _Mail, held: list[Signal]) -> Classes:
    taken: list[Kind] = [kind for kind in ("bounce", "list") if _weight(held, kind) >= SURE]
    return Classes(
        is_bounce=True,
        is_list="list" in taken,
        because=_because(held, *taken),
        bounced=mail.report.recipients or mail.by_looks or _stated(mail.fields),
        returned_ids=returned_ids(mail.tree, mail.text),
    )


def _stated(fields: Fields) -> tuple[Bounced, ...]:
    stated = " ".join(fields.every("x-failed-recipients")).replace(",", " ").split()
    return tuple(Bounced(address) for address in dict.fromkeys(stated) if "@" in address)


def _is_good_news(report: Report) -> bool:
    return report.is_status and report.reached and not report.recipients


def _weight(held: list[Signal], kind: Kind) -> int:
    return sum(signal.weight for signal in held if signal.kind == kind)


def _because(held: list[Signal], *kinds: Kind) -> tuple[str, ...]:
    return tuple(f"{kind}: {signal.because}" for kind in kinds for signal in held if signal.kind == kind)
