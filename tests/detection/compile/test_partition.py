"""Partitions: which rules are for an event, what is left of them, and which are worth a look."""

import pytest

from cybervault.detection.compile.partition import (
    EVERY,
    NOT,
    SOME,
    Condition,
    holds,
    is_for,
    partition_of,
    rules_for,
)
from cybervault.detection.compile.scanners import literals
from cybervault.detection.record import LogSource
from cybervault.detection.rule import Rule, Where
from tests.detection.sigma import PROCESSES, rule, selecting


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (Where("windows", "process_creation"), True),
        (Where("windows"), True),
        (Where("", "process_creation"), True),
        (Where("windows", "", "sysmon"), True),
        (Where("linux", "process_creation"), False),
        (Where("windows", "file_access"), False),
        (Where("windows", "", "security"), False),
        (Where(), False),
    ],
)
def test_a_rule_is_for_events_that_have_all_it_names(where: Where, *, expected: bool) -> None:
    assert is_for(where, PROCESSES) is expected


def test_a_category_that_the_event_does_not_have_matches_nothing() -> None:
    assert not is_for(Where("", "process_creation"), LogSource("windows", frozenset(), "security"))


def names(rules: list[Rule], event_id: str | None) -> list[int]:
    return [one.rule for one in partition_of(rules_for(rules, PROCESSES), event_id, finding=literals).candidates]


def test_rules_that_cannot_hold_for_the_event_id_are_left_out() -> None:
    rules = [
        rule(selecting(EventID=1, Image="a"), id="4b89abaa-99fe-4232-afdd-000000000001"),
        rule(selecting(EventID=[2, 3], Image="a"), id="4b89abaa-99fe-4232-afdd-000000000002"),
        rule(selecting(EventID=None, Image="a"), id="4b89abaa-99fe-4232-afdd-000000000003"),
        rule(selecting(EventID="*", Image="a"), id="4b89abaa-99fe-4232-afdd-000000000004"),
        rule(selecting(Image="a"), id="4b89abaa-99fe-4232-afdd-000000000005"),
    ]
    assert names(rules, "1") == [0, 3, 4]
    assert names(rules, "3") == [1, 3, 4]
    assert names(rules, None) == [2, 4]


def test_only_rules_with_a_witness_that_holds_are_candidates() -> None:
    rules = [
        rule(selecting(Image="a", CommandLine="b")),
        rule({"a": {"Image": "c"}, "condition": "not a"}),
    ]
    partition = partition_of(rules_for(rules, PROCESSES), None, finding=literals)
    assert [one.rule for one in partition.candidates_of(frozenset())] == [1]
    numbers = {number for part in partition.fields for number in part.all}
    assert [one.rule for one in partition.candidates_of(numbers)] == [0, 1]


def test_words_and_references_stand_apart_from_fields() -> None:
    rules = [rule({"words": ["x"], "a": {"Image|fieldref": "ParentImage"}, "condition": "words and a"})]
    partition = partition_of(rules_for(rules, PROCESSES), None, finding=literals)
    assert partition.keywords is not None
    assert [one.predicate.pattern for one in partition.references] == ["ParentImage"]
    assert partition.fields == []


def test_what_may_hold_is_false_where_it_is_wanted_and_true_where_it_excludes() -> None:
    either = Condition(SOME, frozenset({2, 3}))
    tree = Condition(EVERY, frozenset({1}), (Condition(NOT, frozenset(), (either,)),))
    assert holds(tree, {1}, {1})
    assert not holds(tree, {1}, {1, 3})
    assert not holds(tree, set(), {1})
    twice = Condition(NOT, frozenset(), (Condition(NOT, frozenset(), (Condition(EVERY, frozenset({1})),)),))
    assert holds(twice, {1}, set())
    assert holds(Condition(SOME, frozenset({4}), (tree,)), {1}, {1})


def test_what_speaks_for_a_rule_is_what_it_wants_to_hold() -> None:
    detection = {"a": {"Image": "a"}, "b": {"User": "b", "Company": "c"}, "condition": "a and not b"}
    partition = partition_of(rules_for([rule(detection)], PROCESSES), None, finding=literals)
    (candidate,) = partition.candidates
    (image,) = (part for part in partition.fields if part.name == "Image")
    assert candidate.wanted == image.all
