"""A scan that is asked for again and again, and how its last turn went."""

from dataclasses import dataclass
from datetime import datetime

from cybervault.domain.ids import ScanId, ScheduleId
from cybervault.domain.principals import TenantId
from cybervault.scans.profiles import ProfileName


@dataclass(frozen=True, slots=True)
class Schedule:
    """One schedule of a tenant. `next_at` is None while it is paused, and where no turn comes any more.

    Of its last turn it tells when that was due, and either the scan that was begun or why none was.
    """

    id: ScheduleId
    tenant_id: TenantId
    name: str
    targets: tuple[str, ...]
    profile: ProfileName
    minutes_max: int
    cron: str
    timezone: str
    is_enabled: bool
    next_at: datetime | None
    created_at: datetime
    created_by: str
    last_at: datetime | None = None
    last_scan_id: ScanId | None = None
    problem_code: str | None = None
    problem_message: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """How one turn of a schedule went: a scan, or why there is none."""

    scan_id: ScanId | None
    problem_code: str | None = None
    problem_message: str | None = None


@dataclass(frozen=True, slots=True)
class NewSchedule:
    """What somebody wants scanned, and when."""

    name: str
    targets: tuple[str, ...]
    cron: str
    timezone: str
    profile: ProfileName = ProfileName.STANDARD
    minutes_max: int = 60


@dataclass(frozen=True, slots=True)
class ScheduleEdit:
    """What is to be changed; None leaves a part as it is."""

    name: str | None = None
    targets: tuple[str, ...] | None = None
    cron: str | None = None
    timezone: str | None = None
    profile: ProfileName | None = None
    minutes_max: int | None = None
    is_enabled: bool | None = None
