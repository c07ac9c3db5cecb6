"""Expressions in texts: what is refused while the rules are loaded, with its place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.expression import MAX_VALUE, NAMES, BadExpression, Expression


@pytest.mark.parametrize(
    ("written", "character", "said"),
    [
        ("Order {{ mail.subjct }}", 10, "there is no mail.subjct; did you mean 'mail.subject'?"),
        ("{{ subject }}", 4, "there is no subject alone; did you mean 'mail.subject'?"),
        ("{{ mail }}", 4, "there is no mail alone"),
        ("a {{ mail.subject | uper }}", 21, "there is no filter 'uper'; did you mean 'upper'?"),
        ("{{ mail.subject", 1, "{{ is never closed"),
        ("{{ mail.text }} {{ mail.subject", 17, "{{ is never closed"),
        ("x {{ mail.subject + }}", 3, "unexpected 'end of print statement'"),
        ("{{ mail.subject + 'x' }}", 1, "only names, texts, filters"),
        ("{{ 'a' * 1000000000 }}", 1, "only names, texts, filters"),
        ("{{ range(10) }}", 1, "only names, texts, filters"),
        ("{{ mail.subject.upper() }}", 1, "only names, texts, filters"),
        ("{{ mail.subject[0] }}", 1, "names look like mail.subject"),
        ("{{ mail.__class__ }}", 4, "a name cannot begin with _"),
        ("{{ match._x }}", 4, "a name cannot begin with _"),
        ("{{ ''.__class__ }}", 1, "names look like mail.subject"),
        ("{{ mail.text > 5 }}", 1, "only names, texts, filters"),
        ("{{ mail.text | truncate(1, 2) }}", 1, "truncate wants 0 values"),
        ("{{ mail.text | replace('a') }}", 1, "replace wants 2 values"),
        ("{% for a in b %}", 1, "{% is not known here"),
        ("a {# b #}", 3, "{# is not known here"),
        ("{{ " + "(" * 500 + "mail.text" + ")" * 500 + " }}", 1, "nested too deep"),
        ("{{ mail.text" + "|upper" * 50 + " }}", 1, "nested too deep"),
        ("{{ mail.text }}" * 400, 4000, "too many"),
    ],
)  # fmt: skip
def test_refused(written: str, character: int, said: str) -> None:
    with pytest.raises(BadExpression) as refused:
        Expression.of(written)
    assert refused.value.character == character
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_an_expression_reads() -> None:
    one = Expression.of("{{ mail.subject }} {{ match.a or header['X-A'] }} {{ ticket.number }}")
    assert one.fields == {"subject", "header x-a", "ticket.number"}
    assert one.matches == {"a"}
    assert Expression.of("no {expression}").is_constant


def test_a_result_is_capped_whatever_the_values_are() -> None:
    one = Expression.of("{{ mail.text | replace('x', mail.text) ~ mail.text }}" + " {{ mail.text }}" * 50)
    assert len(one.render(lambda field: "x" * 1_000_000, {})) == MAX_VALUE


@given(st.lists(st.sampled_from([*NAMES, "match.a", "|", "upper", "'t'", "~", "if", "else", "(", ")", "header['A']",
                                 "not", "==", "default(1)", "}}", "{{", "1", "[", "]", ".", ","]), max_size=8),
       st.text(max_size=20))  # fmt: skip
@settings(max_examples=600, deadline=None)
def test_an_expression_is_worked_out_or_refused_with_a_reason(parts: list[str], value: str) -> None:
    try:
        one = Expression.of("{{ " + " ".join(parts) + " }}")
    except BadExpression as refused:
        said = str(refused)
    else:
        said = one.render(lambda field: value, {"a": value}) + "."
    assert said
