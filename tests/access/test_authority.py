"""Who may make and change keys: tables of callers and keys."""

import ipaddress
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cybervault.access import authority
from cybervault.access.life import Edit, Key, KeySecret, NewExpiry
from cybervault.domain.principals import (
    SCOPES_OF_ROLE,
    KeyId,
    KeyKind,
    MemberId,
    Plan,
    Principal,
    Role,
    Scope,
    SessionId,
    TenantId,
)
from cybervault.domain.problems import Problem, ProblemKind

NOW = datetime(2026, 11, 1, tzinfo=UTC)
TENANT = TenantId("tv_1")
ME, OTHER = MemberId("usr_me"), MemberId("usr_other")
SECRET = KeySecret(b"d", "pepper", "cv_live_sk_…abcd", NOW)
SERVICE = Key(
    KeyId("key_service"), TENANT, KeyKind.SERVICE_LIVE, "ci", frozenset({Scope.THREAT_READ}), (),
    created_at=NOW, expires_at=None, revoked_at=None, secrets=(SECRET,),
)  # fmt: skip
MINE = replace(SERVICE, id=KeyId("key_mine"), kind=KeyKind.PERSONAL_LIVE, scopes=frozenset(), owner_id=ME)
THEIRS = replace(MINE, id=KeyId("key_theirs"), owner_id=OTHER)


def session(role: Role) -> Principal:
    return Principal(
        TENANT, SCOPES_OF_ROLE[role], Plan.PROFESSIONAL, member_id=ME, role=role, session_id=SessionId("ses_1")
    )


def behind(key: Key, *scopes: Scope, role: Role | None = None) -> Principal:
    """The caller behind a key."""
    return Principal(
        TENANT,
        frozenset(scopes),
        Plan.PROFESSIONAL,
        key_id=key.id,
        kind=key.kind,
        member_id=key.owner_id,
        role=role,
    )


MANAGER = behind(SERVICE, Scope.KEYS_MANAGE, Scope.THREAT_READ)


def outcome(call: Callable[[], object]) -> str:
    """`may`, or the code of the refusal."""
    try:
        call()
    except Problem as problem:
        assert problem.kind is ProblemKind.FORBIDDEN  # noqa: PT017 - the other of the two allowed ends
        return problem.code
    return "may"


def test_the_operator_may_everything() -> None:
    authority.refuse_minting(None, KeyKind.PERSONAL_LIVE, owner_id=OTHER)
    authority.refuse_change(None, THEIRS)
    authority.refuse_managing(None, TENANT)
    authority.refuse_giving(None, THEIRS, role=Role.OWNER)
    authority.refuse_beyond(None, frozenset(Scope))
    authority.refuse_own_renewal(None, SERVICE, NewExpiry(None))
    authority.refuse_widening(None, SERVICE, Edit(scopes=frozenset(Scope)), role=None)


@pytest.mark.parametrize("role", Role)
def test_every_member_makes_personal_keys_of_its_own_and_of_nobody_else(role: Role) -> None:
    by = session(role)
    assert outcome(lambda: authority.refuse_minting(by, KeyKind.PERSONAL_LIVE, owner_id=ME)) == "may"
    assert outcome(lambda: authority.refuse_minting(by, KeyKind.PERSONAL_LIVE, owner_id=OTHER)) == "insufficient_role"


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (Role.OWNER, "may"),
        (Role.ADMIN, "may"),
        (Role.BILLING_ADMIN, "insufficient_role"),
        (Role.MEMBER, "insufficient_role"),
        (Role.VIEWER, "insufficient_role"),
    ],
)
def test_only_who_runs_the_tenant_makes_and_changes_the_keys_of_others(role: Role, expected: str) -> None:
    by = session(role)
    assert outcome(lambda: authority.refuse_minting(by, KeyKind.SERVICE_LIVE, owner_id=None)) == expected
    assert outcome(lambda: authority.refuse_change(by, SERVICE)) == expected
    assert outcome(lambda: authority.refuse_change(by, THEIRS)) == expected
    assert outcome(lambda: authority.refuse_managing(by, TENANT)) == expected
    assert outcome(lambda: authority.refuse_change(by, MINE)) == "may"


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (MANAGER, "may"),
        (replace(MANAGER, is_outgoing_secret=True), "outgoing_secret"),
        (behind(SERVICE, Scope.THREAT_READ), "invalid_scope"),
        (behind(MINE, *SCOPES_OF_ROLE[Role.ADMIN], role=Role.ADMIN), "may"),
        (behind(MINE, *SCOPES_OF_ROLE[Role.MEMBER], role=Role.MEMBER), "invalid_scope"),
    ],
)
def test_a_key_changes_keys_only_if_it_manages_them_and_by_its_newest_secret(by: Principal, expected: str) -> None:
    for call in (
        lambda: authority.refuse_change(by, THEIRS),
        lambda: authority.refuse_change(by, replace(SERVICE, id=KeyId("key_x"))),
        lambda: authority.refuse_minting(by, KeyKind.CLASSIC_LIVE, owner_id=None),
        lambda: authority.refuse_managing(by, TENANT),
    ):
        assert outcome(call) == expected


