"""The JSON filter and the sort of v3's lists, read into conditions (contract 1.4.6)."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from cybervault.assessments.selection import CONDITIONS_MAX, IN_MOST, OPERATORS, Condition, Field, Mark, Operator, Order
from cybervault.domain.assessments import Category, rank_of
from cybervault.domain.findings import Status
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.verdicts import Severity, Verdict
from cybervault.faces.bodies import read_json
from cybervault.faces.moments import moment_in

FILTER_CHARACTERS_MAX: Final = 4_096
_TEXT_CHARACTERS_MAX: Final = 2_048
_SCORE_MAX: Final = 100
_WIRE: Final = {operator.value: operator for operator in Operator if operator is not Operator.AFTER}


def read_sort(text: str | None) -> tuple[Order, bool]:
    """The order and whether it is descending; newest first unless said. `Problem` INVALID `invalid_sort`."""
    if text is None:
        return Order.CREATED_AT, True
    name, _, direction = text.partition(":")
    if name not in {*Order} or direction not in {"asc", "desc"}:
        raise Problem(
            ProblemKind.INVALID,
            code="invalid_sort",
            message=f"sort is one of {', '.join(Order)}, a colon, and asc or desc, such as created_at:desc.",
        )
    return Order(name), direction == "desc"


def read_filter(text: str | None) -> tuple[Condition, ...]:
    """The conditions of a filter such as {"severity":"high","score":{"gte":70}}; all of them hold at once.

    Raises `Problem` INVALID `invalid_filter`, which names the field.
    """
    if text is None:
        return ()
    if len(text) > FILTER_CHARACTERS_MAX:
        raise _invalid(f"filter has at most {FILTER_CHARACTERS_MAX} characters")
    try:
        value = read_json(text.encode("utf-8", "surrogatepass"))
    except Problem:
        raise _invalid('filter is a JSON object such as {"severity":"high"}') from None
    if not isinstance(value, dict):
        raise _invalid('filter is a JSON object such as {"severity":"high"}')
    conditions = tuple(condition for name, wanted in value.items() for condition in _conditions(name, wanted))
    if len(conditions) > CONDITIONS_MAX:
        raise _invalid(f"filter has at most {CONDITIONS_MAX} conditions")
    return conditions


def spelled_filter(conditions: tuple[Condition, ...]) -> str:
    """The same filter in one spelling, to bind a cursor to."""
    return json.dumps(sorted([one.field.value, one.operator.value, list(one.values)] for one in conditions))


def _conditions(name: str, wanted: object) -> Iterator[Condition]:
    if name not in {*Field}:
        raise _invalid(f"filter knows these fields: {', '.join(Field)}")
    field = Field(name)
    pairs: Mapping[str, object] = wanted if isinstance(wanted, dict) else {"eq": wanted}
    for word, value in pairs.items():
        operator = _WIRE.get(word)
        if operator is None or operator not in OPERATORS[field]:
            allowed = ", ".join(known for known, one in _WIRE.items() if one in OPERATORS[field])
            raise _invalid(f"{name} can be compared by {allowed}")
        yield Condition(field, operator, _values(field, operator, value))


def _values(field: Field, operator: Operator, value: object) -> tuple[Mark, ...]:
    if operator is not Operator.IN:
        return (_value(field, operator, value),)
    if not isinstance(value, list) or not 1 <= len(value) <= IN_MOST:
        raise _invalid(f"{field.value}.in is an array of 1 to {IN_MOST} values")
    return tuple(_value(field, operator, one) for one in value)


def _value(field: Field, operator: Operator, value: object) -> Mark:
    is_part = operator is Operator.CONTAINS
    read = _text if is_part else _READERS.get(field, _text)
    found = read(value)
    if found is None:
        raise _invalid(f"{field.value} {_WANTED.get(field, 'is a text') if not is_part else 'contains a text'}")
    return found


def _text(value: object) -> Mark | None:
    is_fit = isinstance(value, str) and 0 < len(value) <= _TEXT_CHARACTERS_MAX and "\x00" not in value
    return value if is_fit and isinstance(value, str) and value.isprintable() else None


def _moment(value: object) -> Mark | None:
    moment = moment_in(value) if isinstance(value, str) else None
    return None if moment is None else moment.timestamp()


def _severity(value: object) -> Mark | None:
    name = "informational" if value == "info" else value
    return rank_of(Severity(name)) if isinstance(name, str) and name in {*Severity} else None


def _score(value: object) -> Mark | None:
    is_number = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _SCORE_MAX
    return value if is_number and isinstance(value, int) else None


def _one_of(*words: str) -> Callable[[object], Mark | None]:
    return lambda value: value if isinstance(value, str) and value in words else None


_READERS: Final[Mapping[Field, Callable[[object], Mark | None]]] = {
    Field.CREATED_AT: _moment,
    Field.LAST_SEEN_AT: _moment,
    Field.SEVERITY: _severity,
    Field.SCORE: _score,
    Field.STATUS: _one_of(*Status),
    Field.VERDICT: _one_of(*Verdict),
    Field.TYPE: _one_of(*Category),
}
_WANTED: Final[Mapping[Field, Any]] = {
    Field.CREATED_AT: "is a time such as 2027-01-31T12:00:00Z",
    Field.LAST_SEEN_AT: "is a time such as 2027-01-31T12:00:00Z",
    Field.SEVERITY: f"is one of {', '.join(Severity)}",
    Field.SCORE: f"is a whole number from 0 to {_SCORE_MAX}",
    Field.STATUS: f"is one of {', '.join(Status)}",
    Field.VERDICT: f"is one of {', '.join(Verdict)}",
    Field.TYPE: f"is one of {', '.join(Category)}",
}


def _invalid(sentence: str) -> Problem:
    return Problem(ProblemKind.INVALID, code="invalid_filter", message=f"{sentence[:1].upper()}{sentence[1:]}.")
