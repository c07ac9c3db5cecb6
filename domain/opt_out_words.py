"""The words by which somebody opts out of letters, or back in, when they are all that he writes.

`WORDS` is a table to check and to extend: by language, first the words that opt out, then those that take it back, then
those that say `all` behind or before one of them.  The first of each is the one that letters in that language name.
Case, accents and the signs around a word do not count.  A word that a customer may well answer to an ordinary question
(stop, cancel, remove, `baja` for a low priority) does not belong here, nor does one that ends a contract.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

LONGEST = 60
"""Characters; no wish is longer."""

WORDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = MappingProxyType(
    {
        "cs": (("odhlásit", "odhlásit odběr"), ("přihlásit",), ("vše", "všechno")),
        "da": (("afmeld", "afmeld mig", "frameld"), ("tilmeld", "tilmeld mig"), ("alt", "alle")),
        "de": (("abmelden", "abbestellen", "austragen"), ("anmelden", "wieder anmelden"), ("alle", "alles")),
        "el": (("απεγγραφή",), ("εγγραφή",), ("όλα", "όλες")),
        "en": (("unsubscribe", "unsubscribe me", "opt out"), ("subscribe", "resubscribe", "opt in"), ("all",)),
        "es": (("desuscribir", "desuscribirme", "darme de baja"), ("suscribir", "suscribirme"), ("todo", "todos")),
        "fr": (
            ("désinscrire", "me désinscrire", "désinscription", "désabonner", "me désabonner", "désabonnement"),
            ("réinscrire", "me réinscrire", "réinscription", "m'inscrire", "réabonner", "me réabonner"),
            ("tout", "tous", "toutes"),
        ),
        "hu": (("leiratkozás", "leiratkozom"), ("feliratkozás", "feliratkozom"), ("minden",)),
        "it": (("disiscrivimi", "disiscrivere", "disiscrizione"), ("iscrivimi", "iscrivere"), ("tutto", "tutti")),
        "ja": (("配信停止", "購読解除"), ("配信再開", "購読"), ("すべて", "全て")),
        "ko": (("수신거부", "구독취소"), ("수신동의", "구독"), ("모두", "전체")),
        "nl": (("afmelden", "uitschrijven"), ("aanmelden", "inschrijven"), ("alles", "alle")),
        "no": (("avmeld", "meld meg av"), ("påmeld", "meld meg på"), ("alt", "alle")),
        "pl": (("wypisz", "wypisz mnie"), ("zapisz", "zapisz mnie"), ("wszystko", "wszystkie")),
        "pt": (("descadastrar", "descadastrar-me"), ("subscrever", "inscrever"), ("tudo", "todos")),
        "ro": (("dezabonare",), ("abonare",), ("tot", "toate")),
        "ru": (("отписаться",), ("подписаться",), ("все", "всё")),
        "sk": (("odhlásiť", "odhlásiť odber"), ("prihlásiť",), ("všetko",)),
        "sv": (("avprenumerera", "avregistrera"), ("prenumerera",), ("allt", "alla")),
        "tr": (("abonelikten çık",), ("abone ol",), ("tümü", "hepsi")),
        "uk": (("відписатися",), ("підписатися",), ("усі", "все")),
        "zh": (("退订", "退訂", "取消订阅", "取消訂閱"), ("订阅", "訂閱"), ("全部",)),
    }
)


class Wish(StrEnum):
    """What somebody wants of letters."""

    OUT = "out"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A wish, and whether it is said to be about all letters and not those about one ticket."""

    wish: Wish
    everything: bool = False


def wanted(text: str) -> Wanted | None:
    """The wish that TEXT is; None where it says anything else, or anything more."""
    is_question = "?" in text or "\uff1f" in text
    return _KNOWN.get(_folded(text)) if len(text) <= LONGEST and not is_question else None


def word(wish: Wish, language: str) -> str:
    """The word for WISH that letters in LANGUAGE name; the English one for a language without words."""
    out, back, _ = WORDS.get(language, WORDS["en"])
    return out[0] if wish is Wish.OUT else back[0]


def _folded(text: str) -> str:
    """TEXT in small letters, without accents, without signs before and after it, each blank once."""
    parts = unicodedata.normalize("NFKD", text.casefold()).replace("ı", "i")
    kept = "".join(char for char in parts if unicodedata.category(char) not in ("Mn", "Cf"))
    words = "".join(char if char.isalnum() else " " for char in kept)
    return " ".join(words.split())


def _all() -> Iterator[tuple[str, Wanted]]:
    for out, back, everything in WORDS.values():
        for wish, words in ((Wish.OUT, out), (Wish.BACK, back)):
            for one in words:
                yield one, Wanted(wish)
                for much in everything:
                    yield from ((f"{one} {much}", Wanted(wish, True)), (f"{much} {one}", Wanted(wish, True)))


_KNOWN = {_folded(text): meant for text, meant in _all()}
