"""All that came of a scan at one moment: what files and pages of it are made of."""

from dataclasses import dataclass
from datetime import datetime

from cybervault.scans.scan import Scan, ScanFinding
from cybervault.scans.seen import Coverage


@dataclass(frozen=True, slots=True)
class Result:
    """A scan with what it saw, the worst first, and what it looked at, as it stood `at` a moment.

    Without the rules of compliance it says nothing of them.
    """

    scan: Scan
    findings: tuple[ScanFinding, ...]
    coverage: tuple[Coverage, ...]
    at: datetime
    has_compliance_rules: bool = False
