"""Catalogs: the sentences of letters, one file a language, which a translator edits without knowing templates.

The form is gettext's PO, which every translation tool reads.  `msgctxt` is the sentence's key, `msgid` the English
text, `msgstr` the translation; `{places}` in it are filled with values.  en.po is the list of all sentences.  A house's
own directory may hold a file of a language that is there already, with only the sentences that it words otherwise, and
files of new languages.

Promises: a sentence that is missing, empty, fuzzy or unusable is taken from the next language of the reader's chain and
at last from English; a letter is never held up by a translation.  `problems` name file and line.
"""

import gettext
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from string import Formatter
from types import MappingProxyType
from typing import Any

from babel.core import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog as PoCatalog
from babel.messages.catalog import Message as PoMessage
from babel.messages.pofile import PoFileError, read_po

from domain.errors import Problem
from notifier.shelf import BUILT_IN

FALLBACK = "en"
MAX_OCTETS = 2_000_000
_PLACE = re.compile(r"[a-z][a-z_]*")
_NAME = re.compile(r"[a-z]{2,3}\.po")


class UnknownSentence(LookupError):
    """A template asks for a sentence that no catalog has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence in one language.  `forms` has the plural forms; without plurals it has one."""

    key: str
    english: tuple[str, ...]
    forms: tuple[str, ...]
    line: int

    @property
    def is_counted(self) -> bool:
        return len(self.english) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """The sentences of one file."""

    language: str
    file: Path
    sentences: Mapping[str, Sentence]
    plural: Callable[[int], int]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class _Spoken:
    forms: tuple[str, ...]
    plural: Callable[[int], int]


