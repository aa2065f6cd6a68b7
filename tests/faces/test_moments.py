"""Moments as callers write them: what is meant is certain, or it is refused."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.domain.problems import Problem
from cybervault.faces.moments import moment_in, seconds_of, spelled


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2027-01-31", datetime(2027, 1, 31, tzinfo=UTC)),
        ("2027-01-31T12:00Z", datetime(2027, 1, 31, 12, tzinfo=UTC)),
        ("2027-01-31T12:00:30Z", datetime(2027, 1, 31, 12, 0, 30, tzinfo=UTC)),
        ("2027-01-31T12:00:30.5Z", datetime(2027, 1, 31, 12, 0, 30, 500_000, tzinfo=UTC)),
        ("2027-01-31T12:00:00+02:00", datetime(2027, 1, 31, 10, tzinfo=UTC)),
        ("2027-01-31T12:00:00-05:30", datetime(2027, 1, 31, 17, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read(text: str, moment: datetime) -> None:
    assert moment_in(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "", "soon", "2027-1-31", "20270131", "2027-W05-7", "2027-02-30", "2027-01-31T12:00:00", "2027-01-31 12:00Z",
        "2027-01-31T25:00Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2027-01-31T12:00+99:00",
        "\u0662027-01-31", "2027-01-31\n", "1893456000",
    ],
)  # fmt: skip
def test_what_could_mean_two_things_is_no_moment(text: str) -> None:
    """A time without its zone is none: nobody knows which hour is meant."""
    assert moment_in(text) is None


@given(st.text(max_size=30))
def test_no_text_is_an_error(text: str) -> None:
    moment = moment_in(text)
    assert moment is None or moment.tzinfo is UTC


@pytest.mark.parametrize("text", ["2027-01-31T12:00:00Z", "2027-01-31T12:00:00", "2027-01-31T14:00:00 02:00"])
def test_a_query_without_a_zone_is_in_utc_and_a_lost_plus_is_understood(text: str) -> None:
    assert seconds_of("since", text) == datetime(2027, 1, 31, 12, tzinfo=UTC).timestamp()
    assert seconds_of("since", None) is None


def test_a_query_that_names_no_moment_is_refused_by_its_name() -> None:
    with pytest.raises(Problem, match="since is a date") as caught:
        seconds_of("since", "yesterday")
    assert caught.value.details == (("since", "is not valid"),)


def test_a_moment_is_written_in_utc_with_whole_seconds() -> None:
    assert spelled(datetime(2027, 1, 31, 12, 0, 0, 999, tzinfo=UTC)) == "2027-01-31T12:00:00Z"
