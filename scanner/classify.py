"""What kind of mail it is, and whether a person wrote it (RFC 3834, section 2).

Signals stand in one table with their weights.  A class is taken where the weights of its signals
reach SURE; a strong signal does so alone, weak ones only together.  `because` names every signal with
its weight, those that were too weak as well.  An empty Return-Path or an Exchange header alone never
makes a machine of a person (Outlook sends such headers for people, too), and neither do words:
somebody may well ask how to set up an absence note, so subject and text together stay below SURE.
Never fails.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.message import Message as Tree
from typing import Literal

from domain.message import Bounced, MailClass
from domain.people import Address
from scanner.bounce import (
    MAX_SIZE,
    Report,
    amazon_report,
    cause_of,
    found_by_looks,
    is_hard,
    named_in,
    report_of,
    returned_ids,
    said_by_server,
)
from scanner.class_words import SPANS, every
from scanner.headers import Fields, addresses
from scanner.parts import Leaf, leaves, parameter
from scanner.quote_marks import any_of

SURE = 4
MAX_TEXT = 600
"""Characters of the text in which an absence note must say what it is."""

Kind = Literal["auto_reply", "bounce", "notice", "complaint", "list", "calendar"]

_MACHINE = re.compile(r"(?:mailer[-_.]?daemon|mail[-_.]?daemon|mdaemon|mailerdaemon|bounces?\b|mail-delivery)", re.I)
_OFFICE = re.compile(
    r"(?:post[-_.]?master|mail-?admin|mail delivery (?:sub)?system|mail delivery service|microsoft ?exchange"
    r"|system administrator|systemadministrator)",
    re.I,
)
_NOBODY = re.compile(r"(?:no|do[-_.]?not|not)[-_.]?reply\b|auto(?:mat|responder|reply)|notifications?@", re.I)
_PREFIX = re.compile(rf"(?:{any_of(every('prefixes'))})\s?[:：]", re.I)
_AUTO_SUBJECT = re.compile(rf"(?:{any_of(every('prefixes'))}|{any_of(every('subjects'))})(?![a-z])", re.I)
# Behind it the note ends, or says until when, or names the subject that it answers; a person's sentence goes on.
_NOTE_SUBJECT = re.compile(rf"{_AUTO_SUBJECT.pattern}\s*(?:$|[^\w\s,]|\d|(?:{any_of(SPANS)})\b)", re.I)
_NAMED = re.compile(rf"\w.{{0,80}}?\s(?:{any_of(every('named'))})\W*(?:$|\()", re.I)
# What stands before a subject that was answered already, or is a ticket's.
_ANSWERED = re.compile(r"(?:re|aw|antw|sv|vs|rv|odp|ynt|回复|答复)\s?[:：]|\[[^\]\s]{1,20}-\d{1,12}\]", re.I)
_LOTUS = re.compile(r"AUTO:\s")
_SENTENCE = re.compile(any_of(every("sentences")))
# Looked for one by one: many times faster than one pattern that is tried at every letter.
_ABSENT = tuple(word for word in every("absent") if "…" not in word)
_ECHO = re.compile(any_of(every("prefixes")))
_ABSENT_SINCE = tuple(re.compile(any_of([word])) for word in every("absent") if "…" in word)
_BOUNCE_SUBJECT = re.compile(any_of(every("undelivered")), re.I)
_LIST_SENDER = re.compile(r"(?:^|[<\s])owner-[^\s@]+@|-(?:owner|bounces?|request)(?:\+[^\s@]*)?@", re.I)
_COMPLAINT_SUBJECT = re.compile(r"(?:complaint about message|abuse report|spam report|email feedback report)", re.I)
_AMAZON = "x-amz-sns-message-id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Classes:
    """What kind of mail it is, and why.  `is_auto_reply` also holds for notices and complaints: nobody wrote them."""

    kind: MailClass = MailClass.PERSON
    is_auto_reply: bool = False
    is_bounce: bool = False
    is_list: bool = False
    because: tuple[str, ...] = ()
    bounced: tuple[Bounced, ...] = ()
    returned_ids: tuple[str, ...] = ()
    defects: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Mail:
    """What the signals look at.  `by_looks` is flufl's answer, asked for only where something else is suspicious."""

    fields: Fields
    sender: Address | None
    text: str
    size: int
    tree: Tree
    parts: Sequence[Leaf] = ()
    report: Report = field(default_factory=Report)
    by_looks: tuple[Bounced, ...] = ()

    def value(self, name: str) -> str:
        """The first word of a field's value, folded, without parameters and comments."""
        return self.fields.first(name).partition(";")[0].partition("(")[0].strip().lower()

    @property
    def report_type(self) -> str:
        if self.tree.get_content_type() != "multipart/report":
            return ""
        return parameter(self.tree, "report-type").lower() or "unknown"

    def has_part(self, *kinds: str) -> bool:
        return any(leaf.part.get_content_type() in kinds for leaf in self.parts)


