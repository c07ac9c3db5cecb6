"""From facts to a finished mail: the headers, the text, the files.

The same facts give the same bytes: the Message-ID and the MIME boundary come from the letter's id,
the Date is the time of the act.  A copy that goes out after a crash is therefore known as one.
Whatever stands in the facts, no header can gain a line and no recipient can be added.

Fails with: BadTemplate; PermanentFailure for an address that no envelope can carry.
"""

import re
from dataclasses import replace
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from domain.errors import PermanentFailure
from domain.letter import Letter, LetterFacts, LetterKind, OutgoingFile
from domain.people import domain_key
from domain.settings import Settings
from domain.ticket import EntryKind
from domain.token import Keys, sign, tagged
from notifier.wording import SUBJECT_LIMIT, Wording, language_of, mailbox_of, one_line

REFERENCES_LIMIT = 20
# Fields that we fold ourselves: between ids, never inside one.
_OURS = frozenset({"Message-ID", "In-Reply-To", "References", "List-Unsubscribe"})
_CONTENT = frozenset({"content-type", "content-transfer-encoding"})
_INTERNAL = frozenset(kind.value for kind in EntryKind if kind.is_internal)
_GRAMMAR = EmailPolicy()
_MESSAGE_ID = re.compile(r"[!-;=?-~]{1,900}")
_CONTENT_TYPE = re.compile(r"(application|audio|font|image|model|text|video)/([a-z0-9][a-z0-9.+_-]{0,80})")
_ADDRESS = re.compile(r"[^\s\x00-\x1f\x7f-\x9f<>()\[\],;:\\\"@]{1,64}@[^\s\x00-\x1f\x7f-\x9f<>()\[\],;:\\\"@]{1,255}")


class _LetterPolicy(EmailPolicy):
    """The policy of RFC 5322 mails, with fields of our own making left as they are.

    The standard library folds a Message-ID of more than a line into encoded words, which breaks
    the thread (Exchange makes such ids), and parses each field with a grammar, which is slow.
    A field that is plain ASCII and short, or already folded, needs neither.
    """

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        if isinstance(value, str) and value.isascii() and _is_finished(name, value):
            return name, value
        return super().header_store_parse(name, value)

    def header_fetch_parse(self, name: str, value: Any) -> Any:
        # Writing a mail asks for its Content fields again and again; there are few different ones.
        return _content_field(name, value) if name.lower() in _CONTENT else super().header_fetch_parse(name, value)

    def fold_binary(self, name: str, value: Any) -> bytes:
        if hasattr(value, "name"):
            return super().fold_binary(name, value)
        return f"{name}: {value}\r\n".encode("ascii")


@lru_cache(maxsize=256)
def _content_field(name: str, value: Any) -> Any:
    return _GRAMMAR.header_fetch_parse(name, value)


_POLICY = _LetterPolicy(linesep="\r\n")
_UTF8_POLICY = _POLICY.clone(utf8=True)


class Composer:
    """Writes letters; keep one, its templates are loaded once (a letter then costs about a millisecond)."""

    def __init__(self, settings: Settings, *, keys: Keys, templates: Path | None = None) -> None:
        self._settings = settings
        self._keys = keys
        self._wording = Wording(settings, templates=templates)

    def compose(self, facts: LetterFacts) -> Letter:
        """The finished letter.  Raises BadTemplate, or PermanentFailure for an impossible address."""
        facts = _without_internals(facts)
        words = self._wording.words(facts)
        mailbox = mailbox_of(facts, self._settings)
        sender, recipient = _sendable(mailbox.address), _sendable(facts.recipient.address)
        mail = EmailMessage(policy=_POLICY if (sender + recipient).isascii() else _UTF8_POLICY)
        self._address(mail, facts, sender, recipient)
        self._thread(mail, facts, words.subject, sender)
        _mark(mail, facts.kind, sender)
        if not facts.kind.is_staff:
            mail["List-Unsubscribe"] = _unsubscribe(sender, self._token(facts))
        _fill(mail, words.text, facts)
        # After the content: filling a mail takes the Content fields away or moves them into a part.
        mail["Content-Language"] = language_of(facts.recipient, self._settings)
        return Letter(id=facts.letter, envelope_from=sender, envelope_to=recipient, data=mail.as_bytes())

    def _address(self, mail: EmailMessage, facts: LetterFacts, sender: str, recipient: str) -> None:
        mail["From"] = _header_address(self._settings.helpdesk.name, sender)
        mail["To"] = _header_address(facts.recipient.name, recipient)
        if mailbox_of(facts, self._settings).plus_addressing:
            local, _, host = sender.rpartition("@")
            mail["Reply-To"] = f"{local}+{self._token(facts)}@{host}"

    def _thread(self, mail: EmailMessage, facts: LetterFacts, subject: str, sender: str) -> None:
        shown = _shown(subject)
        tag = self._settings.helpdesk.tag
        mail["Subject"] = tagged(shown, prefix=tag, number=facts.ticket) if facts.ticket is not None else shown
        mail["Date"] = format_datetime(facts.at)
        domain = sender.rpartition("@")[2]
        mail["Message-ID"] = f"<{facts.message_id or f'{self._token(facts)}@{domain}'}>"
        in_reply_to = _ids((facts.in_reply_to,))
        if in_reply_to:
            mail["In-Reply-To"] = in_reply_to
        references = _ids(facts.references or (facts.in_reply_to,))
        if references:
            mail["References"] = references

    def _token(self, facts: LetterFacts) -> str:
        """`id.mac`, as it was signed when the letter was queued: a change of keys changes no copy."""
        return facts.message_id.partition("@")[0] or sign(facts.letter, self._keys)


