"""Cases beside a rule: events that it is for, and events that only look like these."""

import json

import pytest

from cybervault.detection.rules.cases import cases_in, failures
from tests.detection.sigma import rule, selecting

SOURCE = {"product": "windows", "categories": ["process_creation"], "service": ""}
GOOD = {
    "source": SOURCE,
    "matching": [{"Image": "a", "Ports": [1, "x"], "Is": True, "No": None}],
    "other": [{"Image": "b"}],
}


def raw(**parts: object) -> bytes:
    return json.dumps(GOOD | parts).encode()


def test_events_are_read_as_records() -> None:
    found = cases_in(raw())
    (record,) = found.matching
    assert record.fields == {"Image": "a", "Ports": ("1", "x"), "Is": "true", "No": None}
    assert (record.source.product, record.source.categories) == ("windows", frozenset({"process_creation"}))


def test_a_case_that_does_not_turn_out_is_named() -> None:
    made = rule(selecting(Image="a"))
    assert list(failures([made], cases_in(raw()))) == []
    wrong = cases_in(raw(matching=[{"Image": "a"}, {"Image": "x"}], other=[{"Image": "a"}]))
    assert [str(one) for one in failures([made], wrong)] == [
        "event 2 of `matching` does not fire",
        "event 1 of `other` fires",
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"nonsense", "Expecting value"),
        (b"[]", "no events"),
        (raw(matching=[], other=[]), "no events"),
        (raw(source=None), "no `source`"),
        (raw(source={"product": 1}), "to be texts"),
        (raw(source={"categories": "process_creation"}), "to be texts"),
        (raw(matching={"Image": "a"}), "list of events"),
        (raw(other=["a"]), "list of events"),
    ],
)
def test_what_is_no_case_says_why(text: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        cases_in(text)
