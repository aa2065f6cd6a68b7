"""Fusion: cases of what follows from what was said, and the promises of an account that anybody can add up."""

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from importlib import resources
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.domain.evidence import Answer, Evidence, EvidenceGroup, Outcome
from cybervault.domain.observables import Kind, Observable, parse_observable
from cybervault.domain.verdicts import Severity, Verdict, Weighing
from cybervault.verdict.fusion import fuse
from cybervault.verdict.weights import FILE, HARD_ALLOW, UNKNOWN_ITEM, Weights, read_weights
from tests.verdict.cases import NOW, WEIGHTS, answer, answers_of, case_files, case_of, weigh

VALUES = {
    Kind.IPV4: "203.0.113.7",
    Kind.IPV6: "2001:db8::7",
    Kind.DOMAIN: "evil.example",
    Kind.URL: "http://evil.example/a",
    Kind.MD5: "a" * 32,
    Kind.SHA1: "a" * 40,
    Kind.SHA256: "a" * 64,
    Kind.SHA512: "a" * 128,
}
SILENT = [outcome for outcome in Outcome if outcome is not Outcome.HIT and outcome is not Outcome.CLEAN]
AGES = st.none() | st.integers(-2, 500)


@cache
def statements(source: str) -> st.SearchStrategy[list[tuple[str, str, int | None]]]:
    """Some of what a source can say and when it saw it, once an item."""
    items = WEIGHTS.sources[source].items.items()
    places = [(item, bin_) for item, bins in items for bin_ in bins if (source, item, bin_) != HARD_ALLOW]
    said = st.tuples(st.sampled_from(places), AGES).map(lambda each: (*each[0], each[1]))
    return st.lists(said, unique_by=lambda each: each[0], max_size=3)


@st.composite
def said(draw: st.DrawFn) -> tuple[Observable, list[Answer]]:
    """An observable of any weighed kind, and what some of its sources answered."""
    kind = draw(st.sampled_from(sorted(VALUES)))
    answers = []
    for source in WEIGHTS.kinds[kind].mass:
        match draw(st.integers(0, 3)):
            case 0:
                answers.append(Answer(source, draw(st.sampled_from(SILENT))))
            case 1:
                answers.append(answer(source, *draw(statements(source))))
            case 2:
                answers.append(answer(source, *draw(statements(source)), outcome=Outcome.CLEAN))
    return parse_observable(VALUES[kind]), answers


def fused(observable: Observable, answers: Sequence[Answer]) -> Weighing:
    return fuse(observable, answers, WEIGHTS, NOW)


def changed(old: str, new: str) -> Weights:
    """The weights that ship with one line changed."""
    text = resources.files("cybervault.verdict").joinpath(FILE).read_text(encoding="utf-8")
    assert old in text
    return read_weights(text.replace(old, new))


def score_of(weighing: Weighing) -> int:
    assert weighing.score is not None
    return weighing.score


@pytest.mark.parametrize("path", case_files("verdict"), ids=lambda path: path.stem)
def test_follows_from_what_was_said(path: Path) -> None:
    case = case_of(path)
    weighing = weigh(case)
    expected = case["expected"]
    got = {
        "verdict": weighing.verdict.value,
        "score": weighing.score,
        "interval": [weighing.low, weighing.high],
        "log_odds": weighing.log_odds,
        "coverage": weighing.coverage,
        "conflict": weighing.conflict,
        "confidence": weighing.confidence.value,
        "severity": weighing.severity.value,
        "summary": weighing.summary,
    }
    assert got == {name: expected[name] for name in got}, case["proves"]
    assert weighing.kind is parse_observable(case["observable"]).kind
    assert weighing.weights_version == WEIGHTS.version


