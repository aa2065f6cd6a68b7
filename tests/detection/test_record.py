"""Records: what an event says by itself."""

from datetime import UTC, datetime

from cybervault.detection.record import (
    ENTITY_CHARACTERS_MAX,
    LogSource,
    Record,
    Unrecognised,
    at_of,
    entity_in,
)


def test_a_record_says_nothing_that_it_was_not_given() -> None:
    record = Record(LogSource("windows"), {"Image": "a"})
    assert (record.at, record.bare, record.is_excerpt) == (None, frozenset(), False)
    assert record.source == LogSource("windows", frozenset(), "")


def test_entities_are_told_by_the_names_of_fields_or_by_whoever_knows_better() -> None:
    record = Record(LogSource("windows"), {"Image": "a"})
    assert record.entities == (("process", "a"),)
    assert Record(LogSource("windows"), {"Image": "a"}, named=()).entities == ()


def test_an_event_in_several_records_has_the_first_time_and_entity_of_them() -> None:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    one = Record(LogSource("windows"), {"Image": "a"})
    other = Record(LogSource("windows"), {"Image": "b", "User": "u" * 300}, at)
    assert (at_of([one, other]), at_of([one])) == (at, None)
    assert (entity_in([one, other], "process"), entity_in([one], "user")) == ("a", "")
    assert entity_in([one, other], "user") == "u" * ENTITY_CHARACTERS_MAX


def test_what_nobody_knows_has_a_reason() -> None:
    assert Unrecognised("It is of no format that is known here.").reason
