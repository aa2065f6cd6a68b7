"""Findings: by id, by target, and in lists that are narrowed and sorted the same way on both engines."""

import json
import operator as operators
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, TypeAlias, cast

import sqlalchemy as sa

from cybervault.assessments.selection import LISTS, SORTED_BY, Condition, Field, Operator, Order, Selection, columns_of
from cybervault.assessments.summary import Tally
from cybervault.domain.assessments import Category, severity_of_rank
from cybervault.domain.findings import OPEN, Act, Finding, Status, Step
from cybervault.domain.ids import AssessmentId, FindingId
from cybervault.domain.principals import TenantId
from cybervault.domain.verdicts import Verdict
from cybervault.storage.database import Database, Row, Sql, sql, upsert
from cybervault.storage.threat_tables import FINDING_CHANGES, FINDING_TAGS, FINDINGS

# What of a condition makes another statement: its field, its operator, and how many values it has.
_Shape: TypeAlias = tuple[tuple[Field, Operator, int], ...]

_C = FINDINGS.c
_OF_TENANT = _C.tenant_id == sa.bindparam("tenant_id")
_COLUMNS: Final = tuple(_C.keys())
_CHANGING: Final = tuple(name for name in _COLUMNS if name not in {"id", "tenant_id", "created_at", "kind", "value"})
_SORTED_BY: Final = {order: tuple(_C[name] for name in names) for order, names in SORTED_BY.items()}
_STATEMENTS_MAX: Final = 256

_ADD: Final = sql(sa.insert(FINDINGS))
_KEEP: Final = sql(
    sa.update(FINDINGS)
    .values({name: sa.bindparam(f"new_{name}") for name in _CHANGING})
    .where(_OF_TENANT, _C.id == sa.bindparam("wanted"))
)
_FIND: Final = sql(sa.select(FINDINGS).where(_OF_TENANT, _C.id == sa.bindparam("wanted")))
_OF_TARGET: Final = sql(
    sa.select(FINDINGS)
    .where(_OF_TENANT, _C.kind == sa.bindparam("kind"), _C.value == sa.bindparam("value"))
    .order_by(_C.created_at.desc(), _C.id.desc())
    .limit(1)
)
_TALLY: Final = sql(
    sa.select(_C.severity, _C.status, sa.func.count()).where(_OF_TENANT).group_by(_C.severity, _C.status)
)
_TECHNIQUES: Final = sql(
    sa.select(FINDING_TAGS.c.value, sa.func.count().label("shown"))
    .join_from(FINDING_TAGS, FINDINGS, _C.id == FINDING_TAGS.c.finding_id)
    .where(
        FINDING_TAGS.c.tenant_id == sa.bindparam("tenant_id"),
        FINDING_TAGS.c.name == "technique",
        _C.status.in_([one.value for one in OPEN]),
    )
    .group_by(FINDING_TAGS.c.value)
    .order_by(sa.desc("shown"), FINDING_TAGS.c.value)
    .limit(sa.bindparam("most"))
)
_TAG: Final = upsert(FINDING_TAGS, at=["finding_id", "name", "value"], change=[])
_STEP: Final = sql(sa.insert(FINDING_CHANGES))
_STEPS: Final = sql(
    sa.select(
        *(FINDING_CHANGES.c[name] for name in ("number", "at", "by", "act", "old_status", "new_status", "comment"))
    )
    .where(
        FINDING_CHANGES.c.tenant_id == sa.bindparam("tenant_id"), FINDING_CHANGES.c.finding_id == sa.bindparam("wanted")
    )
    .order_by(FINDING_CHANGES.c.number)
)


