"""Staff at the command line: each act says what it did, who hears of it, who does not, and why."""

import contextlib
import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import app
from commands.acts import _text
from desk.acts import Staff
from desk.changes import Refused
from tests.commands.staffroom import NOON, Staffroom, empty_database, room

__all__ = ["empty_database", "room"]

JAEGER = "Jäger <jaeger@bigcorp.example>"


def test_a_day_at_the_desk(room: Staffroom) -> None:
    room.mail(JAEGER, "Störung im Netz", "Nichts geht mehr, und niemand weiß warum.")
    assert room.type("take", "1") == (
        "ACME-1  taken over by ada\n"
        "  letter   to jaeger@bigcorp.example (status, de), queued\n"
        "  withheld ada@acme.example: own act\n"
    )
    assert room.type("reply", "ACME-1", "-m", "Wir schauen nach.", "--status", "waiting") == (
        "ACME-1  comment added, open → waiting\n"
        "  letter   to jaeger@bigcorp.example (comment, de), queued\n"
        "  withheld ada@acme.example: own act\n"
    )
    assert room.type("note", "[ACME-1]", "-m", "Der Switch ist alt.") == (
        "ACME-1  note added\n  withheld ada@acme.example: own act\n"
    )
    assert room.type("assign", "1", "bert", "--group", "service") == (
        "ACME-1  agent bert (was ada), group service (was network)\n"
        "  letter   to bert@acme.example (assignee, en), queued\n"
        "  withheld jaeger@bigcorp.example: notifications.on_reassignment is off\n"
    )
    assert room.type("solve", "1", "-m", "Switch getauscht.", agent="bert") == (
        "ACME-1  solution entered, waiting → solved\n"
        "  letter   to jaeger@bigcorp.example (solution, de), queued\n"
        "  withheld bert@acme.example: own act\n"
    )
    assert room.type("close", "1", agent="bert").startswith("ACME-1  solved → closed\n")
    assert (
        room.type("close", "1", agent="bert")
        == "ACME-1  nothing changed: it is closed, urgent, with bert, tagged outage\n"
    )
    assert room.type("reopen", "1", agent="bert").startswith("ACME-1  closed → open\n")
    assert room.type("status", "1", "solved", agent="bert").startswith("ACME-1  open → solved\n")


def test_fields_and_tags(room: Staffroom) -> None:
    room.mail(JAEGER, "Frage", "Wie geht das?")
    assert room.type("set", "1", "priority", "high").startswith("ACME-1  priority normal → high\n")
    assert room.type("set", "1", "title", " Eine  Frage ").startswith("ACME-1  title Frage → Eine Frage\n")
    assert room.type("tag", "1", "vip", "vip") == "ACME-1  tagged vip\n  nobody is told\n"
    assert room.type("tag", "1", "vip") == "ACME-1  nothing changed: it is open, high, with service, tagged vip\n"


def test_tags_are_taken_away(room: Staffroom) -> None:
    room.mail(JAEGER, "Frage", "Wie geht das?")
    room.type("tag", "1", "vip", "vertrag")
    assert room.type("untag", "1", "vip", "fehlt") == "ACME-1  no longer tagged vip\n  nobody is told\n"
    assert (
        room.type("untag", "1", "vip") == "ACME-1  nothing changed: it is open, normal, with service, tagged vertrag\n"
    )


def test_two_tickets_become_one(room: Staffroom) -> None:
    room.mail(JAEGER, "Drucker brennt", "Er brennt.")
    room.mail("Weiß <weiss@bigcorp.example>", "Rauch im Flur", "Es raucht.")
    assert room.type("merge", "2", "--into", "ACME-1") == (
        "ACME-2  merged into ACME-1, open → closed, Weiß watches\n"
        "  letter   to weiss@bigcorp.example (status, de), queued\n"
        "  letter   to bert@acme.example (member of group service, en), queued\n"
        "  withheld ada@acme.example: own act\n"
    )
    shown = room.type("show", "2")
    assert "merged into  ACME-1, where it is continued" in shown
    assert "merged from  ACME-2" in room.type("show", "1")
    record = json.loads(room.type("show", "2", "--json"))
    assert (record["merged_into"], record["merged_from"], record["status"]) == (1, [], "closed")
    assert json.loads(room.type("show", "1", "--json"))["merged_from"] == [2]
    said = room.refusal("reply", "2", "-m", "Wir kommen.")
    assert said == "ACME-2 was merged into ACME-1; nothing was changed. Do it there: ACME-1"
    assert "into itself" in room.refusal("merge", "1", "--into", "1")
    assert "merged into ACME-1" in room.type("history", "2")
    assert "ACME-2 merged into this one" in room.type("history", "1")


