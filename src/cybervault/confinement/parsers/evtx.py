"""Logs of Windows in their binary form: each record as JSON with the structure of its XML.

A head of 4 KiB, which says how many blocks follow, and these, of 64 KiB each (as libevtx describes the format).
"""

import io
import os
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from evtx import PyEvtxParser

_HEAD_BYTES: Final = 4096
_BLOCK_BYTES: Final = 65_536
_COUNT: Final = slice(42, 44)


def records(file: BinaryIO) -> Iterator[bytes | str]:
    """What a broken record or a broken block of records costs is told, and the others are read.

    Of a file that breaks off, as a copy that was not finished does, what is there of its last block is read too.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    file.seek(0)
    try:
        found: Iterator[Any] = PyEvtxParser(file, 1).records_json()
    except (OSError, RuntimeError, ValueError) as error:
        yield f"It is no EVTX file, or its head is broken: {error}"
        return
    yield from _each(found)
    whole, part = divmod(max(size - _HEAD_BYTES, 0), _BLOCK_BYTES)
    count = int.from_bytes(head[_COUNT], "little")
    if part:
        # The parser leaves out a block that is not whole, without a word.
        file.seek(size - part)
        block = file.read(part).ljust(_BLOCK_BYTES, b"\0")
        yield from _each(PyEvtxParser(io.BytesIO(head + block), 1).records_json())
        yield "It breaks off within a block of records: what comes behind is not there."
    elif count > whole:
        yield f"It breaks off: its head tells of {count:,} blocks of records, and {whole:,} are there."


def _each(found: Iterator[Any]) -> Iterator[bytes | str]:
    while True:
        try:
            record = next(found)
        except StopIteration:
            return
        except (OSError, RuntimeError, ValueError) as error:
            yield f"A part of it is broken: {error}"
        else:
            yield record["data"].encode()
