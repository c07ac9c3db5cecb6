"""How a mail is built, for people who wonder why it reads as it does.  Never fails."""

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message as Tree

from scanner.charset import clean
from scanner.header_block import mended_header
from scanner.parts import content, disposition, file_name, inside, is_container, nested_mail, parameter
from scanner.tree import tree_of

MAX_SHOWN = 100
MAX_DEPTH = 10
MAX_FACT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One part of a mail: how deep it stands, what it says it is, and its decoded octets (None for what holds others).

    `facts` are its charset and disposition, as far as they are stated.
    """

    depth: int
    kind: str
    facts: tuple[str, ...] = ()
    name: str = ""
    size: int | None = None


def structure(data: bytes) -> tuple[Branch, ...]:
    """The parts of the mail DATA in order, those of mails inside it as well, MAX_SHOWN at most."""
    try:
        return tuple(_branches(tree_of(mended_header(data)[0])))
    except Exception as error:  # what is shown here only explains; the mail itself was read elsewhere
        return (Branch(depth=0, kind=f"not readable ({type(error).__name__})"),)


def _branches(tree: Tree) -> Iterator[Branch]:
    waiting = [(tree, 0)]
    for _ in range(MAX_SHOWN):
        if not waiting:
            return
        part, depth = waiting.pop()
        yield _branch(part, depth)
        mail = nested_mail(part)
        children = [mail] if mail is not None else inside(part) if is_container(part) else []
        if depth < MAX_DEPTH:
            waiting.extend((child, depth + 1) for child in reversed(children))
    if waiting:
        yield Branch(depth=waiting[-1][1], kind=f"... and {len(waiting)} more")


def _branch(part: Tree, depth: int) -> Branch:
    stated = (parameter(part, "charset"), disposition(part))
    return Branch(
        depth=depth,
        kind=_line(part.get_content_type()),
        facts=tuple(_line(one) for one in stated if one.strip()),
        name=_line(file_name(part)),
        size=None if is_container(part) else len(content(part)),
    )


def _line(text: str) -> str:
    return " ".join(clean(text[: 4 * MAX_FACT]).split())[:MAX_FACT]