def test_a_vendors_number(room: Staffroom) -> None:
    room.mail(JAEGER, "Drucker brennt", "Er brennt.")
    assert "thread_keys" in room.refusal("link", "1", "--vendor-id", "maker:INC1")
    keys = "thread_keys: {maker: {from: [maker.example], subject: '(INC[0-9]+)'}}\n"
    room.path.write_text(room.path.read_text(encoding="utf-8") + keys, encoding="utf-8")
    assert room.type("link", "1", "--vendor-id", "maker:inc1") == "ACME-1  is maker:INC1\n  nobody is told\n"
    assert room.mail("bot@maker.example", "INC1: Techniker kommt", "Morgen.") == 1
    shown = room.type("show", "1")
    assert "vendor's id  maker:INC1" in shown
    assert "(vendor, not seen by the customer)" in shown
    assert json.loads(room.type("show", "1", "--json"))["external_ids"] == [{"name": "maker", "value": "INC1"}]
    assert room.type("link", "1", "--vendor-id", "maker:INC1", "--remove").startswith("ACME-1  no longer maker:INC1\n")


def test_a_suspicion_stands_above_the_words(room: Staffroom) -> None:
    room.mail('"Ada Example" <eve@elsewhere.example>', "Passwort", "Bitte das Passwort.")
    said = "the display name says Ada Example, the address is eve@elsewhere.example"
    assert f"   careful: {said}" in room.type("show", "1")
    assert json.loads(room.type("show", "1", "--json"))["entries"][0]["suspicion"] == said


def test_an_opt_out_holds_until_somebody_says_mandatory(room: Staffroom) -> None:
    room.mail(JAEGER, "Frage", "Wie geht das?")
    assert room.type("contacts", "jaeger@bigcorp.example", "--opt-out") == (
        "Jäger <jaeger@bigcorp.example>  gets no letters any more\n"
    )
    withheld = room.type("reply", "1", "-m", "So.").splitlines()[-2:]
    assert any(
        line.startswith("  withheld jaeger@bigcorp.example: opted out on ")
        and line.endswith(" by ada (--mandatory sends anyway)")
        for line in withheld
    )
    assert "  letter   to jaeger@bigcorp.example (comment; mandatory, although opted out on" in room.type(
        "reply", "1", "-m", "Wichtig.", "--mandatory"
    )


def test_silent_leaves_the_customer_out(room: Staffroom) -> None:
    room.mail(JAEGER, "Frage", "Wie geht das?")
    assert "  withheld jaeger@bigcorp.example: Ada Example wished it\n" in room.type("close", "1", "--silent")
    assert "give one of them" in room.refusal("close", "1", "--silent", "--mandatory")


def test_a_ticket_for_somebody_on_the_telephone(room: Staffroom, tmp_path: Path) -> None:
    plan = tmp_path / "plan.txt"
    plan.write_text("plan", encoding="utf-8")
    said = room.type("new", "--customer", "weiss@firma.example", "--title", "Rückruf", "-m", "Bitte rückrufen.",
                     "--attach", str(plan))  # fmt: skip
    assert said.startswith("ACME-1  opened: Rückruf\n  letter   to weiss@firma.example (notice, de), queued\n")
    shown = room.type("show", "1")
    assert "(entered by ada)" in shown
    assert "[plan.txt, 4 B]" in shown


def test_a_copy_goes_to_cc(room: Staffroom) -> None:
    room.mail(JAEGER, "Frage", "Wie geht das?")
    said = room.type("reply", "1", "-m", "So.", "--cc", "einkauf@bigcorp.example", "--cc", "bert@acme.example")
    assert "  letter   to einkauf@bigcorp.example (in copy, comment, de), queued\n" in said
    assert said.count("bert@acme.example") == 1


