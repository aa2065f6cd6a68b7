"""What may be the id of a request."""

import pytest

from cybervault.faces.request_ids import is_request_id


@pytest.mark.parametrize("text", ["req_abc123def456", "a", "A-b.c_d", "x" * 128])
def test_letters_digits_and_three_signs_are_one(text: str) -> None:
    assert is_request_id(text)


@pytest.mark.parametrize("text", ["", "x" * 129, "a b", "a\n", "a\x00", "é", "a/b"])
def test_anything_else_is_none(text: str) -> None:
    assert not is_request_id(text)
