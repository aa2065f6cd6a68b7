"""The rows of the audit: added at the end, read in order, never changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from cybervault.storage.database import Database, sql
from cybervault.storage.tables import AUDIT

_PAGE_ROWS: Final = 1_000

_ADD: Final = sql(sa.insert(AUDIT))
_LAST: Final = sql(sa.select(AUDIT).where(AUDIT.c.number == sa.select(sa.func.max(AUDIT.c.number)).scalar_subquery()))
_PAGE: Final = sql(
    sa.select(AUDIT)
    .where(AUDIT.c.number > sa.bindparam("seen"))
    .order_by(AUDIT.c.number)
    .limit(sa.bindparam("most"))
    .offset(sa.bindparam("skipped"))  # SQLAlchemy would bind a name of its own
)


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row as it is kept; `payload` and `salt` are None together where a payload was erased."""

    number: int
    payload: bytes | None
    salt: bytes | None
    leaf: bytes
    chain: bytes
    pepper_id: str
    signature: bytes


class AuditStore:
    """The rows of the audit."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, row: AuditRow) -> None:
        """Keep a row, within the transaction of the change that it tells of."""
        self._database.run(_ADD, {name: getattr(row, name) for name in AuditRow.__slots__})

    def last(self) -> AuditRow | None:
        """The newest row."""
        rows = self._database.rows(_LAST, {})
        return _row(rows[0]) if rows else None

    def rows(self) -> Iterator[AuditRow]:
        """All rows in order, read page by page."""
        seen = -1
        while page := self._database.rows(_PAGE, {"seen": seen, "most": _PAGE_ROWS, "skipped": 0}):
            for values in page:
                row = _row(values)
                seen = row.number
                yield row


def _row(values: tuple[object, ...]) -> AuditRow:
    number, payload, salt, leaf, chain, pepper_id, signature = values
    return AuditRow(
        int(str(number)),
        None if payload is None else _bytes(payload),
        None if salt is None else _bytes(salt),
        _bytes(leaf),
        _bytes(chain),
        str(pepper_id),
        _bytes(signature),
    )


def _bytes(value: object) -> bytes:
    """What stands in the column; who tampers may leave another type, which must not stop the look at the rows."""
    return value if isinstance(value, bytes) else str(value).encode()
