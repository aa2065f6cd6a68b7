"""What a tenant chooses: fewer rules than are in force, never more, and for itself alone."""

from datetime import UTC, datetime

import pytest

from cybervault.detection.detector import Detector
from cybervault.detection.engine import Engine, Match
from cybervault.detection.rule import Rule
from cybervault.detection.rules.choice import EVERYTHING, Choice, Place, Switch
from cybervault.detection.rules.pack import Profile
from cybervault.domain.verdicts import Severity
from tests.detection.sigma import record, rule, selecting

HIGH = rule(selecting(Image="a"), id="4b89abaa-99fe-4232-afdd-000000000001")
MEDIUM = rule(selecting(Image="a"), id="4b89abaa-99fe-4232-afdd-000000000002", level="medium")
LOW = rule(selecting(Image="a"), id="4b89abaa-99fe-4232-afdd-000000000003", level="low")
HUNTING = rule(selecting(Image="a"), id="4b89abaa-99fe-4232-afdd-000000000004", tags=["detection.threat-hunting"])
WHY = Switch("Too loud.", datetime(2026, 11, 1, tzinfo=UTC), "operator")


@pytest.mark.parametrize(
    ("choice", "rules"),
    [
        (EVERYTHING, [HIGH, MEDIUM]),
        (Choice(off={HIGH.id: WHY}), [MEDIUM]),
        (Choice(Severity.HIGH), [HIGH]),
        (Choice(Severity.LOW), [HIGH, MEDIUM]),
        (Choice(Severity.CRITICAL, {HIGH.id: WHY}), []),
    ],
)
def test_only_what_counts_for_the_tenant_is_left_of_what_was_detected(choice: Choice, rules: list[Rule]) -> None:
    detector, records = Detector(Engine([HIGH, MEDIUM])), [record(Image="a"), record(Image="b")]
    found, all_ = detector.of_records(records, choice), detector.of_records(records)
    assert [one.rule for one in found.matches] == rules
    assert (found.rules, found.undecided) == (all_.rules, all_.undecided)


def test_a_level_keeps_no_rule_from_being_counted_by_a_correlation() -> None:
    matches = (Match(MEDIUM), Match(HIGH))
    assert Choice(Severity.CRITICAL).left(record(Image="a"), matches) == matches
    assert Choice(off={MEDIUM.id: WHY}).left(record(Image="a"), matches) == matches[1:]


@pytest.mark.parametrize(
    ("one", "choice", "place"),
    [
        (HIGH, EVERYTHING, Place.IN_FORCE),
        (LOW, EVERYTHING, Place.BELOW_LEVEL),
        (LOW, Choice(Severity.LOW), Place.BELOW_LEVEL),
        (HUNTING, EVERYTHING, Place.HUNTING),
        (HIGH, Choice(off={HIGH.id: WHY}), Place.DISABLED),
        (LOW, Choice(off={LOW.id: WHY}), Place.BELOW_LEVEL),
        (MEDIUM, Choice(Severity.HIGH), Place.BELOW_OWN_LEVEL),
    ],
)
def test_what_the_installation_leaves_out_no_tenant_can_have(one: Rule, choice: Choice, place: Place) -> None:
    assert choice.place(one, Profile()) is place


def test_what_the_operator_switched_off_is_off_for_everybody() -> None:
    profile = Profile(off={HIGH.id: "Broken."})
    assert Choice(off={HIGH.id: WHY}).place(HIGH, profile) is Place.SWITCHED_OFF
