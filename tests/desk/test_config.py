"""config.yaml: every mistake is told, with its place, in one line; nothing is read that was not written.

The broken configs are files: bad_configs/NAME.yaml and what must be said of it in NAME.txt.
"""

import dataclasses
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk import included, yaml_nodes
from desk.config import Config, inspect, load, parse
from desk.secrets import SecretMissing, database_password, is_open_to_others, reveal, signing_keys
from domain.errors import ConfigError, Problem
from domain.settings import Secret, Settings

HERE = Path(__file__).resolve().parent
SHIPPED = HERE.parent.parent / "config.yaml"
BAD = sorted((HERE / "bad_configs").glob("*.yaml"))
SMALL = """\
helpdesk: {name: Acme, tag: ACME, keys: [env:KEY]}
mailboxes:
  support:
    address: support@acme.example
    group: service
    start: now
    imap: {host: imap.acme.example, user: support, password: env:PW}
smtp: {host: smtp.acme.example}
agents:
  ada: {name: Ada, address: ada@acme.example}
groups:
  service: [ada]
"""


def told(problems: tuple[Problem, ...]) -> str:
    return "".join(f"{'warning ' if p.severity == 'warning' else ''}{p}\n" for p in problems)


def good(extra: str = "", **instead: str) -> Settings:
    text = SMALL + extra
    for old, new in instead.items():
        text = text.replace(old, new)
    settings, problems = parse(text)
    assert settings is not None, told(problems)
    return settings


@pytest.mark.parametrize("file", BAD, ids=lambda file: file.stem)
def test_a_broken_config_is_told_what_and_where(file: Path) -> None:
    _, problems = parse(file.read_text(encoding="utf-8"))
    assert told(problems) == file.with_suffix(".txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("file", BAD, ids=lambda file: file.stem)
def test_no_complaint_repeats_a_password_or_speaks_as_a_library(file: Path) -> None:
    _, problems = parse(file.read_text(encoding="utf-8"))
    text = told(problems)
    assert "hunter2" not in text
    assert not any(
        word in text for word in ("Input should", "Extra inputs", "Field required", "Value error", "pydantic")
    )


def test_the_shipped_config_has_nothing_wrong_or_odd() -> None:
    shipped = load(SHIPPED)
    assert shipped.warnings == ()
    assert [rule.name for rule in shipped.settings.rules] == [
        "newsletters",
        "ordinary mail",
        "outage at a key account",
    ]
    assert shipped.settings.agent_of("ADA@acme.example") == "ada"
    assert len(shipped.hash) == 64


def test_the_smallest_config_is_enough() -> None:
    settings = good()
    assert settings.mailboxes["support"].poll == timedelta(seconds=60)
    assert settings.mailboxes["support"].start == "now"
    assert settings.tickets.default_priority == "normal"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("no", "no"),
        ("12:30", "12:30"),
        ("010", "010"),
        ("1.10", "1.10"),
        ("1e3", "1e3"),
        ("0x1F", "0x1F"),
        ("2026-11-01", "2026-11-01"),
        ("+49 30", "+49 30"),
        ("12", 12),
        ("-3", -3),
        ("'12'", "12"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("'~'", "~"),
        ("!!str true", "true"),
    ],
)
def test_a_scalar_stays_what_was_written(written: str, read: object) -> None:
    node, complaints = yaml_nodes.read(f"a: {written}")
    assert node is not None
    assert not complaints
    assert yaml_nodes.plain(node) == {"a": read}


@pytest.mark.parametrize(
    ("written", "name"), [("010", "010"), ("no", "no"), ("12:30", "12:30"), ("4711", "4711"), ("1.10", "1.10")]
)
def test_a_name_may_look_like_anything_else(written: str, name: str) -> None:
    assert good(**{"name: Ada": f"name: {written}"}).agents["ada"].name == name


