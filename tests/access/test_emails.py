"""E-mail addresses: one spelling for each, and what is none is refused."""

import pytest

from cybervault.access.emails import email_of
from cybervault.domain.problems import Problem, ProblemKind


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ana@acme.example", "ana@acme.example"),
        ("  Ana.Lopez+x@ACME.example ", "ana.lopez+x@acme.example"),
        ("root@localhost", "root@localhost"),
        ("n\u0303andu@acme.example", "ñandu@acme.example"),
    ],
)
def test_an_address_has_one_spelling(text: str, expected: str) -> None:
    assert email_of(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "ana", "@acme.org", "ana@", "a@b@c", "a b@c.example", "a@b c", "a\n@b.example", "a@b\x00", "<a@b>", "a,b@c",
     "x" * 65 + "@b.example", "a@" + "b" * 253],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Problem) as caught:
        email_of(text)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.INVALID, "invalid_email")
