"""Administrators' patterns: what is translated, what is refused, and that no text makes them slow."""

import pytest

from rules.pattern import MAX_LENGTH, BadPattern, Pattern


def found(pattern: str, text: str) -> bool:
    return Pattern.of(pattern).position(text.encode()) >= 0


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (r"^\w+$", "Größenänderung_１", True),
        (r"^\w+$", "nai\u0308ve", True),
        (r"^\w+$", "a b", False),
        (r"^\W+$", "…!", True),
        (r"^\W+$", "ä", False),
        (r"^[\w.-]+@", "jörg.weiß@x.example", True),
        (r"^[^\w]+$", "ß", False),
        (r"^[\W_]+$", "_!", True),
        (r"^[\W_]+$", "_ä", False),
        (r"^[\w-z]+$", "a-z", True),
        (r"^[\s\S]+$", "a\u00a0\nb", True),
        (r"^[\d\s]+$", "1\u00a0２", True),
        (r"^\D+$", "２", False),
        (r"^\S+$", "a\u3000b", False),
        (r"[[:digit:]]", "7", True),
        (r"^[]\]a]+$", "]a", True),
        (r"\Q\w\b\E", r"a \w\b c", True),
        (r"\x{E4}\pL", "äß", True),
        (r"\bÜbung", "Neue Übung", True),
        (r"\bÜbung", "Vorübung", False),
        (r"Übung\b", "Übungen", False),
        (r"\bfoo\b", "foo", True),
        (r"^\bfoo\b$", "foo", True),
        (r"(\bfoo|ärger)\b", "ein ärger", True),
        (r"(\bfoo|ärger)\b", "ärgerlich", False),
        (r"(?:foo\b|bar)", "fooä", False),
        (r"(?i)\bfoo\b|\bbar\b", "eine BAR!", True),
        (r"(\bre: )?foo", "xfoo", True),
        (r"\bC\+\+\b", "in C++ now", True),
    ],
)
def test_all_scripts(pattern: str, text: str, expected: bool) -> None:
    assert found(pattern, text) is expected


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        (r"P1-(\d+", r"missing ): P1-(\d+"),
        (r"foo(?=bar)", "no look-around"),
        (r"(?<!foo)bar", "no look-around"),
        (r"(a)\1", "no back-references"),
        (r"a++", "never backtracks"),
        (r"(?>a)", "never backtracks"),
        (r"(?x) a", "no verbose form"),
        (r"foo\Z", r"\z"),
        (r"a{2000}", "goes to 1000"),
        (r"[z-a]", "invalid character class range: z-a"),
        (r"*", "no argument for repetition operator"),
        (r"a)b", "unexpected )"),
        ("\\", "trailing"),
        (r"foo\b.*bar", "ends of a pattern only"),
        (r"(\bfoo)+", "ends of a pattern only"),
        (r"x(foo\b){2}", "ends of a pattern only"),
        (r"\b", "ends of a pattern only"),
        (r"foo\B", r"\B works for ASCII only"),
        (r"[^\W_]", r"\W does not work inside [^...]"),
        (r"(\pL{1000}){1}" * 20, "too large"),
        ("a" * (MAX_LENGTH + 1), "too many"),
    ],
)
def test_refused_with_the_way_out(pattern: str, said: str) -> None:
    with pytest.raises(BadPattern) as refused:
        Pattern.of(pattern)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|aa)+$", r"(\w+\s?)*$x", r"(.*a){20}", r"\b(\w|ä)*!"])
def test_no_text_makes_a_pattern_explode(pattern: str) -> None:
    assert Pattern.of(pattern).position(b"a" * 200_000 + b"!") >= -1


def test_the_place_is_where_it_begins() -> None:
    assert Pattern.of("needle").position("äneedle".encode()) == 2
    assert Pattern.of("needle").position(b"hay") == -1
