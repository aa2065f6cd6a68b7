"""A scan, a finding and the packages of an image as stores keep them."""

from datetime import UTC, datetime
from typing import Final

from cybervault.domain.ids import ScanFindingId, ScanId
from cybervault.domain.jobs import JobState
from cybervault.domain.principals import TenantId
from cybervault.domain.verdicts import Severity
from cybervault.scans.contents import Package, Release
from cybervault.scans.inventory import Inventory, Item, Vulnerability
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
IMAGE: Final = "oci://r.example:5000/team/app:1.4"
INVENTORY: Final = Inventory(
    IMAGE,
    f"sha256:{'ab' * 32}",
    Release("etc/os-release", "debian", "12", "Debian GNU/Linux 12 (bookworm)"),
    (
        Item("deb", Package("libc6", "2.36-9+deb12u3+b1", "glibc", "2.36-9+deb12u3"), ("var/lib/dpkg/status",)),
        Item("npm", Package("@babel/core", "7.0.0"), ("app/node_modules/@babel/core/package.json", "b/package.json")),
        Item("pypi", Package("Flask_Login", "0.6"), ("app/flask_login.dist-info/METADATA",)),
    ),
    (
        Vulnerability(
            "f00d", "CVE-2026-0001", ("DEBIAN-CVE-2026-0001", "DSA-1"), Severity.INFORMATIONAL, "2.37", "A flaw.", (0,)
        ),
        Vulnerability("beef", "GHSA-x", ("GHSA-x",), None, "", "", (1, 2)),
    ),
    (),
)