@dataclass(frozen=True, slots=True)
class Signal:
    """One sign, for one class: what it is called in `because`, how much it weighs, when it is there."""

    kind: Kind
    weight: int
    because: str
    holds: Callable[[_Mail], bool]


def _has(*names: str) -> Callable[[_Mail], bool]:
    return lambda mail: not mail.fields.index.keys().isdisjoint(names)


def _says(name: str, *values: str) -> Callable[[_Mail], bool]:
    return lambda mail: mail.value(name) in values


def _states_other_than(name: str, *values: str) -> Callable[[_Mail], bool]:
    return lambda mail: mail.fields.has(name) and mail.value(name) not in values


def _says_nothing(name: str) -> Callable[[_Mail], bool]:
    """The field is there and empty, which no mail program does for a person."""
    return lambda mail: mail.fields.has(name) and not mail.fields.first(name).strip()


def _is_bulk(mail: _Mail) -> bool:
    """Precedence says bulk, and no list explains it."""
    said = {mail.value("precedence"), mail.value("x-precedence")}
    return bool(said & {"bulk", "junk"}) and not (_has(*_LIST_FIELDS)(mail) or _is_from_list(mail))


def _is_from_list(mail: _Mail) -> bool:
    """A list's own address sent it on: what came through Majordomo and the like carries no List-Id."""
    return _LIST_SENDER.search(mail.fields.first("sender")) is not None


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


def _is_good_news(report: Report) -> bool:
    return report.is_status and report.reached and not report.recipients


def _is_receipt(mail: _Mail) -> bool:
    return mail.report_type == "disposition-notification" or mail.has_part("message/disposition-notification")


def _is_complaint(mail: _Mail) -> bool:
    return mail.report.complains or mail.report_type == "feedback-report" or mail.has_part("message/feedback-report")


def _returns_marked_mail(mail: _Mail) -> bool:
    """The mail inside carries the field that Outlook.com puts into what its users call junk."""
    nested = [leaf.part.get_payload() for leaf in mail.parts if leaf.part.get_content_type() == "message/rfc822"]
    return any(isinstance(inner, list) and inner and "x-hmxmroriginalrecipient" in inner[0] for inner in nested)


def _answers_by_itself(mail: _Mail) -> bool:
    """`Automatic reply: Printer`: a person's program would have written `Re:`."""
    return _PREFIX.match(mail.fields.first("subject")) is not None


def _answers_a_note_or_answer(mail: _Mail) -> bool:
    """`Automatic reply: Re: Printer`, `Automatic reply: Out of Office`: nobody writes the second by hand."""
    prefix = _PREFIX.match(mail.fields.first("subject"))
    if prefix is None:
        return False
    rest = prefix.string[prefix.end() :].strip()
    return _NOTE_SUBJECT.match(rest) is not None or _ANSWERED.match(rest) is not None


