"""Grants: one for each target of a tenant, listed by what they name."""

from datetime import UTC, datetime
from typing import Any, Final, cast

import sqlalchemy as sa

from cybervault.domain.ids import GrantId
from cybervault.domain.principals import TenantId
from cybervault.scans.grant import Basis, Grant
from cybervault.scans.targets import Target, TargetKind
from cybervault.storage.database import Database, Row, sql, upsert
from cybervault.storage.scan_tables import SCAN_GRANTS

_C = SCAN_GRANTS.c
_COLUMNS: Final = tuple(_C.keys())
_OF_TENANT = _C.tenant_id == sa.bindparam("tenant_id")
_KEEP: Final = upsert(
    SCAN_GRANTS,
    at=("tenant_id", "kind", "value"),
    change=[name for name in _COLUMNS if name not in {"tenant_id", "kind", "value"}],
)
_ALL: Final = sql(sa.select(SCAN_GRANTS).where(_OF_TENANT).order_by(_C.kind, _C.value))
_FIND: Final = sql(sa.select(SCAN_GRANTS).where(_OF_TENANT, _C.id == sa.bindparam("wanted")))
_REMOVE: Final = sql(sa.delete(SCAN_GRANTS).where(_OF_TENANT, _C.id == sa.bindparam("wanted")))


class GrantStore:
    """The rows of grants, each of one tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    async def keep(self, grant: Grant) -> None:
        """Keep a grant; it takes the place of one for the same target."""
        row = {
            "id": grant.id,
            "tenant_id": grant.tenant_id,
            "kind": grant.target.kind.value,
            "value": grant.target.value,
            "basis": grant.basis.value,
            "note": grant.note,
            "allows_pentest": grant.allows_pentest,
            "challenge": grant.challenge,
            "granted_at": _seconds(grant.granted_at),
            "expires_at": _seconds(grant.expires_at),
            "created_at": grant.created_at.timestamp(),
            "created_by": grant.created_by,
        }
        await self._database.run(_KEEP, row)

    async def all(self, tenant_id: TenantId) -> tuple[Grant, ...]:
        """Those of a tenant, by kind and name."""
        return tuple(map(_grant, await self._database.rows(_ALL, {"tenant_id": tenant_id})))

    async def find(self, tenant_id: TenantId, grant_id: GrantId) -> Grant | None:
        """The grant of this id."""
        rows = await self._database.rows(_FIND, {"tenant_id": tenant_id, "wanted": grant_id})
        return _grant(rows[0]) if rows else None

    async def remove(self, tenant_id: TenantId, grant_id: GrantId) -> None:
        """Let it go."""
        await self._database.run(_REMOVE, {"tenant_id": tenant_id, "wanted": grant_id})


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _grant(row: Row) -> Grant:
    columns = dict(zip(_COLUMNS, cast("Any", row), strict=True))
    return Grant(
        GrantId(columns["id"]),
        TenantId(columns["tenant_id"]),
        Target(TargetKind(columns["kind"]), columns["value"]),
        Basis(columns["basis"]),
        columns["note"],
        bool(columns["allows_pentest"]),
        columns["challenge"],
        _moment(columns["granted_at"]),
        _moment(columns["expires_at"]),
        datetime.fromtimestamp(columns["created_at"], UTC),
        columns["created_by"],
    )
