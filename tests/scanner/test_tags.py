"""Tags on which two parsers could disagree: whatever is one has few attributes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from scanner import tags
from scanner.html import sanitised, text_of
from scanner.tags import FEW, MAX_ATTRIBUTES, harmless

MANY = " ".join(f"a{n}" for n in range(20_000))
TEXT = "<p>Before.</p>"

OVERLADEN = {
    "plain": f"<a {MANY}>x",
    "names with <": f"<a {MANY.replace('a', 'a<')}>x",
    "a quote in a comment": f'<!-- " --><a {MANY}>x',
    "a tag in a comment": f'<!-- <a b=" --><a {MANY} ">x',
    "a quote in a script": f"<script>'<a b=\"</script><a {MANY}>x",
    "a quote in a title": f'<title><a b="</title><a {MANY} ">x',
    "a quote in a name": f"<a {MANY.replace(' ', chr(34) + ' ')}>x",
    "a quote in a tag's name": f'<b="x {MANY}>x',
    "> in a quote": f'<a b="> " {MANY}>x',
    "> in a quote that a comment opened": f'<!-- <s b=" --> <b c="x> " {MANY}>',
    "a closing tag": f"</a {MANY}>x",
    "values": f"<a {MANY.replace(' ', '=< ')}>x",
    "an end that never comes": f"<a {MANY}",
    "many bodies": "".join(f"<body a{n} b{n} c{n}>" for n in range(10_000)),
}


@pytest.mark.parametrize("source", OVERLADEN.values(), ids=OVERLADEN)
def test_an_element_with_too_many_attributes_hurts_nobody(source: str) -> None:
    found = harmless(TEXT + source)
    assert found.startswith(TEXT)
    assert _most_attributes(found) <= MAX_ATTRIBUTES * tags.MAX_ROOTS
    assert text_of(TEXT + source).startswith("Before.")
    assert sanitised(TEXT + source).startswith(TEXT)


def test_what_is_tidy_stays_as_it_is() -> None:
    source = "<p style=\"a: 'b'\" class=x title='say \"a > b\"'>1 < 2 &amp; 3 <br/></p>\n" * 400
    assert len(source) > FEW
    assert harmless(source) == source


def test_conditional_comments_and_styles_go_and_the_text_stays() -> None:
    source = (
        "<!--[if mso]><v:rect a=\"><![endif]--><style>p > a {b: '<'}</style><![if !mso]><p>Hi<![endif]>" + " x" * FEW
    )
    assert text_of(source).startswith("Hi x x")
    assert "p > a" not in harmless(source)


PIECES = ("<a ", "<b", "</", '"', "'", "=", " ", ">", "<!--", "-->", "<script>", "</script>", "<title>", "x", "&", "/")


@given(st.lists(st.sampled_from(PIECES), max_size=60), st.lists(st.sampled_from(PIECES), max_size=20))
def test_no_two_readers_disagree(before: list[str], behind: list[str]) -> None:
    """However quotes and comments are opened in front of it, an element has no more attributes than it may."""
    source = f"{''.join(before)}<i {' '.join(f'n{n}' for n in range(3 * MAX_ATTRIBUTES))}{''.join(behind)}>"
    found = harmless(source + " x" * FEW)
    assert _most_attributes(found) <= MAX_ATTRIBUTES * tags.MAX_ROOTS


def _most_attributes(source: str) -> int:
    tree = LexborHTMLParser(source)
    return max((len(node.attributes) for node in tree.css("*")), default=0)
