"""What was to be sent to webhooks, and each attempt at it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, cast

import sqlalchemy as sa

from cybervault.domain.ids import DeliveryId, WebhookId
from cybervault.domain.principals import TenantId
from cybervault.response.webhooks.delivery import Attempt, Delivery, DeliveryState
from cybervault.storage.database import Database, Row, sql, upsert
from cybervault.storage.webhook_tables import WEBHOOK_ATTEMPTS, WEBHOOK_DELIVERIES

_C, _A = WEBHOOK_DELIVERIES.c, WEBHOOK_ATTEMPTS.c
_COLUMNS: Final = tuple(_C.keys())
_SHOWN: Final = ("number", "at", "status", "failure", "latency_ms", "reply")
_OF_WEBHOOK = sa.and_(_C.tenant_id == sa.bindparam("tenant_id"), _C.webhook_id == sa.bindparam("webhook_id"))
_ONE = sa.and_(_C.tenant_id == sa.bindparam("tenant_id"), _C.id == sa.bindparam("wanted"))
_NEWEST = (_C.created_at.desc(), _C.id.desc())
_STATE = sa.or_(sa.bindparam("state", type_=sa.Text).is_(None), _C.state == sa.bindparam("state", type_=sa.Text))
_PAGE = sa.select(WEBHOOK_DELIVERIES).where(_OF_WEBHOOK, _STATE).order_by(*_NEWEST).limit(sa.bindparam("most"))
_OLD = sa.select(_C.id).where(_C.finished_at < sa.bindparam("before", type_=sa.Float))

_ADD: Final = upsert(WEBHOOK_DELIVERIES, at=("webhook_id", "event_id"), change=())
_FIND: Final = sql(sa.select(WEBHOOK_DELIVERIES).where(_ONE))
_FIRST: Final = sql(_PAGE)
_NEXT: Final = sql(
    _PAGE.where(
        sa.tuple_(_C.created_at, _C.id)
        < sa.tuple_(sa.bindparam("at", type_=sa.Float), sa.bindparam("behind", type_=sa.Text))
    )
)
_FAILED_SINCE: Final = sql(
    sa.select(WEBHOOK_DELIVERIES)
    .where(
        _OF_WEBHOOK,
        _C.state == DeliveryState.FAILED.value,
        _C.created_at >= sa.bindparam("since", type_=sa.Float),
    )
    .order_by(_C.created_at, _C.id)
    .limit(sa.bindparam("most"))
)
# A worker that was overtaken meanwhile names a round or a number that has passed, and changes nothing.
_NOTE: Final = sql(
    sa.update(WEBHOOK_DELIVERIES)
    .values(
        state=sa.bindparam("new_state"),
        reason=sa.bindparam("new_reason", type_=sa.Text),
        attempts=sa.bindparam("number", type_=sa.Integer),
        next_at=sa.bindparam("new_next_at", type_=sa.Float),
        finished_at=sa.bindparam("new_finished_at", type_=sa.Float),
    )
    .where(
        _ONE,
        _C.state == DeliveryState.PENDING.value,
        _C.round == sa.bindparam("in_round", type_=sa.Integer),
        _C.attempts == sa.bindparam("number", type_=sa.Integer) - 1,
    )
)
_ADD_ATTEMPT: Final = sql(sa.insert(WEBHOOK_ATTEMPTS))
_ATTEMPTS: Final = sql(
    sa.select(*(_A[name] for name in _SHOWN))
    .where(_A.tenant_id == sa.bindparam("tenant_id"), _A.delivery_id == sa.bindparam("wanted"))
    .order_by(_A.number)
)
_AGAIN: Final = sql(
    sa.update(WEBHOOK_DELIVERIES)
    .values(
        state=DeliveryState.PENDING.value,
        reason=None,
        round=_C.round + 1,
        attempts_before=_C.attempts,
        next_at=sa.bindparam("now", type_=sa.Float),
        finished_at=None,
    )
    .where(_ONE, _C.round == sa.bindparam("in_round", type_=sa.Integer))
)
_GIVE_UP: Final = sql(
    sa.update(WEBHOOK_DELIVERIES)
    .values(
        state=DeliveryState.FAILED.value,
        reason=sa.bindparam("new_reason"),
        next_at=None,
        finished_at=sa.bindparam("now", type_=sa.Float),
    )
    .where(_OF_WEBHOOK, _C.state == DeliveryState.PENDING.value)
)
_REMOVE_ATTEMPTS: Final = sql(
    sa.delete(WEBHOOK_ATTEMPTS).where(_A.delivery_id.in_(sa.select(_C.id).where(_OF_WEBHOOK)))
)
_REMOVE: Final = sql(sa.delete(WEBHOOK_DELIVERIES).where(_OF_WEBHOOK))
_FORGET_ATTEMPTS: Final = sql(sa.delete(WEBHOOK_ATTEMPTS).where(_A.delivery_id.in_(_OLD)))
_FORGET: Final = sql(sa.delete(WEBHOOK_DELIVERIES).where(_C.finished_at < sa.bindparam("before", type_=sa.Float)))


class DeliveryStore:
    """The rows of deliveries, each of one tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    async def add(self, delivery: Delivery) -> bool:
        """Keep a new one; False where the webhook has one of this event already."""
        row = {name: getattr(delivery, name) for name in _COLUMNS} | {
            "state": delivery.state.value,
            "next_at": _seconds(delivery.next_at),
            "created_at": delivery.created_at.timestamp(),
            "finished_at": _seconds(delivery.finished_at),
        }
        return await self._database.run(_ADD, row) == 1

    async def find(self, tenant_id: TenantId, delivery_id: DeliveryId) -> Delivery | None:
        """The delivery of this id."""
        rows = await self._database.rows(_FIND, {"tenant_id": tenant_id, "wanted": delivery_id})
        return _delivery(rows[0]) if rows else None

    async def page(
        self,
        tenant_id: TenantId,
        webhook_id: WebhookId,
        most: int,
        *,
        state: DeliveryState | None = None,
        behind: tuple[float, str] | None = None,
    ) -> tuple[Delivery, ...]:
        """Those of a webhook, newest first, from behind a place."""
        values: dict[str, object] = {"tenant_id": tenant_id, "webhook_id": webhook_id, "most": most}
        values["state"] = None if state is None else state.value
        if behind is None:
            rows = await self._database.rows(_FIRST, values)
        else:
            rows = await self._database.rows(_NEXT, values | {"at": behind[0], "behind": behind[1]})
        return tuple(map(_delivery, rows))

    async def failed_since(
        self, tenant_id: TenantId, webhook_id: WebhookId, since: datetime, *, most: int
    ) -> tuple[Delivery, ...]:
        """Those that failed for good of what happened since a moment, oldest first."""
        values = {"tenant_id": tenant_id, "webhook_id": webhook_id, "since": since.timestamp(), "most": most}
        return tuple(map(_delivery, await self._database.rows(_FAILED_SINCE, values)))

    async def note(self, after: Delivery, attempt: Attempt) -> bool:
        """Within a transaction: keep an attempt and how the delivery stands by it; False for who was overtaken."""
        values = {
            "tenant_id": after.tenant_id,
            "wanted": after.id,
            "in_round": after.round,
            "number": attempt.number,
            "new_state": after.state.value,
            "new_reason": after.reason,
            "new_next_at": _seconds(after.next_at),
            "new_finished_at": _seconds(after.finished_at),
        }
        if await self._database.run(_NOTE, values) == 0:
            return False
        row = {name: getattr(attempt, name) for name in _SHOWN} | {"at": attempt.at.timestamp()}
        await self._database.run(_ADD_ATTEMPT, row | {"delivery_id": after.id, "tenant_id": after.tenant_id})
        return True

    async def attempts(self, delivery: Delivery) -> tuple[Attempt, ...]:
        """All attempts at it, in their order."""
        values = {"tenant_id": delivery.tenant_id, "wanted": delivery.id}
        return tuple(map(_attempt, await self._database.rows(_ATTEMPTS, values)))

    async def again(self, delivery: Delivery, now: datetime) -> bool:
        """Begin another round of it; False where somebody else has."""
        values = {"tenant_id": delivery.tenant_id, "wanted": delivery.id, "in_round": delivery.round}
        return await self._database.run(_AGAIN, values | {"now": now.timestamp()}) == 1

    async def give_up(self, tenant_id: TenantId, webhook_id: WebhookId, reason: str, *, now: datetime) -> int:
        """Fail all that wait for a webhook; how many they were."""
        values = {"tenant_id": tenant_id, "webhook_id": webhook_id, "new_reason": reason, "now": now.timestamp()}
        return await self._database.run(_GIVE_UP, values)

    async def remove_all(self, tenant_id: TenantId, webhook_id: WebhookId) -> None:
        """Within a transaction: let go of all that was to be sent to a webhook."""
        for statement in (_REMOVE_ATTEMPTS, _REMOVE):
            await self._database.run(statement, {"tenant_id": tenant_id, "webhook_id": webhook_id})

    async def forget(self, before: float) -> int:
        """Delete those that ended before a moment (Unix seconds), with their attempts; how many they were."""
        async with self._database.transaction():
            await self._database.run(_FORGET_ATTEMPTS, {"before": before})
            return await self._database.run(_FORGET, {"before": before})


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _delivery(row: Row) -> Delivery:
    columns: dict[str, Any] = dict(zip(_COLUMNS, cast("Any", row), strict=True))
    moments = {name: _moment(columns[name]) for name in ("next_at", "created_at", "finished_at")}
    return Delivery(**columns | moments | {"state": DeliveryState(columns["state"]), "body": bytes(columns["body"])})


def _attempt(row: Sequence[Any]) -> Attempt:
    return Attempt(**dict(zip(_SHOWN, row, strict=True)) | {"at": datetime.fromtimestamp(row[1], UTC)})
