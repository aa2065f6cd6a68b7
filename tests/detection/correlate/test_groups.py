"""The groups of one correlation: bursts, and the bounds on what is remembered."""

from collections.abc import Mapping
from typing import Any

from cybervault.detection.correlate.groups import VALUES_MAX, Burst, Groups, Taken
from cybervault.detection.correlate.windows import Entry
from tests.detection.correlation import correlation

SECOND = 1_000_000
VALUES: Mapping[str, Any] = {"type": "value_count", "condition": {"gte": 2, "field": "Image"}}


def groups(told: Mapping[str, Any] | None = None, *, groups_max: int = 99, entries_max: int = 99) -> Groups:
    return Groups(correlation(dict(told or {})), groups_max, entries_max)


def entries(seconds: int, *values: str, key: str = "ann", count: int = 1) -> list[Entry]:
    """So many at one moment; one of each value where there are values."""
    told: list[tuple[str, ...]] = [(one,) for one in values] or [()] * count
    return [Entry(seconds * SECOND, 0, (key,), 0, one, f"{seconds}") for one in told]


def fed(many: Groups, *seconds: int) -> list[Taken]:
    return [many.take(entries(one)) for one in seconds]


def test_a_burst_begins_once_and_is_over_when_the_condition_no_longer_holds() -> None:
    found = fed(groups(), 0, 1, 2, 3, 20)
    assert [one.holds for one in found] == [False, False, True, True, False]
    assert [one.begun is not None for one in found] == [False, False, True, False, False]
    (burst,) = found[-1].over
    assert (burst.key, burst.first, burst.last, burst.count) == (("ann",), 0, 3 * SECOND, 4)
    assert [one.event for one in burst.sample] == ["0", "1", "2"]


def test_a_slow_trickle_that_always_suffices_is_one_burst() -> None:
    assert sum(one.begun is not None for one in fed(groups(), *range(0, 500, 5))) == 1


def test_many_at_one_moment_are_counted_before_they_are_forgotten() -> None:
    begun = groups().take(entries(0, count=50)).begun
    assert begun is not None
    assert begun.count == 50
    assert len(begun.sample) == 10


def test_values_of_a_burst_are_told_apart_up_to_a_bound_and_it_says_so() -> None:
    many = groups(VALUES, entries_max=9_999)
    begun = many.take(entries(0, "a", "b")).begun
    assert begun is not None
    many.take(entries(1, "b", "c"))
    assert (begun.count, begun.is_capped) == (3, False)
    many.take(entries(2, *(f"v{number}" for number in range(VALUES_MAX))))
    assert begun.is_capped
    assert begun.count >= VALUES_MAX


def test_a_chain_counts_its_rules() -> None:
    many = groups({"type": "temporal_ordered", "rules": ["a", "b"], "condition": {"gte": 1}})
    begun = many.take(entries(0)).begun
    many.take([Entry(SECOND, 0, ("ann",), 1, (), "")])
    assert begun is not None
    assert begun.count == 2


def test_groups_of_which_nothing_lies_within_the_timespan_are_dropped_with_their_bursts() -> None:
    many = groups()
    many.take(entries(0, count=3))
    many.take(entries(5, key="bob"))
    assert list(many.expire(10 * SECOND)) == []
    (burst,) = many.expire(11 * SECOND)
    assert (burst.key, len(many), many.evicted) == (("ann",), 1, 0)
    assert list(many.drop_all()) == []
    assert len(many) == 0


def test_the_quietest_group_is_forgotten_first_counted_and_its_burst_is_not_lost() -> None:
    many = groups(groups_max=2)
    over: list[Burst] = []
    for seconds, key in enumerate(["ann", "bob", "ann", "eve"]):
        over += many.take(entries(seconds, key=key, count=3)).over
    assert [one.key for one in over] == [("bob",)]
    assert (len(many), many.evicted) == (2, 1)


def test_too_many_entries_make_room_too_and_the_group_at_hand_stays() -> None:
    many = groups({"condition": {"gte": 50}}, entries_max=20)
    for seconds, key in enumerate(["ann", "bob", "eve"]):
        many.take(entries(seconds, key=key, count=15))
    assert (len(many), many.evicted) == (1, 2)
    assert many.take(entries(3, key="eve", count=35)).holds
