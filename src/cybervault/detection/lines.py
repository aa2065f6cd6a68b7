"""Files of events: JSON lines, JSON documents or arrays of them, or EVTX, plain or packed; each with its line."""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import IO, BinaryIO, Final, TypeAlias

import msgspec

from cybervault.confinement.parse import ParseFault, parsed
from cybervault.confinement.parsers import EVTX
from cybervault.detection.packed import BrokenArchive, unpacked

LINE_BYTES_MAX: Final = 16 * 1024 * 1024
DOCUMENT_BYTES_MAX: Final = 256 * 1024 * 1024
_MIB: Final = 1024 * 1024
_READ_BYTES: Final = 128 * 1024
"""At once: a line is often a third of what Python reads by itself, and each reading costs as much as two lines."""
EVTX_BEGINS: Final = b"ElfFile\0"
_BLANK: Final = re.compile(r"\s*")
_RAW_DECODE: Final = json.JSONDecoder().raw_decode
_DECODE: Final = msgspec.json.Decoder().decode


class Event(msgspec.Struct, frozen=True):
    """One event; `line` counts from 1. In an array it is the number of the event, of EVTX its EventRecordID.

    `raw` is the JSON in which it stands alone; empty where it was one of several.
    """

    line: int
    content: Mapping[str, object]
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class BadLine:
    """Why a line is no event; the others of the file are read all the same."""

    line: int
    reason: str


class Line(msgspec.Struct, frozen=True):
    """JSON that stands alone and was not read yet; `is_record` of EVTX, which has numbers of its own."""

    number: int
    raw: bytes
    is_record: bool = False


Found: TypeAlias = Event | BadLine


class Reach:
    """How far a file is read, in bytes: whoever reads it, a child too, moves the same place in it."""

    def __init__(self) -> None:
        self._file: BinaryIO | None = None

    def follow(self, file: BinaryIO) -> None:
        """From now on this file is meant."""
        self._file = file

    def share(self) -> float:
        """From 0 to 1; not for use beside whoever reads in this process."""
        if self._file is None or self._file.closed:
            return 0.0
        number = self._file.fileno()
        return os.lseek(number, 0, os.SEEK_CUR) / max(os.fstat(number).st_size, 1)


def events_of(path: Path, *, unpacked_max: int | None = None, reach: Reach | None = None) -> Iterator[Found]:
    """The events of a file, one after the other; OSError. An archive is read no further than `unpacked_max` bytes.

    `reach` is told which file is read.
    """
    for one in lines_of(path, unpacked_max=unpacked_max, reach=reach):
        if isinstance(one, Line):
            yield from found_in(one)
        else:
            yield one


def lines_of(path: Path, *, unpacked_max: int | None = None, reach: Reach | None = None) -> Iterator[Line | Found]:
    """As `events_of`, but what `found_in` reads by itself is left to whoever has the time."""
    reach = reach or Reach()
    whole: BufferedReader = BufferedReader(path.open("rb", buffering=0), _READ_BYTES)
    with whole as file:
        reach.follow(file)
        plain = unpacked(file, unpacked_max)
        try:
            if not plain.peek(len(EVTX_BEGINS)).startswith(EVTX_BEGINS):
                yield from _events(plain)
            elif plain is file and file.seekable():
                yield from _evtx(file)
            else:
                yield from _packed_evtx(plain, reach)
        except BrokenArchive as broken:
            yield BadLine(0, f"{broken} What stood before was read.")


def found_in(line: Line) -> Iterable[Found]:
    """The event of a line, or those of a list in it."""
    try:
        content = _DECODE(line.raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return (BadLine(line.number, "It is no JSON."),)
    if not isinstance(content, dict):
        return _each(line.number, content)
    return (Event(_record_id(content, line.number) if line.is_record else line.number, content, line.raw),)


def _packed_evtx(plain: BinaryIO, reach: Reach) -> Iterator[Line | Found]:
    """As `_evtx`, of what can be read forwards only: its parser wants a file."""
    broken = None
    with tempfile.TemporaryFile() as whole:
        try:
            shutil.copyfileobj(plain, whole)
        except BrokenArchive as error:
            broken = error
        whole.flush()
        reach.follow(whole)
        yield from _evtx(whole)
    if broken is not None:
        raise broken


def _evtx(file: BinaryIO) -> Iterator[Line | Found]:
    """What comes from the child is trusted no more than the file."""
    for number, part in enumerate(parsed(EVTX, file), 1):
        yield BadLine(number, part.reason) if isinstance(part, ParseFault) else Line(number, part, is_record=True)


def _record_id(content: Mapping[str, object], number: int) -> int:
    """The number that other programs show for a record; else its place in the file."""
    place: object = content
    for name in ("Event", "System", "EventRecordID"):
        place = place.get(name) if isinstance(place, dict) else None
    return place if isinstance(place, int) else number


def _events(file: IO[bytes]) -> Iterator[Line | Found]:
    first = file.readline(LINE_BYTES_MAX)
    try:
        _DECODE(first)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        # No line by itself, so perhaps a document over many lines.
        if first.strip()[:1] in {b"[", b"{"} and len(first) < LINE_BYTES_MAX:
            yield from _document(first + file.read(DOCUMENT_BYTES_MAX), file)
            return
    yield from _lines(first, file)


def _lines(first: bytes, file: IO[bytes], number: int = 0) -> Iterator[Line | Found]:
    line = first
    while line:
        number += 1
        if len(line) >= LINE_BYTES_MAX and not line.endswith(b"\n"):
            yield BadLine(number, f"It is longer than {LINE_BYTES_MAX // _MIB} MiB.")
            while line and not line.endswith(b"\n"):
                line = file.readline(LINE_BYTES_MAX)
        elif not line.isspace():
            yield Line(number, line)
        line = file.readline(LINE_BYTES_MAX)


def _document(raw: bytes, file: IO[bytes]) -> Iterator[Line | Found]:
    documents = _documents(raw)
    if documents is not None:
        for begun, content in documents:
            yield from _each(begun, content)
        return
    # Lines after all, of which the first is broken; or a document too long to be read.
    number = 0
    for number, line in enumerate((raw + file.readline(LINE_BYTES_MAX)).splitlines(), 1):
        if line.strip():
            yield Line(number, line)
    yield from _lines(file.readline(LINE_BYTES_MAX), file, number)


def _documents(raw: bytes) -> list[tuple[int, object]] | None:
    """Documents one behind the other, each with the line where it begins; None where this is something else."""
    try:
        text = raw.decode()
        found, place, line = list[tuple[int, object]](), 0, 1
        while (begin := _after_blanks(text, place)) < len(text):
            line += text.count("\n", place, begin)
            content, end = _RAW_DECODE(text, begin)
            found.append((line, content))
            line += text.count("\n", begin, end)
            place = end
    except (ValueError, RecursionError):
        return None
    return found


def _after_blanks(text: str, place: int) -> int:
    blank = _BLANK.match(text, place)
    return blank.end() if blank else place


def _each(number: int, content: object) -> Iterator[Found]:
    parts: Iterable[object] = content if isinstance(content, list) else (content,)
    for place, part in enumerate(parts, number):
        yield Event(place, part) if isinstance(part, dict) else BadLine(place, "It is no JSON object.")
