"""`helpdesk check`, and the frame that every command shares: exit codes, and never a traceback for bad input."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

import cli
from commands.check import run
from desk import check
from desk.check import Finding, connected, offline
from desk.config import Config, load
from domain.errors import LoginRefused, MailboxUnreachable, TemporaryFailure
from domain.settings import Imap, Smtp
from scanner.mailbox import MailboxConnection
from scanner.memory import MemoryServer
from store.store import open_store
from tests.servers.dovecot import EXPIRED_HOST, Dovecot
from tests.servers.pymap import PASSWORD, Pymap
from tests.servers.smtp import SmtpSink

ROOT = Path(__file__).resolve().parent.parent.parent
ENVIRON = {"KEY": "k" * 32, "PW": "hunter2"}
SMALL = """\
helpdesk: {name: Acme, tag: ACME, keys: [env:KEY]}
mailboxes:
  support:
    address: support@acme.example
    group: service
    start: now
    imap: {host: imap.acme.example, user: support, password: env:PW}
smtp: {host: smtp.acme.example, user: support, password: env:PW}
agents:
  ada: {name: Ada, address: ada@acme.example}
groups:
  service: [ada]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text(SMALL, encoding="utf-8")
    return file


def configured(file: Path, **instead: str) -> Config:
    text = file.read_text(encoding="utf-8")
    for old, new in instead.items():
        assert old in text
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")
    return load(file)


def lines(findings: list[Finding]) -> list[str]:
    return [f"{finding.severity} {finding.subject}: {finding.text}" for finding in findings]


def looked_at(config: Config, *, environ: Mapping[str, str] = ENVIRON) -> list[str]:
    return lines(list(offline(config, environ=environ)))


# Offline.


def test_a_config_in_order_is_told_line_by_line(file: Path) -> None:
    assert looked_at(load(file)) == [
        "ok config: 1 mailbox, 1 agent, 1 group, 0 rules",
        "ok keys: 1 key",
        "ok secrets: mailboxes.support.imap.password: env:PW is there",
        "ok secrets: smtp.password: env:PW is there",
        f"ok database: {file.parent}/helpdesk.db does not exist yet; the first start makes it",
    ]
    assert [path.name for path in file.parent.iterdir()] == ["config.yaml"]


def test_missing_secrets_are_all_named(file: Path) -> None:
    told = looked_at(load(file), environ={"KEY": "short", "PW": ""})
    assert [line for line in told if line.startswith("problem")] == [
        "problem keys: helpdesk.keys: env:KEY is too short to sign with: 16 octets at least; `helpdesk init` makes one",
        "problem secrets: mailboxes.support.imap.password: env:PW is empty; put the secret there",
        "problem secrets: smtp.password: env:PW is empty; put the secret there",
    ]


def test_a_secret_that_everybody_may_read_is_a_warning(file: Path) -> None:
    secret = file.with_name("pw")
    secret.write_text("hunter2\n", encoding="utf-8")
    secret.chmod(0o644)
    config = configured(
        file, **{"user: support, password: env:PW}\nagents": "user: support, password: file:pw}\nagents"}
    )
    told = looked_at(config)
    assert f"warning secrets: smtp.password: everybody on this machine may read {secret}; chmod 600 it" in told
    assert not any("hunter2" in line for line in told)


@pytest.mark.parametrize(
    ("database", "words"),
    [
        ("sqlite:///gone/helpdesk.db", "gone does not exist; make it, or change `database`"),
        ("sqlite:///folder", "folder is not a file that can be read and written by this user"),
        ("sqlite:///config.yaml", "config.yaml is not an SQLite database; name another file"),
    ],
)
def test_a_database_that_cannot_be_one_is_a_problem(file: Path, database: str, words: str) -> None:
    (file.parent / "folder").mkdir()
    config = configured(file, **{"mailboxes:": f"database: {database}\nmailboxes:"})
    assert [line for line in looked_at(config) if line.startswith("problem database") and line.endswith(words)]


