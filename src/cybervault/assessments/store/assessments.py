"""Assessments: written once with all their evidence, found by id or by the request that asked for them."""

from dataclasses import dataclass
from typing import Any, Final, cast

import msgspec
import sqlalchemy as sa

from cybervault.domain.assessments import Assessment, rank_of
from cybervault.domain.ids import AssessmentId
from cybervault.domain.principals import TenantId
from cybervault.storage.database import Database, Row, sql, upsert
from cybervault.storage.threat_tables import ASSESSMENTS

_OF_TENANT = ASSESSMENTS.c.tenant_id == sa.bindparam("tenant_id")
_DOCUMENTS = sa.select(ASSESSMENTS.c.document).where(_OF_TENANT)
_NEWEST_FIRST = (ASSESSMENTS.c.created_at.desc(), ASSESSMENTS.c.id.desc())

_ADD: Final = upsert(ASSESSMENTS, at=("id",), change=())
_FIND: Final = sql(_DOCUMENTS.where(ASSESSMENTS.c.id == sa.bindparam("wanted")))
_OF_REQUEST: Final = sql(
    _DOCUMENTS.where(ASSESSMENTS.c.request_id == sa.bindparam("wanted")).order_by(*_NEWEST_FIRST).limit(1)
)
_OF_TARGET = _DOCUMENTS.where(ASSESSMENTS.c.value == sa.bindparam("target"))
_BEHIND = sa.tuple_(ASSESSMENTS.c.created_at, ASSESSMENTS.c.id) < sa.tuple_(
    sa.bindparam("at", type_=sa.Float), sa.bindparam("after", type_=sa.Text)
)
# By whether a target is named, and whether it is not the first page.
_PAGES: Final = {
    (is_of_target, is_further): sql(
        (chosen.where(_BEHIND) if is_further else chosen).order_by(*_NEWEST_FIRST).limit(sa.bindparam("most"))
    )
    for is_of_target, chosen in ((False, _DOCUMENTS), (True, _OF_TARGET))
    for is_further in (False, True)
}
_DECODER: Final = msgspec.msgpack.Decoder(Assessment)


@dataclass(frozen=True, slots=True)
class Behind:
    """The place in a list behind which to go on."""

    at: float
    id: str


class AssessmentStore:
    """The rows of assessments, each of one tenant. None is ever changed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    async def add(self, assessment: Assessment) -> bool:
        """Keep it, unless one of this id is kept already; whether it was not."""
        target = assessment.target
        added = await self._database.run(
            _ADD,
            {
                "id": assessment.id,
                "tenant_id": assessment.tenant_id,
                "request_id": assessment.request_id,
                "created_at": assessment.created_at.timestamp(),
                "sort": target.sort.value,
                "kind": target.kind,
                "value": target.value,
                "depth": assessment.depth.value,
                "verdict": assessment.verdict.value,
                "score": assessment.score,
                "severity": rank_of(assessment.severity),
                "category": assessment.category.value,
                "document": msgspec.msgpack.encode(assessment),
            },
        )
        return added == 1

    async def find(self, tenant_id: TenantId, assessment_id: AssessmentId) -> Assessment | None:
        """The assessment of this id."""
        rows = await self._database.rows(_FIND, {"tenant_id": tenant_id, "wanted": assessment_id})
        return _read(rows[0]) if rows else None

    async def of_request(self, tenant_id: TenantId, request_id: str) -> Assessment | None:
        """What a request asked for; of several requests that a caller gave one id, the newest."""
        rows = await self._database.rows(_OF_REQUEST, {"tenant_id": tenant_id, "wanted": request_id})
        return _read(rows[0]) if rows else None

    async def page(
        self, tenant_id: TenantId, most: int, *, behind: Behind | None = None, target: str | None = None
    ) -> tuple[Assessment, ...]:
        """Newest first; where a target is named, those of its canonical text alone."""
        values: dict[str, object] = {"tenant_id": tenant_id, "most": most}
        if target is not None:
            values["target"] = target
        if behind is not None:
            values |= {"at": behind.at, "after": behind.id}
        rows = await self._database.rows(_PAGES[target is not None, behind is not None], values)
        return tuple(map(_read, rows))


def _read(row: Row) -> Assessment:
    return _DECODER.decode(cast("Any", row)[0])
