"""From facts to a finished mail: the headers, the text, the HTML, the files.

The same facts give the same bytes: the Message-ID and the MIME boundary come from the letter's id,
the Date is the time of the act.  A copy that goes out after a crash is therefore known as one.
Whatever stands in the facts, no header can gain a line and no recipient can be added.

Fails with: BadTemplate; BadLogo; PermanentFailure for an address that no envelope can carry.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import quote

from domain.errors import PermanentFailure
from domain.letter import Letter, LetterFacts, LetterKind, OutgoingFile, is_by_rule
from domain.opt_out_words import Wish
from domain.people import domain_key
from domain.settings import Settings
from domain.ticket import EntryKind
from domain.token import Keys, click, sign, tagged
from notifier import mime
from notifier.mime import Field, Part
from notifier.wording import NAME_LIMIT, SUBJECT_LIMIT, Wording, Words, mailbox_of, one_line

REFERENCES_LIMIT = 20
_NO_NAME = str.maketrans(dict.fromkeys('/\\"<>', "_"))
_INTERNAL = frozenset(kind.value for kind in EntryKind if kind.is_internal)
_MESSAGE_ID = re.compile(r"[!-;=?-~]{1,900}")
_CONTENT_TYPE = re.compile(r"(?:application|audio|font|image|model|text|video)/[a-z0-9][a-z0-9.+_-]{0,80}")
_ADDRESS = re.compile(r"[^\s\x00-\x1f\x7f-\x9f<>()\[\],;:\\\"@]{1,64}@[^\s\x00-\x1f\x7f-\x9f<>()\[\],;:\\\"@]{1,255}")


class Composer:
    """Writes letters; keep one, its templates are loaded once (a letter then costs a fifth of a millisecond).

    Raises BadLogo.
    """

    def __init__(self, settings: Settings, *, keys: Keys, templates: Path | None = None) -> None:
        self._settings = settings
        self._keys = keys
        self._wording = Wording(settings, templates=templates)

    def compose(self, facts: LetterFacts) -> Letter:
        """The finished letter.  Raises BadTemplate, or PermanentFailure for an impossible address."""
        facts = _without_internals(facts)
        sender = _sendable(mailbox_of(facts, self._settings).address)
        recipient = _sendable(facts.recipient.address)
        ways = () if _ends_letters(facts.kind) else tuple(self._ways_out(facts, sender))
        words = self._wording.words(facts, unsubscribe=next(iter(ways), ""))
        fields = [
            *self._address(facts, sender, recipient),
            *self._thread(facts, words.subject, sender),
            *_marks(facts, sender),
        ]
        if ways:
            fields.append(("List-Unsubscribe", ",\r\n ".join(f"<{way}>" for way in ways)))
        if len(ways) > 1:
            fields.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
        fields.append(("Content-Language", words.language))
        data = mime.written(fields, _body(words, facts))
        # Nothing is to come back of a letter that ends a matter (RFC 3834, section 3.3).
        envelope = "" if facts.kind is LetterKind.REJECTED or facts.kind.is_confirmation else sender
        return Letter(
            id=facts.letter, envelope_from=envelope, envelope_to=recipient, data=data, template=words.template
        )

    def _address(self, facts: LetterFacts, sender: str, recipient: str) -> Iterator[Field]:
        yield "From", mime.mailbox("From", _name(self._settings.helpdesk.name), sender)
        yield "To", mime.mailbox("To", _name(facts.recipient.name), recipient)
        if facts.reply_to:
            yield "Reply-To", _sendable(facts.reply_to)
        elif mailbox_of(facts, self._settings).plus_addressing:
            local, _, host = sender.rpartition("@")
            yield "Reply-To", f"{local}+{self._token(facts)}@{host}"

    def _thread(self, facts: LetterFacts, subject: str, sender: str) -> Iterator[Field]:
        title, tag = _shown(subject), self._settings.helpdesk.tag
        if facts.ticket is not None:
            title = tagged(title, prefix=tag, number=facts.ticket)
        yield "Subject", mime.unstructured("Subject", title)
        yield "Date", format_datetime(facts.at)
        domain = sender.rpartition("@")[2]
        yield "Message-ID", f"<{facts.message_id or f'{self._token(facts)}@{domain}'}>"
        in_reply_to = _ids((facts.in_reply_to,))
        if in_reply_to:
            yield "In-Reply-To", in_reply_to
        references = _ids(facts.references or (facts.in_reply_to,))
        if references:
            yield "References", references

    def _ways_out(self, facts: LetterFacts, sender: str) -> Iterator[str]:
        """The addresses that opt out: one click (RFC 8058) where that is offered, and a mail."""
        base = self._settings.one_click
        if base:
            yield f"{base}/{click(facts.letter, Wish.OUT, self._keys)}"
        yield _unsubscribe(sender, self._token(facts))

    def _token(self, facts: LetterFacts) -> str:
        """`id.mac`, as it was signed when the letter was queued: a change of keys changes no copy."""
        return facts.message_id.partition("@")[0] or sign(facts.letter, self._keys)


def compose(facts: LetterFacts, settings: Settings, *, keys: Keys, templates: Path | None = None) -> Letter:
    """One finished letter; for many, keep a Composer."""
    return Composer(settings, keys=keys, templates=templates).compose(facts)


def _without_internals(facts: LetterFacts) -> LetterFacts:
    """FACTS as a customer may have them: never with what is internal, whoever put it there."""
    if facts.kind.is_staff:
        return facts
    if facts.kind is LetterKind.FORWARDED:
        whole = tuple(file for file in facts.files if file.content_type == "message/rfc822")
        return replace(facts, entry=None, earlier=(), further=(), events=(), files=whole)
    earlier = tuple(replace(entry, suspicion=None) for entry in facts.earlier if entry.kind not in _INTERNAL)
    further = tuple(replace(entry, suspicion=None) for entry in facts.further if entry.kind not in _INTERNAL)
    if facts.entry is None or facts.entry.kind in _INTERNAL:
        return replace(facts, entry=None, files=(), earlier=earlier, further=further)
    return replace(facts, entry=replace(facts.entry, suspicion=None), earlier=earlier, further=further)


def _sendable(address: str) -> str:
    """ADDRESS with its domain as an A-label, so that most servers can take it."""
    if _ADDRESS.fullmatch(address) is None:
        raise PermanentFailure(f"{address!r} is not an address that a letter can go to: expected local@domain")
    local, _, host = address.rpartition("@")
    return f"{local}@{domain_key(host)}"


def _name(text: str) -> str:
    """TEXT as the name beside an address."""
    return _shown(text)[:NAME_LIMIT].strip()


def _shown(text: str) -> str:
    """TEXT for a header that people read.

    What only looks like an encoded word (RFC 2047) is taken apart: decoded by the reader's program
    it could hold line ends and further fields.
    """
    return one_line(text).replace("=?", "= ?")[:SUBJECT_LIMIT]


def _ids(found: tuple[str, ...]) -> str:
    """Message-IDs as a folded field value: the first and the latest, those that are none left out."""
    ids = [f"<{one}>" for one in dict.fromkeys(found) if _MESSAGE_ID.fullmatch(one)]
    if len(ids) > REFERENCES_LIMIT:
        ids = ids[:1] + ids[1 - REFERENCES_LIMIT :]
    return "\r\n ".join(ids)


def _marks(facts: LetterFacts, sender: str) -> Iterator[Field]:
    """Tell other machines what this is (RFC 3834, section 5), and ourselves that it is ours."""
    for address in dict.fromkeys((*facts.loops, sender)):
        if _ADDRESS.fullmatch(address):
            yield "X-Loop", address
    by_rule = is_by_rule(facts.events)
    if facts.kind.is_human and not by_rule:
        return
    answers = facts.kind in (LetterKind.ACKNOWLEDGEMENT, LetterKind.REJECTED) or facts.kind.is_confirmation or by_rule
    yield "Auto-Submitted", "auto-replied" if answers else "auto-generated"
    # Never `All`: it would suppress the bounces too, and with them what we learn from them.
    yield "X-Auto-Response-Suppress", "OOF, AutoReply"


def _ends_letters(kind: LetterKind) -> bool:
    """There is nothing to opt out of: the letter is to no customer, or says that no more come."""
    return kind.is_staff or kind in (LetterKind.FORWARDED, LetterKind.OPTED_OUT)


def _unsubscribe(address: str, token: str) -> str:
    """The mail that opts out (RFC 2369, section 3.2); the token shows that this letter was seen."""
    return f"mailto:{quote(address, safe='@')}?subject=unsubscribe%20{token}"


def _body(words: Words, facts: LetterFacts) -> Part:
    """The text; beside it the HTML with its logo; behind them the files.

    The boundaries come from the letter's id: random ones would make every copy another mail.
    """
    body = mime.text(words.text)
    if words.html:
        html = mime.text(words.html, "html")
        if words.logo is not None:
            name = f"logo.{words.logo.subtype}"
            logo = mime.file(words.logo.data, f"image/{words.logo.subtype}", name, content_id=words.logo.content_id)
            html = mime.multipart("related", (html, logo), f"=_{facts.letter}_related")
        body = mime.multipart("alternative", (body, html), f"=_{facts.letter}_text")
    if not facts.files:
        return body
    whole = facts.kind is LetterKind.FORWARDED
    files = (_attached(file, is_whole_mail=whole) for file in facts.files)
    return mime.multipart("mixed", (body, *files), f"=_{facts.letter}")


def _attached(file: OutgoingFile, *, is_whole_mail: bool) -> Part:
    # Slashes would lead elsewhere, and readers take quotes and angle brackets around a name away.
    name = _shown(file.name).translate(_NO_NAME) or "file"
    if is_whole_mail:
        return mime.mail(file.data, name)
    # A mail or a multipart inside would be taken apart by some relays; as a file it stays as it is.
    kind = file.content_type.lower()
    return mime.file(file.data, kind if _CONTENT_TYPE.fullmatch(kind) else "application/octet-stream", name)
