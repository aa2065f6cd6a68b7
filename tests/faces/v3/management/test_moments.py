"""Moments and networks as callers write them: what is meant is certain, or it is refused."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.v3.management.moments import moment_in, networks_in


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


def test_networks_are_read_once_each_in_their_order() -> None:
    texts = ["203.0.113.0/24", "2001:DB8::/32", "192.0.2.7", "203.0.113.0/24"]
    assert [str(network) for network in networks_in(texts)] == ["203.0.113.0/24", "2001:db8::/32", "192.0.2.7/32"]


@pytest.mark.parametrize("text", ["", "here", "203.0.113.7/24", "1.2.3", "fe80::1%eth0", "10.0.0.0/255.0.0.0", "0/0"])
def test_what_is_no_network_is_named_by_its_place_and_not_repeated(text: str) -> None:
    with pytest.raises(Problem, match=r"ip_allow_list\.1 is no address") as caught:
        networks_in(["10.0.0.0/8", text])
    assert (caught.value.kind, caught.value.code) == (ProblemKind.INVALID, "invalid_network")
    assert not text or text not in caught.value.message
