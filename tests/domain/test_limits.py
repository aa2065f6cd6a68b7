"""A tenant's own numbers of calls: what can be kept and what cannot."""

import pytest

from cybervault.domain.limits import CallClass, LimitOverride
from cybervault.domain.problems import Problem, ProblemKind


@pytest.mark.parametrize(
    "given", [{}, {"minute": 1}, {"hour": 1}, {"burst_percent": 0}, {"minute": 5, "hour": 9, "burst_percent": 1_000}]
)
def test_numbers_that_can_be_kept_are_taken(given: dict[str, int]) -> None:
    override = LimitOverride("v3", CallClass.READ, **given)
    assert (override.minute, override.hour) == (given.get("minute"), given.get("hour"))


@pytest.mark.parametrize(
    "given", [{"minute": 0}, {"hour": 0}, {"minute": 5, "hour": -1}, {"burst_percent": -1}, {"burst_percent": 1_001}]
)
def test_numbers_nobody_could_keep_are_refused(given: dict[str, int]) -> None:
    with pytest.raises(Problem) as caught:
        LimitOverride("v1", CallClass.ANY, **given)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.INVALID, "invalid_limits")
