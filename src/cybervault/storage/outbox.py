"""The outbox: what happened is written with the change itself, and told to each subscriber by a job of its own."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

import sqlalchemy as sa

from cybervault.domain.ids import new_event_id
from cybervault.domain.jobs import EventId, Happened, NewJob
from cybervault.storage.database import Database, Row, sql
from cybervault.storage.jobs import Jobs
from cybervault.storage.work_tables import OUTBOX

_C = OUTBOX.c
_UNTOLD_EVENTS = (
    sa.select(_C.id, _C.tenant_id, _C.topic, _C.subject, _C.payload, _C.created_at)
    .where(_C.told_at.is_(None))
    .order_by(_C.created_at, _C.id)
    .limit(sa.bindparam("most"))
)
_ADD: Final = sql(sa.insert(OUTBOX))
_UNTOLD: Final = sql(_UNTOLD_EVENTS)
# What another node is telling now is left to it.
_TAKE: Final = sql(_UNTOLD_EVENTS.with_for_update(skip_locked=True))
_TOLD: Final = sql(
    sa.update(OUTBOX).values(told_at=sa.bindparam("now")).where(_C.id == sa.bindparam("wanted")).returning(_C.id)
)
_FORGET: Final = sql(sa.delete(OUTBOX).where(_C.told_at < sa.bindparam("before")))


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """An event that was committed. A subscriber may be told it more than once, always under the same id."""

    id: EventId
    event: Happened
    created_at: datetime


class Outbox:
    """Events, from the change that made them to the jobs that tell them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._jobs = Jobs(database)
        self.transaction = database.transaction

    async def append(self, event: Happened) -> EventId:
        """Note what happened, in the transaction of the change; RuntimeError outside of one."""
        event_id = new_event_id()
        await self._database.lock(f"event {event_id}")  # nobody else knows the name: it only asks for the transaction
        now = (await self._database.now()).timestamp()
        await self._database.run(
            _ADD,
            {
                "id": event_id,
                "tenant_id": event.tenant_id,
                "topic": event.topic,
                "subject": event.subject,
                "payload": json.dumps(dict(event.payload)),
                "created_at": now,
                "told_at": None,
            },
        )
        return event_id

    async def untold(self, most: int) -> tuple[KeptEvent, ...]:
        """Events that no subscriber has a job for yet, oldest first."""
        return tuple(map(_kept, await self._database.rows(_UNTOLD, {"most": most})))

    async def tell(self, subscribers: Mapping[str, Collection[str]], most: int) -> int:
        """Make a job for each subscriber (its name, and its topics) of the oldest events; how many events these were.

        Who subscribes later does not learn of them.
        """
        if not await self.untold(1):
            return 0
        async with self._database.transaction():
            events = tuple(map(_kept, await self._database.rows(_TAKE, {"most": most})))
            for event in events:
                for name in sorted(subscribers):
                    if event.event.topic in subscribers[name]:
                        await self._jobs.enqueue(_telling(name, event))
            now = (await self._database.now()).timestamp()
            told = sorted(event.id for event in events)
            await self._database.rows_of_each(_TOLD, [{"wanted": event_id, "now": now} for event_id in told])
        return len(events)

    async def forget(self, before: float) -> int:
        """Delete the events that were told before a moment (Unix seconds); how many they were."""
        return await self._database.run(_FORGET, {"before": before})


def kind_of(subscriber: str) -> str:
    """The kind of the jobs that tell a subscriber."""
    return f"tell:{subscriber}"


def event_of(payload: bytes) -> KeptEvent:
    """The event that a job tells, from the job's payload."""
    parts = json.loads(payload)
    event = Happened(parts["topic"], parts["subject"], parts["tenant_id"], parts["payload"])
    return KeptEvent(EventId(parts["id"]), event, datetime.fromtimestamp(parts["created_at"], UTC))


def _telling(subscriber: str, kept: KeptEvent) -> NewJob:
    event = kept.event
    parts = {
        "id": kept.id,
        "topic": event.topic,
        "subject": event.subject,
        "tenant_id": event.tenant_id,
        "payload": dict(event.payload),
        "created_at": kept.created_at.timestamp(),
    }
    return NewJob(kind_of(subscriber), json.dumps(parts).encode(), tenant_id=event.tenant_id, reference=kept.id)


def _kept(row: Row) -> KeptEvent:
    event_id, tenant_id, topic, subject, payload, created_at = cast("Any", row)
    event = Happened(topic, subject, tenant_id, json.loads(payload))
    return KeptEvent(EventId(event_id), event, datetime.fromtimestamp(created_at, UTC))
