"""What a delivery report says: which recipients failed, for how long and why, and which mail returned.

Reports in the form of RFC 3464 are read from the tree, Amazon's notifications from their JSON; the
many that mail servers invented themselves are left to flufl.bounce.  Never fails: what cannot be
read names nobody.
"""

import json
import re
from collections.abc import Collection, Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from email.message import Message as Tree
from typing import Any

from domain.message import Bounced
from scanner.bounce_words import CAUSES
from scanner.charset import clean, decode
from scanner.message_id import message_ids
from scanner.parts import Leaf, content
from scanner.tree import Part

MAX_SIZE = 1_000_000
"""Octets: a larger mail is not searched for a home-made report."""
MAX_SEARCHED = 20_000
"""Characters of each part of it, MAX_LINES lines, that are searched."""
MAX_LINES = 500
MAX_SEARCHED_PARTS = 20
MAX_RECIPIENTS = 100
MAX_RETURNED = 200_000
"""Octets of a returned mail in which its Message-ID is looked for."""
MAX_REASON = 200
MAX_ADDRESS_LINE = 400
MAX_TEXT = 5_000
"""Characters of a report in which a server's own words are looked for."""

FAILED = frozenset({"failed", "delayed"})
REACHED = frozenset({"delivered", "relayed", "expanded"})
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_SERVER_SAYS = re.compile(r"(?<![\d.])[45]\d\d[- #]|(?<![\d.])[45]\.\d{1,3}\.\d{1,3}\b")
_ADDRESS = re.compile(r"[^\s<>;,()]+@[^\s<>;,()]+")
_BARE = re.compile(r"[\w.+%'=-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_ALONE = re.compile(
    rf"(?:(?:to|an|recipient|empfänger|destinataire|destinatario)\s?:\s*)?[<\"']?({_BARE.pattern})[>\"']?\s?[:.]?", re.I
)
_SYSTEM = re.compile(r"(?:mailer-daemon|postmaster|abuse|no-?reply)@")
# Where the mail that came back begins.
_COPY = re.compile(
    r"^[-> \t]*(?:Received|Return-Path|Message-ID|Subject|From|Date):"
    r"|^-{3,}[^\n]*(?:copy|original|message|kopie|nachricht)",
    re.I | re.M,
)
_ORIGINAL_ID = re.compile(r"^Original-Message-ID:[ \t]*\n?[ \t]*(<[^<>\n]{1,500}>)", re.IGNORECASE | re.MULTILINE)
_RECEIPT = "message/disposition-notification"
_RETURNED_ID = re.compile(r"^[> \t]{0,8}Message-ID:[ \t]*\n?[ \t]*(<[^<>\n]{1,500}>)", re.IGNORECASE | re.MULTILINE)
_RETURNED = frozenset({"message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global"})
_STATUS_PARTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_CAUSES = tuple((cause, re.compile(cause.words, re.IGNORECASE)) for cause in CAUSES)
# What a status says by itself (RFC 3463, section 3); 5.0.0, 5.5.0 and the like say nothing about the address.
_HARD = re.compile(r"5\.1\.(?:[0-3]|6|10)$|5\.4\.4$|5\.2\.1$")
_PASSING = re.compile(r"4\.|5\.2\.[23]$|5\.3\.|5\.7\.|5\.6\.|5\.1\.8$")


@dataclass(frozen=True, slots=True)
class Report:
    """What the machine-readable parts of a mail say.

    `is_status` is true where there is such a part at all; `recipients` are those that failed or
    wait, `reached` whether any was delivered or relayed, `complains` whether somebody called the
    mail spam.  `returned` are Message-IDs that the report itself states, `defects` what could not be read.
    """

    is_status: bool = False
    recipients: tuple[Bounced, ...] = ()
    reached: bool = False
    complains: bool = False
    returned: tuple[str, ...] = ()
    defects: tuple[str, ...] = ()


def report_of(parts: Sequence[Leaf]) -> Report:
    """The delivery status in a mail (RFC 3464), outside of nested mails; PARTS are the leaves of its tree."""
    stated = [leaf.part for leaf in parts if leaf.part.get_content_type() in _STATUS_PARTS]
    groups = [group for part in stated for group in _groups(part)]
    found = {bounced.address.lower(): bounced for group in groups if (bounced := _failure(group)) is not None}
    has_reached = any(_field(group, "action").lower() in REACHED for group in groups)
    return Report(bool(stated), tuple(found.values())[:MAX_RECIPIENTS], has_reached)


