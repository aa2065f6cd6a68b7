"""Sessions: found by the digest of their cookie at each request, by member for lists and ends."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, cast

import sqlalchemy as sa

from cybervault.access.session_life import Session, SessionEntry
from cybervault.domain.limits import CallClass, LimitOverride
from cybervault.domain.principals import Member, MemberId, Plan, Role, SessionId, TenantId
from cybervault.storage.database import Database, Row, sql
from cybervault.storage.tables import LIMIT_OVERRIDES, MEMBERS, SESSIONS, TENANTS

_WANTED: Final[sa.BindParameter[Any]] = sa.bindparam("wanted")
_COLUMNS: Final = (
    SESSIONS.c.id, SESSIONS.c.member_id, SESSIONS.c.created_at, SESSIONS.c.seen_at, SESSIONS.c.proved_at,
    SESSIONS.c.ended_at, SESSIONS.c.ip, SESSIONS.c.agent,
)  # fmt: skip
_LIVES = SESSIONS.c.ended_at.is_(None)

_ADD: Final = sql(sa.insert(SESSIONS))
_ENTRY: Final = sql(
    sa.select(
        *_COLUMNS, MEMBERS.c.tenant_id, MEMBERS.c.email, MEMBERS.c.name, MEMBERS.c.role,
        MEMBERS.c.created_at.label("member_created_at"), MEMBERS.c.suspended_at, MEMBERS.c.removed_at,
        TENANTS.c.plan, TENANTS.c.suspended_at.label("tenant_suspended_at"),
        LIMIT_OVERRIDES.c.face, LIMIT_OVERRIDES.c.call_class, LIMIT_OVERRIDES.c.minute, LIMIT_OVERRIDES.c.hour,
        LIMIT_OVERRIDES.c.burst_percent,
    )
    .join(MEMBERS, MEMBERS.c.id == SESSIONS.c.member_id)
    .join(TENANTS, TENANTS.c.id == MEMBERS.c.tenant_id)
    .outerjoin(LIMIT_OVERRIDES, LIMIT_OVERRIDES.c.tenant_id == TENANTS.c.id)
    .where(SESSIONS.c.digest == _WANTED)
)  # fmt: skip
_FIND: Final = sql(sa.select(*_COLUMNS).where(SESSIONS.c.id == _WANTED))
_OF_MEMBER: Final = sql(
    sa.select(*_COLUMNS)
    .where(SESSIONS.c.member_id == _WANTED, _LIVES)
    .order_by(SESSIONS.c.created_at.desc(), SESSIONS.c.id)
)
_SEEN: Final = sql(
    sa.update(SESSIONS)
    .values(seen_at=sa.bindparam("at"))
    .where(SESSIONS.c.id == _WANTED, SESSIONS.c.seen_at < sa.bindparam("at"))
)
_PROVED: Final = sql(
    sa.update(SESSIONS)
    .values(digest=sa.bindparam("new_digest"), proved_at=sa.bindparam("at"))
    .where(SESSIONS.c.id == _WANTED, _LIVES)
)
_END: Final = sql(sa.update(SESSIONS).values(ended_at=sa.bindparam("at")).where(SESSIONS.c.id == _WANTED, _LIVES))
_END_ALL: Final = sql(
    sa.update(SESSIONS)
    .values(ended_at=sa.bindparam("at"))
    .where(SESSIONS.c.member_id == _WANTED, SESSIONS.c.id != sa.bindparam("kept"), _LIVES)
)
_WAS_AT: Final = sql(
    sa.select(sa.func.count())
    .select_from(SESSIONS)
    .join(MEMBERS, MEMBERS.c.id == SESSIONS.c.member_id)
    .where(MEMBERS.c.email == sa.bindparam("email"), SESSIONS.c.ip == sa.bindparam("ip"))
)


class SessionStore:
    """The rows of sessions; ended ones stay a while and say where their members have been."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    async def add(self, session: Session, digest: bytes) -> None:
        """Keep a new session under the digest of its cookie."""
        await self._database.run(
            _ADD,
            {
                "digest": digest,
                "id": session.id,
                "member_id": session.member_id,
                "created_at": session.created_at.timestamp(),
                "seen_at": session.seen_at.timestamp(),
                "proved_at": session.proved_at.timestamp(),
                "ended_at": None,
                "ip": session.ip,
                "agent": session.agent,
            },
        )

    async def entry(self, digest: bytes) -> SessionEntry | None:
        """What a cookie opens, in one read."""
        rows = await self._database.rows(_ENTRY, {"wanted": digest})
        return _entry(rows) if rows else None

    async def find(self, session_id: SessionId) -> Session | None:
        """The session of this id."""
        rows = await self._database.rows(_FIND, {"wanted": session_id})
        return _session(rows[0]) if rows else None

    async def of_member(self, member_id: MemberId) -> tuple[Session, ...]:
        """The sessions that nobody ended, newest first; some may have run out."""
        return tuple(_session(row) for row in await self._database.rows(_OF_MEMBER, {"wanted": member_id}))

    async def seen(self, session_id: SessionId, at: datetime) -> None:
        """Note that it was used, never an earlier moment over a later."""
        await self._database.run(_SEEN, {"wanted": session_id, "at": at.timestamp()})

    async def proved(self, session_id: SessionId, digest: bytes, at: datetime) -> None:
        """Note a fresh proof, and the digest of the cookie that stands in for the older one."""
        await self._database.run(_PROVED, {"wanted": session_id, "new_digest": digest, "at": at.timestamp()})

    async def end(self, session_id: SessionId, at: datetime) -> None:
        """End one."""
        await self._database.run(_END, {"wanted": session_id, "at": at.timestamp()})

    async def end_all(self, member_id: MemberId, at: datetime, *, but: SessionId | None = None) -> int:
        """End all of a member, except one where it is named; how many there were."""
        return await self._database.run(_END_ALL, {"wanted": member_id, "at": at.timestamp(), "kept": but or ""})

    async def has_been_at(self, email: str, ip: str) -> bool:
        """Whether the member of this address has signed in from there before."""
        return bool((await self._database.rows(_WAS_AT, {"email": email, "ip": ip}))[0][0])


def _entry(rows: Sequence[Row]) -> SessionEntry:
    """The rows differ in the override only; a tenant without one has one row without it."""
    session = _session(rows[0][:8])
    tenant_id, email, name, role, created_at, suspended_at, removed_at, *tenant = cast("Any", rows[0][8:17])
    member = Member(
        session.member_id, TenantId(tenant_id), email, name, Role(role), datetime.fromtimestamp(created_at, UTC),
        _moment(suspended_at), _moment(removed_at),
    )  # fmt: skip
    plan, tenant_suspended_at = tenant
    overrides = tuple(_override(row[17:]) for row in rows if row[17] is not None)
    return SessionEntry(session, member, Plan(plan), _moment(tenant_suspended_at), overrides)


def _override(values: Row) -> LimitOverride:
    face, call_class, minute, hour, burst_percent = cast("Any", values)
    return LimitOverride(face, CallClass(call_class), minute, hour, burst_percent)


def _session(row: Row) -> Session:
    session_id, member_id, created_at, seen_at, proved_at, ended_at, ip, agent = cast("Any", row)
    created, seen, proved = (datetime.fromtimestamp(one, UTC) for one in (created_at, seen_at, proved_at))
    return Session(SessionId(session_id), MemberId(member_id), created, seen, proved, _moment(ended_at), ip, agent)


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
