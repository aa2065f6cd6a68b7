"""What a job may be."""

import pytest

from cybervault.domain.jobs import JobState, NewJob

ENDS = {JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED, JobState.TIMED_OUT}


@pytest.mark.parametrize("state", JobState)
def test_a_job_that_waits_or_runs_has_no_end_yet(state: JobState) -> None:
    assert state.is_final == (state in ENDS)


def test_a_job_of_the_installation_is_due_at_once_and_tried_some_times() -> None:
    job = NewJob("sweep")
    assert (job.tenant_id, job.reference, job.deadline_seconds, job.due_in_seconds) == (None, None, None, 0)
    assert job.attempts_max > 1