def amazon_report(text: str) -> Report:
    """What Amazon SES says of a mail in its own form, a JSON object at the beginning of TEXT."""
    try:
        said, _ = json.JSONDecoder(strict=False).raw_decode(text[:MAX_RETURNED].lstrip())
        return _amazon(said if isinstance(said, dict) else {})
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return Report()


def found_by_looks(tree: Tree, text: str) -> tuple[Bounced, ...]:
    """The recipients that a report without a machine-readable part complains of; TEXT is what it says."""
    from flufl.bounce import all_failures

    try:
        temporary, permanent = all_failures(_beginning(tree))
    except Exception:  # its detectors trust the mail's structure and charsets; a mail owes us neither
        return ()
    # No status is stated; 4.0.0 keeps a passing trouble from being taken for the end (RFC 3463, section 3.1).
    waiting = {decode(address)[0]: "4.0.0" for address in temporary}
    gone = {decode(address)[0]: "" for address in permanent}
    reason = said_by_server(text)
    return tuple(_bounced(address, status, reason) for address, status in sorted((waiting | gone).items()))[
        :MAX_RECIPIENTS
    ]


def _beginning(part: Tree) -> Tree:
    """PART with no more of its texts than a report needs: flufl's patterns take quadratic time in blank lines."""
    twin = copy(part)
    payload = part.get_payload()
    if isinstance(payload, list):
        twin.set_payload([_beginning(one) for one in payload[:MAX_SEARCHED_PARTS] if isinstance(one, Tree)])
    elif isinstance(payload, str):
        twin.set_payload("\n".join(payload[:MAX_SEARCHED].split("\n")[:MAX_LINES]))
    return twin


def named_in(text: str, *, without: Collection[str]) -> tuple[Bounced, ...]:
    """The recipients that a report in no known form names, and not those in WITHOUT (addresses, folded).

    They stand on lines of their own, or in a server's refusal; else the only address that there is.
    """
    lines = _COPY.split(text[:MAX_TEXT], 1)[0].split("\n")
    alone = [on_its_own[1] for line in lines if (on_its_own := _ALONE.fullmatch(line[:MAX_ADDRESS_LINE].strip()))]
    refused = [one for line in lines if len(line) < 400 and cause_of(line) for one in _BARE.findall(line)]
    every = _BARE.findall("\n".join(lines))
    for several in (alone, refused, every):
        known = dict.fromkeys(one.strip(".'\"").lower() for one in several)
        found = [one for one in known if one not in without and not _SYSTEM.match(one)]
        if found and (several is not every or len(found) == 1):
            reason = said_by_server(text)
            return tuple(_bounced(one, "", reason) for one in found[:MAX_RECIPIENTS])
    return ()


def said_by_server(text: str) -> str:
    """The words in TEXT that look like a mail server's refusal, '' if none do."""
    found = _SERVER_SAYS.search(text, 0, MAX_TEXT)
    if found is not None:
        return _tidy(text[found.start() : found.start() + 2 * MAX_REASON].partition("\n\n")[0])
    lines = text[:MAX_TEXT].split("\n")
    return next((_tidy(line) for line in lines if len(line) < 400 and cause_of(line)), "")


def cause_of(words: str) -> str:
    """Why, in one or two words of the table `CAUSES`; '' if the server's WORDS fit none."""
    return next((cause.name for cause, pattern in _CAUSES if pattern.search(words)), "")


def is_hard(status: str, words: str) -> bool | None:
    """Whether the address is gone for good, by status (RFC 3463) and the server's WORDS; None if neither tells."""
    if _PASSING.match(status):
        return False
    known = next((cause.hard for cause, pattern in _CAUSES if pattern.search(words)), None)
    if known is not None:
        return known
    return True if _HARD.match(status) else None


