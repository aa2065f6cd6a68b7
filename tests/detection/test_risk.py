"""Risk: one hit reads as its level, more never lower it, order plays no part, and the account adds up."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.detection.risk import BASE, Hit, Risk, RiskLine, risk_of, severity_of
from cybervault.domain.verdicts import Severity

TECHNIQUES = {"a": "T1", "b": "T2", "c": "T2", "d": None, "e": None, "f": "T3"}


def hit(name: str, level: Severity | int, confidence: float = 1.0, tactic: str | None = None) -> Hit:
    return Hit(name, level, confidence, f"It was {name}.", tactic, TECHNIQUES.get(name))


HITS = st.builds(
    hit,
    st.sampled_from(sorted(TECHNIQUES)),
    st.sampled_from(Severity) | st.integers(0, 100),
    st.floats(0, 1),
    st.sampled_from([None, "execution", "impact", "discovery"]),
)
MANY = st.lists(HITS, max_size=8)


@pytest.mark.parametrize("level", Severity)
def test_one_plain_hit_reads_as_its_level(level: Severity) -> None:
    risk = risk_of([hit("a", level, 0.8)])
    assert (risk.severity, risk.score, risk.confidence) == (level, BASE[level], 0.8)


@given(MANY, st.randoms())
def test_the_order_of_hits_plays_no_part(hits: list[Hit], random: Random) -> None:
    shuffled = list(hits)
    random.shuffle(shuffled)
    assert risk_of(shuffled) == risk_of(hits)


@given(MANY, HITS)
def test_one_more_hit_never_lowers_the_score(hits: list[Hit], more: Hit) -> None:
    assert risk_of([*hits, more]).score >= risk_of(hits).score


@given(MANY)
def test_the_account_adds_up_to_the_score_and_names_every_hit(hits: list[Hit]) -> None:
    risk = risk_of(hits)
    assert 0 <= risk.score <= 100
    assert round(sum(line.points for line in risk.breakdown)) == risk.score
    assert {one.name for one in hits} <= {line.name for line in risk.breakdown}


@given(MANY)
def test_the_same_hits_twice_are_the_same_risk(hits: list[Hit]) -> None:
    assert risk_of(hits + hits) == risk_of(hits)


def test_nothing_is_no_risk() -> None:
    assert risk_of([]) == Risk(0, Severity.INFORMATIONAL, 0.0, ())


def test_a_further_hit_closes_twelve_per_cent_of_the_gap_times_its_weight() -> None:
    risk = risk_of([hit("a", 50), hit("b", 40)])
    assert [round(line.points, 6) for line in risk.breakdown] == [50, 2.4]
    assert risk.score == 52


def test_a_further_tactic_closes_six_per_cent_of_the_gap() -> None:
    risk = risk_of([hit("a", 50, tactic="execution"), hit("d", 0, tactic="impact")])
    assert [(line.name, round(line.points, 6)) for line in risk.breakdown] == [
        ("a", 50),
        ("d", 0),
        ("tactic:impact", 3),
    ]


def test_an_uncertain_hit_is_listed_and_adds_nothing() -> None:
    risk = risk_of([hit("a", Severity.CRITICAL, 0.49, "impact")])
    assert risk == Risk(0, Severity.INFORMATIONAL, 0.0, (RiskLine("a", 0.0, "It was a. Not counted: too uncertain."),))


def test_hits_of_one_technique_and_of_one_name_merge_to_the_strongest() -> None:
    risk = risk_of([hit("b", 30), hit("c", 60), hit("d", 10), hit("d", 20)])
    assert [(line.name, bool(line.points)) for line in risk.breakdown] == [
        ("c", True), ("d", True), ("b", False), ("d", False),
    ]  # fmt: skip
    assert risk.breakdown[2].reason == "It was b. Not counted: a stronger hit says the same."


@pytest.mark.parametrize(
    ("score", "severity"),
    [(0, "informational"), (14, "informational"), (15, "low"), (39, "low"), (40, "medium"), (69, "medium"),
     (70, "high"), (89, "high"), (90, "critical"), (100, "critical")],
)  # fmt: skip
def test_the_bands_of_severity(score: int, severity: str) -> None:
    assert severity_of(score) == severity


@pytest.mark.parametrize(("level", "confidence"), [(-1, 1.0), (101, 1.0), (5, -0.1), (5, 1.1)])
def test_a_hit_outside_its_ranges_is_a_bug(level: int, confidence: float) -> None:
    with pytest.raises(ValueError, match="points lie in"):
        hit("a", level, confidence)
