"""What a scan saw as files: a page to read, SARIF 2.1.0, which issue trackers read, and a table for spreadsheets.

The packages of an image are a file of their own form.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from cybervault import __version__
from cybervault.domain.verdicts import Severity
from cybervault.scans.cyclonedx import bom_of
from cybervault.scans.inventory import Inventory
from cybervault.scans.report import report_of
from cybervault.scans.result import Result
from cybervault.scans.rules import scan_rules
from cybervault.scans.scan import FindingStatus, Scan, ScanFinding
from cybervault.scans.seen import Coverage, CoverageState

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
# How severities are told as levels and scores (contract 1.5.2).
_LEVELS: Final[Mapping[Severity, tuple[str, str]]] = {
    Severity.CRITICAL: ("error", "9.5"),
    Severity.HIGH: ("error", "7.5"),
    Severity.MEDIUM: ("warning", "5.0"),
    Severity.LOW: ("note", "3.0"),
    Severity.INFORMATIONAL: ("note", "1.0"),
}
# A cell that begins so is run as a formula by spreadsheets.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
FIELDS: Final = (
    "id", "severity", "status", "asset", "place", "rule", "title", "sources", "evidence", "remediation", "controls",
    "first_seen_at", "last_seen_at", "fingerprint",
)  # fmt: skip


class Form(StrEnum):
    """How it is written."""

    SARIF = "sarif"
    CSV = "csv"
    HTML = "html"
    PDF = "pdf"
    CYCLONEDX = "cyclonedx"

    @property
    def ending(self) -> str:
        """How names of such files end."""
        return "cdx.json" if self is Form.CYCLONEDX else self.value


def packages_exported(scan: Scan, inventory: Inventory, at: datetime) -> bytes:
    """All packages of an image, in the form of CycloneDX."""
    return json.dumps(bom_of(scan, inventory, at), ensure_ascii=False).encode()


def exported(result: Result, form: Form) -> bytes:
    """All that a scan saw, as one file, of PDF the page that is printed; packages are no part of it."""
    if form is Form.SARIF:
        return json.dumps(sarif_of(result), ensure_ascii=False).encode()
    if form in {Form.HTML, Form.PDF}:
        return report_of(result).encode()
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(FIELDS)
    table.writerows(_row(finding) for finding in result.findings)
    return out.getvalue().encode()


def sarif_of(result: Result) -> dict[str, Any]:
    """One run: a rule for each sort of finding, and a notification for what was not looked at."""
    findings = result.findings
    names = list(dict.fromkeys(finding.rule for finding in findings))
    driver = {
        "name": "CyberVault",
        "version": __version__,
        "rules": [_rule(name, findings) for name in names],
    }
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "automationDetails": {"id": f"cybervault/{result.scan.id}"},
                "invocations": [
                    {
                        "executionSuccessful": result.scan.state.value == "completed",
                        "toolExecutionNotifications": [
                            _note(line) for line in result.coverage if line.state is not CoverageState.COVERED
                        ],
                    }
                ],
                "results": [_result(finding, names.index(finding.rule)) for finding in findings],
                "columnKind": "unicodeCodePoints",
            }
        ],
    }


def _rule(name: str, findings: Sequence[ScanFinding]) -> dict[str, Any]:
    one, rule = next(finding for finding in findings if finding.rule == name), scan_rules().get(name)
    level, score = _LEVELS[one.severity]
    return {
        "id": name,
        "shortDescription": {"text": one.title},
        "help": {"text": one.title if rule is None else rule.remediation},
        "defaultConfiguration": {"level": level},
        "properties": {
            "security-severity": score,
            "tags": ["security", *(() if rule is None else rule.controls)],
        },
    }


def _result(finding: ScanFinding, place: int) -> dict[str, Any]:
    where = f"{finding.asset}/{finding.place}" if finding.place else finding.asset
    said = f": {'; '.join(finding.evidence)}" if finding.evidence else ""
    return {
        "ruleId": finding.rule,
        "ruleIndex": place,
        "level": _LEVELS[finding.severity][0],
        "kind": "fail",
        "baselineState": "unchanged" if finding.status is FindingStatus.OPEN else "absent",
        "message": {"text": f"{finding.title} on {where}{said}"},
        "locations": [{"logicalLocations": [{"fullyQualifiedName": where, "kind": "resource"}]}],
        "partialFingerprints": {"cybervault/v1": finding.fingerprint},
    }


def _note(line: Coverage) -> dict[str, Any]:
    text = f"{line.asset} ({line.engine}): {line.state.value.replace('_', ' ')}: {line.reason}"
    return {"level": "warning" if line.state is CoverageState.FAILED else "note", "message": {"text": text}}


def _row(finding: ScanFinding) -> list[str]:
    rule = scan_rules().get(finding.rule)
    cells = [
        finding.id,
        finding.severity.value,
        finding.status.value,
        finding.asset,
        finding.place,
        finding.rule,
        finding.title,
        " ".join(finding.engines),
        "; ".join(finding.evidence),
        "" if rule is None else rule.remediation,
        "" if rule is None else " ".join(rule.controls),
        f"{finding.first_seen_at:%Y-%m-%dT%H:%M:%SZ}",
        f"{finding.last_seen_at:%Y-%m-%dT%H:%M:%SZ}",
        finding.fingerprint,
    ]
    return [f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells]