def returned_ids(parts: Sequence[Leaf], text: str) -> tuple[str, ...]:
    """The Message-IDs of the mail that came back: from its own part, else from the report's TEXT."""
    # A receipt says which letter it is about (RFC 8098, section 3.2.5).
    receipts = [content(leaf.part)[:MAX_RETURNED] for leaf in parts if leaf.part.get_content_type() == _RECEIPT]
    stated = [value for octets in receipts for value in _ORIGINAL_ID.findall(decode(octets)[0].replace("\r\n", "\n"))]
    if stated:
        return message_ids(stated)
    nested = [leaf for leaf in parts if leaf.part.get_content_type() in _RETURNED]
    return message_ids(
        [value for leaf in nested for value in _ids_in(leaf)] or _RETURNED_ID.findall(text[:MAX_RETURNED])
    )


def _ids_in(leaf: Leaf) -> Iterable[str]:
    source = content(leaf.part)[:MAX_RETURNED].replace(b"\r\n", b"\n")
    # Only the returned mail's own header: its body may quote others.
    head = source.lstrip(b"\n").partition(b"\n\n")[0]
    return _RETURNED_ID.findall(decode(head)[0])[:1]


def _groups(part: Tree) -> list[Tree]:
    """The groups of fields; the standard library makes a small mail of each."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return [group for group in payload[:1000] if isinstance(group, Tree)]
    from email import message_from_string

    blocks = decode(content(part)[:MAX_RETURNED])[0].replace("\r\n", "\n").strip().split("\n\n")
    return [message_from_string(block + "\n\n", _class=Part) for block in blocks[:1000]]


def _failure(group: Tree) -> Bounced | None:
    if not _has_failed(group):
        return None
    # The address that we wrote to comes first; the final one may be where that was forwarded to.
    for name in ("original-recipient", "final-recipient"):
        found = _ADDRESS.search(_field(group, name).rpartition(";")[2])
        if found is not None:
            said = str(group.get("diagnostic-code", ""))[:2000]
            return _bounced(found[0].strip("<>.'\""), _status(group), said.partition(";")[2] or said)
    return None


def _bounced(address: str, status: str, said: str) -> Bounced:
    reason = _tidy(said)
    return Bounced(address, status, is_hard(status, reason), reason)


def _has_failed(group: Tree) -> bool:
    action = _field(group, "action").lower()
    # Some servers invent words, such as `error`; the status is then what they mean.
    return action in FAILED or (action not in REACHED and _status(group)[:1] in ("4", "5"))


def _status(group: Tree) -> str:
    found = _STATUS.search(_field(group, "status"))
    if found is not None:
        return found[1]
    return "4.0.0" if _field(group, "action").lower() == "delayed" else ""


def _field(group: Tree, name: str) -> str:
    return str(group.get(name, ""))[:1000].partition("(")[0].strip()


def _amazon(said: dict[str, Any]) -> Report:
    kind = str(said.get("notificationType") or said.get("eventType") or "")
    mail = said.get("mail") or {}
    own_id = (mail.get("commonHeaders") or {}).get("messageId")
    returned = message_ids([str(own_id)]) if own_id else ()
    if kind == "Bounce":
        bounce = said["bounce"]
        is_final = bounce.get("bounceType") == "Permanent"
        stated = bounce.get("bouncedRecipients") or []
        named = [one for one in stated[:MAX_RECIPIENTS] if isinstance(one, dict) and one.get("emailAddress")]
        nameless = len(stated[:MAX_RECIPIENTS]) - len(named)
        defects = (f"{nameless} recipients in Amazon's report have no address",) if nameless else ()
        recipients = tuple(_amazon_bounced(one, is_final) for one in named)
        return Report(True, recipients, returned=returned, defects=defects)
    return Report(kind != "", (), kind == "Delivery", kind == "Complaint", returned)


def _amazon_bounced(one: dict[str, Any], is_final: bool) -> Bounced:
    status = str(one.get("status") or ("" if is_final else "4.0.0"))[:20]
    found = _bounced(str(one["emailAddress"])[:320], status, str(one.get("diagnosticCode") or ""))
    return found if found.hard is not None or is_final else Bounced(found.address, status, False, found.reason)


def _tidy(words: str) -> str:
    return " ".join(clean(words[: 4 * MAX_REASON]).split())[:MAX_REASON]
