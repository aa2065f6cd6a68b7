"""Schedules of scans, each of one tenant; who sets one to its next turn has the turn that was due."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, cast

import sqlalchemy as sa

from cybervault.domain.ids import ScheduleId
from cybervault.domain.principals import TenantId
from cybervault.scans.profiles import ProfileName
from cybervault.scans.schedule import Schedule, Turn
from cybervault.storage.database import Database, Row, sql, upsert
from cybervault.storage.scan_tables import SCAN_SCHEDULES
from cybervault.storage.tables import TENANTS

_C = SCAN_SCHEDULES.c
_COLUMNS: Final = tuple(_C.keys())
_MOMENTS: Final = ("next_at", "created_at", "last_at")
_OF_TENANT = _C.tenant_id == sa.bindparam("tenant_id")
_ONE = _C.id == sa.bindparam("wanted")
_KEEP: Final = upsert(
    SCAN_SCHEDULES, at=("id",), change=[name for name in _COLUMNS if name not in {"id", "tenant_id", "created_at"}]
)
_ALL: Final = sql(sa.select(SCAN_SCHEDULES).where(_OF_TENANT).order_by(_C.created_at, _C.id))
_FIND: Final = sql(sa.select(SCAN_SCHEDULES).where(_OF_TENANT, _ONE))
_REMOVE: Final = sql(sa.delete(SCAN_SCHEDULES).where(_OF_TENANT, _ONE))
# A tenant that is suspended asks for nothing.
_DUE: Final = sql(
    sa.select(SCAN_SCHEDULES)
    .join_from(SCAN_SCHEDULES, TENANTS, TENANTS.c.id == _C.tenant_id)
    .where(_C.next_at <= sa.bindparam("now", type_=sa.Float), TENANTS.c.suspended_at.is_(None))
    .order_by(_C.next_at, _C.id)
    .limit(sa.bindparam("most"))
)
_TURN: Final = sql(
    sa.update(SCAN_SCHEDULES)
    .values(
        next_at=sa.bindparam("new_next_at", type_=sa.Float),
        last_at=_C.next_at,
        last_scan_id=sa.func.coalesce(sa.bindparam("new_scan_id", type_=sa.Text), _C.last_scan_id),
        problem_code=sa.bindparam("new_code"),
        problem_message=sa.bindparam("new_message"),
    )
    .where(_OF_TENANT, _ONE, _C.next_at == sa.bindparam("due_at", type_=sa.Float))
)


class ScheduleStore:
    """The rows of schedules."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    async def lock(self, tenant_id: TenantId) -> None:
        """Within a transaction: the lock under which scans of a tenant are asked for, by its schedules too."""
        await self._database.lock(f"scans {tenant_id}")

    async def keep(self, schedule: Schedule) -> None:
        """Keep a new one, or what has changed of one."""
        row = {name: getattr(schedule, name) for name in _COLUMNS}
        row |= {"profile": schedule.profile.value, "targets": json.dumps(schedule.targets)}
        row |= {name: _seconds(row[name]) for name in _MOMENTS}
        await self._database.run(_KEEP, row)

    async def all(self, tenant_id: TenantId) -> tuple[Schedule, ...]:
        """Those of a tenant, oldest first."""
        return _schedules(await self._database.rows(_ALL, {"tenant_id": tenant_id}))

    async def find(self, tenant_id: TenantId, schedule_id: ScheduleId) -> Schedule | None:
        """The schedule of this id."""
        found = await self._database.rows(_FIND, {"tenant_id": tenant_id, "wanted": schedule_id})
        return next(iter(_schedules(found)), None)

    async def remove(self, tenant_id: TenantId, schedule_id: ScheduleId) -> None:
        """Let it go."""
        await self._database.run(_REMOVE, {"tenant_id": tenant_id, "wanted": schedule_id})

    async def due(self, now: datetime, most: int) -> tuple[Schedule, ...]:
        """Those of all tenants whose turn has come, the longest due first."""
        return _schedules(await self._database.rows(_DUE, {"now": now.timestamp(), "most": most}))

    async def turn(self, schedule: Schedule, turn: Turn, *, next_at: datetime | None) -> bool:
        """Keep how the turn went that it stands at; False where somebody was faster, or it was changed."""
        values = {
            "tenant_id": schedule.tenant_id,
            "wanted": schedule.id,
            "due_at": _seconds(schedule.next_at),
            "new_next_at": _seconds(next_at),
            "new_scan_id": turn.scan_id,
            "new_code": turn.problem_code,
            "new_message": turn.problem_message,
        }
        return await self._database.run(_TURN, values) == 1


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _schedules(rows: Sequence[Row]) -> tuple[Schedule, ...]:
    return tuple(map(_schedule, rows))


def _schedule(row: Row) -> Schedule:
    columns = dict(zip(_COLUMNS, cast("Any", row), strict=True))
    moments = {name: None if columns[name] is None else datetime.fromtimestamp(columns[name], UTC) for name in _MOMENTS}
    return Schedule(
        **columns
        | moments
        | {
            "targets": tuple(json.loads(columns["targets"])),
            "profile": ProfileName(columns["profile"]),
            "is_enabled": bool(columns["is_enabled"]),
        }
    )
