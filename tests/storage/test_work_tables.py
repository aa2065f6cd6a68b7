"""The tables of durable work."""

from cybervault.storage.database import REAL_TABLES
from cybervault.storage.work_tables import JOB_STEPS, JOBS, OUTBOX


def test_no_work_is_done_while_a_test_key_is_answered() -> None:
    assert {JOBS.name, JOB_STEPS.name, OUTBOX.name} <= REAL_TABLES


def test_a_job_has_one_reference_within_its_tenant_and_kind_and_a_step_one_result() -> None:
    unique = [index for index in JOBS.indexes if index.unique]
    assert [[column.name for column in index.columns] for index in unique] == [["tenant_id", "kind", "reference"]]
    assert list(JOB_STEPS.primary_key.columns.keys()) == ["job_id", "step"]
