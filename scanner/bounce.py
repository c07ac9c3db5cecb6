"""What a delivery report says: which recipients failed, with what status, and which mail returned.

Reports in the form of RFC 3464 are read from the tree; the many that mail servers invented
themselves are left to flufl.bounce.  Never fails: what cannot be read names nobody.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from email.message import Message as Tree

from domain.message import Bounced
from scanner.body import Leaf, content, leaves
from scanner.charset import decode
from scanner.message_id import message_ids

MAX_SIZE = 1_000_000
"""Octets: a larger mail is not searched for a home-made report."""
MAX_RECIPIENTS = 100
MAX_RETURNED = 200_000
"""Octets of a returned mail in which its Message-ID is looked for."""

FAILED = frozenset({"failed", "delayed"})
REACHED = frozenset({"delivered", "relayed", "expanded"})
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_ADDRESS = re.compile(r"[^\s<>;,()]+@[^\s<>;,()]+")
_RETURNED_ID = re.compile(r"^[> \t]{0,8}Message-ID:[ \t]*\n?[ \t]*(<[^<>\n]{1,500}>)", re.IGNORECASE | re.MULTILINE)
_RETURNED = frozenset({"message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global"})
_STATUS_PARTS = frozenset({"message/delivery-status", "message/global-delivery-status"})


@dataclass(frozen=True, slots=True)
class Report:
    """What the machine-readable parts of a mail say.

    `is_status` is true where there is such a part at all; `recipients` are those that failed or
    wait, `reached` whether any was delivered or relayed.
    """

    is_status: bool = False
    recipients: tuple[Bounced, ...] = ()
    reached: bool = False


def report_of(tree: Tree) -> Report:
    """The delivery status in a mail (RFC 3464), outside of nested mails."""
    parts = [leaf.part for leaf in leaves(tree) if leaf.part.get_content_type() in _STATUS_PARTS]
    groups = [group for part in parts for group in _groups(part)]
    found = {bounced.address.lower(): bounced for group in groups if (bounced := _failure(group)) is not None}
    has_reached = any(_field(group, "action").lower() in REACHED for group in groups)
    return Report(bool(parts), tuple(found.values())[:MAX_RECIPIENTS], has_reached)


def found_by_looks(tree: Tree) -> tuple[Bounced, ...]:
    """The recipients that a report without a machine-readable part complains of."""
    from flufl.bounce import all_failures

    try:
        temporary, permanent = all_failures(tree)
    except Exception:  # its detectors trust the mail's structure and charsets; a mail owes us neither
        return ()
    # No status is stated; 4.0.0 keeps a passing trouble from being taken for the end (RFC 3463, section 3.1).
    waiting = {decode(address)[0]: "4.0.0" for address in temporary}
    gone = {decode(address)[0]: "" for address in permanent}
    return tuple(Bounced(*one) for one in sorted((waiting | gone).items()))[:MAX_RECIPIENTS]


def returned_ids(tree: Tree, text: str) -> tuple[str, ...]:
    """The Message-IDs of the mail that came back: from its own part, else from the report's TEXT."""
    parts = [leaf for leaf in leaves(tree) if leaf.part.get_content_type() in _RETURNED]
    return message_ids(
        [value for leaf in parts for value in _ids_in(leaf)] or _RETURNED_ID.findall(text[:MAX_RETURNED])
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
    return [message_from_string(block + "\n\n") for block in blocks[:1000]]


def _failure(group: Tree) -> Bounced | None:
    if not _has_failed(group):
        return None
    # The address that we wrote to comes first; the final one may be where that was forwarded to.
    for name in ("original-recipient", "final-recipient"):
        found = _ADDRESS.search(_field(group, name).rpartition(";")[2])
        if found is not None:
            return Bounced(found[0].strip("<>.'\""), _status(group))
    return None


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
