"""`helpdesk outbox` and `helpdesk letters`: what waits, and what staff does with it."""

import json
from datetime import timedelta
from typing import Any

import pytest

from commands import outbox, roads
from desk.config import load
from desk.deliver import Delivery
from domain.errors import ConfigError
from domain.letter import Reason
from notifier.smtp import SmtpSender
from store.outbox import LetterState, QueuedLetter
from tests.commands.staffroom import AT_NOON, NOON, Staffroom, empty_database, room
from tests.servers.smtp import SmtpSink

__all__ = ["empty_database", "room"]

# Commands make letters due at the time of the machine that runs the tests.
LATER = NOON + timedelta(days=36500)
ANNA, ADA, BERT = "anna@firma.example", "ada@acme.example", "bert@acme.example"


def listed(room: Staffroom) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(room.type("outbox", "list", "--json"))["letters"]
    return found


def start_of(room: Staffroom, address: str) -> str:
    return next(str(one["letter"])[:6] for one in listed(room) if one["to"] == address)


def claimed(room: Staffroom, holder: str = "me") -> dict[str, QueuedLetter]:
    with room.desk() as desk, desk.store.act() as view:
        taken = view.outbox.claim(holder, now=LATER, limit=99, stale=NOON - timedelta(days=1), is_dead=lambda _: False)
    return {letter.recipient.address: letter for letter in taken}


def failed(room: Staffroom, address: str) -> None:
    taken = claimed(room)
    with room.desk() as desk, desk.store.act() as view:
        view.outbox.fail(taken.pop(address), reply="550 5.1.1 no such user")
        view.outbox.put_back(taken.values())


@pytest.fixture
def asked(room: Staffroom) -> Staffroom:
    """Anna asked; an acknowledgement and two letters to staff wait."""
    room.mail(f"Anna Weiß <{ANNA}>", "Rechnung doppelt", "Bitte prüfen.")
    return room


def test_an_empty_outbox(room: Staffroom) -> None:
    assert room.type("outbox", "list") == "The outbox is empty.\n"
    assert json.loads(room.type("outbox", "list", "--json")) == {"letters": [], "holds": []}


def test_what_waits_and_what_failed(asked: Staffroom, capsys: pytest.CaptureFixture[str]) -> None:
    taken = claimed(asked)
    with asked.desk() as desk:
        with desk.store.act() as view:
            view.outbox.postpone(taken[ANNA], until=NOON + timedelta(minutes=5), reply="451 4.7.1 greylisted", now=NOON)
            view.outbox.fail(taken[ADA], reply="550 5.1.1 no such user")
            view.outbox.put_back([taken[BERT]])
        with desk.store.reading() as view:
            lines = [outbox._line(one, view.outbox.holds()) for one in view.outbox.unsent()]
        outbox.show(desk, lines, (), AT_NOON)
    rows = [" ".join(line.split()[1:]) for line in capsys.readouterr().out.splitlines()]
    assert rows == [
        "State Age Ticket Event To Tries Next Why",
        "postponed 0 s ACME-1 opened anna@firma.example 1 12:05 451 4.7.1 greylisted",
        "failed 0 s ACME-1 opened ada@acme.example 1 – 550 5.1.1 no such user",
        "queued 0 s ACME-1 opened bert@acme.example 0 12:00 member of group service",
    ]


def test_a_failed_letter_is_tried_again_from_the_beginning(asked: Staffroom) -> None:
    failed(asked, ANNA)
    assert asked.type("outbox", "retry", "--all") == "Nothing waits for another attempt.\n", "failed ones need a word"
    start = start_of(asked, ANNA)
    assert asked.type("outbox", "retry", start) == f"{start[:4]}  due now: opened to {ANNA} · ACME-1\n"
    assert [(one["state"], one["attempts"]) for one in listed(asked)] == [("queued", 0)] * 3
    failed(asked, ANNA)
    assert "due now" in asked.type("outbox", "retry", "--all", "--failed")


def test_a_cancelled_letter_is_a_withheld_one(asked: Staffroom) -> None:
    start = start_of(asked, ANNA)
    assert asked.type("outbox", "cancel", start) == f"{start[:4]}  cancelled: opened to {ANNA} · ACME-1\n"
    assert ANNA not in {one["to"] for one in listed(asked)}
    line = next(one for one in json.loads(asked.type("letters", "1", "--json")) if one["to"] == ANNA)
    assert (line["state"], line["why"]) == ("withheld", "cancelled by Ada Example")
    with asked.desk() as desk, desk.store.reading() as view:
        assert [one.withheld.reason for one in view.outbox.of_ticket(1)[1]] == [Reason.CANCELLED]
    assert "no longer in the outbox: it is withheld" in asked.refusal("outbox", "cancel", start)
    assert "it is withheld" in asked.refusal("outbox", "retry", start)


