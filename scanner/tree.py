"""A mail's bytes as the tree of its parts: the one way to the standard library's parser.

That parser asks each multipart for its boundary, and each 8-bit text for its charset, and stumbles over
hostile parameters, the mail with it.  Here a boundary is then read by its looks, the text as it was sent,
and a defect says so.  Never fails for a Content-Type.
"""

import re
from email import message_from_bytes
from email.errors import MessageDefect
from email.message import Message as Tree
from typing import Any, TypeVar, overload

MAX_LOOKED_AT = 8_000
"""Characters of a Content-Type that is read by its looks."""

_T = TypeVar("_T")
_BOUNDARY = re.compile(
    r"""[;\s]boundary(\*(?:\d{1,4}\*?)?)?\s*=\s*(?:"([^"\r\n]{1,400})"|([^";\s]{1,400}))""", re.IGNORECASE
)


class UnreadableParametersDefect(MessageDefect):
    """The parameters of a Content-Type contradict each other or name an impossible charset."""


class Part(Tree):
    """A part whose boundary and content can be asked for without an exception."""

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


def tree_of(data: bytes) -> Tree:
    """The tree of the mail DATA.  Raises what the standard library raises on a structure that it cannot read."""
    return message_from_bytes(data, _class=Part)
