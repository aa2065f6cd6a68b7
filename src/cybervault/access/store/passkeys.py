"""Passkeys: found by the credential's id at sign-in, by member for lists and changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

import sqlalchemy as sa

from cybervault.domain.principals import MemberId, TenantId
from cybervault.storage.database import Database, sql, upsert
from cybervault.storage.tables import MEMBERS, PASSKEYS

_WANTED: sa.BindParameter[Any] = sa.bindparam("wanted")
_LIVES = MEMBERS.c.removed_at.is_(None)

_ADD: Final = upsert(PASSKEYS, at=("credential_id",), change=())
_FIND: Final = sql(
    sa.select(PASSKEYS, MEMBERS.c.tenant_id)
    .join(MEMBERS, MEMBERS.c.id == PASSKEYS.c.member_id)
    .where(PASSKEYS.c.credential_id == _WANTED, _LIVES)
)
_ALL: Final = sql(
    sa.select(PASSKEYS, MEMBERS.c.tenant_id)
    .join(MEMBERS, MEMBERS.c.id == PASSKEYS.c.member_id)
    .where(PASSKEYS.c.member_id == _WANTED, _LIVES)
    .order_by(PASSKEYS.c.created_at, PASSKEYS.c.credential_id)
)
# Many passkeys do not count, and say 0 each time; one that counts must go on.
_USE: Final = sql(
    sa.update(PASSKEYS)
    .values(uses=sa.bindparam("count"), last_used_at=sa.bindparam("at"))
    .where(
        PASSKEYS.c.credential_id == _WANTED,
        sa.or_(
            PASSKEYS.c.uses < sa.bindparam("count"),
            sa.and_(PASSKEYS.c.uses == sa.literal_column("0"), sa.bindparam("is_uncounted", type_=sa.Boolean)),
        ),
    )
)
_REMOVE: Final = sql(
    sa.delete(PASSKEYS).where(PASSKEYS.c.credential_id == _WANTED, PASSKEYS.c.member_id == sa.bindparam("member_id"))
)


@dataclass(frozen=True, slots=True)
class Passkey:
    """One passkey of a member; `uses` is what it counted itself when it was last used, 0 where it does not count."""

    credential_id: bytes
    member_id: MemberId
    tenant_id: TenantId
    public_key: bytes
    uses: int
    name: str
    created_at: datetime
    last_used_at: datetime | None = None


class PasskeyStore:
    """The rows of passkeys; `transaction` holds several calls together."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    async def lock(self) -> None:
        """Within a transaction: one change of anybody's second factors at a time, over all nodes."""
        await self._database.lock("second_factors")

    async def add(self, passkey: Passkey) -> bool:
        """Keep a new one; False where its credential is known already, whosever it is."""
        values = {
            "credential_id": passkey.credential_id,
            "member_id": passkey.member_id,
            "public_key": passkey.public_key,
            "uses": passkey.uses,
            "name": passkey.name,
            "created_at": passkey.created_at.timestamp(),
            "last_used_at": None,
        }
        return await self._database.run(_ADD, values) == 1

    async def find(self, credential_id: bytes) -> Passkey | None:
        """The passkey of a credential, of a member who was not removed."""
        rows = await self._database.rows(_FIND, {"wanted": credential_id})
        return _passkey(rows[0]) if rows else None

    async def all(self, member_id: MemberId) -> Sequence[Passkey]:
        """All passkeys of a member, oldest first."""
        return tuple(_passkey(row) for row in await self._database.rows(_ALL, {"wanted": member_id}))

    async def use(self, credential_id: bytes, count: int, at: datetime) -> bool:
        """Note a use and the passkey's own count; False where the count does not go on, as a copy's would not."""
        values = {"wanted": credential_id, "count": count, "is_uncounted": count == 0, "at": at.timestamp()}
        return await self._database.run(_USE, values) == 1

    async def remove(self, credential_id: bytes, member_id: MemberId) -> bool:
        """Forget a passkey of this member; False where the member has no such."""
        values = {"wanted": credential_id, "member_id": member_id}
        return await self._database.run(_REMOVE, values) == 1


def _passkey(row: tuple[object, ...]) -> Passkey:
    credential_id, member_id, public_key, uses, name, created_at, used_at, tenant_id = cast("Any", row)
    return Passkey(
        credential_id, MemberId(member_id), TenantId(tenant_id), public_key, uses, name,
        datetime.fromtimestamp(created_at, UTC), None if used_at is None else datetime.fromtimestamp(used_at, UTC),
    )  # fmt: skip
