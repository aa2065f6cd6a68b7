"""Advisories on disk: loaded by ecosystem, looked up by name, replaced as a whole while others look."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cybervault.domain.verdicts import Severity
from cybervault.scans.osv import Advisory, advisory_of
from cybervault.scans.store.advisories import Advisories
from cybervault.scans.versions import Span
from tests.fakes.advisories import ALL, DJANGO, LEFT_PAD, OPENSSL, raw
from tests.scans.made import NOW


def read(*records: dict[str, Any]) -> Iterator[Advisory]:
    return (found for record in records if (found := advisory_of(raw(record))) is not None)


@pytest.fixture
def kept(tmp_path: Path) -> Advisories:
    return Advisories(tmp_path / "advisories" / "osv.sqlite")


def test_nothing_is_known_before_some_were_loaded(kept: Advisories) -> None:
    assert kept.loaded() == ()
    assert kept.about("Debian:12", ["openssl"]) == {}


def test_what_was_loaded_is_found_by_ecosystem_and_name(kept: Advisories) -> None:
    loaded = kept.load(read(*ALL), at=NOW)
    assert [(one.ecosystem, one.advisories, one.loaded_at) for one in loaded] == [
        ("Debian:11", 1, NOW), ("Debian:12", 1, NOW), ("PyPI", 2, NOW), ("npm", 1, NOW),
    ]  # fmt: skip
    assert kept.about("Debian:13", ["openssl"]) == {}
    (concern,) = kept.about("Debian:11", ["openssl", "openssl", "bash"])["openssl"]
    assert (concern.advisory, concern.vulnerability) == ("DEBIAN-CVE-2026-0001", "CVE-2026-0001")
    assert (concern.severity, concern.spans) == (Severity.LOW, (Span("0"),))
    first, second = kept.about("PyPI", ["django"])["django"]
    assert (first.severity, second.severity) == (Severity.CRITICAL, None)
    assert kept.about("npm", ["left-pad"])["left-pad"][0].versions == ("9.9.9",)


def test_an_ecosystem_that_is_loaded_again_is_replaced_and_the_others_stay(kept: Advisories) -> None:
    kept.load(read(OPENSSL, DJANGO), at=NOW)
    later = NOW + timedelta(days=1)
    kept.load(read(DJANGO | {"id": "GHSA-new"}, LEFT_PAD), at=later)
    assert [one.advisory for one in kept.about("PyPI", ["django"])["django"]] == ["GHSA-new"]
    assert len(kept.about("Debian:12", ["openssl"])["openssl"]) == 1
    assert {one.ecosystem: one.loaded_at for one in kept.loaded()} == {
        "Debian:11": NOW, "Debian:12": NOW, "PyPI": later, "npm": later,
    }  # fmt: skip


def test_a_load_that_fails_leaves_what_was_there(kept: Advisories) -> None:
    def broken() -> Iterator[Advisory]:
        yield from read(LEFT_PAD)
        raise OSError("the disk is full")

    kept.load(read(DJANGO), at=NOW)
    with pytest.raises(OSError, match="full"):
        kept.load(broken(), at=NOW)
    assert [one.ecosystem for one in kept.loaded()] == ["PyPI"]
    kept.load(read(LEFT_PAD), at=NOW)
    assert [one.ecosystem for one in kept.loaded()] == ["PyPI", "npm"]


def test_a_file_of_another_format_counts_as_none(kept: Advisories, tmp_path: Path) -> None:
    kept.load(read(DJANGO), at=NOW)
    with closing(sqlite3.connect(tmp_path / "advisories" / "osv.sqlite")) as connection:
        connection.execute("PRAGMA user_version = 99")
    assert kept.loaded() == ()
    assert kept.about("PyPI", ["django"]) == {}
    kept.load(read(LEFT_PAD), at=NOW)
    assert [one.ecosystem for one in kept.loaded()] == ["npm"]
