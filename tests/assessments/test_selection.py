"""What lists can be narrowed by, and where a finding stands in them."""

from dataclasses import replace

import pytest

from cybervault.assessments.selection import (
    LISTS,
    OPERATORS,
    ORDERED,
    SORTED_BY,
    Condition,
    Field,
    Mark,
    Operator,
    Order,
    columns_of,
    holds,
    marks_of,
)
from cybervault.domain.verdicts import Severity
from tests.assessments.made import FINDING

SHOWN = replace(
    FINDING,
    score=70,
    severity=Severity.HIGH,
    value="Evil_1.example",
    indicators=("ip:203.0.113.42", "domain:evil.example"),
    techniques=("T1571",),
)


def test_every_field_can_be_compared_for_equality() -> None:
    assert all({Operator.IS, Operator.IN} <= OPERATORS[field] for field in Field)


def test_only_what_has_an_order_is_compared_by_it() -> None:
    assert {field for field in Field if Operator.FROM in OPERATORS[field]} == ORDERED
    assert all(Operator.CONTAINS in OPERATORS[field] for field in LISTS)


def test_a_list_is_sorted_by_fields_that_have_an_order() -> None:
    assert {order.value for order in Order} == {field.value for field in ORDERED}


@pytest.mark.parametrize("order", Order)
def test_the_place_of_a_finding_begins_with_its_order_and_ends_with_its_id(order: Order) -> None:
    marks = marks_of(SHOWN, order)
    assert len(marks) == len(SORTED_BY[order])
    assert (marks[0], marks[-1]) == (columns_of(SHOWN)[order.value], SHOWN.id)


def test_columns_hold_seconds_and_ranks() -> None:
    columns = columns_of(SHOWN)
    assert columns["created_at"] == SHOWN.created_at.timestamp()
    assert columns["severity"] == 4
    assert {field.value for field in Field} <= {*columns}


@pytest.mark.parametrize(
    ("field", "operator", "values", "expected"),
    [
        (Field.SCORE, Operator.IS, (70,), True),
        (Field.SCORE, Operator.IN, (1, 70), True),
        (Field.SCORE, Operator.IN, (1, 2), False),
        (Field.SCORE, Operator.FROM, (70,), True),
        (Field.SCORE, Operator.FROM, (71,), False),
        (Field.SCORE, Operator.TO, (70,), True),
        (Field.SCORE, Operator.TO, (69,), False),
        (Field.SCORE, Operator.AFTER, (69,), True),
        (Field.SCORE, Operator.AFTER, (70,), False),
        (Field.SEVERITY, Operator.IS, (4,), True),
        (Field.VALUE, Operator.CONTAINS, ("eVIL_1",), True),
        (Field.VALUE, Operator.CONTAINS, ("evil%",), False),
        (Field.INDICATORS, Operator.CONTAINS, ("domain:evil.example",), True),
        (Field.INDICATORS, Operator.CONTAINS, ("evil",), False),
        (Field.INDICATORS, Operator.IN, ("x", "ip:203.0.113.42"), True),
        (Field.TECHNIQUES, Operator.IS, ("T1571",), True),
        (Field.TECHNIQUES, Operator.IS, ("T1059",), False),
    ],
)
def test_a_condition_holds_by_the_plain_rule(
    field: Field, operator: Operator, values: tuple[Mark, ...], *, expected: bool
) -> None:
    assert holds(Condition(field, operator, values), SHOWN) is expected


@pytest.mark.parametrize("operator", sorted(OPERATORS[Field.SOURCE_IP]))
def test_what_is_not_known_meets_no_condition(operator: Operator) -> None:
    assert not holds(Condition(Field.SOURCE_IP, operator, ("203.0.113.42",)), replace(SHOWN, source_ip=None))
