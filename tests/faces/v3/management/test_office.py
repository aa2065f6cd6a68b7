"""Pages of lists, and ids as they stand in paths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.domain.problems import Problem
from cybervault.faces.paging import Cursors
from cybervault.faces.v3.management.office import Wish, id_in, page_of, pagination_of
from tests.faces.v3.management.managed import Managed, told

CURSORS = Cursors(b"a key")


def place(number: int) -> tuple[float, str]:
    return float(number), str(number)


@given(st.lists(st.integers(0, 50), unique=True), st.integers(1, 7))
def test_pages_hold_every_row_once_and_in_order(numbers: list[int], most: int) -> None:
    rows, seen, after = sorted(numbers), list[int](), None
    while True:
        wish = Wish(most, after, ("tenant",))
        page = page_of(rows, place, wish)
        seen += page.items
        told_pages = pagination_of(wish, page.last, CURSORS)
        assert told_pages.has_more is (page.last is not None) is (told_pages.next_cursor is not None)
        assert told_pages.limit == most
        if told_pages.next_cursor is None:
            break
        after = CURSORS.read(told_pages.next_cursor, "tenant")
    assert seen == rows


@pytest.mark.parametrize("text", ["key_0123456789ab", "sva_0123456789ab", "usr_abcdefghijkl"])
def test_an_id_is_taken_as_it_stands(text: str) -> None:
    assert id_in({"key_id": text}, "key_id") == text


@pytest.mark.parametrize("text", ["", "\x00", "key_0123456789a", "key_0123456789ab\n", "KEY_0123456789ab", "tv_1"])
def test_what_is_no_id_becomes_one_that_nothing_has(text: str) -> None:
    """A database would choke on some of them."""
    assert id_in({"key_id": text}, "key_id") == "none"


async def test_a_page_has_fifty_rows_unless_asked_for_others_and_two_hundred_at_most(managed: Managed) -> None:
    headers = await managed.owner()
    limits = [
        (await managed.get(f"/v3/users{query}", headers))["pagination"]["limit"]
        for query in ("", "?limit=7", "?limit=200", "?limit=201", "?limit=99999999999")
    ]
    assert limits == [50, 7, 200, 200, 200]


async def test_a_cursor_of_one_list_opens_no_other(managed: Managed) -> None:
    headers = await managed.owner()
    await managed.owner()
    cursor = (await managed.get("/v3/users?limit=1", headers))["pagination"]["next_cursor"]
    assert cursor is not None
    for path in ("/v3/keys", "/v3/service-accounts", "/v3/audit-log"):
        assert told(await managed.ask("GET", f"{path}?cursor={cursor}", headers)) == (400, "invalid_cursor")
    with pytest.raises(Problem):
        managed.office.cursors.read(cursor, "another tenant", "/v3/users")
