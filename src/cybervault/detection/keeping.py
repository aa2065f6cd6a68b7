"""Files that only save time: what was compiled is kept whole or not at all, and is made anew where it is gone."""

import os
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Final

_CHECK_BYTES: Final = 4


def kept(path: Path) -> bytes | None:
    """What was kept; None where nothing was, or a disk has changed it."""
    try:
        raw = path.read_bytes()
    except OSError:
        return None
    content = raw[_CHECK_BYTES:]
    return content if _check(content) == raw[:_CHECK_BYTES] else None


def keep(path: Path, raw: bytes) -> None:
    """Keep it for the next time; a disk that is full only costs the time to make it again."""
    beside = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(_check(raw) + raw)
        beside.replace(path)
    except OSError:
        with suppress(OSError):
            beside.unlink()


def put(path: Path, raw: bytes) -> None:
    """Put a file in its place whole: whoever reads it finds the one before or this one. OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise


def _check(raw: bytes) -> bytes:
    return zlib.crc32(raw).to_bytes(_CHECK_BYTES, "big")
