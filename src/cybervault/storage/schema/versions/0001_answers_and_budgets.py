"""Remembered answers and the counts of what sources still allow."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "answers",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, primary_key=True),
        sa.Column("key_fingerprint", sa.Text, primary_key=True),
        sa.Column("answer", sa.LargeBinary, nullable=False),
        sa.Column("answered_at", sa.BigInteger, nullable=False),
        sa.Column("forget_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_answers_forget_at", "answers", ["forget_at"])
    op.create_table(
        "budgets",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("key_fingerprint", sa.Text, primary_key=True),
        sa.Column("window_seconds", sa.Integer, primary_key=True),
        sa.Column("window_start", sa.BigInteger, primary_key=True),
        sa.Column("used", sa.Integer, nullable=False),
    )
    op.create_table(
        "budget_blocks",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("key_fingerprint", sa.Text, primary_key=True),
        sa.Column("blocked_until", sa.Float, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("budget_blocks")
    op.drop_table("budgets")
    op.drop_index("ix_answers_forget_at", "answers")
    op.drop_table("answers")
