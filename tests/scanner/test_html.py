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
    "too deep for one parser": ("<div>" * 300 + "seen", "seen"),
}


@pytest.mark.parametrize(("source", "text"), TEXTS.values(), ids=TEXTS)
def test_text(source: str, text: str) -> None:
    assert text_of(source) == text


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
