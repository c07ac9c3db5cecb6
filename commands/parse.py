"""`helpdesk parse`: what the helpdesk reads in a mail, without doing anything with it."""

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from domain.message import Bounced, Message, RawMail
from domain.people import Address
from scanner.read import read, read_text
from scanner.structure import structure

SHOWN = 2_000
"""Characters of the new text in the readable form."""


def run(files: Sequence[Path], *, as_json: bool, text: bool) -> int:
    """Print what each file says; with TEXT the files are decoded texts, not mails.  The exit code."""
    failed = 0
    for file in files:
        try:
            data = file.read_bytes()
        except OSError as error:
            print(_printable(f"{file}: cannot be read: {error.strerror or error}"), file=sys.stderr)
            failed = 1
            continue
        message = read_text(data.decode("utf-8", "replace")) if text else read(RawMail(data=data, size=len(data)))
        tree = () if text or as_json else structure(data)
        print(json.dumps(as_object(file, message)) if as_json else _summary(file, message, tree))
    return failed


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


def _summary(file: Path, message: Message, tree: Sequence[str]) -> str:
    facts = [*_facts(message), *zip(("structure", *[""] * len(tree)), tree, strict=False)]
    facts += [("repaired" if number == 0 else "", defect) for number, defect in enumerate(message.defects)]
    head = [f"{label:<12}{value}" for label, value in facts if value]
    shown = message.reply_text[:SHOWN]
    more = ["[...]"] if len(message.reply_text) > SHOWN else []
    return "\n".join(_printable(line) for line in [str(file), *head, "", *shown.split("\n"), *more, ""])


def _facts(message: Message) -> Iterable[tuple[str, str]]:
    yield "from", str(message.sender or "nobody")
    yield "to", ", ".join(map(str, message.to))
    yield "cc", ", ".join(map(str, message.cc))
    yield "reply to", ", ".join(map(str, message.reply_to))
    yield "date", message.date.isoformat(sep=" ") if message.date else ""
    yield "subject", message.subject
    yield "message id", message.message_id
    yield "answers", ", ".join(message.in_reply_to)
    yield "language", message.language
    yield "class", _class(message)
    yield "because", "; ".join(message.class_because)
    yield "passes on", f"a mail of {message.forwarded_from}" if message.forwarded_from else ""
    for bounced in message.bounced:
        yield "failed", " ".join(filter(None, (bounced.address, bounced.status, _lasts(bounced), bounced.reason)))
    for one in message.attachments:
        yield "attachment", f"{one.name} ({one.content_type}, {one.size} octets{', inline' if one.inline else ''})"


def _class(message: Message) -> str:
    """The mail's class, and what else holds: a list's automatic answer is both."""
    kind = message.mail_class.value
    also = {"auto_reply": message.is_auto_reply, "bounce": message.is_bounce, "list": message.is_list}
    return ", ".join([kind, *(name for name, holds in also.items() if holds and name != kind)]).replace("_", "-")


def _lasts(bounced: Bounced) -> str:
    return {True: "(for good)", False: "(may pass)", None: ""}[bounced.hard]


def _printable(line: str) -> str:
    """LINE without control characters: what a mail says must not steer the terminal."""
    return "".join(char if char.isprintable() or char == "\t" else "\ufffd" for char in line)
