"""Packed files: read as what they hold, as far as they are whole and no further than a bound."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from cybervault.detection.packed import BrokenArchive, unpacked, zstd

CONTENT = bytes(range(256)) * 8_000
PACKED = pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])


def read(tmp_path: Path, raw: bytes, bytes_max: int | None = None) -> tuple[bytes, str]:
    """What came, and why no more did."""
    path, found = tmp_path / "file", bytearray()
    path.write_bytes(raw)
    with path.open("rb") as file:
        plain = unpacked(file, bytes_max)
        try:
            while piece := plain.read1(1000):
                found += piece
        except BrokenArchive as broken:
            return bytes(found), str(broken)
    return bytes(found), ""


def test_what_is_not_packed_is_the_file_itself(tmp_path: Path) -> None:
    assert read(tmp_path, CONTENT) == (CONTENT, "")
    assert read(tmp_path, b"") == (b"", "")


@PACKED
def test_what_is_packed_is_unpacked(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    assert read(tmp_path, pack(CONTENT)) == (CONTENT, "")


@PACKED
def test_archives_one_behind_the_other_are_one(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    assert read(tmp_path, pack(CONTENT) + pack(b"more")) == (CONTENT + b"more", "")


@PACKED
def test_of_a_cut_archive_what_stood_before_is_read(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    found, why = read(tmp_path, pack(CONTENT)[:-10])
    assert CONTENT.startswith(found)
    assert why == "The archive ends before its end or is broken."


@PACKED
def test_broken_bytes_are_told(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    raw = bytearray(pack(CONTENT))
    raw[10:40] = bytes(30)
    assert read(tmp_path, bytes(raw))[1] == "The archive ends before its end or is broken."


@PACKED
def test_a_bomb_is_read_up_to_the_bound(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    found, why = read(tmp_path, pack(bytes(50_000_000)), 2 * 1024 * 1024)
    assert why == "The archive holds more than 2 MiB."
    assert len(found) <= 2 * 1024 * 1024