def _answers_invitation(mail: _Mail) -> bool:
    """Accepted or declined (RFC 5546, section 3.2.3); a counter-proposal is a person's wish."""
    calendars = [leaf.part for leaf in mail.parts if leaf.part.get_content_type() == "text/calendar"]
    return any(parameter(part, "method").lower() == "reply" for part in calendars)


def _names_absent(mail: _Mail) -> bool:
    """`Ada Example/Acme is out of the office`: Lotus Notes, and whoever reports it of a colleague."""
    return _NAMED.search(mail.fields.first("subject")) is not None


def _begins_absent(mail: _Mail) -> bool:
    """The subject begins like that of an absence note and goes on in somebody's own words."""
    return not _is_absent(mail) and _BEGINS(mail)


def _says_away(mail: _Mail) -> bool:
    # Whoever complains of automatic answers names them; the subject that says so is no absence yet.
    return says_away(_ECHO.sub("", mail.text[:MAX_TEXT].lower()) if _answers_by_itself(mail) else mail.text)


def says_away(text: str) -> bool:
    """TEXT says near its beginning that its writer is away, as absence notes do and people as well."""
    begins = text[:MAX_TEXT].lower()
    return any(word in begins for word in _ABSENT) or any(pattern.search(begins) for pattern in _ABSENT_SINCE)


def _says_it_is_a_note(mail: _Mail) -> bool:
    return _SENTENCE.search(" ".join(mail.text[: 2 * MAX_TEXT].lower().split())) is not None


def _says_undelivered(mail: _Mail) -> bool:
    return bool(cause_of(said_by_server(mail.text)))


_is_machine = _sender_is(_MACHINE)
_is_absent = _subject_is(_NOTE_SUBJECT)
_BEGINS = _subject_is(_AUTO_SUBJECT)
_is_office = _sender_is(_OFFICE)
_SYSTEMS = (_is_machine, _is_office, _has_empty_return_path)

_LIST_FIELDS = (
    *("list-id", "list-unsubscribe", "list-post"),
    *("x-mailing-list", "mailing-list", "x-mailman-version", "x-beenthere"),
)
# Fields that programs write into what they send by themselves, and into nothing else.
_AUTO_FIELDS = (
    "x-autoresponder",
    "x-autoresponse",
    "x-mail-autoreply",
    "x-auto-reply",
    "x-auto-reply-from",
    "x-autoreply-from",
    "x-autogenerated",
    "x-away-message",
    "x-fc-machinegenerated",
    "x-vacation",
)
# Ticket systems put these into everything they send, the answers of people included.
_TICKET_FIELDS = (
    "x-rt-loop-prevention",
    "x-otrs-loop",
    "x-znuny-loop",
    "x-zammad-ticket-id",
    "x-jira-fingerprint",
    "x-redmine-host",
    "x-github-reason",
    "x-loop",
)

