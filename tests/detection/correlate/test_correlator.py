"""Correlations over the time of events: the same is told in whatever order they come, and an oracle agrees."""

import gc
import sys
from collections.abc import Iterable, Sequence
from datetime import timedelta
from random import Random
from types import FunctionType, ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.detection.correlate.correlation import Correlation, CorrelationMatch, Sighting
from cybervault.detection.correlate.correlator import Correlator, Limits, Report, Telling
from cybervault.detection.correlate.plan import Plan, plan_of
from cybervault.detection.engine import Match
from tests.detection.correlation import START, Happened, Run, base, correlation, matches, naive, record

RULES = [base(name) for name in "abc"]
WHOLE = Limits(lateness=None)
ORDERED = {"type": "temporal_ordered", "rules": ["a", "b"], "condition": {"gte": 2}}
TOLD = st.sampled_from([
    {"condition": {"gte": 3}},
    {"condition": {"gt": 1}, "rules": ["a", "b"]},
    {"condition": {"lt": 3}},
    {"condition": {"eq": 2}, "rules": ["a", "c"]},
    {"condition": {"neq": 2}},
    {"condition": {"gte": 2, "lte": 3}, "rules": ["a", "b", "c"]},
    {"type": "value_count", "condition": {"gte": 2, "field": "Image"}, "rules": ["a", "b"]},
    {"type": "value_count", "condition": {"eq": 2, "field": "Image"}},
    {"type": "value_count", "condition": {"gte": 2, "lt": 4, "field": "Image"}, "rules": ["a", "b", "c"]},
    {"type": "temporal", "rules": ["a", "b", "c"], "condition": {"gte": 3}},
    {"type": "temporal", "rules": ["a", "b", "c"], "condition": {"eq": 2}},
    {"type": "temporal_ordered", "rules": ["a", "b", "c"], "condition": {"gte": 3}},
    {"type": "temporal_ordered", "rules": ["b", "a"], "condition": {"gte": 2}},
    {"type": "temporal_ordered", "rules": ["a", "b", "c"], "condition": {"eq": 2}},
])  # fmt: skip
EVENTS = st.lists(
    st.builds(Happened, st.integers(0, 60), st.sampled_from("uv"), st.sampled_from("abc"), st.sampled_from("wxyz")),
    max_size=30,
)


def plan(*correlations: Correlation) -> Plan:
    found = plan_of(correlations, RULES)
    assert found.problems == ()
    return found


def sent(correlator: Correlator, events: Iterable[Happened]) -> list[CorrelationMatch]:
    found: list[CorrelationMatch] = []
    for one in events:
        event = record(one.seconds, User=one.user, Image=one.value)
        found += correlator.add(event, matches(one.rule), event=f"{one}")
    return [*found, *correlator.finish()]


def many(user: str, rule: str, *seconds: int) -> list[Happened]:
    return [Happened(one, user, rule, "") for one in seconds]


def held(root: object) -> int:
    """How many bytes an object and all that it refers to take."""
    seen: dict[int, object] = {}
    waiting = [root]
    while waiting:
        one = waiting.pop()
        if id(one) not in seen and not isinstance(one, type | ModuleType | FunctionType):
            seen[id(one)] = one
            waiting += gc.get_referents(one)
    return sum(map(sys.getsizeof, seen.values()))


def second(match: CorrelationMatch) -> tuple[int, int]:
    return int((match.first - START).total_seconds()), int((match.last - START).total_seconds())


def told(
    correlations: Sequence[Correlation], events: Iterable[Happened], telling: Telling = Telling.AT_ONCE
) -> list[CorrelationMatch]:
    return sent(Correlator(plan(*correlations), limits=WHOLE, telling=telling), events)


@given(TOLD, EVENTS)
def test_an_oracle_that_recomputes_everything_finds_the_same_bursts(
    content: dict[str, Any], events: list[Happened]
) -> None:
    one = correlation(content)
    begun = {(match.group[0][1], second(match)[1]) for match in told([one], events)}
    whole = told([one], events, Telling.WHEN_OVER)
    found = [(match.group[0][1], second(match)[1], match.count) for match in whole]
    wanted = naive(one, events)
    assert begun == {(run.user, run.begun) for run in wanted}
    assert sorted(found) == sorted((run.user, run.last, run.count) for run in wanted)


@given(TOLD, EVENTS, st.randoms(), st.sampled_from(Telling))
def test_the_order_in_which_events_come_plays_no_part(
    content: dict[str, Any], events: list[Happened], random: Random, telling: Telling
) -> None:
    chain = [correlation(content), correlation({"rules": ["together", "b"]}, id="outer")]
    shuffled = list(events)
    random.shuffle(shuffled)
    assert told(chain, shuffled, telling) == told(chain, events, telling)