def compose(facts: LetterFacts, settings: Settings, *, keys: Keys, templates: Path | None = None) -> Letter:
    """One finished letter; for many, keep a Composer."""
    return Composer(settings, keys=keys, templates=templates).compose(facts)


def _without_internals(facts: LetterFacts) -> LetterFacts:
    """FACTS as a customer may have them: never with what is internal, whoever put it there."""
    if facts.kind.is_staff or facts.entry is None:
        return facts
    if facts.entry.kind in _INTERNAL:
        return replace(facts, entry=None, files=())
    return replace(facts, entry=replace(facts.entry, suspicion=""))


def _is_finished(name: str, value: str) -> bool:
    """VALUE can stand in the mail as it is: no stray line end, no control character, no overlong line."""
    if name in _OURS:
        return all(len(line) <= 996 and line.isprintable() for line in f"{name}: {value}".split("\r\n "))
    return len(name) + len(value) <= 76 and value.isprintable()


def _sendable(address: str) -> str:
    """ADDRESS with its domain as an A-label, so that most servers can take it."""
    if _ADDRESS.fullmatch(address) is None:
        raise PermanentFailure(f"{address!r} is not an address that a letter can go to: expected local@domain")
    local, _, host = address.rpartition("@")
    return f"{local}@{domain_key(host)}"


def _header_address(name: str, address: str) -> Any:
    local, _, host = address.rpartition("@")
    shown = HeaderAddress(display_name=_shown(name), username=local, domain=host)
    return str(shown) if shown.display_name.isascii() else shown


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


def _mark(mail: EmailMessage, kind: LetterKind, sender: str) -> None:
    """Tell other machines what this is (RFC 3834, section 5), and ourselves that it is ours."""
    mail["X-Loop"] = sender
    if kind.is_human:
        return
    mail["Auto-Submitted"] = "auto-replied" if kind is LetterKind.ACKNOWLEDGEMENT else "auto-generated"
    # Never `All`: it would suppress the bounces too, and with them what we learn from them.
    mail["X-Auto-Response-Suppress"] = "OOF, AutoReply"


def _unsubscribe(address: str, token: str) -> str:
    """The mail that opts out (RFC 2369, section 3.2); the token shows that this letter was seen."""
    return f"<mailto:{quote(address, safe='@')}?subject=unsubscribe%20{token}>"


def _fill(mail: EmailMessage, text: str, facts: LetterFacts) -> None:
    mail.set_content(text, cte=_encoding(text))
    for file in facts.files:
        _attach(mail, file)
    if facts.files:
        # A random boundary would make every copy of the letter another mail.
        mail.set_boundary(f"=_{facts.letter}")


def _encoding(text: str) -> str:
    """7bit where it is; quoted-printable otherwise, so that no relay needs to change the mail."""
    short = text.isascii() and all(len(line) <= 900 for line in text.split("\n"))
    return "7bit" if short else "quoted-printable"


def _attach(mail: EmailMessage, file: OutgoingFile) -> None:
    # A mail or a multipart inside would be taken apart by some relays; as a file it stays as it is.
    found = _CONTENT_TYPE.fullmatch(file.content_type.lower())
    main, sub = found.groups() if found else ("application", "octet-stream")
    name = _shown(file.name).replace("/", "_").replace("\\", "_") or "file"
    mail.add_attachment(file.data, maintype=main, subtype=sub, filename=name)
