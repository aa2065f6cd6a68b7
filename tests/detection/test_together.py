"""Correlations of a batch: told beside its other matches, once each."""

from datetime import timedelta

import pytest

from cybervault.detection import together as module
from cybervault.detection.batch import Burst, Hit, Tally
from cybervault.detection.correlate.plan import plan_of
from cybervault.detection.correlate.signals import Signal
from cybervault.detection.together import add_bursts
from tests.detection.correlation import START, base, correlation

MANY = correlation({"condition": {"gte": 2}})
PLAN = plan_of([MANY], [base("a")])


def signal(line: int, user: str = "acme\\eve") -> Signal:
    return Signal("a", str(line), START + timedelta(seconds=line), {"User": (user,)})


def test_a_burst_is_a_match_at_its_first_line_and_says_what_it_counted() -> None:
    tally = Tally(events=9, matched=1, matches=1)
    add_bursts(tally, PLAN, [signal(7), signal(4), signal(5)])
    burst = Burst((("User", "acme\\eve"),), START + timedelta(seconds=7), 3, is_capped=False, lines=(4, 5))
    at = START + timedelta(seconds=4)
    assert tally.bursts == [Hit(4, MANY.rule.id, at, "", "acme\\eve", is_certain=True, burst=burst)]
    fired = tally.rules[MANY.rule.id]
    assert (fired.title, fired.count, fired.first, fired.last) == ("Together", 1, at, burst.last)
    assert (tally.events, tally.matched, tally.matches, tally.warnings) == (9, 1, 2, [])


def test_more_than_are_kept_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BURSTS_MAX", 2)
    tally = Tally()
    add_bursts(tally, PLAN, [signal(line, user) for user in "abc" for line in (1, 2)])
    assert ([hit.user for hit in tally.bursts], tally.matches, tally.rules[MANY.rule.id].count) == (["a", "b"], 3, 3)


def test_what_was_not_kept_not_told_or_not_counted_is_said() -> None:
    tally = Tally(silenced=2, uncounted=3)
    add_bursts(tally, PLAN, [Signal("a", "1", None, {})])
    assert tally.warnings == [
        "3 matches were too many to be kept for correlations.",
        "2 matches of rules that correlations count are not told by themselves.",
        "1 matches have no time, so no correlation counts them.",
    ]
