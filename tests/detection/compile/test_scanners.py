"""All predicates of a field at once: with Hyperscan and without it the same, and what each kind looks at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.detection.compile.hyperscanning import hyperscanning
from cybervault.detection.compile.scanners import Finding, Scanner, expression, literals, scanner_of
from cybervault.detection.tree import MANY, ONE, Kind, Predicate

BOTH = pytest.mark.parametrize("finding", [hyperscanning, literals])


def scanner(*predicates: tuple[Kind, str] | tuple[Kind, str, bool], finding: Finding = literals) -> Scanner:
    return scanner_of({number: Predicate("F", *one) for number, one in enumerate(predicates, 10)}, finding)


@BOTH
@pytest.mark.parametrize(
    ("kind", "pattern", "fits", "others"),
    [
        (Kind.EQUALS, "abc", ["abc", "ABC"], ["abcd", "xabc", ""]),
        (Kind.EQUALS, "", [""], ["a"]),
        (Kind.CONTAINS, "b.c", ["ab.cd", "B.C"], ["bxc", ""]),
        (Kind.STARTS, "ab", ["abc", "ABx"], ["xab", "a"]),
        (Kind.ENDS, "ab", ["xab", "xAB"], ["abx", "ab\n"]),
        (Kind.WILDCARD, f"a{MANY}.{ONE}c", ["a.xc", "A\n..éC"], ["axxc", "a.c", "xa.xc", "a.xc\n"]),
        (Kind.EXISTS, "", ["", "a"], []),
        (Kind.CIDR, "10.0.0.0/8", ["10.1.2.3", " 10.0.0.1 "], ["11.0.0.1", "::1", "x", ""]),
        (Kind.CIDR, "fe80::/10", ["fe80::1"], ["10.1.2.3"]),
        (Kind.COMPARE, "> 5", ["6", "5.5"], ["5", "x", ""]),
        (Kind.COMPARE, "<= 5", ["5", "-1"], ["6", "nan"]),
    ],
)
def test_each_kind_looks_at_a_text_in_any_case(
    kind: Kind, pattern: str, fits: list[str], others: list[str], finding: Finding
) -> None:
    found = scanner((kind, pattern), finding=finding)
    assert [found.true(text) for text in fits] == [{10}] * len(fits)
    assert [found.true(text) for text in others] == [frozenset()] * len(others)


@BOTH
def test_cased_texts_and_regular_expressions_heed_the_case(finding: Finding) -> None:
    found = scanner(
        (Kind.EQUALS, "Ab", True), (Kind.CONTAINS, "Ab", True), (Kind.REGEX, "^A.", True),
        (Kind.REGEX, "(?i)^A.$", True), (Kind.EQUALS, "ab"), finding=finding,
    )  # fmt: skip
    assert found.true("Ab") == {10, 11, 12, 13, 14}
    assert found.true("aB") == {13, 14}
    assert found.true("xAb") == {11}


@BOTH
def test_letters_beyond_ascii_are_one_letter_each(finding: Finding) -> None:
    found = scanner((Kind.REGEX, "^.{3}$", True), (Kind.WILDCARD, ONE), (Kind.ENDS, "é"), finding=finding)
    assert found.true("éßx") == {10}
    assert found.true("É") == {11, 12}


@BOTH
def test_half_letters_are_no_reason_to_fail(finding: Finding) -> None:
    assert scanner((Kind.CONTAINS, "abc"), (Kind.WILDCARD, f"a{MANY}c{ONE}"), finding=finding).true(
        "\ud800abc\udfff"
    ) == {10}


@BOTH
def test_what_the_database_does_not_take_is_tried_all_the_same(finding: Finding) -> None:
    found = scanner((Kind.REGEX, r"\p{Greek}", True), (Kind.REGEX, "^a{1,500}$", True), finding=finding)
    assert found.true("λ") == {10}
    assert found.true("a" * 400) == {11}
    assert found.true("b") == frozenset()


def test_a_wildcard_is_an_expression_for_the_whole_text() -> None:
    assert expression(Predicate("F", Kind.WILDCARD, f"a.{MANY}b{ONE}")) == r"(?s)\Aa\..*b.\z"
    assert expression(Predicate("F", Kind.REGEX, "a+")) == "a+"


TEXTS = st.text(st.sampled_from("aAbB.\\/*é\n "), max_size=8)
PATTERNS = st.one_of(
    st.tuples(st.sampled_from([Kind.EQUALS, Kind.CONTAINS, Kind.STARTS, Kind.ENDS]), TEXTS.map(str.lower).filter(bool)),
    st.tuples(
        st.just(Kind.WILDCARD),
        st.lists(st.one_of(TEXTS.map(str.lower).filter(bool), st.sampled_from([MANY, ONE])), min_size=1).map("".join),
    ),
    st.tuples(
        st.just(Kind.REGEX),
        st.sampled_from(["a.b", "^a", "b$", "(?i)ab?", "[^a]{2}", r"\Aa*\z"]),
        st.just(True),  # noqa: FBT003 - the third part of a predicate
    ),
)


@given(st.lists(PATTERNS, max_size=6), st.lists(TEXTS, max_size=4))
def test_hyperscan_and_the_automaton_say_the_same(patterns: list[tuple[Kind, str]], texts: list[str]) -> None:
    one, other = scanner(*patterns, finding=hyperscanning), scanner(*patterns, finding=literals)
    for text in texts:
        assert one.true(text) == other.true(text)
