"""Names that people give."""

import pytest

from cybervault.access.names import name_of
from cybervault.access.tokens import mint
from cybervault.domain.principals import KeyKind
from cybervault.domain.problems import Problem, ProblemKind


@pytest.mark.parametrize(
    ("text", "name"), [("a", "a"), ("  github actions ", "github actions"), ("é" * 64, "é" * 64), ("<b>", "<b>")]
)
def test_a_name_keeps_what_was_written_without_blanks_around_it(text: str, name: str) -> None:
    assert name_of(text) == name


@pytest.mark.parametrize("text", ["", "   ", "a" * 65, "a\nb", "a\x1b[31mb", "a\u202eb", "a\0b"])
def test_a_name_that_is_empty_too_long_or_invisible_is_refused(text: str) -> None:
    with pytest.raises(Problem) as caught:
        name_of(text)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.INVALID, "invalid_name")


@pytest.mark.parametrize("kind", list(KeyKind))
def test_a_key_is_no_name(kind: KeyKind) -> None:
    """Names are shown and kept as they are, and somebody will paste into the wrong field."""
    with pytest.raises(Problem, match="API key") as caught:
        name_of(f"ci {mint(kind).secret.reveal()}")
    assert caught.value.code == "invalid_name"