def test_a_key_of_a_member_changes_not_even_its_own_without_the_scope() -> None:
    by = behind(MINE, *SCOPES_OF_ROLE[Role.MEMBER], role=Role.MEMBER)
    assert outcome(lambda: authority.refuse_change(by, MINE)) == "invalid_scope"
    assert outcome(lambda: authority.refuse_minting(by, KeyKind.PERSONAL_LIVE, owner_id=ME)) == "invalid_scope"


def test_a_key_without_a_member_makes_no_personal_keys() -> None:
    for owner_id in (ME, None):
        call = lambda: authority.refuse_minting(MANAGER, KeyKind.PERSONAL_LIVE, owner_id=owner_id)  # noqa: B023, E731 - called here
        assert outcome(call) == "insufficient_role"


def test_another_tenant_is_not_found() -> None:
    with pytest.raises(Problem) as caught:
        authority.refuse_managing(session(Role.OWNER), TenantId("tv_2"))
    assert (caught.value.kind, caught.value.code) == (ProblemKind.NOT_FOUND, "tenant_not_found")


def test_nobody_gets_a_secret_that_may_more_than_they_do() -> None:
    strong = replace(SERVICE, id=KeyId("key_strong"), scopes=frozenset({Scope.RESPONSE_WRITE}))
    assert outcome(lambda: authority.refuse_giving(MANAGER, strong, role=None)) == "scope_not_held"
    assert outcome(lambda: authority.refuse_giving(MANAGER, SERVICE, role=None)) == "may"
    assert outcome(lambda: authority.refuse_giving(session(Role.ADMIN), strong, role=None)) == "may"
    assert outcome(lambda: authority.refuse_giving(MANAGER, THEIRS, role=Role.VIEWER)) == "scope_not_held"


def test_an_admin_gets_no_secret_that_would_make_an_owner_of_them() -> None:
    assert outcome(lambda: authority.refuse_giving(session(Role.ADMIN), THEIRS, role=Role.OWNER)) == "insufficient_role"
    assert outcome(lambda: authority.refuse_giving(session(Role.OWNER), THEIRS, role=Role.OWNER)) == "may"
    assert outcome(lambda: authority.refuse_giving(session(Role.ADMIN), THEIRS, role=Role.MEMBER)) == "may"


def test_nobody_gives_a_scope_they_lack() -> None:
    other = replace(SERVICE, id=KeyId("key_other"), scopes=frozenset({Scope.RESPONSE_WRITE}))
    for scopes, expected in (
        ({Scope.THREAT_READ}, "may"),
        ({Scope.THREAT_READ, Scope.RESPONSE_WRITE}, "may"),  # was there before
        ({Scope.THREAT_WRITE}, "scope_not_held"),
        (set(), "may"),
    ):
        edit = Edit(scopes=frozenset(scopes))
        assert outcome(lambda: authority.refuse_widening(MANAGER, other, edit, role=None)) == expected  # noqa: B023 - called here
    assert outcome(lambda: authority.refuse_widening(MANAGER, other, Edit(name="x"), role=None)) == "may"


def test_what_a_larger_role_would_give_is_not_given_in_advance() -> None:
    narrowed = replace(MINE, scopes=frozenset({Scope.THREAT_READ}))
    by = session(Role.MEMBER)
    for key, scopes, expected in (
        (narrowed, {Scope.THREAT_READ, Scope.THREAT_WRITE}, "may"),
        (narrowed, {Scope.THREAT_READ, Scope.KEYS_MANAGE}, "scope_not_held"),
        (narrowed, set(), "may"),
        (MINE, {Scope.KEYS_MANAGE}, "scope_not_held"),
    ):
        edit = Edit(scopes=frozenset(scopes))
        assert outcome(lambda: authority.refuse_widening(by, key, edit, role=Role.MEMBER)) == expected  # noqa: B023 - called here


