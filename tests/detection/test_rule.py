"""Rules: how much a match of each says."""

import pytest

from cybervault.detection.rule import Filter, Rule, Status, Where
from cybervault.detection.tree import TRUE, dumped
from cybervault.domain.verdicts import Severity


@pytest.mark.parametrize(
    ("status", "is_hunting", "confidence"),
    [
        (Status.STABLE, False, 1.0),
        (Status.TEST, False, 0.9),
        (Status.EXPERIMENTAL, False, 0.75),
        (Status.DEPRECATED, False, 0.5),
        (Status.STABLE, True, 0.6),
    ],
)
def test_trust_lowers_the_confidence_and_never_the_level(
    status: Status, confidence: float, *, is_hunting: bool
) -> None:
    rule = Rule(
        id="1", title="x", level=Severity.HIGH, where=Where("windows"), compiled=dumped(TRUE), status=status,
        is_hunting=is_hunting,
    )  # fmt: skip
    assert rule.confidence == pytest.approx(confidence)
    assert rule.level is Severity.HIGH


@pytest.mark.parametrize(
    ("where", "rules", "is_for"),
    [
        (Where("windows"), (), True),
        (Where(), ("1",), True),
        (Where("windows", "process_creation"), ("a_name",), True),
        (Where("windows"), ("2", "x"), False),
        (Where("linux"), (), False),
        (Where("windows", "file_event"), (), False),
        (Where("windows", "process_creation", "sysmon"), (), False),
    ],
)
def test_a_filter_is_for_rules_of_its_log_source_that_it_names(
    where: Where, rules: tuple[str, ...], *, is_for: bool
) -> None:
    rule = Rule(
        id="1", title="x", name="a_name", level=Severity.HIGH, where=Where("windows", "process_creation"),
        compiled=dumped(TRUE),
    )  # fmt: skip
    assert Filter(id="f", title="y", where=where, condition=TRUE, rules=rules).is_for(rule) is is_for
