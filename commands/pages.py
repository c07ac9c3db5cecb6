"""HTML mails as pages that are safe to open: `helpdesk parse --html`, `helpdesk show 42 --html 1`.

Promises: no script, nothing that is fetched from elsewhere (remote pictures tell their sender who reads, and
when), no hidden text; a browser that is told so does not load anything either.
"""

from html import escape
from pathlib import Path

from commands.screen import write_raw
from domain.errors import NotFound
from domain.message import Message, RawMail

# Even a hole in the cleaning would fetch and run nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src cid:"
_PAGE = """<!DOCTYPE html>
<html><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="referrer" content="no-referrer"><title>{title}</title></head>
<body>
{body}
</body></html>
"""


def harmless_page(message: Message) -> str:
    """The mail's HTML as a page of its own, safe to open; '' if it has none."""
    from scanner.html import sanitised

    body = sanitised(message.html)
    return _PAGE.format(policy=_POLICY, title=escape(message.subject), body=body) if body.strip() else ""


def run(path: Path, ticket: str, place: int) -> None:
    """Print the HTML of the mail behind the entry at PLACE; raises NotFound if there is none."""
    from commands.opening import opened, ticket_number
    from scanner.read import read

    with opened(path) as desk:
        number = ticket_number(ticket, desk.settings)
        with desk.store.reading() as view:
            entries = view.tickets.entries(number)
            entry = entries[place - 1] if 0 < place <= len(entries) else None
            row = view.journal.get(entry.intake) if entry and entry.intake is not None else None
            data = view.blobs.get(row.blob) if row and row.blob else b""
        reference = desk.reference(number)
    page = harmless_page(read(RawMail(data=data, size=len(data)))) if data else ""
    if not page:
        raise NotFound(
            f"entry {place} of {reference} is no mail with HTML; helpdesk show {reference} --full shows its text"
        )
    write_raw(page.encode())
