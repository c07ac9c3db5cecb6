"""The language of a mail: what it states, else what its commonest words say.

Two languages are told apart without a library; '' wherever that is not sure.
"""

import re

MAX_TEXT = 1_500
"""Characters that are looked at."""

_TAG = re.compile(r"\s*([A-Za-z]{2,3})\b")
_WORD = re.compile(r"[^\W\d_]+")
# Words that the other language does not have: `in`, `an`, `was`, `die`, `so`, `war`, `also` are left out.
_WORDS = {
    "de": "der das und ist nicht ich wir sie ein eine einen auf mit für von den dem zu im es bei auch noch mehr haben "
    "habe hat können bitte danke vielen dank guten tag hallo grüße freundlichen unsere mein ihre",
    "en": "the and is not you we they of to for with on this that it are have has can could please thanks thank hello "
    "hi regards my your our i be would there when but from",
}
_COMMON = {code: frozenset(words.split()) for code, words in _WORDS.items()}


def language_of(stated: str, text: str) -> str:
    """The language's code (ISO 639) from a Content-Language field, else `de`, `en` or '' for TEXT."""
    tag = _TAG.match(stated)
    return tag[1].lower() if tag else _counted(text)


def _counted(text: str) -> str:
    words = _WORD.findall(text[:MAX_TEXT].lower())
    (fewer, _), (more, best) = sorted((sum(map(common.__contains__, words)), code) for code, common in _COMMON.items())
    return best if more >= 2 and more >= 2 * fewer else ""
