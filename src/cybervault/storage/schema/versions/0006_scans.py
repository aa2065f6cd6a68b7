"""What may be scanned, scans with their parts, and what they saw."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _asked()
    _seen()


def _asked() -> None:
    op.create_table(
        "scan_grants",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("basis", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("allows_pentest", sa.Boolean, nullable=False),
        sa.Column("challenge", sa.Text),
        sa.Column("granted_at", sa.Float),
        sa.Column("expires_at", sa.Float),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
    )
    op.create_index("ix_scan_grants_value", "scan_grants", ["tenant_id", "kind", "value"], unique=True)
    op.create_table(
        "scans",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("profile", sa.Text, nullable=False),
        sa.Column("targets", sa.Text, nullable=False),
        sa.Column("minutes_max", sa.Integer, nullable=False),
        sa.Column("minutes_estimated", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("progress", sa.Float, nullable=False),
        sa.Column("problem_code", sa.Text),
        sa.Column("problem_message", sa.Text),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("started_at", sa.Float),
        sa.Column("finished_at", sa.Float),
    )
    op.create_index("ix_scans_created_at", "scans", ["tenant_id", "created_at", "id"])
    op.create_index("ix_scans_finished_at", "scans", ["tenant_id", "finished_at"])
    op.create_table(
        "scan_chunks",
        sa.Column("scan_id", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("engine", sa.Text, nullable=False),
        sa.Column("subjects", sa.Text, nullable=False),
        sa.Column("coverage", sa.LargeBinary),
    )
    op.create_index("ix_scan_chunks_tenant_id", "scan_chunks", ["tenant_id", "scan_id", "number"])


def _seen() -> None:
    op.create_table(
        "scan_findings",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("asset", sa.Text, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("severity", sa.Integer, nullable=False),
        sa.Column("confidence", sa.Text, nullable=False),
        sa.Column("engines", sa.Text, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("first_seen_at", sa.Float, nullable=False),
        sa.Column("last_seen_at", sa.Float, nullable=False),
        sa.Column("resolved_at", sa.Float),
        sa.Column("first_scan_id", sa.Text, nullable=False),
        sa.Column("last_scan_id", sa.Text, nullable=False),
    )
    op.create_index("ix_scan_findings_fingerprint", "scan_findings", ["tenant_id", "fingerprint"], unique=True)
    op.create_index("ix_scan_findings_asset", "scan_findings", ["tenant_id", "asset", "status"])
    op.create_index("ix_scan_findings_last_seen_at", "scan_findings", ["tenant_id", "last_seen_at", "id"])
    op.create_table(
        "scan_sightings",
        sa.Column("scan_id", sa.Text, primary_key=True),
        sa.Column("finding_id", sa.Text, primary_key=True),
        sa.Column("tenant_id", sa.Text, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("scan_sightings")
    op.drop_index("ix_scan_findings_fingerprint", "scan_findings")
    op.drop_index("ix_scan_findings_asset", "scan_findings")
    op.drop_index("ix_scan_findings_last_seen_at", "scan_findings")
    op.drop_table("scan_findings")
    op.drop_index("ix_scan_chunks_tenant_id", "scan_chunks")
    op.drop_table("scan_chunks")
    op.drop_index("ix_scans_created_at", "scans")
    op.drop_index("ix_scans_finished_at", "scans")
    op.drop_table("scans")
    op.drop_index("ix_scan_grants_value", "scan_grants")
    op.drop_table("scan_grants")
