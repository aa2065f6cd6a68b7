"""Members by id, e-mail address and tenant, with what is kept of their passwords."""

from datetime import UTC, datetime
from typing import Any, Final, cast

import sqlalchemy as sa

from cybervault.domain.principals import Member, MemberId, Role, TenantId
from cybervault.storage.database import Database, sql
from cybervault.storage.tables import MEMBERS

_WANTED: Final[sa.BindParameter[Any]] = sa.bindparam("wanted")
_COLUMNS: Final = (
    MEMBERS.c.id, MEMBERS.c.tenant_id, MEMBERS.c.email, MEMBERS.c.name, MEMBERS.c.role, MEMBERS.c.created_at,
    MEMBERS.c.suspended_at, MEMBERS.c.removed_at,
)  # fmt: skip
_LIVES = MEMBERS.c.removed_at.is_(None)

_ADD: Final = sql(
    sa.insert(MEMBERS).values({column.name: sa.bindparam(column.name) for column in (*_COLUMNS, MEMBERS.c.password)})
)
_KEEP: Final = sql(
    sa.update(MEMBERS)
    .values(name=sa.bindparam("new_name"), role=sa.bindparam("new_role"), suspended_at=sa.bindparam("suspended"))
    .where(MEMBERS.c.id == _WANTED, _LIVES)
)
# The row stays, since audit and keys name it; what opens something goes, and an identity may be given to another.
_REMOVE: Final = sql(
    sa.update(MEMBERS)
    .values(
        removed_at=sa.bindparam("removed"),
        password=sa.null(),
        totp_secret=sa.null(),
        totp_step=sa.null(),
        identity=sa.null(),
    )
    .where(MEMBERS.c.id == _WANTED, _LIVES)
)
_FIND: Final = sql(sa.select(*_COLUMNS).where(MEMBERS.c.id == _WANTED, _LIVES))
_FIND_EMAIL: Final = sql(sa.select(*_COLUMNS, MEMBERS.c.password).where(MEMBERS.c.email == _WANTED, _LIVES))
_ALL: Final = sql(
    sa.select(*_COLUMNS).where(MEMBERS.c.tenant_id == _WANTED, _LIVES).order_by(MEMBERS.c.created_at, MEMBERS.c.id)
)
_IS_ANY: Final = sql(sa.select(sa.func.count()).select_from(MEMBERS).where(_LIVES))
_PASSWORD: Final = sql(sa.select(MEMBERS.c.password).where(MEMBERS.c.id == _WANTED, _LIVES))
_SET_PASSWORD: Final = sql(
    sa.update(MEMBERS).values(password=sa.bindparam("new_password")).where(MEMBERS.c.id == _WANTED, _LIVES)
)


class MemberStore:
    """The rows of members; whoever was removed is in none of the answers."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    async def lock(self) -> None:
        """Within a transaction: one change of members at a time over all nodes.

        Rules that speak of many members, as that an Owner stays, would not hold between two changes at once.
        """
        await self._database.lock("members")

    async def add(self, member: Member, password: str | None) -> None:
        """Keep a new member, with the hash of a password or without one."""
        await self._database.run(
            _ADD,
            {
                "id": member.id,
                "tenant_id": member.tenant_id,
                "email": member.email,
                "name": member.name,
                "role": member.role.value,
                "created_at": member.created_at.timestamp(),
                "suspended_at": _seconds(member.suspended_at),
                "removed_at": _seconds(member.removed_at),
                "password": password,
            },
        )

    async def keep(self, member: Member) -> None:
        """Keep a changed name, role or suspension; or that the member was removed."""
        if member.removed_at is not None:
            await self._database.run(_REMOVE, {"wanted": member.id, "removed": member.removed_at.timestamp()})
            return
        await self._database.run(
            _KEEP,
            {
                "wanted": member.id,
                "new_name": member.name,
                "new_role": member.role.value,
                "suspended": _seconds(member.suspended_at),
            },
        )

    async def find(self, member_id: MemberId, tenant_id: TenantId | None) -> Member | None:
        """The member of this id; None when it is another tenant's (`tenant_id` None: any tenant's will do)."""
        rows = await self._database.rows(_FIND, {"wanted": member_id})
        member = _member(rows[0]) if rows else None
        return member if member is not None and tenant_id in {None, member.tenant_id} else None

    async def find_by_email(self, email: str) -> tuple[Member, str | None] | None:
        """The member of this address, and what is kept of the password."""
        rows = await self._database.rows(_FIND_EMAIL, {"wanted": email})
        if not rows:
            return None
        *member, password = rows[0]
        return _member(tuple(member)), cast("str | None", password)

    async def all(self, tenant_id: TenantId) -> tuple[Member, ...]:
        """The members of a tenant, oldest first."""
        return tuple(_member(row) for row in await self._database.rows(_ALL, {"wanted": tenant_id}))

    async def is_any(self) -> bool:
        """Whether there is a member in any tenant."""
        return bool((await self._database.rows(_IS_ANY, {}))[0][0])

    async def password(self, member_id: MemberId) -> str | None:
        """What is kept of a member's password."""
        rows = await self._database.rows(_PASSWORD, {"wanted": member_id})
        return cast("str | None", rows[0][0]) if rows else None

    async def set_password(self, member_id: MemberId, password: str) -> None:
        """Keep the hash of another password."""
        await self._database.run(_SET_PASSWORD, {"wanted": member_id, "new_password": password})


def _member(row: tuple[object, ...]) -> Member:
    member_id, tenant_id, email, name, role, created_at, suspended_at, removed_at = cast("Any", row)
    return Member(
        MemberId(member_id), TenantId(tenant_id), email, name, Role(role), datetime.fromtimestamp(created_at, UTC),
        _moment(suspended_at), _moment(removed_at),
    )  # fmt: skip


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