class TestAccount:
    @given(said())
    def test_the_printed_numbers_add_up_by_hand(self, given_: tuple[Observable, list[Answer]]) -> None:
        weighing = fused(*given_)
        printed = [f"{number:.2f}" for number in (weighing.prior, *(term.points for term in weighing.terms))]
        assert sum(map(Decimal, printed)) == Decimal(f"{weighing.log_odds:.2f}")
        assert all(
            Decimal(text) == Decimal(str(number)) for text, number in zip(printed[1:], _points(weighing), strict=True)
        )
        assert weighing.score == round(100 / (1 + math.exp(-weighing.log_odds)))

    @given(said())
    def test_each_term_is_weight_by_freshness_by_share(self, given_: tuple[Observable, list[Answer]]) -> None:
        for term in fused(*given_).terms:
            assert term.points == pytest.approx(term.weight * term.freshness * term.share, abs=0.016)
            assert 0 <= term.freshness <= 1
            assert 0 <= term.share <= 1
            assert math.copysign(1, term.points) == math.copysign(1, term.weight) or not term.points

    @given(said())
    def test_every_statement_has_its_term_and_so_has_silence_that_weighs(
        self, given_: tuple[Observable, list[Answer]]
    ) -> None:
        observable, answers = given_
        terms = [term.evidence for term in fused(observable, answers).terms]
        stated = [evidence for one in answers for evidence in one.evidence]
        silent = [
            one.source for one in answers if one.outcome is Outcome.UNKNOWN and WEIGHTS.sources[one.source].unknown
        ]
        assert sorted(map(repr, stated)) == sorted(repr(each) for each in terms if each.item != UNKNOWN_ITEM)
        assert sorted(silent) == sorted(each.source for each in terms if each.item == UNKNOWN_ITEM)

    @given(said())
    def test_no_group_adds_or_takes_more_than_its_cap(self, given_: tuple[Observable, list[Answer]]) -> None:
        weighing = fused(*given_)
        for group, cap in WEIGHTS.groups.items():
            points = [round(100 * term.points) for term in weighing.terms if term.evidence.group is group]
            assert sum(point for point in points if point > 0) <= round(100 * cap.most)
            assert sum(point for point in points if point < 0) >= round(100 * cap.least)

    def test_a_cap_is_shared_out_to_the_hundredth(self) -> None:
        said_all = ("detections", "10+"), ("reputation", "bad")
        file = Observable(Kind.SHA256, VALUES[Kind.SHA256])
        weighing = fused(file, [answer("virustotal", *said_all), answer("polyswarm", ("polyscore", "very_high"))])
        assert [(term.evidence.item, term.points) for term in weighing.terms] == [
            ("detections", 3.3),
            ("polyscore", 2.24),
            ("reputation", 0.46),
        ]
        assert {round(term.share, 4) for term in weighing.terms} == {round(6.0 / 9.1, 4)}

    def test_what_is_cut_adds_up_to_the_cap_exactly(self) -> None:
        file = Observable(Kind.SHA256, VALUES[Kind.SHA256])
        engines, swarm = (WEIGHTS.sources[name].items for name in ("virustotal", "polyswarm"))
        ways = product(engines["detections"], engines["reputation"], swarm["polyscore"], swarm["detections"])
        is_cut = 0
        for detections, reputation, polyscore, more in ways:
            answers = [
                answer("virustotal", ("detections", detections), ("reputation", reputation)),
                answer("polyswarm", ("polyscore", polyscore), ("detections", more)),
            ]
            terms = fused(file, answers).terms
            against = [term for term in terms if term.points > 0]
            if any(term.share < 1 for term in against):
                is_cut += 1
                assert sum(round(100 * term.points) for term in against) == 600, terms
        assert is_cut > 20

    def test_the_strongest_line_stands_first(self) -> None:
        weighing = weigh(case_of(case_files("verdict")[0]))
        sizes = [abs(term.points) for term in weighing.terms]
        assert sizes == sorted(sizes, reverse=True)

    def test_the_same_statement_twice_counts_once(self) -> None:
        address = parse_observable(VALUES[Kind.IPV4])
        once = answer("virustotal", ("detections", "3-4"))
        assert fused(address, [once, once]) == fused(address, [once])

    def test_evidence_that_the_weights_do_not_know_is_shown_and_weighs_nothing(self) -> None:
        rumour = Evidence("rumours", "heard", "often", "a", "b", EvidenceGroup.EXPOSURE)
        weighing = fused(parse_observable("evil.example"), [Answer("rumours", Outcome.HIT, (rumour,))])
        assert [(term.evidence, term.points) for term in weighing.terms] == [(rumour, 0.0)]
        assert weighing.verdict is Verdict.UNKNOWN


def _points(weighing: Weighing) -> list[float]:
    return [term.points for term in weighing.terms]


