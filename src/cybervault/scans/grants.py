"""Grants: given by the operator with a note, or asked for by who runs a tenant and proved by the domain itself."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Protocol

from cybervault.access.audit import Actor, Change, Happening
from cybervault.access.journal import Journal
from cybervault.domain.ids import GrantId, new_grant_id, random_characters
from cybervault.domain.observables import is_outside_address
from cybervault.domain.principals import TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.scans.grant import Basis, Grant, Permit, not_authorized
from cybervault.scans.proof import PREFIX
from cybervault.scans.store.grants import GrantStore
from cybervault.scans.targets import Target, TargetKind, parse_target

GRANTS_MAX: Final = 1_000
NOTE_CHARACTERS_MAX: Final = 500
DAYS_MAX: Final = 3_650
PROOF_DAYS: Final = 30
_CHALLENGE_CHARACTERS: Final = 32


class Proof(Protocol):
    """Who looks whether a domain shows what it was told to."""

    async def is_published(self, domain: str, challenge: str) -> bool:
        """Whether the challenge can be read there."""


@dataclass(frozen=True, slots=True)
class NewGrant:
    """What somebody wants to be allowed to scan, and why; `days` until it ends (None: it does not)."""

    target: str
    note: str = ""
    allows_pentest: bool = False
    days: int | None = None


@dataclass(frozen=True, slots=True)
class GrantRules:
    """What the operator says: may this machine be scanned, may owners grant private networks, accounts."""

    has_loopback: bool = False
    owners_grant_networks: bool = False
    accounts: frozenset[str] = frozenset()


class Grants:
    """What each tenant may scan. A withdrawn grant holds for no part of a scan that begins after it."""

    def __init__(self, store: GrantStore, journal: Journal, *, proof: Proof, rules: GrantRules) -> None:
        self._store = store
        self._journal = journal
        self._proof = proof
        self.rules = rules

    async def give(self, tenant_id: TenantId, wish: NewGrant, *, actor: Actor) -> Grant:
        """Grant as the operator, who answers for it with a note.

        Raises `Problem` INVALID `invalid_target`, `note_required`, `invalid_parameter`, FORBIDDEN
        `target_not_authorized`, CONFLICT `too_many_grants`.
        """
        grant = self._new(tenant_id, wish, actor=actor, basis=Basis.OPERATOR)
        if not grant.note:
            raise _note_required()
        return await self._keep(replace(grant, granted_at=grant.created_at), Change.SCAN_GRANT_GIVEN, actor)

    async def ask(self, tenant_id: TenantId, wish: NewGrant, *, actor: Actor) -> Grant:
        """Ask as who runs the tenant: a domain is to be proved, a private network counts where the operator lets them.

        Raises as `give`, and `Problem` FORBIDDEN `operator_only`, CONFLICT `already_granted`.
        """
        grant = self._new(tenant_id, wish, actor=actor, basis=Basis.PROOF)
        if any(one.target == grant.target and one.is_active(grant.created_at) for one in await self.list(tenant_id)):
            raise _already_granted()
        if grant.target.kind is TargetKind.DOMAIN:
            challenge = f"{PREFIX}{random_characters(_CHALLENGE_CHARACTERS)}"
            return await self._keep(replace(grant, challenge=challenge), Change.SCAN_GRANT_ASKED, actor)
        is_private = grant.target.kind is TargetKind.NETWORK and not is_outside_address(
            grant.target.network.network_address
        )
        if not (is_private and self.rules.owners_grant_networks):
            raise _operator_only()
        if not grant.note:
            raise _note_required()
        grant = replace(grant, basis=Basis.OWNER, granted_at=grant.created_at)
        return await self._keep(grant, Change.SCAN_GRANT_GIVEN, actor)

    async def prove(self, tenant_id: TenantId, grant_id: GrantId, *, actor: Actor) -> Grant:
        """Look whether the challenge was published; then the grant counts for 30 days from now.

        Raises `Problem` NOT_FOUND `not_found`, CONFLICT `proof_missing`.
        """
        grant = await self._found(tenant_id, grant_id)
        if grant.challenge is None or not await self._proof.is_published(grant.target.value, grant.challenge):
            raise _proof_missing()
        now = self._journal.clock.now()
        proved = replace(grant, granted_at=now, expires_at=now + timedelta(days=PROOF_DAYS))
        return await self._keep(proved, Change.SCAN_GRANT_GIVEN, actor)

    async def withdraw(self, tenant_id: TenantId, grant_id: GrantId, *, actor: Actor) -> None:
        """Let it count no longer; `Problem` NOT_FOUND `not_found`."""
        grant = await self._found(tenant_id, grant_id)
        async with self._store.transaction():
            await self._store.remove(tenant_id, grant_id)
            await self._journal.record(_happening(grant, Change.SCAN_GRANT_WITHDRAWN, actor))

    async def list(self, tenant_id: TenantId) -> tuple[Grant, ...]:
        """All of a tenant, those too that wait or have ended."""
        return await self._store.all(tenant_id)

    async def permit(self, tenant_id: TenantId) -> Permit:
        """What counts at this moment."""
        now = self._journal.clock.now()
        return Permit(tuple(grant for grant in await self._store.all(tenant_id) if grant.is_active(now)))

    async def refuse_beyond(self, tenant_id: TenantId, targets: Sequence[Target], *, is_pentest: bool) -> Permit:
        """What counts, where it covers all targets; `Problem` FORBIDDEN `target_not_authorized` names the others."""
        permit = await self.permit(tenant_id)
        missing = permit.missing(targets, is_pentest=is_pentest)
        if missing:
            raise not_authorized(missing, is_pentest=is_pentest)
        return permit

    def _new(self, tenant_id: TenantId, wish: NewGrant, *, actor: Actor, basis: Basis) -> Grant:
        target, note = parse_target(wish.target, has_loopback=self.rules.has_loopback), wish.note.strip()
        if len(note) > NOTE_CHARACTERS_MAX or "\x00" in note:
            raise _invalid("note", f"has at most {NOTE_CHARACTERS_MAX} characters")
        if wish.days is not None and not 1 <= wish.days <= DAYS_MAX:
            raise _invalid("days", f"is from 1 to {DAYS_MAX}")
        now = self._journal.clock.now()
        expires_at = None if wish.days is None else now + timedelta(days=wish.days)
        return Grant(
            new_grant_id(), tenant_id, target, basis, note, wish.allows_pentest, None, None, expires_at, now, actor.name
        )

    async def _keep(self, grant: Grant, change: Change, actor: Actor) -> Grant:
        async with self._store.transaction():
            if len(await self._store.all(grant.tenant_id)) >= GRANTS_MAX:
                raise _too_many()
            await self._store.keep(grant)
            await self._journal.record(_happening(grant, change, actor))
        return grant

    async def _found(self, tenant_id: TenantId, grant_id: GrantId) -> Grant:
        grant = await self._store.find(tenant_id, grant_id)
        if grant is None:
            raise grant_not_found()
        return grant


def grant_not_found() -> Problem:
    """One text for what does not exist and what belongs to others."""
    return Problem(ProblemKind.NOT_FOUND, code="not_found", message="There is no such grant.")


def _happening(grant: Grant, change: Change, actor: Actor) -> Happening:
    details = {
        "target": grant.target.value,
        "basis": grant.basis.value,
        "note": grant.note,
        "pentest": "yes" if grant.allows_pentest else "no",
    }
    return Happening(change, actor, grant.id, grant.tenant_id, details)


def _already_granted() -> Problem:
    return Problem(
        ProblemKind.CONFLICT, code="already_granted", message="This is granted already. Withdraw it to change it."
    )


def _invalid(field: str, reason: str) -> Problem:
    return Problem(
        ProblemKind.INVALID, code="invalid_parameter", message=f"{field} {reason}.", details=((field, reason),)
    )


def _note_required() -> Problem:
    return Problem(
        ProblemKind.INVALID,
        code="note_required",
        message="Say on what ground this may be scanned: the note is written to the audit.",
    )


def _operator_only() -> Problem:
    return Problem(
        ProblemKind.FORBIDDEN,
        code="operator_only",
        message="Networks, cloud accounts and registries are granted by the operator of this installation, "
        "with `cybervault scans grant`. A domain can be proved here.",
    )


def _proof_missing() -> Problem:
    return Problem(
        ProblemKind.CONFLICT,
        code="proof_missing",
        message="Neither the TXT record nor the file shows the challenge. A new record may take a while to be seen.",
    )


def _too_many() -> Problem:
    return Problem(ProblemKind.CONFLICT, code="too_many_grants", message=f"A tenant has at most {GRANTS_MAX:,} grants.")
