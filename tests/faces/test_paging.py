"""Pages on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.domain.problems import Problem
from cybervault.faces.paging import Cursors, Mark, PageSize

CURSORS = Cursors(b"a key of this installation")
BOUND = ("tv_1", "/v3/keys", "created_at:desc", "")
marks = st.lists(st.one_of(st.text(max_size=40), st.integers(), st.floats(allow_nan=False, allow_infinity=False)))


def code_of(text: str, *bound_to: str, cursors: Cursors = CURSORS) -> str:
    with pytest.raises(Problem) as caught:
        cursors.read(text, *bound_to)
    return caught.value.code


@given(marks)
def test_a_cursor_is_read_as_it_was_written(last: list[Mark]) -> None:
    written = CURSORS.write(last, *BOUND)
    assert CURSORS.read(written, *BOUND) == tuple(last)


def test_the_last_page_has_no_cursor_and_the_first_wants_none() -> None:
    assert CURSORS.write(None, *BOUND) is None
    assert CURSORS.read(None, *BOUND) is None


@pytest.mark.parametrize("place", range(4))
def test_a_cursor_of_another_tenant_list_sort_or_filter_is_refused(place: int) -> None:
    """Who holds a cursor learns nothing with it elsewhere."""
    written = CURSORS.write((1.5, "key_1"), *BOUND)
    assert written is not None
    other = [*BOUND]
    other[place] += "x"
    assert code_of(written, *other) == "invalid_cursor"


def test_what_it_is_bound_to_cannot_be_shifted() -> None:
    written = CURSORS.write((1,), "a", "bc")
    assert written is not None
    assert code_of(written, "ab", "c") == "invalid_cursor"


def test_any_change_of_one_character_is_refused() -> None:
    written = CURSORS.write((1.5, "key_1"), *BOUND)
    assert written is not None
    for at, letter in enumerate(written):
        changed = written[:at] + ("A" if letter != "A" else "B") + written[at + 1 :]
        assert code_of(changed, *BOUND) == "invalid_cursor"


@pytest.mark.parametrize("text", ["", "=", "ä", "a", "AAAA", "A" * 40, "A" * 100_000, "no cursor at all", "A+/="])
def test_what_was_never_a_cursor_is_refused(text: str) -> None:
    assert code_of(text, *BOUND) == "invalid_cursor"


def test_another_installation_writes_other_cursors() -> None:
    written = CURSORS.write((1,), *BOUND)
    assert written is not None
    assert code_of(written, *BOUND, cursors=Cursors(b"another key")) == "invalid_cursor"


@pytest.mark.parametrize(("asked", "given_"), [(None, 50), ("1", 1), ("200", 200), ("201", 200), ("9" * 30, 200)])
def test_a_page_is_as_long_as_asked_and_never_longer_than_the_most(asked: str | None, given_: int) -> None:
    assert PageSize(50, 200).of(asked) == given_


@pytest.mark.parametrize("asked", ["0", "-1", "x", "", "1.5", "²", " 5", "1e3"])
def test_a_length_that_is_no_whole_number_from_one_is_refused(asked: str) -> None:
    with pytest.raises(Problem) as caught:
        PageSize(50, 200).of(asked)
    assert caught.value.code == "invalid_parameter"
    assert "limit" in caught.value.message
