"""How v3 spells what came of many observables."""

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.v3.observable_shapes import LookedUp, LookUpRequest
from tests.assessments.made import ASSESSMENT


def test_an_answer_and_a_failure_stand_apart() -> None:
    refusal = Problem(ProblemKind.OVER_LIMIT, code="rate_limit_exceeded", message="Later.", retry_after_seconds=7)
    good, bad = LookedUp.of("203[.]0[.]113[.]42", ASSESSMENT, "en"), LookedUp.of("x", refusal, "en")
    assert good.observable == "203[.]0[.]113[.]42"
    assert good.assessment is not None
    assert (good.assessment.assessment_id, good.error) == (ASSESSMENT.id, None)
    assert bad.assessment is None
    assert bad.error is not None
    assert bad.error.model_dump() == {
        "code": "rate_limit_exceeded", "message": "Later.", "retry_after_seconds": 7,
    }  # fmt: skip


def test_nobody_is_asked_unless_said() -> None:
    assert LookUpRequest.model_validate({"observables": ["x"]}).depth == "quick"
