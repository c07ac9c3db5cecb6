"""`helpdesk init`: a newcomer answers some questions and has a config without a mistake."""

import stat
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner
from tzlocal import reload_localzone

from cli import app
from commands.init import QUESTIONS, config_text, machine_zone, run, suggested_key, suggested_tag
from desk.check import offline
from desk.config import load, parse
from domain.errors import DeskError

GIVEN = {
    "name": "Acme Support",
    "address": "support@acme.example",
    "start": "now",
    "agent_name": "Ada Example",
    "agent_address": "ada@acme.example",
}


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_what_is_written_has_nothing_wrong(tmp_path: Path) -> None:
    run(tmp_path, given=GIVEN, yes=True, force=False)
    config = load(tmp_path / "config.yaml")
    assert config.warnings == ()
    assert config.settings.helpdesk.tag == "ACME"
    assert config.settings.groups == {"service": ("ada",)}
    imap = config.settings.mailboxes["support"].imap
    assert imap is not None
    assert (imap.host, imap.user) == ("imap.acme.example", "support@acme.example")


def test_the_check_wants_the_passwords_and_nothing_else(tmp_path: Path) -> None:
    run(tmp_path, given=GIVEN, yes=True, force=False)
    config = load(tmp_path / "config.yaml")
    problems = [finding.text for finding in offline(config, environ={}) if finding.severity != "ok"]
    assert len(problems) == 2
    assert all("is empty" in problem for problem in problems)
    for name in ("imap.password", "smtp.password"):
        (tmp_path / "secrets" / name).write_text("hunter2\n", encoding="utf-8")
    assert {finding.severity for finding in offline(config, environ={})} == {"ok"}


def test_secrets_are_the_owners_alone(tmp_path: Path) -> None:
    run(tmp_path, given=GIVEN, yes=True, force=False)
    assert mode(tmp_path / "secrets") == 0o700
    assert {mode(file) for file in (tmp_path / "secrets").iterdir()} == {0o600}


def test_two_inits_never_make_the_same_key(tmp_path: Path) -> None:
    for name in ("one", "two"):
        run(tmp_path / name, given=GIVEN, yes=True, force=False)
    keys = {(tmp_path / name / "secrets/helpdesk.key").read_text(encoding="utf-8") for name in ("one", "two")}
    assert len(keys) == 2
    assert all(len(key) > 40 for key in keys)


def test_a_config_that_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("mine", encoding="utf-8")
    with pytest.raises(DeskError, match="is there already; --force"):
        run(tmp_path, given=GIVEN, yes=True, force=False)
    assert (tmp_path / "config.yaml").read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "secrets").exists()


def test_force_writes_the_config_anew_and_keeps_key_and_passwords(tmp_path: Path) -> None:
    run(tmp_path, given=GIVEN, yes=True, force=False)
    key = (tmp_path / "secrets/helpdesk.key").read_text(encoding="utf-8")
    (tmp_path / "secrets/imap.password").write_text("hunter2", encoding="utf-8")
    run(tmp_path, given={**GIVEN, "name": "Other"}, yes=True, force=True)
    assert load(tmp_path / "config.yaml").settings.helpdesk.name == "Other"
    assert (tmp_path / "secrets/helpdesk.key").read_text(encoding="utf-8") == key
    assert (tmp_path / "secrets/imap.password").read_text(encoding="utf-8") == "hunter2"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"tag": "acme"}, "--tag: 'acme' is not a tag prefix"),
        ({"address": "support"}, "--address: 'support' is not an address"),
        ({"start": "soon"}, "--start: 'soon' is not a start"),
        ({"agent": "Ada"}, "--agent: 'Ada' is not a key"),
        ({"language": "fr"}, "--language: 'fr' is not among: de, en"),
        ({"imap_host": "imap.acme.example:993"}, "--imap-host: .* is not the name of a host"),
        ({"name": "two\nlines"}, "--name: holds a line break"),
        ({"agent_address": "support@acme.example"}, "is the address of mailbox 'support' already"),
    ],
)
def test_a_wrong_answer_is_told_and_nothing_is_written(tmp_path: Path, answer: dict[str, str], words: str) -> None:
    with pytest.raises(DeskError, match=words):
        run(tmp_path, given={**GIVEN, **answer}, yes=True, force=False)
    assert list(tmp_path.iterdir()) == []


