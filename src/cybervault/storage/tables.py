"""The tables, described once for statements and migrations."""

from typing import Final

import sqlalchemy as sa

METADATA: Final = sa.MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_name)s", "pk": "pk_%(table_name)s"},
)

ANSWERS: Final = sa.Table(
    "answers",
    METADATA,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, primary_key=True),
    # "" for answers that were got without a key; never the key itself.
    sa.Column("key_fingerprint", sa.Text, primary_key=True),
    sa.Column("answer", sa.LargeBinary, nullable=False),
    # Unix seconds, as in `forget_at`.
    sa.Column("answered_at", sa.Integer, nullable=False),
    sa.Column("forget_at", sa.Integer, nullable=False, index=True),
)

BUDGETS: Final = sa.Table(
    "budgets",
    METADATA,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("key_fingerprint", sa.Text, primary_key=True),
    sa.Column("window_seconds", sa.Integer, primary_key=True),
    sa.Column("window_start", sa.Integer, primary_key=True),
    sa.Column("used", sa.Integer, nullable=False),
)

BUDGET_BLOCKS: Final = sa.Table(
    "budget_blocks",
    METADATA,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("key_fingerprint", sa.Text, primary_key=True),
    # Unix seconds with fractions.
    sa.Column("blocked_until", sa.Float, nullable=False),
)
