"""Runs a program of others that may fill the disk, and ends it where it fills too much."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from cybervault.access.rhythm import every
from cybervault.confinement.program import Bounds, Ended, run_program

UNPACKED_BYTES_MAX: Final = 8 * 1024 * 1024 * 1024
"""What may be on the disk at any time, what it was given and what it has unpacked together."""
_LOOK_SECONDS: Final = 0.2


async def run_watched(words: Sequence[str], bounds: Bounds, *, folder: Path) -> Ended:
    """As it ended, or was ended because it filled its folder; OSError where it cannot be started."""
    ended = Ended(b"", "", None, f"it unpacked more than {UNPACKED_BYTES_MAX >> 30} GiB")
    try:
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(_watch(folder))
            ended = await run_program(words, bounds, folder=folder)
            watch.cancel()
    except ExceptionGroup as found:
        if not isinstance(found.exceptions[0], _FullError):
            raise found.exceptions[0] from None
    return ended


class _FullError(Exception):
    """It has unpacked too much."""


async def _watch(folder: Path) -> None:
    async for _ in every(_LOOK_SECONDS, asyncio.Event()):
        if await asyncio.to_thread(_bytes_in, folder) > UNPACKED_BYTES_MAX:
            raise _FullError


def _bytes_in(folder: Path) -> int:
    found = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # it has just been taken away
                found += (Path(place) / name).lstat().st_blocks * 512
    return found