def test_a_letter_in_somebodys_hand_is_left_alone(asked: Staffroom) -> None:
    start = start_of(asked, ANNA)
    with asked.desk() as desk:
        mine = desk.holder
    taken = claimed(asked, mine)
    assert {one["state"] for one in listed(asked)} == {"sending"}
    assert "is being sent at this moment" in asked.refusal("outbox", "cancel", start)
    assert asked.type("outbox", "cancel", "--ticket", "1") == "Nothing to cancel: no such letter waits.\n"
    with asked.desk() as desk, desk.store.act() as view:
        view.outbox.put_back(taken.values())
        assert all(view.outbox.by_letter(one.letter).state is LetterState.QUEUED for one in taken.values())  # type: ignore[union-attr]
    assert asked.type("outbox", "cancel", "--ticket", "ACME-1").count("cancelled:") == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--all",), "all letters"),
        (("--ticket", "1"), "all letters about ACME-1"),
        (None, "letter "),
    ],
    ids=["all", "ticket", "letter"],
)
def test_what_is_on_hold_stays(asked: Staffroom, words: tuple[str, ...] | None, said: str) -> None:
    words = words or (start_of(asked, ANNA),)
    assert asked.type("outbox", "hold", *words).startswith(f"On hold: {said}")
    assert asked.type("outbox", "hold", *words, agent="bert") == "Nothing changed: that is on hold already.\n"
    line = next(one for one in listed(asked) if one["to"] == ANNA)
    assert (line["state"], line["next"]) == ("held", None)
    assert "by ada since" in asked.type("outbox", "list")
    assert next(o for o in json.loads(asked.type("letters", ANNA, "--json")))["why"] == "on hold by ada"
    assert ANNA not in claimed(asked)
    assert asked.type("outbox", "release", *words).startswith(f"Released: {said}")
    assert asked.type("outbox", "release", *words) == "Nothing changed: that was not on hold.\n"
    assert ANNA in claimed(asked)


def test_a_hold_on_everything_is_one_on_what_comes_too(asked: Staffroom) -> None:
    asked.type("outbox", "hold", "--all")
    asked.mail(f"Anna Weiß <{ANNA}>", "Noch etwas", "Bitte.")
    assert claimed(asked) == {}
    with asked.desk() as desk, desk.store.reading() as view:
        assert view.outbox.next_due() is None, "the daemon has nothing to look for"


def test_release_says_what_else_is_on_hold(asked: Staffroom) -> None:
    asked.type("outbox", "hold", "--all")
    asked.type("outbox", "hold", "--ticket", "1")
    assert asked.type("outbox", "release", "--all").splitlines()[1] == "Still on hold: all letters about ACME-1"


@pytest.mark.parametrize("act", ["retry", "cancel", "hold", "release"])
def test_one_says_which_letters(asked: Staffroom, act: str) -> None:
    for words in ((), ("--all", "--ticket", "1"), ("abcd", "--all")):
        assert "which letters?" in asked.refusal("outbox", act, *words)
    assert "there is no letter 'zzzz'" in asked.refusal("outbox", act, "zzzz")
    assert "99" in asked.refusal("outbox", act, "--ticket", "99")


def test_the_letters_to_an_address(asked: Staffroom) -> None:
    asked.mail("Tom <tom@firma.example>", "Frage", "Wie?")
    asked.type("reply", "2", "-m", "So.", "--cc", "kopie@fremd.example")
    mine = json.loads(asked.type("letters", "Kopie@FREMD.example", "--json"))
    assert [(one["to"], one["kind"], one["ticket"]) for one in mine] == [("kopie@fremd.example", "comment", 2)]
    assert asked.type("letters", "nobody@nowhere.example") == "No letters, and none withheld.\n"
    asked.type("contacts", "tom@firma.example", "--opt-out")
    asked.type("reply", "2", "-m", "Noch etwas.")
    assert [one["state"] for one in json.loads(asked.type("letters", "tom@firma.example", "--json"))] == [
        "queued", "queued", "withheld",
    ]  # fmt: skip


def test_the_bytes_of_a_letter(asked: Staffroom) -> None:
    start = start_of(asked, ANNA)
    shown = asked.type("outbox", "show", start)
    assert shown.startswith("From: Acme Support <support@acme.example>")
    assert "Message-ID: <" in shown
    assert asked.type("letters", "--show", start) == asked.type("letters", "1", "--show", start) == shown
    taken = claimed(asked)
    with asked.desk() as desk, desk.store.act() as view:
        copy = view.blobs.put(b"From: us\r\n\r\nas it was sent\r\n")
        view.outbox.sent(taken[ANNA], reply="250 Ok", now=NOON, blob=copy, template="acknowledgement 1a2b")
    assert asked.type("outbox", "show", start).endswith("as it was sent\n")
    (line,) = json.loads(asked.type("letters", ANNA, "--json"))
    assert (line["state"], line["template"], line["reply"]) == ("sent", "acknowledgement 1a2b", "250 Ok")


