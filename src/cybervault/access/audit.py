"""The audit: who changed what, each row bound to the one before it and signed, so that a later change shows."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from cybervault.access.proofs.notes import Checkpoint
from cybervault.access.proofs.payload import AuditEntry, Copies, entry_of, payload_of
from cybervault.access.proofs.rows import START, AuditRow, Examination, Verification, chain_of, leaf_of, signature_of
from cybervault.access.store.audit import PAGE_ROWS, AuditStore, Wanted
from cybervault.access.tokens import Peppers
from cybervault.domain.clock import Clock
from cybervault.domain.principals import Principal, TenantId
from cybervault.domain.problems import Problem, ProblemKind

_SALT_BYTES: Final = 16
# Who acted stands in the payload only: so many rows are looked through for one page, then the page ends early.
_ROWS_LOOKED_THROUGH_MAX: Final = 10_000


class Change(StrEnum):
    """What is written down."""

    TENANT_CREATED = "tenant.created"
    TENANT_PLAN_CHANGED = "tenant.plan_changed"
    TENANT_LIMITS_CHANGED = "tenant.limits_changed"
    TENANT_SUSPENDED = "tenant.suspended"
    TENANT_RESUMED = "tenant.resumed"
    KEY_CREATED = "key.created"
    KEY_CHANGED = "key.changed"
    KEY_ROTATED = "key.rotated"
    KEY_ROTATION_FINISHED = "key.rotation_finished"
    KEY_ROTATION_CANCELLED = "key.rotation_cancelled"
    KEY_REVOKED = "key.revoked"
    KEY_EXPOSED = "key.exposed"
    DECOY_USED = "decoy.used"
    PEPPER_ROTATED = "pepper.rotated"
    SERVICE_ACCOUNT_CREATED = "service_account.created"
    SERVICE_ACCOUNT_CHANGED = "service_account.changed"
    SERVICE_ACCOUNT_REMOVED = "service_account.removed"
    MEMBER_CREATED = "member.created"
    MEMBER_INVITED = "member.invited"
    MEMBER_CHANGED = "member.changed"
    MEMBER_ROLE_CHANGED = "member.role_changed"
    MEMBER_SUSPENDED = "member.suspended"
    MEMBER_RESUMED = "member.resumed"
    MEMBER_REMOVED = "member.removed"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105 - the name of a change
    SECOND_FACTOR_ADDED = "second_factor.added"
    SECOND_FACTOR_REMOVED = "second_factor.removed"
    RECOVERY_CODES_MADE = "recovery_codes.made"
    RECOVERY_CODE_USED = "recovery_code.used"
    IDENTITY_LINKED = "identity.linked"
    SIGN_IN_SUCCEEDED = "sign_in.succeeded"
    SIGN_IN_FAILED = "sign_in.failed"
    SIGNED_OUT = "sign_in.ended"
    SESSION_ENDED = "session.ended"
    PROOF_GIVEN = "session.proved"
    FINDING_STATUS_CHANGED = "finding.status_changed"
    FINDING_COMMENTED = "finding.commented"
    ACTION_REQUESTED = "action.requested"
    SCAN_GRANT_ASKED = "scan_grant.asked"
    SCAN_GRANT_GIVEN = "scan_grant.given"
    SCAN_GRANT_WITHDRAWN = "scan_grant.withdrawn"
    SCAN_ASKED = "scan.asked"
    SCAN_CANCELLED = "scan.cancelled"
    SCAN_UPLOADED = "scan.uploaded"
    SCAN_SCHEDULE_ADDED = "scan_schedule.added"
    SCAN_SCHEDULE_CHANGED = "scan_schedule.changed"
    SCAN_SCHEDULE_REMOVED = "scan_schedule.removed"
    BATCH_CANCELLED = "batch.cancelled"
    BATCH_REMOVED = "batch.removed"
    RULES_UPDATED = "rules.updated"
    RULE_SWITCHED_OFF = "rule.switched_off"
    RULE_SWITCHED_ON = "rule.switched_on"
    RULES_LEVEL_CHANGED = "rules.level_changed"
    RULE_FILTER_ADDED = "rule_filter.added"
    RULE_FILTER_REMOVED = "rule_filter.removed"
    WEBHOOK_ADDED = "webhook.added"
    WEBHOOK_CHANGED = "webhook.changed"
    WEBHOOK_REMOVED = "webhook.removed"
    WEBHOOK_ROTATED = "webhook.secret_rotated"
    WEBHOOK_TESTED = "webhook.tested"
    WEBHOOK_REPLAYED = "webhook.replayed"
    WEBHOOK_DISABLED = "webhook.disabled"
    AUDIT_ERASED = "audit.erased"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something: `name` is for the audit, `tenant_id` bounds what is seen (None: the operator, all).

    `ip`, `agent` and `request_id` say where the change was asked for.
    """

    name: str
    tenant_id: TenantId | None
    ip: str | None = None
    agent: str | None = None
    request_id: str | None = None


def actor_of(principal: Principal, *, ip: str | None, agent: str | None, request_id: str | None) -> Actor:
    """The caller of a request as the audit names it: `key:ID (hint)` behind a key, else `member:ID`."""
    if principal.key_id is not None:
        name = f"key:{principal.key_id} ({principal.hint})"
    else:
        name = f"member:{principal.member_id}"
    return Actor(name, principal.tenant_id, ip=ip, agent=agent, request_id=request_id)


