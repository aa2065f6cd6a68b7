"""Files of events: JSON lines, JSON documents or arrays of them, plain or packed with gzip; each with its line."""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, TypeAlias, cast

import msgspec

LINE_BYTES_MAX: Final = 16 * 1024 * 1024
_GZIP: Final = b"\x1f\x8b"
_RAW_DECODE: Final = json.JSONDecoder().raw_decode
_DECODE: Final = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `line` counts from 1, and in an array it is the number of the event."""

    line: int
    content: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class BadLine:
    """Why a line is no event; the others of the file are read all the same."""

    line: int
    reason: str


Found: TypeAlias = Event | BadLine


def events_of(path: Path) -> Iterator[Found]:
    """The events of a file, one after the other; OSError."""
    with path.open("rb") as file:
        is_packed = file.read(len(_GZIP)) == _GZIP
        file.seek(0)
        try:
            yield from _events(cast("IO[bytes]", gzip.GzipFile(fileobj=file)) if is_packed else file)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            yield BadLine(0, "The archive ends before its end or is broken; what stood before was read.")


def _events(file: IO[bytes]) -> Iterator[Found]:
    first = file.readline(LINE_BYTES_MAX)
    try:
        _DECODE(first)
    except (msgspec.MsgspecError, ValueError):
        # No line by itself, so perhaps a document over many lines.
        if first.strip()[:1] in {b"[", b"{"} and len(first) < LINE_BYTES_MAX:
            yield from _document(first + file.read(LINE_BYTES_MAX * 64))
            return
    yield from _lines(first, file)


def _lines(first: bytes, file: IO[bytes]) -> Iterator[Found]:
    number, line = 0, first
    while line:
        number += 1
        if len(line) >= LINE_BYTES_MAX and not line.endswith(b"\n"):
            yield BadLine(number, f"It is longer than {LINE_BYTES_MAX // 1024 // 1024} MiB.")
            while line and not line.endswith(b"\n"):
                line = file.readline(LINE_BYTES_MAX)
        elif line.strip():
            yield from _read(number, line)
        line = file.readline(LINE_BYTES_MAX)


def _read(number: int, line: bytes) -> Iterator[Found]:
    try:
        content = _DECODE(line)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        yield BadLine(number, "It is no JSON.")
        return
    yield from _each(number, content)


def _document(raw: bytes) -> Iterator[Found]:
    documents = _documents(raw)
    if documents is None:
        # Lines after all, of which the first is broken.
        for number, line in enumerate(raw.splitlines(), 1):
            if line.strip():
                yield from _read(number, line)
        return
    for begun, content in documents:
        yield from _each(begun, content)


def _documents(raw: bytes) -> list[tuple[int, object]] | None:
    """Documents one behind the other, each with the line where it begins; None where this is something else."""
    try:
        text = raw.decode()
        found, place, line = list[tuple[int, object]](), 0, 1
        while rest := text[place:].lstrip():
            begin = len(text) - len(rest)
            line += text.count("\n", place, begin)
            content, end = _RAW_DECODE(text, begin)
            found.append((line, content))
            line += text.count("\n", begin, end)
            place = end
    except (ValueError, RecursionError):
        return None
    return found


def _each(number: int, content: object) -> Iterator[Found]:
    parts: Iterable[object] = content if isinstance(content, list) else (content,)
    for place, part in enumerate(parts, number):
        yield Event(place, part) if isinstance(part, dict) else BadLine(place, "It is no JSON object.")
