"""Callers: what the prefix of a key says, and what the scopes of its caller allow."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cybervault.domain.principals import (
    SCOPES_OF_ROLE,
    Environment,
    KeyId,
    KeyKind,
    Member,
    MemberId,
    Plan,
    Principal,
    Role,
    Scope,
    TenantId,
)


@pytest.mark.parametrize(
    ("kind", "environment", "is_read_only", "is_personal"),
    [
        (KeyKind.SERVICE_LIVE, Environment.PRODUCTION, False, False),
        (KeyKind.SERVICE_TEST, Environment.SANDBOX, False, False),
        (KeyKind.SERVICE_READ, Environment.PRODUCTION, True, False),
        (KeyKind.CLASSIC_LIVE, Environment.PRODUCTION, False, False),
        (KeyKind.CLASSIC_TEST, Environment.SANDBOX, False, False),
        (KeyKind.PERSONAL_LIVE, Environment.PRODUCTION, False, True),
        (KeyKind.PERSONAL_TEST, Environment.SANDBOX, False, True),
    ],
)
def test_the_prefix_tells_where_a_key_works_and_how_far(
    kind: KeyKind, environment: Environment, *, is_read_only: bool, is_personal: bool
) -> None:
    assert (kind.environment, kind.is_read_only, kind.is_personal) == (environment, is_read_only, is_personal)


def principal(kind: KeyKind, *scopes: Scope) -> Principal:
    return Principal(
        TenantId("tv_1"), frozenset(scopes), Plan.STARTER, kind.environment, key_id=KeyId("key_1"), kind=kind
    )


def test_no_scopes_mean_no_rights() -> None:
    assert not any(principal(KeyKind.SERVICE_LIVE).has_scope(scope) for scope in Scope)


def test_to_write_does_not_include_to_read() -> None:
    caller = principal(KeyKind.SERVICE_LIVE, Scope.THREAT_WRITE)
    assert caller.has_scope(Scope.THREAT_WRITE)
    assert not caller.has_scope(Scope.THREAT_READ)


def test_a_read_key_only_reads_whatever_scopes_it_was_given() -> None:
    """The prefix is the upper bound of what scopes can allow."""
    caller = principal(KeyKind.SERVICE_READ, *Scope)
    allowed = {scope for scope in Scope if caller.has_scope(scope)}
    assert allowed == {scope for scope in Scope if scope.value.endswith(":read")}
    assert Scope.SCAN_UPLOAD not in allowed
    assert Scope.KEYS_MANAGE not in allowed


def test_every_role_says_what_it_may_do() -> None:
    assert set(SCOPES_OF_ROLE) == set(Role)
    assert SCOPES_OF_ROLE[Role.BILLING_ADMIN] == frozenset()
    assert SCOPES_OF_ROLE[Role.OWNER] == SCOPES_OF_ROLE[Role.ADMIN] == frozenset(Scope)
    assert SCOPES_OF_ROLE[Role.VIEWER] < SCOPES_OF_ROLE[Role.MEMBER] < SCOPES_OF_ROLE[Role.ADMIN]


def test_only_who_answers_for_the_tenant_contains_manages_keys_and_reads_the_audit() -> None:
    guarded = {Scope.RESPONSE_WRITE, Scope.KEYS_MANAGE, Scope.AUDIT_READ}
    assert {role for role, scopes in SCOPES_OF_ROLE.items() if scopes & guarded} == {Role.OWNER, Role.ADMIN}


def test_a_person_who_signed_in_has_the_scopes_of_the_role() -> None:
    caller = Principal(TenantId("tv_1"), SCOPES_OF_ROLE[Role.VIEWER], Plan.STARTER, role=Role.VIEWER)
    assert not caller.is_read_only
    assert caller.has_scope(Scope.SCAN_READ)
    assert not caller.has_scope(Scope.SCAN_WRITE)


def test_suspended_and_removed_members_are_not_active() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    member = Member(MemberId("usr_1"), TenantId("tv_1"), "ada@example.org", "Ada", Role.MEMBER, now)
    assert member.is_active
    assert not replace(member, suspended_at=now).is_active
    assert not replace(member, removed_at=now).is_active