LIMITED = replace(
    SERVICE, expires_at=NOW + timedelta(days=1), networks=(ipaddress.ip_network("10.0.0.0/8"),), scopes=MANAGER.scopes
)
NARROWER = (ipaddress.ip_network("10.1.0.0/16"), ipaddress.ip_network("10.2.0.0/16"))


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (Edit(name="other"), "may"),
        (Edit(scopes=frozenset({Scope.KEYS_MANAGE})), "may"),
        (Edit(expiry=NewExpiry(NOW + timedelta(hours=1))), "may"),
        (Edit(expiry=NewExpiry(NOW + timedelta(days=2))), "own_key"),
        (Edit(expiry=NewExpiry(None)), "own_key"),
        (Edit(networks=NARROWER), "may"),
        (Edit(networks=()), "own_key"),
        (Edit(networks=(*NARROWER, ipaddress.ip_network("11.0.0.0/8"))), "own_key"),
        (Edit(networks=(ipaddress.ip_network("::/0"),)), "own_key"),
    ],
)
def test_a_key_may_narrow_itself_and_never_widen_itself(edit: Edit, expected: str) -> None:
    assert outcome(lambda: authority.refuse_widening(MANAGER, LIMITED, edit, role=None)) == expected
    another = replace(LIMITED, id=KeyId("key_other"))
    assert outcome(lambda: authority.refuse_widening(MANAGER, another, edit, role=None)) == "may"


def test_a_key_does_not_widen_its_own_scopes_even_by_those_it_has() -> None:
    """It has them by another way than its own scopes."""
    key, by = replace(SERVICE, scopes=frozenset()), MANAGER
    edit = Edit(scopes=frozenset({Scope.THREAT_READ}))
    assert outcome(lambda: authority.refuse_widening(by, key, edit, role=None)) == "own_key"


def test_a_key_without_end_and_networks_cannot_widen_them() -> None:
    edit = Edit(expiry=NewExpiry(None), networks=())
    assert outcome(lambda: authority.refuse_widening(MANAGER, SERVICE, edit, role=None)) == "may"


def test_a_key_does_not_renew_itself_by_its_rotation() -> None:
    for expiry, expected in (
        (None, "may"),
        (NewExpiry(NOW + timedelta(hours=1)), "may"),
        (NewExpiry(NOW + timedelta(days=30)), "own_key"),
    ):
        assert outcome(lambda: authority.refuse_own_renewal(MANAGER, LIMITED, expiry)) == expected  # noqa: B023 - called here
    other = replace(LIMITED, id=KeyId("key_other"))
    assert outcome(lambda: authority.refuse_own_renewal(MANAGER, other, NewExpiry(None))) == "may"


@pytest.mark.parametrize(
    ("by", "key", "is_needed"),
    [
        (session(Role.ADMIN), THEIRS, True),
        (session(Role.ADMIN), MINE, False),
        (session(Role.ADMIN), SERVICE, False),
        (MANAGER, THEIRS, True),
        (None, THEIRS, True),
        (None, SERVICE, False),
    ],
)
def test_who_revokes_the_personal_key_of_somebody_else_says_why(
    by: Principal | None,
    key: Key,
    is_needed: bool,  # noqa: FBT001 - a column
) -> None:
    authority.refuse_without_reason(by, key, "left the company")
    if not is_needed:
        authority.refuse_without_reason(by, key, "")
        return
    with pytest.raises(Problem) as caught:
        authority.refuse_without_reason(by, key, "  ")
    assert (caught.value.kind, caught.value.code) == (ProblemKind.INVALID, "reason_required")


@pytest.mark.parametrize(
    ("by", "seen"),
    [
        (session(Role.OWNER), {"key_mine", "key_theirs", "key_service"}),
        (session(Role.ADMIN), {"key_mine", "key_theirs", "key_service"}),
        (session(Role.MEMBER), {"key_mine"}),
        (session(Role.BILLING_ADMIN), {"key_mine"}),
        (MANAGER, {"key_mine", "key_theirs", "key_service"}),
        (behind(SERVICE, Scope.THREAT_READ), {"key_service"}),
    ],
)
def test_a_caller_sees_its_own_keys_or_all_where_it_manages_them(by: Principal, seen: set[str]) -> None:
    assert {key.id for key in (MINE, THEIRS, SERVICE) if authority.may_see(by, key)} == seen
