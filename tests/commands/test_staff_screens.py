"""What staff see: the queue, a ticket, its history, its letters; and nothing that steers a terminal."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands import history, letters, queue, show
from commands.screen import clean
from desk.acts import File, Staff
from domain.errors import PermanentFailure, TemporaryFailure
from tests.commands.staffroom import AT_NOON, NOON, Staffroom, empty_database, room

__all__ = ["empty_database", "room"]

ROOT = Path(__file__).resolve().parents[2]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def filled(room: Staffroom) -> Staffroom:
    """Three tickets: an outage, an invoice that ada answered and that came back, and an old question."""
    with room.desk() as desk, desk.store.act() as view:
        view.people.add_organization("BigCorp", domains=["bigcorp.example"], now=NOON)
    room.mail("José Nuñez <nunez@uni.example>", "Zugang Übungskonto", "Bitte um Zugang.", ago=2 * DAY)
    room.mail("Anna Weiß <weiss@firma.example>", "Rechnung doppelt", "Siehe Anhang.\n\nAnna", ago=3 * HOUR,
              files=[("Rechnung.pdf", b"%PDF" + b"x" * 8096)])  # fmt: skip
    room.mail("Jäger <jaeger@bigcorp.example>", "Störung im Netz seit heute früh", "Hilfe!", ago=12 * MINUTE)
    with room.desk() as desk:
        ada = Staff(desk=desk, agent="ada", now=NOON - HOUR)
        ada.take(2)
        ada.reply(2, "Wir prüfen das.", files=[File(name="plan.txt", content_type="text/plain", data=b"plan")])
        ada.note(2, "Sie zahlt immer pünktlich.")
    token = room.letter_to(2, "weiss@firma.example")
    room.mail("Anna Weiß <weiss@firma.example>", "AW: Rechnung", "Danke!\n\n> Wir prüfen das.", ago=30 * MINUTE,
              In_Reply_To=f"<{token}>")  # fmt: skip
    room.mail("Fremd <fremd@else.example>", "AW: Rechnung", "Ich auch.", ago=20 * MINUTE, In_Reply_To=f"<{token}>")
    room.mail("Fremd <fremd@else.example>", "[ACME-2] geraten", "Ich rate.", ago=10 * MINUTE)
    return room


QUEUE = """\
No      Title                            Customer         Status  Prio    Who      Waits
ACME-1  Zugang Übungskonto               José Nuñez       open    normal  service    2 d
ACME-2  Rechnung doppelt                 Anna Weiß        open    normal  ada     30 min
ACME-3  Störung im Netz seit heute früh  BigCorp · Jäger  open    urgent  network 12 min
ACME-4  geraten                          Fremd            open    normal  service 10 min
4 of 4 open · yours 1 · nobody's 3 · oldest waits 2 d (helpdesk show 1)
"""


def squeezed(text: str) -> list[list[str]]:
    """Lines as columns, however many spaces stand between them."""
    return [line.split() for line in text.splitlines()]


def test_the_queue(room: Staffroom, capsys: pytest.CaptureFixture[str]) -> None:
    with filled(room).desk() as desk:
        queue.show(desk, queue.look(desk, queue.Wish(), who="ada", moment=NOON), AT_NOON)
    assert squeezed(capsys.readouterr().out) == squeezed(QUEUE)


def test_the_queue_fits_into_80_columns(room: Staffroom, capsys: pytest.CaptureFixture[str]) -> None:
    with filled(room).desk() as desk:
        queue.show(desk, queue.look(desk, queue.Wish(), who="ada", moment=NOON), AT_NOON, width=80)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6
    assert all(len(line) <= 80 for line in lines)
    assert lines[3].endswith("network  12 min")


@pytest.mark.parametrize(
    ("wish", "numbers", "summary"),
    [
        (queue.Wish(mine=True), [2], "1 of 1 · 4 open · yours 1"),
        (queue.Wish(nobodys=True), [1, 3, 4], "3 of 3 · 4 open"),
        (queue.Wish(limit=1), [1], "1 of 4 open"),
        (queue.Wish(group="network"), [3], "1 of 1 · 4 open"),
        (queue.Wish(customer="weiss@firma.example"), [2], "1 of 1 · 4 open"),
        (queue.Wish(status="closed"), [], "nothing found · 4 open"),
        (queue.Wish(everything=True), [4, 3, 2, 1], "4 of 4 open"),
    ],
)
def test_what_can_be_listed(
    room: Staffroom, capsys: pytest.CaptureFixture[str], wish: queue.Wish, numbers: list[int], summary: str
) -> None:
    with filled(room).desk() as desk:
        found = queue.look(desk, wish, who="ada", moment=NOON)
        assert [line.number for line in found.lines] == numbers
        queue.show(desk, found, AT_NOON)
    assert summary in capsys.readouterr().out.splitlines()[-1]


def test_what_is_due_can_be_listed(room: Staffroom) -> None:
    for subject in ("Angebot", "Rechnung", "Frage"):
        room.mail("jaeger@bigcorp.example", subject, f"Es geht um {subject}.")
    assert room.type("due", "1", "tomorrow", "23:58").startswith("ACME-1  due – → 2")
    assert "letter   to bert@acme.example" in room.type("due", "2", "+3d")
    assert room.refusal("due", "2", "2020-01-01").endswith("nothing was changed")
    assert "'soon' is no due time: write a day" in room.refusal("due", "2", "soon")
    listed = room.type("list")
    assert listed.splitlines()[0].split()[-2:] == ["Waits", "Due"]
    assert "in 2 d" in listed
    by_then = room.type("list", "--due", "tomorrow")
    assert "Angebot" in by_then
    assert "Rechnung" not in by_then
    assert json.loads(room.type("list", "--overdue", "--json")) == []
    assert [one["number"] for one in json.loads(room.type("list", "--due", "9d", "--json"))] == [1, 2]
    with room.desk() as desk, desk.store.act() as view:
        view.tickets.change(1, now=NOON, due_at=NOON)
    assert [one["number"] for one in json.loads(room.type("list", "--overdue", "--json"))] == [1]
    assert "overdue" in room.type("list")
    assert "due          2026-11-21" in room.type("show", "1")
    assert "due – → " in room.type("history", "2")
    assert room.type("due", "2", "none").startswith("ACME-2  due 2")
    assert "Due" not in room.type("list", "--status", "waiting")


def test_support_that_is_over_is_pointed_out(room: Staffroom) -> None:
    config = room.path.read_text(encoding="utf-8")
    room.path.write_text(f"{config}notifications: {{support_over: flag}}\n", encoding="utf-8")
    room.mail("Jäger <jaeger@bigcorp.example>", "Frage", "Wie geht das?")
    said = room.type(
        "contacts", "jaeger@bigcorp.example", "--support-from", "2025-01-01", "--support-until", "2026-10-31"
    )
    assert said == "Jäger <jaeger@bigcorp.example>  support is from 2025-01-01 until 2026-10-31\n"
    assert "nothing changed" in room.type("contacts", "jaeger@bigcorp.example", "--support-until", "2026-10-31")
    assert "from 2025-01-01 until 2026-10-31" in room.type("contacts")
    assert "'31.10.' is not a date" in room.refusal("contacts", "jaeger@bigcorp.example", "--support-until", "31.10.")
    assert "end before it begins" in room.refusal("contacts", "jaeger@bigcorp.example", "--support-until", "2024-12-31")
    room.mail("Jäger <jaeger@bigcorp.example>", "Drucker", "Er druckt nicht.")
    assert room.type("list").count("Jäger (support over)") == 1
    assert "Jäger <jaeger@bigcorp.example> · support ended on 2026-10-31" in room.type("show", "2")
    assert [one["support_over"] for one in json.loads(room.type("list", "--json"))] == [False, True]
    room.type("untag", "2", "support over")
    assert "support over" not in room.type("list")
    assert "support is from 2025-01-01\n" in room.type("contacts", "jaeger@bigcorp.example", "--support-until", "")


def test_a_ticket_is_opened_with_a_due_time(room: Staffroom) -> None:
    said = room.type("new", "--customer", "weiss@firma.example", "--title", "Rückruf", "-m", "Bitte.", "--due", "2d")
    assert said.startswith("ACME-1  opened: Rückruf, due – → 2")
    assert json.loads(room.type("show", "1", "--json"))["due_at"]


def test_screens_go_by_the_time_zone_of_the_helpdesk(room: Staffroom) -> None:
    room.mail("jaeger@bigcorp.example", "Frage", "Wie geht das?", ago=DAY)
    config = room.path.read_text(encoding="utf-8")
    room.path.write_text(config.replace("tag: ACME", "tag: ACME, timezone: Asia/Tokyo"), encoding="utf-8")
    assert "opened       2026-11-20 21:00 by mail" in room.type("show", "1")


def test_an_empty_desk_says_so(room: Staffroom) -> None:
    assert room.type("list") == "Nothing is open.\n"
    assert room.type("letters") == "No letters, and none withheld.\n"
    assert room.type("contacts") == "There are no contacts yet.\n"


TICKET = """\
ACME-2  Rechnung doppelt
status       open · normal
customer     Anna Weiß <weiss@firma.example>
who          ada · service
waits        30 min, since 11:30
opened       09:00 by mail, mailbox support
linked from  ACME-4

