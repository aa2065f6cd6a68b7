"""Which member an identity provider means: found by issuer and subject, linked once."""

from typing import Any, Final

import sqlalchemy as sa

from cybervault.domain.principals import MemberId
from cybervault.storage.database import Database, sql
from cybervault.storage.tables import MEMBERS

_WANTED: sa.BindParameter[Any] = sa.bindparam("wanted")
_LIVES = MEMBERS.c.removed_at.is_(None)

_FIND: Final = sql(sa.select(MEMBERS.c.id).where(MEMBERS.c.identity == _WANTED, _LIVES))
_LINK: Final = sql(
    sa.update(MEMBERS)
    .values(identity=sa.bindparam("identity"))
    .where(MEMBERS.c.id == _WANTED, _LIVES, MEMBERS.c.identity.is_(None))
)


class IdentityStore:
    """The column that says who a member is elsewhere; `transaction` holds several calls together."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    async def find(self, issuer: str, subject: str) -> MemberId | None:
        """The member whom the provider means by this subject."""
        rows = await self._database.rows(_FIND, {"wanted": _identity(issuer, subject)})
        return MemberId(str(rows[0][0])) if rows else None

    async def link(self, member_id: MemberId, issuer: str, subject: str) -> bool:
        """Keep that this subject is this member; False where the member is somebody else there already.

        Raises `Duplicate` where the subject is another member.
        """
        values = {"wanted": member_id, "identity": _identity(issuer, subject)}
        return await self._database.run(_LINK, values) == 1


def _identity(issuer: str, subject: str) -> str:
    return f"{issuer} {subject}"
