"""Schedules: scans that are asked for again and again."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scan_schedules",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("targets", sa.Text, nullable=False),
        sa.Column("profile", sa.Text, nullable=False),
        sa.Column("minutes_max", sa.Integer, nullable=False),
        sa.Column("cron", sa.Text, nullable=False),
        sa.Column("timezone", sa.Text, nullable=False),
        sa.Column("is_enabled", sa.Boolean, nullable=False),
        sa.Column("next_at", sa.Float),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("last_at", sa.Float),
        sa.Column("last_scan_id", sa.Text),
        sa.Column("problem_code", sa.Text),
        sa.Column("problem_message", sa.Text),
    )
    op.create_index("ix_scan_schedules_created_at", "scan_schedules", ["tenant_id", "created_at", "id"])
    op.create_index("ix_scan_schedules_due", "scan_schedules", ["next_at"])


def downgrade() -> None:
    op.drop_table("scan_schedules")