1  09:00  Anna Weiß  (customer)
   Siehe Anhang.

   Anna
   [Rechnung.pdf, 8.1 kB]

2  11:00  Ada Example  (comment to the customer)
   Wir prüfen das.
   [plan.txt, 4 B]

3  11:00  Ada Example  (internal note)
   Sie zahlt immer pünktlich.

4  11:30  Anna Weiß  (customer)
   Danke!
   [... quoted text; --full shows it]

5  11:40  Fremd  (customer, UNCONFIRMED SENDER)
   Ich auch.

helpdesk show 2 --save writes the files into ./ACME-2/
"""


def test_a_ticket(room: Staffroom, capsys: pytest.CaptureFixture[str]) -> None:
    with filled(room).desk() as desk:
        show.show(desk, show.read(desk, 2), AT_NOON)
        assert capsys.readouterr().out == TICKET
        show.show(desk, show.read(desk, 2), AT_NOON, full=True)
        assert "   > Wir prüfen das.\n" in capsys.readouterr().out


HISTORY = """\
When   Who          What
09:00  Anna Weiß    opened
                      because no rule opens or ignores it: a mail
                      without a ticket opens one
11:00  Ada Example  taken over by ada
11:00  Ada Example  comment added
11:00  Ada Example  note added
11:30  Anna Weiß    customer wrote
"""


def test_a_history_says_why(room: Staffroom, capsys: pytest.CaptureFixture[str]) -> None:
    filled(room)
    assert "rule 'outage'" in room.type("history", "3")
    told = room.type("history", "2")
    assert "which went to another address" in told
    causes = [line["event"]["because"] for line in json.loads(room.type("history", "2", "--json"))]
    assert any(cause.startswith("token: answers letter") for cause in causes)
    with room.desk() as desk, desk.store.reading() as view:
        history.show(desk, view.tickets.history(2), AT_NOON, width=70)
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 70 for line in lines)
    assert lines[:8] == HISTORY.splitlines()


def test_why_nothing_came(room: Staffroom, capsys: pytest.CaptureFixture[str]) -> None:
    room.mail("Jäger <jaeger@bigcorp.example>", "Frage", "Wie geht das?", ago=HOUR)
    with room.desk() as desk:
        with desk.store.act() as view:
            taken = view.outbox.claim("me", now=NOON, limit=9, stale=NOON - DAY, is_dead=lambda _: False)
            by_address = {letter.recipient.address: letter for letter in taken}
            view.outbox.postpone(
                by_address["jaeger@bigcorp.example"],
                until=NOON,
                reply=str(TemporaryFailure("451 greylisted")),
                now=NOON,
            )
            view.outbox.sent(by_address["ada@acme.example"], reply="250 Ok", now=NOON)
            view.outbox.fail(by_address["bert@acme.example"], reply=str(PermanentFailure("550 no such user")))
        with desk.store.reading() as view:
            letters.show(desk, letters.about(view, 1), AT_NOON, tickets=False)
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows[0] == ["When", "Id", "Event", "To", "State", "Why"]
    assert [[row[0], *row[2:]] for row in rows[1:]] == [
        ["11:00", "opened", "jaeger@bigcorp.example", "postponed", "451", "greylisted,", "again", "at", "12:00"],
        ["11:00", "opened", "ada@acme.example", "sent", "member", "of", "group", "service"],
        ["11:00", "opened", "bert@acme.example", "failed", "550", "no", "such", "user"],
    ]


def test_the_words_of_a_letter(room: Staffroom) -> None:
    filled(room)
    found = json.loads(room.type("letters", "2", "--json"))
    comment = next(one for one in found if one["kind"] == "comment")
    shown = room.type("letters", "2", "--text", comment["letter"][:4])
    assert "Subject: [ACME-2] Rechnung doppelt\n" in shown
    assert "Wir prüfen das." in shown
    assert "[plan.txt]" in shown


def test_a_mail_as_it_came(room: Staffroom) -> None:
    room.raw(b"From: weiss@firma.example\nSubject: Roh\nMessage-ID: <roh@firma.example>\n\nGr\xfc\xdfe\n")
    done = subprocess.run(
        [sys.executable, "-m", "cli", "--config", str(room.path), "show", "1", "--raw", "1"],
        check=True,
        capture_output=True,
        cwd=ROOT,
    )
    assert done.stdout.endswith(b"\n\nGr\xfc\xdfe\n")


def test_the_html_of_a_mail_is_harmless(room: Staffroom) -> None:
    html = b"<p onclick=x>Gr\xc3\xbc\xc3\x9fe<img src='https://t.example/1.gif'></p>"
    room.raw(b"From: weiss@firma.example\nContent-Type: text/html; charset=utf-8\n\n" + html)
    shown = room.type("show", "1", "--html", "1")
    assert "<p>Gr\xfc\xdfe<img></p>" in shown
    assert "t.example" not in shown


def test_a_terminal_without_arrows_gets_question_marks(room: Staffroom) -> None:
    room.mail("Jäger <jaeger@bigcorp.example>", "Frage", "Wie geht das?")
    done = subprocess.run(
        [sys.executable, "-m", "cli", "--config", str(room.path), "close", "1", "--as", "ada"],
        check=True,
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.stdout.startswith(b"ACME-1  open ? closed\n")


def test_files_are_saved_and_never_written_over(
    room: Staffroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("../../etc/passwd", "a.txt", "a.txt", ".bashrc", "C:\\x\\con?.txt", "\u202egpj.exe", "")
    room.mail("Jäger <jaeger@bigcorp.example>", "Files", "x", files=[(n, str(i).encode()) for i, n in enumerate(names)])
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "ACME-1"
    folder.mkdir()
    (folder / "bashrc").write_text("mine", encoding="utf-8")
    (folder / "passwd").symlink_to(tmp_path / "elsewhere")
    room.type("show", "1", "--save")
    saved = {file.name: file.read_bytes() for file in folder.iterdir() if not file.is_symlink()}
    assert saved.pop("bashrc") == b"mine"
    assert saved.pop("a.txt") == b"1"
    assert saved.pop("a (2).txt") == b"2"
    assert saved.pop("passwd (2)") == b"0"
    assert saved.pop("bashrc (2)") == b"3"
    assert not (tmp_path / "elsewhere").exists()
    assert not (tmp_path.parent / "etc").exists()
    assert "is there already" in room.type("show", "1", "--save")
    assert len(list(folder.iterdir())) == 2 + len(names)


@given(st.text())
def test_a_safe_name_is_a_name_in_its_folder(name: str) -> None:
    safe = show.safe_name(name)
    assert safe not in ("", ".", "..")
    assert os.path.basename(safe) == safe
    assert not safe.startswith(".")
    assert len(safe.encode()) <= 200
    assert clean(safe) == safe
    assert show.safe_name(safe) == safe


HOSTILE = "\x1b]0;pwned\x07\x1b[2J\u202e\x9b31m[bold]x"


def test_nothing_in_a_mail_steers_the_terminal(room: Staffroom, tmp_path: Path) -> None:
    raw = (
        f'From: "{HOSTILE}" <evil@evil.example>\nTo: support@acme.example\nSubject: {HOSTILE} title\n'
        "Message-ID: <hostile@evil.example>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
        f"--b\nContent-Type: text/plain; charset=utf-8\n\nBody {HOSTILE}\n"
        f'--b\nContent-Type: text/plain; name="f{HOSTILE}.txt"\nContent-Disposition: attachment\n\nx\n--b--\n'
    )
    room.raw(raw.encode("utf-8", "surrogateescape"))
    with room.desk() as desk, desk.store.act() as view:
        # Even if the reader let it through, or the row came from elsewhere.
        view.tickets.change(1, now=NOON, title=HOSTILE)
    room.type("tag", "1", f"t{HOSTILE}")
    room.type("note", "1", "-m", f"n{HOSTILE}")
    reads = ["list", "show 1", "history 1", "letters 1", "letters", "contacts"]
    screens = [
        *(line.split() for line in reads),
        *([*line.split(), "--json"] for line in reads),
        ["show", "1", "--full"],
        ["show", "1", "--save", "--to", str(tmp_path / "saved")],
        ["take", "1"],
        ["set", "1", "title", f"new {HOSTILE}"],
        ["contacts", HOSTILE],
        ["contacts", "evil@evil.example", "--opt-out"],
    ]
    for words in screens:
        out = room.type(*words)
        assert out
        assert clean(out, lines=True) == out, words
