"""Who is mentioned in a note."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.mention import mentioned

AGENTS = {
    "ada": "Ada Example", "bert": "Bert Example", "j.w": "never", "jw": "Jörg Weiß", "jm": "Jörg Meier-Weiß",
    "sam-b": "Sam Beispiel",
}  # fmt: skip
GROUPS = ("network", "second-level", "bert")

CASES: list[tuple[str, tuple[str, ...]]] = [
    ("@ada", ("ada",)),
    ("Frag @ada.", ("ada",)),
    ("(@ada, @bert: was meint ihr?)", ("ada", "bert")),
    ("@ADA @Ada @ada", ("ada",)),
    ("@Ada Example weiß das", ("ada",)),
    ('@"Ada Example" weiß das', ("ada",)),
    ("@„Ada  Example“ weiß das", ("ada",)),
    ('@"ada"', ("ada",)),
    ("@Bert", ("bert",)),
    ("@weiß", ("jw",)),
    ("@WEISS", ("jw",)),
    ("@Jörg Weiß und", ("jw",)),
    ("@Jörg Meier-Weiß", ("jm",)),
    ("@Jo\u0308rg Weiß", ("jw",)),
    ("@sam-b", ("sam-b",)),
    ("@network bitte", ("network",)),
    ("@second-level", ("second-level",)),
    ("@bert ist Agent und Gruppe", ("bert",)),
    ("zwei\n@ada\n", ("ada",)),
]


@pytest.mark.parametrize(("text", "keys"), CASES)
def test_names_are_mentions(text: str, keys: tuple[str, ...]) -> None:
    found = mentioned(text, agents=AGENTS, groups=GROUPS)
    assert (*found.agents, *found.groups) == keys
    assert found.remarks == ()


@pytest.mark.parametrize(
    "text",
    [
        "ada@acme.example",
        "Jörg.Weiß@ada",
        '"ada x"@ada.example',
        "<ada+tag@acme.example>",
        "https://forum.example/@ada/12",
        "https://forum.example/?to=@ada",
        "`@ada`",
        "```\n@ada\nif x:\n```",
        "```\n@ada ohne Ende",
        "    @ada",
        "\t@ada",
        "> @ada",
        "@@ada",
        "@ ada",
        "@app.route",
        "@",
    ],
)
def test_addresses_code_and_quotes_are_none(text: str) -> None:
    found = mentioned(text, agents=AGENTS, groups=GROUPS)
    assert (found.agents, found.groups, found.remarks) == ((), (), ())


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("@zoe bitte", "@zoe is no agent and no group: nobody was told"),
        ("@Jörg bitte", "@Jörg may be jw or jm: nobody was told; write the key"),
        ('@"Ada Beispiel"', "@Ada Beispiel is no agent and no group: nobody was told"),
    ],
)
def test_names_that_are_nobodys_or_several_peoples_are_told(text: str, remark: str) -> None:
    found = mentioned(f"{text} und {text}", agents=AGENTS, groups=GROUPS)
    assert (found.agents, found.groups, found.remarks) == ((), (), (remark,))


def test_after_code_people_are_named_again() -> None:
    text = "```\n@ada\n```\n@bert\n> @ada\n    @ada\nund @network"
    found = mentioned(text, agents=AGENTS, groups=GROUPS)
    assert (found.agents, found.groups) == (("bert",), ("network",))


@given(st.text(alphabet='@adbert`"“ \n>.-_x', max_size=60))
def test_only_those_there_are_and_each_once(text: str) -> None:
    found = mentioned(text, agents=AGENTS, groups=GROUPS)
    assert set(found.agents) <= set(AGENTS)
    assert set(found.groups) <= set(GROUPS)
    assert len(set(found.agents)) == len(found.agents)
    assert len(found.remarks) <= 5
    assert not any("\n" in remark for remark in found.remarks)
    if "@" not in text:
        assert found == mentioned("", agents=AGENTS, groups=GROUPS)
