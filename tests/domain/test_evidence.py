"""Evidence: three outcomes count, and an answer cannot contradict itself."""

import pytest

from cybervault.domain.evidence import Answer, Evidence, EvidenceGroup, Outcome

FACT = Evidence("greynoise", "riot", "yes", "riot", value=True, group=EvidenceGroup.SCANNER_NOISE)
WEIGHED = {Outcome.HIT, Outcome.CLEAN, Outcome.UNKNOWN}


@pytest.mark.parametrize("outcome", Outcome)
def test_only_what_a_source_knows_or_does_not_know_is_evidence(outcome: Outcome) -> None:
    assert outcome.is_evidence is (outcome in WEIGHED)


def test_a_hit_without_evidence_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="greynoise: a hit needs evidence"):
        Answer("greynoise", Outcome.HIT)


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome not in WEIGHED])
def test_a_failed_asking_cannot_carry_evidence(outcome: Outcome) -> None:
    with pytest.raises(ValueError, match=f"greynoise: {outcome} carries no evidence"):
        Answer("greynoise", outcome, (FACT,))
    assert Answer("greynoise", outcome).evidence == ()


@pytest.mark.parametrize("outcome", WEIGHED)
def test_what_counts_may_carry_evidence(outcome: Outcome) -> None:
    assert Answer("greynoise", outcome, (FACT,)).evidence == (FACT,)


def test_evidence_has_no_date_of_its_own_unless_the_source_gives_one() -> None:
    assert FACT.observed_at is None


def test_a_source_delivered_something_when_its_words_are_there_and_count() -> None:
    assert Answer("greynoise", Outcome.UNKNOWN, document=b"{}").has_document
    assert not Answer("greynoise", Outcome.UNKNOWN).has_document
    assert not Answer("greynoise", Outcome.BAD_PAYLOAD, document=b"{}").has_document
