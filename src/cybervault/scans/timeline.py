"""What is told of a scan while it goes on: that it has begun, how far it is, and how it ended. Each once."""

import asyncio
from typing import Final, Protocol

import structlog

from cybervault.access.rhythm import every
from cybervault.domain.clock import Clock
from cybervault.domain.ids import ScanId
from cybervault.domain.jobs import Happened, Job
from cybervault.domain.principals import TenantId
from cybervault.domain.problems import Problem
from cybervault.scans.scan import Scan
from cybervault.scans.store.scans import ScanStore

_LOG: Final = structlog.get_logger("cybervault.scans")
# Whoever has a job does not know what else hangs on its end: this is looked for.
_SECONDS_BETWEEN: Final = 1.0
_AT_ONCE: Final = 100
_TARGETS_CHARACTERS_MAX: Final = 1_000


class Events(Protocol):
    """Where others learn of it."""

    async def append(self, event: Happened) -> object:
        """Within the caller's transaction: keep an event until everybody who wants it was told."""


class Timeline:
    """Writes how a scan stands, and tells it in the same transaction, whoever it is that notices."""

    def __init__(self, scans: ScanStore, events: Events, clock: Clock) -> None:
        self._scans = scans
        self._events = events
        self._clock = clock

    async def begun(self, tenant_id: TenantId, scan_id: ScanId) -> None:
        """It runs; a second worker that takes it over says nothing new."""
        async with self._scans.transaction():
            if await self._scans.begin(tenant_id, scan_id, self._clock.now()):
                await self._tell(tenant_id, scan_id, "scan.started")

    async def advanced(self, tenant_id: TenantId, scan_id: ScanId, progress: float) -> None:
        """It has come so far; told at most once for each tenth."""
        async with self._scans.transaction():
            if await self._scans.advance(tenant_id, scan_id, progress):
                await self._tell(tenant_id, scan_id, "scan.progress", progress=f"{progress:.2f}")

    async def ended(self, scan: Scan, job: Job) -> None:
        """Its job has ended."""
        async with self._scans.transaction():
            await self.end(scan, job)

    async def end(self, scan: Scan, job: Job) -> None:
        """Within the caller's transaction: the same."""
        if await self._scans.settle(scan, job):
            topic = f"scan.{job.state.value}"
            payload = _payload(scan) | {"state": job.state.value, "problem": job.problem_message or ""}
            await self._events.append(Happened(topic, scan.id, scan.tenant_id, payload))

    async def settle(self) -> int:
        """Write and tell the ends of all scans whose jobs have ended, however they did; how many were looked at."""
        found = await self._scans.unsettled(_AT_ONCE)
        for scan, job in found:
            await self.ended(scan, job)
        return len(found)

    async def run(self, stop: asyncio.Event) -> None:
        """Look for ends each second until `stop` is set."""
        async for _ in every(_SECONDS_BETWEEN, stop):
            try:
                await self.settle()
            except Problem as problem:
                _LOG.warning("ends of scans wait", code=problem.code)

    async def _tell(self, tenant_id: TenantId, scan_id: ScanId, topic: str, **said: str) -> None:
        scan = await self._scans.find(tenant_id, scan_id)
        if scan is not None:
            await self._events.append(Happened(topic, scan_id, tenant_id, _payload(scan) | said))


def _payload(scan: Scan) -> dict[str, str]:
    return {"profile": scan.profile.value, "targets": ", ".join(scan.targets)[:_TARGETS_CHARACTERS_MAX]}
