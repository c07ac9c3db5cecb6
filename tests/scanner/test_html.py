"""HTML: text out of it, and a copy that is safe to show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.html import sanitised, text_of

TEXTS = {
    "paragraphs": ("<p>One<p>Two", "One\n\nTwo"),
    "a table": ("<table><tr><td>a<td>b<tr><td>c<td>d</table>", "a  b\nc  d"),
    "no script, style, title": ("<title>t</title><style>p{}</style><script>x</script><p>a", "a"),
    "a hidden preheader": ("<div style='display:none'>secret</div>a", "a"),
    "hidden by visibility": ("<div style='color:red; visibility : hidden'>secret</div>a", "a"),
    "hidden by opacity": ('<div style="opacity:0">secret</div>a', "a"),
    "half transparent is shown": ('<div style="opacity:0.5">seen</div>', "seen"),
    "hidden by attribute": ("<div hidden>secret</div><p hidden=''>x</p>a", "a"),
    "the word hidden is none": ('<a href="x" title="a hidden b">seen</a>', "seen"),
    "a parent of size 0": ("<td style='font-size:0'><span style='font-size:16px'>seen</span></td>", "seen"),
    "hidden inside hidden": ("<div style='display:none'>s<i style='display:none'>ecret</i></div>a <b>b</b>.", "a b."),
    "a table in a table": (
        "<table><tr><td><table><tr><td>One<td>Two</table><td>Three</table><p>End",
        "One  Two  Three\n\nEnd",
    ),
    "two hundred tables in each other": ("<table><tr><td>" * 200 + "seen" + "</table>" * 200, "seen"),
    "words that elements cut": ("<p>P<b>rin</b>ter<i>,</i> <u>o</u>r <a name=x>not</a>.", "Printer, or not."),
    "too deep for one parser": ("<div>" * 300 + "seen", "seen"),
}


@pytest.mark.parametrize(("source", "text"), TEXTS.values(), ids=TEXTS)
def test_text(source: str, text: str) -> None:
    assert text_of(source) == text


LINKS = {
    "a target behind its words": (
        '<p>See <a href="https://x.example/a?b=1&amp;c=2">the <b>manual</b></a>, or call.',
        "See the manual (https://x.example/a?b=1&c=2), or call.",
    ),
    "words that name it": ('<a href="https://www.x.example/">x.example</a>', "x.example"),
    "words that name it with less": ('<a href="https://x.example/a?from=mail">x.example/a</a>', "x.example/a"),
    "words that name another one": (
        '<a href="https://evil.example/x">https://bank.example</a>',
        "https://bank.example (https://evil.example/x)",
    ),
    "a host that only begins alike": (
        '<a href="https://bank.example.net/">bank.example</a>',
        "bank.example (https://bank.example.net/)",
    ),
    "the same one again": (
        '<a href="https://x.example/1">a</a> <a href="https://x.example/1">b</a>',
        "a (https://x.example/1) b",
    ),
    "no page": ('<a href="mailto:a@x.example">Ada</a> <a href="tel:112">112</a> <a href="#top">Up</a>', "Ada 112 Up"),
    "a picture": ('<a href="https://x.example/t"><img src="https://x.example/1.gif" alt=""></a>a', "a"),
    "a hidden one": ('<div style="display:none"><a href="https://x.example/t">View online</a></div>a', "a"),
    "the same one, hidden first": (
        '<a style="display:none" href="https://x.example/1">View</a><a href="https://x.example/1">b</a>',
        "b (https://x.example/1)",
    ),
    "a block": ('<a href="https://x.example/1"><div>Pay now</div></a>a', "Pay now (https://x.example/1)\na"),
    "rewritten by a gateway": (
        '<a href="https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fx.example%2Fdocs&amp;data=05">docs</a>',
        "docs (https://x.example/docs)",
    ),
    "in a table, whose columns stay": (
        '<table><tr><td><a href="https://x.example/very/long">a</a><td>b<tr><td>c<td>d</table>',
        "a (https://x.example/very/long)  b\nc     d",
    ),
    "a mail with our marks": ('<a href="https://x.example/">a</a>\ue0000\ue001', "a\ue0000\ue001"),
    "no address at all": (
        '<a href="https://[x/">a</a> <a href="https://x.example/&#27;[31m">b</a>',
        "a b",
    ),
    "one for a machine": (f'<a href="https://x.example/{"a" * 600}">a</a>', "a"),
}


@pytest.mark.parametrize(("source", "text"), LINKS.values(), ids=LINKS)
def test_targets_of_links_are_kept_in_the_text(source: str, text: str) -> None:
    assert text_of(source) == text


WORDS = st.lists(st.text(alphabet="abcdefgäöß", min_size=1, max_size=8), min_size=1, max_size=12)
BULLETS = "*+o-"
AROUND = (
    "<p>%s</p>",
    "<table><tr><td>%s</td></tr></table>",
    "<ul><li>%s</ul>",
    "<b>%s</b>",
    "<div><div>%s</div></div>",
)


@given(st.lists(st.tuples(WORDS, st.lists(st.sampled_from(AROUND), max_size=4)), min_size=1, max_size=6))
def test_no_word_is_lost(pieces: list[tuple[list[str], list[str]]]) -> None:
    source = ""
    for words, around in pieces:
        inner = " ".join(words)
        for element in around:
            inner = element % inner
        source += f"<div>{inner}</div>"
    assert [word for word in text_of(source).split() if word not in BULLETS] == [
        word for words, _ in pieces for word in words
    ]


def test_what_is_cut_is_said() -> None:
    defects: list[str] = []
    assert text_of("<p>Hello</p>" + "<div>" * 3_000 + "x", defects) == "Hello"
    assert defects == ["HTML: only the first 2512 of 15013 characters were read"]


SAFE = {
    "script": ("<script>alert(1)</script>a", "a"),
    "an event": ("<p onclick=x>a</p>", "<p>a</p>"),
    "a remote picture": ('<img src="https://t.example/1.gif" alt="Logo">', '<img alt="Logo">'),
    "a picture of the mail": ('<img src="cid:a@x">', '<img src="cid:a@x">'),
    "a remote background": ("<p style=\"background:url('https://t.example/1')\">a</p>", "<p>a</p>"),
    "a script in a link": ("<a href='javascript:x'>a</a>", '<a rel="noopener noreferrer nofollow">a</a>'),
    "a link": (
        '<a href="https://x.example">a</a>',
        '<a href="https://x.example" rel="noopener noreferrer nofollow">a</a>',
    ),
    "a frame and a form": ("<iframe src=x></iframe><form action=x><input></form>a", "a"),
}


@pytest.mark.parametrize(("source", "shown"), SAFE.values(), ids=SAFE)
def test_what_is_shown_is_safe(source: str, shown: str) -> None:
    assert sanitised(source) == shown


def test_hidden_text_stays_hidden() -> None:
    assert "display:none" in sanitised("<div style='opacity:0'>secret</div>").replace(" ", "")


@given(st.text(alphabet="<>/=\"' divimgsrcstyle:hta;()&#x0", max_size=200))
def test_no_source_stops_it_or_fetches_anything(source: str) -> None:
    text_of(source)
    assert 'src="http' not in sanitised(source + "<img src='http://x.example'>")


@pytest.mark.parametrize(
    "attribute", ["a{}=1\n", 'a{}=">"', "a{}/", "a{} = '<' "], ids=("bare", "quoted", "slash", "long")
)
def test_an_element_with_too_many_attributes_is_not_given_to_a_parser(attribute: str) -> None:
    defects: list[str] = []
    source = "<p>Guten Tag</p><p " + "".join(attribute.format(number) for number in range(50_000)) + ">Rest</p>"
    assert text_of(source, defects) == "Guten Tag"
    assert defects == [f"HTML: only the first 16 of {len(source)} characters were read"]


def test_a_picture_inside_the_html_is_no_element_with_many_attributes() -> None:
    assert text_of(f'<p>vor</p><img src="data:image/png;base64,{"A/b+" * 50_000}"><p>nach</p>').split() == [
        "vor",
        "nach",
    ]