def test_yes_names_all_that_it_cannot_guess(tmp_path: Path) -> None:
    with pytest.raises(DeskError, match=r"--address, .*--start, --agent-name, .*--agent-address"):
        run(tmp_path, given={"name": "Acme"}, yes=True, force=False)


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(DeskError, match="cannot be written: Not a directory"):
        run(tmp_path / "file" / "below", given=GIVEN, yes=True, force=False)


def test_the_questions_are_asked_until_the_answer_fits(tmp_path: Path) -> None:
    answers = [
        "Müller & Söhne: IT",
        "",  # language: en
        "Berlin",  # no zone
        "Europe/Berlin",
        "mue",  # no prefix
        "MUE",
        "it@mueller.example",
        "",  # imap.mueller.example
        "",  # it@mueller.example
        "mail.mueller.example",
        "",
        "today",  # no start
        "2026-11-01",
        "José Núñez",
        "",  # jose
        "jose",  # no address
        "jose@mueller.example",
        "support",
    ]
    done = CliRunner().invoke(app, ["init", "--directory", str(tmp_path)], input="\n".join(answers) + "\n")
    assert done.exit_code == 0, done.output
    assert "'today' is not a start" in done.output
    settings = load(tmp_path / "config.yaml").settings
    assert settings.helpdesk.name == "Müller & Söhne: IT"
    assert settings.helpdesk.timezone == "Europe/Berlin"
    assert settings.helpdesk.tag == "MUE"
    assert settings.agents["jose"].name == "José Núñez"
    assert settings.smtp.host == "mail.mueller.example"
    assert settings.mailboxes["support"].group == "support"
    assert f"helpdesk --config {tmp_path}/config.yaml check --connect" in done.output


@pytest.mark.parametrize(
    ("machine", "suggested"), [("Europe/Berlin", "Europe/Berlin"), ("Etc/UTC", "UTC"), ("nowhere", "UTC")]
)
def test_the_zone_of_the_machine_is_suggested(machine: str, suggested: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", machine)
    with suppress(LookupError):
        reload_localzone()
    try:
        assert machine_zone() == suggested
    finally:
        monkeypatch.undo()
        reload_localzone()


def test_every_question_is_an_option() -> None:
    for question in QUESTIONS:
        shown = CliRunner().invoke(app, ["init", "--help"], env={"COLUMNS": "200", "TERM": "dumb"}).output
        assert f"--{question.key.replace('_', '-')}" in shown


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("Acme Support", "ACME"),
        ("Müller & Söhne", "MUELLER"),
        ("Straßenbau", "STRASSEN"),
        ("The Very Long Name", "THE"),
        ("Universitätsrechenzentrum Nord Ost", "UNO"),
        ("日本", "HELP"),
        ("7 of 9", "OF"),
        ("X", "HELP"),
    ],
)
def test_a_tag_is_suggested(name: str, tag: str) -> None:
    assert suggested_tag(name) == tag


@pytest.mark.parametrize(("name", "key"), [("Ada Example", "ada"), ("Jörg Weiß", "joerg"), ("日本", "agent")])
def test_a_key_is_suggested(name: str, key: str) -> None:
    assert suggested_key(name) == key


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), min_size=1).filter(str.strip))
def test_any_name_makes_a_config_that_says_the_same(name: str) -> None:
    answers = {**GIVEN, "language": "de", "tag": suggested_tag(name), "agent": suggested_key(name), "group": "service"}
    answers |= {
        "imap_host": "h.example",
        "imap_user": name,
        "smtp_host": "h.example",
        "smtp_user": "u",
        "timezone": "UTC",
    }
    settings, problems = parse(config_text({**answers, "name": name, "agent_name": name}))
    assert settings is not None, problems
    assert settings.helpdesk.name == name
    assert settings.agents[suggested_key(name)].name == name
