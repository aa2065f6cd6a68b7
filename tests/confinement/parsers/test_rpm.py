"""Headers of RPM: what a package is called and from what it was built; those that lie are refused."""

import pytest

from cybervault.confinement.parsers.rpm import DatabaseError, packages
from tests.fakes.rpm import header, header_of, sqlite_of


def test_a_package_is_its_name_its_whole_version_and_its_source() -> None:
    openssl = header("openssl-libs", "3.0.7", "6.el9", epoch=1, source="openssl-3.0.7-6.el9.src.rpm")
    node = header("npm", "8.19", "1", epoch=0, source="nodejs-16.20-2.nosrc.rpm", module="nodejs:16:920:abc:x86_64")
    bare = header("bash", "5.1", "2", summary="x" * 5_000, source="no source")
    key = header("gpg-pubkey", "fd431d51", "4ae0493b")
    assert packages(sqlite_of([openssl, node, bare, key])) == [
        {"name": "openssl-libs", "version": "1:3.0.7-6.el9", "source": "openssl", "source_version": "1:3.0.7-6.el9",
         "module": ""},
        {"name": "npm", "version": "8.19-1", "source": "nodejs", "source_version": "16.20-2", "module": "nodejs:16"},
        {"name": "bash", "version": "5.1-2", "source": "bash", "source_version": "5.1-2", "module": ""},
    ]  # fmt: skip


def test_of_a_tag_that_comes_twice_or_in_another_type_the_first_that_fits_counts() -> None:
    data = b"a\x00b\x00"
    entries = [(1000, 4, 0, 1), (1000, 6, 0, 1), (1000, 6, 2, 1), (1001, 6, 2, 1), (1002, 6, 2, 1), (9999, 6, 2**31, 1)]
    (package,) = packages(sqlite_of([header_of(entries, data)]))
    assert (package["name"], package["version"]) == ("a", "b-b")


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (b"", "breaks off"),
        (b"\x00" * 7, "breaks off"),
        (header("a", "1")[:-1], "longer than it is"),
        (header_of([(1000, 6, 0, 1)], b"a\x00", count=2**31), "longer than it is"),
        (header_of([(1000, 6, 0, 1)], b"a\x00", count=2), "longer than it is"),
        (header_of([(1000, 6, 2**31, 1)], b"a\x00"), "leads out of it"),
        (header_of([(1003, 4, 1, 1)], b"a\x00"), "breaks off"),
        (header_of([], b""), "names none"),
    ],
)
def test_a_header_that_lies_is_refused(broken: bytes, reason: str) -> None:
    with pytest.raises(DatabaseError, match=reason):
        packages(sqlite_of([header("a", "1"), broken]))


def test_a_text_without_end_is_cut() -> None:
    entries = [(1000, 6, 0, 1), (1001, 6, 0, 1), (1002, 6, 0, 1)]
    (package,) = packages(sqlite_of([header_of(entries, b"a" * 5_000)]))
    assert len(package["name"]) == 1_024