PREFIX = Signal("auto_reply", 1, "a program's prefix before the subject", _answers_by_itself)
BEGINS_ABSENT = Signal("auto_reply", 1, "subject that begins like an automatic answer", _begins_absent)
SIGNALS = (
    Signal("auto_reply", 4, "Auto-Submitted", _states_other_than("auto-submitted", "no", "auto-forwarded", "")),
    Signal("auto_reply", 4, "X-Autoreply", _states_other_than("x-autoreply", "no", "false")),
    Signal("auto_reply", 4, "X-Autorespond", _states_other_than("x-autorespond", "no", "false")),
    Signal("auto_reply", 4, "a field that autoresponders write", _has(*_AUTO_FIELDS)),
    Signal("auto_reply", 4, "Precedence auto_reply", _says("precedence", "auto_reply", "auto-reply", "autoreply")),
    Signal("auto_reply", 4, "X-Precedence auto_reply", _says("x-precedence", "auto_reply", "auto-reply", "autoreply")),
    Signal("auto_reply", 4, "Precedence bulk or junk", _is_bulk),
    Signal("auto_reply", 4, "the sender is a mail system", _is_machine),
    PREFIX,
    Signal("auto_reply", 1, "behind the prefix a note's or an answer's subject", _answers_a_note_or_answer),
    Signal("auto_reply", 2, "subject of an automatic answer", _is_absent),
    BEGINS_ABSENT,
    Signal("auto_reply", 2, "subject that begins with AUTO", _subject_is(_LOTUS)),
    Signal("auto_reply", 2, "subject that says who is away", _names_absent),
    Signal("auto_reply", 2, "empty Return-Path", _has_empty_return_path),
    Signal("auto_reply", 2, "the sender's name says that nobody reads there", _sender_is(_NOBODY)),
    Signal("auto_reply", 2, "a field of ticket systems", _has(*_TICKET_FIELDS)),
    # Only these: `DR, OOF, AutoReply` and the like stand in mails of people, too.
    Signal("auto_reply", 1, "X-Auto-Response-Suppress: All", _says("x-auto-response-suppress", "all")),
    Signal("auto_reply", 4, "X-Auto-Response-Suppress without a value", _says_nothing("x-auto-response-suppress")),
    Signal("notice", 4, "a receipt (RFC 8098)", _is_receipt),
    Signal("notice", 4, "a report of delivery, nothing failed", lambda mail: _is_good_news(mail.report)),
    Signal("complaint", 4, "a complaint report (RFC 5965)", _is_complaint),
    Signal("complaint", 3, "a mail inside that its reader called junk", _returns_marked_mail),
    Signal("complaint", 2, "subject of a complaint", _subject_is(_COMPLAINT_SUBJECT)),
    Signal("bounce", 4, "delivery status (RFC 3464)", lambda mail: bool(mail.report.recipients)),
    Signal("bounce", 4, "X-Failed-Recipients", _has("x-failed-recipients")),
    Signal("bounce", 4, "a report of delivery status", _is_bad_news),
    Signal("bounce", 3, "the sender is a mail system", _is_machine),
    Signal("bounce", 2, "the sender is a postmaster", _is_office),
    Signal("bounce", 2, "subject of a bounce", _subject_is(_BOUNCE_SUBJECT)),
    Signal("bounce", 2, "empty Return-Path", _has_empty_return_path),
    Signal("calendar", 4, "the answer to an invitation (RFC 5546)", _answers_invitation),
    Signal("list", 4, "List-Id", _has("list-id")),
    Signal("list", 4, "List-Unsubscribe", _has("list-unsubscribe")),
    Signal("list", 4, "List-Post", _has("list-post")),
    Signal("list", 4, "a list's fields", _has(*_LIST_FIELDS[3:])),
    Signal("list", 4, "a list's address as Sender", _is_from_list),
    Signal("list", 4, "Precedence list", _says("precedence", "list")),
)  # fmt: skip
# Dear to ask for, and too weak alone: asked only where another signal is there.
SAYS_AWAY = Signal("auto_reply", 1, "the text says that its writer is away", _says_away)
SAYS_NOTE = Signal("auto_reply", 2, "the text has the words of a program", _says_it_is_a_note)
ANSWERS = Signal("auto_reply", 1, "it answers a mail", _has("in-reply-to", "references"))
NAMES_SOMEBODY = Signal("bounce", 2, "the text names failed recipients", lambda mail: bool(mail.by_looks))
SAYS_UNDELIVERED = Signal("bounce", 2, "the text quotes a mail server's refusal", _says_undelivered)

# The first that is taken is the mail's class.
_REPORTS = frozenset({"bounce", "complaint", "notice"})
_ORDER: tuple[Kind, ...] = ("complaint", "bounce", "notice", "auto_reply", "calendar", "list")