class TestOrder:
    @given(said(), st.randoms(use_true_random=False))
    def test_the_order_of_answers_and_statements_changes_nothing(
        self, given_: tuple[Observable, list[Answer]], chance: random.Random
    ) -> None:
        observable, answers = given_
        shuffled = [
            replace(one, evidence=tuple(chance.sample(one.evidence, len(one.evidence))))
            for one in chance.sample(answers, len(answers))
        ]
        assert fused(observable, shuffled) == fused(observable, answers)

    @given(said())
    def test_more_against_it_never_lowers_the_score(self, given_: tuple[Observable, list[Answer]]) -> None:
        observable, answers = given_
        before = score_of(fused(observable, answers))
        for source in WEIGHTS.kinds[observable.kind].mass:
            for item, bins in WEIGHTS.sources[source].items.items():
                for bin_, weight in bins.items():
                    if weight.points > 0:
                        more = [*answers, answer(source, (item, bin_))]
                        assert score_of(fused(observable, more)) >= before, (source, item, bin_)

    @given(said())
    def test_one_bin_up_never_lowers_the_score(self, given_: tuple[Observable, list[Answer]]) -> None:
        observable, answers = given_
        before = score_of(fused(observable, answers))
        for place, one in enumerate(answers):
            for at, evidence in enumerate(one.evidence):
                bins = list(WEIGHTS.sources[one.source].items[evidence.item])
                if evidence.item in WEIGHTS.sources[one.source].categories or evidence.bin == bins[-1]:
                    continue
                worse = replace(evidence, bin=bins[bins.index(evidence.bin) + 1])
                changed = replace(one, evidence=(*one.evidence[:at], worse, *one.evidence[at + 1 :]))
                after = fused(observable, [*answers[:place], changed, *answers[place + 1 :]])
                assert score_of(after) >= before, (evidence, worse)


class TestInterval:
    @given(said())
    def test_the_score_lies_within_it(self, given_: tuple[Observable, list[Answer]]) -> None:
        weighing = fused(*given_)
        assert 0 <= weighing.low <= score_of(weighing) <= weighing.high <= 100

    @given(said())
    def test_only_missing_sources_widen_it_and_they_are_named(self, given_: tuple[Observable, list[Answer]]) -> None:
        observable, answers = given_
        weighing = fused(observable, answers)
        heard = {one.source for one in answers if one.outcome.is_evidence or one.outcome is Outcome.NOT_APPLICABLE}
        counting = {source for source, mass in WEIGHTS.kinds[observable.kind].mass.items() if mass}
        assert {gap.source for gap in weighing.gaps} == counting - heard
        assert weighing.gaps or weighing.low == weighing.score == weighing.high
        assert (weighing.coverage < 1) == bool(weighing.gaps) or counting <= {
            one.source for one in answers if one.outcome is Outcome.NOT_APPLICABLE
        }

    def test_the_most_telling_gap_comes_first_with_how_asking_ended(self) -> None:
        address = parse_observable(VALUES[Kind.IPV4])
        answers = [Answer("virustotal", Outcome.NO_KEY), Answer("abuseipdb", Outcome.TIMEOUT), answer("local")]
        gaps = fused(address, answers).gaps
        assert [(gap.source, gap.outcome, gap.swing) for gap in gaps] == [
            ("virustotal", Outcome.NO_KEY, 3.1),
            ("greynoise", None, 2.75),
            ("abuseipdb", Outcome.TIMEOUT, 2.45),
            ("internetdb", None, 1.1),
        ]

    def test_what_says_nothing_about_a_kind_does_not_widen_it(self) -> None:
        gaps = fused(parse_observable("evil.example"), []).gaps
        assert {gap.source: gap.swing for gap in gaps}["local"] == 1.25  # popularity; no known file

    def test_a_missing_source_cannot_lift_a_group_above_its_cap(self) -> None:
        file = Observable(Kind.SHA256, VALUES[Kind.SHA256])
        answers = [answer("virustotal", ("detections", "10+")), answer("hashlookup"), answer("local")]
        weighing = fused(file, answers)
        assert weighing.log_odds == 3.0
        assert weighing.high == round(100 / (1 + math.exp(-4.0)))

    def test_of_two_answers_of_one_source_the_one_with_evidence_counts(self) -> None:
        address = parse_observable(VALUES[Kind.IPV4])
        told = answer("virustotal", ("detections", "10+"))
        for answers in ([told, Answer("virustotal", Outcome.TIMEOUT)], [Answer("virustotal", Outcome.TIMEOUT), told]):
            assert "virustotal" not in {gap.source for gap in fused(address, answers).gaps}


