"""Tenants by id and by name, and the limits of their own."""

from datetime import UTC, datetime
from typing import Any, Final, cast

import sqlalchemy as sa

from cybervault.domain.limits import CallClass, LimitOverride
from cybervault.domain.principals import Plan, Tenant, TenantId
from cybervault.storage.database import Database, sql, upsert
from cybervault.storage.tables import LIMIT_OVERRIDES, TENANTS

_NAMES: Final = ("id", "name", "plan", "created_at", "suspended_at")
_ROW: Final[sa.Select[Any]] = sa.select(*(TENANTS.c[name] for name in _NAMES))
_ADD: Final = sql(sa.insert(TENANTS).values({name: sa.bindparam(name) for name in _NAMES}))
_KEEP: Final = sql(
    sa.update(TENANTS)
    .values(plan=sa.bindparam("new_plan"), suspended_at=sa.bindparam("new_suspended_at"))
    .where(TENANTS.c.id == sa.bindparam("wanted"))
)
_ALL: Final = sql(_ROW.order_by(TENANTS.c.created_at, TENANTS.c.id))
_FIND: Final = sql(_ROW.where((TENANTS.c.id == sa.bindparam("wanted")) | (TENANTS.c.name == sa.bindparam("wanted"))))

_LIMIT_NAMES: Final = ("face", "call_class", "minute", "hour", "burst_percent")
_SET_LIMIT: Final = upsert(
    LIMIT_OVERRIDES, at=["tenant_id", "face", "call_class"], change=["minute", "hour", "burst_percent"]
)
_CLEAR_LIMIT: Final = sql(
    sa.delete(LIMIT_OVERRIDES).where(
        LIMIT_OVERRIDES.c.tenant_id == sa.bindparam("wanted"),
        LIMIT_OVERRIDES.c.face == sa.bindparam("face"),
        LIMIT_OVERRIDES.c.call_class == sa.bindparam("call_class"),
    )
)
_LIMITS: Final = sql(
    sa.select(*(LIMIT_OVERRIDES.c[name] for name in _LIMIT_NAMES))
    .where(LIMIT_OVERRIDES.c.tenant_id == sa.bindparam("wanted"))
    .order_by(LIMIT_OVERRIDES.c.face, LIMIT_OVERRIDES.c.call_class)
)


class TenantStore:
    """The rows of tenants."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    async def lock(self) -> None:
        """Within a transaction: one change of tenants after another, so that each sees the one before it."""
        await self._database.lock("tenants")

    async def add(self, tenant: Tenant) -> None:
        """Keep a new tenant; `Duplicate` where one of its name is there."""
        await self._database.run(
            _ADD,
            {
                "id": tenant.id,
                "name": tenant.name,
                "plan": tenant.plan.value,
                "created_at": tenant.created_at.timestamp(),
                "suspended_at": tenant.suspended_at and tenant.suspended_at.timestamp(),
            },
        )

    async def keep(self, tenant: Tenant) -> None:
        """Keep a changed plan or suspension."""
        await self._database.run(
            _KEEP,
            {
                "wanted": tenant.id,
                "new_plan": tenant.plan.value,
                "new_suspended_at": tenant.suspended_at and tenant.suspended_at.timestamp(),
            },
        )

    async def find(self, id_or_name: str) -> Tenant | None:
        """The tenant of this id or name."""
        rows = await self._database.rows(_FIND, {"wanted": id_or_name})
        return _tenant(rows[0]) if rows else None

    async def all(self) -> tuple[Tenant, ...]:
        """Every tenant, oldest first."""
        return tuple(_tenant(row) for row in await self._database.rows(_ALL, {}))

    async def set_limit(self, tenant_id: TenantId, limit: LimitOverride) -> None:
        """Keep a limit of the tenant's own, in place of an older one of the same face and class."""
        await self._database.run(
            _SET_LIMIT,
            {
                "tenant_id": tenant_id,
                "face": limit.face,
                "call_class": limit.call_class.value,
                "minute": limit.minute,
                "hour": limit.hour,
                "burst_percent": limit.burst_percent,
            },
        )

    async def clear_limit(self, tenant_id: TenantId, face: str, call_class: CallClass) -> bool:
        """Go back to the plan's; False where there was nothing of the tenant's own."""
        values = {"wanted": tenant_id, "face": face, "call_class": call_class.value}
        return bool(await self._database.run(_CLEAR_LIMIT, values))

    async def limits(self, tenant_id: TenantId) -> tuple[LimitOverride, ...]:
        """All limits of the tenant's own."""
        return tuple(_limit(row) for row in await self._database.rows(_LIMITS, {"wanted": tenant_id}))


def _tenant(row: tuple[object, ...]) -> Tenant:
    tenant_id, name, plan, created_at, suspended_at = cast("Any", row)
    return Tenant(TenantId(tenant_id), name, Plan(plan), _moment(created_at), suspended_at and _moment(suspended_at))


def _limit(row: tuple[object, ...]) -> LimitOverride:
    face, call_class, minute, hour, burst_percent = cast("Any", row)
    return LimitOverride(face, CallClass(call_class), minute, hour, burst_percent)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
