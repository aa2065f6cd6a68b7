"""Has trivy look for secrets in the layers of an image, those of files too that a later layer takes away."""

import asyncio
import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from cybervault.scans.contents import Layer, Secret
from cybervault.scans.engines import TRIVY, trivy
from cybervault.scans.engines.layers import IN_A_FILE, seen_in_files
from cybervault.scans.engines.trivy import Found
from cybervault.scans.fetching import Fetched
from cybervault.scans.seen import Coverage, CoverageState, Report
from cybervault.scans.watching import run_watched


async def search(image: Fetched, program: Sequence[str]) -> Report:
    """The secrets of an image; `program` are the words that trivy's arguments follow.

    Nobody but the operator vouches for the program: which it was, by its digest, is told with what it looked at.
    """
    asset = image.layers[0].target
    try:
        digest = await asyncio.to_thread(_digest, Path(program[0]))
        with tempfile.TemporaryDirectory(dir=image.folder) as name:
            # A folder of its own: it changes nothing of what others look at.
            folder, bounds = Path(name), replace(trivy.BOUNDS, reads=image.image)
            words = [*program, *trivy.arguments(image.image, folder)]
            ended = await run_watched(words, bounds, folder=folder)
        if ended.fault:
            return _failed(asset, ended.fault)
        said = await asyncio.to_thread(trivy.judge, ended.output, ended.code, image.layers)
    except OSError as error:
        return _failed(asset, f"this server cannot run it ({error.strerror})")
    except ValueError as error:
        return _failed(asset, str(error))
    note = f"trivy {said.version} (SHA-256 {digest}): secrets, and no vulnerabilities"
    seen = list(seen_in_files(TRIVY, _secrets(image, said.found)))
    return Report(seen, [Coverage(asset, TRIVY, CoverageState.COVERED, note)])


def _failed(asset: str, reason: str) -> Report:
    return Report(coverage=[Coverage(asset, TRIVY, CoverageState.FAILED, reason)])


def _digest(program: Path) -> str:
    with program.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _secrets(image: Fetched, found: Sequence[Found]) -> Iterator[tuple[Layer, Secret, str]]:
    return ((image.layers[one.layer], Secret(one.path, one.what, one.line), IN_A_FILE) for one in found)
