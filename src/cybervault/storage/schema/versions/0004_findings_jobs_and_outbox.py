"""What was assessed and found, actions, jobs with their steps, and the outbox of domain events."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _assessments_and_findings()
    _what_belongs_to_findings()
    _work()


def _assessments_and_findings() -> None:
    op.create_table(
        "assessments",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("sort", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("depth", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("score", sa.Integer),
        sa.Column("severity", sa.Integer, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_assessments_created_at", "assessments", ["tenant_id", "created_at", "id"])
    op.create_index("ix_assessments_request_id", "assessments", ["tenant_id", "request_id", "created_at"])
    op.create_table(
        "findings",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("last_seen_at", sa.Float, nullable=False),
        sa.Column("updated_at", sa.Float, nullable=False),
        sa.Column("updated_by", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("severity", sa.Integer, nullable=False),
        sa.Column("score", sa.Integer, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("source_ip", sa.Text),
        sa.Column("sightings", sa.Integer, nullable=False),
        sa.Column("assessment_id", sa.Text, nullable=False),
        sa.Column("indicators", sa.Text, nullable=False),
        sa.Column("techniques", sa.Text, nullable=False),
    )
    op.create_index("ix_findings_created_at", "findings", ["tenant_id", "created_at", "id"])
    op.create_index("ix_findings_last_seen_at", "findings", ["tenant_id", "last_seen_at", "id"])
    op.create_index("ix_findings_score", "findings", ["tenant_id", "score", "id"])
    op.create_index("ix_findings_severity", "findings", ["tenant_id", "severity", "created_at", "id"])
    op.create_index("ix_findings_target", "findings", ["tenant_id", "kind", "value", "created_at", "id"])
    op.create_index("ix_findings_type", "findings", ["tenant_id", "type", "created_at", "id"])
    op.create_index("ix_findings_status", "findings", ["tenant_id", "status", "created_at", "id"])


def _what_belongs_to_findings() -> None:
    op.create_table(
        "finding_tags",
        sa.Column("finding_id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, primary_key=True),
        sa.Column("tenant_id", sa.Text, nullable=False),
    )
    op.create_index("ix_finding_tags_value", "finding_tags", ["tenant_id", "name", "value"])
    op.create_table(
        "finding_changes",
        sa.Column("finding_id", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("old_status", sa.Text),
        sa.Column("new_status", sa.Text),
        sa.Column("comment", sa.Text),
    )
    op.create_table(
        "actions",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("is_dry_run", sa.Boolean, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("executor", sa.Text, nullable=False),
        sa.Column("finding_id", sa.Text),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
    )
    op.create_index("ix_actions_created_at", "actions", ["tenant_id", "created_at", "id"])


def _work() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("tenant_id", sa.Text),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("reference", sa.Text),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("attempts_max", sa.Integer, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("lease_until", sa.Float),
        sa.Column("due_at", sa.Float, nullable=False),
        sa.Column("deadline_at", sa.Float),
        sa.Column("is_cancel_asked", sa.Boolean, nullable=False),
        sa.Column("progress", sa.Float, nullable=False),
        sa.Column("doing", sa.Text, nullable=False),
        sa.Column("problem_code", sa.Text),
        sa.Column("problem_message", sa.Text),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("started_at", sa.Float),
        sa.Column("finished_at", sa.Float),
    )
    op.create_index("ix_jobs_due_at", "jobs", ["state", "due_at"])
    op.create_index("ix_jobs_reference", "jobs", ["tenant_id", "kind", "reference"], unique=True)
    op.create_index("ix_jobs_created_at", "jobs", ["tenant_id", "created_at", "id"])
    op.create_table(
        "job_steps",
        sa.Column("job_id", sa.Text, primary_key=True),
        sa.Column("step", sa.Text, primary_key=True),
        sa.Column("output", sa.LargeBinary, nullable=False),
        sa.Column("finished_at", sa.Float, nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("tenant_id", sa.Text),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("told_at", sa.Float),
    )
    op.create_index("ix_outbox_told_at", "outbox", ["told_at", "created_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_outbox_told_at", "outbox")
    op.drop_table("outbox")
    op.drop_table("job_steps")
    op.drop_index("ix_jobs_due_at", "jobs")
    op.drop_index("ix_jobs_reference", "jobs")
    op.drop_index("ix_jobs_created_at", "jobs")
    op.drop_table("jobs")
    op.drop_index("ix_actions_created_at", "actions")
    op.drop_table("actions")
    op.drop_table("finding_changes")
    op.drop_index("ix_finding_tags_value", "finding_tags")
    op.drop_table("finding_tags")
    op.drop_index("ix_findings_created_at", "findings")
    op.drop_index("ix_findings_last_seen_at", "findings")
    op.drop_index("ix_findings_score", "findings")
    op.drop_index("ix_findings_severity", "findings")
    op.drop_index("ix_findings_target", "findings")
    op.drop_index("ix_findings_type", "findings")
    op.drop_index("ix_findings_status", "findings")
    op.drop_table("findings")
    op.drop_index("ix_assessments_created_at", "assessments")
    op.drop_index("ix_assessments_request_id", "assessments")
    op.drop_table("assessments")
