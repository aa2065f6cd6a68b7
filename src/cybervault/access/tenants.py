"""Tenants: created by the operator, named once."""

from cybervault.access.audit import Actor, Audit, Change, Happening
from cybervault.access.names import name_of
from cybervault.access.store.tenants import TenantStore
from cybervault.domain.clock import Clock
from cybervault.domain.ids import new_tenant_id
from cybervault.domain.principals import Plan, Tenant
from cybervault.domain.problems import Problem, ProblemKind


class Tenants:
    """The tenants of this installation."""

    def __init__(self, store: TenantStore, clock: Clock, audit: Audit) -> None:
        self._store = store
        self._clock = clock
        self._audit = audit

    def create(self, name: str, plan: Plan, *, actor: Actor) -> Tenant:
        """A new tenant; `Problem` INVALID `invalid_name` or CONFLICT `name_taken`."""
        tenant = Tenant(new_tenant_id(), name_of(name), plan, self._clock.now())
        with self._store.transaction():
            if self._store.find(tenant.name) is not None:
                raise Problem(
                    ProblemKind.CONFLICT, code="name_taken", message=f"There is a tenant {tenant.name} already."
                )
            self._store.add(tenant)
            details = {"name": tenant.name, "plan": plan.value}
            self._audit.record(Happening(Change.TENANT_CREATED, actor, tenant.id, tenant.id, details))
        return tenant

    def find(self, id_or_name: str) -> Tenant:
        """The tenant of this id or name; `Problem` NOT_FOUND `tenant_not_found`."""
        tenant = self._store.find(id_or_name)
        if tenant is None:
            raise Problem(
                ProblemKind.NOT_FOUND, code="tenant_not_found", message="There is no tenant of this id or name."
            )
        return tenant

    def list(self) -> tuple[Tenant, ...]:
        """All tenants, oldest first."""
        return self._store.all()
