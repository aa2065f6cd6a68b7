"""Who may change whom, over all roles, and the Owner that stays."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cybervault.access.membership import may_manage, refuse_unless_manages, refuse_without_owner
from cybervault.domain.principals import (
    SCOPES_OF_ROLE,
    Member,
    MemberId,
    Plan,
    Principal,
    Role,
    Scope,
    TenantId,
)
from cybervault.domain.problems import Problem, ProblemKind

NOW = datetime(2026, 11, 1, tzinfo=UTC)
TENANT = TenantId("tv_a")
ALL = frozenset(Role)
MANAGED_BY = {
    Role.OWNER: ALL,
    Role.ADMIN: ALL - {Role.OWNER},
    Role.BILLING_ADMIN: frozenset(),
    Role.MEMBER: frozenset(),
    Role.VIEWER: frozenset(),
}


def person(role: Role) -> Principal:
    return Principal(TENANT, SCOPES_OF_ROLE[role], Plan.STARTER, role=role, member_id=MemberId("usr_me"))


def member(name: str, role: Role = Role.OWNER) -> Member:
    return Member(MemberId(name), TENANT, f"{name}@acme.example", name, role, NOW)


@pytest.mark.parametrize("by", Role)
@pytest.mark.parametrize("role", Role)
def test_owners_manage_all_admins_all_but_owners_and_others_nobody(by: Role, role: Role) -> None:
    assert may_manage(person(by), role) is (role in MANAGED_BY[by])


@pytest.mark.parametrize("role", Role)
def test_the_operator_manages_everybody(role: Role) -> None:
    assert may_manage(None, role)
    refuse_unless_manages(None, role)


def test_a_key_of_an_owner_narrowed_to_reading_manages_nobody() -> None:
    """Security: a narrowed key does not get people's rights back by its owner's role."""
    assert not may_manage(replace(person(Role.OWNER), scopes=frozenset({Scope.THREAT_READ})), Role.VIEWER)


def test_a_key_without_a_role_manages_nobody_whatever_its_scopes() -> None:
    """Security: people are managed by people."""
    assert not may_manage(Principal(TENANT, frozenset(Scope), Plan.STARTER), Role.VIEWER)


@pytest.mark.parametrize("role", [one for one in Role if one is not Role.OWNER])
def test_nobody_raises_a_role_beyond_their_own(role: Role) -> None:
    """Neither somebody else's nor their own: both the role before and the one after have to be theirs to manage."""
    with pytest.raises(Problem) as caught:
        refuse_unless_manages(person(role), role, Role.OWNER)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.FORBIDDEN, "insufficient_role")


def test_the_last_active_owner_stays() -> None:
    last = member("ana")
    others = [last, replace(member("bo"), suspended_at=NOW), replace(member("cy"), removed_at=NOW)]
    with pytest.raises(Problem) as caught:
        refuse_without_owner(last, [*others, member("di", Role.ADMIN)])
    assert (caught.value.kind, caught.value.code) == (ProblemKind.CONFLICT, "last_owner")
    refuse_without_owner(last, [*others, member("ed")])


@pytest.mark.parametrize("one", [member("ana", Role.ADMIN), replace(member("bo"), suspended_at=NOW)])
def test_who_is_no_active_owner_is_not_needed_as_one(one: Member) -> None:
    refuse_without_owner(one, [one])
