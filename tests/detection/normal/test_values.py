"""Reading of untrusted values: texts, dotted names, moments; whatever JSON holds, nothing raises."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.detection.normal.values import (
    DEPTH_MAX,
    FIELDS_MAX,
    clean,
    first,
    flatten,
    gathered,
    is_within_bounds,
    joined,
    json_text,
    mapping_at,
    mappings_of,
    moment,
    renamed,
    text_of,
    value_of,
    whole_number,
)

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def nested(levels: int) -> dict[str, object]:
    event: dict[str, object] = {"a": 1}
    for _ in range(levels - 1):
        event = {"a": event}
    return event


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x", "x"),
        ("", ""),
        (True, "true"),
        (False, "false"),
        (-7, "-7"),
        (1.5, "1.5"),
        (4.0, "4"),
        (1e300, "1e+300"),
        (float("nan"), None),
        (float("inf"), None),
        (None, None),
        ({}, None),
        ("a\ud800b", "a\ufffdb"),
        ("\ud83d\ude00", "\U0001f600"),
        ("gr\u00fcn", "gr\u00fcn"),
    ],
)
def test_a_scalar_is_its_text(value: object, expected: str | None) -> None:
    assert text_of(value) == expected


def test_a_number_too_long_to_print_is_absent() -> None:
    assert text_of(10**5000) is None
    assert json_text([10**5000]) is None


def test_a_list_is_any_of_its_texts() -> None:
    assert value_of([1, "a", None, {"b": 1}, "a"]) == ("1", "a")
    assert value_of(["a"]) == "a"
    assert value_of([]) is None
    assert value_of(3) == "3"


def test_values_are_joined_without_repetition() -> None:
    assert joined("a", None, ("b", "a")) == ("a", "b")
    assert joined("a") == "a"
    assert joined(None) is None


def test_nested_objects_get_dotted_names() -> None:
    event: dict[str, object] = {"a": {"b": {"c": 1}, "l": ["x", True, ["lost"]], "e": []}, "a.b.c": "2", "n": None}
    assert flatten(event) == {"a.b.c": ("2", "1"), "a.l": ("x", "true"), "a.e": None, "n": None}


def test_a_list_on_the_first_level_is_any_of_its_texts() -> None:
    assert flatten({"l": ["x\ud800", 1], "one": ["y"], "none": []}) == {"l": ("x\ufffd", "1"), "one": "y", "none": None}


def test_a_name_that_comes_often_gathers_its_texts() -> None:
    assert gathered([("a", "1"), ("b", None), ("a", ("2", "1"))]) == {"a": ("1", "2"), "b": None}


def test_objects_in_a_list_share_their_names() -> None:
    event: dict[str, object] = {"target": [{"name": "a", "deep": {"x": 1}}, {"name": "b"}]}
    assert flatten(event) == {"target.name": ("a", "b"), "target.deep.x": "1"}


def test_an_object_can_stand_as_json_under_its_own_name() -> None:
    event: dict[str, object] = {"p": {"k": ["\ud800"]}, "q": {"k": 1}}
    assert flatten(event, written_out=frozenset({"p"})) == {"p": '{"k":["\ufffd"]}', "p.k": "\ufffd", "q.k": "1"}


def test_names_and_texts_with_half_characters_are_mended() -> None:
    assert flatten({"a\ud800": "b\udfff", "n": 1}) == {"a\ufffd": "b\ufffd", "n": "1"}
    assert flatten({"\u00e9": "\u00e9"}) == {"\u00e9": "\u00e9"}


def test_fields_and_depth_have_an_end() -> None:
    wide: dict[str, object] = {str(number): number for number in range(FIELDS_MAX + 5)}
    assert is_within_bounds(dict(list(wide.items())[:FIELDS_MAX]))
    assert not is_within_bounds(wide)
    assert not is_within_bounds({"l": list(wide.values())})
    assert len(flatten(wide)) == FIELDS_MAX
    assert len(flatten({"a": wide})) == FIELDS_MAX
    assert len(flatten({"l": [{"x": number} for number in range(FIELDS_MAX + 5)]})["l.x"] or ()) == FIELDS_MAX
    assert is_within_bounds(nested(DEPTH_MAX))
    assert not is_within_bounds(nested(DEPTH_MAX + 1))
    assert flatten(nested(DEPTH_MAX)) != {}
    assert flatten(nested(DEPTH_MAX + 1)) == {}


def test_json_that_is_too_deep_is_absent() -> None:
    assert json_text(nested(3)) == '{"a":{"a":{"a":1}}}'
    assert json_text(nested(2000)) is None


def test_the_first_field_with_a_text_is_found() -> None:
    fields = {"a": None, "b": "", "c": ("x", "y"), "d": "z", "e": ()}
    assert first(fields, "a", "b", "c") == "x"
    assert first(fields, "e", "d") == "z"
    assert first(fields, "a") == ""


def test_a_field_takes_the_first_known_of_its_old_names() -> None:
    assert renamed({"b": None, "c": "1"}, {"new": ("a", "b", "c"), "other": ("a",)}) == {"new": "1"}


def test_what_is_no_object_leads_nowhere() -> None:
    assert mapping_at({"a": {"b": {"c": 1}}}, "a", "b") == {"c": 1}
    assert mapping_at({"a": [1]}, "a", "b") == {}
    assert mappings_of([{"a": 1}, 2]) == ({"a": 1},)
    assert mappings_of({"a": 1}) == ({"a": 1},)
    assert mappings_of("a") == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("12", 12), ("0x1f", 31), (" 7 ", 7), ("-1", None), ("x", None), ("0xzz", None), ("9" * 30, None), ("", None)],
)
def test_whole_numbers_are_decimal_or_hexadecimal(text: str, expected: int | None) -> None:
    assert whole_number(text) == expected


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-04T12:00:00Z",
        "2026-03-04T12:00:00.000000000Z",
        "2026-03-04 14:00:00+02:00",
        "2026-03-04 12:00:00.000 UTC",
        1772625600,
        1772625600000,
        1772625600000000,
        1772625600000000000,
        "1772625600.0",
    ],
)
def test_moments_are_read_in_the_ways_that_logs_write_them(value: object) -> None:
    assert moment(value) == NOON


def test_a_time_without_zone_counts_only_where_it_is_known_to_be_utc() -> None:
    assert moment("2026-03-04 12:00:00") is None
    assert moment("2026-03-04 12:00:00", is_utc=True) == NOON
    assert moment(None, "nothing", "2026-03-04T12:00:00Z") == NOON


@pytest.mark.parametrize(
    "value", ["0001-01-01T00:00:00+23:59", "x" * 99, True, 0, -5, 1e30, float("nan"), "nan", [], ""]
)
def test_what_is_no_moment_says_nothing(value: object) -> None:
    assert moment(value) is None


@given(st.text(st.characters()))
def test_every_clean_text_can_be_encoded(text: str) -> None:
    clean(text).encode()
