"""What a whole of events says together: the same in any order, and what could not be counted is said."""

from itertools import permutations

import pytest

from cybervault.detection.correlate.bursts import Bursts, on_silence
from cybervault.detection.correlate.correlator import Limits
from cybervault.detection.correlate.plan import Plan, plan_of
from cybervault.detection.correlate.signals import Signal, signals_of
from tests.detection.correlation import base, correlation, matches, record

PLAN = plan_of([correlation()], [base("a")])


def signal(seconds: float | None, user: str | None = "ann") -> Signal:
    (found,) = signals_of(PLAN, record(seconds, User=user), matches("a"))
    return found


def told(bursts: Bursts, *signals: Signal) -> list[tuple[str, int]]:
    for one in signals:
        bursts.add(one)
    return [(dict(found.group)["User"], found.count) for found in bursts.told()]


def test_a_burst_is_told_once_as_a_whole_in_whatever_order_its_events_come() -> None:
    for seconds in permutations((0, 4, 8, 12)):
        assert told(Bursts(PLAN), *map(signal, seconds)) == [("ann", 4)]


def test_those_that_began_first_stand_first() -> None:
    eve, ann = [signal(at, "eve") for at in (1, 2, 3)], [signal(at) for at in (2, 3, 4)]
    assert told(Bursts(PLAN), *ann, *eve) == [("eve", 3), ("ann", 3)]


def test_it_begins_anew_when_it_was_told() -> None:
    bursts = Bursts(PLAN)
    assert told(bursts, signal(0), signal(1)) == []
    assert told(bursts, signal(2)) == []


@pytest.mark.parametrize(
    ("left_out", "limits", "sentence"),
    [
        (signal(None), Limits(None), "1 matches have no time, so no correlation counts them."),
        (signal(1, None), Limits(None), "1 matches lack a field that a correlation goes by"),
        (Signal("gone", "1", None, {}), Limits(None), "1 matches were kept for correlations that are no longer"),
        (signal(1), Limits(None, pending=0), "1 matches were too many to wait for their turn in a correlation."),
    ],
)
def test_what_is_not_counted_is_said(left_out: Signal, limits: Limits, sentence: str) -> None:
    bursts = Bursts(PLAN, limits)
    assert told(bursts, left_out) == []
    (said,) = bursts.left_out()
    assert said.startswith(sentence)


def test_groups_that_were_forgotten_are_said() -> None:
    bursts = Bursts(PLAN, Limits(None, groups=1))
    told(bursts, signal(0, "ann"), signal(0, "bob"))
    assert bursts.left_out() == ("1 groups of correlations were forgotten for others.",)


def test_nothing_is_said_where_nothing_was_left_out() -> None:
    bursts = Bursts(Plan())
    assert told(bursts) == []
    assert (bursts.left_out(), on_silence(0)) == ((), ())
    assert on_silence(1_200) == ("1,200 matches of rules that correlations count are not told by themselves.",)
