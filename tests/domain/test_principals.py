"""Callers: what the prefix of a key says, and what the scopes of its caller allow."""

import pytest

from cybervault.domain.principals import Environment, KeyId, KeyKind, Plan, Principal, Scope, TenantId


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
        TenantId("tv_1"), KeyId("key_1"), kind, frozenset(scopes), kind.environment, Plan.STARTER
    )  # fmt: skip


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
