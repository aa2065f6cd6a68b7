"""How often in a row somebody failed to prove who it is, by subject."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

import sqlalchemy as sa

from cybervault.storage.database import Database, sql, upsert
from cybervault.storage.tables import SIGN_IN_FAILURES

_OF_SUBJECT = SIGN_IN_FAILURES.c.subject == sa.bindparam("wanted")

_KEEP: Final = upsert(SIGN_IN_FAILURES, at=("subject",), change=("failures", "last_at"))
_FIND: Final = sql(sa.select(SIGN_IN_FAILURES.c.failures, SIGN_IN_FAILURES.c.last_at).where(_OF_SUBJECT))
_FORGET: Final = sql(sa.delete(SIGN_IN_FAILURES).where(_OF_SUBJECT))
_TAKE_BACK: Final = sql(
    sa.update(SIGN_IN_FAILURES)
    .values(failures=SIGN_IN_FAILURES.c.failures - 1)
    .where(_OF_SUBJECT, SIGN_IN_FAILURES.c.failures > 0)
)


@dataclass(frozen=True, slots=True)
class Failures:
    """How many in a row, and when the last one was."""

    count: int
    last_at: datetime


class FailureStore:
    """The rows of failures; `lock` makes one attempt wait for the count of the other."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    async def lock(self) -> None:
        """Within a transaction: one at a time over all nodes."""
        await self._database.lock("sign_in_failures")

    async def failures(self, subject: str) -> Failures | None:
        """What is held against a subject."""
        rows = await self._database.rows(_FIND, {"wanted": subject})
        if not rows:
            return None
        count, last_at = cast("Any", rows[0])
        return Failures(count, datetime.fromtimestamp(last_at, UTC))

    async def keep(self, subject: str, failures: Failures) -> None:
        """Keep what is held against a subject."""
        values = {"subject": subject, "failures": failures.count, "last_at": failures.last_at.timestamp()}
        await self._database.run(_KEEP, values)

    async def take_back(self, subject: str) -> None:
        """One failure less."""
        await self._database.run(_TAKE_BACK, {"wanted": subject})

    async def forget(self, subject: str) -> None:
        """Hold nothing against a subject any more."""
        await self._database.run(_FORGET, {"wanted": subject})
