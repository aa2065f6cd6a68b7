"""The tables of what was assessed and found, of the actions asked for, and of the rules that tenants chose."""

from typing import Final

import sqlalchemy as sa

from cybervault.storage.tables import METADATA

ASSESSMENTS: Final = sa.Table(
    "assessments",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("tenant_id", sa.Text, nullable=False),
    sa.Column("request_id", sa.Text, nullable=False),
    # Unix seconds with fractions, as all times below.
    sa.Column("created_at", sa.Float, nullable=False),
    # What was assessed: an indicator, a payload, telemetry; its kind within that; its canonical text.
    sa.Column("sort", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("depth", sa.Text, nullable=False),
    sa.Column("verdict", sa.Text, nullable=False),
    # 0..100; NULL for what is not weighed (a CVE).
    sa.Column("score", sa.Integer),
    # 1 informational .. 5 critical, OCSF's severity_id.
    sa.Column("severity", sa.Integer, nullable=False),
    sa.Column("category", sa.Text, nullable=False),
    # All of it, with its evidence, as MessagePack.
    sa.Column("document", sa.LargeBinary, nullable=False),
    sa.Index("ix_assessments_created_at", "tenant_id", "created_at", "id"),
    sa.Index("ix_assessments_request_id", "tenant_id", "request_id", "created_at"),
    sa.Index("ix_assessments_target", "tenant_id", "value", "created_at", "id"),
)

FINDINGS: Final = sa.Table(
    "findings",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("tenant_id", sa.Text, nullable=False),
    # When it was detected first.
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
    # A JSON array of texts each, as they are shown; `finding_tags` is what filters search.
    sa.Column("indicators", sa.Text, nullable=False),
    sa.Column("techniques", sa.Text, nullable=False),
    # Each order that a list can have is an index, so that page 5,000 costs what page 1 costs.
    sa.Index("ix_findings_created_at", "tenant_id", "created_at", "id"),
    sa.Index("ix_findings_last_seen_at", "tenant_id", "last_seen_at", "id"),
    sa.Index("ix_findings_score", "tenant_id", "score", "id"),
    sa.Index("ix_findings_severity", "tenant_id", "severity", "created_at", "id"),
    sa.Index("ix_findings_target", "tenant_id", "kind", "value", "created_at", "id"),
    sa.Index("ix_findings_type", "tenant_id", "type", "created_at", "id"),
    sa.Index("ix_findings_status", "tenant_id", "status", "created_at", "id"),
)

FINDING_TAGS: Final = sa.Table(
    "finding_tags",
    METADATA,
    sa.Column("finding_id", sa.Text, primary_key=True),
    # "indicator" or "technique".
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, primary_key=True),
    sa.Column("tenant_id", sa.Text, nullable=False),
    sa.Index("ix_finding_tags_value", "tenant_id", "name", "value"),
)

FINDING_CHANGES: Final = sa.Table(
    "finding_changes",
    METADATA,
    sa.Column("finding_id", sa.Text, primary_key=True),
    # 1, 2, 3, ... in each finding.
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("tenant_id", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    # opened, status, comment.
    sa.Column("act", sa.Text, nullable=False),
    sa.Column("old_status", sa.Text),
    sa.Column("new_status", sa.Text),
    sa.Column("comment", sa.Text),
)

ENTITY_RISKS: Final = sa.Table(
    "entity_risks",
    METADATA,
    sa.Column("tenant_id", sa.Text, primary_key=True),
    # host or user; names are in small letters.
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, primary_key=True),
    sa.Column("latest_at", sa.Float, nullable=False),
    # The points of each rule and when, as MessagePack: what is left of them follows from the time.
    sa.Column("document", sa.LargeBinary, nullable=False),
    sa.Index("ix_entity_risks_latest_at", "tenant_id", "latest_at"),
)

ACTIONS: Final = sa.Table(
    "actions",
    METADATA,
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
    # A JSON object of texts: what the executor says of it.
    sa.Column("details", sa.Text, nullable=False),
    sa.Index("ix_actions_created_at", "tenant_id", "created_at", "id"),
)

RULE_CHOICES: Final = sa.Table(
    "rule_choices",
    METADATA,
    sa.Column("tenant_id", sa.Text, primary_key=True),
    # Raised by each change of what the tenant chose, also of its switches.
    sa.Column("revision", sa.Integer, nullable=False),
    # informational .. critical; NULL: as the installation has it.
    sa.Column("least", sa.Text),
)

RULE_SWITCHES: Final = sa.Table(
    "rule_switches",
    METADATA,
    sa.Column("tenant_id", sa.Text, primary_key=True),
    # A rule that is disabled.
    sa.Column("rule_id", sa.Text, primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
)

RULE_FILTERS: Final = sa.Table(
    "rule_filters",
    METADATA,
    sa.Column("tenant_id", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    # The document, as it was sent.
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
)