def classes_of(tree: Tree, fields: Fields, *, sender: Address | None, text: str, size: int) -> Classes:
    """The classes of one mail; a bounce is no auto-reply as well, though it carries the same headers."""
    mail = _Mail(fields=fields, sender=sender, text=text, size=size, tree=tree)
    if tree.is_multipart():
        mail.parts = list(leaves(tree))
        mail.report = report_of(mail.parts)
    elif fields.has(_AMAZON):
        mail.report = amazon_report(text)
    elif tree.get_content_type() == "text/calendar":
        mail.parts = list(leaves(tree))
    held = [signal for signal in SIGNALS if signal.holds(mail)]
    if not held:
        return Classes()
    held += _asked_further(mail, held)
    weights = {kind: sum(signal.weight for signal in held if signal.kind == kind) for kind in _ORDER}
    if _is_good_news(mail.report) or weights["complaint"] >= SURE:
        weights["bounce"] = 0
    taken = [kind for kind in _ORDER if weights[kind] >= SURE]
    if "bounce" in taken:
        taken = [kind for kind in taken if kind in ("bounce", "list")]
    is_bounce = "bounce" in taken
    return Classes(
        kind=MailClass(taken[0]) if taken else MailClass.PERSON,
        is_auto_reply=not {"auto_reply", "notice", "complaint"}.isdisjoint(taken),
        is_bounce=is_bounce,
        is_list="list" in taken,
        because=_because(held, taken),
        bounced=_failed(mail) if is_bounce else (),
        returned_ids=() if _REPORTS.isdisjoint(taken) else mail.report.returned or returned_ids(mail.parts, text),
        defects=mail.report.defects,
    )


def _asked_further(mail: _Mail, held: list[Signal]) -> list[Signal]:
    """The signals that are asked for only on suspicion; flufl's only where no report answers already."""
    suspected = {signal.kind for signal in held}
    asked = _asked_of_answers(held) if "auto_reply" in suspected else []
    if "bounce" in suspected and not mail.report.recipients and mail.size <= MAX_SIZE:
        mail.by_looks = found_by_looks(mail.tree, mail.text)
        asked.append(NAMES_SOMEBODY)
        # Whoever asks about a bounce copies its subject and text, but does not write as a mail system.
        if any(signal.holds in _SYSTEMS for signal in held):
            asked.append(SAYS_UNDELIVERED)
    return [signal for signal in asked if signal.holds(mail)]


def _asked_of_answers(held: list[Signal]) -> list[Signal]:
    names = {signal.because for signal in held if signal.kind == "auto_reply"}
    if BEGINS_ABSENT.because in names:
        # A person who will be away writes of it; what he says of it is no second signal.
        return [SAYS_NOTE]
    return [SAYS_AWAY, SAYS_NOTE, *([ANSWERS] if PREFIX.because in names else [])]


def _failed(mail: _Mail) -> tuple[Bounced, ...]:
    return mail.report.recipients or mail.by_looks or _stated(mail) or _named(mail)


def _named(mail: _Mail) -> tuple[Bounced, ...]:
    """Whom the report's own words name, other than those who sent and got it."""
    ours = {address.key for address in addresses(mail.fields.every("from", "to", "cc", "reply-to", "return-path"))}
    return named_in(mail.text, without=ours)


def _stated(mail: _Mail) -> tuple[Bounced, ...]:
    stated = " ".join(mail.fields.every("x-failed-recipients")).replace(",", " ").split()
    reason = said_by_server(mail.text) if stated else ""
    return tuple(Bounced(one, "", is_hard("", reason), reason) for one in dict.fromkeys(stated) if "@" in one)


def _because(held: list[Signal], taken: Sequence[Kind]) -> tuple[str, ...]:
    """What spoke for the classes that were taken; where none was, what spoke for one, but not enough."""
    if taken:
        return tuple(f"{kind}: {one.because} ({one.weight})" for kind in taken for one in held if one.kind == kind)
    return tuple(f"not {one.kind}: {one.because} ({one.weight} of {SURE})" for one in held)
