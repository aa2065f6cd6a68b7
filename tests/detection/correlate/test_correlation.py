"""What a correlation is made of."""

import pytest

from cybervault.detection.correlate.correlation import Condition, CorrelationMatch
from tests.detection.correlation import START, correlation


@pytest.mark.parametrize(
    ("condition", "holding"),
    [
        (Condition(3), {3, 4, 5, 6}),
        (Condition(2, 4), {2, 3, 4}),
        (Condition(1, 2), {1, 2}),
        (Condition(5, 5), {5}),
        (Condition(1, None, (2,)), {1, 3, 4, 5, 6}),
    ],
)
def test_a_condition_holds_within_its_bounds_and_no_larger_count_than_those_it_tells_apart_changes_that(
    condition: Condition, holding: set[int]
) -> None:
    assert {count for count in range(1, 7) if condition.holds(count)} == holding
    last = condition.told_apart
    assert {condition.holds(count) for count in range(last, last + 9)} == {condition.holds(last)}


def test_a_field_has_the_name_that_an_alias_says_for_a_rule_and_its_own_otherwise() -> None:
    one = correlation({"rules": ["a", "b"], "aliases": {"who": {"a": "SubjectUserName"}}})
    assert (one.field_of("who", "a"), one.field_of("who", "b")) == ("SubjectUserName", "who")
    assert one.field_of("User", "a") == "User"


def test_a_match_is_shown_as_the_rule_of_its_correlation() -> None:
    one = correlation(level="high")
    found = CorrelationMatch(one, (), START, START, 3, is_capped=False, sample=())
    assert (found.rule.title, found.rule.level) == ("Together", "high")
