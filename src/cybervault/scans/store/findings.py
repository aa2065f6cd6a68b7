"""What scans saw: one row for a spot of a tenant, from its first sighting to its end."""

import json
from collections.abc import Collection
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, cast

import sqlalchemy as sa

from cybervault.domain.assessments import rank_of, severity_of_rank
from cybervault.domain.ids import ScanFindingId, ScanId
from cybervault.domain.principals import TenantId
from cybervault.domain.verdicts import Severity
from cybervault.scans.scan import AssetTally, FindingStatus, ScanFinding, SeenSelection
from cybervault.storage.database import Database, Row, Sql, sql, upsert
from cybervault.storage.scan_tables import SCAN_FINDINGS, SCAN_SIGHTINGS

_C = SCAN_FINDINGS.c
_COLUMNS: Final = tuple(_C.keys())
_OF_TENANT = _C.tenant_id == sa.bindparam("tenant_id")
_ALL: Final = SeenSelection()
_SIGHTED = SCAN_SIGHTINGS.c.finding_id == _C.id
_OF_SCAN = (
    SCAN_SIGHTINGS.c.tenant_id == sa.bindparam("tenant_id"),
    SCAN_SIGHTINGS.c.scan_id == sa.bindparam("scan_id"),
)
_NEWEST = (_C.last_seen_at.desc(), _C.id.desc())
_BEHIND = sa.tuple_(_C.last_seen_at, _C.id) < sa.tuple_(
    sa.bindparam("at", type_=sa.Float), sa.bindparam("behind", type_=sa.Text)
)
_STATUS = _C.status == sa.bindparam("status")

_SEE: Final = upsert(
    SCAN_FINDINGS,
    at=("tenant_id", "fingerprint"),
    change=lambda new: (
        {
            name: new[name]
            for name in ("title", "severity", "confidence", "engines", "evidence", "status", "last_scan_id")
        }
        | {"last_seen_at": new.last_seen_at, "resolved_at": sa.null()}
    ),
    returning=("id",),
)
_SIGHT: Final = upsert(SCAN_SIGHTINGS, at=("scan_id", "finding_id"), change=())
_BY_FINGERPRINT: Final = sql(sa.select(SCAN_FINDINGS).where(_OF_TENANT, _C.fingerprint == sa.bindparam("fingerprint")))
_OPEN_OF_ASSET: Final = sql(
    sa.select(SCAN_FINDINGS).where(_OF_TENANT, _C.asset == sa.bindparam("asset"), _C.status == FindingStatus.OPEN.value)
)
_RESOLVE: Final = sql(
    sa.update(SCAN_FINDINGS)
    .values(status=FindingStatus.RESOLVED.value, resolved_at=sa.bindparam("now", type_=sa.Float))
    .where(_OF_TENANT, _C.id == sa.bindparam("wanted"))
)
_OF_SCAN_ORDERED = (_C.severity.desc(), _C.asset, _C.place, _C.rule, _C.id)
_STATEMENTS_MAX: Final = 256
_COUNT = sa.func.count().label("counted")
_WORST = sa.func.max(_C.severity).label("worst")


