"""Tickets that were used, until they would have expired anyway: none counts twice, on whatever node it is shown."""

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from cybervault.storage.database import Database, sql, upsert
from cybervault.storage.tables import INVITATIONS

# They stand among the other one-time tokens, under subjects that no member has.
_PREFIX: Final = "ticket:"

_SPEND: Final = upsert(INVITATIONS, at=("subject",), change=())
_FORGET: Final = sql(
    sa.delete(INVITATIONS).where(
        INVITATIONS.c.subject.startswith(_PREFIX, autoescape=True), INVITATIONS.c.expires_at < sa.bindparam("now")
    )
)


class TicketStore:
    """The rows of used tickets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def spend(self, digest: bytes, ends_at: datetime, now: datetime) -> bool:
        """Note that a ticket was used; whether this was the first time. Those that have expired are forgotten."""
        await self._database.run(_FORGET, {"now": now.timestamp()})
        values = {
            "subject": f"{_PREFIX}{digest.hex()}",
            "digest": digest,
            "expires_at": ends_at.timestamp(),
            "used_at": now.timestamp(),
        }
        return await self._database.run(_SPEND, values) == 1
