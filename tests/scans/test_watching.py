"""A program that fills the disk is ended, and one that does not is left alone."""

import sys
from pathlib import Path

import pytest

from cybervault.confinement.program import Bounds
from cybervault.scans import watching as module
from cybervault.scans.watching import run_watched


def script(text: str) -> list[str]:
    return [sys.executable, "-c", text]


async def test_one_that_fills_its_folder_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "UNPACKED_BYTES_MAX", 2_000_000)
    fills = "import os, time\nos.mkdir('a')\nopen('a/x', 'wb').write(b'x' * 3_000_000)\ntime.sleep(60)"
    ended = await run_watched(script(fills), Bounds(), folder=tmp_path)
    assert ended.fault == "it unpacked more than 0 GiB"


async def test_what_one_wrote_that_keeps_within_is_handed_on(tmp_path: Path) -> None:
    ended = await run_watched(script("open('x', 'wb').write(b'x'); print('done')"), Bounds(), folder=tmp_path)
    assert (ended.output, ended.code, ended.fault) == (b"done\n", 0, "")
    stopped = await run_watched(script("import time; time.sleep(60)"), Bounds(seconds=0.5), folder=tmp_path)
    assert stopped.fault == "it took longer than 0.5 seconds"


async def test_one_that_cannot_be_started_raises(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        await run_watched(script(""), Bounds(), folder=tmp_path / "gone")
