"""Writing in an editor: only what stands above the line is sent, and nothing typed is lost."""

import io
import sys
import tempfile
from pathlib import Path

import pytest

from commands.editor import SCISSORS, NotWritten, written

BELOW = "ACME-1  Frage\n\n1  09:00  Jäger  (customer)\n   Wie geht das?\n   # vim: set exrc:"


class _Keyboard(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A terminal, and a folder of its own for drafts."""
    drafts = tmp_path / "drafts"
    drafts.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(drafts))
    monkeypatch.setattr(sys, "stdin", _Keyboard())
    return drafts


def editor(folder: Path, script: str) -> dict[str, str]:
    """An environment whose editor is a shell script; `$1` is the file."""
    file = folder.parent / "my editor"
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o700)
    return {"EDITOR": f"'{file}'"}


PREPEND = 'printf "Zwei\\n\\nAbsätze\\n" > "$1.new"; cat "$1" >> "$1.new"; mv "$1.new" "$1"'


def typed(folder: Path, script: str) -> str:
    with written(None, name="reply-ACME-1", below=lambda: BELOW, environ=editor(folder, script)) as text:
        return text


def test_what_stands_above_the_line_is_the_text(folder: Path) -> None:
    assert typed(folder, PREPEND) == "Zwei\n\nAbsätze"


def test_the_draft_goes_when_the_act_is_done(folder: Path) -> None:
    with written(None, name="reply", below=lambda: BELOW, environ=editor(folder, PREPEND)):
        assert len(list(folder.iterdir())) == 1
    assert list(folder.iterdir()) == []


def test_the_conversation_is_below_the_line_and_harmless(folder: Path) -> None:
    typed(folder, f'cp "$1" "{folder.parent}/seen"; {PREPEND}')
    seen = (folder.parent / "seen").read_text(encoding="utf-8")
    assert seen.startswith(f"\n{SCISSORS}\nACME-1  Frage\n")
    assert "   Wie geht das?\n" in seen
    assert "vim: " not in seen


@pytest.mark.parametrize("script", ["true", ': > "$1"', 'rm "$1"', 'echo "  " > "$1"'])
def test_without_words_nothing_is_sent(folder: Path, capsys: pytest.CaptureFixture[str], script: str) -> None:
    with pytest.raises(NotWritten, match="nothing was written, so nothing was sent"):
        typed(folder, script)
    assert list(folder.iterdir()) == []
    assert capsys.readouterr().err == ""


def test_a_conversation_without_its_line_is_never_sent(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NotWritten, match="must not be sent"):
        typed(folder, f'{PREPEND}; grep -v "8<" "$1" > "$1.new"; mv "$1.new" "$1"')
    (draft,) = folder.glob("*/*")
    assert f"What you wrote is kept in {draft}\n" == capsys.readouterr().err


def test_a_text_that_replaces_everything_is_the_text(folder: Path) -> None:
    assert typed(folder, 'echo "Nur das." > "$1"') == "Nur das."


def test_what_was_typed_outlives_a_failing_act(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (
        pytest.raises(RuntimeError, match="disk full"),
        written(None, name="reply", below=lambda: BELOW, environ=editor(folder, PREPEND)),
    ):
        raise RuntimeError("disk full")
    (draft,) = folder.glob("*/*")
    assert draft.read_text(encoding="utf-8").startswith("Zwei\n\nAbsätze\n")
    assert str(draft) in capsys.readouterr().err
    assert draft.parent.stat().st_mode & 0o077 == 0


def test_what_was_typed_outlives_a_failing_editor(folder: Path) -> None:
    with pytest.raises(NotWritten, match="ended with 3; nothing was sent"):
        typed(folder, f"{PREPEND}; exit 3")
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"EDITOR": "/does/not/exist"}, "cannot be started"),
        ({"VISUAL": "/does/not/exist", "EDITOR": "true"}, "/does/not/exist"),
        ({"EDITOR": "'open"}, "cannot be understood"),
    ],
)
def test_an_editor_that_is_missing_is_one_line(folder: Path, environ: dict[str, str], words: str) -> None:
    with (
        pytest.raises(NotWritten, match=words) as error,
        written(None, name="reply", below=lambda: BELOW, environ=environ),
    ):
        pass
    assert "\n" not in str(error.value)
    assert list(folder.iterdir()) == []


def test_a_pipe_needs_no_editor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("Aus der Leitung\n"))
    with written(None, name="note", below=lambda: BELOW, environ={}) as text:
        assert text == "Aus der Leitung\n"
