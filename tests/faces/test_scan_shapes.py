"""Scans on the wire."""

from dataclasses import replace
from typing import get_args

from cybervault.domain.jobs import JobState
from cybervault.domain.verdicts import Severity
from cybervault.faces.scan_shapes import (
    InitializedReply,
    PhaseReply,
    PreviewReply,
    ScanDetailReply,
    ScanFindingReply,
    ScanReply,
    ScanRequest,
)
from cybervault.scans.admission import Refused, Why
from cybervault.scans.engines import ENGINES
from cybervault.scans.plan import PHASES
from cybervault.scans.profiles import ProfileName, load_profiles
from cybervault.scans.scan import AssetTally, Details, FindingStatus, Phase
from cybervault.scans.scans import NewScan, Preview
from cybervault.scans.seen import Coverage, CoverageState
from cybervault.scans.targets import parse_target
from cybervault.scans.toolbox import EngineState, Standing
from tests.scans.made import FINDING, NOW, SCAN


def test_every_phase_that_a_scan_may_have_can_be_told() -> None:
    assert get_args(PhaseReply.model_fields["phase"].annotation) == PHASES


def test_a_wish_has_the_documents_defaults() -> None:
    assert ScanRequest(targets=["10.1.0.7"]).to_core() == NewScan(("10.1.0.7",), ProfileName.STANDARD, 60)
    assert len(ScanRequest(targets=["x" * 10_000]).to_core().targets[0]) == 513


def test_what_asks_for_a_scan_is_told_where_it_is() -> None:
    assert InitializedReply.of(SCAN).model_dump() == {
        "scan_id": "scan_0000000001", "status": "queued", "estimated_duration": 2, "created_at": "2026-11-01T12:30:00Z",
    }  # fmt: skip


def test_a_scan_in_a_list() -> None:
    reply = ScanReply.of(SCAN, {Severity.HIGH: 2, Severity.LOW: 1})
    assert reply.findings_by_severity.model_dump() == {
        "critical": 0, "high": 2, "medium": 0, "low": 1, "informational": 0,
    }  # fmt: skip
    assert (reply.id, reply.max_duration, reply.findings_total, reply.error) == ("scan_0000000001", 60, 3, None)
    assert (reply.started_at, reply.finished_at) == (None, None)
    ended = replace(
        SCAN, state=JobState.FAILED, problem_code="code", problem_message="Why.", started_at=NOW, finished_at=NOW
    )
    reply = ScanReply.of(ended, {})
    assert reply.error is not None
    assert (reply.error.code, reply.error.message, reply.finished_at) == ("code", "Why.", "2026-11-01T12:30:00Z")
    spanish = ScanReply.of(replace(ended, problem_code="job_failed"), {}, "es").error
    assert spanish is not None
    assert spanish.message == "Un fallo nuestro detuvo el trabajo cada vez que se intentó."


def test_a_finding_says_what_its_rule_says() -> None:
    reply = ScanFindingReply.of(FINDING)
    assert (reply.severity, reply.status, reply.sources, reply.evidence) == (
        "high",
        "open",
        ["services"],
        ["login «ü»"],
    )
    assert (reply.remediation, reply.controls) == ("Switch telnet off and use SSH.", ["SC-8", "IA-2", "CM-7"])
    spanish = ScanFindingReply.of(FINDING, "es")
    assert (spanish.title, spanish.remediation) == ("Telnet", "Desactiva telnet y usa SSH.")  # a title of its own
    titled = replace(FINDING, title="Telnet sends passwords in clear text")
    assert ScanFindingReply.of(titled, "es").title == "Telnet envía contraseñas en claro"
    gone = replace(FINDING, rule="of another version", status=FindingStatus.RESOLVED, resolved_at=NOW)
    reply = ScanFindingReply.of(gone)
    assert (reply.remediation, reply.controls, reply.resolved_at) == ("", [], "2026-11-01T12:30:00Z")


def test_a_scan_with_all_that_came_of_it_counts_what_was_not_looked_at() -> None:
    coverage = (
        Coverage("a", "ports", CoverageState.COVERED, places=("80/tcp",)),
        Coverage("b", "ports", CoverageState.NOT_REACHED, "no port answered"),
    )
    details = Details(
        {Severity.HIGH: 1}, (AssetTally("10.1.0.7", Severity.HIGH, 1),), {"SC-8": 1}, (FINDING,), coverage,
        (Phase("ports", 1, 2, ("10.1.0.0/26",)),),
    )  # fmt: skip
    reply = ScanDetailReply.of_all(SCAN, details)
    assert [one.model_dump() for one in reply.phases] == [
        {"phase": "ports", "parts_done": 1, "parts_total": 2, "subjects": ["10.1.0.0/26"]}
    ]
    assert [(one.asset, one.worst, one.findings) for one in reply.worst_assets] == [("10.1.0.7", "high", 1)]
    assert [(one.control, one.findings) for one in reply.controls] == [("SC-8", 1)]
    assert reply.coverage_counts == {"covered": 1, "not_reached": 1, "failed": 0, "not_tested": 0}
    assert [(line.asset, line.state, line.places) for line in reply.coverage] == [
        ("a", "covered", ["80/tcp"]), ("b", "not_reached", []),
    ]  # fmt: skip
    assert [one.id for one in reply.findings] == [FINDING.id]
    spanish = ScanDetailReply.of_all(SCAN, details, "es")
    assert [line.reason for line in spanish.coverage] == ["", "ningún puerto respondió"]
    assert spanish.findings[0].remediation == "Desactiva telnet y usa SSH."


def test_a_preview_names_what_is_missing() -> None:
    profile = load_profiles()[ProfileName.STANDARD]
    missing = (Standing(ENGINES[0], EngineState.MISSING, "it is not here"),)
    refused = (Refused("10.2.0.7", Why.NOT_GRANTED, "No grant covers it."),)
    reply = PreviewReply.of(Preview((parse_target("10.1.0.0/30"),), profile, 1, 45, missing, refused))
    assert reply.addresses == 4
    assert [(one.target, one.why, one.reason) for one in reply.refused] == [
        ("10.2.0.7", "not_granted", "No grant covers it.")
    ]
    assert (reply.targets, reply.profile, reply.ports) == (["10.1.0.0/30"], "standard", len(profile.ports))
    assert [(one.engine, one.reason) for one in reply.not_tested] == [("ports", "it is not here")]
