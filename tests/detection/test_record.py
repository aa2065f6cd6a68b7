"""Records: what an event says by itself."""

from cybervault.detection.record import LogSource, Record, Unrecognised


def test_a_record_says_nothing_that_it_was_not_given() -> None:
    record = Record(LogSource("windows"), {"Image": "a"})
    assert (record.at, record.bare, record.is_excerpt, record.entities) == (None, frozenset(), False, ())
    assert record.source == LogSource("windows", frozenset(), "")


def test_what_nobody_knows_has_a_reason() -> None:
    assert Unrecognised("It is of no format that is known here.").reason
