"""`helpdesk templates`: what letters are written with, tried out and changed."""

import json
from pathlib import Path

import pytest

from notifier.shelf import ORIGINALS
from tests.commands.staffroom import Staffroom, empty_database, room

__all__ = ["empty_database", "room"]

JAEGER = "Jörg Jäger <jaeger@bigcorp.example>"


@pytest.fixture
def own(room: Staffroom) -> Path:
    """The house's own directory."""
    text = room.path.read_text(encoding="utf-8")
    room.path.write_text(f"{text}notifications: {{templates: own}}\n", encoding="utf-8")
    folder = room.path.with_name("own")
    folder.mkdir()
    return folder


def test_the_list_names_whose_each_is(room: Staffroom, own: Path) -> None:
    room.type("templates", "edit", "comment", "--language", "de", "--mailbox", "support")
    listed = room.type("templates", "list")
    rows = [line.split() for line in listed.splitlines()]
    assert ["comment", "all", "all", "both", "built-in"] in [row[:5] for row in rows]
    assert ["comment", "de", "support", "both", "own"] in [row[:5] for row in rows]
    assert "sentences, built-in" in listed
    found = json.loads(room.type("templates", "list", "--json"))
    assert [one["template"] for one in found["own"]] == ["comment"]


def test_show_prints_the_source_that_is_used(room: Staffroom, own: Path) -> None:
    assert '{{ paragraph(say("notice"' in room.type("templates", "show", "notice")
    (own / "notice.en.j2").write_text("mine", encoding="utf-8")
    assert "mine" in room.type("templates", "show", "notice", "--language", "en")
    assert "mine" not in room.type("templates", "show", "notice", "--language", "de")
    assert ".sheet {" in room.type("templates", "show", "letter")
    assert "there is no template 'none'" in room.refusal("templates", "show", "none")


def test_a_preview_about_made_up_facts(room: Staffroom) -> None:
    shown = room.type("templates", "preview", "staff-new", "--language", "en")
    assert "Subject: [ACME-1042] Störung im Netz\n" in shown
    assert "New ticket ACME-1042 from Jörg Weiß." in shown
    assert "there is no letter 'nonsense'; there are: acknowledgement," in room.refusal(
        "templates", "preview", "nonsense"
    )
    assert "there is no mailbox 'x'" in room.refusal("templates", "preview", "comment", "--mailbox", "x")


def test_a_preview_about_a_ticket_sends_nothing(room: Staffroom, tmp_path: Path) -> None:
    room.mail(JAEGER, "Netz weg", "Im Lager geht nichts.")
    assert "ACME-1 has no comment that such a letter" in room.refusal(
        "templates", "preview", "comment", "--ticket", "1"
    )
    room.type("reply", "1", "-m", "Wir schauen nach.")
    before = room.type("letters", "1", "--json")
    page = tmp_path / "letter.html"
    shown = room.type("templates", "preview", "comment", "--ticket", "ACME-1", "--html", str(page))
    assert "To: Jörg Jäger <jaeger@bigcorp.example>" in shown
    assert "Wir schauen nach." in shown
    assert "> Im Lager geht nichts." in shown
    assert "Wir schauen nach." in page.read_text(encoding="utf-8")
    assert room.type("letters", "1", "--json") == before
    for kind in ("acknowledgement", "status", "change", "staff_new", "staff_assigned", "staff_customer"):
        assert "ACME-1" in room.type("templates", "preview", kind, "--ticket", "1", "--language", "en")


def test_check_names_file_and_line(room: Staffroom, own: Path) -> None:
    assert room.type("templates", "check") == "Every letter can be written in every language.\n"
    (own / "notice.j2").write_text('{% extends "_customer" %}\n\n{{ nonsense', encoding="utf-8")
    done = room._run(("templates", "check"), "ada", "")
    assert done.exit_code == 1
    assert f"{own}/notice.j2:3:1: " in done.output
    assert "1 wrong, 0 odd." in done.output


def test_a_daemon_does_not_start_with_a_broken_template(room: Staffroom, own: Path) -> None:
    (own / "notice.j2").write_text('{% extends "_customer" %}\n{{ nonsense', encoding="utf-8")
    assert "notice.j2:2:1: " in str(room._run(("run",), "ada", "").exception)


def test_an_own_copy_survives_an_upgrade_and_diff_tells_what_changed(room: Staffroom, own: Path) -> None:
    assert "is yours now" in room.type("templates", "edit", "comment")
    assert "is there already; it was not touched" in room.refusal("templates", "edit", "comment")
    file = own / "comment.j2"
    assert "no difference" in room.type("templates", "diff")
    file.write_text(file.read_text().replace("closing.comment", "closing"), encoding="utf-8")
    shown = room.type("templates", "diff", "comment")
    assert "comment.j2: ours is as it was when you copied it" in shown
    assert '+{% block closing %}{{ paragraph(say("closing")) }}{% endblock %}' in shown
    # As if the copy had been made of an older version of ours.
    (original,) = (own / ORIGINALS).iterdir()
    version = original.name.rpartition(".")[2]
    original.with_name("comment.j2.01234567").write_text(original.read_text() + "{# old #}\n", encoding="utf-8")
    file.write_text(file.read_text().replace(version, "01234567"), encoding="utf-8")
    shown = room.type("templates", "diff")
    assert f"ours has changed since your copy (01234567 → {version})" in shown
    assert "-{# old #}" in shown
    assert room.type("templates", "check") == "Every letter can be written in every language.\n"


def test_a_language_is_begun_and_sentences_that_differ_are_told(room: Staffroom, own: Path) -> None:
    assert "fr.po" in room.type("templates", "edit", "fr")
    assert "is there already" in room.refusal("templates", "edit", "fr")
    assert "neither a template nor" in room.refusal("templates", "edit", "nonsense")
    assert room.type("templates", "diff") == "Nothing differs from what is built in.\n"
    text = (own / "fr.po").read_text(encoding="utf-8")
    (own / "fr.po").write_text(
        text.replace('msgid "Kind regards"\nmsgstr ""', 'msgid "Kind regards"\nmsgstr "Cordialement"'), encoding="utf-8"
    )
    assert "Cordialement" in room.type("templates", "preview", "notice", "--language", "fr")
    room.mail(JAEGER, "Netz weg", "Im Lager geht nichts.")
    assert "language is fr" in room.type("contacts", "jaeger@bigcorp.example", "--language", "fr")


def test_without_a_directory_there_is_nowhere_to_copy_to(room: Staffroom) -> None:
    assert "add to config.yaml: notifications: {templates: templates}" in room.refusal("templates", "edit", "comment")
    assert room.type("templates", "diff") == "Nothing differs from what is built in.\n"


def test_a_letter_about_a_due_time_is_shown_before_there_is_one(room: Staffroom) -> None:
    room.mail(JAEGER, "Störung", "Nichts geht.")
    assert "ist bald fällig: 22.11.2026, 17:00 UTC." in room.type("templates", "preview", "staff_due")
    assert "has no due time" in room.refusal("templates", "preview", "staff_due", "--ticket", "1")
    room.type("due", "1", "3d")
    assert "ACME-1 is due soon: " in room.type("templates", "preview", "staff_due", "--ticket", "1", "--language", "en")
