"""Has syft look through an image, of which nothing but its layers is handed on, in a folder that is gone afterwards."""

import asyncio
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from cybervault.access.rhythm import every
from cybervault.confinement.program import Ended, run_program
from cybervault.scans.contents import Catalogue, Layer
from cybervault.scans.engines import syft
from cybervault.scans.registry import Registry, RegistryError

PACKED_BYTES_MAX: Final = 2 * 1024 * 1024 * 1024
UNPACKED_BYTES_MAX: Final = 8 * 1024 * 1024 * 1024
"""What it may have on the disk at any time, its copies of the layers and those that it has unpacked together."""
_LOOK_SECONDS: Final = 0.2
_BEGINNING_BYTES: Final = 4


async def catalogue(layers: Sequence[Layer], registry: Registry, program: Sequence[str]) -> Catalogue:
    """What the layers of one image hold, read from the bottom; `program` are the words that syft's arguments follow."""
    if sum(layer.size for layer in layers) > PACKED_BYTES_MAX:
        return Catalogue((), f"the image is larger than {PACKED_BYTES_MAX >> 30} GiB")
    ordered = sorted(layers, key=lambda one: one.place)
    try:
        with tempfile.TemporaryDirectory(prefix="cybervault-") as name:
            folder = Path(name)
            await _put(ordered, registry, folder)
            ended = await _ran([*program, *syft.arguments(folder)], folder)
    except RegistryError as error:
        return Catalogue((), error.reason)
    except OSError as error:
        return Catalogue((), f"this server has no room for it ({error.strerror})")
    if ended.fault:
        return Catalogue((), ended.fault)
    try:
        return Catalogue(await asyncio.to_thread(syft.judge, ended.output, ended.code))
    except ValueError as error:
        return Catalogue((), str(error))


async def _put(layers: Sequence[Layer], registry: Registry, folder: Path) -> None:
    image = folder / "image"
    (image / "blobs" / "sha256").mkdir(parents=True)
    beginnings = []
    for layer in layers:
        # Its digest is checked to be one before a path is made of it.
        path = image / "blobs" / "sha256" / registry.name_of_blob(layer.digest)
        with path.open("wb") as file:
            await registry.copy_layer(layer.digest, layer.size, file)
        with path.open("rb") as file:
            beginnings.append(file.read(_BEGINNING_BYTES))
    for name, content in syft.layout(layers, beginnings).items():
        (image / name).write_bytes(content)
    (folder / "settings.yaml").write_bytes(syft.SETTINGS)


async def _ran(words: Sequence[str], folder: Path) -> Ended:
    """As it ended, or was ended because it filled the disk; OSError where it cannot be started."""
    ended = Ended(b"", "", None, f"it unpacked more than {UNPACKED_BYTES_MAX >> 30} GiB")
    try:
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(_watch(folder))
            ended = await run_program(words, syft.BOUNDS, folder=folder)
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
