"""Assessments are found by what was assessed, so that two of the same target can be compared."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_assessments_target", "assessments", ["tenant_id", "value", "created_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_assessments_target", "assessments")
