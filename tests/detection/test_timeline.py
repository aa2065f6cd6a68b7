"""When matches were, in few enough steps."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random

import msgspec
import pytest

from cybervault.detection.timeline import PLACES_MAX, Timeline
from cybervault.domain.verdicts import Severity

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
HIGH, LOW = Severity.HIGH, Severity.LOW


def timeline_of(moments: Iterable[datetime]) -> Timeline:
    made = Timeline()
    for at in moments:
        made.add(at, HIGH)
    return made


def total(timeline: Timeline) -> int:
    return sum(sum(levels.values()) for _, levels in timeline)


def test_matches_of_one_second_are_counted_together_by_level() -> None:
    made = Timeline()
    for microsecond, level in ((1, HIGH), (999_999, LOW), (5, HIGH)):
        made.add(NOON.replace(microsecond=microsecond), level)
    made.add(NOON - timedelta(hours=1), LOW)
    assert [*made] == [(NOON - timedelta(hours=1), {LOW: 1}), (NOON, {HIGH: 2, LOW: 1})]


@pytest.mark.parametrize(
    ("apart", "step"),
    [
        (timedelta(seconds=1), 10),
        (timedelta(hours=1), 21_600),
        (timedelta(days=1), 604_800),
        (timedelta(days=700), 604_800_000),
    ],
)
def test_steps_grow_until_few_are_left_and_no_match_is_lost(apart: timedelta, step: int) -> None:
    made = timeline_of(datetime(1, 1, 1, tzinfo=UTC) + number * apart for number in range(PLACES_MAX + 1))
    assert made.step_seconds == step
    assert len(made.counts) <= PLACES_MAX
    assert total(made) == PLACES_MAX + 1
    assert all(at.year >= 1 for at, _ in made)


def test_portions_come_to_the_same_as_the_whole_in_any_order() -> None:
    chance = Random(7)  # noqa: S311 - no secret
    moments = [NOON + timedelta(seconds=chance.randrange(90_000)) for _ in range(1_500)]
    whole = timeline_of(moments)
    chance.shuffle(moments)
    parts = [timeline_of(moments[:3]), timeline_of(moments[3:1_000]), timeline_of(moments[1_000:])]
    merged = Timeline()
    for part in parts:
        merged.merge(part)
    assert [*merged] == [*whole]
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(merged), type=Timeline) == merged
