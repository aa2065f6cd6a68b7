"""Counterfactuals: each one holds when it comes true, and the ones shown are those worth knowing."""

from pathlib import Path

import pytest

from cybervault.domain.evidence import Answer, Outcome
from cybervault.domain.observables import parse_observable
from cybervault.domain.verdicts import Verdict
from cybervault.verdict.counterfactuals import counterfactuals
from cybervault.verdict.fusion import fuse
from tests.verdict.cases import NOW, WEIGHTS, answer, answers_of, case_files, case_of, weigh

ADDRESS = parse_observable("203.0.113.7")
MERITS = [Verdict.BENIGN, Verdict.UNKNOWN, Verdict.SUSPICIOUS, Verdict.MALICIOUS]


@pytest.mark.parametrize("path", case_files("verdict"), ids=lambda path: path.stem)
class TestCases:
    def test_when_it_comes_true_the_verdict_is_that_one(self, path: Path) -> None:
        case = case_of(path)
        observable, answers = parse_observable(case["observable"]), answers_of(case)
        for one in counterfactuals(observable, answers, WEIGHTS, NOW):
            kept = [
                (evidence.item, evidence.bin, *_age(evidence.observed_at))
                for each in answers
                for evidence in each.evidence
                if each.source == one.source and evidence.item != one.item
            ]
            others = [each for each in answers if each.source != one.source]
            weighing = fuse(observable, [*others, answer(one.source, *kept, (one.item, one.bin))], WEIGHTS, NOW)
            assert (weighing.verdict, weighing.score) == (one.verdict, one.score), one

    def test_none_says_what_is_so_already_or_goes_the_wrong_way(self, path: Path) -> None:
        case = case_of(path)
        weighing = weigh(case)
        for one in counterfactuals(parse_observable(case["observable"]), answers_of(case), WEIGHTS, NOW):
            step = MERITS.index(one.verdict) - MERITS.index(weighing.verdict)
            assert step * (one.score - (weighing.score or 0)) >= 0
            assert step

    def test_there_are_few_and_one_for_each_source_and_verdict(self, path: Path) -> None:
        case = case_of(path)
        found = counterfactuals(parse_observable(case["observable"]), answers_of(case), WEIGHTS, NOW)
        assert len(found) <= 5
        assert len({(one.source, one.verdict) for one in found}) == len(found)


def _age(seen: object) -> tuple[float, ...]:
    return () if seen is None else ((NOW - seen).days,)  # type: ignore[operator] # a date in the cases


def test_missing_sources_come_first_because_they_can_be_asked() -> None:
    answers = [
        Answer("virustotal", Outcome.NO_KEY),
        Answer("abuseipdb", Outcome.NO_KEY),
        answer("greynoise"),
        answer("local"),
    ]
    found = counterfactuals(ADDRESS, answers, WEIGHTS, NOW)
    assert [one.is_missing for one in found] == sorted((one.is_missing for one in found), reverse=True)
    first = found[0]
    assert (first.source, first.item, first.bin, first.verdict) == ("virustotal", "detections", "0", Verdict.BENIGN)


def test_a_step_that_only_closes_a_gap_is_none() -> None:
    answers = [Answer("virustotal", Outcome.NO_KEY), Answer("abuseipdb", Outcome.NO_KEY), answer("local")]
    answers.append(answer("greynoise", ("classification", "benign")))
    assert fuse(ADDRESS, [*answers, answer("virustotal", ("detections", "1"))], WEIGHTS, NOW).verdict is Verdict.BENIGN
    found = counterfactuals(ADDRESS, answers, WEIGHTS, NOW)
    assert next(one.bin for one in found if (one.source, one.verdict) == ("virustotal", Verdict.BENIGN)) == "0"


def test_it_can_be_told_in_both_languages() -> None:
    answers = [answer("virustotal", ("detections", "0")), answer("abuseipdb"), answer("greynoise"), answer("local")]
    found = counterfactuals(ADDRESS, answers, WEIGHTS, NOW)
    told = next(one for one in found if (one.source, one.verdict) == ("abuseipdb", Verdict.UNKNOWN))
    assert told.sentence("en") == (
        "Would be unknown (9 out of 100) if AbuseIPDB said: “AbuseIPDB is fairly sure that attacks come from it.”"
    )
    assert told.sentence("es") == (
        "Sería desconocido (9 de 100) si AbuseIPDB dijera: «AbuseIPDB está bastante segura de que lanza ataques.»"
    )


def test_our_own_lists_and_sources_that_do_not_apply_are_left_out() -> None:
    answers = [Answer("virustotal", Outcome.NOT_APPLICABLE), answer("abuseipdb"), answer("greynoise"), answer("local")]
    sources = {one.source for one in counterfactuals(ADDRESS, answers, WEIGHTS, NOW)}
    assert sources
    assert not sources & {"local", "virustotal"}


@pytest.mark.parametrize("name", ["CVE-2021-44228", "AS64500"])
def test_what_is_not_weighed_has_none(name: str) -> None:
    assert counterfactuals(parse_observable(name), [], WEIGHTS, NOW) == ()


def test_what_our_lists_allow_has_none() -> None:
    assert counterfactuals(ADDRESS, [answer("local", ("standing", "hard_allow"))], WEIGHTS, NOW) == ()
