"""Which targets may be scanned, and why the others may not."""

import pytest

from cybervault.domain.ids import GrantId
from cybervault.scans.admission import Why, admitted
from cybervault.scans.grant import Basis, Grant, Permit
from cybervault.scans.targets import parse_target
from tests.scans.made import NOW, OURS

PERMIT = Permit(
    tuple(
        Grant(
            GrantId("sgr_1"), OURS, parse_target(text), Basis.OPERATOR, "tests", allows_pentest, challenge=None,
            granted_at=NOW, expires_at=None, created_at=NOW, created_by="operator",
        )
        for text, allows_pentest in (("10.1.0.0/24", True), ("example.com", False))
    )
)  # fmt: skip


def refused(text: str, *, is_pentest: bool = False) -> tuple[Why, str] | None:
    _, found = admitted([text], PERMIT, is_pentest=is_pentest, has_loopback=False)
    return (found[0].why, found[0].target) if found else None


def test_what_was_granted_is_admitted_once_in_its_one_spelling() -> None:
    texts = ("Example.com", "example.com", "10.1.0.7")
    targets, others = admitted(texts, PERMIT, is_pentest=False, has_loopback=False)
    assert ([target.value for target in targets], others) == (["example.com", "10.1.0.7"], ())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("-oN", Why.INVALID),
        ("10.1.0.7/24", Why.INVALID),
        ("10.0.0.0/8", Why.INVALID),
        ("169.254.169.254", Why.NEVER_SCANNED),
        ("127.0.0.1", Why.NEVER_SCANNED),
        ("10.2.0.7", Why.NOT_GRANTED),
        ("arn:aws:s3:::bucket", Why.NOT_GRANTED),
    ],
)
def test_each_refusal_has_its_reason_and_the_target_as_it_was_named(text: str, why: Why) -> None:
    assert refused(text) == (why, text)


def test_a_pentest_needs_a_grant_that_allows_it() -> None:
    assert refused("example.com", is_pentest=True) == (Why.PENTEST_NOT_GRANTED, "example.com")
    assert refused("10.1.0.7", is_pentest=True) is None
    assert refused("10.2.0.7", is_pentest=True) == (Why.NOT_GRANTED, "10.2.0.7")