@pytest.mark.parametrize(("written", "start"), [("now", "now"), ("all", "all"), ("2026-11-01", date(2026, 11, 1))])
def test_the_start_is_stated(written: str, start: object) -> None:
    assert good(**{"start: now": f"start: {written}"}).mailboxes["support"].start == start


@pytest.mark.parametrize(
    ("written", "do", "folder"),
    [("{move: Done}", "move", "Done"), ("flag", "flag", ""), ("delete", "delete", ""), ("keep", "keep", "")],
)
def test_done_mail_is_filed_as_written(written: str, do: str, folder: str) -> None:
    after = good(**{"start: now": f"start: now\n    after: {written}"}).mailboxes["support"].after
    assert (after.do, after.folder) == (do, folder)


def test_an_anchor_is_used_twice() -> None:
    settings = good("limits: &l {attempts: 4}\n", **{"[ada]": "&everybody [ada]\n  network: *everybody"})
    assert settings.groups == {"service": ("ada",), "network": ("ada",)}


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + SMALL.encode())
    assert load(file).settings.helpdesk.name == "Acme"


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config\.yaml: there is no such file; helpdesk init writes one"):
        load(tmp_path / "config.yaml")


def test_a_directory_is_no_config(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load(tmp_path)


def test_a_latin_1_file_is_told_where_it_stops_being_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes("# Störung\n".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"config\.yaml:1:5: is not UTF-8"):
        load(file)


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes(b"#" * (included.MAX_OCTETS + 1))
    with pytest.raises(ConfigError, match="this is no config"):
        load(file)


def test_what_is_merely_odd_is_a_warning_and_loads(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(SMALL.replace("start: now", "start: now\n    after: delete"), encoding="utf-8")
    assert [warning.line for warning in load(file).warnings] == [7]


def test_a_server_on_this_machine_may_do_without_tls() -> None:
    for host in ("localhost", "127.0.0.1", "'::1'"):
        _, problems = parse(SMALL.replace("smtp.acme.example", f"{host}, tls: none"))
        assert problems == ()


def test_relative_paths_begin_where_the_config_stands(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    extra = "blobs: mails\nnotifications: {templates: own}\n"
    file.write_text(SMALL.replace("smtp.acme.example", "smtp.acme.example, ca_file: ca.pem") + extra, encoding="utf-8")
    loaded = load(file)
    assert loaded.sqlite_file == tmp_path / "helpdesk.db"
    assert loaded.blobs_folder == tmp_path / "mails"
    assert loaded.templates_folder == tmp_path / "own"
    assert loaded.settings.smtp.ca_file == str(tmp_path / "ca.pem")


def test_a_config_cannot_be_changed(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(SMALL, encoding="utf-8")
    with pytest.raises(dataclasses.FrozenInstanceError):
        load(file).path = file  # type: ignore[misc]


@given(st.text())
def test_any_text_is_a_config_or_has_a_problem(text: str) -> None:
    settings, problems = parse(text.encode("utf-8", "replace").decode())
    assert settings is not None or problems
    assert all("\n" not in str(problem) for problem in problems)


_VALUES = st.recursive(
    st.sampled_from(
        ["", "~", "true", "12", "-1", "010", "'x'", "ada", "*a", "&a", "!x", "now", "{", "]", '"\\0"', "é"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(st.sampled_from(["a", "name", "imap", "is", "move", "de", "1"]), inner, max_size=3).map(
            lambda items: "{" + ", ".join(f"{key}: {value}" for key, value in items.items()) + "}"
        )
    ),
    max_leaves=6,
)
_PLACES = [line for line in SMALL.splitlines() if ": " in line]


@given(st.sampled_from(_PLACES), _VALUES, st.sampled_from(["rules", "tickets", "limits", "notifications"]), _VALUES)
def test_any_value_anywhere_is_a_config_or_has_a_problem(place: str, value: str, section: str, other: str) -> None:
    broken = SMALL.replace(place, f"{place.partition(': ')[0]}: {value}") + f"{section}: {other}\n"
    settings, problems = parse(broken)
    assert settings is not None or problems
    assert all(problem.line >= 0 and "Input should" not in problem.text for problem in problems)


@given(st.binary(max_size=300))
def test_any_file_is_a_config_or_a_config_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = tmp_path_factory.mktemp("any") / "config.yaml"
    file.write_bytes(data)
    found, problems = inspect(file)
    assert isinstance(found, Config) or problems


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), min_size=1))
def test_what_is_written_as_a_scalar_is_read_as_the_same_text(text: str) -> None:
    for document in (f"a: {yaml_nodes.written(text)}", f"a: {{b: [{yaml_nodes.written(text)}]}}"):
        node, complaints = yaml_nodes.read(document)
        assert node is not None
        assert not complaints
        assert yaml_nodes.plain(node) in ({"a": text}, {"a": {"b": [text]}})


def test_deep_nesting_ends_in_a_complaint_and_not_in_a_crash() -> None:
    for text in ("[" * 100_000, "- " * 100_000, "{a: " * 100_000):
        node, complaints = yaml_nodes.read(text)
        assert node is None
        assert "nested more than" in complaints[0].text


# Secrets.


def test_a_secret_comes_from_the_environment(tmp_path: Path) -> None:
    assert reveal(Secret(kind="env", name="PW"), base=tmp_path, environ={"PW": "s3cret"}) == "s3cret"


@pytest.mark.parametrize(
    ("content", "value"), [("s3cret\n", "s3cret"), ("s3cret", "s3cret"), ("a b\r\n", "a b"), ("x\n\n", "x\n")]
)
def test_a_secret_comes_from_a_file_without_its_line_end(tmp_path: Path, content: str, value: str) -> None:
    (tmp_path / "pw").write_bytes(content.encode())
    assert reveal(Secret(kind="file", name="pw"), base=tmp_path, environ={}) == value


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        (Secret(kind="env", name="GONE"), "env:GONE is not set"),
        (Secret(kind="env", name="EMPTY"), "env:EMPTY is empty"),
        (Secret(kind="file", name="gone"), "file:gone does not exist"),
        (Secret(kind="file", name="."), "cannot be read: Is a directory"),
        (Secret(kind="file", name="binary"), "is not UTF-8"),
        (Secret(kind="file", name="huge"), "has more than"),
    ],
)
def test_a_secret_that_is_not_there_is_named(tmp_path: Path, secret: Secret, words: str) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "huge").write_bytes(b"x" * 70_000)
    with pytest.raises(SecretMissing, match=words):
        reveal(secret, base=tmp_path, environ={"EMPTY": ""})


