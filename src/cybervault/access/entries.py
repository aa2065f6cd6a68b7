"""What one secret opens, read at once, and whether it opens it now and from here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from cybervault.access.life import KeySecret, Network
from cybervault.access.subjects import Subject, of_key, of_member, of_service_account, of_tenant
from cybervault.domain.limits import LimitOverride
from cybervault.domain.observables import Address
from cybervault.domain.principals import (
    READING_SCOPES,
    SCOPES_OF_ROLE,
    KeyId,
    KeyKind,
    MemberId,
    Plan,
    Principal,
    Role,
    Scope,
    ServiceAccountId,
    TenantId,
)
from cybervault.domain.problems import Problem, ProblemKind

_PLANS_WITH_PERSONAL_KEYS: Final = frozenset({Plan.PROFESSIONAL, Plan.ENTERPRISE})


@dataclass(frozen=True, slots=True)
class Owner:
    """The member behind a personal key, as it stands at this request."""

    id: MemberId
    role: Role
    is_suspended: bool = False
    is_removed: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """The service account of a key, as it stands at this request; its keys have no scopes but its own."""

    id: ServiceAccountId
    scopes: frozenset[Scope]
    is_removed: bool = False


class Entry(NamedTuple):
    """One secret with its key, whose it is, and the tenant, as they stand at this request.

    Of the secret's use nothing is known here. Read at every request: a named tuple is built in a fifth of the time.
    """

    key_id: KeyId
    tenant_id: TenantId
    kind: KeyKind
    plan: Plan
    scopes: frozenset[Scope]
    networks: tuple[Network, ...]
    expires_at: datetime | None
    revoked_at: datetime | None
    secret: KeySecret
    owner: Owner | None = None
    account: Account | None = None
    is_tenant_suspended: bool = False
    is_decoy: bool = False
    overrides: tuple[LimitOverride, ...] = ()

    @property
    def principal(self) -> Principal:
        """The caller that it names, with the rights it has at this request."""
        owner_id, role = (None, None) if self.owner is None else (self.owner.id, self.owner.role)
        return Principal(
            self.tenant_id,
            rights_of(self.kind, self.scopes, role=role, account=self.account),
            self.plan,
            self.kind.environment,
            key_id=self.key_id,
            kind=self.kind,
            hint=self.secret.hint,
            is_outgoing_secret=self.secret.ends_at is not None,
            member_id=owner_id,
            role=role,
            overrides=self.overrides,
        )

    @property
    def is_orphan(self) -> bool:
        """Whether its owner or its service account is gone."""
        is_left = self.owner is not None and self.owner.is_removed
        return is_left or (self.account is not None and self.account.is_removed)

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """Whose security changes make this entry stale."""
        found = [of_key(self.key_id), of_tenant(self.tenant_id)]
        if self.owner is not None:
            found.append(of_member(self.owner.id))
        if self.account is not None:
            found.append(of_service_account(self.account.id))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Gate:
    """What plans open: whether `starter` has any API at all, and the place where to get a larger plan."""

    is_starter_open: bool = True
    upgrade_at: str = "Settings, Billing"

    def refuse_plan(self, kind: KeyKind, plan: Plan) -> None:
        """Raise `Problem` FORBIDDEN `plan_upgrade_required` where the plan has no such keys (contract 1.5.1)."""
        if kind.is_personal and plan not in _PLANS_WITH_PERSONAL_KEYS:
            raise self._refusal("Personal API keys need the plan professional or enterprise")
        if plan is Plan.STARTER and not self.is_starter_open:
            raise self._refusal("The plan starter has no API access here")

    def _refusal(self, reason: str) -> Problem:
        return Problem(
            ProblemKind.FORBIDDEN, code="plan_upgrade_required", message=f"{reason}. Upgrade: {self.upgrade_at}"
        )


class RefusedKey(Problem):
    """The right secret, but not now or not from here; `principal` says whose it is, for the log of uses."""

    def __init__(self, problem: Problem, principal: Principal) -> None:
        super().__init__(problem.kind, code=problem.code, message=problem.message)
        self.principal = principal


def rights_of(
    kind: KeyKind, scopes: frozenset[Scope], *, role: Role | None = None, account: Account | None = None
) -> frozenset[Scope]:
    """What a key may do: its scopes, or its owner's narrowed by them; never more than its account and its kind."""
    if kind.is_personal:
        of_owner: frozenset[Scope] = frozenset() if role is None else SCOPES_OF_ROLE[role]
        rights = of_owner & scopes if scopes else of_owner
    else:
        rights = scopes if account is None else scopes & account.scopes
    return rights & READING_SCOPES if kind.is_read_only else rights


def refuse_entry(entry: Entry, now: datetime, address: Address | None, *, gate: Gate) -> None:
    """Raise `RefusedKey`: what `refuse_ended`, `refuse_standing` or `refuse_place` say, in this order."""
    try:
        refuse_ended(entry, now)
        refuse_standing(entry, gate)
        refuse_place(entry, address)
    except Problem as problem:
        raise RefusedKey(problem, entry.principal) from None


def refuse_ended(entry: Entry, now: datetime) -> None:
    """Raise `Problem` UNAUTHENTICATED `revoked_api_key` or `expired_api_key`.

    Both may be named: who asks has shown the right secret.
    """
    if entry.revoked_at is not None or entry.is_orphan or not entry.secret.works_at(now):
        raise Problem(
            ProblemKind.UNAUTHENTICATED,
            code="revoked_api_key",
            message="This API key was revoked, or replaced by a newer secret.",
        )
    if entry.expires_at is not None and now >= entry.expires_at:
        raise Problem(ProblemKind.UNAUTHENTICATED, code="expired_api_key", message="This API key has expired.")


def refuse_standing(entry: Entry, gate: Gate) -> None:
    """Raise `Problem` FORBIDDEN `tenant_suspended`, `owner_suspended` or `plan_upgrade_required`.

    Not UNAUTHENTICATED, which would make a client throw away a key that comes back.
    """
    if entry.is_tenant_suspended:
        raise Problem(ProblemKind.FORBIDDEN, code="tenant_suspended", message="This tenant is suspended.")
    if entry.owner is not None and entry.owner.is_suspended:
        raise Problem(ProblemKind.FORBIDDEN, code="owner_suspended", message="The owner of this API key is suspended.")
    gate.refuse_plan(entry.kind, entry.plan)


def refuse_place(entry: Entry, address: Address | None) -> None:
    """Raise `Problem` FORBIDDEN `ip_not_allowed` where the key has a list of networks and the address is in none."""
    if entry.networks and not is_within(address, entry.networks):
        raise Problem(
            ProblemKind.FORBIDDEN, code="ip_not_allowed", message="This API key may not be used from this address."
        )


def is_within(address: Address | None, networks: tuple[Network, ...]) -> bool:
    """Whether the address is in one of the networks; an unknown one is in none."""
    return address is not None and any(address.version == one.version and address in one for one in networks)