def test_own_templates_must_be_a_directory(file: Path) -> None:
    config = configured(file, **{"mailboxes:": "notifications: {templates: own}\nmailboxes:"})
    assert any("own is not a directory" in line for line in looked_at(config))
    (file.parent / "own").mkdir()
    assert f"ok templates: {file.parent}/own takes the place of the built-in ones" in looked_at(config)


def test_a_mistake_in_an_own_template_is_named_with_its_line(file: Path) -> None:
    config = configured(file, **{"mailboxes:": "notifications: {templates: own}\nmailboxes:"})
    own = file.parent / "own"
    own.mkdir(parents=True)
    (own / "acknowledgement.txt.j2").write_text("Hello {{ reader.name }},\nyour number is {{ tikcet.reference }}.\n")
    found = [line for line in looked_at(config) if line.startswith("problem templates")]
    assert len(found) == 1
    assert "acknowledgement.txt.j2:2" in found[0]
    assert "tikcet" in found[0]


# Connected, on fakes.


def tried(
    config: Config,
    server: MemoryServer | Exception,
    smtp: tuple[str, ...] | Exception = ("not encrypted",),
    *,
    environ: Mapping[str, str] = ENVIRON,
) -> list[str]:
    def connect(imap: Imap, password: str) -> MailboxConnection:
        assert password == "hunter2"
        if isinstance(server, Exception):
            raise server
        return server.connect()

    def probe(settings: Smtp, password: str | None) -> tuple[str, ...]:
        if isinstance(smtp, Exception):
            raise smtp
        return smtp

    return lines(list(connected(config, environ=environ, connect=connect, probe=probe)))


def test_the_server_says_what_it_can_and_what_is_there(file: Path) -> None:
    server = MemoryServer(folders=("INBOX", "Processed"), capabilities=("IMAP4REV1", "IDLE", "MOVE"))
    server.append(b"Subject: x\r\n\r\n")
    config = configured(file, **{"start: now": "start: now\n    after: {move: Done}"})
    assert tried(config, server) == [
        "ok support: imap.acme.example:993 let support in, can IDLE, MOVE",
        "ok support: folder INBOX: 1 mail",
        "ok support: folder Done: done mail goes there; it does not exist yet and is made with the first mail",
        "ok smtp: smtp.acme.example:587: not encrypted",
    ]
    assert server.folder_names() == ("INBOX", "Processed")


def test_what_the_server_lacks_is_told_with_its_effect(file: Path) -> None:
    told = tried(load(file), MemoryServer(capabilities=("IMAP4REV1",)))
    assert told[0].endswith(
        "can none of IDLE, MOVE, UIDPLUS, CONDSTORE; no IDLE: new mail is noticed by polling only; "
        "no MOVE: mail is copied and then deleted; "
        "no UIDPLUS: without MOVE, mail that was filed stays marked as deleted"
    )


def test_a_missing_folder_is_told_with_those_that_are_there(file: Path) -> None:
    config = configured(file, **{"start: now": "start: now\n    folders: [Support, INBOX]"})
    told = tried(config, MemoryServer(folders=("INBOX", "Supprt")))
    assert "problem support: there is no folder 'Support'; the server has: INBOX, Supprt" in told
    assert "ok support: folder INBOX: 0 mails" in told


@pytest.mark.parametrize("error", [LoginRefused("refused"), MailboxUnreachable("unreachable")])
def test_a_mailbox_that_fails_does_not_hide_smtp(file: Path, error: Exception) -> None:
    told = tried(load(file), error, TemporaryFailure("no answer"))
    assert told == [f"problem support: {error}", "problem smtp: no answer"]


def test_without_its_password_nothing_is_tried(file: Path) -> None:
    told = tried(load(file), AssertionError("connected"), AssertionError("connected"), environ={})
    assert told == [
        "warning support: not tried: its password is missing",
        "warning smtp: not tried: its password is missing",
    ]


