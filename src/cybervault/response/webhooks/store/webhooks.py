"""Webhooks, each of one tenant."""

import json
from datetime import UTC, datetime
from typing import Any, Final, cast

import sqlalchemy as sa

from cybervault.domain.assessments import rank_of, severity_of_rank
from cybervault.domain.ids import WebhookId
from cybervault.domain.principals import TenantId
from cybervault.response.webhooks.events import WebhookEvent
from cybervault.response.webhooks.webhook import PAUSE, Webhook
from cybervault.storage.database import Database, Row, sql, upsert
from cybervault.storage.webhook_tables import WEBHOOKS

_C = WEBHOOKS.c
_COLUMNS: Final = tuple(_C.keys())
_MOMENTS: Final = (
    "old_until", "disabled_at", "failing_since", "paused_until", "delivered_at", "created_at",
)  # fmt: skip
# What deliveries write, in statements of their own: an edit must not take it back.
_OF_DELIVERIES: Final = frozenset({"failing_since", "paused_until", "delivered_at"})
_OF_TENANT = _C.tenant_id == sa.bindparam("tenant_id")
_ONE = sa.and_(_OF_TENANT, _C.id == sa.bindparam("wanted"))
_NOW = sa.bindparam("now", type_=sa.Float)

_KEEP: Final = upsert(
    WEBHOOKS, at=("id",), change=[name for name in _COLUMNS if name not in {"id", "tenant_id", *_OF_DELIVERIES}]
)
_ALL: Final = sql(sa.select(WEBHOOKS).where(_OF_TENANT).order_by(_C.created_at, _C.id))
_FIND: Final = sql(sa.select(WEBHOOKS).where(_ONE))
_REMOVE: Final = sql(sa.delete(WEBHOOKS).where(_ONE))
_DELIVERED: Final = sql(
    sa.update(WEBHOOKS).values(failing_since=None, paused_until=None, delivered_at=_NOW).where(_ONE)
)
_FAILED: Final = sql(
    sa.update(WEBHOOKS)
    .values(failing_since=sa.func.coalesce(_C.failing_since, _NOW), paused_until=sa.bindparam("until", type_=sa.Float))
    .where(_ONE)
)
_FORGIVE: Final = sql(sa.update(WEBHOOKS).values(failing_since=None, paused_until=None).where(_ONE))
_DISABLE: Final = sql(
    sa.update(WEBHOOKS)
    .values(disabled_at=_NOW, disabled_reason=sa.bindparam("reason"))
    .where(_ONE, _C.disabled_at.is_(None))
)
_RESEAL: Final = sql(
    sa.update(WEBHOOKS)
    .values(secret=sa.bindparam("sealed", type_=sa.LargeBinary))
    .where(_ONE, _C.secret == sa.bindparam("read", type_=sa.LargeBinary))
)


class WebhookStore:
    """The rows of webhooks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    async def lock(self, tenant_id: TenantId) -> None:
        """Within a transaction: one change of a tenant's webhooks after another."""
        await self._database.lock(f"webhooks {tenant_id}")

    async def keep(self, webhook: Webhook) -> None:
        """Keep a new one, or what was changed of one; how its deliveries went stays as it stands."""
        row = {name: getattr(webhook, name) for name in _COLUMNS}
        row |= {name: _seconds(row[name]) for name in _MOMENTS}
        row |= {
            "events": json.dumps(sorted(webhook.events)),
            "severity_min": None if webhook.severity_min is None else rank_of(webhook.severity_min),
        }
        await self._database.run(_KEEP, row)

    async def all(self, tenant_id: TenantId) -> tuple[Webhook, ...]:
        """Those of a tenant, oldest first."""
        return tuple(map(_webhook, await self._database.rows(_ALL, {"tenant_id": tenant_id})))

    async def find(self, tenant_id: TenantId, webhook_id: WebhookId) -> Webhook | None:
        """The webhook of this id."""
        rows = await self._database.rows(_FIND, {"tenant_id": tenant_id, "wanted": webhook_id})
        return _webhook(rows[0]) if rows else None

    async def remove(self, webhook: Webhook) -> None:
        """Let it go."""
        await self._database.run(_REMOVE, _named(webhook))

    async def delivered(self, webhook: Webhook, now: datetime) -> None:
        """Something arrived there."""
        await self._database.run(_DELIVERED, _named(webhook) | {"now": now.timestamp()})

    async def failed(self, webhook: Webhook, now: datetime) -> None:
        """Something did not arrive there: for a moment nothing more is tried."""
        until = (now + PAUSE).timestamp()
        await self._database.run(_FAILED, _named(webhook) | {"now": now.timestamp(), "until": until})

    async def forgive(self, webhook: Webhook) -> None:
        """Forget how long it has been failing."""
        await self._database.run(_FORGIVE, _named(webhook))

    async def disable(self, webhook: Webhook, reason: str, now: datetime) -> bool:
        """End it for its failures; whether it had not been ended before."""
        values = _named(webhook) | {"now": now.timestamp(), "reason": reason}
        return await self._database.run(_DISABLE, values) == 1

    async def reseal(self, webhook: Webhook, sealed: bytes) -> None:
        """Keep its secret under the present pepper, where nobody has replaced it meanwhile."""
        await self._database.run(_RESEAL, _named(webhook) | {"sealed": sealed, "read": webhook.secret})


def _named(webhook: Webhook) -> dict[str, object]:
    return {"tenant_id": webhook.tenant_id, "wanted": webhook.id}


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _webhook(row: Row) -> Webhook:
    columns: dict[str, Any] = dict(zip(_COLUMNS, cast("Any", row), strict=True))
    moments = {name: columns[name] for name in _MOMENTS}
    severity = columns["severity_min"]
    return Webhook(
        **columns
        | {name: None if at is None else datetime.fromtimestamp(at, UTC) for name, at in moments.items()}
        | {
            "events": frozenset(map(WebhookEvent, json.loads(columns["events"]))),
            "severity_min": None if severity is None else severity_of_rank(severity),
            "is_enabled": bool(columns["is_enabled"]),
        }
    )
