"""From rules to predicates: every modifier, and the reason for what cannot be asked of an event."""

import pytest
from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule

from cybervault.detection.compile.predicates import CannotCompileError, condition_of
from cybervault.detection.tree import MANY, ONE, Kind, Leaf, Not, Predicate, Some, leaves
from tests.detection.sigma import parsed, selecting


def only(**fields: object) -> Predicate:
    (found,) = leaves(condition_of(parsed(selecting(**fields))))
    return found


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("F", "Abc", Predicate("F", Kind.EQUALS, "abc")),
        ("F", "", Predicate("F", Kind.EQUALS, "")),
        ("F", "*", Predicate("F", Kind.EXISTS)),
        ("F", "**", Predicate("F", Kind.EXISTS)),
        ("F", "ab*", Predicate("F", Kind.STARTS, "ab")),
        ("F", "*ab", Predicate("F", Kind.ENDS, "ab")),
        ("F", "*ab**", Predicate("F", Kind.CONTAINS, "ab")),
        ("F", r"a\*b", Predicate("F", Kind.EQUALS, "a*b")),
        ("F", "A*b?c", Predicate("F", Kind.WILDCARD, f"a{MANY}b{ONE}c")),
        ("F__contains", "Ab", Predicate("F", Kind.CONTAINS, "ab")),
        ("F__startswith", "Ab", Predicate("F", Kind.STARTS, "ab")),
        ("F__endswith", "Ab", Predicate("F", Kind.ENDS, "ab")),
        ("F__contains__cased", "Ab", Predicate("F", Kind.CONTAINS, "Ab", is_cased=True)),
        ("F", 4688, Predicate("F", Kind.EQUALS, "4688")),
        ("F", True, Predicate("F", Kind.EQUALS, "true")),
        ("F", None, Predicate("F", Kind.NULL)),
        ("F__exists", True, Predicate("F", Kind.EXISTS)),
        ("F__re", "a.*b", Predicate("F", Kind.REGEX, "a.*b", is_cased=True)),
        ("F__re__i__s", "a.*b", Predicate("F", Kind.REGEX, "(?is)a.*b", is_cased=True)),
        ("F__cidr", "10.0.0.0/8", Predicate("F", Kind.CIDR, "10.0.0.0/8")),
        ("F__gt", 5, Predicate("F", Kind.COMPARE, "> 5")),
        ("F__lte", 5, Predicate("F", Kind.COMPARE, "<= 5")),
        ("F__fieldref", "G", Predicate("F", Kind.SAME, "G")),
        ("F__fieldref__startswith", "G", Predicate("F", Kind.SAME_START, "G")),
        ("F__fieldref__endswith", "G", Predicate("F", Kind.SAME_END, "G")),
        ("F__base64", "foobar", Predicate("F", Kind.EQUALS, "zm9vymfy")),
    ],
)
def test_each_value_is_one_question(name: str, value: object, expected: Predicate) -> None:
    assert only(**{name: value}) == expected


def test_values_are_alternatives_and_with_all_they_are_wanted_together() -> None:
    one = condition_of(parsed(selecting(F__contains=["a", "b"])))
    every = condition_of(parsed(selecting(F__contains__all=["a", "b"])))
    assert isinstance(one, Some)
    assert [leaf.pattern for leaf in leaves(one)] == [leaf.pattern for leaf in leaves(every)] == ["a", "b"]
    assert one != every


def test_a_dash_stands_for_every_dash_that_windows_takes() -> None:
    tree = condition_of(parsed(selecting(F__windash__contains=" -enc")))
    assert {" -enc", " /enc"} <= {leaf.pattern for leaf in leaves(tree)}


def test_what_is_not_to_exist_is_the_opposite_of_what_is() -> None:
    assert condition_of(parsed(selecting(F__exists=False))) == Not(Leaf(Predicate("F", Kind.EXISTS)))
    assert condition_of(parsed(selecting(F__neq="a"))) == Not(Leaf(Predicate("F", Kind.EQUALS, "a")))


def test_words_without_a_field_stand_anywhere() -> None:
    tree = condition_of(parsed({"words": ["mimikatz", "a*b", 77], "condition": "words"}))
    assert list(leaves(tree)) == [
        Predicate("", Kind.CONTAINS, "mimikatz"),
        Predicate("", Kind.WILDCARD, f"{MANY}a{MANY}b{MANY}"),
        Predicate("", Kind.CONTAINS, "77"),
    ]
    regex = condition_of(parsed({"words": {"|re": ["a+"]}, "condition": "words"}))
    assert list(leaves(regex)) == [Predicate("", Kind.REGEX, "a+", is_cased=True)]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"F__expand": "%hosts%"}, "placeholder"),
        ({"F__re": "(?=a)b"}, "regular expression"),
        ({"F__re": r"(a)\1"}, "regular expression"),
        ({"F__re": "((a{1,100}){1,100}){1,100}"}, "regular expression"),
        ({"F__hour": 5}, "part of a time"),
        ({"F__fieldref__contains": "G"}, "contain another field"),
        ({"F": "a\x00*b?c"}, "zero byte"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_reason(fields: dict[str, object], reason: str) -> None:
    with pytest.raises((CannotCompileError, SigmaError), match=reason):
        condition_of(parsed(selecting(**fields)))


def test_several_conditions_are_alternatives() -> None:
    rule = SigmaRule.from_dict(
        {
            "title": "x",
            "logsource": {"product": "windows"},
            "detection": {"a": {"F": "1"}, "b": {"F": "2"}, "condition": ["a", "b"]},
        }
    )
    assert [leaf.pattern for leaf in leaves(condition_of(rule))] == ["1", "2"]
