"""What a grant covers, and what a permit allows to be reached."""

import ipaddress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cybervault.domain.ids import GrantId
from cybervault.domain.principals import TenantId
from cybervault.domain.problems import ProblemKind
from cybervault.scans.grant import Basis, Grant, Permit, not_authorized
from cybervault.scans.targets import parse_target

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def grant(target: str, *, allows_pentest: bool = False) -> Grant:
    return Grant(
        GrantId("sgr_1"), TenantId("tv_1"), parse_target(target), Basis.OPERATOR, "signed", allows_pentest, None, NOW,
        None, NOW, "operator",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("granted", "target", "is_covered"),
    [
        ("10.1.0.0/16", "10.1.7.0/24", True),
        ("10.1.0.0/16", "10.1.0.0/16", True),
        ("10.1.0.0/24", "10.1.0.9", True),
        ("10.1.0.0/24", "10.1.0.0/16", False),
        ("10.1.0.0/24", "10.2.0.9", False),
        ("10.1.0.0/24", "fd12::1", False),
        ("fd12::/120", "fd12::9", True),
        ("example.com", "example.com", True),
        ("example.com", "www.example.com", True),
        ("example.com", "badexample.com", False),
        ("www.example.com", "example.com", False),
        ("example.com", "10.1.0.9", False),
        ("oci://r.example/app:1", "oci://r.example/app:2", True),
        ("oci://r.example/app", "oci://r.example/application", False),
        ("arn:aws:iam::123456789012:root", "arn:aws:sns:eu-west-1:123456789012:alerts", True),
        ("arn:aws:iam::123456789012:root", "arn:aws:sns:eu-west-1:210987654321:alerts", False),
        ("arn:aws:iam::123456789012:root", "arn:aws:s3:::bucket", False),
        ("arn:aws:s3:::bucket", "arn:aws:s3:::bucket", True),
        ("arn:aws:s3:::bucket", "arn:aws:s3:::bucket2", False),
    ],
)
def test_a_grant_covers_what_lies_within_it(granted: str, target: str, is_covered: bool) -> None:  # noqa: FBT001 - the expectation
    assert grant(granted).covers(parse_target(target)) is is_covered


def test_a_grant_counts_from_its_proof_to_its_end() -> None:
    one = grant("example.com")
    assert one.is_active(NOW)
    assert not replace(one, granted_at=None).is_active(NOW)
    ending = replace(one, expires_at=NOW + timedelta(days=1))
    assert ending.is_active(NOW)
    assert not ending.is_active(NOW + timedelta(days=1))


def test_a_pentest_needs_a_grant_that_allows_it() -> None:
    permit = Permit((grant("10.1.0.0/24"), grant("10.2.0.0/24", allows_pentest=True)))
    plain, allowed, foreign = (parse_target(text) for text in ("10.1.0.1", "10.2.0.1", "10.3.0.1"))
    targets = (plain, allowed, foreign)
    assert permit.missing(targets, is_pentest=False) == (foreign,)
    assert permit.missing(targets, is_pentest=True) == (plain, foreign)


def test_a_name_leads_outside_by_its_own_grant_and_inside_only_by_that_of_the_network() -> None:
    """A record that is changed to point inside opens nothing inside."""
    name, network = parse_target("example.com"), parse_target("10.1.0.0/24")
    inside, outside = ipaddress.ip_address("10.1.0.9"), ipaddress.ip_address("8.8.8.8")
    permit = Permit((grant("example.com"),))
    assert permit.allows_address_of(name, outside)
    assert not permit.allows_address_of(name, inside)
    assert Permit((grant("example.com"), grant("10.1.0.0/24"))).allows_address_of(name, inside)
    assert permit.allows_address_of(network, inside)
    assert not permit.allows_address_of(network, outside)


def test_a_refusal_names_the_targets_and_not_all_of_many() -> None:
    targets = tuple(parse_target(f"10.1.0.{number}") for number in range(7))
    problem = not_authorized(targets, is_pentest=True)
    assert (problem.kind, problem.code, len(problem.details)) == (ProblemKind.FORBIDDEN, "target_not_authorized", 7)
    assert "10.1.0.4 and 2 more" in problem.message
    assert "pentest" in problem.message
    assert "pentest" not in not_authorized(targets[:1], is_pentest=False).message
