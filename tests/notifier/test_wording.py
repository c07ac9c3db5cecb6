"""Templates: the built-in ones, an administrator's own, and what goes wrong in them."""

from dataclasses import replace
from pathlib import Path

import pytest

from domain.errors import Problem
from domain.event import EventKind
from domain.letter import LetterKind, QuotedEntry
from domain.settings import Look
from domain.suspicion import Suspicion
from notifier.samples import check_templates
from notifier.shelf import BUILT_IN
from notifier.wording import BadTemplate, Prose, Wording, one_line, plain
from tests.notifier.people import NOON, event, settings
from tests.notifier.test_compose import facts

SETTINGS = settings()


def own(directory: Path, text: str, name: str = "comment.txt.j2") -> Path:
    """DIRECTORY with one template in it."""
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return directory


def test_every_kind_is_there_and_all_can_be_written_in_every_language() -> None:
    assert {path.name.removesuffix(".j2") for path in BUILT_IN.glob("[!_l]*.j2")} == {kind.value for kind in LetterKind}
    assert check_templates(SETTINGS) == ()


def test_a_template_of_ones_own_takes_the_place_of_the_built_in_one(tmp_path: Path) -> None:
    own(tmp_path, "Subject: Zu {{ ticket.title }}\n\nHallo {{ reader.name }},\n{{ entry.text }}\n")
    assert check_templates(SETTINGS, tmp_path) == ()
    words = Wording(SETTINGS, templates=tmp_path).words(facts())
    assert words.subject == "Zu Störung im Netz"
    assert words.text.startswith("Hallo Jörg Jäger,\nWir schauen")
    assert "ACME-1042" in Wording(SETTINGS, templates=tmp_path).words(facts(LetterKind.STATUS)).text


def test_a_template_of_ones_own_may_change_one_block_only(tmp_path: Path) -> None:
    own(tmp_path, '{% extends "_customer" %}\n{% block text %}Kurz: {{ entry.text }}{% endblock %}\n')
    assert "Kurz: Wir schauen" in Wording(SETTINGS, templates=tmp_path).words(facts()).text


BROKEN = [
    ("Subject: x\n\n{% if %}", 3, "Expected an expression"),
    ("Subject: x\n\n\n{{ tikcet.title }}", 4, "'tikcet' is undefined"),
    ("Subject: x\n{{ ticket.nmae }}", 2, "no attribute 'nmae'"),
    ("Hello {{ reader.name }}", 1, "the first line must be 'Subject: ...'"),
    ("Subject: x\n{{ 'a' * 10**9 }}", 2, "small numbers only"),
    ("Subject: x\n{% for a in range(50000) %}xxxxx{% endfor %}", 0, "200000 characters"),
    ("Subject: x\n{{ ticket.__class__.__mro__ }}", 2, "unsafe"),
    ("Subject: x\n{{ changes.append(1) }}", 2, "no attribute 'append'"),
    ("Subject: x\n{{ 1 / 0 }}", 2, "division by zero"),
    ("Subject: x\n{{ at.year + 'x' }}", 2, "unsupported operand"),
    ("Subject: x\n{% include 'none' %}", 0, "there is no template none"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "complaint"), BROKEN, ids=[row[2] for row in BROKEN])
def test_a_broken_template_is_named_with_line_and_cause(tmp_path: Path, text: str, line: int, complaint: str) -> None:
    own(tmp_path, text)
    problems = check_templates(SETTINGS, tmp_path)
    assert {problem.line for problem in problems} == {line}
    assert all(complaint in problem.text and "\n" not in problem.text for problem in problems)
    with pytest.raises(BadTemplate, match=r"^template \S+:\d+: "):
        Wording(SETTINGS, templates=tmp_path).words(facts())


def test_a_name_that_no_letter_uses_is_a_warning(tmp_path: Path) -> None:
    own(tmp_path, "Subject: x\n\ny", name="coment.txt.j2")
    (problem,) = check_templates(SETTINGS, tmp_path)
    assert problem.severity == "warning"
    assert problem.file.endswith("coment.txt.j2")


def test_a_directory_that_is_none(tmp_path: Path) -> None:
    missing = tmp_path / "none"
    assert check_templates(SETTINGS, missing) == (
        Problem(str(missing), 0, 0, "notifications.templates is not a directory"),
    )


@pytest.mark.parametrize(
    ("text", "clean"), [("a\r\nb\rc\x00\x1b[0m", "a\nb\nc[0m"), ("tab\tstays", "tab\tstays"), ("\u2028x\udc80", "x")]
)
def test_plain_text_has_no_control_characters(text: str, clean: str) -> None:
    assert plain(text) == clean


