"""The digests of one-time tokens, one for each subject: a newer one replaces the older."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

import sqlalchemy as sa

from cybervault.storage.database import Database, sql, upsert
from cybervault.storage.tables import INVITATIONS

_KEEP: Final = upsert(INVITATIONS, at=("subject",), change=("digest", "expires_at", "used_at"))
_FIND: Final = sql(sa.select(INVITATIONS).where(INVITATIONS.c.digest == sa.bindparam("wanted")))
_USE: Final = sql(
    sa.update(INVITATIONS)
    .values(used_at=sa.bindparam("used"))
    .where(INVITATIONS.c.digest == sa.bindparam("wanted"), INVITATIONS.c.used_at.is_(None))
)
_FORGET: Final = sql(sa.delete(INVITATIONS).where(INVITATIONS.c.subject == sa.bindparam("wanted")))


@dataclass(frozen=True, slots=True)
class Invitation:
    """What is kept of one token."""

    subject: str
    digest: bytes
    expires_at: datetime
    used_at: datetime | None = None

    def works_at(self, now: datetime) -> bool:
        """Whether it was not used and has not expired."""
        return self.used_at is None and now < self.expires_at


class InvitationStore:
    """The rows of one-time tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    async def keep(self, invitation: Invitation) -> None:
        """Keep a new token in the place of its subject's older one."""
        values = {
            "subject": invitation.subject,
            "digest": invitation.digest,
            "expires_at": invitation.expires_at.timestamp(),
            "used_at": None,
        }
        await self._database.run(_KEEP, values)

    async def find(self, digest: bytes) -> Invitation | None:
        """The token of this digest."""
        rows = await self._database.rows(_FIND, {"wanted": digest})
        if not rows:
            return None
        subject, kept, expires_at, used_at = cast("Any", rows[0])
        used = None if used_at is None else datetime.fromtimestamp(used_at, UTC)
        return Invitation(subject, kept, datetime.fromtimestamp(expires_at, UTC), used)

    async def use(self, digest: bytes, at: datetime) -> bool:
        """Mark it as used; whether this call was the one that did."""
        return await self._database.run(_USE, {"wanted": digest, "used": at.timestamp()}) == 1

    async def forget(self, subject: str) -> None:
        """Let the token of a subject open nothing any more."""
        await self._database.run(_FORGET, {"wanted": subject})