@dataclass(frozen=True, slots=True)
class Speech:
    """The sentences in which one reader is spoken to."""

    _spoken: Mapping[str, _Spoken]

    def sentence(self, key: str, count: int | None = None) -> str:
        """The sentence, with its places still open; COUNT chooses the plural form.  Raises UnknownSentence."""
        spoken = self._spoken.get(key)
        if spoken is None:
            raise UnknownSentence(f"there is no sentence {key!r} in any catalog")
        if count is None or len(spoken.forms) == 1:
            return spoken.forms[0]
        return spoken.forms[min(spoken.plural(count), len(spoken.forms) - 1)]

    def has(self, key: str) -> bool:
        return key in self._spoken

    def all(self) -> tuple[str, ...]:
        """Every form of every sentence, always in the same order."""
        return tuple(form for key in sorted(self._spoken) for form in self._spoken[key].forms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogs:
    """All catalogs: ours, and before them those of the house."""

    ours: Mapping[str, Catalog]
    own: Mapping[str, Catalog] = field(default_factory=dict)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that letters can be written in."""
        return tuple(sorted({*self.ours, *(name for name, catalog in self.own.items() if catalog.sentences)}))

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of all our sentences."""
        return tuple(self.ours[FALLBACK].sentences)

    def known(self, *wished: str) -> tuple[str, ...]:
        """Those of the WISHED languages that there is a catalog of, else English; `de-AT` reads `de`."""
        short = (re.split("[-_]", language.lower(), maxsplit=1)[0] for language in wished)
        there = self.languages
        return tuple(dict.fromkeys(one for one in short if one in there)) or (FALLBACK,)

    def speech(self, *chain: str) -> Speech:
        """The sentences for a reader whose languages are CHAIN, the best first."""
        spoken: dict[str, _Spoken] = {}
        for language in (*chain, FALLBACK):
            for catalogs in (self.own, self.ours):
                if language in catalogs:
                    catalog = catalogs[language]
                    for key, sentence in catalog.sentences.items():
                        spoken.setdefault(key, _Spoken(sentence.forms, catalog.plural))
        return Speech(MappingProxyType(spoken))

    @staticmethod
    def plural_forms(language: str) -> str:
        """The rule of the plural in LANGUAGE, as a PO file states it."""
        try:
            return PoCatalog(locale=str(Locale.parse(language))).plural_forms
        except (UnknownLocaleError, ValueError):
            return "nplurals=2; plural=(n != 1);"

    def missing(self, language: str) -> tuple[str, ...]:
        """The keys of our sentences that LANGUAGE lacks."""
        there = {key for known in (self.own, self.ours) if language in known for key in known[language].sentences}
        return tuple(key for key in self.keys if key not in there)

    def problems(self) -> Iterator[Problem]:
        """What is wrong with the house's catalogs, and what is odd in them."""
        for language, catalog in sorted(self.own.items()):
            yield from catalog.problems
            lacks = self.missing(language)
            if lacks and catalog.sentences:
                shown = ", ".join(lacks[:5]) + (" ..." if len(lacks) > 5 else "")
                text = f"lacks {len(lacks)} of {len(self.keys)} sentences, which are said in another language: {shown}"
                yield Problem(str(catalog.file), 0, 0, text, "warning")


def catalogs(built_in: Path, own: Path | None = None) -> Catalogs:
    """The catalogs in BUILT_IN, and those in the house's OWN directory."""
    ours = _ours(built_in)
    if own is None or not own.is_dir():
        return Catalogs(ours=ours)
    english = ours[FALLBACK].sentences
    files = sorted(path for path in own.glob("*.po") if _NAME.fullmatch(path.name))
    return Catalogs(ours=ours, own={path.stem: read(path, english) for path in files})


def letter_languages(own: Path | None) -> tuple[str, ...]:
    """The languages that letters can be written in, with the catalogs in the house's OWN directory."""
    return catalogs(BUILT_IN, own).languages


@lru_cache(maxsize=2)
def _ours(built_in: Path) -> Mapping[str, Catalog]:
    english = read(built_in / f"{FALLBACK}.po")
    others = (path for path in sorted(built_in.glob("*.po")) if path.stem != FALLBACK)
    return {FALLBACK: english, **{path.stem: read(path, english.sentences) for path in others}}


def read(path: Path, english: Mapping[str, Sentence] | None = None) -> Catalog:
    """The sentences in PATH that can be used; ENGLISH are those that there are, None for English itself."""
    language = path.stem
    try:
        found = _parsed(path, language)
        plural = _plural(found)
    except (PoFileError, OSError, ValueError, LookupError, AttributeError, TypeError) as cause:
        line = getattr(cause, "lineno", -1) + 1
        problem = Problem(str(path), line, 1 if line else 0, f"is no catalog that can be read: {_first_line(cause)}")
        return Catalog(language=language, file=path, sentences={}, plural=_never_plural, problems=(problem,))
    problems: list[Problem] = []
    sentences: dict[str, Sentence] = {}
    for message in found:
        if not message.id or not message.context:
            continue
        sentence = _sentence(message, is_english=english is None)
        text = _wrong_with(sentence, english) if sentence.forms else ""
        if text:
            problems.append(Problem(str(path), sentence.line, 1, f"{sentence.key}: {text}"))
        elif sentence.forms:
            sentences[sentence.key] = sentence
    return Catalog(language=language, file=path, sentences=sentences, plural=plural, problems=tuple(problems))


def places(text: str) -> frozenset[str]:
    """The names of the places in TEXT.  Raises ValueError for braces that are none."""
    names = set()
    for _, name, form, conversion in Formatter().parse(text):
        if name is None:
            continue
        if form or conversion or _PLACE.fullmatch(name) is None:
            raise ValueError(f"{{{name}}} is not a place: write a name in braces, such as {{reference}}")
        names.add(name)
    return frozenset(names)


def _parsed(path: Path, language: str) -> PoCatalog:
    if path.stat().st_size > MAX_OCTETS:
        raise ValueError(f"it has more than {MAX_OCTETS // 1_000_000} MB")
    try:
        locale: str | None = str(Locale.parse(language))
    except (UnknownLocaleError, ValueError):
        locale = None
    data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    return read_po(BytesIO(data), locale=locale, abort_invalid=True)


def _plural(found: PoCatalog) -> Callable[[int], int]:
    """Which plural form goes with a number, as the file's Plural-Forms say."""
    chosen: Callable[[int], int] = gettext.c2py(found.plural_expr)
    chosen(1)
    return chosen


def _never_plural(count: int) -> int:
    return 0


def _sentence(message: PoMessage, *, is_english: bool) -> Sentence:
    english = _texts(message.id)
    written = () if message.fuzzy else _texts(message.string)
    forms = written if written and all(written) else (english if is_english else ())
    return Sentence(key=str(message.context), english=english, forms=forms, line=message.lineno or 0)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (str(value),)


def _wrong_with(sentence: Sentence, english: Mapping[str, Sentence] | None) -> str:
    """Why SENTENCE cannot be used, '' if it can."""
    known = sentence if english is None else english.get(sentence.key, sentence)
    try:
        allowed = frozenset().union(*map(places, known.english))
        unknown = sorted(frozenset().union(*map(places, sentence.forms)) - allowed)
    except ValueError as bad:
        return str(bad)
    if unknown:
        offered = ", ".join(f"{{{name}}}" for name in sorted(allowed)) or "none"
        return f"there is no place {{{unknown[0]}}} in this sentence; it has: {offered}"
    if len(sentence.forms) > 1 and not known.is_counted:
        return "has plural forms, but no number chooses between them"
    return ""


def _first_line(cause: Exception) -> str:
    return (str(cause).splitlines() or [type(cause).__name__])[0][:200]
