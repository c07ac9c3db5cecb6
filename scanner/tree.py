"""A mail's bytes as the tree of its parts: the one way to the standard library's parser.

That parser asks each multipart for its boundary, and each 8-bit text for its charset, and stumbles over
hostile parameters, the mail with it.  Here a boundary is then read by its looks, the text as it was sent,
and a defect says so.  Never fails for a Content-Type.

Long content does not pass through the parser (see `aside`): a part is read by `as_sent` and
`written`, not by `get_payload`.  What nests deeper than MAX_DEPTH is not taken apart.
"""

import re
from collections.abc import Sequence
from email import message_from_string
from email.errors import MessageDefect, MessageError
from email.generator import BytesGenerator
from email.message import Message as Tree
from email.policy import Policy, compat32
from io import BytesIO
from typing import Any, TypeVar, overload

from scanner.aside import put_back, shortened

MAX_DEPTH = 20
"""Multiparts and mails in each other: the parser looks at every line once for each of them."""
MAX_LOOKED_AT = 8_000
"""Characters of a Content-Type that is read by its looks."""

_T = TypeVar("_T")
_CRLF = compat32.clone(linesep="\r\n")
_BOUNDARY = re.compile(
    r"""[;\s]boundary(\*(?:\d{1,4}\*?)?)?\s*=\s*(?:"([^"\r\n]{1,400})"|([^";\s]{1,400}))""", re.IGNORECASE
)


class UnreadableParametersDefect(MessageDefect):
    """The parameters of a Content-Type contradict each other or name an impossible charset."""


class TooDeepDefect(MessageDefect):
    """The part stands deeper than MAX_DEPTH and would hold others."""


class Part(Tree):
    """A part whose boundary and content can be asked for without an exception.

    `aside` is what the parser did not get of the whole mail, `depth` how many parts are around this one.
    """

    aside: Sequence[memoryview] = ()
    depth = 0

    def attach(self, payload: Tree) -> None:  # type: ignore[override]  # the parser attaches nothing else
        """Take PAYLOAD as the next part inside."""
        if isinstance(payload, Part):
            payload.depth = self.depth + 1
        super().attach(payload)

    def get_content_type(self) -> str:
        """The type as it is stated; of what would hold others too deep inside, that nobody looks into it."""
        kind = super().get_content_type()
        if self.depth < MAX_DEPTH or not kind.startswith(("multipart/", "message/")):
            return kind
        if not any(isinstance(defect, TooDeepDefect) for defect in self.defects):
            self.defects.append(TooDeepDefect())
        return "application/octet-stream"

    @overload
    def get_boundary(self, failobj: None = None) -> str | None: ...
    @overload
    def get_boundary(self, failobj: _T) -> str | _T: ...
    def get_boundary(self, failobj: _T | None = None) -> str | _T | None:
        """The boundary, else FAILOBJ; by its looks where the parameters cannot be decoded (RFC 2231)."""
        try:
            return super().get_boundary(failobj)
        except (ValueError, LookupError, TypeError):
            self.defects.append(UnreadableParametersDefect())
        stated = _BOUNDARY.search(str(self.get("content-type", ""))[:MAX_LOOKED_AT])
        if stated is None:
            return failobj
        value = stated[2] or stated[3]
        # In front of an extended value stand charset and language: utf-8''b.
        return (value.rpartition("'")[2] if stated[1] else value).rstrip() or failobj

    def get_payload(self, i: int | None = None, decode: bool = False) -> Any:
        """What is in the part; as it was sent where its 8-bit text has a charset that nobody can read."""
        inherited: Any = super().get_payload
        try:
            return inherited(i, decode)
        except (ValueError, LookupError, TypeError):
            if i is not None or decode:
                raise
            self.defects.append(UnreadableParametersDefect())
        return vars(self)["_payload"]


class _Writer(BytesGenerator):
    """Writes a part out, with what was set aside of it."""

    aside: Sequence[memoryview] = ()

    def clone(self, fp: Any) -> Any:
        twin = super().clone(fp)
        twin.aside = self.aside
        return twin

    def write(self, s: str) -> None:
        octets = put_back(s, self.aside)
        if len(octets) > len(s):
            bare = octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in octets else octets
            octets = bare.replace(b"\n", b"\r\n")
        vars(self)["_fp"].write(octets)


def tree_of(data: bytes) -> Tree:
    """The tree of the mail DATA.  Raises what the standard library raises on a structure that it cannot read."""
    text, aside = shortened(data)

    def part(policy: Policy = compat32) -> Part:
        made = Part(policy)
        made.aside = aside
        return made

    return message_from_string(text, part)


def as_sent(part: Tree) -> bytes:
    """The content of a part that holds no others, as it was sent: still in its transfer encoding."""
    payload = vars(part)["_payload"]
    return put_back(payload, _aside(part)) if isinstance(payload, str) else b""


def written(mail: Tree) -> bytes:
    """The source of MAIL, lines ending in CRLF; as far as it can be written where its structure is broken."""
    out = BytesIO()
    writer = _Writer(out, mangle_from_=False, maxheaderlen=0, policy=_CRLF)
    writer.aside = _aside(mail)
    try:
        writer.flatten(mail)
    except (MessageError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        # The generator trusts its trees more than hostile mail deserves; what is written so far counts.
        return out.getvalue()
    return out.getvalue()


def _aside(part: Tree) -> Sequence[memoryview]:
    return part.aside if isinstance(part, Part) else ()
