"""The log on its way out: one event a line, as text for people or as JSON for programs."""

import logging
import sys
from datetime import UTC, datetime
from typing import Literal

from commands.screen import clean, json_text


class TextLines(logging.Formatter):
    """`09:12:03 mail.decided    intake=90515 outcome=ticket`; under systemd without the time, which it has."""

    def __init__(self, *, with_time: bool) -> None:
        super().__init__("%(asctime)s %(message)s" if with_time else "%(message)s", datefmt="%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        # A traceback may quote a mail.
        line = clean(super().format(record), lines=True)
        if getattr(record, "event", None) or record.levelno < logging.WARNING:
            return line
        return line.replace(record.getMessage(), f"{record.levelname.lower()} {record.name}: {record.getMessage()}", 1)


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, event, and the facts of the event under their own names."""

    def format(self, record: logging.LogRecord) -> str:
        facts = getattr(record, "facts", {})
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": getattr(record, "event", record.name),
            **{name: value for name, value in facts.items() if value not in (None, "")},
        }
        if not facts:
            line["message"] = record.getMessage()
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json_text(line)


def set_up(form: Literal["text", "json"], *, verbose: bool = False, with_time: bool = True) -> None:
    """Send the log to standard error; libraries speak up only when something is wrong."""
    channel = logging.StreamHandler(sys.stderr)
    channel.setFormatter(JsonLines() if form == "json" else TextLines(with_time=with_time))
    logging.basicConfig(level=logging.WARNING, handlers=[channel], force=True)
    logging.getLogger("helpdesk").setLevel(logging.DEBUG if verbose else logging.INFO)
