"""How what a part of a scan saw is taken in: spots seen again, new ones, and those that were looked for in vain."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cybervault.domain.clock import Clock
from cybervault.domain.ids import ScanId, new_scan_finding_id
from cybervault.domain.jobs import Happened
from cybervault.domain.principals import TenantId
from cybervault.scans.rules import is_asked, scan_rules
from cybervault.scans.scan import FindingStatus, ScanFinding
from cybervault.scans.seen import (
    EVIDENCE_CHARACTERS_MAX,
    EVIDENCE_MAX,
    Closed,
    Coverage,
    Report,
    Seen,
    is_within,
)
from cybervault.scans.store.findings import ScanFindingStore
from cybervault.scans.store.scans import ScanStore
from cybervault.scans.timeline import Events


@dataclass(frozen=True, slots=True)
class PartKey:
    """Which part of which scan."""

    tenant_id: TenantId
    scan_id: ScanId
    number: int


class Ledger:
    """Writes what was seen; the same report taken in twice changes nothing but times."""

    def __init__(self, scans: ScanStore, findings: ScanFindingStore, *, events: Events, clock: Clock) -> None:
        self._scans = scans
        self._findings = findings
        self._events = events
        self._clock = clock

    async def take_in(self, part: PartKey, report: Report, *, has_compliance_rules: bool) -> None:
        """Keep findings, packages and coverage of one part together; what was covered and not seen again is resolved.

        Without the rules of compliance nothing was asked about them, so that nothing of them is resolved.
        """
        now = self._clock.now()
        async with self._findings.transaction():
            await self._findings.lock(part.tenant_id)
            for seen in _merged(report.seen):
                await self._see(part, seen, now)
            await self._resolve_gone(part, report, now, has_compliance_rules=has_compliance_rules)
            for inventory in report.inventories:
                await self._scans.keep_inventory(part.tenant_id, part.scan_id, inventory)
            await self._scans.cover(part.scan_id, part.number, report.coverage)

    async def take_over(self, part: PartKey, results: Iterable[Seen]) -> tuple[int, int]:
        """Within a transaction: keep what others saw, who do not say where else they looked, so that nothing ends.

        How many findings that are, and how many of them are new or open again.
        """
        await self._findings.lock(part.tenant_id)
        now, spots = self._clock.now(), _merged(results)
        return len(spots), sum([await self._see(part, seen, now) for seen in spots])

    async def let_go(self, part: PartKey, results: Iterable[Seen]) -> int:
        """Within a transaction: resolve what others say is gone, where they alone have seen it; how many that are."""
        now, gone = self._clock.now(), list[ScanFinding]()
        for one, *_ in _merged(results):
            before = await self._findings.by_fingerprint(part.tenant_id, one.fingerprint)
            is_theirs = before is not None and set(before.engines) == {one.engine}
            if before is not None and is_theirs and before.status is FindingStatus.OPEN:
                gone.append(before)
        await self._findings.resolve(part.tenant_id, [one.id for one in gone], now)
        for finding in gone:
            await self._tell(finding, "scan_finding.resolved", part.scan_id)
        return len(gone)

    async def _see(self, part: PartKey, seen: tuple[Seen, ...], now: datetime) -> bool:
        """Keep what was seen at one spot; whether that is new, or open again."""
        one = seen[0]
        # What others saw brings its own words; what our engines saw has those of a rule of ours.
        title, severity = one.title or scan_rules()[one.rule].title, one.severity or scan_rules()[one.rule].severity
        before = await self._findings.by_fingerprint(part.tenant_id, one.fingerprint)
        engines = {sight.engine for sight in seen} | set(before.engines if before is not None else ())
        # What another part of this scan has seen there stands beside it.
        known = before.evidence if before is not None and before.last_scan_id == part.scan_id else ()
        told = (sight.evidence[:EVIDENCE_CHARACTERS_MAX] for sight in seen if sight.evidence)
        evidence = tuple(dict.fromkeys((*known, *told)))[:EVIDENCE_MAX]
        made = ScanFinding(
            new_scan_finding_id(), part.tenant_id, one.fingerprint, one.asset, one.rule, one.place,
            title, severity, "high", tuple(sorted(engines)), evidence,
            FindingStatus.OPEN, now, now, None, part.scan_id, part.scan_id,
        )  # fmt: skip
        if before is not None:
            made = replace(made, id=before.id, first_seen_at=before.first_seen_at, first_scan_id=before.first_scan_id)
        await self._findings.see(made, part.scan_id)
        is_opened = before is None or before.status is FindingStatus.RESOLVED
        if is_opened:
            await self._tell(made, "scan_finding.opened", part.scan_id)
        return is_opened

    async def _resolve_gone(self, part: PartKey, report: Report, now: datetime, *, has_compliance_rules: bool) -> None:
        fingerprints = {seen.fingerprint for seen in report.seen}
        for asset in sorted({line.asset for line in report.coverage}):
            standing = await self._findings.open_of_asset(part.tenant_id, asset)
            lines = [*report.coverage, *await self._looked_before(part, report, standing)]
            gone = [
                one
                for one in standing
                # What another part of this scan has seen is there, at another address of the same name.
                if one.fingerprint not in fingerprints
                and one.last_scan_id != part.scan_id
                and _is_gone(one, report.closed, lines, has_compliance_rules=has_compliance_rules)
            ]
            await self._findings.resolve(part.tenant_id, [one.id for one in gone], now)
            for one in gone:
                await self._tell(one, "scan_finding.resolved", part.scan_id)

    async def _looked_before(
        self, part: PartKey, report: Report, standing: Iterable[ScanFinding]
    ) -> list[Coverage]:  # fmt: skip
        """What other parts of the scan have looked at, where one of their engines saw the same as one of this part."""
        here = {line.engine for line in report.coverage}
        if not any(here.intersection(one.engines) and not here.issuperset(one.engines) for one in standing):
            return []
        chunks = await self._scans.chunks(part.tenant_id, part.scan_id)
        return [line for chunk in chunks for line in chunk.coverage or ()]

    async def _tell(self, finding: ScanFinding, topic: str, scan_id: ScanId) -> None:
        payload = {
            "asset": finding.asset,
            "place": finding.place,
            "rule": finding.rule,
            "title": finding.title,
            "severity": finding.severity.value,
            "scan_id": scan_id,
        }
        await self._events.append(Happened(topic, finding.id, finding.tenant_id, payload))


def _is_gone(
    finding: ScanFinding, closed: Iterable[Closed], lines: Sequence[Coverage], *, has_compliance_rules: bool
) -> bool:  # fmt: skip
    """Whether nothing listens there, or the spot was looked at by every engine that saw it."""
    if any(one.asset == finding.asset and is_within(finding.place, one.places) for one in closed):
        return True
    return is_asked(finding.rule, has_compliance_rules=has_compliance_rules) and all(
        any(line.covers(finding.asset, finding.place, (engine,)) for line in lines) for engine in finding.engines
    )


def _merged(seen: Iterable[Seen]) -> list[tuple[Seen, ...]]:
    """What was seen, by spot: two engines at one spot are one finding."""
    spots: dict[str, list[Seen]] = {}
    for one in seen:
        spots.setdefault(one.fingerprint, []).append(one)
    return [tuple(one) for one in spots.values()]