def test_one_line_is_one_line() -> None:
    assert one_line(" a\r\n\tb\u2028c\x00 d ") == "a b c d"


def test_the_most_special_template_is_taken(tmp_path: Path) -> None:
    names = ("comment.txt.j2", "comment.de.txt.j2", "support/comment.txt.j2", "support/comment.de.txt.j2")
    for name in names:
        own(tmp_path, f"Subject: x\n\n{name}\n", name=name)
        assert Wording(SETTINGS, templates=tmp_path).words(facts()).text == f"{name}\n"
    wording = Wording(SETTINGS, templates=tmp_path)
    assert wording.words(facts(mailbox="plus")).text == "comment.de.txt.j2\n"
    english = replace(facts().recipient, language="en")
    assert wording.words(facts(recipient=english)).text == "support/comment.txt.j2\n"
    assert wording.words(facts(recipient=english, mailbox="plus")).text == "comment.txt.j2\n"
    assert wording.words(facts()).template.startswith("support/comment.de.txt ")


def test_one_file_words_text_and_html_alike(tmp_path: Path) -> None:
    own(
        tmp_path,
        '{% extends "_customer" %}\n{% block text %}{{ paragraph("Ganz & gar.") }}{% endblock %}',
        "comment.j2",
    )
    words = Wording(SETTINGS, templates=tmp_path).words(facts())
    assert "\n\nGanz & gar.\n\n" in words.text
    assert ">Ganz &amp; gar.</p>" in words.html


def test_a_text_of_ones_own_has_no_html_with_the_old_words(tmp_path: Path) -> None:
    own(tmp_path, "Subject: x\n\nKurz.\n")
    assert Wording(SETTINGS, templates=tmp_path).words(facts()).html == ""
    own(tmp_path, "<p>Kurz.</p>", "comment.html.j2")
    assert Wording(SETTINGS, templates=tmp_path).words(facts()).html == "<p>Kurz.</p>"
    # A text for one mailbox is more special than the HTML for all.
    own(tmp_path, "Subject: x\n\nKürzer.\n", "support/comment.txt.j2")
    words = Wording(SETTINGS, templates=tmp_path).words(facts())
    assert (words.text, words.html) == ("Kürzer.\n", "")


def test_a_mailbox_may_have_a_layout_of_its_own(tmp_path: Path) -> None:
    own(tmp_path, "Subject: x\n\nLayout {% block text %}{% endblock %}", "plus/_customer.txt.j2")
    wording = Wording(SETTINGS, templates=tmp_path)
    assert "Layout" in wording.words(facts(mailbox="plus")).text
    assert "Layout" not in wording.words(facts()).text


def test_the_version_changes_with_what_the_letter_is_made_of(tmp_path: Path) -> None:
    before = Wording(SETTINGS).words(facts()).template
    assert Wording(SETTINGS).words(facts()).template == before
    assert before.split()[0] == "comment"
    own(tmp_path, (BUILT_IN / "_customer.txt.j2").read_text() + "\n", "_customer.txt.j2")
    assert Wording(SETTINGS, templates=tmp_path).words(facts()).template != before


def test_html_is_off_for_a_mailbox_or_an_agent() -> None:
    plain_text = settings(look={"html": False})
    assert Wording(plain_text).words(facts()).html == ""
    boxes = {key: box.model_copy(update={"look": Look(html=key == "plus")}) for key, box in SETTINGS.mailboxes.items()}
    wording = Wording(SETTINGS.model_copy(update={"mailboxes": boxes}))
    assert (wording.words(facts()).html, bool(wording.words(facts(mailbox="plus")).html)) == ("", True)
    agents = {"bert": SETTINGS.agents["bert"].model_copy(update={"html": False}), "ada": SETTINGS.agents["ada"]}
    for_staff = facts(LetterKind.STAFF_NEW)
    assert Wording(SETTINGS).words(for_staff).html
    assert Wording(SETTINGS.model_copy(update={"agents": agents})).words(for_staff).html == ""


def test_the_agents_signature_stands_below_his_answers_only() -> None:
    ada = SETTINGS.agents["ada"].model_copy(update={"signature": "Ada Example\nNetz & Server\n+49 30 123"})
    wording = Wording(SETTINGS.model_copy(update={"agents": {**SETTINGS.agents, "ada": ada}}))
    words = wording.words(facts())
    assert "Mit freundlichen Grüßen\nAda Example\nNetz & Server\n+49 30 123\n" in words.text
    assert "Netz &amp; Server<br>" in words.html
    assert "Mit freundlichen Grüßen\nAcme Support\n" in wording.words(facts(LetterKind.STATUS)).text


EARLIER = QuotedEntry(kind="customer", author="Jörg Jäger", text="Nichts geht.\n\n> alt\n" + "viel " * 500, at=NOON)