OPERATOR: Final = Actor("operator", None)


@dataclass(frozen=True, slots=True)
class Happening:
    """What is to be written down: the change, who made it, to what and of which tenant; details hold no secret.

    No tenant is known where somebody failed to sign in under a name that nobody has.
    """

    change: Change
    actor: Actor
    target: str
    tenant_id: TenantId | None
    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listed:
    """One row for people; of an erased one only time, action and tenant are left."""

    number: int
    entry: AuditEntry
    is_erased: bool = False


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some rows, newest first. Where `before` is set more may follow: ask again with it."""

    rows: tuple[Listed, ...]
    before: int | None


class Audit:
    """Written within the transaction of each change: a change whose row cannot be written does not happen."""

    def __init__(self, store: AuditStore, clock: Clock, peppers: Peppers) -> None:
        self._store = store
        self._clock = clock
        self._pepper = peppers.current
        self._peppers = {one.id: one for one in (peppers.current, peppers.previous) if one is not None}
        self.recorded = 0

    async def record(self, happening: Happening) -> None:
        """Add one row, after all that the change writes itself. The caller holds the transaction."""
        await self._store.lock()
        last = await self._store.last()
        number, before = (last.number + 1, last.chain) if last else (1, START)
        now = self._clock.now()
        payload = payload_of(_entry(happening, now))
        salt = secrets.token_bytes(_SALT_BYTES)
        leaf = leaf_of(salt, payload)
        chain = chain_of(before, number, leaf)
        signature = signature_of(self._pepper, number, chain)
        copies = Copies(happening.tenant_id, happening.change.value, now.timestamp())
        await self._store.add(AuditRow(number, payload, salt, leaf, chain, self._pepper.id, signature, copies))
        self.recorded += 1

    async def record_alone(self, happening: Happening) -> None:
        """Add one row before a change of what lies outside the database, such as a file."""
        async with self._store.transaction():
            await self.record(happening)

    def examination(self, checkpoints: Sequence[Checkpoint] = ()) -> Examination:
        """A look at rows that knows how ours are signed."""
        return Examination(checkpoints, self._peppers)

    async def verify(self, checkpoints: Sequence[Checkpoint] = ()) -> Verification:
        """Look at every row, and hold them against signed checkpoints: these show whether the end was cut off."""
        examination = self.examination(checkpoints)
        async for page in self._store.rows():
            for row in page:
                examination.look(row)
        return examination.found

    async def page(
        self, wanted: Wanted, *, actor: str | None = None, before: int | None = None, most: int = 50
    ) -> AuditPage:
        """Rows from before a number, newest first; `actor` is an id, or the whole name that a row gives."""
        found: list[Listed] = []
        looked_through = 0
        while looked_through < _ROWS_LOOKED_THROUGH_MAX:
            rows = await self._store.find(wanted, before, PAGE_ROWS if actor else most + 1)
            for row in rows:
                if len(found) == most:
                    return AuditPage(tuple(found), before)
                before, listed = row.number, _listed(row)
                if actor is None or _is_by(listed.entry, actor):
                    found.append(listed)
            if len(rows) < (PAGE_ROWS if actor else most + 1):
                return AuditPage(tuple(found), None)
            looked_through += len(rows)
        return AuditPage(tuple(found), before)

    async def erase(self, subject: str, *, actor: Actor) -> int:
        """Forget what rows say wherever they name this id, for good; how many rows that were.

        The chain holds, and a row says for each tenant that it was done. Raises `Problem` NOT_FOUND
        `nothing_to_erase`.
        """
        numbers: dict[TenantId | None, list[int]] = {}
        async for page in self._store.rows():
            for row in page:
                entry = entry_of(row.payload) if row.payload is not None else None
                if entry is not None and entry.action != Change.AUDIT_ERASED and entry.names(subject):
                    numbers.setdefault(TenantId(entry.tenant_id) if entry.tenant_id else None, []).append(row.number)
        if not numbers:
            raise Problem(
                ProblemKind.NOT_FOUND, code="nothing_to_erase", message=f"No row of the audit names {subject}."
            )
        async with self._store.transaction():
            for tenant_id, rows in numbers.items():
                for number in rows:
                    await self._store.erase(number)
                details = {"rows": str(len(rows))}
                await self.record(Happening(Change.AUDIT_ERASED, actor, subject, tenant_id, details))
        return sum(map(len, numbers.values()))


def _entry(happening: Happening, now: datetime) -> AuditEntry:
    actor = happening.actor
    return AuditEntry(
        now, happening.change.value, actor.name, (happening.target,), happening.tenant_id,
        actor.ip, actor.agent, actor.request_id, happening.details,
    )  # fmt: skip


def _listed(row: AuditRow) -> Listed:
    entry = entry_of(row.payload) if row.payload is not None else None
    if entry is not None:
        return Listed(row.number, entry)
    copies = row.copies
    then = datetime.fromtimestamp(copies.at or 0.0, UTC)
    return Listed(row.number, AuditEntry(then, copies.action or "", "", (), copies.tenant_id), is_erased=True)


def _is_by(entry: AuditEntry, actor: str) -> bool:
    who = entry.actor.partition(" ")[0]
    return actor in {entry.actor, who, who.partition(":")[2]}
