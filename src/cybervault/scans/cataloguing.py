"""Has syft look through an image, of which nothing but its layers is handed on."""

import asyncio
from collections.abc import Sequence

from cybervault.scans.contents import Catalogue
from cybervault.scans.engines import syft
from cybervault.scans.fetching import Fetched
from cybervault.scans.watching import run_watched


async def catalogue(image: Fetched, program: Sequence[str]) -> Catalogue:
    """What the layers of an image hold; `program` are the words that syft's arguments follow."""
    try:
        (image.folder / "settings.yaml").write_bytes(syft.SETTINGS)
        ended = await run_watched([*program, *syft.arguments(image.folder)], syft.BOUNDS, folder=image.folder)
    except OSError as error:
        return Catalogue((), f"this server has no room for it ({error.strerror})")
    if ended.fault:
        return Catalogue((), ended.fault)
    try:
        return Catalogue(await asyncio.to_thread(syft.judge, ended.output, ended.code))
    except ValueError as error:
        return Catalogue((), str(error))