def _seen(*columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Of what one scan saw."""
    return sa.select(*columns).join_from(SCAN_FINDINGS, SCAN_SIGHTINGS, _SIGHTED).where(*_OF_SCAN, _OF_TENANT)


_SEVERITIES: Final = sql(_seen(_C.severity, _COUNT).group_by(_C.severity))
_ASSETS: Final = sql(
    _seen(_C.asset, _WORST, _COUNT)
    .group_by(_C.asset)
    .order_by(_WORST.desc(), _COUNT.desc(), _C.asset)
    .limit(sa.bindparam("most"))
)
_RULES: Final = sql(_seen(_C.rule, _COUNT).group_by(_C.rule))
_FIRST: Final = sql(sa.select(SCAN_FINDINGS).where(_OF_TENANT, _STATUS).order_by(*_NEWEST).limit(sa.bindparam("most")))
_NEXT: Final = sql(
    sa.select(SCAN_FINDINGS).where(_OF_TENANT, _STATUS, _BEHIND).order_by(*_NEWEST).limit(sa.bindparam("most"))
)


class ScanFindingStore:
    """The rows of what scans saw, each of one tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    async def lock(self, tenant_id: TenantId) -> None:
        """Within a transaction: what two scans of a tenant saw is taken in one after the other."""
        await self._database.lock(f"scan findings {tenant_id}")

    async def by_fingerprint(self, tenant_id: TenantId, fingerprint: str) -> ScanFinding | None:
        """The finding at this spot."""
        rows = await self._database.rows(_BY_FINGERPRINT, {"tenant_id": tenant_id, "fingerprint": fingerprint})
        return _finding(rows[0]) if rows else None

    async def see(self, finding: ScanFinding, scan_id: ScanId) -> None:
        """Keep a sighting: a new row, or what has changed of the one at its spot."""
        row = {name: getattr(finding, name) for name in _COLUMNS}
        row |= {
            "severity": rank_of(finding.severity),
            "engines": json.dumps(finding.engines),
            "evidence": json.dumps(finding.evidence),
            "status": finding.status.value,
            "first_seen_at": finding.first_seen_at.timestamp(),
            "last_seen_at": finding.last_seen_at.timestamp(),
            "resolved_at": None,
        }
        kept = await self._database.rows(_SEE, row)
        sighting = {"scan_id": scan_id, "finding_id": kept[0][0], "tenant_id": finding.tenant_id}
        await self._database.run(_SIGHT, sighting)

    async def open_of_asset(self, tenant_id: TenantId, asset: str) -> tuple[ScanFinding, ...]:
        """What still stands of an asset."""
        rows = await self._database.rows(_OPEN_OF_ASSET, {"tenant_id": tenant_id, "asset": asset})
        return tuple(map(_finding, rows))

    async def resolve(self, tenant_id: TenantId, finding_ids: Collection[ScanFindingId], now: datetime) -> None:
        """It was looked for where it was, and is gone."""
        for finding_id in sorted(finding_ids):
            values = {"tenant_id": tenant_id, "wanted": finding_id, "now": now.timestamp()}
            await self._database.run(_RESOLVE, values)

    async def of_scan(
        self, tenant_id: TenantId, scan_id: ScanId, *, skipped: int, most: int, wanted: SeenSelection = _ALL
    ) -> tuple[ScanFinding, ...]:
        """What one scan saw, the worst first."""
        severities = sorted(map(rank_of, wanted.severities))
        # No rule at all is one that nothing has: an empty list is no SQL.
        rules = [] if wanted.rules is None else sorted(wanted.rules) or [""]
        statement = _seen_by_scan(len(severities), bool(wanted.asset), len(rules))
        values: dict[str, object] = {"tenant_id": tenant_id, "scan_id": scan_id, "skipped": skipped, "most": most}
        values |= {f"severity_{place}": rank for place, rank in enumerate(severities)}
        values |= {f"rule_{place}": rule for place, rule in enumerate(rules)}
        values |= {"asset": wanted.asset} if wanted.asset else {}
        return tuple(map(_finding, await self._database.rows(statement, values)))

    async def severities_of_scan(self, tenant_id: TenantId, scan_id: ScanId) -> dict[Severity, int]:
        """How much of each severity one scan saw."""
        rows = await self._database.rows(_SEVERITIES, {"tenant_id": tenant_id, "scan_id": scan_id})
        return {severity_of_rank(rank): count for rank, count in cast("Any", rows)}

    async def rules_of_scan(self, tenant_id: TenantId, scan_id: ScanId) -> dict[str, int]:
        """How often one scan saw each rule."""
        rows = await self._database.rows(_RULES, {"tenant_id": tenant_id, "scan_id": scan_id})
        return dict(cast("Any", [tuple(row) for row in rows]))

    async def assets_of_scan(self, tenant_id: TenantId, scan_id: ScanId, most: int) -> tuple[AssetTally, ...]:
        """Of which assets one scan saw the worst, and then the most."""
        rows = await self._database.rows(_ASSETS, {"tenant_id": tenant_id, "scan_id": scan_id, "most": most})
        return tuple(AssetTally(asset, severity_of_rank(worst), count) for asset, worst, count in cast("Any", rows))

    async def page(
        self, tenant_id: TenantId, status: FindingStatus, most: int, *, behind: tuple[float, str] | None = None
    ) -> tuple[ScanFinding, ...]:
        """Of all scans, the last seen first, from behind a mark."""
        values: dict[str, object] = {"tenant_id": tenant_id, "status": status.value, "most": most}
        if behind is None:
            rows = await self._database.rows(_FIRST, values)
        else:
            rows = await self._database.rows(_NEXT, values | {"at": behind[0], "behind": behind[1]})
        return tuple(map(_finding, rows))


@lru_cache(_STATEMENTS_MAX)
def _seen_by_scan(severities: int, has_asset: bool, rules: int) -> Sql:  # noqa: FBT001 - the key of a cache
    statement = _seen(*_C)
    if severities:
        statement = statement.where(_C.severity.in_(_bound("severity", severities, _C.severity)))
    if has_asset:
        statement = statement.where(_C.asset == sa.bindparam("asset"))
    if rules:
        statement = statement.where(_C.rule.in_(_bound("rule", rules, _C.rule)))
    ordered = statement.order_by(*_OF_SCAN_ORDERED)
    return sql(ordered.limit(sa.bindparam("most")).offset(sa.bindparam("skipped")))


def _bound(name: str, count: int, column: sa.ColumnElement[Any]) -> list[sa.BindParameter[Any]]:
    return [sa.bindparam(f"{name}_{place}", type_=column.type) for place in range(count)]


def _finding(row: Row) -> ScanFinding:
    columns = dict(zip(_COLUMNS, cast("Any", row), strict=True))
    resolved = columns["resolved_at"]
    return ScanFinding(
        **columns
        | {
            "severity": severity_of_rank(columns["severity"]),
            "engines": tuple(json.loads(columns["engines"])),
            "evidence": tuple(json.loads(columns["evidence"])),
            "status": FindingStatus(columns["status"]),
            "first_seen_at": datetime.fromtimestamp(columns["first_seen_at"], UTC),
            "last_seen_at": datetime.fromtimestamp(columns["last_seen_at"], UTC),
            "resolved_at": None if resolved is None else datetime.fromtimestamp(resolved, UTC),
        }
    )
