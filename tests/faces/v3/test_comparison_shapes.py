"""How v3 spells two assessments side by side."""

from dataclasses import replace

from cybervault.domain.assessments import Sign, Sort, Target
from cybervault.faces.v3.comparison_shapes import ComparisonReply
from tests.assessments.made import ASSESSMENT
from tests.faces.test_queued import JOB

RECORD = replace(ASSESSMENT, target=Target(Sort.TELEMETRY, "endpoint_telemetry", "f0" * 32), parts=())


def test_both_are_told_with_what_became_of_the_evidence() -> None:
    reply = ComparisonReply.of(RECORD, replace(RECORD, signs=(Sign("odd_parent", 40.0, "Why."),))).model_dump()
    assert (reply["before"]["reasons"], reply["after"]["reasons"][0]["name"]) == ([], "odd_parent")
    assert reply["evidence"] == [
        {"change": "new", "observable": "", "source": "", "name": "odd_parent", "before": None, "after": 40.0}
    ]


def test_one_that_is_not_there_yet_says_how_it_stands_and_nothing_is_compared() -> None:
    reply = ComparisonReply.of(RECORD, JOB).model_dump()
    assert (reply["before"]["state"], reply["after"]["state"], reply["evidence"]) == ("completed", "running", None)