def test_what_was_said_before_stands_below_briefly() -> None:
    words = Wording(SETTINGS).words(facts(earlier=(EARLIER,)))
    before, _, below = words.text.partition("Der bisherige Verlauf\n\n")
    assert before.endswith("Acme Support\n\n")
    assert below.startswith("Jörg Jäger schrieb am 21.11.2026, 12:00 UTC:\n> Nichts geht.\n> > alt\n> viel viel")
    quote = below.partition("\n\n-- \n")[0]
    assert quote.endswith("[…]")
    assert len(quote) < 1000
    assert all(line.startswith("> ") and len(line) < 80 for line in quote.splitlines()[1:])
    assert "Der bisherige Verlauf</p>" in words.html


@pytest.mark.parametrize(
    ("zone", "language", "said"),
    [
        (None, "de", "21.11.2026, 12:00 UTC"),
        ("UTC", "en", "21 Nov 2026, 12:00 UTC"),
        ("Europe/Berlin", "de", "21.11.2026, 13:00 MEZ"),
        ("Europe/Berlin", "en", "21 Nov 2026, 13:00 CET"),
        ("America/New_York", "en", "21 Nov 2026, 07:00 EST"),
        ("Asia/Riyadh", "en", "21 Nov 2026, 15:00 UTC+03"),
    ],
)
def test_times_are_those_of_the_helpdesk(zone: str | None, language: str, said: str) -> None:
    helpdesk = SETTINGS.helpdesk.model_copy(update={"timezone": zone})
    asked = replace(facts(), earlier=(QuotedEntry(kind="customer", author="Weiß", text="Nichts geht.", at=NOON),))
    read = replace(asked, recipient=replace(asked.recipient, language=language))
    words = Wording(SETTINGS.model_copy(update={"helpdesk": helpdesk})).words(read)
    assert said in words.text
    assert said in words.html


def test_the_words_of_other_letters_stand_below_with_their_authors() -> None:
    weiss = QuotedEntry(
        kind="customer", author="Weiß", text="<b>Und</b>?", at=NOON, suspicion=Suspicion(said="from elsewhere")
    )
    words = Wording(SETTINGS).words(replace(facts(LetterKind.STAFF_COMMENT), further=(weiss,)))
    below = "Careful: from elsewhere\n\nWeiß wrote on 21 Nov 2026, 12:00 UTC:\n\n<b>Und</b>?"
    assert below in words.text
    assert "&lt;b&gt;Und&lt;/b&gt;?" in words.html
    alone = replace(facts(LetterKind.STAFF_ASSIGNED), entry=None, further=(weiss,))
    assert "<b>Und</b>?" in Wording(SETTINGS).words(alone).text


def test_however_long_joined_words_are_the_letter_can_be_written() -> None:
    long = tuple(
        QuotedEntry(kind="comment", author="Ada", text=f"Teil {n}. " + "x" * 100_000, at=NOON) for n in range(9)
    )
    text = Wording(SETTINGS).words(replace(facts(), further=long)).text
    assert all(f"Teil {n}. xxx" in text for n in range(9))


def test_an_acknowledgement_reminds_of_what_was_asked_without_links() -> None:
    asked = QuotedEntry(kind="customer", author="x", text="Siehe https://evil.example/ bitte", at=NOON)
    words = Wording(SETTINGS).words(facts(LetterKind.ACKNOWLEDGEMENT, entry=asked, events=()))
    assert "Das haben Sie uns geschrieben:\n\n> Siehe https://evil.example/ bitte\n" in words.text
    assert 'href="https://evil' not in words.html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<b>&\"'", "&lt;b&gt;&amp;&#34;&#39;"),
        ("a\n  b\n\tc", "a<br>\n&nbsp;&nbsp;b<br>\n&nbsp;&nbsp;&nbsp;&nbsp;c"),
        ("javascript://x.example/ data://y", "javascript://x.example/ data://y"),
        ("(https://a.example/b?c=d&e=f).", '(<a href="https://a.example/b?c=d&amp;e=f" class="link" style="">'),
        ('https://a.example/"onclick=x', '<a href="https://a.example/" class="link" style="">https://a.example/</a>&#34;'),
    ],
)  # fmt: skip
def test_a_persons_words_in_html_are_escaped_and_only_web_addresses_are_links(text: str, html: str) -> None:
    assert html in str(Prose("")(text))


def test_long_sentences_are_folded_in_the_text() -> None:
    words = Wording(SETTINGS).words(facts(LetterKind.STAFF_CUSTOMER, events=(event(EventKind.UNCONFIRMED),)))
    assert max(map(len, words.text.splitlines())) <= 76
