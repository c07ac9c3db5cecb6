"""The sentences of letters: what is there, what a translator may write, what is taken where something lacks."""

import re
from pathlib import Path

import pytest

from domain.suspicion import ENGLISH
from notifier import own_templates
from notifier.catalog import Catalogs, UnknownSentence, catalogs, places
from notifier.samples import check_templates
from notifier.shelf import BUILT_IN
from notifier.wording import Wording
from tests.notifier.people import settings
from tests.notifier.test_compose import CUSTOMER, facts, replace

SETTINGS = settings()
HEAD = 'msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=(n > 1);\\n"\n'
FRENCH = (
    f'{HEAD}\nmsgctxt "greeting.named"\nmsgid "Hello {{name}},"\nmsgstr "Bonjour {{name}},"\n\n'
    'msgctxt "attachments"\nmsgid "Attachment: {names}"\nmsgid_plural "Attachments: {names}"\n'
    'msgstr[0] "Pièce jointe : {names}"\nmsgstr[1] "Pièces jointes : {names}"\n'
)


def own(folder: Path, text: str, language: str = "fr") -> Catalogs:
    """The catalogs with one of the house's own."""
    (folder / f"{language}.po").write_text(text, encoding="utf-8")
    return catalogs(BUILT_IN, folder)


def entry(key: str, msgstr: str, msgid: str = "x") -> str:
    return f'{HEAD}\nmsgctxt "{key}"\nmsgid "{msgid}"\nmsgstr "{msgstr}"\n'


def test_every_sentence_is_there_in_every_language_and_used() -> None:
    known = catalogs(BUILT_IN)
    assert known.languages == ("de", "en")
    assert known.missing("de") == ()
    assert not [problem for catalog in known.ours.values() for problem in catalog.problems]
    used = {key for path in BUILT_IN.glob("*.j2") for key in re.findall(r'say\(\s*"([a-z_.]+)"', path.read_text())}
    assert used - {"why."} <= set(known.keys)
    made = {"staff.customer", "staff.assigned.group", *(f"suspicion.{key}" for key in ENGLISH)}
    unused = {key for key in known.keys if not key.startswith(("change.", "field.", "why.", "page."))} - used - made
    assert unused == set()


def test_a_new_language_speaks_and_what_it_lacks_is_said_in_the_houses_language(tmp_path: Path) -> None:
    own(tmp_path, FRENCH)
    words = Wording(SETTINGS, templates=tmp_path).words(facts(recipient=replace(CUSTOMER, language="fr")))
    assert words.language == "fr"
    assert "Bonjour Jörg Jäger,\n" in words.text
    assert "Ada Example schreibt Ihnen" in words.text
    assert words.text.startswith("--- Merci d'écrire")


def test_a_house_words_one_sentence_otherwise_and_keeps_the_rest(tmp_path: Path) -> None:
    known = own(tmp_path, entry("regards", "Herzliche Grüße", "Kind regards"), "de")
    words = Wording(SETTINGS, templates=tmp_path).words(facts())
    assert "Herzliche Grüße\nAcme Support" in words.text
    assert "Guten Tag Jörg Jäger" in words.text
    assert "Herzliche Grüße" in words.html
    assert list(own_templates.reworded(known)) == [
        "de.po:5: regards: 'Herzliche Grüße' in place of 'Mit freundlichen Grüßen'"
    ]
    assert check_templates(SETTINGS, tmp_path) == ()


def test_the_number_chooses_the_form(tmp_path: Path) -> None:
    speech = own(tmp_path, FRENCH).speech("fr", "de")
    said = [speech.sentence("attachments", count).split(":")[0] for count in (0, 1, 2)]
    assert said == ["Pièce jointe ", "Pièce jointe ", "Pièces jointes "]
    german = catalogs(BUILT_IN).speech("de")
    assert [german.sentence("attachments", count).split(":")[0] for count in (0, 1, 2)] == [
        "Anhänge", "Anhang", "Anhänge",
    ]  # fmt: skip


def test_an_english_text_that_changed_is_told_of(tmp_path: Path) -> None:
    known = own(tmp_path, entry("regards", "Cordialement", "Best regards"))
    assert list(own_templates.reworded(known)) == [
        "fr.po:5: regards: ours in English is now 'Kind regards', not 'Best regards'"
    ]


