"""Tenants by id and by name."""

from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa

from cybervault.domain.principals import Plan, Tenant, TenantId
from cybervault.storage.database import Database, sql
from cybervault.storage.tables import TENANTS

_ADD: Final = sql(sa.insert(TENANTS))
_ALL: Final = sql(sa.select(TENANTS).order_by(TENANTS.c.created_at, TENANTS.c.id))
_FIND: Final = sql(
    sa.select(TENANTS).where((TENANTS.c.id == sa.bindparam("wanted")) | (TENANTS.c.name == sa.bindparam("wanted")))
)


class TenantStore:
    """The rows of tenants."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    def add(self, tenant: Tenant) -> None:
        """Keep a new tenant."""
        self._database.run(
            _ADD,
            {
                "id": tenant.id,
                "name": tenant.name,
                "plan": tenant.plan.value,
                "created_at": tenant.created_at.timestamp(),
            },
        )

    def find(self, id_or_name: str) -> Tenant | None:
        """The tenant of this id or name."""
        rows = self._database.rows(_FIND, {"wanted": id_or_name})
        return _tenant(rows[0]) if rows else None

    def all(self) -> tuple[Tenant, ...]:
        """Every tenant, oldest first."""
        return tuple(_tenant(row) for row in self._database.rows(_ALL, {}))


def _tenant(row: tuple[object, ...]) -> Tenant:
    tenant_id, name, plan, created_at = row
    return Tenant(
        TenantId(str(tenant_id)), str(name), Plan(str(plan)), datetime.fromtimestamp(float(str(created_at)), UTC)
    )
