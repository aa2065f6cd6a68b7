"""What is remembered of values: bounded, given up where it is of no use, and without a word on the answer."""

import pytest

from cybervault.detection.compile.partition import FieldPart
from cybervault.detection.compile.scanners import literals, scanner_of
from cybervault.detection.memo import USUAL, VALUE_CHARACTERS_MAX, FieldMemo, Limits, Signatures
from cybervault.detection.record import Record, Value
from cybervault.detection.tree import Kind, Predicate
from tests.detection.sigma import PROCESSES

PREDICATES = {
    0: Predicate("F", Kind.ENDS, "\\a.exe"),
    1: Predicate("F", Kind.CONTAINS, "temp"),
    2: Predicate("F", Kind.NULL),
}
PART = FieldPart("F", scanner_of(PREDICATES, literals), frozenset({2}))


def memo(limits: Limits = USUAL) -> tuple[FieldMemo, Signatures]:
    signatures = Signatures()
    return FieldMemo(PART, signatures, limits), signatures


def says(value: Value, **more: object) -> tuple[set[int], set[int]]:
    field, signatures = memo()
    record = Record(PROCESSES, {"F": value}, **more)  # type: ignore[arg-type] # the parts of a record
    found = signatures.of(field.careful(record))
    return set(found.true), set(found.maybe)


def test_a_value_says_which_predicates_hold() -> None:
    assert says("C:\\temp\\a.exe") == ({0, 1}, set())
    assert says(("x", "temp")) == ({1}, set())
    assert says(None) == ({2}, set())
    assert says("") == (set(), set())


def test_an_excerpt_says_nothing_of_what_it_leaves_out() -> None:
    assert says(None, is_excerpt=True) == (set(), {0, 1, 2})
    assert says("temp", is_excerpt=True) == ({1}, set())


def test_a_name_without_its_folder_says_what_does_not_depend_on_it() -> None:
    assert says("a.exe", bare=frozenset({"F"})) == ({0}, {1})
    assert says("b.exe", bare=frozenset({"F"})) == (set(), {1})


def test_a_value_of_json_says_what_its_text_says() -> None:
    field, signatures = memo()
    assert set(signatures.of(field.look_plain("temp")).true) == {1}
    assert field.look_plain(None) == field.known[None]
    assert field.look_plain(4711) == field.look_plain("none")
    assert 4711 in field.known
    for value in (True, 1):  # they are equal, and their texts are not
        field.look_plain(value)
    assert 1 not in field.known
    for parts in (["temp"], {"a": "temp"}):
        with pytest.raises(TypeError):
            field.look_plain(parts)


def test_values_that_say_the_same_have_one_number() -> None:
    field, signatures = memo()
    assert field.look("temp one") == field.look("temp two") != field.look("none")
    assert len(signatures) == 3


def test_what_was_seen_is_known_and_long_or_many_values_are_not_kept() -> None:
    field, _ = memo()
    field.look("temp")
    field.look("x" * (VALUE_CHARACTERS_MAX + 1))
    field.look(("a", "b"))
    assert list(field.known) == [None, "temp"]
    assert field.look(None) == field.known[None]


def test_a_memo_that_is_full_begins_anew() -> None:
    by_count, signatures = memo(Limits(values=3))
    for number in range(10):
        signatures.events += 100
        by_count.look(f"value {number}")
        assert len(by_count.known) <= 4
    assert by_count.is_on
    by_size, signatures = memo(Limits(characters=100))
    for number in range(10):
        signatures.events += 100
        by_size.look(f"{number}" * 30)
        assert sum(len(value) for value in by_size.known if isinstance(value, str)) <= 120


def test_a_field_that_never_repeats_is_no_longer_remembered() -> None:
    field, signatures = memo(Limits(values=10))
    for number in range(30):
        signatures.events += 1
        field.look(f"value {number}")
    assert not field.is_on
    assert len(field.known) < 5
    assert signatures.of(field.look("temp")).true == {1}


def test_without_remembering_nothing_is_kept() -> None:
    field, _ = memo(Limits(remembers=False))
    field.look("temp")
    assert list(field.known) == [None]
