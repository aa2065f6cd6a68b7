"""Correlations of a batch: told beside its other matches, once each."""

from datetime import timedelta

import pytest

from cybervault.detection import together as module
from cybervault.detection.batch import Burst, Fired, Hit, Tally
from cybervault.detection.correlate.plan import plan_of
from cybervault.detection.correlate.signals import Signal
from cybervault.detection.sightings import Sighting, Sightings
from cybervault.detection.together import add_bursts, add_entities
from tests.detection.correlation import START, base, correlation

MANY = correlation({"condition": {"gte": 2}})
PLAN = plan_of([MANY], [base("a")])


def signal(line: int, user: str = "acme\\eve") -> Signal:
    return Signal("a", str(line), START + timedelta(seconds=line), {"User": (user,)})


def test_a_burst_is_a_match_at_its_first_line_and_says_what_it_counted() -> None:
    tally, sightings = Tally(events=9, matched=1, matches=1), Sightings()
    add_bursts(tally, PLAN, [signal(7), signal(4), signal(5)], sightings=sightings)
    burst = Burst((("User", "acme\\eve"),), START + timedelta(seconds=7), 3, is_capped=False, lines=(4, 5))
    at = START + timedelta(seconds=4)
    assert tally.bursts == [Hit(4, MANY.rule.id, at, "", "acme\\eve", is_certain=True, burst=burst)]
    fired = tally.rules[MANY.rule.id]
    assert (fired.title, fired.count, fired.first, fired.last) == ("Together", 1, at, burst.last)
    assert (tally.events, tally.matched, tally.matches, tally.warnings) == (9, 1, 2, [])
    assert [*sightings] == [Sighting(MANY.rule.id, "", "acme\\eve", is_certain=True, first=at, last=burst.last)]


def test_more_than_are_kept_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BURSTS_MAX", 2)
    tally = Tally()
    add_bursts(tally, PLAN, [signal(line, user) for user in "abc" for line in (1, 2)], sightings=Sightings())
    assert ([hit.user for hit in tally.bursts], tally.matches, tally.rules[MANY.rule.id].count) == (["a", "b"], 3, 3)


def test_what_was_not_kept_not_told_or_not_counted_is_said() -> None:
    tally = Tally(silenced=2, uncounted=3)
    add_bursts(tally, PLAN, [Signal("a", "1", None, {})], sightings=Sightings())
    assert tally.warnings == [
        "3 matches were too many to be kept for correlations.",
        "2 matches of rules that correlations count are not told by themselves.",
        "1 matches have no time, so no correlation counts them.",
    ]


def test_hosts_and_users_are_ranked_and_what_had_no_room_is_said() -> None:
    tally, sightings = Tally(rules={"a": Fired.of(base("a"))}), Sightings(1)
    for host in ("pc-7", "pc-8"):
        sightings.add(Sighting("a", host, "", is_certain=True, count=2))
    add_entities(tally, sightings, START)
    assert [(one.value, one.score, one.at, one.matches) for one in tally.entities] == [("pc-7", 47.0, START, 2)]
    assert tally.warnings == ["2 matches were too many to count for the risk of hosts and users."]
