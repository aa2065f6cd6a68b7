"""Why a rule in force fires on an event that somebody sends, or why not."""

import pytest

from cybervault.assessments.rule_questions import RuleQuestions
from cybervault.detection.batch import BatchDetector
from cybervault.detection.engine import Engine
from cybervault.detection.explain import Verdict
from cybervault.domain.problems import Problem, ProblemKind
from tests.detection.sigma import rule, selecting
from tests.fakes.telemetry import CALLBACK, QUIET

APP = rule(selecting(Image__endswith="\\app.exe"))


@pytest.fixture
def questions() -> RuleQuestions:
    detector = BatchDetector()
    detector.use(Engine([APP]))
    return RuleQuestions(detector)


async def test_each_part_is_said_to_hold_or_not(questions: RuleQuestions) -> None:
    found = await questions.explain(APP.id, QUIET)
    assert (found.rule.title, found.rule.id) == (APP.title, APP.id)
    (one,) = found.records
    assert (one.verdict, one.root.said.value) == (Verdict.FIRES, "true")
    (other,) = (await questions.explain(APP.id, QUIET | {"Image": "C:\\other.exe"})).records
    assert other.verdict is Verdict.SILENT


async def test_a_rule_for_another_log_source_is_not_asked(questions: RuleQuestions) -> None:
    (found,) = (await questions.explain(APP.id, CALLBACK)).records
    assert found.verdict is Verdict.NOT_ASKED


async def test_a_rule_that_is_not_in_force_is_not_found(questions: RuleQuestions) -> None:
    for asked in (questions, RuleQuestions(BatchDetector())):
        with pytest.raises(Problem) as caught:
            await asked.explain("nobody", QUIET)
        assert (caught.value.kind, caught.value.code) == (ProblemKind.NOT_FOUND, "rule_not_found")


async def test_an_event_of_no_form_that_is_known_is_refused(questions: RuleQuestions) -> None:
    with pytest.raises(Problem) as caught:
        await questions.explain(APP.id, {"what": "ever"})
    assert (caught.value.kind, caught.value.code) == (ProblemKind.INVALID, "invalid_parameter")
    assert caught.value.details[0][0] == "event"