# Connected, on servers.


def on_loopback(file: Path, *, imap: str, smtp_port: int) -> Config:
    text = SMALL.replace("{host: imap.acme.example, user: support, password: env:PW}", f"{{{imap}}}")
    smtp = f"{{host: 127.0.0.1, port: {smtp_port}, tls: none}}"
    text = text.replace("{host: smtp.acme.example, user: support, password: env:PW}", smtp)
    file.write_text(text, encoding="utf-8")
    return load(file)


def really(config: Config, *, password: str) -> list[str]:
    found = connected(config, environ={"PW": password}, connect=check.connect_imap, probe=check.probe_smtp)
    return lines(list(found))


def test_it_really_logs_in_and_sends_nothing(file: Path, pymap_server: Pymap, smtp_sink: SmtpSink) -> None:
    user = pymap_server.fresh_user()
    imap = f"host: 127.0.0.1, port: {pymap_server.imap_port}, tls: none, user: {user}, password: env:PW"
    told = really(on_loopback(file, imap=imap, smtp_port=smtp_sink.port), password=PASSWORD)
    assert all(line.startswith("ok ") for line in told), told
    assert "can IDLE, MOVE, UIDPLUS" in told[0]
    assert told[1] == "ok support: folder INBOX: 0 mails"
    assert smtp_sink.letters == []


def test_a_wrong_password_is_one_line_without_the_password(
    file: Path, pymap_server: Pymap, smtp_sink: SmtpSink
) -> None:
    imap = f"host: 127.0.0.1, port: {pymap_server.imap_port}, tls: none, user: {pymap_server.user(1)}, password: env:PW"
    told = really(on_loopback(file, imap=imap, smtp_port=smtp_sink.port), password="hunter2")
    assert told[0].startswith("problem support: ")
    assert "\n" not in told[0]
    assert "hunter2" not in told[0]
    assert told[1].startswith("ok smtp")


def test_refused_connections_are_one_line_each(file: Path, unused_port: int) -> None:
    imap = f"host: 127.0.0.1, port: {unused_port}, user: ada, password: env:PW"
    told = really(on_loopback(file, imap=imap, smtp_port=unused_port), password="hunter2")
    assert [line.split(":")[0] for line in told] == ["problem support", "problem smtp"]
    assert not any("\n" in line for line in told)


def test_an_expired_certificate_is_one_line(file: Path, dovecot: Dovecot, smtp_sink: SmtpSink) -> None:
    imap = f"host: {EXPIRED_HOST}, port: {dovecot.imaps_port}, user: ada, password: env:PW"
    told = really(on_loopback(file, imap=imap, smtp_port=smtp_sink.port), password="hunter2")
    assert told[0].startswith("problem support: ")
    assert "certificate" in told[0]
    assert "\n" not in told[0]


@pytest.fixture
def unused_port() -> int:
    from tests.servers.ports import free_port

    return free_port()


# The command.