def test_an_act_for_programs(room: Staffroom) -> None:
    room.mail(JAEGER, "Frage", "Wie geht das?")
    done = json.loads(room.type("take", "1", "--json"))
    assert done["ticket"] == {"reference": "ACME-1", "number": 1, "status": "open", "agent": "ada", "group": "service"}
    assert [event["kind"] for event in done["events"]] == ["assigned"]
    assert [one["to"] for one in done["told"]] == ["jaeger@bigcorp.example"]
    assert [one["reason"] for one in done["withheld"]] == ["actor"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("reply", "77", "-m", "x"), "there is no ticket 77"),
        (("reply", "FOO-1", "-m", "x"), "'FOO-1' is not a ticket: write its number, such as 1042 or ACME-1042"),
        (("reply", "1", "-m", "  "), "a reply without words was not sent; nothing was changed"),
        (("reply", "1", "-m", "x", "--status", "done"), "no status 'done'; there are: open, waiting, solved, closed"),
        (("reply", "1", "-m", "x", "--cc", "nobody"), "'nobody' is not an address"),
        (("reply", "1", "-m", "x", "--attach", "/does/not/exist"), "cannot be attached: No such file or directory"),
        (("assign", "1"), "assign to whom? Name an agent, a group, or both"),
        (("assign", "1", "cleo"), "there is no agent 'cleo'; there are: ada, bert"),
        (("set", "1", "colour", "red"), "no field that can be set 'colour'; there are: title, priority, category"),
        (("set", "1", "priority", "top"), "there is no priority 'top'"),
        (("take", "1", "--as", "cleo"), "there is no agent 'cleo' in config.yaml"),
        (("new", "--customer", "x", "--title", "t", "-m", "x"), "'x' is not an address"),
        (("new", "--customer", "x@y.example", "--title", " ", "-m", "x"), "a ticket needs a title"),
        (("contacts", "x@y.example", "--opt-out"), "nobody has the address x@y.example; --add makes a contact"),
        (("contacts", "jaeger@bigcorp.example", "--language", "fr"), "there are: de, en"),
        (("contacts", "--organization", "BigCorp"), "an organization needs a name and a domain"),
        (
            ("contacts", "--organization", "X", "--domain", "x..y"),
            "'x..y' is not a mail domain: write what stands behind",
        ),
        (("contacts", "--organization", "X", "--domain", "@x.example"), "'@x.example' is not a mail domain"),
        (("contacts", "--organization", "X", "--domain", "-x.example"), "'-x.example' is not a mail domain"),
        (("contacts", "--organization", "X", "--domain", "."), "'.' is not a mail domain"),
        (("contacts", "support@acme.example", "--add"), "support@acme.example is one of our own mailboxes"),
        (("contacts", "Support+x@ACME.example", "--add"), "is one of our own mailboxes, and no contact"),
        (("show", "99999999999999999999"), "'99999999999999999999' is not a ticket: write its number"),
        (("due", "1", "+99999999d"), "'+99999999d' is no due time: write a day"),
        (("list", "--due", "99999999d"), "a span of time of up to a hundred years"),
        (("letters", "--show", "zz%"), "there is no letter 'zz%'"),
        (("show", "1", "--raw", "2"), "ACME-1 has no entry 2 that came as a mail"),
        (("show", "1", "--html", "1"), "entry 1 of ACME-1 is no mail with HTML; helpdesk show ACME-1 --full"),
        (("show", "1", "--html", "2"), "entry 2 of ACME-1 is no mail with HTML"),
        (("list", "--status", "done"), "there is no status 'done'"),
        (("list", "--group", "sales"), "there is no group 'sales'"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(room: Staffroom, words: tuple[str, ...], said: str) -> None:
    room.mail(JAEGER, "Frage", "Wie geht das?")
    before = room.type("history", "1", "--json")
    assert said in room.refusal(*words)
    assert room.type("history", "1", "--json") == before


HUGE = "9" * 23


@pytest.mark.parametrize(
    "words",
    [
        ("contacts", "-n", HUGE),
        ("list", "-n", HUGE),
        ("letters", "-n", HUGE),
        ("outbox", "list", "-n", HUGE),
        ("rules", "history", "-n", HUGE),
        ("intake", "--limit", HUGE),
        ("intake", HUGE),
        ("quarantine", "show", HUGE),
        ("quarantine", "retry", HUGE),
        ("quarantine", "discard", "1", HUGE),
    ],
    ids=" ".join,
)
def test_a_number_that_no_database_can_count_to_is_wrong_use(room: Staffroom, words: tuple[str, ...]) -> None:
    env = {"HELPDESK_AGENT": "ada", "HELPDESK_CONFIG": str(room.path), "TERM": "dumb"}
    done = CliRunner().invoke(app, list(words), env=env)
    assert (done.exit_code, "Input should be less than or equal to" in done.output) == (2, True)


def test_without_a_name_nobody_acts(room: Staffroom) -> None:
    room.mail(JAEGER, "Frage", "Wie geht das?")
    assert room.refusal("take", "1", agent="").startswith("who are you?")
    assert room.refusal("list", "--mine", agent="").startswith("who are you?")
    assert "yours" not in room.type("list", agent="")


def test_the_text_comes_from_a_pipe(room: Staffroom) -> None:
    room.mail(JAEGER, "Frage", "Wie geht das?")
    assert room.type("note", "1", stdin="Aus der Leitung.\n").startswith("ACME-1  note added\n")
    assert room.type("note", "1", "-m", "-", stdin="Noch eine.\n").startswith("ACME-1  note added\n")
    assert "   Aus der Leitung.\n" in room.type("show", "1")
    assert "without words" in room.refusal("note", "1", stdin="")


def test_contacts_and_organizations(room: Staffroom) -> None:
    room.mail(JAEGER, "Frage", "Wie geht das?")
    assert room.type("contacts", "--organization", "BigCorp", "--domain", "bigcorp.example") == (
        "BigCorp  added, with everybody at bigcorp.example\n"
    )
    assert "already" in room.refusal("contacts", "--organization", "BigCorp", "--domain", "other.example")
    assert "belongs to BigCorp" in room.refusal("contacts", "--organization", "B", "--domain", "BIGCORP.example")
    assert room.type("contacts", "weiss@firma.example", "--add", "--name", "Anna Weiß", "--language", "en") == (
        "Anna Weiß <weiss@firma.example>  added, language is en\n"
    )
    assert room.type("contacts", "jaeger@bigcorp.example", "--portal", "--opt-out") == (
        "Jäger <jaeger@bigcorp.example>  gets no letters any more, is a portal user\n"
    )
    assert room.type("contacts", "jaeger@bigcorp.example", "--portal") == (
        "Jäger <jaeger@bigcorp.example>  nothing changed: it is so already\n"
    )
    found = json.loads(room.type("contacts", "bigcorp", "--json"))
    assert [(one["name"], one["organization"]["name"], one["opted_out_how"]) for one in found] == [
        ("Jäger", "BigCorp", "by ada")
    ]
    assert room.type("contacts", "nobody") == "No contact has 'nobody' in name or address.\n"


def test_an_answer_does_not_pass_over_what_the_customer_wrote_meanwhile(room: Staffroom, tmp_path: Path) -> None:
    room.mail(JAEGER, "Frage", "Wie geht das?")

    def typing() -> str:
        room.mail(JAEGER, "AW: [ACME-1] Frage", "Hat sich erledigt!")
        return "So geht das."

    with room.desk() as desk:
        staff = Staff(desk=desk, agent="ada", now=NOON)
        at_the_keyboard = _text(staff, "1", None, name="reply", typed=lambda *_, **__: contextlib.nullcontext(typing()))
        with pytest.raises(Refused, match="Jäger wrote meanwhile; nothing was sent"), at_the_keyboard:
            raise AssertionError("the act must not be done")


def test_who_opted_out_of_what_since_when_and_how_and_undoing_it(room: Staffroom) -> None:
    room.mail(JAEGER, "Frage", "Wie geht das?")
    room.mail(JAEGER, "Noch eine", "Und das?")
    room.mail(JAEGER, "[ACME-1] Re: Frage", "abmelden")
    listed = " ".join(room.type("contacts", "jaeger").split())
    assert re.search(r"yes, but not about ACME-1 \S+ by mail", listed)
    since = r"^no letters   Jäger <jaeger@bigcorp\.example>, since [0-9: -]+ by mail$"
    assert re.search(since, room.type("show", "1"), re.MULTILINE)
    assert json.loads(room.type("show", "1", "--json"))["mutes"][0]["how"] == "by mail"
    assert json.loads(room.type("contacts", "jaeger", "--json"))[0]["mutes"][0]["ticket"] == "ACME-1"
    assert "gets no letters about this ticket any more" in room.type("history", "1")
    assert "withheld jaeger@bigcorp.example: opted out of letters about this ticket on 2026-11-21 by mail" in room.type(
        "reply", "1", "-m", "So."
    )
    to = ("contacts", "jaeger@bigcorp.example")
    assert room.type(*to, "--opt-in", "--ticket", "ACME-1").endswith("gets letters about ACME-1 again\n")
    assert room.type(*to, "--opt-in", "--ticket", "1").endswith("nothing changed: it is so already\n")
    assert room.type(*to, "--opt-out", "--ticket", "2").endswith("gets no letters about ACME-2 any more\n")
    assert "by ada" in room.type("show", "2")
    assert room.type(*to, "--opt-in").endswith("gets letters again\n")
    assert "no letters" not in room.type("show", "2")
    assert "--ticket goes with --opt-out" in room.refusal(*to, "--ticket", "1")
    assert "there is no ticket 99" in room.refusal(*to, "--opt-out", "--ticket", "99")


def test_a_companys_own_address_opts_out_and_in(room: Staffroom) -> None:
    with room.desk() as desk, desk.store.act() as view:
        view.people.add_organization("BigCorp", domains=["big.example"], now=NOON, address="it@big.example")
    assert room.type("contacts", "it@big.example", "--opt-out") == "BigCorp  gets no letters any more\n"
    assert room.type("contacts", "it@big.example", "--opt-out") == "BigCorp  nothing changed: it is so already\n"
    assert re.fullmatch(r"BigCorp \(it@big\.example\) opted out \S+ by ada\n", room.type("contacts", "big"))
    assert room.type("contacts", "it@big.example", "--opt-in") == "BigCorp  gets letters again\n"
    assert room.type("contacts", "big") == "No contact has 'big' in name or address.\n"
