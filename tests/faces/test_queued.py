"""Answers that come later: who asked for one, and how it stands."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from starlette.datastructures import Headers

from cybervault.domain.jobs import Job, JobId, JobState
from cybervault.domain.principals import TenantId
from cybervault.faces.queued import FailureReply, QueuedReply, accepted, wants_async

JOB = Job(
    JobId("job_1"), TenantId("tv_1"), "assess", "asm_1", "req_1", JobState.RUNNING, 1, 0.3333, "weighing 20 of 57",
    problem_code=None, problem_message=None, created_at=datetime(2026, 11, 1, tzinfo=UTC),
    started_at=None, finished_at=None,
)  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "is_wanted"),
    [
        ((), False),
        (("respond-async",), True),
        (("Respond-Async; x=1",), True),
        (("wait=10, respond-async",), True),
        (("return=minimal", "respond-async"), True),
        (("respond-asynchronously",), False),
        (("return=respond-async",), False),
        (("",), False),
    ],
)
def test_who_asks_for_it(lines: tuple[str, ...], *, is_wanted: bool) -> None:
    headers = Headers(raw=[(b"prefer", line.encode()) for line in lines])
    assert wants_async(headers) is is_wanted


def test_a_job_says_how_far_it_is() -> None:
    assert QueuedReply.of(JOB).model_dump() == {
        "state": "running",
        "progress": 0.33,
        "doing": "weighing 20 of 57",
        "error": None,
        "created_at": "2026-11-01T00:00:00Z",
    }


def test_a_job_that_failed_says_why() -> None:
    failed = replace(JOB, state=JobState.FAILED, problem_code="job_failed")
    assert QueuedReply.of(failed).error == FailureReply(code="job_failed", message="")


def test_what_is_accepted_says_where_to_ask() -> None:
    reply = accepted(QueuedReply.of(JOB), "/v3/threats/assessments/asm_1")
    assert (reply.status_code, reply.headers["location"]) == (202, "/v3/threats/assessments/asm_1")
    assert reply.headers["preference-applied"] == "respond-async"


def test_who_wants_spanish_is_told_in_spanish_what_is_done_and_why_it_failed() -> None:
    failed = replace(JOB, problem_code="job_failed", problem_message="The work failed by a fault of ours.", doing="")
    reply = QueuedReply.of(failed, "es")
    assert reply.error == FailureReply(
        code="job_failed", message="Un fallo nuestro detuvo el trabajo cada vez que se intentó."
    )
    weighing = replace(JOB, doing="weighing 20 of 57 observables")
    assert QueuedReply.of(weighing, "es").doing == "sopesando 20 de 57 observables"
    assert FailureReply.of(None, None, "es") is None