class FindingStore:
    """The rows of findings, each of one tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    async def lock(self, tenant_id: TenantId, kind: str, value: str) -> None:
        """Within a transaction: one sighting of a target after another."""
        await self._database.lock(f"finding {tenant_id} {kind} {value}")

    async def lock_finding(self, finding_id: FindingId) -> None:
        """Within a transaction: one change of a finding after another."""
        await self._database.lock(f"finding {finding_id}")

    async def add(self, finding: Finding) -> None:
        """Keep a new finding."""
        await self._database.run(_ADD, columns_of(finding))
        await self._tag(finding)

    async def keep(self, finding: Finding) -> None:
        """Keep what was changed."""
        columns = columns_of(finding)
        changed = {f"new_{name}": columns[name] for name in _CHANGING}
        await self._database.run(_KEEP, changed | {"tenant_id": finding.tenant_id, "wanted": finding.id})
        await self._tag(finding)

    async def find(self, tenant_id: TenantId, finding_id: FindingId) -> Finding | None:
        """The finding of this id."""
        rows = await self._database.rows(_FIND, {"tenant_id": tenant_id, "wanted": finding_id})
        return _finding(rows[0]) if rows else None

    async def of_target(self, tenant_id: TenantId, kind: str, value: str) -> Finding | None:
        """The newest finding on this target."""
        rows = await self._database.rows(_OF_TARGET, {"tenant_id": tenant_id, "kind": kind, "value": value})
        return _finding(rows[0]) if rows else None

    async def select(self, tenant_id: TenantId, selection: Selection) -> tuple[Finding, ...]:
        """One page."""
        shape = _shape_of(selection.conditions)
        statement = _listing(shape, selection.order, selection.is_descending, selection.behind is not None)
        values = _values_of(tenant_id, selection.conditions) | {"most": selection.most}
        if selection.behind is None:
            values["skipped"] = selection.offset
        else:
            values |= {f"behind_{place}": mark for place, mark in enumerate(selection.behind)}
        return tuple(map(_finding, await self._database.search(statement, values)))

    async def count(self, tenant_id: TenantId, conditions: Sequence[Condition]) -> int:
        """How many there are."""
        rows = await self._database.search(_counting(_shape_of(conditions)), _values_of(tenant_id, conditions))
        return int(cast("Any", rows[0][0]))

    async def tally(self, tenant_id: TenantId) -> tuple[Tally, ...]:
        """How many of each severity and status there are."""
        rows = await self._database.search(_TALLY, {"tenant_id": tenant_id})
        return tuple(_tally(row) for row in rows)

    async def techniques(self, tenant_id: TenantId, most: int) -> tuple[tuple[str, int], ...]:
        """The most frequent techniques of open findings, those of one number in the order of their ids."""
        rows = await self._database.search(_TECHNIQUES, {"tenant_id": tenant_id, "most": most})
        return tuple(cast("Any", tuple(row)) for row in rows)

    async def add_step(self, finding: Finding, step: Step) -> None:
        """Add a line to the history."""
        await self._database.run(
            _STEP,
            {
                "finding_id": finding.id,
                "number": step.number,
                "tenant_id": finding.tenant_id,
                "at": step.at.timestamp(),
                "by": step.by,
                "act": step.act.value,
                "old_status": step.old_status,
                "new_status": step.new_status,
                "comment": step.comment,
            },
        )

    async def steps(self, tenant_id: TenantId, finding_id: FindingId) -> tuple[Step, ...]:
        """The history, oldest first."""
        rows = await self._database.rows(_STEPS, {"tenant_id": tenant_id, "wanted": finding_id})
        return tuple(map(_step, rows))

    async def _tag(self, finding: Finding) -> None:
        tags = [("indicator", value) for value in finding.indicators]
        tags += [("technique", value) for value in finding.techniques]
        await self._database.rows_of_each(
            _TAG,
            [
                {"finding_id": finding.id, "tenant_id": finding.tenant_id, "name": name, "value": value}
                for name, value in sorted(set(tags))
            ],
        )


def _shape_of(conditions: Sequence[Condition]) -> _Shape:
    return tuple((condition.field, condition.operator, len(condition.values)) for condition in conditions)


def _values_of(tenant_id: TenantId, conditions: Sequence[Condition]) -> dict[str, object]:
    values: dict[str, object] = {"tenant_id": tenant_id}
    for place, condition in enumerate(conditions):
        for number, value in enumerate(condition.values):
            is_part = condition.operator is Operator.CONTAINS and condition.field not in LISTS
            values[f"value_{place}_{number}"] = _pattern(str(value)) if is_part else value
    return values


def _pattern(text: str) -> str:
    for special in ("\\", "%", "_"):
        text = text.replace(special, f"\\{special}")
    return f"%{text.lower()}%"


@lru_cache(_STATEMENTS_MAX)
def _listing(shape: _Shape, order: Order, is_descending: bool, has_behind: bool) -> Sql:  # noqa: FBT001, PLR0917 - the key of a cache
    columns = _SORTED_BY[order]
    statement = sa.select(FINDINGS).where(_tenant_in(shape), *_clauses(shape))
    if has_behind:
        place = sa.tuple_(*columns)
        marks = sa.tuple_(
            *(sa.bindparam(f"behind_{number}", type_=column.type) for number, column in enumerate(columns))
        )
        statement = statement.where(place < marks if is_descending else place > marks)
    else:
        statement = statement.offset(sa.bindparam("skipped"))
    sorted_by = [column.desc() if is_descending else column.asc() for column in columns]
    return sql(statement.order_by(*sorted_by).limit(sa.bindparam("most")))


@lru_cache(_STATEMENTS_MAX)
def _counting(shape: _Shape) -> Sql:
    return sql(sa.select(sa.func.count()).select_from(FINDINGS).where(_OF_TENANT, *_clauses(shape)))


def _tenant_in(shape: _Shape) -> sa.ColumnElement[bool]:
    """The rows of the tenant.

    Where tags are asked for they are few: the blank text keeps SQLite from walking all of the tenant's rows in order.
    """
    if any(field in LISTS for field, _, _ in shape):
        return _C.tenant_id.concat("") == sa.bindparam("tenant_id", type_=sa.Text)
    return _OF_TENANT


def _clauses(shape: _Shape) -> list[sa.ColumnElement[bool]]:
    return [
        _clause(field, operator, tuple(f"value_{place}_{number}" for number in range(count)))
        for place, (field, operator, count) in enumerate(shape)
    ]


def _clause(field: Field, operator: Operator, names: Sequence[str]) -> sa.ColumnElement[bool]:
    if field in LISTS:
        return _tagged("indicator" if field is Field.INDICATORS else "technique", names)
    column: sa.Column[Any] = _C[field.value]
    bound = _bound(names, column)
    if operator is Operator.IN:
        return column.in_(bound)
    if operator is Operator.CONTAINS:
        # SQLite's LIKE knows no letter case and PostgreSQL's does: in small letters both say the same.
        return sa.func.lower(column).like(bound[0], escape="\\")
    return cast("sa.ColumnElement[bool]", _COMPARED[operator](column, bound[0]))


_COMPARED: Final = {
    Operator.IS: operators.eq,
    Operator.FROM: operators.ge,
    Operator.TO: operators.le,
    Operator.AFTER: operators.gt,
}


def _tagged(name: str, names: Sequence[str]) -> sa.ColumnElement[bool]:
    tags = FINDING_TAGS.c
    wanted = (tags.tenant_id == sa.bindparam("tenant_id"), tags.name == name)
    return _C.id.in_(sa.select(tags.finding_id).where(*wanted, tags.value.in_(_bound(names, tags.value))))


def _bound(names: Sequence[str], column: sa.ColumnElement[Any]) -> list[sa.BindParameter[Any]]:
    return [sa.bindparam(name, type_=column.type) for name in names]


def _finding(row: Row) -> Finding:
    columns = dict(zip(_COLUMNS, cast("Any", row), strict=True))
    moments = {
        name: datetime.fromtimestamp(columns[name], UTC) for name in ("created_at", "last_seen_at", "updated_at")
    }
    return Finding(
        **columns
        | moments
        | {
            "id": FindingId(columns["id"]),
            "type": Category(columns["type"]),
            "severity": severity_of_rank(columns["severity"]),
            "verdict": Verdict(columns["verdict"]),
            "status": Status(columns["status"]),
            "assessment_id": AssessmentId(columns["assessment_id"]),
            "indicators": tuple(json.loads(columns["indicators"])),
            "techniques": tuple(json.loads(columns["techniques"])),
        }
    )


def _tally(row: Row) -> Tally:
    severity, status, count = cast("Any", row)
    return Tally(severity_of_rank(severity), Status(status), count)


def _step(row: Row) -> Step:
    number, at, by, act, old, new, comment = cast("Any", row)
    old_status, new_status = (None if status is None else Status(status) for status in (old, new))
    return Step(number, datetime.fromtimestamp(at, UTC), by, Act(act), old_status, new_status, comment)
