"""The language of a mail, by what customers write."""

import pytest

from scanner.language import language_of

SAID = {
    "de": "Guten Tag, der Drucker im dritten Stock geht nicht mehr. Können Sie bitte helfen?",
    "en": "Hello, the printer on the third floor does not work. Could you please help?",
    "fr": "Bonjour, l'imprimante du troisième étage ne fonctionne pas. Pouvez-vous nous aider ?",
    "es": "Hola, la impresora de la tercera planta no funciona. ¿Nos puede ayudar, por favor?",
    "it": "Buongiorno, la stampante al terzo piano non funziona. Ci può aiutare?",
    "pt": "Olá, a impressora do terceiro andar não funciona. Você pode nos ajudar?",
    "nl": "Hallo, de printer op de derde verdieping werkt niet meer. Kunt u ons helpen?",
    "da": "Hej, jeg kan ikke logge på min konto, hvad skal jeg gøre? Venlig hilsen Bob",
    "sv": "Hej, skrivaren på tredje våningen fungerar inte. Kan ni hjälpa mig?",
    "no": "Hei, jeg får ikke logget på kontoen min, hva skal jeg gjøre? Vennlig hilsen Bob",
    "fi": "Hei, kolmannen kerroksen tulostin ei toimi. Voitteko auttaa? Kiitos",
    "pl": "Dzień dobry, drukarka na trzecim piętrze nie działa. Czy mogą Państwo pomóc?",
    "cs": "Dobrý den, tiskárna ve třetím patře nefunguje. Můžete nám prosím pomoci?",
    "ru": "Здравствуйте, принтер на третьем этаже не работает. Помогите, пожалуйста.",
    "uk": "Вітаю, принтер на третьому поверсі не працює. Допоможіть, будь ласка.",
    "ja": "お世話になっております。三階のプリンターが動きません。",
    "zh": "您好，三楼的打印机坏了，请帮忙。",
    "ko": "안녕하세요, 3층 프린터가 작동하지 않습니다.",
}


@pytest.mark.parametrize(("language", "text"), SAID.items(), ids=SAID)
def test_what_customers_write(language: str, text: str) -> None:
    assert language_of("", text) == language


@pytest.mark.parametrize(("language", "text"), SAID.items(), ids=SAID)
def test_addresses_of_pages_say_nothing(language: str, text: str) -> None:
    page = " (https://x.example/the/printer/is/not/working?please=help&und=die&de=la)" * 3
    assert language_of("", text + page) == language


@pytest.mark.parametrize("text", ["", "ok", "Printer 5", "Ada Lovelace, Example GmbH", "12345", "?!"])
def test_what_says_too_little_has_none(text: str) -> None:
    assert language_of("", text) == ""


def test_what_is_stated_counts() -> None:
    assert language_of("de-AT, en", SAID["en"]) == "de"
    assert language_of("nb-NO", "") == "no"
