"""The shelf of templates: ours and the house's own, and which file a letter is written with.

A template has a plain name (`comment`, `_customer`).  `comment.j2` serves the text and the HTML of a letter alike,
`comment.txt.j2` or `comment.html.j2` one of them.  The house's own directory is asked first, the most special first:
`<mailbox>/comment.<language>`, `<mailbox>/comment`, `comment.<language>`, `comment`; then ours.

Fails with: LookupError for a name that nobody has; OSError and UnicodeDecodeError for a file that cannot be read.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

BUILT_IN = Path(__file__).parent / "templates"
SHEET = "letter"
"""The style sheet of the HTML: `letter.css.j2`."""
PARTS = ("_customer", "_staff", "_letter", "_parts", SHEET)
"""What all letters are built of."""
ORIGINALS = ".originals"
"""The folder in the house's own directory where the originals of its copies are kept."""

Form = Literal["txt", "html", "css"]
_REFERENCE = re.compile(r"""\{%-?\s*(?:extends|include|import|from)\s+["']([^"']+)["']""")
_FILE = re.compile(r"(?P<name>_?[a-z_]+)(?:\.(?P<language>[a-z]{2,3}))??(?:\.(?P<form>txt|html|css))?\.j2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One file on the shelf.  `rank` counts from the most special, `label` is its path for people."""

    name: str
    path: Path
    label: str
    rank: int
    is_own: bool
    form: str = ""

    @property
    def source(self) -> str:
        return self.path.read_text(encoding="utf-8").removeprefix("\ufeff")

    @property
    def version(self) -> str:
        """A short hash of this file alone."""
        return digest(self.source)


class Shelf:
    """The templates that a configuration has."""

    def __init__(self, own: Path | None = None) -> None:
        self.own = own

    def find(self, name: str, form: Form, *, mailbox: str = "", language: str = "") -> Template:
        """The file that NAME is in this FORM for a mailbox and language.  Raises LookupError."""
        for rank, folder, stem in self._places(name, mailbox, language):
            for ending in (f".{form}.j2", ".j2"):
                path = folder / f"{stem}{ending}"
                if path.is_file():
                    top = self.own if self.own is not None and folder.is_relative_to(self.own) else BUILT_IN
                    return Template(
                        name=name,
                        path=path,
                        label=path.relative_to(top).as_posix(),
                        rank=rank,
                        is_own=top is not BUILT_IN,
                        form=form if ending != ".j2" else "",
                    )
        raise LookupError(f"there is no template {name!r}")

    def built_in(self, name: str) -> Iterator[Template]:
        """Our files of this NAME."""
        for form in ("", ".txt", ".html", ".css"):
            path = BUILT_IN / f"{name}{form}.j2"
            if path.is_file():
                label = path.name
                yield Template(name=name, path=path, label=label, rank=5, is_own=False, form=form.removeprefix("."))

    def html_beside(self, text: Template, *, mailbox: str = "", language: str = "") -> Template | None:
        """The HTML of a letter whose text is TEXT; None where it would tell another story.

        Whoever words the text of a letter anew in a file for text only gets no HTML part, instead of ours
        with the old words.
        """
        found = self.find(text.name, "html", mailbox=mailbox, language=language)
        return found if found.path == text.path or (found.form and found.rank <= text.rank) else None

    def own_files(self) -> Iterator[Path]:
        """The templates of the house."""
        if self.own is not None:
            yield from sorted(
                path for path in self.own.rglob("*.j2") if ORIGINALS not in path.relative_to(self.own).parts
            )

    def sources(self, name: str, form: Form, *, mailbox: str = "", language: str = "") -> tuple[str, ...]:
        """The source of NAME and of every template that it builds on."""
        known: dict[str, str] = {}
        wanted = [name, "_parts", *([SHEET] if form == "html" else [])]
        while wanted:
            one = wanted.pop()
            if one in known:
                continue
            try:
                form_of_it: Form = "css" if one == SHEET else form
                known[one] = self.find(one, form_of_it, mailbox=mailbox, language=language).source
            except LookupError:
                known[one] = ""  # jinja tells of it, with the line
            wanted += _REFERENCE.findall(known[one])
        return tuple(known[one] for one in sorted(known))

    def _places(self, name: str, mailbox: str, language: str) -> Iterator[tuple[int, Path, str]]:
        special = f"{name}.{language}"
        if self.own is not None:
            if mailbox:
                yield 0, self.own / mailbox, special
                yield 1, self.own / mailbox, name
            yield 2, self.own, special
            yield 3, self.own, name
        yield 4, BUILT_IN, special
        yield 5, BUILT_IN, name


def parts_of(file: str) -> tuple[str, str, str] | None:
    """Name, language and form of a template's FILE name, such as `comment.de.txt.j2`; None if it is no such name."""
    found = _FILE.fullmatch(file)
    return (found["name"], found["language"] or "", found["form"] or "") if found else None


def digest(*texts: str) -> str:
    """A short hash by which people tell versions apart."""
    return hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:8]
