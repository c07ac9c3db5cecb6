"""A house's own templates and sentences: copies of ours that were changed, and what became of ours since.

A copy begins with a line that says which version of ours it was made of, and the original is kept beside it in
`.originals/`, so that after an upgrade it can be told what changed in ours.  Nothing here changes a file that is there.

Fails with: DeskError for a copy that cannot be made.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from domain.errors import DeskError
from notifier.catalog import FALLBACK, Catalogs, catalogs
from notifier.shelf import BUILT_IN, ORIGINALS, Form, Shelf, Template, parts_of

FORMS: tuple[Form, ...] = ("txt", "html", "css")
_MARK = re.compile(r"\{# Copied from (\S+) ([0-9a-f]{8})\b[^\n]*#\}\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTemplate:
    """One of the house's templates.  `base` is ours of that name, `original` what ours was when it was copied."""

    template: Template
    language: str
    mailbox: str
    base: Template | None
    copied_from: str
    original: str | None

    @property
    def upstream_changed(self) -> bool:
        return bool(self.copied_from and self.base and self.base.version != self.copied_from)

    @property
    def without_mark(self) -> str:
        return _MARK.sub("", self.template.source, count=1)


def found(files: Shelf) -> tuple[OwnTemplate, ...]:
    """The house's templates, by name."""
    return tuple(one for path in files.own_files() if (one := _own(files, path)) is not None)


def copy(folder: Path, name: str, *, language: str = "", mailbox: str = "", form: str = "") -> Path:
    """A copy of ours in the house's own FOLDER, with the mark of its version.  Raises DeskError."""
    base = _ours(name, form)
    if base is None:
        raise DeskError(f"there is no template {name!r} of the form {form!r}")
    target = folder / mailbox / ".".join(part for part in (name, language, base.form, "j2") if part)
    if target.exists():
        raise DeskError(f"{target} is there already; it was not touched")
    version = base.version
    mark = f"{{# Copied from {base.label} {version}; `helpdesk templates diff` tells what changed in ours since. #}}\n"
    kept = folder / ORIGINALS / f"{base.label}.{version}"
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(base.source, encoding="utf-8")
        target.write_text(mark + base.source, encoding="utf-8")
    except OSError as error:
        raise DeskError(f"{target}: cannot be written: {error.strerror or error}") from error
    return target


def begin_catalog(folder: Path, language: str) -> Path:
    """A catalog for the sentences of LANGUAGE in the house's own FOLDER, all of them empty.  Raises DeskError."""
    if re.fullmatch(r"[a-z]{2,3}", language) is None:
        raise DeskError(f"{language!r} is neither a template nor the code of a language, such as de or fr")
    target = folder / f"{language}.po"
    if target.exists():
        raise DeskError(f"{target} is there already; it was not touched")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target.write_text(_empty_catalog(language), encoding="utf-8")
    except OSError as error:
        raise DeskError(f"{target}: cannot be written: {error.strerror or error}") from error
    return target


def reworded(known: Catalogs) -> Iterator[str]:
    """A line for each sentence that the house words otherwise than we do, or whose English has changed since."""
    english = known.ours[FALLBACK].sentences
    for language, catalog in sorted(known.own.items()):
        ours = known.ours.get(language)
        for key, sentence in catalog.sentences.items():
            place = f"{catalog.file.name}:{sentence.line}"
            if key in english and english[key].english != sentence.english:
                yield f"{place}: {key}: ours in English is now {english[key].english[0]!r}, not {sentence.english[0]!r}"
            if ours is not None and key in ours.sentences and ours.sentences[key].forms != sentence.forms:
                yield f"{place}: {key}: {sentence.forms[0]!r} in place of {ours.sentences[key].forms[0]!r}"


def _own(files: Shelf, path: Path) -> OwnTemplate | None:
    parts = parts_of(path.name)
    if parts is None or files.own is None:
        return None
    name, language, form = parts
    place = path.relative_to(files.own)
    mailbox = place.parent.as_posix() if len(place.parts) > 1 else ""
    template = Template(name=name, path=path, label=place.as_posix(), rank=0, is_own=True, form=form)
    base = _ours(name, form)
    mark = _MARK.match(template.source)
    original = files.own / ORIGINALS / f"{mark[1]}.{mark[2]}" if mark else None
    return OwnTemplate(
        template=template,
        language=language,
        mailbox=mailbox,
        base=base,
        copied_from=mark[2] if mark else "",
        original=original.read_text(encoding="utf-8") if original and original.is_file() else None,
    )


def _ours(name: str, form: str) -> Template | None:
    for one in FORMS:
        if form in ("", one):
            try:
                return Shelf().find(name, one)
            except LookupError:
                continue
    return None


def _empty_catalog(language: str) -> str:
    """Our list of sentences without translations, ready for LANGUAGE."""
    source = (BUILT_IN / f"{FALLBACK}.po").read_text(encoding="utf-8")
    plural = catalogs(BUILT_IN).plural_forms(language)
    source = re.sub(r'"Language: [a-z]+\\n"', f'"Language: {language}\\\\n"', source)
    source = re.sub(r'"Plural-Forms: [^"]*"', f'"Plural-Forms: {plural}\\\\n"', source)
    count = int((re.search(r"nplurals=(\d)", plural) or ["", "2"])[1])
    forms = "".join(f'msgstr[{number}] ""\n' for number in range(count))
    source = re.sub(r'(?:msgstr\[\d\] ""\n)+', lambda _: forms, source)
    first = f"# The sentences of letters, in {language!r}, that are said otherwise than built in.\n"
    return first + source[source.index('msgid ""') :]
