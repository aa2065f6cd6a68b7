"""Who may change whom in a tenant, as pure rules: roles, and the Owner that each tenant keeps."""

from collections.abc import Iterable

from cybervault.domain.principals import Member, Principal, Role, Scope
from cybervault.domain.problems import Problem, ProblemKind


def may_manage(by: Principal | None, role: Role) -> bool:
    """Whether the caller may make, change and remove members of this role; `by` None is the operator, who may.

    Owners all, Admins all but Owners, others nobody. A key has to hold `keys:manage` besides, so that an Owner's key
    that was narrowed to reading cannot.
    """
    if by is None:
        return True
    if Scope.KEYS_MANAGE not in by.scopes:
        return False
    return by.role is Role.OWNER or (by.role is Role.ADMIN and role is not Role.OWNER)


def refuse_unless_manages(by: Principal | None, *roles: Role) -> None:
    """Raise `Problem` FORBIDDEN `insufficient_role` where the caller's role does not reach to all of these."""
    for role in roles:
        if not may_manage(by, role):
            raise Problem(
                ProblemKind.FORBIDDEN,
                code="insufficient_role",
                message=f"Your role does not allow to make, change or remove a member of the role {role.value}.",
            )


def refuse_without_owner(member: Member, tenants_members: Iterable[Member]) -> None:
    """Raise `Problem` CONFLICT `last_owner` where a tenant would have no active Owner without this one."""
    if member.role is not Role.OWNER or not member.is_active:
        return
    if not any(one.id != member.id and one.role is Role.OWNER and one.is_active for one in tenants_members):
        raise Problem(
            ProblemKind.CONFLICT,
            code="last_owner",
            message="This is the tenant's last active Owner. Make somebody else an Owner first.",
        )
