"""The generated pages say what the program says."""

import json

import pytest

from commands.docs import ROOT, pages
from domain.action import Action
from domain.condition import AddressTest, Conditions
from domain.settings import Settings


@pytest.mark.parametrize("file", sorted(pages()), ids=lambda file: file.name)
def test_a_generated_page_is_fresh(file: object) -> None:
    known = {str(path): text for path, text in pages().items()}
    path = ROOT / str(file)
    assert path.read_text(encoding="utf-8") == known[str(path)], "stale: run `make docs`"


def test_every_section_and_every_word_of_the_rules_is_documented() -> None:
    config = (ROOT / "docs/config.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in config for name in Settings.model_fields)
    page = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
    for model in (Conditions, AddressTest, Action):
        assert all(f"### {word}\n" in page for word in model.words().values())


def test_every_key_has_a_meaning() -> None:
    page = (ROOT / "docs/config.md").read_text(encoding="utf-8")
    assert "|  |" not in page


def test_the_schema_knows_the_keys_that_people_write() -> None:
    schema = json.loads((ROOT / "docs/config.schema.json").read_text(encoding="utf-8"))
    assert set(schema["required"]) == {"helpdesk", "mailboxes", "smtp", "agents", "groups"}
    assert "else" in schema["$defs"]["ClosedTickets"]["properties"]
    assert set(schema["$defs"]["Conditions"]["properties"]) >= {"from", "to", "subject", "text", "header", "is"}
