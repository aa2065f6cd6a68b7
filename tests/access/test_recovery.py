"""Recovery codes: how they look, and how people type them."""

import re

import pytest

from cybervault.access.recovery import code_of, new_codes
from cybervault.domain.secrets import Secret


def test_ten_codes_of_64_bits_that_differ() -> None:
    codes = [code.reveal() for code in new_codes()]
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"(?:[0-9a-f]{4}-){3}[0-9a-f]{4}", code) for code in codes)


@pytest.mark.parametrize(
    "text", ["0123-4567-89ab-cdef", "0123456789ABCDEF", " 0123 4567 89ab cdef\n", "01-23-45-67-89-AB-CD-EF"]
)
def test_a_code_is_read_however_it_was_copied(text: str) -> None:
    assert code_of(text) == Secret("0123-4567-89ab-cdef")


@pytest.mark.parametrize("text", ["", "123456", "0123-4567-89ab-cde", "0123-4567-89ab-cdef0", "0123-4567-89ab-cdeg"])
def test_what_cannot_be_a_code_is_none(text: str) -> None:
    assert code_of(text) is None
