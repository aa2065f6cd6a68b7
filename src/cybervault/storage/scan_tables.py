"""The tables of scans: what may be scanned, what was asked for, its parts, and what was seen."""

from typing import Final

import sqlalchemy as sa

from cybervault.storage.tables import METADATA

SCAN_GRANTS: Final = sa.Table(
    "scan_grants",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("tenant_id", sa.Text, nullable=False),
    # The form of the target (network, domain, cloud, image) and its one spelling.
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("value", sa.Text, nullable=False),
    # Who vouches for it: operator, owner, proof.
    sa.Column("basis", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("allows_pentest", sa.Boolean, nullable=False),
    # What is to be published as proof; NULL where none is asked for.
    sa.Column("challenge", sa.Text),
    # Unix seconds with fractions, as all times below; NULL until it was proved.
    sa.Column("granted_at", sa.Float),
    sa.Column("expires_at", sa.Float),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Index("ix_scan_grants_value", "tenant_id", "kind", "value", unique=True),
)

SCANS: Final = sa.Table(
    "scans",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("tenant_id", sa.Text, nullable=False),
    sa.Column("profile", sa.Text, nullable=False),
    # A JSON array of their spellings.
    sa.Column("targets", sa.Text, nullable=False),
    sa.Column("minutes_max", sa.Integer, nullable=False),
    sa.Column("minutes_estimated", sa.Integer, nullable=False),
    # queued until its job has begun, running, or how it ended.
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("progress", sa.Float, nullable=False),
    sa.Column("problem_code", sa.Text),
    sa.Column("problem_message", sa.Text),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("started_at", sa.Float),
    sa.Column("finished_at", sa.Float),
    sa.Index("ix_scans_created_at", "tenant_id", "created_at", "id"),
    sa.Index("ix_scans_finished_at", "tenant_id", "finished_at"),
    sa.Index("ix_scans_open", "finished_at"),
)

SCAN_CHUNKS: Final = sa.Table(
    "scan_chunks",
    METADATA,
    sa.Column("scan_id", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("tenant_id", sa.Text, nullable=False),
    sa.Column("engine", sa.Text, nullable=False),
    # What of the scan it looks at: a JSON array of texts.
    sa.Column("subjects", sa.Text, nullable=False),
    # What was covered, not reached, failed or not tested, as MessagePack; NULL until it has ended.
    sa.Column("coverage", sa.LargeBinary),
    sa.Index("ix_scan_chunks_tenant_id", "tenant_id", "scan_id", "number"),
)

SCAN_INVENTORIES: Final = sa.Table(
    "scan_inventories",
    METADATA,
    sa.Column("scan_id", sa.Text, primary_key=True),
    # The target in its one spelling.
    sa.Column("image", sa.Text, primary_key=True),
    sa.Column("tenant_id", sa.Text, nullable=False),
    # The packages and what is known of them, as compressed MessagePack.
    sa.Column("packed", sa.LargeBinary, nullable=False),
)

SCAN_FINDINGS: Final = sa.Table(
    "scan_findings",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("tenant_id", sa.Text, nullable=False),
    # The digest of asset, rule and place: never of a title or a tool.
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("asset", sa.Text, nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    # 1 informational .. 5 critical, OCSF's severity_id.
    sa.Column("severity", sa.Integer, nullable=False),
    sa.Column("confidence", sa.Text, nullable=False),
    # JSON arrays of texts.
    sa.Column("engines", sa.Text, nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),
    # open, resolved.
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("first_seen_at", sa.Float, nullable=False),
    sa.Column("last_seen_at", sa.Float, nullable=False),
    sa.Column("resolved_at", sa.Float),
    sa.Column("first_scan_id", sa.Text, nullable=False),
    sa.Column("last_scan_id", sa.Text, nullable=False),
    sa.Index("ix_scan_findings_fingerprint", "tenant_id", "fingerprint", unique=True),
    sa.Index("ix_scan_findings_asset", "tenant_id", "asset", "status"),
    sa.Index("ix_scan_findings_last_seen_at", "tenant_id", "last_seen_at", "id"),
)

SCAN_SIGHTINGS: Final = sa.Table(
    "scan_sightings",
    METADATA,
    sa.Column("scan_id", sa.Text, primary_key=True),
    sa.Column("finding_id", sa.Text, primary_key=True),
    sa.Column("tenant_id", sa.Text, nullable=False),
)

SCAN_SCHEDULES: Final = sa.Table(
    "scan_schedules",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("tenant_id", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("targets", sa.Text, nullable=False),
    sa.Column("profile", sa.Text, nullable=False),
    sa.Column("minutes_max", sa.Integer, nullable=False),
    # Five fields, and the zone of the IANA database in which they are read.
    sa.Column("cron", sa.Text, nullable=False),
    sa.Column("timezone", sa.Text, nullable=False),
    sa.Column("is_enabled", sa.Boolean, nullable=False),
    # Whoever sets this from one turn to the next has the turn; NULL while it is paused.
    sa.Column("next_at", sa.Float),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    # The last turn: when it was due, the scan of the last that began one, and why there was none.
    sa.Column("last_at", sa.Float),
    sa.Column("last_scan_id", sa.Text),
    sa.Column("problem_code", sa.Text),
    sa.Column("problem_message", sa.Text),
    sa.Index("ix_scan_schedules_created_at", "tenant_id", "created_at", "id"),
    sa.Index("ix_scan_schedules_due", "next_at"),
)
