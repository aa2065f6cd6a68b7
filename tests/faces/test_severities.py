"""Severities as callers write them."""

import pytest

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.severities import ranks_in


@pytest.mark.parametrize(("text", "ranks"), [("critical", (5,)), ("low, high", (2, 4)), ("medium,medium", (3,))])
def test_one_or_several_are_read(text: str, ranks: tuple[int, ...]) -> None:
    assert ranks_in(text) == ranks


@pytest.mark.parametrize("text", ["", "urgent", "critical,", "Critical", "informational", "," * 50])
def test_what_is_none_is_refused_by_the_name_of_the_field(text: str) -> None:
    with pytest.raises(Problem, match="severity is one of critical, high, medium, low") as caught:
        ranks_in(text)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.INVALID, "invalid_parameter")


def test_what_is_known_is_the_lists_own_affair() -> None:
    assert ranks_in("informational,high", ("high", "informational")) == (1, 4)
