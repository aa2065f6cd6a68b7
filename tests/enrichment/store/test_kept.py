"""A remembered answer as a row: for as long as it is young enough and readable."""

import msgspec
import pytest

from cybervault.domain.evidence import Answer, Outcome
from cybervault.domain.observables import parse_observable
from cybervault.enrichment.connectors.virustotal import SOURCE
from cybervault.enrichment.store.kept import AnswerKey, Place, Remembered, Row, place_of, remembered

UNKNOWN = Answer("virustotal", Outcome.UNKNOWN)
WRITTEN = msgspec.msgpack.encode(UNKNOWN)


def test_an_answer_is_found_by_source_observable_and_key() -> None:
    key = AnswerKey(SOURCE, parse_observable("1.2.3.4"), "k1")
    assert place_of(key) == Place("virustotal", "ipv4", "1.2.3.4", "k1")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (Row(WRITTEN, 100, 161), Remembered(UNKNOWN, 60)),
        (Row(WRITTEN, 200, 300), Remembered(UNKNOWN, 0)),
        (Row(WRITTEN, 100, 160), None),
        (Row(b"older", 100, 161), None),
    ],
    ids=["young enough", "of a clock that is ahead", "too old", "of another version"],
)
def test_what_is_remembered_at_a_moment(row: Row, expected: Remembered | None) -> None:
    assert remembered(row, 160) == expected
