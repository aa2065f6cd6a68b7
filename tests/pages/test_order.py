"""Names with numbers in the order in which people look for them."""

from hypothesis import given
from hypothesis import strategies as st

from cybervault.pages.order import in_order


def test_numbers_in_names_count_as_numbers() -> None:
    names = [
        "10.1.0.2",
        "10.1.0.10",
        "9.0.0.1",
        "10.1.0.1",
        "web-10",
        "web-9",
        "web",
        "443/tcp",
        "80/tcp",
        "",
        "web-09b",
    ]
    assert sorted(names, key=in_order) == [
        "", "9.0.0.1", "10.1.0.1", "10.1.0.2", "10.1.0.10", "80/tcp", "443/tcp", "web", "web-9", "web-09b", "web-10",
    ]  # fmt: skip


@given(st.integers(min_value=0), st.integers(min_value=0))
def test_any_two_numbers_stand_as_they_count(one: int, other: int) -> None:
    assert (in_order(f"host{one}") < in_order(f"host{other}")) is (one < other)


@given(st.text(), st.text())
def test_any_two_names_can_be_compared(one: str, other: str) -> None:
    assert (in_order(one) < in_order(other)) or (in_order(one) >= in_order(other))