@given(TOLD, EVENTS, st.randoms())
def test_events_that_are_no_later_than_allowed_are_told_as_if_they_had_come_in_order(
    content: dict[str, Any], events: list[Happened], random: Random
) -> None:
    jittered = sorted(events, key=lambda one: one.seconds + random.randint(0, 7))
    correlator = Correlator(plan(correlation(content)), limits=Limits(lateness=timedelta(seconds=7)))
    assert sent(correlator, jittered) == told([correlation(content)], events)
    assert correlator.report == Report()


def test_one_burst_is_one_alert_with_its_group_and_sample() -> None:
    (found,) = told([correlation()], many("ann", "a", *range(9)), Telling.WHEN_OVER)
    assert found.rule.title == "Together"
    assert (found.group, found.count, found.is_capped, second(found)) == ((("User", "ann"),), 9, False, (0, 8))
    assert found.sample[0] == Sighting(START, "a", f"{Happened(0, 'ann', 'a', '')}")
    assert Run("ann", 2, 8, 9) == naive(correlation(), many("ann", "a", *range(9)))[0]


def test_a_second_burst_is_a_second_alert() -> None:
    assert [second(one)[1] for one in told([correlation()], many("ann", "a", 0, 1, 2, 3, 30, 31, 32, 33))] == [2, 32]


def test_it_is_told_as_soon_as_nothing_from_before_is_expected() -> None:
    correlator = Correlator(plan(correlation()), limits=Limits(lateness=timedelta(seconds=5)))
    for seconds in (0, 1, 2, 7):
        assert correlator.add(record(seconds), matches("a")) == ()
    (found,) = correlator.add(record(8), [])
    assert second(found) == (0, 2)


def test_time_passes_without_events_where_the_caller_says_so() -> None:
    correlator = Correlator(plan(correlation()), telling=Telling.WHEN_OVER)
    for seconds in (0, 1, 2):
        correlator.add(record(seconds), matches("a"))
    assert correlator.advance(START + timedelta(seconds=62)) == ()
    (found,) = correlator.advance(START + timedelta(seconds=80))
    assert found.count == 3
    patient = Correlator(plan(correlation()), limits=WHOLE)
    patient.add(record(0), matches("a"))
    assert patient.advance(START + timedelta(days=9)) == ()


def test_what_comes_too_late_is_counted() -> None:
    correlator = Correlator(plan(correlation()))
    correlator.add(record(100), [])
    for seconds in (39, 40):
        correlator.add(record(seconds), matches("a", "b"))
    assert correlator.report.late == 1


def test_an_event_without_time_has_the_time_it_came_in_or_is_counted_as_left_out() -> None:
    correlator = Correlator(plan(correlation()))
    correlator.add(record(None), matches("a"))
    for _ in range(3):
        correlator.add(record(None), matches("a"), received=START)
    assert correlator.report == Report(without_time=1)
    assert [second(one) for one in correlator.finish()] == [(0, 0)]


def test_a_clock_that_runs_ahead_does_not_make_others_late() -> None:
    correlator = Correlator(plan(correlation()))
    correlator.add(record(9e9), matches("a"), received=START)
    for seconds in (0, 1):
        correlator.add(record(seconds), matches("a"), received=START)
    assert [one.count for one in correlator.finish()] == [3]
    assert correlator.report == Report()


def test_values_are_the_same_in_any_case_and_a_missing_field_is_counted_as_left_out() -> None:
    one = correlation({"type": "value_count", "condition": {"gte": 2, "field": "Image"}})
    correlator = Correlator(plan(one), limits=WHOLE)
    for image, user in [("A", "Ann"), ("a", "ANN"), ("b", None), (None, "ann"), ((), "ann"), (("c", "C"), "ann")]:
        correlator.add(record(0, Image=image, User=user), matches("a"))
    assert correlator.report == Report(without_field=3)
    (found,) = correlator.finish()
    assert (found.group, found.count) == ((("User", "ann"),), 2)


def test_several_values_of_a_field_that_is_grouped_by_are_one_group_in_any_order() -> None:
    correlator = Correlator(plan(correlation()), limits=WHOLE)
    for users in (("a", "B"), ("b", "A"), ("b", "a", "a")):
        correlator.add(record(0, User=users), matches("a"))
    assert [one.group for one in correlator.finish()] == [(("User", "a, b"),)]


def test_several_fields_are_counted_as_one_value() -> None:
    one = correlation({"type": "value_count", "condition": {"gte": 3, "field": ["Image", "Port"]}})
    correlator = Correlator(plan(one), limits=WHOLE)
    for image, port in [("a", "1"), ("a", "2"), ("a", "1"), ("b", None), ("b", "1")]:
        correlator.add(record(0, Image=image, Port=port), matches("a"))
    assert [one.count for one in correlator.finish()] == [3]
    assert correlator.report == Report(without_field=1)


def test_without_fields_to_group_by_all_events_are_one_group() -> None:
    (found,) = told([correlation({"group-by": None})], [*many("ann", "a", 0, 1), *many("bob", "a", 2)])
    assert found.group == ()