def test_a_short_key_signs_nothing_and_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(SecretMissing, match="env:KEY is too short") as refused:
        signing_keys(good(), base=tmp_path, environ={"KEY": "fifteen octets."})
    assert "fifteen" not in str(refused.value)


def test_the_first_key_signs_and_all_verify(tmp_path: Path) -> None:
    settings = good(**{"[env:KEY]": "[env:NEW, env:OLD]"})
    keys = signing_keys(settings, base=tmp_path, environ={"NEW": "n" * 16, "OLD": "o" * 16})
    assert keys.secrets == (b"n" * 16, b"o" * 16)
    assert "nnnn" not in repr(keys)


def test_the_database_password_is_read_where_one_is_named(tmp_path: Path) -> None:
    assert database_password(good(), base=tmp_path, environ={}) is None
    named = good("database: postgresql://desk@db.acme.example/desk\ndatabase_password: env:DB\n")
    assert database_password(named, base=tmp_path, environ={"DB": "pw"}) == "pw"


@pytest.mark.parametrize(("mode", "is_open"), [(0o600, False), (0o640, False), (0o644, True)])
def test_a_file_that_everybody_may_read_is_noticed(tmp_path: Path, mode: int, is_open: bool) -> None:
    file = tmp_path / "pw"
    file.write_text("x", encoding="utf-8")
    file.chmod(mode)
    assert is_open_to_others(file) is is_open
