"""Records: what an event says by itself."""

from cybervault.detection.record import LogSource, Record, Unrecognised


def test_a_record_says_nothing_that_it_was_not_given() -> None:
    record = Record(LogSource("windows"), {"Image": "a"})
    assert (record.at, record.bare, record.is_excerpt) == (None, frozenset(), False)
    assert record.source == LogSource("windows", frozenset(), "")


def test_entities_are_told_by_the_names_of_fields_or_by_whoever_knows_better() -> None:
    record = Record(LogSource("windows"), {"Image": "a"})
    assert record.entities == (("process", "a"),)
    assert Record(LogSource("windows"), {"Image": "a"}, named=()).entities == ()


def test_what_nobody_knows_has_a_reason() -> None:
    assert Unrecognised("It is of no format that is known here.").reason
