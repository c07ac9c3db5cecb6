"""`helpdesk parse`: one line a file, and a bad file does not stop the others."""

import json
from pathlib import Path

import pytest
from rich.cells import cell_len

from commands.parse import run

MAIL = (
    b"From: Ada <ada@x.example>\nTo: help@y.example\nSubject: =?utf-8?q?Fire=1B[2J?=\nMessage-ID: <1@x.example>\n"
    b"\nIt burns.\x1b[31m\n"
)


def test_json_is_one_line_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.eml").write_bytes(MAIL)
    (tmp_path / "b.eml").write_bytes(b"")
    assert run([tmp_path / "a.eml", tmp_path / "gone.eml", tmp_path / "b.eml"], as_json=True, text=False) == 1
    said = capsys.readouterr()
    first, second = map(json.loads, said.out.splitlines())
    assert first["from"] == {"name": "Ada", "address": "ada@x.example"}
    assert (first["message_id"], first["in_reply_to"], first["references"]) == ("1@x.example", "", [])
    assert (first["class"], first["auto_reply"], first["bounce"], first["list"]) == ("person", False, False, False)
    assert second["from"] is None
    assert said.err.count("\n") == 1
    assert "gone.eml: cannot be read: No such file" in said.err


def test_the_summary_never_steers_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.eml").write_bytes(MAIL)
    assert run([tmp_path / "a.eml"], as_json=False, text=False) == 0
    out = capsys.readouterr().out
    assert "It burns." in out
    assert "\x1b" not in out


def test_the_summary_says_class_structure_and_what_was_repaired(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds = b"Content-Type: text/plain; charset=x-bad\nAuto-Submitted: auto-replied\n"
    (tmp_path / "a.eml").write_bytes(b"junk\n" + MAIL.replace(b"\n\n", b"\n" + kinds + b"\n", 1))
    run([tmp_path / "a.eml"], as_json=False, text=False)
    lines = capsys.readouterr().out.splitlines()
    assert "class       auto-reply" in lines
    assert "structure   text/plain  x-bad  15 B" in lines
    repaired = lines.index("repaired    1 lines above the header were skipped")
    assert lines[repaired + 1] == "            part 0: charset 'x-bad' is unknown, read as utf-8"


def test_a_bounce_says_whom_it_speaks_of_and_for_how_long(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.eml").write_bytes(
        b"From: MAILER-DAEMON@y.example\nContent-Type: multipart/report; boundary=b\n\n--b\n\nSorry.\n--b\n"
        b"Content-Type: message/delivery-status\n\nReporting-MTA: dns; y.example\n\nFinal-Recipient: rfc822; "
        b"bob@y.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no such user\n--b--\n"
    )
    run([tmp_path / "a.eml"], as_json=True, text=False)
    said = json.loads(capsys.readouterr().out)
    assert said["class"] == "bounce"
    assert said["bounced"] == [
        {"address": "bob@y.example", "status": "5.1.1", "hard": True, "reason": "550 no such user"}
    ]
    run([tmp_path / "a.eml"], as_json=False, text=False)
    lines = capsys.readouterr().out.splitlines()
    assert "class       bounce" in lines
    assert any(line.startswith("  because   bounce: ") for line in lines)
    assert "failed      bob@y.example 5.1.1 (for good) 550 no such user" in lines


def test_text_takes_the_file_as_decoded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text("Yes.\n\n> Well?\n")
    assert run([tmp_path / "a.txt"], as_json=True, text=True) == 0
    assert json.loads(capsys.readouterr().out)["reply_text"] == "Yes."


def test_the_summary_shows_what_was_folded_away_and_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    quoted = "".join(f"> line {number}\n" for number in range(20))
    text = f"It burns.\n\nKind regards,\nAda Byron\n\nOn Mon, 2 Mar 2026 at 10:00, Bob <bob@y.example> wrote:\n{quoted}"
    (tmp_path / "a.eml").write_text(f"From: Ada <ada@x.example>\nSubject: Re: Fire\n\n{text}")
    run([tmp_path / "a.eml"], as_json=False, text=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[lines.index("new text    It burns.") + 2 :][:2] == ["signature   Kind regards,", f"{'':12}Ada Byron"]
    assert lines[lines.index("quoted      On Mon, 2 Mar 2026 at 10:00, Bob <bob@y.example> wrote:") + 4] == (
        "            [... 17 more lines; --full shows them]"
    )
    run([tmp_path / "a.eml"], as_json=False, text=False, full=True)
    assert f"{'':12}> line 19" in capsys.readouterr().out.splitlines()


def test_eighty_columns_are_enough(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commands.reading.columns", lambda: 80)
    name = "Ü\u202e壱" * 60 + ".pdf"
    parts = (
        "--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n\n" + "a" * 300 + " " + "壱" * 100 + "\n"
        "--c\nContent-Type: text/html\n\n<p>a</p>\n--c--\n"
        f'--b\nContent-Type: application/pdf; name="{name}"\n\nx\n--b--\n'
    )
    head = f"From: {'Ada ' * 40} <ada@x.example>\nSubject: {'x' * 200}\nContent-Type: multipart/mixed; boundary=b\n\n"
    (tmp_path / "a.eml").write_bytes((head + parts).encode())
    run([tmp_path / "a.eml"], as_json=False, text=False)
    lines = capsys.readouterr().out.splitlines()[1:]
    assert max(map(cell_len, lines)) <= 80
    assert [line[12:34].rstrip() for line in lines[lines.index("structure   multipart/mixed") :][:4]] == [
        "multipart/mixed",
        "├─ multipart/alternati",
        "│  ├─ text/plain  601",
        "│  └─ text/html  8 B",
    ]


def test_html_is_printed_as_a_page_that_fetches_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    html = "<p onclick=x>It <b>burns</b>.<img src='https://t.example/1.gif'><script>x</script></p>"
    (tmp_path / "a.eml").write_text(f"From: ada@x.example\nSubject: <b>Fire\nContent-Type: text/html\n\n{html}\n")
    assert run([tmp_path / "a.eml"], as_json=False, text=False, html=True) == 0
    page = capsys.readouterr().out
    assert "<p>It <b>burns</b>.<img></p>" in page
    assert "<title>&lt;b&gt;Fire</title>" in page
    assert "default-src 'none'" in page


def test_a_mail_without_html_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.eml").write_bytes(MAIL)
    assert run([tmp_path / "a.eml"], as_json=False, text=False, html=True) == 1
    assert "has no HTML" in capsys.readouterr().err
