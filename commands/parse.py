"""`helpdesk parse`: what the helpdesk reads in a mail, without doing anything with it.

Promises: nothing in a mail steers the terminal; a file that cannot be read does not stop the others.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from commands.pages import harmless_page
from commands.reading import print_reading
from commands.screen import complain, write_raw
from domain.message import Message, RawMail
from domain.people import Address
from scanner.read import read, read_text
from scanner.structure import structure


def run(files: Sequence[Path], *, as_json: bool, text: bool, html: bool = False, full: bool = False) -> int:
    """Print what each file says; with TEXT the files are decoded texts, not mails.  The exit code.

    HTML prints the mail's HTML instead, safe to open in a browser; FULL shows folded text to its end.
    """
    failed = 0
    for file in files:
        try:
            data = file.read_bytes()
        except OSError as error:
            complain(f"{file}: cannot be read: {error.strerror or error}")
            failed = 1
            continue
        message = read_text(data.decode("utf-8", "replace")) if text else read(RawMail(data=data, size=len(data)))
        if as_json:
            print(json.dumps(as_object(file, message)))
        elif html:
            failed = max(failed, _print_html(file, message))
        else:
            print_reading(str(file), message, () if text else structure(data), full=full)
    return failed


def _print_html(file: Path, message: Message) -> int:
    """Print the mail's HTML without scripts, hidden text and anything that is fetched; 1 if there is none."""
    page = harmless_page(message)
    if not page:
        complain(f"{file}: the mail has no HTML that can be shown; without --html its text is shown")
        return 1
    write_raw(page.encode())
    return 0


def as_object(file: Path, message: Message) -> dict[str, Any]:
    """The message as the object of one JSON line."""
    return {
        "file": str(file),
        "subject": message.subject,
        "from": _person(message.sender) if message.sender else None,
        "reply_to": [_person(address) for address in message.reply_to],
        "to": [_person(address) for address in message.to],
        "cc": [_person(address) for address in message.cc],
        "date": message.date.isoformat() if message.date else None,
        "message_id": message.message_id,
        "in_reply_to": message.in_reply_to[0] if message.in_reply_to else "",
        "references": list(message.references),
        "text": message.text,
        "html": message.html,
        "reply_text": message.reply_text,
        "attachments": [
            {"name": one.name, "content_type": one.content_type, "size": one.size, "inline": one.inline}
            for one in message.attachments
        ],
        "class": message.mail_class.value,
        "auto_reply": message.is_auto_reply,
        "bounce": message.is_bounce,
        "bounced": [
            {"address": one.address, "status": one.status, "hard": one.hard, "reason": one.reason}
            for one in message.bounced
        ],
        "list": message.is_list,
        "forwarded_from": _person(message.forwarded_from) if message.forwarded_from else None,
        "language": message.language,
        "defects": list(message.defects),
    }


def _person(address: Address) -> dict[str, str]:
    return {"name": address.name, "address": address.address}