def test_long_values_take_no_room_and_stay_apart() -> None:
    correlator = Correlator(plan(correlation({"condition": {"gte": 2}})), limits=WHOLE)
    for ending in ("x", "y", "x"):
        correlator.add(record(0, User="u" * 100_000 + ending), matches("a"))
    (found,) = correlator.finish()
    assert len(found.group[0][1]) < 256


def test_an_alias_says_what_a_rule_calls_the_field() -> None:
    one = correlation(ORDERED | {"group-by": ["who"], "aliases": {"who": {"a": "User", "b": "Account"}}})
    correlator = Correlator(plan(one), limits=WHOLE)
    correlator.add(record(0, User="ann"), matches("a"))
    correlator.add(record(1, User="eve", Account="Ann"), matches("b"))
    assert [one.group for one in correlator.finish()] == [(("who", "ann"),)]


def test_a_match_that_is_not_certain_does_not_count() -> None:
    correlator = Correlator(plan(correlation({"condition": {"gte": 1}})), limits=WHOLE)
    correlator.add(record(0), [Match(base("a"), is_certain=False)])
    assert correlator.finish() == ()


class TestCorrelationsOfCorrelations:
    INNER = correlation()
    OUTER = correlation(ORDERED | {"rules": ["together", "b"]}, id="outer", title="With success")

    def test_success_after_a_burst_is_told_and_the_burst_is_silent(self) -> None:
        (found,) = told([self.OUTER, self.INNER], [*many("ann", "a", 0, 1, 2), *many("ann", "b", 4)])
        assert (found.rule.title, second(found), found.count) == ("With success", (2, 4), 2)
        assert [one.rule for one in found.sample] == ["together", "b"]

    def test_success_at_the_end_of_a_long_burst_is_found_and_before_it_is_not(self) -> None:
        assert told([self.OUTER, self.INNER], [*many("ann", "a", *range(100)), *many("ann", "b", 105)])
        assert not told([self.OUTER, self.INNER], [*many("ann", "b", 0), *many("ann", "a", 1, 2, 3)])

    def test_a_count_of_a_correlation_is_one_of_its_bursts(self) -> None:
        outer = correlation({"rules": ["together"], "condition": {"gte": 2}, "timespan": "1h"}, id="outer")
        one_burst, two_bursts = many("ann", "a", *range(50)), many("ann", "a", 0, 1, 2, 90, 91, 92)
        assert told([outer, self.INNER], one_burst) == []
        assert len(told([outer, self.INNER], two_bursts)) == 1

    def test_a_correlation_that_generates_is_told_beside_the_one_that_refers_to_it(self) -> None:
        outer = correlation(ORDERED | {"rules": ["together", "b"], "generate": True}, id="outer")
        found = told([outer, self.INNER], [*many("ann", "a", 0, 1, 2), *many("ann", "b", 4)])
        assert [one.rule.id for one in found] == ["together", "outer"]

    def test_a_field_that_the_inner_one_does_not_group_by_is_counted_as_missing(self) -> None:
        outer = correlation(ORDERED | {"rules": ["together", "b"], "group-by": ["Computer"]}, id="outer")
        correlator = Correlator(plan(outer, self.INNER), limits=WHOLE)
        assert sent(correlator, many("ann", "a", 0, 1, 2)) == []
        assert correlator.report == Report(without_field=1)


class TestBounds:
    def test_too_many_that_wait_are_taken_early_and_counted(self) -> None:
        correlator = Correlator(plan(correlation()), limits=Limits(lateness=None, pending=3))
        assert sent(correlator, many("ann", "a", 0, 1, 2, 3, 0, 4))
        assert correlator.report == Report(hurried=2, late=1)

    @pytest.mark.parametrize(
        "most", [20_000, pytest.param(1_000_000, marks=[pytest.mark.full, pytest.mark.timeout(900)])]
    )
    def test_a_flood_of_groups_takes_bounded_memory_and_what_was_forgotten_is_counted(self, most: int) -> None:
        one, fired = correlation({"timespan": "1d"}), matches("a")
        limits = Limits(lateness=timedelta(0), groups=1_000, entries=5_000)
        correlator = Correlator(plan(one), limits=limits)
        used = []
        for number in range(most):
            correlator.add(record(number / 1_000, User=f"user {number}"), fired)
            if number in {most // 2, most - 1}:
                used.append(held(correlator))
        assert correlator.report.evicted == ((one.rule.id, most - limits.groups - 1),)
        assert used[1] < used[0] * 1.1 < 4_000_000

    @pytest.mark.parametrize("limits", [Limits(lateness=None, groups=1), Limits(lateness=None, entries=1)])
    def test_one_group_alone_is_always_watched(self, limits: Limits) -> None:
        assert len(sent(Correlator(plan(correlation()), limits=limits), many("ann", "a", 0, 1, 2))) == 1


def test_after_the_end_it_begins_anew() -> None:
    correlator = Correlator(plan(correlation()), limits=WHOLE)
    for _ in range(2):
        assert len(sent(correlator, many("ann", "a", 0, 1, 2))) == 1
