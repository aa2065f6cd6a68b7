"""Uploads: what other tools saw becomes findings of the tenant, the same spot once however often it is uploaded."""

import asyncio
from dataclasses import dataclass

from cybervault.access.audit import Actor, Change, Happening
from cybervault.access.journal import Journal
from cybervault.domain.ids import new_job_id, new_scan_id
from cybervault.domain.jobs import Job, JobState
from cybervault.domain.principals import TenantId
from cybervault.scans.ledger import Ledger, PartKey
from cybervault.scans.profiles import ProfileName
from cybervault.scans.sarif import SarifFile, read_sarif, tools_of
from cybervault.scans.scan import Scan
from cybervault.scans.store.scans import ScanStore
from cybervault.scans.targets import UPLOADED
from cybervault.scans.timeline import Timeline
from cybervault.scans.worker import KIND


@dataclass(frozen=True, slots=True)
class Upload:
    """The scan that an upload was kept as, and how many findings it saw.

    `opened` of them are new or open again; `resolved` are others, that it says are gone.
    """

    scan: Scan
    findings: int
    opened: int
    resolved: int
    faults: tuple[str, ...]


class Uploads:
    """Takes files in, each as a scan that has ended."""

    def __init__(self, scans: ScanStore, ledger: Ledger, journal: Journal, *, timeline: Timeline) -> None:
        self._scans = scans
        self._ledger = ledger
        self._journal = journal
        self._timeline = timeline

    async def sarif(self, tenant_id: TenantId, body: bytes, content_type: str, *, actor: Actor) -> Upload:
        """Take in a SARIF file, all of it or nothing; what it does not name stays as it is, and its end is told.

        Raises `Problem` INVALID `bad_sarif`, TOO_LARGE `payload_too_large`.
        """
        file = await asyncio.to_thread(read_sarif, body, content_type)
        scan = self._scan_of(tenant_id, file, actor)
        async with self._scans.transaction():
            await self._scans.add(scan)
            part = PartKey(tenant_id, scan.id, 0)
            seen = {one.fingerprint for one in file.results}
            resolved = await self._ledger.let_go(part, [one for one in file.gone if one.fingerprint not in seen])
            findings, opened = await self._ledger.take_over(part, file.results)
            details = {"tools": ", ".join(tools_of(file.results))[:1_000], "findings": str(findings)}
            await self._journal.record(Happening(Change.SCAN_UPLOADED, actor, scan.id, tenant_id, details))
            await self._timeline.end(scan, _ended(scan))
        return Upload(scan, findings, opened, resolved, file.faults)

    def _scan_of(self, tenant_id: TenantId, file: SarifFile, actor: Actor) -> Scan:
        now = self._journal.clock.now()
        tools = tools_of((*file.results, *file.gone)) or ("nothing",)
        return Scan(
            new_scan_id(), tenant_id, ProfileName.STANDARD, tuple(f"{UPLOADED}{tool}" for tool in tools), 0, 0,
            JobState.COMPLETED, 1.0, problem_code=None, problem_message=None, created_at=now, created_by=actor.name,
            started_at=now, finished_at=now,
        )  # fmt: skip


def _ended(scan: Scan) -> Job:
    """Stands for the job that an upload does not need."""
    return Job(
        new_job_id(), scan.tenant_id, KIND, scan.id, None, scan.state, 1, scan.progress, "", problem_code=None,
        problem_message=None, created_at=scan.created_at, started_at=scan.started_at, finished_at=scan.finished_at,
    )  # fmt: skip
