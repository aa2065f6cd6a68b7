"""Databases of RPM: each form gives its headers; what leads in circles or lies about its size is refused."""

import random
import sqlite3
import struct
from collections.abc import Callable

import pytest

from cybervault.confinement.parsers import rpm_databases
from cybervault.confinement.parsers.rpm_databases import DatabaseError, headers
from tests.fakes.rpm import BDB_PAGE, bdb_of, bdb_page, ndb_of, sqlite_of

SMALL = [b"a" * 40, b"b" * 30]
LONG = [bytes([65 + place]) * (700 * place + 100) for place in range(12)]
FORMS: dict[str, Callable[[list[bytes]], bytes]] = {
    "sqlite": sqlite_of,
    "sqlite with small pages": lambda some: sqlite_of(some, 512),
    "sqlite with the largest pages": lambda some: sqlite_of(some, 65_536),
    "ndb": ndb_of,
    "bdb": bdb_of,
    "bdb of the other order": lambda some: bdb_of(some, ">"),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_header_is_given_as_it_was_put_in(form: str) -> None:
    assert sorted(headers(FORMS[form](LONG))) == sorted(LONG)
    assert list(headers(FORMS[form]([]))) == []


def test_headers_that_fit_into_a_page_are_read_there() -> None:
    assert list(headers(bdb_of(SMALL, is_inline=True))) == SMALL


def test_a_table_of_thousands_goes_over_inner_pages() -> None:
    many = [str(number).encode() * 30 for number in range(3_000)]
    assert sorted(headers(sqlite_of(many, 512))) == sorted(many)


@pytest.mark.parametrize("form", FORMS)
def test_what_breaks_off_is_told(form: str) -> None:
    whole = FORMS[form](LONG)
    for length in (*range(0, 200, 7), 600, 1_100, 5_000, len(whole) - 1_000):
        with pytest.raises(DatabaseError):
            list(headers(whole[:length]))


@pytest.mark.parametrize("form", FORMS)
def test_flipped_bytes_end_in_headers_or_in_a_reason(form: str) -> None:
    whole, chance = FORMS[form](LONG), random.Random(form)  # noqa: S311 - chooses bytes to break
    for _ in range(300):
        broken = bytearray(whole)
        for _ in range(chance.choice([1, 8, 64])):
            broken[chance.randrange(chance.choice([200, len(broken)]))] = chance.choice([0, 1, 5, 13, 127, 128, 255])
        try:
            given = list(headers(bytes(broken)))
        except DatabaseError:
            continue
        assert sum(map(len, given)) <= len(whole)


def page_of(raw: bytes, number: int, size: int = 1024) -> bytearray:
    return bytearray(raw[(number - 1) * size : number * size])


def with_page(raw: bytes, number: int, page: bytes, size: int = 1024) -> bytes:
    return raw[: (number - 1) * size] + page + raw[number * size :]


def test_sqlite_that_leads_in_circles_is_refused() -> None:
    raw = sqlite_of([b"x" * 4_000] * 3)
    # The table becomes an inner page, all children of which are itself; then rows that go on where they began.
    circle = struct.pack(">BHHHBI", 5, 0, 1, 1000, 0, 3) + struct.pack(">H", 1000)
    assert_refused(with_page(raw, 3, circle.ljust(1000, b"\x00") + struct.pack(">I", 3).ljust(24, b"\x00")), "circle")
    for number in range(5, len(raw) // 1024 + 1):
        page = page_of(raw, number)
        if page[0] != 13:
            page[:4] = struct.pack(">I", number)
            raw = with_page(raw, number, bytes(page))
    assert_refused(raw, "circle")


def test_cells_that_overlap_give_no_more_than_the_file_holds() -> None:
    raw = sqlite_of([b"x" * 700])
    page = page_of(raw, 3)
    assert page[0] == 13
    (cell,) = struct.unpack_from(">H", page, 8)
    page[3:5] = struct.pack(">H", 100)
    page[8:208] = struct.pack(">H", cell) * 100
    assert_refused(with_page(raw, 3, bytes(page)), "more than it can")


def test_no_form_holds_more_than_is_ever_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rpm_databases, "HEADERS_MAX", 5)
    assert_refused(sqlite_of([b"x"] * 6), "more than it can")


def test_what_a_hostile_schema_says_is_not_run() -> None:
    """By the library a view of this name would count for ever."""
    with sqlite3.connect(":memory:") as connection:
        endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x AS hnum, x AS blob FROM c"
        connection.execute(f"CREATE VIEW Packages AS {endless}")
        connection.commit()
        raw = connection.serialize()
    assert_refused(raw, "no table Packages")


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        (16, struct.pack(">H", 1000), "a size that none has"),
        (20, b"\xff", "a size that none has"),
        (28, b"\xff", "breaks off"),
        (100, b"\x02", "no table"),
    ],
)
def test_a_head_of_sqlite_that_none_writes_is_refused(place: int, value: bytes, reason: str) -> None:
    raw = bytearray(sqlite_of(SMALL, 512))
    raw[place : place + len(value)] = value
    assert_refused(bytes(raw), reason)


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        (12, struct.pack("<I", 2**31), "a number of pages that none has"),
        (12, struct.pack("<I", 2_048), "it breaks off|a slot of it is none"),
        (32, b"none", "a slot of it is none"),
        (36, struct.pack("<I", 7), "not where it should be"),
        (40, struct.pack("<I", 2**31), "it breaks off"),
        (4096 + 12, struct.pack("<I", 2**31), "not where it should be"),
    ],
)
def test_ndb_that_lies_is_refused(place: int, value: bytes, reason: str) -> None:
    raw = bytearray(ndb_of(SMALL))
    raw[place : place + len(value)] = value
    assert_refused(bytes(raw), reason)


