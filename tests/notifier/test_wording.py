"""Templates: the built-in ones, an administrator's own, and what goes wrong in them."""

from pathlib import Path

import pytest

from domain.errors import Problem
from domain.letter import LetterKind
from notifier.samples import check_templates
from notifier.shelf import BUILT_IN
from notifier.wording import BadTemplate, Wording, one_line, plain
from tests.notifier.people import settings
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
