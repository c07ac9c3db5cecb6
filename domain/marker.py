"""The line in our letters below which nobody needs to write.

The notifier puts it on top of the conversation, the scanner cuts an answer there: it is the one
quote mark that does not depend on the customer's mail program.
"""

from collections.abc import Mapping
from types import MappingProxyType

REPLY_MARKERS: Mapping[str, str] = MappingProxyType(
    {
        "en": "--- Please write your reply above this line ---",
        "de": "--- Bitte schreiben Sie Ihre Antwort über diese Zeile ---",
    }
)
"""By language, each exactly one line."""
