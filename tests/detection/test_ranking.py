"""Hosts and users by their risk at its highest, in whatever order their matches come."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from cybervault.detection.batch import Fired
from cybervault.detection.ranking import RULES_SHOWN_MAX, Noticed, RankedEntity, ranked
from cybervault.detection.risk import Hit
from cybervault.detection.sightings import Sighting
from cybervault.domain.verdicts import Severity

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=30)


def fired(id_: str, level: Severity, tactic: str = "execution", confidence: float = 0.9) -> Fired:
    return Fired(
        id=id_, title=f"Rule {id_}", level=level, author="", pack="", techniques=(), tactics=(tactic,),
        confidence=confidence,
    )  # fmt: skip


RULES = {
    "m": fired("m", Severity.MEDIUM),
    "h": fired("h", Severity.HIGH, "impact"),
    "c": fired("c", Severity.CRITICAL, "impact"),
    "p": fired("p", Severity.LOW, "persistence"),
    "i": fired("i", Severity.LOW, "impact"),
    "guess": fired("guess", Severity.CRITICAL, confidence=0.3),
} | {f"n{number}": fired(f"n{number}", Severity.MEDIUM) for number in range(20)}


def seen(rule: str, hours: float | None, host: str = "pc-7", user: str = "", count: int = 1) -> Sighting:
    at = None if hours is None else NOON + timedelta(hours=hours)
    return Sighting(rule, host, user, is_certain=True, count=count, first=at, last=at)


def rank(*sightings: Sighting) -> list[RankedEntity]:
    return list(ranked(sightings, RULES, LATER))


def test_rules_on_a_host_add_up_and_it_says_what_the_sum_is_made_of() -> None:
    for sightings in permutations((seen("m", 0, count=3), seen("h", 8), seen("m", 0.5, host="pc-8"))):
        worst, other = rank(*sightings)
        assert (worst.kind, worst.value, worst.score, worst.matches) == ("host", "pc-7", 96.5, 4)
        assert worst.rules == (("h", 73.0), ("m", 23.5))
        assert (worst.tactics, worst.is_incident, worst.at) == (
            ("execution", "impact"),
            False,
            NOON + timedelta(hours=8),
        )
        assert (other.value, other.score) == ("pc-8", 47.0)


def test_what_is_no_rule_adds_up_with_them_by_its_name_and_counts_no_match() -> None:
    hits = [Hit("malicious_ipv4", points, 0.9, "Seen it.") for points in (40, 90)]
    noticed = [Noticed("PC-7", hits[0], NOON), Noticed("pc-7", hits[1], NOON), Noticed("pc-9", hits[0], None)]
    worst, other = ranked([seen("m", 0)], RULES, LATER, noticed=noticed)
    assert (worst.value, worst.score, worst.is_incident, worst.matches) == ("pc-7", 137.0, True, 1)
    assert worst.rules == (("malicious_ipv4", 90.0), ("m", 47.0))
    assert (other.value, other.score, other.matches, other.at) == ("pc-9", 40.0, 0, LATER)


def test_it_is_the_highest_that_stands_not_what_is_left_at_the_end() -> None:
    (one,) = rank(seen("c", 0), seen("m", 1), seen("p", 200))
    assert (one.is_incident, one.at, one.score) == (True, NOON + timedelta(hours=1), 137.8)


def test_three_tactics_within_a_day_are_an_incident_however_few_points() -> None:
    (one,) = rank(seen("m", 0), seen("p", 5), seen("i", 5))
    assert (one.is_incident, one.score < 100, one.tactics) == (True, True, ("execution", "impact", "persistence"))
    (other,) = rank(seen("m", 0), seen("p", 5), seen("i", 25))
    assert not other.is_incident


def test_incidents_stand_first_then_the_highest_risk() -> None:
    found = rank(seen("c", 0, "calm"), seen("m", 0, "odd"), seen("p", 1, "odd"), seen("h", 2, "odd"), seen("m", 0, "x"))
    assert [(one.value, one.is_incident) for one in found] == [("odd", True), ("calm", False), ("x", False)]


def test_host_and_user_of_a_match_are_each_ranked_and_names_that_all_share_are_nobody() -> None:
    found = rank(seen("h", 0, "PC-7", "ACME\\eve"), seen("h", 0, "", "NT AUTHORITY\\SYSTEM"))
    assert [(one.kind, one.value) for one in found] == [("host", "PC-7"), ("user", "ACME\\eve")]


def test_what_says_too_little_makes_no_risk_and_what_has_no_time_counts_as_received() -> None:
    assert rank(seen("guess", 0)) == []
    (one,) = rank(seen("h", None))
    assert one.at == LATER


def test_only_so_many_are_shown_and_only_so_many_rules_of_each() -> None:
    (one,) = rank(*(seen(f"n{number}", 0) for number in range(20)))
    assert len(one.rules) == RULES_SHOWN_MAX
    assert one.score == pytest.approx(20 * 47)
    assert len(ranked([seen("m", 0, f"pc-{number}") for number in range(5)], RULES, LATER, most=3)) == 3
