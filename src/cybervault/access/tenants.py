"""Tenants: created by the operator, named once; their plan, their suspension and the limits of their own."""

from dataclasses import replace
from typing import Final

from cybervault.access.audit import Actor, Change, Happening
from cybervault.access.journal import Journal
from cybervault.access.names import name_of
from cybervault.access.store.tenants import TenantStore
from cybervault.access.subjects import of_tenant
from cybervault.domain.ids import new_tenant_id
from cybervault.domain.limits import CallClass, LimitOverride
from cybervault.domain.principals import Plan, Tenant, TenantId
from cybervault.domain.problems import Problem, ProblemKind

# v3 alone counts reading and writing apart (contract 1.4.7).
CLASSES_OF_FACE: Final = {
    "v1": frozenset({CallClass.ANY}),
    "v2": frozenset({CallClass.ANY}),
    "v3": frozenset(CallClass),
}


class Tenants:
    """The tenants of this installation; what changes a tenant holds for all its keys and members at once."""

    def __init__(self, store: TenantStore, journal: Journal) -> None:
        self._store = store
        self._journal = journal

    async def create(self, name: str, plan: Plan, *, actor: Actor) -> Tenant:
        """A new tenant; `Problem` INVALID `invalid_name` or CONFLICT `name_taken`."""
        tenant = Tenant(new_tenant_id(), name_of(name), plan, self._journal.clock.now())
        async with self._store.transaction():
            await self._store.lock()
            if await self._store.find(tenant.name) is not None:
                raise Problem(
                    ProblemKind.CONFLICT, code="name_taken", message=f"There is a tenant {tenant.name} already."
                )
            await self._store.add(tenant)
            details = {"name": tenant.name, "plan": plan.value}
            await self._journal.record(Happening(Change.TENANT_CREATED, actor, tenant.id, tenant.id, details))
        return tenant

    async def find(self, id_or_name: str) -> Tenant:
        """The tenant of this id or name; `Problem` NOT_FOUND `tenant_not_found`."""
        tenant = await self._store.find(id_or_name)
        if tenant is None:
            raise Problem(
                ProblemKind.NOT_FOUND, code="tenant_not_found", message="There is no tenant of this id or name."
            )
        return tenant

    async def list(self) -> tuple[Tenant, ...]:
        """All tenants, oldest first."""
        return await self._store.all()

    async def set_plan(self, tenant_id: TenantId, plan: Plan, *, actor: Actor) -> Tenant:
        """Another plan: its limits and its gate hold for the next request of every key."""
        async with self._store.transaction():
            await self._store.lock()
            before = await self.find(tenant_id)
            details = {"before": before.plan.value, "plan": plan.value}
            happening = Happening(Change.TENANT_PLAN_CHANGED, actor, before.id, before.id, details)
            return await self._keep(before, replace(before, plan=plan), happening)

    async def suspend(self, tenant_id: TenantId, *, actor: Actor) -> Tenant:
        """Let none of its keys and members in, until it is resumed."""
        async with self._store.transaction():
            await self._store.lock()
            before = await self.find(tenant_id)
            suspended_at = before.suspended_at or self._journal.clock.now()
            happening = Happening(Change.TENANT_SUSPENDED, actor, before.id, before.id)
            return await self._keep(before, replace(before, suspended_at=suspended_at), happening)

    async def resume(self, tenant_id: TenantId, *, actor: Actor) -> Tenant:
        """Let them in again."""
        async with self._store.transaction():
            await self._store.lock()
            before = await self.find(tenant_id)
            happening = Happening(Change.TENANT_RESUMED, actor, before.id, before.id)
            return await self._keep(before, replace(before, suspended_at=None), happening)

    async def set_limit(self, tenant_id: TenantId, limit: LimitOverride, *, actor: Actor) -> None:
        """Give it a limit of its own; what is None in it is as the plan says.

        Raises `Problem` INVALID `invalid_limits` for a face or class that is not counted.
        """
        _refuse_uncounted(limit.face, limit.call_class)
        numbers = {name: getattr(limit, name) for name in ("minute", "hour", "burst_percent")}
        details = {name: str(number) for name, number in numbers.items() if number is not None}
        async with self._store.transaction():
            await self._store.lock()
            tenant = await self.find(tenant_id)
            await self._store.set_limit(tenant.id, limit)
            await self._limits_changed(tenant, actor, face=limit.face, call_class=limit.call_class.value, **details)

    async def clear_limit(self, tenant_id: TenantId, face: str, call_class: CallClass, *, actor: Actor) -> None:
        """Go back to what the plan says."""
        _refuse_uncounted(face, call_class)
        async with self._store.transaction():
            await self._store.lock()
            tenant = await self.find(tenant_id)
            if await self._store.clear_limit(tenant.id, face, call_class):
                await self._limits_changed(tenant, actor, face=face, call_class=call_class.value, limit="of the plan")

    async def limits(self, tenant_id: TenantId) -> tuple[LimitOverride, ...]:
        """The limits of its own."""
        return await self._store.limits(tenant_id)

    async def _keep(self, before: Tenant, after: Tenant, happening: Happening) -> Tenant:
        """Nothing is written where nothing changes."""
        if after != before:
            await self._store.keep(after)
            await self._journal.record(happening, of_tenant(after.id))
        return after

    async def _limits_changed(self, tenant: Tenant, actor: Actor, **details: str) -> None:
        happening = Happening(Change.TENANT_LIMITS_CHANGED, actor, tenant.id, tenant.id, details)
        await self._journal.record(happening, of_tenant(tenant.id))


def _refuse_uncounted(face: str, call_class: CallClass) -> None:
    if call_class not in CLASSES_OF_FACE.get(face, frozenset()):
        raise Problem(
            ProblemKind.INVALID,
            code="invalid_limits",
            message="Calls are counted on v1 and v2 (any), and on v3 (any, or read and write apart).",
        )
