"""Whom matches are about: counted by rule, host, user and hour, in whatever order they come."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import permutations

from cybervault.detection.sightings import Sighting, Sightings, on_crowd

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def seen(minutes: float | None, rule: str = "a", host: str = "pc-7", user: str = "ann") -> Sighting:
    at = None if minutes is None else NOON + timedelta(minutes=minutes)
    return Sighting(rule, host, user, is_certain=True, first=at, last=at)


def counted(several: Iterable[Sighting], most: int = 9) -> Sightings:
    sightings = Sightings(most)
    for one in several:
        sightings.add(one)
    return sightings


def test_matches_of_one_hour_are_one_sighting_whatever_their_order_and_case() -> None:
    for several in permutations((seen(1), seen(50, host="PC-7"), seen(7, user="Ann"))):
        (one,) = counted(several)
        assert (one.count, one.first, one.last) == (3, NOON + timedelta(minutes=1), NOON + timedelta(minutes=50))


def test_hours_rules_names_and_certainty_are_told_apart() -> None:
    others = [seen(0), seen(60), seen(0, "b"), seen(0, host="pc-8"), seen(0, user="eve"), seen(None)]
    uncertain = Sighting("a", "pc-7", "ann", is_certain=False, first=NOON, last=NOON)
    assert len([*counted([*others, uncertain])]) == 7


def test_what_has_no_time_is_one_sighting_without_one() -> None:
    (one,) = counted([seen(None), seen(None)])
    assert (one.count, one.first, one.last) == (2, None, None)


def test_more_than_there_is_room_for_are_counted() -> None:
    sightings = counted([seen(0), seen(60), seen(120), seen(120), seen(1)], most=2)
    assert [one.count for one in sightings] == [2, 1]
    assert sightings.left_out == 2
    assert on_crowd(sightings) == ("2 matches were too many to count for the risk of hosts and users.",)
    assert on_crowd(counted([seen(0)])) == ()
