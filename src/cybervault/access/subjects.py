"""What a security change is about: the subjects that nodes are told of, and that what is remembered hangs on."""

from typing import NewType, Protocol

from cybervault.domain.principals import KeyId, MemberId, Principal, ServiceAccountId, SessionId, TenantId

Subject = NewType("Subject", str)


class Epoch(Protocol):
    """Where a service tells that a right may have changed."""

    async def note(self, subject: Subject) -> None:
        """Tell all nodes; the caller holds the transaction of the change, so that both happen or neither."""


def of_key(key_id: KeyId) -> Subject:
    """A key: revoked, rotated, its scopes, networks or expiry changed."""
    return Subject(f"key:{key_id}")


def of_member(member_id: MemberId) -> Subject:
    """A member with all its sessions and personal keys: role changed, suspended, removed."""
    return Subject(f"member:{member_id}")


def of_tenant(tenant_id: TenantId) -> Subject:
    """A tenant with all its keys and members: plan or limits changed, suspended."""
    return Subject(f"tenant:{tenant_id}")


def of_session(session_id: SessionId) -> Subject:
    """A session: ended, or its cookie replaced."""
    return Subject(f"session:{session_id}")


def of_service_account(account_id: ServiceAccountId) -> Subject:
    """A service account with all its keys: scopes changed, removed."""
    return Subject(f"service_account:{account_id}")


def subjects_of(principal: Principal) -> tuple[Subject, ...]:
    """All whose change may take something from this caller."""
    found = [of_tenant(principal.tenant_id)]
    if principal.key_id is not None:
        found.append(of_key(principal.key_id))
    if principal.member_id is not None:
        found.append(of_member(principal.member_id))
    if principal.session_id is not None:
        found.append(of_session(principal.session_id))
    return tuple(found)
