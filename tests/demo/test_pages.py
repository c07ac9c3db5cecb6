"""The pages that people wrote: every command and every word that they name exists, and none is forgotten."""

import re
from enum import StrEnum
from pathlib import Path

import pytest
from typer.main import get_command

from cli import app
from demo.program import ROOT
from domain.intake import Outcome, State
from domain.letter import Reason

PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md")))


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_on_a_page_exists(page: Path) -> None:
    commands = set(getattr(get_command(app), "commands", {}))
    options = r"(?:-c|--config) \S+ "
    named = re.findall(
        rf"(?:^    \S*|`(?:sudo -u helpdesk )?|/bin/)helpdesk (?:{options})?([a-z]+)", page.read_text(), re.M
    )
    assert set(named) <= commands | {"unix"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("words", [State, Outcome, Reason])
def test_the_glossary_knows_every_word(words: type[StrEnum]) -> None:
    glossary = text("docs/glossary.md")
    assert [word.value for word in words if f"`{word.value}`" not in glossary] == []


def test_the_log_s_vocabulary_is_told() -> None:
    code = "".join(text(file) for file in ("desk/log.py", "clock.py", "scanner/idle.py"))
    events = set(re.findall(r'"((?:scan|mail|letter|delivery|work|idle|daemon)\.[a-z]+)"', code))
    events |= {f"daemon.{word}" for word in re.findall(r'log\.daemon\("([a-z]+)"', code)}
    page = text("docs/operating.md")
    assert len(events) > 15
    assert sorted(event for event in events if f"`{event}`" not in page) == []


def test_the_readme_begins_with_what_it_is_and_the_two_commands() -> None:
    screen = "\n".join(text("README.md").splitlines()[:30])
    assert "make demo" in screen
    assert "make test" in screen
    assert all(len(line) <= 120 for line in text("README.md").splitlines())
