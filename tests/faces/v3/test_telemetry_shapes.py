"""How v3 spells batches of telemetry."""

from datetime import UTC, datetime

import msgspec
import pytest

from cybervault.assessments.telemetry_batches import ListedBatch, Looked, Report
from cybervault.detection.batch import Burst, Fault, Fired, Hit, Tally
from cybervault.detection.timeline import Timeline
from cybervault.domain.jobs import Job, JobId, JobState
from cybervault.domain.principals import TenantId
from cybervault.domain.verdicts import Severity
from cybervault.faces.v3.telemetry_shapes import BatchReply, ListedBatchReply, TelemetryReply

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)


def fired(id_: str, level: Severity, count: int = 1) -> Fired:
    return Fired(
        id=id_, title=f"Rule {id_}", level=level, author="Somebody", pack="starter", techniques=("T1571",),
        tactics=("command-and-control",), count=count, first=AT,
    )  # fmt: skip


_LEVELS = (("a", Severity.LOW, 9), ("b", Severity.HIGH, 1), ("c", Severity.INFORMATIONAL, 1), ("d", Severity.LOW, 1))
RULES = {id_: fired(id_, level, count) for id_, level, count in _LEVELS}
TALLY = Tally(
    events=20, matched=5, unread=2, unrecognised=1, matches=7, faults=[Fault(3, "It is no JSON.")], rules=RULES
)


def test_the_rules_that_fired_stand_by_weight_and_count() -> None:
    reply = TelemetryReply.of_looked(Looked(TALLY, ()))
    assert [(one.rule_id, one.level) for one in reply.by_rule] == [
        ("b", "high"), ("a", "low"), ("d", "low"), ("c", "info"),
    ]  # fmt: skip
    assert (reply.by_rule[0].first, reply.by_rule[0].last) == ("2026-01-31T12:00:00Z", None)
    assert (reply.events, reply.not_read, reply.not_recognised, reply.matches_total) == (20, 2, 1, 7)
    assert reply.errors[0].model_dump() == {"line": 3, "reason": "It is no JSON."}


def test_a_match_names_its_rule_and_says_nothing_of_what_is_not_told() -> None:
    hits = (Hit(4, "b", AT, "finance-07", "eve", is_certain=True), Hit(5, "a", None, "", "", is_certain=False))
    first, second = TelemetryReply.of_looked(Looked(TALLY, hits)).matches
    assert (first.line, first.rule.rule_id, first.rule.author, first.host, first.user) == (
        4, "b", "Somebody", "finance-07", "eve",
    )  # fmt: skip
    assert (second.at, second.host, second.user, second.is_certain) == (None, None, None, False)


def test_a_correlation_says_what_it_counted_and_stands_in_the_result_too() -> None:
    burst = Burst((("User", "acme\\eve"),), AT, 12, is_capped=True, lines=(4, 9))
    hit = Hit(4, "b", AT, "", "acme\\eve", is_certain=True, burst=burst)
    reply = TelemetryReply.of_looked(Looked(msgspec.structs.replace(TALLY, bursts=[hit], warnings=["One."]), (hit,)))
    (match,) = reply.matches
    assert match.burst is not None
    assert match.burst.model_dump() == {
        "group": {"User": "acme\\eve"}, "last": "2026-01-31T12:00:00Z", "count": 12, "is_capped": True, "lines": [4, 9],
    }  # fmt: skip
    assert (match.line, match.rule.rule_id, match.user) == (4, "b", "acme\\eve")
    assert (reply.bursts, reply.warnings) == (reply.matches, ["One."])


def test_a_match_has_its_event_where_it_was_kept() -> None:
    hits = (Hit(4, "b", AT, "", "", is_certain=True, event=b'{"EventID": 1}'), Hit(5, "b", AT, "", "", is_certain=True))
    first, second = TelemetryReply.of_looked(Looked(TALLY, hits)).matches
    assert (first.event, second.event) == ('{"EventID": 1}', None)


def test_techniques_are_counted_over_the_rules_and_known_by_name() -> None:
    (technique,) = TelemetryReply.of_looked(Looked(TALLY, ())).techniques
    assert technique.model_dump() == {
        "technique_id": "T1571", "name": "Non-Standard Port", "tactic": "command-and-control", "count": 12,
    }  # fmt: skip


def test_a_timeline_tells_each_step_by_level() -> None:
    timeline = Timeline(60, {int(AT.timestamp()): {Severity.INFORMATIONAL: 2, Severity.HIGH: 1}})
    reply = TelemetryReply.of_looked(Looked(msgspec.structs.replace(TALLY, timeline=timeline), ())).timeline
    assert reply.step_seconds == 60
    assert [one.model_dump() for one in reply.steps] == [
        {"at": "2026-01-31T12:00:00Z", "critical": 0, "high": 1, "medium": 0, "low": 0, "info": 2}
    ]


@pytest.mark.parametrize("report", [None, Report(TALLY, 7, [(0, "from 0")])])
def test_a_batch_says_how_it_stands_and_what_came_of_it(report: Report | None) -> None:
    job = Job(
        JobId("job_1"), TenantId("tv_1"), "telemetry", "tel_0123456789", "req_1", JobState.RUNNING, 1, 0.5, "reading",
        problem_code=None, problem_message=None, created_at=AT, started_at=AT, finished_at=None,
    )  # fmt: skip
    reply = BatchReply.of_job(job, report)
    assert (reply.batch_id, reply.state, reply.progress, reply.doing) == ("tel_0123456789", "running", 0.5, "reading")
    assert (reply.result and reply.result.events) == (report and 20)


def test_who_wants_spanish_gets_warnings_and_faults_in_it() -> None:
    job = Job(
        JobId("job_1"), TenantId("tv_1"), "telemetry", "tel_1", "req_1", JobState.RUNNING, 1, 0.5,
        "12,345 events looked at", problem_code="job_failed", problem_message="It failed.", created_at=AT,
        started_at=None, finished_at=None,
    )  # fmt: skip
    tally = msgspec.structs.replace(TALLY, warnings=["1,234 matches have no time, so no correlation counts them."])
    reply = BatchReply.of_job(job, Report(tally=tally), "es")
    assert reply.result is not None
    assert reply.result.warnings == ["1.234 coincidencias no tienen hora, así que ninguna correlación las cuenta."]
    assert reply.result.errors[0].reason == "No es JSON."
    assert (reply.doing, reply.error and reply.error.message) == (
        "12.345 eventos mirados", "Un fallo nuestro detuvo el trabajo cada vez que se intentó.",
    )  # fmt: skip
    assert TelemetryReply.of_looked(Looked(tally, ()), "es").errors[0].reason == "No es JSON."
    listed = ListedBatchReply.of_listed(ListedBatch(job, None, (0.0, "x")), "es")
    assert listed.doing == reply.doing
