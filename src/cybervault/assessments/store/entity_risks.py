"""The risk of hosts and users between one event and the next: a row for each of a tenant's that was hit of late."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, cast

import msgspec
import sqlalchemy as sa

from cybervault.detection.entity_risk import HALF_LIFE, Entity, RiskSum
from cybervault.domain.principals import TenantId
from cybervault.storage.database import Database, sql, upsert
from cybervault.storage.threat_tables import ENTITY_RISKS

FORGOTTEN_AFTER: Final = 30 * HALF_LIFE
"""Of 99 points less than a millionth is left."""

_C = ENTITY_RISKS.c
_OF_TENANT = _C.tenant_id == sa.bindparam("tenant_id")
_FIND: Final = sql(
    sa.select(_C.document).where(_OF_TENANT, _C.kind == sa.bindparam("kind"), _C.value == sa.bindparam("value"))
)
_KEEP: Final = upsert(ENTITY_RISKS, at=("tenant_id", "kind", "value"), change=("latest_at", "document"))
_FORGET: Final = sql(sa.delete(ENTITY_RISKS).where(_OF_TENANT, _C.latest_at < sa.bindparam("before")))
_DECODER: Final = msgspec.msgpack.Decoder(RiskSum)


class EntityRiskStore:
    """The rows of entity risk, each of one tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def held(self, tenant_id: TenantId, entities: Iterable[Entity]) -> dict[Entity, RiskSum]:
        """What is known of these, which nobody else changes until the caller's transaction ends."""
        found = {}
        for kind, value in sorted(entities):
            await self._database.lock(f"entity risk {tenant_id} {kind} {value}")
            rows = await self._database.rows(_FIND, {"tenant_id": tenant_id, "kind": kind, "value": value})
            if rows:
                found[kind, value] = _DECODER.decode(cast("Any", rows[0])[0])
        return found

    async def keep(self, tenant_id: TenantId, sums: Mapping[Entity, RiskSum], now: datetime) -> None:
        """Keep what is known now, and forget those of the tenant of whom nothing is left."""
        for (kind, value), one in sums.items():
            row = {"tenant_id": tenant_id, "kind": kind, "value": value, "latest_at": one.latest.timestamp()}
            await self._database.run(_KEEP, row | {"document": msgspec.msgpack.encode(one)})
        before = (now - FORGOTTEN_AFTER).timestamp()
        await self._database.run(_FORGET, {"tenant_id": tenant_id, "before": before})
