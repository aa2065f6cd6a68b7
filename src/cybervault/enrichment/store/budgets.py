"""What sources still allow, kept over restarts: the rows behind `egress.budget`."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from cybervault.egress.budget import Lane, Window
from cybervault.storage.database import Database, sql
from cybervault.storage.tables import BUDGET_BLOCKS, BUDGETS

_KEPT_SECONDS: Final = 3 * 86_400

_place = (
    BUDGETS.c.source == sa.bindparam("source"),
    BUDGETS.c.key_fingerprint == sa.bindparam("key_fingerprint"),
    BUDGETS.c.window_seconds == sa.bindparam("window_seconds"),
    BUDGETS.c.window_start == sa.bindparam("window_start"),
)
_insert = insert(BUDGETS)
_ADD: Final = sql(
    _insert.on_conflict_do_update(
        index_elements=["source", "key_fingerprint", "window_seconds", "window_start"],
        set_={"used": sa.func.max(sa.literal_column("0"), BUDGETS.c.used + sa.bindparam("calls"))},
    ).returning(BUDGETS.c.used)
)
_USED: Final = sql(sa.select(BUDGETS.c.used).where(*_place))
_FORGET: Final = sql(sa.delete(BUDGETS).where(BUDGETS.c.window_start < sa.bindparam("before")))
_insert_block = insert(BUDGET_BLOCKS)
_BLOCK: Final = sql(
    _insert_block.on_conflict_do_update(
        index_elements=["source", "key_fingerprint"],
        set_={"blocked_until": sa.func.max(BUDGET_BLOCKS.c.blocked_until, _insert_block.excluded.blocked_until)},
    )
)
_BLOCKED: Final = sql(
    sa.select(BUDGET_BLOCKS.c.blocked_until).where(
        BUDGET_BLOCKS.c.source == sa.bindparam("source"),
        BUDGET_BLOCKS.c.key_fingerprint == sa.bindparam("key_fingerprint"),
    )
)


class StoredBudgets:
    """Counts that outlive a restart and are shared by all processes on one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, window: Window, calls: int) -> int:
        """Add calls (negative gives back, never below 0); the count after it."""
        values = _window(window) | {"used": max(0, calls), "calls": calls}
        rows = self._database.rows(_ADD, values)
        if window.start and calls > 0 and rows[0][0] == 1:
            self._database.run(_FORGET, {"before": window.start - _KEPT_SECONDS})
        return int(str(rows[0][0]))

    async def used(self, window: Window) -> int:
        """The count of a window, 0 for an unknown one."""
        rows = self._database.rows(_USED, _window(window))
        return int(str(rows[0][0])) if rows else 0

    async def block(self, lane: Lane, until: float) -> None:
        """Keep a lane blocked until a time, never shortening an earlier block."""
        self._database.run(_BLOCK, _lane(lane) | {"blocked_until": until})

    async def blocked_until(self, lane: Lane) -> float:
        """The time until which a lane is blocked, 0 when it is not known to be."""
        rows = self._database.rows(_BLOCKED, _lane(lane))
        return float(str(rows[0][0])) if rows else 0.0


def _lane(lane: Lane) -> dict[str, object]:
    return {"source": lane.source, "key_fingerprint": lane.fingerprint}


def _window(window: Window) -> dict[str, object]:
    return _lane(window.lane) | {"window_seconds": window.seconds, "window_start": window.start}
