"""Rules in several files: one list, and every mistake in its own file, line and column."""

from pathlib import Path

import pytest

from desk.config import Config, inspect, load
from domain.errors import ConfigError
from tests.desk.test_config import SMALL

ONE = "- name: {name}\n  when: {{is: list}}\n  then: [{{tag: [{name}]}}]\n"


def config(folder: Path, rules: str, **files: str) -> Path:
    """A config.yaml in FOLDER with these rules, and FILES in rules.d."""
    (folder / "rules.d").mkdir()
    for name, text in files.items():
        (folder / "rules.d" / f"{name}.yaml").write_text(text, encoding="utf-8")
    path = folder / "config.yaml"
    path.write_text(f"{SMALL}rules: {rules}\n", encoding="utf-8")
    return path


def rule(name: str) -> str:
    return ONE.format(name=name)


def names(found: Config) -> list[str]:
    return [one.name for one in found.settings.rules]


def told(path: Path) -> list[str]:
    """The problems of PATH, files named from its folder."""
    _, problems = inspect(path)
    return [str(problem).replace(f"{path.parent}/", "") for problem in problems]


def test_all_files_that_fit_in_the_order_of_their_names(tmp_path: Path) -> None:
    path = config(
        tmp_path, "!include rules.d/*.yaml", b=rule("third") + rule("fourth"), a=rule("first"), a2=rule("second")
    )
    (tmp_path / "rules.d" / ".hidden.yaml").write_text("nonsense", encoding="utf-8")
    (tmp_path / "rules.d" / "a.yaml~").write_text("nonsense", encoding="utf-8")
    assert names(load(path)) == ["first", "second", "third", "fourth"]


def test_a_list_may_mix_both(tmp_path: Path) -> None:
    inline = "{name: one, match: always, then: [{tag: [x]}]}"
    mixed = f"\n  - {inline}\n  - !include rules.d/two.yaml\n  - !include rules.d/x*.yaml"
    path = config(tmp_path, mixed, two=rule("two"), x1=rule("three"), x2=rule("four"))
    assert names(load(path)) == ["one", "two", "three", "four"]


def test_the_hash_is_of_all_files(tmp_path: Path) -> None:
    path = config(tmp_path, "!include rules.d/*.yaml", a=rule("a"))
    before = load(path)
    (tmp_path / "rules.d" / "a.yaml").write_text(rule("a") + "# more\n", encoding="utf-8")
    after = load(path)
    assert before.hash != after.hash
    assert before.settings == after.settings
    assert [file.name for file, _ in after.files] == ["config.yaml", "a.yaml"]


ONLY_THERE = "!include stands behind rules: in config.yaml, or as an item of that list, and nowhere else"
MISSPELT = "- name: b\n  when: {subjekt: {contains: x}}\n  then: [ignore]\n"
ALL, A = "!include rules.d/*.yaml", "!include rules.d/a.yaml"


@pytest.mark.parametrize(
    ("rules", "files", "expected"),
    [
        (
            ALL,
            {"a": rule("a"), "b": MISSPELT},
            "rules.d/b.yaml:2:10: rules[1] 'b' when.subjekt: no such key; did you mean 'subject'?",
        ),
        (
            ALL,
            {"a": rule("same"), "b": rule("same")},
            "rules.d/b.yaml:1:9: rules[1] 'same' name: has the name of rules[0]: no history could tell them apart",
        ),
        ("!include rules.d/none.yaml", {}, "config.yaml:13:8: rules: there is no file rules.d/none.yaml"),
        ("!include rules.d/*.yml", {"a": rule("a")}, "config.yaml:13:8: rules: no file fits rules.d/*.yml"),
        ("!include rules.d", {}, "config.yaml:13:8: rules: rules.d is a directory; write rules.d/*.yaml"),
        ("!include ''", {}, "config.yaml:13:8: rules: name a file after !include, such as rules.d/*.yaml"),
        ("!include config.yaml", {}, "config.yaml:13:8: rules: a file cannot include itself"),
        (f"[{A}, {ALL}]", {"a": rule("a")}, "config.yaml:13:34: rules: rules.d/a.yaml is included twice"),
        (A, {"a": "- !include b.yaml\n", "b": rule("b")}, f"rules.d/a.yaml:1:3: rules[0]: {ONLY_THERE}"),
        (A, {"a": "# later\n"}, "rules.d/a.yaml: is empty; write rules into it, or take the file away"),
        (A, {"a": "name: a\n"}, "rules.d/a.yaml:1:1: a list of rules is wanted here (- name: ...)"),
        (
            A,
            {"a": "- name: [x\n"},
            "rules.d/a.yaml:2:1: the list opened with [ in line 1 is not closed, or lacks a comma",
        ),
        (
            A,
            {"a": rule("a") + "---\n" + rule("b")},
            "rules.d/a.yaml:4:1: a second document begins here; there must be one only",
        ),
        (
            "\n  - {name: x, when: {from: {domain: !include d.txt}}, then: [ignore]}",
            {},
            f"config.yaml:14:37: rules[0].when.from.domain: {ONLY_THERE}",
        ),
    ],
)
def test_what_is_wrong_is_named_where_it_stands(
    tmp_path: Path, rules: str, files: dict[str, str], expected: str
) -> None:
    assert told(config(tmp_path, rules, **files)) == [expected]


def test_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    path = config(tmp_path, "!include rules.d/*.yaml")
    (tmp_path / "rules.d" / "a.yaml").write_bytes(rule("a").encode() + "# Störung\n".encode("latin-1"))
    assert told(path) == ["rules.d/a.yaml:4:5: is not UTF-8 from here on; save the file as UTF-8"]


def test_other_rules_take_the_place_of_those_in_force(tmp_path: Path) -> None:
    path = config(tmp_path, "!include rules.d/*.yaml", a=rule("a"))
    new = tmp_path / "new.yaml"
    new.write_text(rule("b") + rule("c"), encoding="utf-8")
    for text in (new.read_text(encoding="utf-8"), SMALL + "rules:\n" + rule("b") + rule("c")):
        new.write_text(text, encoding="utf-8")
        found, _ = inspect(path, rules=new)
        assert found is not None
        assert names(found) == ["b", "c"]
    new.write_text("- name: b\n  when: {is: lost}\n  then: [ignore]\n", encoding="utf-8")
    _, problems = inspect(path, rules=new)
    assert [str(one).replace(f"{tmp_path}/", "") for one in problems] == [
        "new.yaml:2:14: rules[0] 'b' when.is: no such word 'lost'; did you mean 'list'?"
    ]
    new.unlink()
    with pytest.raises(ConfigError, match="there is no such file"):
        load(path, rules=new)
