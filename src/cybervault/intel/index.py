"""The exact index: from a key of bytes to a small number in about a microsecond, without loading anything.

Keys are known by their xxh3-64 fingerprint under a random seed, sorted, with a directory over the top bits. Every hit
is compared with the whole key, so a collision costs time and never gives a wrong answer.
"""

import struct
from bisect import bisect_left
from pathlib import Path
from typing import Final

from xxhash import xxh3_64_intdigest

from cybervault.intel.sections import Sections, broken

KEY_BYTES_MAX: Final = 255
VALUE_MAX: Final = 65_535

RECORD: Final = struct.Struct("<IHBx")
"""Offset of the key in the heap, value, length of the key."""

FINGERPRINTS, DIRECTORY, RECORDS, HEAP = range(4)
SECTIONS: Final = 4
_FINGERPRINT_BITS: Final = 64


class Index:
    """A mapped index, written by `cybervault.intel.packing`."""

    def __init__(self, path: Path, seed: int) -> None:
        sections = Sections(path, SECTIONS)
        self._seed = seed
        self._map = sections.map
        self._fingerprints = sections.numbers(FINGERPRINTS, "Q")
        self._directory = sections.numbers(DIRECTORY, "I")
        self._heap_start = sections.start(HEAP)
        self._records_start = sections.start(RECORDS)
        bits = (len(self._directory) - 1).bit_length() - 1
        self._shift = _FINGERPRINT_BITS - bits
        is_whole = (
            len(self._directory) == (1 << max(bits, 0)) + 1
            and sections.size(RECORDS) == RECORD.size * len(self._fingerprints)
            and self._directory[-1] == len(self._fingerprints)
        )
        if not is_whole:
            raise broken(f"{path.name}: its sections do not fit each other")

    def __len__(self) -> int:
        return len(self._fingerprints)

    def find(self, key: bytes) -> int | None:
        """The value of a key, or None when the index does not hold it."""
        fingerprint = xxh3_64_intdigest(key, self._seed)
        bucket = fingerprint >> self._shift
        end = self._directory[bucket + 1]
        at = bisect_left(self._fingerprints, fingerprint, self._directory[bucket], end)
        while at < end and self._fingerprints[at] == fingerprint:
            offset, value, length = RECORD.unpack_from(self._map, self._records_start + at * RECORD.size)
            start = self._heap_start + offset
            if self._map[start : start + length] == key:
                return int(value)
            at += 1
        return None
