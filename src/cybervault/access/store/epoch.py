"""The numbered row of security changes: written in the transaction of each, read by every node each second."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

import sqlalchemy as sa

from cybervault.access.subjects import Subject
from cybervault.storage.bus import CHANNEL
from cybervault.storage.database import Database, sql
from cybervault.storage.tables import EPOCH, SECURITY_EVENTS

# Who is further behind than this is cheaper off with an empty memory.
EVENTS_AT_ONCE: Final = 10_000

_NEXT: Final = sql(sa.update(EPOCH).values(seq=EPOCH.c.seq + 1).returning(EPOCH.c.seq))
_ADD: Final = sql(sa.insert(SECURITY_EVENTS))
# PostgreSQL sends it when, and only when, the transaction commits.
_HINT: Final = sql(sa.select(sa.func.pg_notify(CHANNEL, "")))
_SEQ: Final = sql(sa.select(EPOCH.c.seq))
_AFTER: Final = sql(
    sa.select(SECURITY_EVENTS)
    .where(SECURITY_EVENTS.c.seq > sa.bindparam("known"))
    .order_by(SECURITY_EVENTS.c.seq)
    .limit(EVENTS_AT_ONCE)
    .offset(0)
)
# The newest stays whatever its age: by it a node sees that it is up to date with this very database.
_FORGET: Final = sql(
    sa.delete(SECURITY_EVENTS).where(
        SECURITY_EVENTS.c.at < sa.bindparam("before"),
        SECURITY_EVENTS.c.seq < sa.select(EPOCH.c.seq).scalar_subquery(),
    )
)


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    """A right of the subject may have changed; `at` in Unix seconds of the node that changed it."""

    seq: int
    subject: Subject
    at: float


class EpochStore:
    """The rows of security changes.

    There is one counter row, and it stays locked until the transaction ends: numbers become visible in their order
    and without gaps. A serial column gives them out before the commit, and who asks for all "greater than my last"
    then misses those that commit late.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def is_shared(self) -> bool:
        """Whether other nodes write to this database too."""
        return self._database.is_shared

    async def note(self, subject: Subject, at: float) -> int:
        """Add an event and give its number; the caller holds the transaction, and notes last of all."""
        number = int(cast("int", (await self._database.rows(_NEXT, {}))[0][0]))
        await self._database.run(_ADD, {"seq": number, "subject": subject, "at": at})
        if self._database.is_shared:
            await self._database.rows(_HINT, {})
        return number

    async def seq(self) -> int:
        """The number of the newest event; 0 before the first."""
        return int(cast("int", (await self._database.rows(_SEQ, {}))[0][0]))

    async def after(self, seq: int) -> tuple[SecurityEvent, ...]:
        """The kept events with a greater number, in their order, at most `EVENTS_AT_ONCE`."""
        return tuple(map(_event, await self._database.rows(_AFTER, {"known": seq})))

    async def forget(self, before: float) -> int:
        """Drop events older than this, in Unix seconds; how many."""
        return await self._database.run(_FORGET, {"before": before})

    async def now(self) -> datetime:
        """The database's own time."""
        return await self._database.now()


def _event(row: tuple[object, ...]) -> SecurityEvent:
    seq, subject, at = cast("Any", row)
    return SecurityEvent(int(seq), Subject(subject), float(at))
