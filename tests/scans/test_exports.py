"""What a scan saw as files that other programs read."""

import csv
import io
import json
from dataclasses import replace
from typing import Any

import pytest

from cybervault.domain.jobs import JobState
from cybervault.domain.verdicts import Severity
from cybervault.scans.exports import FIELDS, Form, exported, packages_exported, sarif_of
from cybervault.scans.result import Result
from cybervault.scans.scan import FindingStatus, Scan, ScanFinding
from cybervault.scans.seen import Coverage, CoverageState
from tests.scans.made import FINDING, INVENTORY, NOW, SCAN

DONE = replace(SCAN, state=JobState.COMPLETED)
MISSED = Coverage("10.1.0.8", "ports", CoverageState.NOT_REACHED, "no port answered")
SEEN = Coverage("10.1.0.7", "ports", CoverageState.COVERED)


def of(*findings: ScanFinding, scan: Scan = DONE) -> Result:
    return Result(scan, findings, (SEEN, MISSED), NOW)


def run_of(*findings: ScanFinding, scan: Scan = DONE) -> dict[str, Any]:
    (run,) = json.loads(exported(of(*findings, scan=scan), Form.SARIF))["runs"]
    found: dict[str, Any] = run
    return found


def test_sarif_names_each_rule_once_and_where_it_held() -> None:
    other = replace(FINDING, asset="10.1.0.8", fingerprint="f2", place="", evidence=())
    run = run_of(FINDING, other)
    (rule,) = run["tool"]["driver"]["rules"]
    assert (rule["id"], rule["help"]["text"]) == ("telnet_open", "Switch telnet off and use SSH.")
    first, second = run["results"]
    assert first["message"]["text"] == "Telnet on 10.1.0.7/23/tcp: login «ü»"
    assert first["partialFingerprints"] == {"cybervault/v1": "f1"}
    assert second["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "10.1.0.8"
    assert (first["ruleIndex"], second["ruleIndex"]) == (0, 0)


@pytest.mark.parametrize(
    ("severity", "level", "score"),
    [
        (Severity.CRITICAL, "error", "9.5"),
        (Severity.HIGH, "error", "7.5"),
        (Severity.MEDIUM, "warning", "5.0"),
        (Severity.LOW, "note", "3.0"),
        (Severity.INFORMATIONAL, "note", "1.0"),
    ],
)
def test_severities_are_told_as_levels_and_scores(severity: Severity, level: str, score: str) -> None:
    run = run_of(replace(FINDING, severity=severity, rule="of another version"))
    (rule,) = run["tool"]["driver"]["rules"]
    assert (run["results"][0]["level"], rule["properties"]["security-severity"]) == (level, score)
    assert rule["help"]["text"] == "Telnet"


def test_what_was_not_looked_at_is_told_too() -> None:
    (invocation,) = run_of()["invocations"]
    assert invocation["executionSuccessful"] is True
    assert [note["message"]["text"] for note in invocation["toolExecutionNotifications"]] == [
        "10.1.0.8 (ports): not reached: no port answered"
    ]
    (cut,) = run_of(scan=replace(SCAN, state=JobState.TIMED_OUT))["invocations"]
    assert cut["executionSuccessful"] is False


def test_what_is_resolved_is_absent() -> None:
    gone = replace(FINDING, status=FindingStatus.RESOLVED, resolved_at=NOW)
    document = sarif_of(of(FINDING, gone))
    assert [one["baselineState"] for one in document["runs"][0]["results"]] == ["unchanged", "absent"]


def test_a_table_has_a_row_for_each_finding_and_runs_no_formula() -> None:
    evil = replace(FINDING, evidence=("=1+1",), title="@SUM(A1)", rule="of another version")
    rows = list(csv.DictReader(io.StringIO(exported(of(FINDING, evil), Form.CSV).decode())))
    assert tuple(rows[0]) == FIELDS
    assert (rows[0]["severity"], rows[0]["controls"], rows[0]["evidence"]) == ("high", "SC-8 IA-2 CM-7", "login «ü»")
    assert (rows[1]["evidence"], rows[1]["title"], rows[1]["remediation"]) == ("'=1+1", "'@SUM(A1)", "")


def test_a_page_is_one_of_the_forms() -> None:
    assert exported(of(FINDING), Form.HTML).startswith(b"<!doctype html>")


def test_the_packages_of_an_image_are_a_form_of_their_own() -> None:
    assert json.loads(packages_exported(DONE, INVENTORY, NOW))["specVersion"] == "1.6"
    assert [form.ending for form in (Form.CYCLONEDX, Form.SARIF)] == ["cdx.json", "sarif"]
