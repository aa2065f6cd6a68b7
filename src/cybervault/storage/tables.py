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

TENANTS: Final = sa.Table(
    "tenants",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, index=True, unique=True),
    sa.Column("plan", sa.Text, nullable=False),
    # Unix seconds with fractions, as all times of the tables below.
    sa.Column("created_at", sa.Float, nullable=False),
)

KEYS: Final = sa.Table(
    "keys",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("tenant_id", sa.Text, nullable=False, index=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    # Words with a blank between them.
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("networks", sa.Text, nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("expires_at", sa.Float),
    sa.Column("revoked_at", sa.Float),
    # Where the last call came from that was answered with success.
    sa.Column("last_ip", sa.Text),
)

KEY_SECRETS: Final = sa.Table(
    "key_secrets",
    METADATA,
    # Keyed with the pepper; the text of a secret is never kept.
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("pepper_id", sa.Text, nullable=False),
    sa.Column("key_id", sa.Text, nullable=False, index=True),
    sa.Column("hint", sa.Text, nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("ends_at", sa.Float),
    sa.Column("is_ended", sa.Boolean, nullable=False),
    sa.Column("last_used_at", sa.Float),
    sa.Column("last_used_ip", sa.Text),
)

AUDIT: Final = sa.Table(
    "audit",
    METADATA,
    # 1, 2, 3, ... without a gap.
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    # Payload and its salt may be erased later without breaking the chain.
    sa.Column("payload", sa.LargeBinary),
    sa.Column("salt", sa.LargeBinary),
    sa.Column("leaf", sa.LargeBinary, nullable=False),
    sa.Column("chain", sa.LargeBinary, nullable=False),
    sa.Column("pepper_id", sa.Text, nullable=False),
    sa.Column("signature", sa.LargeBinary, nullable=False),
)
