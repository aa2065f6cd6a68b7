"""Which findings a list shows, and in which order."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeAlias, cast

from cybervault.domain.assessments import rank_of
from cybervault.domain.findings import Finding

Mark: TypeAlias = str | int | float

IN_MOST: Final = 50
CONDITIONS_MAX: Final = 16


class Field(StrEnum):
    """What a list can be narrowed by."""

    ID = "id"
    CREATED_AT = "created_at"
    LAST_SEEN_AT = "last_seen_at"
    TYPE = "type"
    SEVERITY = "severity"
    SCORE = "score"
    VERDICT = "verdict"
    STATUS = "status"
    KIND = "kind"
    VALUE = "value"
    SOURCE_IP = "source_ip"
    INDICATORS = "indicators"
    TECHNIQUES = "techniques"


class Operator(StrEnum):
    """How a field is compared; `contains` looks for a part of a text, and of a list for one item."""

    IS = "eq"
    IN = "in"
    FROM = "gte"
    TO = "lte"
    AFTER = "gt"
    CONTAINS = "contains"


LISTS: Final = frozenset({Field.INDICATORS, Field.TECHNIQUES})
ORDERED: Final = frozenset({Field.CREATED_AT, Field.LAST_SEEN_AT, Field.SEVERITY, Field.SCORE})
TEXTS: Final = frozenset({Field.VALUE, Field.SOURCE_IP, Field.TYPE, Field.KIND})

OPERATORS: Final = {
    field: frozenset(
        {Operator.IS, Operator.IN}
        | ({Operator.FROM, Operator.TO, Operator.AFTER} if field in ORDERED else set())
        | ({Operator.CONTAINS} if field in TEXTS | LISTS else set())
    )
    for field in Field
}
"""What each field can be compared by."""


class Order(StrEnum):
    """What a list is sorted by; each has an index."""

    CREATED_AT = "created_at"
    LAST_SEEN_AT = "last_seen_at"
    SCORE = "score"
    SEVERITY = "severity"


SORTED_BY: Final = {
    Order.CREATED_AT: ("created_at", "id"),
    Order.LAST_SEEN_AT: ("last_seen_at", "id"),
    Order.SCORE: ("score", "id"),
    Order.SEVERITY: ("severity", "created_at", "id"),
}
"""The columns of each order; the last one tells any two rows apart."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition, in values of the store: times as Unix seconds, severities as ranks."""

    field: Field
    operator: Operator
    values: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Selection:
    """All conditions hold at once. `behind` are the marks of the row after which a page begins."""

    conditions: tuple[Condition, ...] = ()
    order: Order = Order.CREATED_AT
    is_descending: bool = True
    behind: tuple[Mark, ...] | None = None
    offset: int = 0
    most: int = 50


def marks_of(finding: Finding, order: Order) -> tuple[Mark, ...]:
    """The place of a finding in a list of this order."""
    columns = columns_of(finding)
    return tuple(cast("Mark", columns[name]) for name in SORTED_BY[order])


def columns_of(finding: Finding) -> dict[str, object]:
    """What a finding is in columns: times as Unix seconds, its severity as OCSF's number."""
    return {
        "id": finding.id,
        "tenant_id": finding.tenant_id,
        "created_at": finding.created_at.timestamp(),
        "last_seen_at": finding.last_seen_at.timestamp(),
        "updated_at": finding.updated_at.timestamp(),
        "updated_by": finding.updated_by,
        "type": finding.type.value,
        "severity": rank_of(finding.severity),
        "score": finding.score,
        "verdict": finding.verdict.value,
        "status": finding.status.value,
        "kind": finding.kind,
        "value": finding.value,
        "source_ip": finding.source_ip,
        "sightings": finding.sightings,
        "assessment_id": finding.assessment_id,
        "indicators": json.dumps(finding.indicators),
        "techniques": json.dumps(finding.techniques),
    }


def holds(condition: Condition, finding: Finding) -> bool:
    """Whether a condition holds; the same as the store's SQL says."""
    values: Any = condition.values
    if condition.field is Field.INDICATORS:
        return bool({*values} & {*finding.indicators})
    if condition.field is Field.TECHNIQUES:
        return bool({*values} & {*finding.techniques})
    own: Any = columns_of(finding)[condition.field.value]
    if own is None:
        return False
    return _COMPARED[condition.operator](own, values)


_COMPARED: Final[Mapping[Operator, Callable[[Any, Any], bool]]] = {
    Operator.IS: lambda own, values: own in values,
    Operator.IN: lambda own, values: own in values,
    Operator.FROM: lambda own, values: own >= values[0],
    Operator.TO: lambda own, values: own <= values[0],
    Operator.AFTER: lambda own, values: own > values[0],
    Operator.CONTAINS: lambda own, values: values[0].lower() in own.lower(),
}
