"""What sources still allow, kept over restarts: the rows behind `egress.budget`."""

import asyncio
import contextvars
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from cybervault.egress.budget import Lane, Window
from cybervault.storage.database import Database, larger, sql, upsert
from cybervault.storage.tables import BUDGET_BLOCKS, BUDGETS

_KEPT_SECONDS: Final = 3 * 86_400

_place = (
    BUDGETS.c.source == sa.bindparam("source"),
    BUDGETS.c.key_fingerprint == sa.bindparam("key_fingerprint"),
    BUDGETS.c.window_seconds == sa.bindparam("window_seconds"),
    BUDGETS.c.window_start == sa.bindparam("window_start"),
)
_ADD: Final = upsert(
    BUDGETS,
    at=["source", "key_fingerprint", "window_seconds", "window_start"],
    change=lambda new: {"used": BUDGETS.c.used + new.used},
    returning=["used"],
)
_TAKE_BACK: Final = sql(sa.update(BUDGETS).values(used=BUDGETS.c.used - 1).where(*_place, BUDGETS.c.used > 0))
_USED: Final = sql(sa.select(BUDGETS.c.used).where(*_place))
_FORGET: Final = sql(sa.delete(BUDGETS).where(BUDGETS.c.window_start < sa.bindparam("before")))
_BLOCK: Final = upsert(
    BUDGET_BLOCKS,
    at=["source", "key_fingerprint"],
    change=lambda new: {"blocked_until": larger(BUDGET_BLOCKS.c.blocked_until, new.blocked_until)},
)
_BLOCKED: Final = sql(
    sa.select(BUDGET_BLOCKS.c.blocked_until).where(
        BUDGET_BLOCKS.c.source == sa.bindparam("source"),
        BUDGET_BLOCKS.c.key_fingerprint == sa.bindparam("key_fingerprint"),
    )
)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Calls that are counted together, each in its window."""

    windows: list[Window]
    counting: asyncio.Task[list[int]]


class StoredBudgets:
    """Counts that outlive a restart and are shared by all processes on one database.

    All sources of a question reserve their calls at the same moment, so what comes in one turn of the event loop is
    written at once. Nobody's call goes out before it is counted.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._batch: _Batch | None = None

    async def add(self, windows: Sequence[Window]) -> Sequence[int]:
        """Count a call in each of the windows; their counts after it."""
        batch = self._batch = self._batch or self._begin()
        first = len(batch.windows)
        batch.windows.extend(windows)
        # Who gives up does not call off the counting of the others.
        counts = await asyncio.shield(batch.counting)
        return counts[first : first + len(windows)]

    async def take_back(self, windows: Sequence[Window]) -> None:
        """Count one call less in each of the windows, never below 0."""
        for window in windows:
            await self._database.run(_TAKE_BACK, _window(window))

    async def used(self, window: Window) -> int:
        """The count of a window, 0 for an unknown one."""
        rows = await self._database.rows(_USED, _window(window))
        return int(str(rows[0][0])) if rows else 0

    def _begin(self) -> "_Batch":
        windows: list[Window] = []
        # Its context is empty, so that it never joins a transaction of the one who happens to come first.
        counting = asyncio.get_running_loop().create_task(self._count(windows), context=contextvars.Context())
        return _Batch(windows, counting)

    async def _count(self, windows: Sequence[Window]) -> list[int]:
        self._batch = None  # it begins a turn after its making, when all who come together have come
        calls = sorted(Counter(windows).items(), key=_order)
        rows = await self._database.rows_of_each(_ADD, [_window(window) | {"used": count} for window, count in calls])
        used = {window: int(str(row[0])) - count for (window, count), row in zip(calls, rows, strict=True)}
        newest = max((window.start for window, count in used.items() if not count), default=0)
        if newest:
            await self._database.run(_FORGET, {"before": newest - _KEPT_SECONDS})
        counts = []
        for window in windows:
            used[window] += 1
            counts.append(used[window])
        return counts

    async def block(self, lane: Lane, until: float) -> None:
        """Keep a lane blocked until a time, never shortening an earlier block."""
        await self._database.run(_BLOCK, _lane(lane) | {"blocked_until": until})

    async def blocked_until(self, lane: Lane) -> float:
        """The time until which a lane is blocked, 0 when it is not known to be."""
        rows = await self._database.rows(_BLOCKED, _lane(lane))
        return float(str(rows[0][0])) if rows else 0.0


def _order(counted: tuple[Window, int]) -> tuple[str, str, int, int]:
    window, _ = counted
    return window.lane.source, window.lane.fingerprint, window.seconds, window.start


def _lane(lane: Lane) -> dict[str, object]:
    return {"source": lane.source, "key_fingerprint": lane.fingerprint}


def _window(window: Window) -> dict[str, object]:
    return _lane(window.lane) | {"window_seconds": window.seconds, "window_start": window.start}
