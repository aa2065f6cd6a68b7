"""Entity risk: it grows with hits, halves every eight hours, and the order of hits plays no part."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.detection.entity_risk import HALF_LIFE, NAMES_MAX, EntityRisk, EntityRisks, apart
from cybervault.detection.risk import Hit
from cybervault.domain.verdicts import Severity

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANN = ("user", "CORP\\ann")
PC = ("host", "pc-7")


def hit(name: str, points: Severity | int, tactic: str | None = None, confidence: float = 0.9) -> Hit:
    return Hit(name, points, confidence, f"It was {name}.", tactic)


def hours(count: float) -> datetime:
    return NOON + timedelta(hours=count)


SENT = st.lists(
    st.tuples(
        st.builds(hit, st.sampled_from("abcde"), st.integers(0, 99), st.sampled_from([None, "impact", "execution"])),
        st.integers(0, 48),
    ),
    max_size=12,
)


END = hours(48)


def after(sent: list[tuple[Hit, int]], at: datetime = END) -> EntityRisk:
    risks = EntityRisks()
    for one, hour in sent:
        risks.add([ANN], [one], hours(hour))
    return risks.of(ANN, at)


@given(SENT, st.randoms())
def test_the_order_of_hits_plays_no_part(sent: list[tuple[Hit, int]], random: Random) -> None:
    shuffled = list(sent)
    random.shuffle(shuffled)
    one, other = after(sent), after(shuffled)
    assert one.score == pytest.approx(other.score)
    assert one.tactics == other.tactics


@given(SENT, st.builds(hit, st.sampled_from("abcdef"), st.integers(0, 99)), st.integers(0, 48))
def test_one_more_hit_never_lowers_the_score(sent: list[tuple[Hit, int]], more: Hit, hour: int) -> None:
    assert after([*sent, (more, hour)]).score >= after(sent).score - 1e-9


@given(SENT, st.integers(0, 100))
def test_the_score_halves_every_half_life_and_never_grows_by_itself(sent: list[tuple[Hit, int]], later: int) -> None:
    now, then = after(sent), after(sent, hours(48 + later))
    assert then.score <= now.score
    assert after(sent, hours(48) + HALF_LIFE).score == pytest.approx(now.score / 2)


def test_a_rule_counts_once_by_the_hit_of_which_most_is_left() -> None:
    found = after([(hit("a", 80), 40), (hit("a", 50), 48), (hit("b", 10), 48)])
    assert found.rules == (("a", 50.0), ("b", 10.0))
    assert found.score == 60


def test_a_noisy_rule_makes_no_incident_alone_and_several_do() -> None:
    risks = EntityRisks()
    for minute in range(50):
        assert risks.add([PC], [hit("noise", Severity.CRITICAL)], NOON + timedelta(minutes=minute)) == ()
    (found,) = risks.add([PC], [hit("more", Severity.LOW)], hours(1))
    assert found.entity == PC
    assert found.score >= 100
    assert found.is_incident


def test_three_tactics_within_a_day_are_an_incident_and_over_two_days_they_are_none() -> None:
    risks = EntityRisks()
    assert risks.add([PC], [hit("a", 1, "execution"), hit("b", 1, "persistence")], NOON) == ()
    assert risks.add([PC], [hit("c", 1, "impact")], hours(24.1)) == ()
    (found,) = risks.add([PC], [hit("d", 0, "discovery"), hit("a", 1, "execution")], hours(25))
    assert found.tactics == ("discovery", "execution", "impact")


def test_an_incident_is_told_once_and_again_only_after_it_has_ceased() -> None:
    risks = EntityRisks()
    both = [hit("a", 99), hit("b", 73)]
    assert len(risks.add([PC], both, NOON)) == 1
    assert risks.add([PC], both, hours(1)) == ()
    assert risks.add([PC], both, hours(0.5)) == ()
    assert len(risks.add([PC], both, hours(30))) == 1


def test_a_late_hit_counts_by_its_own_time() -> None:
    risks = EntityRisks()
    risks.add([PC], [hit("a", 40)], hours(8))
    risks.add([PC], [hit("b", 40)], NOON)
    assert risks.of(PC, hours(8)).score == 60
    assert risks.of(PC, NOON).score == 80


def test_each_entity_of_an_event_counts_apart_and_in_any_case() -> None:
    risks = EntityRisks()
    risks.add([ANN, ("user", "corp\\ANN"), PC, ("process", "C:\\a.exe")], [hit("a", 20)], NOON)
    assert len(risks) == 2
    assert risks.of(("user", "Corp\\Ann"), NOON).score == 20


@pytest.mark.parametrize(
    "shared", [("user", "NT AUTHORITY\\SYSTEM"), ("user", "root"), ("ip", "127.0.0.1"), ("user", "-")]
)
def test_what_all_hosts_share_is_nobody(shared: tuple[str, str]) -> None:
    risks = EntityRisks()
    assert risks.add([shared], [hit("a", 99), hit("b", 99)], NOON) == ()
    assert len(risks) == 0


def test_an_uncertain_hit_does_not_count() -> None:
    risks = EntityRisks()
    assert risks.add([PC], [hit("a", 99, confidence=0.49), hit("b", 99, confidence=0.49)], NOON) == ()
    assert risks.of(PC, NOON) == EntityRisk(PC, NOON, 0.0, (), ())


def test_the_quietest_entity_is_forgotten_first_and_that_is_counted() -> None:
    risks = EntityRisks(entities_max=2)
    for name in ("one", "two", "one", "three"):
        risks.add([("host", name)], [hit("a", 20)], NOON)
    assert (len(risks), risks.evicted) == (2, 1)
    assert risks.of(("host", "two"), NOON).score == 0
    assert risks.of(("host", "one"), NOON).score == 20


def test_of_too_many_rules_and_tactics_those_of_which_most_is_left_are_kept() -> None:
    risks = EntityRisks()
    for number in range(NAMES_MAX + 10):
        risks.add([PC], [hit(f"rule {number:03}", 1 + number, f"tactic {number:03}")], hours(number / 100))
    found = risks.of(PC, hours(1))
    assert (len(found.rules), len(found.tactics)) == (NAMES_MAX, NAMES_MAX)
    assert min(name for name, _ in found.rules) == "rule 010"
    assert found.tactics[0] == "tactic 010"


def test_what_was_known_is_gone_on_with() -> None:
    first, second = EntityRisks(), EntityRisks()
    first.add([ANN], [hit("a", 60, "impact")], NOON)
    second.recall(first.known())
    assert second.add([ANN], [hit("b", 60)], NOON)[0].score == 120.0
    assert second.of(ANN, NOON).tactics == ("impact",)
    assert list(second.known()) == [("user", "corp\\ann")]


def test_names_that_all_hosts_share_are_nobody() -> None:
    assert list(apart([("user", "NT AUTHORITY\\SYSTEM"), ("host", "PC-7"), ("host", "pc-7")])) == [("host", "pc-7")]