def test_a_letter_that_came_back_says_so(asked: Staffroom) -> None:
    taken = claimed(asked)
    with asked.desk() as desk, desk.store.act() as view:
        view.outbox.sent(taken[ANNA], reply="250 Ok", now=NOON)
        view.outbox.sent(taken[ADA], reply="250 Ok", now=NOON)
        view.outbox.bounced(taken[ANNA], because="5.1.1 unknown user", at=NOON)
        view.outbox.bounced(taken[ANNA], because="5.0.0 another word", at=NOON)
        view.outbox.bounced(taken[ADA], because="4.4.7 delayed", at=None)
    found = {one["to"]: one for one in json.loads(asked.type("letters", "1", "--json"))}
    assert (found[ANNA]["state"], found[ANNA]["why"]) == ("bounced", "5.1.1 unknown user")
    assert (found[ADA]["state"], found[ADA]["why"]) == ("delayed", "4.4.7 delayed")


def test_what_goes_together_names_each_other(asked: Staffroom) -> None:
    text = asked.path.read_text(encoding="utf-8")
    asked.path.write_text(f"{text}notifications: {{join_within: 2m}}\n", encoding="utf-8")
    config = load(asked.path)
    with asked.desk() as desk, SmtpSink() as sink:
        smtp = config.settings.smtp.model_copy(update={"host": "127.0.0.1", "port": sink.port, "tls": "none"})
        sender = SmtpSender(smtp, password=None)
        delivery = Delivery(desk, sender, roads.writer(config, desk), clock=lambda: LATER, chance=lambda: 0.5)
        delivery.deliver()
        sink.refusals[ANNA] = "451 4.7.1 greylisted"
        asked.type("reply", "1", "-m", "Wir prüfen das.")
        asked.type("solve", "1", "-m", "Eine war ein Storno.")
        assert delivery.deliver().postponed == 1
        delivery.close()
    found = {one["kind"]: one for one in json.loads(asked.type("letters", ANNA, "--json"))}
    assert [found[kind]["state"] for kind in ("acknowledgement", "comment", "solution")] == [
        "sent", "joined", "postponed",
    ]  # fmt: skip
    solution = found["solution"]["letter"]
    assert found["comment"]["why"] == f"goes with letter {solution[:4]}"
    assert found["comment"]["joined_into"] == solution
    assert [one["why"] for one in listed(asked)] == ["451 4.7.1 greylisted · with 1 more"]
    assert "Wir prüfen das." in asked.type("letters", "--text", found["comment"]["letter"][:6])
    assert "is no longer in the outbox: it is joined" in asked.refusal(
        "outbox", "retry", found["comment"]["letter"][:8]
    )


def configured(room: Staffroom, line: str) -> None:
    room.path.write_text(f"{line}\n{room.path.read_text(encoding='utf-8')}", encoding="utf-8")


def delivered(room: Staffroom) -> int:
    """How many letters left by the roads that the settings describe."""
    config = load(room.path)
    with room.desk() as desk:
        delivery = Delivery(
            desk, roads.sender(config), roads.writer(config, desk), clock=lambda: LATER, chance=lambda: 0.5
        )
        report = delivery.deliver()
        delivery.close()
    return report.sent


def test_a_sandbox_of_files_needs_no_server(asked: Staffroom) -> None:
    configured(asked, "deliver: file:staging/outbox")
    assert delivered(asked) == 3
    files = sorted(asked.path.parent.glob("staging/outbox/*.eml"))
    assert len(files) == 3
    start = json.loads(asked.type("letters", "1", "--json"))[0]["letter"]
    assert asked.type("letters", "--show", start) in files[[file.stem for file in files].index(start)].read_text()
    assert (
        "SANDBOX: no letter reaches anybody, deliver is file:staging/outbox"
        in asked._run(("status",), "ada", "").output
    )


def test_a_sandbox_of_one_address(asked: Staffroom) -> None:
    with SmtpSink() as sink:
        configured(asked, "deliver: to:test@acme.example")
        text = asked.path.read_text(encoding="utf-8")
        server = f"{{host: 127.0.0.1, port: {sink.port}, tls: none}}"
        asked.path.write_text(text.replace("{host: smtp.acme.example}", server), encoding="utf-8")
        assert delivered(asked) == 3
        assert [one.recipients for one in sink.letters] == [("test@acme.example",)] * 3
        assert b"X-Original-To: anna@firma.example\r\n" in sink.letters[0].data


@pytest.mark.parametrize("written", ["to:nobody", "nowhere", "smtp:x", "[]"])
def test_what_deliver_cannot_be(asked: Staffroom, written: str) -> None:
    configured(asked, f"deliver: {written}")
    with pytest.raises(ConfigError, match="deliver: "):
        load(asked.path)


def test_how_the_helpdesk_is(asked: Staffroom) -> None:
    """The mails came at noon of a day long ago, so the outbox is too old."""
    done = asked._run(("status",), "ada", "")
    assert done.exit_code == 1
    assert "outbox    problem: 3 waiting, the oldest since 2026-11-21T12:00Z" in done.output.splitlines()
    live = json.loads(asked._run(("check", "--live", "--json"), "ada", "").output)
    assert [one["severity"] for one in live["findings"] if one["subject"] == "outbox"] == ["problem"]
    asked.type("outbox", "hold", "--ticket", "1")
    lines = asked._run(("status",), "ada", "").output.splitlines()
    assert "outbox    3 waiting, 3 on hold" in lines
    assert "outbox    warning: on hold by ada: all letters about ACME-1 (helpdesk outbox release)" in lines
