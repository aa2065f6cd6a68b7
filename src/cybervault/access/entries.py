"""What one secret opens, read at once, and whether it opens it now and from here."""

from dataclasses import dataclass
from datetime import datetime

from cybervault.access.life import KeySecret, Network
from cybervault.domain.observables import Address
from cybervault.domain.principals import KeyId, KeyKind, Plan, Principal, Scope, TenantId
from cybervault.domain.problems import Problem, ProblemKind


@dataclass(frozen=True, slots=True)
class Entry:
    """One secret with its key and its tenant's plan, as they stand at this request."""

    key_id: KeyId
    tenant_id: TenantId
    kind: KeyKind
    plan: Plan
    scopes: frozenset[Scope]
    networks: tuple[Network, ...]
    expires_at: datetime | None
    revoked_at: datetime | None
    secret: KeySecret

    @property
    def principal(self) -> Principal:
        """The caller that it names."""
        return Principal(self.tenant_id, self.key_id, self.kind, self.scopes, self.kind.environment, self.plan)


def refuse_ended(entry: Entry, now: datetime) -> None:
    """Raise `Problem` UNAUTHENTICATED `revoked_api_key` or `expired_api_key`.

    Both may be named: who asks has shown the right secret.
    """
    if entry.revoked_at is not None or not entry.secret.works_at(now):
        raise Problem(
            ProblemKind.UNAUTHENTICATED,
            code="revoked_api_key",
            message="This API key was revoked, or replaced by a newer secret.",
        )
    if entry.expires_at is not None and now >= entry.expires_at:
        raise Problem(ProblemKind.UNAUTHENTICATED, code="expired_api_key", message="This API key has expired.")


def refuse_place(entry: Entry, address: Address | None) -> None:
    """Raise `Problem` FORBIDDEN `ip_not_allowed` where the key has a list of networks and the address is in none."""
    if not entry.networks:
        return
    if address is None or not any(address.version == one.version and address in one for one in entry.networks):
        raise Problem(
            ProblemKind.FORBIDDEN, code="ip_not_allowed", message="This API key may not be used from this address."
        )