def test_the_command_counts_what_is_wrong(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ENVIRON:
        monkeypatch.delenv(name, raising=False)
    assert run(file, connect=False, as_json=False) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "3 problems."
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    assert run(file, connect=False, as_json=False) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "All in order."


def test_a_broken_config_starts_nothing(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(SMALL.replace("host: imap", "prot: 993, host: imap").replace("[ada]", "[eve]\n  none: []"))
    assert run(file, connect=True, as_json=False) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{file}:7:12: mailboxes.support.imap.prot: no such key; did you mean 'port'?",
        f"{file}:12:13: groups.service[0]: 'eve' is not among the agents: ada",
        f"warning  {file}:13:3: groups.none: has no members: letters to this group reach nobody",
        "2 problems, 1 warning. Nothing was started.",
    ]


def test_json_says_the_same(file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", ENVIRON["KEY"])
    monkeypatch.delenv("PW", raising=False)
    assert run(file, connect=False, as_json=True) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] is False
    assert [finding["severity"] for finding in said["findings"]] == ["ok", "ok", "problem", "problem", "ok"]


# The frame.


def helpdesk(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    environ = {key: value for key, value in os.environ.items() if key not in ("HELPDESK_CONFIG", "FORCE_COLOR")}
    return subprocess.run(
        [sys.executable, "-c", "import cli; cli.main()", *arguments],
        cwd=ROOT,
        env=environ | {"COLUMNS": "80"} | more,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_missing_config_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    done = helpdesk("-c", str(tmp_path / "none.yaml"), "check")
    assert done.returncode == 1
    assert done.stdout.startswith(f"{tmp_path}/none.yaml: there is no such file")
    assert done.stderr == ""


def test_the_config_can_be_named_by_the_environment(file: Path) -> None:
    done = helpdesk("check", HELPDESK_CONFIG=str(file), **ENVIRON)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_desk_error_goes_to_the_standard_error(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("mine", encoding="utf-8")
    done = helpdesk("init", "-d", str(tmp_path), "--yes")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1


def test_wrong_use_is_exit_code_2() -> None:
    done = helpdesk("check", "--conect")
    assert done.returncode == 2
    assert "No such option: --conect" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_help_fits_into_80_columns_and_loads_nothing_heavy() -> None:
    done = helpdesk("--help")
    assert done.returncode == 0
    assert max(map(len, done.stdout.splitlines())) <= 80
    heavy = "sys.modules.keys() & {'pydantic', 'yaml', 'sqlalchemy', 'imapclient', 'jinja2', 'rich', 'apscheduler'}"
    program = [sys.executable, "-c", f"import sys, cli; print({heavy})"]
    loaded = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert loaded.stdout.strip() == "set()"


def test_the_version_is_told() -> None:
    assert helpdesk("--version").stdout.startswith("helpdesk ")


def test_a_reader_that_leaves_early_is_no_mistake(file: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        done = subprocess.run(
            [sys.executable, "-c", "import cli; cli.main()", "-c", str(file), "check"],
            cwd=ROOT,
            stdout=pipe,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.stderr == ""


def test_an_interrupt_is_one_word(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("commands.check.run", lambda *_, **__: signal.raise_signal(signal.SIGINT))
    assert frame(monkeypatch) == 130
    assert capsys.readouterr() == ("", "Interrupted.\n")


def test_our_own_mistake_keeps_its_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("commands.check.run", lambda *_, **__: 1 // 0)
    assert frame(monkeypatch) == 70
    err = capsys.readouterr().err
    assert "ZeroDivisionError" in err
    assert err.splitlines()[-1].startswith("This is a mistake in helpdesk itself")


def frame(monkeypatch: pytest.MonkeyPatch) -> object:
    """The exit code of `helpdesk check` in this process."""
    monkeypatch.setattr(sys, "argv", ["helpdesk", "check"])
    with pytest.raises(SystemExit) as left:
        cli.main()
    return left.value.code


def test_a_key_that_tickets_name_must_not_be_taken_away(file: Path) -> None:
    config = configured(file)
    store = open_store(config.settings.database, base=config.folder)
    with store.act() as act:
        facts = {"title": "x", "description": "", "priority": "normal", "mailbox": "support", "group_key": "service"}
        for status, agent in (("open", "eva"), ("hold", ""), ("closed", "max")):
            act.tickets.open({**facts, "status": status, "agent": agent}, now=datetime(2026, 1, 5, tzinfo=UTC))
    store.close()
    found = [one.text for one in offline(config, environ=ENVIRON) if one.subject == "tickets"]
    assert found == [
        "tickets name the status 'hold', which is no longer in config.yaml; put it back",
        "tickets name the agent 'eva', which is no longer in config.yaml; put it back",
    ], "max had closed tickets only"
