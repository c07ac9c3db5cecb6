"""How a mail is built, for people who wonder why it reads as it does.  Never fails."""

from collections.abc import Iterator
from email.message import Message as Tree

from scanner.charset import clean
from scanner.header_block import mended_header
from scanner.parts import content, disposition, file_name, inside, nested_mail, parameter
from scanner.tree import tree_of

MAX_SHOWN = 100
MAX_DEPTH = 10


def structure(data: bytes) -> tuple[str, ...]:
    """One line a part, indented by depth: content type, charset, size, disposition and name."""
    try:
        return tuple(_lines(tree_of(mended_header(data)[0])))
    except Exception as error:  # what is shown here only explains; the mail itself was read elsewhere
        return (f"not readable ({type(error).__name__})",)


def _lines(tree: Tree) -> Iterator[str]:
    waiting = [(tree, 0)]
    for _ in range(MAX_SHOWN):
        if not waiting:
            return
        part, depth = waiting.pop()
        yield "  " * depth + _line(part)
        mail = nested_mail(part)
        children = [mail] if mail is not None else inside(part)
        if depth < MAX_DEPTH:
            waiting.extend((child, depth + 1) for child in reversed(children))
    yield "..."


def _line(part: Tree) -> str:
    facts = [part.get_content_type(), parameter(part, "charset"), disposition(part), file_name(part)]
    if not part.is_multipart():
        facts.insert(2, f"{len(content(part))} octets")
    return " ".join(clean(", ".join(fact for fact in facts if fact)).split())[:200]
