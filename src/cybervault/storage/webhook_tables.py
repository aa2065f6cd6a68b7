"""The tables of webhooks: where events are sent, what was to be sent, and each attempt at it."""

from typing import Final

import sqlalchemy as sa

from cybervault.storage.tables import METADATA

WEBHOOKS: Final = sa.Table(
    "webhooks",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("tenant_id", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    # A JSON array of names of events.
    sa.Column("events", sa.Text, nullable=False),
    # 1 informational .. 5 critical; NULL where every severity is wanted.
    sa.Column("severity_min", sa.Integer),
    # Sealed, as the one that it replaced is; that one counts until `old_until`.
    sa.Column("secret", sa.LargeBinary, nullable=False),
    sa.Column("old_secret", sa.LargeBinary),
    # Unix seconds with fractions, as all times below.
    sa.Column("old_until", sa.Float),
    # What the tenant wants; what its failures brought about stands beside it.
    sa.Column("is_enabled", sa.Boolean, nullable=False),
    sa.Column("disabled_at", sa.Float),
    sa.Column("disabled_reason", sa.Text),
    # Since when nothing was delivered, and until when nothing more is tried for now.
    sa.Column("failing_since", sa.Float),
    sa.Column("paused_until", sa.Float),
    sa.Column("delivered_at", sa.Float),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Index("ix_webhooks_created_at", "tenant_id", "created_at", "id"),
)

WEBHOOK_DELIVERIES: Final = sa.Table(
    "webhook_deliveries",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("tenant_id", sa.Text, nullable=False),
    sa.Column("webhook_id", sa.Text, nullable=False),
    sa.Column("event_id", sa.Text, nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    # The very bytes that are signed and sent.
    sa.Column("body", sa.LargeBinary, nullable=False),
    # pending, delivered, failed.
    sa.Column("state", sa.Text, nullable=False),
    # Why it failed for good.
    sa.Column("reason", sa.Text),
    # 0, and one more with each replay; how many attempts there were, and how many before this round.
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("attempts_before", sa.Integer, nullable=False),
    # When the next attempt is due; NULL where none is.
    sa.Column("next_at", sa.Float),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("finished_at", sa.Float),
    # An event that is told twice is sent once.
    sa.Index("ix_webhook_deliveries_event_id", "webhook_id", "event_id", unique=True),
    sa.Index("ix_webhook_deliveries_created_at", "tenant_id", "webhook_id", "created_at", "id"),
    sa.Index("ix_webhook_deliveries_finished_at", "finished_at"),
)

WEBHOOK_ATTEMPTS: Final = sa.Table(
    "webhook_attempts",
    METADATA,
    sa.Column("delivery_id", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("tenant_id", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    # What was answered, NULL where nothing was; then `failure` says why.
    sa.Column("status", sa.Integer),
    sa.Column("failure", sa.Text),
    sa.Column("latency_ms", sa.Integer, nullable=False),
    # The beginning of the answer.
    sa.Column("reply", sa.Text, nullable=False),
)
