"""The tables of durable work: jobs with their finished steps, and the domain events that wait to be told."""

from typing import Final

import sqlalchemy as sa

from cybervault.storage.tables import METADATA

JOBS: Final = sa.Table(
    "jobs",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    # NULL for work of the installation itself.
    sa.Column("tenant_id", sa.Text),
    sa.Column("kind", sa.Text, nullable=False),
    # What others ask for it by, once among the jobs of a tenant and kind; NULL where nobody does.
    sa.Column("reference", sa.Text),
    # The call that asked for it; callers may give one id to several.
    sa.Column("request_id", sa.Text),
    # Empty again once the job has ended.
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    # The fencing token: raised by each claim, and every write of a worker names the one it holds.
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("attempts_max", sa.Integer, nullable=False),
    sa.Column("owner", sa.Text),
    # Unix seconds with fractions, as all times below.
    sa.Column("lease_until", sa.Float),
    sa.Column("due_at", sa.Float, nullable=False),
    sa.Column("deadline_at", sa.Float),
    sa.Column("is_cancel_asked", sa.Boolean, nullable=False),
    # 0..1, and what is done now in words.
    sa.Column("progress", sa.Float, nullable=False),
    sa.Column("doing", sa.Text, nullable=False),
    # Why it failed: a code and a sentence.
    sa.Column("problem_code", sa.Text),
    sa.Column("problem_message", sa.Text),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("started_at", sa.Float),
    sa.Column("finished_at", sa.Float),
    sa.Index("ix_jobs_due_at", "state", "due_at"),
    sa.Index("ix_jobs_reference", "tenant_id", "kind", "reference", unique=True),
    sa.Index("ix_jobs_request_id", "tenant_id", "request_id", "created_at"),
    sa.Index("ix_jobs_finished_at", "finished_at"),
    sa.Index("ix_jobs_created_at", "tenant_id", "created_at", "id"),
)

JOB_STEPS: Final = sa.Table(
    "job_steps",
    METADATA,
    sa.Column("job_id", sa.Text, primary_key=True),
    sa.Column("step", sa.Text, primary_key=True),
    sa.Column("output", sa.LargeBinary, nullable=False),
    sa.Column("finished_at", sa.Float, nullable=False),
)

OUTBOX: Final = sa.Table(
    "outbox",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("tenant_id", sa.Text),
    # finding.opened, action.recorded and the like.
    sa.Column("topic", sa.Text, nullable=False),
    # The id of what it is about.
    sa.Column("subject", sa.Text, nullable=False),
    # A JSON object.
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
    # NULL until each subscriber has a job for it.
    sa.Column("told_at", sa.Float),
    sa.Index("ix_outbox_told_at", "told_at", "created_at", "id"),
)
