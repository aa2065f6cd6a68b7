"""A scan and a finding as stores keep them."""

from datetime import UTC, datetime
from typing import Final

from cybervault.domain.ids import ScanFindingId, ScanId
from cybervault.domain.jobs import JobState
from cybervault.domain.principals import TenantId
from cybervault.domain.verdicts import Severity
from cybervault.scans.profiles import ProfileName
from cybervault.scans.scan import FindingStatus, Scan, ScanFinding

NOW: Final = datetime(2026, 11, 1, 12, 30, 0, 123456, tzinfo=UTC)
OURS: Final = TenantId("tv_1")
THEIRS: Final = TenantId("tv_2")
SCAN: Final = Scan(
    ScanId("scan_0000000001"), OURS, ProfileName.STANDARD, ("10.1.0.0/24", "example.com"), 60, 2, JobState.QUEUED, 0.0,
    problem_code=None, problem_message=None, created_at=NOW, created_by="operator",
)  # fmt: skip
FINDING: Final = ScanFinding(
    ScanFindingId("sfn_0000000001"), OURS, "f1", "10.1.0.7", "telnet_open", "23/tcp", "Telnet", Severity.HIGH, "high",
    ("services",), ("login «ü»",), FindingStatus.OPEN, NOW, NOW, None, SCAN.id, SCAN.id,
)  # fmt: skip