class TestVerdict:
    @given(said())
    def test_nothing_said_in_its_favour_is_never_benign(self, given_: tuple[Observable, list[Answer]]) -> None:
        observable, answers = given_
        unfriendly = []
        for one in answers:
            weighed = [(evidence, WEIGHTS.weight_of(evidence, observable.kind).points) for evidence in one.evidence]
            kept = tuple(evidence for evidence, points in weighed if points >= 0)
            outcome = Outcome.CLEAN if one.outcome is Outcome.HIT else one.outcome
            unfriendly.append(replace(one, outcome=outcome, evidence=kept))
        assert fused(observable, unfriendly).verdict is not Verdict.BENIGN

    @given(said())
    def test_what_our_lists_allow_is_benign_whatever_is_said_and_scores_so(
        self, given_: tuple[Observable, list[Answer]]
    ) -> None:
        observable, answers = given_
        others = [one for one in answers if one.source != "local"]
        weighing = fused(observable, [*others, answer("local", HARD_ALLOW[1:])])
        assert weighing.verdict is Verdict.BENIGN
        assert score_of(weighing) <= WEIGHTS.rules.benign_to
        assert len(weighing.terms) >= 1 + sum(len(one.evidence) for one in others)

    @given(said())
    def test_a_verdict_stands_on_its_side_of_the_thresholds(self, given_: tuple[Observable, list[Answer]]) -> None:
        weighing = fused(*given_)
        rules = WEIGHTS.rules
        match weighing.verdict:
            case Verdict.MALICIOUS:
                assert score_of(weighing) >= rules.malicious_from
            case Verdict.SUSPICIOUS:
                assert rules.suspicious_from <= score_of(weighing) < rules.malicious_from
            case Verdict.BENIGN:
                assert score_of(weighing) <= rules.benign_to
                assert weighing.high < rules.suspicious_from
                assert weighing.conflict < rules.doubtful_conflict

    @pytest.mark.parametrize(
        ("bin_", "severity"),
        [
            ("0", Severity.LOW),
            ("2", Severity.LOW),
            ("3-4", Severity.MEDIUM),
            ("5-9", Severity.HIGH),
            ("10+", Severity.CRITICAL),
        ],
    )
    def test_severity_follows_the_score(self, bin_: str, severity: Severity) -> None:
        answers = [
            answer("virustotal", ("detections", bin_)),
            answer("greynoise"),
            answer("internetdb"),
            answer("local"),
        ]
        assert fused(parse_observable(VALUES[Kind.IPV4]), answers).severity is severity

    def test_conflict_is_full_when_both_sides_weigh_the_same(self) -> None:
        file = Observable(Kind.SHA256, VALUES[Kind.SHA256])
        answers = [answer("virustotal", ("detections", "10+")), answer("hashlookup", ("trust", "high"))]
        assert fused(file, answers).conflict == 0.6

    @pytest.mark.parametrize("name", ["CVE-2021-44228", "AS64500", "198.51.100.0/24", "someone@example.com"])
    def test_kinds_that_are_not_weighed_have_no_score(self, name: str) -> None:
        role = answer("local", HARD_ALLOW[1:], ("role", "disposable_email"))
        weighing = fused(parse_observable(name), [role])
        assert (weighing.verdict, weighing.score, weighing.low, weighing.high) == (Verdict.UNKNOWN, None, 0, 100)
        assert [(term.evidence.bin, term.points, term.share) for term in weighing.terms] == [
            ("disposable_email", 0.0, 0.0),
            ("hard_allow", 0.0, 0.0),
        ]
        assert (weighing.priority is not None) == name.startswith("CVE")

    def test_below_the_floor_of_coverage_only_a_decisive_word_makes_a_verdict(self) -> None:
        weights = changed("missing_discount = 0.5", "missing_discount = 0.0")
        shodan, abuse = answer("internetdb", ("tags", "malicious")), answer("abuseipdb", ("reports", "high_many"))
        for told, verdict in ((shodan, Verdict.UNKNOWN), (abuse, Verdict.MALICIOUS)):
            weighing = fuse(parse_observable(VALUES[Kind.IPV4]), [told], weights, NOW)
            assert weighing.low == weighing.high
            assert weighing.coverage < weights.rules.coverage_floor
            assert score_of(weighing) >= weights.rules.suspicious_from
            assert weighing.verdict is verdict

    def test_what_our_lists_allow_is_benign_though_it_is_contested(self) -> None:
        weights = changed("doubtful_conflict = 0.6", "doubtful_conflict = 0.1")
        answers = [answer("virustotal", ("detections", "10+")), answer("local", HARD_ALLOW[1:])]
        weighing = fuse(parse_observable(VALUES[Kind.IPV4]), answers, weights, NOW)
        assert weighing.conflict >= weights.rules.doubtful_conflict
        assert weighing.verdict is Verdict.BENIGN

    def test_answers_of_a_case_are_those_described(self) -> None:
        case = case_of(case_files("verdict")[0])
        assert {one.source: one.outcome.value for one in answers_of(case)} == {
            name: each["outcome"] for name, each in case["answers"].items()
        }
