"""The rows of the audit, added at the end and read in order, and the checkpoints that were signed over them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from cybervault.access.proofs.notes import Checkpoint
from cybervault.access.proofs.payload import Copies
from cybervault.access.proofs.rows import AuditRow
from cybervault.domain.principals import TenantId
from cybervault.storage.database import Database, Row, sql, upsert
from cybervault.storage.tables import AUDIT, AUDIT_CHECKPOINTS

PAGE_ROWS: Final = 1_000
# Below every number that somebody could have written by hand.
BELOW_ALL: Final = -(2**31)
_ABOVE_ALL: Final = 2**31 - 1

_ADD: Final = sql(sa.insert(AUDIT))
_LAST: Final = sql(sa.select(AUDIT).order_by(AUDIT.c.number.desc()).limit(1).offset(0))
_AFTER: Final = sql(
    sa.select(AUDIT)
    .where(AUDIT.c.number > sa.bindparam("seen"))
    .order_by(AUDIT.c.number)
    .limit(sa.bindparam("most", type_=sa.Integer))
    .offset(0)
)
_found = (
    sa.select(AUDIT)
    .where(
        AUDIT.c.number < sa.bindparam("before"),
        sa.or_(sa.bindparam("action", type_=sa.Text) == "", AUDIT.c.action == sa.bindparam("action")),
        sa.func.coalesce(AUDIT.c.at, 0.0) >= sa.bindparam("since", type_=sa.Float),
        sa.func.coalesce(AUDIT.c.at, 0.0) < sa.bindparam("until", type_=sa.Float),
    )
    .order_by(AUDIT.c.number.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
    .offset(0)
)
_FOUND: Final = sql(_found)
_FOUND_OF_TENANT: Final = sql(_found.where(AUDIT.c.tenant_id == sa.bindparam("tenant_id")))
_ERASE: Final = sql(
    sa.update(AUDIT).values(payload=sa.null(), salt=sa.null()).where(AUDIT.c.number == sa.bindparam("wanted"))
)
_ADD_CHECKPOINT: Final = upsert(AUDIT_CHECKPOINTS, at=["size"], change=["root", "at", "text"])
_CHECKPOINT: Final = sql(sa.select(AUDIT_CHECKPOINTS.c.text).where(AUDIT_CHECKPOINTS.c.size == sa.bindparam("wanted")))
_CHECKPOINTS: Final = sql(sa.select(AUDIT_CHECKPOINTS.c.text).order_by(AUDIT_CHECKPOINTS.c.size))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows somebody wants to see: of one tenant or all, of one action, from a time until before another."""

    tenant_id: TenantId | None
    action: str | None = None
    since: float = 0.0
    until: float = 1e12


class AuditStore:
    """The rows of the audit."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    async def lock(self) -> None:
        """Within a transaction: let nobody else add a row before it ends."""
        await self._database.lock("audit")

    async def add(self, row: AuditRow) -> None:
        """Keep a row, within the transaction of the change that it tells of."""
        values: dict[str, object] = {name: getattr(row, name) for name in AuditRow.__slots__ if name != "copies"}
        copies = row.copies
        await self._database.run(
            _ADD, values | {"tenant_id": copies.tenant_id, "action": copies.action, "at": copies.at}
        )

    async def last(self) -> AuditRow | None:
        """The newest row."""
        rows = await self._database.rows(_LAST, {})
        return _row(rows[0]) if rows else None

    async def rows(self, after: int = BELOW_ALL) -> AsyncIterator[list[AuditRow]]:
        """All rows behind a number in order, page by page."""
        seen = after
        while rows := await self._database.rows(_AFTER, {"seen": seen, "most": PAGE_ROWS}):
            page = [_row(row) for row in rows]
            yield page
            seen = page[-1].number

    async def find(self, wanted: Wanted, before: int | None, most: int) -> list[AuditRow]:
        """At most so many rows, newest first, from before a number."""
        values: dict[str, object] = {
            "before": _ABOVE_ALL if before is None else before,
            "action": wanted.action or "",
            "since": wanted.since,
            "until": wanted.until,
            "most": most,
        }
        if wanted.tenant_id is None:
            return [_row(row) for row in await self._database.rows(_FOUND, values)]
        rows = await self._database.rows(_FOUND_OF_TENANT, values | {"tenant_id": wanted.tenant_id})
        return [_row(row) for row in rows]

    async def erase(self, number: int) -> None:
        """Forget what a row says, for good; what binds it to the others stays."""
        await self._database.run(_ERASE, {"wanted": number})

    async def add_checkpoint(self, checkpoint: Checkpoint, at: float) -> None:
        """Keep a checkpoint; a newer signature over as many rows takes the place of the older."""
        await self._database.run(
            _ADD_CHECKPOINT, {"size": checkpoint.size, "root": checkpoint.root, "at": at, "text": checkpoint.text}
        )

    async def checkpoint(self, size: int) -> str | None:
        """The text of the checkpoint of so many rows."""
        rows = await self._database.rows(_CHECKPOINT, {"wanted": size})
        return str(rows[0][0]) if rows else None

    async def checkpoints(self) -> tuple[str, ...]:
        """The texts of all checkpoints, the shortest first."""
        return tuple(str(text) for (text,) in await self._database.rows(_CHECKPOINTS, {}))


def _row(values: Row) -> AuditRow:
    number, payload, salt, leaf, chain, pepper_id, signature, tenant_id, action, at = values
    return AuditRow(
        int(str(number)),
        None if payload is None else _bytes(payload),
        None if salt is None else _bytes(salt),
        _bytes(leaf),
        _bytes(chain),
        str(pepper_id),
        _bytes(signature),
        Copies(_text(tenant_id), _text(action), at if isinstance(at, float) else None),
    )


def _bytes(value: object) -> bytes:
    """What stands in the column; who tampers may leave another type, which must not stop the look at the rows."""
    return value if isinstance(value, bytes) else str(value).encode()


def _text(value: object) -> str | None:
    return None if value is None else str(value)
