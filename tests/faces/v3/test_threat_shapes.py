"""How v3 spells assessments and findings."""

from dataclasses import replace

from cybervault.domain.assessments import Countermeasure, Depth, Part, Sign
from cybervault.domain.evidence import Evidence, EvidenceGroup
from cybervault.domain.findings import Act, Status, Step
from cybervault.domain.observables import parse_observable
from cybervault.domain.verdicts import Severity, Term
from cybervault.faces.v3.threat_shapes import (
    AnalyzeRequest,
    AssessmentReply,
    QueuedAssessment,
    StepReply,
    TechniqueReply,
    ThreatEdit,
    ThreatReply,
    spelled_severity,
)
from tests.assessments.made import ASSESSMENT, FINDING, WEIGHING
from tests.faces.test_queued import JOB as RUNNING
from tests.fakes.threats import SEED

JOB = replace(RUNNING, doing="weighing 20 of 57 observables")


def test_an_assessment_names_techniques_actions_and_their_targets() -> None:
    whole = replace(
        ASSESSMENT,
        parts=(Part(parse_observable("203.0.113.42"), WEIGHING),),
        signs=(Sign("port", 47.0, "Why.", "T1571"), Sign("odd", 5.0, "Why.", "T9999")),
        countermeasures=(
            Countermeasure("block_ip", "203.0.113.42", "Bad.", is_reversible=True),
            Countermeasure("block_ip", "203.0.113.43", "Bad.", is_reversible=True),
        ),
    )
    reply = AssessmentReply.of(whole)
    assert (reply.assessment_id, reply.risk_score, reply.severity) == ("asm_0123456789", 92, "critical")
    assert [one.model_dump() for one in reply.mitre_attack] == [
        {"technique_id": "T1571", "name": "Non-Standard Port", "tactic": "command-and-control"},
        {"technique_id": "T9999", "name": None, "tactic": None},
    ]
    assert reply.recommended_actions == ["block_ip"]
    assert [one.target for one in reply.containment] == ["203.0.113.42", "203.0.113.43"]
    assert [(one.type, one.value, one.score) for one in reply.indicators] == [("ipv4", "203.0.113.42", 92)]
    assert [one.technique_id for one in reply.reasons] == ["T1571", "T9999"]


def test_what_is_ours_is_said_in_spanish_to_who_wants_it() -> None:
    evidence = Evidence("abuseipdb", "reports", "high", "score", 90, EvidenceGroup.SCANNER_NOISE)
    term = Term(evidence, 2.4, 1.0, 1.0, 2.4, "Reported.", "Denunciada.")
    weighing = replace(WEIGHING, terms=(term,), coverage=1.0)
    whole = replace(
        ASSESSMENT,
        summary=weighing.summary,
        parts=(Part(parse_observable("203.0.113.42"), weighing),),
        signs=(Sign("abuseipdb_reports", 2.4, "Reported."), Sign("rule_x", 47.0, "The rule X fired.")),
        countermeasures=(
            Countermeasure("block_ip", "203.0.113.42", "Nothing should speak to this address.", is_reversible=True),
            Countermeasure("block_ip", "203.0.113.43", "As it was said once.", is_reversible=True),
        ),
    )
    reply = AssessmentReply.of(whole, "es")
    assert reply.summary == reply.indicators[0].summary == "Malicioso, 92 de 100. Denunciada."
    assert [one.reason for one in reply.indicators[0].evidence] == ["Denunciada."]
    assert [one.reason for one in reply.reasons] == ["Denunciada.", "The rule X fired."]
    assert [one.reason for one in reply.containment] == [
        "Nada debería comunicarse con esta dirección.", "As it was said once.",
    ]  # fmt: skip
    assert AssessmentReply.of(replace(whole, summary="Of all parts."), "es").summary == "Of all parts."


def test_warnings_are_said_in_spanish_and_what_a_job_does_too() -> None:
    warning = "1 detection rules look at something that was not told, and could not be decided."
    whole = replace(
        ASSESSMENT,
        warnings=(warning, "payload.hash is no MD5 or SHA1 or SHA256 or SHA512 in hexadecimal digits and was ignored."),
    )
    assert AssessmentReply.of(whole).warnings[0] == warning
    assert AssessmentReply.of(whole, "es").warnings == [
        "1 regla de detección mira algo que no se contó, y no se pudo decidir.",
        "payload.hash no es MD5, SHA1, SHA256 ni SHA512 en dígitos hexadecimales y no se tuvo en cuenta.",
    ]
    assert QueuedAssessment.of(JOB, "es").doing == "sopesando 20 de 57 observables"


def test_what_is_not_weighed_has_the_risk_0() -> None:
    assert AssessmentReply.of(replace(ASSESSMENT, score=None)).risk_score == 0


def test_a_technique_that_nobody_knows_keeps_its_id() -> None:
    assert TechniqueReply.of("T9999.001").technique_id == "T9999.001"


def test_v3_says_info() -> None:
    assert [spelled_severity(severity) for severity in Severity] == ["info", "low", "medium", "high", "critical"]


def test_a_finding_is_a_threat() -> None:
    reply = ThreatReply.of(FINDING)
    assert (reply.id, reply.severity, reply.status, reply.sightings) == (FINDING.id, "high", Status.NEW, 1)
    assert [one.technique_id for one in reply.mitre_attack] == ["T1571"]


def test_a_step_is_told_with_both_statuses() -> None:
    step = Step(2, FINDING.created_at, "key:key_1", Act.STATUS, Status.NEW, Status.CLOSED, "Done.")
    assert StepReply.of(step).model_dump(mode="json") == {
        "number": 2,
        "at": "2027-01-31T12:00:00Z",
        "by": "key:key_1",
        "act": "status",
        "old_status": "new",
        "new_status": "closed",
        "comment": "Done.",
    }


async def test_the_printed_body_is_a_wish() -> None:
    wish = await AnalyzeRequest.model_validate(SEED).to_core("req_9")
    assert (wish.depth, wish.reading.target.kind) == (Depth.QUICK, "endpoint_telemetry")
    assert wish.reading.warnings


def test_a_wish_for_a_change_is_read() -> None:
    assert ThreatEdit.model_validate({"status": "closed"}).to_core().status is Status.CLOSED
