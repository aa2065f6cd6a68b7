"""A scan as its tenant sees it, and what its job is given."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec

from cybervault.domain.ids import ScanFindingId, ScanId
from cybervault.domain.jobs import JobState
from cybervault.domain.principals import TenantId
from cybervault.domain.verdicts import Severity
from cybervault.scans.profiles import ProfileName
from cybervault.scans.seen import Coverage


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan. `minutes_max` count from the moment it was asked for; `progress` goes from 0 to 1."""

    id: ScanId
    tenant_id: TenantId
    profile: ProfileName
    targets: tuple[str, ...]
    minutes_max: int
    minutes_estimated: int
    state: JobState
    progress: float
    problem_code: str | None
    problem_message: str | None
    created_at: datetime
    created_by: str
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def place(self) -> tuple[float, str]:
        """Where it stands in a list by time."""
        return self.created_at.timestamp(), self.id


@dataclass(frozen=True, slots=True)
class ScanSelection:
    """Which scans are wanted; None narrows nothing."""

    state: JobState | None = None
    profile: ProfileName | None = None


class Chunk(msgspec.Struct, frozen=True):
    """One part of a scan: what an engine looks at in one go. Without `coverage` it has not come to its end."""

    number: int
    engine: str
    subjects: tuple[str, ...]
    coverage: tuple[Coverage, ...] | None = None


class FindingStatus(StrEnum):
    """Whether a scan finding still stands."""

    OPEN = "open"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class ScanFinding:
    """What scans saw at one spot of a tenant, from the first time to the last."""

    id: ScanFindingId
    tenant_id: TenantId
    fingerprint: str
    asset: str
    rule: str
    place: str
    title: str
    severity: Severity
    confidence: str
    engines: tuple[str, ...]
    evidence: tuple[str, ...]
    status: FindingStatus
    first_seen_at: datetime
    last_seen_at: datetime
    resolved_at: datetime | None
    first_scan_id: ScanId
    last_scan_id: ScanId

    @property
    def mark(self) -> tuple[float, str]:
        """Where it stands in a list by time."""
        return self.last_seen_at.timestamp(), self.id


@dataclass(frozen=True, slots=True)
class SeenSelection:
    """Which of what a scan saw is wanted: of these severities, of one asset, by these rules; what is empty is all."""

    severities: frozenset[Severity] = frozenset()
    asset: str = ""
    rules: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Phase:
    """How far one phase of a scan is, in parts; `subjects` are what its next part looks at, none at its end."""

    name: str
    done: int
    total: int
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AssetTally:
    """How much was seen of one asset, and how bad the worst of it is."""

    asset: str
    worst: Severity
    count: int


@dataclass(frozen=True, slots=True)
class Details:
    """What came of a scan so far: all of it in numbers, and its worst findings."""

    severities: Mapping[Severity, int]
    assets: tuple[AssetTally, ...]
    controls: Mapping[str, int]
    findings: tuple[ScanFinding, ...]
    coverage: tuple[Coverage, ...]
    phases: tuple[Phase, ...]
