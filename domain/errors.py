"""Errors that somebody outside can put right.

`DeskError` is shown without a traceback and ends a command with exit code 1.  Anything else that
is raised is our own bug and keeps its traceback in the log.  Whether waiting helps is a type,
never a flag: `TemporaryFailure` is tried again, `PermanentFailure` is not.
"""

from dataclasses import dataclass
from typing import Literal


class DeskError(Exception):
    """What went wrong, where, and what to do about it, in one readable line."""


class TemporaryFailure(DeskError):
    """It may work later: a network that is down, a server that says 4xx, a lock that is held."""


class PermanentFailure(DeskError):
    """Trying again changes nothing: a 5xx answer, an address that does not exist."""


class BadAddress(DeskError):
    """A text is not a mail address."""


class NotFound(DeskError):
    """A ticket, contact, mail or file that was asked for does not exist."""


class StoreUnusable(DeskError):
    """The database cannot be opened or written: read-only, full, locked away, newer than this program."""


class MailboxUnreachable(TemporaryFailure):
    """The IMAP server did not answer, or not as one; the mail stays there until it does."""


class LoginRefused(MailboxUnreachable):
    """The server answered and refused user or password."""


class FolderMissing(MailboxUnreachable):
    """A configured folder does not exist on the server."""


class Conflict(DeskError):
    """Somebody else was faster with the same thing; nothing was written."""


class Overtaken(Conflict):
    """A mail in hand was taken up by another process; it is that one's now."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One complaint about the configuration: where it stands and what to do.

    `line` and `column` count from 1; 0 where the place is not known.
    """

    file: str
    line: int
    column: int
    text: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        if self.line:
            return f"{self.file}:{self.line}:{self.column}: {self.text}"
        return f"{self.file}: {self.text}"


class ConfigError(DeskError):
    """The configuration has problems; all of them at once, sorted by place."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))
