"""What is kept for a time only: deleted in small bites, so that no statement holds others up."""

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from cybervault.storage.database import Database, Sql, sql
from cybervault.storage.tables import (
    AUDIT_CHECKPOINTS,
    EPOCH,
    IDEMPOTENT_REPLIES,
    INVITATIONS,
    KEY_USAGE,
    SECURITY_EVENTS,
    SESSIONS,
    SIGN_IN_FAILURES,
)

_ROWS_AT_ONCE: Final = 1_000
_DAY_SECONDS: Final = 86_400


def _bite(key: sa.Column[object], condition: sa.ColumnElement[bool]) -> Sql:
    """Delete some of the rows that the condition holds for."""
    some = sa.select(key).where(condition).limit(_ROWS_AT_ONCE).offset(0)
    return sql(sa.delete(key.table).where(key.in_(some)))


_before = sa.bindparam("before", type_=sa.Float)
# A session that was never ended is over when its absolute time is.
_SESSIONS: Final = _bite(SESSIONS.c.digest, sa.func.coalesce(SESSIONS.c.ended_at, SESSIONS.c.created_at) < _before)
_INVITATIONS: Final = _bite(
    INVITATIONS.c.subject, sa.func.coalesce(INVITATIONS.c.used_at, INVITATIONS.c.expires_at) < _before
)
_REPLIES: Final = _bite(IDEMPOTENT_REPLIES.c.digest, IDEMPOTENT_REPLIES.c.created_at < _before)
_FAILURES: Final = _bite(SIGN_IN_FAILURES.c.subject, SIGN_IN_FAILURES.c.last_at < _before)
# The newest tells how far everybody is.
_EVENTS: Final = _bite(
    SECURITY_EVENTS.c.seq,
    sa.and_(SECURITY_EVENTS.c.at < _before, SECURITY_EVENTS.c.seq < sa.select(EPOCH.c.seq).scalar_subquery()),
)
_USAGE: Final = _bite(KEY_USAGE.c.id, KEY_USAGE.c.at < _before)
# Of each day the last one stays.
_day = sa.cast(AUDIT_CHECKPOINTS.c.at / _DAY_SECONDS, sa.Integer)
_CHECKPOINTS: Final = _bite(
    AUDIT_CHECKPOINTS.c.size,
    sa.and_(
        AUDIT_CHECKPOINTS.c.at < _before,
        AUDIT_CHECKPOINTS.c.size.not_in(sa.select(sa.func.max(AUDIT_CHECKPOINTS.c.size)).group_by(_day)),
    ),
)
_WHOLE_ADDRESSES: Final = sql(
    sa.select(KEY_USAGE.c.id, KEY_USAGE.c.ip)
    .where(KEY_USAGE.c.at < _before, KEY_USAGE.c.ip.is_not(None), KEY_USAGE.c.ip.not_like("%/%"))
    .limit(_ROWS_AT_ONCE)
    .offset(0)
)
_CUT: Final = sql(
    sa.update(KEY_USAGE).values(ip=sa.bindparam("network")).where(KEY_USAGE.c.id == sa.bindparam("wanted"))
)


@dataclass(frozen=True, slots=True)
class Kept:
    """From when on each thing is kept, in Unix seconds."""

    usage: float
    sessions: float
    invitations: float
    replies: float
    failures: float
    events: float
    checkpoints: float


class RetentionStore:
    """Deletes what is older."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    async def delete(self, kept: Kept) -> dict[str, int]:
        """Delete all that is older; how many rows of what."""
        parts = {
            "usage": (_USAGE, kept.usage),
            "sessions": (_SESSIONS, kept.sessions),
            "invitations": (_INVITATIONS, kept.invitations),
            "replies": (_REPLIES, kept.replies),
            "failures": (_FAILURES, kept.failures),
            "events": (_EVENTS, kept.events),
            "checkpoints": (_CHECKPOINTS, kept.checkpoints),
        }
        return {name: await self._delete(statement, before) for name, (statement, before) in parts.items()}

    async def whole_addresses(self, before: float) -> tuple[tuple[str, str], ...]:
        """Some calls of before with their callers' whole addresses, by id."""
        rows = await self._database.rows(_WHOLE_ADDRESSES, {"before": before})
        return tuple((str(row_id), str(ip)) for row_id, ip in rows)

    async def cut(self, row_id: str, network: str) -> None:
        """Keep only the network that a call came from."""
        await self._database.run(_CUT, {"wanted": row_id, "network": network})

    async def _delete(self, statement: Sql, before: float) -> int:
        deleted = 0
        while count := await self._database.run(statement, {"before": before}):
            deleted += count
        return deleted