def test_slots_of_ndb_that_share_a_package_give_no_more_than_the_file_holds() -> None:
    raw = bytearray(ndb_of([b"x" * 4_000]))
    raw[32:4096] = bytes(raw[32:48]) * 254
    assert_refused(bytes(raw), "more than it can")


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        (20, struct.pack("<I", 2**31), "a size that none has"),
        (24, b"\x01", "encrypted"),
        (32, struct.pack("<I", 2**31), "breaks off"),
        (2 * BDB_PAGE + 20, struct.pack("<H", 65_535), "breaks off"),
    ],
)
def test_berkeley_db_that_lies_is_refused(place: int, value: bytes, reason: str) -> None:
    raw = bytearray(bdb_of(SMALL))
    raw[place : place + len(value)] = value
    assert_refused(bytes(raw), reason)


def test_berkeley_db_whose_pages_lead_in_circles_or_elsewhere_is_refused() -> None:
    raw = bdb_of([b"x" * 2_000])
    assert_refused(with_page(raw, 4, bdb_page(7, b"x" * 400, after=3), BDB_PAGE), "circle")
    assert_refused(with_page(raw, 4, bdb_page(13, b"x" * 400, after=3), BDB_PAGE), "not of the kind")
    assert_refused(with_page(raw, 4, bdb_page(7, b"x" * 400), BDB_PAGE), "ends before its length")
    other = bytearray(raw)
    place = raw.index(b"\x03\x00\x00\x00", 2 * BDB_PAGE)
    other[place] = 9
    assert_refused(bytes(other), "a form that is not read")
    other[place : place + 8] = b"\x03\x00\x00\x00" + struct.pack("<I", 2**31)
    assert_refused(bytes(other), "is not in it")


@pytest.mark.parametrize("raw", [b"", b"x" * 100, b"SQLite", b"\x00" * 4096])
def test_what_is_no_database_is_told(raw: bytes) -> None:
    assert_refused(raw, "none of the forms")


def assert_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(DatabaseError, match=reason):
        list(headers(raw))
