"""What is kept of second factors: the sealed secret of the one-time codes, and the digests of recovery codes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

import sqlalchemy as sa

from cybervault.domain.principals import MemberId, TenantId
from cybervault.storage.database import Database, sql
from cybervault.storage.tables import MEMBERS, PASSKEYS, RECOVERY_CODES

_WANTED: sa.BindParameter[Any] = sa.bindparam("wanted")
_IS_MEMBER = (MEMBERS.c.id == _WANTED, MEMBERS.c.removed_at.is_(None))

_PASSKEYS = (
    sa.select(sa.func.count()).select_from(PASSKEYS).where(PASSKEYS.c.member_id == MEMBERS.c.id).scalar_subquery()
)
_CODES = (
    sa.select(sa.func.count())
    .select_from(RECOVERY_CODES)
    .where(RECOVERY_CODES.c.member_id == MEMBERS.c.id, RECOVERY_CODES.c.used_at.is_(None))
    .scalar_subquery()
)
_FACTORS: Final = sql(
    sa.select(
        MEMBERS.c.tenant_id, MEMBERS.c.email, MEMBERS.c.totp_secret, MEMBERS.c.totp_step, _PASSKEYS, _CODES
    ).where(*_IS_MEMBER)
)
_SET_TOTP: Final = sql(
    sa.update(MEMBERS)
    .values(totp_secret=sa.bindparam("secret"), totp_step=sa.bindparam("step"))
    .where(*_IS_MEMBER, MEMBERS.c.totp_secret.is_(None))
)
_USE_STEP: Final = sql(
    sa.update(MEMBERS)
    .values(totp_secret=sa.bindparam("secret"), totp_step=sa.bindparam("step"))
    .where(
        *_IS_MEMBER,
        MEMBERS.c.totp_secret == sa.bindparam("read_secret"),
        sa.or_(MEMBERS.c.totp_step.is_(None), MEMBERS.c.totp_step < sa.bindparam("step")),
    )
)
_DROP_TOTP: Final = sql(
    sa.update(MEMBERS)
    .values(totp_secret=sa.null(), totp_step=sa.null())
    .where(*_IS_MEMBER, MEMBERS.c.totp_secret.is_not(None))
)
_ADD_CODE: Final = sql(
    sa.insert(RECOVERY_CODES).values(
        digest=sa.bindparam("digest"), member_id=sa.bindparam("member_id"), used_at=sa.null()
    )
)
_USE_CODE: Final = sql(
    sa.update(RECOVERY_CODES)
    .values(used_at=sa.bindparam("used"))
    .where(
        RECOVERY_CODES.c.digest == sa.bindparam("code"),
        RECOVERY_CODES.c.member_id == _WANTED,
        RECOVERY_CODES.c.used_at.is_(None),
    )
)
_DROP_CODES: Final = sql(sa.delete(RECOVERY_CODES).where(RECOVERY_CODES.c.member_id == _WANTED))
_DROP_PASSKEYS: Final = sql(sa.delete(PASSKEYS).where(PASSKEYS.c.member_id == _WANTED))


@dataclass(frozen=True, slots=True)
class Factors:
    """What a member has besides the password; `totp_step` is the last one whose code was used."""

    tenant_id: TenantId
    email: str
    totp_secret: bytes | None
    totp_step: int | None
    passkeys: int
    recovery_codes: int

    @property
    def is_any(self) -> bool:
        """Whether there is a second factor; recovery codes alone are none."""
        return self.totp_secret is not None or self.passkeys > 0


class SecondFactorStore:
    """The rows of second factors; `transaction` holds several calls together."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    async def lock(self) -> None:
        """Within a transaction: one change of anybody's second factors at a time, over all nodes.

        What stays when one of two is removed would not be right between two removals at once.
        """
        await self._database.lock("second_factors")

    async def factors(self, member_id: MemberId) -> Factors | None:
        """What a member has; None where there is no such member."""
        rows = await self._database.rows(_FACTORS, {"wanted": member_id})
        if not rows:
            return None
        tenant_id, email, secret, step, passkeys, codes = cast("Any", rows[0])
        return Factors(TenantId(tenant_id), email, secret, step, passkeys, codes)

    async def set_totp(self, member_id: MemberId, secret: bytes, step: int) -> bool:
        """Keep a sealed secret; False where there is one already."""
        values = {"wanted": member_id, "secret": secret, "step": step}
        return await self._database.run(_SET_TOTP, values) == 1

    async def use_step(self, member_id: MemberId, step: int, *, read: bytes, keep: bytes) -> bool:
        """Note the step of a code and `keep` the secret as it is sealed now; of two callers at once only one may.

        False where a code of this or a later step was used, or the secret is no longer the one that was `read`.
        """
        values = {"wanted": member_id, "step": step, "read_secret": read, "secret": keep}
        return await self._database.run(_USE_STEP, values) == 1

    async def drop_totp(self, member_id: MemberId) -> bool:
        """Forget the secret; False where there was none."""
        return await self._database.run(_DROP_TOTP, {"wanted": member_id}) == 1

    async def keep_codes(self, member_id: MemberId, digests: Iterable[bytes]) -> None:
        """Keep these recovery codes in the place of all older ones."""
        await self.drop_codes(member_id)
        for digest in digests:
            await self._database.run(_ADD_CODE, {"digest": digest, "member_id": member_id})

    async def use_code(self, member_id: MemberId, digests: Sequence[bytes], at: datetime) -> bool:
        """Use up the code that has one of these digests; False where the member has none such, or used it before."""
        for digest in digests:
            values = {"wanted": member_id, "code": digest, "used": at.timestamp()}
            if await self._database.run(_USE_CODE, values) == 1:
                return True
        return False

    async def drop_codes(self, member_id: MemberId) -> None:
        """Forget all recovery codes."""
        await self._database.run(_DROP_CODES, {"wanted": member_id})

    async def drop_passkeys(self, member_id: MemberId) -> int:
        """Forget all passkeys; how many there were."""
        return await self._database.run(_DROP_PASSKEYS, {"wanted": member_id})
