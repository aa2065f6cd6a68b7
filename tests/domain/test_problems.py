"""Problems: one kind of expected failure, with separate words for the caller and for the log."""

import pytest

from cybervault.domain.problems import Problem, ProblemKind


def test_the_caller_reads_the_message_and_never_the_detail() -> None:
    problem = Problem(ProblemKind.UPSTREAM, code="source_broken", message="It broke.", detail="at line 7")
    assert str(problem) == "It broke."
    assert "line 7" not in repr(problem)
    assert (problem.kind, problem.code, problem.detail) == (ProblemKind.UPSTREAM, "source_broken", "at line 7")


def test_waiting_is_told_only_where_it_helps() -> None:
    assert Problem(ProblemKind.INVALID, code="a", message="b").retry_after_seconds is None
    limited = Problem(ProblemKind.OVER_LIMIT, code="slow_down", message="Slower.", retry_after_seconds=7)
    assert limited.retry_after_seconds == 7


def test_a_problem_shows_its_kind_and_code_to_a_developer() -> None:
    problem = Problem(ProblemKind.NOT_FOUND, code="no_finding", message="Nothing there.")
    assert repr(problem) == "Problem(not_found, code='no_finding', message='Nothing there.')"


def test_a_problem_can_be_raised() -> None:
    with pytest.raises(Problem, match="Nothing there"):
        raise Problem(ProblemKind.NOT_FOUND, code="no_finding", message="Nothing there.")
