import struct
from pathlib import Path

import pytest
from xxhash import xxh3_64_intdigest

from cybervault.domain.problems import Problem
from cybervault.intel.index import DIRECTORY, FINGERPRINTS, HEAP, RECORD, RECORDS, Index
from cybervault.intel.packing import Packer
from cybervault.intel.sections import Sections, write_sections

SEED = 5


def write_index(path: Path, keys: dict[bytes, int], seed: int = SEED) -> None:
    packer = Packer.seeded(seed)
    for key, value in keys.items():
        packer.add([key], value)
    packer.write(path)


def read_sections(path: Path) -> list[bytes]:
    sections = Sections(path, 4)
    return [sections.map[sections.start(number) :][: sections.size(number)] for number in range(4)]


def test_every_key_is_found_with_its_value_and_no_other(tmp_path: Path) -> None:
    keys = {f"key {number}".encode(): number for number in range(3_000)}
    write_index(tmp_path / "index", keys)
    index = Index(tmp_path / "index", SEED)
    assert len(index) == 3_000
    assert {key: index.find(key) for key in keys} == keys
    assert [index.find(f"other {number}".encode()) for number in range(3_000)] == [None] * 3_000


def test_an_empty_index_finds_nothing(tmp_path: Path) -> None:
    write_index(tmp_path / "index", {})
    index = Index(tmp_path / "index", SEED)
    assert len(index) == 0
    assert index.find(b"anything") is None


def test_keys_written_under_another_seed_are_not_found(tmp_path: Path) -> None:
    write_index(tmp_path / "index", {b"key": 1}, seed=SEED + 1)
    assert Index(tmp_path / "index", SEED).find(b"key") is None


def test_two_keys_under_one_fingerprint_are_both_told_apart(tmp_path: Path) -> None:
    """A collision of fingerprints costs a comparison and never gives another key's value."""
    fingerprint = xxh3_64_intdigest(b"wanted", SEED)
    records = RECORD.pack(0, 7, 5) + RECORD.pack(5, 8, 6)
    write_sections(
        tmp_path / "index",
        [struct.pack("=QQ", fingerprint, fingerprint), directory(fingerprint, count=2), records, b"otherwanted"],
    )
    assert Index(tmp_path / "index", SEED).find(b"wanted") == 8


def test_a_fingerprint_without_its_key_is_no_hit(tmp_path: Path) -> None:
    fingerprint = xxh3_64_intdigest(b"wanted", SEED)
    write_sections(
        tmp_path / "index",
        [struct.pack("=Q", fingerprint), directory(fingerprint, count=1), RECORD.pack(0, 7, 6), b"forged"],
    )
    assert Index(tmp_path / "index", SEED).find(b"wanted") is None


def directory(fingerprint: int, *, count: int) -> bytes:
    return struct.pack("=III", 0, 0 if fingerprint >> 63 else count, count)


@pytest.mark.parametrize(
    ("section", "content"),
    [
        (FINGERPRINTS, bytes(8)),
        (RECORDS, bytes(8)),
        (DIRECTORY, b""),
        (DIRECTORY, bytes(4)),
        (DIRECTORY, bytes(16)),
        (DIRECTORY, struct.pack("=III", 0, 0, 99)),
    ],
)
def test_sections_that_do_not_fit_each_other_are_refused(tmp_path: Path, section: int, content: bytes) -> None:
    write_index(tmp_path / "whole", {b"one": 1, b"two": 2})
    sections = read_sections(tmp_path / "whole")
    sections[section] = content
    write_sections(tmp_path / "index", sections)
    with pytest.raises(Problem) as caught:
        Index(tmp_path / "index", SEED)
    assert "fit" in caught.value.detail


def test_a_record_that_points_beyond_the_heap_is_no_hit(tmp_path: Path) -> None:
    """Even a file with a right checksum and wrong content is never read beyond its end."""
    write_index(tmp_path / "whole", {b"one": 1})
    sections = read_sections(tmp_path / "whole")
    sections[RECORDS] = RECORD.pack(4_000_000_000, 1, 3)
    write_sections(tmp_path / "index", sections)
    assert sections[HEAP] == b"one"
    assert Index(tmp_path / "index", SEED).find(b"one") is None
