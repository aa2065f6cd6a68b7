"""Members with what they sign in with, service accounts, the epoch of security changes, usage and kept replies."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NEW_TABLES = (
    "limit_overrides", "members", "recovery_codes", "passkeys", "invitations", "sessions", "sign_in_failures",
    "service_accounts", "epoch", "security_events", "key_usage", "idempotent_replies", "audit_checkpoints",
)  # fmt: skip


def _new_columns() -> dict[str, tuple[sa.Column[Any], ...]]:
    """A column belongs to one table only, so that each use needs its own."""
    return {
        "tenants": (sa.Column("suspended_at", sa.Float),),
        "keys": (
            sa.Column("owner_id", sa.Text),
            sa.Column("service_account_id", sa.Text),
            sa.Column("created_by", sa.Text, nullable=False, server_default=""),
            sa.Column("is_decoy", sa.Boolean, nullable=False, server_default=sa.false()),
            sa.Column("exposed_at", sa.Float),
            sa.Column("exposed_where", sa.Text),
            sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        ),
        "key_secrets": (sa.Column("number", sa.Integer, nullable=False, server_default="1"),),
        "audit": (sa.Column("tenant_id", sa.Text), sa.Column("action", sa.Text), sa.Column("at", sa.Float)),
    }


def upgrade() -> None:
    for table, columns in _new_columns().items():
        for column in columns:
            op.add_column(table, column)
    op.execute(
        "UPDATE key_secrets SET number = (SELECT count(*) FROM key_secrets AS older WHERE older.key_id = "
        "key_secrets.key_id AND (older.created_at < key_secrets.created_at OR (older.created_at = "
        "key_secrets.created_at AND older.digest <= key_secrets.digest)))"
    )
    op.create_index("ix_keys_owner_id", "keys", ["owner_id"])
    op.create_index("ix_keys_service_account_id", "keys", ["service_account_id"])
    op.create_index("ix_audit_tenant_id", "audit", ["tenant_id", "number"])
    _members()
    _sign_in()
    _service_accounts()
    _events()
    _usage()


def _members() -> None:
    op.create_table(
        "limit_overrides",
        sa.Column("tenant_id", sa.Text, primary_key=True),
        sa.Column("face", sa.Text, primary_key=True),
        sa.Column("call_class", sa.Text, primary_key=True),
        sa.Column("minute", sa.Integer),
        sa.Column("hour", sa.Integer),
        sa.Column("burst_percent", sa.Integer),
    )
    op.create_table(
        "members",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("suspended_at", sa.Float),
        sa.Column("removed_at", sa.Float),
        sa.Column("password", sa.Text),
        sa.Column("totp_secret", sa.LargeBinary),
        sa.Column("totp_step", sa.BigInteger),
        sa.Column("identity", sa.Text, unique=True),
    )
    op.create_index("ix_members_tenant_id", "members", ["tenant_id"])
    living = sa.text("removed_at IS NULL")
    op.create_index("ix_members_email", "members", ["email"], unique=True, sqlite_where=living, postgresql_where=living)


def _sign_in() -> None:
    op.create_table(
        "recovery_codes",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("member_id", sa.Text, nullable=False),
        sa.Column("used_at", sa.Float),
    )
    op.create_index("ix_recovery_codes_member_id", "recovery_codes", ["member_id"])
    op.create_table(
        "passkeys",
        sa.Column("credential_id", sa.LargeBinary, primary_key=True),
        sa.Column("member_id", sa.Text, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("uses", sa.BigInteger, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("last_used_at", sa.Float),
    )
    op.create_index("ix_passkeys_member_id", "passkeys", ["member_id"])
    op.create_table(
        "invitations",
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", sa.Float, nullable=False),
        sa.Column("used_at", sa.Float),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("member_id", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("seen_at", sa.Float, nullable=False),
        sa.Column("proved_at", sa.Float, nullable=False),
        sa.Column("ended_at", sa.Float),
        sa.Column("ip", sa.Text),
        sa.Column("agent", sa.Text),
    )
    op.create_index("ix_sessions_id", "sessions", ["id"], unique=True)
    op.create_index("ix_sessions_member_id", "sessions", ["member_id"])
    op.create_table(
        "sign_in_failures",
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_at", sa.Float, nullable=False),
    )


def _service_accounts() -> None:
    op.create_table(
        "service_accounts",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("removed_at", sa.Float),
    )
    op.create_index("ix_service_accounts_tenant_id", "service_accounts", ["tenant_id"])


def _events() -> None:
    epoch = op.create_table(
        "epoch",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(epoch, [{"id": 1, "seq": 0}])
    op.create_table(
        "security_events",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_table(
        "audit_checkpoints",
        sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )


def _usage() -> None:
    op.create_table(
        "key_usage",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("hint", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("route", sa.Text, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("milliseconds", sa.Integer, nullable=False),
        sa.Column("ip", sa.Text),
        sa.Column("agent", sa.Text),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("is_test", sa.Boolean, nullable=False),
    )
    op.create_index("ix_key_usage_key_id", "key_usage", ["key_id", "at", "id"])
    op.create_index("ix_key_usage_at", "key_usage", ["at"])
    op.create_table(
        "idempotent_replies",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("body_digest", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("headers", sa.Text),
        sa.Column("body", sa.LargeBinary),
        sa.Column("shown_key_id", sa.Text),
    )
    op.create_index("ix_idempotent_replies_created_at", "idempotent_replies", ["created_at"])


def downgrade() -> None:
    for table in reversed(_NEW_TABLES):
        op.drop_table(table)
    for index, table in (
        ("ix_audit_tenant_id", "audit"), ("ix_keys_service_account_id", "keys"), ("ix_keys_owner_id", "keys"),
    ):  # fmt: skip
        op.drop_index(index, table)
    for table, columns in _new_columns().items():
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.drop_column(column.name)
