"""What a tenant may scan: a grant, and whether it covers a target."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from cybervault.domain.ids import GrantId
from cybervault.domain.observables import Address, is_outside_address
from cybervault.domain.principals import TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.scans.targets import Target, TargetKind

_NAMED_MAX: Final = 5


class Basis(StrEnum):
    """Who vouches for a grant."""

    OPERATOR = "operator"
    """The administrator of the installation, with a note."""
    OWNER = "owner"
    """Who runs the tenant, where the operator lets them."""
    PROOF = "proof"
    """The domain itself, by what was published there."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One scope. Without `granted_at` it waits for its proof; `challenge` is what is to be published."""

    id: GrantId
    tenant_id: TenantId
    target: Target
    basis: Basis
    note: str
    allows_pentest: bool
    challenge: str | None
    granted_at: datetime | None
    expires_at: datetime | None
    created_at: datetime
    created_by: str

    def is_active(self, now: datetime) -> bool:
        """Whether it counts at this moment."""
        return self.granted_at is not None and (self.expires_at is None or now < self.expires_at)

    def covers(self, target: Target) -> bool:
        """Whether a target lies within it: a network in a network, a name below a domain, an image of a repository.

        A grant of `arn:aws:iam::ACCOUNT:root` covers all that names the account.
        """
        mine = self.target
        if mine.kind is not target.kind:
            return False
        if mine.kind is TargetKind.NETWORK:
            network, wanted = mine.network, target.network
            return network.version == wanted.version and wanted.subnet_of(network)  # type: ignore[arg-type] # of one version
        if mine.kind is TargetKind.DOMAIN:
            return target.value == mine.value or target.value.endswith(f".{mine.value}")
        if mine.kind is TargetKind.IMAGE:
            return target.repository == mine.repository
        is_account = mine.value.endswith(":root") and mine.account is not None
        return target.value == mine.value or (is_account and target.account == mine.account)

    def covers_address(self, address: Address) -> bool:
        """Whether an address lies within its network."""
        return self.target.kind is TargetKind.NETWORK and address in self.target.network


@dataclass(frozen=True, slots=True)
class Permit:
    """All that a tenant may scan at one moment."""

    grants: tuple[Grant, ...] = ()

    def missing(self, targets: Iterable[Target], *, is_pentest: bool) -> tuple[Target, ...]:
        """The targets that no grant covers, or none that allows a pentest where it is one."""
        usable = [grant for grant in self.grants if grant.allows_pentest or not is_pentest]
        return tuple(target for target in targets if not any(grant.covers(target) for grant in usable))

    def allows_address_of(self, target: Target, address: Address) -> bool:
        """Whether an address to which a target leads may be reached.

        A network's own address counts; a name leads to public addresses by its own grant, and inside only where that
        network was granted too.
        """
        if target.kind is TargetKind.NETWORK:
            return address in target.network
        return is_outside_address(address) or any(grant.covers_address(address) for grant in self.grants)


def not_authorized(targets: tuple[Target, ...], *, is_pentest: bool) -> Problem:
    """Nobody granted these targets."""
    named = ", ".join(target.value for target in targets[:_NAMED_MAX])
    more = f" and {len(targets) - _NAMED_MAX} more" if len(targets) > _NAMED_MAX else ""
    what = "no grant that allows a pentest covers" if is_pentest else "no grant covers"
    return Problem(
        ProblemKind.FORBIDDEN,
        code="target_not_authorized",
        message=f"Your tenant may not scan this: {what} {named}{more}.",
        details=tuple(("targets", f"{target.value}: {what} it") for target in targets),
    )
