"""Writing a text: from -m, from a pipe, or in the editor with the conversation below a line.

Promises: nothing below the line is ever sent; what was typed is never lost, for its file goes only
when the act is done.  Mail in the file cannot steer the editor (no modelines).

Fails with: NotWritten.
"""

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from commands.screen import clean, complain, is_terminal
from domain.errors import DeskError

SCISSORS = "-------- 8< -------- everything below this line is cut off --------"
_MODELINE = re.compile(r"(?i)\b(vim?|ex|local variables)([<=>]?\d*):")


class NotWritten(DeskError):
    """There is no text: nothing was typed, the editor failed, or there is none."""


@contextmanager
def written(
    message: str | None, *, name: str, below: Callable[[], str], environ: Mapping[str, str] = os.environ
) -> Iterator[str]:
    """The text of an act; the act itself is done inside.

    MESSAGE is that of -m, `-` reads the standard input, and so does a pipe without -m.  Otherwise
    the editor opens on a file called after NAME, with what BELOW gives under the line.
    """
    if message is not None and message != "-":
        yield message
    elif message == "-" or not is_terminal(sys.stdin):
        yield _piped()
    else:
        conversation = below()
        editor = _editor(environ)
        draft = _draft(name, conversation)
        try:
            yield _typed(draft, editor, conversation)
        except BaseException:
            _keep_or_drop(draft, conversation)
            raise
        shutil.rmtree(draft.parent, ignore_errors=True)


def _piped() -> str:
    try:
        return sys.stdin.read()
    except ValueError:  # it is closed
        return ""


def _draft(name: str, below: str) -> Path:
    """A file to type in, in a folder that is ours alone: editors put copies of their own beside it."""
    draft = Path(tempfile.mkdtemp(prefix="helpdesk-")) / f"{name}.txt"
    draft.write_text(f"\n{SCISSORS}\n{_harmless(below)}\n", encoding="utf-8", errors="replace")
    return draft


def _harmless(below: str) -> str:
    """BELOW without what a terminal or an editor would take for an order."""
    return _MODELINE.sub(r"\1\2 :", clean(below, lines=True))


def _editor(environ: Mapping[str, str]) -> list[str]:
    chosen = environ.get("VISUAL") or environ.get("EDITOR")
    if chosen:
        try:
            return shlex.split(chosen)
        except ValueError as error:
            raise NotWritten(f"VISUAL or EDITOR cannot be understood ({error}): {chosen!r}") from error
    found = next((name for name in ("editor", "nano", "vi") if shutil.which(name)), None)
    if found is None:
        raise NotWritten("there is no editor: set VISUAL or EDITOR, or give the text with -m")
    return [found]


def _typed(draft: Path, editor: list[str], below: str) -> str:
    try:
        code = subprocess.run([*editor, str(draft)], check=False).returncode
    except OSError as error:
        raise NotWritten(
            f"the editor {editor[0]!r} cannot be started ({error.strerror or error}): "
            "set VISUAL or EDITOR, or give the text with -m"
        ) from error
    if code:
        raise NotWritten(f"the editor {editor[0]!r} ended with {code}; nothing was sent")
    text = _above(draft, below)
    if not text:
        raise NotWritten("nothing was written, so nothing was sent and nothing was changed")
    return text


def _above(draft: Path, below: str) -> str:
    """What stands above the line.  Raises NotWritten where the line is gone and the conversation is not."""
    try:
        text = draft.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    above, line, _ = text.partition(SCISSORS)
    theirs = {part.strip() for part in _harmless(below).splitlines() if part.strip()}
    if not line and any(part.strip() in theirs for part in text.splitlines()):
        raise NotWritten("the line '8<' is gone, and what stands below it must not be sent; nothing was sent")
    return above.strip()


def _keep_or_drop(draft: Path, below: str) -> None:
    """Say where the draft lies, if there is something in it."""
    typed = True
    with contextlib.suppress(NotWritten):
        typed = bool(_above(draft, below))
    if typed:
        complain(f"What you wrote is kept in {draft}")
    else:
        shutil.rmtree(draft.parent, ignore_errors=True)
