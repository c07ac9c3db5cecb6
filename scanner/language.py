"""The language of a mail: what it states, else what its commonest words and its script say.

Told apart without a library, by a table that a reader can check and extend; '' wherever that is
not sure.  Linear in the first MAX_TEXT characters; never fails.
"""

import re
from collections import Counter
from collections.abc import Iterable

MAX_TEXT = 1_500
"""Characters that are looked at."""
SURE = 2
"""Words that must speak for a language at least ..."""
LEAD = 1.3
"""... and how many times as many as for the next one."""

_TAG = re.compile(r"\s*([A-Za-z]{2,3})\b")
_WORD = re.compile(r"[^\W\d_]+")
# Norwegian has two written forms; here they are one language.
_SAME = {"nb": "no", "nn": "no"}

# The commonest words of each language.  A word may stand in several rows: it then speaks for none of them alone.
COMMON = {
    "de": "der das und ist nicht ich wir sie ein eine einen auf mit für von den dem zu im es bei auch noch mehr haben "
    "habe hat können bitte danke vielen dank guten tag hallo grüße freundlichen unsere mein ihre aber wird werden",
    "en": "the and is not you we they of to for with on this that it are have has can could please thanks thank hello "
    "hi regards my your our i be would there when but from does do what how cannot since why",
    "fr": "le la les des est une un et pas je nous vous dans pour sur avec que qui ne ce cette mais bonjour merci "
    "cordialement votre notre mon être avez sont plus du au aux ont fait depuis",
    "es": "el la los las es una un y no que de en por para con su se lo pero hola gracias saludos nuestro mi está "
    "estoy tiene puede favor buenos días como este esta ha del al más",
    "it": "il lo la gli le è una un e non che di per con si ma sono ho abbiamo grazie buongiorno saluti nostro mio "
    "della del dei alla questo questa può come ciao cordiali anche più",
    "pt": "o a os as é uma um e não que de em por para com se mas olá obrigado obrigada bom dia nosso meu está "
    "estou tem pode favor como este esta do da ao dos das mais você cumprimentos atenciosamente",
    "nl": "de het een en is niet ik wij we u jij van op met voor dat die te in zijn hebben heb kan kunt maar ook nog "
    "bedankt dank hallo goedendag groet vriendelijke mijn onze bij naar wordt graag",
    "da": "og er ikke jeg vi det en et den de af til for på med har kan men også hej tak venlig hilsen mit min vores "
    "hvad hvordan fra ved skal være efter blev noget hos mig jer",
    "sv": "och är inte jag vi det en ett den de av till för på med har kan men också hej tack vänlig hälsning "
    "hälsningar min mitt vår vad hur från vid ska vara efter blev något mig er när",
    "no": "og er ikke jeg vi det en et den de av til for på med har kan men også hei takk vennlig hilsen min mitt vår "
    "hva hvordan fra ved skal være etter ble noe hos meg dere",
    "fi": "ja on ei minä me te se että joka mutta myös kun niin hei kiitos terveisin ystävällisin meidän minun olen "
    "olla voi voitte ovat tämä sitten kuin mitä miten vain jos ole nyt toimi",
    "pl": "i jest nie się na do w z że to jak ale czy proszę dziękuję dzień dobry pozdrawiam witam nasz mój mam "
    "są dla przez po od który która może mamy jestem oraz tylko",
    "cs": "a je není se na do v z že to jak ale prosím děkuji dobrý den pozdravem náš můj mám jsou pro který která "
    "může máme jsem nebo také při jsme bude však ještě už s",
}
# Languages of one script are told apart by letters of their own, then by words.
_CYRILLIC = {
    "ru": "и не на что я мы вы это но как для по с от у он она здравствуйте спасибо пожалуйста добрый день есть нет "
    "уважением наш мой если или когда",
    "uk": "і не на що я ми ви це але як для по з від у він вона вітаю дякую будь ласка добрий день є немає повагою "
    "наш мій якщо або коли та",
}
_OWN = {
    "uk": re.compile(r"[іїєґІЇЄҐ]"),
    "ru": re.compile(r"[ыэъёЫЭЪЁ]"),
}
# The address of a page is in no language, and may be longer than what is said about it.
_ADDRESS = re.compile(r"https?://\S+")
_KANA = re.compile(r"[\u3041-\u309f\u30a1-\u30ff]")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_CYRILLIC_LETTER = re.compile(r"[\u0400-\u04ff]")


def _speaks_for(table: dict[str, str]) -> dict[str, tuple[str, ...]]:
    """Which languages a word speaks for."""
    found: dict[str, tuple[str, ...]] = {}
    for code, words in table.items():
        for word in words.split():
            found[word] = (*found.get(word, ()), code)
    return found


_LATIN_WORDS = _speaks_for(COMMON)
_CYRILLIC_WORDS = _speaks_for(_CYRILLIC)


def language_of(stated: str, text: str) -> str:
    """The language's code (ISO 639) from a Content-Language field, else the one that TEXT is in; '' if unsure."""
    tag = _TAG.match(stated)
    if tag:
        return _SAME.get(tag[1].lower(), tag[1].lower())
    head = text[:MAX_TEXT]
    if "://" in head:
        head = _ADDRESS.sub(" ", head)
    return (not head.isascii() and _by_script(head)) or _by_words(_WORD.findall(head.lower()), _LATIN_WORDS)


def _by_script(text: str) -> str:
    """The language of a text in another script than the Latin one, '' if it is in that or unsure."""
    letters = max(1, sum(map(str.isalpha, text)))
    if len(_HANGUL.findall(text)) * 3 > letters:
        return "ko"
    kana, han = len(_KANA.findall(text)), len(_HAN.findall(text))
    if (kana + han) * 3 > letters:
        # Japanese mixes both; Chinese has no kana but in names.
        return "ja" if kana * 10 > han else "zh"
    if len(_CYRILLIC_LETTER.findall(text)) * 3 > letters:
        own = {code: len(pattern.findall(text)) for code, pattern in _OWN.items()}
        if own["uk"] != own["ru"]:
            return max(own, key=lambda code: own[code])
        return _by_words(_WORD.findall(text.lower()), _CYRILLIC_WORDS)
    return ""


def _by_words(words: Iterable[str], table: dict[str, tuple[str, ...]]) -> str:
    """The language that most WORDS speak for; a word of several languages counts for each a little less."""
    votes: Counter[str] = Counter()
    for word in words:
        for code in (codes := table.get(word, ())):
            votes[code] += 4 // len(codes) or 1
    best = votes.most_common(2)
    if not best or best[0][1] < 4 * SURE:
        return ""
    return best[0][0] if len(best) == 1 or best[0][1] >= LEAD * best[1][1] else ""
