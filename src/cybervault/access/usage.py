"""The use of keys: noted in memory at each call, written in batches, so that no request waits for it."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from cybervault.access.rhythm import every
from cybervault.access.store.usage import UsageRow, UsageStore
from cybervault.access.usage_steps import UsageStep, first_of, steps_of
from cybervault.domain.clock import Clock
from cybervault.domain.ids import random_characters
from cybervault.domain.principals import Environment, KeyId, Principal, TenantId
from cybervault.domain.problems import Problem

_LOG: Final = structlog.get_logger("cybervault.access")
# More calls than this wait for a database that is gone; the next ones are counted and forgotten.
NOTED_MAX: Final = 100_000
_BATCH_ROWS: Final = 1_000
_BEAT_SECONDS: Final = 1.0
_SECONDS_BETWEEN_COMPLAINTS: Final = 60
_REFUSED: Final = 400
_AGENT_CHARACTERS_MAX: Final = 256
_MILLISECONDS_MAX: Final = 2**31 - 1
_PROCESS_CHARACTERS: Final = 12
RECENT_MAX: Final = 50_000


@dataclass(frozen=True, slots=True)
class Use:
    """One answered call. `route` is the template of its path, never the path itself; `at` is when it came in."""

    principal: Principal
    method: str
    route: str
    status: int
    milliseconds: int
    ip: str | None
    agent: str | None
    request_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class UsagePage:
    """Some calls, newest first. Where `before` is set more follow: ask again with it."""

    rows: tuple[UsageRow, ...]
    before: tuple[float, str] | None


class Usage:
    """What callers do with their keys; those who come with a session leave no rows.

    Whoever kills the process (SIGKILL) loses what was noted in the last second. `dropped` counts calls that no room
    was left for.
    """

    def __init__(self, store: UsageStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        # The rows of a process are numbered, so that a batch whose end nobody heard of is not written twice.
        self._process = random_characters(_PROCESS_CHARACTERS)
        self._count = 0
        self._noted: list[Use] = []
        self._batch: tuple[UsageRow, ...] = ()
        self._is_repeated = False
        self._turn = asyncio.Lock()
        self.dropped = 0
        self.written = 0

    def note(self, use: Use) -> None:
        """Remember a call. Never waits and never fails."""
        if len(self._noted) < NOTED_MAX:
            self._noted.append(use)
        else:
            self.dropped += 1

    async def flush(self) -> None:
        """Write down what was noted until now; what could not be written is kept for the next time."""
        async with self._turn:
            while self._batch or self._noted:
                if not self._batch:
                    self._batch = self._rows(self._noted[:_BATCH_ROWS])
                    del self._noted[:_BATCH_ROWS]
                await self._write()

    async def run(self, stop: asyncio.Event) -> None:
        """Write each second until `stop` is set, and what is left then."""
        complained_at, complained_of = self._clock.seconds() - _SECONDS_BETWEEN_COMPLAINTS, 0
        async for _ in every(_BEAT_SECONDS, stop):
            try:
                await self.flush()
            except Problem as problem:
                _LOG.warning("usage not written", code=problem.code, waiting=len(self._noted) + len(self._batch))
            now = self._clock.seconds()
            if self.dropped > complained_of and now - complained_at >= _SECONDS_BETWEEN_COMPLAINTS:
                _LOG.error("usage lost", calls=self.dropped - complained_of)
                complained_at, complained_of = now, self.dropped

    async def page(
        self, tenant_id: TenantId, key_id: KeyId, *, before: tuple[float, str] | None = None, most: int = 50
    ) -> UsagePage:
        """The calls of a key, newest first, the last one too."""
        await self.flush()
        rows = await self._store.page(tenant_id, key_id, before=before, most=most + 1)
        if len(rows) <= most:
            return UsagePage(rows, None)
        return UsagePage(rows[:most], (rows[most - 1].at, rows[most - 1].id))

    async def steps(
        self, tenant_id: TenantId, key_id: KeyId, *, present: str, length: timedelta, count: int
    ) -> Sequence[UsageStep]:
        """The calls of a key in so many steps, the last one going on; `present` is the hint of its newest secret."""
        await self.flush()
        first, seconds = first_of(self._clock.now(), length, count), length.total_seconds()
        found = await self._store.tally(tenant_id, key_id, since=first * seconds, length=seconds, present=present)
        return steps_of(found, length, first=first, count=count)

    async def recent(self, tenant_id: TenantId, since: datetime) -> tuple[UsageRow, ...]:
        """The calls with any key of a tenant, newest first, at most 50,000."""
        await self.flush()
        return await self._store.recent(tenant_id, since=since.timestamp(), most=RECENT_MAX)

    def _rows(self, uses: Iterable[Use]) -> tuple[UsageRow, ...]:
        return tuple(row for use in uses if (row := self._row(use)) is not None)

    def _row(self, use: Use) -> UsageRow | None:
        caller = use.principal
        if caller.key_id is None:
            return None
        self._count += 1
        return UsageRow(
            f"{self._process}{self._count:012}", caller.tenant_id, caller.key_id, use.at.timestamp(), caller.hint,
            use.method, use.route, use.status, min(use.milliseconds, _MILLISECONDS_MAX), use.ip,
            _agent(use.agent), use.request_id,
            is_test=caller.environment is Environment.SANDBOX,
        )  # fmt: skip

    async def _write(self) -> None:
        batch = self._batch
        # The rows hold together: where the first is kept, all are, though nobody could say so the last time.
        if batch and not (self._is_repeated and await self._store.has(batch[0].id)):
            self._is_repeated = True
            async with self._store.transaction():
                await self._store.add(batch)
            self.written += len(batch)
        await self._note_last(batch)
        self._batch, self._is_repeated = (), False

    async def _note_last(self, batch: tuple[UsageRow, ...]) -> None:
        """One statement each, not one transaction: who holds two rows may meet who wants them the other way round."""
        used: dict[tuple[KeyId, str], UsageRow] = {}
        succeeded: dict[KeyId, UsageRow] = {}
        for row in sorted(batch, key=lambda row: row.at):
            used[row.key_id, row.hint] = row
            if row.status < _REFUSED:
                succeeded[row.key_id] = row
        for row in used.values():
            await self._store.used(row.key_id, row.hint, at=row.at, ip=row.ip)
        for row in succeeded.values():
            await self._store.succeeded(row.key_id, at=row.at, ip=row.ip, refused=_REFUSED)


def _agent(text: str | None) -> str | None:
    """What a caller calls itself, without what a database would choke on."""
    return text.replace("\x00", "")[:_AGENT_CHARACTERS_MAX] if text else None
