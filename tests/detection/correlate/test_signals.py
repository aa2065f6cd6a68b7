"""What is kept of a match for correlations: as much as they count by, and no more."""

import msgspec
import pytest

from cybervault.detection.correlate.plan import plan_of
from cybervault.detection.correlate.signals import Signal, signals_of
from cybervault.detection.engine import Match
from cybervault.detection.record import Value
from tests.detection.correlation import START, base, correlation, matches, record

VALUES = correlation({"type": "value_count", "condition": {"gte": 2, "field": "Image"}})
PLAN = plan_of([VALUES], [base("a"), base("b")])


def test_only_the_fields_that_are_counted_by_are_kept_in_small_letters() -> None:
    (signal,) = signals_of(PLAN, record(3, User="Ann", Image="C:\\X.exe", Hashes="1" * 64), matches("a"))
    assert (signal.rule, signal.at) == ("a", record(3).at)
    assert signal.fields == {"User": ("ann",), "Image": ("c:\\x.exe",)}


def test_what_nothing_counts_is_not_kept() -> None:
    assert list(signals_of(PLAN, record(0), matches("b"))) == []
    assert list(signals_of(PLAN, record(0), [Match(base("a"), is_certain=False)])) == []


@pytest.mark.parametrize(
    ("value", "kept"),
    [(None, {"User": ("ann",)}), (("A", "b"), {"User": ("ann",), "Image": ("a", "b")})],
)
def test_what_is_absent_stays_absent_and_several_values_stay_several(value: Value, kept: dict[str, Value]) -> None:
    (signal,) = signals_of(PLAN, record(0, Image=value), matches("a"))
    assert signal.fields == kept


def test_long_and_broken_values_of_a_stranger_can_be_kept() -> None:
    (first,) = signals_of(PLAN, record(0, User="u" * 100_000 + "1", Image="\ud800"), matches("a"))
    (second,) = signals_of(PLAN, record(0, User="u" * 100_000 + "2", Image="\ud800"), matches("a"))
    assert first.letters < 1_000
    assert first.fields["User"] != second.fields["User"]
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(first), type=Signal) == first


def test_it_says_about_how_much_room_it_takes() -> None:
    assert Signal("a", "1", START, {"User": ("x" * 200,)}).letters > Signal("a", "1", None, {}).letters + 200
