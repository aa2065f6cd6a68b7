"""Jobs are found by the call that asked for them, and those that ended long ago are found to be forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("request_id", sa.Text))
    op.create_index("ix_jobs_request_id", "jobs", ["tenant_id", "request_id", "created_at"])
    op.create_index("ix_jobs_finished_at", "jobs", ["finished_at"])


def downgrade() -> None:
    op.drop_index("ix_jobs_finished_at", "jobs")
    op.drop_index("ix_jobs_request_id", "jobs")
    op.drop_column("jobs", "request_id")
