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
    sa.Column("answered_at", sa.BigInteger, nullable=False),
    sa.Column("forget_at", sa.BigInteger, nullable=False, index=True),
)

BUDGETS: Final = sa.Table(
    "budgets",
    METADATA,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("key_fingerprint", sa.Text, primary_key=True),
    sa.Column("window_seconds", sa.Integer, primary_key=True),
    sa.Column("window_start", sa.BigInteger, primary_key=True),
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
    sa.Column("suspended_at", sa.Float),
)

LIMIT_OVERRIDES: Final = sa.Table(
    "limit_overrides",
    METADATA,
    sa.Column("tenant_id", sa.Text, primary_key=True),
    sa.Column("face", sa.Text, primary_key=True),
    sa.Column("call_class", sa.Text, primary_key=True),
    # NULL in either: as the plan says.
    sa.Column("minute", sa.Integer),
    sa.Column("hour", sa.Integer),
    sa.Column("burst_percent", sa.Integer),
)

MEMBERS: Final = sa.Table(
    "members",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("tenant_id", sa.Text, nullable=False, index=True),
    # In small letters; one living member per address in the whole installation.
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("suspended_at", sa.Float),
    sa.Column("removed_at", sa.Float),
    # argon2id in its own text form.
    sa.Column("password", sa.Text),
    # Sealed with a key made of the pepper.
    sa.Column("totp_secret", sa.LargeBinary),
    # The last time step whose code was used: each counts once.
    sa.Column("totp_step", sa.BigInteger),
    # Who an identity provider says it is: issuer, blank, subject.
    sa.Column("identity", sa.Text, unique=True),
    sa.Index(
        "ix_members_email",
        "email",
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    ),
)

RECOVERY_CODES: Final = sa.Table(
    "recovery_codes",
    METADATA,
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("member_id", sa.Text, nullable=False, index=True),
    sa.Column("used_at", sa.Float),
)

PASSKEYS: Final = sa.Table(
    "passkeys",
    METADATA,
    sa.Column("credential_id", sa.LargeBinary, primary_key=True),
    sa.Column("member_id", sa.Text, nullable=False, index=True),
    sa.Column("public_key", sa.LargeBinary, nullable=False),
    sa.Column("uses", sa.BigInteger, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("last_used_at", sa.Float),
)

# One-time tokens: the first administrator's, and those by which a new member sets a password.
INVITATIONS: Final = sa.Table(
    "invitations",
    METADATA,
    # "setup" for the first administrator's, else the member's id: a newer one replaces the older.
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("expires_at", sa.Float, nullable=False),
    sa.Column("used_at", sa.Float),
)

SESSIONS: Final = sa.Table(
    "sessions",
    METADATA,
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, index=True, unique=True),
    sa.Column("member_id", sa.Text, nullable=False, index=True),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("seen_at", sa.Float, nullable=False),
    # When the member last proved who it is: power actions want this fresh.
    sa.Column("proved_at", sa.Float, nullable=False),
    sa.Column("ended_at", sa.Float),
    sa.Column("ip", sa.Text),
    sa.Column("agent", sa.Text),
)

# Wrong proofs of identity in a row, by account and by address.
SIGN_IN_FAILURES: Final = sa.Table(
    "sign_in_failures",
    METADATA,
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last_at", sa.Float, nullable=False),
)

SERVICE_ACCOUNTS: Final = sa.Table(
    "service_accounts",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("tenant_id", sa.Text, nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    # What its keys may have at most.
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("removed_at", sa.Float),
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
    # The member of a personal key, whose rights it has.
    sa.Column("owner_id", sa.Text, index=True),
    sa.Column("service_account_id", sa.Text, index=True),
    # The audit's name of who made it.
    sa.Column("created_by", sa.Text, nullable=False, server_default=""),
    # Looks like any other, opens nothing, and raises an alarm when it is used.
    sa.Column("is_decoy", sa.Boolean, nullable=False, server_default=sa.false()),
    # When and where its text was seen in the open.
    sa.Column("exposed_at", sa.Float),
    sa.Column("exposed_where", sa.Text),
    # Raised by every change: of two people who change a key at once, one is refused.
    sa.Column("version", sa.Integer, nullable=False, server_default="1"),
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
    # 1, 2, 3, ... within its key, in the order of minting.
    sa.Column("number", sa.Integer, nullable=False, server_default="1"),
)

# One row: how many security changes there were. Its lock makes their order the order of their numbers.
EPOCH: Final = sa.Table(
    "epoch",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
)

SECURITY_EVENTS: Final = sa.Table(
    "security_events",
    METADATA,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    # What changed: key:ID, member:ID, tenant:ID or session:ID.
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)

KEY_USAGE: Final = sa.Table(
    "key_usage",
    METADATA,
    # Node, start of the process, counter: a batch that is written twice counts once.
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("tenant_id", sa.Text, nullable=False),
    sa.Column("key_id", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("hint", sa.Text, nullable=False),
    sa.Column("method", sa.Text, nullable=False),
    # The template of the route; never the values in a path or query.
    sa.Column("route", sa.Text, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("milliseconds", sa.Integer, nullable=False),
    sa.Column("ip", sa.Text),
    sa.Column("agent", sa.Text),
    sa.Column("request_id", sa.Text, nullable=False),
    sa.Column("is_test", sa.Boolean, nullable=False),
    sa.Index("ix_key_usage_key_id", "key_id", "at", "id"),
    sa.Index("ix_key_usage_at", "at"),
)

IDEMPOTENT_REPLIES: Final = sa.Table(
    "idempotent_replies",
    METADATA,
    # Of tenant, caller, method, route and the value of the header.
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("body_digest", sa.LargeBinary, nullable=False),
    sa.Column("created_at", sa.Float, nullable=False, index=True),
    # NULL while the first request is running.
    sa.Column("status", sa.Integer),
    sa.Column("headers", sa.Text),
    sa.Column("body", sa.LargeBinary),
    # The key whose secret the reply showed; then the body is not kept.
    sa.Column("shown_key_id", sa.Text),
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
    # Copies of what stands in the payload, to be searched by; the payload is what counts.
    sa.Column("tenant_id", sa.Text),
    sa.Column("action", sa.Text),
    sa.Column("at", sa.Float),
    sa.Index("ix_audit_tenant_id", "tenant_id", "number"),
)

AUDIT_CHECKPOINTS: Final = sa.Table(
    "audit_checkpoints",
    METADATA,
    # How many rows it covers.
    sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("root", sa.LargeBinary, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
)
