"""Scans and their parts, each of one tenant."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, cast

import msgspec
import sqlalchemy as sa

from cybervault.domain.ids import ScanId
from cybervault.domain.jobs import Job, JobState
from cybervault.domain.principals import TenantId
from cybervault.scans.inventory import Inventory, packed, unpacked
from cybervault.scans.profiles import ProfileName
from cybervault.scans.scan import Chunk, Scan, ScanSelection
from cybervault.scans.seen import Coverage
from cybervault.storage.database import Database, Row, Sql, sql, upsert
from cybervault.storage.jobs import VIEW, job_of
from cybervault.storage.scan_tables import SCAN_CHUNKS, SCAN_INVENTORIES, SCANS
from cybervault.storage.work_tables import JOBS

_C = SCANS.c
_COLUMNS: Final = tuple(_C.keys())
_OF_TENANT = _C.tenant_id == sa.bindparam("tenant_id")
_PAGE = sa.select(SCANS).where(_OF_TENANT).order_by(_C.created_at.desc(), _C.id.desc()).limit(sa.bindparam("most"))
_COVERAGE: Final = msgspec.msgpack.Decoder(tuple[Coverage, ...])

_ADD: Final = sql(sa.insert(SCANS))
_FIND: Final = sql(sa.select(SCANS).where(_OF_TENANT, _C.id == sa.bindparam("wanted")))
_BEHIND = sa.tuple_(_C.created_at, _C.id) < sa.tuple_(
    sa.bindparam("at", type_=sa.Float), sa.bindparam("behind", type_=sa.Text)
)
_ALL: Final = ScanSelection()
_OPEN: Final = sql(sa.select(SCANS).where(_OF_TENANT, _C.finished_at.is_(None)).order_by(_C.created_at, _C.id))
_SETTLE: Final = sql(
    sa.update(SCANS)
    .values(
        state=sa.bindparam("new_state"),
        progress=sa.bindparam("new_progress", type_=sa.Float),
        problem_code=sa.bindparam("new_code"),
        problem_message=sa.bindparam("new_message"),
        started_at=sa.bindparam("new_started_at", type_=sa.Float),
        finished_at=sa.bindparam("new_finished_at", type_=sa.Float),
    )
    .where(_OF_TENANT, _C.id == sa.bindparam("wanted"), _C.finished_at.is_(None))
)
_BEGIN: Final = sql(
    sa.update(SCANS)
    .values(state=JobState.RUNNING.value, started_at=sa.bindparam("now", type_=sa.Float))
    .where(_OF_TENANT, _C.id == sa.bindparam("wanted"), _C.started_at.is_(None), _C.finished_at.is_(None))
)
# By a tenth at least, and a little less for what floating point makes of it.
_ADVANCE: Final = sql(
    sa.update(SCANS)
    .values(progress=sa.bindparam("new_progress", type_=sa.Float))
    .where(
        _OF_TENANT,
        _C.id == sa.bindparam("wanted"),
        _C.finished_at.is_(None),
        _C.progress <= sa.bindparam("new_progress", type_=sa.Float) - sa.literal(0.0999, sa.Float),
    )
)
_UNSETTLED: Final = sql(
    sa.select(SCANS, *VIEW)
    .join_from(
        SCANS,
        JOBS,
        sa.and_(JOBS.c.tenant_id == _C.tenant_id, JOBS.c.kind == "scan", JOBS.c.reference == _C.id),
    )
    .where(
        _C.finished_at.is_(None),
        JOBS.c.state.not_in([JobState.QUEUED.value, JobState.RUNNING.value]),
    )
    .order_by(_C.created_at, _C.id)
    .limit(sa.bindparam("most"))
)
_PLAN: Final = upsert(SCAN_CHUNKS, at=("scan_id", "number"), change=())
_COVER: Final = sql(
    sa.update(SCAN_CHUNKS)
    .values(coverage=sa.bindparam("new_coverage", type_=sa.LargeBinary))
    .where(SCAN_CHUNKS.c.scan_id == sa.bindparam("scan_id"), SCAN_CHUNKS.c.number == sa.bindparam("wanted"))
)
_CHUNKS: Final = sql(
    sa.select(SCAN_CHUNKS.c.number, SCAN_CHUNKS.c.engine, SCAN_CHUNKS.c.subjects, SCAN_CHUNKS.c.coverage)
    .where(SCAN_CHUNKS.c.tenant_id == sa.bindparam("tenant_id"), SCAN_CHUNKS.c.scan_id == sa.bindparam("scan_id"))
    .order_by(SCAN_CHUNKS.c.number)
)
_KEEP_INVENTORY: Final = upsert(SCAN_INVENTORIES, at=("scan_id", "image"), change=("packed",))
_INVENTORY: Final = sql(
    sa.select(SCAN_INVENTORIES.c.packed).where(
        SCAN_INVENTORIES.c.tenant_id == sa.bindparam("tenant_id"),
        SCAN_INVENTORIES.c.scan_id == sa.bindparam("scan_id"),
        SCAN_INVENTORIES.c.image == sa.bindparam("image"),
    )
)


class ScanStore:
    """The rows of scans."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    async def lock(self, tenant_id: TenantId) -> None:
        """Within a transaction: one scan of a tenant is asked for after another."""
        await self._database.lock(f"scans {tenant_id}")

    async def add(self, scan: Scan) -> None:
        """Keep a new scan."""
        row = {name: getattr(scan, name) for name in _COLUMNS}
        row |= {
            "profile": scan.profile.value,
            "targets": json.dumps(scan.targets),
            "state": scan.state.value,
            "created_at": scan.created_at.timestamp(),
            "started_at": None,
            "finished_at": None,
        }
        await self._database.run(_ADD, row)

    async def find(self, tenant_id: TenantId, scan_id: ScanId) -> Scan | None:
        """The scan of this id."""
        rows = await self._database.rows(_FIND, {"tenant_id": tenant_id, "wanted": scan_id})
        return _scan(rows[0]) if rows else None

    async def open(self, tenant_id: TenantId) -> tuple[Scan, ...]:
        """Those of a tenant of which is not known here that they have ended."""
        return tuple(map(_scan, await self._database.rows(_OPEN, {"tenant_id": tenant_id})))

    async def page(
        self,
        tenant_id: TenantId,
        most: int,
        *,
        behind: tuple[float, str] | None = None,
        wanted: ScanSelection = _ALL,
    ) -> tuple[Scan, ...]:
        """Newest first, from behind a place; of a state those alone whose end was kept."""
        values: dict[str, object] = {"tenant_id": tenant_id, "most": most}
        if behind is not None:
            values |= {"at": behind[0], "behind": behind[1]}
        if wanted.state is not None:
            values["state"] = wanted.state.value
        if wanted.profile is not None:
            values["profile"] = wanted.profile.value
        statement = _listing(behind is not None, wanted.state is not None, wanted.profile is not None)
        return tuple(map(_scan, await self._database.rows(statement, values)))

    async def settle(self, scan: Scan, job: Job) -> bool:
        """Keep how its job stands; whether it had not ended before."""
        values = {
            "tenant_id": scan.tenant_id,
            "wanted": scan.id,
            "new_state": job.state.value,
            "new_progress": job.progress,
            "new_code": job.problem_code,
            "new_message": job.problem_message,
            "new_started_at": _seconds(job.started_at),
            "new_finished_at": _seconds(job.finished_at),
        }
        return await self._database.run(_SETTLE, values) == 1

    async def begin(self, tenant_id: TenantId, scan_id: ScanId, now: datetime) -> bool:
        """Keep that it runs; whether that is new."""
        values = {"tenant_id": tenant_id, "wanted": scan_id, "now": now.timestamp()}
        return await self._database.run(_BEGIN, values) == 1

    async def advance(self, tenant_id: TenantId, scan_id: ScanId, progress: float) -> bool:
        """Keep how far it is, where that is a tenth more than was kept before; whether it was."""
        values = {"tenant_id": tenant_id, "wanted": scan_id, "new_progress": progress}
        return await self._database.run(_ADVANCE, values) == 1

    async def unsettled(self, most: int) -> tuple[tuple[Scan, Job], ...]:
        """Those of all tenants whose jobs have ended, which is not kept yet, oldest first."""
        rows, width = await self._database.rows(_UNSETTLED, {"most": most}), len(_COLUMNS)
        return tuple((_scan(row[:width]), job_of(row[width:])) for row in rows)

    async def plan(self, tenant_id: TenantId, scan_id: ScanId, chunks: Iterable[Chunk]) -> None:
        """Keep what is to be looked at; parts that stand already stay as they are."""
        rows = [
            {
                "scan_id": scan_id,
                "number": chunk.number,
                "tenant_id": tenant_id,
                "engine": chunk.engine,
                "subjects": json.dumps(chunk.subjects),
                "coverage": None,
            }
            for chunk in chunks
        ]
        async with self._database.transaction():
            for row in rows:
                await self._database.run(_PLAN, row)

    async def cover(self, scan_id: ScanId, number: int, coverage: Iterable[Coverage]) -> None:
        """Keep what a part has looked at."""
        raw = msgspec.msgpack.encode(tuple(coverage))
        await self._database.run(_COVER, {"scan_id": scan_id, "wanted": number, "new_coverage": raw})

    async def chunks(self, tenant_id: TenantId, scan_id: ScanId) -> tuple[Chunk, ...]:
        """The parts in their order."""
        rows = await self._database.rows(_CHUNKS, {"tenant_id": tenant_id, "scan_id": scan_id})
        return tuple(map(_chunk, rows))

    async def keep_inventory(self, tenant_id: TenantId, scan_id: ScanId, inventory: Inventory) -> None:
        """Keep what an image holds."""
        row = {"scan_id": scan_id, "image": inventory.image, "tenant_id": tenant_id, "packed": packed(inventory)}
        await self._database.run(_KEEP_INVENTORY, row)

    async def inventory(self, tenant_id: TenantId, scan_id: ScanId, image: str) -> Inventory | None:
        """What an image held when it was scanned; None where its packages were not read."""
        values = {"tenant_id": tenant_id, "scan_id": scan_id, "image": image}
        rows = await self._database.rows(_INVENTORY, values)
        return unpacked(cast("bytes", rows[0][0])) if rows else None


@lru_cache
def _listing(has_behind: bool, has_state: bool, has_profile: bool) -> Sql:  # noqa: FBT001 - the key of a cache
    clauses: list[sa.ColumnElement[bool]] = []
    if has_behind:
        clauses.append(_BEHIND)
    if has_state:
        clauses += [_C.state == sa.bindparam("state"), _C.finished_at.is_not(None)]
    if has_profile:
        clauses.append(_C.profile == sa.bindparam("profile"))
    return sql(_PAGE.where(*clauses))


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _scan(row: Row) -> Scan:
    columns = dict(zip(_COLUMNS, cast("Any", row), strict=True))
    return Scan(
        **columns
        | {
            "profile": ProfileName(columns["profile"]),
            "targets": tuple(json.loads(columns["targets"])),
            "state": JobState(columns["state"]),
            "created_at": datetime.fromtimestamp(columns["created_at"], UTC),
            "started_at": _moment(columns["started_at"]),
            "finished_at": _moment(columns["finished_at"]),
        }
    )


def _chunk(row: Row) -> Chunk:
    number, engine, subjects, coverage = cast("Any", row)
    return Chunk(number, engine, tuple(json.loads(subjects)), None if coverage is None else _COVERAGE.decode(coverage))
