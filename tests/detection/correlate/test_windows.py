"""What one group has shown within a timespan."""

from cybervault.detection.correlate.windows import Chains, Distinct, Entry, Events, window_of
from tests.detection.correlation import correlation


def entry(moment: int, position: int = 0, *values: str) -> Entry:
    return Entry(moment, 0, (), position, values, f"event {moment}")


def test_each_kind_counts_by_its_own_window() -> None:
    kinds = {
        "event_count": Events,
        "value_count": Distinct,
        "temporal": Distinct,
        "temporal_ordered": Chains,
    }
    for kind, window in kinds.items():
        told = {"type": kind, "condition": {"gte": 1, "field": "Image"}}
        assert isinstance(window_of(correlation(told)), window)


def test_events_of_the_timespan_count_its_ends_included() -> None:
    window = Events(9)
    assert window.add([entry(0), entry(0)], -10) == 2
    assert window.add([entry(10)], 0) == 3
    assert window.add([entry(11)], 1) == 2
    assert [one.moment for one in window.evidence()] == [10, 11]


def test_only_the_latest_events_that_decide_are_kept() -> None:
    window = Events(2)
    window.add([entry(1), entry(2), entry(3)], 0)
    window.trim()
    assert [one.moment for one in window.evidence()] == [2, 3]
    assert len(window) == 2


def test_a_value_counts_once_and_by_its_latest_event() -> None:
    window = Distinct(9)
    assert window.add([entry(0, 0, "a", "b"), entry(0, 0, "a")], -10) == 2
    assert window.add([entry(5, 0, "a")], -5) == 2
    assert window.add([entry(11, 0, "c")], 1) == 2
    assert [one.moment for one in window.evidence()] == [5, 11]


def test_an_event_with_several_values_is_one_piece_of_evidence() -> None:
    window = Distinct(9)
    window.add([entry(0, 0, "a", "b")], -10)
    assert len(window.evidence()) == 1


def test_only_the_latest_values_that_decide_are_kept() -> None:
    window = Distinct(2)
    window.add([entry(0, 0, "a"), entry(0, 0, "b"), entry(0, 0, "c")], -10)
    window.trim()
    window.trim()
    assert len(window) == 2
    assert window.add([entry(1, 0, "c"), entry(1, 0, "d")], -9) == 3


def test_a_chain_goes_on_only_in_order_and_within_the_timespan() -> None:
    window = Chains(3)
    assert window.evidence() == []
    assert window.add([entry(0, 1)], -10) == 0
    assert window.add([entry(1, 0)], -9) == 1
    assert window.add([entry(2, 2)], -8) == 1
    assert window.add([entry(3, 1)], -7) == 2
    assert window.add([entry(12, 2)], 2) == 0
    assert window.evidence() == []


def test_what_happened_at_the_same_moment_is_in_order() -> None:
    window = Chains(3)
    assert window.add([entry(4, 0), entry(4, 0), entry(4, 1), entry(4, 2)], -6) == 3
    assert [one.position for one in window.evidence()] == [0, 1, 2]


def test_of_two_chains_the_one_that_began_last_is_kept() -> None:
    window = Chains(2)
    window.add([entry(0, 0)], -10)
    window.add([entry(5, 0)], -5)
    window.add([entry(6, 1)], -4)
    assert window.add([entry(7, 1)], -3) == 2
    assert [one.moment for one in window.evidence()] == [5, 6]
    window.trim()
    assert len(window) == 3
