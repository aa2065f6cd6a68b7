"""Logs of Windows in their binary form: each record as JSON with the structure of its XML."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from evtx import PyEvtxParser


def records(file: BinaryIO) -> Iterator[bytes | str]:
    """What a broken record or a broken chunk of records costs is told, and the others are read."""
    try:
        found: Iterator[Any] = PyEvtxParser(file, 1).records_json()
    except (OSError, RuntimeError, ValueError) as error:
        yield f"It is no EVTX file, or its head is broken: {error}"
        return
    while True:
        try:
            record = next(found)
        except StopIteration:
            return
        except (OSError, RuntimeError, ValueError) as error:
            yield f"A part of it is broken: {error}"
        else:
            yield record["data"].encode()
