"""What a secret opens: now or no more, from here or not."""

import ipaddress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cybervault.access.entries import Entry, refuse_ended, refuse_place
from cybervault.access.life import KeySecret
from cybervault.domain.principals import Environment, KeyId, KeyKind, Plan, Principal, Scope, TenantId
from cybervault.domain.problems import Problem, ProblemKind

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SECRET = KeySecret(b"d", "pepper", "cv_test_…abcd", NOW)
SCOPES = frozenset({Scope.THREAT_READ})
ENTRY = Entry(
    KeyId("key_1"), TenantId("tv_1"), KeyKind.CLASSIC_TEST, Plan.STARTER, SCOPES, (), None, None, SECRET
)  # fmt: skip


def test_the_caller_has_the_rights_of_the_key_and_the_plan_of_the_tenant() -> None:
    assert ENTRY.principal == Principal(
        TenantId("tv_1"), KeyId("key_1"), KeyKind.CLASSIC_TEST, SCOPES, Environment.SANDBOX, Plan.STARTER
    )


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (replace(ENTRY, revoked_at=NOW), "revoked_api_key"),
        (replace(ENTRY, revoked_at=NOW, expires_at=NOW), "revoked_api_key"),
        (replace(ENTRY, secret=replace(SECRET, is_ended=True)), "revoked_api_key"),
        (replace(ENTRY, secret=replace(SECRET, ends_at=NOW)), "revoked_api_key"),
        (replace(ENTRY, expires_at=NOW), "expired_api_key"),
    ],
)
def test_a_key_that_has_ended_opens_nothing(entry: Entry, code: str) -> None:
    with pytest.raises(Problem) as caught:
        refuse_ended(entry, NOW)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.UNAUTHENTICATED, code)


def test_a_key_works_until_the_last_moment() -> None:
    soon = NOW + timedelta(microseconds=1)
    refuse_ended(replace(ENTRY, expires_at=soon, secret=replace(SECRET, ends_at=soon)), NOW)
    refuse_ended(ENTRY, NOW)


NETWORKS = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("2001:db8::/32"))


@pytest.mark.parametrize("address", ["10.255.0.1", "2001:db8::1"])
def test_a_listed_address_may_use_the_key(address: str) -> None:
    refuse_place(replace(ENTRY, networks=NETWORKS), ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["11.0.0.1", "2001:db9::1", "::1", None])
def test_any_other_address_may_not(address: str | None) -> None:
    """An unknown address counts as a foreign one."""
    with pytest.raises(Problem) as caught:
        refuse_place(replace(ENTRY, networks=NETWORKS), ipaddress.ip_address(address) if address else None)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.FORBIDDEN, "ip_not_allowed")


def test_without_a_list_every_address_may() -> None:
    refuse_place(ENTRY, None)
    refuse_place(ENTRY, ipaddress.ip_address("8.8.8.8"))
