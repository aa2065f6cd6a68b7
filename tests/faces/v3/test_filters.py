"""Filters and sorts of lists: read whole, or refused with the name of what is wrong."""

import json
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.assessments.selection import Condition, Field, Operator, Order
from cybervault.domain.problems import Problem
from cybervault.faces.v3.filters import read_filter, read_sort, spelled_filter


@pytest.mark.parametrize(("order", "direction"), list(product(Order, ("asc", "desc"))))
def test_every_order_is_read_in_both_directions(order: Order, direction: str) -> None:
    assert read_sort(f"{order}:{direction}") == (order, direction == "desc")


def test_newest_first_unless_said() -> None:
    assert read_sort(None) == (Order.CREATED_AT, True)


@pytest.mark.parametrize("text", ["foo:asc", "created_at:up", "created_at", "", ":", "created_at:asc:desc", "id:asc"])
def test_any_other_sort_is_refused(text: str) -> None:
    with pytest.raises(Problem) as caught:
        read_sort(text)
    assert caught.value.code == "invalid_sort"


@pytest.mark.parametrize(
    ("wanted", "conditions"),
    [
        ({}, ()),
        ({"severity": "high"}, (Condition(Field.SEVERITY, Operator.IS, (4,)),)),
        ({"severity": "info"}, (Condition(Field.SEVERITY, Operator.IS, (1,)),)),
        ({"score": {"gte": 40, "lte": 70}}, (
            Condition(Field.SCORE, Operator.FROM, (40,)), Condition(Field.SCORE, Operator.TO, (70,)),
        )),
        ({"status": {"in": ["new", "closed"]}}, (Condition(Field.STATUS, Operator.IN, ("new", "closed")),)),
        ({"created_at": {"gte": "1970-01-01T00:01:00Z"}}, (Condition(Field.CREATED_AT, Operator.FROM, (60.0,)),)),
        ({"value": {"contains": "evil"}}, (Condition(Field.VALUE, Operator.CONTAINS, ("evil",)),)),
        ({"type": {"contains": "mal"}}, (Condition(Field.TYPE, Operator.CONTAINS, ("mal",)),)),
        ({"techniques": "T1571"}, (Condition(Field.TECHNIQUES, Operator.IS, ("T1571",)),)),
    ],
)  # fmt: skip
def test_a_filter_is_read(wanted: object, conditions: tuple[Condition, ...]) -> None:
    assert read_filter(json.dumps(wanted)) == conditions


def test_without_a_filter_there_is_no_condition() -> None:
    assert read_filter(None) == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "filter is a JSON object"),
        ("[]", "filter is a JSON object"),
        ('"high"', "filter is a JSON object"),
        ('{"severity":NaN}', "filter is a JSON object"),
        ('{"nope":1}', "filter knows these fields"),
        ('{"severity":"urgent"}', "severity is one of"),
        ('{"severity":4}', "severity is one of"),
        ('{"severity":{"contains":"hi"}}', "severity can be compared by eq, in, gte, lte"),
        ('{"status":{"gte":"new"}}', "status can be compared by eq, in"),
        ('{"score":{"gt":1}}', "score can be compared by"),
        ('{"score":true}', "score is a whole number"),
        ('{"score":101}', "score is a whole number"),
        ('{"created_at":"soon"}', "created_at is a time"),
        ('{"created_at":7}', "created_at is a time"),
        ('{"status":{"in":"new"}}', "status.in is an array"),
        ('{"status":{"in":[]}}', "status.in is an array"),
        (json.dumps({"value": {"in": ["x"] * 51}}), "value.in is an array of 1 to 50"),
        ('{"value":""}', "value is a text"),
        ('{"value":"a\\u0000b"}', "value is a text"),
        ('{"value":{"contains":7}}', "value contains a text"),
        (json.dumps({"value": "x" * 5_000}), "filter has at most 4096 characters"),
        (json.dumps({name: {"eq": "x", "in": ["x"], "contains": "x"} for name in
                     ("value", "source_ip", "kind", "indicators", "techniques")} | {"id": {"eq": "x", "in": ["x"]}}),
         "filter has at most 16 conditions"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(text: str, words: str) -> None:
    with pytest.raises(Problem) as caught:
        read_filter(text)
    assert caught.value.code == "invalid_filter"
    assert words.lower() in caught.value.message.lower()


def test_one_filter_has_one_spelling() -> None:
    one = read_filter('{"severity":"high","status":"new"}')
    other = read_filter('{ "status": {"eq": "new"}, "severity": "high" }')
    assert spelled_filter(one) == spelled_filter(other)
    assert spelled_filter(one) != spelled_filter(one[:1])


@given(st.text(max_size=60))
def test_no_text_is_an_error(text: str) -> None:
    found: object
    try:
        found = read_filter(text)
    except Problem as problem:
        found = problem.code
    assert found == "invalid_filter" or isinstance(found, tuple)
