"""Files of numbered sections that are mapped into memory, never read into it, and never changed once written.

A file is a magic, the number of sections, then offset and length of each; sections start at multiples of eight bytes.
"""

import mmap
import os
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal, TypeAlias

from cybervault.domain.problems import Problem, ProblemKind

Buffer: TypeAlias = bytes | bytearray | memoryview
Code: TypeAlias = Literal["H", "I", "Q"]
"""Whole numbers of 16, 32 and 64 bits."""

_MAGIC: Final = b"CVKNOW01"
_HEAD: Final = struct.Struct("<8sQ")
_PLACE: Final = struct.Struct("<QQ")
_SECTIONS_MAX: Final = 16
_ALIGNMENT: Final = 8


def broken(detail: str) -> Problem:
    """The one failure of local knowledge on disk: UNAVAILABLE `local_knowledge_broken`; it has to be built again."""
    return Problem(
        ProblemKind.UNAVAILABLE,
        code="local_knowledge_broken",
        message="The local knowledge on disk is damaged. Build it again: cybervault intel build",
        detail=detail,
    )


def write_sections(path: Path, sections: Sequence[Buffer]) -> None:
    """Write a new file and wait until the disk has it."""
    at = _HEAD.size + _PLACE.size * len(sections)
    places = []
    for section in sections:
        at += -at % _ALIGNMENT
        places.append((at, memoryview(section).nbytes))
        at += places[-1][1]
    with path.open("xb") as file:
        file.write(_HEAD.pack(_MAGIC, len(sections)))
        for place in places:
            file.write(_PLACE.pack(*place))
        for (start, _), section in zip(places, sections, strict=True):
            file.write(bytes(start - file.tell()))
            file.write(section)
        file.flush()
        os.fsync(file.fileno())


class Sections:
    """A mapped file. It stays readable after the file was removed, as long as somebody holds it."""

    def __init__(self, path: Path, count: int) -> None:
        """Map `path`, which must have exactly `count` sections; `Problem` when it is not whole."""
        self._name = path.name
        try:
            with path.open("rb") as file:
                self.map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:  # ValueError: an empty file cannot be mapped
            raise broken(f"{path.name}: {error}") from error
        self._places = self._read_places(count)

    def _read_places(self, count: int) -> tuple[tuple[int, int], ...]:
        places_end = _HEAD.size + _PLACE.size * count
        if len(self.map) < places_end or count > _SECTIONS_MAX:
            raise broken(f"{self._name}: shorter than its head")
        if _HEAD.unpack_from(self.map) != (_MAGIC, count):
            raise broken(f"{self._name}: another form")
        places = tuple(_PLACE.iter_unpack(self.map[_HEAD.size : places_end]))
        if any(start % _ALIGNMENT or start < places_end or start + size > len(self.map) for start, size in places):
            raise broken(f"{self._name}: a section lies outside the file")
        return places

    def start(self, number: int) -> int:
        """Where a section begins in the file, in bytes."""
        return self._places[number][0]

    def size(self, number: int) -> int:
        """The length of a section in bytes."""
        return self._places[number][1]

    def numbers(self, number: int, code: Code) -> memoryview:
        """A section as whole numbers, without a copy."""
        start, size = self._places[number]
        if size % struct.calcsize(code):
            raise broken(f"{self._name}: section {number} holds no whole numbers")
        return memoryview(self.map)[start : start + size].cast(code)