@pytest.mark.parametrize(
    ("written", "line", "said"),
    [
        (entry("notice", "Billet {referenc}"), 5, "no place {referenc} in this sentence; it has: {reference}"),
        (entry("notice", "{reference.__class__}"), 5, "is not a place"),
        (entry("notice", "{0}"), 5, "is not a place"),
        (entry("notice", "{reference!r}"), 5, "is not a place"),
        (entry("notice", "half { open"), 5, "expected '}'"),
        (f'{HEAD}\nmsgctxt "notice"\nmsgid "x"\nmsgid_plural "y"\nmsgstr[0] "a"\nmsgstr[1] "b"\n', 5, "no number"),
        (f"{HEAD}\nnonsense\n", 4, "is no catalog that can be read"),
        ('msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=(n > exit());\\n"\n', 0, "is no catalog"),
        ('msgid ""\nmsgstr "Content-Type: text/plain; charset=klingon\\n"\n\nmsgid "a"\nmsgstr "b"\n', 0, "klingon"),
    ],
)
def test_a_mistake_is_named_with_file_and_line_and_the_letter_goes_out(
    tmp_path: Path, written: str, line: int, said: str
) -> None:
    own(tmp_path, written)
    wrong = [problem for problem in check_templates(SETTINGS, tmp_path) if problem.severity == "error"]
    assert [(Path(problem.file).name, problem.line) for problem in wrong] == [("fr.po", line)]
    assert said in wrong[0].text
    words = Wording(SETTINGS, templates=tmp_path).words(facts(recipient=replace(CUSTOMER, language="fr")))
    assert "Ada Example schreibt Ihnen" in words.text


def test_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    (tmp_path / "fr.po").write_bytes(HEAD.encode() + b'msgctxt "regards"\nmsgid "x"\nmsgstr "\xe9"\n')
    (wrong,) = catalogs(BUILT_IN, tmp_path).own["fr"].problems
    assert "is no catalog that can be read" in wrong.text


def test_fuzzy_and_empty_translations_do_not_count(tmp_path: Path) -> None:
    text = entry("regards", "Cordialement").replace("msgctxt", "#, fuzzy\nmsgctxt") + entry("greeting", "")[len(HEAD) :]
    known = own(tmp_path, text)
    assert known.speech("fr", "de").sentence("regards") == "Mit freundlichen Grüßen"
    assert known.languages == ("de", "en")


def test_what_lacks_is_a_warning(tmp_path: Path) -> None:
    own(tmp_path, FRENCH)
    (odd,) = check_templates(SETTINGS, tmp_path)
    count = len(catalogs(BUILT_IN).keys)
    assert odd.severity == "warning"
    assert odd.text.startswith(f"lacks {count - 2} of {count} sentences")


def test_an_unknown_sentence_of_a_template_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "notice.j2").write_text('{% extends "_customer" %}\n{% block text %}{{ say("notise") }}{% endblock %}')
    wrong = check_templates(SETTINGS, tmp_path)
    assert {(problem.line, problem.text) for problem in wrong} == {(2, "there is no sentence 'notise' in any catalog")}
    with pytest.raises(UnknownSentence):
        catalogs(BUILT_IN).speech("de").sentence("notise")


def test_a_place_that_the_template_leaves_open_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "notice.j2").write_text('{% extends "_customer" %}\n{% block text %}{{ say("notice") }}{% endblock %}')
    assert {problem.text for problem in check_templates(SETTINGS, tmp_path)} == {
        "the place {reference} of a sentence is not filled"
    }


def test_a_language_of_the_settings_must_have_sentences() -> None:
    french = SETTINGS.model_copy(update={"helpdesk": SETTINGS.helpdesk.model_copy(update={"language": "fr"})})
    (wrong,) = check_templates(french)
    assert wrong.text.startswith("helpdesk.language: there are no sentences in 'fr', only in de, en; add fr.po")


@pytest.mark.parametrize(
    ("wished", "known"),
    [(("de-AT",), ("de",)), (("EN_us", "de"), ("en", "de")), (("fr", "", "de"), ("de",)), (("fr",), ("en",))],
)
def test_the_languages_of_a_reader(wished: tuple[str, ...], known: tuple[str, ...]) -> None:
    assert catalogs(BUILT_IN).known(*wished) == known


def test_places() -> None:
    assert places("{a} and {{b}} and {c}") == {"a", "c"}


@pytest.mark.parametrize("language", ["fr", "pl", "ja", "xx"])
def test_a_catalog_to_begin_with_is_in_order(tmp_path: Path, language: str) -> None:
    own_templates.begin_catalog(tmp_path, language)
    assert check_templates(SETTINGS, tmp_path) == ()
    assert catalogs(BUILT_IN, tmp_path).own[language].problems == ()
