"""Subjects without what mail programs put in front of them: Re, AW, SV, 回复, and as often as they like.

`PREFIXES` is a table to check and to extend: by language, first what stands before an answer, then
what stands before a forwarded mail.  Case does not count.  A single letter does only as a capital:
Italian programs write `R:` and `I:`.
"""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

PREFIXES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = MappingProxyType(
    {
        "ar": (("رد",), ("إعادة توجيه",)),
        "cs": (("Odp", "Odpověď"), ("Přeposláno", "Přepos")),
        "cy": (("Atb",), ("Ymlaen",)),
        "da": (("SV", "Svar"), ("VS", "Videresendt")),
        "de": (("AW", "Antw", "Antwort"), ("WG", "Weitergeleitet", "Weiterleitung")),
        "el": (("ΑΠ", "ΣΧΕΤ"), ("ΠΡΘ",)),
        "en": (("Re", "Ref", "Reply"), ("Fw", "Fwd", "Forward")),
        "es": (("RE", "Respuesta"), ("RV", "Reenv", "Reenviar")),
        "fi": (("VS", "Vast"), ("VL", "Välitetty")),
        "fr": (("RE", "Rép", "Réf"), ("TR", "Transfert")),
        "he": (("השב", "תגובה"), ("הועבר",)),
        "hu": (("Vá", "Válasz"), ("Továbbítás", "Tov")),
        "id": (("BLS", "Balas"), ("TRS", "Terusan")),
        "it": (("R", "RIF", "Risposta"), ("I", "Inoltra")),
        "ja": (("返信",), ("転送",)),
        "ko": (("답장", "회신"), ("전달",)),
        "lt": (("Ats",), ("Persiųsta",)),
        "nl": (("Antw", "Antwoord"), ("Doorst", "Doorgestuurd")),
        "no": (("SV",), ("VS", "Videresendt")),
        "pl": (("Odp", "Odpowiedź"), ("PD", "Przekazane")),
        "pt": (("RES", "Resposta"), ("ENC", "Encaminhado")),
        "ro": (("Răsp",), ("Redir",)),
        "ru": (("Ответ", "Отв"), ("Пересл", "Переслано")),
        "sk": (("Odp", "Odpoveď"), ("Preposlané",)),
        "sl": (("Odg",), ("Posr",)),
        "sv": (("SV", "Svar"), ("VB", "Vidarebefordrat")),
        "tr": (("YNT", "Yanıt"), ("İLT", "İlet")),
        "uk": (("Відп", "Відповідь"), ("Пересл", "Переслано")),
        "zh": (("回复", "回覆", "答复", "答覆"), ("转发", "轉寄", "轉發")),
    }
)

LONGEST = 2000
"""Characters of a subject that are looked at; no mail program writes as many."""

_IN_FRONT = re.compile(r"\s*([^\W\d_]{1,16}(?: [^\W\d_]{1,16})?)\s?(?:[\[(]\d{1,4}[\])]|\d{1,2})?\s?[:：]")


def _folded(prefix: str) -> str:
    # Turkish letters are folded with their dot, without it and in capitals to one.
    return unicodedata.normalize("NFC", prefix.casefold()).replace("i\u0307", "i").replace("ı", "i")


_KNOWN = frozenset(_folded(one) for pair in PREFIXES.values() for prefixes in pair for one in prefixes)


def without_tags(subject: str, tag: str) -> str:
    """SUBJECT without tags `[TAG-1042]`."""
    return re.sub(rf"\[\s*{re.escape(tag)}-\d{{1,12}}\s*\]", " ", subject[:LONGEST], flags=re.IGNORECASE)


def bare_subject(subject: str, tag: str) -> str:
    """SUBJECT on one line without prefixes of answers and forwards and without tags `[TAG-1042]`; it may be ''."""
    text = without_tags(subject, tag)
    begin = 0
    while (found := _IN_FRONT.match(text, begin)) and _is_prefix(found[1]):
        begin = found.end()
    return " ".join(text[begin:].split())


def _is_prefix(word: str) -> bool:
    return _folded(word) in _KNOWN and (len(word) > 1 or word.isupper())
